//! What must be true when the day is over, checked against the venue's own books and the ledger.
//!
//! Pure: books, ledger rows and what was seen go in, named checks come out. The venue is the truth.

use std::collections::{BTreeMap, BTreeSet};

use broker_sim::Truth;
use market::{Qty, Symbol, TimeDelta, Timestamp};
use serde::Serialize;
use trading::{
    book::Intent,
    order::{IntentKey, Leg, Side},
    report::{Execution, OrderReport},
};

use crate::{
    books::{describe, is_protective},
    fault::Fault,
    units::status::Exit,
};

/// One thing that must be true.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Check {
    /// What.
    pub name: &'static str,
    /// Whether it is.
    pub ok: bool,
    /// Why not, or how much there was to check.
    pub detail: String,
}

/// What the rehearsal saw of the day.
#[derive(Clone, Debug, Default)]
pub struct Seen {
    /// How the gate's runs ended, in order.
    pub gates: Vec<Exit>,
    /// How main processes ended: unit and end.
    pub ends: Vec<(String, Exit)>,
    /// How often a service came up.
    pub ready: usize,
    /// Whether it came up after the fault struck.
    pub ready_after_fault: bool,
    /// When the fault struck.
    pub struck: Option<Timestamp>,
    /// The unit whose program is the scan.
    pub scan: Option<String>,
    /// The units that are up until told to end.
    pub services: BTreeSet<String>,
    /// The client order ids of the orders that programs sent, whatever the venue made of them.
    pub sent: Vec<String>,
    /// The longest that a position held more shares than its stops.
    pub longest_bare: Option<(Symbol, TimeDelta)>,
}

/// What is compared.
pub struct Evidence<'a> {
    /// The venue's books.
    pub truth: &'a Truth,
    /// The ledger's intents; none when there is no ledger.
    pub intents: &'a [Intent],
    /// The ledger's executions.
    pub executions: &'a [Execution],
    /// What was seen.
    pub seen: &'a Seen,
    /// The fault of the day.
    pub fault: Option<Fault>,
}

/// Every check.
pub fn all(evidence: &Evidence<'_>) -> Vec<Check> {
    let mut checks = vec![
        no_order_sent_twice(evidence),
        one_entry_a_symbol(evidence.truth),
        every_position_protected(evidence.truth),
        never_bare_for_long(evidence),
        every_order_recorded(evidence),
        nothing_unresolved(evidence),
        fills_agree(evidence),
        jobs_ended_well(evidence),
        service_ended_well(evidence),
    ];
    checks.extend(evidence.fault.map(|fault| fault_struck(fault, evidence.seen)));
    match evidence.fault {
        Some(Fault::ScanFails | Fault::StaleWatchlist) => checks.push(nothing_ordered(evidence)),
        Some(Fault::KillSwitch) => {
            checks.extend(evidence.seen.struck.map(|at| nothing_bought_after(evidence.truth, at)))
        }
        Some(Fault::Crash(_)) => checks.push(came_back(evidence)),
        None => {}
    }
    checks
}

fn check(name: &'static str, problems: &[String], well: String) -> Check {
    Check { name, ok: problems.is_empty(), detail: if problems.is_empty() { well } else { problems.join("; ") } }
}

/// Counted where they arrive: the venue refuses an id it knows, so its books alone could never show a second send.
fn no_order_sent_twice(evidence: &Evidence<'_>) -> Check {
    let sent = &evidence.seen.sent;
    let mut known = BTreeSet::new();
    let twice: Vec<String> = sent.iter().filter(|id| !known.insert(id.as_str())).cloned().collect();
    check("no order was sent twice", &twice, format!("{} sends", sent.len()))
}

/// Unique ids alone would let two attempts at one entry through.
fn one_entry_a_symbol(truth: &Truth) -> Check {
    let mut entries: BTreeMap<Symbol, usize> = BTreeMap::new();
    for order in &truth.orders {
        let acted = !order.filled_qty.is_zero() || !order.status.is_final();
        let is_entry = IntentKey::parse(&order.client_order_id).is_some_and(|key| key.leg == Leg::Entry);
        if is_entry && acted {
            *entries.entry(order.symbol).or_default() += 1;
        }
    }
    let count = entries.len();
    let twice: Vec<String> = entries
        .into_iter()
        .filter(|(_, count)| *count > 1)
        .map(|(symbol, count)| format!("{symbol}: {count}"))
        .collect();
    check("no symbol entered twice", &twice, format!("{count} symbols entered"))
}

