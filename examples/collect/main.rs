//! Brings the mail of one mailbox home, by POP3 or IMAP alike, and deletes it there or leaves it, as told; never loses a message and
//! never brings it twice: `cargo run --example collect --features sqlite -- pops://me@host DIR [--delete]`.
//!
//! DIR becomes a Maildir (or holds an mbox), and the ledger of what was collected lies in it. The program may be stopped at any
//! time, by Ctrl-C, by a lost connection or by a power failure: the next run goes on from there.
//!
//! Exit status, for scripts (numbers above 63 as in sysexits.h):
//!
//! | status | meaning |
//! |---|---|
//! | 0 | all is well |
//! | 1 | some messages failed, and were told on standard error; all others are home |
//! | 2 | the command line is wrong, or there is no password |
//! | 69 | the server refuses or cannot do it, and does not say that this will pass |
//! | 74 | the disk or the ledger fails: full, not writable, damaged |
//! | 75 | run it again later: the network, IN-USE, LOGIN-DELAY, another run on the same ledger, deletions that are not certain |
//! | 76 | the server breaks the protocol, or its certificate is not accepted |
//! | 77 | the login is refused |
//! | 130, 143 | stopped by SIGINT (Ctrl-C), by SIGTERM |

#[path = "../common/mod.rs"]
mod common;
mod options;
mod progress;
mod status;
mod store;

use std::process::ExitCode;

use common::{Account, Outcome, sentence};
use options::{Ask, Options};
use postroom::Mailbox;
use postroom::collect::{Collector, Delivery, Event, Ledger, Summary};
use progress::Progress;
use status::Status;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let status = match Options::parse(std::env::args().skip(1)) {
        Ok(Ask::Usage) => {
            println!("{}\n\n{}", options::USAGE, common::COMMON);
            Status::WELL
        }
        Ok(Ask::Collect(options)) => run(&options).await.unwrap_or_else(|error| {
            eprintln!("collect: {}", sentence(error.as_ref()));
            status::hint(error.as_ref());
            Status::of(error.as_ref())
        }),
        Err(wrong) => {
            eprintln!("collect: {wrong}; without arguments it says how it is used");
            Status::USAGE
        }
    };
    status.into()
}

async fn run(options: &Options) -> Outcome<Status> {
    // The prompt comes before the signals are taken over: there Ctrl-C ends the program at once.
    let account = Account::read(&options.url, &options.roots, &options.mechanisms, options.plaintext)?;
    let name = options.account.clone().unwrap_or_else(|| store::account_name(&account.config));
    let work = async {
        let (ledger, delivery) = store::open(options).await?;
        let mailbox = account.open().await?;
        work(options, Collector::new(name, ledger, delivery).policy(options.policy.clone()), mailbox).await
    };
    tokio::select! {
        outcome = work => outcome,
        // Dropping the run is as good as a power failure: nothing is lost, and what is not safe at home stays on the server.
        signal = status::signal() => {
            eprintln!("collect: stopped; the next run goes on from here");
            Ok(signal?)
        }
    }
}

async fn work<L: Ledger, D: Delivery>(
    options: &Options,
    mut collector: Collector<L, D>,
    mut mailbox: Box<dyn Mailbox>,
) -> Outcome<Status> {
    if options.dry {
        println!("{}", collector.plan(mailbox.as_mut()).await?);
        return Ok(Status::WELL);
    }
    let mut run = collector.run(mailbox.as_mut());
    let mut progress = Progress::new(options.quiet);
    while let Some(event) = run.next().await {
        if let Event::Failed { id, error } = &event {
            let what = id.as_ref().map_or_else(|| "deleting".to_owned(), ToString::to_string);
            progress.aside(|| eprintln!("collect: {what}: {}", sentence(error)));
        }
        progress.tell(&event);
    }
    progress.finish();
    let summary = run.summary();
    let end = run.finish().await;
    if !options.quiet {
        println!("{summary}");
    }
    end?;
    // Where nothing was to be deleted, a POP3 session is still open. However that ends, nothing is at stake.
    drop(mailbox.commit().await);
    Ok(status(&summary))
}

fn status(summary: &Summary) -> Status {
    match (summary.failed, summary.deletions_unknown) {
        (0, 0) => Status::WELL,
        (0, _) => Status::LATER,
        _ => Status::SOME_FAILED,
    }
}
