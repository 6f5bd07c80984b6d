//! The outbox: nothing is lost, nothing is told twice for want of a note, and it does not grow without end.

use super::*;

#[test]
fn an_alert_is_an_event_and_waits_until_it_is_delivered() {
    let (_folder, path) = place();
    let mut ledger = Ledger::open(&path, &account()).unwrap();
    tell(&mut ledger, 0, "AAPL/no-stop");
    tell(&mut ledger, 1, "clock");
    drop(ledger);

    let mut ledger = Ledger::open(&path, &account()).unwrap();
    let waiting = ledger.undelivered(10).unwrap();
    assert_eq!(subjects(&waiting), ["AAPL/no-stop", "clock"], "the oldest first");
    assert_eq!((waiting[0].at, waiting[0].text.as_str()), (date().at_hm(10, 0), "in words"));
    let events = ledger.events_since(date().at_hm(0, 0)).unwrap();
    assert_eq!(events.iter().map(|event| event.subject.as_str()).collect::<Vec<_>>(), ["AAPL/no-stop", "clock"]);

    ledger.count_attempt(waiting[0].id).unwrap();
    ledger.count_attempt(waiting[0].id).unwrap();
    assert_eq!(ledger.undelivered(1).unwrap()[0].attempts, 2);
    for _ in 0..2 {
        ledger.mark_delivered(&waiting[0], date().at_hm(12, 0)).unwrap();
        assert_eq!(subjects(&ledger.undelivered(10).unwrap()), ["clock"]);
    }
    assert_eq!(ledger.undelivered_count().unwrap(), 1);
}

#[test]
fn of_one_subject_so_many_wait_and_the_rest_is_counted() {
    let (_folder, path) = place();
    let mut ledger = Ledger::open(&path, &account()).unwrap();
    for _ in 0..OF_SUBJECT_MAX + 5 {
        tell(&mut ledger, 0, "cycle");
    }
    tell(&mut ledger, 1, "clock");
    let waiting = ledger.undelivered(1_000).unwrap();
    assert_eq!(waiting.len() as u32, OF_SUBJECT_MAX + 1, "another subject is not kept out");
    assert_eq!(waiting[OF_SUBJECT_MAX as usize - 1].more, 5, "on the latest");
    assert_eq!(ledger.undelivered_count().unwrap(), OF_SUBJECT_MAX + 6);
    assert_eq!(ledger.events_since(date().at_hm(0, 0)).unwrap().len() as u32, OF_SUBJECT_MAX + 6, "all are events");
}

#[test]
fn what_came_while_it_was_delivered_is_told_on() {
    let (_folder, path) = place();
    let mut ledger = Ledger::open(&path, &account()).unwrap();
    for _ in 0..OF_SUBJECT_MAX + 2 {
        tell(&mut ledger, 0, "cycle");
    }
    for alert in ledger.undelivered(1_000).unwrap() {
        // Three more come between the read and the note of the last.
        if alert.more > 0 {
            (0..3).for_each(|_| count_more(&ledger, &alert));
        }
        ledger.mark_delivered(&alert, date().at_hm(12, 0)).unwrap();
    }
    let rest = ledger.undelivered(1_000).unwrap();
    assert_eq!(rest.iter().map(|alert| alert.more).collect::<Vec<_>>(), [2], "one row for three");
    assert_eq!(ledger.undelivered_count().unwrap(), 3);
    ledger.mark_delivered(&rest[0], date().at_hm(12, 1)).unwrap();
    assert_eq!(ledger.undelivered_count().unwrap(), 0);
}

#[test]
fn it_is_bounded_altogether_and_says_that_it_is_full() {
    let (_folder, path) = place();
    let mut ledger = Ledger::open(&path, &account()).unwrap();
    ledger.db.pragma_update(None, "synchronous", "OFF").unwrap();
    for number in 0..UNDELIVERED_MAX + 7 {
        tell(&mut ledger, 0, &format!("subject {number}"));
    }
    tell(&mut ledger, 0, "subject 3");
    let waiting = ledger.undelivered(10_000).unwrap();
    assert_eq!(waiting.len() as u32, UNDELIVERED_MAX + 1);
    let last = waiting.last().unwrap();
    assert_eq!((last.subject.as_str(), last.more), (OVERFLOW, 6));
    assert_eq!(waiting[3].more, 1, "a subject that has a row is counted there");
    assert_eq!(ledger.undelivered_count().unwrap(), UNDELIVERED_MAX + 8);
}

#[test]
fn an_alert_that_cannot_be_queued_is_no_event_either() {
    let (_folder, path) = place();
    let mut ledger = Ledger::open(&path, &account()).unwrap();
    ledger.db.execute_batch("DROP TABLE outbox").unwrap();
    assert!(ledger.enqueue(date().at_hm(10, 0), Priority::Err, "clock", "in words").is_err());
    assert_eq!(ledger.events_since(date().at_hm(0, 0)).unwrap(), []);
}

fn tell(ledger: &mut Ledger, minute: u32, subject: &str) {
    ledger.enqueue(date().at_hm(10, minute), Priority::Err, subject, "in words").unwrap();
}

/// What [`Ledger::enqueue`] does to the latest row of a subject that has its share.
fn count_more(ledger: &Ledger, alert: &Alert) {
    ledger.db.execute("UPDATE outbox SET more = more + 1 WHERE id = ?1", [alert.id]).unwrap();
}

fn subjects(alerts: &[Alert]) -> Vec<&str> {
    alerts.iter().map(|alert| alert.subject.as_str()).collect()
}
