//! What the programs tell each other: files, exit codes and environment variables, each in one place.
//!
//! A reader never guesses: a file that is missing, unreadable or of another schema is a value that says so, and whoever
//! decides ([`gate`]) treats it as a reason not to open and never as a reason not to protect.

pub mod arming;
pub mod atomic;
pub mod attestation;
pub mod clock;
pub mod env;
pub mod exit;
pub mod exposure;
pub mod foreign;
pub mod gate;
pub mod kill;
pub mod late_start;
pub mod layout;
pub mod live;
pub mod lock;
pub mod mode;
pub mod orders_today;
mod record;
pub mod symbols;
mod variables;
pub mod watchlist;

pub use arming::Arming;
pub use atomic::{WriteError, write_all_atomically, write_atomically};
pub use attestation::{Attestation, ScanRun, ScanStatus, sha256_hex};
pub use clock::{ProgramClock, loopback_url};
pub use env::{Env, EnvError, Secret};
pub use exit::{ExitCode, REFUSAL_CODES};
pub use exposure::{Exposure, ExposureView, Held};
pub use gate::{Authority, Evidence, Refusal, Verdict, decide};
pub use kill::{KillLevel, KillSwitch};
pub use layout::{Layout, LayoutError};
pub use live::{Caps, LiveEvidence, LiveRefusal, LiveVerdict};
pub use lock::{AccountLock, LockError};
pub use mode::Mode;
pub use orders_today::{LiveOrder, OrdersToday};
pub use record::{ReadError, View};
pub use symbols::{ConsumedEntries, ConsumedEntry, Standing, StopView, SymbolState, SymbolStates};
pub use watchlist::{Candidate, Direction, Watchlist};
