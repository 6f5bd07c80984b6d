//! When an expression elapses next: the walk that systemd takes from an instant to the next match.
//!
//! Field by field, from the year down, a value is raised to the next one that matches, and what is below begins anew. After
//! each step the clock of the zone is asked whether there is such a time. A time that it skips takes the walk to the end of
//! the gap, so that nothing elapses inside of it; a time that it shows twice elapses once, except that an expression which
//! matches every hour, as `*:0/30`, comes to the second showing only by starting inside of it.

use chrono_tz::Tz;
use market::Timestamp;

use super::{
    Expression, Next,
    component::Component,
    wall::{Clock, Wall},
};

/// No date beyond this is looked at, so that the 31st of February comes to an end.
pub(super) const YEAR_MAX: i32 = 2199;
/// What the zones do is known up to this year; beyond it nothing is foretold.
pub(super) const YEAR_KNOWN_MAX: i32 = 2099;
/// systemd gives up after this many steps, and so do we: expressions that match once in decades never elapse.
const STEPS_MAX: u32 = 1000;

/// By size; the discriminant is the place in [`Wall::fields`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Field {
    Year,
    Month,
    Day,
    Hour,
    Minute,
    Second,
}

const FIELDS: [Field; 6] = [Field::Year, Field::Month, Field::Day, Field::Hour, Field::Minute, Field::Second];

/// What became of a step.
enum Step {
    /// The field matches, and there is such a time.
    Fits,
    /// The walk stands at another time now: begin at the year again.
    Moved,
    /// Nothing in this field matches: the next larger one is raised.
    Exhausted,
}

/// The first match strictly after an instant.
pub(super) fn next(expression: &Expression, after: Timestamp) -> Next {
    let micros = after.unix_nanos().div_euclid(1000) + 1;
    let clock = Clock::new(expression.zone().unwrap_or(Tz::UTC));
    let wall = if micros < 0 { None } else { clock.show(micros / 1_000_000) };
    let Some(wall) = wall else { return Next::Never };
    let past_second = micros % 1_000_000 != 0;
    Walk { expression, wall, clock, past_second, keeps_summer: false }.run()
}

struct Walk<'a> {
    expression: &'a Expression,
    clock: Clock,
    wall: Wall,
    /// It stands inside of the second, which therefore is no match any more.
    past_second: bool,
    /// It takes the clock's word for what half of the year it is in, instead of asking anew at every step.
    keeps_summer: bool,
}

impl Walk<'_> {
    fn run(&mut self) -> Next {
        let start = (self.wall.fields(), self.past_second);
        for _ in 0..STEPS_MAX {
            if let Some((_, exact)) = self.clock.read(&self.wall) {
                self.wall = exact;
            }
            if !self.keeps_summer {
                self.wall.summer = None;
            }
            match self.matches() {
                None => return Next::Never,
                Some(false) => continue,
                Some(true) => {}
            }
            if self.wall.year > YEAR_KNOWN_MAX {
                return Next::Beyond;
            }
            if (self.wall.fields(), self.past_second) >= start {
                let at = self.clock.read(&self.wall).map(|(unix, _)| Timestamp::from_unix_seconds(unix));
                return at.map_or(Next::Never, Next::At);
            }
            // A skipped hour led back to before the start. systemd jumps over it, and no longer asks which half of the year it is.
            self.wall.hour += 1;
            self.keeps_summer = true;
        }
        Next::Never
    }

    /// Whether the time reached is a match; `None` when there is none left.
    fn matches(&mut self) -> Option<bool> {
        for field in FIELDS {
            let step = self.step(field);
            match (field, step) {
                (_, Step::Fits) => {}
                (Field::Year, Step::Moved | Step::Exhausted) => return None,
                (_, Step::Moved) => return Some(false),
                (_, Step::Exhausted) => {
                    self.carry(field);
                    return Some(false);
                }
            }
            if field == Field::Day && self.is_wrong_weekday() {
                self.wall.day += 1;
                self.begin(Field::Hour);
                return Some(false);
            }
        }
        Some(true)
    }

    fn step(&mut self, field: Field) -> Step {
        let from = self.wall.fields()[field as usize] + i32::from(field == Field::Second && self.past_second);
        let component = self.expression.component(field as usize);
        let Some(value) = self.earliest(field, component, from) else { return Step::Exhausted };
        if field == Field::Second {
            self.past_second = false;
        }
        if value != *self.field(field) {
            *self.field(field) = value;
            self.begin_below(field);
        }
        self.settle()
    }

    fn earliest(&mut self, field: Field, component: &Component, from: i32) -> Option<i32> {
        if field != Field::Day || !self.expression.counts_from_month_end() {
            return component.earliest(from);
        }
        let (clock, wall) = (&mut self.clock, self.wall);
        component.earliest_where(from, &mut |back| {
            let asked = Wall { month: wall.month + 1, day: 1 - back, ..wall };
            clock.read(&asked).filter(|(_, exact)| exact.month == wall.month).map_or(-1, |(_, exact)| exact.day)
        })
    }

    /// Asks the clock whether there is such a time.
    fn settle(&mut self) -> Step {
        if self.wall.year > YEAR_MAX {
            return Step::Exhausted;
        }
        let Some((_, mut exact)) = self.clock.read(&self.wall) else { return Step::Exhausted };
        let (wanted, got) = (self.wall.fields(), exact.fields());
        let Some(changed) = FIELDS.into_iter().find(|field| wanted[*field as usize] != got[*field as usize]) else {
            return Step::Fits;
        };
        if got < wanted {
            return Step::Exhausted;
        }
        // The field below the one that moved begins anew, or its first matches would be passed over.
        match changed {
            Field::Year => exact.month = 1,
            Field::Month => exact.day = 1,
            Field::Day => exact.hour = 0,
            Field::Hour => exact.minute = 0,
            Field::Minute => exact.second = 0,
            Field::Second => {}
        }
        self.wall = exact;
        Step::Moved
    }

    fn is_wrong_weekday(&self) -> bool {
        !self.expression.has_weekday(self.wall.weekday())
    }

    /// Raises the field above an exhausted one.
    fn carry(&mut self, exhausted: Field) {
        let above = match exhausted {
            Field::Year | Field::Month => Field::Year,
            Field::Day => Field::Month,
            Field::Hour => Field::Day,
            Field::Minute => Field::Hour,
            Field::Second => Field::Minute,
        };
        *self.field(above) += 1;
        self.begin_below(above);
    }

    fn begin_below(&mut self, field: Field) {
        if let Some(below) = FIELDS.get(field as usize + 1) {
            self.begin(*below);
        }
    }

    /// A field and all below it at their first value.
    fn begin(&mut self, from: Field) {
        for field in FIELDS.into_iter().filter(|field| *field >= from) {
            *self.field(field) = i32::from(field <= Field::Day);
        }
        self.past_second = false;
    }

    fn field(&mut self, field: Field) -> &mut i32 {
        match field {
            Field::Year => &mut self.wall.year,
            Field::Month => &mut self.wall.month,
            Field::Day => &mut self.wall.day,
            Field::Hour => &mut self.wall.hour,
            Field::Minute => &mut self.wall.minute,
            Field::Second => &mut self.wall.second,
        }
    }
}
