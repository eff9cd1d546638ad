//! A server in memory, and an account whose connections go through the cutting proxy.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use postroom::account::{Account, AccountNotice};
use postroom::connector::{Connect, Stream, Target};
use postroom::imap::Imap;
use postroom::testing::{Server, Snapshot};
use postroom::{BoxFuture, Config, Login, Result};
use time::OffsetDateTime;

use super::act::Act;
use crate::cutting::{Passed, Plan, Proxy};

/// What the server does with mail, and what it lacks.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Manner {
    Plain,
    /// It adds a header field to each appended message.
    Stamps,
    /// It stores appended messages without Message-ID.
    StripsIds,
    NoUidplus,
    /// Neither MOVE nor REPLACE, MULTIAPPEND, OBJECTID and LITERAL+.
    Old,
}

impl Manner {
    pub(super) const ALL: [Self; 5] = [Self::Plain, Self::Stamps, Self::StripsIds, Self::NoUidplus, Self::Old];

    pub(super) fn server(self) -> Server {
        let builder = Server::builder().clock(OffsetDateTime::from_unix_timestamp(1_700_000_000).unwrap());
        let lacks: &[&str] = match self {
            Self::NoUidplus => &["UIDPLUS", "OBJECTID"],
            Self::Old => &["MOVE", "REPLACE", "MULTIAPPEND", "OBJECTID", "LITERAL+"],
            _ => &[],
        };
        let builder = lacks.iter().fold(builder, |builder, lack| builder.without(lack));
        let builder = builder.stamps_appends(self == Self::Stamps).strips_message_ids(self == Self::StripsIds);
        builder.in_memory().unwrap()
    }
}

/// Each connection of the account.
struct Way(Arc<Server>, Proxy);

impl Connect for Way {
    fn connect<'a>(&'a self, _: &'a Target) -> BoxFuture<'a, io::Result<Box<dyn Stream>>> {
        let stream: Box<dyn Stream> = Box::new(self.1.connect(self.0.imap_stream()));
        Box::pin(async { Ok(stream) })
    }
}

/// An account whose connections go to this server through this proxy.
pub(super) fn account(server: &Arc<Server>, proxy: &Proxy) -> Account {
    let config = Config::new("localhost").dangerous_plaintext().connect_by(Way(server.clone(), proxy.clone()));
    Account::new(config, Login::password("alice", "alicepw")).build().unwrap()
}

/// A session beside the account.
pub(super) async fn session(server: &Server) -> Imap {
    let (config, login) = (Config::new("localhost").dangerous_plaintext(), Login::password("alice", "alicepw"));
    let (imap, driver) = Imap::handshake(server.imap_stream(), config, login).await.unwrap();
    tokio::spawn(driver);
    imap
}

/// What became of one act.
pub(super) struct Run {
    pub(super) result: Result<()>,
    pub(super) after: Snapshot,
    /// Second copies that the account reported.
    pub(super) reported: usize,
    /// What had passed before the act, and in all.
    pub(super) before: Passed,
    pub(super) passed: Passed,
}

/// Each run has a runtime of its own, so that nothing of one reaches the next.
pub(super) fn run(act: Act, manner: Manner, plan: Plan) -> Run {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap();
    runtime.block_on(async {
        let server = Arc::new(manner.server());
        act.prepare(&server).await;
        let proxy = Proxy::new(plan, |_| ());
        let account = account(&server, &proxy);
        let mut notices = account.notices();
        // The loss may be in the last byte of the login.
        drop(account.check().await);
        let before = proxy.passed();
        let result = act.perform(&account).await;
        let passed = proxy.passed();
        tokio::time::sleep(Duration::from_secs(20)).await;
        account.shutdown().await;
        drop(account);
        let mut reported = 0;
        while let Some(notice) = notices.next().await {
            if let AccountNotice::Doubled { uids, .. } = notice {
                reported += usize::try_from(uids.len()).unwrap();
            }
        }
        Run { result, after: server.snapshot("alice").unwrap(), reported, before, passed }
    })
}
