//! Resuming a mailbox (RFC 7162 §3.2.5, §6), in dialogues: what is believed of what a server reports, by which means the changes are found
//! if it is not, and where the point moves.

use postroom::imap::{Event, Resume, Resumed, SyncPoint, Uids};
use postroom::{Error, Kind};

use crate::support::{plaintext, scripted};

pub(super) const HELLO: &str = "S: * PREAUTH [CAPABILITY IMAP4rev1 ENABLE QRESYNC CONDSTORE IDLE] ready\n";
pub(super) const ENABLED: &str = "
    C: {E} ENABLE CONDSTORE QRESYNC
    C: {S} SELECT INBOX (QRESYNC (7 9))
    S: * ENABLED QRESYNC
    S: {E} OK done
";
/// Of three messages.
pub(super) const OPENED: &str = "
    S: * 3 EXISTS
    S: * OK [UIDVALIDITY 7] valid
    S: * OK [UIDNEXT 600] next
";
pub(super) const MODSEQ: &str = "S: * OK [HIGHESTMODSEQ 40] last\n";
pub(super) const DONE: &str = "S: {S} OK [READ-WRITE] done\n";

pub(super) fn point(text: &str) -> SyncPoint {
    text.parse().unwrap()
}

/// The messages 2, 3 and 10, up to the modification sequence 9.
pub(super) fn known() -> SyncPoint {
    point("1/7/11/9/2:3,10")
}

fn shown(change: &Resumed) -> String {
    let message = |message: &postroom::imap::Fetched| {
        let flags =
            message.flags().map(|flags| flags.iter().map(|flag| flag.into_owned()).collect::<Vec<_>>().join(" "));
        format!("{} ({}) {}", message.uid().unwrap(), flags.unwrap_or_default(), message.modseq().unwrap_or(0))
    };
    match change {
        Resumed::Reset => "reset".into(),
        Resumed::Vanished(uids) => format!("gone {uids}"),
        Resumed::Changed(data) => format!("changed {}", message(data)),
        Resumed::New(data) => format!("new {}", message(data)),
        other => panic!("{other:?}"),
    }
}

pub(super) async fn all(changes: &mut Resume<'_>) -> Result<Vec<String>, Error> {
    let mut list = Vec::new();
    while let Some(change) = changes.try_next().await? {
        list.push(shown(&change));
    }
    Ok(list)
}

/// What comes, whether it is exact, and the new point.
pub(super) async fn resumed(dialogue: &str, from: &SyncPoint) -> (Vec<String>, bool, String) {
    let (script, imap) = scripted(dialogue, plaintext()).await;
    let mut imap = imap.unwrap();
    let mut changes = imap.open("INBOX").resume(from).await.unwrap();
    let list = all(&mut changes).await.unwrap();
    let exact = changes.exact_changes();
    let (folder, point) = changes.finish().await.unwrap();
    assert_eq!(folder.info().unwrap().exists as u64, point.known.len());
    script.finish().await.unwrap();
    (list, exact, point.to_string())
}

#[tokio::test(start_paused = true)]
async fn changes_come_in_one_flight_whatever_their_order() {
    let dialogue = format!(
        "{HELLO}{ENABLED}{OPENED}{MODSEQ}
        S: * VANISHED (EARLIER) 1
        S: * 3 FETCH (UID 541 FLAGS () MODSEQ (20))
        S: * 2 FETCH (UID 10 FLAGS (\\Seen) MODSEQ (30))
        S: * 3 FETCH (UID 541 FLAGS (\\Draft) MODSEQ (12))
        S: * VANISHED (EARLIER) 2,4:9
        {DONE}"
    );
    let list = ["new 541 () 20", "changed 10 (\\Seen) 30", "changed 541 (\\Draft) 12", "gone 2"];
    let (got, exact, next) = resumed(&dialogue, &known()).await;
    assert_eq!((got, exact, next.as_str()), (list.map(String::from).to_vec(), true, "1/7/600/40/3,10,541"));
}

