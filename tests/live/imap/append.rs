//! APPEND: the stored message is the given one, and an interrupted one is not stored.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use postroom::imap::{
    Append, AppendOutcome, AppendedAll, Content, Imap, Items, NewMessage, Piece, Query, Section, Uid, Uids,
};
use postroom::{Flag, FlagChange, Kind};
use time::OffsetDateTime;
use tokio::io::{AsyncRead, ReadBuf};

use super::session;
use crate::live::{fill, label, message, told};
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

pub(crate) async fn several_messages_are_stored_in_their_order(user: &Trial) {
    let imap = session(user).await;
    if !imap.capabilities().multiappend() {
        user.fallback("APPEND of several messages", "pipelined APPENDs");
    }
    let wanted: Vec<Vec<u8>> = (1..=40).map(message).collect();
    let messages = wanted.iter().enumerate().map(|(index, text)| match index {
        7 => Append::once(&text[..], text.len() as u64).flags([Flag::FLAGGED]),
        _ => Append::from(&text[..]),
    });
    let all = imap.append_all("INBOX", messages).await.unwrap();
    assert_eq!(all.messages.len(), 40);
    let told = all.messages.iter().enumerate().map(|(index, outcome)| match outcome {
        AppendOutcome::Stored(told) => {
            told.map(|told| told.uid.as_u32()) == user.server.has_uidplus().then_some(index as u32 + 1)
        }
        _ => false,
    });
    assert!(told.into_iter().all(|told| told), "{all:?}");
    // The names of Courier's files are not in the order of the UIDs.
    let (mut stored, mut all) = (user.stored("INBOX"), wanted.clone());
    if user.brand() == Brand::Courier {
        stored.sort();
        all.sort();
    }
    assert!(stored == all, "{} messages", stored.len());
    let folder = imap.into_folder("INBOX").await.unwrap();
    let flagged = folder.search(&Query::flagged()).await.unwrap();
    // Mailutils forgets the flags that APPEND gives.
    assert!(user.brand() == Brand::Mailutils || flagged.to_string() == "8", "{flagged}");
}

pub(crate) async fn several_messages_of_which_one_is_refused_are_known(user: &Trial) {
    let imap = session(user).await;
    let nowhere = user.server.mailbox(&["Nowhere"]);
    let error = imap.append_all(&*nowhere, (1..=5).map(message)).await.unwrap_err();
    assert!(error.kind() == Kind::Rejected && AppendedAll::before(&error).is_none(), "{error:?}");
    // The second one breaks off in the middle.
    let messages =
        [Append::from(message(1)), Append::once(&b"Subject: short\r\n\r\n"[..], 500), Append::from(message(3))];
    let error = imap.append_all("INBOX", messages).await.unwrap_err();
    let multi = imap.capabilities().multiappend();
    let imap = alive(user, imap).await;
    let stored = user.stored("INBOX");
    match AppendedAll::before(&error) {
        None => assert!(stored.is_empty(), "{error:?}"),
        Some(before) => {
            assert!(!multi && before.messages[2] == AppendOutcome::NotStored, "{before:?}");
            let first = matches!(before.messages[0], AppendOutcome::Stored(_) | AppendOutcome::Unknown);
            assert!(first && stored.len() <= 1 && stored.iter().all(|text| *text == message(1)), "{before:?}");
        }
    }
    if !multi {
        user.fallback("APPEND of several messages", "pipelined APPENDs");
    }
    imap.noop().await.unwrap();
}

