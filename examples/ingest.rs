//! Collects the mail of many accounts, again and again, until Ctrl-C: `cargo run --example ingest -- accounts.txt mail`. Each line of the
//! file is an IMAP URL and a password. Each account has its own Maildir below `mail`, with a ledger, so that nothing is collected twice.
//! The log has one line of JSON for each event. An account whose login is refused is disabled, and the others go on.

#[macro_use]
mod common;

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use common::{Accepts, Arguments, Outcome};
use postroom::account::{Account, ConnectionLimits};
use postroom::collect::{Collector, FileLedger, Maildir, Summary};
use postroom::{Error, Kind, Result};
use serde_json::json;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::sleep;

/// Between two visits to a mailbox.
const PAUSE: Duration = Duration::from_secs(60);
/// As long as a network may be away before an account is reported as failed; it is tried again after that.
const PATIENCE: Duration = Duration::from_secs(24 * 60 * 60);

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
    let (stop, stopped) = watch::channel(());
    let mut working = JoinSet::new();
    for account in arguments.accounts_in(file)? {
        let name = format!("{}@{}", account.login.user().replace('/', "_"), account.config.host());
        let folder = PathBuf::from(directory).join(name);
        let account = Account::new(account.config, account.login).connections(1).limits(&limits).patience(PATIENCE);
        working.spawn(ingest(account.build()?, folder, once, stopped.clone()));
    }
    tokio::select! {
        () = async { while working.join_next().await.is_some() {} } => {}
        interrupted = tokio::signal::ctrl_c() => interrupted?,
    }
    drop(stop);
    working.join_all().await;
    Ok(())
}

/// Collects until the program is stopped, or the account cannot work.
async fn ingest(account: Account, folder: PathBuf, once: bool, mut stopped: watch::Receiver<()>) {
    let visits = async {
        loop {
            let visit = collect(&account, &folder).await;
            let is_bad = matches!(&visit, Err(error) if matches!(error.kind(), Kind::Login | Kind::Tls | Kind::Input));
            let event = match visit {
                Ok(done) => json!({ "collected": done.collected, "octets": done.octets, "failed": done.failed }),
                Err(error) => json!({ "error": format!("{error:#}"), "disabled": is_bad }),
            };
            let written = common::print(format_args!("{}", json!({ "account": folder, "event": event }))).is_ok();
            if once || is_bad || !written {
                return;
            }
            sleep(PAUSE).await;
        }
    };
    tokio::select! {
        () = visits => {}
        _ = stopped.changed() => {}
    }
    account.shutdown().await;
}

async fn collect(account: &Account, folder: &PathBuf) -> Result<Summary> {
    std::fs::create_dir_all(folder).map_err(|error| Error::storage("the folder cannot be made", error))?;
    let ledger = FileLedger::open(folder.join("ledger")).await?;
    let mut collector = Collector::new("INBOX", ledger, Maildir::open(folder).await?);
    let mut session = account.session().await?;
    let mut inbox = session.select("INBOX").await?;
    collector.run(&mut inbox).finish().await
}
