//! What an error says about a change whose reply is lost, or which is half done: whether it may be made again.

use std::future::Future;
use std::pin::Pin;

use postroom::imap::{Append, Extension, Folder, Items, Query, Uid, Uids};
use postroom::testing::{Builder, Fault, Server, Trouble};
use postroom::{Error, Flag, FlagChange, Kind, Replay, Result};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::support::{alice, embedded, plaintext, scripted, selected, session};

type Call = fn(&Folder) -> Pin<Box<dyn Future<Output = Result<()>> + '_>>;

fn builder(lacks: &[&str]) -> Builder {
    lacks.iter().fold(Server::builder().sample_mail(), |builder, lack| builder.without(lack))
}

async fn inbox(server: &Server) -> Folder {
    let folder = embedded(server, plaintext()).await.into_folder("INBOX").await.unwrap();
    folder.noop().await.unwrap();
    folder
}

fn first() -> Uid {
    Uid::new(1).unwrap()
}

/// UIDs that carry their UIDVALIDITY.
async fn stamped(folder: &Folder) -> Uids {
    folder.search(&Query::uids(Uids::from(first()))).await.unwrap()
}

async fn mark(folder: &Folder) -> Result<()> {
    folder.store(first(), &FlagChange::add([Flag::DELETED])).await.map(drop)
}

/// A call, the command whose reply is lost, and what the error says.
const CALLS: &[(&str, &str, Option<Replay>, Call)] = &[
    ("STORE", "UID STORE", Some(Replay::Safe), |folder| Box::pin(mark(folder))),
    ("STORE-IF", "UID STORE", Some(Replay::Verify), |folder| {
        Box::pin(async move {
            let change = FlagChange::add([Flag::SEEN]);
            folder.store(first(), &change).unchanged_since(9_999_999).await.map(drop)
        })
    }),
    ("EXPUNGE", "UID EXPUNGE", Some(Replay::Verify), |folder| Box::pin(folder.expunge(first()))),
    ("EXPUNGE-STAMPED", "UID EXPUNGE", Some(Replay::Safe), |folder| {
        Box::pin(async { folder.expunge(stamped(folder).await).await })
    }),
    ("COPY", "UID COPY", Some(Replay::Verify), |folder| {
        Box::pin(async { folder.copy(first(), "Archive").await.map(drop) })
    }),
    ("MOVE", "UID MOVE", Some(Replay::Verify), |folder| {
        Box::pin(async { folder.move_to(first(), "Archive").await.map(drop) })
    }),
    ("APPEND", "APPEND", Some(Replay::Verify), |folder| {
        Box::pin(async { folder.session().append("INBOX", "Subject: x\r\n\r\n").await.map(drop) })
    }),
    ("MULTIAPPEND", "APPEND", Some(Replay::Verify), |folder| {
        Box::pin(async { folder.session().append_all("INBOX", ["Subject: x\r\n\r\n", "y"]).await.map(drop) })
    }),
    ("REPLACE", "UID REPLACE", Some(Replay::Verify), |folder| {
        Box::pin(async { folder.replace(first(), "Subject: x\r\n\r\n").await.map(drop) })
    }),
    ("CREATE", "CREATE", Some(Replay::Verify), |folder| Box::pin(folder.session().create_mailbox("new"))),
    ("DELETE", "DELETE", Some(Replay::Verify), |folder| Box::pin(folder.session().delete_mailbox("Archive"))),
    ("RENAME", "RENAME", Some(Replay::Verify), |folder| Box::pin(folder.session().rename_mailbox("Archive", "Old"))),
    ("SUBSCRIBE", "SUBSCRIBE", Some(Replay::Safe), |folder| Box::pin(folder.session().subscribe("INBOX"))),
    ("UNSUBSCRIBE", "UNSUBSCRIBE", Some(Replay::Safe), |folder| Box::pin(folder.session().unsubscribe("INBOX"))),
    ("NOOP", "NOOP", None, |folder| Box::pin(folder.noop())),
    ("SEARCH", "UID SEARCH", None, |folder| Box::pin(async { folder.search(&Query::all()).await.map(drop) })),
    ("FETCH", "UID FETCH", None, |folder| Box::pin(async { folder.get(first(), Items::FLAGS).await.map(drop) })),
    ("VENDOR", "CHECK", Some(Replay::Never), |folder| {
        Box::pin(async { folder.session().run(Extension::new("CHECK").changing()).await.map(drop) })
    }),
    ("VENDOR-SAFE", "CHECK", Some(Replay::Safe), |folder| {
        Box::pin(async { folder.session().run(Extension::new("CHECK").replay(Replay::Safe)).await.map(drop) })
    }),
];

