//! Whether what a POP3 server sends is the message, by every way to read one: it must have the size in LIST, and must not be empty.

use postroom::pop3::{Pop3, RetrievedContent};
use postroom::testing::Script;
use postroom::{Body, Defect, Kind, Mailbox, Part, Result};
use tokio::io::AsyncReadExt;

use crate::support::{all, announced, ids, number, scripted};

/// Three messages of 24 octets.
const LISTED: &str = "
    C: STAT
    S: +OK 3 72
    C: UIDL
    S: +OK
    S: 1 a
    S: 2 b
    S: 3 c
    S: .
    C: LIST
    S: +OK
    S: 1 24
    S: 2 24
    S: 3 24
    S: .
";

const TEXT: &str = "Subject: hello\r\n\r\ntext\r\n";

/// A session with a server that has UIDL and TOP.
async fn session(dialogue: &str) -> (Pop3, Script) {
    scripted(&format!("{}{dialogue}", announced(&["UIDL", "TOP"]))).await
}

/// A message of 24 octets, of none, and of 11.
fn answers(command: &str) -> String {
    format!(
        "
        C: {command} 1
        S: +OK
        S: Subject: hello
        S:
        S: text
        S: .
        C: {command} 2
        S: +OK
        S: .
        C: {command} 3
        S: +OK
        S: a: b
        S:
        S: c
        S-raw: .\\r\\n
        "
    )
}

const OTHER: Defect = Defect::Size { declared: 24, received: 11 };

/// What was read to the end, and the defects before and at it.
async fn read(mut body: Body<'_>) -> (Result<String>, Vec<Defect>) {
    assert!(body.defects().is_empty());
    let mut text = String::new();
    let end = body.read_to_string(&mut text).await;
    let defects = body.defects();
    (end.map(|_| text).map_err(Into::into), defects)
}

#[tokio::test]
async fn in_a_stream_each_message_is_whole_missing_or_of_another_length() {
    let (mut pop3, script) = session(&format!("{LISTED}{}", answers("RETR"))).await;
    let ids = ids(&mut pop3).await;
    let messages = all(&mut pop3, &ids, Part::Whole).await;
    let seen: Vec<_> = messages.iter().map(|message| (message.bytes().len(), message.defects().to_vec())).collect();
    assert_eq!(seen, [(24, vec![]), (0, vec![Defect::Missing]), (11, vec![OTHER])]);
    assert_eq!(messages.iter().map(|message| message.id().clone()).collect::<Vec<_>>(), ids);
    drop(pop3);
    script.finish().await.unwrap();
}

#[tokio::test]
async fn a_reader_says_at_its_end_what_was_wrong_and_fails_where_nothing_came() {
    let (mut pop3, script) = session(&format!("{LISTED}{}", answers("RETR"))).await;
    let ids = ids(&mut pop3).await;
    let (text, defects) = read(Mailbox::open(&mut pop3, &ids[0]).await.unwrap()).await;
    assert_eq!((text.unwrap().as_str(), defects), (TEXT, vec![]));
    let (text, defects) = read(Mailbox::open(&mut pop3, &ids[1]).await.unwrap()).await;
    assert_eq!((text.unwrap_err().kind(), defects), (Kind::Missing, vec![Defect::Missing]));
    let (text, defects) = read(Mailbox::open(&mut pop3, &ids[2]).await.unwrap()).await;
    assert_eq!((text.unwrap().as_str(), defects), ("a: b\r\n\r\nc\r\n", vec![OTHER]));
    drop(pop3);
    script.finish().await.unwrap();
}

#[tokio::test]
async fn contents_have_the_defects_of_their_message_and_need_one_retr() {
    let (mut pop3, script) = session(&format!("{LISTED}{}", answers("RETR"))).await;
    let ids = ids(&mut pop3).await;
    let contents = pop3.contents(&ids[0]).await.unwrap();
    assert_eq!(contents.defects(), []);
    assert_eq!(pop3.read_text(&ids[0], contents.text().unwrap()).await.unwrap(), "text\r\n");
    assert_eq!(pop3.contents(&ids[1]).await.unwrap_err().kind(), Kind::Missing);
    assert_eq!(pop3.contents(&ids[2]).await.unwrap().defects(), [OTHER]);
    drop(pop3);
    script.finish().await.unwrap();
}

