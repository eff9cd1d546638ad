//! STATUS (RFC 9051 §6.3.11): asks for the counts of a mailbox without selecting it. Several for different mailboxes may run at once,
//! since each answer names its mailbox.

use bytes::Bytes;

use super::{Command, EncodeOptions, Frames};
use crate::error::Result;
use crate::imap::codec::{self, Line};
use crate::imap::plan::{Claims, Order, Plan};
use crate::imap::types::{Condition, MailboxName, MailboxStatus, StatusItems};

pub(crate) struct Status {
    pub(crate) name: MailboxName,
    pub(crate) items: StatusItems,
    pub(crate) utf8: bool,
}

impl Command for Status {
    type Output = MailboxStatus;

    fn plan(&self, options: EncodeOptions) -> Result<Plan> {
        let line = Line::new("STATUS").mailbox(&self.name, options.utf8)?;
        let line = line.list(|list| self.items.names().try_fold(list, Line::atom))?;
        let order = Order::claiming(Claims::STATUS).about(self.name.subject());
        Ok(Plan::new("STATUS", line.finish()).order(order))
    }

    /// The answer with the mailbox's own name, otherwise the last one whose name may be another spelling of it: some servers add prefixes,
    /// or write names in another encoding. An answer about another mailbox does not count. A missing or unreadable answer is a status
    /// without values, not an error.
    fn output(self, frames: impl Frames, _: Condition) -> Result<MailboxStatus> {
        let read = |frame: Bytes| {
            codec::status::parse(&frame, self.utf8)
                .inspect_err(
                    |error| tracing::warn!(%error, line = %frame.escape_ascii(), "an unreadable STATUS response"),
                )
                .ok()
        };
        let (mut own, mut other) = (None, None);
        for data in frames.into_iter().filter_map(read) {
            match data.name == self.name {
                true => own = Some(data),
                false if may_be(&data.name, &self.name) => other = Some(data),
                false => {}
            }
        }
        Ok(own.or(other).unwrap_or_else(|| MailboxStatus::new(self.name)))
    }
}

/// Whether both may name the same mailbox.
fn may_be(found: &MailboxName, asked: &MailboxName) -> bool {
    let (found, asked) = (found.as_str(), asked.as_str());
    let encoded = |name: &str| !name.is_ascii() || name.contains('&');
    let last = |name: &str| name.rsplit(['/', '.', '\\', '^']).next().unwrap_or_default().to_ascii_lowercase();
    encoded(found) || encoded(asked) || last(found) == last(asked)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prefix_or_an_encoding_makes_no_other_mailbox() {
        let name = |name: &str| MailboxName::new(name).unwrap();
        for (told, asked, same) in [
            ("./a", "a", true),
            ("INBOX.Sent", "Sent", true),
            ("sent", "Sent", true),
            ("Entw\u{fc}rfe", "Entwurfe", true),
            ("INBOX", "Sent", false),
            ("Sent", "Sent/2026", false),
        ] {
            assert_eq!(may_be(&name(told), &name(asked)), same, "{told} {asked}");
        }
    }
}