#[tokio::test(start_paused = true)]
async fn the_point_moves_to_what_the_tagged_reply_says() {
    let most = i64::MAX.unsigned_abs();
    for (code, modseq, next) in [
        // RFC 7162 §6: the code counts, even if a message has more.
        ("S: * OK [HIGHESTMODSEQ 25] last\n", "30", "25"),
        ("S: * OK [HIGHESTMODSEQ 9] last\n", "30", "9"),
        ("", "30", "30"),
        ("", "8", "9"),
        ("S: * OK [HIGHESTMODSEQ 9223372036854775807] last\n", "9223372036854775807", "9223372036854775807"),
        ("S: * OK [HIGHESTMODSEQ 9223372036854775808] last\n", "9223372036854775807", "9223372036854775807"),
        ("S: * OK [HIGHESTMODSEQ 0] last\n", "31", "31"),
    ] {
        let dialogue = format!(
            "{HELLO}{ENABLED}{OPENED}{code}
            S: * 3 FETCH (UID 10 FLAGS () MODSEQ ({modseq}))
            {DONE}"
        );
        let (got, exact, point) = resumed(&dialogue, &known()).await;
        assert_eq!((got.len(), exact), (1, true), "{code}");
        assert_eq!(point, format!("1/7/600/{next}/2:3,10"), "{code}");
    }
    let dialogue = format!("{HELLO}{}{OPENED}{MODSEQ}{DONE}", ENABLED.replace("(7 9)", &format!("(7 {most})")));
    // Lower than the point's: compared in full, below.
    let dialogue = format!("{dialogue}{}", LISTED);
    let (.., point) = resumed(&dialogue, &point_at(most)).await;
    assert_eq!(point, "1/7/600/40/2:3,10");
}

fn point_at(modseq: u64) -> SyncPoint {
    SyncPoint::clone(&point(&format!("1/7/11/{modseq}/2:3,10")))
}

/// All messages with their flags.
const LISTED: &str = "
    C: {L} UID FETCH 1:* (UID FLAGS MODSEQ)
    S: * 1 FETCH (UID 2 FLAGS () MODSEQ (5))
    S: * 2 FETCH (UID 3 FLAGS () MODSEQ (5))
    S: * 3 FETCH (UID 10 FLAGS (\\Seen) MODSEQ (5))
    S: {L} OK done
";
const LISTED_WITHOUT: &str = "
    C: {L} UID FETCH 1:* (UID FLAGS)
    S: * 1 FETCH (UID 2 FLAGS ())
    S: * 2 FETCH (UID 3 FLAGS ())
    S: * 3 FETCH (UID 10 FLAGS (\\Seen))
    S: {L} OK done
";

/// What cannot be used is replaced by a comparison of all flags.
#[tokio::test(start_paused = true)]
async fn what_cannot_be_relied_on_is_compared_in_full() {
    for (said, list, next) in [
        // Fell below the point: the mailbox was restored.
        ("S: * OK [HIGHESTMODSEQ 8] last\n", LISTED, "8"),
        // Mailboxes without modification sequences.
        ("S: * OK [NOMODSEQ] none\n", LISTED_WITHOUT, "0"),
        ("", LISTED_WITHOUT, "0"),
        // Responses without a UID, without flags, or that cannot be read.
        ("S: * OK [HIGHESTMODSEQ 40] last\nS: * 2 FETCH (FLAGS () MODSEQ (12))\n", LISTED, "40"),
        ("S: * OK [HIGHESTMODSEQ 40] last\nS: * 2 FETCH (UID 3 MODSEQ (12))\n", LISTED, "40"),
        ("S: * OK [HIGHESTMODSEQ 40] last\nS: * 2 FETCH (UID 0 FLAGS ())\n", LISTED, "40"),
        ("S: * OK [HIGHESTMODSEQ 40] last\nS: * 2 FETCH FLAGS\n", LISTED, "40"),
    ] {
        let dialogue = format!("{HELLO}{ENABLED}{OPENED}{said}{DONE}{list}");
        let (got, exact, point) = resumed(&dialogue, &known()).await;
        assert_eq!((got.len(), exact), (3, false), "{said}: {got:?}");
        assert!(got.iter().all(|change| change.starts_with("changed")), "{got:?}");
        assert_eq!(point, format!("1/7/600/{next}/2:3,10"), "{said}");
    }
}

