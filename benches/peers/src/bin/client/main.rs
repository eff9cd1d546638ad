//! The client under test: postroom by its public items alone, on a current-thread tokio runtime.
//! `client envelope|read|append --port P`, `client pop3 --port P --user U --password P`.

mod values;

use std::pin::Pin;
use std::process::ExitCode;
use std::task::{Context, Poll};
use std::time::Instant;

use postroom::imap::{Append, Items, Section, Uid, Uids};
use postroom::pop3::{Content, Number};
use postroom::{Config, Imap, Login, Pop3};
use postroom_benches::body::Body;
use postroom_benches::checksum::{Run, Sum};
use postroom_benches::cli::{self, Args, Result};
use postroom_benches::rss;
use tokio::io::{AsyncRead, AsyncReadExt as _, ReadBuf};

fn main() -> ExitCode {
    cli::child(|args| {
        tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?
            .block_on(async {
                match args.job.as_str() {
                    "envelope" => envelope(args).await,
                    "read" => read(args).await,
                    "append" => append(args).await,
                    "pop3" => pop3(args).await,
                    other => Err(format!("no job {other}").into()),
                }
            })
    })
}

fn config(args: &Args) -> Result<Config> {
    Ok(Config::new("127.0.0.1")
        .port(args.need("port")?)
        .dangerous_plaintext())
}

async fn envelope(args: &Args) -> Result<()> {
    let mut imap = Imap::connect(config(args)?, Login::password("user", "password")).await?;
    let mut folder = imap.examine("INBOX").await?;
    let items = Items::new()
        .flags()
        .internal_date()
        .size()
        .envelope()
        .body_structure();
    for _ in 0..args.or("reps", 1)? {
        let (mut sum, mut messages) = (Sum::default(), 0u64);
        let mut mail = folder.fetch(Uids::ALL, items.clone()).await?;
        while let Some(fetched) = mail.try_next().await? {
            values::message(&mut sum, &fetched)?;
            messages += 1;
        }
        drop(mail);
        println!("messages {messages}\nchecksum {:016x}", sum.value());
    }
    drop(folder);
    Ok(imap.logout().await?)
}

async fn read(args: &Args) -> Result<()> {
    let mut imap = Imap::connect(config(args)?, Login::password("user", "password")).await?;
    let mut folder = imap.examine("INBOX").await?;
    let mut piece = vec![0; 64 * 1024];
    let mut run = Run::default();
    let held = rss::resident_kib()?;
    rss::reset_peak()?;
    let mut body = folder
        .read(Uid::new(1).ok_or("no UID")?, Section::WHOLE)
        .await?;
    loop {
        let len = body.read(&mut piece).await?;
        if len == 0 {
            break;
        }
        run.update(&piece[..len]);
    }
    drop(body);
    println!(
        "growth_kib {}\nchecksum {:016x}",
        rss::peak_kib()?.saturating_sub(held),
        run.value()
    );
    drop(folder);
    Ok(imap.logout().await?)
}

async fn append(args: &Args) -> Result<()> {
    let imap = Imap::connect(config(args)?, Login::password("user", "password")).await?;
    let body = Body::new(args.need("size")?);
    let len = body.len();
    let held = rss::resident_kib()?;
    rss::reset_peak()?;
    imap.append("INBOX", Append::reader(Reader { body, at: 0 }, len)).await?;
    println!("growth_kib {}", rss::peak_kib()?.saturating_sub(held));
    Ok(imap.logout().await?)
}

async fn pop3(args: &Args) -> Result<()> {
    let login = Login::password(
        args.need::<String>("user")?,
        args.need::<String>("password")?,
    );
    let mut pop3 = Pop3::connect(config(args)?, login).await?;
    let began = Instant::now();
    let mut said = Vec::new();
    for _ in 0..args.or("reps", 1)? {
        let (mut run, mut messages) = (Run::default(), 0u64);
        let numbers = (1..=args.need("count")?).filter_map(|number| Number::new(number).ok());
        let mut mail = pop3.fetch(numbers);
        while let Some(retrieved) = mail.try_next().await? {
            let Content::Whole(bytes) = retrieved.content else {
                return Err("a message did not come whole".into());
            };
            run.update(&bytes);
            messages += 1;
        }
        drop(mail);
        said.push((messages, run.value()));
    }
    println!("wall_s {}", began.elapsed().as_secs_f64());
    said.iter()
        .for_each(|(messages, sum)| println!("messages {messages}\nchecksum {sum:016x}"));
    Ok(pop3.quit().await?)
}

/// A large message as a stream.
struct Reader {
    body: Body,
    at: u64,
}

impl AsyncRead for Reader {
    fn poll_read(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        into: &mut ReadBuf<'_>,
    ) -> Poll<std::io::Result<()>> {
        let piece = self.body.piece(self.at, into.remaining() as u64);
        into.put_slice(piece);
        let len = piece.len() as u64;
        self.at += len;
        Poll::Ready(Ok(()))
    }
}
