//! A whole maildrop into a Maildir.

use std::path::PathBuf;

use postroom::collect::{Collector, FileLedger, Maildir};
use postroom::{Login, Pop3};
use postroom_benches::cli::{Args, Result};

/// Every message; all of them stay on the server.
pub(crate) async fn collect(args: &Args) -> Result<()> {
    let login = Login::password(args.need::<String>("user")?, args.need::<String>("password")?);
    let folder: PathBuf = args.need("folder")?;
    let delivery = Maildir::open(&folder).await?;
    let ledger = FileLedger::open(folder.join("ledger")).await?;
    let mut pop3 = Pop3::connect(crate::config(args)?, login).await?;
    let summary = Collector::new("me@example.org", ledger, delivery).run(&mut pop3).await?;
    println!("messages {}", summary.collected);
    Ok(())
}