/// NOOP and a search, after which the numbers agree.
const SEARCHED: &str = "
    C: {N} NOOP
    C: {Q} UID SEARCH ALL
    S: {N} OK done
    S: * SEARCH 2 3 10
    S: {Q} OK done
";

#[tokio::test(start_paused = true)]
async fn nothing_is_gone_that_a_search_still_has() {
    // Cyrus (nextcloud/mail#11908): all messages as expunged, while they exist.
    let lie = format!("{HELLO}{ENABLED}{OPENED}{MODSEQ}S: * VANISHED (EARLIER) 1:4294967295\n{DONE}{SEARCHED}");
    let (got, exact, next) = resumed(&lie, &known()).await;
    assert_eq!((got, exact, next.as_str()), (vec![], true, "1/7/600/40/2:3,10"));

    // As many as there are, but one of them came and is gone.
    let contradiction = format!(
        "{HELLO}{ENABLED}{OPENED}{MODSEQ}
        S: * VANISHED (EARLIER) 3
        S: * 2 FETCH (UID 3 FLAGS () MODSEQ (12))
        S: * 3 FETCH (UID 11 FLAGS () MODSEQ (13))
        {DONE}{SEARCHED}"
    );
    let (got, ..) = resumed(&contradiction, &known()).await;
    assert_eq!(got, ["changed 3 () 12", "new 11 () 13", "gone 11"]);

    // An expunge and a new message that were not reported.
    let silence = format!(
        "{HELLO}{ENABLED}{}{MODSEQ}{DONE}{}
        C: {{F}} UID FETCH 12,20 (UID FLAGS MODSEQ)
        S: * 3 FETCH (UID 12 FLAGS (\\Flagged) MODSEQ (50))
        S: * 4 FETCH (UID 20 FLAGS () MODSEQ (51))
        S: {{F}} OK done",
        OPENED.replace("3 EXISTS", "4 EXISTS"),
        SEARCHED.replace("2 3 10", "3 10 12 20"),
    );
    let (got, exact, next) = resumed(&silence, &known()).await;
    assert_eq!(got, ["new 12 (\\Flagged) 50", "new 20 () 51", "gone 2"]);
    assert_eq!((exact, next.as_str()), (true, "1/7/600/40/3,10,12,20"));

    // A server that answers neither is asked for everything.
    let refused = format!(
        "{HELLO}{ENABLED}{OPENED}{MODSEQ}S: * VANISHED (EARLIER) 2\n{DONE}
        C: {{N}} NOOP
        C: {{Q}} UID SEARCH ALL
        S: {{N}} OK done
        S: {{Q}} NO not now
        {LISTED}"
    );
    let (got, exact, _) = resumed(&refused, &known()).await;
    assert_eq!((got.len(), exact), (3, false), "{got:?}");
}

