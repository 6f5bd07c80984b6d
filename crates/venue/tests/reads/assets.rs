//! Assets.

use serde_json::json;

use crate::scene::{Scene, column};

#[test]
fn assets_are_filtered_and_sorted_by_exchange_and_symbol() {
    let mut scene = Scene::at("09:00");
    for (query, expect) in [
        ("", vec!["FALL", "FLAT", "GONE", "RISE", "THIN"]),
        ("status=active", vec!["FALL", "FLAT", "RISE", "THIN"]),
        ("status=inactive", vec!["GONE"]),
        ("exchange=NASDAQ", vec!["FALL"]),
        ("exchange=NYSE&status=active&asset_class=us_equity", vec!["FLAT", "RISE", "THIN"]),
        ("exchange=ARCA", vec![]),
        ("asset_class=crypto", vec![]),
        ("attributes=ipo", vec![]),
    ] {
        assert_eq!(column(&scene.get(&format!("/v2/assets?{query}")), "symbol"), expect, "{query}");
    }
    for query in ["status=sold", "exchange=MOON", "asset_class=tulips"] {
        assert_eq!(scene.refusal(&format!("/v2/assets?{query}")), (422, 42_210_000), "{query}");
    }
}

#[test]
fn an_asset_is_found_by_symbol_and_by_id() {
    let mut scene = Scene::at("09:00");
    let asset = scene.get("/v2/assets/FALL");
    assert_eq!(
        (&asset["name"], &asset["exchange"], &asset["class"]),
        (&json!("Falling Things"), &json!("NASDAQ"), &json!("us_equity"))
    );
    let id = asset["id"].as_str().unwrap().to_owned();
    assert_eq!(scene.get(&format!("/v2/assets/{id}")), asset);
    assert_eq!(scene.get("/v2/assets/GONE")["status"], "inactive");
    assert_eq!(scene.get("/v2/assets/RISE")["name"], "RISE");
    assert_eq!(scene.refusal("/v2/assets/NONE"), (404, 40_410_000));
}
