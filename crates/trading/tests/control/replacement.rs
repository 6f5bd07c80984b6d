//! A stop that takes the place of another.

use market::Qty;
use trading::{
    control::approve_replacement,
    order::{OrderKind, Purpose, Replacement, Side},
    refusal::Reason,
};

use crate::world::{World, order, price};

fn replacement(purpose: Purpose) -> Replacement {
    let mut order = order(purpose);
    order.qty = Qty::shares(20);
    order.client_order_id = "pc_PA3_20261120_avwap_AAPL_stop_2".parse().unwrap();
    let replaced_id = "pc_PA3_20261120_avwap_AAPL_stop_1".parse().unwrap();
    Replacement { replaces: "broker-1".parse().unwrap(), replaced_id, order }
}

/// Twenty shares are held, and the order to replace speaks for all of them.
fn world() -> World {
    let mut world = World::permissive(Purpose::Protect);
    world.held_for_orders = Qty::shares(20);
    world.replaced = Some(Qty::shares(20));
    world
}

#[test]
fn the_shares_of_the_replaced_order_are_free() {
    for purpose in [Purpose::Protect, Purpose::Reduce] {
        let replacement = replacement(purpose);
        let approved = approve_replacement(replacement.clone(), &world().facts());
        assert_eq!(approved.map(|approved| approved.get().clone()), Ok(replacement));
    }
}

#[test]
fn what_is_refused() {
    type Spoil = fn(&mut World, &mut Replacement);
    let table: [(&str, Reason, Spoil); 12] = [
        ("the replaced order does not work", Reason::Sanity, |w, _| w.replaced = None),
        ("others speak for shares too", Reason::Sanity, |w, _| w.held_for_orders = Qty::shares(21)),
        ("more than is held", Reason::Sanity, |_, r| r.order.qty = Qty::shares(21)),
        ("nothing", Reason::Sanity, |_, r| r.order.qty = Qty::ZERO),
        ("a fraction", Reason::Sanity, |_, r| r.order.qty = "1.5".parse().unwrap()),
        ("between ticks", Reason::Sanity, |_, r| r.order.kind = OrderKind::Stop { stop: price("48.001") }),
        ("a buy", Reason::Sanity, |_, r| r.order.side = Side::Buy),
        ("an opening", Reason::Sanity, |_, r| r.order.purpose = Purpose::Open),
        ("everything at once", Reason::Sanity, |_, r| r.order.purpose = Purpose::Flatten),
        ("what does not work, and shares are free", Reason::Sanity, |w, _| {
            (w.replaced, w.held_for_orders) = (None, Qty::ZERO);
        }),
        ("itself", Reason::Sanity, |_, r| r.replaced_id = r.order.client_order_id.clone()),
        ("an id used before", Reason::DuplicateId, |w, _| w.id_used = true),
    ];
    for (name, reason, spoil) in table {
        let (mut world, mut replacement) = (world(), replacement(Purpose::Protect));
        spoil(&mut world, &mut replacement);
        let refusal = approve_replacement(replacement, &world.facts()).unwrap_err();
        assert_eq!(refusal.reason, reason, "{name}: {refusal:?}");
    }
}
