//! The sample mail: always the same few dozen messages, of the kinds that real mailboxes contain. It must not know a protocol.

use std::sync::{Arc, OnceLock};

use bytes::Bytes;
use time::{Duration, OffsetDateTime, UtcOffset};

use super::store::Content;

pub(super) struct Sample {
    pub(super) mailbox: &'static str,
    pub(super) flags: &'static [&'static str],
    pub(super) content: Arc<Content>,
}

/// The date of the first message, as a Unix time. The dates of the others follow some hours apart.
const FIRST: i64 = 1_704_099_600;

const PEOPLE: [(&str, &str); 6] = [
    ("Bea Lindqvist", "bea@example.org"),
    ("=?UTF-8?Q?J=C3=BCrgen_Weber?=", "juergen@example.net"),
    ("\"Okafor, Chidi\"", "chidi.okafor@example.com"),
    ("=?UTF-8?B?55Sw5Lit6Iqx5a2Q?=", "hanako@example.jp"),
    ("Harbour Weekly", "news@harbour.example"),
    ("build bot", "bot@ci.example"),
];

const FLAGS: [&[&str]; 6] = [
    &["\\Seen"],
    &[],
    &["\\Seen", "\\Answered"],
    &["\\Flagged"],
    &["\\Seen", "$Forwarded"],
    &["\\Seen", "\\Flagged", "Work"],
];

const PLAIN: [(&str, &str); 8] = [
    ("Lunch on Thursday?", "Shall we try the place by the canal?\r\nHalf past twelve would suit me.\r\n"),
    ("Minutes of the house meeting", "1. The roof\r\n2. The bicycles\r\n3. Who keeps the key\r\n"),
    ("Re: Minutes of the house meeting", "> 3. Who keeps the key\r\n\r\nI have it. Come by any evening.\r\n"),
    ("Your parcel has left the depot", "It should be with you between 9 and 11 tomorrow.\r\n"),
    ("Build 4711 passed", "312 tests, 0 failures, 94 seconds.\r\n"),
    ("=?UTF-8?Q?Gr=C3=BC=C3=9Fe_aus_K=C3=B6ln?=", "Es regnet, aber der Dom steht noch.\r\n"),
    ("=?UTF-8?B?5Lya6K2w44Gu44GK55+l44KJ44Gb?=", "Next week, same room.\r\n"),
    ("=?ISO-8859-1?Q?Caf=E9?= =?UTF-8?Q?_tomorrow?=", "Ten o'clock, as ever.\r\n"),
];

/// Legacy charsets, each with a text in base64 and a subject.
const CHARSETS: [(&str, &str, &str); 9] = [
    ("iso-8859-2", "WmG/87PmIGfqtmyxIGphvPEuDQo=", "=?iso-8859-2?B?pndp6nRh?="),
    ("windows-1251", "x+Di8vDgIOIg5OXx//L8IPfg8e7iLg0K", "=?windows-1251?B?wvHy8OX34A==?="),
    ("koi8-r", "8M/F2sQgz9DB2sTZ18HF1CDOwSDewdMuDQo=", "=?koi8-r?B?8M/F2sQ=?="),
    ("windows-1253", "yuHr5+zd8eEg8+Ug/Ovv9fIuDQo=", "=?windows-1253?B?yuHr5+zd8eE=?="),
    ("windows-1255", "+ezl7SDs6+Xs7S4NCg==", "=?windows-1255?B?+ezl7Q==?="),
    ("windows-1256", "x+HT4cfjINrh7d/jLg0K", "=?windows-1256?B?0+HH4w==?="),
    ("iso-2022-jp", "GyRCMnE1RCRPOzA7fiQrJGkkRyQ5ISMbKEINCg==", "=?iso-2022-jp?B?GyRCMnE1RBsoQg==?="),
    ("gb2312", "w/fM7M/Czue/qrvhoaMNCg==", "=?gb2312?B?u+HS6Q==?="),
    ("euc-kr", "s7vAzyDIuMDHsKEgwNa9wLTPtNkuDQo=", "=?euc-kr?B?yLjAxw==?="),
];

/// All messages, made once for each process.
pub(super) fn mail() -> &'static [Sample] {
    static MAIL: OnceLock<Vec<Sample>> = OnceLock::new();
    MAIL.get_or_init(make)
}

