//! What can happen next in a world.
//!
//! What commutes is offered once: what the broker does by itself before somebody looks, the kill switch before somebody
//! asks for it, the passing of time where somebody notices.

use trading::{order::Side, reconcile::ARRIVAL_LIMIT};

use crate::{
    action::Action,
    life::SLOW,
    protocol::Protocol,
    venue::{Order, Standing},
    world::{Flight, Process, Stage, World},
};

impl Protocol {
    pub(crate) fn choices(&self, world: &World) -> Vec<Action> {
        let mut actions = Vec::new();
        for (slot, process) in world.living() {
            self.of_process(world, slot, process, &mut actions);
        }
        match &world.processes {
            [None, None] => actions.push(Action::Start(0)),
            [Some(_), None] => actions.push(Action::Start(1)),
            [None, Some(_)] | [Some(_), Some(_)] => {}
        }
        self.of_wire(world, &mut actions);
        if world.is_watched() {
            Self::of_venue(world, &mut actions);
        }
        if world.living().any(|(_, process)| process.is_acting()) {
            actions.extend(world.budget.kill.map(Action::Latch));
        }
        if world.budget.rises > 0 && world.is_at_rest() {
            actions.push(Action::Rise);
        }
        // Between two reads nobody looks at the clock; and no request takes longer than its limit.
        let hurries = |process: &Process| match &process.waiting {
            Some(waiting) => waiting.since != world.now,
            None => matches!(process.stage, Stage::Orders(_) | Stage::Positions(..)),
        };
        if world.budget.slow > 0 && !world.living().any(|(_, process)| hurries(process)) {
            actions.push(Action::Slow);
        }
        if world.is_at_rest() {
            actions.push(Action::Long);
        }
        actions
    }

    fn of_process(&self, world: &World, slot: usize, process: &Process, actions: &mut Vec<Action>) {
        let may_fail = world.budget.faults > 0;
        match &process.waiting {
            None => {
                actions.push(Action::Step(slot));
                let reads = matches!(process.stage, Stage::Orders(_) | Stage::Positions(..));
                if may_fail && reads {
                    actions.push(Action::ReadFails(slot));
                }
                let newest = world.venue.fills.last().filter(|fill| !process.core.book().has_execution(&fill.id));
                if may_fail && newest.is_some() && matches!(process.stage, Stage::Positions(..)) {
                    actions.push(Action::ReadLags(slot));
                }
                if may_fail && process.exposes {
                    actions.push(Action::Unwritten(slot));
                }
            }
            Some(waiting) => {
                actions.extend((0..waiting.answers.len()).map(|number| Action::Answer(slot, number)));
                if may_fail {
                    actions.push(Action::GiveUp(slot));
                    let copies = world.wire.iter().filter(|flight| flight.owner == Some(slot)).count();
                    if copies == 1 && waiting.answers.is_empty() && waiting.request.is_send() {
                        actions.push(Action::NeverLeft(slot));
                    }
                }
            }
        }
        if world.budget.crashes > 0 {
            actions.push(Action::Crash(slot));
        }
    }

    /// Requests arrive in any order. One that nobody waits for arrives where it makes a difference when.
    fn of_wire(&self, world: &World, actions: &mut Vec<Action>) {
        let is_late = |at| world.budget.slow > 0 && (world.now + SLOW).since(at) >= ARRIVAL_LIMIT;
        for (at, flight) in world.wire.iter().enumerate() {
            let same = |other: &&Flight| other.request == flight.request && other.owner == flight.owner;
            if world.wire[..at].iter().any(|other| same(&other)) {
                continue;
            }
            if world.is_watched() || flight.given_up.is_some_and(is_late) {
                actions.push(Action::Arrive(at));
            }
            let copies = world.wire.iter().filter(same).count();
            if world.budget.faults > 0 && flight.owner.is_some() && flight.request.is_send() && copies == 1 {
                actions.push(Action::Double(at));
            }
        }
    }

    fn of_venue(world: &World, actions: &mut Vec<Action>) {
        let is_sell = |order: &Order| order.request.side == Side::Sell;
        for (at, (_, order)) in world.venue.orders.iter().enumerate() {
            match order.standing {
                Standing::New | Standing::PendingCancel | Standing::PendingReplace => {
                    let budget = if is_sell(order) { world.budget.triggers } else { world.budget.fills };
                    if budget > 0 || order.is_market() {
                        actions.push(Action::Fill(at, true));
                    }
                    if world.budget.partials > 0 && !is_sell(order) && order.filled == 0 {
                        actions.push(Action::Fill(at, false));
                    }
                    if order.standing == Standing::PendingCancel {
                        actions.push(Action::EndCancel(at));
                    }
                }
                Standing::Held => actions.push(Action::EndReplace(at)),
                Standing::Filled | Standing::Canceled | Standing::Replaced | Standing::Rejected => {}
            }
        }
    }
}
