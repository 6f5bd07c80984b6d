//! What can happen, one thing at a time.

use std::fmt;

use trading::control::Kill;

/// One thing that happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// A process takes its next step: reads, records, or sends.
    Step(usize),
    /// Its next read fails, and with it the cycle.
    ReadFails(usize),
    /// The list of executions it reads lacks the newest.
    ReadLags(usize),
    /// The exposure view cannot be written in this step.
    Unwritten(usize),
    /// A process dies.
    Crash(usize),
    /// A process is started.
    Start(usize),
    /// A request arrives at the broker, by its place on the wire.
    Arrive(usize),
    /// The network doubles a request.
    Double(usize),
    /// An answer arrives at a process, by its number.
    Answer(usize, usize),
    /// A process gives up waiting: the answer is lost, or the request is lost or late.
    GiveUp(usize),
    /// A request certainly never left.
    NeverLeft(usize),
    /// An order fills, by its place among the broker's orders; wholly or by one share.
    Fill(usize, bool),
    /// A cancel takes effect.
    EndCancel(usize),
    /// A replacement takes effect.
    EndReplace(usize),
    /// The kill switch is latched.
    Latch(Kill),
    /// The market offers a higher stop.
    Rise,
    /// The clock advances by a few seconds, as long as a request may take.
    Slow,
    /// The clock advances past the arrival limit.
    Long,
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Step(slot) => write!(f, "process {slot} goes on"),
            Self::ReadFails(slot) => write!(f, "FAULT process {slot}: the next read fails"),
            Self::ReadLags(slot) => write!(f, "FAULT process {slot}: the executions lack the newest"),
            Self::Unwritten(slot) => write!(f, "FAULT process {slot}: the exposure view cannot be written"),
            Self::Crash(slot) => write!(f, "CRASH of process {slot}"),
            Self::Start(slot) => write!(f, "process {slot} is started"),
            Self::Arrive(_) => f.write_str("a request arrives at the broker"),
            Self::Double(_) => f.write_str("FAULT the network doubles a request"),
            Self::Answer(slot, _) => write!(f, "process {slot} gets an answer"),
            Self::GiveUp(slot) => write!(f, "FAULT process {slot} gives up waiting"),
            Self::NeverLeft(slot) => write!(f, "FAULT the request of process {slot} never left"),
            Self::Fill(_, true) => f.write_str("an order fills"),
            Self::Fill(_, false) => f.write_str("an order fills in part"),
            Self::EndCancel(_) => f.write_str("a cancel takes effect"),
            Self::EndReplace(_) => f.write_str("a replacement is carried out"),
            Self::Latch(level) => write!(f, "KILL SWITCH latched: {level:?}"),
            Self::Rise => f.write_str("the market rises"),
            Self::Slow => f.write_str("15 seconds pass"),
            Self::Long => f.write_str("31 seconds pass"),
        }
    }
}
