//! Every cell: control by purpose.

use std::collections::BTreeSet;

use market::{Bps, Qty, TimeDelta, Usd};
use trading::{
    control::{Authority, Control, Kill, PURPOSES, approve, may_open, why_shut},
    order::{OrderKind, Purpose, Side},
    refusal::Reason,
};

use crate::world::{World, price, symbol};

type Spoil = fn(&mut World);

/// The ways to break exactly this control.
fn ways(control: Control) -> Vec<Spoil> {
    match control {
        Control::Sanity => vec![|w| w.order.qty = Qty::ZERO],
        Control::UniqueId => vec![|w| w.id_used = true],
        Control::Gate => vec![|w| w.authority = Authority::ManageOnly("stale watchlist".into())],
        Control::TimeForward => vec![|w| w.high_water = w.now + TimeDelta::milliseconds(1)],
        Control::ClockSkew => {
            vec![|w| w.clock_skew = None, |w| w.clock_skew = Some(TimeDelta::milliseconds(2_001)), |w| {
                w.clock_skew = Some(TimeDelta::milliseconds(-2_001))
            }]
        }
        Control::MarketOpen => vec![|w| w.session = None, |w| w.at(9, 29), |w| w.at(16, 0)],
        Control::EntryWindow => {
            vec![|w| w.at(9, 49), |w| w.at(15, 31), |w| w.limits.entry_delay = TimeDelta::minutes(91)]
        }
        Control::Account => vec![|w| w.account().trading_blocked = true, |w| w.account = None],
        Control::SymbolKnown => vec![|w| w.blocked = Some("outcome unknown".into())],
        Control::OncePerDay => vec![|w| w.consumed_today = true],
        Control::Flat => vec![|w| w.used.has_symbol = true, |w| w.held = Qty::shares(20)],
        Control::SelfTrade => vec![|w| w.held_for_orders = Qty::shares(5)],
        Control::Allowlist => vec![|w| w.limits.allowlist = [symbol("MSFT")].into()],
        Control::LongOnly => vec![|w| w.order.side = Side::Sell],
        Control::FreshQuote => vec![
            |w| w.quote = None,
            |w| w.quote().at = w.now - TimeDelta::milliseconds(5_001),
            |w| w.quote().at = w.now + TimeDelta::milliseconds(5_001),
            |w| w.quote().bid = price("49.98"),
        ],
        Control::FreshBars => {
            vec![|w| w.newest_candle = None, |w| w.newest_candle = Some(w.now - TimeDelta::minutes(30))]
        }
        Control::EntryCollar => vec![|w| (w.quote().bid, w.quote().ask) = (price("48"), price("48.50")), |w| {
            w.quote().ask = price("52");
        }],
        Control::VolumeShare => vec![|w| w.average_volume = None, |w| w.average_volume = Some(Qty::shares(999))],
        Control::OrdersPerDay => vec![|w| w.used.orders_today = 5],
        Control::Positions => vec![|w| w.used.positions = 5],
        Control::GrossNotional => vec![|w| w.used.gross = Usd::cents(450_001)],
        Control::SymbolNotional => vec![|w| w.used.symbol = Usd::cents(50_001)],
        Control::BuyingPower => {
            vec![|w| w.account().buying_power = Usd::dollars(555), |w| w.used.pending = Usd::dollars(89_501)]
        }
        Control::Throttle => vec![|w| w.used.recent_second = 2, |w| w.used.recent_minute = 10],
        Control::DailyLoss => vec![|w| w.account().equity = Usd::dollars(98_000)],
        Control::RejectStreak => vec![|w| w.used.reject_streak = 3],
        Control::Stream => vec![|w| w.stream_silent = Some(TimeDelta::seconds(30))],
        Control::DropCopy => vec![|w| w.executions_read_at = w.now - TimeDelta::milliseconds(60_001)],
        Control::BooksAgree => vec![|w| w.mismatch = Some(symbol("MSFT"))],
        Control::KillSwitch => {
            vec![|w| w.kill = Some(Kill::Entries), |w| w.kill = Some(Kill::Cancel), |w| w.kill = Some(Kill::Flatten)]
        }
    }
}

#[test]
fn with_every_permission_every_purpose_passes() {
    for purpose in PURPOSES {
        let world = World::permissive(purpose);
        let approved = approve(world.order.clone(), &world.facts());
        assert_eq!(approved.map(|order| order.get().clone()), Ok(world.order.clone()));
    }
}

#[test]
fn every_cell() {
    let mut cells = 0;
    for control in Control::ALL {
        for purpose in PURPOSES {
            for spoil in ways(control) {
                let mut world = World::permissive(purpose);
                spoil(&mut world);
                let refused = approve(world.order.clone(), &world.facts()).err().map(|refusal| refusal.reason);
                let expect = control.binds(purpose).then(|| control.reason());
                assert_eq!(refused, expect, "{control:?} x {purpose}");
            }
            cells += 1;
        }
    }
    assert_eq!(cells, 30 * 4);
}

#[test]
fn what_closes_is_bound_by_sanity_and_idempotency_alone() {
    for purpose in [Purpose::Reduce, Purpose::Protect, Purpose::Flatten] {
        let binding: Vec<Control> = Control::ALL.into_iter().filter(|control| control.binds(purpose)).collect();
        assert_eq!(binding, [Control::Sanity, Control::UniqueId], "{purpose}");
    }
    assert!(Control::ALL.into_iter().all(|control| control.binds(Purpose::Open)));
}

