//! Sessions that are lent, shared between leases, and lost.

use postroom::imap::Query;

use super::{account, count, server};

#[tokio::test]
async fn a_lease_survives_its_connections() {
    let server = server().await;
    let account = account(&server).build().unwrap();
    let inbox = account.select("INBOX").await.unwrap();
    let all = inbox.search(&Query::all()).await.unwrap();
    assert!(!all.is_empty());
    for _ in 0..5 {
        server.disconnect_all();
        assert_eq!(inbox.search(&Query::all()).await.unwrap(), all);
    }
    assert!(account.stats().lost >= 1);
}

#[tokio::test]
async fn leases_share_one_session_and_never_see_another_mailbox() {
    let server = server().await;
    let account = account(&server).connections(1).build().unwrap();
    let mut leases = Vec::new();
    for name in ["INBOX", "Sent", "Drafts"] {
        account.run(move |imap| Box::pin(async move { imap.create_mailbox(name).await.or(Ok(())) })).await.unwrap();
        leases.push((name, account.select(name).await.unwrap()));
    }
    for _ in 0..3 {
        for (name, lease) in &mut leases {
            assert_eq!(lease.info().await.unwrap().name.as_str(), *name);
            lease.search(&Query::all()).await.unwrap();
            let folder = lease.folder().await.unwrap();
            assert_eq!(folder.info().unwrap().name.as_str(), *name);
        }
    }
    assert_eq!(server.connections(), 1);
    assert_eq!(account.stats().sessions, 1);
    assert_eq!(count(&server, "CLOSE"), 0);
}

#[tokio::test]
async fn a_mailbox_with_another_uidvalidity_ends_its_lease() {
    let server = server().await;
    let account = account(&server).build().unwrap();
    account.run(|imap| Box::pin(imap.create_mailbox("Work"))).await.unwrap();
    let work = account.select("Work").await.unwrap();
    let session = account.session().await.unwrap();
    session.delete_mailbox("Work").await.unwrap();
    session.create_mailbox("Work").await.unwrap();
    server.disconnect_all();
    let error = work.search(&Query::all()).await.unwrap_err();
    assert!(error.code().is_some_and(|code| code.is("UIDVALIDITY")), "{error:?}");
    assert!(work.search(&Query::all()).await.is_err());
}
