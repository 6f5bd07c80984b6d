//! Corporate actions, those of the market and splits by hand: GET /v1/corporate-actions of the data interface, and the
//! older announcements of the trading interface.
//!
//! Both tell what is announced, also of days to come. Ids come from symbol, day and kind, so they are the same for ever;
//! CUSIPs are made of the symbol.

use std::collections::BTreeMap;

use market::{NyDate, Symbol, Usd};
use rand::RngExt;
use serde_json::{Value, json};

use super::{
    Engine, Response,
    query::{Asked, Query},
    refusal::Refusal,
};
use crate::{order::Uuid, seed, traded::ActionKind};

const KNOWN: &[&str] =
    &["symbols", "cusips", "types", "region", "start", "end", "ids", "limit", "data_quality", "page_token", "sort"];
const LIMIT_DEFAULT: usize = 100;
const LIMIT_MAX: usize = 1_000;
const ANNOUNCED_DAYS_MAX: i64 = 90;
/// Shares are paid out so many days after they trade without the dividend.
const DAYS_TO_PAYMENT: i32 = 14;

/// Alpaca's types; this venue has three of them.
const TYPES: &[&str] = &[
    "reverse_split",
    "forward_split",
    "unit_split",
    "cash_dividend",
    "stock_dividend",
    "spin_off",
    "cash_merger",
    "stock_merger",
    "stock_and_cash_merger",
    "redemption",
    "name_change",
    "worthless_removal",
    "rights_distribution",
    "partial_call",
    "reorganization",
    "capital_gains_distribution",
];

/// An action as both interfaces tell it.
#[derive(Clone, Copy)]
struct Action {
    symbol: Symbol,
    ex_date: NyDate,
    kind: ActionKind,
    /// Tells apart what happened by hand on one day.
    number: u64,
}

impl Action {
    fn word(&self) -> &'static str {
        match self.kind {
            ActionKind::Split { new, old } if new >= old => "forward_split",
            ActionKind::Split { .. } => "reverse_split",
            ActionKind::CashDividend { .. } => "cash_dividend",
        }
    }

    fn id(&self) -> Uuid {
        let purpose = format!("action {} {} {} {}", self.symbol, self.ex_date, self.word(), self.number);
        Uuid::from_bits(seed::stream(0, &purpose).random())
    }

    fn payable_date(&self) -> NyDate {
        match self.kind {
            ActionKind::Split { .. } => self.ex_date,
            ActionKind::CashDividend { .. } => self.ex_date.plus_days(DAYS_TO_PAYMENT),
        }
    }

    /// As the data interface has it, processed on the ex-date.
    fn to_value(self) -> Value {
        let mut json = json!({
            "id": self.id(),
            "symbol": self.symbol,
            "process_date": self.ex_date,
            "ex_date": self.ex_date,
            "record_date": self.ex_date,
            "payable_date": self.payable_date(),
        });
        let more = match self.kind {
            ActionKind::Split { new, old } => {
                let mut more = vec![("new_rate", json!(new)), ("old_rate", json!(old))];
                if new >= old {
                    more.push(("cusip", cusip(self.symbol).into()));
                } else {
                    let [before, after] = [cusip(self.symbol), new_cusip(self.symbol)];
                    more.extend([("old_cusip", before.into()), ("new_cusip", after.into())]);
                }
                more
            }
            ActionKind::CashDividend { rate } => vec![
                ("rate", json!(rate.to_f64())),
                ("cusip", cusip(self.symbol).into()),
                ("special", false.into()),
                ("foreign", false.into()),
            ],
        };
        for (name, value) in more {
            json[name] = value;
        }
        json
    }

    /// As the trading interface has it.
    fn announcement(self) -> Value {
        let (kind, sub_type, cash, new, old) = match self.kind {
            ActionKind::Split { new, old } if new >= old => ("split", "stock_split", Usd::ZERO, new, old),
            ActionKind::Split { new, old } => ("split", "reverse_split", Usd::ZERO, new, old),
            ActionKind::CashDividend { rate } => ("dividend", "cash", rate, 1, 1),
        };
        json!({
            "id": self.id(),
            "corporate_action_id": format!("{}_{}", cusip(self.symbol), self.ex_date),
            "ca_type": kind,
            "ca_sub_type": sub_type,
            "initiating_symbol": self.symbol,
            "initiating_original_cusip": cusip(self.symbol),
            "target_symbol": self.symbol,
            "target_original_cusip": cusip(self.symbol),
            "declaration_date": self.ex_date.plus_days(-DAYS_TO_PAYMENT),
            "effective_date": self.ex_date,
            "ex_date": self.ex_date,
            "record_date": self.ex_date,
            "payable_date": self.payable_date(),
            "cash": cash,
            "old_rate": old.to_string(),
            "new_rate": new.to_string(),
        })
    }
}

impl Engine {
    fn actions(&self) -> Vec<Action> {
        let of_market = self.tape.market().actions.iter().map(|action| Action {
            symbol: action.symbol,
            ex_date: action.ex_date,
            kind: action.kind,
            number: 0,
        });
        let by_hand = self.tape.splits_by_hand().iter().map(|split| Action {
            symbol: split.symbol,
            ex_date: split.at.ny_date(),
            kind: ActionKind::Split { new: split.new, old: split.old },
            number: split.number,
        });
        let mut actions: Vec<Action> = of_market.chain(by_hand).collect();
        actions.sort_by_key(|action| (action.ex_date, action.symbol, action.number));
        actions
    }

