//! The live gate, exhaustively: every combination of keys that fit and keys that do not; and what the files must hold.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::{fs, os::unix::fs::MetadataExt, path::Path};

use contract::{
    Arming, Env, KillLevel, KillSwitch, Layout, LiveEvidence, LiveRefusal, OrdersToday, View, arming::ArmingFile, env,
    live, sha256_hex,
};
use market::{NyDate, Timestamp};

const ACCOUNT: &str = "123456789";

type Break = fn(&mut LiveEvidence);

/// Each key that can fail, how it is made to, and the code of its refusal, in the order in which they are told.
const KEYS: [(&str, Break); 6] = [
    ("dry_run", |evidence| evidence.dry_run = true),
    ("kill_switch", |evidence| {
        evidence.kill = KillSwitch::read(Path::new("/nowhere/at/all"), &Env::from_pairs([("KILL_SWITCH", "1")]));
    }),
    ("live_trading", |evidence| evidence.live_trading = Err("LIVE_TRADING is not 1".to_owned())),
    ("live_confirm_token", |evidence| evidence.token = Err("LIVE_CONFIRM_TOKEN is missing".to_owned())),
    ("not_armed", |evidence| evidence.arming = Arming::NotArmed("armed for yesterday".to_owned())),
    ("live_orders_today", |evidence| evidence.orders_today = Err("it is missing".to_owned())),
];

fn good() -> LiveEvidence {
    LiveEvidence {
        dry_run: false,
        kill: KillSwitch::Clear,
        live_trading: Ok(()),
        token: Ok(()),
        arming: Arming::Armed,
        orders_today: Ok(()),
    }
}

#[test]
fn it_opens_when_every_key_fits_and_tells_every_key_that_does_not() {
    for combination in 0..1_u32 << KEYS.len() {
        let broken: Vec<usize> = (0..KEYS.len()).filter(|key| combination & (1 << key) != 0).collect();
        let mut evidence = good();
        broken.iter().for_each(|key| KEYS[*key].1(&mut evidence));
        let verdict = live::decide(&evidence);
        let codes: Vec<&str> = verdict.refusals.iter().map(LiveRefusal::code).collect();
        assert_eq!(codes, broken.iter().map(|key| KEYS[*key].0).collect::<Vec<_>>());
        assert_eq!(verdict.may_open(), combination == 0, "{codes:?}");
        assert_eq!(live::decide(&evidence), verdict, "the same evidence, the same verdict");
        let text = verdict.to_string();
        for refusal in &verdict.refusals {
            assert!(text.contains(&refusal.to_string()) && !refusal.hint().is_empty(), "{text}");
        }
        let others = verdict.besides_kill_switch().refusals.len();
        assert_eq!(others, broken.iter().filter(|key| KEYS[**key].0 != "kill_switch").count());
    }
}

#[test]
fn the_reasons_are_the_words_operators_know() {
    let mut evidence = good();
    KEYS[..3].iter().for_each(|(_, fail)| fail(&mut evidence));
    assert_eq!(
        live::decide(&evidence).to_string(),
        "live gate: DRY_RUN enabled; kill switch active (cancel: environment variable KILL_SWITCH=1); LIVE_TRADING is not 1"
    );
}

/// A deployment armed for today in files, by whoever runs the test.
struct Armed {
    root: tempfile::TempDir,
    env: Env,
}

impl Armed {
    fn new() -> Self {
        let root = tempfile::tempdir().unwrap();
        let arming = root.path().join("arming");
        fs::create_dir(&arming).unwrap();
        let env = Env::from_pairs([("LIVE_TRADING", "1"), ("LIVE_CONFIRM_TOKEN", "t0")])
            .with(&env::PORTCULLIS_ARMING_DIR, &arming);
        let armed = Self { root, env };
        fs::create_dir(armed.layout().state_dir()).unwrap();
        fs::write(armed.layout().live_confirm_token(), "t0\n").unwrap();
        OrdersToday::empty(today(), ACCOUNT).write(&armed.layout().live_orders_today()).unwrap();
        armed.arm(ACCOUNT, today(), "t0");
        armed
    }

    fn layout(&self) -> Layout {
        self.layout_in(&self.env)
    }

    fn layout_in(&self, env: &Env) -> Layout {
        let owner = fs::metadata(self.root.path()).unwrap().uid();
        Layout::below(self.root.path(), env).unwrap().armed_by(owner)
    }

    fn arm(&self, account: &str, armed_for: NyDate, token: &str) {
        let file = ArmingFile {
            schema: ArmingFile::SCHEMA,
            armed_for,
            account: account.to_owned(),
            token_sha256: sha256_hex(token.as_bytes()),
            armed_at: Timestamp::from_unix_seconds(1_783_000_000),
        };
        file.write(&self.root.path().join("arming")).unwrap();
    }

