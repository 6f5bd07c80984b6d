//! Is a unit well after a change? Pure: what `systemctl show` says of it now and said before, in; one of three, out.
//!
//! A gate that refuses a flat process is doing its work: that is health. A gate that gave no answer is not, and systemd
//! tells the two apart by nothing but the exit code (docs of the gate: 75 and 77 refuse; a missing program is a skip too).

use super::{holding::Holding, shown::Shown};

/// How a unit is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Health {
    /// As it should be; how.
    Well(String),
    /// On its way; what it waits for.
    NotYet(String),
    /// It will not become well by waiting; what is wrong.
    Ill(String),
}

/// What the change did with a unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Touched {
    /// It was started, or started afresh.
    Started,
    /// It was left as it was.
    Left,
}

/// The gate's and the live gate's refusal.
const REFUSALS: [&str; 2] = ["exited 75", "exited 77"];

/// Judges one unit.
#[must_use]
pub fn judge(unit: &str, now: &Shown, before: Option<&Shown>, touched: Touched, holding: &Holding) -> Health {
    match now.get("LoadState") {
        "loaded" => {}
        other => return Health::Ill(format!("it is not loaded: {other}")),
    }
    if now.get("NeedDaemonReload") == "yes" {
        return Health::Ill("systemd has not read its files again".to_owned());
    }
    if now.has_job() {
        return Health::NotYet("its job is queued".to_owned());
    }
    match unit.rsplit('.').next() {
        Some("service") if now.get("Type") == "oneshot" => job(now, before),
        Some("service") => service(now, before, touched, holding),
        Some(_) | None => waiter(now, before, touched),
    }
}

/// A timer or target.
fn waiter(now: &Shown, before: Option<&Shown>, touched: Touched) -> Health {
    match now.get("ActiveState") {
        "active" => Health::Well(now.get("SubState").to_owned()),
        "activating" => Health::NotYet("it is being started".to_owned()),
        "inactive" if touched == Touched::Left && before.is_none_or(|before| !before.is_up()) => {
            Health::Well("it did not run before".to_owned())
        }
        other => Health::Ill(format!("it is {other}")),
    }
}

/// Work that ends. It is started by its timer, and a change does not wait for it.
fn job(now: &Shown, before: Option<&Shown>) -> Health {
    if now.get("ActiveState") != "failed" {
        return Health::Well(now.get("SubState").to_owned());
    }
    if had_failed(now, before) {
        return Health::Well("its last run failed, before this".to_owned());
    }
    if now.end_of("ExecStartPre") == "exited 75" {
        return Health::Well("its timer caught up too late, and its run was refused".to_owned());
    }
    Health::Ill(format!("it failed: {}", now.get("Result")))
}

fn service(now: &Shown, before: Option<&Shown>, touched: Touched, holding: &Holding) -> Health {
    match (now.get("ActiveState"), now.get("SubState")) {
        ("active", sub) => Health::Well(sub.to_owned()),
        ("activating", "auto-restart" | "auto-restart-queued") => {
            Health::NotYet(format!("it ended ({}), and is restarted", now.get("Result")))
        }
        ("activating" | "deactivating" | "reloading" | "refreshing", sub) => Health::NotYet(format!("it is in {sub}")),
        ("failed", _) if touched == Touched::Left && had_failed(now, before) => {
            Health::Well("it had failed before this, and was left".to_owned())
        }
        ("failed", _) => Health::Ill(format!("it failed: {} ({})", now.get("Result"), now.get("ExecMainStatus"))),
        _ if touched == Touched::Left && before.is_none_or(|before| !before.is_up()) => {
            Health::Well("it did not run before".to_owned())
        }
        _ => skipped(now, holding),
    }
}

/// Not running although it was started: because its gate said so, or for no good reason.
fn skipped(now: &Shown, holding: &Holding) -> Health {
    let end = now.end_of("ExecCondition");
    if !REFUSALS.contains(&end.as_str()) {
        let says = if end.is_empty() || end == "exited 0" {
            "it ended".to_owned()
        } else {
            format!("its gate gave no answer ({end})")
        };
        return Health::Ill(says);
    }
    match holding {
        Holding::Flat => Health::Well(format!("its gate refuses for now ({end}), and nothing is held")),
        Holding::Held(_) | Holding::Unknown(_) => {
            Health::Ill(format!("its gate refuses ({end}), and there is {}", holding.says()))
        }
    }
}

