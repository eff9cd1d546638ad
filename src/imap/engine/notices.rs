//! What the engine queues as notices: what the server reports to the program rather than to one call (RFC 9051 §7.1, §7.2.2, §7.3.4;
//! RFC 9585). It must not change the session.

use bytes::Bytes;

use super::{Delivery, Engine};
use crate::engine::SessionNotice;
use crate::imap::codec::{self, Kind};
use crate::imap::types::{Condition, Notice, ResponseCode};

/// Unsolicited data longer than this is dropped, with [`Notice::Lagged`]: parsed, it takes several times as much
/// memory.
const LONGEST_DATA: usize = 4096;
/// The same for kinds whose lists, once they are read, take many times the memory of their text.
const LONGEST_LIST: usize = 512;

impl Engine {
    /// Queues an alert of any status response, the greeting and tagged answers included: RFC 9051 §7.1 requires that
    /// the user sees it.
    pub(super) fn queue_alert(&mut self, condition: &Condition) {
        if condition.code == Some(ResponseCode::Alert) {
            self.notices.alert(condition.text.clone());
        }
    }

    /// Queues an untagged status response, if it is one for the program. Most are not, and are not copied.
    pub(super) fn queue_notice(&mut self, kind: Kind, condition: Condition) {
        let Condition { code, text, .. } = condition;
        let notice = match (kind, code) {
            (_, Some(ResponseCode::Alert)) => return self.notices.alert(text),
            (_, Some(ResponseCode::InProgress(progress))) => {
                let (command, reader) = self.wire.progressing(&progress).unzip();
                if let Some(reader) = reader.flatten() {
                    self.core.deliver(Some(reader), Delivery::Progress(progress.clone()));
                }
                Notice::Progress { command, progress, text }
            }
            (Kind::Ok, Some(ResponseCode::NotificationOverflow)) => {
                if self.wire.overflowed() {
                    self.notices.lag();
                }
                return;
            }
            (Kind::No, code) => Notice::Warning { text, code },
            (Kind::Bad, code) => Notice::Complaint { text, code },
            (Kind::Bye, code) => Notice::Bye { text, code },
            _ => return,
        };
        self.notices.push(notice);
    }

    /// Queues data that no running command asked for.
    pub(super) fn queue_data(&mut self, kind: Kind, frame: &[u8]) {
        let longest = match kind {
            Kind::Acl | Kind::ListRights | Kind::Quota | Kind::QuotaRoot | Kind::Metadata | Kind::Id => LONGEST_LIST,
            Kind::Language | Kind::Comparator | Kind::Genurlauth | Kind::Urlfetch => LONGEST_LIST,
            _ => LONGEST_DATA,
        };
        if frame.len() > longest {
            return self.notices.lag();
        }
        match codec::response(&Bytes::copy_from_slice(frame), &self.limits) {
            Ok(response) => self.notices.push(Notice::Data(response)),
            Err(error) => tracing::warn!(?kind, %error, "unsolicited data is unreadable"),
        }
    }
}

impl SessionNotice for Notice {
    fn weight(&self) -> usize {
        // The size of a response is not counted; the number of notices bounds a server that floods.
        self.text().map_or(1024, str::len)
    }

    fn lagged() -> Self {
        Self::Lagged
    }
}
