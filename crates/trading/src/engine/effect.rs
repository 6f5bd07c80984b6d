//! What is to be done, and how it waits until its turn.

use market::{Qty, Symbol, Timestamp};

use crate::{
    book::{Intent, TradePlan},
    control::{Approved, Kill},
    decide::Action,
    order::{BrokerOrderId, ClientOrderId, IntentKey, OrderRequest, Purpose, Replacement},
    record::Record,
    state::OrderState,
};

/// Something the driver does, in order, one at a time.
#[derive(Clone, Debug, PartialEq)]
pub enum Effect {
    /// Write down durably, in one transaction, before anything else; a driver that cannot must stop.
    Record {
        /// The instant it is recorded at.
        at: Timestamp,
        /// The facts.
        records: Vec<Record>,
    },
    /// Write the exposure view that the gate reads; answered by [`super::Event::Exposed`].
    Expose(Exposure),
    /// Ask the broker for the order of this id; answered by [`super::Event::Answer`].
    Ask(ClientOrderId),
    /// Send, once; answered by [`super::Event::Submitted`].
    Submit(Box<Approved<OrderRequest>>),
    /// Replace, once; answered by [`super::Event::Submitted`] with the new order's id.
    Replace(Box<Approved<Replacement>>),
    /// Ask for a cancel; answered by [`super::Event::Canceled`].
    Cancel {
        /// The broker's id.
        order: BrokerOrderId,
        /// Ours.
        client_order_id: ClientOrderId,
        /// Why.
        why: String,
    },
    /// Tell a human.
    Alert {
        /// What it is about.
        subject: String,
        /// The message.
        text: String,
    },
}

/// What the gate will see if this process dies now: orders about to go out count.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exposure {
    /// When.
    pub at: Timestamp,
    /// Positions at the broker; for a short position the shares owed.
    pub positions: Vec<(Symbol, Qty)>,
    /// Working orders at the broker.
    pub working_orders: u32,
    /// Orders about to be sent, and those of ours that the broker does not list.
    pub unknown_outcomes: u32,
}

/// What the driver knows at the moment it asks for the next effect.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Moment {
    /// The time.
    pub now: Timestamp,
    /// The kill switch, read now.
    pub kill: Option<Kill>,
    /// Why nothing more is opened now, such as a signal that ends the process. Protection goes on.
    pub no_openings: Option<String>,
}

/// An effect that waits.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Step {
    /// A record; the book believes it already.
    Record(Timestamp, Vec<Record>),
    /// An order that is neither recorded nor sent yet.
    Decided(Box<Decided>),
    /// An order that is recorded and not yet sent.
    Recorded(Box<Decided>),
    /// Told if it is news when its turn comes, which is after all that protects.
    Alert(String, String),
    /// Anything else.
    Effect(Effect),
}

/// An order with all that its record needs.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Decided {
    pub(super) key: IntentKey,
    pub(super) trade: Option<TradePlan>,
    pub(super) send: Send,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Send {
    Submit(Box<Approved<OrderRequest>>),
    Replace(Box<Approved<Replacement>>),
}

impl Step {
    pub(super) fn from_action(action: &Action) -> Self {
        match action {
            Action::Submit { order, key, trade } => Self::decided(key, *trade, Send::Submit(order.clone())),
            Action::Replace { replacement, key } => Self::decided(key, None, Send::Replace(replacement.clone())),
            Action::Cancel { order, client_order_id, why, .. } => Self::Effect(Effect::Cancel {
                order: order.clone(),
                client_order_id: client_order_id.clone(),
                why: why.clone(),
            }),
            Action::Alert { subject, text } => Self::Alert(subject.clone(), text.clone()),
        }
    }

    fn decided(key: &IntentKey, trade: Option<TradePlan>, send: Send) -> Self {
        Self::Decided(Box::new(Decided { key: key.clone(), trade, send }))
    }

    pub(super) fn is_record(&self) -> bool {
        match self {
            Self::Record(..) => true,
            Self::Decided(_) | Self::Recorded(_) | Self::Alert(..) | Self::Effect(_) => false,
        }
    }

    pub(super) fn is_alert(&self) -> bool {
        match self {
            Self::Alert(..) => true,
            Self::Record(..) | Self::Decided(_) | Self::Recorded(_) | Self::Effect(_) => false,
        }
    }

    /// A request that reduces what is held or may be bought.
    pub(super) fn is_protective(&self) -> bool {
        match self {
            Self::Decided(decided) | Self::Recorded(decided) => !decided.is_opening(),
            Self::Effect(effect) => matches!(effect, Effect::Cancel { .. }),
            Self::Record(..) | Self::Alert(..) => false,
        }
    }

    pub(super) fn is_opening(&self) -> bool {
        match self {
            Self::Decided(decided) => decided.is_opening(),
            // Recorded already: it is withheld on the record when its turn comes.
            Self::Record(..) | Self::Recorded(_) | Self::Alert(..) | Self::Effect(_) => false,
        }
    }
}

impl Decided {
    pub(super) fn request(&self) -> &OrderRequest {
        match &self.send {
            Send::Submit(order) => order.get(),
            Send::Replace(replacement) => &replacement.get().order,
        }
    }

    pub(super) fn is_opening(&self) -> bool {
        self.request().purpose == Purpose::Open
    }

    pub(super) fn intent(&self, now: Timestamp) -> Intent {
        Intent {
            key: self.key.clone(),
            request: self.request().clone(),
            state: OrderState::Recorded,
            recorded_at: now,
            doubted_since: None,
            broker_id: None,
            replaces: match &self.send {
                Send::Submit(_) => None,
                Send::Replace(replacement) => Some(replacement.get().replaced_id.clone()),
            },
            trade: self.trade,
            note: String::new(),
        }
    }

    pub(super) fn into_effect(self) -> Effect {
        match self.send {
            Send::Submit(order) => Effect::Submit(order),
            Send::Replace(replacement) => Effect::Replace(replacement),
        }
    }
}
