//! Simple means over the last bars, and the relative slope of a line.

/// The mean of the `count` values that end `ago` values before the last; `None` when there are fewer.
#[must_use]
pub fn mean_ago(values: &[f64], count: usize, ago: usize) -> Option<f64> {
    let end = values.len().checked_sub(ago)?;
    let start = end.checked_sub(count)?;
    (count > 0).then(|| values[start..end].iter().sum::<f64>() / count as f64)
}

/// The mean of the last `count` values.
#[must_use]
pub fn mean_of_last(values: &[f64], count: usize) -> Option<f64> {
    mean_ago(values, count, 0)
}

/// How far a line moved, relative to where it was: (now - then) / |then|; `None` when it was at zero.
#[must_use]
pub fn slope(now: f64, then: f64) -> Option<f64> {
    let slope = (now - then) / then.abs();
    slope.is_finite().then_some(slope)
}

/// The slope over the last `bars` of the mean of `count` values.
#[must_use]
pub fn slope_of_mean(values: &[f64], count: usize, bars: usize) -> Option<f64> {
    slope(mean_of_last(values, count)?, mean_ago(values, count, bars)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn means_end_where_asked() {
        let values = [1.0, 2.0, 3.0, 4.0];
        for (count, ago, expect) in [
            (2, 0, Some(3.5)),
            (2, 1, Some(2.5)),
            (4, 0, Some(2.5)),
            (4, 1, None),
            (5, 0, None),
            (1, 4, None),
            (0, 0, None),
        ] {
            assert_eq!(mean_ago(&values, count, ago), expect, "mean of {count}, {ago} ago");
        }
    }

    #[test]
    fn a_slope_is_relative_to_where_the_line_was() {
        assert_eq!(slope(11.0, 10.0), Some(0.1));
        assert_eq!(slope(-9.0, -10.0), Some(0.1));
        assert_eq!(slope(1.0, 0.0), None);
        // Means of two: 1.5 two bars ago, 3.5 now.
        assert_eq!(slope_of_mean(&[1.0, 2.0, 3.0, 4.0], 2, 2), Some(2.0 / 1.5));
    }
}
