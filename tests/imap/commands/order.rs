//! Which commands are sent together, as the wire shows it (RFC 9051 §5.5). The rules themselves are tested in the engine.

use postroom::imap::{Answer, Extension, Items, MailboxName, Query, Response, StatusItems, Uid, Uids};
use postroom::{Flag, FlagChange};

use crate::support::{SELECT, greeted, plaintext, scripted, selected};

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

/// One message of `a`, two of `b`, if both are requested at once.
async fn two_counts_come_of(dialogue: &str) {
    let (script, imap) = greeted(dialogue, plaintext()).await;
    let items = StatusItems::MESSAGES;
    let (a, b) = tokio::join!(imap.status("a", items), imap.status("b", items));
    assert_eq!((a.unwrap().messages, b.unwrap().messages), (Some(1), Some(2)));
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
    two_counts_come_of(dialogue).await;
}

#[tokio::test(start_paused = true)]
async fn the_counts_of_a_mailbox_that_nobody_asked_about_are_no_answer() {
    let dialogue = "
        C: {A} STATUS a (MESSAGES)
        C: {B} STATUS b (MESSAGES)
        S: * STATUS c (MESSAGES 9)
        S: * STATUS b (MESSAGES 2)
        S: * STATUS c (MESSAGES 9)
        S: {B} OK done
        S: * STATUS a (MESSAGES 1)
        S: {A} OK done
    ";
    two_counts_come_of(dialogue).await;
}

/// RFC 9051 §6.3.9.7: RENAME reports the mailbox's old name.
#[tokio::test(start_paused = true)]
async fn what_a_renaming_says_is_not_listed() {
    let dialogue = "
        C: {A} LIST \"\" \"*\"
        C: {B} RENAME old new
        S: * LIST () \"/\" INBOX
        S: * LIST () \"/\" new (\"OLDNAME\" (\"old\"))
        S: {B} OK done
        S: * LIST () \"/\" old
        S: {A} OK done
    ";
    let (script, imap) = greeted(dialogue, plaintext()).await;
    let (listed, renamed) = tokio::join!(imap.list("*"), imap.rename_mailbox("old", "new"));
    renamed.unwrap();
    let names: Vec<_> = listed.unwrap().iter().map(|one| one.name.as_str().to_owned()).collect();
    assert_eq!(names, ["INBOX", "old"]);
    script.finish().await.unwrap();
}

/// RFC 6851 §4.3, RFC 4315 §3: the tagged answer to COPY reports what became of its messages, and not of those that are moved.
#[tokio::test(start_paused = true)]
async fn each_of_copy_and_move_gets_its_own_mapping() {
    let dialogue = "
        C: {A} UID MOVE 2 a
        C: {B} UID COPY 2 b
        S: * OK [COPYUID 5 2 21] moved
        S: * 2 EXPUNGE
        S: {B} OK [COPYUID 6 2 31] done
        S: {A} OK done
    ";
    let dialogue = format!("S: * PREAUTH [CAPABILITY IMAP4rev1 UIDPLUS MOVE] ready\n{SELECT}{dialogue}");
    let (script, imap) = scripted(&dialogue, plaintext()).await;
    let folder = imap.unwrap().into_folder("INBOX").await.unwrap();
    let two = || Uids::from(Uid::new(2).unwrap());
    let (moved, copied) = tokio::join!(folder.move_to(two(), "a"), folder.copy(two(), "b"));
    let to = |transferred: postroom::imap::Transferred| transferred.mapping.unwrap().to().to_string();
    assert_eq!((to(moved.unwrap()), to(copied.unwrap())), ("21".into(), "31".into()));
    script.finish().await.unwrap();
}

/// What an extension's FETCH did not ask about is an event of the mailbox, not its answer.
#[tokio::test(start_paused = true)]
async fn an_extension_gets_only_what_it_claims_of_its_messages() {
    let dialogue = "
        C: {A} UID FETCH 2 (UID FLAGS)
        S: * 3 FETCH (UID 3 FLAGS (\\Seen))
        S: * 2 FETCH (UID 2 FLAGS () MODSEQ (12))
        S: {A} OK done
        C: {B} GETACL INBOX
        C: {C} GETQUOTA \"\"
        S: * QUOTA \"\" (STORAGE 1 2)
        S: * ACL INBOX me lrs
        S: {B} OK done
        S: {C} OK done
    ";
    let (script, folder) = selected(dialogue, plaintext()).await;
    let changed = Extension::new("UID FETCH").claim("FETCH").selected().uids(Uid::new(2).unwrap()).items(Items::FLAGS);
    let answer = folder.run(changed).await.unwrap();
    let read = |answer: Answer| answer.responses.iter().collect::<Vec<_>>();
    assert!(matches!(&read(answer)[..], [Response::Fetch(one)] if one.uid() == Uid::new(2).ok()));
    let inbox = MailboxName::INBOX;
    let (rights, quota) = tokio::join!(folder.run(Extension::get_acl(&inbox)), folder.run(Extension::get_quota("")));
    assert!(matches!(read(rights.unwrap())[..], [Response::Acl(_)]));
    assert!(matches!(read(quota.unwrap())[..], [Response::Quota(_)]));
    script.finish().await.unwrap();
}
