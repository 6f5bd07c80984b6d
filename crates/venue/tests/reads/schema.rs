//! Every answer holds what Alpaca's own documents require of it, in the right types.

use std::{env, fs, path::PathBuf};

use serde_json::{Value, json};

use crate::scene::{DAYS, Scene, dividend, market, split};

/// One of Alpaca's documents.
struct Document {
    root: Value,
}

#[test]
fn answers_hold_what_the_schemas_require() {
    let Some(trading) = Document::read("trading-api.json") else { return };
    let Some(data) = Document::read("market-data-api.json") else { return };
    let mut market = market();
    market.actions = vec![split("FLAT", DAYS[1], 5, 1), split("RISE", DAYS[1], 1, 2), dividend("FALL", DAYS[1], 25)];
    let mut scene = Scene::with(market, "09:31", |config| (config.shorting, config.multiplier) = (true, 2));
    scene.market("buy", 10, "FALL");
    scene.market("sell", 10, "FLAT");
    scene.far_limit("RISE", "1.00");
    scene.order(&json!({
        "symbol": "THIN", "qty": "2", "side": "buy", "type": "limit", "limit_price": "4", "time_in_force": "gtc",
        "order_class": "bracket", "take_profit": {"limit_price": "6"}, "stop_loss": {"stop_price": "3"},
    }));
    scene.go("2 10:00:07");
    for (path, target) in [
        ("/v2/account", "/v2/account"),
        ("/v2/account/configurations", "/v2/account/configurations"),
        ("/v2/account/activities", "/v2/account/activities"),
        ("/v2/account/activities/{activity_type}", "/v2/account/activities/FILL"),
        ("/v2/account/portfolio/history", "/v2/account/portfolio/history?period=1D"),
        ("/v2/assets", "/v2/assets"),
        ("/v2/assets/{symbol_or_asset_id}", "/v2/assets/FALL"),
        ("/v2/calendar", "/v2/calendar?start=2026-11-01&end=2026-11-30"),
        ("/v2/clock", "/v2/clock"),
        ("/v2/orders", "/v2/orders?status=all"),
        ("/v2/orders", "/v2/orders?status=all&nested=true"),
        ("/v2/positions", "/v2/positions"),
        ("/v2/positions/{symbol_or_asset_id}", "/v2/positions/FLAT"),
    ] {
        trading.check(path, target, &scene.get(target));
    }
    for what in ["bars", "trades", "quotes"] {
        let more = if what == "bars" { "&timeframe=1Min" } else { "" };
        for (path, target) in [
            (format!("/v2/stocks/{what}"), format!("/v2/stocks/{what}?symbols=RISE,FALL&limit=300{more}")),
            (format!("/v2/stocks/{{symbol}}/{what}"), format!("/v2/stocks/RISE/{what}?limit=300{more}")),
            (format!("/v2/stocks/{what}/latest"), format!("/v2/stocks/{what}/latest?symbols=RISE,FALL")),
            (format!("/v2/stocks/{{symbol}}/{what}/latest"), format!("/v2/stocks/RISE/{what}/latest")),
        ] {
            data.check(&path, &target, &scene.get(&target));
        }
    }
    for (path, target) in [
        ("/v2/stocks/snapshots", "/v2/stocks/snapshots?symbols=RISE,FALL"),
        ("/v2/stocks/{symbol}/snapshot", "/v2/stocks/RISE/snapshot"),
        ("/v2/stocks/meta/exchanges", "/v2/stocks/meta/exchanges"),
        ("/v2/stocks/meta/conditions/{ticktype}", "/v2/stocks/meta/conditions/quote?tape=C"),
        ("/v1/corporate-actions", "/v1/corporate-actions?start=2026-11-01&end=2026-11-30"),
    ] {
        data.check(path, target, &scene.get(target));
    }
}

