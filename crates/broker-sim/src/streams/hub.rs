//! Who is connected to the streams, what each hears, and what is told to them.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use ::venue::{
    Engine,
    feed::{DataEvent, Watched},
};
use axum::extract::ws::Message;
use serde::Deserialize;
use tokio::{sync::Notify, time::timeout};

use super::{
    data::DataPlan,
    disturbance::{Disturbed, StreamFault},
    encoding::Form,
    outbox::{CutBy, Inbox, Outbox, queue},
    subscription::Subscription,
};

/// At most so many connections to the streams.
pub const CONNECTIONS_MAX: usize = 256;
/// The account may have so many connections that are told data.
const DATA_CONNECTIONS_MAX: usize = 1;
/// A frame of the data stream has at most so many messages.
const MESSAGES_A_FRAME: usize = 256;

/// A clock that is moved by hand waits so long for somebody to read something.
const READ_WITHIN: Duration = Duration::from_secs(1);

/// One of the streams.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StreamName {
    /// `/stream`.
    TradeUpdates,
    /// `/v2/{feed}`.
    Data,
}

/// What a connection is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Hears {
    /// Nothing yet.
    Nothing,
    /// What becomes of orders.
    Updates,
    /// What the market does.
    Data {
        /// Which symbols.
        subscription: Subscription,
        /// Said how.
        form: Form,
    },
}

/// Everybody who is connected.
#[derive(Default)]
pub(crate) struct Hub {
    /// Whether anybody hears anything: where nobody does, nothing is made.
    is_heard: AtomicBool,
    is_basic: AtomicBool,
    /// Told when a connection has read something.
    read: Arc<Notify>,
    room: Mutex<Room>,
}

#[derive(Default)]
struct Room {
    next: u64,
    seats: BTreeMap<u64, Seat>,
    updates_fault: StreamFault,
    data_fault: StreamFault,
}

struct Seat {
    stream: StreamName,
    is_in: bool,
    hears: Hears,
    outbox: Outbox,
    disturbed: Disturbed<Message>,
}

/// A data event in the forms that are wanted.
struct Encoded {
    event: DataEvent,
    json: Vec<u8>,
    packed: Vec<u8>,
}

impl Hub {
    pub(crate) fn set_plan(&self, plan: DataPlan) {
        self.is_basic.store(plan == DataPlan::Basic, Ordering::Relaxed);
    }

    pub(crate) fn plan(&self) -> DataPlan {
        if self.is_basic.load(Ordering::Relaxed) { DataPlan::Basic } else { DataPlan::Plus }
    }

    pub(crate) fn is_heard(&self) -> bool {
        self.is_heard.load(Ordering::Relaxed)
    }

    /// A seat for a connection, by its number; `None` when all are taken.
    pub(super) fn open(&self, stream: StreamName) -> Option<(u64, Inbox)> {
        let mut room = self.room();
        if room.seats.len() >= CONNECTIONS_MAX {
            return None;
        }
        let (outbox, inbox) = queue(Arc::clone(&self.read));
        room.next += 1;
        let number = room.next;
        let seat = Seat { stream, is_in: false, hears: Hears::Nothing, outbox, disturbed: Disturbed::default() };
        room.seats.insert(number, seat);
        Some((number, inbox))
    }

    /// The account comes in; `false` when the stream has as many of its connections as it may.
    pub(super) fn enter(&self, number: u64) -> bool {
        let mut room = self.room();
        let data = room.seats.values().filter(|seat| seat.stream == StreamName::Data && seat.is_taken()).count();
        let Some(seat) = room.seats.get_mut(&number) else { return false };
        seat.is_in = seat.stream == StreamName::TradeUpdates || data < DATA_CONNECTIONS_MAX;
        seat.is_in
    }

    /// What a connection hears from now on.
    pub(super) fn hear(&self, engine: &mut Engine, number: u64, hears: Hears) {
        let mut room = self.room();
        if let Some(seat) = room.seats.get_mut(&number) {
            seat.hears = hears;
        }
        self.tell_engine(engine, &room);
    }

    /// A connection ends.
    pub(super) fn leave(&self, engine: &mut Engine, number: u64) {
        let mut room = self.room();
        room.seats.remove(&number);
        self.tell_engine(engine, &room);
    }

    /// Hands on what the engine made of orders and of the market since the last time.
    pub(crate) fn publish(&self, engine: &mut Engine) {
        if !self.is_heard() {
            return;
        }
        self.publish_updates(engine);
        let mut room = self.room();
        for events in engine.take_data().chunks(MESSAGES_A_FRAME) {
            room.tell_data(events);
        }
    }

