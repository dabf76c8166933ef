//! Marks on a map: things that would overlap on a screen are drawn as one mark with their number.
//!
//! A fixed grid over the whole Mercator square gathers them, so that moving the map changes no mark but those at its
//! edge; then a mark takes over others that are too near to be touched apart. Bounded whatever is asked: at most
//! [`MARKS_MAX`] marks.

use std::collections::BTreeMap;
use std::f64::consts::PI;

use crate::places::{Bounds, Position};

/// As many as a screen of 1000 × 1200 pixels has cells; of a larger one the cells are larger.
pub const MARKS_MAX: usize = 300;
/// Half a metre is a touch target wide there.
pub const ZOOM_MAX: u8 = 22;

/// Pixels of the whole world at zoom 0, as MapLibre counts zooms.
const WORLD_PX: f64 = 512.0;
const CELL_PX: f64 = 64.0;
/// Marks nearer to each other than this become one: a touch target of 48 pixels half a zoom further out.
const APART_PX: f64 = 68.0;
/// Where the Mercator square ends.
const LAT_MAX: f64 = 85.051_128;

/// The cells that a part of the map touches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Grid {
    zoom: u8,
    west: u32,
    east: u32,
    north: u32,
    south: u32,
}

impl Grid {
    /// The cells over `bounds` at a zoom, or at a lower one where they would be more than [`MARKS_MAX`]. `None` for
    /// bounds that end before they begin, as do those over the 180th meridian.
    pub fn over(bounds: &Bounds, zoom: u8) -> Option<Self> {
        if bounds.lat_min_e7 > bounds.lat_max_e7 || bounds.lon_min_e7 > bounds.lon_max_e7 {
            return None;
        }
        let low = Position { lat_e7: bounds.lat_min_e7, lon_e7: bounds.lon_min_e7 };
        let high = Position { lat_e7: bounds.lat_max_e7, lon_e7: bounds.lon_max_e7 };
        // At zoom 0 there are 64 cells.
        (0..=zoom.min(ZOOM_MAX))
            .rev()
            .map(|zoom| {
                let ((west, south), (east, north)) = (cell(low, zoom), cell(high, zoom));
                Self { zoom, west, east, north, south }
            })
            .find(|grid| grid.cells() <= MARKS_MAX as u64)
    }

    fn cells(&self) -> u64 {
        let side = |from: u32, to: u32| u64::from(to.saturating_sub(from)) + 1;
        side(self.west, self.east) * side(self.north, self.south)
    }

    /// A box that holds every position in these cells, and a few beside them that [`Marks::add`] leaves out.
    pub fn bounds(&self) -> Bounds {
        let last = side(self.zoom) as u32 - 1;
        // Beyond the ends of the square a cell goes on to the pole.
        let lat = |row: u32| {
            let y = 1.0 - 2.0 * f64::from(row) / side(self.zoom);
            (y * PI).sinh().atan().to_degrees()
        };
        let lon = |column: u32| f64::from(column) / side(self.zoom) * 360.0 - 180.0;
        let south = if self.south >= last { -90.0 } else { lat(self.south + 1) };
        let north = if self.north == 0 { 90.0 } else { lat(self.north) };
        let e7 = |degrees: f64| degrees * 1e7;
        Bounds {
            lat_min_e7: e7(south).floor() as i32,
            lat_max_e7: e7(north).ceil() as i32,
            lon_min_e7: e7(lon(self.west)).floor() as i32,
            lon_max_e7: e7(lon(self.east.saturating_add(1))).ceil() as i32,
        }
    }

    fn holds(&self, (column, row): (u32, u32)) -> bool {
        (self.west..=self.east).contains(&column) && (self.north..=self.south).contains(&row)
    }
}

/// Cells along one side of the world.
fn side(zoom: u8) -> f64 {
    f64::from(zoom).exp2() * WORLD_PX / CELL_PX
}

/// East and south of the north-west corner of the Mercator square, each from 0 to 1.
fn mercator(position: Position) -> (f64, f64) {
    let lat = position.lat().clamp(-LAT_MAX, LAT_MAX).to_radians();
    (position.lon() / 360.0 + 0.5, 0.5 - lat.tan().asinh() / PI / 2.0)
}

/// Column and row.
fn cell(position: Position, zoom: u8) -> (u32, u32) {
    let (x, y) = mercator(position);
    let side = side(zoom);
    // The cast saturates at 0; the last cell holds the edge.
    let index = |part: f64| (part * side).min(side - 1.0) as u32;
    (index(x), index(y))
}

/// One mark.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mark<T> {
    /// What it stands for, from one on.
    pub count: u32,
    /// The thing, or one of them.
    pub one: T,
    /// The middle of those in the cell that it grew from; the position of a single thing.
    pub at: Position,
    /// Around everything that it stands for.
    pub bounds: Bounds,
}

/// Gathers things into marks.
#[derive(Debug)]
pub struct Marks<T> {
    grid: Grid,
    cells: BTreeMap<(u32, u32), Gathered<T>>,
}