#[test]
fn the_check_notices_what_is_missing_or_of_a_wrong_type() {
    let Some(trading) = Document::read("trading-api.json") else { return };
    let schema = trading.schema("/v2/clock");
    let clock = Scene::at("10:00").get("/v2/clock");
    assert_eq!(trading.faults(&schema, &clock, "clock"), Vec::<String>::new());
    let mut without = clock.clone();
    without.as_object_mut().unwrap().remove("next_open");
    assert_eq!(trading.faults(&schema, &without, "clock").len(), 1);
    assert_eq!(
        trading
            .faults(&schema, &json!({"timestamp": 1, "is_open": "x", "next_open": "", "next_close": ""}), "clock")
            .len(),
        2
    );
}

impl Document {
    fn read(name: &str) -> Option<Self> {
        let beside = || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared");
        let shared = env::var_os("PORTCULLIS_SHARED").map_or_else(beside, PathBuf::from);
        let Ok(text) = fs::read_to_string(shared.join("reference/alpaca-openapi").join(name)) else {
            assert_ne!(std::env::var("CI").as_deref(), Ok("true"), "CI skips nothing");
            println!("skipped: needs ../shared (reference/alpaca-openapi/{name})");
            return None;
        };
        Some(Self { root: serde_json::from_str(&text).unwrap() })
    }

    fn schema(&self, path: &str) -> Value {
        let answer = &self.root["paths"][path]["get"]["responses"]["200"]["content"]["application/json"]["schema"];
        assert!(answer.is_object(), "no schema of {path}");
        answer.clone()
    }

    fn check(&self, path: &str, target: &str, answer: &Value) {
        let empty =
            answer.as_array().is_some_and(Vec::is_empty) || answer.as_object().is_some_and(serde_json::Map::is_empty);
        assert!(!empty, "{target} answers nothing to check");
        let faults = self.faults(&self.schema(path), answer, target);
        assert!(faults.is_empty(), "{}", faults.join("\n"));
    }

    fn resolve<'a>(&'a self, schema: &'a Value) -> &'a Value {
        match schema["$ref"].as_str() {
            Some(reference) => self.resolve(self.root.pointer(reference.trim_start_matches('#')).unwrap()),
            None => schema,
        }
    }

    fn faults(&self, schema: &Value, value: &Value, at: &str) -> Vec<String> {
        let schema = self.resolve(schema);
        let mut faults = Vec::new();
        for part in schema["allOf"].as_array().into_iter().flatten() {
            faults.extend(self.faults(part, value, at));
        }
        for choice in ["anyOf", "oneOf"] {
            let Some(parts) = schema[choice].as_array() else { continue };
            if !parts.iter().any(|part| self.faults(part, value, at).is_empty()) {
                faults.push(format!("{at}: none of {choice} fits {value}"));
            }
        }
        if let Some(fault) = wrong_type(schema, value) {
            return vec![format!("{at}: {fault}: {value}")];
        }
        if let Some(words) = schema["enum"].as_array().filter(|words| !words.contains(value) && !value.is_null()) {
            faults.push(format!("{at}: {value} is none of {words:?}"));
        }
        if let Some(object) = value.as_object() {
            for name in schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str) {
                if !object.contains_key(name) {
                    faults.push(format!("{at}.{name} is missing"));
                }
            }
            for (name, member) in object {
                let of_name = schema["properties"].get(name).or_else(|| schema.get("additionalProperties"));
                if let Some(of_name) = of_name.filter(|schema| schema.is_object()) {
                    faults.extend(self.faults(of_name, member, &format!("{at}.{name}")));
                }
            }
        }
        for (place, item) in value.as_array().into_iter().flatten().enumerate() {
            faults.extend(self.faults(&schema["items"], item, &format!("{at}[{place}]")));
        }
        faults
    }
}

fn wrong_type(schema: &Value, value: &Value) -> Option<String> {
    let one = schema["type"].as_str().into_iter();
    let types: Vec<&str> =
        one.chain(schema["type"].as_array().into_iter().flatten().filter_map(Value::as_str)).collect();
    if types.is_empty() {
        return None;
    }
    let fits = |kind: &&str| match *kind {
        "string" => value.is_string(),
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        "boolean" => value.is_boolean(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        "null" => value.is_null(),
        _ => false,
    };
    let nullable = schema["nullable"] == true && value.is_null();
    (!nullable && !types.iter().any(fits)).then(|| format!("not of type {types:?}"))
}
