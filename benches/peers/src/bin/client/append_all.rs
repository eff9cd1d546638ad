//! Many small messages appended to a mailbox of their own, together or one after the other.

use std::time::Instant;

use postroom::Login;
use postroom::imap::{Imap, StatusItems};
use postroom_benches::body::Body;
use postroom_benches::cli::{Args, Result};

const MAILBOX: &str = "appended";
/// Octets of each message.
const SIZE: u64 = 2_400;

/// Prints the wall-clock seconds of all calls together; with `--alone 1` each message is one call that ends before the next begins.
pub(crate) async fn append_all(args: &Args) -> Result<()> {
    let login = Login::password(args.need::<String>("user")?, args.need::<String>("password")?);
    let imap = Imap::connect(crate::config(args)?, login).await?;
    imap.create_mailbox(MAILBOX).await?;
    let count: u64 = args.need("count")?;
    let messages: Vec<_> = (0..count).map(|_| Body::new(SIZE).piece(0, SIZE).to_vec()).collect();
    let began = Instant::now();
    if args.need::<u8>("alone")? == 1 {
        for message in &messages {
            imap.append(MAILBOX, &message[..]).await?;
        }
    } else {
        imap.append_all(MAILBOX, messages.iter().map(|message| &message[..])).await?;
    }
    println!("wall_s {}", began.elapsed().as_secs_f64());
    let stored = imap.status(MAILBOX, StatusItems::MESSAGES).await?.messages;
    println!("messages {}", stored.unwrap_or_default());
    imap.delete_mailbox(MAILBOX).await?;
    Ok(imap.logout().await?)
}