fn make() -> Vec<Sample> {
    let mut bodies: Vec<(&'static str, Vec<u8>)> = Vec::new();
    for round in 0..2_usize {
        for (subject, text) in PLAIN {
            let again = if round == 0 { String::new() } else { "\r\n(sent again)\r\n".to_owned() };
            bodies.push(("INBOX", plain(bodies.len(), subject, &format!("{text}{again}"))));
        }
        for make in [alternative, attachments, enclosed, eight_bit, long_lines, dots, no_subject] {
            bodies.push(("INBOX", make(bodies.len())));
        }
    }
    for mailbox in ["Sent", "Sent", "Archive", "Drafts"] {
        bodies.push((mailbox, plain(bodies.len(), "Re: Lunch on Thursday?", "Thursday it is.\r\n")));
    }
    for (charset, encoded, subject) in CHARSETS {
        bodies.push(("Archive", charset_mail(bodies.len(), charset, encoded, subject)));
    }
    bodies.push(("Archive", parameters(bodies.len())));
    let first = bodies.len();
    for answer in 0..5 {
        bodies.push(("Archive", thread(bodies.len(), first, answer)));
    }
    let one = |(index, (mailbox, bytes)): (usize, (&'static str, Vec<u8>))| Sample {
        mailbox,
        flags: FLAGS.get(index % FLAGS.len()).copied().unwrap_or_default(),
        content: Content::new(Bytes::from(bytes), date(index)),
    };
    bodies.into_iter().enumerate().map(one).collect()
}

fn date(index: usize) -> OffsetDateTime {
    let hours = i64::try_from(index).unwrap_or_default() * 17;
    let hour = [0, 2, -5].get(index % 3).copied().unwrap_or_default();
    let zone = UtcOffset::from_hms(hour, 0, 0).unwrap_or(UtcOffset::UTC);
    let first = OffsetDateTime::from_unix_timestamp(FIRST).unwrap_or(OffsetDateTime::UNIX_EPOCH);
    (first + Duration::hours(hours)).to_offset(zone)
}

/// The fields that every message has.
fn head(index: usize, subject: Option<&str>) -> String {
    let (name, address) = PEOPLE.get(index % PEOPLE.len()).copied().unwrap_or_default();
    let date = date(index);
    let (weekday, month) = (date.weekday().to_string(), date.month().to_string());
    let subject = subject.map(|subject| format!("Subject: {subject}\r\n")).unwrap_or_default();
    format!(
        "Return-Path: <{address}>\r\n\
         Received: from mx.example.org (mx.example.org [192.0.2.{octet}])\r\n\tby mail.example.org with ESMTPS id {index:08x};\r\n\t{stamp}\r\n\
         From: {name} <{address}>\r\n\
         To: Alice Amaral <alice@example.org>\r\n\
         {subject}Date: {stamp}\r\n\
         Message-ID: <{index}.sample@example.org>\r\n\
         MIME-Version: 1.0\r\n",
        octet = index + 1,
        stamp = format_args!(
            "{}, {} {} {} {:02}:{:02}:{:02} {:+03}00",
            weekday.get(..3).unwrap_or_default(),
            date.day(),
            month.get(..3).unwrap_or_default(),
            date.year(),
            date.hour(),
            date.minute(),
            date.second(),
            date.offset().whole_hours()
        ),
    )
}

fn plain(index: usize, subject: &str, text: &str) -> Vec<u8> {
    format!("{}Content-Type: text/plain; charset=utf-8\r\n\r\n{text}", head(index, Some(subject))).into_bytes()
}

fn alternative(index: usize) -> Vec<u8> {
    let head = head(index, Some("Spring programme of the harbour cinema"));
    format!(
        "{head}Content-Type: multipart/alternative;\r\n boundary=\"alt-{index}\"\r\n\r\n\
         A message in two forms.\r\n\
         --alt-{index}\r\n\
         Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n\
         On Friday: Les parapluies de Cherbourg, 20=E2=80=AFh.=20\r\nOn Saturday: Stalker.\r\n\
         --alt-{index}\r\n\
         Content-Type: text/html; charset=utf-8\r\nContent-Transfer-Encoding: 7bit\r\n\r\n\
         <html><body><p>On <b>Friday</b>: Les parapluies de Cherbourg.</p></body></html>\r\n\
         --alt-{index}--\r\n"
    )
    .into_bytes()
}

fn attachments(index: usize) -> Vec<u8> {
    use base64::Engine as _;
    let head = head(index, Some("=?UTF-8?Q?Pl=C3=A4ne_und_Fotos?="));
    let noise: Vec<u8> = (0..3000_usize).map(|at| (at * 31 + index * 7) as u8).collect();
    let encoded = base64::engine::general_purpose::STANDARD.encode(noise);
    let lines: String =
        encoded.as_bytes().chunks(76).map(|line| format!("{}\r\n", String::from_utf8_lossy(line))).collect();
    format!(
        "{head}Content-Type: multipart/mixed; boundary=\"mix-{index}\"\r\n\r\n\
         --mix-{index}\r\n\
         Content-Type: multipart/related; boundary=\"rel-{index}\"; type=\"text/html\"\r\n\r\n\
         --rel-{index}\r\n\
         Content-Type: text/html; charset=us-ascii\r\n\r\n\
         <p>The plans: <img src=\"cid:photo-{index}@example.org\"></p>\r\n\
         --rel-{index}\r\n\
         Content-Type: image/png; name=\"photo.png\"\r\nContent-ID: <photo-{index}@example.org>\r\n\
         Content-Transfer-Encoding: base64\r\nContent-Disposition: inline; filename=\"photo.png\"\r\n\r\n\
         iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAQAAAC1HAwCAAAAC0lEQVR42mNk+A8AAQUBAScY42YA\r\nAAAASUVORK5CYII=\r\n\
         --rel-{index}--\r\n\
         --mix-{index}\r\n\
         Content-Type: application/pdf; name*=utf-8''Pl%C3%A4ne.pdf\r\nContent-Transfer-Encoding: base64\r\n\
         Content-Description: The plans\r\nContent-Disposition: attachment; filename*=utf-8''Pl%C3%A4ne.pdf\r\n\r\n\
         {lines}\
         --mix-{index}--\r\n"
    )
    .into_bytes()
}

fn enclosed(index: usize) -> Vec<u8> {
    let inner = String::from_utf8_lossy(&alternative(index + 1000)).into_owned();
    format!(
        "{}Content-Type: multipart/mixed; boundary=fwd-{index}\r\n\r\n\
         --fwd-{index}\r\n\r\n\
         See below.\r\n\
         --fwd-{index}\r\n\
         Content-Type: message/rfc822\r\nContent-Disposition: attachment\r\n\r\n\
         {inner}\r\n\
         --fwd-{index}--\r\n",
        head(index, Some("Fwd: Spring programme of the harbour cinema"))
    )
    .into_bytes()
}

fn eight_bit(index: usize) -> Vec<u8> {
    let head = head(index, Some("Menu of the week"));
    let mut out =
        format!("{head}Content-Type: text/plain; charset=iso-8859-1\r\nContent-Transfer-Encoding: 8bit\r\n\r\n")
            .into_bytes();
    out.extend_from_slice(b"Monday: cr\xe8me br\xfbl\xe9e\r\nTuesday: p\xe2t\xe9\r\n");
    out
}

fn long_lines(index: usize) -> Vec<u8> {
    let long = "all work and no play ".repeat(150);
    let subject = format!("A subject of more than one line,\r\n which goes on {}", "and on ".repeat(8).trim_end());
    let text = format!("{long}\r\n\r\nThe line above has more than 998 characters.\r\n");
    plain(index, &subject, &text)
}

fn dots(index: usize) -> Vec<u8> {
    plain(index, "Lines that begin with dots", ".\r\n..\r\n...and so on\r\n.\r\n\r\n.profile\r\n")
}

fn no_subject(index: usize) -> Vec<u8> {
    format!("{}\r\n(no subject, and the last line has no end)", head(index, None)).into_bytes()
}

fn charset_mail(index: usize, charset: &str, encoded: &str, subject: &str) -> Vec<u8> {
    let head = head(index, Some(subject));
    format!(
        "{head}Content-Type: text/plain; charset={charset}\r\nContent-Transfer-Encoding: base64\r\n\r\n{encoded}\r\n"
    )
    .into_bytes()
}

/// Names in the forms of RFC 2231: in pieces, in other charsets, and with a language; also the older form that no RFC allows.
fn parameters(index: usize) -> Vec<u8> {
    let head = head(index, Some("Names in every form"));
    let names = [
        "filename*0*=utf-8'de'Ein%20ziemlich%20; filename*1*=langer%20N%C3%A4me; filename*2=\".txt\"",
        "filename*=iso-8859-2''%B1%B6%E6.txt",
        "filename*0=\"part one \"; filename*1=\"and two.txt\"",
        "filename=\"=?UTF-8?B?w6TDtsO8LnR4dA==?=\"",
        "filename=\"../../etc/passwd\"",
    ];
    let one = |name: &&str| {
        format!("--par-{index}\r\nContent-Type: text/plain\r\nContent-Disposition: attachment;\r\n {name}\r\n\r\nx\r\n")
    };
    let parts: String = names.iter().map(one).collect();
    format!("{head}Content-Type: multipart/mixed; boundary=par-{index}\r\n\r\n{parts}--par-{index}--\r\n").into_bytes()
}

/// A thread whose third message answers the first, and whose last one names the whole way.
fn thread(index: usize, first: usize, answer: usize) -> Vec<u8> {
    let id = |number: usize| format!("<{}.sample@example.org>", first + number);
    let refers = match answer {
        0 => String::new(),
        1 | 2 => format!("In-Reply-To: {0}\r\nReferences: {0}\r\n", id(0)),
        last => {
            let way: Vec<String> = (0..last).filter(|number| *number != 2).map(id).collect();
            format!("In-Reply-To: {}\r\nReferences: {}\r\n", id(last - 1), way.join("\r\n\t"))
        }
    };
    let subject = if answer == 0 { "Who feeds the cat?" } else { "Re: Who feeds the cat?" };
    let head = format!("{}{refers}", head(index, Some(subject)));
    format!("{head}Content-Type: text/plain; charset=utf-8\r\n\r\nAnswer {answer}.\r\n").into_bytes()
}
