//! Collecting from POP3 servers whose UIDL, TOP or RETR violates RFC 1939: each message is still delivered once,
//! and deleted only if it is stored.

use std::sync::{Arc, Mutex};

use postroom::collect::{Collector, Policy, Summary};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, DuplexStream};

use crate::maildrop::{Notes, Shelf};
use crate::session;

/// A message as the odd server has it.
#[derive(Clone, Default)]
struct Letter {
    /// What UIDL says; `None` if it leaves the message out.
    name: Option<String>,
    text: String,
    /// What TOP sends in place of the true lines.
    top: Option<String>,
    refused: bool,
}

/// The maildrop, and whether the server knows UIDL.
#[derive(Clone, Default)]
struct Drop {
    letters: Vec<Letter>,
    is_nameless: bool,
}

fn letter(name: &str, subject: &str) -> Letter {
    Letter { name: Some(name.to_owned()), text: text(subject), ..Letter::default() }
}

fn text(subject: &str) -> String {
    format!("Subject: {subject}\r\n\r\nThis is {subject}.\r\n")
}

async fn serve(stream: DuplexStream, maildrop: Arc<Mutex<Drop>>) {
    let mut stream = BufReader::new(stream);
    stream.write_all(b"+OK\r\n").await.unwrap();
    let at_login = maildrop.lock().unwrap().clone();
    let mut marked = vec![false; at_login.letters.len()];
    let mut line = String::new();
    while stream.read_line(&mut line).await.is_ok_and(|count| count > 0) {
        let mut words = line.split_ascii_whitespace();
        let command = words.next().unwrap_or_default().to_ascii_uppercase();
        let number = words.next().and_then(|word| word.parse::<usize>().ok());
        let letter = number.and_then(|number| at_login.letters.get(number - 1));
        let listing = |show: &dyn Fn(&Letter) -> Option<String>| {
            let rows = (1..).zip(&at_login.letters).filter_map(|(number, letter)| Some((number, show(letter)?)));
            format!("+OK\r\n{}.\r\n", rows.map(|(number, row)| format!("{number} {row}\r\n")).collect::<String>())
        };
        let answer = match (&*command, letter) {
            ("USER" | "PASS" | "NOOP" | "QUIT", _) => "+OK\r\n".to_owned(),
            ("STAT", _) => format!("+OK {} 1000\r\n", at_login.letters.len()),
            ("LIST", None) => listing(&|letter| Some(letter.text.len().to_string())),
            ("UIDL", None) if !at_login.is_nameless => listing(&|letter| letter.name.clone()),
            ("RETR", Some(letter)) if !letter.refused => format!("+OK\r\n{}.\r\n", letter.text),
            ("TOP", Some(letter)) => {
                let header = || letter.text.split_inclusive("\r\n\r\n").next().unwrap().to_owned();
                format!("+OK\r\n{}.\r\n", letter.top.clone().unwrap_or_else(header))
            }
            ("DELE", Some(_)) => {
                marked[number.unwrap() - 1] = true;
                "+OK\r\n".to_owned()
            }
            _ => "-ERR\r\n".to_owned(),
        };
        if command == "QUIT" {
            let mut marked = marked.iter();
            maildrop.lock().unwrap().letters.retain(|_| !marked.next().unwrap());
        }
        stream.write_all(answer.as_bytes()).await.unwrap();
        if command == "QUIT" {
            return;
        }
        line.clear();
    }
}

#[derive(Default)]
struct House {
    maildrop: Arc<Mutex<Drop>>,
    notes: Notes,
    shelf: Shelf,
}

impl House {
    fn new(letters: impl IntoIterator<Item = Letter>) -> Self {
        let house = Self::default();
        house.maildrop.lock().unwrap().letters = letters.into_iter().collect();
        house
    }

    async fn collect(&self, policy: Policy) -> Summary {
        let (ours, theirs) = tokio::io::duplex(1 << 16);
        let serving = tokio::spawn(serve(theirs, self.maildrop.clone()));
        let mut pop3 = session::pop3(ours, session::plaintext(), session::me()).await.unwrap();
        let mut collector = Collector::new("me", self.notes.clone(), self.shelf.clone()).policy(policy);
        let summary = collector.run(&mut pop3).await.unwrap();
        let deletes = summary.deleted + summary.deletions_unknown > 0;
        assert_eq!(pop3.noop().await.is_ok(), !deletes, "only a run that deletes ends the session: {summary}");
        std::mem::drop(pop3);
        serving.await.unwrap();
        summary
    }

    fn change(&self, change: impl FnOnce(&mut Vec<Letter>)) {
        change(&mut self.maildrop.lock().unwrap().letters);
    }

    fn left(&self) -> usize {
        self.maildrop.lock().unwrap().letters.len()
    }

    /// Exactly these were delivered, each once.
    fn has(&self, subjects: &[&str]) -> bool {
        let mut delivered = self.shelf.delivered();
        let mut wanted: Vec<_> = subjects.iter().map(|subject| text(subject).into_bytes()).collect();
        delivered.sort();
        wanted.sort();
        delivered == wanted
    }

