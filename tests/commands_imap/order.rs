//! What goes out beside what, as the wire shows it (RFC 9051 §5.5). The rules themselves are tested in the engine.

use postroom::imap::{Query, StatusItems, Uid};
use postroom::{Flag, FlagChange};

use crate::support::{greeted, plaintext, selected};

#[tokio::test(start_paused = true)]
async fn value_calls_under_join_share_a_flight() {
    let dialogue = "
        C: {A} STATUS INBOX (MESSAGES)
        C: {B} STATUS Sent (MESSAGES)
        C: {D} LIST \"\" \"%\"
        C: {E} NOOP
        S: * STATUS Sent (MESSAGES 2)
        S: * LIST () \"/\" INBOX
        S: * STATUS INBOX (MESSAGES 1)
        S: {E} OK done
        S: {D} OK done
        S: {A} OK done
        S: {B} OK done
    ";
    let (script, imap) = greeted(dialogue, plaintext()).await;
    let items = StatusItems::MESSAGES;
    let (inbox, sent, listed, noop) =
        tokio::join!(imap.status("INBOX", items), imap.status("Sent", items), imap.list("%"), imap.noop());
    assert_eq!((inbox.unwrap().messages, sent.unwrap().messages), (Some(1), Some(2)));
    assert_eq!(listed.unwrap().len(), 1);
    noop.unwrap();
    script.finish().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn two_that_claim_the_same_data_go_one_after_the_other() {
    let dialogue = "
        C: {A} UID SEARCH RETURN (ALL) SEEN
        C: {B} UID STORE 1 +FLAGS.SILENT (\\Seen)
        S: * ESEARCH UID ALL 1
        S: {A} OK done
        C: {D} UID SEARCH RETURN (ALL) UNSEEN
        S: {B} OK done
        S: * ESEARCH UID ALL 2
        S: {D} OK done
    ";
    let (script, folder) = selected(dialogue, plaintext()).await;
    let change = FlagChange::add([Flag::SEEN]);
    let (seen, unseen) = (Query::seen(), Query::unseen());
    let (first, stored, second) =
        tokio::join!(folder.search(&seen), folder.store(Uid::new(1).unwrap(), &change), folder.search(&unseen));
    stored.unwrap();
    assert_eq!((first.unwrap().to_string(), second.unwrap().to_string()), ("1".into(), "2".into()));
    script.finish().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_status_of_another_mailbox_is_no_answer() {
    let dialogue = "
        C: {A} STATUS Sent (MESSAGES)
        S: * STATUS Sent (MESSAGES 2)
        S: * STATUS INBOX (MESSAGES 9)
        S: {A} OK done
        C: {B} STATUS Sent (MESSAGES)
        S: * STATUS INBOX (MESSAGES 9)
        S: {B} OK done
    ";
    let (script, imap) = greeted(dialogue, plaintext()).await;
    for messages in [Some(2), None] {
        let status = imap.status("Sent", StatusItems::MESSAGES).await.unwrap();
        assert_eq!((status.name.as_str(), status.messages), ("Sent", messages));
    }
    script.finish().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_status_under_another_spelling_goes_to_the_oldest_asker() {
    let dialogue = "
        C: {A} STATUS a (MESSAGES)
        C: {B} STATUS b (MESSAGES)
        S: * STATUS ./a (MESSAGES 1)
        S: {A} OK done
        S: * STATUS ./b (MESSAGES 2)
        S: {B} OK done
    ";
    let (script, imap) = greeted(dialogue, plaintext()).await;
    let items = StatusItems::MESSAGES;
    let (a, b) = tokio::join!(imap.status("a", items), imap.status("b", items));
    assert_eq!((a.unwrap().messages, b.unwrap().messages), (Some(1), Some(2)));
    script.finish().await.unwrap();
}
