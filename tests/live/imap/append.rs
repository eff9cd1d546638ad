//! APPEND: the stored message is the given one, and an interrupted one is not stored.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use postroom::imap::{Append, Imap, Items, Uid, Uids};
use postroom::{Flag, Kind};
use time::OffsetDateTime;
use tokio::io::{AsyncRead, ReadBuf};

use super::session;
use crate::live::{label, message, told};
use crate::server::Brand;
use crate::suite::Trial;

/// Returns some bytes, then never more.
struct Stalled(&'static [u8]);

impl AsyncRead for Stalled {
    fn poll_read(mut self: Pin<&mut Self>, _: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<std::io::Result<()>> {
        if self.0.is_empty() {
            return Poll::Pending;
        }
        let count = self.0.len().min(buf.remaining());
        buf.put_slice(&self.0[..count]);
        self.0 = &self.0[count..];
        Poll::Ready(Ok(()))
    }
}

/// The session after an interrupted upload. Servers without MULTIAPPEND, and those that do not identify themselves, may store what they
/// have read, whatever follows: with them the connection is closed in the middle of the message, and this is a new one.
async fn alive(user: &Trial, imap: Imap) -> Imap {
    if matches!(user.brand(), Brand::Cyrus | Brand::Dovecot | Brand::Dovecot24 | Brand::Embedded) {
        imap.noop().await.unwrap();
        return imap;
    }
    assert_eq!(imap.noop().await.unwrap_err().kind(), Kind::Closed);
    user.fallback("APPEND, dropped", "not known to discard: the connection is closed");
    session(user).await
}

pub(crate) async fn bytes_flags_and_date_are_kept_and_the_uid_is_told(user: &Trial) {
    let mut imap = session(user).await;
    let date = OffsetDateTime::from_unix_timestamp(1_600_000_000).unwrap();
    let label = label(user, "$Label1");
    let wanted = message(1);
    let append = Append::from(wanted.clone()).flags([Flag::SEEN, label.clone()]).date(date);
    let appended = imap.append("INBOX", append).await.unwrap();
    let uids = appended.map_or_else(|| Uid::new(1).unwrap().into(), Uids::from);
    assert!(told(user, appended).is_none_or(|uid| uid == 1));
    assert_eq!(user.stored("INBOX"), [wanted]);

    let mut inbox = imap.select("INBOX").await.unwrap();
    assert!(!user.server.has_uidplus() || uids.validity() == inbox.info().unwrap().uid_validity);
    let mut mail = inbox.fetch(uids, Items::FLAGS.internal_date()).await.unwrap();
    let stored = mail.try_next().await.unwrap().unwrap();
    assert_eq!(stored.internal_date(), Some(date));
    let flags = stored.flags().unwrap();
    assert!(flags.seen() && flags.contains(&label));
}

pub(crate) async fn a_reader_is_stored_byte_for_byte(user: &Trial) {
    let imap = session(user).await;
    let mut wanted = b"Subject: from a reader\r\n\r\n".to_vec();
    for line in 0..60_000 {
        wanted.extend_from_slice(format!("{line} caf\u{e9} .\r\n").as_bytes());
    }
    let append = Append::once(&wanted[..], wanted.len() as u64);
    let first = told(user, imap.append("INBOX", append).await.unwrap());
    let second = told(user, imap.append("INBOX", message(2)).await.unwrap());
    assert!(first.is_none_or(|first| first == 1) && second.is_none_or(|second| second == 2));
    let stored = user.stored("INBOX");
    assert!(stored.contains(&wanted) && stored.contains(&message(2)));
}

pub(crate) async fn a_mailbox_that_is_not_there_is_refused_with_trycreate(user: &Trial) {
    let imap = session(user).await;
    let error = imap.append(&*user.server.mailbox(&["Nowhere"]), message(1)).await.unwrap_err();
    assert_eq!(error.kind(), Kind::Rejected);
    // Courier sends the code only for names below INBOX: "Nowhere" is NO Invalid mailbox name.
    assert!(error.code().is_some_and(|code| code.is("TRYCREATE")), "{error:?}");
    imap.append("INBOX", message(2)).await.unwrap();
    assert_eq!(user.stored("INBOX").len(), 1);
}

pub(crate) async fn an_append_dropped_midway_stores_nothing_and_the_session_lives(user: &Trial) {
    let mut imap = session(user).await;
    for (given, size) in [(&b""[..], 500), (b"Subject: half\r\n\r\nof it", 500), (b"Subject: more\r\n\r\n", 900_000)] {
        let append = imap.append("INBOX", Append::once(Stalled(given), size));
        // The reader never ends; the time of waiting for it decides nothing.
        assert!(tokio::time::timeout(Duration::from_millis(300), append).await.is_err());
        imap = alive(user, imap).await;
        assert!(user.stored("INBOX").is_empty());
    }
    imap.append("INBOX", message(1)).await.unwrap();
    assert_eq!(user.stored("INBOX"), [message(1)]);
    assert_eq!(imap.select("INBOX").await.unwrap().info().unwrap().exists, 1);
    imap.logout().await.unwrap();
}

pub(crate) async fn a_reader_that_ends_too_early_stores_nothing_and_the_session_lives(user: &Trial) {
    let imap = session(user).await;
    let error = imap.append("INBOX", Append::once(&b"Subject: short\r\n\r\n"[..], 500)).await.unwrap_err();
    assert_eq!(error.kind(), Kind::Input);
    let imap = alive(user, imap).await;
    assert!(user.stored("INBOX").is_empty());
    imap.append("INBOX", message(1)).await.unwrap();
    assert_eq!(user.stored("INBOX").len(), 1);
}

pub(crate) async fn an_append_that_lacks_too_much_closes_the_connection_and_stores_nothing(user: &Trial) {
    let imap = session(user).await;
    let append = imap.append("INBOX", Append::once(Stalled(b"Subject: huge\r\n\r\n"), 50_000_000));
    assert!(tokio::time::timeout(Duration::from_millis(300), append).await.is_err());
    assert_eq!(imap.noop().await.unwrap_err().kind(), Kind::Closed);
    assert!(user.stored("INBOX").is_empty());
}
