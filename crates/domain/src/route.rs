//! A round of visits in walking order: always to the nearest one next, then improved by turning stretches around for as long
//! as that makes the way shorter (2-opt; Croes, 1958).
//!
//! As the crow flies: streets are not known here. It suggests; the officer decides.

use crate::places::Position;

/// Stops that are put in order; more follow in the order in which they came. One pass compares all pairs of stretches.
pub const STOPS_MAX: usize = 300;
/// Passes over all pairs: rounds of this size settle after a few.
const PASSES_MAX: usize = 20;

/// Indices of `stops` in walking order from `start`, or from the first stop when nobody knows where the officer is. The same
/// places in the same order give the same round.
pub fn walking_order(start: Option<Position>, stops: &[Position]) -> Vec<usize> {
    let many = stops.len().min(STOPS_MAX);
    let mut order = nearest_next(start, stops.get(..many).unwrap_or(stops));
    improve(start, stops, &mut order);
    order.extend(many..stops.len());
    order
}

/// How long the way over the stops is, in metres.
pub fn length_m(start: Option<Position>, stops: &[Position], order: &[usize]) -> f64 {
    let mut at = start;
    let mut length = 0.0;
    for stop in order.iter().filter_map(|index| stops.get(*index)) {
        length += at.map_or(0.0, |at| at.distance_m(*stop));
        at = Some(*stop);
    }
    length
}

fn nearest_next(start: Option<Position>, stops: &[Position]) -> Vec<usize> {
    let mut left: Vec<usize> = (0..stops.len()).collect();
    let mut order = Vec::with_capacity(stops.len());
    let mut at = start.or(stops.first().copied());
    while let Some(here) = at {
        let distance = |index: usize| stops.get(index).map_or(f64::INFINITY, |stop| here.distance_m(*stop));
        let nearest =
            left.iter().enumerate().min_by(|(_, a), (_, b)| distance(**a).total_cmp(&distance(**b)));
        let Some((place, &index)) = nearest else { break };
        left.remove(place);
        order.push(index);
        at = stops.get(index).copied();
    }
    order
}

fn improve(start: Option<Position>, stops: &[Position], order: &mut [usize]) {
    // A change must be worth a step, or rounding errors turn stretches forever.
    const WORTH_M: f64 = 1.0;
    let way = |a: Option<Position>, b: Option<Position>| match (a, b) {
        (Some(a), Some(b)) => a.distance_m(b),
        // Before the first and after the last there is no way.
        _ => 0.0,
    };
    // Without a start the round begins where it begins.
    let first = usize::from(start.is_none());
    for _ in 0..PASSES_MAX {
        let mut improved = false;
        for from in first..order.len() {
            for to in from + 1..order.len() {
                let at = |place: usize| order.get(place).and_then(|index| stops.get(*index)).copied();
                let before = if from == 0 { start } else { at(from - 1) };
                let now = way(before, at(from)) + way(at(to), at(to + 1));
                let turned = way(before, at(to)) + way(at(from), at(to + 1));
                if turned + WORTH_M < now {
                    if let Some(stretch) = order.get_mut(from..=to) {
                        stretch.reverse();
                    }
                    improved = true;
                }
            }
        }
        if !improved {
            break;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(lat: f64, lon: f64) -> Position {
        Position::from_degrees(37.8 + lat / 1_000.0, 112.5 + lon / 1_000.0).unwrap()
    }

    #[test]
    fn a_street_is_walked_along_from_where_the_officer_stands() {
        let stops = [at(0.0, 30.0), at(0.0, 10.0), at(0.0, 20.0), at(0.0, 0.0)];
        assert_eq!(walking_order(Some(at(0.0, -1.0)), &stops), [3, 1, 2, 0]);
        assert_eq!(walking_order(Some(at(0.0, 31.0)), &stops), [0, 2, 1, 3]);
        assert_eq!(walking_order(None, &stops), [0, 2, 1, 3], "the first stop is the first");
        assert!(walking_order(None, &[]).is_empty());
    }

    /// Against every order there is, on rounds that are small enough.
    #[test]
    fn rounds_are_nearly_the_shortest_there_are() {
        let mut seed = 7_u64;
        let mut draw = || {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            f64::from(u32::try_from(seed >> 40).unwrap()) / f64::from(1_u32 << 24) * 50.0
        };
        let mut ratios = Vec::new();
        for _ in 0..40 {
            let stops: Vec<Position> = (0..7).map(|_| at(draw(), draw())).collect();
            let start = Some(at(draw(), draw()));
            let order = walking_order(start, &stops);
            let mut sorted = order.clone();
            sorted.sort_unstable();
            assert_eq!(sorted, (0..7).collect::<Vec<_>>(), "every stop once");
            let best = shortest(start, &stops, &mut (0..7).collect(), 0);
            ratios.push(length_m(start, &stops, &order) / best);
        }
        let mean = ratios.iter().sum::<f64>() / 40.0;
        assert!(mean < 1.05, "{mean}");
        assert!(ratios.iter().all(|ratio| *ratio < 1.5), "{ratios:?}");
    }

    fn shortest(start: Option<Position>, stops: &[Position], order: &mut Vec<usize>, from: usize) -> f64 {
        if from == order.len() {
            return length_m(start, stops, order);
        }
        let mut best = f64::INFINITY;
        for other in from..order.len() {
            order.swap(from, other);
            best = best.min(shortest(start, stops, order, from + 1));
            order.swap(from, other);
        }
        best
    }

    #[test]
    fn a_round_of_the_largest_size_is_ordered_and_the_rest_follows() {
        let stops: Vec<Position> =
            (0..STOPS_MAX + 2).map(|n| at((n * 37 % 101) as f64, (n * 53 % 97) as f64)).collect();
        let order = walking_order(None, &stops);
        assert_eq!(order.len(), stops.len());
        assert_eq!(order[STOPS_MAX..], [STOPS_MAX, STOPS_MAX + 1]);
        let as_given: Vec<usize> = (0..STOPS_MAX).collect();
        assert!(length_m(None, &stops, &order[..STOPS_MAX]) < length_m(None, &stops, &as_given) / 2.0);
    }
}
