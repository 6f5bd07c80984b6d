//! Plans: what they say, what they are bound to, and which files are none.

use std::fs;

use serde_json::Value;

use super::place::{AVWAP, Place, UNITS, code, err, out, polling};

#[test]
fn a_plan_says_what_it_means_and_changes_nothing() {
    let place = Place::new();
    let before = place.laid();
    let planned = place.plan("a", AVWAP);
    assert_eq!(code(&planned), 0, "{}", err(&planned));
    for part in [
        "held: execution.service is new",
        "write /etc/systemd/system/execution.service.d/10-watchlist-gate.conf",
        "multi-user.target.wants/avwap.target -> ../avwap.target",
        "do it: unitgen apply a.plan",
    ] {
        assert!(out(&planned).contains(part), "{part} in {}", out(&planned));
    }
    for never in ["wait until", "let systemd read", "start avwap.target"] {
        assert!(!out(&planned).contains(never), "on a root that does not run: {never} in {}", out(&planned));
    }
    assert_eq!(place.laid(), before);
    let applied = place.apply("a");
    assert!(out(&applied).contains("nothing of it was started or waited for"), "{}", out(&applied));
    let again = place.plan("b", AVWAP);
    assert!(out(&again).contains("nothing to do: all of it is laid\n"), "{}", out(&again));
    let mut plan = unitgen::plan::Plan::read(place.read("b.plan").as_bytes()).unwrap();
    plan.resting = Some(vec!["execution.service (failed)".to_owned()]);
    assert!(plan.nothing_to_do().ends_with("is laid; what does not run: execution.service (failed)"));
    plan.resting = Some(Vec::new());
    assert!(plan.nothing_to_do().ends_with("is laid and runs"));
}

#[test]
fn a_job_that_goes_is_a_loss() {
    let place = Place::new();
    place.lay("a", AVWAP);
    let (before, after) = AVWAP.split_once("[jobs.eod]").unwrap();
    assert!(after.contains("timeout"));
    let planned = place.plan("b", before);
    let text = out(&planned);
    for part in ["- lost: eod.service is taken out", "- lost: eod.timer is taken out", "LOST"] {
        assert!(text.contains(part), "{part} in {text}{}", err(&planned));
    }
    let timer = text.find("remove /etc/systemd/system/eod.timer").unwrap();
    assert!(timer < text.find("remove /etc/systemd/system/eod.service").unwrap(), "{text}");
    assert_eq!(code(&place.apply("b")), 0);
    assert!(!place.path(UNITS).join("eod.service").exists());
}

#[test]
fn a_plan_is_bound_to_everything_that_has_a_say() {
    let changes: [(&str, fn(&Place)); 7] = [
        ("/etc/systemd/system/scan.timer", |place| place.write(&format!("{UNITS}/scan.timer"), "[Timer]\n", 0o644)),
        ("/etc/systemd/system/scan.service", |place| fs::remove_file(place.path(UNITS).join("scan.service")).unwrap()),
        ("/run/systemd/system/execution.service.d/x.conf", |place| {
            place.write("run/systemd/system/execution.service.d/x.conf", "[Service]\nExecCondition=\n", 0o644);
        }),
        ("/etc/systemd/system.control/eod.timer", |place| {
            place.write("etc/systemd/system.control/eod.timer", "[Timer]\n", 0o644);
        }),
        ("/etc/portcullis/avwap.toml", |place| place.write("etc/portcullis/avwap.toml", "x", 0o644)),
        ("/usr/lib/portcullis/bin/gate", |place| place.write("usr/lib/portcullis/bin/gate", "y", 0o755)),
        ("generation: it was 1, and is 2", |place| place.lay("c", &polling(30))),
    ];
    for (names, change) in changes {
        let place = Place::new();
        place.lay("a", AVWAP);
        assert_eq!(code(&place.plan("b", &polling(45))), 0);
        change(&place);
        let before = place.laid();
        let refused = place.apply("b");
        assert_eq!(code(&refused), 75, "{names}: {}{}", out(&refused), err(&refused));
        assert!(err(&refused).contains(names), "{names} in {}", err(&refused));
        assert_eq!(place.laid(), before, "{names}");
    }
}

