//! A data stream's core: minutes told once, holes filled, silence noticed in a session only.

use market::{Calendar, NyDate, Price, Qty, Session};
use proptest::prelude::*;
use serde_json::json;

use super::{super::refusal::Again, *};

fn session() -> Session {
    let day: NyDate = "2026-11-20".parse().unwrap();
    Calendar::nyse().session_on(day).unwrap().unwrap()
}

fn aapl() -> Symbol {
    "AAPL".parse().unwrap()
}

/// Seconds after the opening.
fn at(second: i64) -> Moment {
    let now = session().open + TimeDelta::seconds(second);
    Moment { now, session: Some(session()), elapsed: Duration::from_secs((second + 3_600) as u64) }
}

fn candle(minute: i64, cents: i64) -> Candle {
    let price = Price::from_cents(cents).unwrap();
    let start = session().open + TimeDelta::minutes(minute);
    Candle { start, open: price, high: price, low: price, close: price, volume: Qty::shares(100) }
}

fn message(kind: &str, minute: i64, cents: i64) -> Value {
    let price = cents as f64 / 100.0;
    let t = candle(minute, cents).start.to_string();
    json!({"T": kind, "S": "AAPL", "t": t, "o": price, "h": price, "l": price, "c": price, "v": 100, "bp": price, "ap": price})
}

fn stream(events: usize) -> MarketData {
    MarketData::bounded(Subscription::bars([aapl()]), session().open, Waits::default(), events)
}

/// Events in short words.
fn told(stream: &mut MarketData) -> Vec<String> {
    let minute = |candle: Candle| candle.start.since(session().open).num_minutes();
    std::iter::from_fn(|| stream.next())
        .map(|event| match event {
            DataEvent::Market { market: Market::Bar(candle), .. } => format!("bar {}", minute(candle)),
            DataEvent::Market { market: Market::UpdatedBar(candle), .. } => {
                format!("update {} {}", minute(candle), candle.close)
            }
            DataEvent::Market { .. } => "other".to_owned(),
            DataEvent::Live { .. } => "live".to_owned(),
            DataEvent::Subscribed(_) => "subscribed".to_owned(),
            DataEvent::Gap(gap) => format!("gap {}", gap.filled),
            DataEvent::Silent { .. } => "silent".to_owned(),
            DataEvent::Lost(_) => "lost".to_owned(),
            DataEvent::Refused(_) => "refused".to_owned(),
            DataEvent::Unreadable(_) => "unreadable".to_owned(),
        })
        .collect()
}

fn answer(minutes: impl IntoIterator<Item = i64>) -> Result<Answer, ReadError> {
    Ok(BTreeMap::from([(aapl(), minutes.into_iter().map(|minute| candle(minute, 1_000)).collect())]))
}

fn down() -> Result<Answer, ReadError> {
    Err(ReadError { endpoint: "bars".to_owned(), why: "down".to_owned(), request_id: None, forbidden: false })
}

fn lost() -> Lost {
    Lost { why: "cut".to_owned(), again: Again::Soon }
}

#[test]
fn minutes_before_the_connection_come_from_rest_and_the_rest_from_the_stream() {
    let mut ours = stream(100);
    ours.live(at(150));
    let ask = ours.ask(at(150)).unwrap();
    assert_eq!((ask.from, ask.to), (candle(0, 1).start, candle(2, 1).start), "the minute under way is the stream's");
    ours.message(message("b", 2, 1_000), at(180));
    ours.answered(answer(0..2), at(181));
    assert_eq!(told(&mut ours), ["live", "bar 2", "bar 0", "bar 1", "gap true"]);
    assert_eq!(ours.ask(at(182)), None);
    assert!(ours.ask(at(212)).is_some(), "once more, for what was booked late");
    ours.answered(answer(0..3), at(213));
    assert_eq!((told(&mut ours), ours.ask(at(300))), (vec![], None));
}

#[test]
fn a_minute_is_told_once_and_again_when_it_is_another() {
    let mut ours = stream(100);
    ours.live(at(0));
    for (kind, minute, cents) in [("b", 1, 1_000), ("b", 1, 1_000), ("b", 0, 1_000), ("u", 1, 1_001), ("u", 1, 1_001)] {
        ours.message(message(kind, minute, cents), at(121));
    }
    assert_eq!(told(&mut ours)[1..], ["bar 1", "bar 0", "update 1 10.01"]);
}

#[test]
fn a_hole_that_cannot_be_filled_is_said_once_and_tried_again() {
    let mut ours = stream(100);
    ours.live(at(0));
    ours.ask(at(0));
    told(&mut ours);
    ours.lost(lost(), at(30));
    ours.live(at(200));
    for second in [200, 203, 208] {
        assert!(ours.ask(at(second)).is_some(), "{second}");
        assert_eq!(ours.ask(at(second)), None, "one at a time");
        ours.answered(down(), at(second));
        assert_eq!(ours.ask(at(second + 1)), None, "not at once");
    }
    assert_eq!(told(&mut ours), ["lost", "live", "gap false"]);
    assert!(ours.ask(at(300)).is_some());
    ours.answered(answer(0..3), at(300));
    assert_eq!(told(&mut ours), ["bar 0", "bar 1", "bar 2", "gap true"]);
}

