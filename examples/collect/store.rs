//! Opens the delivery and the ledger that the options select. It must not know a server.

use std::path::Path;

use postroom::collect::{Delivery, FileLedger, Ledger, Maildir, Mbox};
use postroom::{Config, Error};

use crate::common::Outcome;
use crate::options::{LedgerKind, Options};

/// Opens both, and creates what is missing.
pub(crate) async fn open(options: &Options) -> Outcome<(Box<dyn Ledger>, Box<dyn Delivery>)> {
    let ledger = ledger(options).await?;
    let delivery: Box<dyn Delivery> = match options.mbox {
        true => Box::new(Mbox::open(options.directory.join("mbox")).await?),
        false => Box::new(Maildir::open(&options.directory).await?),
    };
    Ok((ledger, delivery))
}

/// Opens the ledger, and creates what is missing.
pub(crate) async fn ledger(options: &Options) -> Outcome<Box<dyn Ledger>> {
    let directory = &options.directory;
    std::fs::create_dir_all(directory)
        .map_err(|error| Error::storage(format!("the directory {} cannot be made", directory.display()), error))?;
    ledger_in(directory, options.ledger).await
}

async fn ledger_in(directory: &Path, kind: LedgerKind) -> Outcome<Box<dyn Ledger>> {
    let [file, sqlite] = [directory.join("ledger"), directory.join("ledger.sqlite")];
    let other = match kind {
        LedgerKind::File => &sqlite,
        LedgerKind::Sqlite => &file,
    };
    // With a new ledger beside the old one, all messages would be collected again.
    if other.exists() {
        return Err(
            format!("{} remembers what was collected: it has to be used again (--ledger)", other.display()).into()
        );
    }
    Ok(match kind {
        LedgerKind::File => Box::new(FileLedger::open(file).await?),
        #[cfg(feature = "sqlite")]
        LedgerKind::Sqlite => Box::new(postroom::collect::SqliteLedger::open(sqlite).await?),
        #[cfg(not(feature = "sqlite"))]
        LedgerKind::Sqlite => return Err("this program was built without SQLite".into()),
    })
}

/// The name of a mailbox in the ledger, if the options give none.
pub(crate) fn account_name(config: &Config) -> String {
    let user = config.user().unwrap_or_default();
    let account = if user.contains('@') { user.to_owned() } else { format!("{user}@{}", config.host()) };
    folder_name(&account, config.mailbox().unwrap_or("INBOX"))
}

/// The name of one of the mailboxes of an account.
pub(crate) fn folder_name(account: &str, mailbox: &str) -> String {
    match mailbox.eq_ignore_ascii_case("INBOX") {
        true => account.to_owned(),
        false => format!("{account}/{mailbox}"),
    }
}
