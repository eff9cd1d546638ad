//! Collects all mail into files, and deletes it from the server only when asked to, and only what is safely on disk:
//! `cargo run --example pop3_drain -- pops://me@host DIRECTORY [--delete]`. It works by IMAP just as well.

#[macro_use]
mod common;

use std::fs::File;
use std::io::Write as _;
use std::path::Path;
use std::process::ExitCode;

use common::{Accepts, Arguments, Outcome, size};
use postroom::{Message, Part};

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    common::finish(run().await)
}

async fn run() -> Outcome {
    let usage = "pop3_drain URL DIRECTORY [--delete] [OPTION...]";
    let accepts = Accepts { usage, options: &["--delete"], rest: 1, ..Accepts::default() };
    let Some(arguments) = Arguments::read(&accepts)? else { return Ok(()) };
    let account = arguments.account()?;
    let delete = arguments.options.iter().any(|option| option == "--delete");
    let directory = arguments.rest.first().ok_or("there is no directory")?;
    std::fs::create_dir_all(directory)?;
    let directory = Path::new(directory);

    let mut mailbox = account.open().await?;
    let ids: Vec<_> = mailbox.entries().await?.into_iter().map(|entry| entry.id).collect();
    let (mut stored, mut octets) = (Vec::new(), 0);
    let mut mail = mailbox.messages(&ids, Part::Whole).await?;
    while let Some(message) = mail.try_next().await? {
        if let Some(defect) = message.defects().first() {
            eprintln!("{} is left on the server: {defect}", message.id());
            continue;
        }
        store(directory, &message)?;
        octets += message.bytes().len() as u64;
        stored.push(message.id().clone());
    }
    drop(mail);
    // The files and the directory's entries must survive a power failure before anything is deleted.
    File::open(directory)?.sync_all()?;
    if delete {
        mailbox.mark_deleted(&stored).await?;
        let committed = mailbox.commit().await?;
        say!("deleted from the server: {}; unknown: {}", committed.deleted.len(), committed.unknown.len());
    }
    say!("{} messages, {}, in {}", stored.len(), size(octets), directory.display());
    Ok(())
}

/// Writes a message to a file of its own, completely or not at all.
fn store(directory: &Path, message: &Message) -> Outcome {
    let name: String =
        message.id().to_string().chars().map(|char| if char.is_ascii_alphanumeric() { char } else { '-' }).collect();
    let unfinished = directory.join(format!("{name}.part"));
    let mut file = File::create(&unfinished)?;
    file.write_all(message.bytes())?;
    file.sync_all()?;
    Ok(std::fs::rename(unfinished, directory.join(format!("{name}.eml")))?)
}
