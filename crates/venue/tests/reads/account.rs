//! The account and its configurations.

use serde_json::{Value, json};

use crate::scene::{Scene, market, symbol};

fn money(account: &Value, name: &str) -> f64 {
    account[name].as_str().unwrap_or_else(|| panic!("{name} is no text: {account}")).parse().unwrap()
}

#[test]
fn a_new_account_is_its_cash() {
    let account = Scene::at("09:00").get("/v2/account");
    for name in ["cash", "equity", "portfolio_value", "last_equity", "buying_power", "regt_buying_power"] {
        assert_eq!(account[name], "100000.00", "{name}");
    }
    for name in ["long_market_value", "short_market_value", "initial_margin", "maintenance_margin", "accrued_fees"] {
        assert_eq!(money(&account, name), 0.0, "{name}");
    }
    assert_eq!((&account["account_number"], &account["multiplier"]), (&json!("PA1"), &json!("1")));
    assert_eq!((&account["status"], &account["balance_asof"]), (&json!("ACTIVE"), &json!("2026-11-09")));
}

#[test]
fn equity_is_cash_and_what_is_held_and_last_equity_is_that_of_the_previous_close() {
    let mut scene = Scene::at("09:31");
    scene.market("buy", 1_000, "RISE");
    scene.go("15:59:50");
    let account = scene.get("/v2/account");
    assert_eq!(money(&account, "equity"), money(&account, "cash") + money(&account, "long_market_value"));
    assert_eq!(account["last_equity"], "100000.00");
    scene.go("2 09:00");
    let account = scene.get("/v2/account");
    let (equity, cash) = (money(&account, "equity"), money(&account, "cash"));
    assert!(equity > 105_000.0 && (equity - cash - 20_000.0).abs() < 0.01, "{account}");
    assert_eq!(account["last_equity"], account["equity"], "nothing has traded since the close");
    assert_eq!(money(&account, "last_maintenance_margin"), 6_000.0);
    assert_eq!(account["balance_asof"], "2026-11-10");
    scene.print("RISE", "30", 1);
    let after = scene.get("/v2/account");
    assert_eq!(money(&after, "equity"), equity + 10_000.0);
    assert_eq!(money(&after, "last_equity"), equity);
}

#[test]
fn margin_accounts_have_multiples_and_short_positions_negative_values() {
    let mut scene = Scene::with(market(), "09:31", |config| {
        (config.shorting, config.multiplier) = (true, 4);
    });
    scene.market("sell", 100, "FLAT");
    scene.go("09:33");
    let account = scene.get("/v2/account");
    assert_eq!((&account["multiplier"], &account["shorting_enabled"]), (&json!("4"), &json!(true)));
    assert_eq!(money(&account, "short_market_value"), -2_500.0);
    assert!((money(&account, "equity") - 100_000.0).abs() < 5.0, "{account}");
    assert_eq!((money(&account, "initial_margin"), money(&account, "maintenance_margin")), (1_250.0, 750.0));
    assert!(money(&account, "buying_power") > 300_000.0);
    assert_eq!(money(&account, "regt_buying_power"), money(&account, "buying_power") / 2.0);
    let position = scene.get("/v2/positions/FLAT");
    assert_eq!((&position["side"], &position["qty"]), (&json!("short"), &json!("-100")));
    assert_eq!((money(&position, "market_value"), money(&position, "current_price")), (-2_500.0, 25.0));
    assert!(money(&position, "cost_basis") < 0.0 && money(&position, "avg_entry_price") > 0.0);
    scene.engine.print(symbol("FLAT"), "20".parse().unwrap(), None, None, 1).unwrap();
    let position = scene.get("/v2/positions/FLAT");
    assert!(money(&position, "unrealized_pl") > 490.0 && money(&position, "unrealized_plpc") > 0.19, "{position}");
}

#[test]
fn configurations_are_kept_and_wrong_ones_change_nothing() {
    let mut scene = Scene::at("09:31");
    let before = scene.get("/v2/account/configurations");
    assert_eq!((&before["suspend_trade"], &before["max_margin_multiplier"]), (&json!(false), &json!("4")));
    for wrong in [
        json!({"max_margin_multiplier": "3", "no_shorting": true}),
        json!({"trade_confirm_email": "some", "no_shorting": true}),
        json!({"max_options_trading_level": 4}),
    ] {
        let response = scene.response("PATCH", "/v2/account/configurations", &wrong);
        assert_eq!((response.status, response.json()["code"].as_u64()), (422, Some(42_210_000)), "{wrong}");
    }
    assert_eq!(scene.response("PATCH", "/v2/account/configurations", &json!({"suspend_trade": 7})).status, 400);
    assert_eq!(scene.get("/v2/account/configurations"), before);
    let change = json!({"suspend_trade": true, "max_margin_multiplier": "1", "dtbp_check": null});
    let after = scene.response("PATCH", "/v2/account/configurations", &change).json();
    assert_eq!((&after["suspend_trade"], &after["max_margin_multiplier"]), (&json!(true), &json!("1")));
    assert_eq!(scene.get("/v2/account")["trade_suspended_by_user"], true);
    let order = json!({"symbol": "RISE", "qty": "1", "side": "buy", "type": "market", "time_in_force": "day"});
    assert_eq!(scene.response("POST", "/v2/orders", &order).status, 403, "nothing is opened while suspended");
}
