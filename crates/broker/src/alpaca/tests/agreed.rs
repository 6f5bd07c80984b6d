//! What happens before the first order: agreement on the account, and the broker's rules for openings.

use trading::order::{Purpose, Side};

use super::*;
use crate::alpaca::{ticket::Ticket, validate::Around};

#[tokio::test]
async fn the_first_order_asks_for_the_account_and_the_second_does_not() {
    let server = Canned::start(vec![account(ACCOUNT), accepted(), accepted()]).await;
    let client = Alpaca::new(&config(&server.base_url)).unwrap();
    for _ in 0..2 {
        assert_eq!(word(&place(&client, Purpose::Protect).await), "accepted");
    }
    assert_eq!(methods(&server), ["GET /v2/account", "POST /v2/orders", "POST /v2/orders"]);
}

#[tokio::test]
async fn an_account_read_for_another_reason_counts() {
    let whole = r#"{"account_number":"PA30000000","status":"ACTIVE","equity":"1","last_equity":"1","cash":"1",
        "buying_power":"1"}"#;
    let server = Canned::start(vec![Behaviour::json(200, whole), accepted()]).await;
    let client = Alpaca::new(&config(&server.base_url)).unwrap();
    client.account().await.unwrap();
    assert_eq!(word(&place(&client, Purpose::Protect).await), "accepted");
    assert_eq!(methods(&server), ["GET /v2/account", "POST /v2/orders"]);
}

