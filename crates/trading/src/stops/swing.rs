//! Stops below swing lows. A swing low is below the lows on both sides of it; of two equal neighbours neither is one, and
//! the first and the last low have only one side. Lows are oldest first, prices in US dollars.

use market::{Price, Usd};

/// The daily stop: so much below the last swing low.
#[must_use]
pub fn daily(lows: &[Price], buffer: Usd) -> Option<Price> {
    swings(lows).next().and_then(|low| low.checked_add(-buffer))
}

/// The intraday stop: so much below the last higher low, which is the latest swing low above the swing low before it.
/// None when the last close is at or below that stop: the structure is broken already.
#[must_use]
pub fn intraday(lows: &[Price], last_close: Option<Price>, buffer: Usd) -> Option<Price> {
    let earlier = swings(lows).skip(1);
    let (higher, _) = swings(lows).zip(earlier).find(|(later, earlier)| later > earlier)?;
    let stop = higher.checked_add(-buffer)?;
    last_close.is_none_or(|close| stop < close).then_some(stop)
}

/// Swing lows, latest first.
fn swings(lows: &[Price]) -> impl Iterator<Item = Price> {
    lows.windows(3).rev().filter(|low| low[1] < low[0] && low[1] < low[2]).map(|low| low[1])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn prices(texts: &[&str]) -> Vec<Price> {
        texts.iter().map(|text| text.parse().unwrap()).collect()
    }

    #[test]
    fn a_higher_low_is_compared_with_the_swing_before_it() {
        let table: [(&[&str], Option<&str>); 6] = [
            (&["11", "10.5", "11.2", "10.1", "10.8", "10.4", "11"], Some("10.30")),
            // 4.2 is lower than 4.5, so 4.5 stays the last higher low.
            (&["5", "4", "6", "4", "6", "4.5", "6", "4.2", "6"], Some("4.40")),
            (&["5", "4", "5", "3", "5"], None),
            (&["5", "4", "5", "4", "5"], None),
            (&["5", "4", "5", "4.5"], None),
            (&[], None),
        ];
        for (lows, expect) in table {
            let stop = intraday(&prices(lows), None, Usd::cents(10));
            assert_eq!(stop.map(|stop| stop.to_string()).as_deref(), expect, "{lows:?}");
        }
    }

    #[test]
    fn a_stop_that_would_be_no_price_is_none() {
        assert_eq!(daily(&prices(&["2", "0.05", "2"]), Usd::cents(10)), None);
        assert_eq!(daily(&prices(&["5", "3", "3", "5"]), Usd::cents(10)), None, "equal neighbours");
    }
}
