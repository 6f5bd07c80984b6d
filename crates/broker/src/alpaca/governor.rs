//! Who may send now: the broker's rate limit, half of which is kept for what protects a position.
//!
//! Pure: `now` is the time since any fixed instant. An ordinary request goes when fewer than half the limit have gone in
//! the minute before, and when the broker, by its latest answer, has more left than protection's share. A protecting
//! request is never held back by this reckoning: the broker's own refusal is the only one that counts. Source: the
//! X-RateLimit headers of the trading and the market data interface.

use std::{collections::VecDeque, time::Duration};

/// What the broker lets an account send in a minute unless it says otherwise.
pub const REQUESTS_A_MINUTE: u32 = 200;
/// A limit above this is no limit but a mistake.
const LIMIT_MAX: u32 = 100_000;
/// The time over which requests are counted, and the longest the broker's word about it holds.
const WINDOW: Duration = Duration::from_secs(60);
/// The shortest pause after the broker has said "too many".
const PAUSE_MIN: Duration = Duration::from_secs(1);
/// Of the limit, what protection keeps even after it has had its half: a tenth.
const RESERVE_PART: u32 = 10;

/// What a request is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// Reduces or protects a position, or is a read that doing so needs.
    Protection,
    /// Everything else.
    Ordinary,
}

/// What an answer's headers say. `None` where they say nothing, or nonsense.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Told {
    /// Requests a minute.
    pub limit: Option<u32>,
    /// Requests left.
    pub remaining: Option<u32>,
    /// The time until there are more.
    pub reset_in: Option<Duration>,
}

/// The reckoning for one host.
#[derive(Debug)]
pub struct Governor {
    /// The limit we reckon with; `None` reckons with nothing but what the broker says is left.
    limit: Option<u32>,
    ordinary: VecDeque<Duration>,
    protection: VecDeque<Duration>,
    left: Option<Left>,
    held_until: Duration,
}

/// What the broker said is left, less what was sent since.
#[derive(Clone, Copy, Debug)]
struct Left {
    limit: u32,
    remaining: u32,
    until: Duration,
}

impl Governor {
    /// A governor of so many requests a minute; `None` for a venue whose minutes are not ours, of which only what it says
    /// itself is believed.
    #[must_use]
    pub fn new(limit: Option<u32>) -> Self {
        Self { limit, ordinary: VecDeque::new(), protection: VecDeque::new(), left: None, held_until: Duration::ZERO }
    }

    /// Lets a request go and counts it.
    ///
    /// # Errors
    /// How long an ordinary request has to wait; a protecting one never has to.
    pub fn admit(&mut self, now: Duration, class: Class) -> Result<(), Duration> {
        self.forget(now);
        match class {
            Class::Protection => {
                let kept = self.limit.unwrap_or(REQUESTS_A_MINUTE) as usize;
                if self.protection.len() >= kept.max(1) {
                    self.protection.pop_front();
                }
                self.protection.push_back(now);
            }
            Class::Ordinary => {
                let wait = self.wait(now);
                if !wait.is_zero() {
                    return Err(wait);
                }
                if self.limit.is_some() {
                    self.ordinary.push_back(now);
                }
            }
        }
        if let Some(left) = &mut self.left {
            left.remaining = left.remaining.saturating_sub(1);
        }
        Ok(())
    }

    /// How long an ordinary request would have to wait; `None`: it would go at once. Counts nothing.
    pub fn held_back(&mut self, now: Duration) -> Option<Duration> {
        self.forget(now);
        Some(self.wait(now)).filter(|wait| !wait.is_zero())
    }

    /// Takes in what an answer said.
    pub fn heard(&mut self, now: Duration, told: Told) {
        let limit = told.limit.filter(|limit| (1..=LIMIT_MAX).contains(limit));
        if let (Some(own), Some(said)) = (&mut self.limit, limit) {
            *own = said;
        }
        let Some(limit) = limit.or(self.limit) else { return };
        let Some(remaining) = told.remaining.filter(|remaining| *remaining <= limit) else { return };
        let until = now + told.reset_in.map_or(WINDOW, |span| span.min(WINDOW));
        self.left = Some(Left { limit, remaining, until });
    }

