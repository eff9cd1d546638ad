//! Results of searches that the server keeps (`$`, RFC 5182): what is sent for them, when they are refused, and that the UIDs do the
//! same where a server keeps nothing.

use postroom::imap::{Folder, Imap, Items, Query, SavedResult, SearchReturn, Uid};
use postroom::testing::{Script, Server};
use postroom::{Flag, FlagChange, Kind};

use crate::support::{embedded, plaintext, scripted};

const KEEPING: &str = "
    S: * PREAUTH [CAPABILITY IMAP4rev1 ESEARCH SEARCHRES MOVE UIDPLUS] ready
    C: {S} SELECT INBOX
    S: * 3 EXISTS
    S: * OK [UIDVALIDITY 7] stable
    S: {S} OK [READ-WRITE] done
    C: {Q} UID SEARCH RETURN (COUNT SAVE) UNSEEN
    S: * ESEARCH (TAG \"{Q}\") UID COUNT 2
    S: {Q} OK done
";

async fn kept(dialogue: &str) -> (Script, Folder<Imap>, SavedResult) {
    let (script, imap) = scripted(&format!("{KEEPING}{dialogue}"), plaintext()).await;
    let folder = imap.unwrap().into_folder("INBOX").await.unwrap();
    let saved = folder.search(&Query::unseen()).save().await.unwrap();
    assert_eq!((saved.len(), saved.is_empty(), saved.uids()), (2, false, None));
    (script, folder, saved)
}

/// UIDs and flags of what a fetch delivers.
async fn fetched(folder: &mut Folder<Imap>, saved: &SavedResult) -> Vec<(u32, bool)> {
    let mut mail = folder.fetch(saved, Items::ENVELOPE.flags()).await.unwrap();
    let mut found = Vec::new();
    while let Some(message) = mail.try_next().await.unwrap() {
        found.push((message.uid().unwrap().as_u32(), message.envelope().is_some()));
    }
    found
}

#[tokio::test(start_paused = true)]
async fn a_result_does_the_same_whether_the_server_keeps_it_or_its_uids_are_kept_here() {
    let mut answers = Vec::new();
    for lacks in ["", "SEARCHRES", "ESEARCH", "MOVE"] {
        let server = Server::builder().sample_mail().without(lacks).in_memory().unwrap();
        let imap = embedded(&server, plaintext()).await;
        imap.create_mailbox("Kept").await.unwrap();
        let mut inbox = imap.into_folder("INBOX").await.unwrap();
        let query = Query::unseen();
        let plain = inbox.search(&query).await.unwrap();
        let saved = inbox.search(&query).save().await.unwrap();
        assert_eq!(saved.uids().is_none(), matches!(lacks, "" | "MOVE"), "{lacks}");
        assert!(saved.len() > 1 && saved.len() == plain.len());
        let mail = fetched(&mut inbox, &saved).await;
        assert!(mail.iter().map(|(uid, _)| *uid).eq(plain.iter().map(Uid::as_u32)));

        let copied = inbox.copy(&saved, "Kept").await.unwrap().mapping.unwrap();
        assert_eq!(copied.from().to_string(), plain.to_string());
        inbox.store(&saved, &FlagChange::add([Flag::FLAGGED])).await.unwrap();
        let flagged = inbox.search(&Query::flagged()).await.unwrap();
        assert!(plain.iter().all(|uid| flagged.contains(uid)));
        let within = inbox.search(&saved.query().and(Query::subject("lunch"))).await.unwrap();
        // None of them is marked.
        inbox.expunge(&saved).await.unwrap();
        assert_eq!(inbox.search(&saved.query()).await.unwrap().len(), saved.len());
        let moved = inbox.move_to(&saved, "Kept").await.unwrap().mapping.unwrap();
        assert_eq!(moved.from().to_string(), plain.to_string());
        // They are expunged, so nothing is left of the result.
        assert!(inbox.search(&saved.query()).await.unwrap().is_empty());
        assert!(fetched(&mut inbox, &saved).await.is_empty());
        answers.push((
            within.to_string(),
            moved.to().to_string(),
            inbox.search(&Query::all()).await.unwrap().to_string(),
        ));
    }
    assert!(answers.iter().all(|answer| *answer == answers[0]), "{answers:?}");
}

#[tokio::test(start_paused = true)]
async fn commands_name_it_by_a_dollar() {
    let dialogue = "
        C: {A} UID FETCH $ (UID FLAGS ENVELOPE)
        S: * 1 FETCH (UID 10 FLAGS () ENVELOPE (NIL NIL NIL NIL NIL NIL NIL NIL NIL NIL))
        S: * 3 FETCH (UID 12 FLAGS () ENVELOPE (NIL NIL NIL NIL NIL NIL NIL NIL NIL NIL))
        S: {A} OK done
        C: {B} UID STORE $ +FLAGS.SILENT (\\Flagged)
        S: {B} OK done
        C: {C} UID SEARCH RETURN (ALL) $ FLAGGED
        S: * ESEARCH (TAG \"{C}\") UID ALL 10,12
        S: {C} OK done
        C: {D} UID COPY $ Archive
        S: {D} OK [COPYUID 5 10,12 1:2] done
        C: {X} UID EXPUNGE $
        S: {X} OK done
        C: {E} UID MOVE $ Archive
        S: * OK [COPYUID 5 10:12 3:5] that is one more than there is
        S: {E} OK done
    ";
    let (script, mut folder, saved) = kept(dialogue).await;
    assert_eq!(fetched(&mut folder, &saved).await, [(10, true), (12, true)]);
    folder.store(&saved, &FlagChange::add([Flag::FLAGGED])).await.unwrap();
    let flagged = folder.search(&saved.query().and(Query::flagged())).await.unwrap();
    assert_eq!(flagged.to_string(), "10,12");
    assert_eq!(folder.copy(&saved, "Archive").await.unwrap().mapping.unwrap().from().to_string(), "10,12");
    folder.expunge(&saved).await.unwrap();
    assert_eq!(folder.move_to(&saved, "Archive").await.unwrap().mapping, None);
    script.finish().await.unwrap();
}

/// It is checked against the number that the search found, and against what the server says that `$` is.
#[tokio::test(start_paused = true)]
async fn what_is_left_out_is_asked_for_and_what_is_too_much_is_no_answer() {
    let dialogue = "
        C: {A} UID FETCH $ (UID ENVELOPE FLAGS)
        S: * 1 FETCH (UID 10 ENVELOPE (NIL NIL NIL NIL NIL NIL NIL NIL NIL NIL) FLAGS ())
        S: {A} OK done
        C: {N} NOOP
        C: {B} UID SEARCH RETURN (ALL) $
        S: {N} OK done
        S: * ESEARCH (TAG \"{B}\") UID ALL 10,12
        S: {B} OK done
        C: {C} UID FETCH 12 (UID ENVELOPE FLAGS)
        S: * 3 FETCH (UID 12 ENVELOPE (NIL NIL NIL NIL NIL NIL NIL NIL NIL NIL) FLAGS ())
        S: {C} OK done
        C: {D} UID FETCH $ (UID ENVELOPE FLAGS)
        S: * 1 FETCH (UID 10 ENVELOPE (NIL NIL NIL NIL NIL NIL NIL NIL NIL NIL) FLAGS ())
        S: * 2 FETCH (UID 11 ENVELOPE (NIL NIL NIL NIL NIL NIL NIL NIL NIL NIL) FLAGS ())
        S: * 3 FETCH (UID 12 ENVELOPE (NIL NIL NIL NIL NIL NIL NIL NIL NIL NIL) FLAGS ())
        S: {D} OK done
        C: {E} NOOP
        S: * 1 EXPUNGE
        S: {E} OK done
        C: {F} UID FETCH $ (UID ENVELOPE FLAGS)
        S: * 2 FETCH (UID 12 ENVELOPE (NIL NIL NIL NIL NIL NIL NIL NIL NIL NIL) FLAGS ())
        S: {F} OK done
    ";
    let dialogue = dialogue.replace("UID ENVELOPE FLAGS", "UID FLAGS ENVELOPE");
    let (script, mut folder, saved) = kept(&dialogue).await;
    assert_eq!(fetched(&mut folder, &saved).await, [(10, true), (12, true)]);
    assert_eq!(fetched(&mut folder, &saved).await, [(10, true), (11, true)]);
    folder.noop().await.unwrap();
    assert_eq!(fetched(&mut folder, &saved).await, [(12, true)]);
    script.finish().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_result_that_is_gone_is_refused_before_anything_is_sent() {
    let dialogue = "
        C: {A} UID SEARCH RETURN (COUNT SAVE) FLAGGED
        S: {A} NO not today
        C: {B} UID SEARCH RETURN (COUNT SAVE) FLAGGED
        S: * ESEARCH (TAG \"{B}\") UID COUNT 1
        S: {B} OK done
        C: {C} UID SEARCH RETURN (ALL) $ SEEN
        S: * ESEARCH (TAG \"{C}\") UID ALL 11
        S: {C} OK done
        C: {T} SELECT INBOX
        S: * 3 EXISTS
        S: * OK [UIDVALIDITY 7] stable
        S: {T} OK [READ-WRITE] done
        C: {D} NOOP
        S: {D} OK done
    ";
    let (script, folder, first) = kept(dialogue).await;
    assert_eq!(folder.search(&Query::flagged()).save().await.unwrap_err().kind(), Kind::Rejected);
    let change = FlagChange::add([Flag::SEEN]);
    // RFC 5182 §2.1: after NO, the result is the empty list.
    assert_eq!(folder.store(&first, &change).await.unwrap_err().kind(), Kind::Input);
    assert_eq!(folder.search(&Query::saved()).await.unwrap_err().kind(), Kind::Input);
    let second = folder.search(&Query::flagged()).save().await.unwrap();
    assert_eq!(folder.copy(&first, "Archive").await.unwrap_err().kind(), Kind::Input);
    assert_eq!(folder.search(&first.query().or(Query::seen())).await.unwrap_err().kind(), Kind::Input);
    assert_eq!(folder.search(&Query::saved().and(Query::seen())).await.unwrap().to_string(), "11");
    let imap = folder.into_session();
    let mut folder = imap.into_folder("INBOX").await.unwrap();
    assert_eq!(folder.move_to(&second, "Archive").await.unwrap_err().kind(), Kind::Input);
    assert_eq!(folder.fetch(&second, Items::FLAGS).await.unwrap_err().kind(), Kind::Input);
    assert_eq!(folder.search(&Query::saved()).await.unwrap_err().kind(), Kind::Input);
    folder.noop().await.unwrap();
    script.finish().await.unwrap();
}

/// The second search is sent while the first result is there, and its answer comes late.
#[tokio::test(start_paused = true)]
async fn of_two_searches_that_are_sent_together_the_last_one_counts() {
    let dialogue = "
        C: {A} UID SEARCH RETURN (COUNT SAVE) FLAGGED
        S: * ESEARCH (TAG \"{A}\") UID COUNT 1
        S: {A} OK done
        C: {B} UID SEARCH RETURN (COUNT SAVE) SEEN
        S: * ESEARCH (TAG \"{B}\") UID COUNT 1
        S: {B} OK done
        C: {C} UID COPY $ Archive
        S: {C} OK done
    ";
    let (script, folder, _) = kept(dialogue).await;
    let (flagged, seen) = (Query::flagged(), Query::seen());
    let (one, two) = tokio::join!(folder.search(&flagged).save(), folder.search(&seen).save());
    assert_eq!(folder.copy(&one.unwrap(), "Archive").await.unwrap_err().kind(), Kind::Input);
    folder.copy(&two.unwrap(), "Archive").await.unwrap();
    script.finish().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn another_session_does_not_take_it() {
    let server = Server::builder().sample_mail().in_memory().unwrap();
    let (one, two) = (embedded(&server, plaintext()).await, embedded(&server, plaintext()).await);
    let (one, two) = (one.into_folder("INBOX").await.unwrap(), two.into_folder("INBOX").await.unwrap());
    let (mine, yours) =
        (one.search(&Query::seen()).save().await.unwrap(), two.search(&Query::seen()).save().await.unwrap());
    let change = FlagChange::add([Flag::FLAGGED]);
    one.store(&mine, &change).await.unwrap();
    assert_eq!(one.store(&yours, &change).await.unwrap_err().kind(), Kind::Input);
}

#[tokio::test(start_paused = true)]
async fn a_server_that_does_not_keep_it_returns_the_uids() {
    let dialogue = "
        S: * PREAUTH [CAPABILITY IMAP4rev1 ESEARCH SEARCHRES] ready
        C: {S} SELECT INBOX
        S: * 3 EXISTS
        S: * OK [UIDVALIDITY 7] stable
        S: {S} OK [READ-WRITE] done
        C: {A} UID SEARCH RETURN (COUNT SAVE) UNSEEN
        S: {A} NO [NOTSAVED] no room
        C: {B} UID SEARCH RETURN (ALL) UNSEEN
        S: * ESEARCH (TAG \"{B}\") UID ALL 10,12
        S: {B} OK done
        C: {C} UID COPY 10,12 Archive
        S: {C} OK done
        C: {D} UID SEARCH RETURN (COUNT SAVE) UNSEEN
        S: {D} OK done
        C: {E} UID SEARCH RETURN (COUNT SAVE) UNSEEN
        S: * ESEARCH (TAG \"{E}\") UID COUNT 0
        S: {E} OK done
    ";
    let (script, imap) = scripted(dialogue, plaintext()).await;
    let mut folder = imap.unwrap().into_folder("INBOX").await.unwrap();
    let saved = folder.search(&Query::unseen()).save().await.unwrap();
    assert_eq!(saved.uids().unwrap().to_string(), "10,12");
    folder.copy(&saved, "Archive").await.unwrap();
    assert_eq!(folder.search(&Query::unseen()).save().await.unwrap_err().kind(), Kind::Missing);
    // Nothing is sent for a result without messages.
    let none = folder.search(&Query::unseen()).save().await.unwrap();
    assert!(none.is_empty() && fetched(&mut folder, &none).await.is_empty());
    folder.store(&none, &FlagChange::add([Flag::SEEN])).await.unwrap();
    folder.copy(&none, "Archive").await.unwrap();
    script.finish().await.unwrap();
}

/// RFC 5182 §2.4: with MIN or MAX alone, only those are kept.
#[tokio::test(start_paused = true)]
async fn a_result_kept_by_returning_is_the_last_one() {
    let server = Server::builder().sample_mail().in_memory().unwrap();
    let folder = embedded(&server, plaintext()).await.into_folder("INBOX").await.unwrap();
    let all = Query::all();
    let found = folder.search(&all).returning(SearchReturn::new().save().max()).await.unwrap();
    let last = folder.search(&Query::saved()).await.unwrap();
    assert_eq!((last.len(), last.iter().next()), (1, found.max));
}
