//! What a look comes to: the view that is decided on, where each symbol stands, and what of it is told.

use std::collections::{BTreeMap, BTreeSet};

use market::{Symbol, Timestamp};

use super::{Core, Fresh, Looking, Surroundings, Unseen, effect::Step};
use crate::{
    decide::{Decision, View},
    order::Leg,
    position::{self, Observation, PositionState},
    reconcile::Finding,
    report::PositionReport,
};

/// Subjects of alerts that end when a position is covered again.
const PROTECTION: [&str; 6] = ["no-stop", "unprotected", "attempts", "refused", "flatten", "stop/rejected"];

impl Core {
    /// The look with every question answered or given up, as a view.
    pub(super) fn agreed(&mut self, look: Looking, around: Surroundings, now: Timestamp) -> View {
        let Looking { said, asked, mut findings, unseen, .. } = look;
        for id in asked {
            if let Some(intent) = self.book.intent(&id) {
                findings.insert((intent.request.symbol, Finding::Unresolved { intent: id }));
            }
        }
        self.tell_findings(findings);
        let Surroundings { session, hours, authority, kill, clock_skew, stream_silent, quotes } = around;
        let view = View {
            now,
            session,
            hours,
            authority,
            kill,
            positions: said.positions,
            working: said.orders,
            findings: self.findings.clone(),
            misfits_before: self.misfits.clone(),
            // A stop for shares that are sold would be refused, or go short: what is left, the next look tells.
            acted: unseen.iter().filter(|(_, fresh)| fresh.sold).map(|(symbol, _)| *symbol).collect(),
            unseen: unseen.into_iter().map(|(symbol, fresh)| (symbol, fresh.cost)).collect(),
            clock_skew,
            stream_silent,
            executions_read_at: self.executions_read_at,
            high_water: self.book.high_water().unwrap_or(now),
            quotes,
            account: None,
            candidates: Vec::new(),
            candles: BTreeMap::new(),
        };
        self.observe(&view);
        view
    }

    /// Entries that filled, by the book, and whose shares neither an execution nor a position shows yet.
    pub(super) fn unheard(&self, positions: &BTreeMap<Symbol, PositionReport>) -> Unseen {
        let fresh = self.book.unheard().filter_map(|intent| {
            let request = &intent.request;
            Some((request.symbol, Fresh::of(request, request.qty, positions.get(&request.symbol))?))
        });
        fresh.collect()
    }

    /// A disagreement that lasts for two looks is told; one that a fill explains a moment later is not.
    pub(super) fn tell_findings(&mut self, findings: BTreeSet<(Symbol, Finding)>) {
        for (symbol, finding) in findings.intersection(&self.findings) {
            self.queue.push_back(Step::Alert(format!("{symbol}/{finding:?}"), format!("{symbol}: {finding}")));
        }
        self.findings = findings;
    }

    /// Moves every symbol's state to what the broker has.
    pub(super) fn observe(&mut self, view: &View) {
        let mut symbols: BTreeSet<Symbol> = self.positions.keys().chain(view.positions.keys()).copied().collect();
        symbols.extend(self.book.live().map(|(_, intent)| intent.request.symbol));
        for symbol in symbols {
            let seen = self.observation(view, symbol);
            let before = self.positions.get(&symbol).copied().unwrap_or_default();
            let (after, surprise) = position::transition(before, seen);
            if let Some(surprise) = surprise.filter(|_| self.looked) {
                self.queue.push_back(Step::Alert(format!("{symbol}/{surprise:?}"), format!("{symbol}: {surprise}")));
            }
            if after == PositionState::Flat {
                self.positions.remove(&symbol);
            } else {
                self.positions.insert(symbol, after);
            }
        }
        self.looked = true;
    }

    /// An entry is on its way from its record on, so that the shares it brings by the next look did not just appear.
    pub(super) fn entering(&mut self, symbol: Symbol) {
        let before = self.positions.get(&symbol).copied().unwrap_or_default();
        let (after, _) = position::transition(before, Observation { held: false, entry: true, exit: false });
        self.positions.insert(symbol, after);
    }

    pub(super) fn observation(&self, view: &View, symbol: Symbol) -> Observation {
        let live = |leg| self.book.live_of(symbol).any(|(_, intent)| intent.key.leg == leg);
        let held = view.positions.get(&symbol).is_some_and(|position| !position.short);
        Observation { held, entry: live(Leg::Entry), exit: live(Leg::Exit) }
    }

    /// A position that is covered again and breaks once more is news, however soon that is.
    pub(super) fn forget_what_is_whole(&mut self, view: &View, decision: &Decision) {
        let is_whole = |symbol: &str| {
            let symbol = view.positions.keys().find(|held| held.as_str() == symbol);
            symbol.is_some_and(|symbol| !decision.misfits.contains_key(symbol))
        };
        self.alerts.forget(|told| {
            let Some((symbol, subject)) = told.split_once('/') else { return false };
            PROTECTION.contains(&subject) && is_whole(symbol) && decision.alerts().all(|again| again != told)
        });
    }
}