    pub(super) fn corporate_actions(&self, query: &Query) -> Result<Response, Refusal> {
        let asked = Asked::data(query, KNOWN)?;
        let limit = asked.count("limit", LIMIT_DEFAULT, LIMIT_MAX)?;
        asked.one_of("region", &["all", "us", "non_us"])?;
        asked.one_of("data_quality", &["all", "complete"])?;
        let mut actions = self.actions_asked(&asked)?;
        if asked.is_descending("sort", false)? {
            actions.reverse();
        }
        let token = asked.read("page_token", Uuid::parse)?;
        let start = match token {
            Some(token) => actions.iter().position(|action| action.id() == token).map_or(actions.len(), |at| at + 1),
            None => 0,
        };
        let page = &actions[start..actions.len().min(start + limit)];
        let next = page.last().filter(|_| start + limit < actions.len()).map(Action::id);
        let mut groups: BTreeMap<String, Vec<Value>> = BTreeMap::new();
        for action in page {
            groups.entry(format!("{}s", action.word())).or_default().push(action.to_value());
        }
        Ok(Response::ok(json!({"corporate_actions": groups, "next_page_token": next})))
    }

    fn actions_asked(&self, asked: &Asked<'_>) -> Result<Vec<Action>, Refusal> {
        let mut actions = self.actions();
        if let Some(ids) = asked.words("ids") {
            for other in ["symbols", "types", "start", "end", "region", "data_quality"] {
                if asked.get(other).is_some() {
                    return Err(asked.refuse(format!("ids and {other} exclude each other")));
                }
            }
            actions.retain(|action| ids.contains(&action.id().to_string().as_str()));
            return Ok(actions);
        }
        let today = self.now.ny_date();
        let (first, last) = (asked.day("start")?.unwrap_or(today), asked.day("end")?.unwrap_or(today));
        if last < first {
            return Err(asked.refuse("end should not be before start"));
        }
        let (symbols, cusips) = (asked.symbols("symbols")?, asked.words("cusips"));
        let types = asked.words("types");
        if let Some(unknown) = types.iter().flatten().find(|word| !TYPES.contains(word)) {
            return Err(asked.refuse(format!("invalid type: {unknown}")));
        }
        actions.retain(|action| {
            (first..=last).contains(&action.ex_date)
                && symbols.as_ref().is_none_or(|symbols| symbols.contains(&action.symbol))
                && cusips.as_ref().is_none_or(|cusips| cusips.contains(&cusip(action.symbol).as_str()))
                && types.as_ref().is_none_or(|types| types.contains(&action.word()))
        });
        Ok(actions)
    }

    pub(super) fn announcements(&self, query: &Query) -> Result<Response, Refusal> {
        let asked = Asked::trading(query);
        let types = asked.required("ca_types")?.to_ascii_lowercase();
        let types: Vec<&str> = types.split(',').collect();
        if let Some(unknown) = types.iter().find(|word| !ANNOUNCED.contains(word)) {
            return Err(asked.refuse(format!("invalid ca_types: {unknown}")));
        }
        let need = |name: &str, day: Option<NyDate>| day.ok_or_else(|| asked.refuse(format!("{name} is required")));
        let (since, until) = (need("since", asked.day("since")?)?, need("until", asked.day("until")?)?);
        if !(0..=ANNOUNCED_DAYS_MAX).contains(&until.days_since(since)) {
            return Err(asked.refuse("since to until must be 0 to 90 days"));
        }
        let symbol = asked.read("symbol", |text| Symbol::new(text).ok())?;
        let wanted_cusip = asked.get("cusip");
        let of = asked.one_of("date_type", &["declaration_date", "ex_date", "record_date", "payable_date"])?;
        let found = self.actions().into_iter().filter(|action| {
            let day = match of {
                Some("declaration_date") | None => action.ex_date.plus_days(-DAYS_TO_PAYMENT),
                Some("payable_date") => action.payable_date(),
                Some(_) => action.ex_date,
            };
            let kind = match action.kind {
                ActionKind::Split { .. } => "split",
                ActionKind::CashDividend { .. } => "dividend",
            };
            types.contains(&kind)
                && (since..=until).contains(&day)
                && symbol.is_none_or(|symbol| symbol == action.symbol)
                && wanted_cusip.is_none_or(|wanted| wanted == cusip(action.symbol))
        });
        Ok(Response::ok(found.map(Action::announcement).collect()))
    }

    pub(super) fn announced(&self, id: &str) -> Result<Response, Refusal> {
        let wanted = Uuid::parse(id);
        let found = self.actions().into_iter().find(|action| Some(action.id()) == wanted);
        let missing = || Refusal::not_found(format!("announcement not found for {id}"));
        found.map(|action| Response::ok(action.announcement())).ok_or_else(missing)
    }
}

const ANNOUNCED: &[&str] = &["dividend", "merger", "spinoff", "split", "reorg"];

/// Nine characters that name the security.
fn cusip(symbol: Symbol) -> String {
    format!("{:0<9.9}", symbol.as_str())
}

/// A reverse split makes a new security of it.
fn new_cusip(symbol: Symbol) -> String {
    format!("{:1<9.9}", symbol.as_str())
}
