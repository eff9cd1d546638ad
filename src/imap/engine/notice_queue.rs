//! The queue of notices that wait for the driver. It must not know where they come from.

use std::collections::VecDeque;

use crate::imap::types::Notice;

/// The most notices that wait for the driver. If there are more, they are replaced by one [`Notice::Lagged`].
const MOST: usize = 256;

/// Notices that the driver has not taken yet.
#[derive(Debug, Default)]
pub(super) struct NoticeQueue {
    queue: VecDeque<Notice>,
    lagged: bool,
    /// Whether the stream is encrypted, so that notices are the server's own.
    pub(super) protected: bool,
    /// Whether alerts are delivered even without encryption.
    pub(super) unprotected_alerts: bool,
}

impl NoticeQueue {
    pub(super) fn new(protected: bool, unprotected_alerts: bool) -> Self {
        Self { protected, unprotected_alerts, ..Self::default() }
    }

    pub(super) fn protect(&mut self) {
        self.protected = true;
    }

    pub(super) fn next(&mut self) -> Option<Notice> {
        if std::mem::take(&mut self.lagged) {
            return Some(Notice::Lagged);
        }
        self.queue.pop_front()
    }

    pub(super) fn push(&mut self, notice: Notice) {
        if self.queue.len() >= MOST {
            return self.lag();
        }
        if !self.lagged {
            self.queue.push_back(notice);
        }
    }

    /// Drops all notices in favour of one that reports the gap.
    pub(super) fn lag(&mut self) {
        self.queue.clear();
        self.lagged = true;
    }

    pub(super) fn alert(&mut self, text: String) {
        if self.protected || self.unprotected_alerts {
            self.push(Notice::Alert { text, protected: self.protected });
        }
    }
}
