//! The shell: sleepers and the clock, cut connections, the request log, shutting down.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use broker_sim::{Moment, Venue, VenueServer, Verdict};
use reqwest::Client;
use serde_json::{Value, json};

use crate::floor::{self, limit};

/// A bound on every wait, never reached by a test that passes.
const PATIENCE: Duration = Duration::from_secs(20);

#[tokio::test]
async fn a_sleeper_wakes_when_its_time_comes_and_not_before() {
    let (venue, server) = serve("09:00").await;
    let sleeper = tokio::spawn(sleep(server.base_url().to_owned(), "execution", "10:00"));
    until(&venue, |venue| venue.sleepers().len() == 1).await;
    assert_eq!(venue.sleepers()[0].participant, "execution");
    assert_eq!(venue.sleepers()[0].until, floor::at("10:00"));
    venue.advance_to(floor::at("09:59"));
    assert_eq!(venue.sleepers().len(), 1);
    venue.advance_to(floor::at("10:05"));
    assert!(venue.sleepers().is_empty(), "off the list when advance_to returns");
    let answer = within(sleeper).await.unwrap().unwrap();
    assert_eq!(answer["now"], floor::at("10:05").to_string());
}

#[tokio::test]
async fn an_instant_that_has_come_is_no_sleep() {
    let (venue, server) = serve("10:00").await;
    let answer = within(sleep(server.base_url().to_owned(), "execution", "10:00")).await.unwrap();
    assert_eq!(answer["now"], floor::at("10:00").to_string());
    assert!(venue.sleepers().is_empty());
}

#[tokio::test]
async fn who_wants_to_know_of_updates_wakes_when_something_becomes_of_an_order_and_time_stops_there() {
    let (venue, server) = serve("10:00").await;
    let url = server.base_url().to_owned();
    let listener = tokio::spawn(listen(url.clone(), "execution", "11:00"));
    let other = tokio::spawn(sleep(url.clone(), "desk", "11:00"));
    until(&venue, |venue| venue.sleepers().len() == 2).await;
    within(post(&server, &limit("RISE", "buy", 3, "30.00"))).await.unwrap();
    assert_eq!(venue.sleepers().len(), 2, "an order that begins to work is nothing that becomes of it");
    let filled = venue.advance_toward(floor::at("11:00"));
    assert!(floor::at("10:00") < filled && filled < floor::at("11:00"), "{filled}");
    assert_eq!(venue.truth().fills[0].at, filled);
    let answer = within(listener).await.unwrap().unwrap();
    assert_eq!(answer, json!({"now": filled, "woken_by": "update"}));
    assert_eq!(venue.advance_toward(floor::at("11:00")), floor::at("11:00"), "nobody is left who wants to know");
    assert_eq!(within(other).await.unwrap().unwrap(), json!({"now": floor::at("11:00"), "woken_by": "time"}));
}

#[tokio::test]
async fn what_became_of_orders_between_two_sleeps_is_not_slept_over() {
    let (venue, server) = serve("10:00").await;
    let url = server.base_url().to_owned();
    let first = tokio::spawn(listen(url.clone(), "execution", "10:01"));
    until(&venue, |venue| venue.sleepers().len() == 1).await;
    venue.advance_toward(floor::at("10:01"));
    assert_eq!(within(first).await.unwrap().unwrap()["woken_by"], "time");
    within(post(&server, &limit("RISE", "buy", 3, "30.00"))).await.unwrap();
    venue.advance_to(floor::at("10:02"));
    assert_eq!(within(listen(url.clone(), "execution", "11:00")).await.unwrap()["woken_by"], "update", "at once");
    let again = tokio::spawn(listen(url, "execution", "11:00"));
    until(&venue, |venue| venue.sleepers().len() == 1).await;
    venue.rouse();
    assert_eq!(within(again).await.unwrap().unwrap()["woken_by"], "call");
}

#[tokio::test]
async fn a_sleeper_that_hangs_up_is_forgotten() {
    let (venue, server) = serve("09:00").await;
    let sleeper = tokio::spawn(sleep(server.base_url().to_owned(), "execution", "10:00"));
    until(&venue, |venue| venue.sleepers().len() == 1).await;
    sleeper.abort();
    until(&venue, |venue| venue.sleepers().is_empty()).await;
}

#[tokio::test]
async fn time_never_goes_back() {
    let (venue, _server) = serve("10:00").await;
    venue.advance_to(floor::at("09:00"));
    assert_eq!(venue.now(), floor::at("10:00"));
}

#[tokio::test]
async fn a_request_dropped_before_did_nothing_and_one_dropped_after_did() {
    for (moment, orders) in [(Moment::Before, 0), (Moment::After, 1)] {
        let (venue, server) = serve("10:00").await;
        let seen = Arc::new(Mutex::new(Vec::new()));
        let log = Arc::clone(&seen);
        venue.intercept(Box::new(move |request, now| {
            log.lock().unwrap().push((request.number, now));
            if now == moment && request.method == "POST" { Verdict::Drop } else { Verdict::Pass }
        }));
        let answer = within(post(&server, &limit("RISE", "buy", 1, "9.00"))).await;
        assert!(answer.is_err(), "no answer comes: {answer:?}");
        assert_eq!(venue.truth().orders.len(), orders, "{moment:?}");
        let asked: Vec<Moment> = seen.lock().unwrap().iter().map(|(_, moment)| *moment).collect();
        assert_eq!(asked.last(), Some(&moment));
        assert_eq!(asked.len(), if moment == Moment::Before { 1 } else { 2 });
        // The next request, on a new connection, is answered.
        assert_eq!(within(get(&server, "/v2/clock")).await.unwrap()["is_open"], true);
    }
}

