//! What a process does: it looks, feeds its core, and performs what the core asks for, one thing at a time.
//!
//! A step ends where something durable or visible has happened, so that a crash, the kill switch, the clock and the
//! broker can come between any two of those. What only this process can see is done along with it.

use std::sync::Arc;

use trading::{
    control::Authority,
    decide::Action,
    engine::{Core, Effect, Event, Moment, Surroundings},
    order::Purpose,
    reconcile::Reported,
    record::Record,
};

use crate::{
    explorer::Violation,
    fingerprint,
    invariant::{PROTECTION, broken},
    life::SLOW,
    market_data,
    perform::Done,
    protocol::{Protocol, Variant},
    venue::signed,
    world::{Fed, Process, Stage, World},
};

/// What goes wrong in a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Hitch {
    None,
    ReadFails,
    ReadLags,
    Unwritten,
}

impl Protocol {
    pub(crate) fn step(&self, world: &mut World, slot: usize, hitch: Hitch) -> Result<(), Violation> {
        let now = world.now;
        let Some(process) = world.processes[slot].as_mut() else { return Ok(()) };
        let stage = std::mem::replace(&mut process.stage, Stage::Rest);
        if hitch == Hitch::ReadFails {
            self.saw("a read failed");
            return Ok(());
        }
        match stage {
            Stage::Rest => {
                let in_doubt = process.core.book().live().any(|(_, intent)| intent.state.is_unresolved());
                process.base = (fingerprint::base(process, now), in_doubt.then_some(now));
                process.story.clear();
                process.cycle_at = now;
                process.stage = Stage::Orders(world.venue.working());
                self.say(|| "reads the working orders".to_owned());
                Ok(())
            }
            Stage::Orders(orders) => {
                process.stage = Stage::Positions(orders, world.venue.positions());
                self.say(|| "reads the positions".to_owned());
                Ok(())
            }
            Stage::Positions(orders, positions) => {
                let executions = self.executions(world, slot, hitch);
                let said = Reported { orders, executions, positions, ..Reported::default() };
                self.say(|| format!("reads {} executions, and looks", said.executions.len()));
                self.feed(world, slot, Event::Look(Box::new(said)), Fed::Look)
            }
            Stage::Acting(fed) => self.go_on(world, slot, fed, hitch),
        }
    }

    fn executions(&self, world: &mut World, slot: usize, hitch: Hitch) -> Vec<trading::report::Execution> {
        let mut fills = world.venue.fills.clone();
        if hitch == Hitch::ReadLags {
            self.saw("an execution was reported late");
            fills.pop();
        }
        let Some(process) = world.processes[slot].as_mut() else { return fills };
        let told = Arc::make_mut(&mut process.told);
        told.extend(fills.iter().map(|fill| ((fill.symbol, fill.id.clone()), signed(fill))));
        if self.variant == Variant::CountTwice {
            for fill in fills.iter_mut().filter(|fill| process.core.book().has_execution(&fill.id)) {
                fill.id.push('\'');
            }
        }
        fills
    }

    /// Feeds an event of the cycle, and does what follows from it at once.
    fn feed(&self, world: &mut World, slot: usize, event: Event, fed: Fed) -> Result<(), Violation> {
        self.take_in(world, slot, event);
        let Some(process) = world.processes[slot].as_mut() else { return Ok(()) };
        process.stage = Stage::Acting(fed);
        if fed != Fed::Look {
            owe(process);
        }
        if fed == Fed::Protect {
            process.misfits = process.core.decisions().first().map(|first| first.misfits.clone()).unwrap_or_default();
        }
        self.settle(world, slot)
    }

    /// Gives the core an event.
    pub(crate) fn take_in(&self, world: &mut World, slot: usize, event: Event) {
        // Protection is decided as of the begin of the cycle, as the program does it.
        let Some(process) = world.processes[slot].as_mut() else { return };
        let early = matches!(event, Event::Look(_) | Event::Protect(_));
        let in_doubt = process.core.book().live().any(|(_, intent)| intent.state.is_unresolved());
        let late = self.variant == Variant::StampLooksLate && matches!(event, Event::Look(_)) && in_doubt;
        let at = if early { process.cycle_at } else { world.now };
        let at = if late { at + SLOW } else { at };
        let what = fingerprint::event(&event);
        Arc::make_mut(&mut process.core).handle(event.clone(), at);
        let ages = fingerprint::event_ages(&event, &process.core);
        process.story.push((ages.then_some(world.now), what));
    }

