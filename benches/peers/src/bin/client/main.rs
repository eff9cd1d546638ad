//! The client under test: postroom by its public items only, on a current-thread tokio runtime.
//! `client envelope|flags|bodies|large|read|append|first --port P`, `client page --port P --by mailbox|date`, `client decode|undecoded --port P --lines N`, `client resume --port P --count N --changed M`, `client pop3 --port P --count N --user U --password P`,
//! `client append_all --port P --count N --alone 0|1`, `client collect --port P --user U --password P --folder DIR`, `client idle --port P --count N --root HEX`.

mod append_all;
mod body;
mod collect;
mod fetch;
mod idle;
mod part;
mod retrieve;
mod values;

use std::process::ExitCode;

use postroom::{Config, Imap, Login};
use postroom_benches::cli::{self, Args, Result};
use postroom_benches::rss;

fn main() -> ExitCode {
    cli::child(|args| {
        tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(run(args))?;
        println!("peak_kib {}", rss::peak_kib()?);
        Ok(())
    })
}

async fn run(args: &Args) -> Result<()> {
    match args.job.as_str() {
        "envelope" => fetch::envelope(args).await,
        "flags" => fetch::flags(args).await,
        "bodies" => fetch::bodies(args).await,
        "first" => fetch::first(args).await,
        "page" => fetch::page(args).await,
        "resume" => fetch::resume(args).await,
        "large" => body::large(args).await,
        "read" => body::read(args).await,
        "append" => body::append(args).await,
        "append_all" => append_all::append_all(args).await,
        "decode" => part::decode(args).await,
        "undecoded" => part::undecoded(args).await,
        "pop3" => retrieve::pop3(args).await,
        "collect" => collect::collect(args).await,
        "idle" => idle::idle(args).await,
        other => Err(format!("no job {other}").into()),
    }
}

fn config(args: &Args) -> Result<Config> {
    let config = Config::new("127.0.0.1").port(args.need("port")?).dangerous_plaintext();
    Ok(if args.or("compress", 0)? == 1 { config.compress() } else { config })
}

async fn connect(args: &Args) -> Result<Imap> {
    Ok(Imap::connect(config(args)?, login()).await?)
}

fn login() -> Login {
    Login::password("user", "password")
}
