//! Every example in Alpaca's OpenAPI documents, for every endpoint used, is understood; what is not, is named with why.

use std::{collections::BTreeSet, path::PathBuf};

use market::Symbol;
use serde::de::DeserializeOwned;
use serde_json::Value;
use trading::report::OrderStatus;

use super::{
    account::history,
    activities::{Activity, activity},
    assets::asset,
    bars::decode_page,
    corporate_actions::{self, CorporateActions},
    decode,
    desk::{Cancelled, closed},
    latest,
    orders::detailed,
    wire,
};

/// What an example must be read as.
type Reader = fn(&Value) -> Result<(), String>;

/// Every endpoint that answers with a body, and what reads it; the number of its examples, so that none is passed over.
const TRADING: &[(&str, &str, Reader, usize)] = &[
    ("/v2/account", "get", |value| decode::account(read(value)?).map(drop), 1),
    ("/v2/account/portfolio/history", "get", |value| history(read(value)?).map(drop), 3),
    ("/v2/account/activities", "get", |value| activity(value.clone()).map(drop), 2),
    ("/v2/account/activities/{activity_type}", "get", |value| activity(value.clone()).map(drop), 2),
    ("/v2/clock", "get", |value| read(value).map(|clock| _ = decode::clock(&clock)), 1),
    ("/v2/assets", "get", |value| asset(read(value)?).map(drop), 1),
    ("/v2/assets/{symbol_or_asset_id}", "get", |value| asset(read(value)?).map(drop), 1),
    ("/v2/orders", "post", order, 6),
    ("/v2/orders", "get", order, 5),
    ("/v2/orders", "delete", |value| read::<Cancelled>(value).map(drop), 1),
    ("/v2/orders/{order_id}", "get", order, 6),
    ("/v2/orders/{order_id}", "patch", order, 3),
    // Without examples of their own; their schema is the order's.
    ("/v2/orders:by_client_order_id", "get", order, 0),
    ("/v2/positions/{symbol_or_asset_id}", "delete", order, 0),
    ("/v2/positions", "get", |value| decode::position(read(value)?).map(drop), 2),
    ("/v2/positions/{symbol_or_asset_id}", "get", |value| decode::position(read(value)?).map(drop), 2),
    ("/v2/positions", "delete", close_of_one, 1),
];

const DATA: &[(&str, &str, Reader, usize)] = &[
    ("/v2/stocks/bars", "get", bars, 1),
    ("/v2/stocks/bars/latest", "get", |value| rows(value, Some("bars"), latest::read_bar, 2), 1),
    ("/v2/stocks/quotes/latest", "get", |value| rows(value, Some("quotes"), latest::quote, 2), 1),
    ("/v2/stocks/trades/latest", "get", |value| rows(value, Some("trades"), latest::trade, 1), 1),
    ("/v2/stocks/snapshots", "get", |value| rows(value, None, whole_snapshot, 2), 1),
];

/// What we do not read: `(endpoint, example, why)`.
const EXCEPTIONS: &[(&str, &str, &str)] = &[
    ("get /v2/account", "example", "an underscore in the account number would split our client order ids"),
    ("post /v2/orders", "Options", "a contract is no symbol of ours"),
    ("post /v2/orders", "MultilegOptions", "an order for several contracts has no symbol"),
    ("get /v2/orders", "Options", "a contract is no symbol of ours"),
    ("get /v2/orders", "MultilegOptions", "an order for several contracts has no symbol"),
    ("get /v2/orders/{order_id}", "Options", "a contract is no symbol of ours"),
    ("get /v2/orders/{order_id}", "MultilegOptions", "an order for several contracts has no symbol"),
    ("patch /v2/orders/{order_id}", "Options", "a contract is no symbol of ours"),
];

