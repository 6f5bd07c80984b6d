//! The protocol of `/v2/{feed}`, where the market is told.
//!
//! Pure. Source: Alpaca's description of its real-time stock data, with its numbered errors.

use serde_json::{Map, Value, json};

use super::{
    encoding::Form,
    hub::Hears,
    session::{Desk, Session, Step},
    subscription::Subscription,
};

/// On the iex feed at most so many symbols of trades and quotes together; bars have no limit.
pub(super) const IEX_CHANNELS_MAX: usize = 30;

/// Where data comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Feed {
    Iex,
    Sip,
    Test,
}

/// What the account may hear of the market.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum DataPlan {
    /// The iex feed, and what is 15 minutes old of the others.
    Basic,
    /// Every feed.
    #[default]
    Plus,
}

impl DataPlan {
    /// Whether it has the latest 15 minutes of the sip feed by REST.
    pub(crate) fn has_recent_sip(self) -> bool {
        match self {
            Self::Basic => false,
            Self::Plus => true,
        }
    }
}

/// One connection.
pub(super) struct DataSession {
    feed: Feed,
    plan: DataPlan,
    form: Form,
    /// From the headers.
    keys: Option<(String, String)>,
    is_in: bool,
    hears: Subscription,
}

/// The numbered errors.
#[derive(Clone, Copy)]
enum Trouble {
    InvalidSyntax,
    NotAuthenticated,
    AuthFailed,
    AlreadyAuthenticated,
    AuthTimeout,
    SymbolLimit,
    ConnectionLimit,
    SlowClient,
    InsufficientSubscription,
}

impl DataSession {
    pub(super) fn new(feed: Feed, plan: DataPlan, form: Form, keys: Option<(String, String)>) -> Self {
        Self { feed, plan, form, keys, is_in: false, hears: Subscription::default() }
    }

    fn authenticate(&mut self, key: &str, secret: &str, desk: &mut dyn Desk) -> Vec<Step> {
        if self.is_in {
            return self.trouble(Trouble::AlreadyAuthenticated);
        }
        if !desk.admits(key, secret) {
            return self.trouble(Trouble::AuthFailed);
        }
        if self.feed == Feed::Sip && self.plan == DataPlan::Basic {
            return self.trouble(Trouble::InsufficientSubscription);
        }
        if !desk.enter() {
            return self.trouble(Trouble::ConnectionLimit);
        }
        self.is_in = true;
        self.success("authenticated")
    }

    fn subscribe(&mut self, message: &Map<String, Value>, adds: bool, desk: &mut dyn Desk) -> Vec<Step> {
        if !self.is_in {
            return self.trouble(Trouble::NotAuthenticated);
        }
        let Some(asked) = Subscription::read(message) else { return self.trouble(Trouble::InvalidSyntax) };
        let hears = self.hears.clone();
        let hears = if adds { hears.and(asked) } else { hears.without(&asked) };
        if adds && self.feed == Feed::Iex && hears.is_more_than(IEX_CHANNELS_MAX) {
            return self.trouble(Trouble::SymbolLimit);
        }
        self.hears = hears;
        desk.hear(Hears::Data { subscription: self.hears.clone(), form: self.form });
        vec![self.say(&self.hears.confirmed())]
    }

    fn success(&self, message: &str) -> Vec<Step> {
        vec![self.say(&json!({"T": "success", "msg": message}))]
    }

    fn trouble(&self, trouble: Trouble) -> Vec<Step> {
        let (code, message, is_the_end) = trouble.words();
        let said = self.say(&json!({"T": "error", "code": code, "msg": message}));
        if is_the_end { vec![said, Step::Close] } else { vec![said] }
    }

    /// Everything is told in arrays.
    fn say(&self, value: &Value) -> Step {
        Step::Say(self.form.frame(&[&self.form.bytes(value)]))
    }
}

impl Trouble {
    /// Code, words, and whether the connection ends.
    fn words(self) -> (u16, &'static str, bool) {
        match self {
            Self::InvalidSyntax => (400, "invalid syntax", false),
            Self::NotAuthenticated => (401, "not authenticated", false),
            Self::AuthFailed => (402, "auth failed", true),
            Self::AlreadyAuthenticated => (403, "already authenticated", false),
            Self::AuthTimeout => (404, "auth timeout", true),
            Self::SymbolLimit => (405, "symbol limit exceeded", false),
            Self::ConnectionLimit => (406, "connection limit exceeded", true),
            Self::SlowClient => (407, "slow client", true),
            Self::InsufficientSubscription => (409, "insufficient subscription", true),
        }
    }
}

impl Session for DataSession {
    fn greet(&mut self, desk: &mut dyn Desk) -> Vec<Step> {
        let mut steps = self.success("connected");
        if let Some((key, secret)) = self.keys.take() {
            steps.extend(self.authenticate(&key, &secret, desk));
        }
        steps
    }

    fn hear(&mut self, said: &[u8], desk: &mut dyn Desk) -> Vec<Step> {
        let Some((form, Value::Object(message))) = Form::read(said) else {
            return self.trouble(Trouble::InvalidSyntax);
        };
        // One that speaks MessagePack is answered so, whatever its headers said. (One whose headers said so is too.)
        if form == Form::Msgpack {
            self.form = form;
        }
        let text = |name: &str| message.get(name).and_then(Value::as_str);
        match (text("action"), text("key"), text("secret")) {
            (Some("auth"), Some(key), Some(secret)) => self.authenticate(key, secret, desk),
            (Some("subscribe"), _, _) => self.subscribe(&message, true, desk),
            (Some("unsubscribe"), _, _) => self.subscribe(&message, false, desk),
            _ => self.trouble(Trouble::InvalidSyntax),
        }
    }

    fn is_in(&self) -> bool {
        self.is_in
    }

    fn too_late(&self) -> Vec<Step> {
        self.trouble(Trouble::AuthTimeout)
    }

    fn too_slow(&self) -> Vec<Step> {
        self.trouble(Trouble::SlowClient)
    }
}

#[cfg(test)]
mod tests;