    /// Hands on what the engine made of orders since the last time.
    pub(crate) fn publish_updates(&self, engine: &mut Engine) {
        if !self.is_heard() {
            return;
        }
        let mut room = self.room();
        let fault = room.updates_fault;
        for update in engine.take_updates() {
            let message = Message::Binary(engine.update_json(&update).into());
            for seat in room.seats.values_mut().filter(|seat| seat.hears == Hears::Updates) {
                seat.tell(fault, message.clone());
            }
        }
    }

    /// Waits until everybody has read half of what waits for them; not for one that reads nothing at all.
    pub(crate) async fn caught_up(&self) {
        while self.room().seats.values().any(|seat| seat.outbox.is_crowded()) {
            if timeout(READ_WITHIN, self.read.notified()).await.is_err() {
                return;
            }
        }
    }

    /// Something is wrong with a stream from now on, or no more.
    pub(crate) fn set_fault(&self, stream: StreamName, fault: StreamFault) {
        let mut room = self.room();
        match stream {
            StreamName::TradeUpdates => room.updates_fault = fault,
            StreamName::Data => room.data_fault = fault,
        }
        for seat in room.seats.values_mut().filter(|seat| seat.stream == stream) {
            if let Some(held) = seat.disturbed.release() {
                seat.outbox.put(held, None);
            }
            if fault == StreamFault::Cut {
                seat.outbox.cut(CutBy::Hand);
            }
        }
    }

    /// Cuts every connection, and nothing is wrong any more.
    pub(crate) fn cut_all(&self) {
        let mut room = self.room();
        (room.updates_fault, room.data_fault) = (StreamFault::None, StreamFault::None);
        for seat in room.seats.values_mut() {
            seat.hears = Hears::Nothing;
            seat.outbox.cut(CutBy::Hand);
        }
        self.is_heard.store(false, Ordering::Relaxed);
    }

    /// The engine makes what somebody hears.
    fn tell_engine(&self, engine: &mut Engine, room: &Room) {
        let (mut updates, mut watched) = (false, Watched::default());
        for seat in room.seats.values() {
            match &seat.hears {
                Hears::Nothing => {}
                Hears::Updates => updates = true,
                Hears::Data { subscription, .. } => subscription.add_to(&mut watched),
            }
        }
        self.is_heard.store(updates || watched != Watched::default(), Ordering::Relaxed);
        engine.set_streaming(updates);
        if *engine.watched() != watched {
            engine.set_watched(watched);
        }
    }

    fn room(&self) -> MutexGuard<'_, Room> {
        self.room.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Room {
    fn tell_data(&mut self, events: &[DataEvent]) {
        let speaks = |seat: &Seat, wanted| matches!(&seat.hears, Hears::Data { form, .. } if *form == wanted);
        let json = self.seats.values().any(|seat| speaks(seat, Form::Json));
        let packed = self.seats.values().any(|seat| speaks(seat, Form::Msgpack));
        let encoded: Vec<Encoded> = events.iter().map(|event| Encoded::new(*event, json, packed)).collect();
        for seat in self.seats.values_mut() {
            let Hears::Data { subscription, form } = &seat.hears else { continue };
            let heard = encoded.iter().filter(|encoded| subscription.hears(&encoded.event));
            let heard: Vec<&[u8]> = heard.map(|encoded| encoded.bytes(*form)).collect();
            if !heard.is_empty() {
                let message = form.frame(&heard);
                seat.tell(self.data_fault, message);
            }
        }
    }
}

impl Seat {
    /// A connection that is being cut has given its place up.
    fn is_taken(&self) -> bool {
        self.is_in && !self.outbox.is_cut()
    }

    fn tell(&mut self, fault: StreamFault, message: Message) {
        let late = match fault {
            StreamFault::Late { ms } => Some(Duration::from_millis(ms)),
            StreamFault::None
            | StreamFault::Silent
            | StreamFault::Cut
            | StreamFault::Duplicate
            | StreamFault::Reorder => None,
        };
        for message in self.disturbed.pass(fault, message) {
            self.outbox.put(message, late);
        }
        if self.outbox.is_cut() {
            self.hears = Hears::Nothing;
        }
    }
}

impl Encoded {
    fn new(event: DataEvent, json: bool, packed: bool) -> Self {
        let value = event.to_value();
        let bytes = |form: Form, wanted: bool| if wanted { form.bytes(&value) } else { Vec::new() };
        Self { event, json: bytes(Form::Json, json), packed: bytes(Form::Msgpack, packed) }
    }

    fn bytes(&self, form: Form) -> &[u8] {
        match form {
            Form::Json => &self.json,
            Form::Msgpack => &self.packed,
        }
    }
}
