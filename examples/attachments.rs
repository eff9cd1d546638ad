//! Saves the attachments of one or more accounts, by IMAP or POP3, into a folder:
//! `cargo run --example attachments -- imaps://me@host/INBOX pops://me@other DIRECTORY --type image/`. What was saved before is not
//! downloaded again, and what was cut off goes on from there.

#[macro_use]
mod common;

use std::path::Path;
use std::process::ExitCode;

use common::{Accepts, Arguments, Outcome};
use indicatif::ProgressBar;
use postroom::{Mailbox, MessageId, MimePart};
use tokio::fs::{File, create_dir_all, metadata, rename};
use tokio::io::copy_buf;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    common::finish(run().await)
}

async fn run() -> Outcome {
    let usage = "attachments URL [URL...] DIRECTORY [--type BEGINNING] [--name PART] [OPTION...]";
    let accepts = Accepts { usage, values: &["--type", "--name"], rest: 1, several: true, ..Accepts::default() };
    let Some(arguments) = Arguments::read(&accepts)? else { return Ok(()) };
    let directory = Path::new(arguments.rest.first().map_or(".", String::as_str));
    let (media_type, name) = (arguments.value("--type").to_lowercase(), arguments.value("--name").to_lowercase());
    let wanted = |part: &MimePart| {
        part.media_type().starts_with(&media_type) && part.safe_file_name().to_lowercase().contains(&name)
    };
    for account in &arguments.accounts {
        let mut mailbox = account.open().await?;
        for entry in mailbox.entries().await? {
            let contents = mailbox.contents(&entry.id).await?;
            for part in contents.attachments().filter(|part| wanted(part)) {
                save(&mut *mailbox, &entry.id, part, directory).await?;
            }
        }
    }
    Ok(())
}

/// Saves a part in a folder named after its message.
async fn save(mailbox: &mut dyn Mailbox, id: &MessageId, part: &MimePart, directory: &Path) -> Outcome {
    let folder = directory.join(id.to_string().replace([':', '/', '%', '\\'], "-"));
    // Several parts may have one name.
    let file = folder.join(format!("{:?} {}", part.path(), part.safe_file_name()));
    if metadata(&file).await.is_ok() {
        return Ok(());
    }
    create_dir_all(&folder).await?;
    let unfinished = folder.join(format!("{:?}.part", part.path()));
    let mut options = File::options();
    let mut out = options.create(true).append(true).open(&unfinished).await?;
    let begun = out.metadata().await?.len();
    let bar = ProgressBar::new(part.size().map_or(0, |size| size.octets())).with_position(begun);
    let mut body = mailbox.read_part_from(id, part, begun).await?;
    copy_buf(&mut bar.wrap_async_read(&mut body), &mut out).await?;
    out.sync_all().await?;
    rename(&unfinished, &file).await?;
    bar.finish_and_clear();
    for defect in body.defects() {
        eprintln!("{}: {defect:?}", file.display());
    }
    say!("{}", file.display());
    Ok(())
}
