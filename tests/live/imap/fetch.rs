//! The results of FETCH: every item, unchanged bytes, bodies of any size.

use std::num::NonZeroU32;

use postroom::imap::{Imap, Items, PartKind, Section, Uid, Uids};
use postroom::{Kind, Limits};
use tokio::io::AsyncReadExt;

use super::session;
use crate::live::{fill, imap_config, login};
use crate::server::Brand;
use crate::suite::Trial;

/// Two parts in two charsets, encoded words, a group, dots, trailing blanks, bare high octets and a line without an end.
const TRICKY: &[u8] = b"From: =?utf-8?Q?J=C3=BCrgen?= <j@example.org>\r\n\
    To: \"A \\\"quoted\\\" name\" <a@example.org>, undisclosed: b@example.org, c@example.org;\r\n\
    Cc: d@example.org\r\nReply-To: r@example.org\r\nSubject: =?utf-8?B?R3LDvMOfZQ==?=\r\n folded\r\n\
    Date: Sun, 01 Mar 2026 08:00:00 -0500\r\nMessage-ID: <one@example.org>\r\nIn-Reply-To: <zero@example.org>\r\n\
    MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=\"b{1}\"\r\n\r\npreamble\r\n--b{1}\r\n\
    Content-Type: text/plain; charset=iso-8859-1\r\nContent-Transfer-Encoding: 8bit\r\n\r\n.\r\n..two dots\r\n\
    caf\xe9 \xff\x01 )\r\nA1 OK not a reply {5}\r\n\r\n--b{1}\r\n\
    Content-Type: application/pdf; name=\"a.pdf\"\r\nContent-Disposition: attachment; filename*=utf-8''%C3%BC.pdf\r\n\
    Content-Transfer-Encoding: base64\r\n\r\nJVBERi0xLjQK\r\n--b{1}--\r\nepilogue  \r\n \r\nno line end";

/// Fills a size with lines that contain their position.
fn big(size: usize) -> Vec<u8> {
    let mut message = b"Subject: big\r\n\r\n".to_vec();
    while message.len() < size {
        let line = format!("{:010} {}\r\n", message.len(), "x".repeat(60));
        message.extend_from_slice(line.as_bytes());
    }
    message
}

pub(crate) async fn every_item_comes_as_a_typed_value(user: &Trial) {
    user.deliver("INBOX", TRICKY);
    let mut imap = session(user).await;
    let mut inbox = imap.select("INBOX").await.unwrap();
    let text = Section::part(&[1]).unwrap();
    let fields = Section::header_fields(["Subject"]).unwrap();
    let items = Items::ENVELOPE.flags().internal_date().size().body_structure().message().header();
    let items = items.section(Section::TEXT).section(text).section(fields);
    let items = items.partial(Section::WHOLE, 4, NonZeroU32::new(8).unwrap());
    let mut mail = inbox.fetch(Uids::ALL, items).await.unwrap();
    let message = mail.try_next().await.unwrap().unwrap();
    assert!(mail.try_next().await.unwrap().is_none());
    assert!(mail.unreadable().is_empty());

    assert_eq!(message.defects().count(), 0);
    assert_eq!(message.uid().map(Uid::as_u32), Some(1));
    assert_eq!(message.size(), Some(TRICKY.len() as u64));
    assert!(!message.flags().unwrap().seen());
    assert!(message.internal_date().is_some());
    assert_eq!(message.subject().as_deref(), Some("Grüße folded"));
    assert_eq!(message.from().unwrap().name.unwrap().decoded(), "Jürgen");
    let envelope = message.envelope().unwrap();
    assert_eq!(envelope.message_id().unwrap(), "<one@example.org>");
    assert_eq!(envelope.in_reply_to().unwrap(), "<zero@example.org>");
    assert!(envelope.raw_date().unwrap() == "Sun, 01 Mar 2026 08:00:00 -0500");

    let structure = message.body_structure().unwrap();
    assert_eq!(structure.kind(), PartKind::Multipart);
    let parts: Vec<_> = structure.children().collect();
    assert_eq!(parts.len(), 2);
    assert!(parts[0].is("text", "plain") && parts[1].is("application", "pdf"));
    assert_eq!(parts[0].param("charset").unwrap(), "iso-8859-1");
    // Some servers decode RFC 2231 themselves.
    let (param, value) = match user.brand() {
        Brand::Dovecot24 => ("filename", "ü.pdf"),
        Brand::Mailutils => ("filename", "=?utf-8?B?w7wucGRm?="),
        _ => ("filename*", "utf-8''%C3%BC.pdf"),
    };
    assert_eq!(parts[1].filename().as_deref(), Some("ü.pdf"));
    assert_eq!(parts[1].disposition_params().find(param).unwrap(), value);

    assert_eq!(&message.section(&Section::WHOLE).unwrap().bytes().unwrap()[..], TRICKY);
    let split = TRICKY.windows(4).position(|four| four == b"\r\n\r\n").unwrap() + 4;
    assert_eq!(&message.section(&Section::HEADER).unwrap().bytes().unwrap()[..], &TRICKY[..split]);
    assert_eq!(&message.section(&Section::TEXT).unwrap().bytes().unwrap()[..], &TRICKY[split..]);
    let first = message.section(&Section::part(&[1]).unwrap()).unwrap().bytes().unwrap();
    assert_eq!(&first[..], b".\r\n..two dots\r\ncaf\xe9 \xff\x01 )\r\nA1 OK not a reply {5}\r\n");
    let window = message.sections().find(|section| section.origin() == Some(4)).unwrap();
    assert_eq!(&window.bytes().unwrap()[..], &TRICKY[4..12]);
}