#[test]
fn an_answer_closes_no_hole_that_opened_after_the_question() {
    let mut ours = stream(100);
    ours.live(at(150));
    assert!(ours.ask(at(150)).is_some());
    ours.lost(lost(), at(200));
    ours.live(at(400));
    ours.answered(answer(0..2), at(401));
    assert_eq!(told(&mut ours), ["live", "lost", "live", "bar 0", "bar 1"], "no gap is filled yet");
    assert_eq!(ours.ask(at(402)).map(|ask| ask.to), Some(candle(6, 1).start));
}

#[test]
fn silence_is_a_fault_in_a_session_only() {
    let mut ours = stream(100);
    ours.live(at(-3_000));
    let limit = Waits::default().bars_silent.as_secs() as i64;
    assert!((-3_000..limit).all(|second| ours.look(at(second)).is_none()));
    assert!(ours.look(at(limit)).is_some());
    assert!(told(&mut ours).contains(&"silent".to_owned()));
    assert!(!ours.is_proved(), "and its next connection is waited for longer");
}

#[test]
fn a_stream_that_tells_is_not_silent() {
    let limit = Waits::default().bars_silent.as_secs() as i64;
    let mut ours = stream(100);
    ours.live(at(0));
    for second in 0..limit * 2 {
        if second % 60 == 59 {
            ours.message(message("b", second / 60, 1_000), at(second));
        }
        assert!(ours.look(at(second)).is_none(), "{second}");
    }
    assert!(ours.is_proved());
}

#[test]
fn who_does_not_read_gets_a_gap_and_then_the_minutes() {
    let mut ours = stream(5);
    ours.live(at(0));
    assert_eq!(ours.ask(at(0)), None, "nothing is before the opening");
    told(&mut ours);
    for minute in 0..9 {
        ours.message(message("b", minute, 1_000), at(minute * 60 + 60));
    }
    assert_eq!(ours.ask(at(600)), None, "not before it reads");
    let first = told(&mut ours);
    assert_eq!(first[..2], ["gap false", "live"]);
    let ask = ours.ask(at(601)).unwrap();
    assert_eq!(ask.from, candle(0, 1).start);
    ours.answered(answer(0..9), at(602));
    let mut all = first;
    all.extend(told(&mut ours));
    let mut bars: Vec<&String> = all.iter().filter(|event| event.starts_with("bar")).collect();
    bars.sort();
    assert_eq!(bars.len(), 9, "{all:?}");
    assert_eq!(all.last().unwrap(), "gap true");
}

/// Gaps told: from, to, both in seconds after the opening, and whether filled.
fn gaps(stream: &mut MarketData) -> Vec<(i64, i64, bool)> {
    let second = |instant: Timestamp| instant.since(session().open).num_seconds();
    let gap = |event| if let DataEvent::Gap(gap) = event { Some(gap) } else { None };
    let gaps = std::iter::from_fn(|| stream.next()).filter_map(gap);
    gaps.map(|gap| (second(gap.from), second(gap.to), gap.filled)).collect()
}

#[test]
fn a_gap_is_filled_only_where_rest_was_asked() {
    const DAY: i64 = 24 * 3_600;
    let mut ours = stream(100);
    ours.live(at(2 * DAY));
    let ask = ours.ask(at(2 * DAY)).unwrap();
    assert_eq!(ask.from, at(DAY).now);
    ours.answered(answer([]), at(2 * DAY));
    assert_eq!(gaps(&mut ours), [(0, DAY, false), (DAY, 2 * DAY, true)]);

    let quotes = Subscription { quotes: [aapl()].into(), ..Subscription::default() };
    let mut ours = MarketData::bounded(quotes, session().open, Waits::default(), 100);
    ours.live(at(150));
    assert_eq!(ours.ask(at(150)), None);
    assert_eq!(gaps(&mut ours), [(0, 150, false)]);
    ours.lost(lost(), at(200));
    ours.live(at(210));
    assert_eq!((ours.ask(at(210)), gaps(&mut ours)), (None, vec![(90, 210, false)]));
}

#[test]
fn the_second_question_reaches_as_far_back_as_any_hole_and_up_to_now() {
    let mut ours = stream(100);
    ours.live(at(600));
    assert!(ours.ask(at(600)).is_some());
    ours.answered(answer(0..9), at(601));
    ours.message(message("b", 9, 1_000), at(602));
    ours.lost(lost(), at(603));
    ours.live(at(720));
    assert_eq!(ours.ask(at(720)).map(|ask| ask.from), Some(candle(9, 1).start));
    ours.answered(answer(9..12), at(721));
    assert_eq!(ours.ask(at(749)), None);
    for second in [751, 790] {
        let ask = ours.ask(at(second)).unwrap();
        let to = candle(second / 60, 1).start;
        assert_eq!((ask.from, ask.to), (candle(0, 1).start, to), "asked again when REST was down");
        ours.answered(down(), at(second));
    }
    assert!(ours.ask(at(800)).is_some());
    ours.answered(answer(0..13), at(800));
    assert_eq!(ours.ask(at(900)), None);
}