/// What comes later is the folder's, and does not move the point.
#[tokio::test(start_paused = true)]
async fn what_comes_after_the_tagged_reply_is_an_event() {
    let dialogue = format!(
        "{HELLO}{ENABLED}{OPENED}{MODSEQ}
        S: * VANISHED 3
        {DONE}S: * OK [HIGHESTMODSEQ 90] more
        S: * VANISHED (EARLIER) 10
        S: * VANISHED 2
        S: * 1 FETCH (UID 10 FLAGS (\\Seen) MODSEQ (88))
        C: {{I}} IDLE
        S: + go
        C: DONE
        S: {{I}} OK done"
    );
    let (script, imap) = scripted(&dialogue, plaintext()).await;
    let mut imap = imap.unwrap();
    let mut changes = imap.open("INBOX").resume(&known()).await.unwrap();
    // It was counted, and is gone already.
    assert_eq!(all(&mut changes).await.unwrap(), ["gone 3"]);
    let (mut folder, point) = changes.finish().await.unwrap();
    assert_eq!(point.to_string(), "1/7/600/40/2,10");
    let mut events = folder.idle().await.unwrap();
    let event = events.try_next().await.unwrap().unwrap();
    assert!(matches!(&event, Event::Expunged { uids, .. } if uids.to_string() == "2,10"), "{event:?}");
    drop(events);
    assert_eq!(folder.info().unwrap().exists, 1);
    assert_eq!(folder.info().unwrap().highest_modseq, Some(90));
    script.finish().await.unwrap();
}

/// A second flight: what has changed, and which messages exist.
const CHANGED: &str = "
    C: {F} UID FETCH 1:* (UID FLAGS MODSEQ) (CHANGEDSINCE 9)
    C: {N} NOOP
    C: {Q} UID SEARCH ALL
    S: * 2 FETCH (UID 10 FLAGS (\\Seen) MODSEQ (30))
    S: * 3 FETCH (UID 12 FLAGS () MODSEQ (20))
    S: {F} OK done
    S: {N} OK done
    S: * SEARCH 3 10 12
    S: {Q} OK done
";

#[tokio::test(start_paused = true)]
async fn what_is_refused_as_bad_is_done_without_in_the_same_call() {
    let changed = ["changed 10 (\\Seen) 30", "new 12 () 20", "gone 2"];
    for answer in ["S: {E} OK done\n", "S: {E} NO no\n", "S: {E} BAD what\n", "S: * ENABLED\nS: {E} OK done\n"] {
        let dialogue = format!(
            "{HELLO}C: {{E}} ENABLE CONDSTORE QRESYNC
            C: {{S}} SELECT INBOX (QRESYNC (7 9))
            {answer}S: {{S}} BAD not enabled
            C: {{T}} SELECT INBOX (CONDSTORE)
            {OPENED}{MODSEQ}S: {{T}} OK done\n{CHANGED}"
        );
        let (script, imap) = scripted(&dialogue, plaintext()).await;
        let mut imap = imap.unwrap();
        let mut changes = imap.open("INBOX").resume(&known()).await.unwrap();
        assert_eq!(all(&mut changes).await.unwrap(), changed);
        assert!(changes.exact_changes());
        let (folder, point) = changes.finish().await.unwrap();
        assert_eq!(point.to_string(), "1/7/600/40/3,10,12");
        assert!(!folder.session().enabled().qresync(), "{answer}");
        script.finish().await.unwrap();
    }

    let nothing = format!(
        "{HELLO}C: {{E}} ENABLE CONDSTORE QRESYNC
        C: {{S}} SELECT INBOX (QRESYNC (7 9))
        S: * ENABLED QRESYNC
        S: {{E}} OK done
        S: {{S}} BAD what
        C: {{T}} SELECT INBOX (CONDSTORE)
        S: {{T}} BAD what
        C: {{U}} SELECT INBOX
        {OPENED}{MODSEQ}S: {{U}} OK done\n{LISTED_WITHOUT}"
    );
    let (got, exact, next) = resumed(&nothing, &known()).await;
    assert_eq!((got.len(), exact, next.as_str()), (3, false, "1/7/600/0/2:3,10"), "{got:?}");

    // iCloud enables it, and says nothing.
    let silent = format!("{HELLO}{}{OPENED}{MODSEQ}{DONE}", ENABLED.replace("S: * ENABLED QRESYNC\n", ""));
    assert_eq!(resumed(&silent, &known()).await, (vec![], true, "1/7/600/40/2:3,10".into()));

    // A proxy announces CONDSTORE for a server without it.
    let proxy = format!(
        "S: * PREAUTH [CAPABILITY IMAP4rev1 CONDSTORE] ready
        C: {{T}} SELECT INBOX (CONDSTORE)
        {OPENED}{MODSEQ}S: {{T}} OK done
        C: {{F}} UID FETCH 1:* (UID FLAGS MODSEQ) (CHANGEDSINCE 9)
        C: {{N}} NOOP
        C: {{Q}} UID SEARCH ALL
        S: {{F}} BAD what
        S: {{N}} OK done
        S: * SEARCH 2 3 10
        S: {{Q}} OK done
        {LISTED}"
    );
    let (got, exact, _) = resumed(&proxy, &known()).await;
    assert_eq!((got.len(), exact), (3, false), "{got:?}");

    let refused = format!("{HELLO}{ENABLED}S: {{S}} NO [NONEXISTENT] none\n");
    let (script, imap) = scripted(&refused, plaintext()).await;
    let mut imap = imap.unwrap();
    let error = imap.open("INBOX").resume(&known()).await.unwrap_err();
    assert!(error.kind() == Kind::Rejected && error.code().unwrap().is("NONEXISTENT"), "{error:?}");
    assert!(imap.enabled().qresync() && imap.selected_folder().is_err());
    script.finish().await.unwrap();
}

