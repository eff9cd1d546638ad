//! Random mailboxes whose messages are hard to sort and to thread: marks of replies, dates, identifiers and references of every kind. It
//! must not know who sorts them.

use postroom::Flag;
use postroom::imap::{Append, Query, SortKey, Threads};
use time::{Date, Month, OffsetDateTime, Time};

use crate::rng::Rng;

/// The number of messages in such a mailbox.
pub(crate) const MESSAGES: usize = 40;

/// The criteria that need no server.
pub(crate) const KEYS: [SortKey; 9] = [
    SortKey::ARRIVAL,
    SortKey::CC,
    SortKey::DATE,
    SortKey::FROM,
    SortKey::SIZE,
    SortKey::SUBJECT,
    SortKey::TO,
    SortKey::DISPLAY_FROM,
    SortKey::DISPLAY_TO,
];

/// What is in the messages of a mailbox beside what all servers read alike.
#[derive(Clone, Copy, Default)]
pub(crate) struct Odd {
    /// Dates that do not exist, or have no time.
    pub(crate) dates: bool,
    /// Letters with accents in both cases, composed in several ways, and in several charsets.
    pub(crate) accents: bool,
}

/// A message with its date of arrival; one of two is flagged.
pub(crate) fn append(rng: &mut Rng, number: usize, odd: Odd) -> Append<'static> {
    let message = message(rng, number, odd);
    let message = Append::from(message).date(date(rng));
    if rng.once_in(2) { message.flags([Flag::FLAGGED]) } else { message }
}

/// Searches for texts in such a mailbox that need a charset.
pub(crate) fn beyond_ascii() -> Vec<Query> {
    let (subject, from) = (|| Query::subject("grüße"), || Query::from("ärger"));
    let day = Date::from_calendar_date(2026, Month::March, 4).unwrap();
    vec![
        subject(),
        from(),
        !subject(),
        Query::to("ÄRGER").or(subject()),
        subject().and(!from()),
        Query::flagged().and(subject().or(Query::cc("ärger"))),
        !(subject().or(Query::flagged()).or(Query::subject("zebra"))),
        Query::header("Subject", "üß").and(Query::since(day)),
        subject().or(Query::header("References", "<m1@").and(Query::before(day))),
        from().or(Query::larger(400)),
        Query::subject("日本語"),
    ]
}

/// Threads as text.
pub(crate) fn shown(threads: &Threads) -> String {
    let mut text = String::new();
    for (depth, thread) in threads.walk() {
        let number = thread.number().map_or_else(|| "-".to_owned(), |uid| uid.to_string());
        text += &if depth == 0 { format!(" | {number}") } else { format!(" {depth}:{number}") };
    }
    text
}

fn date(rng: &mut Rng) -> OffsetDateTime {
    let day = Date::from_calendar_date(2026, Month::March, 1 + rng.below(9) as u8).unwrap();
    day.with_time(Time::from_hms(rng.below(24) as u8, 0, 0).unwrap()).assume_utc()
}

fn one_of(rng: &mut Rng, texts: &[&str]) -> String {
    texts[rng.below(texts.len())].to_owned()
}

fn message(rng: &mut Rng, number: usize, odd: Odd) -> String {
    let mut text = String::new();
    for field in ["From", "To", "Cc"] {
        if !rng.once_in(4) {
            text += &format!("{field}: {}\r\n", address(rng));
        }
    }
    if !rng.once_in(8) {
        text += &format!("Subject: {}\r\n", subject(rng, odd));
    }
    if !rng.once_in(8) {
        text += &format!("Date: {}\r\n", sent(rng, odd));
    }
    if !rng.once_in(8) {
        let number = if rng.once_in(8) { rng.below(MESSAGES) } else { number };
        text += &format!("Message-ID: {}\r\n", id(rng, number));
    }
    if !rng.once_in(3) {
        let references: Vec<_> = (0..1 + rng.below(4)).map(|_| reference(rng, number)).collect();
        text += &format!("References: {}\r\n", references.join("\r\n "));
    }
    if rng.once_in(3) {
        text += &format!("In-Reply-To: {}\r\n", reference(rng, number));
    }
    text + "\r\n" + &"x".repeat(rng.below(20)) + "\r\n"
}

fn address(rng: &mut Rng) -> String {
    one_of(
        rng,
        &[
            "Anna <anna@example.org>",
            "\"Bert B.\" <bert@example.org>, anna@example.org",
            "carl@example.org (Carl)",
            "=?utf-8?q?=C3=84rger?= <ANNA@example.org>",
            "friends: dora@example.org, anna@example.org;",
            "zoe@example.org",
        ],
    )
}

fn subject(rng: &mut Rng, odd: Odd) -> String {
    let before = ["", "", "Re: ", "RE:re: ", "Fwd: ", "[list] ", "[list] Re: ", "fw [2]: ", "[Fwd: ", "\t re :  "];
    let base =
        ["lunch", "Lunch", "money", "money  and\r\n more", "=?utf-8?q?Gr=C3=BC=C3=9Fe?=", "", "[bug 7]", "zebra"];
    let after = ["", "", "", " (fwd)", " (FWD)  (fwd)", "]"];
    let accents = [
        "=?utf-8?q?=C3=89t=C3=A9?=",
        "=?utf-8?q?=C3=A9T=C3=89?=",
        "=?utf-8?q?e=CC=81te=CC=81?=",
        "=?iso-8859-1?q?GR=DC=DFe?=",
        "=?utf-8?q?=EF=AC=81n?=",
    ];
    let base = if odd.accents && rng.once_in(2) { &accents[..] } else { &base };
    one_of(rng, &before) + &one_of(rng, base) + &one_of(rng, &after)
}

fn sent(rng: &mut Rng, odd: Odd) -> String {
    if odd.dates && rng.once_in(3) {
        return one_of(rng, &["30 Feb 2026 10:00:00 +0000", "Mon, 2 Mar 2026"]);
    }
    if rng.once_in(8) {
        return one_of(rng, &["yesterday", ""]);
    }
    let (day, hour) = (1 + rng.below(9), rng.below(4));
    let zone = one_of(rng, &["+0000", "+0100", "-0800", "GMT", "EST", "+0000 (UTC)"]);
    format!("{day} Mar 2026 0{hour}:00:00 {zone}")
}

/// One that a message may have, an earlier one more often than a later one.
fn reference(rng: &mut Rng, number: usize) -> String {
    let named = match rng.below(10) {
        0 => MESSAGES + 5,
        1 => 1 + rng.below(MESSAGES),
        _ => 1 + rng.below(number),
    };
    id(rng, named)
}

fn id(rng: &mut Rng, number: usize) -> String {
    match rng.below(12) {
        0 => format!("<\"m{number}\"@example.org>"),
        1 if rng.once_in(4) => format!("m{number}"),
        _ => format!("<m{number}@example.org>"),
    }
}
