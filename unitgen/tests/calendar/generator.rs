//! Random calendar expressions that systemd accepts, with a bias for the hours of clock changes, ends of months, the leap
//! day, days counted from the end, and steps.

/// A stream of expressions; the same for the same seed.
pub(super) struct Generator(u64);

/// Dublin's clocks are put back in winter by daylight saving of minus an hour.
const ZONES: [&str; 6] =
    ["America/New_York", "America/Chicago", "Europe/Berlin", "UTC", "Australia/Lord_Howe", "Europe/Dublin"];
const WEEK: [&str; 7] = ["Mon", "tue", "Wednesday", "THU", "Fri", "sat", "Sunday"];
const SHORTHANDS: [&str; 8] =
    ["minutely", "hourly", "Daily", "weekly", "monthly", "quarterly", "semiannually", "yearly"];

impl Generator {
    pub(super) fn seeded(seed: u64) -> Self {
        Self(seed)
    }

    pub(super) fn expression(&mut self) -> String {
        let mut words: Vec<String> = Vec::new();
        if self.one_in(20) {
            words.push((*self.pick(&SHORTHANDS)).to_owned());
        } else {
            let (weekdays, date) = (self.one_in(3), self.one_in(2));
            if weekdays {
                words.push(self.weekdays());
            }
            if date {
                words.push(self.date());
            }
            if !weekdays && !date || !self.one_in(8) {
                words.push(self.time());
            }
        }
        if !self.one_in(12) {
            words.push((*self.pick(&ZONES)).to_owned());
        }
        words.join(" ")
    }

    fn weekdays(&mut self) -> String {
        let parts: Vec<String> = (0..=self.below(2))
            .map(|_| {
                let first = self.below(7) as usize;
                let last = first + self.below(7 - first as u64) as usize;
                if self.one_in(2) { WEEK[first].to_owned() } else { format!("{}..{}", WEEK[first], WEEK[last]) }
            })
            .collect();
        parts.join(",")
    }

    fn date(&mut self) -> String {
        let month = match self.below(6) {
            0 => "*".to_owned(),
            1 => "2".to_owned(),
            2 => (*self.pick(&["3", "4", "10", "11", "12,1"])).to_owned(),
            _ => self.component(1, 12),
        };
        let (separator, day) = match self.below(6) {
            0 => ("-", "*".to_owned()),
            1 => ("-", (*self.pick(&["31", "29", "28..31", "30,31", "1", "1..7", "8", "25"])).to_owned()),
            2 | 3 => ("~", self.days_from_end()),
            _ => ("-", self.component(1, 31)),
        };
        let year = match self.below(10) {
            0 => "2026-",
            1 => "26,2028-",
            2 => "2026..2028/2-",
            3 => "2024/2-",
            4 | 5 => "*-",
            _ => "",
        };
        format!("{year}{month}{separator}{day}")
    }

    fn days_from_end(&mut self) -> String {
        match self.below(6) {
            0 => "1".to_owned(),
            1 => "7/1".to_owned(),
            2 => format!("{}/{}", 10 + self.below(10), 1 + self.below(9)),
            3 => format!("1..{}", 2 + self.below(8)),
            4 => self.entry(1, 19).replace('/', ","),
            _ => format!("{},{}", self.entry(1, 18).replace('/', ","), self.entry(1, 18).replace('/', ",")),
        }
    }

    fn time(&mut self) -> String {
        let hour = match self.below(5) {
            0 => "*".to_owned(),
            1 | 2 => (*self.pick(&["1", "2", "02", "0..3", "1,2", "1..2", "0/2", "3", "23"])).to_owned(),
            _ => self.component(0, 23),
        };
        let minute = match self.below(4) {
            0 => (*self.pick(&["0", "30", "0/30", "*", "59", "0/15", "15..45/15"])).to_owned(),
            _ => self.component(0, 59),
        };
        match self.below(4) {
            0 => format!("{hour}:{minute}:{}", self.component(0, 59)),
            1 => format!("{hour}:{minute}:{}", self.pick(&["0", "59", "*", "0/20", "5..7"])),
            _ => format!("{hour}:{minute}"),
        }
    }

    /// Values, ranges and repetitions within bounds.
    fn component(&mut self, first: u64, last: u64) -> String {
        let parts: Vec<String> = (0..=self.below(3)).map(|_| self.entry(first, last)).collect();
        parts.join(",")
    }

    fn entry(&mut self, first: u64, last: u64) -> String {
        let start = first + self.below(last - first);
        let room = last - start;
        match self.below(4) {
            0 => format!("{start}..{}", start + 1 + self.below(room)),
            1 => format!("{start}/{}", 1 + self.below(room)),
            2 => {
                let length = 1 + self.below(room);
                format!("{start}..{}/{}", start + length, 1 + self.below(length))
            }
            _ => format!("{start:02}"),
        }
    }

    fn pick<T>(&mut self, items: &'static [T]) -> &'static T {
        &items[self.below(items.len() as u64) as usize]
    }

    fn one_in(&mut self, many: u64) -> bool {
        self.below(many) == 0
    }

    /// Below a bound: splitmix64.
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % bound
    }
}
