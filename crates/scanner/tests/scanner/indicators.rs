//! Intermediate values of 300 real symbols against an independent implementation, to nine digits.

use std::fs;

use bars::{Selection, Series};
use market::Symbol;
use serde_json::Value;
use signals::{
    History, Rules, Verdict, anchor, average, avwap, directional, evaluate, levels, quality, trend, volatility, weekly,
};

fn check(symbol: &str, what: &str, ours: Option<f64>, theirs: &Value) {
    let agree = match (ours, theirs.as_f64()) {
        (Some(ours), Some(theirs)) => (ours - theirs).abs() <= 1e-9 * theirs.abs().max(1.0),
        (None, None) => true,
        _ => false,
    };
    assert!(agree, "{symbol} {what}: {ours:?}, not {theirs}");
}

fn check_symbol(symbol: &str, history: &History<'_>, expect: &Value) {
    let check = |what: &str, ours: Option<f64>| check(symbol, what, ours, &expect[what]);
    let volatility = volatility::volatility(history);
    let averages = quality::averages(history);
    let adx = directional::adx(history);
    check("atr14", volatility.map(|volatility| volatility.atr));
    check("atr_pct", volatility.map(|volatility| volatility.atr_pct));
    check("atr_pct_p50_120", volatility.and_then(|volatility| volatility.atr_pct_median));
    check("adx14", adx);
    check("sma5", average::mean_of_last(history.close(), 5));
    check("sma20", average::mean_of_last(history.close(), 20));
    check("sma50", average::mean_of_last(history.close(), 50));
    check("sma50_slope10", average::slope_of_mean(history.close(), 50, 10));
    check("vwap20", avwap::vwap20(history, 0));
    check(
        "trend_score",
        averages.zip(volatility).map(|(averages, volatility)| trend::score(&averages, &volatility, adx)),
    );
    let lows = expect["swing_lows20"].as_array().unwrap();
    assert_eq!(levels::last_swing_low(history), lows.last().and_then(Value::as_f64), "{symbol} last swing low");
    if history.len() >= 200 {
        assert_eq!(Some(weekly::is_aligned(history)), expect["weekly_aligned"].as_bool(), "{symbol} weekly");
    }
    check_anchors(symbol, history, expect["anchors"].as_array().unwrap());
}

fn check_anchors(symbol: &str, history: &History<'_>, expect: &[Value]) {
    let anchors = anchor::anchors(history);
    let names: Vec<String> = anchors.iter().map(|anchor| anchor.kind.to_string()).collect();
    let expected: Vec<&str> = expect.iter().map(|anchor| anchor["name"].as_str().unwrap()).collect();
    assert_eq!(names, expected, "{symbol} anchors");
    for (anchor, expect) in anchors.iter().zip(expect) {
        let avwap = avwap::Avwap::from_anchor(history, anchor.at);
        let slope = avwap.now().zip(avwap.ago(5)).and_then(|(now, then)| average::slope(now, then));
        assert_eq!(
            (anchor.at as u64, anchor.date.to_string().as_str()),
            (expect["loc"].as_u64().unwrap(), expect["date"].as_str().unwrap())
        );
        check(symbol, "priority", Some(anchor.kind.priority()), &expect["priority"]);
        check(symbol, "avwap", avwap.now(), &expect["avwap"]);
        check(symbol, "slope5", slope, &expect["slope5"]);
    }
}

fn verdict_name(verdict: &Verdict) -> &'static str {
    match verdict {
        Verdict::TooShort => "too_short",
        Verdict::WeeklyMisaligned => "weekly_misaligned",
        Verdict::QualityGate(_) => "quality_gate",
        Verdict::NoAnchor => "no_anchor",
        Verdict::Candidate(_) => "candidate",
    }
}

#[test]
fn three_hundred_symbols() {
    let Some(shared) = crate::rig::shared() else { return };
    let golden = fs::read(shared.join("golden/scan/2017-11-10/indicators-300.json")).unwrap();
    let golden: Value = serde_json::from_slice(&golden).unwrap();
    let golden = golden.as_object().unwrap();
    assert_eq!(golden.len(), 300);
    let as_of = "2017-11-10".parse().unwrap();
    let rules = Rules::for_as_of(as_of);
    let window = Selection { from: Some(as_of.plus_days(-730)), to: Some(as_of) };
    let table = bars::read(&shared.join("data/us-daily-2014-2017.parquet"), &window).unwrap();
    for (name, expect) in golden {
        let Series { dates, open, high, low, close, volume } = table.get(Symbol::new(name).unwrap()).unwrap();
        let history = History::new(dates, open, high, low, close, volume).unwrap();
        assert_eq!(Some(history.len() as u64), expect["bars"].as_u64(), "{name} bars");
        check_symbol(name, &history, expect);
        assert_eq!(Some(verdict_name(&evaluate(&history, &rules))), expect["verdict"].as_str(), "{name}");
    }
}
