//! Ends the process when a round does not end: a paused clock does not notice a busy loop, or a wait without a clock.

use std::collections::BTreeMap;
use std::panic;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, Once};
use std::thread::{self, ThreadId};
use std::time::{Duration, Instant};

use crate::round::Round;

/// By the real clock; a round takes some milliseconds.
const PATIENCE: Duration = Duration::from_secs(30);

static WATCHED: Mutex<BTreeMap<String, (Instant, Round)>> = Mutex::new(BTreeMap::new());
static DOG: Once = Once::new();
static PANICS: AtomicUsize = AtomicUsize::new(0);

/// The number of panics in rounds, in any task.
pub(crate) fn panics() -> usize {
    PANICS.load(Ordering::Relaxed)
}

/// Lives as long as the round may take.
pub(crate) struct Watch(ThreadId);

impl Watch {
    pub(crate) fn over(round: &Round) -> Self {
        DOG.call_once(|| {
            drop(thread::spawn(watch));
            let hook = panic::take_hook();
            panic::set_hook(Box::new(move |info| {
                PANICS.fetch_add(1, Ordering::Relaxed);
                hook(info);
            }));
        });
        let id = thread::current().id();
        WATCHED.lock().unwrap().insert(format!("{id:?}"), (Instant::now(), round.clone()));
        Self(id)
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        WATCHED.lock().unwrap().remove(&format!("{:?}", self.0));
    }
}

fn watch() {
    loop {
        thread::sleep(Duration::from_secs(1));
        let stuck = WATCHED.lock().unwrap().values().find(|(since, _)| since.elapsed() > PATIENCE).cloned();
        if let Some((_, round)) = stuck {
            eprintln!("no end after {PATIENCE:?} by the real clock: {round:?}");
            std::process::abort();
        }
    }
}
