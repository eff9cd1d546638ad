//! The session around a resumption: it can be dropped anywhere, and what QRESYNC changes is followed in it from then on.

use postroom::imap::{Event, Imap, Uids};
use postroom::testing::Script;
use postroom::{Flag, FlagChange};

use super::resuming::{DONE, ENABLED, HELLO, MODSEQ, OPENED, all, known, point};
use crate::support::{once, plaintext, scripted};

/// Dropped at any poll, before or after the SELECT, the session goes on.
#[tokio::test(start_paused = true)]
async fn dropped_at_any_poll_the_session_goes_on() {
    async fn session() -> (Script, Imap) {
        let dialogue = format!(
            "{HELLO}{ENABLED}{OPENED}{MODSEQ}S: * 2 FETCH (UID 3 FLAGS () MODSEQ (12))\n{DONE}
            C: {{N}} NOOP
            S: {{N}} OK done"
        );
        let (script, imap) = scripted(&dialogue, plaintext()).await;
        (script, imap.unwrap())
    }
    for polls in 0..6 {
        let (script, mut imap) = session().await;
        let from = known();
        let sent = {
            let mut work = Box::pin(async {
                let mut changes = imap.open("INBOX").resume(&from).await.unwrap();
                all(&mut changes).await.unwrap()
            });
            let mut done = false;
            for _ in 0..polls {
                done |= !done && once(work.as_mut()).await.is_some();
                if done {
                    break;
                }
                tokio::task::yield_now().await;
            }
            polls > 1
        };
        if sent {
            imap.noop().await.unwrap();
            script.finish().await.unwrap();
        }
    }
}

/// After ENABLE QRESYNC, VANISHED is followed in every mailbox and after every command.
#[tokio::test(start_paused = true)]
async fn vanished_is_followed_everywhere() {
    let dialogue = format!(
        "S: * PREAUTH [CAPABILITY IMAP4rev1 ENABLE QRESYNC IDLE UIDPLUS MOVE] ready\n{ENABLED}{}{MODSEQ}{DONE}
        C: {{A}} UID STORE 10 +FLAGS.SILENT (\\Seen)
        S: * VANISHED 11
        S: {{A}} OK done
        C: {{B}} UID MOVE 2 Archive
        S: * OK [COPYUID 9 2 1] moved
        S: * VANISHED 2
        S: {{B}} OK [HIGHESTMODSEQ 50] done
        C: {{D}} UID EXPUNGE 12
        S: * VANISHED 12
        S: {{D}} OK done
        C: {{I}} IDLE
        S: + go
        S: * VANISHED 13:14
        C: DONE
        S: {{I}} OK done",
        OPENED.replace("3 EXISTS", "7 EXISTS"),
    );
    let (script, imap) = scripted(&dialogue, plaintext()).await;
    let mut imap = imap.unwrap();
    let mut changes = imap.open("INBOX").resume(&point("1/7/16/9/2,10:15")).await.unwrap();
    assert!(all(&mut changes).await.unwrap().is_empty());
    let (mut folder, _) = changes.finish().await.unwrap();
    let uids = |text: &str| text.parse::<Uids>().unwrap();
    folder.store(uids("10"), &FlagChange::add([Flag::SEEN])).await.unwrap();
    assert_eq!(folder.info().unwrap().exists, 6);
    folder.move_to(uids("2"), "Archive").await.unwrap();
    assert_eq!(folder.info().unwrap().exists, 5);
    folder.expunge(uids("12")).await.unwrap();
    assert_eq!(folder.info().unwrap().exists, 4);
    // No search for UIDs: VANISHED names them.
    let mut events = folder.idle().await.unwrap();
    let event = events.try_next().await.unwrap().unwrap();
    assert!(matches!(&event, Event::Expunged { uids, unknown: 0 } if uids.to_string() == "2,11:12"), "{event:?}");
    let event = events.try_next().await.unwrap().unwrap();
    assert!(matches!(&event, Event::Expunged { uids, unknown: 0 } if uids.to_string() == "13:14"), "{event:?}");
    drop(events);
    assert_eq!(folder.info().unwrap().exists, 2);
    script.finish().await.unwrap();
}
