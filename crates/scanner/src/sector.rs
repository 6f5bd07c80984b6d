//! Sector_RS: how a sector's ETF did over 20 days, compared with the market. A fraction: 0.01 is one percent ahead.

use std::collections::BTreeMap;

use bars::BarTable;
use market::{NyDate, Symbol};

const MARKET: &str = "SPY";
const RETURN_BARS: usize = 20;
/// The sectors of fund-holdings files and the exchange-traded fund of each.
const FUNDS: [(&str, &str); 11] = [
    ("Communication", "XLC"),
    ("Consumer Discretionary", "XLY"),
    ("Consumer Staples", "XLP"),
    ("Energy", "XLE"),
    ("Financials", "XLF"),
    ("Health Care", "XLV"),
    ("Industrials", "XLI"),
    ("Information Technology", "XLK"),
    ("Materials", "XLB"),
    ("Real Estate", "XLRE"),
    ("Utilities", "XLU"),
];

/// Relative strength by sector; a sector without a fund in the bars, or with old ones, is not in it.
#[derive(Clone, Debug, Default)]
pub struct SectorStrength(BTreeMap<&'static str, f64>);

impl SectorStrength {
    /// The strengths at the last session.
    pub fn of(bars: &BarTable, last_session: NyDate) -> Self {
        let Some(market) = recent_return(bars, MARKET, last_session) else { return Self::default() };
        let ahead = |fund| recent_return(bars, fund, last_session).map(|sector| sector - market);
        Self(FUNDS.iter().filter_map(|(sector, fund)| Some((*sector, ahead(fund)?))).collect())
    }

    /// A sector's strength.
    pub fn get(&self, sector: &str) -> Option<f64> {
        self.0.get(sector).copied()
    }
}

fn recent_return(bars: &BarTable, symbol: &str, last_session: NyDate) -> Option<f64> {
    let series = bars.get(Symbol::new(symbol).ok()?)?;
    let now = series.len().checked_sub(1).filter(|now| series.dates[*now] == last_session)?;
    let then = now.checked_sub(RETURN_BARS)?;
    Some(series.close[now] / series.close[then] - 1.0)
}

#[cfg(test)]
mod tests {
    use market::{DailyBar, Feed};

    use super::*;

    #[test]
    fn a_sector_is_compared_with_the_market() {
        let last = NyDate::new(2017, 11, 10).unwrap();
        // So many bars; the last close is `end`, all others are 100; the newest `stale` days before the last session.
        let funds = [("SPY", 21, 102.0, 0), ("XLF", 21, 105.0, 0), ("XLE", 20, 105.0, 0), ("XLU", 21, 105.0, 1)];
        let bars = funds.iter().flat_map(|(name, count, end, stale)| {
            (0..*count).rev().map(move |back| {
                let close = if back == 0 { *end } else { 100.0 };
                let date = last.plus_days(-back - stale);
                (
                    Symbol::new(name).unwrap(),
                    DailyBar { date, open: close, high: close, low: close, close, volume: 1.0 },
                )
            })
        });
        let strength = SectorStrength::of(&BarTable::from_bars(Feed::Sip, bars).unwrap(), last);
        assert!((strength.get("Financials").unwrap() - 0.03).abs() < 1e-12);
        for absent in ["Energy", "Utilities", "Materials", "Unknown"] {
            assert_eq!(strength.get(absent), None, "{absent}: too few bars, stale, no fund, no sector");
        }
    }
}
