//! Deletion through the common trait: a mark, then STORE and UID EXPUNGE in one commit, or nothing at all.

use postroom::{Kind, Mailbox, MessageId};

use crate::support::{SELECT, plaintext, scripted, selected};

const ENTRIES: &str = "
    C: {E} UID FETCH 1:* (UID FLAGS INTERNALDATE RFC822.SIZE)
    S: * 1 FETCH (UID 10 FLAGS () INTERNALDATE \"17-Jul-1996 02:44:25 -0700\" RFC822.SIZE 1)
    S: * 2 FETCH (UID 11 FLAGS () INTERNALDATE \"17-Jul-1996 02:44:25 -0700\" RFC822.SIZE 1)
    S: * 3 FETCH (UID 12 FLAGS () INTERNALDATE \"17-Jul-1996 02:44:25 -0700\" RFC822.SIZE 1)
    S: {E} OK done
";

async fn ids(mailbox: &mut dyn Mailbox) -> Vec<MessageId> {
    mailbox.entries().await.unwrap().into_iter().map(|entry| entry.id).collect()
}

#[tokio::test(start_paused = true)]
async fn what_was_marked_is_expunged_by_uid_and_nothing_else() {
    let dialogue = format!(
        "{ENTRIES}
        C: {{A}} UID STORE 10,12 +FLAGS.SILENT (\\Deleted)
        S: {{A}} OK done
        C: {{B}} UID EXPUNGE 10,12
        S: * 3 EXPUNGE
        S: * 1 EXPUNGE
        S: {{B}} OK done"
    );
    let (script, mut folder) = selected(&dialogue, plaintext()).await;
    let ids = ids(&mut folder).await;
    folder.mark_deleted(&ids[..1]).await.unwrap();
    folder.mark_deleted(&ids[2..]).await.unwrap();
    let committed = folder.commit().await.unwrap();
    assert_eq!(committed.deleted, [ids[0].clone(), ids[2].clone()]);
    assert!(committed.unknown.is_empty());
    assert_eq!(folder.commit().await.unwrap(), Default::default(), "nothing is marked any more");
    script.finish().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn without_uidplus_it_is_unsupported_before_anything_is_sent() {
    let dialogue = format!("S: * PREAUTH [CAPABILITY IMAP4rev1 IDLE] ready\n{SELECT}{ENTRIES}");
    let (script, imap) = scripted(&dialogue, plaintext()).await;
    let mut folder = imap.unwrap().into_folder("INBOX").await.unwrap();
    assert!(!folder.features().delete);
    let ids = ids(&mut folder).await;
    assert_eq!(folder.mark_deleted(&ids).await.unwrap_err().kind(), Kind::Unsupported);
    assert_eq!(folder.expunge(postroom::imap::Uids::ALL).await.unwrap_err().kind(), Kind::Unsupported);
    script.finish().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_lost_reply_leaves_the_deletions_unknown() {
    let dialogue = format!(
        "{ENTRIES}
        C: {{A}} UID STORE 11 +FLAGS.SILENT (\\Deleted)
        S: {{A}} OK done
        C: {{B}} UID EXPUNGE 11
        close"
    );
    let (script, mut folder) = selected(&dialogue, plaintext()).await;
    let ids = ids(&mut folder).await;
    folder.mark_deleted(&ids[1..2]).await.unwrap();
    let committed = folder.commit().await.unwrap();
    assert!(committed.deleted.is_empty());
    assert_eq!(committed.unknown, [ids[1].clone()]);
    script.finish().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_refused_commit_keeps_the_marks() {
    let dialogue = format!(
        "{ENTRIES}
        C: {{A}} UID STORE 11 +FLAGS.SILENT (\\Deleted)
        S: {{A}} NO [INUSE] busy
        C: {{B}} UID STORE 11 +FLAGS.SILENT (\\Deleted)
        S: {{B}} OK done
        C: {{C}} UID EXPUNGE 11
        S: {{C}} OK done"
    );
    let (script, mut folder) = selected(&dialogue, plaintext()).await;
    let ids = ids(&mut folder).await;
    folder.mark_deleted(&ids[1..2]).await.unwrap();
    let error = folder.commit().await.unwrap_err();
    assert!(error.kind() == Kind::Rejected && error.is_retryable());
    assert_eq!(folder.commit().await.unwrap().deleted, [ids[1].clone()]);
    script.finish().await.unwrap();
}