    /// The next effect, as of now; at the end of a stage the next event.
    fn go_on(&self, world: &mut World, slot: usize, fed: Fed, hitch: Hitch) -> Result<(), Violation> {
        if let Some(process) = world.processes[slot].as_mut() {
            process.stage = Stage::Acting(fed);
        }
        while let Some(effect) = self.poll(world, slot) {
            if self.perform(world, slot, effect, hitch)? != Done::Unseen {
                return Ok(());
            }
        }
        let quotes = market_data::quotes(self.symbols(), world.now).collect();
        match fed {
            Fed::Look => {
                self.say(|| "decides what protects".to_owned());
                let around = Surroundings {
                    session: Some(market_data::session()),
                    hours: Some(market_data::session()),
                    authority: Authority::Open,
                    kill: world.kill,
                    clock_skew: Some(market::TimeDelta::zero()),
                    stream_silent: None,
                    quotes,
                };
                self.feed(world, slot, Event::Protect(Box::new(around)), Fed::Protect)
            }
            Fed::Protect => {
                self.say(|| "decides what the market asks for".to_owned());
                let market = market_data::market(self.symbols(), world.now, world.has_risen);
                self.feed(world, slot, Event::Manage(Box::new(market)), Fed::Manage)
            }
            Fed::Manage => self.end_cycle(world, slot),
        }
    }

    fn poll(&self, world: &mut World, slot: usize) -> Option<Effect> {
        let moment = moment(world);
        let process = world.processes[slot].as_mut()?;
        process.exposes = false;
        let effect = Arc::make_mut(&mut process.core).poll(&moment);
        process.story.extend(effect.as_ref().map(|effect| {
            let ages = fingerprint::effect_ages(effect);
            (ages.then_some(moment.now), fingerprint::effect(effect))
        }));
        effect
    }

    /// Does what the core asks for next as long as neither the clock nor the kill switch has a say in it, up to the first
    /// thing that is durable. What leaves, and what may be withheld, waits for a step of its own.
    pub(crate) fn settle(&self, world: &mut World, slot: usize) -> Result<(), Violation> {
        loop {
            let moment = moment(world);
            let Some(process) = world.processes[slot].as_ref() else { return Ok(()) };
            let mut trial: Core = process.core.as_ref().clone();
            let next = trial.poll(&moment);
            let plain = match &next {
                None => {
                    let over = matches!(process.stage, Stage::Acting(Fed::Manage));
                    return if over { self.end_cycle(world, slot) } else { Ok(()) };
                }
                Some(Effect::Record { records, .. }) => {
                    !records.iter().any(|record| matches!(record, Record::Intent(_)))
                }
                Some(Effect::Expose(_)) => world.budget.faults == 0 || !opens(process),
                Some(Effect::Alert { .. }) => true,
                Some(Effect::Ask(_) | Effect::Submit(_) | Effect::Replace(_) | Effect::Cancel { .. }) => false,
            };
            if !plain {
                let exposes = matches!(next, Some(Effect::Expose(_)));
                if let Some(process) = world.processes[slot].as_mut() {
                    process.exposes = exposes;
                }
                return Ok(());
            }
            if let Some(effect) = self.poll(world, slot)
                && self.perform(world, slot, effect, Hitch::None)? != Done::Unseen
            {
                return Ok(());
            }
        }
    }

    fn end_cycle(&self, world: &mut World, slot: usize) -> Result<(), Violation> {
        let now = world.now;
        let Some(process) = world.processes[slot].as_mut() else { return Ok(()) };
        if let Some(owed) = process.owed.first() {
            return broken(PROTECTION, format!("{owed} was decided and never left"));
        }
        Arc::make_mut(&mut process.core).end_cycle(now);
        process.stage = Stage::Rest;
        process.story.clear();
        process.base.0.clear();
        self.say(|| "the cycle ends".to_owned());
        Ok(())
    }
}

fn moment(world: &World) -> Moment {
    Moment { now: world.now, kill: world.kill, no_openings: None }
}

/// Whether an opening was just decided: without the exposure view it is not made.
fn opens(process: &Process) -> bool {
    process.core.decisions().last().is_some_and(|decision| decision.actions.iter().any(Action::is_opening))
}

/// What protects and was just decided must leave in this cycle.
fn owe(process: &mut Process) {
    let Some(decision) = process.core.decisions().last() else { return };
    let protective = decision.actions.iter().filter_map(|action| match action {
        Action::Submit { order, .. } if order.get().purpose == Purpose::Open => None,
        Action::Submit { order, .. } => Some(order.get().client_order_id.to_string()),
        Action::Replace { replacement, .. } => Some(replacement.get().order.client_order_id.to_string()),
        Action::Cancel { client_order_id, .. } => Some(client_order_id.to_string()),
        Action::Alert { .. } => None,
    });
    let protective: Vec<String> = protective.collect();
    process.owed.extend(protective);
}
