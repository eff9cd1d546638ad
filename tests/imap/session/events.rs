//! What a server says unasked: it updates the mailbox's state at once, and reaches the next watcher.

use postroom::imap::{Event, Folder, Idle, Imap, Items, Uids};

use crate::support::{plaintext, selected};

/// The UIDs of the three messages are asked for, and IDLE entered.
pub(crate) const IDLE: &str = "
    C: {N} UID SEARCH RETURN (ALL) 1:*
    S: * ESEARCH (TAG \"{N}\") UID ALL 10:12
    S: {N} OK done
    C: {I} IDLE
    S: + idling
";

/// The end of that IDLE.
pub(crate) const DONE: &str = "
    C: DONE
    S: {I} OK done
";

/// The messages after the second are asked for, and IDLE entered again.
const AGAIN: &str = "
    C: {M} UID SEARCH RETURN (ALL) 3:*
    S: * ESEARCH (TAG \"{M}\") UID ALL 13:14
    S: {M} OK done
    C: {J} IDLE
    S: + idling
";

/// An event in one word or two.
pub(crate) fn word(event: &Event) -> String {
    match event {
        Event::Expunged { uids, unknown } => format!("gone {uids} +{unknown}"),
        Event::Exists(count) => format!("exists {count}"),
        Event::Fetched { uid, data } => {
            let flags: Vec<_> = data.flags().unwrap().iter().map(|flag| flag.to_string()).collect();
            format!("flags {} {}", uid.map_or(0, |uid| uid.as_u32()), flags.join(" "))
        }
        other => format!("{other:?}"),
    }
}

/// The next events.
pub(crate) async fn next(events: &mut Idle<'_>, count: usize) -> Vec<String> {
    let mut words = Vec::new();
    for _ in 0..count {
        words.push(word(&events.try_next().await.unwrap().unwrap()));
    }
    words
}

/// IDLE is entered and left, and no one reads its events.
async fn ignored(folder: &mut Folder<Imap>) {
    let events = folder.idle().await.unwrap();
    come().await;
    drop(events);
}

/// Until all that the server says has come.
async fn come() {
    tokio::time::sleep(std::time::Duration::from_secs(1)).await;
}

async fn watched(folder: &mut Folder<Imap>, count: usize) -> Vec<String> {
    let mut events = folder.idle().await.unwrap();
    next(&mut events, count).await
}

#[tokio::test(start_paused = true)]
async fn what_comes_with_other_commands_is_state_at_once_and_an_event_later() {
    let dialogue = format!(
        "C: {{A}} NOOP
        S: * 2 FETCH (FLAGS (\\Seen))
        S: * 5 EXISTS
        S: * 1 RECENT
        S: {{A}} OK done
        C: {{N}} UID SEARCH RETURN (ALL) 1:*
        S: * ESEARCH (TAG \"{{N}}\") UID ALL 10:14
        S: {{N}} OK done
        C: {{I}} IDLE
        S: + idling
        S: * 2 EXPUNGE
        {DONE}"
    );
    let (script, mut folder) = selected(&dialogue, plaintext()).await;
    folder.noop().await.unwrap();
    let info = folder.info().unwrap();
    assert_eq!((info.exists, info.recent), (5, 1));
    let words = watched(&mut folder, 3).await;
    // When the flags came, the UID of the second message was not known.
    assert_eq!(words, ["exists 5", "flags 0 \\Seen", "gone 11 +0"]);
    assert_eq!(folder.info().unwrap().exists, 4);
    script.finish().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn the_count_that_is_told_is_the_count_that_is() {
    let dialogue = format!(
        "{IDLE}{DONE}
        C: {{A}} NOOP
        S: * 5 EXISTS
        S: * 1 EXPUNGE
        S: {{A}} OK done
        {AGAIN}"
    );
    let (script, mut folder) = selected(&dialogue, plaintext()).await;
    let mut events = folder.idle().await.unwrap();
    assert!(tokio::time::timeout(std::time::Duration::from_secs(1), events.try_next()).await.is_err());
    drop(events);
    folder.noop().await.unwrap();
    assert_eq!(folder.info().unwrap().exists, 4);
    assert_eq!(watched(&mut folder, 2).await, ["gone 10 +0", "exists 4"]);
    drop(script);
}

#[tokio::test(start_paused = true)]
async fn events_that_were_not_taken_are_there_the_next_time() {
    let dialogue = format!(
        "{IDLE}
        S-raw: * 2 EXPUNGE\\r\\n* 4 EXISTS\\r\\n* 1 FETCH (FLAGS (\\\\Seen))\\r\\n
        {DONE}
        C: {{A}} NOOP
        S: * 2 EXPUNGE
        S: {{A}} OK done
        C: {{M}} UID SEARCH RETURN (ALL) 2:*
        S: * ESEARCH (TAG \"{{M}}\") UID ALL 13:14
        S: {{M}} OK done
        C: {{J}} IDLE
        S: + idling"
    );
    let (script, mut folder) = selected(&dialogue, plaintext()).await;
    // One of three is taken; meanwhile another message goes.
    assert_eq!(watched(&mut folder, 1).await, ["gone 11 +0"]);
    folder.noop().await.unwrap();
    assert_eq!(watched(&mut folder, 3).await, ["gone 12 +0", "exists 3", "flags 10 \\Seen"]);
    drop(script);
}

#[tokio::test(start_paused = true)]
async fn events_that_were_delivered_to_nobody_are_there_the_next_time() {
    let dialogue = format!(
        "{IDLE}
        S-raw: * 2 EXPUNGE\\r\\n* 4 EXISTS\\r\\n
        {DONE}
        {AGAIN}"
    );
    let (script, mut folder) = selected(&dialogue, plaintext()).await;
    ignored(&mut folder).await;
    assert_eq!(watched(&mut folder, 2).await, ["gone 11 +0", "exists 4"]);
    drop(script);
}

#[tokio::test(start_paused = true)]
async fn flags_of_other_messages_among_those_fetched_are_events_not_results() {
    let dialogue = format!(
        "C: {{A}} UID FETCH 11 (UID RFC822.SIZE)
        S: * 1 FETCH (UID 10 FLAGS (\\Seen))
        S: * 2 FETCH (UID 11 RFC822.SIZE 77)
        S: * 2 FETCH (UID 11 FLAGS (\\Answered))
        S: * 3 FETCH (FLAGS (\\Draft))
        S: {{A}} OK done
        {}{DONE}",
        IDLE.replace("1:*", "3:*").replace("10:12", "12")
    );
    let (script, mut folder) = selected(&dialogue, plaintext()).await;
    let mut mail = folder.fetch(postroom::imap::Uid::new(11).unwrap(), Items::SIZE).await.unwrap();
    assert_eq!(mail.try_next().await.unwrap().unwrap().size(), Some(77));
    assert!(mail.try_next().await.unwrap().is_none());
    drop(mail);
    let words = watched(&mut folder, 3).await;
    assert_eq!(words, ["flags 10 \\Seen", "flags 11 \\Answered", "flags 0 \\Draft"]);
    tokio::task::yield_now().await;
    drop(script);
}

#[tokio::test(start_paused = true)]
async fn a_message_that_was_fetched_is_known_when_it_goes() {
    let dialogue = "C: {A} UID FETCH 10:11 (UID RFC822.SIZE)
        S: * 1 FETCH (UID 10 RFC822.SIZE 1)
        S: * 3 EXPUNGE
        S: * 2 FETCH (RFC822.SIZE 2 UID 11)
        S: {A} OK done
        C: {B} NOOP
        S: * 3 EXISTS
        S: * 3 FETCH (FLAGS (\\Recent) UID 20)
        S: {B} OK done
        C: {D} NOOP
        S: * 3 EXPUNGE
        S: * 2 EXPUNGE
        S: {D} OK done
        C: {J} IDLE
        S: + idling";
    let (script, mut folder) = selected(dialogue, plaintext()).await;
    let uids: Uids = "10:11".parse().unwrap();
    let mut mail = folder.fetch(uids, Items::SIZE).await.unwrap();
    while mail.try_next().await.unwrap().is_some() {}
    drop(mail);
    folder.noop().await.unwrap();
    folder.noop().await.unwrap();
    // The message that went first had never been shown; the UID of the other is known, and nothing has to be asked.
    assert_eq!(watched(&mut folder, 2).await, ["gone 11,20 +1", "exists 1"]);
    drop(script);
}

/// One of the two is wrong, so neither is known any more, and what came under the second UID does not count.
#[tokio::test(start_paused = true)]
async fn a_number_that_is_shown_with_two_uids_has_none() {
    let dialogue = "C: {A} UID FETCH 10:11 (UID RFC822.SIZE)
        S: * 1 FETCH (UID 10 RFC822.SIZE 1)
        S: * 1 FETCH (UID 11 RFC822.SIZE 2)
        S: {A} OK done
        C: {B} NOOP
        C: {D} UID SEARCH RETURN (ALL) UID 10:11
        S: {B} OK done
        S: * ESEARCH (TAG \"{D}\") UID ALL 10:11
        S: {D} OK done
        C: {E} UID FETCH 11 (UID RFC822.SIZE)
        S: * 1 EXPUNGE
        S: * 1 FETCH (UID 11 RFC822.SIZE 3)
        S: {E} OK done
        C: {N} UID SEARCH RETURN (ALL) 2:*
        S: * ESEARCH (TAG \"{N}\") UID ALL 12
        S: {N} OK done
        C: {J} IDLE
        S: + idling";
    let (script, mut folder) = selected(dialogue, plaintext()).await;
    let uids: Uids = "10:11".parse().unwrap();
    let mut mail = folder.fetch(uids, Items::SIZE).await.unwrap();
    let mut sizes = Vec::new();
    while let Some(message) = mail.try_next().await.unwrap() {
        sizes.push((message.uid().unwrap().as_u32(), message.size().unwrap()));
    }
    drop(mail);
    assert_eq!(sizes, [(10, 1), (11, 3)]);
    assert_eq!(watched(&mut folder, 1).await, ["gone  +1"]);
    drop(script);
}

#[tokio::test(start_paused = true)]
async fn numbers_that_do_not_fit_what_is_found_are_asked_for_anew() {
    let dialogue = "C: {A} UID FETCH 10:11 (UID RFC822.SIZE)
        S: * 1 FETCH (UID 10 RFC822.SIZE 1)
        S: * 2 FETCH (UID 11 RFC822.SIZE 2)
        S: {A} OK done
        C: {N} UID SEARCH RETURN (ALL) 3:*
        S: * ESEARCH (TAG \"{N}\") UID ALL 12:13
        S: {N} OK done
        C: {M} UID SEARCH RETURN (ALL) 1:*
        S: * ESEARCH (TAG \"{M}\") UID ALL 10,12:13
        S: {M} OK done
        C: {J} IDLE
        S: + idling
        S: * 2 EXPUNGE";
    let (script, mut folder) = selected(dialogue, plaintext()).await;
    let uids: Uids = "10:11".parse().unwrap();
    let mut mail = folder.fetch(uids, Items::SIZE).await.unwrap();
    while mail.try_next().await.unwrap().is_some() {}
    drop(mail);
    assert_eq!(watched(&mut folder, 1).await, ["gone 12 +0"]);
    drop(script);
}

#[tokio::test(start_paused = true)]
async fn an_expunge_in_the_midst_of_a_fetch_is_told_by_its_uid() {
    let dialogue = format!(
        "{IDLE}{DONE}
        C: {{A}} UID FETCH 1:* (UID RFC822.SIZE)
        S: * 1 FETCH (UID 10 RFC822.SIZE 1)
        S: * 2 EXPUNGE
        S: * 2 FETCH (UID 12 RFC822.SIZE 3)
        S: {{A}} OK done
        C: {{J}} IDLE
        S: + idling"
    );
    let (script, mut folder) = selected(&dialogue, plaintext()).await;
    ignored(&mut folder).await;
    let mut mail = folder.fetch(Uids::ALL, Items::SIZE).await.unwrap();
    let mut sizes = Vec::new();
    while let Some(message) = mail.try_next().await.unwrap() {
        sizes.push((message.uid().unwrap().as_u32(), message.size().unwrap()));
    }
    drop(mail);
    assert_eq!(sizes, [(10, 1), (12, 3)]);
    assert_eq!(watched(&mut folder, 1).await, ["gone 11 +0"]);
    drop(script);
}

#[tokio::test(start_paused = true)]
async fn mail_that_comes_while_uids_are_asked_for_does_not_make_them_unknown() {
    let dialogue = "
        C: {N} UID SEARCH RETURN (ALL) 1:*
        S: * ESEARCH (TAG \"{N}\") UID ALL 10:12
        S: * 4 EXISTS
        S: {N} OK done
        C: {I} IDLE
        S: + idling
        S-raw: * 2 EXPUNGE\\r\\n* 1 FETCH (FLAGS (first))\\r\\n* 3 FETCH (FLAGS (new))\\r\\n";
    let (script, mut folder) = selected(dialogue, plaintext()).await;
    let mut events = folder.idle().await.unwrap();
    assert_eq!(next(&mut events, 1).await, ["exists 4"]);
    assert_eq!(next(&mut events, 3).await, ["gone 11 +0", "flags 10 first", "flags 0 new"]);
    drop(script);
}

/// What is asked when the answer to a FETCH of one message has left it out, and the answer: it is not there.
fn looked(uid: u32) -> String {
    format!(
        "C: {{L}} NOOP
        C: {{Q}} UID SEARCH RETURN (ALL) UID {uid}
        S: {{L}} OK done
        S: * ESEARCH (TAG \"{{Q}}\") UID
        S: {{Q}} OK done
        "
    )
}

/// Between them the first message goes, so that the numbers denote other messages than before.
const SHIFTED: &str = "
    S-raw: * 1 FETCH (FLAGS (first))\\r\\n* 2 FETCH (FLAGS (second))\\r\\n* 1 EXPUNGE\\r\\n* 2 FETCH (FLAGS (third))\\r\\n
    S: {A} OK done
    ";

#[tokio::test(start_paused = true)]
async fn flags_told_by_number_around_an_expunge_are_of_the_right_messages() {
    for taken in [true, false] {
        let looked = if taken { looked(99) } else { String::new() };
        let dialogue =
            format!("{IDLE}{DONE} C: {{A}} UID FETCH 99 (UID ENVELOPE){SHIFTED}{looked}C: {{J}} IDLE\nS: + idling");
        let (script, mut folder) = selected(&dialogue, plaintext()).await;
        ignored(&mut folder).await;
        let uid = postroom::imap::Uid::new(99).unwrap();
        let mut mail = folder.fetch(uid, Items::ENVELOPE).await.unwrap();
        // All of it comes before anything is looked at.
        come().await;
        if taken {
            assert!(mail.try_next().await.unwrap().is_none());
        }
        drop(mail);
        let words = watched(&mut folder, 3).await;
        assert_eq!(words, ["gone 10 +0", "flags 11 second", "flags 12 third"]);
        drop(script);
    }
}

#[tokio::test(start_paused = true)]
async fn flags_told_unasked_within_a_fetch_that_is_dropped_reach_the_next_watcher() {
    let dialogue = format!(
        "C: {{A}} UID FETCH 10 (UID ENVELOPE)
        S: * 2 FETCH (UID 11 FLAGS (\\Seen))
        S: * 3 FETCH (UID 12 FLAGS (\\Flagged))
        S: {{A}} OK done
        {IDLE}{DONE}"
    );
    let (script, mut folder) = selected(&dialogue, plaintext()).await;
    let uid = postroom::imap::Uid::new(10).unwrap();
    let mail = folder.fetch(uid, Items::ENVELOPE).await.unwrap();
    // All of it arrives, and no one reads it.
    come().await;
    drop(mail);
    let words = watched(&mut folder, 2).await;
    assert_eq!(words, ["flags 11 \\Seen", "flags 12 \\Flagged"]);
    drop(folder);
    drop(script);
}

#[tokio::test(start_paused = true)]
async fn flags_that_come_within_a_fetch_do_not_replace_newer_ones() {
    for taken in [true, false] {
        let looked = if taken { looked(10) } else { String::new() };
        let dialogue = format!(
            "C: {{A}} UID FETCH 10 (UID ENVELOPE)
            S: * 2 FETCH (UID 11 FLAGS (old))
            S: * 3 FETCH (UID 12 FLAGS (old))
            S: {{A}} OK done
            S: * 2 FETCH (UID 11 FLAGS (new))
            {looked}{IDLE}{DONE}"
        );
        let (script, mut folder) = selected(&dialogue, plaintext()).await;
        let uid = postroom::imap::Uid::new(10).unwrap();
        let mut mail = folder.fetch(uid, Items::ENVELOPE).await.unwrap();
        // All of it comes before anything is looked at.
        come().await;
        if taken {
            assert!(mail.try_next().await.unwrap().is_none());
        }
        drop(mail);
        assert_eq!(watched(&mut folder, 2).await, ["flags 11 new", "flags 12 old"]);
        drop(script);
    }
}
