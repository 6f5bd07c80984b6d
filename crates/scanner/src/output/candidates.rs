//! `daily_candidates.csv`: one row a candidate, columns as the desk's readers know them.

use anyhow::Result;
use market::NyDate;
use signals::{Candidate, setup::Standing};

use super::decimal;
use crate::{ranking::Ranked, sector::SectorStrength};

const SCHEMA_VERSION: &str = "1";
const PRICE_DECIMALS: usize = 2;
const SCORE_DECIMALS: usize = 6;
const FINE_DECIMALS: usize = 4;

const HEADER: [&str; 33] = [
    "SchemaVersion",
    "ScanDate",
    "Symbol",
    "Direction",
    "TrendTier",
    "Price",
    "Entry_Level",
    "Entry_DistPct",
    "Stop_Loss",
    "Target_R1",
    "Target_R2",
    "TrendScore",
    "Sector",
    "Anchor",
    "Anchor_Date",
    "AVWAP_Slope",
    "AVWAP_Confluence",
    "Sector_RS",
    "Setup_VWAP_Control",
    "Setup_VWAP_Reclaim",
    "Setup_VWAP_Acceptance",
    "Setup_VWAP_DistPct",
    "Setup_AVWAP_Control",
    "Setup_AVWAP_Reclaim",
    "Setup_AVWAP_Acceptance",
    "Setup_AVWAP_DistPct",
    "Setup_Extension_State",
    "Setup_Gap_Reset",
    "Setup_Structure_State",
    "TrendScore_Zscore",
    "TrendScore_Pctile",
    "DistPct_Zscore",
    "Composite_Rank",
];

/// The whole file; without candidates the header alone.
pub fn csv(ranked: &[Ranked<'_>], sectors: &SectorStrength, as_of: NyDate) -> Result<Vec<u8>> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(HEADER)?;
    for ranked in ranked {
        writer.write_record(row(ranked, sectors, as_of))?;
    }
    Ok(writer.into_inner()?)
}

fn row(ranked: &Ranked<'_>, sectors: &SectorStrength, as_of: NyDate) -> [String; 33] {
    let Candidate { tier, close, trend_score, choice, levels, setup, .. } = ranked.candidate;
    let price = |value: f64| decimal(value, PRICE_DECIMALS);
    let fine = |value: Option<f64>| value.map_or_else(String::new, |value| decimal(value, FINE_DECIMALS));
    let [vwap_control, vwap_reclaim, vwap_acceptance, vwap_distance] = standing(&setup.vwap);
    let [avwap_control, avwap_reclaim, avwap_acceptance, avwap_distance] = standing(&setup.avwap);
    [
        SCHEMA_VERSION.to_owned(),
        as_of.to_string(),
        ranked.symbol.to_string(),
        "Long".to_owned(),
        tier.to_string(),
        price(*close),
        price(choice.level),
        price(choice.distance_pct),
        price(levels.stop),
        price(levels.r1),
        price(levels.r2),
        decimal(*trend_score, SCORE_DECIMALS),
        ranked.sector.to_owned(),
        choice.anchor.kind.to_string(),
        choice.anchor.date.to_string(),
        decimal(choice.slope5, FINE_DECIMALS),
        choice.confluence.to_string(),
        fine(sectors.get(ranked.sector)),
        vwap_control,
        vwap_reclaim,
        vwap_acceptance,
        vwap_distance,
        avwap_control,
        avwap_reclaim,
        avwap_acceptance,
        avwap_distance,
        setup.extension.to_string(),
        setup.gap_reset.to_string(),
        setup.structure.to_string(),
        fine(ranked.trend_z),
        decimal(ranked.trend_percentile, PRICE_DECIMALS),
        fine(ranked.distance_z),
        ranked.composite_rank.to_string(),
    ]
}

fn standing(standing: &Standing) -> [String; 4] {
    let distance = standing.distance_pct.map_or_else(String::new, |percent| decimal(percent, PRICE_DECIMALS));
    [standing.control.to_string(), standing.reclaim.to_string(), standing.acceptance.to_string(), distance]
}