#[tokio::test(start_paused = true)]
async fn a_lost_reply_says_whether_the_change_may_be_made_again() {
    for &(name, command, replay, call) in CALLS {
        let server = builder(&[]).in_memory().unwrap();
        // The first NOOP is part of the beginning.
        let nth = if command == "NOOP" { 2 } else { 1 };
        server.fault(Fault::at(command, Trouble::LoseReply).nth(nth));
        let error = call(&inbox(&server).await).await.expect_err(name);
        let kind = if replay.is_some() { Kind::Unknown } else { Kind::Closed };
        assert_eq!((error.kind(), error.replay()), (kind, replay), "{name}: {error:#}");
        assert_eq!(error.is_retryable(), replay.is_none(), "{name}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_mailbox_that_is_closed_expunges_only_if_it_was_selected() {
    let server = builder(&["UNSELECT"]).in_memory().unwrap();
    for (unselect, replay) in [(true, None), (false, Some(Replay::Never))] {
        server.fault(Fault::at("CLOSE", Trouble::LoseReply));
        let folder = inbox(&server).await;
        let left = if unselect { folder.unselect().await } else { folder.close().await };
        assert_eq!(Error::from(left.map(drop).unwrap_err()).replay(), replay);
    }
}

#[tokio::test(start_paused = true)]
async fn what_was_not_sent_completely_was_not_done() {
    let dialogue = "
        S: * PREAUTH [CAPABILITY IMAP4rev1] ready
        C: {A} APPEND INBOX {14}
        S: + go
        C-raw: Subject
        close";
    let (script, imap) = scripted(dialogue, plaintext()).await;
    let (reader, mut writer) = tokio::io::duplex(64);
    writer.write_all(b"Subject").await.unwrap();
    let error = imap.unwrap().append("INBOX", Append::once(reader, 14)).await.unwrap_err();
    assert_eq!((error.kind(), error.replay(), error.is_retryable()), (Kind::Closed, None, true), "{error:#}");
    script.finish().await.unwrap();
    drop(writer);
}

#[tokio::test(start_paused = true)]
async fn the_steps_of_one_call_count_together() {
    // The copies are there: the whole move must not be repeated, whatever became of the step after it.
    for (step, trouble) in [
        ("UID STORE", Trouble::Drop),
        ("UID STORE", Trouble::LoseReply),
        ("UID STORE", Trouble::No),
        ("UID EXPUNGE", Trouble::Drop),
        ("UID EXPUNGE", Trouble::LoseReply),
    ] {
        let server = builder(&["MOVE"]).in_memory().unwrap();
        server.fault(Fault::at(step, trouble));
        let error = inbox(&server).await.move_to(first(), "Archive").await.map(drop).unwrap_err();
        assert_eq!(
            (error.replay(), error.is_retryable()),
            (Some(Replay::Verify), false),
            "{step} {trouble:?}: {error:#}"
        );
    }
    // Nothing is done yet.
    let server = builder(&["MOVE"]).in_memory().unwrap();
    server.fault(Fault::at("UID COPY", Trouble::No));
    let error = inbox(&server).await.move_to(first(), "Archive").await.map(drop).unwrap_err();
    assert_eq!((error.kind(), error.replay()), (Kind::Rejected, None));
    // The marks are set; the same call again does the rest.
    let server = builder(&[]).in_memory().unwrap();
    server.fault(Fault::at("UID EXPUNGE", Trouble::No));
    let error = inbox(&server).await.delete(first()).await.unwrap_err();
    assert_eq!((error.kind(), error.replay()), (Kind::Rejected, Some(Replay::Safe)));
}

#[tokio::test(start_paused = true)]
async fn copies_without_a_mapping_are_not_made_again_either() {
    let dialogue = "
        C: {A} UID COPY 1:3 Archive
        S: {A} OK done
        C: {B} UID COPY 5:7 Archive
        S: {B} NO [INUSE] busy";
    let mut limits = postroom::Limits::default();
    limits.set = 4;
    let (script, folder) = selected(dialogue, plaintext().limits(limits)).await;
    let error = folder.copy("1:3,5:7".parse::<Uids>().unwrap(), "Archive").await.map(drop).unwrap_err();
    let said = (error.kind(), error.replay(), error.is_retryable());
    assert_eq!(said, (Kind::Rejected, Some(Replay::Verify), false), "{error:#}");
    script.finish().await.unwrap();
}

/// A peer that reads `most` octets of the literal, and then no more, until it is gone.
async fn append_that_is_cut_after(most: usize) -> Error {
    let (stream, mut peer) = tokio::io::duplex(64);
    let server = tokio::spawn(async move {
        peer.write_all(b"* PREAUTH [CAPABILITY IMAP4rev1] ready\r\n").await.unwrap();
        let mut line = Vec::new();
        while !line.ends_with(b"\r\n") {
            peer.read_buf(&mut line).await.unwrap();
        }
        assert!(line.ends_with(b" APPEND INBOX {5000}\r\n"));
        peer.write_all(b"+ go on\r\n").await.unwrap();
        let mut text = vec![0; most];
        peer.read_exact(&mut text).await.unwrap();
    });
    let imap = session::imap(stream, plaintext().without_id(), alice()).await.unwrap();
    let error = imap.append("INBOX", vec![b'x'; 5000]).await.unwrap_err();
    server.await.unwrap();
    error
}

#[tokio::test(start_paused = true)]
async fn a_change_is_in_doubt_only_once_the_network_took_what_the_server_needs() {
    // 64 octets are in the pipe. Courier stores a message without the end of the line.
    for (most, sent) in [(1, false), (4900, false), (5000, true), (5002, true)] {
        let error = append_that_is_cut_after(most).await;
        assert_eq!(error.kind() == Kind::Unknown, sent, "{most}: {error:#}");
        assert_eq!(error.replay(), sent.then_some(Replay::Verify), "{most}: {error:#}");
    }
}
