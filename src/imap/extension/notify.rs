//! NOTIFY (RFC 5465): the server reports changes in other mailboxes too, and without a command. What it reports arrives where unasked data
//! always does: in the notices of the session and in the events of the folder. It must not know how either is kept.

#[cfg(doc)]
use crate::error::Kind;
use crate::error::{Error, Result};
use crate::imap::Imap;
use crate::imap::command::notify::Notify;
use crate::imap::types::{Items, NotifyEvent, Scope};
#[cfg(doc)]
use crate::imap::{Event, Folder, Notice};

/// What a server reports from now on: the result of [`Imap::notify`].
///
/// ```
/// # #[cfg(feature = "testing")]
/// # postroom::doctest::imap(async |imap| {
/// use postroom::imap::{NotifyEvent, Scope};
///
/// if imap.capabilities().notify() {
///     let notified = imap.notify(&[(Scope::Personal, vec![NotifyEvent::MailboxName])]).await?;
///     assert!(notified.left_out.is_empty());
/// }
/// # Ok(())
/// # }).unwrap();
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Notified {
    /// The events that the server does not support and will not report.
    pub left_out: Vec<NotifyEvent>,
}

impl Imap {
    /// Asks the server to report these events in these mailboxes from now on, and no others (NOTIFY SET, RFC 5465 §3.1), until the next
    /// call. One round trip; one more if the server does not support some of the events, which are then left out.
    ///
    /// Events of the selected mailbox ([`Scope::Selected`]) arrive in the events of [`Folder::idle`]. All others arrive in
    /// [`notices`](Self::notices), as [`Notice::Data`]: a STATUS with the counts that changed, a LIST for a mailbox that was created,
    /// deleted, renamed or subscribed, METADATA for annotations. Without [`Scope::Selected`], the server reports nothing about the
    /// selected mailbox. What happened before this call is not reported: ask for the counts by [`status`](Self::status) after it.
    ///
    /// [`Scope::Selected`] is requested as SELECTED-DELAYED, so that no message is expunged while a FETCH runs, unless QRESYNC or UIDONLY is
    /// enabled. For a new message in it the server sends UID, flags and modification sequence; fetch everything else.
    ///
    /// If there is too much to report, a server stops (NOTIFICATIONOVERFLOW). The session then asks it again, and reports
    /// [`Notice::Lagged`] once: compare the other mailboxes by [`status`](Self::status). Nothing of the selected mailbox is lost.
    ///
    /// ```
    /// # #[cfg(feature = "testing")]
    /// # postroom::doctest::imap(async |imap| {
    /// use postroom::imap::NotifyEvent::{FlagChange, MailboxName, MessageExpunge, MessageNew};
    /// use postroom::imap::Scope;
    ///
    /// if imap.capabilities().notify() {
    ///     let messages = || vec![MessageNew(None), MessageExpunge, FlagChange];
    ///     let mut others = messages();
    ///     others.push(MailboxName);
    ///     imap.notify(&[(Scope::Selected, messages()), (Scope::Personal, others)]).await?;
    /// }
    /// # Ok(())
    /// # }).unwrap();
    /// ```
    ///
    /// # Errors
    ///
    /// Before anything is sent, [`Kind::Unsupported`] if the server does not support NOTIFY, and [`Kind::Input`] if there are no groups,
    /// for a scope without mailboxes, for `MessageNew` without `MessageExpunge` or the reverse, for changes of flags or annotations without
    /// both (RFC 5465 §5), and for items of new messages other than those named above; [`Kind::Unsupported`] if the server supports none
    /// of the events; [`Kind::Rejected`] if it refuses (code `NOTIFICATIONOVERFLOW` if it is too much to ask); and the errors of [every
    /// command](Self#errors-of-every-command).
    pub async fn notify(&self, groups: &[(Scope, Vec<NotifyEvent>)]) -> Result<Notified> {
        self.require(self.capabilities().notify(), "NOTIFY")?;
        check(groups)?;
        self.settled().await?;
        let wanted = self.adapted(groups);
        match self.subscribe_to(&wanted).await {
            Ok(()) => Ok(Notified::default()),
            Err(error) => {
                let Some(supported) = supported(&error) else { return Err(error) };
                let (wanted, left_out) = reduced(wanted, &supported);
                if wanted.iter().all(|(_, events)| events.is_empty()) {
                    return Err(Error::unsupported("the server supports none of these events"));
                }
                self.subscribe_to(&wanted).await?;
                Ok(Notified { left_out })
            }
        }
    }

