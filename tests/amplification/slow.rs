//! What a hostile server can make the client allocate: streams of the smallest possible tokens, in the answer to every kind of call, up
//! to the limits. The peak stays in proportion to what was sent and to the limit in force. The number of allocations and their bytes grow
//! no faster than what was sent. Only the client's thread is counted; the server runs on another.

mod extensions;
mod journal;
mod listings;

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use allocation_counter::{AllocationInfo, measure};
use postroom::imap::{Folder, Imap, Items, Query, Section, StatusItems, Uid, Uids};
use postroom::pop3::{Number, Pop3};
use postroom::{Config, Flag, FlagChange, Limits, Login, Mailbox, Part};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader, DuplexStream};
use tokio::runtime::{Builder, Runtime};

const MIB: u64 = 1 << 20;
/// What is sent first, in bytes, and the factor for the second size.
const LEAST: usize = 64 * 1024;
const TIMES: usize = 4;
/// The most that may be held at once, as a multiple of what was received, and of the limit in force.
const PEAK: u64 = 8;
const OF_LIMIT: u64 = 2;
/// The exponent by which counts may grow with what is sent: 1 is linear.
const SLOPE: f64 = 1.1;

/// The limits in force, small enough to be reached.
fn limits() -> Limits {
    let mut limits = Limits::default();
    (limits.response, limits.literal, limits.undelivered, limits.line) = (2 << 20, 1 << 20, 2 << 20, 1 << 20);
    limits
}

/// The limit that bounds a flood: that of lines, of responses that are as long as the mailbox is large, or of all responses together.
fn limit_of((begin, unit, _): (&str, &str, &str)) -> u64 {
    let limits = limits();
    let long = ["* 1 FETCH", "* SEARCH", "* ESEARCH", "* VANISHED", "* SORT", "* THREAD"]
        .iter()
        .any(|kind| begin.starts_with(kind));
    let limit = match begin {
        "" | "+OK\r\n" => limits.undelivered,
        "+OK " => limits.status_line,
        _ if long => limits.response,
        _ => limits.line,
    };
    // Blank lines are subject to the limit of one line.
    (if unit == "\r\n" && begin.is_empty() { limits.line } else { limit }) as u64
}

fn config(limits: Limits) -> Config {
    Config::new("localhost").dangerous_plaintext().without_id().limits(limits)
}

fn login() -> Login {
    Login::password("alice", "alicepw")
}

fn runtime() -> Runtime {
    Builder::new_current_thread().enable_all().build().unwrap()
}

/// Answers each IMAP command with its usual minimum, and puts the flood before the answer to the one that begins with `verb`.
async fn imap_server(stream: DuplexStream, verb: &'static str, flood: Vec<u8>, sent: Arc<AtomicU64>) {
    let mut stream = BufReader::new(stream);
    let greeting = "* PREAUTH [CAPABILITY IMAP4rev1 IDLE ID UIDPLUS MOVE ESEARCH LITERAL+ NAMESPACE] ready\r\n";
    let _ = stream.write_all(greeting.as_bytes()).await;
    let mut line = String::new();
    loop {
        line.clear();
        if stream.read_line(&mut line).await.unwrap_or(0) == 0 {
            return;
        }
        let Some((tag, command)) = line.trim_end().split_once(' ') else { continue };
        if command.starts_with("SELECT") {
            let _ = stream.write_all(b"* 3 EXISTS\r\n* OK [UIDVALIDITY 7] ok\r\n").await;
        }
        if command.starts_with(verb) {
            sent.fetch_add(flood.len() as u64, Ordering::Relaxed);
            if stream.write_all(&flood).await.is_err() {
                return;
            }
        }
        if stream.write_all(format!("{tag} OK done\r\n").as_bytes()).await.is_err() {
            return;
        }
    }
}

