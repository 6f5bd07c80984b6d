//! What becomes of a world in which nothing goes wrong any more: it must come to rest, and the rest must be right.
//!
//! From every state between two cycles one calm way is walked: answers and requests arrive, cancels take effect, a
//! process that died is started, cycles follow each other with time between them, until a state comes back.

use market::Timestamp;

use crate::{
    action::Action,
    explorer::Violation,
    fingerprint,
    invariant::{self, QUIET, broken},
    protocol::Protocol,
    venue::Standing,
    world::World,
};

/// No calm way is longer.
const STEPS_MAX: usize = 400;

impl Protocol {
    /// Walks on until a state between two cycles comes back.
    pub(crate) fn calm(&self, world: World) -> Result<World, Violation> {
        let mut seen = Vec::new();
        self.walk(world, |key| {
            let known = seen.contains(&key);
            seen.push(key);
            known
        })
    }

    /// Whether the calm way from here ends well.
    pub(crate) fn settles(&self, world: &World) -> Result<(), Violation> {
        let mut way = Vec::new();
        let mut comes_back = false;
        let silent = self.is_narrating.replace(true);
        let end = self.walk(world.clone(), |key| {
            comes_back = way.contains(&key);
            way.push(key);
            comes_back || self.settles.borrow().contains(&key)
        });
        self.is_narrating.set(silent);
        let said = self.lines.take();
        let verdict = end.and_then(|end| if comes_back { invariant::check_rest(&end) } else { Ok(()) });
        // A rule that breaks on the way is found where it breaks: this way is among those that are explored.
        if verdict.as_ref().is_err_and(|violation| violation.rule != QUIET) {
            return Ok(());
        }
        if let Err(Violation { rule, what }) = verdict {
            return broken(rule, format!("{what}\ncalmly from the last state on:\n{}", said.join("\n")));
        }
        self.settles.borrow_mut().extend(way);
        Ok(())
    }

    fn walk(&self, mut world: World, mut is_known: impl FnMut(u128) -> bool) -> Result<World, Violation> {
        for _ in 0..STEPS_MAX {
            let action = calm_action(&world);
            if action == Action::Long && is_known(fingerprint::world(&world)) {
                return Ok(world);
            }
            self.say(|| format!("  {action}"));
            self.act(&mut world, action)?;
        }
        broken(QUIET, format!("no rest within {STEPS_MAX} steps"))
    }
}

fn calm_action(world: &World) -> Action {
    let answered = |slot: usize| world.processes[slot].as_ref().and_then(|process| process.waiting.as_ref());
    let answer = (0..2).find(|slot| answered(*slot).is_some_and(|waiting| !waiting.answers.is_empty()));
    if let Some(slot) = answer {
        return Action::Answer(slot, 0);
    }
    if !world.wire.is_empty() {
        return Action::Arrive(0);
    }
    for (at, order) in world.venue.orders.values().enumerate() {
        match order.standing {
            Standing::PendingCancel => return Action::EndCancel(at),
            Standing::Held => return Action::EndReplace(at),
            Standing::New if order.is_market() => return Action::Fill(at, true),
            Standing::New
            | Standing::PendingReplace
            | Standing::Filled
            | Standing::Canceled
            | Standing::Replaced
            | Standing::Rejected => {}
        }
    }
    let due = |at: Timestamp| at != world.now;
    match world.living().find(|(_, process)| !world.is_at_rest() || due(process.cycle_at)) {
        Some((slot, _)) => Action::Step(slot),
        None if world.living().next().is_none() => Action::Start(0),
        None => Action::Long,
    }
}
