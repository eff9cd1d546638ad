//! Lists the newest threads of a mailbox, each as a tree of its messages: `cargo run --example threads -- imaps://me@host/INBOX`. With
//! `--unread`, those that have unread messages; with `--by-subject`, whatever has the same subject is one thread.

#[macro_use]
mod common;

use std::process::ExitCode;

use common::{Accepts, Arguments, Outcome, Usage, fit};
use postroom::imap::{Conversation, Query, ThreadAlgorithm, ThreadMessage};
use postroom::{Flag, Protocol};
use time::OffsetDateTime;

/// How many are listed.
const SHOWN: usize = 20;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    common::finish(run().await)
}

async fn run() -> Outcome {
    let usage = "threads URL [--unread] [--by-subject] [OPTION...]";
    let accepts = Accepts { usage, options: &["--unread", "--by-subject"], ..Accepts::default() };
    let Some(arguments) = Arguments::read(&accepts)? else { return Ok(()) };
    let account = arguments.account()?;
    if account.config.protocol() == Some(Protocol::Pop3) {
        return Err(Usage("threads need IMAP: POP3 has none".to_owned()).into());
    }
    let has = |option: &str| arguments.options.iter().any(|given| given == option);
    let algorithm = if has("--by-subject") { ThreadAlgorithm::OrderedSubject } else { ThreadAlgorithm::References };
    let mut imap = account.imap().await?;
    let inbox = imap.examine(account.config.mailbox().unwrap_or("INBOX")).await?;
    let query = !Query::deleted();
    let mut threads = inbox.threads(&query).algorithm(algorithm).newest(SHOWN);
    let (mut shown, mut most) = (0, SHOWN);
    loop {
        let found = threads.await?;
        let Some(last) = found.last().and_then(Conversation::newest) else { break };
        for thread in found.iter().filter(|thread| thread.unread > 0 || !has("--unread")).take(SHOWN - shown) {
            show(thread)?;
            shown += 1;
        }
        if shown == SHOWN || found.len() < most {
            break;
        }
        // Few threads may be unread.
        most *= 4;
        threads = inbox.threads(&query).algorithm(algorithm).newest(most).older_than(last);
    }
    Ok(())
}

fn show(thread: &Conversation) -> Outcome {
    let people: Vec<_> = thread.participants.iter().map(|one| one.name().unwrap_or_else(|| one.email())).collect();
    say!(
        "{} {} {} {} {}",
        mark(thread.unread > 0),
        fit(&thread.subject, 44),
        fit(&format!("{} of {} unread", thread.unread, thread.messages.len()), 18),
        day(thread.date),
        fit(&people.join(", "), 36).trim_end()
    );
    for ThreadMessage { depth, message, .. } in &thread.messages {
        let unread = message.flags().is_some_and(|flags| !flags.contains(&Flag::SEEN));
        let from = message.from().map(|from| from.label()).unwrap_or_default();
        let date = message.envelope().and_then(|envelope| envelope.date()).or_else(|| message.internal_date());
        // Deep threads would leave no place for the names.
        let indent = " ".repeat(2 * (*depth).min(20));
        say!("{}   {indent}{} {}", mark(unread), fit(&from, 30), day(date));
    }
    Ok(())
}

fn mark(unread: bool) -> &'static str {
    if unread { "●" } else { " " }
}

fn day(date: Option<OffsetDateTime>) -> String {
    date.map(|date| date.date().to_string()).unwrap_or_default()
}