pub(crate) async fn a_body_is_read_byte_for_byte_and_not_marked_as_read(user: &Trial) {
    user.deliver("INBOX", TRICKY);
    let mut imap = session(user).await;
    let mut inbox = imap.select("INBOX").await.unwrap();
    let uid = Uid::new(1).unwrap();
    let mut bytes = Vec::new();
    inbox.read(uid, Section::WHOLE).await.unwrap().read_to_end(&mut bytes).await.unwrap();
    assert_eq!(bytes, TRICKY);
    let mut part = Vec::new();
    inbox.read(uid, Section::part(&[2]).unwrap()).await.unwrap().read_to_end(&mut part).await.unwrap();
    assert_eq!(part, b"JVBERi0xLjQK");
    let mut mail = inbox.fetch(Uids::ALL, Items::FLAGS).await.unwrap();
    assert!(!mail.try_next().await.unwrap().unwrap().flags().unwrap().seen());
}

pub(crate) async fn a_message_of_20_mb_is_read_whole_and_in_part(user: &Trial) {
    let message = big(20_000_000);
    user.deliver("INBOX", &message);
    let mut imap = session(user).await;
    let mut inbox = imap.select("INBOX").await.unwrap();
    let uid = Uid::new(1).unwrap();

    let mut some = vec![0; 100_000];
    inbox.read(uid, Section::WHOLE).await.unwrap().read_exact(&mut some).await.unwrap();
    assert_eq!(some, message[..100_000]);
    inbox.noop().await.unwrap();

    let mut all = Vec::new();
    inbox.read(uid, Section::WHOLE).await.unwrap().read_to_end(&mut all).await.unwrap();
    assert!(all == message, "{} of {} bytes", all.len(), message.len());
}

/// It is read in several windows, each from the end of the one before.
pub(crate) async fn a_message_whose_size_the_server_does_not_know_is_read_whole(user: &Trial) {
    let message = big(5_000_000);
    user.deliver_unsized("INBOX", &message);
    let mut imap = session(user).await;
    let mut inbox = imap.select("INBOX").await.unwrap();
    let mut all = Vec::new();
    inbox.read(Uid::new(1).unwrap(), Section::WHOLE).await.unwrap().read_to_end(&mut all).await.unwrap();
    let differs = all.iter().zip(&message).position(|(read, stored)| read != stored);
    assert!(all == message, "{} of {} bytes, and they differ from {differs:?} on", all.len(), message.len());
}

pub(crate) async fn a_message_over_the_limit_is_a_defect_and_its_neighbours_come(user: &Trial) {
    let large = big(3_000_000);
    fill(user, 1);
    user.deliver("INBOX", &large);
    user.deliver("INBOX", TRICKY);
    let mut limits = Limits::default();
    limits.literal = 1_000_000;
    let config = imap_config(&user.server).limits(limits);
    let mut imap = Imap::connect(config, login(user)).await.unwrap();
    let mut inbox = imap.select("INBOX").await.unwrap();
    let mut mail = inbox.fetch(Uids::ALL, Items::MESSAGE.size()).await.unwrap();
    let mut seen = Vec::new();
    while let Some(message) = mail.try_next().await.unwrap() {
        seen.push((message.size().unwrap(), message.body().map(|body| body.len()), message.defects().count()));
    }
    drop(mail);
    assert_eq!(seen.len(), 3);
    assert_eq!((seen[0].1.is_some(), seen[0].2), (true, 0));
    assert_eq!((seen[1].0, seen[1].2), (large.len() as u64, 1));
    assert_eq!((seen[2].1, seen[2].2), (Some(TRICKY.len()), 0));
    inbox.noop().await.unwrap();
}

pub(crate) async fn a_dropped_stream_leaves_the_session_usable(user: &Trial) {
    fill(user, 300);
    let mut imap = session(user).await;
    let mut inbox = imap.select("INBOX").await.unwrap();
    for taken in [0, 1, 7, 150] {
        let mut mail = inbox.fetch(Uids::ALL, Items::MESSAGE).await.unwrap();
        for _ in 0..taken {
            assert!(mail.try_next().await.unwrap().is_some());
        }
        drop(mail);
        inbox.noop().await.unwrap();
    }
    let mut mail = inbox.fetch(Uids::ALL, Items::ENVELOPE).await.unwrap();
    let mut count = 0;
    while let Some(message) = mail.try_next().await.unwrap() {
        count += 1;
        let expected = format!("message {}", message.uid().unwrap());
        assert_eq!(message.subject().as_deref(), Some(&*expected));
    }
    assert_eq!(count, 300);
}

pub(crate) async fn a_message_that_is_not_there_is_left_out_of_a_fetch_and_refused_by_read(user: &Trial) {
    fill(user, 1);
    let mut imap = session(user).await;
    let mut inbox = imap.select("INBOX").await.unwrap();
    let absent = Uid::new(99).unwrap();
    assert!(inbox.fetch(absent, Items::FLAGS).await.unwrap().try_next().await.unwrap().is_none());
    let error = inbox.read(absent, Section::WHOLE).await.unwrap_err();
    assert_eq!(error.kind(), Kind::Rejected);
    inbox.noop().await.unwrap();
}
