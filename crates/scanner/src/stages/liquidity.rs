//! Stage 3: liquidity over the last 45 calendar days, and then the most liquid by dollars a day.
//!
//! The thresholds are written for the consolidated tape; one exchange's volumes are never measured against them.

use std::cmp::Reverse;

use bars::Series;
use market::{NyDate, Symbol};
use serde::Serialize;
use signals::average::mean_of_last;

use crate::{
    moment::Moment,
    stages::{Judged, Verdict, refuse},
};

const VOLUME_BARS: usize = 20;

/// Thresholds of the stage.
#[derive(Clone, Debug, Serialize)]
pub struct LiquidityRules {
    days: i32,
    bars_least: usize,
    shares_a_day_least: f64,
    dollars_a_day_least: f64,
    price_least: f64,
    symbols_most: usize,
}

impl Default for LiquidityRules {
    fn default() -> Self {
        Self {
            days: 45,
            bars_least: 15,
            shares_a_day_least: 400_000.0,
            dollars_a_day_least: 10_000_000.0,
            price_least: 3.0,
            symbols_most: 3_000,
        }
    }
}

/// Refuses stale and illiquid symbols, then all but the most liquid.
pub fn apply(judged: &mut [Judged<'_>], rules: &LiquidityRules, moment: &Moment) {
    let first = moment.as_of.plus_days(-rules.days);
    refuse(judged, |symbol| symbol.series.and_then(|series| refusal(&series, first, moment.last_session, rules)));
    let mut by_dollars: Vec<(Reverse<u64>, Symbol)> = judged
        .iter()
        .filter(|symbol| symbol.verdict.is_none())
        .filter_map(|symbol| Some((Reverse(dollars_a_day(&symbol.series?.since(first)) as u64), symbol.member.symbol)))
        .collect();
    if by_dollars.len() > rules.symbols_most {
        by_dollars.sort_unstable();
        let mut beyond: Vec<Symbol> = by_dollars[rules.symbols_most..].iter().map(|(_, symbol)| *symbol).collect();
        beyond.sort_unstable();
        refuse(judged, |symbol| beyond.binary_search(&symbol.member.symbol).is_ok().then_some(Verdict::IlliquidRank));
    }
}

fn refusal(series: &Series<'_>, first: NyDate, last_session: NyDate, rules: &LiquidityRules) -> Option<Verdict> {
    if series.dates.last() != Some(&last_session) {
        return Some(Verdict::Stale);
    }
    let recent = series.since(first);
    if recent.len() < rules.bars_least {
        Some(Verdict::IlliquidBars)
    } else if mean_of_last(recent.volume, VOLUME_BARS.min(recent.len())) < Some(rules.shares_a_day_least) {
        Some(Verdict::IlliquidVolume)
    } else if dollars_a_day(&recent) < rules.dollars_a_day_least {
        Some(Verdict::IlliquidDollars)
    } else if recent.close.last() < Some(&rules.price_least) {
        Some(Verdict::IlliquidPrice)
    } else {
        None
    }
}

/// Mean of close times volume over the last 20 bars, or as many as there are.
fn dollars_a_day(recent: &Series<'_>) -> f64 {
    let dollars: Vec<f64> = recent.close.iter().zip(recent.volume).map(|(close, volume)| close * volume).collect();
    mean_of_last(&dollars, VOLUME_BARS.min(dollars.len())).unwrap_or(0.0)
}

#[cfg(test)]
mod tests {
    use bars::{BarTable, Member};
    use market::{DailyBar, Feed};

    use super::*;

    fn moment() -> Moment {
        Moment {
            as_of: "2017-11-10".parse().unwrap(),
            session: "2017-11-13".parse().unwrap(),
            last_session: "2017-11-10".parse().unwrap(),
            started_at: "2017-11-13T13:30:00Z".parse().unwrap(),
        }
    }

    /// Verdicts of symbols S0, S1 .. with so many daily bars of a close and volume, ending so many days before the end.
    fn verdicts(symbols: &[(usize, f64, f64, i32)], rules: &LiquidityRules) -> Vec<Option<&'static str>> {
        let name = |at: usize| Symbol::new(&format!("S{at}")).unwrap();
        let bars = symbols.iter().enumerate().flat_map(|(at, (bars, close, volume, ago))| {
            (0..*bars as i32).rev().map(move |back| {
                let date = moment().as_of.plus_days(-back - ago);
                let (close, volume) = (*close, *volume);
                (name(at), DailyBar { date, open: close, high: close, low: close, close, volume })
            })
        });
        let table = BarTable::from_bars(Feed::Sip, bars).unwrap();
        let members: Vec<Member> = (0..symbols.len())
            .map(|at| Member { symbol: name(at), name: String::new(), sector: String::new(), weight_pct: None })
            .collect();
        let mut judged: Vec<Judged<'_>> =
            members.iter().map(|member| Judged { member, series: table.get(member.symbol), verdict: None }).collect();
        apply(&mut judged, rules, &moment());
        judged.iter().map(|symbol| symbol.verdict.as_ref().map(Verdict::name)).collect()
    }

    #[test]
    fn each_rule_refuses_by_name() {
        let symbols = [
            (40, 25.0, 400_000.0, 0),
            (40, 25.0, 400_000.0, 1),
            (14, 25.0, 400_000.0, 0),
            (15, 25.0, 400_000.0, 0),
            (40, 90.0, 399_999.0, 0),
            (40, 24.9, 400_000.0, 0),
            (40, 2.99, 9_000_000.0, 0),
        ];
        let expect = [
            None,
            Some("stale"),
            Some("illiquid_bars"),
            None,
            Some("illiquid_volume"),
            Some("illiquid_dollars"),
            Some("illiquid_price"),
        ];
        assert_eq!(verdicts(&symbols, &LiquidityRules::default()), expect);
    }

    #[test]
    fn only_the_most_liquid_stay_and_equals_go_by_name() {
        let rules = LiquidityRules { symbols_most: 2, ..LiquidityRules::default() };
        let symbols = [(40, 30.0, 1e6, 0), (40, 50.0, 1e6, 0), (40, 30.0, 1e6, 0)];
        assert_eq!(verdicts(&symbols, &rules), [None, None, Some("illiquid_rank")]);
    }
}
