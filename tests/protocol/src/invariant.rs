//! What must hold, in every state and at every send. The numbers are those of the architecture's invariants.

use std::collections::BTreeMap;

use market::Symbol;
use trading::{
    book::{Book, Intent},
    order::{ClientOrderId, OrderRequest},
    reconcile::Finding,
    state::OrderState,
};

use crate::{
    explorer::Violation,
    venue::{Standing, Venue},
    world::{Fills, World},
};

/// What is decided to protect leaves in the same cycle, whatever is latched.
pub const PROTECTION: &str = "0: protection outranks permission";
/// What a send needs.
pub const DURABLE: &str = "1: durable before it leaves, under its own id, the next attempt after the last is dead";
/// What doubt forbids, and what death means.
pub const ONCE: &str = "2: an unknown outcome is never resent, and nothing lives twice";
/// The lock.
pub const ALONE: &str = "7: one process acts";
/// What a position is.
pub const SUM: &str = "8: a position is the sum of its executions, each once";
/// What no look may find here.
pub const HONEST: &str = "the broker of this world is honest: it never seems to contradict itself";
/// Where everything ends.
pub const QUIET: &str = "convergence: once nothing goes wrong any more, all is known and protected";

pub(crate) fn broken<T>(rule: &'static str, what: impl Into<String>) -> Result<T, Violation> {
    Err(Violation { rule, what: what.into() })
}

/// Every rule that a state can break.
pub(crate) fn check(world: &World, alone: bool) -> Result<(), Violation> {
    if alone && world.living().count() > 1 {
        return broken(ALONE, "two processes live");
    }
    one_order_a_leg(&world.venue)?;
    dead_is_dead(&world.durable, &world.venue, "the records")?;
    sums("the records", &world.durable, &world.recorded_fills)?;
    for (_, process) in world.living() {
        let book = process.core.book();
        dead_is_dead(book, &world.venue, "the book")?;
        sums("the book", book, &process.told)?;
        no_surprise(process.core.findings().iter())?;
    }
    Ok(())
}

/// What must hold when an order leaves.
pub(crate) fn check_send(
    world: &World,
    request: &OrderRequest,
    replaced: Option<&ClientOrderId>,
) -> Result<(), Violation> {
    let id = &request.client_order_id;
    if world.sent.contains(id) {
        return broken(ONCE, format!("{id} leaves a second time"));
    }
    let Some(intent) = world.durable.intent(id) else { return broken(DURABLE, format!("{id} leaves unrecorded")) };
    if intent.request != *request || intent.key.client_order_id() != *id {
        return broken(DURABLE, format!("{id} leaves otherwise than it was recorded"));
    }
    if intent.state != OrderState::Recorded {
        return broken(DURABLE, format!("{id} leaves although it is {:?}", intent.state));
    }
    for (other, earlier) in world.durable.intents().filter(|(_, other)| is_earlier(other, intent)) {
        if !earlier.state.is_dead() && Some(other) != replaced {
            return broken(DURABLE, format!("{id} leaves while {other} is {:?}", earlier.state));
        }
    }
    Ok(())
}

fn is_earlier(other: &Intent, than: &Intent) -> bool {
    let same = other.key.symbol == than.key.symbol && other.key.leg == than.key.leg;
    same && (other.key.date, other.key.attempt) < (than.key.date, than.key.attempt)
}

fn one_order_a_leg(venue: &Venue) -> Result<(), Violation> {
    let mut seen = BTreeMap::new();
    // The order that waits to take another's place is not a second one: the broker swaps them in one step.
    for (id, order) in venue.orders.iter().filter(|(_, order)| order.standing.can_fill()) {
        if let Some(other) = seen.insert((order.request.symbol, order.leg), id) {
            return broken(ONCE, format!("{other} and {id} live at once"));
        }
    }
    Ok(())
}

fn dead_is_dead(book: &Book, venue: &Venue, whose: &str) -> Result<(), Violation> {
    for (id, order) in venue.orders.iter().filter(|(_, order)| order.standing.is_alive()) {
        if let Some(intent) = book.intent(id).filter(|intent| intent.state.is_dead()) {
            return broken(
                ONCE,
                format!("{id} is {:?} by {whose} and {:?} at the broker", intent.state, order.standing),
            );
        }
    }
    Ok(())
}

fn sums(whose: &str, book: &Book, fills: &Fills) -> Result<(), Violation> {
    let mut sums: BTreeMap<Symbol, i64> = book.tapes().keys().map(|symbol| (*symbol, 0)).collect();
    for ((symbol, _), units) in fills {
        *sums.entry(*symbol).or_default() += units;
    }
    let net = book.net_units();
    if sums != net {
        return broken(SUM, format!("{whose} says {net:?}, the executions delivered make {sums:?}"));
    }
    Ok(())
}

fn no_surprise<'a>(mut findings: impl Iterator<Item = &'a (Symbol, Finding)>) -> Result<(), Violation> {
    let surprise = findings.find(|(_, finding)| match finding {
        Finding::Contradiction { .. }
        | Finding::ForeignOrder { .. }
        | Finding::Short
        | Finding::UnrecognisedStatus { .. } => true,
        Finding::QuantityMismatch { .. } | Finding::Unresolved { .. } | Finding::CorporateAction { .. } => false,
    });
    surprise.map_or(Ok(()), |(symbol, finding)| broken(HONEST, format!("{symbol}: {finding}")))
}

/// What must hold where a world has come to rest.
pub(crate) fn check_rest(world: &World) -> Result<(), Violation> {
    let Some((_, process)) = world.living().next() else { return broken(QUIET, "no process lives") };
    let book = process.core.book();
    if let Some((id, _)) = book.live().find(|(_, intent)| intent.state.is_unresolved()) {
        return broken(QUIET, format!("{id} is never resolved"));
    }
    for (id, _) in book.live() {
        if !world.venue.orders.get(id).is_some_and(|order| order.standing.is_alive()) {
            return broken(QUIET, format!("{id} lives by the book and not at the broker"));
        }
    }
    for (id, _) in world.venue.orders.iter().filter(|(_, order)| order.standing.is_alive()) {
        if book.intent(id).is_none_or(|intent| intent.state.is_dead()) {
            return broken(QUIET, format!("{id} lives at the broker and not by the book"));
        }
    }
    for symbol in world.venue.fills.iter().map(|fill| fill.symbol) {
        let (theirs, ours) = (world.venue.net(symbol), book.net_units().get(&symbol).copied().unwrap_or(0));
        if theirs != ours {
            return broken(QUIET, format!("{symbol}: {ours} by the book, {theirs} at the broker"));
        }
        let stops: i64 = stops(&world.venue, symbol);
        if stops != theirs {
            return broken(QUIET, format!("{symbol}: {theirs} held, stops protect {stops}"));
        }
    }
    if process.core.findings().is_empty() { Ok(()) } else { broken(QUIET, format!("{:?}", process.core.findings())) }
}

fn stops(venue: &Venue, symbol: Symbol) -> i64 {
    let stops = venue.orders.values().filter(|order| order.leg == Some(trading::order::Leg::Stop));
    let working = stops.filter(|order| order.request.symbol == symbol && order.standing == Standing::New);
    working.map(|order| order.request.qty.units() - order.filled).sum()
}
