//! A server in this process, behind a proxy that loses connections, and what runs a job through it. It must not know the job.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use postroom::account::{Account, AccountBuilder};
use postroom::connector::{Connect, Stream, Target};
use postroom::imap::Fetched;
use postroom::testing::Server;
use postroom::{BoxFuture, Config, Login, Result};

use crate::cutting::{How, Passed, Plan, Proxy, Side};

/// A server in this process, behind a proxy.
pub(crate) struct Near {
    pub(crate) server: Arc<Server>,
    pub(crate) proxy: Proxy,
}

impl Connect for Near {
    fn connect<'a>(&'a self, _: &'a Target) -> BoxFuture<'a, io::Result<Box<dyn Stream>>> {
        let stream: Box<dyn Stream> = Box::new(self.proxy.connect(self.server.imap_stream()));
        Box::pin(async { Ok(stream) })
    }
}

/// An account of alice by that way.
pub(crate) fn account_by(way: impl Connect + 'static) -> AccountBuilder {
    let config = Config::new("localhost").dangerous_plaintext().connect_by(way);
    Account::new(config, Login::password("alice", "alicepw")).back_off(Duration::ZERO, Duration::ZERO)
}

/// Each run has a runtime of its own and a paused clock, so that nothing of one reaches the next.
pub(crate) fn block_on<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap().block_on(future)
}

/// Runs `job` once without a loss, and then with one at each `stride`th byte of both directions. It must return the same each time.
pub(crate) fn cut_everywhere<J>(make: fn() -> Server, stride: usize, hows: &[How], job: J) -> usize
where
    J: AsyncFn(Account, &Arc<Server>) -> Result<Vec<String>>,
{
    let run = |plan: Plan| {
        block_on(async {
            let server = Arc::new(make());
            let proxy = Proxy::new(plan, |_| {});
            let account = account_by(Near { server: server.clone(), proxy: proxy.clone() }).build().unwrap();
            (job(account, &server).await, proxy.passed())
        })
    };
    let (calm, passed) = run(Plan::default());
    let calm = calm.unwrap();
    assert!(!calm.is_empty());
    let mut runs = 0;
    for how in hows {
        for (side, at) in places(passed).step_by(stride) {
            let (result, cut) = run(Plan::one(side, at, *how));
            let context = format!("{how:?} {side:?} at {at}");
            let result = result.unwrap_or_else(|error| panic!("{context}: {error:?}"));
            assert_eq!(result, calm, "{context}");
            assert_eq!(cut.cuts, 1, "{context}");
            runs += 1;
        }
    }
    runs
}

fn places(passed: Passed) -> impl Iterator<Item = (Side, u64)> {
    let to = (0..passed.to_server).map(|at| (Side::ToServer, at));
    to.chain((0..passed.from_server).map(|at| (Side::FromServer, at)))
}

/// Without `\Recent`, which one session sees.
pub(crate) fn flags(message: &Fetched) -> String {
    let Some(flags) = message.flags() else { return String::new() };
    let names: Vec<_> = flags.iter().map(|flag| flag.to_string()).filter(|flag| flag != "\\Recent").collect();
    names.join(" ")
}

/// Messages of different sizes for alice.
pub(crate) fn mail(count: u32) -> Server {
    // SCRAM takes longer than everything else.
    let server = Server::builder().auth_mechanisms(["PLAIN"]).in_memory().unwrap();
    for number in 1..=count {
        let text = format!("Subject: {number}\r\n\r\n{}\r\n", "x".repeat(number as usize * 7 % 50));
        server.deliver("alice", "INBOX", text, &[]).unwrap();
    }
    server
}

/// Counts the connections to a server whose sessions end at a word in what they send.
pub(crate) struct Dying {
    pub(crate) server: Arc<Server>,
    pub(crate) word: &'static str,
    pub(crate) connections: Arc<AtomicU32>,
}

impl Connect for Dying {
    fn connect<'a>(&'a self, _: &'a Target) -> BoxFuture<'a, io::Result<Box<dyn Stream>>> {
        self.connections.fetch_add(1, Ordering::Relaxed);
        let (near, mut far) = tokio::io::duplex(64 * 1024);
        let (mut server, word) = (self.server.imap_stream(), self.word);
        tokio::spawn(async move {
            use tokio::io::{AsyncReadExt, AsyncWriteExt};
            let (mut from_server, mut to_server) = tokio::io::split(&mut server);
            let (mut from_client, mut to_client) = tokio::io::split(&mut far);
            let dies = async {
                let mut sent = Vec::new();
                while from_server.read_buf(&mut sent).await.unwrap_or(0) > 0 {
                    // The word is in one line.
                    let lines = sent.iter().rposition(|&byte| byte == b'\n').map_or(0, |end| end + 1);
                    let end = sent.windows(word.len()).position(|bytes| bytes == word.as_bytes());
                    let count = end.unwrap_or(lines);
                    if to_client.write_all(&sent[..count]).await.is_err() || end.is_some() {
                        return;
                    }
                    sent.drain(..count);
                }
            };
            tokio::select! {
                () = dies => {}
                _ = tokio::io::copy(&mut from_client, &mut to_server) => {}
            }
        });
        Box::pin(async { Ok(Box::new(near) as Box<dyn Stream>) })
    }
}
