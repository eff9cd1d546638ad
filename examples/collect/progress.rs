//! A progress bar on a terminal; nothing without one. It must not know more than the events of a run.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
use postroom::collect::Event;

pub(crate) struct Progress {
    bar: ProgressBar,
    wanted: usize,
    done: usize,
}

impl Progress {
    /// It draws to standard error if that is a terminal.
    pub(crate) fn new(quiet: bool) -> Self {
        let bar = if quiet { ProgressBar::hidden() } else { ProgressBar::no_length() };
        Self { bar, wanted: 0, done: 0 }
    }

    pub(crate) fn tell(&mut self, event: &Event) {
        match event {
            Event::Listed { wanted, octets, .. } => self.begin(*wanted, *octets),
            Event::Collected { octets, .. } | Event::Recognised { octets, .. } => self.step(*octets),
            Event::HeaderCollected { .. } | Event::Gone { .. } | Event::Failed { id: Some(_), .. } => self.step(0),
            _ => {}
        }
    }

    /// Prints a line above the bar.
    pub(crate) fn aside(&self, print: impl FnOnce()) {
        self.bar.suspend(print);
    }

    pub(crate) fn finish(&self) {
        self.bar.finish_and_clear();
    }

    fn begin(&mut self, wanted: usize, octets: u64) {
        self.wanted = wanted;
        if wanted == 0 {
            return;
        }
        let look = "{msg} {wide_bar} {decimal_bytes}/{decimal_total_bytes} {decimal_bytes_per_sec} {eta}";
        if let Ok(style) = ProgressStyle::with_template(look) {
            self.bar.set_style(style);
        }
        self.bar.set_length(octets);
        self.bar.enable_steady_tick(Duration::from_millis(200));
        self.show();
    }

    fn step(&mut self, octets: u64) {
        self.done += 1;
        self.bar.inc(octets);
        self.show();
    }

    fn show(&self) {
        self.bar.set_message(format!("{}/{} messages", self.done, self.wanted));
    }
}

impl Drop for Progress {
    /// Removes the bar if the run is stopped.
    fn drop(&mut self) {
        self.finish();
    }
}
