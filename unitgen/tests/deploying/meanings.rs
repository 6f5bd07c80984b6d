//! A plan says what it means: where it trades, what is held and run otherwise, and the same of restarts as `diff`.

use serde_json::Value;
use unitgen::{ink::Ink, plan::Plan};

use super::place::{AVWAP, Place, err, out, polling};

/// To real money, in another account.
fn live() -> String {
    let mut live = AVWAP.to_owned();
    for (paper, real) in [
        ("mode = \"paper\"", "mode = \"live\""),
        ("live = \"never\"", "live = \"armed\""),
        ("account = \"PA30000000\"", "account = \"930000000\""),
        ("keys = [", "keys = [\"LIVE_CONFIRM_TOKEN\", "),
    ] {
        assert!(live.contains(paper), "{paper}");
        live = live.replacen(paper, real, 1);
    }
    live
}

fn plan(place: &Place, name: &str) -> (Plan, Value) {
    let text = place.read(&format!("{name}.plan"));
    (Plan::read(text.as_bytes()).unwrap(), serde_json::from_str(&text).unwrap())
}

#[test]
fn a_plan_says_first_where_it_trades() {
    let place = Place::new();
    place.write("etc/portcullis/credentials/avwap/LIVE_CONFIRM_TOKEN", "x", 0o600);
    let first = out(&place.plan("a", AVWAP));
    assert_eq!(first.lines().nth(1), Some("  trades nothing -> PAPER in account PA30000000"), "{first}");
    place.lay("a", AVWAP);
    let same = out(&place.plan("b", &polling(45)));
    assert_eq!(same.lines().nth(1), Some("  trades PAPER in account PA30000000"), "{same}");
    let planned = place.plan("c", &live());
    let text = out(&planned);
    let line = "  trades PAPER in account PA30000000 -> LIVE in account 930000000";
    assert_eq!(text.lines().nth(1), Some(line), "{text}{}", err(&planned));
    for change in [
        "    execution.service EXECUTION_MODE: PAPER -> LIVE\n",
        "    execution.service LIVE_TRADING: not set -> 1\n",
        "    eod.service PORTCULLIS_ACCOUNT: PA30000000 -> 930000000\n",
        "    execution.service APCA_API_BASE_URL: https://paper-api.alpaca.markets -> https://api.alpaca.markets\n",
    ] {
        assert!(text.contains(change), "{change} in {text}");
    }
    assert!(!text.contains("DIGEST"), "{text}");
    let (plan, json) = plan(&place, "c");
    let coloured = plan.to_text(Ink(true));
    for red in [line, "    execution.service EXECUTION_MODE: PAPER -> LIVE"] {
        assert!(coloured.contains(&format!("\x1b[31;1m{red}\x1b[0m\n")), "{coloured:?}");
    }
    let meaning = &json["meaning"];
    assert_eq!(meaning["trading"]["before"][0]["mode"], "PAPER");
    assert_eq!(meaning["trading"]["after"], serde_json::json!([{ "mode": "LIVE", "account": "930000000" }]));
    // Mode and account come before every other variable.
    let names: Vec<&str> =
        meaning["environment"].as_array().unwrap().iter().map(|value| value["name"].as_str().unwrap()).collect();
    let others =
        names.iter().skip_while(|name| ["EXECUTION_MODE", "PORTCULLIS_ACCOUNT", "LIVE_TRADING"].contains(name));
    assert!(names.len() > 6 && others.clone().count() > 0, "{names:?}");
    assert!(others.clone().all(|name| name.starts_with("APCA_")), "{names:?}");
}

#[test]
fn what_is_run_and_held_otherwise_is_told() {
    let place = Place::new();
    place.lay("a", AVWAP);
    let other = polling(45).replace("args = [\"eod\"]", "args = [\"eod\", \"--json\"]").replace("\"9m\"", "\"8m\"");
    let text = out(&place.plan("b", &other));
    for line in [
        "  ~ held otherwise: scan.service bounded-run: TimeoutStartSec=540 -> TimeoutStartSec=480\n",
        "  environment\n    execution.service EXECUTION_POLL_SECONDS: 60 -> 45\n",
        "  commands\n    eod.service ExecStart: /usr/lib/portcullis/bin/desk eod -> /usr/lib/portcullis/bin/desk eod --json\n",
    ] {
        assert!(text.contains(line), "{line} in {text}");
    }
    assert!(!text.contains("manifest-digest"), "{text}");
    let (_, json) = plan(&place, "b");
    assert_eq!(json["meaning"]["commands"].as_array().map(Vec::len), Some(1), "{json}");
    // What a drop-in of somebody else says counts: it is what systemd will run by.
    place.write(
        "etc/systemd/system/execution.service.d/x.conf",
        "[Service]\nEnvironment=EXECUTION_POLL_SECONDS=7\n",
        0o644,
    );
    assert!(!out(&place.plan("c", &polling(45))).contains("EXECUTION_POLL_SECONDS"));
}

/// A plan of an earlier unitgen of the same version of the format is read.
#[test]
fn a_plan_without_these_is_a_plan() {
    let place = Place::new();
    place.plan("a", AVWAP);
    let (_, mut json) = plan(&place, "a");
    let meaning = json["meaning"].as_object_mut().unwrap();
    meaning.retain(|key, _| ["lost", "gained", "left"].contains(&key.as_str()));
    Plan::read(json.to_string().as_bytes()).unwrap();
}

/// What a plan restarts is what `diff` says is restarted.
#[test]
fn plan_and_diff_say_the_same_of_restarts() {
    let place = Place::new();
    place.lay("a", AVWAP);
    let later = polling(45).replace("Mon..Fri 16:15", "Mon..Fri 16:20");
    place.plan("b", &later);
    let (_, plan) = plan(&place, "b");
    let restarts = plan["meaning"]["restarts"].as_array().unwrap().iter();
    let mut restarts: Vec<&str> = restarts.map(|unit| unit.as_str().unwrap()).collect();
    restarts.sort_unstable();
    let diff = place.unitgen(&["diff", "a.toml", "b.toml", "--json"]);
    let diff: Value = serde_json::from_slice(&diff.stdout).unwrap();
    let fates = diff["units"].as_array().unwrap().iter();
    let fates =
        fates.filter(|fate| fate["becomes"] == "set-anew" || fate["becomes"].as_str().unwrap().starts_with("restarts"));
    let told: Vec<(String, bool)> = fates
        .map(|fate| (fate["unit"].as_str().unwrap().to_owned(), fate["becomes"] == "restarts-when-flat"))
        .collect();
    let names: Vec<&str> = told.iter().map(|(unit, _)| unit.as_str()).collect();
    assert_eq!(restarts, names);
    assert_eq!(told, [("eod.timer".to_owned(), false), ("execution.service".to_owned(), true)]);
}
