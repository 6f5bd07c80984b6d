//! The portfolio decision record: what a cycle saw, decided and refused, as one value for readers of another day.
//!
//! Made on material cycles only: the market is open, an intent can still act, an order works, something was decided, or
//! something went wrong. The driver adds what it alone knows (mode, which ledger) and writes it down.

use std::collections::{BTreeMap, BTreeSet};

use market::{Qty, Symbol, Timestamp};
use serde::Serialize;

use crate::{
    control::{Authority, Kill},
    decide::Action,
    engine::Core,
    phase,
    position::PositionState,
    reconcile::Finding,
    refusal::Refusal,
};

/// One material cycle.
#[derive(Clone, Debug, Serialize)]
pub struct PortfolioDecision<'a> {
    /// When it was decided.
    pub at: Timestamp,
    /// Whether the session was under way by broker and calendar.
    pub market_open: bool,
    /// What the gates said.
    pub authority: &'a Authority,
    /// The kill switch.
    pub kill: Option<Kill>,
    /// Where each symbol stands; what is not here is flat.
    pub states: &'a BTreeMap<Symbol, PositionState>,
    /// Shares held at the broker.
    pub positions: BTreeMap<Symbol, Qty>,
    /// Working orders at the broker.
    pub working_orders: usize,
    /// Intents that can still act.
    pub live_intents: usize,
    /// Candidates that were looked at.
    pub candidates: usize,
    /// Disagreements with the broker.
    pub findings: &'a BTreeSet<(Symbol, Finding)>,
    /// What was done, in order.
    pub actions: Vec<&'a Action>,
    /// What was not done, and why.
    pub refusals: Vec<&'a Refusal>,
    /// What went wrong on the way.
    pub errors: &'a [String],
}

impl<'a> PortfolioDecision<'a> {
    /// The record of the cycle the core has just gone through; `None` when nothing about it is material.
    #[must_use]
    pub fn of(core: &'a Core, errors: &'a [String]) -> Option<Self> {
        let view = core.view()?;
        let record = Self {
            at: view.now,
            market_open: phase::is_open(view.session.as_ref(), view.now),
            authority: &view.authority,
            kill: view.kill,
            states: core.positions(),
            positions: view.positions.values().map(|held| (held.symbol, held.qty)).collect(),
            working_orders: view.working.len(),
            live_intents: core.book().live().count(),
            candidates: view.candidates.len(),
            findings: core.findings(),
            actions: core.decisions().iter().flat_map(|decision| &decision.actions).collect(),
            refusals: core.decisions().iter().flat_map(|decision| &decision.refusals).collect(),
            errors,
        };
        record.is_material().then_some(record)
    }

    fn is_material(&self) -> bool {
        self.market_open
            || self.live_intents > 0
            || self.working_orders > 0
            || !self.actions.is_empty()
            || !self.errors.is_empty()
    }
}