/// Commands of POP3, each with its answer.
type Floods = Vec<(&'static str, Vec<u8>)>;

async fn pop3_server(stream: DuplexStream, floods: Floods, sent: Arc<AtomicU64>) {
    let mut stream = BufReader::new(stream);
    let _ = stream.write_all(b"+OK ready\r\n").await;
    let mut line = String::new();
    loop {
        line.clear();
        if stream.read_line(&mut line).await.unwrap_or(0) == 0 {
            return;
        }
        let command = line.trim_end();
        let usual: &[u8] = match command {
            "CAPA" => b"+OK\r\nUIDL\r\nTOP\r\nUSER\r\nPIPELINING\r\n.\r\n",
            "STAT" => b"+OK 1 5\r\n",
            "LIST" => b"+OK\r\n1 5\r\n.\r\n",
            "UIDL" => b"+OK\r\n1 a\r\n.\r\n",
            _ if command.starts_with("TOP") || command.starts_with("RETR") => b"+OK\r\nx\r\n.\r\n",
            _ => b"+OK\r\n",
        };
        let flood = floods.iter().find(|(verb, _)| command.starts_with(verb));
        let said = flood.map_or(usual, |(_, flood)| flood);
        sent.fetch_add(said.len() as u64, Ordering::Relaxed);
        if stream.write_all(said).await.is_err() {
            return;
        }
    }
}

/// What a client allocated, and what it was sent.
struct Cost {
    allocated: AllocationInfo,
    received: u64,
}

/// Runs the client against such a server and counts what it allocates.
fn counted<F, S>(server: S, client: F) -> Cost
where
    F: FnOnce(DuplexStream) -> Pin<Box<dyn Future<Output = ()>>>,
    S: FnOnce(DuplexStream, Arc<AtomicU64>) -> Pin<Box<dyn Future<Output = ()> + Send>> + Send + 'static,
{
    let (ours, theirs) = tokio::io::duplex(64 * 1024);
    let sent = Arc::new(AtomicU64::new(0));
    let counter = sent.clone();
    let peer = std::thread::spawn(move || runtime().block_on(server(theirs, counter)));
    let runtime = runtime();
    let allocated = measure(|| runtime.block_on(client(ours)));
    drop(runtime);
    peer.join().unwrap();
    Cost { allocated, received: sent.load(Ordering::Relaxed) }
}

type ImapCall = for<'a> fn(&'a mut Folder<Imap>) -> Pin<Box<dyn Future<Output = ()> + 'a>>;
type Pop3Call = for<'a> fn(&'a mut Pop3) -> Pin<Box<dyn Future<Output = ()> + 'a>>;

/// Every call of a folder and of its session: its name, the command that is flooded, and what it does. How it ends does not matter.
const IMAP_CALLS: &[(&str, &str, ImapCall)] = &[
    ("noop", "NOOP", |folder| Box::pin(async { drop(folder.noop().await) })),
    ("fetch", "UID FETCH", |folder| {
        Box::pin(async {
            let items = Items::FLAGS.envelope().body_structure();
            let Ok(mut mail) = folder.fetch(Uids::ALL, items).await else { return };
            while let Ok(Some(message)) = mail.try_next().await {
                drop(message);
            }
        })
    }),
    ("get", "UID FETCH", |folder| Box::pin(async { drop(folder.get(uid(), Items::ENVELOPE).await) })),
    ("read", "UID FETCH", |folder| {
        Box::pin(async {
            let Ok(mut body) = folder.read(uid(), Section::WHOLE).await else { return };
            let mut buffer = vec![0; 4096];
            while let Ok(1..) = body.read(&mut buffer).await {}
        })
    }),
    ("messages", "UID FETCH", |folder| {
        Box::pin(async {
            let Ok(entries) = folder.entries().await else { return };
            let ids: Vec<_> = entries.into_iter().map(|entry| entry.id).collect();
            let Ok(mut mail) = Mailbox::messages(folder, &ids, Part::Whole).await else { return };
            while let Ok(Some(message)) = mail.try_next().await {
                drop(message);
            }
        })
    }),
    ("search", "UID SEARCH", |folder| Box::pin(async { drop(folder.search(&Query::unseen()).await) })),
    ("store", "UID STORE", |folder| {
        Box::pin(async { drop(folder.store(uid(), &FlagChange::add([Flag::SEEN])).await) })
    }),
    ("copy", "UID COPY", |folder| Box::pin(async { drop(folder.copy(uid(), "Work").await) })),
    ("move", "UID MOVE", |folder| Box::pin(async { drop(folder.move_to(uid(), "Work").await) })),
    ("expunge", "UID EXPUNGE", |folder| Box::pin(async { drop(folder.expunge(uid()).await) })),
    ("list", "LIST", |folder| Box::pin(async { drop(folder.session().list("*").await) })),
    ("status", "STATUS", |folder| {
        Box::pin(async { drop(folder.session().status("Work", StatusItems::MESSAGES).await) })
    }),
    ("namespace", "NAMESPACE", |folder| Box::pin(async { drop(folder.session().namespace().await) })),
    ("id", "ID", |folder| Box::pin(async { drop(folder.session().id(&[]).await) })),
    ("append", "APPEND", |folder| Box::pin(async { drop(folder.session().append("Work", "text".to_owned()).await) })),
];

