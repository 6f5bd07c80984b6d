//! One order and everything its controls look at, with every permission given.

use market::{Calendar, Price, Qty, Quote, Session, Symbol, TimeDelta, Timestamp, Usd};
use trading::{
    control::{Authority, Facts, Kill, Used},
    limits::Limits,
    order::{OrderKind, OrderRequest, Purpose, Side, TimeInForce},
    report::AccountReport,
};

pub struct World {
    pub order: OrderRequest,
    pub now: Timestamp,
    pub high_water: Timestamp,
    pub clock_skew: Option<TimeDelta>,
    pub session: Option<Session>,
    pub authority: Authority,
    pub kill: Option<Kill>,
    pub account: Option<AccountReport>,
    pub limits: Limits,
    pub quote: Option<Quote>,
    pub newest_candle: Option<Timestamp>,
    pub average_volume: Option<Qty>,
    pub used: Used,
    pub consumed_today: bool,
    pub blocked: Option<String>,
    pub mismatch: Option<Symbol>,
    pub stream_silent: Option<TimeDelta>,
    pub executions_read_at: Timestamp,
    pub held: Qty,
    pub held_for_orders: Qty,
    pub replaced: Option<Qty>,
    pub id_used: bool,
}

impl World {
    /// An order of ten shares of AAPL at 50 that every control lets pass; what closes closes half of what is held.
    pub fn permissive(purpose: Purpose) -> Self {
        let session = Calendar::nyse().session_on("2026-11-20".parse().unwrap()).unwrap();
        let mut world = Self {
            order: order(purpose),
            now: session.unwrap().open,
            high_water: session.unwrap().open,
            clock_skew: Some(TimeDelta::zero()),
            session,
            authority: Authority::Open,
            kill: None,
            account: Some(account()),
            limits: Limits::default(),
            quote: None,
            newest_candle: None,
            average_volume: Some(Qty::shares(1_000)),
            used: Used::default(),
            consumed_today: false,
            blocked: None,
            mismatch: None,
            stream_silent: None,
            executions_read_at: session.unwrap().open,
            held: if purpose == Purpose::Open { Qty::ZERO } else { Qty::shares(20) },
            held_for_orders: Qty::ZERO,
            replaced: None,
            id_used: false,
        };
        world.at(11, 0);
        world
    }

    /// Moves the clock, and with it all that is read again every cycle.
    pub fn at(&mut self, hour: u32, minute: u32) {
        let date = self.session.unwrap().date;
        self.now = date.at_hm(hour, minute);
        self.high_water = self.now;
        self.executions_read_at = self.now;
        self.newest_candle = Some(self.now - TimeDelta::minutes(10));
        self.quote = Quote::new(self.now, price("49.95"), price("49.97"));
    }

    pub fn account(&mut self) -> &mut AccountReport {
        self.account.as_mut().unwrap()
    }

    pub fn quote(&mut self) -> &mut Quote {
        self.quote.as_mut().unwrap()
    }

    pub fn facts(&self) -> Facts<'_> {
        Facts {
            now: self.now,
            high_water: self.high_water,
            clock_skew: self.clock_skew,
            session: self.session,
            authority: &self.authority,
            kill: self.kill,
            account: self.account.as_ref(),
            limits: &self.limits,
            quote: self.quote,
            newest_candle: self.newest_candle,
            average_volume: self.average_volume,
            used: self.used,
            consumed_today: self.consumed_today,
            blocked: self.blocked.clone(),
            mismatch: self.mismatch,
            stream_silent: self.stream_silent,
            executions_read_at: self.executions_read_at,
            held: self.held,
            held_for_orders: self.held_for_orders,
            replaced: self.replaced,
            id_used: self.id_used,
        }
    }
}

pub fn price(text: &str) -> Price {
    text.parse().unwrap()
}

pub fn symbol(text: &str) -> Symbol {
    text.parse().unwrap()
}

pub fn account() -> AccountReport {
    let dollars = Usd::dollars(100_000);
    AccountReport {
        number: "PA3".parse().unwrap(),
        equity: dollars,
        last_equity: dollars,
        cash: dollars,
        buying_power: dollars,
        trading_blocked: false,
    }
}

pub fn order(purpose: Purpose) -> OrderRequest {
    let (side, kind) = match purpose {
        Purpose::Open => (Side::Buy, OrderKind::Limit { limit: price("50") }),
        Purpose::Protect => (Side::Sell, OrderKind::Stop { stop: price("48") }),
        Purpose::Reduce => (Side::Sell, OrderKind::Limit { limit: price("47") }),
        Purpose::Flatten => (Side::Sell, OrderKind::Market),
    };
    OrderRequest {
        client_order_id: "pc_PA3_20261120_avwap_AAPL_entry_1".parse().unwrap(),
        symbol: symbol("AAPL"),
        side,
        qty: Qty::shares(10),
        kind,
        time_in_force: TimeInForce::Day,
        purpose,
    }
}
