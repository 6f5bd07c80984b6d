//! Bad input: what cannot be built, and what is refused without wrapping.

use market::{Price, Qty, Quote, TimeDelta};
use trading::{
    control::approve,
    order::{OrderKind, Purpose},
    refusal::Reason,
};

use crate::world::{World, price};

#[test]
fn broken_prices_and_crossed_quotes_cannot_be_built() {
    for number in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, -1.0, 0.0, 1e18] {
        assert!(Price::from_f64_rounded(number).is_err(), "{number}");
    }
    for text in ["NaN", "-1", "0", "inf", "1e3", "10000000.01"] {
        assert!(text.parse::<Price>().is_err(), "{text}");
    }
    let now = World::permissive(Purpose::Open).now;
    assert_eq!(Quote::new(now, price("50.01"), price("50")), None);
    assert!(Qty::from_units(-1).is_err());
}

#[test]
fn absurd_sizes_are_refused_for_every_purpose_and_never_wrapped() {
    let huge = [Qty::shares(u32::MAX), Qty::from_units(i64::MAX).unwrap(), Qty::shares(10_000_001)];
    for purpose in trading::control::PURPOSES {
        for qty in huge {
            let mut world = World::permissive(purpose);
            world.order.qty = qty;
            // Nothing else would stop it.
            world.limits.gross_notional = market::Usd::from_units(i64::MAX);
            world.limits.symbol_notional = market::Usd::from_units(i64::MAX);
            world.account().buying_power = market::Usd::from_units(i64::MAX);
            world.average_volume = Some(Qty::from_units(i64::MAX).unwrap());
            let refusal = approve(world.order.clone(), &world.facts()).unwrap_err();
            assert_eq!(refusal.reason, Reason::Sanity, "{purpose} of {qty}");
        }
    }
}

#[test]
fn too_many_shares_are_absurd_however_little_they_cost() {
    for (shares, refused) in [(10_000_000, None), (10_000_001, Some(Reason::Sanity))] {
        let mut world = World::permissive(Purpose::Open);
        world.order.kind = OrderKind::Limit { limit: price("0.01") };
        world.quote = Quote::new(world.now, price("0.01"), price("0.01"));
        world.order.qty = Qty::shares(shares);
        world.limits.gross_notional = market::Usd::dollars(1_000_000);
        world.limits.symbol_notional = market::Usd::dollars(1_000_000);
        world.account().buying_power = market::Usd::dollars(1_000_000);
        world.average_volume = Some(Qty::shares(u32::MAX));
        let reason = approve(world.order.clone(), &world.facts()).err().map(|refusal| refusal.reason);
        assert_eq!(reason, refused, "{shares} at a cent");
    }
}

#[test]
fn a_notional_that_saturates_is_refused() {
    let mut world = World::permissive(Purpose::Open);
    world.order.kind = OrderKind::Limit { limit: price("10000000") };
    world.order.qty = Qty::shares(9_999_999);
    assert_eq!(approve(world.order.clone(), &world.facts()).unwrap_err().reason, Reason::Sanity);
}

#[test]
fn a_huge_position_is_protected_all_the_same() {
    for purpose in [Purpose::Reduce, Purpose::Protect, Purpose::Flatten] {
        let mut world = World::permissive(purpose);
        world.held = Qty::shares(u32::MAX);
        world.order.qty = Qty::shares(u32::MAX);
        assert!(approve(world.order.clone(), &world.facts()).is_ok(), "{purpose}");
    }
}

#[test]
fn orders_that_make_no_sense() {
    type Spoil = fn(&mut World);
    let table: [(&str, Purpose, Spoil); 6] = [
        ("an opening at the market", Purpose::Open, |w| w.order.kind = OrderKind::Market),
        ("an opening stop", Purpose::Open, |w| w.order.kind = OrderKind::Stop { stop: price("50") }),
        ("between two ticks", Purpose::Open, |w| w.order.kind = OrderKind::Limit { limit: price("50.001") }),
        ("a fraction at a limit", Purpose::Open, |w| w.order.qty = "1.5".parse().unwrap()),
        ("a fraction of a stop", Purpose::Protect, |w| w.order.qty = "1.5".parse().unwrap()),
        ("more than is free", Purpose::Protect, |w| w.held_for_orders = Qty::shares(11)),
    ];
    for (name, purpose, spoil) in table {
        let mut world = World::permissive(purpose);
        spoil(&mut world);
        assert_eq!(approve(world.order.clone(), &world.facts()).unwrap_err().reason, Reason::Sanity, "{name}");
    }
    let mut fraction = World::permissive(Purpose::Flatten);
    fraction.order.qty = "1.5".parse().unwrap();
    assert!(approve(fraction.order.clone(), &fraction.facts()).is_ok(), "a fraction can be sold at the market");
}

#[test]
fn quotes_of_another_time_are_refused_and_their_ages_do_not_overflow() {
    for seconds in [6, -6, i64::from(i32::MAX), -i64::from(i32::MAX)] {
        let mut world = World::permissive(Purpose::Open);
        world.quote().at = world.now - TimeDelta::seconds(seconds);
        let refusal = approve(world.order.clone(), &world.facts()).unwrap_err();
        assert_eq!(refusal.reason, Reason::NoQuote, "{seconds} s old");
    }
    for nanos in [i64::MIN, i64::MAX] {
        let mut world = World::permissive(Purpose::Open);
        world.quote().at = market::Timestamp::from_unix_nanos(nanos);
        assert_eq!(approve(world.order.clone(), &world.facts()).unwrap_err().reason, Reason::NoQuote);
    }
}
