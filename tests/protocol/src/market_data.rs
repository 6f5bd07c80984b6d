//! The market of the tiny world. It does not depend on the time but for the stamps: the candles of the first twenty
//! minutes broke a level and held, nothing moved since; what the clock does to the rest of a world is in that world.
//!
//! Prices in US dollars a share.

use market::{Bps, Calendar, Candle, Price, Qty, Quote, Session, Symbol, TimeDelta, Timestamp, Usd};
use trading::{
    confirm::CANDLE_MINUTES,
    decide::Candidate,
    engine::Market,
    limits::Limits,
    order::{AccountId, Strategy},
    report::AccountReport,
};

const LEVEL: &str = "50";
const STOP: &str = "48";
const HIGHER_STOP: &str = "49";
const BID: &str = "50.01";
const ASK: &str = "50.02";

/// What an entry fills at.
#[must_use]
pub fn price() -> Price {
    of(ASK)
}

/// The account.
#[must_use]
pub fn account() -> AccountId {
    "PA1".parse().expect("letters and digits")
}

/// The strategy.
#[must_use]
pub fn strategy() -> Strategy {
    "avwap".parse().expect("lower-case letters")
}

/// The session of every world.
#[must_use]
pub fn session() -> Session {
    let date = "2026-11-20".parse().expect("a date");
    Calendar::nyse().session_on(date).expect("a year the calendar knows").expect("a Friday")
}

/// When every world begins.
#[must_use]
pub fn start() -> Timestamp {
    session().date.at_hm(10, 45)
}

/// A cap of two shares a symbol; an entry stays good for as long as a world lasts.
#[must_use]
pub fn limits() -> Limits {
    Limits { symbol_notional: Usd::dollars(110), intent_life: TimeDelta::hours(8), ..Limits::default() }
}

/// Quotes of now.
pub fn quotes(symbols: &[Symbol], now: Timestamp) -> impl Iterator<Item = (Symbol, Quote)> {
    let quote = Quote::new(now, of(BID), of(ASK)).expect("not crossed");
    symbols.iter().map(move |symbol| (*symbol, quote))
}

/// What a cycle at an instant sees.
#[must_use]
pub fn market(symbols: &[Symbol], now: Timestamp, has_risen: bool) -> Market {
    let candles = candles(now);
    Market {
        account: Some(funds()),
        candidates: symbols.iter().map(|symbol| candidate(*symbol, has_risen)).collect(),
        candles: symbols.iter().map(|symbol| (*symbol, candles.clone())).collect(),
        quotes: quotes(symbols, now).collect(),
    }
}

fn candidate(symbol: Symbol, has_risen: bool) -> Candidate {
    Candidate {
        symbol,
        entry_level: of(LEVEL),
        stop_loss: of(STOP),
        structural_stop: has_risen.then(|| of(HIGHER_STOP)),
        r1: None,
        r2: None,
        average_volume: Some(Qty::shares(1_000_000)),
        distance: Some(Bps::constant(0)),
    }
}

fn funds() -> AccountReport {
    let dollars = Usd::dollars(100_000);
    AccountReport {
        number: account(),
        equity: dollars,
        last_equity: dollars,
        cash: dollars,
        buying_power: dollars,
        trading_blocked: false,
    }
}

fn candles(now: Timestamp) -> Vec<Candle> {
    let length = TimeDelta::minutes(i64::from(CANDLE_MINUTES));
    let complete = now.since(session().open).num_seconds() / length.num_seconds();
    let candle = |index: i64| {
        // The first two break the level and hold it; the others close below it and confirm nothing anew.
        let close = of(if index < 2 { "50.10" } else { "49.90" });
        let start = session().open + TimeDelta::seconds(index * length.num_seconds());
        Candle { start, open: close, high: of("50.20"), low: of("49.80"), close, volume: Qty::shares(1_000) }
    };
    (0..complete).map(candle).collect()
}

fn of(text: &str) -> Price {
    text.parse().expect("a price")
}
