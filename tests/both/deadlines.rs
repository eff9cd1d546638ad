//! Deadlines, in each phase and protocol: the client gives up on a server that stalls, but not on one that is slow, and the time does not
//! run while the caller does not take what has arrived. The clock is tokio's, paused.

use std::time::Duration;

use postroom::imap::{Imap, Items, Uids};
use postroom::pop3::{Number, Pop3};
use postroom::testing::Script;
use postroom::{Config, Deadlines, Error, Kind, Mailbox};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader, DuplexStream};
use tokio::time::{Instant, sleep};

use crate::session::{self, alice, plaintext};

const IMAP: &str = "S: * PREAUTH [CAPABILITY IMAP4rev1 IDLE UIDPLUS] ready\n";
const SELECTED: &str = "C: {S} SELECT INBOX\nS: * 3 EXISTS\nS: * OK [UIDVALIDITY 7] ok\nS: {S} OK [READ-WRITE] done\n";
/// What IDLE asks before it starts for the first time.
const UIDS: &str = "C: {U} UID SEARCH {*}\nS: * SEARCH 10 11 12\nS: {U} OK done\n";
const POP3: &str =
    "S: +OK ready\nC: CAPA\nS: -ERR no\nC: USER alice\nS: +OK\nC: PASS {*}\nS: +OK\nC: CAPA\nS: -ERR no\n";

fn config() -> Config {
    plaintext().without_id()
}

fn seconds(count: u64) -> Duration {
    Duration::from_secs(count)
}

async fn imap(script: &mut Script) -> Result<Imap, Error> {
    session::imap(script.stream(), config(), alice()).await
}

async fn pop3(script: &mut Script) -> Result<Pop3, Error> {
    session::pop3(script.stream(), config(), alice()).await
}

/// Whether it is a passed deadline, and how long it took.
fn timed_out(error: &Error, since: Instant) -> Duration {
    let own = error.kind() == Kind::Timeout;
    let cause = std::error::Error::source(error).and_then(|cause| cause.downcast_ref::<Error>());
    assert!(own || cause.is_some_and(|cause| cause.kind() == Kind::Timeout), "{error:?}");
    since.elapsed()
}

#[tokio::test(start_paused = true)]
async fn a_server_that_does_not_greet_is_given_up() {
    let start = Instant::now();
    let error = imap(&mut Script::new("stall")).await.unwrap_err();
    assert_eq!(timed_out(&error, start).as_secs(), 30);
    let start = Instant::now();
    let error = pop3(&mut Script::new("stall")).await.unwrap_err();
    assert_eq!(timed_out(&error, start).as_secs(), 30);
}

#[tokio::test(start_paused = true)]
async fn a_greeting_that_trickles_is_given_up_as_soon() {
    for is_imap in [true, false] {
        let (ours, mut theirs) = tokio::io::duplex(64);
        tokio::spawn(async move {
            while theirs.write_all(b"*").await.is_ok() {
                sleep(seconds(1)).await;
            }
        });
        let start = Instant::now();
        let error = match is_imap {
            true => Imap::handshake(ours, config(), alice()).await.map(drop).unwrap_err(),
            false => Pop3::handshake(ours, config(), alice()).await.map(drop).unwrap_err(),
        };
        assert!(matches!(error.kind(), Kind::Timeout | Kind::Protocol), "{error:?}");
        assert!(start.elapsed() <= seconds(31), "{:?}", start.elapsed());
    }
}

#[tokio::test(start_paused = true)]
async fn tls_that_stalls_behind_its_upgrade_is_given_up() {
    let dialogue = "S: * OK [CAPABILITY IMAP4rev1 STARTTLS] ready\nC: {A} STARTTLS\nS: {A} OK go on\nstall";
    let mut script = Script::new(dialogue);
    let start = Instant::now();
    let config = Config::new("localhost").starttls();
    let error = Imap::handshake(script.stream(), config, alice()).await.map(drop).unwrap_err();
    assert_eq!(timed_out(&error, start).as_secs(), 30);
}

#[tokio::test(start_paused = true)]
async fn a_login_without_an_answer_is_given_up() {
    let start = Instant::now();
    let error = imap(&mut Script::new("S: * OK [CAPABILITY IMAP4rev1] ready\nstall")).await.unwrap_err();
    assert_eq!(timed_out(&error, start).as_secs(), 60);
    let start = Instant::now();
    let error = pop3(&mut Script::new("S: +OK ready\nstall")).await.unwrap_err();
    assert_eq!(timed_out(&error, start).as_secs(), 60);
}

