//! Which mailbox is selected, and what may be reported of it.

use postroom::imap::{Items, UidValidity, Uids};
use postroom::{Flag, FlagChange, Kind};

use crate::support::{SELECT, greeted, plaintext, selected};

#[tokio::test(start_paused = true)]
async fn what_the_server_says_of_a_mailbox_is_told() {
    let dialogue = "
        C: {A} SELECT INBOX
        S: * FLAGS (\\Answered \\Deleted $Work)
        S: * 172 EXISTS
        S: * 1 RECENT
        S: * OK [UNSEEN 12] first
        S: * OK [UIDVALIDITY 3857529045] stable
        S: * OK [UIDNEXT 4392] next
        S: * OK [PERMANENTFLAGS (\\Deleted \\*)] limited
        S: * OK [HIGHESTMODSEQ 715194045007]
        S: {A} OK [READ-ONLY] done
    ";
    let (script, imap) = greeted(dialogue, plaintext()).await;
    let folder = imap.into_folder("inbox").await.unwrap();
    let info = folder.info().unwrap();
    assert_eq!((info.exists, info.recent, info.read_only), (172, 1, true));
    assert_eq!(info.uid_validity.map(u32::from), Some(3_857_529_045));
    assert_eq!((info.uid_next.unwrap().as_u32(), info.unseen.unwrap().as_u32()), (4392, 12));
    assert_eq!(info.highest_modseq, Some(715_194_045_007));
    assert_eq!(info.flags.len(), 3);
    assert!(info.permanent_flags.as_ref().unwrap().contains(&Flag::DELETED));
    script.finish().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_select_that_fails_leaves_nothing_selected() {
    let dialogue = format!(
        "{SELECT}
        C: {{B}} SELECT None
        S: {{B}} NO [NONEXISTENT] no such mailbox
        C: {{C}} NOOP
        S: * 9 EXISTS
        S: {{C}} OK done"
    );
    let (script, mut imap) = greeted(&dialogue, plaintext()).await;
    imap.select("INBOX").await.unwrap();
    let error = imap.select("None").await.unwrap_err();
    assert_eq!((error.kind(), error.code().unwrap().name()), (Kind::Rejected, "NONEXISTENT"));
    imap.noop().await.unwrap();
    assert!(format!("{imap:?}").contains("selected: None"), "{imap:?}");
    script.finish().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_mailbox_that_the_server_deselects_is_closed_and_never_selected_again() {
    let dialogue = "
        C: {A} NOOP
        S: * OK [CLOSED] renamed away
        S: {A} OK done
    ";
    let (script, mut folder) = selected(dialogue, plaintext()).await;
    folder.noop().await.unwrap();
    assert_eq!(folder.info().unwrap_err().kind(), Kind::Closed);
    assert_eq!(folder.fetch(Uids::ALL, Items::FLAGS).await.unwrap_err().kind(), Kind::Closed);
    let seen = FlagChange::add([Flag::SEEN]);
    assert_eq!(folder.store(Uids::ALL, &seen).await.unwrap_err().kind(), Kind::Closed);
    script.finish().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn uids_of_another_uidvalidity_are_refused_before_a_byte_is_sent() {
    let (script, mut folder) = selected("", plaintext()).await;
    let stale = Uids::ALL.stamped(UidValidity::new(6).unwrap());
    let seen = FlagChange::add([Flag::SEEN]);
    assert_eq!(folder.store(stale.clone(), &seen).await.unwrap_err().kind(), Kind::Input);
    assert_eq!(folder.expunge(stale.clone()).await.unwrap_err().kind(), Kind::Input);
    assert_eq!(folder.fetch(stale, Items::FLAGS).await.unwrap_err().kind(), Kind::Input);
    script.finish().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn uids_of_the_same_uidvalidity_are_taken() {
    let dialogue = "
        C: {A} UID STORE 1:* +FLAGS.SILENT (\\Seen)
        S: {A} OK done
    ";
    let (script, folder) = selected(dialogue, plaintext()).await;
    let fresh = Uids::ALL.stamped(UidValidity::new(7).unwrap());
    folder.store(fresh, &FlagChange::add([Flag::SEEN])).await.unwrap();
    script.finish().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn calls_that_return_values_go_out_together() {
    let dialogue = "
        C: {A} NOOP
        C: {B} LIST \"\" \"%\"
        C: {C} NOOP
        S: * LIST () \"/\" Work
        S: {C} OK the order of answers is the server's
        S: {A} OK done
        S: {B} OK done
    ";
    let (script, imap) = greeted(dialogue, plaintext()).await;
    let (first, listed, last) = tokio::join!(imap.noop(), imap.list("%"), imap.noop());
    assert_eq!(listed.unwrap()[0].name.as_str(), "Work");
    assert!(first.is_ok() && last.is_ok());
    script.finish().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_lost_reply_to_a_change_is_unknown_and_to_a_question_is_not() {
    let dialogue = "
        C: {A} UID STORE 1:* +FLAGS.SILENT (\\Seen)
        C: {B} NOOP
        close
    ";
    let (script, folder) = selected(dialogue, plaintext()).await;
    let seen = FlagChange::add([Flag::SEEN]);
    let (stored, asked) = tokio::join!(folder.store(Uids::ALL, &seen), folder.noop());
    assert_eq!((stored.unwrap_err().kind(), asked.unwrap_err().kind()), (Kind::Unknown, Kind::Closed));
    script.finish().await.unwrap();
}
