//! FETCH: what it accepts, and what becomes of its session.

use postroom::imap::{Items, Query, Uid, Uids};
use postroom::{Kind, Mailbox};

#[tokio::test]
async fn ids_name_messages_and_results_of_one_session_are_refused() {
    let server = crate::server().await;
    let account = crate::account(&server).build().unwrap();
    let mut inbox = account.select("INBOX").await.unwrap();
    let ids: Vec<_> = {
        let mut folder = inbox.folder().await.unwrap();
        folder.entries().await.unwrap().into_iter().take(3).map(|entry| entry.id).collect()
    };
    let mut mail = inbox.fetch(&ids, Items::FLAGS).await.unwrap();
    let mut uids = Uids::new();
    while let Some(message) = mail.try_next().await.unwrap() {
        uids.insert(message.uid().unwrap());
    }
    assert_eq!(uids.len(), 3);
    drop(mail);

    let mut sent = account.select("Sent").await.unwrap();
    assert_eq!(sent.fetch(&ids, Items::FLAGS).await.unwrap_err().kind(), Kind::Input);

    let saved = inbox.folder().await.unwrap().search(&Query::all()).save().await.unwrap();
    assert_eq!(saved.uids(), None, "the embedded server keeps results");
    assert_eq!(inbox.fetch(&saved, Items::FLAGS).await.unwrap_err().kind(), Kind::Unsupported);
    assert!(inbox.fetch(Uid::MIN, Items::FLAGS).await.unwrap().try_next().await.unwrap().is_some());
}

/// At most 256 KiB are read to keep the session; otherwise it is closed. The next call works in both cases.
#[tokio::test]
async fn a_stream_that_is_dropped_early_keeps_its_session_if_little_is_missing() {
    for (size, sessions) in [(10_000, 1), (3_000_000, 2)] {
        let server = crate::server().await;
        for number in 0..5 {
            let text = format!("Subject: {number}\r\n\r\n{}\r\n", "x".repeat(size));
            server.deliver("alice", "Drafts", text, &[]).unwrap();
        }
        let account = crate::account(&server).build().unwrap();
        let mut drafts = account.select("Drafts").await.unwrap();
        let before = drafts.search(&Query::all()).await.unwrap();
        let mut mail = drafts.fetch(Uids::ALL, Items::MESSAGE).await.unwrap();
        assert!(mail.try_next().await.unwrap().is_some());
        drop(mail);
        assert_eq!(drafts.search(&Query::all()).await.unwrap(), before);
        assert_eq!(account.stats().sessions, sessions, "{size}");
    }
}
