//! Many idle sessions: over TLS, in IDLE, each after one bulk FETCH.

use std::sync::Arc;

use postroom::imap::{Event, Folder, Items, Uids};
use postroom::{Config, Imap};
use postroom_benches::checksum::Sum;
use postroom_benches::cli::{Args, Result, allow_descriptors, unhex};
use postroom_benches::rss;
use tokio::sync::mpsc::{Sender, channel};

use crate::values;

/// Opens `--count` sessions, and prints what each of them but the first tenth keeps in memory: the first ones warm the heap. With
/// `--arrival 1`, a message arrives then, and it prints how many sessions learn of it.
pub(crate) async fn idle(args: &Args) -> Result<()> {
    allow_descriptors()?;
    let config = Config::new("127.0.0.1")
        .port(args.need("port")?)
        .server_name("localhost")
        .add_root_der(&unhex(&args.need::<String>("root")?)?)?
        .only_added_roots();
    let config = Arc::new(config);
    let count: u64 = args.need("count")?;
    let (resting, mut rested) = channel(1);
    let mut held = 0;
    for session in 1..=count {
        tokio::spawn(watch(config.clone(), resting.clone()));
        let sum = rested.recv().await.ok_or("a session ended")??;
        println!("checksum {sum:016x}");
        if session == count / 10 {
            held = rss::resident_kib()?;
        }
    }
    println!("session_kib {}", rss::resident_kib()?.saturating_sub(held) as f64 / (count - count / 10) as f64);
    if args.or("arrival", 0)? == 1 {
        Imap::connect(Config::clone(&config), crate::login()).await?.noop().await?;
        let mut notified = 0;
        while notified < count {
            rested.recv().await.ok_or("a session ended")??;
            notified += 1;
        }
        println!("notified {notified}");
    }
    Ok(())
}

type Rested = std::result::Result<u64, String>;

/// Reports that it is idle once the server has pushed something, and its end.
async fn watch(config: Arc<Config>, resting: Sender<Rested>) {
    let end = match session(config, &resting).await {
        Ok(()) => "a session came to its end".to_owned(),
        Err(error) => error.to_string(),
    };
    // The receiver is gone: all is over.
    let _ = resting.send(Err(end)).await;
}

/// Every field of every message, as the other jobs read them.
async fn fetch(folder: &mut Folder) -> Result<u64> {
    let mut sum = Sum::default();
    let items = Items::new().flags().internal_date().size().envelope().body_structure();
    let mut mail = folder.fetch(Uids::ALL, items).await?;
    while let Some(fetched) = mail.try_next().await? {
        values::message(&mut sum, &fetched)?;
    }
    Ok(sum.value())
}

async fn session(config: Arc<Config>, resting: &Sender<Rested>) -> Result<()> {
    let imap = Imap::connect(Config::clone(&config), crate::login()).await?;
    let mut folder = imap.into_folder("INBOX").await?;
    let sum = fetch(&mut folder).await?;
    let mut events = folder.idle().await?;
    while let Some(event) = events.try_next().await? {
        if matches!(event, Event::Exists(_)) {
            resting.send(Ok(sum)).await?;
        }
    }
    Ok(())
}