pub(crate) async fn a_message_takes_the_place_of_another(user: &Trial) {
    fill(user, 3);
    let imap = session(user).await;
    let (replace, uidplus) = (imap.capabilities().replace(), imap.capabilities().uidplus());
    let folder = imap.into_folder("INBOX").await.unwrap();
    let two = Uid::new(2).unwrap();
    // Another client's mark.
    folder.store(Uid::new(3).unwrap(), &FlagChange::add([Flag::DELETED])).await.unwrap();
    let replaced = folder.replace(two, Append::from(message(9)).flags([Flag::DRAFT])).await;
    match (replace, uidplus) {
        (false, false) => {
            assert_eq!(replaced.unwrap_err().kind(), Kind::Unsupported);
            return user.unsupported("UID REPLACE", "no UIDPLUS");
        }
        (false, true) => user.fallback("UID REPLACE", "APPEND, UID EXPUNGE"),
        (true, _) => {}
    }
    assert_eq!(replaced.unwrap().unwrap().uid.as_u32(), 4);
    let mut left = user.stored("INBOX");
    left.sort();
    assert_eq!(left, [message(1), message(3), message(9)]);
    let mut other = session(user).await;
    let there = other.select("INBOX").await.unwrap();
    assert_eq!(there.search(&Query::all()).await.unwrap().to_string(), "1,3:4");
    assert_eq!(there.search(&Query::draft()).await.unwrap().to_string(), "4");
    let error = folder.replace(two, message(10)).await.unwrap_err();
    assert_eq!(error.kind(), Kind::Rejected, "{error:?}");
    assert_eq!(user.stored("INBOX").len(), 3);
}

pub(crate) async fn a_replacement_dropped_midway_changes_nothing(user: &Trial) {
    fill(user, 2);
    let imap = session(user).await;
    if !imap.capabilities().replace() {
        return user.unsupported("UID REPLACE, dropped", "no REPLACE");
    }
    let folder = imap.into_folder("INBOX").await.unwrap();
    for (given, size) in [(&b""[..], 500), (b"Subject: half\r\n\r\nof it", 500), (b"Subject: more\r\n\r\n", 900_000)] {
        let replace = folder.replace(Uid::new(1).unwrap(), Append::once(Stalled(given), size));
        assert!(tokio::time::timeout(Duration::from_millis(300), replace).await.is_err());
        folder.noop().await.unwrap();
        assert_eq!(user.stored("INBOX"), [message(1), message(2)]);
    }
}

pub(crate) async fn a_message_is_composed_of_pieces_of_others(user: &Trial) {
    fill(user, 2);
    let imap = session(user).await;
    // Dovecot knows the messages only after somebody has looked.
    let imap = imap.into_folder("INBOX").await.unwrap().into_session();
    let message = |url: &str| {
        NewMessage::new(Content::Pieces(vec![
            Piece::Text("Subject: composed\r\n\r\n".into()),
            Piece::Url(url.to_owned()),
            Piece::Text("and more\r\n".into()),
        ]))
    };
    let done = imap.append_composed("INBOX", &message("/INBOX/;UID=2/;SECTION=TEXT")).await;
    if !imap.capabilities().catenate() {
        assert_eq!(done.unwrap_err().kind(), Kind::Unsupported);
        return user.unsupported("APPEND CATENATE", "no CATENATE");
    }
    assert_eq!(done.unwrap().unwrap().uid.as_u32(), 3);
    let wanted = b"Subject: composed\r\n\r\nThis is number 2.\r\nand more\r\n";
    assert_eq!(user.stored("INBOX")[2], wanted);
    let error = imap.append_composed("INBOX", &message("/INBOX/;UID=77")).await.unwrap_err();
    assert!(error.kind() == Kind::Rejected && error.code().is_some_and(|code| code.is("BADURL")), "{error:?}");
    assert_eq!(user.stored("INBOX").len(), 3);
}

/// A server may store such a part with a transfer encoding.
pub(crate) async fn a_message_with_nul_is_stored(user: &Trial) {
    let text = b"Subject: nul\r\nMIME-Version: 1.0\r\nContent-Type: application/octet-stream\r\nContent-Transfer-Encoding: binary\r\n\r\na\0b\r\n";
    let mut imap = session(user).await;
    let done = imap.append("INBOX", Append::from(&text[..]).binary()).await;
    if !imap.capabilities().binary() {
        assert_eq!(done.unwrap_err().kind(), Kind::Unsupported);
        return user.unsupported("APPEND of literal8", "no BINARY");
    }
    done.unwrap();
    let folder = imap.select("INBOX").await.unwrap();
    let items = Items::new().binary(Section::part(&[1]).unwrap(), None).unwrap();
    let found = folder.get(Uid::new(1).unwrap(), items).await.unwrap().unwrap();
    let part = found.sections().find_map(|section| section.bytes()).unwrap();
    assert_eq!(&part[..], b"a\0b\r\n");
}
