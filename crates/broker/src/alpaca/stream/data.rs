//! One message of the data stream: a trade, a quote, a bar, a halt, price bands, a correction.
//!
//! Prices are dollars to 1/10,000, volumes whole shares (round lots for quotes, as they come), instants the exchange's.
//! A bid or ask of 0 means that nobody is on that side. Source: Alpaca's page on real-time stock data.

use market::{Candle, Price, Qty, Quote, Symbol, Timestamp};
use serde_json::Value;

use super::trade_updates::Undecodable;

/// A trade.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trade {
    /// The exchange's id of it, unique in a day, symbol and exchange.
    pub id: i64,
    /// Price a share.
    pub price: Price,
    /// Shares.
    pub size: Qty,
    /// The exchange's letter.
    pub exchange: String,
    /// Conditions, in the tape's letters.
    pub conditions: Vec<String>,
    /// When it happened.
    pub at: Timestamp,
}

/// A best bid and offer, one side or both.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct QuoteTick {
    /// Highest price somebody pays.
    pub bid: Option<Price>,
    /// Lowest price somebody sells at.
    pub ask: Option<Price>,
    /// Round lots at the bid.
    pub bid_size: u64,
    /// Round lots at the ask.
    pub ask_size: u64,
    /// When it was made.
    pub at: Timestamp,
}

impl QuoteTick {
    /// The quote, when both sides are there and not crossed.
    #[must_use]
    pub fn quote(&self) -> Option<Quote> {
        Quote::new(self.at, self.bid?, self.ask?)
    }
}

/// Whether a symbol trades.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trading {
    /// It does not.
    Halted,
    /// It does again.
    Resumed,
    /// The message is about something else; see its code.
    Unchanged,
}

/// A status message of the tape.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Status {
    /// What it means for trading.
    pub trading: Trading,
    /// The tape's status code.
    pub code: String,
    /// The tape's words.
    pub text: String,
    /// The tape's code of the reason.
    pub reason: String,
    /// When it was said.
    pub at: Timestamp,
}

/// Limit up, limit down: the prices between which a symbol may trade.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bands {
    /// Highest price allowed.
    pub up: Option<Price>,
    /// Lowest price allowed.
    pub down: Option<Price>,
    /// When they were set.
    pub at: Timestamp,
}

/// A trade told wrongly, and how it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Correction {
    /// The id of the wrong one.
    pub wrong_id: i64,
    /// The id of the right one.
    pub id: i64,
    /// The right price.
    pub price: Price,
    /// The right number of shares.
    pub size: Qty,
    /// When it was corrected.
    pub at: Timestamp,
}

/// A trade that did not happen after all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Canceled {
    /// The trade's id.
    pub id: i64,
    /// Its price.
    pub price: Price,
    /// Its shares.
    pub size: Qty,
    /// Whether it was an error, and not cancelled.
    pub error: bool,
    /// When it was taken back.
    pub at: Timestamp,
}

/// What a data stream tells of a symbol.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Market {
    /// A trade.
    Trade(Trade),
    /// A best bid and offer.
    Quote(QuoteTick),
    /// A finished minute, once.
    Bar(Candle),
    /// A finished minute told again, other than before.
    UpdatedBar(Candle),
    /// The day so far.
    DailyBar(Candle),
    /// A halt, a resumption.
    Status(Status),
    /// Price bands.
    Luld(Bands),
    /// A corrected trade.
    Correction(Correction),
    /// A trade taken back.
    CancelError(Canceled),
}