#[tokio::test]
async fn plain_calls_judge_by_what_they_have_listed() {
    let list = LISTED.split_once("C: LIST").unwrap().1;
    for (listing, other) in [(format!("C: LIST{list}"), true), (String::new(), false)] {
        let by = answers("RETR");
        let (mut pop3, script) = session(&format!("{listing}{by}{by}{by}")).await;
        if other {
            assert_eq!(pop3.list().await.unwrap().len(), 3);
        }
        let last = |content: &RetrievedContent| match content {
            RetrievedContent::Whole(bytes) => !other && bytes.len() == 11,
            RetrievedContent::Uncertain { bytes, declared: 24, received: 11 } => other && bytes.len() == 11,
            _ => false,
        };

        let mut mail = Pop3::fetch(&mut pop3, (1..=3).map(number));
        assert!(
            matches!(mail.try_next().await.unwrap().unwrap().content, RetrievedContent::Whole(bytes) if bytes == TEXT)
        );
        assert!(matches!(mail.try_next().await.unwrap().unwrap().content, RetrievedContent::Missing));
        assert!(last(&mail.try_next().await.unwrap().unwrap().content));
        assert!(mail.try_next().await.unwrap().is_none());
        drop(mail);

        assert!(matches!(pop3.retr(number(1)).await.unwrap().content, RetrievedContent::Whole(bytes) if bytes == TEXT));
        assert_eq!(pop3.retr(number(2)).await.unwrap_err().kind(), Kind::Missing);
        let third = pop3.retr(number(3)).await.unwrap();
        assert!(last(&third.content));
        assert_eq!(third.defect(), other.then_some(OTHER));

        assert_eq!(read(Pop3::read(&mut pop3, number(1)).await.unwrap()).await.1, []);
        assert_eq!(read(Pop3::read(&mut pop3, number(2)).await.unwrap()).await.0.unwrap_err().kind(), Kind::Missing);
        let defects = read(Pop3::read(&mut pop3, number(3)).await.unwrap()).await.1;
        assert_eq!(defects, Vec::from_iter(other.then_some(OTHER)));
        drop(pop3);
        script.finish().await.unwrap();
    }
}

#[tokio::test]
async fn a_size_asked_for_alone_is_known_too() {
    let (pop3, _script) = session("C: LIST 1\nS: +OK 1 5\nC: RETR 1\nS: +OK\nS: abcd\nS: .").await;
    assert_eq!(pop3.list_one(number(1)).await.unwrap(), 5);
    assert_eq!(pop3.retr(number(1)).await.unwrap().defect(), Some(Defect::Size { declared: 5, received: 6 }));
}

/// Some servers treat TOP like RETR.
#[tokio::test]
async fn top_brings_no_more_than_was_asked_for_and_not_nothing() {
    let whole = "S: +OK\nS: a: b\nS:\nS: one\nS: two\nS: .\n";
    let (mut pop3, script) = session(&format!(
        "{LISTED}C: TOP 1 0\n{whole}C: TOP 2 0\nS: +OK\nS: .\nC: TOP 3 0\n{whole}C: TOP 1 1\n{whole}C: TOP 1 1\n{whole}C: TOP 2 0\nS: +OK\nS: ."
    ))
    .await;
    let ids = ids(&mut pop3).await;
    let headers = all(&mut pop3, &ids, Part::Header).await;
    assert_eq!((&headers[0].bytes()[..], headers[0].defects()), (&b"a: b\r\n\r\n"[..], &[][..]));
    assert_eq!(headers[1].defects(), [Defect::Missing]);
    assert_eq!(&headers[2].bytes()[..], b"a: b\r\n\r\n");
    let previews = all(&mut pop3, &ids[..1], Part::Preview(1)).await;
    assert_eq!(&previews[0].bytes()[..], b"a: b\r\n\r\none\r\n");
    assert_eq!(&pop3.top(number(1), 1).await.unwrap()[..], b"a: b\r\n\r\none\r\n");
    assert_eq!(pop3.top(number(2), 0).await.unwrap_err().kind(), Kind::Missing);
    drop(pop3);
    script.finish().await.unwrap();
}

