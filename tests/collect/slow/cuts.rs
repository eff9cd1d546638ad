//! Collecting over connections that are cut at every byte of a run, in either direction, and over sessions that end badly or do not
//! begin: whatever was done by then, the next run ends with the result of an undisturbed one.

use postroom::collect::{Collector, Policy, Summary};
use postroom::testing::{Builder, Fault, Server, Trouble};
use postroom::{Kind, Mailbox, Protocol, Result};

use crate::maildrop::{Notes, Shelf};
use crate::session;

const LETTERS: [&[u8]; 5] = [
    b"Subject: one\r\n\r\nhello\r\n",
    b"\r\n",
    b"Subject: dots\r\n\r\n.\r\n..\r\n",
    b"Subject: octets\r\n\r\n\xe9\xff\0\r\n",
    b"Subject: last\r\n\r\n.\r\n\r\n",
];

struct House {
    server: Server,
    notes: Notes,
    shelf: Shelf,
    protocol: Protocol,
    deletes: bool,
}

impl House {
    fn new(protocol: Protocol, deletes: bool) -> Self {
        Self::of(Server::builder(), protocol, deletes)
    }

    fn of(builder: Builder, protocol: Protocol, deletes: bool) -> Self {
        let server = builder.user("me", "secret").in_memory().unwrap();
        for letter in LETTERS {
            server.deliver("me", "INBOX", letter.to_vec(), &[]).unwrap();
        }
        Self { server, notes: Notes::default(), shelf: Shelf::default(), protocol, deletes }
    }

    async fn open(&self) -> Result<Box<dyn Mailbox>> {
        let stream = match self.protocol {
            Protocol::Imap => self.server.imap_stream(),
            Protocol::Pop3 => self.server.pop3_stream(),
        };
        session::mailbox(self.protocol, stream).await
    }

    async fn collect(&self) -> Result<Summary> {
        let mut mailbox = self.open().await?;
        let policy = if self.deletes { Policy::delete() } else { Policy::keep() };
        let mut collector = Collector::new("me", self.notes.clone(), self.shelf.clone()).policy(policy);
        collector.run(&mut *mailbox).await
    }

    /// A run with that fault; when the server has noticed its end, nothing is lost.
    async fn collect_with(&self, fault: Fault) -> Result<Summary> {
        self.server.fault(fault);
        let end = self.collect().await;
        self.server.all_closed().await;
        let mut there = [self.shelf.delivered(), self.on_the_server()].concat();
        for letter in LETTERS {
            let at = there.iter().position(|message| message == letter);
            there.swap_remove(at.unwrap_or_else(|| panic!("{fault:?} has lost {letter:?}")));
        }
        end
    }

    fn on_the_server(&self) -> Vec<Vec<u8>> {
        let snapshot = self.server.snapshot("me").unwrap();
        snapshot.messages("INBOX").iter().map(|message| message.bytes.to_vec()).collect()
    }

    /// A further run ends with the result of an undisturbed one, and one more finds nothing to do.
    async fn comes_to_its_end(&self, after: &Fault) {
        let summary = self.collect().await.unwrap();
        assert_eq!((summary.failed, summary.deletions_unknown), (0, 0), "{after:?}: {summary}");
        self.server.all_closed().await;
        let (mut delivered, mut letters) = (self.shelf.delivered(), LETTERS.map(<[u8]>::to_vec));
        delivered.sort();
        letters.sort();
        assert_eq!(delivered, letters, "{after:?}");
        assert_eq!(self.on_the_server().len(), if self.deletes { 0 } else { LETTERS.len() }, "{after:?}");
        let summary = self.collect().await.unwrap();
        assert_eq!((summary.collected, summary.recognised, summary.deleted), (0, 0, 0), "{after:?}");
        self.server.all_closed().await;
    }
}

