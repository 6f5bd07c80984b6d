//! May this be laid now? Pure: what a plan does, what is held, what hour it is, in; every refusal at once, out.
//!
//! Protection outranks permission: what only restores what was there is never refused, and whatever is laid, what places
//! orders is not stopped while something is held. No flag changes that.

use super::{holding::Holding, hours::Hours};

/// What a change of a host does, as far as permission is concerned.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Nature {
    /// It brings back what the generation laid now had, and nothing else.
    pub only_restores: bool,
    /// The units that place orders and would be stopped: started afresh, or taken out.
    pub stops_orders: Vec<String>,
    /// Those of them that are taken out: they cannot run on.
    pub removes_orders: Vec<String>,
    /// The guardrails that are lost, in words.
    pub lost: Vec<String>,
}

/// What whoever asks takes upon themselves.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Waivers {
    /// `--during-session`.
    pub during_session: bool,
    /// `--keep-running`: what places orders goes on as it is, and its next start takes the new units.
    pub keep_running: bool,
}

/// What may be done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Permission {
    /// All of it.
    Granted,
    /// All of it but starting afresh what places orders; why, in words.
    WithoutOrders(String),
    /// Nothing; every reason.
    Refused(Vec<Refusal>),
}

/// Why not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The stable text.
    pub code: &'static str,
    /// What is so.
    pub says: String,
    /// What to do.
    pub remedy: &'static str,
}

/// Decides.
#[must_use]
pub fn permit(nature: &Nature, waivers: Waivers, holding: &Holding, hours: &Hours) -> Permission {
    let quiet = holding.is_flat() && *hours == Hours::Off;
    if nature.only_restores {
        let why = "this restores what was laid, and stops nothing to do so";
        return if quiet { Permission::Granted } else { Permission::WithoutOrders(why.to_owned()) };
    }
    let mut refusals = Vec::new();
    let mut refuse = |code, says: String, remedy| refusals.push(Refusal { code, says, remedy });
    let held = holding.says();
    if !holding.is_flat() {
        if !nature.lost.is_empty() {
            let says = format!("there is {held}, and guardrails are lost: {}", nature.lost.join("; "));
            refuse("loses-guardrail", says, "keep the guardrail, or wait until nothing is held");
        }
        let (removed, restarted): (Vec<&String>, Vec<&String>) =
            nature.stops_orders.iter().partition(|unit| nature.removes_orders.contains(unit));
        let names = |units: &[&String]| units.iter().map(|unit| unit.as_str()).collect::<Vec<_>>().join(", ");
        if !restarted.is_empty() && !waivers.keep_running {
            let says = format!("there is {held}, and {} would be stopped", names(&restarted));
            let remedy =
                "wait until nothing is held, or let it run on with --keep-running: its next start takes the new units";
            refuse("stops-orders", says, remedy);
        }
        if !removed.is_empty() && !waivers.keep_running {
            let says = format!("there is {held}, and {} would be taken out", names(&removed));
            refuse("stops-orders", says, "wait until nothing is held: what is taken out cannot run on");
        }
        if !waivers.during_session {
            refuse("holding", format!("there is {held}"), "wait until nothing is held, or take --during-session");
        }
    }
    if let Hours::Work(until) = hours
        && !waivers.during_session
    {
        refuse("in-session", until.clone(), "wait until it is over, or take --during-session");
    }
    if waivers.keep_running && !nature.removes_orders.is_empty() {
        let says = format!("--keep-running lets {} run on, and it is taken out", nature.removes_orders.join(", "));
        refuse("removes-orders", says, "wait until nothing is held, and go on without --keep-running");
    }
    if !refusals.is_empty() {
        return Permission::Refused(refusals);
    }
    if waivers.keep_running {
        return Permission::WithoutOrders("--keep-running".to_owned());
    }
    Permission::Granted
}

#[cfg(test)]
mod tests {
    use super::*;

