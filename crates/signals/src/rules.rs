//! The scan's thresholds, together: what a digest of the rules covers.

use market::NyDate;
use serde::Serialize;

/// Thresholds of the per-symbol stages. A Saturday's or Sunday's scan is for planning the week: it is a little wider and
/// asks for no weekly alignment.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Rules {
    /// Fewer bars than this in the window is too short.
    pub bars_least: usize,
    /// Whether the weekly trend must point up.
    pub weekly_alignment: bool,
    /// Least ATR14 in dollars.
    pub atr_least: f64,
    /// Most ATR14 in percent of the close.
    pub atr_pct_most: f64,
    /// Most ATR% as a multiple of its median.
    pub atr_pct_median_ratio_most: f64,
    /// Least AVWAP values an anchor must have.
    pub avwap_values_least: usize,
    /// Least slope of the AVWAP over 5 bars, unless price just reclaimed it.
    pub avwap_slope_least: f64,
    /// Most distance of the close above the AVWAP, percent.
    pub distance_pct_most: f64,
    /// AVWAPs within this fraction of the chosen one confirm it.
    pub confluence_within: f64,
}

impl Rules {
    /// The rules for a scan of the data up to `as_of`.
    #[must_use]
    pub fn for_as_of(as_of: NyDate) -> Self {
        let weekend = as_of.is_weekend();
        Self {
            bars_least: 80,
            weekly_alignment: !weekend,
            atr_least: 0.50,
            atr_pct_most: if weekend { 6.5 } else { 6.0 },
            atr_pct_median_ratio_most: if weekend { 1.25 } else { 1.15 },
            avwap_values_least: 6,
            avwap_slope_least: -0.05,
            distance_pct_most: 8.0,
            confluence_within: 0.01,
        }
    }
}