#[test]
fn what_is_no_plan_of_this_unitgen_is_refused() {
    let place = Place::new();
    assert_eq!(code(&place.plan("a", AVWAP)), 0);
    let text = place.read("a.plan");
    let edits: [(&str, fn(&str) -> String, &str); 6] = [
        ("half", |text| text[..text.len() / 2].to_owned(), "it is no plan"),
        ("empty", |_| String::new(), "it is no plan"),
        ("newer", |text| text.replacen("\"schema_version\": 1", "\"schema_version\": 2", 1), "it is of version 2"),
        ("gate", |text| text.replacen("ExecCondition=/usr", "#ExecCondition=/usr", 1), "it was edited"),
        (
            "unitgen",
            |text| text.replacen("avwap: eod", "avwap: oed", 1).replacen("0.1.0", "0.0.9", 1),
            "unitgen 0.0.9 made it",
        ),
        ("more", |text| text.replacen("\"steps\"", "\"stops\"", 1), "it is no plan"),
    ];
    for (name, edit, says) in edits {
        let edited = edit(&text);
        assert_ne!(edited, text, "{name}");
        place.write("e.plan", &edited, 0o600);
        let refused = place.apply("e");
        assert_eq!(code(&refused), 65, "{name}: {}", err(&refused));
        assert!(err(&refused).contains(says), "{name}: {}", err(&refused));
    }
    place.write("e.plan", &text.replacen("[services.execution]", "[sorvices.execution]", 1), 0o600);
    assert_eq!(code(&place.apply("e")), 78);
    assert_eq!(code(&place.apply("nowhere")), 65);
    assert!(place.current().is_none());
}

#[test]
fn json_has_a_version_and_no_colour() {
    let place = Place::new();
    place.write("m.toml", AVWAP, 0o644);
    let planned = place.unitgen(&["plan", "m.toml", "-o", "p", "--root", ".", "--without-ntp", "--json"]);
    let plan: Value = serde_json::from_str(&out(&planned)).unwrap();
    assert_eq!((&plan["schema_version"], &plan["deployment"]), (&1.into(), &"avwap".into()));
    assert_eq!(plan["bound"]["/etc/systemd/system/execution.service"], "absent");
    assert_eq!(plan["steps"][0]["do"], "keep");
    let applied = place.unitgen(&["apply", "p", "--without-ntp", "--json"]);
    for line in out(&applied).lines() {
        let event: Value = serde_json::from_str(line).unwrap();
        assert_eq!(event["schema_version"], 1, "{line}");
        assert!(event["event"].is_string() && event["says"].is_string(), "{line}");
    }
}

#[test]
fn a_host_that_lacks_something_is_refused_unless_it_only_restores() {
    let place = Place::new();
    place.lay("a", AVWAP);
    assert_eq!(code(&place.plan("b", &polling(45))), 0);
    fs::remove_file(place.path("etc/portcullis/credentials/avwap/APCA_API_KEY_ID")).unwrap();
    assert_eq!(code(&place.plan("c", &polling(44))), 75);
    assert_eq!(code(&place.apply("b")), 75);
    fs::remove_dir_all(place.path(UNITS).join("execution.service.d")).unwrap();
    assert_eq!(code(&place.plan("a", AVWAP)), 0);
    let restored = place.apply("a");
    assert_eq!(code(&restored), 0, "{}", err(&restored));
    assert!(err(&restored).contains("credential-missing"), "{}", err(&restored));
    assert_eq!(place.current().as_deref(), Some("1"), "what is restored is the generation that it was");
}

/// One document, and what it would be without the flag.
#[test]
fn a_look_in_json_is_one_document() {
    let place = Place::new();
    assert_eq!(code(&place.plan("a", AVWAP)), 0);
    let looked = place.unitgen(&["apply", "a.plan", "--without-ntp", "--json", "--dry-run"]);
    let answer: Value = serde_json::from_str(&out(&looked)).unwrap();
    assert_eq!((&answer["schema_version"], &answer["may"]), (&1.into(), &true.into()));
    assert_eq!(answer["plan"]["deployment"], "avwap");
    place.lay("a", AVWAP);
    place.lay("b", &polling(45));
    let looked = place.unitgen(&["rollback", "--root", ".", "--json", "--dry-run"]);
    let answer: Value = serde_json::from_str(&out(&looked)).unwrap();
    assert_eq!((&answer["plan"]["manifest"]["path"], &answer["may"]), (&"generation 1".into(), &true.into()));
}

