//! The table, cell by cell: every reason to refuse an opening, and that none of them stops a protection.

use market::{Calendar, Symbol};

use super::*;
use crate::order::{AccountId, TimeInForce};

const PURPOSES: [Purpose; 4] = [Purpose::Open, Purpose::Reduce, Purpose::Protect, Purpose::Flatten];

/// One way to take the permission away; `expect` is the reason an opening is then refused with.
struct Case {
    expect: Reason,
    spoil: fn(&mut World),
}

struct World {
    authority: Authority,
    kill: Option<Kill>,
    account: Option<AccountReport>,
    limits: Limits,
    now: Timestamp,
    session: Option<Session>,
    quote: Option<Quote>,
    used: Used,
    consumed_today: bool,
    blocked: Option<String>,
    reject_streak: u32,
    held: Qty,
}

fn cases() -> Vec<Case> {
    let case = |expect, spoil| Case { expect, spoil };
    vec![
        case(Reason::Gate, |w| w.authority = Authority::ManageOnly("stale watchlist".into())),
        case(Reason::MarketClosed, |w| w.session = None),
        case(Reason::MarketClosed, |w| w.now = w.now.ny_date().at_hm(16, 0)),
        case(Reason::EntryWindow, |w| w.now = w.now.ny_date().at_hm(9, 40)),
        case(Reason::EntryWindow, |w| w.now = w.now.ny_date().at_hm(15, 31)),
        case(Reason::AccountBlocked, |w| w.account().trading_blocked = true),
        case(Reason::AccountBlocked, |w| w.account = None),
        case(Reason::SymbolBlocked, |w| w.blocked = Some("outcome unknown".into())),
        case(Reason::ConsumedToday, |w| w.consumed_today = true),
        case(Reason::NotFlat, |w| w.used.has_symbol = true),
        case(Reason::NotFlat, |w| w.held = Qty::shares(10)),
        case(Reason::Allowlist, |w| w.limits.allowlist = [Symbol::new("MSFT").unwrap()].into()),
        case(Reason::NoQuote, |w| w.quote = None),
        case(Reason::NoQuote, |w| w.quote = w.quote.map(|q| Quote { at: w.now - TimeDelta::seconds(6), ..q })),
        case(Reason::NoQuote, |w| w.quote = w.quote.map(|q| Quote { at: w.now + TimeDelta::seconds(6), ..q })),
        case(Reason::PriceCollar, |w| w.quote = w.quote.map(|q| Quote { ask: price("48.50"), bid: price("48"), ..q })),
        case(Reason::PriceCollar, |w| w.quote = w.quote.map(|q| Quote { ask: price("52"), ..q })),
        case(Reason::MaxOrdersPerDay, |w| w.used.orders_today = 5),
        case(Reason::MaxPositions, |w| w.used.positions = 5),
        case(Reason::MaxGrossNotional, |w| w.used.gross = Usd::cents(450_001)),
        case(Reason::MaxSymbolNotional, |w| w.used.symbol = Usd::cents(50_001)),
        case(Reason::BuyingPower, |w| w.account().buying_power = Usd::dollars(555)),
        case(Reason::BuyingPower, |w| w.used.pending = Usd::dollars(89_501)),
        case(Reason::DailyLoss, |w| w.account().equity = Usd::dollars(98_000)),
        case(Reason::RejectStreak, |w| w.reject_streak = 3),
        case(Reason::KillSwitch, |w| w.kill = Some(Kill::Entries)),
    ]
}

#[test]
fn with_every_permission_an_opening_passes() {
    let world = World::permissive();
    assert!(approve(order(Purpose::Open), &world.facts(Qty::ZERO)).is_ok());
}

#[test]
fn each_control_refuses_an_opening_with_its_own_reason() {
    for case in cases() {
        let mut world = World::permissive();
        (case.spoil)(&mut world);
        let refusal = approve(order(Purpose::Open), &world.facts(Qty::ZERO)).unwrap_err();
        assert_eq!(refusal.reason, case.expect, "{refusal:?}");
    }
}

#[test]
fn no_reason_stops_reduce_protect_or_flatten_of_a_held_position() {
    for case in cases() {
        let mut world = World::permissive();
        world.held = Qty::shares(10);
        (case.spoil)(&mut world);
        world.held = Qty::shares(10);
        for purpose in [Purpose::Reduce, Purpose::Protect, Purpose::Flatten] {
            let approved = approve(order(purpose), &world.facts(Qty::ZERO));
            assert!(approved.is_ok(), "{:?} must not stop {purpose:?}: {approved:?}", case.expect);
        }
    }
}

