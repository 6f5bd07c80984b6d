//! What can become of a symbol, and the name each verdict has in files.

use signals::Candidate;

/// What became of a symbol.
#[derive(Clone, Debug, PartialEq)]
pub enum Verdict {
    /// The data provider rejected it less than 30 days ago.
    BadTicker,
    /// The bars file does not know it.
    NotInBars,
    /// The whole market is below its 200-day mean.
    RiskOff,
    /// Its newest bar is older than the last session.
    Stale,
    /// Too few bars in the last 45 days.
    IlliquidBars,
    /// Too few shares a day.
    IlliquidVolume,
    /// Too few dollars a day.
    IlliquidDollars,
    /// Too low a price.
    IlliquidPrice,
    /// Liquid, but not among the most liquid.
    IlliquidRank,
    /// Reports earnings within days.
    Earnings,
    /// Too few bars in the window.
    TooShort,
    /// The weekly trend does not point up.
    WeeklyMisaligned,
    /// Too quiet, too wild, or no uptrend.
    QualityGate,
    /// Above no anchor that qualifies.
    NoAnchor,
    /// Its levels are no prices to trade at.
    BadLevels,
    /// On the watchlist.
    Candidate(Box<Candidate>),
}

impl Verdict {
    /// Every name, in the order of the stages.
    pub const NAMES: [&'static str; 16] = [
        "bad_ticker",
        "not_in_bars",
        "risk_off",
        "stale",
        "illiquid_bars",
        "illiquid_volume",
        "illiquid_dollars",
        "illiquid_price",
        "illiquid_rank",
        "earnings",
        "too_short",
        "weekly_misaligned",
        "quality_gate",
        "no_anchor",
        "bad_levels",
        "candidate",
    ];

    /// Its name in files.
    pub fn name(&self) -> &'static str {
        let place = match self {
            Self::BadTicker => 0,
            Self::NotInBars => 1,
            Self::RiskOff => 2,
            Self::Stale => 3,
            Self::IlliquidBars => 4,
            Self::IlliquidVolume => 5,
            Self::IlliquidDollars => 6,
            Self::IlliquidPrice => 7,
            Self::IlliquidRank => 8,
            Self::Earnings => 9,
            Self::TooShort => 10,
            Self::WeeklyMisaligned => 11,
            Self::QualityGate => 12,
            Self::NoAnchor => 13,
            Self::BadLevels => 14,
            Self::Candidate(_) => 15,
        };
        Self::NAMES[place]
    }
}
