//! Commands that change the session or what a server sends in it: NOTIFY (RFC 5465), COMPRESS (RFC 4978), UNAUTHENTICATE (RFC 8437), and
//! SELECT with CONDSTORE or QRESYNC (RFC 7162 §3.1.8, §3.2.5). They are for programs with their own engine, and for the
//! commands of a session. It must not know what they change.

use super::encode::Line;
use crate::error::{Error, Result};
use crate::imap::types::{MailboxName, NotifyEvent, Scope, UidValidity, Uids, is_modseq};

/// UNAUTHENTICATE: the session returns to the state before login (RFC 8437).
///
/// ```
/// use postroom::imap::codec::{encode::Segment, stateful};
///
/// assert_eq!(stateful::unauthenticate().finish(), [Segment::Text("UNAUTHENTICATE\r\n".into())]);
/// ```
pub fn unauthenticate() -> Line {
    Line::new("UNAUTHENTICATE")
}

/// COMPRESS DEFLATE: both sides compress everything after the tagged OK (RFC 4978).
///
/// ```
/// use postroom::imap::codec::{encode::Segment, stateful};
///
/// assert_eq!(stateful::compress_deflate().finish(), [Segment::Text("COMPRESS DEFLATE\r\n".into())]);
/// ```
pub fn compress_deflate() -> Line {
    Line::new("COMPRESS").checked("DEFLATE")
}

/// SELECT with `CONDSTORE`: the server includes modification sequences when it reports flags (RFC 7162 §3.1.8).
///
/// ```
/// use postroom::imap::{MailboxName, codec::{encode::Segment, stateful}};
///
/// let line = stateful::select_condstore(&MailboxName::INBOX, false)?;
/// assert_eq!(line.finish(), [Segment::Text("SELECT INBOX (CONDSTORE)\r\n".into())]);
/// # Ok::<(), postroom::Error>(())
/// ```
///
/// # Errors
///
/// [`Kind::Input`](crate::Kind::Input) for a name that cannot be sent.
pub fn select_condstore(mailbox: &MailboxName, utf8: bool) -> Result<Line> {
    Line::new("SELECT").mailbox(mailbox, utf8)?.list(|list| list.atom("CONDSTORE"))
}

/// SELECT with `QRESYNC`: the server also reports messages that changed or were expunged since `modseq` (RFC 7162 §3.2.5). With `known`
/// it only reports on these UIDs. The extension must be enabled first.
///
/// ```
/// use postroom::imap::codec::encode::Segment;
/// use postroom::imap::codec::stateful;
/// use postroom::imap::{MailboxName, UidValidity};
///
/// let validity = UidValidity::new(67).unwrap();
/// let line = stateful::select_qresync(&MailboxName::INBOX, validity, 90, None, false)?;
/// assert_eq!(line.finish(), [Segment::Text("SELECT INBOX (QRESYNC (67 90))\r\n".into())]);
/// # Ok::<(), postroom::Error>(())
/// ```
///
/// # Errors
///
/// [`Kind::Input`](crate::Kind::Input) for a name that cannot be sent, an empty set, or a modification sequence that is 0 or has more
/// than 63 bits.
pub fn select_qresync(
    mailbox: &MailboxName,
    validity: UidValidity,
    modseq: u64,
    known: Option<&Uids>,
    utf8: bool,
) -> Result<Line> {
    if !is_modseq(modseq) {
        return Err(Error::input("a modification sequence must have at most 63 bits and must not be 0"));
    }
    Line::new("SELECT").mailbox(mailbox, utf8)?.list(|list| {
        list.atom("QRESYNC")?.list(|list| {
            let list = list.number(u32::from(validity).into()).number(modseq);
            known.into_iter().try_fold(list, |list, known| list.uids(known))
        })
    })
}

/// NOTIFY SET: from now on the server reports these events in these mailboxes, and no others (RFC 5465 §3.1). With `status` it first
/// sends the status of the mailboxes.
///
/// ```
/// use postroom::imap::{NotifyEvent, Scope, codec::{encode::Segment, stateful}};
///
/// let line = stateful::notify(false, &[(Scope::Personal, vec![NotifyEvent::MailboxName])], false)?;
/// assert_eq!(line.finish(), [Segment::Text("NOTIFY SET (personal (MailboxName))\r\n".into())]);
/// # Ok::<(), postroom::Error>(())
/// ```
///
/// # Errors
///
/// [`Kind::Input`](crate::Kind::Input) for names that cannot be sent, if there are no groups, or for a scope without mailboxes.
pub fn notify(status: bool, groups: &[(Scope, Vec<NotifyEvent>)], utf8: bool) -> Result<Line> {
    if groups.is_empty() {
        return Err(Error::input("NOTIFY SET needs at least one group of mailboxes"));
    }
    let line = Line::new("NOTIFY").checked("SET");
    let line = if status { line.checked("STATUS") } else { line };
    groups.iter().try_fold(line, |line, (scope, events)| {
        line.list(|list| {
            let list = list.scope(scope, utf8)?;
            match &events[..] {
                [] => Ok(list.checked("NONE")),
                events => list.list(|list| events.iter().try_fold(list, event)),
            }
        })
    })
}

