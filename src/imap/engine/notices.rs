//! What of the server's words is for the program rather than for a call (RFC 9051 §7.1, §7.2.2, §7.3.4; RFC 9585): it is queued here and
//! goes out as notices. It must not change the session.

use std::collections::VecDeque;

use super::Engine;
use crate::engine::Tidings;
use crate::imap::codec::{self, Kind};
use crate::imap::types::{Condition, Notice, Progress, ResponseCode};

/// What is still to be passed on.
#[derive(Debug, Default)]
pub(super) struct NoticeQueue {
    queue: VecDeque<Notice>,
    /// The stream is encrypted: the words are the server's.
    protected: bool,
    /// Alerts are passed on without that, too.
    unprotected_alerts: bool,
}

impl NoticeQueue {
    pub(super) fn new(protected: bool, unprotected_alerts: bool) -> Self {
        Self { queue: VecDeque::new(), protected, unprotected_alerts }
    }

    pub(super) fn protect(&mut self) {
        self.protected = true;
    }

    pub(super) fn next(&mut self) -> Option<Notice> {
        self.queue.pop_front()
    }

    fn alert(&mut self, text: String) {
        if self.protected || self.unprotected_alerts {
            self.queue.push_back(Notice::Alert { text, protected: self.protected });
        }
    }
}

impl Engine {
    /// Of a status response, whatever it ends or greets: an alert is for the user.
    pub(super) fn pass_on_alert(&mut self, condition: &Condition) {
        if condition.code == Some(ResponseCode::Alert) {
            self.notices.alert(condition.text.clone());
        }
    }

    /// An untagged status response.
    pub(super) fn pass_on(&mut self, kind: Kind, condition: &Condition) {
        let (text, code) = (condition.text.clone(), condition.code.clone());
        self.notices.queue.extend(match (kind, code) {
            (_, Some(ResponseCode::Alert)) => return self.notices.alert(text),
            (_, Some(ResponseCode::InProgress(progress))) => {
                Some(Notice::Progress { command: self.command_of(&progress), progress, text })
            }
            (Kind::No, code) => Some(Notice::Warning { text, code }),
            (Kind::Bad, code) => Some(Notice::Complaint { text, code }),
            (Kind::Bye, code) => Some(Notice::Bye { text, code }),
            _ => None,
        });
    }

    /// Data that no running command asked for.
    pub(super) fn pass_on_data(&mut self, kind: Kind, frame: &[u8]) {
        match codec::response(&super::copied(frame), &self.limits) {
            Ok(response) => self.notices.queue.push_back(Notice::Data(response)),
            Err(error) => tracing::warn!(?kind, %error, "untagged data that nobody asked for and that cannot be read"),
        }
    }

    fn command_of(&self, progress: &Progress) -> Option<&'static str> {
        let number = progress.tag.as_deref().and_then(super::condition::number_of);
        self.running.iter().find(|run| Some(run.tag) == number).map(|run| run.verb)
    }
}

impl Tidings for Notice {
    fn weight(&self) -> usize {
        // What a response keeps is not counted; a server that floods is stopped by the count of notices.
        self.text().map_or(1024, str::len)
    }

    fn lagged() -> Self {
        Self::Lagged
    }
}