    /// Takes in that the broker said "too many", and for how long.
    pub fn refused(&mut self, now: Duration, pause: Option<Duration>) {
        let pause = pause.unwrap_or(PAUSE_MIN).clamp(PAUSE_MIN, WINDOW);
        self.held_until = self.held_until.max(now + pause);
    }

    /// How long an ordinary request has to wait.
    fn wait(&self, now: Duration) -> Duration {
        let held = self.held_until.saturating_sub(now);
        held.max(self.wait_for_own(now)).max(self.wait_for_told(now))
    }

    /// Until fewer than half the limit have gone in the minute before.
    fn wait_for_own(&self, now: Duration) -> Duration {
        let Some(limit) = self.limit else { return Duration::ZERO };
        let half = (limit / 2).max(1) as usize;
        let Some(over) = self.ordinary.len().checked_sub(half) else { return Duration::ZERO };
        let leaves = self.ordinary.get(over).copied().unwrap_or(now);
        (leaves + WINDOW).saturating_sub(now)
    }

    /// Until the broker has more left than protection's share: its half, less what it has had of it, and never less than
    /// a tenth of the limit.
    fn wait_for_told(&self, now: Duration) -> Duration {
        let Some(left) = self.left else { return Duration::ZERO };
        let had = u32::try_from(self.protection.len()).unwrap_or(u32::MAX);
        let share = (left.limit / 2).saturating_sub(had).max(left.limit / RESERVE_PART);
        if left.remaining > share { Duration::ZERO } else { left.until.saturating_sub(now) }
    }