#[tokio::test]
async fn an_interceptor_may_look_at_the_venue() {
    let (venue, server) = serve("10:00").await;
    let inside = venue.clone();
    let counts = Arc::new(Mutex::new(Vec::new()));
    let log = Arc::clone(&counts);
    venue.intercept(Box::new(move |_, _| {
        log.lock().unwrap().push(inside.truth().orders.len());
        Verdict::Pass
    }));
    within(post(&server, &limit("RISE", "buy", 1, "9.00"))).await.unwrap();
    assert_eq!(*counts.lock().unwrap(), [0, 1], "before and after");
}

#[tokio::test]
async fn requests_are_logged_with_their_numbers_but_not_the_simulators_own() {
    let (venue, server) = serve("10:00").await;
    let order = limit("RISE", "buy", 1, "9.00");
    within(post(&server, &order)).await.unwrap();
    within(get(&server, "/sim/truth")).await.unwrap();
    within(get(&server, "/v2/orders?status=all")).await.unwrap();
    let log = venue.request_log();
    let seen: Vec<(u64, &str, &str, &str)> =
        log.iter().map(|r| (r.number, r.method.as_str(), r.path.as_str(), r.query.as_str())).collect();
    assert_eq!(seen, [(1, "POST", "/v2/orders", ""), (2, "GET", "/v2/orders", "status=all")]);
    assert_eq!(serde_json::from_str::<Value>(&log[0].body).unwrap(), order);
}

#[tokio::test]
async fn truth_over_http_is_the_truth() {
    let (venue, server) = serve("10:00").await;
    within(post(&server, &limit("RISE", "buy", 3, "30.00"))).await.unwrap();
    venue.advance_to(floor::at("10:01"));
    let truth = within(get(&server, "/sim/truth")).await.unwrap();
    assert_eq!(truth, json!(venue.truth()));
    assert_eq!(truth["positions"][0]["qty"], "3");
}

#[tokio::test]
async fn bad_sleeps_are_refused() {
    let (_venue, server) = serve("10:00").await;
    for body in ["", "{}", r#"{"participant":"x","until":"noon"}"#] {
        let request = plain().post(format!("{}/sim/sleep", server.base_url())).body(body);
        assert_eq!(within(request.send()).await.unwrap().status(), 422, "{body}");
    }
}

#[tokio::test]
async fn stopping_cuts_the_sleepers_and_closes_the_port() {
    let (venue, server) = serve("09:00").await;
    let base_url = server.base_url().to_owned();
    let sleeper = tokio::spawn(sleep(base_url.clone(), "execution", "10:00"));
    until(&venue, |venue| venue.sleepers().len() == 1).await;
    drop(server);
    assert!(within(sleeper).await.unwrap().is_err());
    assert!(venue.sleepers().is_empty());
    let refused = async {
        let request = || plain().get(format!("{base_url}/v2/clock")).send();
        while request().await.is_ok() {
            tokio::task::yield_now().await;
        }
    };
    within(refused).await;
}

async fn serve(time: &str) -> (Venue, VenueServer) {
    let venue = Venue::new(floor::config(1, time), floor::day());
    let server = venue.serve().await.unwrap();
    (venue, server)
}

async fn listen(base_url: String, participant: &str, time: &str) -> reqwest::Result<Value> {
    let body = json!({"participant": participant, "until": floor::at(time), "updates": true});
    plain().post(format!("{base_url}/sim/sleep")).json(&body).send().await?.json().await
}

async fn sleep(base_url: String, participant: &str, time: &str) -> reqwest::Result<Value> {
    let body = json!({"participant": participant, "until": floor::at(time)});
    plain().post(format!("{base_url}/sim/sleep")).json(&body).send().await?.json().await
}

async fn post(server: &VenueServer, body: &Value) -> reqwest::Result<Value> {
    authorised(plain().post(format!("{}/v2/orders", server.base_url())).json(body)).send().await?.json().await
}

async fn get(server: &VenueServer, path: &str) -> reqwest::Result<Value> {
    authorised(plain().get(format!("{}{path}", server.base_url()))).send().await?.json().await
}

/// A client of its own for every request, without TLS.
fn plain() -> Client {
    // An error means that another test has installed it.
    let _ = rustls::crypto::ring::default_provider().install_default();
    Client::builder().tls_certs_only([]).build().unwrap()
}

fn authorised(request: reqwest::RequestBuilder) -> reqwest::RequestBuilder {
    request.header("APCA-API-KEY-ID", "key").header("APCA-API-SECRET-KEY", "secret")
}

/// Waits for a condition on the sleepers; asks for the change before looking, so that none is missed.
async fn until(venue: &Venue, condition: impl Fn(&Venue) -> bool) {
    within(async {
        loop {
            let changed = venue.changed();
            if condition(venue) {
                return;
            }
            changed.await;
        }
    })
    .await;
}

async fn within<T>(future: impl Future<Output = T>) -> T {
    tokio::time::timeout(PATIENCE, future).await.expect("it happens in time")
}