    const WITH: bool = true;
    const WITHOUT: bool = false;

    fn ask(nature: &Nature, during: bool, keep: bool, holding: &Holding, hours: &Hours) -> String {
        match permit(nature, Waivers { during_session: during, keep_running: keep }, holding, hours) {
            Permission::Granted => "granted".to_owned(),
            Permission::WithoutOrders(_) => "without orders".to_owned(),
            Permission::Refused(refusals) => refusals.iter().map(|refusal| refusal.code).collect::<Vec<_>>().join(" "),
        }
    }

    fn harmless() -> Nature {
        Nature::default()
    }

    fn stops() -> Nature {
        Nature { stops_orders: vec!["execution.service".to_owned()], ..Nature::default() }
    }

    fn removes() -> Nature {
        Nature { removes_orders: stops().stops_orders, ..stops() }
    }

    fn loses() -> Nature {
        Nature { lost: vec!["a gate".to_owned()], ..Nature::default() }
    }

    fn restores() -> Nature {
        Nature { only_restores: true, ..stops() }
    }

    #[test]
    fn who_may_what_and_when() {
        let (flat, off) = (Holding::Flat, Hours::Off);
        let held = Holding::Held("1 positions (AAPL)".to_owned());
        let unknown = Holding::Unknown("no answer".to_owned());
        let work = Hours::Work("until 16:25".to_owned());
        for (nature, during, keep, holding, hours, expect) in [
            (harmless(), WITHOUT, WITHOUT, &flat, &off, "granted"),
            (stops(), WITHOUT, WITHOUT, &flat, &off, "granted"),
            (loses(), WITHOUT, WITHOUT, &flat, &off, "granted"),
            (stops(), WITHOUT, WITH, &flat, &off, "without orders"),
            (harmless(), WITHOUT, WITHOUT, &flat, &work, "in-session"),
            (harmless(), WITH, WITHOUT, &flat, &work, "granted"),
            (stops(), WITH, WITHOUT, &flat, &work, "granted"),
            (harmless(), WITHOUT, WITHOUT, &held, &off, "holding"),
            (harmless(), WITH, WITHOUT, &held, &off, "granted"),
            (harmless(), WITHOUT, WITHOUT, &held, &work, "holding in-session"),
            (harmless(), WITH, WITHOUT, &unknown, &work, "granted"),
            (harmless(), WITHOUT, WITHOUT, &unknown, &off, "holding"),
            // No flag stops what holds, or disarms what guards it.
            (stops(), WITHOUT, WITHOUT, &held, &off, "stops-orders holding"),
            (stops(), WITH, WITHOUT, &held, &off, "stops-orders"),
            (stops(), WITH, WITHOUT, &unknown, &work, "stops-orders"),
            (stops(), WITH, WITH, &held, &work, "without orders"),
            (removes(), WITHOUT, WITHOUT, &flat, &off, "granted"),
            (removes(), WITH, WITHOUT, &held, &off, "stops-orders"),
            (removes(), WITH, WITH, &held, &off, "removes-orders"),
            (removes(), WITHOUT, WITH, &flat, &off, "removes-orders"),
            (loses(), WITH, WITH, &held, &off, "loses-guardrail"),
            (loses(), WITH, WITH, &unknown, &work, "loses-guardrail"),
            // What only restores comes through at any time, and stops nothing.
            (restores(), WITHOUT, WITHOUT, &held, &work, "without orders"),
            (restores(), WITHOUT, WITHOUT, &unknown, &work, "without orders"),
            (restores(), WITHOUT, WITHOUT, &flat, &work, "without orders"),
            (restores(), WITHOUT, WITHOUT, &flat, &off, "granted"),
        ] {
            assert_eq!(
                ask(&nature, during, keep, holding, hours),
                expect,
                "{nature:?} {during} {keep} {holding:?} {hours:?}"
            );
        }
    }
}