fn uid() -> Uid {
    Uid::new(10).unwrap()
}

/// The smallest things that a server can say, repeated: a beginning, a unit, and an end. Lines have no beginning.
const IMAP_FLOODS: &[(&str, &str, &str)] = &[
    ("* 1 FETCH (UID 10 X-NOTE (", "{1}\r\na ", "))\r\n"),
    ("* 1 FETCH (UID 10 ", "X {1}\r\na ", "X 1)\r\n"),
    ("* 1 FETCH (UID 10 ENVELOPE (", "() ", "))\r\n"),
    ("* 1 FETCH (UID 10 ENVELOPE (NIL NIL (", "(NIL NIL NIL NIL)", ") NIL NIL NIL NIL NIL NIL NIL))\r\n"),
    ("* 1 FETCH (UID 10 BODYSTRUCTURE (", "NIL ", "))\r\n"),
    ("* 1 FETCH (UID 10 BODYSTRUCTURE (", "(\"a\" \"b\")", " \"mixed\"))\r\n"),
    ("* 1 FETCH (UID 10 FLAGS (", "a ", "))\r\n"),
    ("* 1 FETCH (UID 10 ", "MODSEQ (1) ", "X 1)\r\n"),
    ("* 1 FETCH (UID 10 RFC822.SIZE 9 BODY[] \"", "x", "\")\r\n"),
    ("", "* 1 FETCH (UID 10 FLAGS ())\r\n", ""),
    ("", "* 2 FETCH (FLAGS ())\r\n", ""),
    ("", "* 1 FETCH (UID 10 RFC822.SIZE 1 BODY[] {1}\r\nx)\r\n", ""),
    ("", "* 1 FETCH ()\r\n", ""),
    ("* SEARCH", " 1", "\r\n"),
    ("* SEARCH", " 1 3 5 7 9 11", "\r\n"),
    ("* ESEARCH UID ALL 1", ",3", "\r\n"),
    ("", "* SEARCH 1\r\n", ""),
    ("", "* SEARCH 1 3\r\n", ""),
    ("", "* 9 EXISTS\r\n", ""),
    ("", "* 1 EXPUNGE\r\n", ""),
    ("* ID (", "a \"\" ", ")\r\n"),
    ("", "* ID NIL\r\n", ""),
    ("", "* LIST () \"/\" a\r\n", ""),
    ("* LIST (", "\\a ", ") \"/\" a\r\n"),
    ("", "* STATUS Work ()\r\n", ""),
    ("* STATUS Work (", "X 1 ", ")\r\n"),
    ("* NAMESPACE (", "(\"\" NIL)", ") NIL NIL\r\n"),
    ("", "* OK x\r\n", ""),
    ("", "* NO x\r\n", ""),
    ("* OK [COPYUID 1 1", ",3", " 1] x\r\n"),
    ("", "* FLAGS (a)\r\n", ""),
    ("* FLAGS (", "a ", ")\r\n"),
    ("* CAPABILITY", " a", "\r\n"),
    ("* VANISHED 1", ",3", "\r\n"),
    ("", "* X\r\n", ""),
    ("", "\r\n", "* 1 EXISTS\r\n"),
];

/// More of them, each of a kind that one above has already.
const RARE_IMAP_FLOODS: &[(&str, &str, &str)] = &[
    ("* 1 FETCH (UID 10 ", "X 1 ", ")\r\n"),
    ("* 1 FETCH (UID 10 ", ") ", "X 1)\r\n"),
    ("* 1 FETCH (UID 10 ", "UID 0 ", ")\r\n"),
    ("* 1 FETCH (UID 10 X-GM-LABELS (", "a ", "))\r\n"),
    ("* 1 FETCH (UID 10 FLAGS (\"q\" ", "a ", "))\r\n"),
    ("* 1 FETCH (UID 10 ANNOTATION (/x (", "a a ", ")))\r\n"),
    ("* 1 FETCH (UID 10 BODY (\"a\" \"b\" (", "a a ", ") NIL NIL \"7bit\" 1))\r\n"),
    ("* ESEARCH ADDTO (", "1 1 ", ")\r\n"),
    ("* ESEARCH UID RELEVANCY (", "1 ", ")\r\n"),
    ("* OK [PERMANENTFLAGS (", "a ", ")] x\r\n"),
    ("* OK [BADCHARSET (", "a ", ")] x\r\n"),
    ("* OK [BADEVENT (", "a ", ")] x\r\n"),
    ("* OK [URLMECH", " a", "] x\r\n"),
    ("* OK [APPENDUID 1 1", ",3", "] x\r\n"),
    ("* OK [MODIFIED 1", ",3", "] x\r\n"),
    ("* OK [X ", "x", "] x\r\n"),
    ("* OK ", "x", "\r\n"),
];

