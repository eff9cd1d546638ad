//! Subjects, names of people and file names are the text that the author meant, the same by either protocol: over a table, and over
//! random text in random forms.

use postroom::imap::{Items, Uids};
use postroom::mail_parser::MimeHeaders;
use postroom::testing::Server;
use postroom::{Imap, Mailbox, Message, Part};

mod forms;

use crate::session::{self, me, plaintext};

/// What a program shows of a message.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
struct Shown {
    subject: Option<String>,
    name: Option<String>,
    file: Option<String>,
}

fn server(messages: &[Vec<u8>]) -> Server {
    let server = Server::builder().user("me", "secret").in_memory().unwrap();
    for message in messages {
        server.deliver("me", "INBOX", message.clone(), &[]).unwrap();
    }
    server
}

async fn by_imap(server: &Server) -> Vec<Shown> {
    let (imap, driver) = Imap::handshake(server.imap_stream(), plaintext(), me()).await.unwrap();
    let running = tokio::spawn(driver);
    let mut imap = imap;
    let mut inbox = imap.select("INBOX").await.unwrap();
    let mut mail = inbox.fetch(Uids::ALL, Items::ENVELOPE.body_structure()).await.unwrap();
    let mut shown = Vec::new();
    while let Some(message) = mail.try_next().await.unwrap() {
        let leaf = message.body_structure().unwrap().walk().last().unwrap();
        shown.push(Shown {
            subject: message.subject().map(|text| text.into_owned()),
            name: message.from().and_then(|from| from.name).map(|name| name.decoded().into_owned()),
            file: leaf.filename().map(|name| name.into_owned()),
        });
    }
    drop(mail);
    drop(inbox);
    imap.logout().await.unwrap();
    running.await.unwrap().unwrap();
    shown
}

fn parsed(message: &Message) -> Shown {
    let message = message.parse().unwrap();
    let name = message.from().and_then(|from| from.first()).and_then(|from| from.name());
    Shown {
        subject: message.subject().map(str::to_owned),
        name: name.map(str::to_owned),
        file: message.parts.last().unwrap().attachment_name().map(str::to_owned),
    }
}

async fn by_pop3(server: &Server) -> Vec<Shown> {
    let mut pop3 = session::pop3(server.pop3_stream(), plaintext(), me()).await.unwrap();
    let ids: Vec<_> = pop3.entries().await.unwrap().into_iter().map(|entry| entry.id).collect();
    let mut mail = Mailbox::messages(&mut pop3, &ids, Part::Whole).await.unwrap();
    let mut shown = Vec::new();
    while let Some(message) = mail.try_next().await.unwrap() {
        shown.push(parsed(&message));
    }
    shown
}

/// A message whose fields say that, as bytes.
fn message(subject: &[u8], name: &[u8], disposition: &[u8]) -> Vec<u8> {
    let fields: [&[u8]; 7] = [
        b"Subject: ",
        subject,
        b"\r\nFrom: ",
        name,
        b" <ann@a.example>\r\nMIME-Version: 1.0\r\nContent-Type: text/plain\r\nContent-Disposition: attachment; ",
        disposition,
        b"\r\n\r\nhello\r\n",
    ];
    fields.concat()
}

async fn compare(messages: &[Vec<u8>], expected: &[Shown]) {
    let server = server(messages);
    let (imap, pop3) = (by_imap(&server).await, by_pop3(&server).await);
    for (((message, expected), imap), pop3) in messages.iter().zip(expected).zip(&imap).zip(&pop3) {
        assert_eq!(imap, expected, "by IMAP: {}", message.escape_ascii());
        assert_eq!(pop3, expected, "by POP3: {}", message.escape_ascii());
    }
    assert_eq!((imap.len(), pop3.len()), (expected.len(), expected.len()));
}