#[test]
fn with_everything_broken_at_once_protection_still_passes() {
    let closing = |control: &Control| !control.binds(Purpose::Protect);
    let spoils: Vec<Spoil> = Control::ALL.into_iter().filter(closing).flat_map(ways).collect();
    for purpose in [Purpose::Reduce, Purpose::Protect, Purpose::Flatten] {
        let mut world = World::permissive(purpose);
        for spoil in &spoils {
            // Some ways need what others took away.
            world.account.get_or_insert_with(crate::world::account);
            world.quote = world.quote.or(World::permissive(purpose).quote);
            world.session = world.session.or(World::permissive(purpose).session);
            spoil(&mut world);
        }
        assert!(approve(world.order.clone(), &world.facts()).is_ok(), "{purpose}");
    }
}

#[test]
fn each_control_has_its_own_reason_and_the_kill_switch_is_last() {
    let reasons: BTreeSet<Reason> = Control::ALL.into_iter().map(Control::reason).collect();
    assert_eq!(reasons.len(), Control::ALL.len());
    assert_eq!(Control::ALL.last(), Some(&Control::KillSwitch));
}

#[test]
fn what_needs_no_order_is_refused_before_there_is_one() {
    for control in Control::ALL {
        for spoil in ways(control) {
            let mut world = World::permissive(Purpose::Open);
            spoil(&mut world);
            if let Err(refusal) = may_open(world.order.symbol, &world.facts()) {
                assert_eq!(refusal.reason, control.reason());
            }
            if let Some((reason, _)) = why_shut(&world.facts()) {
                assert_eq!(reason, control.reason());
            }
        }
    }
    let world = World::permissive(Purpose::Open);
    assert_eq!(may_open(world.order.symbol, &world.facts()), Ok(()));
    assert_eq!(why_shut(&world.facts()), None);
}

#[test]
fn limits_are_exact() {
    let at_the_limit: [Spoil; 17] = [
        |w| w.clock_skew = Some(TimeDelta::seconds(-2)),
        |w| w.at(9, 50),
        |w| w.at(15, 30),
        |w| w.quote().at = w.now - TimeDelta::seconds(5),
        |w| w.used.orders_today = 4,
        |w| w.used.positions = 4,
        |w| w.used.gross = Usd::dollars(4_500),
        |w| w.used.symbol = Usd::dollars(500),
        |w| w.used.pending = Usd::dollars(89_500),
        |w| (w.used.recent_second, w.used.recent_minute) = (1, 9),
        |w| w.account().equity = Usd::cents(9_800_001),
        |w| w.used.reject_streak = 2,
        |w| w.stream_silent = Some(TimeDelta::milliseconds(29_999)),
        |w| w.executions_read_at = w.now - TimeDelta::seconds(60),
        // Three percent around an ask of 49.97, and a hundredth of the volume.
        |w| w.order.kind = OrderKind::Limit { limit: price("51.46") },
        |w| (w.quote().ask, w.order.kind) = (price("50"), OrderKind::Limit { limit: price("48.50") }),
        |w| (w.quote().ask, w.order.kind) = (price("50"), OrderKind::Limit { limit: price("51.50") }),
    ];
    for (index, spoil) in at_the_limit.into_iter().enumerate() {
        let mut world = World::permissive(Purpose::Open);
        spoil(&mut world);
        assert!(approve(world.order.clone(), &world.facts()).is_ok(), "case {index}");
    }
}

#[test]
fn a_candle_is_due_ninety_seconds_after_its_close() {
    // Now, the newest candle's begin, and whether that is enough.
    let table = [
        ((9, 46, 0), None, false),
        ((9, 46, 0), Some((9, 30)), true),
        ((11, 1, 30), None, false),
        ((11, 1, 30), Some((10, 40)), true),
        ((11, 1, 31), Some((10, 40)), false),
        ((11, 1, 31), Some((10, 50)), true),
    ];
    for ((hour, minute, second), newest, passes) in table {
        let mut world = World::permissive(Purpose::Open);
        world.limits.entry_delay = TimeDelta::zero();
        world.at(hour, minute);
        let date = world.session.unwrap().date;
        world.now = world.now + TimeDelta::seconds(second);
        world.quote().at = world.now;
        world.newest_candle = newest.map(|(hour, minute)| date.at_hm(hour, minute));
        let refused = may_open(world.order.symbol, &world.facts()).err().map(|refusal| refusal.reason);
        assert_eq!(refused, (!passes).then_some(Reason::StaleBars), "{hour}:{minute}:{second}");
    }
}

#[test]
fn the_collars() {
    use trading::{control::exit_price, limits::Limits};
    let world = World::permissive(Purpose::Open);
    let quote = world.quote.unwrap();
    assert_eq!(exit_price(&quote, &Limits::default()), Some(price("44.95")), "49.95 less 10 %, on a cent");
    let nothing = Limits { exit_collar: Bps::constant(10_000), ..Limits::default() };
    assert_eq!(exit_price(&quote, &nothing), None);
    let mut far = World::permissive(Purpose::Reduce);
    far.quote = None;
    assert!(approve(far.order.clone(), &far.facts()).is_ok(), "a collar bounds a price and permits nothing");
}
