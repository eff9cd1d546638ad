//! A state that one engine changes and all handles read: each version is published as one immutable value. It must not know what the
//! state is.

use std::ops::Deref;
use std::sync::Arc;

/// The engine's state, and the version that was published last.
#[derive(Debug)]
pub(crate) struct Published<S> {
    state: S,
    shared: Arc<S>,
    changed: bool,
}

impl<S: Clone> Published<S> {
    pub(crate) fn new(state: S) -> Self {
        Self { shared: Arc::new(state.clone()), state, changed: false }
    }

    /// The state, to be changed.
    pub(crate) fn change(&mut self) -> &mut S {
        self.changed = true;
        &mut self.state
    }

    /// Publishes the state if it has changed.
    pub(crate) fn publish(&mut self) {
        if std::mem::take(&mut self.changed) {
            self.shared = Arc::new(self.state.clone());
        }
    }

    /// The version that was published last: the same allocation until something changes.
    pub(crate) fn shared(&self) -> Arc<S> {
        self.shared.clone()
    }
}

impl<S> Deref for Published<S> {
    type Target = S;

    fn deref(&self) -> &S {
        &self.state
    }
}
