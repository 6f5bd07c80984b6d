//! The stages of the scan, in order. Each refuses symbols by name; what no stage refuses is a candidate.
//!
//! Pure: files were read before, nothing is written here. A symbol keeps the first verdict it gets.

mod earnings;
mod liquidity;
mod regime;
mod signal;
mod verdict;

use bars::{Member, Series};
use serde::Serialize;
use signals::Rules;

pub use liquidity::LiquidityRules;
pub use regime::Regime;
pub use verdict::Verdict;

use crate::{cli::Stages, inputs::Inputs, moment::Moment, progress::Progress};

/// Everything the verdicts depend on besides the data: what the digest of the rules covers. What is not here is fixed by
/// the scanner's version.
#[derive(Debug, Serialize)]
pub struct ScanRules {
    stages: &'static str,
    signals: Rules,
    liquidity: LiquidityRules,
    earnings_days_ahead: i64,
    regime_bars: usize,
}

/// A symbol on its way through the stages.
#[derive(Debug)]
pub struct Judged<'a> {
    /// Who it is.
    pub member: &'a Member,
    /// Its bars in the window.
    pub series: Option<Series<'a>>,
    /// What became of it; `None` while it is still in.
    pub verdict: Option<Verdict>,
}

/// What the stages found.
#[derive(Debug)]
pub struct Findings<'a> {
    /// Every symbol of the universe, in its order, each with a verdict.
    pub judged: Vec<Judged<'a>>,
    /// The market's regime; `None` when the stage was left out.
    pub regime: Option<Regime>,
}

impl ScanRules {
    /// The rules of a scan.
    pub fn new(stages: Stages, moment: &Moment) -> Self {
        Self {
            stages: stages.name(),
            signals: Rules::for_as_of(moment.as_of),
            liquidity: LiquidityRules::default(),
            earnings_days_ahead: earnings::DAYS_AHEAD,
            regime_bars: regime::BARS,
        }
    }
}

/// Runs the stages.
pub fn judge<'a>(
    inputs: &'a Inputs,
    moment: &Moment,
    stages: Stages,
    rules: &ScanRules,
    progress: &Progress,
) -> Findings<'a> {
    let mut judged: Vec<Judged<'a>> = inputs
        .universe
        .members
        .iter()
        .map(|member| Judged { member, series: inputs.bars.get(member.symbol), verdict: None })
        .collect();
    let regime = match stages {
        Stages::Signals => None,
        Stages::All => Some(first_stages(&mut judged, inputs, moment, rules)),
    };
    progress.begin(judged.len());
    signal::apply(&mut judged, &rules.signals, progress);
    Findings { judged, regime }
}

fn first_stages(judged: &mut [Judged<'_>], inputs: &Inputs, moment: &Moment, rules: &ScanRules) -> Regime {
    refuse(judged, |symbol| inputs.bad_tickers.contains(&symbol.member.symbol).then_some(Verdict::BadTicker));
    refuse(judged, |symbol| symbol.series.is_none().then_some(Verdict::NotInBars));
    let regime = Regime::of(&inputs.bars, moment.last_session);
    refuse(judged, |_| regime.is_off().then_some(Verdict::RiskOff));
    liquidity::apply(judged, &rules.liquidity, moment);
    if let Some(days) = &inputs.earnings {
        earnings::apply(judged, days, moment.session);
    }
    regime
}

/// Gives a verdict to those symbols still in that a rule refuses.
fn refuse<'a>(judged: &mut [Judged<'a>], rule: impl Fn(&Judged<'a>) -> Option<Verdict>) {
    for symbol in judged.iter_mut().filter(|symbol| symbol.verdict.is_none()) {
        symbol.verdict = rule(symbol);
    }
}