/// Text as it may appear in a subject and as a person's name, and what it means.
const TEXTS: &[(&[u8], &str)] = &[
    (b"plain", "plain"),
    ("raw é".as_bytes(), "raw é"),
    (b"F\xe5 et bil", "Få et bil"),
    (b"=?iso-8859-2?Q?=B1?= and \xb1", "ą and ą"),
    (b"=?UTF-8?B?0KPQstA=?= =?utf-8?B?uQ==?=", "Увй"),
    (b"=?utf-8?Q?=E6=B5?=\r\n =?utf-8?Q?=8B=E8=AF=95?=", "测试"),
    (b"=?utf-8?B?aGVsbG8?=", "hello"),
    (b"=?gb2312?B?suLK1A==?=", "测试"),
    (b"=?GBK?B?u7bTrQ==?=", "欢迎"),
    (b"=?gb18030?B?suLK1NPKvP4=?=", "测试邮件"),
    (b"=?Big5?B?t3zEs7Nxqr4=?=", "會議通知"),
    (b"=?Shift_JIS?B?kL+LgY+R?=", "請求書"),
    (b"=?EUC-JP?B?wMG14b3x?=", "請求書"),
    (b"=?ISO-2022-JP?B?GyRCMnE1RBsoQg==?= =?ISO-2022-JP?B?GyRCO3FOQRsoQg==?=", "会議資料"),
    (b"=?euc-kr?B?yLjAxyC+yLO7?=", "회의 안내"),
    (b"=?koi8-r?B?8NLJ18XU?=", "Привет"),
    (b"=?utf-7?Q?Gr+APwA3w-e?=", "Grüße"),
    (b"=?utf-8?Q?caf=C3=A9?=.x", "café.x"),
    (b"=?utf-8?Q?a=b=c?=", "a=b=c"),
    (b"=?iso-8859-1*da?Q?S=F8ren?= =?utf-8?Q?_=F0=9F=90=9B?=", "Søren 🐛"),
    (b"=?utf-8?Q?Doe=2C_J=C3=B8rn_=22x=22?=", "Doe, Jørn \"x\""),
];

#[tokio::test]
async fn subjects_and_names_of_people_are_the_same_by_both_protocols() {
    let messages: Vec<_> = TEXTS.iter().map(|(raw, _)| message(raw, raw, b"")).collect();
    let shown = |(_, text): &(&[u8], &str)| Shown {
        subject: Some((*text).to_owned()),
        name: Some((*text).to_owned()),
        file: None,
    };
    compare(&messages, &TEXTS.iter().map(shown).collect::<Vec<_>>()).await;
}

#[tokio::test]
async fn quoted_names_and_comments_are_the_same_by_both_protocols() {
    let froms: &[(&[u8], &str)] = &[
        (b"\"=?utf-8?Q?J=C3=B6rg?=\" <a@b.example>", "Jörg"),
        (b"\"J\xf6rg, \\\"x\\\"\" <a@b.example>", "Jörg, \"x\""),
        (b"=?utf-8?Q?J=C3=B6rg?= M. \"=?utf-8?B?TcO8bGxlcg?=\"\r\n <a@b.example>", "Jörg M. Müller"),
        (b"a@b.example (=?utf-8?Q?J=C3=B6rg?=)", "Jörg"),
        (b"=?utf-8?Q?J=C3=B6?=\r\n\t=?utf-8?Q?rg?= <a@b.example>, =?utf-8?Q?x?= <c@d.example>", "Jörg"),
    ];
    let of = |from: &[u8]| [b"From: ", from, b"\r\n\r\nhello\r\n"].concat();
    let messages: Vec<_> = froms.iter().map(|(from, _)| of(from)).collect();
    let shown = |(_, name): &(&[u8], &str)| Shown { name: Some((*name).to_owned()), ..Shown::default() };
    compare(&messages, &froms.iter().map(shown).collect::<Vec<_>>()).await;
}

#[tokio::test]
async fn file_names_are_the_same_by_both_protocols() {
    let forms: &[(&[u8], &str)] = &[
        (b"filename=a.pdf", "a.pdf"),
        (b"filename=\"\"", "fallback.txt"),
        (b"filename*=utf-8''%e2%82%ac%20rates.pdf", "€ rates.pdf"),
        (b"filename=\"____.pdf\"; filename*=utf-8'ja'%E3%82%A6%E3%82%A3.pdf", "ウィ.pdf"),
        (b"filename*=gb18030''%B2%E2%CA%D4.txt", "测试.txt"),
        (b"filename*0*=utf-8''%E2%82; filename*1*=%AC; filename*2=\" rates.pdf\"", "€ rates.pdf"),
        (b"filename*1=\"name.pdf\";\r\n filename*0=\"long \"", "long name.pdf"),
        (b"filename*0=\"=?UTF-8?B?dGVzdH\"; filename*1=\"Rlc3RlLnhsc3g=?=\"", "testteste.xlsx"),
        (b"filename*=\"=?utf-8?Q?=C3=A9?=.doc\"", "é.doc"),
        (b"filename=\"=?utf-8?Q?Salg=C3=B8_12B?=.pdf\"", "Salgø 12B.pdf"),
        (b"filename=\"=?utf-8?B?0KPQstA=?=\r\n =?utf-8?B?uQ==?=.pdf\"", "Увй.pdf"),
        (b"filename=\"r\xe9sum\xe9.doc\"", "résumé.doc"),
        ("filename=\"0 дней.xls\"".as_bytes(), "0 дней.xls"),
        (b"size=3", "fallback.txt"),
    ];
    let of = |disposition: &[u8]| {
        let head: &[u8] =
            b"Content-Type: text/plain; name*=us-ascii''fallback.txt\r\nContent-Disposition: attachment; ";
        [head, disposition, b"\r\n\r\nhello\r\n"].concat()
    };
    let messages: Vec<_> = forms.iter().map(|(disposition, _)| of(disposition)).collect();
    let shown = |(_, file): &(&[u8], &str)| Shown { file: Some((*file).to_owned()), ..Shown::default() };
    compare(&messages, &forms.iter().map(shown).collect::<Vec<_>>()).await;
}

