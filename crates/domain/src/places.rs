//! Positions on the earth: distances, the nearest venues, the suggested district, and the two shifted map datums.
//!
//! Everything is stored as WGS-84 in whole units of 1e-7 degree (about a centimetre). GCJ-02 and BD-09 have types of their
//! own, because a mix-up costs half a kilometre and looks plausible: they exist only at the edge, when importing from or
//! showing on such a map. Distances are geodesics on the WGS-84 ellipsoid (Karney), exact where a haversine is off by up
//! to 0.5 %; the box before them makes that affordable.

use geo::{
    BoundingRect, Coord, Distance, Geodesic, Intersects, LineString, MultiPolygon, Point, Polygon, Rect,
};

/// WGS-84, in units of 1e-7 degree.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Position {
    pub lat_e7: i32,
    pub lon_e7: i32,
}

const E7: f64 = 1e7;

impl Position {
    /// From degrees; `None` outside ±90 and ±180, and for what is no number.
    pub fn from_degrees(lat: f64, lon: f64) -> Option<Self> {
        let inside = (-90.0..=90.0).contains(&lat) && (-180.0..=180.0).contains(&lon);
        inside.then(|| Self { lat_e7: e7(lat), lon_e7: e7(lon) })
    }

    pub fn lat(self) -> f64 {
        f64::from(self.lat_e7) / E7
    }

    pub fn lon(self) -> f64 {
        f64::from(self.lon_e7) / E7
    }

    /// Metres along the geodesic.
    pub fn distance_m(self, other: Self) -> f64 {
        Geodesic.distance(self.point(), other.point())
    }

    fn point(self) -> Point<f64> {
        Point::new(self.lon(), self.lat())
    }
}

/// ±180e7 fits; the cast saturates.
fn e7(degrees: f64) -> i32 {
    (degrees * E7).round() as i32
}

/// A box that holds every position within a radius of its centre, and some more: for an index, before exact distances.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bounds {
    pub lat_min_e7: i32,
    pub lat_max_e7: i32,
    /// Greater than `lon_max_e7` when the box crosses the 180th meridian.
    pub lon_min_e7: i32,
    pub lon_max_e7: i32,
}

impl Bounds {
    /// The box around `radius_m` metres.
    pub fn around(centre: Position, radius_m: f64) -> Self {
        // The shortest degree of a meridian (at the equator) is 110 574 m; rounding down keeps the box generous.
        const METRES_PER_DEGREE: f64 = 110_500.0;
        let lat_span = radius_m.max(0.0) / METRES_PER_DEGREE;
        let (south, north) = ((centre.lat() - lat_span).max(-90.0), (centre.lat() + lat_span).min(90.0));
        let narrowest = south.abs().max(north.abs()).to_radians().cos();
        let lon_span = lat_span / narrowest;
        let (west, east) = if lon_span.is_finite() && lon_span < 180.0 {
            (wrap(centre.lon() - lon_span), wrap(centre.lon() + lon_span))
        } else {
            (-180.0, 180.0)
        };
        Self { lat_min_e7: e7(south), lat_max_e7: e7(north), lon_min_e7: e7(west), lon_max_e7: e7(east) }
    }

    pub fn contains(&self, position: Position) -> bool {
        let lon = position.lon_e7;
        let in_lon = if self.lon_min_e7 <= self.lon_max_e7 {
            (self.lon_min_e7..=self.lon_max_e7).contains(&lon)
        } else {
            lon >= self.lon_min_e7 || lon <= self.lon_max_e7
        };
        in_lon && (self.lat_min_e7..=self.lat_max_e7).contains(&position.lat_e7)
    }
}

fn wrap(lon: f64) -> f64 {
    if lon < -180.0 {
        lon + 360.0
    } else if lon > 180.0 {
        lon - 360.0
    } else {
        lon
    }
}

/// The nearest `count` of `things` within `radius_m`, nearest first, each with its distance in metres.
pub fn nearest<T>(
    from: Position,
    things: impl IntoIterator<Item = (T, Position)>,
    count: usize,
    radius_m: f64,
) -> Vec<(T, f64)> {
    let bounds = Bounds::around(from, radius_m);
    let in_box = things.into_iter().filter(|(_, position)| bounds.contains(*position));
    let mut near: Vec<_> = in_box
        .map(|(thing, position)| (thing, from.distance_m(position)))
        .filter(|(_, distance)| *distance <= radius_m)
        .collect();
    near.sort_by(|(_, a), (_, b)| a.total_cmp(b));
    near.truncate(count);
    near
}