/// NOTIFY NONE: the server sends no unsolicited responses (RFC 5465 §3).
///
/// ```
/// use postroom::imap::codec::{encode::Segment, stateful};
///
/// assert_eq!(stateful::notify_none().finish(), [Segment::Text("NOTIFY NONE\r\n".into())]);
/// ```
pub fn notify_none() -> Line {
    Line::new("NOTIFY").checked("NONE")
}

fn event(list: Line, event: &NotifyEvent) -> Result<Line> {
    match event {
        NotifyEvent::Other(name) => list.atom(name),
        NotifyEvent::MessageNew(Some(items)) => Ok(list.checked(event.name()).items(items)),
        event => Ok(list.checked(event.name())),
    }
}

impl Line {
    /// Adds a scope. Mailbox names are in parentheses even if there is only one: both commands that take a scope allow that.
    pub(crate) fn scope(self, scope: &Scope, utf8: bool) -> Result<Self> {
        let (word, names) = match scope {
            Scope::Selected => ("selected", None),
            Scope::SelectedDelayed => ("selected-delayed", None),
            Scope::Inboxes => ("inboxes", None),
            Scope::Personal => ("personal", None),
            Scope::Subscribed => ("subscribed", None),
            Scope::Subtree(names) => ("subtree", Some(names)),
            Scope::SubtreeOne(names) => ("subtree-one", Some(names)),
            Scope::Mailboxes(names) => ("mailboxes", Some(names)),
        };
        match names.map(Vec::as_slice) {
            None => Ok(self.checked(word)),
            Some([]) => Err(Error::input("a scope of mailboxes names one at least")),
            Some(names) => {
                self.checked(word).list(|list| names.iter().try_fold(list, |list, name| list.mailbox(name, utf8)))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::imap::codec::Segment;
    use crate::imap::types::Items;

    fn text(line: Line) -> String {
        match &line.finish()[..] {
            [Segment::Text(text)] => String::from_utf8_lossy(text).trim_end().to_owned(),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_history_is_a_list_in_a_list() {
        let validity = UidValidity::nonzero(67).unwrap();
        let known: Uids = "1:3,9".parse().unwrap();
        let inbox = &MailboxName::INBOX;
        assert_eq!(
            text(select_qresync(inbox, validity, 90, Some(&known), false).unwrap()),
            "SELECT INBOX (QRESYNC (67 90 1:3,9))"
        );
        for modseq in [0, u64::MAX] {
            assert!(select_qresync(inbox, validity, modseq, None, false).is_err());
        }
        assert_eq!(text(select_condstore(inbox, false).unwrap()), "SELECT INBOX (CONDSTORE)");
        assert_eq!(text(compress_deflate()), "COMPRESS DEFLATE");
        assert_eq!(text(unauthenticate()), "UNAUTHENTICATE");
    }

    #[test]
    fn groups_have_a_scope_and_events() {
        let new = NotifyEvent::MessageNew(Some(Items::FLAGS));
        let groups = [
            (Scope::Selected, vec![new, NotifyEvent::MessageExpunge]),
            (Scope::Personal, Vec::new()),
            (Scope::Inboxes, vec![NotifyEvent::MessageNew(None), NotifyEvent::AnnotationChange]),
            (Scope::Subtree(vec![MailboxName::INBOX]), vec![NotifyEvent::Other("X".to_owned())]),
        ];
        assert_eq!(
            text(notify(true, &groups, false).unwrap()),
            "NOTIFY SET STATUS (selected (MessageNew (UID FLAGS) MessageExpunge)) (personal NONE) \
             (inboxes (MessageNew AnnotationChange)) (subtree (INBOX) (X))"
        );
        assert_eq!(text(notify_none()), "NOTIFY NONE");
        for wrong in [&[][..], &[(Scope::Subtree(Vec::new()), Vec::new())]] {
            assert!(notify(false, wrong, false).is_err());
        }
        assert!(notify(false, &[(Scope::Personal, vec![NotifyEvent::Other("a b".to_owned())])], false).is_err());
    }
}
