//! The peer: async-imap doing the ENVELOPE or the FLAGS job on a current-thread tokio runtime, every field read into the checksum.
//! `peer_async_imap envelope|flags --port P --reps K`.
//!
//! Its values are imap-proto's, and are read by the adapter in `peer/imap_proto.rs`.

use std::process::ExitCode;

use async_imap::types::{Fetch, Flag};
use futures_util::TryStreamExt as _;
use postroom_benches::checksum::Sum;
use postroom_benches::cli::{self, Args, Result};
use postroom_benches::peer::imap_proto::{envelope, structure};
use tokio::net::TcpStream;

/// Adds one message.
type Each = fn(&mut Sum, &Fetch) -> Result<()>;

fn main() -> ExitCode {
    cli::child(|args| tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(run(args)))
}

async fn run(args: &Args) -> Result<()> {
    let (items, each): (_, Each) = match args.job.as_str() {
        "envelope" => ("(UID FLAGS INTERNALDATE RFC822.SIZE ENVELOPE BODYSTRUCTURE)", message),
        "flags" => ("(UID FLAGS)", uid_and_flags),
        other => return Err(format!("no job {other}").into()),
    };
    let stream = TcpStream::connect(("127.0.0.1", args.need("port")?)).await?;
    stream.set_nodelay(true)?;
    let mut client = async_imap::Client::new(stream);
    client.read_response().await?.ok_or("no greeting")?;
    let mut session = client.login("user", "password").await.map_err(|(error, _)| error)?;
    session.examine("INBOX").await?;
    for _ in 0..args.or("reps", 1)? {
        let (mut sum, mut messages) = (Sum::default(), 0u64);
        let mut mail = session.uid_fetch("1:*", items).await?;
        while let Some(fetched) = mail.try_next().await? {
            each(&mut sum, &fetched)?;
            messages += 1;
        }
        drop(mail);
        println!("messages {messages}\nchecksum {:016x}", sum.value());
    }
    Ok(session.logout().await?)
}

fn uid_and_flags(sum: &mut Sum, fetched: &Fetch) -> Result<()> {
    sum.number(fetched.uid.ok_or("no UID")?.into());
    let mut flags = 0;
    for flag in fetched.flags() {
        sum.text(flag_name(&flag).as_bytes());
        flags += 1;
    }
    sum.count(flags);
    Ok(())
}

fn message(sum: &mut Sum, fetched: &Fetch) -> Result<()> {
    uid_and_flags(sum, fetched)?;
    sum.number(fetched.internal_date().ok_or("no INTERNALDATE")?.timestamp() as u64);
    sum.number(fetched.size.ok_or("no RFC822.SIZE")?.into());
    envelope(sum, fetched.envelope().ok_or("no ENVELOPE")?);
    structure(sum, fetched.bodystructure().ok_or("no BODYSTRUCTURE")?);
    Ok(())
}

fn flag_name<'a>(flag: &'a Flag<'_>) -> &'a str {
    match flag {
        Flag::Seen => "\\Seen",
        Flag::Answered => "\\Answered",
        Flag::Flagged => "\\Flagged",
        Flag::Deleted => "\\Deleted",
        Flag::Draft => "\\Draft",
        Flag::Recent => "\\Recent",
        Flag::MayCreate => "\\*",
        Flag::Custom(name) => name,
    }
}
