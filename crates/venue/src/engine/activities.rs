//! GET /v2/account/activities: fills, and what splits and dividends did, in the order they happened. With a lag what is
//! younger is left out.
//!
//! An id is the activity's instant in digits, two colons and a UUID; the one of the last activity of a page is the token
//! of the next.

use market::{Qty, Timestamp, Usd};
use serde_json::{Value, json};

use super::{
    Engine, Response, book,
    query::{Asked, Query},
    refusal::Refusal,
    render,
    statement::{Entry, EntryKind},
};
use crate::order::Uuid;

const PAGE_MAX: usize = 100;

/// Alpaca's types of activities; this venue has three of them.
const TYPES: &[&str] = &[
    "FILL", "TRANS", "MISC", "ACATC", "ACATS", "CFEE", "CGD", "CSD", "CSW", "DIV", "DIVCGL", "DIVCGS", "DIVFEE",
    "DIVFT", "DIVNRA", "DIVROC", "DIVTW", "DIVTXEX", "FEE", "INT", "INTNRA", "INTTW", "JNL", "JNLC", "JNLS", "MA",
    "NC", "OPASN", "OPCA", "OPCSH", "OPEXC", "OPEXP", "OPTRD", "PTC", "PTR", "REO", "REORG", "SPIN", "SPLIT", "FOPT",
    "OCT",
];

/// An activity, not yet written.
#[derive(Clone, Copy)]
enum Activity<'a> {
    Fill(&'a book::Fill),
    Entry(&'a Entry),
}

impl Activity<'_> {
    fn at(&self) -> Timestamp {
        match self {
            Self::Fill(fill) => fill.at,
            Self::Entry(entry) => entry.at,
        }
    }

    fn uuid(&self) -> Uuid {
        match self {
            Self::Fill(fill) => fill.execution_id,
            Self::Entry(entry) => entry.id,
        }
    }

    fn kind(&self) -> &'static str {
        match self {
            Self::Fill(_) => "FILL",
            Self::Entry(entry) => match entry.kind {
                EntryKind::Split { .. } => "SPLIT",
                EntryKind::Dividend { .. } => "DIV",
            },
        }
    }
}

impl Engine {
    /// `kind`: the type the path names.
    pub(super) fn activities(&self, query: &Query, kind: Option<&str>) -> Result<Response, Refusal> {
        let asked = Asked::trading(query);
        let kinds = kinds(&asked, kind)?;
        let page = asked.count("page_size", PAGE_MAX, PAGE_MAX)?;
        let (after, until) = (asked.instant("after")?, asked.instant("until")?);
        let (date, order) = (asked.day("date")?, asked.read("order_id", Uuid::parse)?);
        let token = asked.read("page_token", |text| Uuid::parse(text.split_once("::")?.1))?;
        let told = self.now - self.config.lag.activities;
        let mut found = self.every_activity();
        found.retain(|activity| {
            let of_order = |id: &Uuid| match activity {
                Activity::Fill(fill) => self.book.orders()[fill.order].id == *id,
                Activity::Entry(_) => false,
            };
            activity.at() <= told
                && kinds.as_ref().is_none_or(|kinds| kinds.contains(&activity.kind()))
                && after.is_none_or(|after| activity.at() > after)
                && until.is_none_or(|until| activity.at() < until)
                && date.is_none_or(|date| activity.at().ny_date() == date)
                && order.as_ref().is_none_or(of_order)
        });
        if asked.is_descending("direction", true)? {
            found.reverse();
        }
        let start = match token {
            Some(token) => found.iter().position(|activity| activity.uuid() == token).map_or(found.len(), |at| at + 1),
            None => 0,
        };
        Ok(Response::ok(found[start..].iter().take(page).map(|activity| self.activity_json(activity)).collect()))
    }

    /// Fills and entries, oldest first.
    fn every_activity(&self) -> Vec<Activity<'_>> {
        let mut activities = Vec::with_capacity(self.book.fills().len() + self.entries.len());
        let mut entries = self.entries.iter().peekable();
        for (place, fill) in self.book.fills().iter().enumerate() {
            while let Some(entry) = entries.next_if(|entry| entry.fills <= place) {
                activities.push(Activity::Entry(entry));
            }
            activities.push(Activity::Fill(fill));
        }
        activities.extend(entries.map(Activity::Entry));
        activities
    }

    fn activity_json(&self, activity: &Activity<'_>) -> Value {
        let entry = match activity {
            Activity::Fill(fill) => return render::fill(&self.book, fill),
            Activity::Entry(entry) => entry,
        };
        let mut json = json!({
            "activity_type": activity.kind(),
            "id": entry_id(entry),
            "date": entry.at.ny_date(),
            "created_at": entry.at,
            "symbol": entry.symbol,
            "status": "executed",
            "currency": "USD",
        });
        let more = match entry.kind {
            EntryKind::Split { change } => [
                ("net_amount", "0".into()),
                ("qty", shares(change).into()),
                ("description", format!("split of {}", entry.symbol).into()),
            ]
            .to_vec(),
            EntryKind::Dividend { rate, shares: of, amount } => [
                ("net_amount", amount.to_string().into()),
                ("qty", shares(of).into()),
                ("per_share_amount", rate.to_string().into()),
                ("activity_sub_type", "CDIV".into()),
                ("description", format!("cash dividend of {} a share of {}", plain(rate), entry.symbol).into()),
            ]
            .to_vec(),
        };
        for (name, value) in more {
            json[name] = value;
        }
        json
    }
}

fn kinds<'a>(asked: &Asked<'a>, kind: Option<&'a str>) -> Result<Option<Vec<&'a str>>, Refusal> {
    let category = asked.one_of("category", &["trade_activity", "non_trade_activity"])?;
    let kinds = kind.map(|kind| vec![kind]).or_else(|| asked.words("activity_types"));
    if let Some(unknown) = kinds.iter().flatten().find(|kind| !TYPES.contains(kind)) {
        return Err(asked.refuse(format!("invalid activity type: {unknown}")));
    }
    match (kinds, category) {
        (Some(_), Some(_)) => Err(asked.refuse("category and activity types exclude each other")),
        (Some(kinds), None) => Ok(Some(kinds)),
        (None, Some("trade_activity")) => Ok(Some(vec!["FILL"])),
        (None, Some(_)) => Ok(Some(TYPES.iter().copied().filter(|kind| *kind != "FILL").collect())),
        (None, None) => Ok(None),
    }
}

fn entry_id(entry: &Entry) -> String {
    render::activity_id_of(entry.at, entry.id)
}

fn shares(units: i64) -> String {
    let qty = Qty::from_units(units.saturating_abs()).unwrap_or(Qty::ZERO);
    if units < 0 { format!("-{qty}") } else { qty.to_string() }
}

fn plain(rate: Usd) -> String {
    format!("${rate}")
}