/// Reads a message `{"T": ..., "S": ..., ...}`.
pub(super) fn decode(message: &Value) -> Result<(Symbol, Market), Undecodable> {
    let symbol = message["S"].as_str().and_then(|text| Symbol::new(text).ok());
    let undecodable = |why: &str| Undecodable { symbol, why: why.to_owned() };
    let named = symbol.ok_or_else(|| undecodable("no symbol that we have words for"))?;
    let kind = message["T"].as_str().unwrap_or_default();
    let row = Row { message, at: instant(message).ok_or_else(|| undecodable("no instant"))? };
    let market = match kind {
        "t" => row.trade().map(Market::Trade),
        "q" => Some(Market::Quote(row.quote())),
        "b" => row.candle().map(Market::Bar),
        "u" => row.candle().map(Market::UpdatedBar),
        "d" => row.candle().map(Market::DailyBar),
        "s" => Some(Market::Status(row.status())),
        "l" => Some(Market::Luld(Bands { up: row.price("u"), down: row.price("d"), at: row.at })),
        "c" => row.correction().map(Market::Correction),
        "x" => row.canceled().map(Market::CancelError),
        _ => return Err(undecodable("a message of no known kind")),
    };
    market.map(|market| (named, market)).ok_or_else(|| undecodable("a member is missing or is none"))
}

fn instant(message: &Value) -> Option<Timestamp> {
    message["t"].as_str()?.parse().ok()
}

struct Row<'a> {
    message: &'a Value,
    at: Timestamp,
}