/// Every call of POP3: its name, the command that is flooded, whether its reply has many lines, and what it does.
const POP3_CALLS: &[(&str, &str, bool, Pop3Call)] = &[
    ("list", "LIST", true, |pop3| Box::pin(async { drop(pop3.list().await) })),
    ("uidl", "UIDL", true, |pop3| Box::pin(async { drop(pop3.uidl().await) })),
    ("entries", "UIDL", true, |pop3| Box::pin(async { drop(pop3.entries().await) })),
    ("retr", "RETR", true, |pop3| Box::pin(async { drop(pop3.retr(Number::new(1).unwrap()).await) })),
    ("top", "TOP", true, |pop3| Box::pin(async { drop(pop3.top(Number::new(1).unwrap(), 3).await) })),
    ("read", "RETR", true, |pop3| {
        Box::pin(async {
            let Ok(mut body) = pop3.read(Number::new(1).unwrap()).await else { return };
            let mut buffer = vec![0; 4096];
            while let Ok(1..) = body.read(&mut buffer).await {}
        })
    }),
    ("stat", "STAT", false, |pop3| Box::pin(async { drop(pop3.stat().await) })),
    ("noop", "NOOP", false, |pop3| Box::pin(async { drop(pop3.noop().await) })),
];

/// The smallest lines, and whether they are a multi-line reply.
const POP3_FLOODS: &[(bool, (&str, &str, &str))] = &[
    (true, ("+OK\r\n", "\r\n", ".\r\n")),
    (true, ("+OK\r\n", "x\r\n", ".\r\n")),
    (true, ("+OK\r\n", "..\r\n", ".\r\n")),
    (true, ("+OK\r\n", "1 1\r\n", ".\r\n")),
    (true, ("+OK\r\n", "1 a\r\n", ".\r\n")),
    (false, ("+OK ", "x", "\r\n")),
    (false, ("", "+OK\r\n", "")),
    (false, ("", "-ERR\r\n", "")),
];

fn flood((begin, unit, end): (&str, &str, &str), size: usize) -> Vec<u8> {
    format!("{begin}{}{end}", unit.repeat(size / unit.len())).into_bytes()
}

/// What one IMAP call costs if its command is answered by a flood of this size.
fn imap_cost(verb: &'static str, call: ImapCall, tokens: (&str, &str, &str), size: usize) -> Cost {
    imap_cost_within(limits(), verb, call, flood(tokens, size))
}

fn imap_cost_within(limits: Limits, verb: &'static str, call: ImapCall, flood: Vec<u8>) -> Cost {
    let server = move |stream, sent| -> Pin<Box<dyn Future<Output = ()> + Send>> {
        Box::pin(imap_server(stream, verb, flood, sent))
    };
    counted(server, move |stream| {
        Box::pin(async move {
            let (imap, driver) = Imap::handshake(stream, config(limits), login()).await.unwrap();
            let driver = tokio::spawn(driver);
            let mut folder = imap.into_folder("INBOX").await.unwrap();
            call(&mut folder).await;
            drop(folder);
            drop(driver.await);
        })
    })
}

/// The same for POP3.
fn pop3_cost(verb: &'static str, call: Pop3Call, tokens: (&str, &str, &str), size: usize) -> Cost {
    pop3_cost_of(call, vec![(verb, flood(tokens, size))])
}

fn pop3_cost_of(call: Pop3Call, floods: Floods) -> Cost {
    let server =
        move |stream, sent| -> Pin<Box<dyn Future<Output = ()> + Send>> { Box::pin(pop3_server(stream, floods, sent)) };
    counted(server, move |stream| {
        Box::pin(async move {
            let (mut pop3, driver) = Pop3::handshake(stream, config(limits()), login()).await.unwrap();
            let driver = tokio::spawn(driver);
            call(&mut pop3).await;
            drop(pop3);
            drop(driver.await);
        })
    })
}

/// What is wrong with a call's peak.
fn peak(what: &str, tokens: (&str, &str, &str), cost: &Cost) -> Option<String> {
    peak_within(limit_of(tokens), &format!("{what}, {tokens:?}"), cost)
}

