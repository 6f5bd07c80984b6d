//! Stage 3, last part: symbols that report earnings on the session's day or the two days after are left alone.

use std::collections::{BTreeMap, BTreeSet};

use market::{NyDate, Symbol};

use crate::stages::{Judged, Verdict, refuse};

/// How many calendar days after the session count.
pub const DAYS_AHEAD: i64 = 2;

/// Refuses symbols about to report.
pub fn apply(judged: &mut [Judged<'_>], days: &BTreeMap<Symbol, BTreeSet<NyDate>>, session: NyDate) {
    let reports_soon = |symbol: Symbol| {
        days.get(&symbol).is_some_and(|days| days.iter().any(|day| (0..=DAYS_AHEAD).contains(&day.days_since(session))))
    };
    refuse(judged, |symbol| reports_soon(symbol.member.symbol).then_some(Verdict::Earnings));
}

#[cfg(test)]
mod tests {
    use bars::Member;

    use super::*;

    #[test]
    fn from_the_session_to_two_days_after() {
        let session: NyDate = "2017-11-13".parse().unwrap();
        let symbol = Symbol::new("AAPL").unwrap();
        let member = Member { symbol, name: String::new(), sector: String::new(), weight_pct: None };
        for (ahead, expect) in [(-1, None), (0, Some("earnings")), (2, Some("earnings")), (3, None)] {
            let mut judged = [Judged { member: &member, series: None, verdict: None }];
            let days = BTreeMap::from([(symbol, BTreeSet::from([session.plus_days(ahead)]))]);
            apply(&mut judged, &days, session);
            assert_eq!(judged[0].verdict.as_ref().map(Verdict::name), expect, "{ahead} days after the session");
        }
    }
}
