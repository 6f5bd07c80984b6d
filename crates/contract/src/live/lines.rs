//! The gate's lines in the log. Operators and their scripts look for them to the letter.

use std::collections::BTreeSet;

use market::{Symbol, Usd};

use crate::{KillSwitch, LiveVerdict, Mode};

/// What bounds the openings of a day.
#[derive(Clone, Copy, Debug)]
pub struct Caps<'a> {
    /// Opening orders a day.
    pub orders_per_day: u32,
    /// Positions at once.
    pub positions: u32,
    /// Positions and opening orders together.
    pub gross_notional: Usd,
    /// One symbol.
    pub per_symbol: Usd,
    /// The only symbols that may be opened; empty means all.
    pub allowlist: &'a BTreeSet<Symbol>,
}

/// What the log says of a process: whether it may open and why not, the allowlist, the caps. `others` are reasons beside
/// the gate's own keys. A LIVE process whose gate is closed says `mode=DRY_RUN`, the operators' word for "opens nothing";
/// it manages what it holds at the broker all the same.
#[must_use]
pub fn lines(
    mode: Mode,
    account: &str,
    live: &LiveVerdict,
    kill: &KillSwitch,
    others: &[String],
    caps: &Caps<'_>,
) -> Vec<String> {
    let mut reasons: Vec<String> = match mode {
        Mode::DryRun => vec!["DRY_RUN enabled".to_owned()],
        Mode::Paper => Vec::new(),
        Mode::Live => live.refusals.iter().map(ToString::to_string).collect(),
    };
    if let (Mode::DryRun | Mode::Paper, KillSwitch::Latched(latch)) = (mode, kill) {
        reasons.push(format!("kill switch active ({latch})"));
    }
    reasons.extend(others.iter().cloned());
    let mut lines: Vec<String> = match (mode, reasons.is_empty()) {
        (Mode::Live, true) => vec!["Gate mode=LIVE status=PASS reason=live trading confirmed".to_owned()],
        (Mode::Paper | Mode::DryRun, true) => {
            vec![format!("Gate mode={mode} status=PASS reason=paper account {account}")]
        }
        (Mode::Paper, false) => reasons.iter().map(|why| format!("Gate mode=PAPER status=FAIL reason={why}")).collect(),
        (Mode::Live | Mode::DryRun, false) => {
            reasons.iter().map(|why| format!("Gate mode=DRY_RUN status=FAIL reason={why}")).collect()
        }
    };
    lines.extend(caps.lines());
    lines
}

impl Caps<'_> {
    /// The allowlist and the caps, a line each.
    #[must_use]
    pub fn lines(&self) -> [String; 2] {
        let symbols: Vec<&str> = self.allowlist.iter().map(Symbol::as_str).collect();
        let allowlist = if symbols.is_empty() { "ALL".to_owned() } else { symbols.join(",") };
        let (orders, positions) = (self.orders_per_day, self.positions);
        let (gross, symbol) = (dollars(self.gross_notional), dollars(self.per_symbol));
        let caps = format!("orders/day={orders}, positions={positions}, gross_notional={gross}, per_symbol={symbol}");
        [format!("Gate allowlist={allowlist}"), format!("Gate caps({caps})")]
    }
}

/// Dollars with at least one decimal and no more than it takes.
fn dollars(amount: Usd) -> String {
    let text = amount.to_string();
    let (whole, fraction) = text.split_once('.').unwrap_or((&text, ""));
    let fraction = fraction.trim_end_matches('0');
    format!("{whole}.{}", if fraction.is_empty() { "0" } else { fraction })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Env, LiveRefusal, env};

    fn said(mode: Mode, refusals: &[LiveRefusal], killed: bool, others: &[&str], allowed: &[&str]) -> Vec<String> {
        let env = if killed { Env::default().with(&env::KILL_SWITCH, "1") } else { Env::default() };
        let kill = KillSwitch::read("/nowhere/at/all".as_ref(), &env);
        let allowlist = allowed.iter().map(|symbol| Symbol::new(symbol).unwrap()).collect();
        let (gross_notional, per_symbol) = (Usd::dollars(5_000), "1000.25".parse().unwrap());
        let caps = Caps { orders_per_day: 5, positions: 5, gross_notional, per_symbol, allowlist: &allowlist };
        let others: Vec<String> = others.iter().map(|text| (*text).to_owned()).collect();
        lines(mode, "PA3", &LiveVerdict { refusals: refusals.to_vec() }, &kill, &others, &caps)
    }

    #[test]
    fn the_lines_are_the_ones_operators_look_for() {
        const CAPS: &str = "Gate caps(orders/day=5, positions=5, gross_notional=5000.0, per_symbol=1000.25)";
        assert_eq!(
            said(Mode::Live, &[], false, &[], &[]),
            ["Gate mode=LIVE status=PASS reason=live trading confirmed", "Gate allowlist=ALL", CAPS]
        );
        assert_eq!(
            said(Mode::DryRun, &[], false, &[], &["SYM1", "SYM2"]),
            ["Gate mode=DRY_RUN status=FAIL reason=DRY_RUN enabled", "Gate allowlist=SYM1,SYM2", CAPS]
        );
        let lost =
            [LiveRefusal::KillSwitch("cancel: drill".into()), LiveRefusal::NotTrading("LIVE_TRADING is not 1".into())];
        assert_eq!(
            said(Mode::Live, &lost, true, &[], &[])[..2],
            [
                "Gate mode=DRY_RUN status=FAIL reason=kill switch active (cancel: drill)",
                "Gate mode=DRY_RUN status=FAIL reason=LIVE_TRADING is not 1"
            ]
        );
        assert_eq!(said(Mode::Paper, &[], false, &[], &[])[0], "Gate mode=PAPER status=PASS reason=paper account PA3");
        let killed = "kill switch active (cancel: environment variable KILL_SWITCH=1)";
        assert_eq!(
            said(Mode::Paper, &[], true, &["x"], &[])[..2],
            [format!("Gate mode=PAPER status=FAIL reason={killed}"), "Gate mode=PAPER status=FAIL reason=x".to_owned()]
        );
        assert_eq!(
            said(Mode::DryRun, &[], true, &[], &[])[1],
            format!("Gate mode=DRY_RUN status=FAIL reason={killed}")
        );
    }

    #[test]
    fn dollars_have_at_least_one_decimal() {
        for (amount, expect) in [("5000", "5000.0"), ("0", "0.0"), ("250.5", "250.5"), ("12.3456", "12.3456")] {
            assert_eq!(dollars(amount.parse().unwrap()), expect);
        }
    }
}
