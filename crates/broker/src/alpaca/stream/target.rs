//! Where a stream connects and as whom.
//!
//! `wss` anywhere, `ws` on a loopback address only: a target is made from the client's [`Config`], whose base URLs keep
//! that rule. `trade_updates` is `/stream` of the trading host; data is `/v2/FEED` of `stream.` and the data host.

use reqwest::Url;

use super::{
    super::{BaseUrl, Config, ConfigError},
    frame::Codec,
    keys::Keys,
    session::Protocol,
};

/// A stream's server and the keys for it. `Debug` shows no key.
#[derive(Clone, Debug)]
pub(super) struct Target {
    pub(super) url: Url,
    pub(super) keys: Keys,
    pub(super) protocol: Protocol,
    pub(super) seed: u64,
}

impl Target {
    /// `trade_updates` of an account.
    pub(super) fn trade_updates(config: &Config) -> Result<Self, ConfigError> {
        config.check()?;
        let url = socket(&config.trading_url, &["stream"]);
        Ok(Self { url, keys: keys(config), protocol: Protocol::TradeUpdates, seed: config.jitter_seed })
    }

    /// The data stream of the configured feed.
    pub(super) fn data(config: &Config, codec: Codec) -> Result<Self, ConfigError> {
        config.check()?;
        let mut url = socket(&config.data_url, &["v2", config.feed_name()?]);
        if let Some(host) = url.host_str().filter(|host| host.starts_with("data.")).map(|host| format!("stream.{host}"))
        {
            url.set_host(Some(&host)).expect("a host with a label before it is a host");
        }
        // Another seed than the other stream's: the two would connect again in step.
        let seed = config.jitter_seed ^ 0x5eed;
        Ok(Self { url, keys: keys(config), protocol: Protocol::Data(codec), seed })
    }

    pub(super) fn is_plain(&self) -> bool {
        self.url.scheme() == "ws"
    }
}

fn keys(config: &Config) -> Keys {
    Keys::new(config.key_id.clone(), config.secret_key.clone())
}

fn socket(base: &BaseUrl, path: &[&str]) -> Url {
    let mut url = base.join(path);
    let scheme = if base.is_plain() { "ws" } else { "wss" };
    url.set_scheme(scheme).expect("http and https become ws and wss");
    url
}

#[cfg(test)]
mod tests {
    use market::Feed;

    use super::*;

    fn config(trading: &str, data: &str, feed: Feed) -> Config {
        Config::new(trading.parse().unwrap(), data.parse().unwrap(), "PKID".into(), "hunter2".into(), feed)
    }

    #[test]
    fn addresses_follow_the_rest_interface() {
        let paper = config("https://paper-api.alpaca.markets", "https://data.alpaca.markets", Feed::Iex);
        assert_eq!(Target::trade_updates(&paper).unwrap().url.as_str(), "wss://paper-api.alpaca.markets/stream");
        let data = Target::data(&paper, Codec::Json).unwrap();
        assert_eq!(data.url.as_str(), "wss://stream.data.alpaca.markets/v2/iex");
        assert!(!data.is_plain());
        let local = config("http://127.0.0.1:8080", "http://127.0.0.1:8080", Feed::Simulated);
        assert_eq!(Target::trade_updates(&local).unwrap().url.as_str(), "ws://127.0.0.1:8080/stream");
        assert_eq!(Target::data(&local, Codec::Msgpack).unwrap().url.as_str(), "ws://127.0.0.1:8080/v2/sip");
    }

    #[test]
    fn simulated_data_comes_from_this_machine_only() {
        let config = config("https://paper-api.alpaca.markets", "https://data.alpaca.markets", Feed::Simulated);
        assert!(Target::data(&config, Codec::Json).is_err());
    }

    #[test]
    fn keys_go_where_the_rest_client_would_take_them_and_nowhere_else() {
        let elsewhere = config("https://paper-api.example.com", "https://data.alpaca.markets", Feed::Iex);
        assert!(Target::trade_updates(&elsewhere).is_err());
        let elsewhere = config("https://paper-api.alpaca.markets", "https://data.example.com", Feed::Iex);
        assert!(Target::data(&elsewhere, Codec::Json).is_err());
    }

    #[test]
    fn keys_are_not_shown() {
        let local = config("http://127.0.0.1:8080", "http://127.0.0.1:8080", Feed::Iex);
        let shown = format!("{:?}", Target::trade_updates(&local).unwrap());
        assert!(!shown.contains("PKID") && !shown.contains("hunter2"), "{shown}");
    }
}
