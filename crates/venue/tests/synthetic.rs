//! The synthetic market: valid bars, a bull market by the rules, and a scan that finds something on every seed.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::collections::{BTreeMap, BTreeSet};

use market::{Calendar, DailyBar, Session, Symbol};
use signals::{History, Rules, Verdict};
use venue::{path, path::Path, synthetic};

const SEEDS: std::ops::Range<u64> = 1..25;

#[test]
fn every_bar_is_valid_and_on_the_cent_grid() {
    let market = synthetic::market(7, session(), &Calendar::nyse()).unwrap();
    assert_eq!(market.day.len(), 73);
    assert_eq!(market.bars.len(), 73 * synthetic::SESSIONS);
    for bar in market.bars.iter().map(|(_, bar)| bar).chain(market.day.values()) {
        bar.check().unwrap();
        assert!(bar.low <= bar.open.min(bar.close) && bar.open.max(bar.close) <= bar.high, "{bar:?}");
        for price in [bar.open, bar.high, bar.low, bar.close] {
            assert!((price * 100.0 - (price * 100.0).round()).abs() < 1e-6, "{price} is no whole number of cents");
        }
    }
}

#[test]
fn history_ends_the_session_before_and_has_no_gap() {
    let (calendar, session) = (Calendar::nyse(), session());
    let market = synthetic::market(7, session, &calendar).unwrap();
    for bars in histories(&market.bars).values() {
        assert_eq!(bars[bars.len() - 1].date, calendar.previous_session(session.date).unwrap().date);
        for pair in bars.windows(2) {
            assert_eq!(calendar.next_session(pair[0].date).unwrap().date, pair[1].date);
        }
    }
    assert!(market.day.values().all(|bar| bar.date == session.date));
}

#[test]
fn spy_closes_above_its_200_day_mean() {
    for seed in SEEDS {
        let market = synthetic::market(seed, session(), &Calendar::nyse()).unwrap();
        let spy = &histories(&market.bars)[&"SPY".parse().unwrap()];
        let mean = spy[spy.len() - 200..].iter().map(|bar| bar.close).sum::<f64>() / 200.0;
        assert!(spy[spy.len() - 1].close > mean, "seed {seed}");
    }
}

#[test]
fn companies_are_liquid() {
    let market = synthetic::market(7, session(), &Calendar::nyse()).unwrap();
    let histories = histories(&market.bars);
    assert_eq!(market.universe.len(), 60);
    for row in &market.universe {
        let last = &histories[&row.ticker][synthetic::SESSIONS - 20..];
        let volume = last.iter().map(|bar| bar.volume).sum::<f64>() / 20.0;
        let dollars = last.iter().map(|bar| bar.volume * bar.close).sum::<f64>() / 20.0;
        assert!(volume > 400_000.0 && dollars > 10e6, "{} trades {volume} shares for {dollars}", row.ticker);
    }
}

#[test]
fn the_scan_finds_candidates_and_the_session_treats_them_differently() {
    for seed in SEEDS {
        let market = synthetic::market(seed, session(), &Calendar::nyse()).unwrap();
        let candidates = candidates(&market);
        assert!((8..=25).contains(&candidates.len()), "seed {seed}: {} candidates", candidates.len());
        let change = |symbol: &Symbol| market.day[symbol].close / market.day[symbol].open - 1.0;
        let rising = candidates.iter().filter(|symbol| change(symbol) > 0.015).count();
        let falling = candidates.iter().filter(|symbol| change(symbol) < -0.05).count();
        assert!(rising >= 2 && falling >= 2, "seed {seed}: {rising} rise, {falling} fall");
    }
}

#[test]
fn the_same_seed_makes_the_same_market_and_another_another() {
    let make = |seed| synthetic::market(seed, session(), &Calendar::nyse()).unwrap();
    assert_eq!(make(3), make(3));
    assert_ne!(make(3).bars, make(4).bars);
}

#[test]
fn every_session_bar_makes_a_path() {
    let market = synthetic::market(7, session(), &Calendar::nyse()).unwrap();
    for (symbol, bar) in &market.day {
        Path::new(7, *symbol, bar, path::ticks_in(&market.session)).unwrap();
    }
}

#[test]
fn the_days_of_a_longer_market_follow_each_other() {
    let calendar = Calendar::nyse();
    let market = synthetic::market_days(7, session(), 30, &calendar).unwrap();
    assert_eq!(market.days.len(), 30);
    assert_eq!(market.days[0].1, synthetic::market(7, session(), &calendar).unwrap().day);
    let mut moved = BTreeSet::new();
    for pair in market.days.windows(2) {
        let ((before, bars_before), (session, bars)) = (&pair[0], &pair[1]);
        assert_eq!(calendar.next_session(before.date).unwrap(), *session);
        for (symbol, bar) in bars {
            let previous = bars_before[symbol].close;
            assert!((bar.open / previous - 1.0).abs() < 0.01, "{symbol} {}", session.date);
            Path::check(*symbol, bar, path::ticks_in(session)).unwrap();
            moved.extend((bar.close / bar.open - 1.0 < -0.05).then_some((*symbol, false)));
            moved.extend((bar.close / bar.open - 1.0 > 0.015).then_some((*symbol, true)));
        }
    }
    let both = |symbol: &Symbol| moved.contains(&(*symbol, false)) && moved.contains(&(*symbol, true));
    assert_eq!(market.traits.keys().filter(|symbol| both(symbol)).count(), 16, "those that have fates meet both");
    assert_eq!(market.traits.len(), 73);
}

fn session() -> Session {
    Calendar::nyse().session_on("2026-11-10".parse().unwrap()).unwrap().unwrap()
}

fn histories(rows: &[(Symbol, DailyBar)]) -> BTreeMap<Symbol, Vec<DailyBar>> {
    let mut histories: BTreeMap<Symbol, Vec<DailyBar>> = BTreeMap::new();
    for (symbol, bar) in rows {
        histories.entry(*symbol).or_default().push(*bar);
    }
    histories
}

fn candidates(market: &synthetic::SyntheticMarket) -> BTreeSet<Symbol> {
    let as_of = Calendar::nyse().previous_session(market.session.date).unwrap().date;
    let histories = histories(&market.bars);
    let is_candidate = |symbol: &Symbol| {
        let bars = &histories[symbol];
        let column = |value: fn(&DailyBar) -> f64| bars.iter().map(value).collect::<Vec<f64>>();
        let dates: Vec<_> = bars.iter().map(|bar| bar.date).collect();
        let (open, high) = (column(|bar| bar.open), column(|bar| bar.high));
        let (low, close, volume) = (column(|bar| bar.low), column(|bar| bar.close), column(|bar| bar.volume));
        let history = History::new(&dates, &open, &high, &low, &close, &volume).unwrap();
        matches!(signals::evaluate(&history, &Rules::for_as_of(as_of)), Verdict::Candidate(_))
    };
    market.universe.iter().map(|row| row.ticker).filter(is_candidate).collect()
}
