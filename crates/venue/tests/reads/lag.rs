//! Reads that tell of fills late.

use market::TimeDelta;
use serde_json::json;
use venue::config::Lag;

use crate::scene::{DAYS, Scene, column, market, split};

fn lag(activities: i64, positions: i64) -> Lag {
    Lag { activities: TimeDelta::seconds(activities), positions: TimeDelta::seconds(positions) }
}

#[test]
fn activities_are_told_when_they_are_as_old_as_the_lag() {
    let mut scene = Scene::at("10:00:01");
    scene.market("buy", 1, "FLAT");
    scene.go("10:00:15");
    scene.market("buy", 2, "FLAT");
    scene.go("10:00:30");
    assert_eq!(scene.get("/v2/account/activities").as_array().unwrap().len(), 2, "none by default");
    scene.engine.set_lag(lag(30, 0));
    for (now, expect) in
        [("10:00:44", vec![]), ("10:00:45", vec!["1"]), ("10:00:59", vec!["1"]), ("10:01", vec!["2", "1"])]
    {
        scene.go(now);
        assert_eq!(column(&scene.get("/v2/account/activities/FILL"), "qty"), expect, "{now}");
        assert_eq!(scene.get("/v2/positions/FLAT")["qty"], "3", "positions have a lag of their own");
    }
}

#[test]
fn positions_are_those_before_younger_fills() {
    let mut scene = Scene::at("10:00:01");
    scene.market("buy", 10, "FLAT");
    scene.market("buy", 5, "FALL");
    scene.go("10:00:30");
    let before = scene.get("/v2/positions/FLAT");
    scene.print("FLAT", "30", 100);
    scene.market("buy", 10, "FLAT");
    scene.market("sell", 5, "FALL");
    scene.print("FLAT", "30", 100);
    scene.print("FALL", "35", 100);
    assert_eq!(column(&scene.get("/v2/positions"), "symbol"), ["FLAT"]);
    let cash = scene.get("/v2/account")["cash"].clone();

    scene.engine.set_lag(lag(0, 10));
    let positions = scene.get("/v2/positions");
    assert_eq!(column(&positions, "symbol"), ["FALL", "FLAT"]);
    let late = scene.get("/v2/positions/FLAT");
    for name in ["qty", "cost_basis", "avg_entry_price", "side"] {
        assert_eq!(late[name], before[name], "{name}");
    }
    assert_eq!(late["current_price"], "30.00", "only the shares are late");
    assert_eq!(scene.get("/v2/account")["cash"], cash);
    assert_eq!(scene.get("/v2/account/activities").as_array().unwrap().len(), 4);
    scene.go("10:00:40");
    assert_eq!(scene.get("/v2/positions/FLAT")["qty"], "20");
    assert_eq!(scene.refusal("/v2/positions/FALL"), (404, 40_410_000));
}

#[test]
fn a_lag_of_nothing_young_changes_nothing() {
    let mut market = market();
    market.actions = vec![split("FLAT", DAYS[1], 5, 1)];
    let mut scene = Scene::with(market, "09:31", |config| (config.shorting, config.multiplier) = (true, 2));
    for (side, qty, name) in [("buy", 3, "FLAT"), ("sell", 7, "RISE"), ("buy", 2, "FALL")] {
        scene.market(side, qty, name);
    }
    scene.go("09:45");
    scene.market("sell", 1, "FLAT");
    scene.market("buy", 3, "RISE");
    scene.go("2 10:00");
    scene.market("buy", 2, "FLAT");
    scene.go("2 12:00");
    let (positions, activities) = (scene.get("/v2/positions"), scene.get("/v2/account/activities"));
    assert_eq!(column(&positions, "qty"), [json!("2"), json!("12"), json!("-4")]);
    scene.engine.set_lag(lag(60, 60));
    assert_eq!(scene.get("/v2/positions"), positions);
    assert_eq!(scene.get("/v2/account/activities"), activities);
}