impl Row<'_> {
    fn trade(&self) -> Option<Trade> {
        let conditions = self.message["c"].as_array().map(Vec::as_slice).unwrap_or_default();
        Some(Trade {
            id: self.integer("i"),
            price: self.price("p")?,
            size: self.shares("s")?,
            exchange: self.text("x"),
            conditions: conditions.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
            at: self.at,
        })
    }

    fn quote(&self) -> QuoteTick {
        let lots = |name: &str| self.message[name].as_u64().unwrap_or(0);
        QuoteTick {
            bid: self.price("bp"),
            ask: self.price("ap"),
            bid_size: lots("bs"),
            ask_size: lots("as"),
            at: self.at,
        }
    }

    fn candle(&self) -> Option<Candle> {
        let (open, close) = (self.price("o")?, self.price("c")?);
        let (high, low) = (self.price("h")?, self.price("l")?);
        let encloses = low <= open.min(close) && open.max(close) <= high;
        encloses.then_some(Candle { start: self.at, open, high, low, close, volume: self.shares("v")? })
    }

    /// Codes of both tapes: CTA says 2 and 3, UTP says H, P, Q and T.
    fn status(&self) -> Status {
        let code = self.text("sc");
        let trading = match code.as_str() {
            "2" | "H" | "P" => Trading::Halted,
            "3" | "T" => Trading::Resumed,
            _ => Trading::Unchanged,
        };
        Status { trading, code, text: self.text("sm"), reason: self.text("rc"), at: self.at }
    }

    fn correction(&self) -> Option<Correction> {
        Some(Correction {
            wrong_id: self.integer("oi"),
            id: self.integer("ci"),
            price: self.price("cp")?,
            size: self.shares("cs")?,
            at: self.at,
        })
    }

    fn canceled(&self) -> Option<Canceled> {
        Some(Canceled {
            id: self.integer("i"),
            price: self.price("p")?,
            size: self.shares("s")?,
            error: self.text("a") == "E",
            at: self.at,
        })
    }

    /// Trade ids beyond 63 bits exist on no tape; 0 says that none came.
    fn integer(&self, name: &str) -> i64 {
        self.message[name].as_i64().unwrap_or(0)
    }

    fn price(&self, name: &str) -> Option<Price> {
        Price::from_f64_rounded(self.message[name].as_f64()?).ok()
    }

    fn shares(&self, name: &str) -> Option<Qty> {
        let number = self.message[name].as_f64()?;
        // Whole shares: a float holds them exactly, fractions of a share only nearly.
        (number.is_finite() && number < 9e9).then(|| Qty::from_units((number.round() * 1e9) as i64).ok())?
    }

    /// The longest text of the tape is a sentence.
    fn text(&self, name: &str) -> String {
        self.message[name].as_str().unwrap_or_default().chars().take(120).collect()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn row(kind: &str, members: Value) -> Value {
        let mut row = json!({"T": kind, "S": "AAPL", "t": "2026-11-20T15:00:00.000000001Z"});
        row.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
        row
    }

    fn bar() -> Value {
        json!({"o": 10.0, "h": 10.5, "l": 9.99, "c": 10.25, "v": 1234, "n": 7, "vw": 10.1})
    }

    #[test]
    fn every_kind_has_a_type() {
        let read = |kind: &str, members: Value| {
            let (symbol, market) = decode(&row(kind, members)).unwrap();
            assert_eq!(symbol.as_str(), "AAPL");
            market
        };
        let Market::Trade(trade) =
            read("t", json!({"i": 96921, "x": "D", "p": 126.55, "s": 100, "c": ["@", "I"], "z": "C"}))
        else {
            panic!()
        };
        assert_eq!(
            (trade.id, trade.price.to_string().as_str(), trade.size, trade.conditions.len()),
            (96921, "126.55", Qty::shares(100), 2)
        );
        let Market::Quote(quote) = read("q", json!({"bp": 10.0, "bs": 3, "ap": 10.02, "as": 1})) else { panic!() };
        assert_eq!(quote.quote().unwrap().mid().to_string(), "10.01");
        assert!(matches!(read("b", bar()), Market::Bar(candle) if candle.volume == Qty::shares(1234)));
        assert!(matches!(read("u", bar()), Market::UpdatedBar(_)) && matches!(read("d", bar()), Market::DailyBar(_)));
        assert!(matches!(
            read("l", json!({"u": 11.0, "d": 9.0, "i": "B"})),
            Market::Luld(Bands { up: Some(_), down: Some(_), .. })
        ));
        let correction = json!({"oi": 1, "op": 10.0, "os": 5, "ci": 2, "cp": 10.01, "cs": 6});
        assert!(matches!(read("c", correction), Market::Correction(Correction { wrong_id: 1, id: 2, .. })));
        assert!(matches!(
            read("x", json!({"i": 3, "p": 10.0, "s": 5, "a": "C"})),
            Market::CancelError(Canceled { id: 3, error: false, .. })
        ));
    }

    #[test]
    fn halts_of_both_tapes() {
        for (code, expect) in [
            ("H", Trading::Halted),
            ("P", Trading::Halted),
            ("2", Trading::Halted),
            ("T", Trading::Resumed),
            ("3", Trading::Resumed),
            ("Q", Trading::Unchanged),
            ("5", Trading::Unchanged),
            ("", Trading::Unchanged),
        ] {
            let (_, market) = decode(&row("s", json!({"sc": code, "sm": "words", "rc": "T12"}))).unwrap();
            assert!(
                matches!(market, Market::Status(status) if status.trading == expect && status.code == code),
                "{code}"
            );
        }
    }

    #[test]
    fn a_side_without_anybody_is_no_price() {
        let quote = |bid: f64, ask: f64| {
            let (_, market) = decode(&row("q", json!({"bp": bid, "ap": ask}))).unwrap();
            let Market::Quote(quote) = market else { panic!("{market:?}") };
            quote
        };
        assert_eq!(quote(0.0, 10.0).bid, None);
        assert!(quote(0.0, 10.0).quote().is_none() && quote(10.1, 10.0).quote().is_none());
        assert!(quote(10.0, 10.0).quote().is_some());
    }

    #[test]
    fn what_cannot_be_read_names_its_symbol() {
        for (kind, members) in [
            ("t", json!({"p": "ten"})),
            ("t", json!({"p": 10.0, "s": -1})),
            ("b", json!({"o": 10.0, "h": 9.0, "l": 9.0, "c": 9.0, "v": 1})),
            ("b", json!({})),
            ("z", json!({})),
            ("q", json!({"t": "yesterday"})),
            ("q", json!({"t": null})),
        ] {
            let undecodable = decode(&row(kind, members.clone())).unwrap_err();
            assert_eq!(undecodable.symbol, Symbol::new("AAPL").ok(), "{kind} {members}");
        }
        assert_eq!(decode(&row("q", json!({"S": "not a symbol"}))).unwrap_err().symbol, None);
    }
}
