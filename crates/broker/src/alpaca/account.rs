//! The account, its worth over time, the broker's clock and its calendar.

use market::{NyDate, Session, Timestamp, Usd};
use serde::Deserialize;
use std::collections::BTreeMap;
use trading::report::{AccountReport, MarketClock};

use super::{Alpaca, decode, endpoint::Get, governor::Class, wire};
use crate::ReadError;

/// Which history to read; what is `None` is the broker's default.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HistoryQuery {
    /// How long, such as `7D`, `4W`, `1M` or `1A`; not together with both ends.
    pub period: Option<String>,
    /// `1Min`, `5Min`, `15Min`, `1H` or `1D`.
    pub timeframe: Option<String>,
    /// The first instant.
    pub from: Option<Timestamp>,
    /// The last instant.
    pub to: Option<Timestamp>,
}

/// What the account was worth over time.
#[derive(Clone, Debug, PartialEq)]
pub struct PortfolioHistory {
    /// The length of a step, in the broker's words.
    pub timeframe: String,
    /// What profit and loss are reckoned from.
    pub base_value: Option<Usd>,
    /// The session at whose close that was the equity.
    pub base_date: Option<NyDate>,
    /// Oldest first.
    pub points: Vec<HistoryPoint>,
    /// Money that came and went, by kind of activity, a value a point.
    pub cash_flow: BTreeMap<String, Vec<Usd>>,
}

/// One step of a [`PortfolioHistory`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct HistoryPoint {
    /// When the step begins.
    pub at: Timestamp,
    /// Equity at its end; `None` where the broker knows none.
    pub equity: Option<Usd>,
    /// Profit or loss since the base.
    pub profit_loss: Option<Usd>,
    /// The same as a part of the base: 0.01 is one percent.
    pub profit_loss_part: Option<f64>,
}

#[derive(Deserialize)]
pub(super) struct HistoryBody {
    timestamp: Vec<i64>,
    equity: Vec<Option<f64>>,
    profit_loss: Vec<Option<f64>>,
    profit_loss_pct: Vec<Option<f64>>,
    #[serde(default)]
    base_value: Option<f64>,
    #[serde(default)]
    base_value_asof: Option<NyDate>,
    timeframe: String,
    #[serde(default)]
    cashflow: Option<BTreeMap<String, Vec<f64>>>,
}

impl Alpaca {
    /// The account.
    ///
    /// # Errors
    /// When there is no answer, or not one that is understood.
    pub async fn account(&self) -> Result<AccountReport, ReadError> {
        let (account, endpoint) = self.get(Get::trading(Class::Ordinary, &["v2", "account"])).await?;
        let report = decode::account(account).map_err(|why| endpoint.undecodable(why))?;
        self.agreement.heard(&report.number);
        Ok(report)
    }

    /// What the account was worth over time.
    ///
    /// # Errors
    /// As [`Alpaca::account`].
    pub async fn portfolio_history(&self, query: &HistoryQuery) -> Result<PortfolioHistory, ReadError> {
        let get = Get::trading(Class::Ordinary, &["v2", "account", "portfolio", "history"])
            .with_some("period", query.period.as_ref())
            .with_some("timeframe", query.timeframe.as_ref())
            .with_some("start", query.from)
            .with_some("end", query.to);
        let (body, endpoint) = self.get(get).await?;
        history(body).map_err(|why| endpoint.undecodable(why))
    }

    /// The broker's clock.
    ///
    /// # Errors
    /// As [`Alpaca::account`].
    pub async fn clock(&self) -> Result<MarketClock, ReadError> {
        let (clock, _): (wire::Clock, _) = self.get(Get::trading(Class::Ordinary, &["v2", "clock"])).await?;
        Ok(decode::clock(&clock))
    }

    /// The broker's sessions from `first` to `last`, both included.
    ///
    /// # Errors
    /// As [`Alpaca::account`].
    pub async fn calendar(&self, first: NyDate, last: NyDate) -> Result<Vec<Session>, ReadError> {
        let get = Get::trading(Class::Ordinary, &["v2", "calendar"])
            .with("start", first.to_string())
            .with("end", last.to_string());
        let (days, endpoint): (Vec<wire::CalendarDay>, _) = self.get(get).await?;
        let sessions = days.iter().map(decode::session).collect::<Result<Vec<_>, _>>();
        let mut sessions = sessions.map_err(|why| endpoint.undecodable(why))?;
        sessions.retain(|session| first <= session.date && session.date <= last);
        Ok(sessions)
    }
}

/// # Errors
/// When the columns are not of one length, or hold what is no amount.
pub(super) fn history(body: HistoryBody) -> Result<PortfolioHistory, String> {
    let lengths = [body.equity.len(), body.profit_loss.len(), body.profit_loss_pct.len()];
    if lengths != [body.timestamp.len(); 3] {
        return Err(format!("{} instants with columns of {lengths:?}", body.timestamp.len()));
    }
    let usd = |value: f64| Usd::from_f64_rounded(value).map_err(|error| error.to_string());
    let columns = body.timestamp.iter().zip(&body.equity).zip(&body.profit_loss).zip(&body.profit_loss_pct);
    let points = columns.map(|(((seconds, equity), profit_loss), part)| {
        Ok(HistoryPoint {
            at: Timestamp::from_unix_seconds(*seconds),
            equity: equity.map(usd).transpose()?,
            profit_loss: profit_loss.map(usd).transpose()?,
            profit_loss_part: *part,
        })
    });
    let flow = |(kind, values): (String, Vec<f64>)| {
        Ok((kind, values.into_iter().map(usd).collect::<Result<Vec<_>, String>>()?))
    };
    Ok(PortfolioHistory {
        timeframe: body.timeframe,
        base_value: body.base_value.map(usd).transpose()?,
        base_date: body.base_value_asof,
        points: points.collect::<Result<_, String>>()?,
        cash_flow: body.cashflow.unwrap_or_default().into_iter().map(flow).collect::<Result<_, String>>()?,
    })
}
