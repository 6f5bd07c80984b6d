//! The way of an order: decided, recorded, sent. What may stop an opening is asked before the record and before the send.

use market::Timestamp;

use super::{
    Core, Effect, Moment,
    effect::{Decided, Step},
};
use crate::{
    reconcile,
    record::Record,
    refusal::{Reason, Refusal},
    state::{OrderEvent, OrderState},
};

impl Core {
    /// The next thing to do; `None` when nothing is left until the next event.
    pub fn poll(&mut self, moment: &Moment) -> Option<Effect> {
        self.book.saw(moment.now);
        loop {
            match self.queue.pop_front()? {
                Step::Record(at, records) => return Some(Effect::Record { at, records }),
                Step::Effect(effect) => return Some(effect),
                // Telling takes time and may fail: what protects goes first.
                Step::Alert(subject, text) => match self.queue.iter().rposition(Step::is_protective) {
                    Some(last) => self.put_off(last, Step::Alert(subject, text)),
                    None if self.alerts.is_news(&subject, moment.now) => return Some(Effect::Alert { subject, text }),
                    None => {}
                },
                Step::Decided(decided) => match self.why_not(&decided, moment) {
                    Some(refusal) => self.note_refusal(refusal),
                    None => {
                        if decided.is_opening() {
                            self.entering(decided.request().symbol);
                        }
                        let record = Record::Intent(Box::new(decided.intent(moment.now)));
                        self.queue.push_front(Step::Recorded(decided));
                        self.record_first(vec![record], moment.now);
                    }
                },
                Step::Recorded(decided) => match self.why_not(&decided, moment) {
                    Some(refusal) => self.withhold(&decided, refusal, moment.now),
                    None => return Some(decided.into_effect()),
                },
            }
        }
    }

    /// Behind the last that protects, and behind the alerts that were put off before it.
    fn put_off(&mut self, last: usize, alert: Step) {
        let behind = self.queue.iter().skip(last + 1).take_while(|step| step.is_alert()).count();
        self.queue.insert(last + 1 + behind, alert);
    }

    /// Whether the next thing to do may be an opening, so that its driver need not ask for permission before any other.
    #[must_use]
    pub fn opens_next(&self) -> bool {
        let next = self.queue.iter().find(|step| !step.is_alert());
        match next {
            Some(Step::Decided(decided) | Step::Recorded(decided)) => decided.is_opening(),
            Some(Step::Record(..) | Step::Alert(..) | Step::Effect(_)) | None => false,
        }
    }

    /// Why an opening is not sent now: the sends before it took time, and the world went on. Never asked of protection.
    fn why_not(&self, decided: &Decided, moment: &Moment) -> Option<Refusal> {
        let (reason, detail) = if decided.is_opening() { self.why_not_open(decided, moment)? } else { return None };
        let request = decided.request();
        Some(Refusal { at: moment.now, symbol: request.symbol, purpose: request.purpose, reason, detail })
    }

    fn why_not_open(&self, decided: &Decided, moment: &Moment) -> Option<(Reason, String)> {
        if let Some(why) = &moment.no_openings {
            return Some((Reason::Gate, format!("{why} came meanwhile")));
        }
        if let Some(seen) = self.book.high_water().filter(|seen| moment.now < *seen) {
            return Some((Reason::TimeWentBack, format!("{seen} has been already")));
        }
        let decided_at = self.view.as_ref().map(|view| view.now)?;
        if moment.now.since(decided_at).abs() > self.limits.quote_age {
            return Some((Reason::NoQuote, "the decision has grown old meanwhile".to_owned()));
        }
        let date = moment.now.ny_date();
        if self.book.reject_streak(date) >= self.limits.reject_streak {
            return Some((Reason::RejectStreak, "the broker refused one more meanwhile".to_owned()));
        }
        let itself = &decided.request().client_order_id;
        let unresolved = |(id, intent): (&_, &crate::book::Intent)| intent.state.is_unresolved() && id != itself;
        if self.book.live().any(unresolved) {
            return Some((Reason::SymbolBlocked, "the outcome of another order is unknown".to_owned()));
        }
        // Last, right before the send.
        moment.kill.map(|level| (Reason::KillSwitch, format!("the kill switch was latched meanwhile ({level:?})")))
    }

    /// It was recorded, and is not sent: that is its end, on the record.
    fn withhold(&mut self, decided: &Decided, refusal: Refusal, now: Timestamp) {
        let id = &decided.request().client_order_id;
        let note = Record::Note { id: id.clone(), note: format!("not sent: {}", refusal.detail) };
        let intent = self.book.intent(id).filter(|intent| intent.state == OrderState::Recorded);
        let change = intent.and_then(|intent| reconcile::change(intent, &OrderEvent::Withheld, None).ok().flatten());
        self.note_refusal(refusal);
        self.record_first(change.map(Record::Change).into_iter().chain([note]).collect(), now);
    }

    fn note_refusal(&mut self, refusal: Refusal) {
        for step in self.news(&[refusal]).collect::<Vec<_>>() {
            self.queue.push_front(step);
        }
    }
}
