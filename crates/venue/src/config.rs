//! Who trades at the venue, with what, and how the venue behaves.

use market::{TimeDelta, Timestamp, Usd};

/// The account and the manners of the venue.
#[derive(Clone, Debug)]
pub struct Config {
    /// The account number.
    pub account: String,
    /// The key id that is let in.
    pub key_id: String,
    /// Its secret.
    pub secret_key: String,
    /// The cash to begin with.
    pub cash: Usd,
    /// Everything random comes from it.
    pub seed: u64,
    /// The venue's time to begin with.
    pub start: Timestamp,
    /// Between the receipt of an order, a replace or a cancel in session and its effect; zero for at once.
    pub latency: TimeDelta,
    /// Requests a minute of the venue's clock before 429; `None` for no limit and no headers.
    pub rate_limit: Option<u32>,
    /// Whether shares may be sold that are not held.
    pub shorting: bool,
    /// Buying power as a multiple of equity: 1 for a cash account, 2 or 4 on margin.
    pub multiplier: u32,
    /// How old the latest quote is in session; zero for as fresh as the question.
    pub quote_age: TimeDelta,
    /// What a split does to open orders.
    pub split_orders: SplitOrders,
    /// How late reads tell of fills.
    pub lag: Lag,
    /// Whether the data plan has the sip feed's latest 15 minutes.
    pub recent_sip: bool,
    /// The most orders the venue takes in its life; its memory is bounded by it.
    pub orders_max: usize,
}

/// What a split does to the open orders of its symbol. Alpaca's documents leave it open.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SplitOrders {
    /// Orders that stand alone carry on in new terms; the module `engine::split_orders` has the exceptions.
    #[default]
    Restate,
    /// Where the first way restates an order, this one ends it as `replaced` and puts another order in its place, with an
    /// id of its own. What is under way to the exchange, or is being cancelled or replaced, is restated.
    Replace,
    /// Orders stay as they are, in terms that are no longer the market's.
    Untouched,
    /// Every open order is cancelled.
    Cancel,
}

/// How late reads tell of what has happened: such a list leaves out what is younger. Both zero or more.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Lag {
    /// Account activities.
    pub activities: TimeDelta,
    /// Positions, all and one; the account, orders and what an order may do go by the truth.
    pub positions: TimeDelta,
}

impl SplitOrders {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Restate, Self::Replace, Self::Untouched, Self::Cancel];

    /// The word for it.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Restate => "restate",
            Self::Replace => "replace",
            Self::Untouched => "untouched",
            Self::Cancel => "cancel",
        }
    }
}

impl Config {
    /// A cash account of a venue that acts at once and never limits.
    #[must_use]
    pub fn new(account: &str, key_id: &str, secret_key: &str, cash: Usd, seed: u64, start: Timestamp) -> Self {
        Self {
            account: account.to_owned(),
            key_id: key_id.to_owned(),
            secret_key: secret_key.to_owned(),
            cash,
            seed,
            start,
            latency: TimeDelta::zero(),
            rate_limit: None,
            shorting: false,
            multiplier: 1,
            quote_age: TimeDelta::zero(),
            split_orders: SplitOrders::default(),
            lag: Lag::default(),
            recent_sip: true,
            orders_max: 20_000,
        }
    }
}
