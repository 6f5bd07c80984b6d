//! Logs: structured to journald under systemd, one readable line elsewhere, stamped with the program's own clock.

use std::{
    fmt,
    io::IsTerminal,
    os::{fd::AsFd, linux::fs::MetadataExt},
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
};

use market::Timestamp;
use tracing_subscriber::{
    EnvFilter, Layer, Registry,
    fmt::{format::Writer, time::FormatTime},
    layer::SubscriberExt,
    util::SubscriberInitExt,
};

/// The instant log lines are stamped with. The loop sets it once a cycle, so that a rehearsed day reads as that day.
#[derive(Clone, Debug, Default)]
pub struct LogClock(Arc<AtomicI64>);

impl LogClock {
    /// Sets the instant.
    pub fn set(&self, now: Timestamp) {
        self.0.store(now.unix_nanos(), Ordering::Relaxed);
    }
}

impl FormatTime for LogClock {
    fn format_time(&self, writer: &mut Writer<'_>) -> fmt::Result {
        match self.0.load(Ordering::Relaxed) {
            0 => write!(writer, "--:--:--"),
            nanos => {
                let now = Timestamp::from_unix_nanos(nanos);
                write!(writer, "{} {} NY", now.ny_date(), now.ny_time().format("%H:%M:%S"))
            }
        }
    }
}

/// Starts logging: to journald when standard error is the journal's, else to standard error. `RUST_LOG` filters;
/// default `info`.
#[must_use]
pub fn start() -> LogClock {
    let clock = LogClock::default();
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    let journal = stderr_is_journal().then(|| tracing_journald::layer().ok()).flatten();
    let sink: Box<dyn Layer<Registry> + Send + Sync> = match journal {
        // Field names stay as they are, so that `journalctl CLIENT_ORDER_ID=...` finds an order.
        Some(layer) => layer.with_field_prefix(None).boxed(),
        None => {
            let ansi = std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|v| v.is_empty());
            tracing_subscriber::fmt::layer()
                .with_writer(std::io::stderr)
                .with_ansi(ansi)
                .with_target(false)
                .with_timer(clock.clone())
                .boxed()
        }
    };
    // A second start (in tests) keeps the first.
    let _ = tracing_subscriber::registry().with(sink.with_filter(filter)).try_init();
    clock
}

/// `$JOURNAL_STREAM` holds device and inode of the journal's socket (systemd.exec(5)); a redirected stderr differs.
fn stderr_is_journal() -> bool {
    let Some(stream) = std::env::var("JOURNAL_STREAM").ok() else { return false };
    let Ok(duplicate) = std::io::stderr().as_fd().try_clone_to_owned() else { return false };
    let Ok(metadata) = std::fs::File::from(duplicate).metadata() else { return false };
    stream == format!("{}:{}", metadata.st_dev(), metadata.st_ino())
}
