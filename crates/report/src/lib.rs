//! The one place that draws: pages as one self-contained HTML file, charts as SVG inside.
//!
//! Pure: data in, text out; the same data gives the same bytes. No scripts, no fonts, nothing fetched.

mod chart;
mod day;

pub use chart::{Chart, Mark, MarkKind};
pub use day::{DayPage, Figure, Line, Tone};
