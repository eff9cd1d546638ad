//! The replay server's process: `replay envelope|flags|bodies|pop3 --count N`, `replay body --size N` (one message), `replay large --count N`
//! (messages of 1 to 2 MB), `replay encoded --lines N` (one part in base64), `replay tls --count N` (envelopes over TLS; with `--arrival 1`, all idling clients learn of a message when one sends NOOP), `replay compress --count N` (envelopes, COMPRESS offered), `replay first --count N` (flags, every extension offered), `replay page --count N --offers partial|sort|none` (flags, for pages) or
//! `replay resume --count N --changed M` (a mailbox of N messages in which M have changed). It prints `ready PORT` and what a client must find (`messages`, `bytes`, `checksum`, `certificate`), then serves until it is killed.
//! `replay checksum` only prints the cost of the checksum itself.

use std::io::Write;
use std::net::TcpListener;
use std::process::ExitCode;
use std::time::Instant;

use postroom_benches::answers::{Answers, Kind};
use postroom_benches::body::{Body, octets};
use postroom_benches::checksum::{Run, Sum};
use postroom_benches::cli::{self, Args, Result, allow_descriptors};
use postroom_benches::message::message;
use postroom_benches::replay::{Arrival, Identity, Imap, Maildrop, Store, serve};

fn main() -> ExitCode {
    cli::child(run)
}

/// What a client reads at once of a line, or of an appended message.
const READ: usize = 256 * 1024;
/// The same if a thousand clients are served.
const LITTLE: usize = 4 * 1024;

fn run(args: &Args) -> Result<()> {
    let listener = TcpListener::bind(("127.0.0.1", args.or("port", 0)?))?;
    match args.job.as_str() {
        "envelope" => answers(&listener, args, Kind::Envelope, ""),
        "compress" => compress(&listener, args),
        "flags" => answers(&listener, args, Kind::Flags, ""),
        "bodies" => answers(&listener, args, Kind::Body, ""),
        "first" => answers(&listener, args, Kind::Flags, " IMAP4rev2 CONDSTORE QRESYNC"),
        "page" => answers(&listener, args, Kind::Flags, pages(args)?),
        "resume" => resume(&listener, args),
        "body" => bodies(&listener, vec![Body::new(args.need("size")?)]),
        "encoded" => encoded(&listener, args.need("lines")?),
        "large" => bodies(&listener, Body::many(args.need("count")?)),
        "pop3" => pop3(&listener, args.need("count")?),
        "tls" => tls(&listener, args),
        "checksum" => {
            checksum_cost(&Answers::generate(Kind::Envelope, args.or("count", 100_000)?));
            Ok(())
        }
        other => Err(format!("no job {other}").into()),
    }
}

/// What a server for pages offers.
fn pages(args: &Args) -> Result<&'static str> {
    Ok(match args.need::<String>("offers")?.as_str() {
        "partial" => " ESEARCH PARTIAL",
        "sort" => " ESEARCH SORT ESORT CONTEXT=SORT",
        _ => "",
    })
}

fn answers(listener: &TcpListener, args: &Args, kind: Kind, further: &'static str) -> Result<()> {
    let imap = prepared(args, kind, further)?;
    ready(listener)?;
    Ok(serve(listener, move |stream| imap.session(stream, READ))?)
}

fn compress(listener: &TcpListener, args: &Args) -> Result<()> {
    let imap = prepared(args, Kind::Envelope, "")?.compressed()?;
    ready(listener)?;
    Ok(serve(listener, move |stream| imap.session(stream, READ))?)
}

/// Prints how many messages have changed, and the bytes of the answer that reports them.
fn resume(listener: &TcpListener, args: &Args) -> Result<()> {
    let answers = Answers::generate(Kind::Flags, args.need("count")?);
    let (store, changed) = (Store::Answers(answers), args.need("changed")?);
    let imap = Imap { store, appended: None, further: " CONDSTORE QRESYNC", changed, arrival: None, deflated: None };
    say(changed, imap.resumed("A1").len() as u64, 0);
    ready(listener)?;
    Ok(serve(listener, move |stream| imap.session(stream, READ))?)
}

fn tls(listener: &TcpListener, args: &Args) -> Result<()> {
    allow_descriptors()?;
    let arrival = (args.or("arrival", 0)? == 1).then(Arrival::default);
    let imap = Imap { arrival, ..prepared(args, Kind::Envelope, "")? };
    let identity = Identity::make()?;
    println!("certificate {}", identity.certificate());
    ready(listener)?;
    Ok(serve(listener, move |stream| imap.session(identity.over(stream)?, LITTLE))?)
}

fn prepared(args: &Args, kind: Kind, further: &'static str) -> Result<Imap> {
    let answers = Answers::generate(kind, args.need("count")?);
    say(answers.ends.len() as u64, answers.bytes.len() as u64, answers.sum.value());
    Ok(Imap { store: Store::Answers(answers), appended: None, further, changed: 0, arrival: None, deflated: None })
}

fn bodies(listener: &TcpListener, bodies: Vec<Body>) -> Result<()> {
    let mut run = Run::default();
    bodies.iter().for_each(|body| body.add_to(&mut run));
    say(bodies.len() as u64, run.len(), run.value());
    let imap = Imap {
        appended: Some((run.len(), run.value())),
        store: Store::Bodies(bodies),
        further: "",
        changed: 0,
        arrival: None,
        deflated: None,
    };
    ready(listener)?;
    Ok(serve(listener, move |stream| imap.session(stream, READ))?)
}

/// The bytes are those of the decoded part.
fn encoded(listener: &TcpListener, lines: u64) -> Result<()> {
    let (octets, mut run) = (octets(), Run::default());
    while run.len() < lines * 57 {
        let left = (lines * 57 - run.len()).min(octets.len() as u64) as usize;
        run.update(&octets[..left]);
    }
    say(1, run.len(), run.value());
    let store = Store::Bodies(vec![Body::encoded(lines)]);
    let imap = Imap { appended: None, store, further: "", changed: 0, arrival: None, deflated: None };
    ready(listener)?;
    Ok(serve(listener, move |stream| imap.session(stream, READ))?)
}

fn pop3(listener: &TcpListener, count: u64) -> Result<()> {
    let (mut maildrop, mut run) = (Maildrop::default(), Run::default());
    for index in 1..=count {
        let message = message(index);
        run.update(&message);
        maildrop.push(&message);
    }
    say(count, run.len(), run.value());
    ready(listener)?;
    Ok(serve(listener, move |stream| maildrop.session(stream))?)
}

/// Prints the cost of the checksum alone: over the same bytes, cut at the quotes as the values are.
fn checksum_cost(answers: &Answers) {
    let mut cuts = vec![0];
    cuts.extend(memchr::memchr_iter(b'"', &answers.bytes));
    let began = Instant::now();
    let mut sum = Sum::default();
    cuts.windows(2).for_each(|cut| sum.text(&answers.bytes[cut[0]..cut[1]]));
    let spent = began.elapsed();
    let pieces = cuts.len() - 1;
    println!(
        "messages {}\npieces {pieces}\nseconds {}\nchecksum {:016x}",
        answers.ends.len(),
        spent.as_secs_f64(),
        sum.value()
    );
}

fn say(messages: u64, bytes: u64, checksum: u64) {
    println!("messages {messages}\nbytes {bytes}\nchecksum {checksum:016x}");
}

fn ready(listener: &TcpListener) -> Result<()> {
    println!("ready {}", listener.local_addr()?.port());
    Ok(std::io::stdout().flush()?)
}
