//! Whether now is a time at which a deployment works: from the first job of a trading day until its last has ended.
//!
//! Pure. The session is New York's; a day the calendar does not know counts as one, because nobody can tell.

use manifest::{Deployment, Schedule};
use market::{Calendar, TimeDelta, Timestamp};

/// Whether the deployment is at work.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Hours {
    /// Nothing of it is due.
    Off,
    /// It is, or nobody can tell; until when, in words.
    Work(String),
}

/// Looks at a clock's answer.
#[must_use]
pub fn hours(now: &Result<Timestamp, String>, deployments: &[&Deployment]) -> Hours {
    let now = match now {
        Ok(now) => *now,
        Err(error) => return Hours::Work(format!("the time is not known ({error})")),
    };
    let session = match Calendar::nyse().session_on(now.ny_date()) {
        Ok(Some(session)) => session,
        Ok(None) => return Hours::Off,
        Err(error) => return Hours::Work(error.to_string()),
    };
    let (mut begin, mut end) = (session.open, session.close);
    for (slot, timeout) in deployments.iter().flat_map(|deployment| slots(deployment, now)) {
        begin = begin.min(slot);
        end = end.max(slot + timeout);
    }
    if begin <= now && now < end {
        return Hours::Work(format!("a trading day is under way until {}", end.to_ny_rfc3339()));
    }
    Hours::Off
}

/// What is due that day in New York, and how long it may take.
fn slots(deployment: &Deployment, now: Timestamp) -> Vec<(Timestamp, TimeDelta)> {
    let day = now.ny_date();
    let jobs = deployment.jobs().map(|job| (job.schedule(), TimeDelta::seconds(i64::from(job.timeout().get()))));
    let sessions = deployment.services().map(|service| (service.schedule(), TimeDelta::zero()));
    let due = |(schedule, timeout): (Option<&Schedule>, TimeDelta)| {
        let slots = schedule.into_iter().flat_map(Schedule::in_new_york);
        let today = slots.filter(|(weekday, _)| *weekday == day.weekday());
        today.map(|(_, time)| (day.at(time), timeout)).collect::<Vec<_>>()
    };
    jobs.chain(sessions).flat_map(due).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Jobs of the shipped manifest: 08:30 to 16:15 and ten minutes.
    #[test]
    fn from_the_first_job_until_the_last_has_ended() {
        let bytes = include_bytes!("../../../manifests/avwap.toml");
        let deployment = crate::source::check(bytes).unwrap().deployment;
        for (now, at_work) in [
            ("2026-11-20T08:29:59-05:00", false),
            ("2026-11-20T08:30:00-05:00", true),
            ("2026-11-20T12:00:00-05:00", true),
            ("2026-11-20T16:24:59-05:00", true),
            ("2026-11-20T16:25:00-05:00", false),
            ("2026-11-20T23:00:00-05:00", false),
            // Thanksgiving, the half-day after it, a Saturday.
            ("2026-11-26T12:00:00-05:00", false),
            ("2026-11-27T14:00:00-05:00", true),
            ("2026-11-21T12:00:00-05:00", false),
            ("2200-11-21T12:00:00-05:00", true),
        ] {
            let time = Ok(now.parse().unwrap());
            assert_eq!(hours(&time, &[&deployment]) != Hours::Off, at_work, "{now}");
        }
        assert!(matches!(hours(&Err("no clock".to_owned()), &[]), Hours::Work(_)));
        let bare = Ok("2026-11-20T09:00:00-05:00".parse().unwrap());
        assert_eq!(hours(&bare, &[]), Hours::Off, "without jobs the session counts");
    }
}