/// The open sell stops of a symbol hold exactly its shares: fewer leave some bare, more would go short.
fn every_position_protected(truth: &Truth) -> Check {
    let held: BTreeMap<Symbol, Qty> = truth.positions.iter().map(|position| (position.symbol, position.qty)).collect();
    let mut stops: BTreeMap<Symbol, Qty> = BTreeMap::new();
    for order in truth.orders.iter().filter(|order| is_protective(order) && !order.status.is_final()) {
        let open = order.qty.minus_or_zero(order.filled_qty);
        let sum = stops.entry(order.symbol).or_insert(Qty::ZERO);
        *sum = sum.plus(open);
    }
    let symbols: BTreeSet<Symbol> = held.keys().chain(stops.keys()).copied().collect();
    let shares = |of: &BTreeMap<Symbol, Qty>, symbol| of.get(symbol).copied().unwrap_or(Qty::ZERO);
    let mut bare: Vec<String> = symbols
        .iter()
        .filter(|symbol| shares(&held, symbol) != shares(&stops, symbol))
        .map(|symbol| format!("{symbol}: {} held, {} under stops", shares(&held, symbol), shares(&stops, symbol)))
        .collect();
    bare.extend(truth.positions.iter().filter(|position| position.short).map(|p| format!("{}: short", p.symbol)));
    check("every position has its stop at the venue", &bare, format!("{} positions", held.len()))
}

/// A stop at the end of the day says nothing of the hours before it. A look every two seconds, a cancel and a tick make
/// some seconds; a crash adds the restart and the wait for an order that never arrived.
fn never_bare_for_long(evidence: &Evidence<'_>) -> Check {
    let limit = match evidence.fault {
        Some(Fault::Crash(_)) => TimeDelta::seconds(120),
        Some(Fault::ScanFails | Fault::StaleWatchlist | Fault::KillSwitch) | None => TimeDelta::seconds(20),
    };
    let longest = evidence.seen.longest_bare;
    let told = longest.map_or("never".to_owned(), |(symbol, span)| format!("{symbol} for {} s", span.num_seconds()));
    let problem = longest.filter(|(_, span)| *span > limit).map(|_| told.clone());
    check("no position was without its stop for long", problem.as_slice(), format!("the longest: {told}"))
}

fn every_order_recorded(evidence: &Evidence<'_>) -> Check {
    let recorded: BTreeMap<&str, Timestamp> =
        evidence.intents.iter().map(|intent| (intent.request.client_order_id.as_str(), intent.recorded_at)).collect();
    let unknown = |order: &&OrderReport| {
        recorded.get(order.client_order_id.as_str()).is_none_or(|recorded_at| *recorded_at > order.submitted_at)
    };
    let lost: Vec<String> = evidence.truth.orders.iter().filter(unknown).map(describe).collect();
    check("every order was recorded before it was sent", &lost, format!("{} intents", evidence.intents.len()))
}

/// Each intent ended the way its order did, and none is left open that the venue does not have open.
fn nothing_unresolved(evidence: &Evidence<'_>) -> Check {
    let orders: BTreeMap<&str, &OrderReport> =
        evidence.truth.orders.iter().map(|order| (order.client_order_id.as_str(), order)).collect();
    let mut problems = Vec::new();
    for intent in evidence.intents {
        let id = &intent.request.client_order_id;
        match orders.get(id.as_str()) {
            Some(_) if intent.state.is_unresolved() => problems.push(format!("{id} is {:?}", intent.state)),
            Some(order) if intent.state.is_dead() != order.status.is_final() => {
                problems.push(format!("{id} is {:?} in the ledger, {:?} at the venue", intent.state, order.status));
            }
            None if !intent.state.is_dead() => {
                problems.push(format!("{id} is {:?} and not at the venue", intent.state))
            }
            Some(_) | None => {}
        }
    }
    check("no intent is lost or unresolved", &problems, format!("{} intents", evidence.intents.len()))
}

