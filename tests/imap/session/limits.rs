//! Every bound of `Limits` and `Deadlines` that concerns IMAP: at the bound the value is accepted, over it there is a typed error or a
//! defect, and everything that the bound does not concern continues.

use std::time::Duration;

use postroom::imap::{Event, Fetched, Imap, Items, Uids};
use postroom::{Config, Deadlines, Defect, Error, Kind, Limits, Reason};
use tokio::time::Instant;

use crate::support::{self, Peer, alice, greeted, peered, peered_folder, plaintext, scripted, selected};

const MS: Duration = Duration::from_millis(1);

fn limited(change: impl FnOnce(&mut Limits)) -> Config {
    let mut limits = Limits::default();
    change(&mut limits);
    plaintext().limits(limits)
}

/// The result of a FETCH of everything that the server answers in this way.
async fn fetched(answer: &str, config: Config) -> Result<Vec<Fetched>, Error> {
    let dialogue = format!(
        "C: {{A}} UID FETCH 1:* (UID RFC822.SIZE BODY.PEEK[])\nS-raw: {answer}\nS: {{A}} OK done\nC: {{B}} NOOP\nS: {{B}} OK"
    );
    let (script, mut folder) = selected(&dialogue, config).await;
    support::fetched(script, &mut folder, Items::MESSAGE).await
}

#[tokio::test(start_paused = true)]
async fn a_line() {
    for (over, kind) in [(0, None), (1, Some(Kind::Limit))] {
        let dialogue =
            format!("C: {{A}} NOOP\nS-raw: * OK \nS-fill: {} x\nS-raw: \\r\\n\nS: {{A}} OK done", 193 + over);
        let (script, imap) = greeted(&dialogue, limited(|limits| limits.line = 200)).await;
        assert_eq!(imap.noop().await.err().map(|error| error.kind()), kind);
        drop(script);
    }
}

#[tokio::test(start_paused = true)]
async fn a_literal() {
    let config = limited(|limits| limits.literal = 5);
    let answer = "* 1 FETCH (UID 10 BODY[] {5}\\r\\nhello)\\r\\n* 2 FETCH (UID 11 BODY[] {6}\\r\\nhello!)\\r\\n* 3 FETCH (UID 12 BODY[] {2}\\r\\nhi)\\r\\n";
    let messages = fetched(answer, config).await.unwrap();
    assert_eq!(messages.len(), 3);
    assert_eq!(messages[0].body().as_deref(), Some(&b"hello"[..]));
    assert_eq!(messages[0].defects().count(), 0);
    assert!(messages[1].body().is_none_or(|body| body.is_empty()));
    assert_eq!(messages[1].defects().collect::<Vec<_>>(), [Defect::TooLarge { size: 6 }]);
    assert_eq!(messages[2].body().as_deref(), Some(&b"hi"[..]));
}

#[tokio::test(start_paused = true)]
async fn a_response() {
    let text = "* 1 FETCH (UID 10 BODY[] {100}\r\n";
    let gone = "* 3 EXPUNGE\\r\\n* 2 EXPUNGE\\r\\n";
    let answer = format!("* 1 FETCH (UID 10 BODY[] {{100}}\\r\\n{})\\r\\n{gone}", "x".repeat(100));
    let size = text.len() + 100 + 3;
    assert_eq!(fetched(&answer, limited(|limits| limits.response = size)).await.unwrap().len(), 1);
    let error = fetched(&answer, limited(|limits| limits.response = size - 1)).await.unwrap_err();
    assert_eq!(error.kind(), Kind::Limit);
}

#[tokio::test(start_paused = true)]
async fn nesting() {
    let config = limited(|limits| limits.nesting = 20);
    let leaf = "(\"text\" \"plain\" NIL NIL NIL \"7bit\" 1 1)";
    let deep = |depth: usize| format!("{}{leaf}{}", "(".repeat(depth - 1), " \"mixed\")".repeat(depth - 1));
    let mut accepted = Vec::new();
    for depth in 15..25 {
        let answer = format!(
            "* 1 FETCH (UID 10 BODYSTRUCTURE {} BODY[] \"x\")\\r\\n* 2 FETCH (UID 11 BODY[] \"hi\")\\r\\n* 3 EXPUNGE\\r\\n",
            deep(depth)
        );
        let messages = fetched(&answer, config.clone()).await.unwrap();
        assert_eq!(messages[1].body().as_deref(), Some(&b"hi"[..]), "its neighbour is fine");
        match messages[0].defects().next() {
            None => accepted.push(depth),
            Some(Defect::Unreadable { reason: Reason::Nesting, .. }) => {}
            Some(other) => panic!("{depth}: {other:?}"),
        }
    }
    assert_eq!(accepted, [15, 16, 17, 18, 19, 20]);
}

