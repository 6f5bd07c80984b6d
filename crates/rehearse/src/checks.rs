//! What must be true when the day is over, checked against the venue's own books and the ledger.
//!
//! Pure: books, ledger rows and what was seen go in, named checks come out. The venue is the truth.

use std::collections::{BTreeMap, BTreeSet};

use broker_sim::Truth;
use market::{Qty, Symbol, TimeDelta, Timestamp};
use serde::Serialize;
use trading::{
    book::Intent,
    order::{ClientOrderId, IntentKey, Leg, Side},
    report::{Execution, OrderReport},
    tape::Split,
};

use crate::{
    books::{describe, is_protective},
    fault::{Expect, Fault, Named, Opens},
    units::status::Exit,
};

/// What a restart takes, in seconds.
const RESTART_S: i64 = 15;
/// The exit of a process that another keeps out.
const LOCK_HELD: u8 = 76;

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
    /// Whether it came up after the fault struck; of one that was over, whether it was up then or came up later.
    pub ready_after_fault: bool,
    /// Whether it is up.
    pub up: bool,
    /// When the first fault struck.
    pub struck: Option<Timestamp>,
    /// Which faults struck, by [`Fault::key`].
    pub struck_by: BTreeSet<String>,
    /// How many requests met a fault of the venue's.
    pub faults_met: u64,
    /// The unit whose program is the scan.
    pub scan: Option<String>,
    /// The job that may fail with today's fault.
    pub may_fail: Option<String>,
    /// The units that are up until told to end.
    pub services: BTreeSet<String>,
    /// The client order ids of the orders that programs sent, whatever the venue made of them.
    pub sent: Vec<String>,
    /// Stretches in which a position held more shares than its stops.
    pub bare: Vec<Bare>,
    /// Kills at system calls.
    pub kills: Vec<Kill>,
    /// When the fault was over.
    pub lifted: Option<Timestamp>,
    /// How processes ended that somebody started by hand.
    pub by_hand: Vec<Exit>,
    /// Orders somebody placed by hand.
    pub strangers: BTreeSet<ClientOrderId>,
    /// Splits at the venue, oldest first.
    pub splits: Vec<Split>,
    /// From when to when the clock jumped.
    pub jumped: Option<(Timestamp, Timestamp)>,
    /// Orders sent from the first instant to the second are not in the ledger: somebody took it away.
    pub forgotten: Option<(Timestamp, Timestamp)>,
}

/// A stretch of time in which a position was not under stops in full.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Bare {
    /// The position.
    pub symbol: Symbol,
    /// From.
    pub from: Timestamp,
    /// Until.
    pub until: Timestamp,
}

/// A kill at a system call.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Kill {
    /// Which call, and the how manieth of its process.
    pub point: String,
    /// When.
    pub at: Timestamp,
    /// The call that it kept from its effect, in the words of the struck process.
    pub what: String,
    /// What order, replacement or cancel the process had sent last.
    pub last_send: Option<String>,
    /// How often it had made the ledger's log durable since then.
    pub records_since: usize,
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
    /// What programs alerted of, each with its subject.
    pub alerts: &'a [String],
    /// What the service wrote.
    pub log: &'a str,
    /// The faults of the day.
    pub faults: &'a [Fault],
}

impl Evidence<'_> {
    /// What must hold with these faults.
    pub fn expect(&self) -> Expect {
        self.faults.iter().map(Fault::expect).fold(Expect::UNHARMED, Expect::and)
    }

    /// What the ledger held cannot be read any more.
    fn is_ledger_gone(&self) -> bool {
        self.has(Named::LedgerLost) || self.has(Named::LedgerCorrupt)
    }

    fn has(&self, named: Named) -> bool {
        self.faults.contains(&Fault::Named(named))
    }

    /// An order that the ledger cannot know.
    fn is_forgotten(&self, order: &OrderReport) -> bool {
        let lost = |(from, until)| order.submitted_at >= from && order.submitted_at <= until;
        self.seen.strangers.contains(&order.client_order_id) || self.seen.forgotten.is_some_and(lost)
    }
}