    fn codes(&self, env: &Env) -> Vec<&'static str> {
        let layout = self.layout_in(env);
        let evidence = LiveEvidence::gather(&layout, env, ACCOUNT, Ok(today()));
        live::decide(&evidence).refusals.iter().map(LiveRefusal::code).collect()
    }
}

fn today() -> NyDate {
    "2026-07-06".parse().unwrap()
}

#[test]
fn each_key_is_a_file_or_a_variable() {
    type Change = fn(&Armed) -> Env;
    let same = |armed: &Armed| armed.env.clone();
    let table: [(&str, Change, &[&str]); 18] = [
        ("all fits", same, &[]),
        ("DRY_RUN=1", |armed| armed.env.clone().with(&env::DRY_RUN, "1"), &["dry_run"]),
        ("DRY_RUN is unreadable", |armed| armed.env.clone().with(&env::DRY_RUN, "maybe"), &["dry_run"]),
        ("KILL_SWITCH=1", |armed| armed.env.clone().with(&env::KILL_SWITCH, "1"), &["kill_switch"]),
        (
            "the kill switch's file",
            |armed| {
                let (path, at) = (armed.layout().kill_switch(), Timestamp::from_unix_seconds(1_783_000_000));
                KillSwitch::latch(&path, KillLevel::Entries, "drill", "test", at).unwrap();
                armed.env.clone()
            },
            &["kill_switch"],
        ),
        ("LIVE_TRADING=0", |armed| armed.env.clone().with(&env::LIVE_TRADING, "0"), &["live_trading"]),
        ("LIVE_TRADING is unset", |armed| armed.env.clone().with(&env::LIVE_TRADING, ""), &["live_trading"]),
        (
            "LIVE_TRADING=yes, please",
            |armed| armed.env.clone().with(&env::LIVE_TRADING, "yes, please"),
            &["live_trading"],
        ),
        (
            "no token",
            |armed| armed.env.clone().with(&env::LIVE_CONFIRM_TOKEN, ""),
            &["live_confirm_token", "not_armed"],
        ),
        (
            "another token",
            |armed| armed.env.clone().with(&env::LIVE_CONFIRM_TOKEN, "t1"),
            &["live_confirm_token", "not_armed"],
        ),
        (
            "no token file",
            |armed| {
                fs::remove_file(armed.layout().live_confirm_token()).unwrap();
                armed.env.clone()
            },
            &["live_confirm_token"],
        ),
        (
            "an empty token file",
            |armed| {
                fs::write(armed.layout().live_confirm_token(), "\n").unwrap();
                armed.env.clone()
            },
            &["live_confirm_token"],
        ),
        (
            "armed yesterday",
            |armed| {
                armed.arm(ACCOUNT, "2026-07-02".parse().unwrap(), "t0");
                armed.env.clone()
            },
            &["not_armed"],
        ),
        (
            "another account is armed too",
            |armed| {
                armed.arm("987654321", today(), "t1");
                armed.env.clone()
            },
            &[],
        ),
        (
            "another account's file",
            |armed| {
                let file = |account| ArmingFile::path(&armed.root.path().join("arming"), account);
                armed.arm("987654321", today(), "t0");
                fs::rename(file("987654321"), file(ACCOUNT)).unwrap();
                armed.env.clone()
            },
            &["not_armed"],
        ),
        (
            "disarmed",
            |armed| {
                fs::remove_file(ArmingFile::path(&armed.root.path().join("arming"), ACCOUNT)).unwrap();
                armed.env.clone()
            },
            &["not_armed"],
        ),
        ("no arming directory", |armed| armed.env.clone().with(&env::PORTCULLIS_ARMING_DIR, ""), &["not_armed"]),
        (
            "no live ledger",
            |armed| {
                fs::remove_file(armed.layout().live_orders_today()).unwrap();
                armed.env.clone()
            },
            &["live_orders_today"],
        ),
    ];
    for (what, change, expect) in table {
        let armed = Armed::new();
        let env = change(&armed);
        assert_eq!(armed.codes(&env), expect, "{what}");
    }
}

#[test]
fn only_roots_directory_arms_unless_a_test_says_so() {
    let armed = Armed::new();
    let layout = Layout::below(armed.root.path(), &armed.env).unwrap();
    assert_eq!(layout.arming_owner(), 0);
    let evidence = LiveEvidence::gather(&layout.armed_by(4242), &armed.env, ACCOUNT, Ok(today()));
    let codes: Vec<&str> = live::decide(&evidence).refusals.iter().map(LiveRefusal::code).collect();
    assert_eq!(codes, ["not_armed"]);
}

#[test]
fn without_a_date_nothing_is_armed() {
    let armed = Armed::new();
    let evidence = LiveEvidence::gather(&armed.layout(), &armed.env, ACCOUNT, Err("no clock".to_owned()));
    let codes: Vec<&str> = live::decide(&evidence).refusals.iter().map(LiveRefusal::code).collect();
    assert_eq!(codes, ["not_armed", "live_orders_today"]);
}