#[derive(Debug)]
struct Gathered<T> {
    count: u32,
    lat_sum: i64,
    lon_sum: i64,
    one: T,
    bounds: Bounds,
}

impl<T> Marks<T> {
    pub fn new(grid: Grid) -> Self {
        Self { grid, cells: BTreeMap::new() }
    }

    /// Adds a thing, when it is in one of the cells.
    pub fn add(&mut self, thing: T, at: Position) {
        let cell = cell(at, self.grid.zoom);
        if !self.grid.holds(cell) {
            return;
        }
        let gathered = self.cells.entry(cell).or_insert_with(|| Gathered {
            count: 0,
            lat_sum: 0,
            lon_sum: 0,
            one: thing,
            bounds: point(at),
        });
        gathered.count += 1;
        gathered.lat_sum += i64::from(at.lat_e7);
        gathered.lon_sum += i64::from(at.lon_e7);
        gathered.bounds = around_both(gathered.bounds, point(at));
    }

    /// The marks, those that stand for most first. No two are nearer to each other than a touch needs.
    pub fn finish(self) -> Vec<Mark<T>> {
        let px = f64::from(self.grid.zoom).exp2() * WORLD_PX;
        let mut marks: Vec<Mark<T>> = self.cells.into_values().map(Gathered::mark).collect();
        // The order of the cells settles equal counts.
        marks.sort_by_key(|mark| std::cmp::Reverse(mark.count));
        let mut apart: Vec<(Mark<T>, (f64, f64))> = Vec::new();
        for mark in marks {
            let (x, y) = mercator(mark.at);
            let near = |(other_x, other_y): (f64, f64)| (x - other_x).hypot(y - other_y) * px < APART_PX;
            match apart.iter_mut().find(|(_, place)| near(*place)) {
                Some((larger, _)) => {
                    larger.count += mark.count;
                    larger.bounds = around_both(larger.bounds, mark.bounds);
                }
                None => apart.push((mark, (x, y))),
            }
        }
        apart.into_iter().map(|(mark, _)| mark).collect()
    }
}

impl<T> Gathered<T> {
    fn mark(self) -> Mark<T> {
        let count = i64::from(self.count.max(1));
        // A mean lies between its parts, so it fits.
        let at = Position { lat_e7: (self.lat_sum / count) as i32, lon_e7: (self.lon_sum / count) as i32 };
        Mark { count: self.count, one: self.one, at, bounds: self.bounds }
    }
}

fn point(at: Position) -> Bounds {
    Bounds { lat_min_e7: at.lat_e7, lat_max_e7: at.lat_e7, lon_min_e7: at.lon_e7, lon_max_e7: at.lon_e7 }
}

fn around_both(a: Bounds, b: Bounds) -> Bounds {
    Bounds {
        lat_min_e7: a.lat_min_e7.min(b.lat_min_e7),
        lat_max_e7: a.lat_max_e7.max(b.lat_max_e7),
        lon_min_e7: a.lon_min_e7.min(b.lon_min_e7),
        lon_max_e7: a.lon_max_e7.max(b.lon_max_e7),
    }
}