#[tokio::test(start_paused = true)]
async fn untagged_responses_of_one_value() {
    for (count, kind) in [(10, None), (11, Some(Kind::Limit))] {
        let lines = "S: * LIST () \"/\" Work\n".repeat(count);
        let dialogue = format!("C: {{A}} LIST \"\" \"*\"\n{lines}S: {{A}} OK done\nC: {{B}} NOOP\nS: {{B}} OK done");
        let (script, imap) = greeted(&dialogue, limited(|limits| limits.untagged = 10)).await;
        let listed = imap.list("*").await;
        assert_eq!(listed.as_ref().err().map(Error::kind), kind);
        assert!(listed.is_err() || listed.unwrap().len() == count);
        imap.noop().await.unwrap();
        script.finish().await.unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn undelivered_bytes_of_values() {
    // Long enough that its bytes exceed the value that is made of them.
    let line = format!("* LIST () \"/\" {}\r\n", "Work".repeat(200));
    for (over, kind) in [(0, None), (1, Some(Kind::Limit))] {
        let lines = format!("S: {}\n", line.trim_end()).repeat(10);
        let dialogue = format!("C: {{A}} LIST \"\" \"*\"\n{lines}S: {{A}} OK done\nC: {{B}} NOOP\nS: {{B}} OK done");
        let (script, imap) = greeted(&dialogue, limited(|limits| limits.undelivered = 10 * line.len() - over)).await;
        assert_eq!(imap.list("*").await.err().map(|error| error.kind()), kind);
        imap.noop().await.unwrap();
        script.finish().await.unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn events_that_nobody_watches() {
    for (count, lagged) in [(10, false), (11, true)] {
        let lines: String = (0..count).map(|at| format!("S: * 3 FETCH (UID {} FLAGS ())\n", 100 + at)).collect();
        let dialogue = format!(
            "C: {{A}} NOOP\n{lines}S: {{A}} OK done
            C: {{N}} UID SEARCH RETURN (ALL) 1:*\nS: * ESEARCH (TAG \"{{N}}\") UID ALL 10:12\nS: {{N}} OK done
            C: {{I}} IDLE\nS: + idling"
        );
        let (_script, mut folder) = selected(&dialogue, limited(|limits| limits.events = 10)).await;
        folder.noop().await.unwrap();
        let mut events = folder.idle().await.unwrap();
        let mut seen_events = Vec::new();
        while let Ok(event) = tokio::time::timeout(Duration::from_secs(1), events.try_next()).await {
            seen_events.push(event.unwrap().unwrap());
        }
        assert_eq!(seen_events.iter().any(|event| matches!(event, Event::Lagged)), lagged);
        assert_eq!(seen_events.len(), if lagged { 1 } else { count });
    }
}

#[tokio::test(start_paused = true)]
async fn the_window_of_streams() {
    let response = format!("* 1 FETCH (UID 10 BODY[] {{100}}\r\n{})\r\n", "x".repeat(100));
    let second = response.replace("* 1 FETCH (UID 10", "* 2 FETCH (UID 11");
    for (over, read_on) in [(0, true), (1, false)] {
        let config = limited(|limits| limits.window = response.len() - over);
        let (mut peer, mut folder) = peered_folder(config).await;
        let before = folder.info().unwrap().exists;
        assert_eq!(before, 3);
        let mut mail = folder.fetch(Uids::ALL, Items::MESSAGE).await.unwrap();
        let (tag, _) = peer.hear().await;
        peer.say(&response).await;
        tokio::time::sleep(MS).await;
        peer.say(format!("{second}{tag} OK done\r\n")).await;
        tokio::time::sleep(MS).await;
        // If the window was full, the second response waits until the first one is taken.
        let first = mail.try_next().await.unwrap().unwrap();
        assert_eq!(first.body().unwrap().len(), 100);
        let second =
            tokio::task::unconstrained(async { support::once(Box::pin(mail.try_next()).as_mut()).await }).await;
        assert_eq!(second.is_some(), read_on);
    }
}

#[tokio::test(start_paused = true)]
async fn challenges_of_one_login() {
    let dialogue = "
        S: * OK [CAPABILITY IMAP4rev1 AUTH=PLAIN] ready
        C: {A} AUTHENTICATE PLAIN
        S: +
        C: AGFsaWNlAGFsaWNlcHc=
        S: {A} OK [CAPABILITY IMAP4rev1] welcome
    ";
    let (script, imap) = scripted(dialogue, limited(|limits| limits.challenges = 1)).await;
    imap.unwrap();
    script.finish().await.unwrap();
    let (_script, imap) = scripted(dialogue, limited(|limits| limits.challenges = 0)).await;
    assert_eq!(imap.unwrap_err().kind(), Kind::Limit);
}

/// The same duration for all deadlines but the one that is tested.
fn timed(change: impl FnOnce(&mut Deadlines, Duration)) -> Config {
    let mut deadlines = Deadlines::default();
    change(&mut deadlines, Duration::from_secs(7));
    plaintext().deadlines(deadlines)
}

const TIME: Duration = Duration::from_secs(7);

#[tokio::test(start_paused = true)]
async fn the_time_for_a_greeting() {
    for (late, kind) in [(false, None), (true, Some(Kind::Timeout))] {
        let (mut peer, stream) = Peer::new();
        let begun = Instant::now();
        let config = timed(|deadlines, time| deadlines.greeting = time);
        let greet = async {
            tokio::time::sleep(if late { TIME + MS } else { TIME - MS }).await;
            peer.say("* PREAUTH [CAPABILITY IMAP4rev1] late\r\n").await;
        };
        let (result, ()) = tokio::join!(Imap::handshake(stream, config, alice()), greet);
        assert_eq!(result.err().map(|error| error.kind()), kind);
        assert!(begun.elapsed() <= TIME + MS);
    }
}

#[tokio::test(start_paused = true)]
async fn the_time_for_tls() {
    let (_peer, stream) = Peer::new();
    let mut deadlines = Deadlines::default();
    deadlines.tls = TIME;
    let begun = Instant::now();
    let config = Config::new("localhost").deadlines(deadlines);
    assert_eq!(Imap::handshake(stream, config, alice()).await.unwrap_err().kind(), Kind::Timeout);
    assert!(begun.elapsed() >= TIME && begun.elapsed() <= TIME + MS);
}

#[tokio::test(start_paused = true)]
async fn the_time_without_progress() {
    for (late, kind) in [(false, None), (true, Some(Kind::Timeout))] {
        let (mut peer, imap) = peered(timed(|deadlines, time| deadlines.progress = time)).await;
        let pause = if late { TIME + MS } else { TIME - MS };
        // A session that waits for nothing may be silent for any time.
        tokio::time::sleep(Duration::from_secs(3600)).await;
        let answer = async {
            let (tag, _) = peer.hear().await;
            for word in ["* OK still here\r\n", &format!("{tag} OK done\r\n")] {
                tokio::time::sleep(pause).await;
                peer.say(word).await;
            }
        };
        let (result, ()) = tokio::join!(imap.noop(), answer);
        assert_eq!(result.err().map(|error| error.kind()), kind);
    }
}

#[tokio::test(start_paused = true)]
async fn the_time_for_one_response() {
    // 1 KiB a second, for longer than the deadline for progress.
    for (piece, kind) in [(1024, None), (1000, Some(Kind::Timeout))] {
        let (mut peer, mut folder) = peered_folder(timed(|deadlines, time| deadlines.progress = time)).await;
        let mut mail = folder.fetch(Uids::ALL, Items::MESSAGE).await.unwrap();
        let answer = async {
            let (tag, _) = peer.hear().await;
            peer.say(format!("* 1 FETCH (UID 10 BODY[] {{{}}}\r\n", 30 * piece)).await;
            for _ in 0..30 {
                peer.say("x".repeat(piece)).await;
                tokio::time::sleep(Duration::from_secs(1)).await;
            }
            peer.say(format!(")\r\n{tag} OK done\r\n")).await;
        };
        let (result, ()) = tokio::join!(mail.try_next(), answer);
        assert_eq!(result.err().map(|error| error.kind()), kind, "{piece} bytes a second");
    }
}

#[tokio::test(start_paused = true)]
async fn the_time_until_idle_is_renewed_and_the_time_for_its_end() {
    let mut deadlines = Deadlines::default();
    (deadlines.idle, deadlines.done) = (TIME, 2 * TIME);
    for (late, kind) in [(false, None), (true, Some(Kind::Timeout))] {
        let (mut peer, mut folder) = peered_folder(plaintext().deadlines(deadlines.clone())).await;
        let answer = async {
            let (tag, _) = peer.hear().await;
            peer.say(format!("* ESEARCH (TAG \"{tag}\") UID ALL 10:12\r\n{tag} OK done\r\n")).await;
            let (tag, _) = peer.hear().await;
            peer.say("+ idling\r\n").await;
            let begun = Instant::now();
            assert_eq!(peer.hear().await.0, "DONE");
            assert_eq!(begun.elapsed(), TIME);
            tokio::time::sleep(if late { 2 * TIME + MS } else { 2 * TIME - MS }).await;
            peer.say(format!("* 4 EXISTS\r\n{tag} OK done\r\n")).await;
        };
        let watch = async {
            let mut events = folder.idle().await.unwrap();
            events.try_next().await
        };
        let (result, ()) = tokio::join!(watch, answer);
        assert_eq!(result.err().map(|error| error.kind()), kind);
    }
}

#[tokio::test(start_paused = true)]
async fn the_time_for_a_goodbye() {
    for (late, kind) in [(false, None), (true, Some(Kind::Timeout))] {
        let (mut peer, imap) = peered(timed(|deadlines, time| deadlines.logout = time)).await;
        let answer = async {
            let (tag, _) = peer.hear().await;
            tokio::time::sleep(if late { TIME + MS } else { TIME - MS }).await;
            peer.say(format!("* BYE\r\n{tag} OK done\r\n")).await;
        };
        let (result, ()) = tokio::join!(imap.logout(), answer);
        assert_eq!(result.err().map(|error| error.kind()), kind);
    }
}
