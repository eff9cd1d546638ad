//! The replay server's process: `replay envelope --count N`, `replay body --size N` or `replay pop3 --count N`. It prints `ready PORT` and
//! what a client must find (`messages`, `bytes`, `checksum`), then serves until it is killed. `replay checksum` only says what the
//! checksum itself costs.

use std::io::Write;
use std::net::TcpListener;
use std::process::ExitCode;
use std::time::Instant;

use postroom_benches::answers::Answers;
use postroom_benches::body::Body;
use postroom_benches::checksum::{Run, Sum};
use postroom_benches::cli::{self, Args, Result};
use postroom_benches::message::message;
use postroom_benches::replay::{Imap, Maildrop, Store, serve};

fn main() -> ExitCode {
    cli::child(run)
}

fn run(args: &Args) -> Result<()> {
    let listener = TcpListener::bind(("127.0.0.1", args.or("port", 0)?))?;
    let port = listener.local_addr()?.port();
    match args.job.as_str() {
        "envelope" => {
            let answers = Answers::generate(args.or("count", 100_000)?);
            ready(
                port,
                answers.ends.len() as u64,
                answers.bytes.len() as u64,
                answers.sum.value(),
            )?;
            serve(
                &listener,
                Imap {
                    store: Store::Answers(answers),
                    appended: None,
                },
                Imap::session,
            )?;
        }
        "body" => {
            let body = Body::new(args.need("size")?);
            let sum = body.sum();
            ready(port, 1, body.len(), sum)?;
            let appended = Some((body.len(), sum));
            serve(
                &listener,
                Imap {
                    store: Store::Body(body),
                    appended,
                },
                Imap::session,
            )?;
        }
        "pop3" => {
            let count: u64 = args.or("count", 20_000)?;
            let (mut maildrop, mut run) = (Maildrop::default(), Run::default());
            for index in 1..=count {
                let message = message(index);
                run.update(&message);
                maildrop.push(&message);
            }
            ready(port, count, run.len(), run.value())?;
            serve(&listener, maildrop, Maildrop::session)?;
        }
        "checksum" => checksum_cost(&Answers::generate(args.or("count", 100_000)?)),
        other => return Err(format!("no job {other}").into()),
    }
    Ok(())
}

/// Says what the checksum alone costs: over the same bytes, cut at the quotes as the values are.
fn checksum_cost(answers: &Answers) {
    let mut cuts = vec![0];
    cuts.extend(memchr::memchr_iter(b'"', &answers.bytes));
    let began = Instant::now();
    let mut sum = Sum::default();
    cuts.windows(2)
        .for_each(|cut| sum.text(&answers.bytes[cut[0]..cut[1]]));
    let spent = began.elapsed();
    let pieces = cuts.len() - 1;
    println!(
        "messages {}\npieces {pieces}\nseconds {}\nchecksum {:016x}",
        answers.ends.len(),
        spent.as_secs_f64(),
        sum.value()
    );
}

fn ready(port: u16, messages: u64, bytes: u64, checksum: u64) -> Result<()> {
    println!("messages {messages}\nbytes {bytes}\nchecksum {checksum:016x}\nready {port}");
    Ok(std::io::stdout().flush()?)
}