/// Cuts a run after each byte, until one completes without a fault.
async fn cut_everywhere(protocol: Protocol, cut: fn(u64) -> Fault) {
    let mut bytes = 0;
    loop {
        let fault = cut(bytes);
        let house = House::new(protocol, true);
        let end = house.collect_with(fault).await;
        house.comes_to_its_end(&fault).await;
        if end.is_ok_and(|summary| summary.deleted == LETTERS.len()) {
            break;
        }
        // The messages that stay on the server are the easier case: every seventh byte is enough, and several runs cover all of them.
        if bytes % 7 == 0 {
            let house = House::new(protocol, false);
            let _ = house.collect_with(fault).await;
            house.comes_to_its_end(&fault).await;
        }
        bytes += 1;
    }
    assert!(bytes > 100, "{bytes} bytes are no run");
}

#[tokio::test]
async fn a_connection_cut_at_every_byte_that_pop3_sends_costs_nothing() {
    cut_everywhere(Protocol::Pop3, Fault::CutAfter).await;
}

#[tokio::test]
async fn a_connection_cut_at_every_byte_that_pop3_is_sent_costs_nothing() {
    cut_everywhere(Protocol::Pop3, Fault::CutInputAfter).await;
}

#[tokio::test]
async fn a_connection_cut_at_every_byte_that_imap_sends_costs_nothing() {
    cut_everywhere(Protocol::Imap, Fault::CutAfter).await;
}

#[tokio::test]
async fn a_connection_cut_at_every_byte_that_imap_is_sent_costs_nothing() {
    cut_everywhere(Protocol::Imap, Fault::CutInputAfter).await;
}

#[tokio::test]
async fn without_the_reply_to_quit_deletions_are_unknown_and_the_next_run_finds_out() {
    let lost = [Trouble::LoseReply, Trouble::Drop, Trouble::No].map(|trouble| Fault::at("QUIT", trouble));
    for fault in lost.into_iter().chain([Fault::QuitError]) {
        let house = House::new(Protocol::Pop3, true);
        let summary = house.collect_with(fault).await.unwrap();
        assert_eq!((summary.collected, summary.deleted, summary.deletions_unknown), (5, 0, 5), "{fault:?}");
        house.comes_to_its_end(&fault).await;
    }
}

#[tokio::test]
async fn a_message_that_is_refused_once_or_cannot_be_marked_hinders_no_other() {
    for fault in [Fault::at("RETR", Trouble::No).nth(2), Fault::at("DELE", Trouble::No).nth(3)] {
        let house = House::new(Protocol::Pop3, true);
        let summary = house.collect_with(fault).await.unwrap();
        assert_eq!(summary.collected, 5, "{fault:?}: {summary}");
        assert!(summary.deleted >= 4, "{fault:?}: {summary}");
        house.comes_to_its_end(&fault).await;
    }
}

#[tokio::test]
async fn a_maildrop_in_use_is_tried_again_later() {
    let house = House::new(Protocol::Pop3, true);
    let other = house.open().await.unwrap();
    let error = house.collect().await.unwrap_err();
    assert!(error.code().is_some_and(|code| code.is("IN-USE")) && error.is_retryable(), "{error:?}");
    assert!(house.notes.0.lock().unwrap().is_empty());
    drop(other);
    house.server.all_closed().await;
    house.comes_to_its_end(&Fault::QuitError).await;
}

#[tokio::test(start_paused = true)]
async fn a_login_that_comes_too_soon_says_when_to_come_again() {
    let house = House::of(Server::builder().pop3_login_delay(30), Protocol::Pop3, false);
    assert_eq!(house.collect().await.unwrap().collected, 5);
    house.server.all_closed().await;
    let error = house.collect().await.unwrap_err();
    assert!(error.code().is_some_and(|code| code.is("LOGIN-DELAY")) && error.is_retryable(), "{error:?}");
    assert_ne!(error.kind(), Kind::Login, "the user must not be asked for another password");
    tokio::time::sleep(error.retry_after().expect("CAPA says how long")).await;
    assert_eq!(house.collect().await.unwrap().collected, 0);
}