    /// Drops what is older than the window.
    fn forget(&mut self, now: Duration) {
        for sent in [&mut self.ordinary, &mut self.protection] {
            while sent.front().is_some_and(|at| *at + WINDOW <= now) {
                sent.pop_front();
            }
        }
        self.left = self.left.filter(|left| left.until > now);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const ZERO: Duration = Duration::ZERO;

    fn seconds(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    fn told(limit: u32, remaining: u32, reset_in: u64) -> Told {
        Told { limit: Some(limit), remaining: Some(remaining), reset_in: Some(seconds(reset_in)) }
    }

    /// How many ordinary requests go at once.
    fn burst(governor: &mut Governor, now: Duration) -> usize {
        (0..1_000).take_while(|_| governor.admit(now, Class::Ordinary).is_ok()).count()
    }

    #[test]
    fn half_the_limit_goes_at_once_and_the_rest_as_the_minute_passes() {
        let mut governor = Governor::new(Some(200));
        assert_eq!(governor.held_back(ZERO), None);
        assert_eq!(burst(&mut governor, ZERO), 100);
        assert_eq!(governor.held_back(seconds(20)), Some(seconds(40)));
        assert_eq!(governor.admit(seconds(20), Class::Ordinary), Err(seconds(40)));
        assert_eq!(governor.admit(seconds(20), Class::Protection), Ok(()));
        assert_eq!(burst(&mut governor, seconds(60)), 100);
    }

    #[test]
    fn what_the_broker_says_is_left_is_shared() {
        for (remaining, protection_sent, expect) in [
            (200, 0, 100),
            (150, 0, 50),
            (101, 0, 1),
            (100, 0, 0),
            (0, 0, 0),
            // What protection has had of its half is not kept for it twice; a tenth always is.
            (100, 40, 40),
            (100, 95, 80),
            (15, 95, 0),
        ] {
            let mut governor = Governor::new(Some(200));
            for _ in 0..protection_sent {
                governor.admit(ZERO, Class::Protection).unwrap();
            }
            governor.heard(ZERO, told(200, remaining, 30));
            assert_eq!(burst(&mut governor, ZERO), expect, "{remaining} left, {protection_sent} sent");
            assert_eq!(governor.admit(ZERO, Class::Protection), Ok(()));
        }
    }

    #[test]
    fn the_brokers_word_holds_until_its_reset_and_never_beyond_a_minute() {
        for (reset_in, expect) in [(Some(7), 7), (Some(60), 60), (Some(86_400), 60), (None, 60)] {
            let mut governor = Governor::new(Some(200));
            let told = Told { limit: None, remaining: Some(0), reset_in: reset_in.map(seconds) };
            governor.heard(ZERO, told);
            assert_eq!(governor.admit(ZERO, Class::Ordinary), Err(seconds(expect)), "{reset_in:?}");
            assert_eq!(governor.admit(seconds(expect), Class::Ordinary), Ok(()), "{reset_in:?}");
        }
    }

    #[test]
    fn nonsense_is_ignored() {
        for nonsense in [told(0, 0, 60), told(u32::MAX, 0, 60), told(200, 201, 60), Told::default()] {
            let mut governor = Governor::new(Some(200));
            governor.heard(ZERO, Told { remaining: nonsense.remaining.filter(|left| *left > 200), ..nonsense });
            assert_eq!(burst(&mut governor, ZERO), 100, "{nonsense:?}");
        }
        let mut governor = Governor::new(Some(200));
        governor.heard(ZERO, told(1_000, 1_000, 60));
        assert_eq!(burst(&mut governor, ZERO), 500, "another limit is believed");
    }

    #[test]
    fn a_venue_with_minutes_of_its_own_is_believed_and_not_reckoned_for() {
        let mut governor = Governor::new(None);
        assert_eq!(burst(&mut governor, ZERO), 1_000);
        governor.heard(ZERO, told(200, 100, 10));
        assert_eq!(governor.admit(ZERO, Class::Ordinary), Err(seconds(10)));
    }

    #[derive(Clone, Debug)]
    enum Step {
        Ask(Class),
        Pass(u64),
        Heard(Told),
        Refused(Option<u64>),
    }

    fn step() -> impl Strategy<Value = Step> {
        let number = || proptest::option::of(0_u32..400);
        prop_oneof![
            8 => Just(Step::Ask(Class::Ordinary)),
            4 => Just(Step::Ask(Class::Protection)),
            3 => (0_u64..9_000).prop_map(Step::Pass),
            2 => (number(), proptest::option::of(0_u64..300_000)).prop_map(|(remaining, reset)| Step::Heard(Told {
                limit: Some(200),
                remaining,
                reset_in: reset.map(Duration::from_millis),
            })),
            1 => proptest::option::of(0_u64..90_000).prop_map(Step::Refused),
        ]
    }

    proptest! {
        #[test]
        fn ordinary_requests_stay_below_half_in_any_minute_and_protection_always_goes(
            steps in proptest::collection::vec(step(), 1..600),
        ) {
            let (mut governor, mut now, mut held) = (Governor::new(Some(200)), ZERO, ZERO);
            let mut sent: Vec<Duration> = Vec::new();
            for step in steps {
                match step {
                    Step::Ask(Class::Protection) => prop_assert_eq!(governor.admit(now, Class::Protection), Ok(())),
                    Step::Ask(Class::Ordinary) => match governor.admit(now, Class::Ordinary) {
                        Ok(()) => {
                            prop_assert!(now >= held, "sent before the broker's reset");
                            sent.push(now);
                        }
                        Err(wait) => prop_assert!(!wait.is_zero() && wait <= WINDOW, "{wait:?}"),
                    },
                    Step::Pass(millis) => now += Duration::from_millis(millis),
                    Step::Heard(told) => governor.heard(now, told),
                    Step::Refused(reset) => {
                        let reset = reset.map(Duration::from_millis);
                        governor.refused(now, reset);
                        held = held.max(now + reset.unwrap_or(PAUSE_MIN).clamp(PAUSE_MIN, WINDOW));
                    }
                }
            }
            for (index, first) in sent.iter().enumerate() {
                let in_the_minute = sent[index..].iter().take_while(|at| **at < *first + WINDOW).count();
                prop_assert!(in_the_minute <= 100, "{in_the_minute} in a minute");
            }
        }

        #[test]
        fn who_waits_as_long_as_told_gets_through(spent in 100_usize..150, passed in 0_u64..60_000) {
            let mut governor = Governor::new(Some(200));
            for number in 0..spent {
                let _ = governor.admit(Duration::from_millis(number as u64), Class::Ordinary);
            }
            let now = seconds(1) + Duration::from_millis(passed);
            if let Err(wait) = governor.admit(now, Class::Ordinary) {
                prop_assert_eq!(governor.admit(now + wait, Class::Ordinary), Ok(()));
            }
        }
    }
}
