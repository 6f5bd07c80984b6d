//! Every guardrail, every way to lose it, and which of check, verify, diff and drift finds it; docs/guardrails.md is this table.
//! What only a running systemd can tell is booted: `tests/boot/scenarios/guardrails.sh`.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod directives;
mod host;
mod losses;
mod manifest;
mod others;
mod page;
mod running;
mod seeds;
mod ways;

use std::{collections::BTreeSet, sync::OnceLock};

use unitgen::guardrails::{Guardrail, Units, Verdict, judge};

use host::Host;
use losses::{Loss, losses};
use running::{Running, is_ok};
use ways::Way;

/// What our own drop-ins say again: an edit of the unit alone does not lose these, and verify still tells it.
const SAID_AGAIN: [Guardrail; 5] =
    [Guardrail::Gate, Guardrail::GateHeeded, Guardrail::RefusalSeen, Guardrail::ComesBack, Guardrail::NoStartLimit];

/// Who finds one loss by one way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Caught {
    verify: bool,
    diff: bool,
    drift: bool,
}

/// Every loss with what is said of it by every way.
fn table() -> &'static [(Loss, Vec<Option<Caught>>)] {
    static TABLE: OnceLock<Vec<(Loss, Vec<Option<Caught>>)>> = OnceLock::new();
    TABLE.get_or_init(|| {
        let row = |loss: Loss| (loss.clone(), Way::ALL.map(|way| caught(&loss, way)).to_vec());
        losses().into_iter().map(row).collect()
    })
}

/// Lays one loss by one way on a host; nothing where there is no such way.
fn caught(loss: &Loss, way: Way) -> Option<Caught> {
    let host = Host::with_units_in("etc");
    let unit = way.lay(&host, loss)?;
    let clean = Units::of_tree(host::rendered());
    matches!(judge(&clean, &unit).get(&loss.guardrail), Some(Verdict::Held(_))).then(|| Caught {
        verify: !host.verified().is_empty(),
        diff: host.turns().lost.iter().any(|turn| turn.unit == unit && turn.guardrail == loss.guardrail.id()),
        drift: !is_ok(&Running::of(&host).drift(&host)),
    })
}

#[test]
fn a_host_as_rendered_has_lost_nothing() {
    for place in ["etc", "lib"] {
        let host = Host::with_units_in(place);
        assert_eq!(host.verified(), Vec::<&str>::new());
        assert_eq!(host.turns(), unitgen::diff::Turns::default());
        let outcome = Running::of(&host).drift(&host);
        assert!(
            outcome.findings.is_empty() && outcome.lost.is_empty() && is_ok(&outcome),
            "{place}: {:#?}",
            outcome.findings
        );
        assert!(outcome.compared > 400, "{}", outcome.compared);
    }
}

#[test]
fn every_guardrail_is_taken_away_by_every_way_and_found() {
    let losses = losses();
    let covered: BTreeSet<Guardrail> = losses.iter().map(|loss| loss.guardrail).collect();
    let all: BTreeSet<Guardrail> = Guardrail::ALL.into_iter().collect();
    let missing: Vec<_> = all.difference(&covered).collect();
    assert_eq!(missing, [&Guardrail::StartsAtBoot], "a drop-in cannot take what a link gives");
    let mut cells = 0;
    for (loss, row) in table() {
        for (way, caught) in Way::ALL.into_iter().zip(row) {
            let Some(caught) = caught else { continue };
            let repeated = loss.unit == "execution.service"
                && SAID_AGAIN.contains(&loss.guardrail)
                && matches!(way, Way::Edited | Way::Shadowed);
            // The one unit with such a prefix has no network at all.
            let held = repeated || (loss.guardrail == Guardrail::NetworkBounded && way == Way::OfPrefix);
            let expect = Caught { verify: true, diff: !held, drift: true };
            assert_eq!(*caught, expect, "{} by {way:?}", loss.guardrail.id());
            cells += 1;
        }
    }
    assert!(cells > 180, "only {cells} cells");
}

/// A loss says which guardrail, of which unit, by which file; and nothing that was not taken away.
#[test]
fn a_drop_in_loses_what_it_takes_and_nothing_else() {
    for loss in losses() {
        let host = Host::with_units_in("etc");
        Way::DropIn.lay(&host, &loss);
        let lost: Vec<&str> = host.turns().lost.iter().map(|turn| turn.guardrail).collect();
        // What never ends starts nothing by its success either.
        let expect: &[&str] = if loss.guardrail == Guardrail::RunsEachTime {
            &["follows-success", "runs-each-time"]
        } else {
            &[loss.guardrail.id()]
        };
        assert_eq!(lost, expect, "{}", loss.says());
        let turn = &host.turns().lost[0];
        assert_eq!(turn.unit, loss.judged());
    }
}
