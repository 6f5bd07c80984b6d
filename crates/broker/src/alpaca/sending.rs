//! The way of every order: the broker's rules, agreement on the account, then one request.

use market::Qty;
use trading::order::{BrokerOrderId, Purpose};

use super::{
    Alpaca,
    assets::Learned,
    governor::Class,
    settle::{self, Stopped},
    ticket::{Change, ChangeBody, Ticket, TicketBody},
    transport::Send,
    validate::{Around, Violation, change_violations, in_words, violations},
};
use crate::{RejectReason, SubmitOutcome};

/// An opening can wait for its turn; what reduces or protects goes at once.
fn class_of(purpose: Purpose) -> Class {
    match purpose {
        Purpose::Open => Class::Ordinary,
        Purpose::Reduce | Purpose::Protect | Purpose::Flatten => Class::Protection,
    }
}

impl Alpaca {
    /// Sends a ticket, once, when the rules and the account allow it.
    pub(super) async fn place(&self, ticket: &Ticket, around: Around<'_>) -> SubmitOutcome {
        if let Err(stopped) = self.ready(ticket, around).await {
            return stopped.into();
        }
        self.post(ticket).await
    }

    /// Changes an order, once, when the rules and the account allow it.
    pub(super) async fn change(&self, id: &BrokerOrderId, change: &Change) -> SubmitOutcome {
        let ready = keep_rules(change.purpose, &change_violations(change));
        let ready = match ready {
            Ok(()) => self.agreed_for(change.purpose).await,
            Err(stopped) => Err(stopped),
        };
        match ready {
            Ok(()) => self.patch(id, change).await,
            Err(stopped) => stopped.into(),
        }
    }

    /// The request itself.
    pub(super) async fn post(&self, ticket: &Ticket) -> SubmitOutcome {
        let url = self.trading.join(&["v2", "orders"]);
        let body = TicketBody::from(ticket);
        let outcome = self.transport.send(class_of(ticket.purpose), url, Send::Post(&body), &[]).await;
        settle::submit(&ticket.client_order_id, outcome)
    }

    /// The request itself.
    pub(super) async fn patch(&self, id: &BrokerOrderId, change: &Change) -> SubmitOutcome {
        let url = self.trading.join(&["v2", "orders", id.as_str()]);
        let body = ChangeBody::from(change);
        let outcome = self.transport.send(class_of(change.purpose), url, Send::Patch(&body), &[]).await;
        settle::submit(&change.client_order_id, outcome)
    }

    /// Between the controls' last look and an opening lies no read, which could take its time; what protects asks.
    async fn agreed_for(&self, purpose: Purpose) -> Result<(), Stopped> {
        match purpose {
            Purpose::Open => self.agreed(),
            Purpose::Reduce | Purpose::Protect | Purpose::Flatten => self.agree().await,
        }
    }

    async fn ready(&self, ticket: &Ticket, around: Around<'_>) -> Result<(), Stopped> {
        if ticket.purpose != Purpose::Open {
            keep_rules(ticket.purpose, &violations(ticket, &around))?;
            return self.agreed_for(ticket.purpose).await;
        }
        self.agreed_for(ticket.purpose).await?;
        let Some(Learned { asset, .. }) = self.learned(ticket.symbol) else {
            let why = format!("not sent, because {} was not learned as an asset", ticket.symbol);
            return Err(Stopped::Retryable { after: None, why });
        };
        // What opens by selling sells what is not held.
        let around = Around { asset: asset.as_ref(), held: Some(around.held.unwrap_or(Qty::ZERO)), ..around };
        let mut found = violations(ticket, &around);
        if asset.is_none() {
            found.push(Violation::UnknownAsset { symbol: ticket.symbol });
        }
        keep_rules(ticket.purpose, &found)
    }
}

/// An opening that breaks a rule stays here; anything else is the broker's to refuse.
fn keep_rules(purpose: Purpose, found: &[Violation]) -> Result<(), Stopped> {
    if found.is_empty() {
        return Ok(());
    }
    let words = in_words(found);
    match purpose {
        Purpose::Open => {
            Err(Stopped::Rejected { reason: RejectReason::Invalid, message: format!("not sent: {words}") })
        }
        Purpose::Reduce | Purpose::Protect | Purpose::Flatten => {
            tracing::warn!(%purpose, "sent although it seems to break the broker's rules: {words}");
            Ok(())
        }
    }
}