#[tokio::test(start_paused = true)]
async fn a_command_without_an_answer_is_given_up_by_the_time_since_the_last_byte() {
    let mut script = Script::new(&format!("{IMAP}C: {{A}} NOOP\nS: * 1 EXISTS\nS-raw: * 2 EX\nstall"));
    let imap = imap(&mut script).await.unwrap();
    let start = Instant::now();
    assert_eq!(timed_out(&imap.noop().await.unwrap_err(), start).as_secs(), 60);

    let mut script = Script::new(&format!("{POP3}C: RETR 1\nS: +OK\nS-raw: half a li\nstall"));
    let pop3 = pop3(&mut script).await.unwrap();
    let start = Instant::now();
    assert_eq!(timed_out(&pop3.retr(Number::new(1).unwrap()).await.unwrap_err(), start).as_secs(), 60);
}

#[tokio::test(start_paused = true)]
async fn a_slow_server_that_goes_on_is_waited_for() {
    let (ours, theirs) = tokio::io::duplex(1024);
    let mut theirs = BufReader::new(theirs);
    theirs.write_all(b"* PREAUTH [CAPABILITY IMAP4rev1] ready\r\n").await.unwrap();
    let imap = session::imap(ours, config(), alice()).await.unwrap();
    tokio::spawn(async move {
        let mut line = String::new();
        theirs.read_line(&mut line).await.unwrap();
        for number in 1..=11 {
            sleep(seconds(50)).await;
            theirs.write_all(format!("* {number} EXISTS\r\n").as_bytes()).await.unwrap();
        }
        theirs.write_all(format!("{} OK\r\n", line.split(' ').next().unwrap()).as_bytes()).await.unwrap();
    });
    let start = Instant::now();
    imap.noop().await.unwrap();
    assert!(start.elapsed() >= seconds(550));
}

/// Takes an APPEND of this many bytes, 4 KiB at a time, each after a pause; `stops` after this many.
async fn take_slowly(stream: DuplexStream, size: usize, pause: Duration, stops: usize) {
    let mut stream = BufReader::new(stream);
    stream.write_all(b"* PREAUTH [CAPABILITY IMAP4rev1] ready\r\n").await.unwrap();
    let mut line = String::new();
    stream.read_line(&mut line).await.unwrap();
    stream.write_all(b"+ go on\r\n").await.unwrap();
    let (mut taken, mut piece) = (0, vec![0; 4096]);
    while taken < size + 2 {
        if taken >= stops {
            std::future::pending::<()>().await;
        }
        sleep(pause).await;
        let count = stream.read(&mut piece).await.unwrap();
        taken += count;
    }
    stream.write_all(format!("{} OK\r\n", line.split(' ').next().unwrap()).as_bytes()).await.unwrap();
    let _ = stream.read(&mut piece).await;
}

#[tokio::test(start_paused = true)]
async fn a_slow_upload_has_time_as_long_as_it_goes_on() {
    let size = 200 * 1024;
    let (ours, theirs) = tokio::io::duplex(4096);
    tokio::spawn(take_slowly(theirs, size, seconds(20), usize::MAX));
    let imap = session::imap(ours, config(), alice()).await.unwrap();
    let start = Instant::now();
    imap.append("INBOX", vec![b'x'; size]).await.unwrap();
    assert!(start.elapsed() >= seconds(900), "{:?}", start.elapsed());
}

#[tokio::test(start_paused = true)]
async fn an_upload_that_nobody_takes_is_given_up() {
    let (ours, theirs) = tokio::io::duplex(4096);
    tokio::spawn(take_slowly(theirs, 1 << 20, seconds(20), 40_000));
    let imap = session::imap(ours, config(), alice()).await.unwrap();
    let start = Instant::now();
    let took = timed_out(&imap.append("INBOX", vec![b'x'; 1 << 20]).await.unwrap_err(), start);
    assert!(took >= seconds(200 + 60) && took < seconds(200 + 90), "{took:?}");
}

#[tokio::test(start_paused = true)]
async fn a_peer_that_is_gone_in_the_midst_of_idle_is_found() {
    let dialogue = format!("{IMAP}{SELECTED}{UIDS}C: {{I}} IDLE\nS: + idling\nstall");
    let mut script = Script::new(&dialogue);
    let mut folder = imap(&mut script).await.unwrap().into_folder("INBOX").await.unwrap();
    let start = Instant::now();
    let mut idling = folder.idle().await.unwrap();
    let error = loop {
        match idling.try_next().await {
            Ok(_) => {}
            Err(error) => break error,
        }
    };
    let deadlines = Deadlines::default();
    assert_eq!(timed_out(&error, start).as_secs(), (deadlines.idle + deadlines.done).as_secs());
    assert!(deadlines.idle <= seconds(15 * 60));
}