/// Where most of the things are: without the twentieth that lies furthest out on each side, once they are many. One venue
/// with a wrong position must not shrink the city to a dot. `None` without things.
pub fn extent(positions: &[Position]) -> Option<Bounds> {
    const MANY: usize = 20;
    let out = if positions.len() < MANY { 0 } else { positions.len() / 20 };
    let ends = |mut values: Vec<i32>| {
        values.sort_unstable();
        Some((*values.get(out)?, *values.get(values.len().checked_sub(out + 1)?)?))
    };
    let (lat_min_e7, lat_max_e7) = ends(positions.iter().map(|at| at.lat_e7).collect())?;
    let (lon_min_e7, lon_max_e7) = ends(positions.iter().map(|at| at.lon_e7).collect())?;
    Some(Bounds { lat_min_e7, lat_max_e7, lon_min_e7, lon_max_e7 })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(lat_e7: i32, lon_e7: i32) -> Position {
        Position { lat_e7, lon_e7 }
    }

    fn city() -> Bounds {
        Bounds {
            lat_min_e7: 378_000_000,
            lat_max_e7: 379_500_000,
            lon_min_e7: 1_124_500_000,
            lon_max_e7: 1_126_500_000,
        }
    }

    fn marks(bounds: &Bounds, zoom: u8, positions: &[Position]) -> Vec<Mark<usize>> {
        let mut marks = Marks::new(Grid::over(bounds, zoom).unwrap());
        for (index, position) in positions.iter().enumerate() {
            marks.add(index, *position);
        }
        marks.finish()
    }

    #[test]
    fn one_venue_is_itself_and_neighbours_are_a_number_until_the_map_is_near() {
        let two = [at(378_700_000, 1_125_500_000), at(378_700_500, 1_125_500_000)];
        let far = marks(&city(), 12, &two);
        assert_eq!((far.len(), far[0].count), (1, 2));
        assert_eq!(far[0].at, at(378_700_250, 1_125_500_000));
        assert_eq!((far[0].bounds.lat_min_e7, far[0].bounds.lat_max_e7), (378_700_000, 378_700_500));
        let around = Bounds {
            lat_min_e7: 378_699_800,
            lat_max_e7: 378_700_700,
            lon_min_e7: 1_125_499_600,
            lon_max_e7: 1_125_500_400,
        };
        let near = marks(&around, 22, &two);
        assert_eq!(near.iter().map(|mark| mark.count).collect::<Vec<_>>(), [1, 1]);
        assert!(near.iter().all(|mark| mark.at == two[mark.one]));
    }

    #[test]
    fn bounds_that_end_before_they_begin_have_no_grid() {
        assert_eq!(
            Grid::over(&Bounds { lat_min_e7: 1, lat_max_e7: 0, lon_min_e7: 0, lon_max_e7: 0 }, 5),
            None
        );
        assert_eq!(
            Grid::over(&Bounds { lat_min_e7: 0, lat_max_e7: 0, lon_min_e7: 1, lon_max_e7: 0 }, 5),
            None
        );
    }

    #[test]
    fn a_wrong_position_does_not_shrink_the_city() {
        assert_eq!(extent(&[]), None);
        let mut positions: Vec<Position> = (0..100).map(|n| at(378_000_000 + n, 1_125_000_000 + n)).collect();
        positions.push(at(0, 0));
        let bounds = extent(&positions).unwrap();
        assert!(bounds.lat_min_e7 >= 378_000_000 && bounds.lon_max_e7 <= 1_125_000_099);
        assert_eq!(extent(&positions[..1]).unwrap(), point(positions[0]));
    }

    fn positions() -> impl Strategy<Value = Vec<Position>> {
        // Around the city, and anywhere, poles and edges included.
        let near = (377_900_000..379_600_000i32, 1_124_400_000..1_126_600_000i32);
        let any = (-900_000_000..=900_000_000i32, -1_800_000_000..=1_800_000_000i32);
        proptest::collection::vec(
            prop_oneof![8 => near, 1 => any].prop_map(|(lat, lon)| at(lat, lon)),
            0..400,
        )
    }

    fn views() -> impl Strategy<Value = (Bounds, u8)> {
        let near = (378_000_000..379_500_000i32, 1_124_500_000..1_126_500_000i32, 0..2_000_000i32);
        let near = near.prop_map(|(lat, lon, size)| Bounds {
            lat_min_e7: lat,
            lat_max_e7: lat + size,
            lon_min_e7: lon,
            lon_max_e7: lon + size,
        });
        let whole = Just(Bounds {
            lat_min_e7: -900_000_000,
            lat_max_e7: 900_000_000,
            lon_min_e7: -1_800_000_000,
            lon_max_e7: 1_800_000_000,
        });
        (prop_oneof![6 => near, 1 => whole], any::<u8>())
    }

    proptest! {
        /// Against a model that looks at each venue: none in view is left out, none is counted twice, and the marks can
        /// be touched apart.
        #[test]
        fn every_venue_in_view_is_in_one_mark((bounds, zoom) in views(), positions in positions()) {
            let grid = Grid::over(&bounds, zoom).unwrap();
            let held: Vec<&Position> =
                positions.iter().filter(|position| grid.holds(cell(**position, grid.zoom))).collect();
            for position in &positions {
                if bounds.contains(*position) {
                    prop_assert!(held.contains(&position), "in view: {position:?}");
                }
            }
            for position in &held {
                prop_assert!(grid.bounds().contains(**position), "an index finds it: {position:?}");
            }
            let marks = marks(&bounds, zoom, &positions);
            prop_assert!(marks.len() <= MARKS_MAX);
            prop_assert_eq!(marks.iter().map(|mark| mark.count as usize).sum::<usize>(), held.len());
            let px = f64::from(grid.zoom).exp2() * WORLD_PX;
            for (index, mark) in marks.iter().enumerate() {
                prop_assert!(mark.bounds.contains(mark.at) && mark.bounds.contains(positions[mark.one]));
                if mark.count == 1 {
                    prop_assert_eq!(mark.at, positions[mark.one]);
                }
                for other in &marks[index + 1..] {
                    let ((x, y), (other_x, other_y)) = (mercator(mark.at), mercator(other.at));
                    prop_assert!((x - other_x).hypot(y - other_y) * px >= APART_PX);
                }
            }
        }

        /// What is in the middle of both views is gathered alike: the grid does not move with the map.
        #[test]
        fn moving_the_map_moves_no_cell(positions in positions(), step in 0..300_000i32, zoom in 8..18u8) {
            let moved = Bounds { lon_min_e7: city().lon_min_e7 + step, ..city() };
            let (one, other) = (Grid::over(&city(), zoom).unwrap(), Grid::over(&moved, zoom).unwrap());
            if one.zoom == other.zoom {
                for position in positions.iter().filter(|position| moved.contains(**position)) {
                    prop_assert!(one.holds(cell(*position, one.zoom)) && other.holds(cell(*position, other.zoom)));
                }
            }
        }
    }
}
