//! IDLE (RFC 2177): entered, renewed, ended, imitated, and given up.

use std::time::Duration;

use postroom::{Deadlines, Kind};

use super::events::{DONE, IDLE, next};
use crate::support::{PREAUTH, SELECT, plaintext, scripted, selected};

const MINUTE: Duration = Duration::from_secs(60);

#[tokio::test(start_paused = true)]
async fn it_is_renewed_and_goes_on_telling() {
    let dialogue = format!(
        "{IDLE}{DONE}
        C: {{J}} IDLE
        S: * 4 EXISTS
        S: + idling
        C: DONE
        S: * 5 EXISTS
        S: {{J}} OK done
        C: {{K}} IDLE
        S: + idling
        C: DONE
        S: {{K}} OK done
        C: {{B}} NOOP
        S: {{B}} OK done"
    );
    let (script, mut folder) = selected(&dialogue, plaintext()).await;
    let begun = tokio::time::Instant::now();
    let mut events = folder.idle().await.unwrap();
    assert_eq!(next(&mut events, 1).await, ["exists 4"]);
    assert_eq!(begun.elapsed().as_secs() / 60, 10);
    assert_eq!(next(&mut events, 1).await, ["exists 5"]);
    assert_eq!(begun.elapsed().as_secs() / 60, 20);
    drop(events);
    folder.noop().await.unwrap();
    script.finish().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn it_ends_when_dropped_but_not_before_the_plus() {
    let dialogue = "
        C: {N} UID SEARCH RETURN (ALL) 1:*
        S: * ESEARCH (TAG \"{N}\") UID ALL 10:12
        S: {N} OK done
        C: {I} IDLE
        S: * 4 EXISTS
        S: * OK still thinking
        S: + idling
        C: DONE
        S: {I} OK done
        C: {B} NOOP
        S: {B} OK done
    ";
    let (script, mut folder) = selected(dialogue, plaintext()).await;
    let events = folder.idle().await.unwrap();
    tokio::time::sleep(Duration::from_secs(1)).await;
    drop(events);
    folder.noop().await.unwrap();
    script.finish().await.unwrap();
    // Nothing at all before the `+`: the script would take DONE for a mistake.
    let dialogue = "
        C: {N} UID SEARCH RETURN (ALL) 1:*
        S: * ESEARCH (TAG \"{N}\") UID ALL 10:12
        S: {N} OK done
        C: {I} IDLE
    ";
    let (script, mut folder) = selected(dialogue, plaintext()).await;
    let events = folder.idle().await.unwrap();
    tokio::time::sleep(Duration::from_secs(1)).await;
    drop(events);
    tokio::time::sleep(Duration::from_secs(1)).await;
    script.finish().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn without_idle_the_server_is_asked_from_time_to_time() {
    let dialogue = format!(
        "S: * PREAUTH [CAPABILITY IMAP4rev1 ESEARCH] ready
        {SELECT}
        C: {{N}} UID SEARCH RETURN (ALL) 1:*
        S: * ESEARCH (TAG \"{{N}}\") UID ALL 10:12
        S: {{N}} OK done
        C: {{A}} NOOP
        S: {{A}} OK nothing
        C: {{B}} NOOP
        S: * 4 EXISTS
        S: {{B}} OK something"
    );
    let (script, imap) = scripted(&dialogue, plaintext()).await;
    let mut folder = imap.unwrap().into_folder("INBOX").await.unwrap();
    let begun = tokio::time::Instant::now();
    let mut events = folder.idle().await.unwrap();
    assert_eq!(next(&mut events, 1).await, ["exists 4"]);
    assert_eq!(begun.elapsed().as_secs(), 60);
    script.finish().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_server_that_cannot_answer_in_ranges_lists_its_uids() {
    let dialogue = format!(
        "S: * PREAUTH [CAPABILITY IMAP4rev1 IDLE] ready
        {SELECT}
        C: {{N}} UID SEARCH 1:*
        S: * SEARCH 12 10 11
        S: {{N}} OK done
        C: {{I}} IDLE
        S: + idling
        S: * 3 EXPUNGE"
    );
    let (script, imap) = scripted(&dialogue, plaintext()).await;
    let mut folder = imap.unwrap().into_folder("INBOX").await.unwrap();
    let mut events = folder.idle().await.unwrap();
    assert_eq!(next(&mut events, 1).await, ["gone 12 +0"]);
    script.finish().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_dead_peer_is_found_by_the_renewal() {
    let dialogue = format!("{PREAUTH}{SELECT}{IDLE}C: DONE\nstall");
    let (script, imap) = scripted(&dialogue, plaintext()).await;
    let mut folder = imap.unwrap().into_folder("INBOX").await.unwrap();
    let begun = tokio::time::Instant::now();
    let mut events = folder.idle().await.unwrap();
    assert_eq!(events.try_next().await.unwrap_err().kind(), Kind::Timeout);
    assert_eq!(begun.elapsed(), 10 * MINUTE + Duration::from_secs(30));
    assert!(events.try_next().await.unwrap().is_none(), "an error is always the end");
    script.finish().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn it_may_be_silent_for_longer_than_any_other_answer() {
    let mut deadlines = Deadlines::default();
    deadlines.idle = Duration::from_secs(3600);
    let dialogue = format!("{IDLE}{DONE}C: {{J}} IDLE");
    let (script, mut folder) = selected(&dialogue, plaintext().deadlines(deadlines)).await;
    let begun = tokio::time::Instant::now();
    let mut events = folder.idle().await.unwrap();
    // The renewal that is not answered; RFC 2177 requires it before 29 minutes, whatever the caller sets.
    assert_eq!(events.try_next().await.unwrap_err().kind(), Kind::Timeout);
    assert_eq!(begun.elapsed(), 30 * MINUTE);
    script.finish().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_refusal_to_idle_and_to_look_is_an_error_and_the_session_lives() {
    let dialogue = "
        C: {N} UID SEARCH RETURN (ALL) 1:*
        S: * ESEARCH (TAG \"{N}\") UID ALL 10:12
        S: {N} OK done
        C: {I} IDLE
        S: {I} NO not today
        C: {A} NOOP
        S: {A} NO not that either
        C: {B} NOOP
        S: {B} OK done
    ";
    let (script, mut folder) = selected(dialogue, plaintext()).await;
    let mut events = folder.idle().await.unwrap();
    assert_eq!(events.try_next().await.unwrap_err().kind(), Kind::Rejected);
    assert!(events.try_next().await.unwrap().is_none());
    drop(events);
    folder.noop().await.unwrap();
    script.finish().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_server_that_is_taken_to_lack_idle_is_polled() {
    let dialogue = "
        C: {N} UID SEARCH RETURN (ALL) 1:*
        S: * ESEARCH (TAG \"{N}\") UID ALL 10:12
        S: {N} OK done
        C: {A} NOOP
        S: * 4 EXISTS
        S: {A} OK done
        C: {B} NOOP
        S: {B} OK done
    ";
    let (script, mut folder) = selected(dialogue, plaintext().assume_capability("idle", false)).await;
    assert!(!folder.session().capabilities().idle());
    let mut events = folder.idle().await.unwrap();
    assert_eq!(next(&mut events, 1).await, ["exists 4"]);
    drop(events);
    folder.noop().await.unwrap();
    script.finish().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_server_that_is_taken_to_have_a_capability_is_asked_for_it() {
    let dialogue = "
        C: {A} UID MOVE 10 Work
        S: {A} NO not here
    ";
    let (script, folder) = selected(dialogue, plaintext().assume_capability("MOVE", true)).await;
    let refused = folder.move_to("10".parse::<postroom::imap::Uids>().unwrap(), "Work").await.unwrap_err();
    assert_eq!(refused.kind(), Kind::Rejected);
    script.finish().await.unwrap();
}
