//! Collects the mail of one mailbox by POP3 or IMAP, or of all mailboxes of an account, and deletes it on the server or leaves it there. It never loses a message and
//! never stores one twice: `cargo run --example collect --features sqlite -- pops://me@host DIR [--delete]`.
//!
//! DIR becomes a Maildir (or contains an mbox), and the ledger of the collected messages is in it. The program may be stopped at any
//! time, by Ctrl-C, by a lost connection or by a power failure: the next run continues from there.
//!
//! Exit status, for scripts (numbers above 63 as in sysexits.h):
//!
//! | status | meaning |
//! |---|---|
//! | 0 | success |
//! | 1 | some messages failed, or came twice with different bytes; standard error names them, and they stay on the server |
//! | 2 | the command line is wrong, or there is no password |
//! | 69 | the server refuses or cannot do it, and does not report it as temporary |
//! | 74 | the disk or the ledger fails: full, not writable, damaged |
//! | 75 | run it again later: the network, IN-USE, LOGIN-DELAY, another run on the same ledger, deletions that are not certain |
//! | 76 | the server breaks the protocol, or its certificate is not accepted |
//! | 77 | the login is refused |
//! | 130, 143 | stopped by SIGINT (Ctrl-C), by SIGTERM |

#[macro_use]
#[path = "../common/mod.rs"]
mod common;
mod options;
mod progress;
mod status;
mod store;

use std::process::ExitCode;

use common::{Account, Outcome, OutputClosed, Usage, sentence};
use options::{Ask, Options};
use postroom::collect::{Collector, Delivery, Event, Ledger, Maildir, SharedLedger, Summary};
use postroom::imap::{FolderNode, Role};
use postroom::{Kind, Mailbox, Protocol};
use progress::Progress;
use status::Status;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let status = match Options::parse(std::env::args().skip(1)) {
        Ok(Ask::Usage) => {
            // A closed output is not an error.
            drop(common::print(format_args!("{}\n\n{}", options::USAGE, common::COMMON)));
            Status::WELL
        }
        Ok(Ask::Collect(options)) => run(&options).await.unwrap_or_else(|error| {
            if error.is::<OutputClosed>() {
                return Status::WELL;
            }
            eprintln!("collect: {}", sentence(error.as_ref()));
            if error.is::<Usage>() {
                return Status::USAGE;
            }
            status::hint(error.as_ref());
            Status::of(error.as_ref())
        }),
        Err(wrong) => {
            eprintln!("collect: {wrong}; see --help");
            Status::USAGE
        }
    };
    status.into()
}

async fn run(options: &Options) -> Outcome<Status> {
    // The prompt comes before the signal handlers, so that Ctrl-C ends the program there.
    let account = Account::read(&options.url, None, &options.trust)?;
    let name = options.account.clone().unwrap_or_else(|| store::account_name(&account.config));
    let work = async {
        if options.folders {
            return folders(options, &account, &name).await;
        }
        let (ledger, delivery) = store::open(options).await?;
        let mut mailbox = account.open().await?;
        work(options, Collector::new(&*name, ledger, delivery).policy(options.policy.clone()), &mut *mailbox).await
    };
    tokio::select! {
        outcome = work => outcome,
        // Dropping the run is as safe as a power failure: a message that is not stored stays on the server.
        signal = status::signal() => {
            eprintln!("collect: stopped; the next run continues from here");
            Ok(signal?)
        }
    }
}

/// All mailboxes of the account, one after the other, each into a folder of the Maildir. Views of all, flagged or important mail show
/// messages of others, and are left out.
async fn folders(options: &Options, account: &Account, name: &str) -> Outcome<Status> {
    if account.config.protocol() == Some(Protocol::Pop3) || account.config.mailbox().is_some() {
        return Err(Usage("--folders needs an IMAP URL without a mailbox".to_owned()).into());
    }
    let ledger = SharedLedger::new(store::ledger(options).await?);
    let maildir = Maildir::open(&options.directory).await?;
    let mut imap = account.imap().await?;
    let tree = imap.folders().without_counts().await?;
    let is_view =
        |node: &FolderNode<'_>| [Role::All, Role::Flagged, Role::Important].iter().any(|role| node.has_role(*role));
    let mut status = Status::WELL;
    for node in tree.iter().filter(|node| node.exists() && node.is_selectable() && !is_view(node)) {
        let mailbox = node.name().as_str();
        let path = if node.name().is_inbox() { Vec::new() } else { node.path() };
        let delivery = maildir.folder(path).await?;
        let mut folder = match imap.select(node.name()).await {
            Err(error) if error.kind() == Kind::Rejected => {
                eprintln!("collect: {mailbox}: {}", sentence(&error));
                status = status.and(Status::SOME_FAILED);
                continue;
            }
            folder => folder?,
        };
        if !options.quiet {
            say!("{mailbox}:");
        }
        let collector = Collector::new(store::folder_name(name, mailbox), ledger.clone(), delivery);
        status = status.and(work(options, collector.policy(options.policy.clone()), &mut folder).await?);
    }
    Ok(status)
}

async fn work<L: Ledger, D: Delivery>(
    options: &Options,
    mut collector: Collector<L, D>,
    mailbox: &mut dyn Mailbox,
) -> Outcome<Status> {
    if options.dry {
        say!("{}", collector.plan(mailbox).await?);
        return Ok(Status::WELL);
    }
    let mut run = collector.run(mailbox);
    let mut progress = Progress::new(options.quiet);
    while let Some(event) = run.next().await {
        if let Some(line) = told(&event) {
            progress.aside(|| eprintln!("collect: {line}"));
        }
        progress.tell(&event);
    }
    progress.finish();
    let summary = run.summary();
    let end = run.finish().await;
    if !options.quiet {
        // The status counts, even if nobody reads this.
        drop(common::print(format_args!("{summary}")));
    }
    end?;
    // If nothing had to be deleted, a POP3 session is still open. The result does not matter.
    drop(mailbox.commit().await);
    Ok(status(&summary))
}

/// The line for an event that is printed even with `--quiet`.
fn told(event: &Event) -> Option<String> {
    Some(match event {
        Event::Failed { id: Some(id), error } => format!("{id}: {}", sentence(error)),
        Event::Failed { id: None, error } => format!("deleting: {}", sentence(error)),
        Event::Gone { id } => format!("{id}: it is gone from the server, and was not collected"),
        Event::Differs { id, .. } => {
            format!("{id}: it came twice with different bytes; the second is stored, and it stays on the server")
        }
        Event::SizesAreEstimates => "the server's sizes are only estimates".to_owned(),
        _ => return None,
    })
}

fn status(summary: &Summary) -> Status {
    match (summary.failed + summary.differing, summary.deletions_unknown) {
        (0, 0) => Status::WELL,
        (0, _) => Status::LATER,
        _ => Status::SOME_FAILED,
    }
}
