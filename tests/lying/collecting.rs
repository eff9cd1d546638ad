//! Collecting, by every policy that deletes, into a Maildir or an mbox file on a disk, and what is stored there afterwards.

use std::convert::Infallible;
use std::path::Path;
use std::time::Duration;

use postroom::collect::{Collector, Delivery, Event, Maildir, Mbox, MemoryLedger, Policy};
use postroom::testing::Server;
use postroom::{Error, Mailbox};
use time::OffsetDateTime;
use tokio::time::Instant;

use crate::call::{Call, Seen, Task, uid_of};
use crate::lie::{Lie, Log};
use crate::scratch::Scratch;
use crate::{awkward_mail, imap_calls, pop3_calls};

/// The age of what was collected when the second run comes.
const DAYS: i64 = 31;

pub(crate) async fn collect(
    task: &mut Task<'_>,
    server: &Server,
    lies: &[Lie],
    told: &Log,
    seen: &mut Seen,
) -> Result<(), Error> {
    tokio::select! {
        collected = collect_by(task, server, lies, told, seen) => collected,
        never = wind() => match never {},
    }
}

/// Advances the clock: paused, it does not advance by itself while a thread waits for more of a message to write. The server
/// is in the same thread: it sends what it has to say before the clock advances.
async fn wind() -> Infallible {
    let (tick, mut ticks) = tokio::sync::mpsc::channel::<()>(1);
    std::thread::spawn(move || {
        while tick.blocking_send(()).is_ok() {
            std::thread::sleep(Duration::from_millis(2));
        }
    });
    let mut last = Instant::now();
    loop {
        ticks.recv().await;
        if last == Instant::now() {
            tokio::time::advance(Duration::from_secs(5)).await;
        }
        last = Instant::now();
    }
}

async fn collect_by(
    task: &mut Task<'_>,
    server: &Server,
    lies: &[Lie],
    told: &Log,
    seen: &mut Seen,
) -> Result<(), Error> {
    let scratch = Scratch::in_memory();
    let mut ledger = MemoryLedger::default();
    let choice = task.rng.below(5);
    let (policy, twice) = match choice {
        0 | 1 => (Policy::delete(), false),
        2 => (Policy::keep().newest(1), false),
        3 => (Policy::keep().below(400), false),
        _ => (Policy::keep().days(30), true),
    };
    if twice {
        // A run without lies before it, so that this one only has to compare and to delete.
        let seen = &mut Seen::default();
        ledger = run(task, server, (&[], told), ledger, &scratch, &policy, 0, seen).await?;
    }
    run(task, server, (lies, told), ledger, &scratch, &policy, DAYS, seen).await?;
    seen.stored = Some(if is_maildir(task.call) {
        awkward_mail::maildir(&scratch.join("mail"))
    } else {
        awkward_mail::mbox(&scratch.join("mail"))
    });
    Ok(())
}

fn is_maildir(call: Call) -> bool {
    matches!(call, Call::CollectMaildir | Call::PopCollectMaildir)
}

async fn delivery(call: Call, dir: &Path) -> Result<Box<dyn Delivery>, Error> {
    Ok(match is_maildir(call) {
        true => Box::new(Maildir::open(dir.join("mail")).await?.writers(1)),
        false => Box::new(Mbox::open(dir.join("mail")).await?.writers(1)),
    })
}

#[allow(clippy::too_many_arguments, reason = "one run, with all that differs between runs")]
async fn run(
    task: &mut Task<'_>,
    server: &Server,
    lies: (&[Lie], &Log),
    ledger: MemoryLedger,
    dir: &Path,
    policy: &Policy,
    day: i64,
    seen: &mut Seen,
) -> Result<MemoryLedger, Error> {
    let now = OffsetDateTime::from_unix_timestamp(1_700_000_000 + day * 86_400).unwrap();
    let delivery = delivery(task.call, dir).await?;
    let mut collector = Collector::new("me", ledger, delivery).policy(policy.clone()).now(now);
    if task.call.is_pop3() {
        let mut session = pop3_calls::Session::begin(server, task).await;
        session.lie(lies.0, lies.1);
        let over = watch(&mut collector, &mut session.pop3, seen).await;
        over.unwrap_or_else(|error| seen.failed(error));
        session.end(seen).await;
    } else {
        let mut session = imap_calls::Session::begin(server, task).await;
        session.lie(lies.0, lies.1);
        let over = async {
            let mut inbox = session.imap.select("INBOX").await?;
            if task.asks_first {
                inbox.noop().await?;
            }
            watch(&mut collector, &mut inbox, seen).await
        };
        over.await.unwrap_or_else(|error| seen.failed(error));
        session.end(seen).await;
    }
    Ok(collector.into_parts().0)
}

/// Any event but the usual ones reports something wrong.
async fn watch(
    collector: &mut Collector<MemoryLedger, Box<dyn Delivery>>,
    mailbox: &mut dyn Mailbox,
    seen: &mut Seen,
) -> Result<(), Error> {
    let mut run = collector.run(mailbox);
    let mut is_usual = true;
    while let Some(event) = run.next().await {
        match event {
            Event::Listed { .. } | Event::Collected { .. } | Event::Deleted { .. } | Event::Recognised { .. } => {}
            other => {
                is_usual = false;
                if let Event::Gone { id } = &other {
                    seen.gone.extend(uid_of(id));
                }
                seen.differing += usize::from(matches!(other, Event::Differs { .. }));
                seen.errors.push(format!("{other:?}"));
            }
        }
    }
    run.finish().await?;
    seen.complete = is_usual;
    Ok(())
}