#[test]
fn every_control_of_openings_has_a_case() {
    let covered: std::collections::BTreeSet<Reason> = cases().into_iter().map(|case| case.expect).collect();
    let binding = Control::ALL.into_iter().filter(|control| !control.binds(Purpose::Protect)).count();
    assert_eq!(covered.len(), binding, "one reason a control that binds openings only");
}

#[test]
fn sanity_and_idempotency_bind_every_purpose() {
    for purpose in PURPOSES {
        let mut world = World::permissive();
        if purpose != Purpose::Open {
            world.held = Qty::shares(10);
        }
        let mut facts = world.facts(Qty::ZERO);
        facts.id_used = true;
        assert_eq!(approve(order(purpose), &facts).unwrap_err().reason, Reason::DuplicateId, "{purpose}");
        let empty = OrderRequest { qty: Qty::ZERO, ..order(purpose) };
        assert_eq!(approve(empty, &world.facts(Qty::ZERO)).unwrap_err().reason, Reason::Sanity, "{purpose}");
    }
}

#[test]
fn nothing_sells_more_than_is_held_and_free() {
    let mut world = World::permissive();
    world.held = Qty::shares(10);
    for (spoken_for, passes) in [(0, true), (1, false), (10, false)] {
        let result = approve(order(Purpose::Protect), &world.facts(Qty::shares(spoken_for)));
        assert_eq!(result.is_ok(), passes, "{spoken_for} shares are spoken for");
    }
}

#[test]
fn openings_are_limit_buys_on_a_tick() {
    let world = World::permissive();
    let base = order(Purpose::Open);
    for spoiled in [
        OrderRequest { side: Side::Sell, ..base.clone() },
        OrderRequest { kind: OrderKind::Market, ..base.clone() },
        OrderRequest { kind: OrderKind::Limit { limit: price("50.001") }, ..base },
    ] {
        assert_eq!(approve(spoiled, &world.facts(Qty::ZERO)).unwrap_err().reason, Reason::Sanity);
    }
}

fn price(text: &str) -> Price {
    text.parse().unwrap()
}

fn order(purpose: Purpose) -> OrderRequest {
    let (side, kind) = match purpose {
        Purpose::Open => (Side::Buy, OrderKind::Limit { limit: price("50") }),
        Purpose::Protect => (Side::Sell, OrderKind::Stop { stop: price("48") }),
        Purpose::Reduce | Purpose::Flatten => (Side::Sell, OrderKind::Market),
    };
    OrderRequest {
        client_order_id: "pc_PA3_20261120_avwap_AAPL_entry_1".parse().unwrap(),
        symbol: Symbol::new("AAPL").unwrap(),
        side,
        qty: Qty::shares(10),
        kind,
        time_in_force: TimeInForce::Day,
        purpose,
    }
}

impl World {
    fn permissive() -> Self {
        let session = Calendar::nyse().session_on("2026-11-20".parse().unwrap()).unwrap();
        let now = session.unwrap().date.at_hm(11, 0);
        let dollars = Usd::dollars;
        Self {
            authority: Authority::Open,
            kill: None,
            account: Some(AccountReport {
                number: "PA3".parse::<AccountId>().unwrap(),
                equity: dollars(100_000),
                last_equity: dollars(100_000),
                cash: dollars(100_000),
                buying_power: dollars(100_000),
                trading_blocked: false,
            }),
            limits: Limits::default(),
            now,
            session,
            quote: Quote::new(now, price("49.95"), price("49.97")),
            used: Used::default(),
            consumed_today: false,
            blocked: None,
            reject_streak: 0,
            held: Qty::ZERO,
        }
    }

    fn account(&mut self) -> &mut AccountReport {
        self.account.as_mut().unwrap()
    }

    fn facts(&self, held_for_orders: Qty) -> Facts<'_> {
        Facts {
            now: self.now,
            session: self.session,
            authority: &self.authority,
            kill: self.kill,
            account: self.account.as_ref(),
            limits: &self.limits,
            quote: self.quote,
            used: self.used,
            consumed_today: self.consumed_today,
            blocked: self.blocked.clone(),
            reject_streak: self.reject_streak,
            held: self.held,
            held_for_orders,
            id_used: false,
        }
    }
}

use market::TimeDelta;