/// The same run, and its failure is an old one: what dies while units change dies of the change until shown otherwise.
fn had_failed(now: &Shown, before: Option<&Shown>) -> bool {
    let is_old =
        |before: &Shown| before.get("ActiveState") == "failed" && before.get("InvocationID") == now.get("InvocationID");
    before.is_some_and(is_old)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> Shown {
        let text = format!("Id=x\nLoadState=loaded\n{}", text.replace(' ', "\n").replace('~', " "));
        Shown::read(&text).remove("x").unwrap()
    }

    fn word(health: &Health) -> &'static str {
        match health {
            Health::Well(_) => "well",
            Health::NotYet(_) => "not yet",
            Health::Ill(_) => "ill",
        }
    }

    const REFUSED: &str = "ActiveState=inactive SubState=dead ExecCondition={~code=exited~;~status=75~}";
    const NO_ANSWER: &str = "ActiveState=inactive SubState=dead ExecCondition={~code=exited~;~status=203~}";
    const ENDED: &str = "ActiveState=inactive SubState=dead Result=success";
    const RUNS: &str = "ActiveState=active SubState=running InvocationID=1";

    #[test]
    fn services() {
        use Touched::{Left, Started};
        let (flat, held) = (Holding::Flat, Holding::Held("x".to_owned()));
        for (now, before, touched, holding, expect) in [
            (RUNS, ENDED, Started, &flat, "well"),
            (REFUSED, RUNS, Started, &flat, "well"),
            (REFUSED, RUNS, Started, &held, "ill"),
            (NO_ANSWER, RUNS, Started, &flat, "ill"),
            (ENDED, RUNS, Started, &flat, "ill"),
            (ENDED, RUNS, Left, &flat, "ill"),
            (ENDED, ENDED, Left, &held, "well"),
            ("ActiveState=activating SubState=start", RUNS, Started, &flat, "not yet"),
            ("ActiveState=activating SubState=auto-restart Result=exit-code", RUNS, Started, &flat, "not yet"),
            ("ActiveState=active SubState=running Job=4", RUNS, Started, &flat, "not yet"),
            ("ActiveState=active SubState=running Job=0", RUNS, Started, &flat, "well"),
            ("ActiveState=failed InvocationID=2", RUNS, Started, &flat, "ill"),
            ("ActiveState=failed InvocationID=2", "ActiveState=failed InvocationID=2", Left, &flat, "well"),
            ("ActiveState=failed InvocationID=2", "ActiveState=failed InvocationID=2", Started, &flat, "ill"),
            ("ActiveState=failed InvocationID=1", RUNS, Left, &flat, "ill"),
            ("ActiveState=active NeedDaemonReload=yes", RUNS, Left, &flat, "ill"),
        ] {
            let health = judge("execution.service", &shown(now), Some(&shown(before)), touched, holding);
            assert_eq!(word(&health), expect, "{now} after {before}: {health:?}");
        }
        let gone = Shown::read("Id=x\nLoadState=not-found\n").remove("x").unwrap();
        assert_eq!(word(&judge("execution.service", &gone, None, Left, &flat)), "ill");
    }

    #[test]
    fn jobs_timers_and_targets() {
        use Touched::{Left, Started};
        let flat = Holding::Flat;
        let failed = "Type=oneshot ActiveState=failed InvocationID=";
        for (unit, now, before, touched, expect) in [
            ("scan.service", "Type=oneshot ActiveState=inactive".to_owned(), String::new(), Left, "well"),
            ("scan.service", "Type=oneshot ActiveState=activating".to_owned(), String::new(), Left, "well"),
            ("scan.service", format!("{failed}2"), format!("{failed}2"), Left, "well"),
            ("scan.service", format!("{failed}2"), "ActiveState=activating InvocationID=2".to_owned(), Left, "ill"),
            ("scan.service", format!("{failed}3"), format!("{failed}2"), Left, "ill"),
            (
                "scan.service",
                format!("{failed}3 ExecStartPre={{~code=exited~;~status=75~}}"),
                String::new(),
                Left,
                "well",
            ),
            ("scan.timer", "ActiveState=active SubState=waiting".to_owned(), String::new(), Started, "well"),
            ("scan.timer", "ActiveState=failed".to_owned(), String::new(), Started, "ill"),
            ("scan.timer", "ActiveState=inactive".to_owned(), "ActiveState=active".to_owned(), Left, "ill"),
            ("scan.timer", "ActiveState=inactive".to_owned(), "ActiveState=inactive".to_owned(), Left, "well"),
            ("avwap.target", "ActiveState=inactive".to_owned(), String::new(), Started, "ill"),
        ] {
            let health = judge(unit, &shown(&now), Some(&shown(&before)), touched, &flat);
            assert_eq!(word(&health), expect, "{unit}: {now}");
        }
    }
}
