//! The mailbox for the work: messages of every shape, and gaps among their UIDs for ghosts. It knows no proxy.

use postroom::imap::{Append, Imap, Uid, Uids};
use postroom::{Flag, FlagChange};
use time::OffsetDateTime;

/// How many messages were ever put into INBOX.
const PUT: u32 = 30;
/// Those that are gone, and whose UIDs ghosts may have: among the others, and after them.
pub(crate) const THERE: [u32; 6] = [1, 4, 5, 11, 16, 20];
pub(crate) const COMING: std::ops::RangeInclusive<u32> = 21..=PUT;

pub(crate) fn uids(numbers: impl IntoIterator<Item = u32>) -> Uids {
    numbers.into_iter().flat_map(Uid::new).collect()
}

/// The UIDs of those that are left.
pub(crate) fn real() -> Vec<u32> {
    (1..=PUT).filter(|uid| !is_ghost(*uid)).collect()
}

pub(crate) fn is_ghost(uid: u32) -> bool {
    THERE.contains(&uid) || COMING.contains(&uid)
}

/// Fills INBOX, and creates the other mailbox.
pub(crate) async fn prepare(imap: &mut Imap, other: &str) {
    imap.create_mailbox(other).await.unwrap();
    for number in 1..=PUT {
        let flags = [Flag::FLAGGED, Flag::ANSWERED, Flag::new("$Label1").unwrap()];
        let flags = flags.into_iter().take(number as usize % 4);
        imap.append("INBOX", dated(number).flags(flags)).await.unwrap();
    }
    let inbox = imap.select("INBOX").await.unwrap();
    let gone = uids((1..=PUT).filter(|uid| is_ghost(*uid)));
    inbox.store(gone.clone(), &FlagChange::add([Flag::DELETED])).await.unwrap();
    inbox.expunge(gone).await.unwrap();
    inbox.unselect().await.unwrap();
}

/// With its own date of arrival.
pub(crate) fn dated(number: u32) -> Append<'static> {
    let date = OffsetDateTime::from_unix_timestamp(1_600_000_000 + 86_461 * i64::from(number)).unwrap();
    Append::from(message(number)).date(date)
}

/// One of six shapes: what servers write as quoted strings and as literals, trees, long bodies, lines that look like answers.
fn message(number: u32) -> Vec<u8> {
    let (subject, rest) = match number % 6 {
        0 => ("plain".to_owned(), "\r\nA line.\r\n".to_owned()),
        1 => (r#"with "quotes\" and (brackets] {5}"#.to_owned(), "\r\n)\r\nA5 OK done\r\n* 3 EXPUNGE\r\n".to_owned()),
        2 => ("gr\u{fc}n \u{1f98b} unencoded".to_owned(), tree()),
        3 => ("=?utf-8?B?R3LDvMOfZQ==?= =?utf-8?Q?_folded?=\r\n on".to_owned(), format!("\r\n{}", long(40_000))),
        4 => (String::new(), format!("{}\r\n", attached())),
        _ => (format!("very {}", "long ".repeat(300)), "\r\n".to_owned()),
    };
    format!(
        "From: \"A \\\"B\\\" (C)\" <a@example.org>\r\nTo: friends: b@example.org, \"{{3}}\" <c@example.org>;\r\n\
         Subject: {number} {subject}\r\nDate: Mon, 02 Mar 2026 10:00:{:02} +0100\r\nMessage-ID: <{number}@example.org>\r\n{rest}",
        number % 60
    )
    .into_bytes()
}

fn long(size: usize) -> String {
    (0..size / 50).map(|line| format!("{line:08} {}\r\n", "x)".repeat(20))).collect()
}

/// A message in a message, between two texts.
fn tree() -> String {
    "MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=\"b{1}\"\r\n\r\n--b{1}\r\nContent-Type: text/plain; \
     charset=utf-8\r\nContent-Language: en, de\r\n\r\nfirst\r\n--b{1}\r\nContent-Type: message/rfc822\r\n\r\n\
     Subject: inner \"one\"\r\nFrom: <>\r\n\r\ninner text\r\n--b{1}\r\nContent-Type: multipart/alternative; boundary=c\r\n\r\n\
     --c\r\nContent-Type: text/html\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n<p>=C3=BC</p>\r\n--c--\r\n--b{1}--\r\n"
        .to_owned()
}

fn attached() -> String {
    "MIME-Version: 1.0\r\nContent-Type: application/pdf; name=\"a \\\"b\\\".pdf\"\r\nContent-Disposition: attachment; \
     filename*=utf-8''%C3%BC.pdf\r\nContent-Transfer-Encoding: base64\r\nContent-Description: {7}\r\n\r\nJVBERi0xLjQK"
        .to_owned()
}
