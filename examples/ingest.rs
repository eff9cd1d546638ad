//! Collects the mail of many accounts, again and again, until Ctrl-C: `cargo run --example ingest -- accounts.txt mail`. Each line of the
//! file is an IMAP URL and a password. Each account has its own Maildir below `mail`, with a ledger, so that nothing is collected twice.
//! The log has one line of JSON for each event. An account whose login is refused is disabled, and the others go on.

#[macro_use]
mod common;

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use common::{Accepts, Arguments, Outcome};
use postroom::account::{Account, ConnectionLimits};
use postroom::collect::{Collector, FileLedger, Maildir, Summary};
use postroom::{Error, Kind, Result};
use serde_json::json;
use tokio::task::JoinSet;
use tokio::time::sleep;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    common::finish(run().await)
}

async fn run() -> Outcome {
    let usage = "ingest FILE DIRECTORY [--once] [OPTION...]";
    let accepts = Accepts { usage, options: &["--once"], rest: 2, url_optional: true, ..Accepts::default() };
    let Some(arguments) = Arguments::read(&accepts)? else { return Ok(()) };
    let [file, directory] = &arguments.rest[..] else { return Ok(()) };
    let once = !arguments.options.is_empty();

    let limits = ConnectionLimits::new(50).per_host(10);
    let (mut accounts, mut working) = (Vec::new(), JoinSet::new());
    for found in arguments.accounts_in(file)? {
        let name = format!("{}@{}", found.login.user().replace('/', "_"), found.config.host());
        // A network may be away for as long as it likes.
        let account = Account::new(found.config, found.login).limits(&limits).patience(Duration::MAX).build()?;
        accounts.push(account.clone());
        working.spawn(ingest(account, Path::new(directory).join(name), once));
    }
    tokio::select! {
        () = async { while working.join_next().await.is_some() {} } => {}
        interrupted = tokio::signal::ctrl_c() => interrupted?,
    }
    // Every call can be dropped at any point; what is stored is in the ledger.
    working.shutdown().await;
    for account in accounts {
        account.shutdown().await;
    }
    Ok(())
}

async fn ingest(account: Account, folder: PathBuf, once: bool) {
    while visit(&account, &folder).await && !once {
        sleep(Duration::from_secs(60)).await;
    }
}

/// Collects once, and logs it. Returns whether there is a next time: not if the account cannot work, or nobody reads the log.
async fn visit(account: &Account, folder: &Path) -> bool {
    let visit = collect(account, folder).await;
    let is_bad = matches!(&visit, Err(error) if matches!(error.kind(), Kind::Login | Kind::Tls | Kind::Input));
    let event = match visit {
        Ok(done) => json!({ "collected": done.collected, "octets": done.octets, "failed": done.failed }),
        Err(error) => json!({ "error": format!("{error:#}"), "disabled": is_bad }),
    };
    common::print(format_args!("{}", json!({ "account": folder, "event": event }))).is_ok() && !is_bad
}

async fn collect(account: &Account, folder: &Path) -> Result<Summary> {
    std::fs::create_dir_all(folder).map_err(|error| Error::storage("the folder cannot be made", error))?;
    let mut mail = Collector::new("INBOX", FileLedger::open(folder.join("seen")).await?, Maildir::open(folder).await?);
    let mut session = account.session().await?;
    let mut inbox = session.select("INBOX").await?;
    mail.run(&mut inbox).finish().await
}
