//! What the broker has, for commands that report on it. Reads only.

use anyhow::Context;
use broker::{
    OrderFilter,
    alpaca::{Alpaca, BaseUrl, Config},
};
use contract::{Env, ExitCode, env};
use market::{Feed, Qty};
use secrecy::SecretString;
use serde::Serialize;
use trading::{
    order::{OrderKind, Side},
    report::{AccountReport, OrderReport, PositionReport},
};

/// Account, positions and working orders.
pub struct BrokerView {
    /// The account.
    pub account: AccountReport,
    /// Positions.
    pub positions: Vec<PositionReport>,
    /// Orders that can still act.
    pub working: Vec<OrderReport>,
}

/// A position and the stops that protect it.
#[derive(Debug, Serialize)]
pub struct Protection {
    /// The position.
    pub position: PositionReport,
    /// Shares that stop orders at the broker speak for.
    pub protected: Qty,
    /// Whether every share is protected.
    pub complete: bool,
}

impl BrokerView {
    /// Reads all three.
    pub fn read(environment: &Env) -> anyhow::Result<Self> {
        let broker = Alpaca::new(&config(environment)?).context(ExitCode::BadConfig)?;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let read = async {
            let (account, positions) = (broker.account().await?, broker.positions().await?.whole()?);
            let working = broker.orders(OrderFilter::Open).await?.whole()?;
            Ok::<_, broker::ReadError>(Self { account, positions, working })
        };
        runtime.block_on(read).context(ExitCode::BrokerUnavailable)
    }

    /// Each position with what protects it.
    pub fn protection(&self) -> Vec<Protection> {
        self.positions.iter().map(|position| protection(position, &self.working)).collect()
    }
}

fn protection(position: &PositionReport, working: &[OrderReport]) -> Protection {
    let protects = |order: &&OrderReport| {
        order.symbol == position.symbol
            && order.side == Side::Sell
            && matches!(order.kind, Some(OrderKind::Stop { .. }))
    };
    let protected = working
        .iter()
        .filter(protects)
        .fold(Qty::ZERO, |sum, order| sum.plus(order.qty.minus_or_zero(order.filled_qty)));
    Protection { complete: !position.short && protected >= position.qty, position: position.clone(), protected }
}

fn config(environment: &Env) -> anyhow::Result<Config> {
    let text = |variable: &env::Variable| -> anyhow::Result<String> {
        let value = environment.text(variable).context(ExitCode::BadConfig)?;
        value.map(str::to_owned).with_context(|| format!("{} is not set", variable.name)).context(ExitCode::BadConfig)
    };
    let secret = |variable: &env::Variable| -> anyhow::Result<SecretString> {
        let value = environment.secret(variable).context(ExitCode::BadConfig)?;
        let value = value.with_context(|| format!("{} is missing", variable.name)).context(ExitCode::BadConfig)?;
        Ok(SecretString::from(value.expose()))
    };
    let trading: BaseUrl = text(&env::APCA_API_BASE_URL)?.parse().context(ExitCode::BadConfig)?;
    // Reports read no market data; the address only has to be one.
    let data = trading.clone();
    let feed = if trading.is_loopback() { Feed::Simulated } else { Feed::Iex };
    Ok(Config::new(trading, data, secret(&env::APCA_API_KEY_ID)?, secret(&env::APCA_API_SECRET_KEY)?, feed))
}