#[test]
fn every_example_is_read() {
    for (name, endpoints) in [("trading-api.json", TRADING), ("market-data-api.json", DATA)] {
        let Some(document) = document(name) else { return };
        let mut unread = BTreeSet::new();
        for (path, method, reader, count) in endpoints {
            let found = examples(&document, path, method);
            assert_eq!(found.len(), *count, "{method} {path} has other examples than it had: {found:?}");
            for (example, value) in found {
                let endpoint = format!("{method} {path}");
                let excepted = EXCEPTIONS.iter().any(|(at, name, _)| *at == endpoint && *name == example);
                match reader(&value) {
                    Ok(()) => assert!(!excepted, "{endpoint} {example} is read: no exception any more"),
                    Err(why) => {
                        assert!(excepted, "{endpoint} {example}: {why}: {value}");
                        unread.insert((endpoint, example));
                    }
                }
            }
        }
        let expected = if name == "trading-api.json" { EXCEPTIONS.len() } else { 0 };
        assert_eq!(unread.len(), expected, "{unread:?}");
    }
}

#[test]
fn every_kind_of_corporate_action_is_read() {
    let Some(document) = document("market-data-api.json") else { return };
    let lists = document["components"]["schemas"]["corporate_actions"]["properties"].as_object().unwrap();
    let mut all = CorporateActions::default();
    let mut kinds = 0;
    for (list, schema) in lists {
        let item = resolve(&document, &schema["items"]);
        let found = of_schema(&document, item);
        kinds += usize::from(!found.is_empty());
        let rows = found.into_iter().map(|(_, value)| value).collect();
        corporate_actions::read_into([(list.clone(), rows)].into(), &mut all);
    }
    // Partial calls and reorganisations have no example, and no word of ours either.
    assert_eq!((lists.len(), kinds, all.read.len()), (16, 14, 14));
    assert_eq!(all.unreadable, Vec::<String>::new());
    let others = |action: &&corporate_actions::CorporateAction| {
        matches!(action.event, corporate_actions::CorporateEvent::Other { .. })
    };
    assert_eq!(all.read.iter().filter(others).count(), 0);
}

#[test]
fn the_documents_words_mean_what_they_say() {
    let Some(document) = document("trading-api.json") else { return };
    let examples = &document["components"]["examples"];
    let equity = decode::order(read(&examples["EquityOrderResponse"]["value"]).unwrap()).unwrap();
    assert_eq!((equity.status, equity.qty.to_string().as_str()), (OrderStatus::Accepted, "2"));
    assert_eq!(equity.kind.unwrap().to_string(), "limit 150.00");
    let bracket = detailed(examples["BracketOrderResponse"]["value"].clone()).unwrap();
    let roles: Vec<_> = bracket.legs.iter().map(|leg| leg.group_role.as_deref().unwrap()).collect();
    assert_eq!((bracket.class.as_str(), roles), ("bracket", vec!["take_profit", "stop_loss"]));
    let clock = decode::clock(&read(&document["components"]["schemas"]["legacy_clock"]["example"]).unwrap());
    assert_eq!(clock.now.to_ny_rfc3339(), "2025-06-24T14:15:22-04:00");
    let properties = document["components"]["schemas"]["legacy_calendar_day"]["properties"].as_object().unwrap();
    let day: Value = properties.iter().map(|(name, schema)| (name.clone(), schema["example"].clone())).collect();
    let session = decode::session(&read(&day).unwrap()).unwrap();
    assert_eq!(Some(session), market::Calendar::nyse().session_on(session.date).unwrap());
    let get = &document["paths"]["/v2/account"]["get"];
    let mut account = get["responses"]["200"]["content"]["application/json"]["example"].clone();
    account["account_number"] = "PALPACA123".into();
    let report = decode::account(read(&account).unwrap()).unwrap();
    assert_eq!(report.last_equity.to_string(), "122011.0975");
    assert!(!report.trading_blocked);
    let fill = &document["components"]["schemas"]["TradingActivities"]["examples"][0];
    assert!(matches!(activity(fill.clone()), Ok(Activity::Fill(_))));
}

#[test]
fn every_documented_status_is_known() {
    let Some(document) = document("trading-api.json") else { return };
    for status in document["components"]["schemas"]["OrderStatus"]["enum"].as_array().unwrap() {
        let mut example = document["components"]["examples"]["EquityOrderResponse"]["value"].clone();
        example["status"] = status.clone();
        let report = decode::order(read(&example).unwrap()).unwrap();
        assert!(!matches!(report.status, OrderStatus::Unrecognised(_)), "{status}");
    }
}