/// The imported outline of one district.
#[derive(Debug, Clone)]
pub struct DistrictArea {
    code: String,
    outline: MultiPolygon<f64>,
    extent: Rect<f64>,
}

/// An outline that is no area: no ring, a ring of under four points, or one that does not end where it begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not an outline of closed rings")]
pub struct BadOutline;

impl DistrictArea {
    /// From polygons, each an outer ring and then its holes, as GeoJSON has them.
    pub fn new(code: impl Into<String>, polygons: &[Vec<Vec<Position>>]) -> Result<Self, BadOutline> {
        let polygons: Result<Vec<_>, _> = polygons.iter().map(|rings| polygon(rings)).collect();
        let outline = MultiPolygon::new(polygons?);
        let extent = outline.bounding_rect().ok_or(BadOutline)?;
        Ok(Self { code: code.into(), outline, extent })
    }

    fn covers(&self, position: Position) -> bool {
        let point = position.point();
        self.extent.intersects(&point) && self.outline.intersects(&point)
    }
}

fn polygon(rings: &[Vec<Position>]) -> Result<Polygon<f64>, BadOutline> {
    let mut rings = rings.iter().map(|ring| {
        let closed = ring.len() >= 4 && ring.first() == ring.last();
        let coord = |p: &Position| Coord { x: p.lon(), y: p.lat() };
        closed.then(|| ring.iter().map(coord).collect::<LineString<f64>>()).ok_or(BadOutline)
    });
    let outer = rings.next().ok_or(BadOutline)??;
    Ok(Polygon::new(outer, rings.collect::<Result<_, _>>()?))
}

/// The code of the first area that holds the position, its border included. A suggestion: outlines are coarse, and the
/// officer decides.
pub fn suggest_district(areas: &[DistrictArea], position: Position) -> Option<&str> {
    areas.iter().find(|area| area.covers(position)).map(|area| area.code.as_str())
}

/// Degrees on a GCJ-02 map (AMap, Tencent).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Gcj02 {
    pub lat: f64,
    pub lon: f64,
}

/// Degrees on a BD-09 map (Baidu).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bd09 {
    pub lat: f64,
    pub lon: f64,
}

impl From<Position> for Gcj02 {
    fn from(position: Position) -> Self {
        let (lat, lon) = shift(position.lat(), position.lon());
        Self { lat, lon }
    }
}

impl From<Gcj02> for Bd09 {
    fn from(gcj: Gcj02) -> Self {
        let (lat, lon) = baidu(gcj.lat, gcj.lon);
        Self { lat, lon }
    }
}

impl From<Position> for Bd09 {
    fn from(position: Position) -> Self {
        Gcj02::from(position).into()
    }
}

impl From<Bd09> for Gcj02 {
    fn from(bd: Bd09) -> Self {
        let (lat, lon) = invert(baidu, bd.lat, bd.lon);
        Self { lat, lon }
    }
}

impl Gcj02 {
    /// The position behind it; `None` when it is not on the earth.
    pub fn to_wgs84(self) -> Option<Position> {
        let (lat, lon) = invert(shift, self.lat, self.lon);
        Position::from_degrees(lat, lon)
    }
}

impl Bd09 {
    /// The position behind it; `None` when it is not on the earth.
    pub fn to_wgs84(self) -> Option<Position> {
        Gcj02::from(self).to_wgs84()
    }
}

/// WGS-84 to GCJ-02 degrees; unchanged outside the rectangle in which such maps are shifted.
fn shift(lat: f64, lon: f64) -> (f64, f64) {
    use std::f64::consts::PI;
    const AXIS_M: f64 = 6_378_245.0;
    const ECCENTRICITY_SQUARED: f64 = 0.006_693_421_622_965_943;
    if !(0.8293..=55.8271).contains(&lat) || !(72.004..=137.8347).contains(&lon) {
        return (lat, lon);
    }
    let (x, y) = (lon - 105.0, lat - 35.0);
    let wave = |amplitude: f64, angle: f64| amplitude * (angle * PI).sin() * 2.0 / 3.0;
    let common = wave(20.0, 6.0 * x) + wave(20.0, 2.0 * x) + 0.1 * x * y;
    let north_m = -100.0
        + 2.0 * x
        + 3.0 * y
        + 0.2 * y * y
        + 0.2 * x.abs().sqrt()
        + common
        + wave(20.0, y)
        + wave(40.0, y / 3.0)
        + wave(160.0, y / 12.0)
        + wave(320.0, y / 30.0);
    let east_m = 300.0
        + x
        + 2.0 * y
        + 0.1 * x * x
        + 0.1 * x.abs().sqrt()
        + common
        + wave(20.0, x)
        + wave(40.0, x / 3.0)
        + wave(150.0, x / 12.0)
        + wave(300.0, x / 30.0);
    let (sin, cos) = lat.to_radians().sin_cos();
    let magic = 1.0 - ECCENTRICITY_SQUARED * sin * sin;
    let meridian_m = AXIS_M * (1.0 - ECCENTRICITY_SQUARED) / (magic * magic.sqrt());
    let parallel_m = AXIS_M / magic.sqrt() * cos;
    (lat + (north_m / meridian_m).to_degrees(), lon + (east_m / parallel_m).to_degrees())
}