fn fills_agree(evidence: &Evidence<'_>) -> Check {
    let by_id = |fills: &[Execution]| -> BTreeMap<String, Execution> {
        fills.iter().map(|fill| (fill.id.clone(), fill.clone())).collect()
    };
    let (venue, ledger) = (by_id(&evidence.truth.fills), by_id(evidence.executions));
    let differs = venue.iter().filter(|(id, fill)| ledger.get(*id) != Some(*fill));
    let differs = differs.map(|(id, _)| format!("{id} is not in the ledger as it was"));
    let invented = ledger.keys().filter(|id| !venue.contains_key(*id)).map(|id| format!("{id} is not at the venue"));
    let mut problems: Vec<String> = differs.chain(invented).collect();
    if evidence.executions.len() != ledger.len() {
        problems.push("the ledger counts a fill twice".to_owned());
    }
    check("every fill is in the ledger once", &problems, format!("{} fills", venue.len()))
}

fn jobs_ended_well(evidence: &Evidence<'_>) -> Check {
    let seen = evidence.seen;
    let excused = |unit: &str| evidence.fault == Some(Fault::ScanFails) && seen.scan.as_deref() == Some(unit);
    let jobs = || seen.ends.iter().filter(|(unit, _)| !seen.services.contains(unit));
    let failed: Vec<String> = jobs()
        .filter(|(unit, exit)| *exit != Exit::Exited(0) && !excused(unit))
        .map(|(unit, exit)| format!("{unit}: {exit}"))
        .collect();
    check("every job ended well", &failed, format!("{} jobs", jobs().count()))
}

/// The service came up, and ended well but for the end it was given. A day without it proves nothing.
fn service_ended_well(evidence: &Evidence<'_>) -> Check {
    let seen = evidence.seen;
    let killed = usize::from(matches!(evidence.fault, Some(Fault::Crash(_))));
    let refused_day = matches!(evidence.fault, Some(Fault::ScanFails | Fault::StaleWatchlist));
    let ends = seen.ends.iter().filter(|(unit, _)| seen.services.contains(unit));
    let mut problems: Vec<String> =
        ends.filter(|(_, exit)| *exit != Exit::Exited(0)).map(|(unit, exit)| format!("{unit}: {exit}")).collect();
    problems.drain(..problems.len().min(killed));
    if seen.ready == 0 && !refused_day {
        problems.push("it never came up".to_owned());
    }
    check("the service came up and ended well", &problems, format!("up {} times", seen.ready))
}

fn fault_struck(fault: Fault, seen: &Seen) -> Check {
    let problem = seen.struck.is_none().then(|| format!("{fault} never struck"));
    check("the fault struck", problem.as_slice(), fault.to_string())
}

fn nothing_ordered(evidence: &Evidence<'_>) -> Check {
    let refused = evidence.seen.gates.iter().filter(|exit| **exit != Exit::Exited(0)).count();
    let mut problems: Vec<String> = evidence.truth.orders.iter().map(describe).collect();
    if refused == 0 {
        problems.push("the gate never refused".to_owned());
    }
    check("the gate refused and nothing was ordered", &problems, format!("{refused} refusals"))
}

fn nothing_bought_after(truth: &Truth, at: Timestamp) -> Check {
    // An entry that worked already may fill until the next look cancels it, and not a minute later.
    let late = at + TimeDelta::seconds(60);
    let ordered = truth.orders.iter().filter(|order| order.side == Side::Buy && order.submitted_at > at).map(describe);
    let filled = truth.fills.iter().filter(|fill| fill.side == Side::Buy && fill.at > late);
    let filled = filled.map(|fill| format!("{} {} at {}", fill.symbol, fill.qty, fill.at));
    let bought: Vec<String> = ordered.chain(filled).collect();
    check("nothing was bought after the kill switch", &bought, "no buy order, no late fill".to_owned())
}

/// The service is back, unless the gate kept it down while there was nothing to protect.
fn came_back(evidence: &Evidence<'_>) -> Check {
    let refused = evidence.seen.gates.last().is_some_and(|exit| *exit != Exit::Exited(0));
    let flat = evidence.truth.positions.is_empty() && evidence.truth.orders.iter().all(|order| order.status.is_final());
    let back = evidence.seen.ready_after_fault || (refused && flat);
    let problem = (!back).then(|| "the service stayed down".to_owned());
    check("the service came back", problem.as_slice(), format!("up {} times", evidence.seen.ready))
}

#[cfg(test)]
#[path = "checks_tests.rs"]
mod tests;