/// github.com/zhangyunhao116/zmail issue 22: a message that cannot be read is reported, and the others come.
#[tokio::test]
async fn a_refused_message_is_in_the_stream() {
    let by = "C: RETR 1\nS: -ERR Can't get the letter, try later\nC: RETR 2\nS: +OK\nS: a: b\nS: .";
    let (mut pop3, script) = session(&format!("{LISTED}{by}")).await;
    let ids = ids(&mut pop3).await;
    let messages = all(&mut pop3, &ids[..2], Part::Whole).await;
    assert_eq!(messages[0].id(), &ids[0]);
    assert_eq!(messages[0].defects(), [Defect::Refused { text: "Can't get the letter, try later".to_owned() }]);
    assert!(messages[0].bytes().is_empty());
    assert_eq!((messages.len(), &messages[1].bytes()[..]), (2, &b"a: b\r\n"[..]));
    drop(pop3);
    script.finish().await.unwrap();
}

/// After fetchmail's list of servers: TOP is announced, and refused for every message.
#[tokio::test]
async fn where_top_is_refused_the_header_is_cut_from_the_message() {
    let top = "C: TOP 1 0\nS: -ERR not supported\nC: TOP 2 0\nS: -ERR [SYS/TEMP] busy\nC: TOP 3 0\nS: -ERR\n";
    let retr = "C: RETR 1\nS: +OK\nS: Subject: hello\nS:\nS: text\nS: .\nC: RETR 3\nS: -ERR gone\n";
    let (mut pop3, script) = session(&format!("{LISTED}{top}{retr}")).await;
    let ids = ids(&mut pop3).await;
    let headers = all(&mut pop3, &ids, Part::Header).await;
    let seen: Vec<_> = headers.iter().map(|message| (message.id(), message.bytes().len(), message.defects())).collect();
    let refused = |text: &str| vec![Defect::Refused { text: text.to_owned() }];
    let (busy, gone) = (refused("busy"), refused("gone"));
    assert_eq!(seen, [(&ids[1], 0, &busy[..]), (&ids[0], 18, &[][..]), (&ids[2], 0, &gone[..])]);
    drop(pop3);
    script.finish().await.unwrap();
}

#[tokio::test]
async fn one_text_for_two_messages_of_different_sizes_ends_the_session() {
    let listed = LISTED.replace("S: 2 24", "S: 2 11").replace("+OK 3 72", "+OK 3 59");
    let hello = "S: +OK\nS: Subject: hello\nS:\nS: text\nS: .\n";
    // The reply to the first command comes twice: from then on each reply is that of the command before.
    let dialogue =
        format!("{listed}\nC: RETR 1\nC: RETR 2\nC: RETR 3\n{hello}{hello}S: +OK\nS: a: b\nS:\nS: c\nS: .\n");
    let login = announced(&["PIPELINING", "UIDL", "TOP"]);
    let (mut pop3, _script) = scripted(&format!("{login}{dialogue}")).await;
    pop3.entries().await.unwrap();
    let mut mail = pop3.fetch((1..=3).map(number));
    let mut came = 0;
    let error = loop {
        match mail.try_next().await {
            Ok(Some(retrieved)) => came += usize::from(retrieved.number == number(1)),
            Ok(None) => panic!("no error"),
            Err(error) => break error,
        }
    };
    assert_eq!((error.kind(), came <= 1), (Kind::Protocol, true));
    assert!(mail.try_next().await.unwrap().is_none(), "an error is always the end");
    drop(mail);
    assert_eq!(pop3.noop().await.unwrap_err().kind(), Kind::Closed);
}

#[tokio::test]
async fn equal_messages_of_equal_size_are_two_messages_whatever_the_size_is() {
    let hello = |number: u32| format!("C: RETR {number}\nS: +OK\nS: Subject: hello\nS:\nS: texts\nS: .\n");
    let (mut pop3, script) = session(&format!("{LISTED}{}{}", hello(1), hello(2))).await;
    pop3.entries().await.unwrap();
    let mut mail = pop3.fetch((1..=2).map(number));
    for _ in 0..2 {
        assert!(matches!(mail.try_next().await.unwrap().unwrap().content, RetrievedContent::Uncertain { .. }));
    }
    drop(mail);
    drop(pop3);
    script.finish().await.unwrap();
}