    /// Asks the server to report nothing without a command (NOTIFY NONE, RFC 5465 §3.1), not even changes in the selected mailbox. One
    /// round trip.
    ///
    /// ```
    /// # #[cfg(feature = "testing")]
    /// # postroom::doctest::imap(async |imap| {
    /// if imap.capabilities().notify() {
    ///     imap.notify_none().await?;
    /// }
    /// # Ok(())
    /// # }).unwrap();
    /// ```
    ///
    /// # Errors
    ///
    /// [`Kind::Unsupported`], before anything is sent, if the server does not support NOTIFY; and the errors of [every
    /// command](Self#errors-of-every-command).
    pub async fn notify_none(&self) -> Result<()> {
        self.require(self.capabilities().notify(), "NOTIFY")?;
        self.subscribe_to(&[]).await
    }

    async fn subscribe_to(&self, groups: &[(Scope, Vec<NotifyEvent>)]) -> Result<()> {
        self.call(Notify { groups }).await
    }

    /// The groups as this session sends them.
    fn adapted(&self, groups: &[(Scope, Vec<NotifyEvent>)]) -> Vec<(Scope, Vec<NotifyEvent>)> {
        let enabled = self.enabled();
        let items = if self.capabilities().condstore() { Items::FLAGS.modseq() } else { Items::FLAGS };
        let selected = |event: &NotifyEvent| match event {
            NotifyEvent::MessageNew(_) => NotifyEvent::MessageNew(Some(items.clone())),
            event => event.clone(),
        };
        let adapt = |(scope, events): &(Scope, Vec<NotifyEvent>)| match scope {
            // RFC 5465 §6.1: message numbers must not change while a command that uses them runs; without numbers they cannot.
            Scope::Selected if !enabled.qresync() && !enabled.uidonly() => {
                (Scope::SelectedDelayed, events.iter().map(selected).collect())
            }
            Scope::Selected | Scope::SelectedDelayed => (scope.clone(), events.iter().map(selected).collect()),
            _ => (scope.clone(), events.clone()),
        };
        groups.iter().map(adapt).collect()
    }
}

fn check(groups: &[(Scope, Vec<NotifyEvent>)]) -> Result<()> {
    if groups.is_empty() {
        return Err(Error::input("there is nothing to report: NOTIFY NONE is a call of its own"));
    }
    let more = Items::FLAGS.modseq();
    for (scope, events) in groups {
        let new = events.iter().find(|event| matches!(event, NotifyEvent::MessageNew(_)));
        let both = (new.is_some(), events.contains(&NotifyEvent::MessageExpunge));
        let also = events.contains(&NotifyEvent::FlagChange) || events.contains(&NotifyEvent::AnnotationChange);
        if both.0 != both.1 || also && !both.0 {
            return Err(Error::input("events of messages need both MessageNew and MessageExpunge (RFC 5465 §5)"));
        }
        if let Some(NotifyEvent::MessageNew(Some(items))) = new
            && items.clone() | more.clone() != more
        {
            return Err(Error::input("of a new message only UID, flags and modification sequence can be reported"));
        }
        if matches!(scope, Scope::SubtreeOne(_)) {
            return Err(Error::input("NOTIFY has no scope of one level (RFC 5465 §6)"));
        }
    }
    Ok(())
}

/// The names of the events that the server supports, if it refused some.
fn supported(error: &Error) -> Option<Vec<String>> {
    let code = error.code().filter(|code| code.is("BADEVENT"))?;
    let names = code.data().trim_matches(['(', ')']).split_ascii_whitespace();
    Some(names.map(str::to_ascii_uppercase).collect())
}

/// The groups with supported events only, and the events that were left out. Without new and expunged messages there are no other events
/// of messages.
fn reduced(
    groups: Vec<(Scope, Vec<NotifyEvent>)>,
    supported: &[String],
) -> (Vec<(Scope, Vec<NotifyEvent>)>, Vec<NotifyEvent>) {
    let has = |event: &NotifyEvent| supported.iter().any(|name| *name == event.name().to_ascii_uppercase());
    let mut left_out: Vec<NotifyEvent> = Vec::new();
    let reduce = |(scope, events): (Scope, Vec<NotifyEvent>)| {
        let (kept, lost): (Vec<_>, Vec<_>) = events.into_iter().partition(has);
        lost.into_iter().for_each(|event| {
            if !left_out.contains(&event) {
                left_out.push(event);
            }
        });
        (scope, kept)
    };
    let groups: Vec<_> = groups.into_iter().map(reduce).collect();
    (groups.into_iter().filter(|(_, events)| !events.is_empty()).collect(), left_out)
}