fn peak_within(limit: u64, what: &str, cost: &Cost) -> Option<String> {
    let (most, received) = (cost.allocated.bytes_max, cost.received);
    let bound = MIB + (PEAK * received).min(OF_LIMIT * limit);
    (most > bound).then(|| format!("{what}: {most} bytes at most at once, over {bound}, of {received} received"))
}

/// What grows faster than what was sent.
fn growth(what: &str, small: &Cost, large: &Cost) -> Vec<String> {
    let base =
        |cost: &Cost| [cost.allocated.count_total.max(2000) as f64, cost.allocated.bytes_total.max(2 * MIB) as f64];
    let pairs = ["allocations", "bytes"].into_iter().zip(base(small).into_iter().zip(base(large)));
    let slope = |before: f64, after: f64| (after / before).ln() / (TIMES as f64).ln();
    pairs
        .filter(|(_, (before, after))| slope(*before, *after) > SLOPE)
        .map(|(name, (before, after))| {
            let power = slope(before, after);
            format!("{what}: {name} grow by the power {power:.2}, from {before} to {after}")
        })
        .collect()
}

/// Measures one call and one flood at two sizes.
fn look(what: &str, tokens: (&str, &str, &str), of: impl Fn(usize) -> Cost, failures: &mut Vec<String>) {
    look_within(limit_of(tokens), &format!("{what}, {tokens:?}"), of, failures);
}

fn look_within(limit: u64, what: &str, of: impl Fn(usize) -> Cost, failures: &mut Vec<String>) {
    let (small, large) = (of(LEAST), of(LEAST * TIMES));
    failures.extend(peak_within(limit, what, &large));
    failures.extend(growth(what, &small, &large));
}

fn tell(failures: &[String]) {
    assert!(failures.is_empty(), "{} failures:\n{}", failures.len(), failures.join("\n"));
}

#[test]
fn what_an_imap_server_makes_the_client_allocate_is_in_proportion() {
    let mut failures = Vec::new();
    for (name, verb, call) in IMAP_CALLS {
        let rare = RARE_IMAP_FLOODS.iter().filter(|tokens| is_answer(name, **tokens));
        for tokens in IMAP_FLOODS.iter().chain(rare) {
            look(name, *tokens, |size| imap_cost(verb, *call, *tokens, size), &mut failures);
        }
    }
    tell(&failures);
}

#[test]
fn what_a_pop3_server_makes_the_client_allocate_is_in_proportion() {
    let mut failures = Vec::new();
    for (name, verb, many, call) in POP3_CALLS {
        for (_, tokens) in POP3_FLOODS.iter().filter(|(lines, _)| lines == many) {
            look(name, *tokens, |size| pop3_cost(verb, *call, *tokens, size), &mut failures);
        }
    }
    tell(&failures);
}

/// The floods that contain what a call asks for. NOOP asks for nothing and gets them all.
fn is_answer(name: &str, (begin, unit, _): (&str, &str, &str)) -> bool {
    let kinds: &[&str] = match name {
        "noop" => return true,
        "fetch" => &["* 1 FETCH"],
        "search" => &["* SEARCH", "* ESEARCH"],
        "list" => &["* LIST"],
        "status" => &["* STATUS"],
        "namespace" => &["* NAMESPACE"],
        "move" => &["* OK [COPYUID"],
        "id" => &["* ID"],
        _ => &[],
    };
    kinds.iter().any(|kind| if begin.is_empty() { unit } else { begin }.starts_with(kind))
}

#[test]
fn up_to_every_limit_of_imap_the_peak_is_twice_the_limit() {
    let mut failures = Vec::new();
    for (name, verb, call) in IMAP_CALLS {
        let floods = IMAP_FLOODS.iter().chain(RARE_IMAP_FLOODS);
        for tokens in floods.filter(|tokens| is_answer(name, **tokens)) {
            let size = limit_of(*tokens) as usize - 64;
            failures.extend(peak(name, *tokens, &imap_cost(verb, *call, *tokens, size)));
        }
    }
    tell(&failures);
}

#[test]
fn up_to_every_limit_of_pop3_the_peak_is_twice_the_limit() {
    let mut failures = Vec::new();
    for (name, verb, many, call) in POP3_CALLS {
        for (_, tokens) in POP3_FLOODS.iter().filter(|(lines, _)| lines == many) {
            let size = limit_of(*tokens) as usize - 64;
            failures.extend(peak(name, *tokens, &pop3_cost(verb, *call, *tokens, size)));
        }
    }
    tell(&failures);
}