/// On a host whose units another unitgen rendered of the same manifest, this one's units are new.
#[test]
fn another_unitgens_units_are_not_restored() {
    for (version, restores) in [("0.1.0", true), ("0.0.9", false)] {
        let place = Place::new();
        place.lay("a", AVWAP);
        fs::remove_dir_all(place.path("var/lib/portcullis/generations")).unwrap();
        let unit = format!("{UNITS}/scan.timer");
        let text = place.read(&unit).replace("unitgen 0.1.0", &format!("unitgen {version}"));
        place.write(&unit, &format!("{text}# by hand\n"), 0o644);
        assert_eq!(code(&place.plan("b", AVWAP)), 0);
        let plan: Value = serde_json::from_str(&place.read("b.plan")).unwrap();
        assert_eq!(plan["only_restores"], restores, "{version}");
    }
}

#[test]
fn a_plan_says_when_timers_fire_before_and_after_and_what_restarts() {
    let place = Place::new();
    place.lay("a", AVWAP);
    let later = AVWAP.replace("schedule = \"Mon..Fri 16:15\"", "schedule = \"Mon..Fri 16:45\"");
    let later = later.replace("timeout = \"9m\"", "timeout = \"8m\"").replace("= \"60\"", "= \"45\"");
    // What others have laid has its say, before and after.
    place.write("etc/systemd/system/scan.timer.d/x.conf", "[Timer]\nOnCalendar=\nOnCalendar=Mon 04:00 UTC\n", 0o644);
    let text = out(&place.plan("b", &later));
    let fires = text.split_once("  next fires\n").unwrap().1;
    let lines: Vec<&str> = fires.lines().take(5).map(str::trim).collect();
    assert_eq!(lines[0], "eod.timer starts eod.service");
    assert_eq!(lines[1], "before: Mon..Fri *-*-* 16:15:00 America/New_York");
    assert!(lines[2].contains(" 16:15 E") && lines[2].matches(", ").count() == 2, "{fires}");
    assert_eq!(lines[3], "after:  Mon..Fri *-*-* 16:45:00 America/New_York");
    assert!(lines[4].contains(" 16:45 E"), "{fires}");
    assert!(!text.contains("scan.timer starts"), "it fires as before: {text}");
    let restarts = "2 units to restart: execution.service, eod.timer; changed from the next run on: eod.service, ";
    assert!(text.contains(restarts), "{text}");
    let plan: Value = serde_json::from_str(&place.read("b.plan")).unwrap();
    let meaning = &plan["meaning"];
    assert_eq!(meaning["schedules"][0]["timer"], "eod.timer");
    assert_eq!(meaning["schedules"][0]["fires_after"].as_array().map(Vec::len), Some(3));
    assert_eq!(meaning["restarts"], serde_json::json!(["execution.service", "eod.timer"]));
    assert_eq!(meaning["next_runs"], serde_json::json!(["eod.service", "execution-restart.service", "scan.service"]));
    // Another day is no other plan: what it is bound to does not tell the time.
    assert_eq!(code(&place.apply("b")), 0);
}

#[test]
fn a_timer_that_comes_or_goes_has_one_side() {
    let place = Place::new();
    let first = out(&place.plan("a", AVWAP));
    assert!(
        first.contains("scan.timer starts scan.service\n    before: never\n    after:  Mon..Fri *-*-* 08:30:00"),
        "{first}"
    );
    place.lay("a", AVWAP);
    let gone = out(&place.plan("b", AVWAP.split_once("[jobs.eod]").unwrap().0));
    assert!(gone.contains("    after:  never\n"), "{gone}");
}

#[test]
fn a_name_that_the_host_has_is_refused() {
    let place = Place::new();
    let refused = |file: &str| {
        place.write(file, "[Service]\nExecStart=/bin/other\n", 0o644);
        let planned = place.plan("a", AVWAP);
        fs::remove_file(place.path(file)).unwrap();
        (code(&planned), err(&planned))
    };
    for folder in ["usr/lib/systemd/system", "usr/local/lib/systemd/system", "run/systemd/system"] {
        let (exit, says) = refused(&format!("{folder}/scan.service"));
        assert_eq!(exit, 75, "{says}");
        assert!(says.contains("refused[name-taken]: scan.service is there already") && says.contains(folder), "{says}");
    }
    // What a generator makes is made anew, and a name of nobody is nobody's.
    for file in ["run/systemd/generator/scan.service", "usr/lib/systemd/system/scanner.service"] {
        assert_eq!(refused(file).0, 0, "{file}");
    }
    // What is laid already is not refused for what came later.
    place.lay("a", AVWAP);
    assert_eq!(refused("usr/lib/systemd/system/scan.service").0, 0);
}