#[tokio::test(start_paused = true)]
async fn idle_that_is_not_entered_is_given_up() {
    let mut script = Script::new(&format!("{IMAP}{SELECTED}{UIDS}C: {{I}} IDLE\nstall"));
    let mut folder = imap(&mut script).await.unwrap().into_folder("INBOX").await.unwrap();
    let start = Instant::now();
    let error = match folder.idle().await {
        Ok(mut idling) => idling.try_next().await.map(drop).unwrap_err(),
        Err(error) => error,
    };
    assert_eq!(timed_out(&error, start).as_secs(), 60);
}

#[tokio::test(start_paused = true)]
async fn a_goodbye_without_an_answer_is_given_up_soon() {
    let mut script = Script::new(&format!("{IMAP}C: {{A}} LOGOUT\nstall"));
    let session = imap(&mut script).await.unwrap();
    let start = Instant::now();
    assert_eq!(timed_out(&session.logout().await.unwrap_err(), start).as_secs(), 5);
    let mut script = Script::new(&format!("{POP3}C: QUIT\nstall"));
    let session = pop3(&mut script).await.unwrap();
    let start = Instant::now();
    // It is unknown whether the marked messages are gone.
    let error = session.quit().await.unwrap_err();
    assert_eq!(error.kind(), Kind::Unknown);
    assert_eq!(timed_out(&error, start).as_secs(), 5);
}

#[tokio::test(start_paused = true)]
async fn time_rests_while_the_caller_does_not_take_what_has_come() {
    let server = postroom::testing::Server::builder().sample_mail().in_memory().unwrap();
    for _ in 0..20 {
        server.deliver("alice", "INBOX", vec![b'x'; 100_000], &[]).unwrap();
    }
    let mut imap = session::imap(server.imap_stream(), config(), alice()).await.unwrap();
    let mut inbox = imap.select("INBOX").await.unwrap();
    let mut mail = inbox.fetch(Uids::ALL, Items::MESSAGE).await.unwrap();
    let mut count = 0;
    while let Some(_message) = mail.try_next().await.unwrap() {
        sleep(seconds(600)).await;
        count += 1;
    }
    assert!(count > 20);
    drop(mail);
    assert!(inbox.entries().await.unwrap().len() > 20);
}

/// Sends this line every second once the tag of a first command has come, and never answers it.
async fn chatter(mut stream: DuplexStream, line: impl Fn(&str) -> String) {
    stream.write_all(b"* PREAUTH [CAPABILITY IMAP4rev1 IDLE UIDPLUS] ready\r\n").await.unwrap();
    let mut lines = BufReader::new(&mut stream);
    let mut command = String::new();
    lines.read_line(&mut command).await.unwrap();
    let tag = command.split(' ').next().unwrap_or_default().to_owned();
    while stream.write_all(line(&tag).as_bytes()).await.is_ok() {
        sleep(seconds(1)).await;
    }
}

#[tokio::test(start_paused = true)]
async fn what_belongs_to_no_call_does_not_keep_it_busy_and_word_of_progress_does_for_an_hour() {
    let words: [(&str, u64); 6] = [
        ("* 1 EXISTS", 600),
        ("* BAD whatever", 600),
        ("* OK [INPROGRESS (\"X9\" 1 2)] of another", 600),
        ("* OK Still here", 3600 + 600),
        ("* OK [INPROGRESS (\"{T}\" 1 2)] go on", 3600 + 600),
        ("* OK [INPROGRESS] go on", 3600 + 600),
    ];
    for (words, end) in words {
        let (ours, theirs) = tokio::io::duplex(1 << 16);
        let peer = tokio::spawn(chatter(theirs, move |tag| format!("{}\r\n", words.replace("{T}", tag))));
        let imap = session::imap(ours, config(), alice()).await.unwrap();
        let start = Instant::now();
        let error = imap.noop().await.unwrap_err();
        let took = timed_out(&error, start).as_secs();
        assert!(took.abs_diff(end) <= 1, "{words}: {took} s");
        drop(imap);
        peer.await.unwrap();
    }
}