/// Every check.
pub fn all(evidence: &Evidence<'_>) -> Vec<Check> {
    let mut checks = vec![
        no_order_sent_twice(evidence),
        one_entry_a_symbol(evidence.truth),
        every_position_protected(evidence),
        never_bare_for_long(evidence),
        every_order_recorded(evidence),
        nothing_unresolved(evidence),
        fills_agree(evidence),
        jobs_ended_well(evidence),
        service_ended_well(evidence),
        log_tells_the_truth(evidence),
    ];
    let expect = evidence.expect();
    if !evidence.faults.is_empty() {
        checks.push(fault_struck(evidence));
    }
    match expect.opens {
        Opens::AsEver => {}
        Opens::Refused => checks.push(nothing_ordered(evidence)),
        Opens::NotWhile | Opens::NotAfter => checks.extend(nothing_bought_meanwhile(evidence, expect.opens)),
    }
    if expect.comes_back {
        checks.push(came_back(evidence));
    }
    if !expect.alert.is_empty() {
        checks.push(somebody_told(evidence, expect.alert));
    }
    if evidence.has(Named::TwoProcesses) {
        checks.push(second_refused(evidence));
    }
    if !evidence.seen.strangers.is_empty() {
        checks.push(nothing_beside_strangers(evidence));
    }
    if let Some(jumped) = evidence.seen.jumped {
        checks.push(nothing_of_the_jump(evidence, jumped));
    }
    if evidence.has(Named::FlattenFreshLedger) {
        checks.push(everything_sold(evidence.truth));
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
fn every_position_protected(evidence: &Evidence<'_>) -> Check {
    let truth = evidence.truth;
    // Invariant 9: of shares nobody of ours bought no price for a stop may be known; then an alert says so.
    let told_bare = |symbol: &Symbol| {
        let is_strange = |order: &&OrderReport| evidence.seen.strangers.contains(&order.client_order_id);
        let is_told = |alert: &String| alert.contains(&format!("{symbol} has NO stop"));
        truth.orders.iter().filter(is_strange).any(|order| order.symbol == *symbol)
            && evidence.alerts.iter().any(is_told)
    };
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
        .filter(|symbol| shares(&held, symbol) != shares(&stops, symbol) && !told_bare(symbol))
        .map(|symbol| format!("{symbol}: {} held, {} under stops", shares(&held, symbol), shares(&stops, symbol)))
        .collect();
    bare.extend(truth.positions.iter().filter(|position| position.short).map(|p| format!("{}: short", p.symbol)));
    check("every position has its stop at the venue", &bare, format!("{} positions", held.len()))
}

/// A stop at the end of the day says nothing of the hours before it.
fn never_bare_for_long(evidence: &Evidence<'_>) -> Check {
    let seen = evidence.seen;
    let most = evidence.expect().bare_max_s;
    // Each further kill in a stretch is a restart more.
    let limit = |bare: &Bare| {
        let kills = seen.kills.iter().filter(|kill| (bare.from..=bare.until).contains(&kill.at)).count();
        TimeDelta::seconds(most + RESTART_S * kills.saturating_sub(1) as i64)
    };
    let told = |bare: &Bare| format!("{} for {} s", bare.symbol, bare.until.since(bare.from).num_seconds());
    let theirs = strangers_symbols(evidence);
    // Of shares nobody of ours bought no stop is expected; that they are told is a check of its own.
    let ours = |bare: &&Bare| !theirs.contains(&bare.symbol);
    let long: Vec<String> =
        seen.bare.iter().filter(ours).filter(|bare| bare.until.since(bare.from) > limit(bare)).map(told).collect();
    let longest = seen.bare.iter().max_by_key(|bare| bare.until.since(bare.from));
    let well = longest.map_or("never".to_owned(), told);
    check("no position was without its stop for long", &long, format!("the longest: {well}"))
}

fn every_order_recorded(evidence: &Evidence<'_>) -> Check {
    let recorded: BTreeMap<&str, Timestamp> =
        evidence.intents.iter().map(|intent| (intent.request.client_order_id.as_str(), intent.recorded_at)).collect();
    let unknown = |order: &&OrderReport| {
        recorded.get(order.client_order_id.as_str()).is_none_or(|recorded_at| *recorded_at > order.submitted_at)
    };
    let known = |order: &&OrderReport| !evidence.is_forgotten(order);
    let lost: Vec<String> = evidence.truth.orders.iter().filter(known).filter(unknown).map(describe).collect();
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
            Some(order) if evidence.expect().stays_down && order.status.is_final() => {}
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
    let down_since = evidence.seen.struck.filter(|_| evidence.expect().stays_down);
    let is_gone = evidence.is_ledger_gone();
    let unseen = |fill: &Execution| is_gone || down_since.is_some_and(|since| fill.at > since);
    let differs = venue.iter().filter(|(id, fill)| ledger.get(*id) != Some(*fill) && !unseen(fill));
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
    let excused = |unit: &str| seen.may_fail.as_deref() == Some(unit);
    let jobs = || seen.ends.iter().filter(|(unit, _)| !seen.services.contains(unit));
    let failed: Vec<String> = jobs()
        .filter(|(unit, exit)| *exit != Exit::Exited(0) && !excused(unit))
        .map(|(unit, exit)| format!("{unit}: {exit}"))
        .collect();
    check("every job ended well", &failed, format!("{} jobs", jobs().count()))
}

/// The service came up, and ended well but for the ends that the fault gave it. A day without it proves nothing.
fn service_ended_well(evidence: &Evidence<'_>) -> Check {
    let (seen, expect) = (evidence.seen, evidence.expect());
    let ends = || seen.ends.iter().filter(|(unit, _)| seen.services.contains(unit));
    let of_faults = || evidence.faults.iter().map(Fault::expect);
    let is_excused = |exit: &Exit| *exit == Exit::Exited(0) || of_faults().any(|fault| fault.ends.contains(exit));
    let mut problems: Vec<String> =
        ends().filter(|(_, exit)| !is_excused(exit)).map(|(unit, exit)| format!("{unit}: {exit}")).collect();
    let missed = of_faults().flat_map(|fault| fault.must_end).filter(|must| !ends().any(|(_, exit)| exit == *must));
    problems.extend(missed.map(|must| format!("it did not end as it had to: {must}")));
    if seen.ready == 0 && expect.opens != Opens::Refused {
        problems.push("it never came up".to_owned());
    }
    check("the service came up and ended well", &problems, format!("up {} times", seen.ready))
}

/// What it says it sent is at the venue, what it says was filled is in the ledger, and no fill is told twice.
fn log_tells_the_truth(evidence: &Evidence<'_>) -> Check {
    let orders: BTreeSet<String> = evidence.truth.orders.iter().map(|order| order.id.to_string()).collect();
    let fills: BTreeSet<&str> = evidence.executions.iter().map(|fill| fill.id.as_str()).collect();
    let (mut told, mut problems) = (BTreeSet::new(), Vec::new());
    for line in evidence.log.lines() {
        let after = |mark: &str| line.split_once(mark).and_then(|(_, rest)| rest.split_whitespace().next());
        let sent = after(" order_id=").filter(|_| line.contains(" SUBMITTED "));
        if let Some(id) = sent.filter(|id| *id != "dry-run" && !orders.contains(*id)) {
            problems.push(format!("order {id} was told and is not at the venue"));
        }
        let fill = after(" execution=").filter(|_| line.contains(" FILLED ")).map(|id| id.trim_matches('"'));
        let Some(fill) = fill else { continue };
        if !fills.contains(fill) && !evidence.is_ledger_gone() {
            problems.push(format!("fill {fill} was told and is not in the ledger"));
        }
        if !told.insert(fill) && evidence.seen.forgotten.is_none() {
            problems.push(format!("fill {fill} was told twice"));
        }
    }
    check("the log tells what is so", &problems, format!("{} fills told", told.len()))
}

fn fault_struck(evidence: &Evidence<'_>) -> Check {
    let names: Vec<String> = evidence.faults.iter().map(ToString::to_string).collect();
    let met = evidence.seen.faults_met;
    let requests = if met > 0 { format!(" ({met} requests)") } else { String::new() };
    let missed = |fault: &&Fault| !evidence.seen.struck_by.contains(&fault.key());
    let problems: Vec<String> =
        evidence.faults.iter().filter(missed).map(|fault| format!("{fault} never struck")).collect();
    check("the fault struck", &problems, names.join(", ") + &requests)
}

fn nothing_ordered(evidence: &Evidence<'_>) -> Check {
    let refused = evidence.seen.gates.iter().filter(|exit| **exit != Exit::Exited(0)).count();
    let mut problems: Vec<String> = evidence.truth.orders.iter().map(describe).collect();
    if refused == 0 {
        problems.push("the gate never refused".to_owned());
    }
    check("the gate refused and nothing was ordered", &problems, format!("{refused} refusals"))
}

fn nothing_bought_meanwhile(evidence: &Evidence<'_>, opens: Opens) -> Option<Check> {
    let (truth, seen) = (evidence.truth, evidence.seen);
    let from = seen.struck?;
    let end = seen.lifted.filter(|_| opens == Opens::NotWhile);
    let is_before_end = |at: Timestamp| end.is_none_or(|end| at < end);
    // An entry that worked already may fill until the next look cancels it, and not a minute later.
    let late = from + TimeDelta::seconds(60);
    let ours = |order: &&OrderReport| order.side == Side::Buy && !seen.strangers.contains(&order.client_order_id);
    let while_struck = |order: &&OrderReport| order.submitted_at > from && is_before_end(order.submitted_at);
    let ordered = truth.orders.iter().filter(ours).filter(while_struck).map(describe);
    let strange: BTreeSet<_> = truth.orders.iter().filter(|order| !ours(order)).map(|order| &order.id).collect();
    let filled = truth.fills.iter().filter(|fill| fill.side == Side::Buy && fill.at > late && is_before_end(fill.at));
    let filled = filled.filter(|fill| !strange.contains(&fill.order_id));
    let filled = filled.map(|fill| format!("{} {} at {}", fill.symbol, fill.qty, fill.at));
    let bought: Vec<String> = ordered.chain(filled).collect();
    Some(check("nothing was bought while it must not", &bought, "no buy order, no late fill".to_owned()))
}

fn somebody_told(evidence: &Evidence<'_>, word: &str) -> Check {
    let told = evidence.alerts.iter().find(|alert| alert.contains(word));
    let problem = told.is_none().then(|| format!("no alert says {word:?}"));
    check("somebody was told", problem.as_slice(), told.cloned().unwrap_or_default())
}

fn second_refused(evidence: &Evidence<'_>) -> Check {
    let ends = &evidence.seen.by_hand;
    let problem = (*ends != [Exit::Exited(LOCK_HELD)]).then(|| format!("it ended with {ends:?}"));
    check("the second process was refused", problem.as_slice(), format!("{LOCK_HELD}"))
}

/// What somebody else traded.
fn strangers_symbols(evidence: &Evidence<'_>) -> BTreeSet<Symbol> {
    let is_strange = |order: &&OrderReport| evidence.seen.strangers.contains(&order.client_order_id);
    evidence.truth.orders.iter().filter(is_strange).map(|order| order.symbol).collect()
}

fn nothing_beside_strangers(evidence: &Evidence<'_>) -> Check {
    let (orders, strangers) = (&evidence.truth.orders, &evidence.seen.strangers);
    let is_strange = |order: &&OrderReport| strangers.contains(&order.client_order_id);
    let theirs = strangers_symbols(evidence);
    let beside = |order: &&OrderReport| order.side == Side::Buy && theirs.contains(&order.symbol) && !is_strange(order);
    let bought: Vec<String> = orders.iter().filter(beside).map(describe).collect();
    check("nothing was bought beside what is not ours", &bought, format!("{} symbols", theirs.len()))
}

/// Nobody did anything in minutes that never were; an instant among them is of a clock that is not the venue's.
fn nothing_of_the_jump(evidence: &Evidence<'_>, (from, to): (Timestamp, Timestamp)) -> Check {
    let within = |at: Timestamp| at > from && at < to;
    let recorded = evidence.intents.iter().filter(|intent| within(intent.recorded_at));
    let recorded = recorded.map(|intent| format!("{} at {}", intent.request.client_order_id, intent.recorded_at));
    let sent = evidence.truth.orders.iter().filter(|order| within(order.submitted_at)).map(describe);
    let dated: Vec<String> = recorded.chain(sent).collect();
    check("nothing is dated within the jump", &dated, format!("{} minutes", to.since(from).num_minutes()))
}

fn everything_sold(truth: &Truth) -> Check {
    let held: Vec<String> = truth.positions.iter().map(|held| format!("{} {}", held.symbol, held.qty)).collect();
    check("everything was sold", &held, "nothing is held".to_owned())
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