/// A refused ENABLE is not tried again: after a mailbox was selected, it is not allowed (RFC 5161 §3.1).
#[tokio::test(start_paused = true)]
async fn nothing_is_enabled_after_a_select() {
    let dialogue = format!(
        "{HELLO}C: {{E}} ENABLE CONDSTORE QRESYNC
        C: {{A}} SELECT INBOX
        S: {{E}} NO no
        {OPENED}S: {{A}} OK done
        C: {{T}} SELECT INBOX (CONDSTORE)
        S: * OK [CLOSED] closed
        {OPENED}{MODSEQ}S: {{T}} OK done\n{CHANGED}"
    );
    let (script, imap) = scripted(&dialogue, plaintext()).await;
    let mut imap = imap.unwrap();
    imap.select("INBOX").await.unwrap();
    let mut changes = imap.open("INBOX").resume(&known()).await.unwrap();
    assert_eq!(all(&mut changes).await.unwrap().len(), 3);
    script.finish().await.unwrap();
}

/// RFC 7162 §3.2.11: until CLOSED, everything is about the mailbox that was selected before.
#[tokio::test(start_paused = true)]
async fn before_closed_data_is_about_the_mailbox_before() {
    let begin = format!(
        "{HELLO}C: {{E}} ENABLE CONDSTORE QRESYNC
        S: * ENABLED QRESYNC
        S: {{E}} OK done
        C: {{A}} EXAMINE Work
        S: * 9 EXISTS
        S: * OK [UIDVALIDITY 4] valid
        S: * OK [HIGHESTMODSEQ 7] last
        S: {{A}} OK done
        C: {{S}} EXAMINE INBOX (QRESYNC (7 9))
        S: * VANISHED 3
        S: * VANISHED (EARLIER) 10
        S: * 2 FETCH (UID 3 FLAGS (\\Deleted) MODSEQ (12))
        S: * 8 EXISTS\n"
    );
    let closed = format!("{begin}S: * OK [CLOSED] closed\n{OPENED}{MODSEQ}S: * VANISHED (EARLIER) 5\n{DONE}");
    let open = format!("{begin}{OPENED}{MODSEQ}S: * VANISHED (EARLIER) 5\n{DONE}{LISTED}");
    for (dialogue, came) in [(closed, 0), (open, 3)] {
        let (script, imap) = scripted(&dialogue, plaintext()).await;
        let mut imap = imap.unwrap();
        imap.examine("Work").await.unwrap();
        let mut changes = imap.open("INBOX").read_only().resume(&known()).await.unwrap();
        assert_eq!(all(&mut changes).await.unwrap().len(), came);
        assert_eq!(changes.exact_changes(), came == 0);
        let (folder, point) = changes.finish().await.unwrap();
        assert_eq!(point.to_string(), "1/7/600/40/2:3,10");
        assert!(folder.info().unwrap().read_only);
        script.finish().await.unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn other_uids_are_a_reset() {
    let new = ["reset", "new 2 () 5", "new 3 () 5", "new 10 (\\Seen) 5"];
    for (opened, from, next) in [
        (OPENED.replace("UIDVALIDITY 7", "UIDVALIDITY 8"), "1/7/11/9/2:3,10", "1/8/600/40/2:3,10"),
        (OPENED.replace("S: * OK [UIDVALIDITY 7] valid\n", ""), "1/7/11/9/2:3,10", "1/0/600/40/2:3,10"),
        (format!("{OPENED}S: * NO [UIDNOTSTICKY] never\n"), "1/7/11/9/2:3,10", "1/0/600/40/2:3,10"),
        (OPENED.replace("UIDNEXT 600", "UIDNEXT 11"), "1/7/12/9/2:3,10", "1/7/11/40/2:3,10"),
    ] {
        let dialogue = format!("{HELLO}{ENABLED}{opened}{MODSEQ}{DONE}{LISTED}");
        let (got, exact, point) = resumed(&dialogue, &point(from)).await;
        assert_eq!((got, exact, point.as_str()), (new.map(String::from).to_vec(), true, next), "{opened}");
    }
    // The first time, there is nothing to forget; the same for a mailbox that had no message.
    for from in ["1/0/0/0/", "1/7/1/0/"] {
        let dialogue = format!(
            "{HELLO}C: {{E}} ENABLE CONDSTORE QRESYNC
            C: {{S}} SELECT INBOX (CONDSTORE)
            S: * ENABLED QRESYNC
            S: {{E}} OK done
            {OPENED}{MODSEQ}{DONE}{LISTED}"
        );
        let (got, exact, point) = resumed(&dialogue, &point(from)).await;
        assert_eq!((got, exact), (new[1..].iter().map(|&text| text.to_owned()).collect(), true));
        assert_eq!(point, "1/7/600/40/2:3,10");
    }
}

#[tokio::test(start_paused = true)]
async fn there_is_no_point_before_the_end() {
    let dialogue = format!(
        "{HELLO}{ENABLED}{OPENED}{MODSEQ}
        S: * 1 FETCH (UID 2 FLAGS () MODSEQ (12))
        S: * 2 FETCH (UID 3 FLAGS () MODSEQ (12))
        {DONE}C: {{N}} NOOP
        S: {{N}} OK done
        C: {{T}} SELECT INBOX (QRESYNC (7 9))
        S: * OK [CLOSED] closed
        {OPENED}{MODSEQ}
        S: * 2 FETCH (UID 3 FLAGS () MODSEQ (12))
        S: {{T}} OK done
        C: {{M}} NOOP
        S: {{M}} OK done"
    );
    let (script, imap) = scripted(&dialogue, plaintext()).await;
    let mut imap = imap.unwrap();
    let mut changes = imap.open("INBOX").resume(&known()).await.unwrap();
    assert!(changes.try_next().await.unwrap().is_some());
    assert_eq!(changes.finish().await.unwrap_err().kind(), Kind::Input);
    imap.noop().await.unwrap();
    let changes = imap.open("INBOX").resume(&known()).await.unwrap();
    drop(changes);
    imap.noop().await.unwrap();
    assert_eq!(imap.selected_folder().unwrap().info().unwrap().exists, 3);
    script.finish().await.unwrap();

    let (script, imap) = scripted(&format!("{HELLO}C: {{E}} ENABLE CONDSTORE QRESYNC\n"), plaintext()).await;
    let mut open = SyncPoint::default();
    open.known = Uids::ALL;
    let error = imap.unwrap().open("INBOX").resume(&open).await.unwrap_err();
    assert_eq!(error.kind(), Kind::Input);
    script.finish().await.unwrap();
}