/// GCJ-02 to BD-09 degrees.
fn baidu(lat: f64, lon: f64) -> (f64, f64) {
    const X_PI: f64 = std::f64::consts::PI * 3000.0 / 180.0;
    let z = lon.hypot(lat) + 0.000_02 * (lat * X_PI).sin();
    let theta = lat.atan2(lon) + 0.000_003 * (lon * X_PI).cos();
    (z * theta.sin() + 0.006, z * theta.cos() + 0.0065)
}

/// The point that `forward` moves to (lat, lon). The common one-step inverse is up to 0.14 m off; this ends below a
/// micrometre after about five steps, and 16 bound it where `forward` jumps at the edge of its rectangle.
fn invert(forward: fn(f64, f64) -> (f64, f64), lat: f64, lon: f64) -> (f64, f64) {
    const STEPS_MAX: usize = 16;
    const ENOUGH_DEGREES: f64 = 1e-11;
    let (mut guess_lat, mut guess_lon) = (lat, lon);
    for _ in 0..STEPS_MAX {
        let (moved_lat, moved_lon) = forward(guess_lat, guess_lon);
        let (off_lat, off_lon) = (lat - moved_lat, lon - moved_lon);
        guess_lat += off_lat;
        guess_lon += off_lon;
        if off_lat.abs().max(off_lon.abs()) < ENOUGH_DEGREES {
            break;
        }
    }
    (guess_lat, guess_lon)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn at(lat: f64, lon: f64) -> Position {
        Position::from_degrees(lat, lon).unwrap()
    }

    #[test]
    fn distances_are_geodesic() {
        // One degree of the meridian and of the parallel at the equator on WGS-84.
        assert!((at(0.0, 0.0).distance_m(at(1.0, 0.0)) - 110_574.389).abs() < 0.01);
        assert!((at(0.0, 0.0).distance_m(at(0.0, 1.0)) - 111_319.491).abs() < 0.01);
        assert!((at(0.0, 179.5).distance_m(at(0.0, -179.5)) - 111_319.491).abs() < 0.01);
        assert_eq!(at(37.87, 112.55).distance_m(at(37.87, 112.55)), 0.0);
    }

    #[test]
    fn only_degrees_are_positions() {
        assert_eq!(Position::from_degrees(90.1, 0.0), None);
        assert_eq!(Position::from_degrees(0.0, f64::NAN), None);
        assert_eq!(at(-90.0, 180.0), Position { lat_e7: -900_000_000, lon_e7: 1_800_000_000 });
    }

    #[test]
    fn nearest_are_sorted_bounded_and_within_the_radius() {
        let from = at(37.87, 112.55);
        let venues = [
            ("far", at(37.97, 112.55)),
            ("b", at(37.872, 112.55)),
            ("a", at(37.871, 112.55)),
            ("c", at(37.87, 112.56)),
        ];
        let names = |count, radius_m| -> Vec<&str> {
            nearest(from, venues, count, radius_m).into_iter().map(|(name, _)| name).collect()
        };
        assert_eq!(names(2, 5_000.0), ["a", "b"]);
        assert_eq!(names(10, 5_000.0), ["a", "b", "c"]);
        assert_eq!(names(10, 150.0), ["a"]);
        assert_eq!(names(0, 5_000.0), [""; 0]);
    }

    fn square(west: f64, south: f64, side: f64) -> Vec<Position> {
        let corners = [
            (south, west),
            (south, west + side),
            (south + side, west + side),
            (south + side, west),
            (south, west),
        ];
        corners.map(|(lat, lon)| at(lat, lon)).to_vec()
    }

    #[test]
    fn a_district_is_suggested_by_its_outline() {
        let ring =
            DistrictArea::new("140105", &[vec![square(112.0, 37.0, 1.0), square(112.4, 37.4, 0.2)]]).unwrap();
        let two =
            DistrictArea::new("140106", &[vec![square(112.45, 37.45, 0.1)], vec![square(113.0, 37.0, 0.5)]])
                .unwrap();
        let areas = [ring, two];
        assert_eq!(suggest_district(&areas, at(37.1, 112.1)), Some("140105"));
        assert_eq!(suggest_district(&areas, at(37.5, 112.5)), Some("140106"), "in the hole of the first");
        assert_eq!(suggest_district(&areas, at(37.2, 113.2)), Some("140106"), "its second part");
        assert_eq!(
            suggest_district(&areas, at(37.2, 113.0)),
            Some("140105"),
            "the first of two on a common border"
        );
        assert_eq!(suggest_district(&areas, at(36.9, 112.5)), None);
        assert_eq!(suggest_district(&[], at(37.1, 112.1)), None);
    }

    #[test]
    fn an_open_ring_is_no_outline() {
        let mut open = square(112.0, 37.0, 1.0);
        open.pop();
        assert_eq!(DistrictArea::new("140105", &[vec![open]]).unwrap_err(), BadOutline);
        assert_eq!(DistrictArea::new("140105", &[]).unwrap_err(), BadOutline);
        assert_eq!(DistrictArea::new("140105", &[vec![]]).unwrap_err(), BadOutline);
    }

    /// Published test points of the coordtransform and eviltransform libraries.
    #[test]
    fn known_points_of_the_shifted_maps() {
        for (wgs, gcj) in [
            ((39.915, 116.404), (39.916_404_281_501_64, 116.410_244_499_169_38)),
            ((31.177_427_6, 121.527_210_6), (31.175_303_983_645_97, 121.531_541_859_215)),
            ((22.543_847, 113.912_316), (22.540_796_131_694_766, 113.917_176_480_836_3)),
            ((39.911_954, 116.377_817), (39.913_345_455_360_69, 116.384_047_224_556_57)),
        ] {
            let shifted = Gcj02::from(at(wgs.0, wgs.1));
            assert!(
                (shifted.lat - gcj.0).abs() < 1e-9 && (shifted.lon - gcj.1).abs() < 1e-9,
                "{wgs:?} {shifted:?}"
            );
        }
        let bd = Bd09::from(Gcj02 { lat: 39.915, lon: 116.404 });
        assert!(
            (bd.lat - 39.921_336_993_510_21).abs() < 1e-9 && (bd.lon - 116.410_369_493_710_29).abs() < 1e-9
        );
    }

    #[test]
    fn a_mix_up_of_maps_is_half_a_kilometre() {
        let here = at(37.87, 112.55);
        let gcj = Gcj02::from(here);
        let bd = Bd09::from(gcj);
        let as_if_wgs = at(gcj.lat, gcj.lon);
        assert!((550.0..592.0).contains(&here.distance_m(as_if_wgs)));
        let to_bd = as_if_wgs.distance_m(at(bd.lat, bd.lon));
        assert!((855.0..900.0).contains(&to_bd));
    }

    #[test]
    fn outside_the_shifted_rectangle_nothing_moves() {
        let paris = at(48.8566, 2.3522);
        assert_eq!(Gcj02::from(paris), Gcj02 { lat: paris.lat(), lon: paris.lon() });
        assert_eq!(Gcj02 { lat: 48.8566, lon: 2.3522 }.to_wgs84(), Some(paris));
        assert_eq!(Gcj02 { lat: 95.0, lon: 2.0 }.to_wgs84(), None);
        assert_eq!(Bd09 { lat: f64::NAN, lon: 2.0 }.to_wgs84(), None);
    }

    proptest! {
        /// A kilometre inside the rectangle's edge, where the shift is continuous.
        #[test]
        fn maps_there_and_back_are_exact(lat_e7 in 8_500_000..558_000_000i32, lon_e7 in 720_200_000..1_378_000_000i32) {
            let position = Position { lat_e7, lon_e7 };
            prop_assert_eq!(Gcj02::from(position).to_wgs84(), Some(position));
            prop_assert_eq!(Bd09::from(position).to_wgs84(), Some(position));
        }

        /// No position within the radius is lost by the box, wherever on the earth.
        #[test]
        fn the_box_loses_nothing(
            lat in -90.0..90.0f64, lon in -180.0..180.0f64,
            d_lat in -1.0..1.0f64, d_lon in -5.0..5.0f64, radius_m in 0.0..200_000.0f64,
        ) {
            let centre = at(lat, lon);
            let other = at((lat + d_lat).clamp(-90.0, 90.0), wrap(lon + d_lon));
            if centre.distance_m(other) <= radius_m {
                prop_assert!(Bounds::around(centre, radius_m).contains(other));
            }
        }
    }
}
