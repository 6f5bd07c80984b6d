//! Every example in Alpaca's OpenAPI documents, for the endpoints used, must be understood.

use std::{collections::BTreeMap, path::PathBuf};

use market::Symbol;
use serde::de::DeserializeOwned;
use serde_json::Value;
use trading::report::OrderStatus;

use super::{decode, wire};

#[test]
fn order_examples() {
    let Some(document) = document("trading-api.json") else { return };
    let examples = document["components"]["examples"].as_object().unwrap();
    let orders: Vec<(&String, wire::Order)> = examples
        .iter()
        .filter(|(name, _)| name.ends_with("OrderResponse"))
        .map(|(name, example)| (name, parse(name, &example["value"])))
        .collect();
    assert!(orders.len() >= 6, "the document's order examples");
    for (name, order) in orders {
        let representable = order.symbol.as_deref().is_some_and(|symbol| Symbol::new(symbol).is_ok());
        let report = decode::order(order);
        assert_eq!(report.is_ok(), representable, "{name}: {report:?}");
        if name == "EquityOrderResponse" {
            let report = report.unwrap();
            assert_eq!((report.status, report.qty.to_string().as_str()), (OrderStatus::Accepted, "2"));
            assert_eq!(report.kind.unwrap().to_string(), "limit 150.00");
        }
    }
}

#[test]
fn every_documented_status_is_known() {
    let Some(document) = document("trading-api.json") else { return };
    for status in document["components"]["schemas"]["OrderStatus"]["enum"].as_array().unwrap() {
        let mut example = document["components"]["examples"]["EquityOrderResponse"]["value"].clone();
        example["status"] = status.clone();
        let report = decode::order(parse("order", &example)).unwrap();
        assert!(!matches!(report.status, OrderStatus::Unrecognised(_)), "{status}");
    }
}

#[test]
fn account_position_and_fill_examples() {
    let Some(document) = document("trading-api.json") else { return };
    let get = &document["paths"]["/v2/account"]["get"];
    let mut account = get["responses"]["200"]["content"]["application/json"]["example"].clone();
    assert!(decode::account(parse("account", &account)).is_err(), "an underscore would split our client order ids");
    account["account_number"] = "PALPACA123".into();
    let report = decode::account(parse("account", &account)).unwrap();
    assert_eq!(report.last_equity.to_string(), "122011.0975");
    assert!(!report.trading_blocked);

    let schemas = &document["components"]["schemas"];
    let positions = schemas["Position"]["examples"].as_array().unwrap();
    for example in positions {
        decode::position(parse("position", example)).unwrap();
    }
    let fills = schemas["TradingActivities"]["examples"].as_array().unwrap();
    for example in fills {
        decode::execution(parse("fill", example)).unwrap();
    }
    assert!(!positions.is_empty() && !fills.is_empty());
}

#[test]
fn clock_and_calendar_examples() {
    let Some(document) = document("trading-api.json") else { return };
    let schemas = &document["components"]["schemas"];
    let clock = decode::clock(&parse("clock", &schemas["legacy_clock"]["example"]));
    assert_eq!(clock.now.to_ny_rfc3339(), "2025-06-24T14:15:22-04:00");
    let properties = schemas["legacy_calendar_day"]["properties"].as_object().unwrap();
    let day: Value = properties.iter().map(|(name, schema)| (name.clone(), schema["example"].clone())).collect();
    let session = decode::session(&parse("calendar day", &day)).unwrap();
    assert_eq!(Some(session), market::Calendar::nyse().session_on(session.date).unwrap());
}

#[test]
fn bars_and_quotes_examples() {
    let Some(document) = document("market-data-api.json") else { return };
    let example = |path: &str, name: &str| {
        let content = &document["paths"][path]["get"]["responses"]["200"]["content"]["application/json"];
        content["examples"][name]["value"].clone()
    };
    let bars: wire::Bars = parse("bars", &example("/v2/stocks/bars", "bars"));
    assert!(bars.next_page_token.is_some());
    let mut candles = BTreeMap::new();
    let (from, to) = ("2022-01-01T00:00:00Z".parse().unwrap(), "2022-02-01T00:00:00Z".parse().unwrap());
    decode::candles(bars.bars, from, to, &mut candles).unwrap();
    assert_eq!(candles[&"AAPL".parse().unwrap()][0].low.to_string(), "178.21");
    let quotes = parse("quotes", &example("/v2/stocks/quotes/latest", "quotes"));
    assert_eq!(decode::quotes(&quotes).len(), 2);
}

fn parse<T: DeserializeOwned>(what: &str, value: &Value) -> T {
    serde_json::from_value(value.clone()).unwrap_or_else(|error| panic!("{what}: {error}: {value}"))
}

/// `None`, and said so, where the documents are not at hand.
fn document(name: &str) -> Option<Value> {
    let beside = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared");
    let shared = std::env::var_os("PORTCULLIS_SHARED").map_or_else(|| PathBuf::from(beside), PathBuf::from);
    let Ok(text) = std::fs::read_to_string(shared.join("reference/alpaca-openapi").join(name)) else {
        println!("skipped: needs ../shared (reference/alpaca-openapi/{name})");
        return None;
    };
    Some(serde_json::from_str(&text).expect("a JSON document"))
}
