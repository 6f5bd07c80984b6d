//! TrendScore: slope of the 50-bar mean, directed strength, and a penalty for volatility above its norm.

use crate::{quality::Averages, volatility::Volatility};

/// 2 * slope in percent + 0.7 * ADX with the slope's sign - 10 * ATR% over its median.
///
/// A missing median counts as a ratio of 1; a missing ADX (no movement was ever measured) as 0.
#[must_use]
pub fn score(averages: &Averages, volatility: &Volatility, adx: Option<f64>) -> f64 {
    let slope = averages.sma50_slope10;
    let ratio = match volatility.atr_pct_median {
        Some(median) if median > 0.0 => volatility.atr_pct / median,
        Some(_) | None => 1.0,
    };
    2.0 * (slope * 100.0) + 0.7 * adx.unwrap_or(0.0) * sign(slope) - 10.0 * ratio
}

/// Unlike `f64::signum`, zero has no sign.
fn sign(value: f64) -> f64 {
    if value > 0.0 {
        1.0
    } else if value < 0.0 {
        -1.0
    } else {
        0.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn by_hand() {
        let averages = |slope| Averages { sma20: 1.0, sma50: 1.0, sma50_slope10: slope };
        let volatility = |median| Volatility { atr: 1.0, atr_pct: 3.0, atr_pct_median: median };
        for (slope, adx, median, expect) in [
            (0.05, Some(20.0), Some(2.0), 10.0 + 14.0 - 15.0),
            (-0.05, Some(20.0), Some(2.0), -10.0 - 14.0 - 15.0),
            (0.0, Some(20.0), Some(2.0), -15.0),
            (0.05, Some(20.0), None, 10.0 + 14.0 - 10.0),
            (0.05, None, Some(3.0), 10.0 - 10.0),
        ] {
            let got = score(&averages(slope), &volatility(median), adx);
            assert!((got - expect).abs() < 1e-9, "slope {slope}, adx {adx:?}, median {median:?}: {got}, not {expect}");
        }
    }
}
