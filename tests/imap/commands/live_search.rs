//! Searches whose results the server keeps up to date (CONTEXT=SEARCH, RFC 5267).

use postroom::imap::{Folder, FoundChange, Imap, LiveSearch, Query, Uid, Uids};
use postroom::testing::{Script, Server};
use postroom::{Flag, FlagChange, Kind};
use proptest::prelude::*;

use crate::support::{embedded, once, plaintext, scripted};

const OPENED: &str = "
    S: * PREAUTH [CAPABILITY IMAP4rev1 ESEARCH CONTEXT=SEARCH IDLE] ready
    C: {S} SELECT INBOX
    S: * 3 EXISTS
    S: * OK [UIDVALIDITY 7] stable
    S: {S} OK [READ-WRITE] done
";

const LIVE: &str = "
    C: {Q} UID SEARCH RETURN (ALL UPDATE) UNSEEN
    S: * ESEARCH (TAG \"{Q}\") UID ALL 10,12
    S: {Q} OK done
";

async fn opened(dialogue: &str) -> (Script, Folder<Imap>) {
    let (script, imap) = scripted(&format!("{OPENED}{dialogue}"), plaintext()).await;
    (script, imap.unwrap().into_folder("INBOX").await.unwrap())
}

async fn live(dialogue: &str) -> (Script, Folder<Imap>, LiveSearch) {
    let (script, folder) = opened(&format!("{LIVE}{dialogue}")).await;
    let live = folder.search(&Query::unseen()).live().await.unwrap();
    (script, folder, live)
}

fn texts(change: FoundChange) -> (String, String) {
    (change.added.to_string(), change.removed.to_string())
}

#[tokio::test(start_paused = true)]
async fn changes_arrive_with_any_command_and_are_joined_while_nobody_reads() {
    let dialogue = "
        C: {A} NOOP
        S: * ESEARCH (TAG \"{Q}\") UID ADDTO (0 13:15 0 17) REMOVEFROM (0 10)
        S: {A} OK done
        C: {B} UID SEARCH RETURN (ALL) SEEN
        S: * ESEARCH (TAG \"{Q}\") UID REMOVEFROM (1 13 1 14)
        S: * ESEARCH (TAG \"{B}\") UID ALL 11
        S: {B} OK done
        C: {C} NOOP
        S: * ESEARCH (TAG \"{Q}\") UID ADDTO (0 10)
        S: {C} OK done
        C: {D} CANCELUPDATE \"{Q}\"
        S: * ESEARCH (TAG \"{Q}\") UID ADDTO (0 99)
        S: {D} OK done
        C: {E} NOOP
        S: * ESEARCH (TAG \"{Q}\") UID ADDTO (0 98)
        S: {E} OK done
    ";
    let (script, folder, mut live) = live(dialogue).await;
    assert_eq!(live.found().to_string(), "10,12");
    assert_eq!(live.found().validity(), folder.info().unwrap().uid_validity);
    folder.noop().await.unwrap();
    assert_eq!(folder.search(&Query::seen()).await.unwrap().to_string(), "11");
    // The first response was handed over before the second came.
    assert_eq!(texts(live.try_next().await.unwrap().unwrap()), ("13:15,17".into(), "10".into()));
    assert_eq!(texts(live.try_next().await.unwrap().unwrap()), (String::new(), "13:14".into()));
    assert_eq!(live.found().to_string(), "12,15,17");
    folder.noop().await.unwrap();
    assert_eq!(texts(live.try_next().await.unwrap().unwrap()), ("10".into(), String::new()));
    let mut notices = folder.session().notices();
    drop(live);
    folder.noop().await.unwrap();
    // What comes late is nobody's, and no notice.
    assert!(once(std::pin::pin!(notices.next())).await.is_none());
    script.finish().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn changes_before_the_end_of_the_search_count() {
    let dialogue = "
        C: {Q} UID SEARCH RETURN (ALL UPDATE) UNSEEN
        S: * ESEARCH (TAG \"{Q}\") UID ALL 10,12
        S: * ESEARCH (TAG \"{Q}\") UID REMOVEFROM (0 12) ADDTO (0 13)
        S: {Q} OK done
    ";
    let (script, folder) = opened(dialogue).await;
    let live = folder.search(&Query::unseen()).live().await.unwrap();
    assert_eq!(live.found().to_string(), "10,13");
    script.finish().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_refusal_to_update_is_an_error_of_its_own() {
    let dialogue = "
        C: {Q} UID SEARCH RETURN (ALL UPDATE) UNSEEN
        S: * ESEARCH (TAG \"{Q}\") UID ALL 10,12
        S: * NO [NOUPDATE \"{Q}\"] too many
        S: {Q} OK done
        C: {R} UID SEARCH RETURN (ALL UPDATE) UNSEEN
        S: * ESEARCH (TAG \"{R}\") UID ALL 10,12
        S: {R} OK done
        C: {N} NOOP
        S: * NO [NOUPDATE \"{R}\"] no longer
        S: {N} OK done
    ";
    let (script, folder) = opened(dialogue).await;
    let is_refused =
        |error: postroom::Error| error.kind() == Kind::Rejected && error.code().is_some_and(|code| code.is("NOUPDATE"));
    assert!(is_refused(folder.search(&Query::unseen()).live().await.unwrap_err()));
    let mut live = folder.search(&Query::unseen()).live().await.unwrap();
    folder.noop().await.unwrap();
    assert!(is_refused(live.try_next().await.unwrap_err()));
    assert_eq!(live.try_next().await.unwrap(), None);
    // Nothing is cancelled that the server does not update.
    drop(live);
    script.finish().await.unwrap();

    let (script, imap) = scripted(&OPENED.replace(" CONTEXT=SEARCH", ""), plaintext()).await;
    let folder = imap.unwrap().into_folder("INBOX").await.unwrap();
    assert_eq!(folder.search(&Query::unseen()).live().await.unwrap_err().kind(), Kind::Unsupported);
    script.finish().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn it_ends_with_the_selection() {
    let dialogue = "
        C: {T} SELECT Other
        S: * 0 EXISTS
        S: {T} OK [READ-WRITE] done
        C: {N} NOOP
        S: * ESEARCH (TAG \"{Q}\") UID ADDTO (0 99)
        S: {N} OK done
    ";
    let (script, folder, mut live) = live(dialogue).await;
    let other = folder.into_session().into_folder("Other").await.unwrap();
    assert_eq!(live.try_next().await.unwrap_err().kind(), Kind::Closed);
    drop(live);
    other.noop().await.unwrap();
    script.finish().await.unwrap();
}

/// IDLE is left for CANCELUPDATE, and entered again.
#[tokio::test(start_paused = true)]
async fn it_is_cancelled_during_idle() {
    let dialogue = "
        C: {M} UID SEARCH RETURN (ALL) 1:*
        S: * ESEARCH (TAG \"{M}\") UID ALL 10:12
        S: {M} OK done
        C: {I} IDLE
        S: + go on
        S: * ESEARCH (TAG \"{Q}\") UID ADDTO (0 13)
        C: DONE
        S: {I} OK done
        C: {X} CANCELUPDATE \"{Q}\"
        S: {X} OK done
        C: {J} IDLE
        S: + go on
        S: * 4 EXISTS
        C: DONE
        S: {J} OK done
    ";
    let (script, mut folder, mut live) = live(dialogue).await;
    let mut idle = folder.idle().await.unwrap();
    tokio::select! {
        event = idle.try_next() => panic!("{event:?}"),
        change = live.try_next() => assert_eq!(texts(change.unwrap().unwrap()).0, "13"),
    }
    drop(live);
    assert!(idle.try_next().await.unwrap().is_some());
    drop(idle);
    script.finish().await.unwrap();
}

/// Dropped before its answer, it is cancelled after it.
#[tokio::test(start_paused = true)]
async fn a_search_that_is_dropped_before_it_is_answered_is_cancelled() {
    let dialogue = "
        C: {Q} UID SEARCH RETURN (ALL UPDATE) UNSEEN
        C: {N} NOOP
        S: * ESEARCH (TAG \"{Q}\") UID ALL 10,12
        S: {Q} OK done
        C: {X} CANCELUPDATE \"{Q}\"
        S: {N} OK done
        S: {X} OK done
    ";
    let (script, folder) = opened(dialogue).await;
    {
        let query = Query::unseen();
        let mut search = Box::pin(folder.search(&query).live());
        assert!(once(search.as_mut()).await.is_none());
        tokio::task::yield_now().await;
        tokio::task::yield_now().await;
    }
    folder.noop().await.unwrap();
    script.finish().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn an_update_that_cannot_be_read_ends_it() {
    let dialogue = "
        C: {N} NOOP
        S: * ESEARCH (TAG \"{Q}\") UID ADDTO (x y)
        S: {N} OK done
        C: {X} CANCELUPDATE \"{Q}\"
        S: {X} OK done
    ";
    let (script, folder, mut live) = live(dialogue).await;
    folder.noop().await.unwrap();
    assert_eq!(live.try_next().await.unwrap_err().kind(), Kind::Missing);
    drop(live);
    script.finish().await.unwrap();
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    /// Whatever another session does, the result is the one that a search finds.
    #[test]
    fn the_result_is_always_that_of_a_search(steps in prop::collection::vec((0u32..30, 0u8..4), 1..12)) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap();
        runtime.block_on(async {
            let server = Server::builder().sample_mail().with("CONTEXT=SEARCH").in_memory().unwrap();
            let (one, other) = (embedded(&server, plaintext()).await, embedded(&server, plaintext()).await);
            let (one, other) = (one.into_folder("INBOX").await.unwrap(), other.into_folder("INBOX").await.unwrap());
            let query = Query::flagged().and(!Query::seen());
            let mut live = one.search(&query).live().await.unwrap();
            for (number, act) in steps {
                let uid = Uid::new(number + 1).unwrap();
                let change = match act {
                    0 => FlagChange::add([Flag::FLAGGED]),
                    1 => FlagChange::remove([Flag::SEEN]),
                    2 => FlagChange::add([Flag::SEEN]),
                    _ => FlagChange::add([Flag::DELETED]),
                };
                other.store(uid, &change).await.unwrap();
                if act == 3 {
                    other.expunge(uid).await.unwrap();
                }
                one.noop().await.unwrap();
                while let Some(change) = once(std::pin::pin!(live.try_next())).await {
                    change.unwrap().unwrap();
                }
                let found: Uids = one.search(&query).await.unwrap();
                assert_eq!(*live.found(), found);
            }
        });
    }
}
