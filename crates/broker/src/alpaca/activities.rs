//! What happened to the account: fills, and everything else (dividends, fees, transfers) with the members all have.

use market::{NyDate, Qty, Timestamp, Usd};
use serde::Deserialize;
use serde_json::Value;
use trading::report::Execution;

use super::{
    Alpaca,
    decimal::Decimal,
    decode,
    endpoint::{Get, PAGES_MAX},
    governor::Class,
    wire,
};
use crate::ReadError;

/// The most the broker gives at once.
const PAGE: usize = 100;
const FILL: &str = "FILL";

/// Which activities to read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ActivityQuery {
    /// The broker's words, such as `FILL`, `DIV` or `FEE`; none means all.
    pub kinds: Vec<String>,
    /// Only those after the instant; the broker looks at whole seconds.
    pub after: Option<Timestamp>,
    /// Only those before the instant; the broker looks at whole seconds.
    pub until: Option<Timestamp>,
}

/// One entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Activity {
    /// A fill.
    Fill(Execution),
    /// Anything else, and a fill of what we have no words for.
    Other(OtherActivity),
}

/// An activity that is not a fill of ours; what it does not have is `None`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OtherActivity {
    /// The broker's id.
    pub id: String,
    /// The broker's word for it.
    pub kind: String,
    /// And for its variety.
    pub sub_kind: Option<String>,
    /// When it took effect.
    pub date: Option<NyDate>,
    /// When it was booked.
    pub at: Option<Timestamp>,
    /// The instrument, of whatever sort.
    pub symbol: Option<String>,
    /// Shares, without their sign.
    pub qty: Option<Qty>,
    /// Whether the shares went away.
    pub goes_away: bool,
    /// Money, in or out.
    pub net_amount: Option<Usd>,
    /// Money a share.
    pub per_share: Option<Usd>,
    /// `executed`, `correct` or `canceled`.
    pub status: Option<String>,
}

#[derive(Deserialize)]
struct Row {
    id: String,
    #[serde(default)]
    activity_type: String,
    #[serde(default)]
    activity_sub_type: Option<String>,
    #[serde(default)]
    date: Option<String>,
    #[serde(default)]
    created_at: Option<String>,
    #[serde(default)]
    transaction_time: Option<String>,
    #[serde(default)]
    symbol: Option<String>,
    #[serde(default)]
    qty: Option<Decimal>,
    #[serde(default)]
    net_amount: Option<Decimal>,
    #[serde(default)]
    per_share_amount: Option<Decimal>,
    #[serde(default)]
    status: Option<String>,
}

impl Alpaca {
    /// Activities, oldest first. An entry without an id is left out and logged.
    ///
    /// # Errors
    /// When a page cannot be read, or the list does not end.
    pub async fn activities(&self, query: &ActivityQuery) -> Result<Vec<Activity>, ReadError> {
        let mut all = Vec::new();
        self.activity_pages(Class::Ordinary, query, |page| {
            all.extend(page.into_iter().filter_map(|row| {
                let read = activity(row);
                if let Err(why) = &read {
                    tracing::warn!(%why, "left out of the broker's activities");
                }
                read.ok()
            }));
        })
        .await?;
        Ok(all)
    }

    /// Fills after an instant, oldest first.
    ///
    /// # Errors
    /// As [`Alpaca::activities`].
    pub async fn executions(&self, after: Timestamp) -> Result<Vec<Execution>, ReadError> {
        let query = ActivityQuery { kinds: vec![FILL.to_owned()], after: Some(after), until: None };
        let mut all = Vec::new();
        self.activity_pages(Class::Protection, &query, |page| {
            let fills = decode::rows("executions", page, decode::execution).read;
            // The parameter has whole seconds; what it lets through too much is taken out here.
            all.extend(fills.into_iter().filter(|fill| fill.at > after));
        })
        .await?;
        Ok(all)
    }

    async fn activity_pages(
        &self,
        class: Class,
        query: &ActivityQuery,
        mut take: impl FnMut(Vec<Value>),
    ) -> Result<(), ReadError> {
        let whole_second = |at: Timestamp| Timestamp::from_unix_seconds(at.unix_seconds());
        let mut path = vec!["v2", "account", "activities"];
        let one = (query.kinds.len() == 1).then(|| query.kinds[0].as_str());
        path.extend(one);
        let several = (query.kinds.len() > 1).then(|| query.kinds.join(","));
        let mut get = Get::trading(class, &path)
            .with_some("activity_types", several)
            .with_some("after", query.after.map(whole_second))
            .with_some("until", query.until.map(whole_second))
            .with("direction", "asc")
            .with("page_size", PAGE.to_string());
        let mut token: Option<String> = None;
        let mut pages = self.pages(PAGES_MAX);
        loop {
            let (page, _): (Vec<Value>, _) =
                self.get(pages.next(&get)?.with_some("page_token", token.as_ref())).await?;
            let last = page.last().and_then(decode::id);
            let is_full = page.len() >= PAGE;
            take(page);
            if !is_full {
                return Ok(());
            }
            // Without a last id the next request would ask for the first page again.
            if last.is_none() || last == token {
                return Err(get.endpoint().stuck());
            }
            token = last;
            // The rest of a long history must not use up what protection needs.
            get.class = Class::Ordinary;
        }
    }
}

/// # Errors
/// When it has no id.
pub(super) fn activity(row: Value) -> Result<Activity, String> {
    let fill = (row.get("activity_type").and_then(Value::as_str) == Some(FILL))
        .then(|| serde_json::from_value::<wire::Fill>(row.clone()).ok())
        .flatten();
    if let Some(execution) = fill.and_then(|fill| decode::execution(fill).ok()) {
        return Ok(Activity::Fill(execution));
    }
    let row: Row = serde_json::from_value(row).map_err(|error| error.to_string())?;
    let instant = row.created_at.or(row.transaction_time).and_then(|text| text.parse().ok());
    let usd = |decimal: Option<Decimal>| decimal.and_then(|decimal| decimal.usd().ok());
    Ok(Activity::Other(OtherActivity {
        id: row.id,
        kind: row.activity_type,
        sub_kind: row.activity_sub_type,
        date: row.date.and_then(|text| text.get(..10)?.parse().ok()),
        at: instant,
        symbol: row.symbol.filter(|symbol| !symbol.is_empty()),
        goes_away: row.qty.as_ref().is_some_and(Decimal::is_negative),
        qty: row.qty.and_then(|qty| qty.qty().ok()),
        net_amount: usd(row.net_amount),
        per_share: usd(row.per_share_amount),
        status: row.status,
    }))
}