fn order(value: &Value) -> Result<(), String> {
    let order: wire::Order = read(value)?;
    let has_symbol = order.symbol.as_deref().is_some_and(|symbol| Symbol::new(symbol).is_ok());
    let report = decode::order(order);
    assert_eq!(report.is_ok(), has_symbol, "{report:?}");
    detailed(value.clone()).map(drop)
}

fn close_of_one(value: &Value) -> Result<(), String> {
    let closed = closed(read(value)?);
    if closed.order.is_some() { Ok(()) } else { Err("without its order".to_owned()) }
}

fn bars(value: &Value) -> Result<(), String> {
    let page = decode_page(value.to_string().as_bytes()).map_err(|error| error.to_string())?;
    let [bar] = page.bars[&"AAPL".parse().unwrap()].as_slice() else { return Err("not one bar".to_owned()) };
    assert_eq!((bar.low.to_string().as_str(), page.next.is_some()), ("178.21", true));
    Ok(())
}

fn whole_snapshot(value: Value) -> Option<()> {
    let snapshot = latest::snapshot(value)?;
    let days = snapshot.day.is_some() && snapshot.previous_day.is_some();
    (snapshot.trade.is_some() && snapshot.quote.is_some() && snapshot.minute.is_some() && days).then_some(())
}

/// All rows of a list by symbol, and so many of them.
fn rows<T>(value: &Value, member: Option<&str>, reader: fn(Value) -> Option<T>, count: usize) -> Result<(), String> {
    let read = latest::rows(value.clone(), member, reader)?.len();
    if read == count { Ok(()) } else { Err(format!("{read} of {count} rows")) }
}

fn read<T: DeserializeOwned>(value: &Value) -> Result<T, String> {
    serde_json::from_value(value.clone()).map_err(|error| error.to_string())
}

/// The examples of a successful answer: its own, or else those of its schema.
fn examples(document: &Value, path: &str, method: &str) -> Vec<(String, Value)> {
    let responses = &document["paths"][path][method]["responses"];
    let response = if responses["200"].is_null() { &responses["207"] } else { &responses["200"] };
    let content = &resolve(document, response)["content"]["application/json"];
    let mut found = Vec::new();
    if let Some(example) = content.get("example") {
        found.push(("example".to_owned(), example.clone()));
    }
    for (name, example) in content["examples"].as_object().into_iter().flatten() {
        found.push((name.clone(), resolve(document, example)["value"].clone()));
    }
    if found.is_empty() { of_schema(document, &content["schema"]) } else { found }
}

/// The examples of a schema, of its items, or of what it may be one of.
fn of_schema(document: &Value, schema: &Value) -> Vec<(String, Value)> {
    let schema = resolve(document, schema);
    if let Some(example) = schema.get("example") {
        return vec![("example".to_owned(), example.clone())];
    }
    let named = |value: &Value| ("schema".to_owned(), value.clone());
    let own: Vec<_> = schema["examples"].as_array().into_iter().flatten().map(named).collect();
    if !own.is_empty() {
        return own;
    }
    let several = ["anyOf", "oneOf"].iter().flat_map(|word| schema[*word].as_array().into_iter().flatten());
    let below = schema.get("items").into_iter().chain(several);
    below.flat_map(|schema| of_schema(document, schema)).collect()
}

fn resolve<'a>(document: &'a Value, value: &'a Value) -> &'a Value {
    match value.get("$ref").and_then(Value::as_str) {
        Some(at) => resolve(document, document.pointer(at.trim_start_matches('#')).expect("a reference that leads")),
        None => value,
    }
}

/// `None`, and said so, where the documents are not at hand.
fn document(name: &str) -> Option<Value> {
    let beside = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared");
    let shared = std::env::var_os("PORTCULLIS_SHARED").map_or_else(|| PathBuf::from(beside), PathBuf::from);
    let Ok(text) = std::fs::read_to_string(shared.join("reference/alpaca-openapi").join(name)) else {
        assert_ne!(std::env::var("CI").as_deref(), Ok("true"), "CI skips nothing");
        println!("skipped: needs ../shared (reference/alpaca-openapi/{name})");
        return None;
    };
    Some(serde_json::from_str(&text).expect("a JSON document"))
}