#[test]
fn the_hole_begins_before_what_was_told_last() {
    let mut ours = stream(100);
    ours.live(at(0));
    assert_eq!(ours.ask(at(0)), None);
    ours.message(message("b", 4, 1_000), at(302));
    told(&mut ours);
    ours.lost(lost(), at(900));
    ours.live(at(960));
    assert_eq!(
        ours.ask(at(960)).map(|ask| ask.from),
        Some(candle(4, 1).start),
        "other symbols' minute 4 is lost, perhaps"
    );
}

#[test]
fn the_limit_of_silence_is_that_of_what_the_server_confirms() {
    let mut ours = stream(100);
    ours.live(at(0));
    let quotes = Subscription { quotes: [aapl()].into(), ..Subscription::default() };
    let limit = Waits::default().quotes_silent.as_secs() as i64;
    ours.subscribed(quotes, at(10));
    assert!((10..limit + 10).all(|second| ours.look(at(second)).is_none()));
    assert!(ours.look(at(limit + 10)).is_some());
}

#[test]
fn what_rest_can_be_asked_for_is_remembered() {
    let mut ours = stream(100_000);
    ours.live(at(0));
    for minute in 0..960 {
        ours.message(message("b", minute, 1_000), at(minute * 60 + 60));
    }
    told(&mut ours);
    ours.lost(lost(), at(960 * 60));
    ours.holes.open(session().open, false);
    ours.live(at(961 * 60));
    assert!(ours.ask(at(961 * 60)).is_some());
    ours.answered(answer(0..960), at(961 * 60));
    assert_eq!(told(&mut ours), ["lost", "live", "gap true"]);
}

#[test]
fn what_cannot_be_read_is_counted_and_said() {
    let mut ours = stream(100);
    ours.live(at(0));
    ours.message(json!({"T": "b", "S": "AAPL"}), at(1));
    Core::unreadable(&mut ours, "not JSON".to_owned(), at(1));
    told(&mut ours);
    ours.message(json!({"T": "?"}), at(1));
    assert!(matches!(ours.next(), Some(DataEvent::Unreadable(Unreadable { symbol: None, count: 3, .. }))));
}

#[test]
fn memory_of_minutes_is_bounded() {
    let mut ours = stream(100_000);
    ours.live(at(0));
    for minute in 0..2_000 {
        ours.message(message("b", minute, 1_000), at(minute * 60 + 60));
    }
    assert_eq!(ours.minutes[&aapl()].len(), MINUTES_REMEMBERED);
}

proptest! {
    /// Minutes lost in cuts, repeated and turned round: after the last hole is filled each was told exactly once.
    #[test]
    fn every_minute_is_told_once(
        fates in proptest::collection::vec((0..5_u8, any::<bool>()), 1..200),
        events in 4..60_usize,
    ) {
        let mut ours = stream(events);
        let mut heard = Vec::new();
        let mut live = false;
        let mut postponed = None;
        let mut asking = false;
        for (minute, (fate, reads)) in (0..).zip(&fates) {
            let now = at(minute * 60 + 60);
            match fate {
                0 if live => {
                    ours.lost(lost(), now);
                    (live, postponed) = (false, None);
                }
                _ if !live => {
                    ours.live(now);
                    live = true;
                }
                1 => postponed = Some(minute),
                2 => {
                    ours.message(message("b", minute, 1_000), now);
                    ours.message(message("b", minute, 1_000), now);
                }
                _ => ours.message(message("b", minute, 1_000), now),
            }
            if let Some(late) = postponed.take_if(|late| *late < minute) {
                ours.message(message("b", late, 1_000), now);
            }
            if asking {
                ours.answered(if fate % 2 == 0 { answer(0..=minute) } else { down() }, now);
            }
            asking = ours.ask(now).is_some();
            if *reads {
                heard.extend(told(&mut ours));
            }
        }
        let last = fates.len() as i64;
        if live {
            ours.lost(lost(), at(last * 60 + 60));
        }
        ours.live(at(last * 60 + 61));
        for second in 0..200 {
            let now = at(last * 60 + 120 + second);
            if asking {
                ours.answered(answer(0..last), now);
            }
            heard.extend(told(&mut ours));
            asking = ours.ask(now).is_some();
        }
        let mut bars: Vec<i64> =
            heard.iter().filter_map(|event| event.strip_prefix("bar ")).map(|minute| minute.parse().unwrap()).collect();
        bars.sort_unstable();
        prop_assert_eq!(bars, (0..last).collect::<Vec<_>>());
        prop_assert!(heard.iter().all(|event| !event.starts_with("update")));
    }
}
