//! The progress bar: on a terminal only, never in a log.

use std::io::{IsTerminal, stderr};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::cli::Shape;

/// What a person watching sees; hidden when nobody does.
#[derive(Clone, Debug)]
pub struct Progress(ProgressBar);

impl Progress {
    /// Visible when text goes to a person and standard error is a terminal.
    pub fn new(shape: Shape) -> Self {
        let visible = shape == Shape::Text && stderr().is_terminal();
        let target = if visible { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
        let bar = ProgressBar::with_draw_target(None, target);
        bar.set_message("reading bars");
        Self(bar)
    }

    /// Begins to count symbols.
    pub fn begin(&self, symbols: usize) {
        let template = "{msg} [{bar:40}] {pos}/{len}";
        self.0.set_style(ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar()));
        self.0.set_message("judging symbols");
        self.0.set_length(symbols as u64);
    }

    /// So many more are done.
    pub fn advance(&self, symbols: usize) {
        self.0.inc(symbols as u64);
    }

    /// Leaves the terminal clean.
    pub fn finish(&self) {
        self.0.finish_and_clear();
    }
}