#[tokio::test]
async fn random_text_in_random_forms_is_the_same_by_both_protocols() {
    let (mut messages, mut expected) = (Vec::new(), Vec::new());
    for sample in forms::samples(400) {
        messages.push(message(&sample.subject.raw, &sample.name.raw, &sample.file.raw));
        expected.push(Shown {
            subject: Some(sample.subject.text),
            name: Some(sample.name.text),
            file: Some(sample.file.text),
        });
    }
    compare(&messages, &expected).await;
}

/// A hostile field costs time in proportion to its length, and causes no panic.
#[test]
fn no_field_makes_parsing_slow() {
    let begun = std::time::Instant::now();
    for piece in [
        "=?utf-8?Q?",
        "=?utf-8?B?w6k?= ",
        "\"=?utf-8?Q?=C3=A9?=\" ",
        "(\u{e9}",
        "=?",
        ";a*=b",
        "; a*0=\"x\"",
        "\\\"",
        "<",
        ":,;",
    ] {
        for field in ["Subject", "From", "Content-Type", "Content-Disposition", "X-Other"] {
            let value = [piece.repeat(100_000 / piece.len()).as_bytes(), b"\xe9=?"].concat();
            let bytes = [field.as_bytes(), b": a", &value, b"\r\nSubject: x\r\n\r\nhi"].concat();
            let message = Message::new(postroom::MessageId::other("x", "1"), bytes);
            assert!(message.parse().is_some());
        }
    }
    assert!(begun.elapsed().as_secs() < 60);
}

/// The fields of a date, and what it means: RFC 5322 with its obsolete forms, and what else mailers write.
const DATES: &[(&str, Option<&str>)] = &[
    ("Mon, 2 Mar 2026 10:00:00 +0100", Some("2026-03-02T10:00:00+01:00")),
    ("Fri, 02 mar 26 10:00 EST (a (comment))", Some("2026-03-02T10:00:00-05:00")),
    ("2 March 2026 10:00:00 UT", Some("2026-03-02T10:00:00Z")),
    ("Mon Mar  2 10:00:00 2026", Some("2026-03-02T10:00:00Z")),
    ("2 Mar 2026 10:00:00 +0199", Some("2026-03-02T10:00:00Z")),
    ("30 Feb 2026 10:00:00 +0000", None),
    ("yesterday", None),
];

#[tokio::test]
async fn dates_are_the_same_by_either_protocol() {
    let messages: Vec<_> =
        DATES.iter().map(|(date, _)| format!("Date: {date}\r\nSubject: x\r\n\r\nhello\r\n").into_bytes()).collect();
    let server = server(&messages);
    let (mut imap, driver) = Imap::handshake(server.imap_stream(), plaintext(), me()).await.unwrap();
    let running = tokio::spawn(driver);
    let mut inbox = imap.select("INBOX").await.unwrap();
    let mut mail = inbox.fetch(Uids::ALL, Items::ENVELOPE).await.unwrap();
    let mut by_imap = Vec::new();
    while let Some(message) = mail.try_next().await.unwrap() {
        by_imap.push(message.envelope().unwrap().date().map(|date| date.unix_timestamp()));
    }
    drop(mail);
    imap.logout().await.unwrap();
    running.await.unwrap().unwrap();
    let mut pop3 = session::pop3(server.pop3_stream(), plaintext(), me()).await.unwrap();
    let ids: Vec<_> = pop3.entries().await.unwrap().into_iter().map(|entry| entry.id).collect();
    let mut mail = Mailbox::messages(&mut pop3, &ids, Part::Whole).await.unwrap();
    let mut by_pop3 = Vec::new();
    while let Some(message) = mail.try_next().await.unwrap() {
        by_pop3.push(message.parse().unwrap().date().map(|date| date.to_rfc3339()));
    }
    for (((text, expected), imap), pop3) in DATES.iter().zip(by_imap).zip(by_pop3) {
        assert_eq!(pop3.as_deref(), *expected, "by POP3: {text}");
        let expected = expected.and_then(postroom::mail_parser::DateTime::parse_rfc3339);
        assert_eq!(imap, expected.map(|date| date.to_timestamp()), "by IMAP: {text}");
    }
}
