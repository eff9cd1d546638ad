//! [`WatchPosition`]: up to where a watch has reported each mailbox, and its text form. It must not know how changes are found.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use crate::error::{Error, Result};
use crate::imap::{MailboxName, SyncPoint};
use crate::message_id::unescape;

/// The first line of every text form. The digit is the version.
const VERSION: &str = "postroom-watch-1";

/// Up to where a [`Watch`](super::Watch) has reported each mailbox: what a program stores to [continue](super::Watch::continue_from) after a
/// restart.
///
/// Its text form has a version, and one line for each mailbox: the name, percent-encoded, and its [`SyncPoint`].
///
/// ```
/// use postroom::account::WatchPosition;
///
/// let position: WatchPosition = "postroom-watch-1\nINBOX 1/7/10/0/1:9\n".parse()?;
/// assert_eq!(position.mailboxes().count(), 1);
/// assert_eq!(position.to_string().parse::<WatchPosition>()?, position);
/// # Ok::<(), postroom::Error>(())
/// ```
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct WatchPosition(BTreeMap<MailboxName, SyncPoint>);

impl WatchPosition {
    /// The mailboxes, and up to where each was reported.
    pub fn mailboxes(&self) -> impl Iterator<Item = (&MailboxName, &SyncPoint)> {
        self.0.iter()
    }

    pub(super) fn set(&mut self, mailbox: MailboxName, point: SyncPoint) {
        self.0.insert(mailbox, point);
    }

    pub(super) fn remove(&mut self, mailbox: &MailboxName) -> Option<SyncPoint> {
        self.0.remove(mailbox)
    }
}

impl fmt::Display for WatchPosition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{VERSION}")?;
        self.0.iter().try_for_each(|(mailbox, point)| {
            // Encoded as on the wire: that keeps a name that cannot be decoded.
            mailbox.to_wire(false).iter().try_for_each(|&byte| match byte {
                b'!'..=b'~' if byte != b'%' => write!(f, "{}", char::from(byte)),
                _ => write!(f, "%{byte:02X}"),
            })?;
            writeln!(f, " {point}")
        })
    }
}

impl FromStr for WatchPosition {
    type Err = Error;

    /// Reads the text form.
    ///
    /// # Errors
    ///
    /// [`Kind::Input`](crate::Kind::Input) for anything else, also a later version.
    fn from_str(text: &str) -> Result<Self> {
        let mut lines = text.lines();
        let wrong = || Error::input("not the text form of a WatchPosition, or of a later version of it");
        lines.next().filter(|first| *first == VERSION).ok_or_else(wrong)?;
        lines.map(|line| read(line).ok_or_else(wrong)).collect::<Result<_>>().map(Self)
    }
}

fn read(line: &str) -> Option<(MailboxName, SyncPoint)> {
    let (name, point) = line.split_once(' ')?;
    Some((MailboxName::from_wire(&unescape(name)?, false), point.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn the_text_form_comes_back(names in prop::collection::vec(prop::collection::vec(1u8.., 1..20), 0..5)) {
            let mut position = WatchPosition::default();
            for (number, name) in names.iter().enumerate() {
                let point = format!("1/{}/9/8/1:3,5", number + 1).parse().unwrap();
                position.set(MailboxName::from_wire(name, false), point);
            }
            prop_assert_eq!(position.to_string().parse::<WatchPosition>().unwrap(), position);
        }

        #[test]
        fn no_text_panics(text in "(postroom-watch-1\n)?[ %0-9A-F/:,\n]{0,40}") {
            let _ = text.parse::<WatchPosition>();
        }
    }

    #[test]
    fn other_texts_are_refused() {
        for text in ["", "postroom-watch-2\n", "postroom-watch-1\nINBOX\n", "postroom-watch-1\nA%2 1/0/0/0/\n"] {
            assert!(text.parse::<WatchPosition>().is_err(), "{text:?}");
        }
    }
}