#[tokio::test]
async fn no_order_leaves_for_another_account_or_an_unknown_one() {
    for (behaviour, expect, words) in [
        (account("PA9"), "rejected", "expected account PA30000000 (local); the keys belong to account PA9 (local)"),
        (Behaviour::json(200, r#"{"account_number":"PA_9"}"#), "retryable", "GET /v2/account"),
        (Behaviour::json(200, r#"{"account_number":null}"#), "retryable", "GET /v2/account"),
        (Behaviour::json(500, "{}"), "retryable", "HTTP 500"),
        (Behaviour::json(401, "{}"), "retryable", "HTTP 401"),
        (Behaviour::Close, "retryable", "GET /v2/account"),
        (Behaviour::Mute, "retryable", "no answer in time"),
    ] {
        let server = Canned::start(vec![behaviour.clone()]).await;
        let client = Alpaca::new(&config_for(&server)).unwrap();
        let outcome = place(&client, Purpose::Protect).await;
        assert_eq!(word(&outcome), expect, "{behaviour:?}: {outcome:?}");
        assert!(format!("{outcome:?}").contains(words), "{outcome:?}");
        let asked = server.requests().len();
        let change = (&limit_order()).into();
        assert_eq!(word(&place(&client, Purpose::Open).await), expect, "{behaviour:?}");
        assert_eq!(word(&client.by_hand().replace(&"o-1".parse().unwrap(), &change).await), expect, "{behaviour:?}");
        assert_eq!(server.requests().len(), asked, "an opening asks for nothing");
        let id = "o-1".parse().unwrap();
        assert!(matches!(Broker::cancel(&client, &id).await, CancelOutcome::Unknown(_)), "{behaviour:?}");
        assert!(methods(&server).iter().all(|request| request == "GET /v2/account"), "{behaviour:?}");
    }
}

#[tokio::test]
async fn a_client_that_expects_no_account_reads_only() {
    let server = Canned::start(vec![Behaviour::json(200, "[]")]).await;
    let client = Alpaca::new(&Config { expected: None, ..config(&server.base_url) }).unwrap();
    assert_eq!(word(&place(&client, Purpose::Flatten).await), "rejected");
    assert!(matches!(client.by_hand().cancel(&"o-1".parse().unwrap()).await, CancelOutcome::Unknown(_)));
    assert!(client.positions().await.is_ok());
    assert_eq!(methods(&server), ["GET /v2/positions"]);
}

#[test]
fn environment_and_addresses_are_compared_before_anything_is_connected() {
    for environment in [Environment::Paper, Environment::Live] {
        let expected = Expected { environment, account: ACCOUNT.parse().unwrap() };
        let error = Alpaca::new(&config("http://127.0.0.1:1").trading_for(expected)).unwrap_err();
        let expect = format!("{environment} trading with the trading address http://127.0.0.1:1");
        assert_eq!(error.to_string(), expect);
    }
}

/// A read can take its time, and the controls have looked at the kill switch before it.
#[tokio::test]
async fn an_opening_is_preceded_by_no_read() {
    let server = Canned::start(vec![account(ACCOUNT), asset("true"), accepted(), accepted()]).await;
    let client = Alpaca::new(&config(&server.base_url)).unwrap();
    let symbol = limit_order().symbol;
    let outcome = place(&client, Purpose::Open).await;
    assert_eq!(outcome, retryable("not sent, because the account is not known yet"));
    assert_eq!(client.account_number().await.unwrap().as_str(), ACCOUNT);
    assert_eq!(client.opens(symbol), Opens::NotKnown);
    assert_eq!(place(&client, Purpose::Open).await, retryable("not sent, because BRK.B was not learned as an asset"));
    for _ in 0..2 {
        client.learn_assets(&[symbol]).await.unwrap();
        assert_eq!((client.opens(symbol), client.held_back()), (Opens::Yes, None));
        assert_eq!(word(&place(&client, Purpose::Open).await), "accepted");
    }
    let expect = ["GET /v2/account", "GET /v2/assets/BRK.B", "POST /v2/orders", "POST /v2/orders"];
    assert_eq!(methods(&server), expect);
}

#[tokio::test]
async fn an_opening_of_what_does_not_trade_stays_here() {
    let missing = Behaviour::json(404, r#"{"code":40410000,"message":"asset not found"}"#);
    let no = |why: &str| Opens::No(why.to_owned());
    for (behaviour, opens, expect, words) in [
        (asset("false"), no("BRK.B is not traded by the broker"), "rejected", "BRK.B is not traded by the broker"),
        (missing, no("the broker knows no BRK.B"), "rejected", "the broker knows no BRK.B"),
        (Behaviour::json(404, "<html>"), Opens::NotKnown, "retryable", "was not learned"),
        (Behaviour::json(200, "{}"), Opens::NotKnown, "retryable", "was not learned"),
        (Behaviour::Close, Opens::NotKnown, "retryable", "was not learned"),
    ] {
        let server = Canned::start(vec![behaviour.clone()]).await;
        let client = client(&server.base_url);
        let learned = client.learn_assets(&[limit_order().symbol]).await;
        assert_eq!(learned.is_err(), opens == Opens::NotKnown, "{behaviour:?}: {learned:?}");
        assert_eq!(client.opens(limit_order().symbol), opens, "{behaviour:?}");
        let outcome = place(&client, Purpose::Open).await;
        assert_eq!(word(&outcome), expect, "{behaviour:?}: {outcome:?}");
        assert!(format!("{outcome:?}").contains(words), "{outcome:?}");
        assert!(methods(&server).iter().all(|request| request.starts_with("GET ")), "{behaviour:?}");
    }
}

#[tokio::test]
async fn one_symbol_without_an_answer_keeps_no_other_from_being_learned() {
    let server = Canned::start(vec![Behaviour::json(422, r#"{"message":"no"}"#), asset("true")]).await;
    let client = client(&server.base_url);
    let symbols = ["ODD".parse().unwrap(), limit_order().symbol];
    let error = client.learn_assets(&symbols).await.unwrap_err();
    assert_eq!(error.endpoint, "GET /v2/assets/ODD");
    assert_eq!(symbols.map(|symbol| client.opens(symbol)), [Opens::NotKnown, Opens::Yes]);
}

/// Our idea of the rules stops an opening and nothing else.
#[tokio::test]
async fn a_rule_stops_an_opening_and_never_a_protection() {
    for (purpose, requests) in [
        (Purpose::Open, vec!["GET /v2/assets/BRK.B"]),
        (Purpose::Reduce, vec!["POST /v2/orders"]),
        (Purpose::Protect, vec!["POST /v2/orders"]),
        (Purpose::Flatten, vec!["POST /v2/orders"]),
    ] {
        let answers = if purpose == Purpose::Open { vec![asset("true")] } else { vec![accepted()] };
        let server = Canned::start(answers).await;
        let fraction = Qty::from_units(1).unwrap();
        let limit = OrderKind::Limit { limit: "10.001".parse().unwrap() };
        let order = OrderRequest { purpose, qty: fraction, kind: limit, side: Side::Sell, ..limit_order() };
        let client = client(&server.base_url);
        if purpose == Purpose::Open {
            client.learn_assets(&[order.symbol]).await.unwrap();
        }
        let outcome = client.place(&Ticket::from(&order), Around::default()).await;
        assert_eq!(word(&outcome), if purpose == Purpose::Open { "rejected" } else { "accepted" }, "{outcome:?}");
        assert_eq!(methods(&server), requests, "{purpose}");
        if let SubmitOutcome::Rejected { reason, message } = outcome {
            assert_eq!(reason, RejectReason::Invalid);
            for words in ["two decimals", "a type other than market"] {
                assert!(message.contains(words), "every breach at once: {message}");
            }
        }
    }
}

fn retryable(why: &str) -> SubmitOutcome {
    SubmitOutcome::Retryable { after: None, why: why.to_owned() }
}

async fn place(client: &Alpaca, purpose: Purpose) -> SubmitOutcome {
    let order = OrderRequest { purpose, ..limit_order() };
    client.place(&Ticket::from(&order), Around::default()).await
}

fn accepted() -> Behaviour {
    Behaviour::json(200, order_json("id-1", "new"))
}

fn account(number: &str) -> Behaviour {
    Behaviour::json(200, format!(r#"{{"account_number":"{number}"}}"#))
}

fn asset(tradable: &str) -> Behaviour {
    Behaviour::json(
        200,
        format!(
            r#"{{"id":"a","class":"us_equity","exchange":"NYSE","symbol":"BRK.B","name":"B","status":"active",
            "tradable":{tradable},"marginable":true,"shortable":true,"easy_to_borrow":true,"fractionable":true}}"#
        ),
    )
}

fn methods(server: &Canned) -> Vec<String> {
    let first = |request: &String| request.split(" HTTP").next().unwrap().to_owned();
    server.requests().iter().map(first).collect()
}
