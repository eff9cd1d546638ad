//! Listings, retrieval byte for byte, and when a deletion takes effect.

use postroom::Kind;
use postroom::pop3::{Number, RetrievedContent};
use tokio::io::AsyncReadExt;

use super::open;
use crate::live::{fill, message};
use crate::suite::Trial;

/// What a reader gets wrong that handles dots, line ends or text carelessly.
/// It does not begin with a dot: Dovecot 2.3 does not stuff a dot that is the very first octet, so every client loses it.
const TRICKY: [&[u8]; 6] = [
    b"Subject: dots\r\n\r\n.\r\n..\r\n.x\r\n...\r\n. \r\nend.\r\n.\r\n",
    b"Subject: octets\r\n\r\ncaf\xe9 \xff\xfe\x01\x7f\x1b[0m\ttab \r\n",
    b"Subject: replies\r\n\r\n+OK not one\r\n-ERR nor this\r\n\r\n\r\n",
    b"Subject: returns\r\n\r\na\rb\r\r\nc\r\n",
    b"Subject: header only\r\n\r\n",
    b"Subject: long\r\n\r\n.xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\r\n..\r\n",
];

fn number(number: u32) -> Number {
    Number::new(number).unwrap()
}

fn is(content: &RetrievedContent, wanted: &[u8]) -> bool {
    matches!(content, RetrievedContent::Whole(bytes) if bytes[..] == *wanted)
}

pub(crate) async fn stat_list_and_uidl_agree_and_uidls_last(user: &Trial) {
    fill(user, 3);
    let sizes: Vec<u64> = (1..=3).map(|number| message(number).len() as u64).collect();
    let pop = open(user).await;
    let stat = pop.stat().await.unwrap();
    assert_eq!((stat.messages, stat.octets), (3, sizes.iter().sum()));
    let list = pop.list().await.unwrap();
    assert_eq!(list, [(number(1), sizes[0]), (number(2), sizes[1]), (number(3), sizes[2])]);
    let uidl = pop.uidl().await.unwrap();
    assert_eq!(uidl.len(), 3);
    pop.quit().await.unwrap();
    let pop = open(user).await;
    assert_eq!(pop.uidl().await.unwrap(), uidl);
    pop.quit().await.unwrap();
}

pub(crate) async fn tricky_messages_come_byte_for_byte_every_way(user: &Trial) {
    for message in TRICKY {
        user.deliver("INBOX", message);
    }
    let mut pop = open(user).await;
    let all: Vec<Number> = (1..=TRICKY.len() as u32).map(number).collect();
    for (&number, wanted) in all.iter().zip(TRICKY) {
        assert_eq!(pop.retr(number).await.unwrap().bytes()[..], *wanted);
        let mut read = Vec::new();
        pop.read(number).await.unwrap().read_to_end(&mut read).await.unwrap();
        assert_eq!(read, wanted);
    }
    let mut mail = pop.fetch(all);
    for wanted in TRICKY {
        let retrieved = mail.try_next().await.unwrap().unwrap();
        assert!(is(&retrieved.content, wanted), "{retrieved:?}");
    }
    assert!(mail.try_next().await.unwrap().is_none());
    drop(mail);
    assert_eq!(pop.top(number(1), 1).await.unwrap()[..], *b"Subject: dots\r\n\r\n.\r\n");
    pop.quit().await.unwrap();
}

/// RFC 6856 §2.1, as the session requested.
pub(crate) async fn headers_in_utf8_come_as_they_are(user: &Trial) {
    let message = "From: Jürgen <jürgen@example.org>\r\nSubject: ☃ as in RFC 6532\r\n\r\n☃\r\n";
    user.deliver("INBOX", message.as_bytes());
    let pop = open(user).await;
    assert!(pop.capabilities().utf8() && pop.capabilities().utf8_user());
    assert_eq!(pop.retr(number(1)).await.unwrap().bytes()[..], *message.as_bytes());
    let header = &message[..message.find("\r\n\r\n").unwrap() + 4];
    assert_eq!(pop.top(number(1), 0).await.unwrap()[..], *header.as_bytes());
    pop.quit().await.unwrap();
}

pub(crate) async fn five_hundred_messages_come_pipelined_in_order(user: &Trial) {
    fill(user, 500);
    let mut pop = open(user).await;
    let mut mail = pop.fetch((1..=500).map(number));
    for wanted in 1..=500 {
        let retrieved = mail.try_next().await.unwrap().unwrap();
        assert_eq!(retrieved.number, number(wanted));
        assert!(is(&retrieved.content, &message(wanted)), "{retrieved:?}");
    }
    assert!(mail.try_next().await.unwrap().is_none());
    drop(mail);

    let mut mail = pop.fetch((1..=500).map(number));
    for _ in 0..7 {
        mail.try_next().await.unwrap().unwrap();
    }
    drop(mail);
    assert_eq!(pop.retr(number(250)).await.unwrap().bytes()[..], message(250)[..]);
    pop.quit().await.unwrap();
}

pub(crate) async fn a_message_of_20_mb_is_read_as_it_comes(user: &Trial) {
    let mut big = b"Subject: big\r\n\r\n".to_vec();
    while big.len() < 20_000_000 {
        let line = format!(".{:010} {}\r\n", big.len(), "x".repeat(60));
        big.extend_from_slice(line.as_bytes());
    }
    user.deliver("INBOX", &big);
    let mut pop = open(user).await;
    let mut some = vec![0; 100_000];
    pop.read(number(1)).await.unwrap().read_exact(&mut some).await.unwrap();
    assert_eq!(some, big[..100_000]);
    pop.noop().await.unwrap();
    let mut all = Vec::new();
    pop.read(number(1)).await.unwrap().read_to_end(&mut all).await.unwrap();
    assert!(all == big, "{} of {} bytes", all.len(), big.len());
    pop.quit().await.unwrap();
}

pub(crate) async fn a_number_that_is_not_there_is_refused_and_the_session_lives(user: &Trial) {
    fill(user, 2);
    let mut pop = open(user).await;
    assert_eq!(pop.retr(number(9)).await.unwrap_err().kind(), Kind::Rejected);
    let mut mail = pop.fetch([1, 9, 2].map(number));
    let mut whole = Vec::new();
    while let Some(retrieved) = mail.try_next().await.unwrap() {
        whole.push(matches!(retrieved.content, RetrievedContent::Whole(_)));
    }
    assert_eq!(whole, [true, false, true]);
    drop(mail);
    pop.quit().await.unwrap();
}

pub(crate) async fn dele_and_drop_keeps_the_message(user: &Trial) {
    fill(user, 2);
    let pop = open(user).await;
    pop.dele(number(1)).await.unwrap();
    assert_eq!(pop.stat().await.unwrap().messages, 1);
    drop(pop);
    let pop = open(user).await;
    assert_eq!(pop.stat().await.unwrap().messages, 2);
    pop.quit().await.unwrap();
    assert_eq!(user.stored("INBOX"), [message(1), message(2)]);
}

pub(crate) async fn dele_and_quit_deletes_and_rset_takes_it_back(user: &Trial) {
    fill(user, 3);
    let pop = open(user).await;
    pop.dele(number(3)).await.unwrap();
    pop.rset().await.unwrap();
    pop.dele(number(2)).await.unwrap();
    pop.quit().await.unwrap();
    assert_eq!(user.left(2).await, [message(1), message(3)]);
}