    /// Nothing more is delivered while nothing changes, and all of it is deleted once that is allowed.
    async fn keeps_and_then_moves(&self, subjects: &[&str]) {
        for _ in 0..2 {
            assert_eq!(self.collect(Policy::keep()).await.failed, 0);
            assert!(self.has(subjects), "{}", self.shelf.delivered().len());
        }
        let summary = self.collect(Policy::delete()).await;
        assert_eq!((summary.deleted, self.left()), (subjects.len(), 0), "{summary}");
        assert!(self.has(subjects));
        assert_eq!(self.collect(Policy::delete()).await.listed, 0);
    }
}

#[tokio::test]
async fn a_message_without_text_is_neither_stored_nor_deleted() {
    let house = House::new([letter("a", "one"), Letter { text: String::new(), ..letter("b", "two") }]);
    for deleted in [1, 0] {
        let summary = house.collect(Policy::delete()).await;
        assert_eq!((summary.failed, summary.deleted, house.left()), (1, deleted, 1), "{summary}");
        assert!(house.has(&["one"]));
    }
    house.change(|letters| letters[0].text = text("two"));
    assert_eq!(house.collect(Policy::delete()).await.deleted, 1);
    assert!(house.has(&["one", "two"]) && house.left() == 0);
}

#[tokio::test]
async fn a_server_without_uidl_brings_each_message_once() {
    let house = House::new([letter("", "one"), letter("", "two"), letter("", "two")]);
    house.maildrop.lock().unwrap().is_nameless = true;
    house.keeps_and_then_moves(&["one", "two", "two"]).await;
}

#[tokio::test]
async fn names_that_are_missing_empty_twice_or_too_long_bring_each_message_once() {
    let nameless = Letter { name: None, ..letter("", "one") };
    let long = "x".repeat(300);
    for [first, second] in [
        [nameless.clone(), letter("b", "two")],
        [nameless.clone(), Letter { name: None, ..letter("", "two") }],
        [letter("", "one"), letter("b", "two")],
        [letter("same", "one"), letter("same", "two")],
        [letter(&long, "one"), letter("b", "two")],
        [letter(&long, "one"), letter(&long, "two")],
    ] {
        House::new([first, second, letter("c", "three")]).keeps_and_then_moves(&["one", "two", "three"]).await;
    }
}

#[tokio::test]
async fn new_names_for_known_messages_bring_only_what_is_new() {
    let house = House::new([letter("a", "one"), letter("b", "two"), letter("c", "two")]);
    house.collect(Policy::keep()).await;
    house.change(|letters| {
        letters.iter_mut().zip(["d", "e", "f"]).for_each(|(letter, name)| letter.name = Some(name.to_owned()));
        letters.push(letter("g", "three"));
    });
    let summary = house.collect(Policy::keep()).await;
    assert_eq!((summary.collected, summary.recognised), (1, 3));
    house.keeps_and_then_moves(&["one", "two", "two", "three"]).await;
}

#[tokio::test]
async fn names_that_are_counted_anew_in_each_session_bring_each_message_once() {
    let house = House::new([letter("1", "one"), letter("2", "second"), letter("3", "third one")]);
    house.collect(Policy::keep()).await;
    house.change(|letters| {
        letters.remove(0);
        letters.push(letter("", "the fourth of them"));
        (1..).zip(letters).for_each(|(number, letter)| letter.name = Some(number.to_string()));
    });
    house.collect(Policy::keep()).await;
    assert!(house.has(&["one", "second", "third one", "the fourth of them"]));
    let summary = house.collect(Policy::delete()).await;
    assert_eq!((summary.collected, summary.deleted, house.left()), (0, 3, 0), "{summary}");
}

#[tokio::test]
async fn a_name_of_another_message_of_the_same_size_is_not_deleted_unseen() {
    let house = House::new([letter("a", "one"), letter("b", "two")]);
    house.collect(Policy::keep()).await;
    house.change(|letters| letters[0].text = text("six"));
    let summary = house.collect(Policy::delete()).await;
    assert_eq!((summary.collected, summary.deleted), (1, 2));
    assert!(house.has(&["one", "two", "six"]));
}

#[tokio::test]
async fn a_top_that_lies_costs_a_download_and_no_duplicate() {
    let house = House::new([letter("a", "one"), letter("b", "two")]);
    house.change(|letters| letters[0].top = Some("Subject: something else\r\n\r\n".to_owned()));
    house.collect(Policy::keep()).await;
    let summary = house.collect(Policy::delete()).await;
    assert_eq!((summary.collected, summary.recognised, summary.deleted), (0, 1, 2));
    assert!(house.has(&["one", "two"]));
}

#[tokio::test]
async fn a_message_that_is_always_refused_stays_and_hinders_no_other() {
    let house = House::new([letter("a", "one"), letter("b", "two"), letter("c", "three")]);
    house.change(|letters| letters[1].refused = true);
    let summary = house.collect(Policy::delete()).await;
    assert_eq!((summary.collected, summary.failed, summary.deleted), (2, 1, 2), "{summary}");
    house.change(|letters| letters[0].refused = false);
    let summary = house.collect(Policy::delete()).await;
    assert_eq!((summary.collected, summary.deleted, house.left()), (1, 1, 0), "{summary}");
    assert!(house.has(&["one", "two", "three"]));
}
