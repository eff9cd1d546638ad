//! The same tests on every server: a macro makes a test of each function for each server, and `Trial` records the result of
//! each command for the table that `tests/run` prints.
#![allow(dead_code, reason = "each test binary uses its own part of this")]

#[path = "known.rs"]
mod known;

use std::any::Any;
use std::cell::RefCell;
use std::fs::OpenOptions;
use std::io::Write;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::task::Poll;
use std::time::Duration;

use crate::server::{Brand, User};
use known::Known;

/// A test of each of these functions for each server, with the commands that it tries: the rows of the table.
macro_rules! on_every_server {
    ($($suite:tt)*) => {
        on_servers_of_accounts! { $($suite)* }
        mod mailutils { on_one_server! { Mailutils $($suite)* } }
    };
}

/// The same, also on the server that speaks only IMAP.
#[allow(unused_macros, reason = "POP3 has no such server")]
macro_rules! on_every_imap_server {
    ($($suite:tt)*) => {
        on_every_server! { $($suite)* }
        mod pymap { on_one_server! { Pymap $($suite)* } }
    };
}

/// On the servers that the mail of an account is proven safe on.
macro_rules! on_servers_of_accounts {
    ($($suite:tt)*) => {
        mod courier { on_one_server! { Courier $($suite)* } }
        mod cyrus { on_one_server! { Cyrus $($suite)* } }
        mod dovecot { on_one_server! { Dovecot $($suite)* } }
        mod dovecot24 { on_one_server! { Dovecot24 $($suite)* } }
        mod embedded { on_one_server! { Embedded $($suite)* } }
    };
}

/// The same, also on the servers that speak only POP3, without TLS and CAPA.
#[allow(unused_macros, reason = "IMAP has no such servers")]
macro_rules! on_every_pop3_server {
    ($($suite:tt)*) => {
        on_every_server! { $($suite)* }
        on_plain_servers! { $($suite)* }
    };
}

#[allow(unused_macros, reason = "IMAP has no such servers")]
macro_rules! on_plain_servers {
    ($($suite:tt)*) => {
        mod popa3d { on_one_server! { Popa3d $($suite)* } }
        mod solid_pop3d { on_one_server! { SolidPop3d $($suite)* } }
    };
}

/// On the servers that differ only in their release.
#[allow(unused_macros, reason = "not every suite has such tests")]
macro_rules! on_both_dovecots {
    ($($suite:tt)*) => {
        mod dovecot { on_one_server! { Dovecot $($suite)* } }
        mod dovecot24 { on_one_server! { Dovecot24 $($suite)* } }
    };
}

macro_rules! on_one_server {
    ($brand:ident $folder:ident $($file:ident { $($test:ident: $commands:expr,)* })*) => {
        $(mod $file {
            $(
                #[tokio::test]
                #[ignore = "needs real servers; run by tests/run"]
                async fn $test() {
                    let name = concat!(stringify!($folder), "::", stringify!($file), "::", stringify!($test));
                    crate::suite::run(crate::server::Brand::$brand, name, &$commands, crate::$folder::$file::$test).await;
                }
            )*
        })*
    };
}

/// A test's user, and the results about the server.
pub(crate) struct Trial {
    pub(crate) user: User,
    commands: &'static [&'static str],
    found: RefCell<Vec<(&'static str, String)>>,
    /// How long the test waits for an expected event: a short time if it is known not to come.
    pub(crate) patience: Duration,
}

impl std::ops::Deref for Trial {
    type Target = User;

    fn deref(&self) -> &User {
        &self.user
    }
}

impl Trial {
    /// This server does not support the command, and the library used another way.
    pub(crate) fn fallback(&self, command: &'static str, how: &str) {
        self.found.borrow_mut().push((command, format!("fallback\t{how}")));
    }

    /// This server does not support the command, and the library says so.
    pub(crate) fn unsupported(&self, command: &'static str, why: &str) {
        self.found.borrow_mut().push((command, format!("unsupported\t{why}")));
    }
}

impl Trial {
    /// The rows of the table, with this text for a command without another result.
    fn write_down(&self, otherwise: &str) {
        for &command in self.commands {
            let found = self.found.borrow();
            let outcome = found.iter().find(|(other, _)| *other == command).map(|(_, outcome)| &**outcome);
            write_down(self.user.brand(), command, outcome.unwrap_or(otherwise));
        }
    }
}

/// The error of a test that never ends.
pub(crate) const HANGS: &str = "the test hangs";

/// Runs the test. If the server is known to fail it, it must fail, and with the known words.
pub(crate) async fn run(
    brand: Brand,
    name: &'static str,
    commands: &'static [&'static str],
    test: impl AsyncFnOnce(&Trial),
) {
    let known = known::of(brand, name);
    let patience = Duration::from_secs(if known.is_some() { 3 } else { 60 });
    let trial = Trial { user: User::new(brand), commands, found: RefCell::default(), patience };
    let limit = Duration::from_secs(if known.is_some_and(|known| known.says == HANGS) { 10 } else { 180 });
    let done = tokio::time::timeout(limit, caught(test(&trial))).await;
    match (done.unwrap_or_else(|_| Err(Box::new(HANGS))), known) {
        (Ok(()), None | Some(Known { always: false, .. })) => trial.write_down("ok\t"),
        (Err(panic), Some(known)) if text(&panic).contains(known.says) => {
            println!("{brand:?}: {}", known.what);
            trial.write_down(&format!("known\t{}", known.what));
        }
        (Ok(()), Some(known)) => {
            trial.found.borrow_mut().clear();
            trial.write_down("FAILED\t");
            panic!("{brand:?} passes {name}; tests/support/known.rs has to forget that {}", known.what);
        }
        (Err(panic), _) => {
            trial.found.borrow_mut().clear();
            trial.write_down("FAILED\t");
            std::panic::resume_unwind(panic);
        }
    }
}

type Panic = Box<dyn Any + Send>;

/// The message of the test's panic.
async fn caught(test: impl Future<Output = ()>) -> Result<(), Panic> {
    let mut test = std::pin::pin!(test);
    std::future::poll_fn(|cx| match catch_unwind(AssertUnwindSafe(|| test.as_mut().poll(cx))) {
        Ok(Poll::Ready(())) => Poll::Ready(Ok(())),
        Ok(Poll::Pending) => Poll::Pending,
        Err(panic) => Poll::Ready(Err(panic)),
    })
    .await
}

fn text(panic: &Panic) -> &str {
    let fixed = panic.downcast_ref::<&str>().copied();
    fixed.or_else(|| panic.downcast_ref::<String>().map(String::as_str)).unwrap_or_default()
}

/// One line for the table; each is one write, so that tests side by side do not mix.
fn write_down(brand: Brand, command: &str, outcome: &str) {
    if let Some(file) = std::env::var_os("POSTROOM_REPORT") {
        let mut file = OpenOptions::new().append(true).create(true).open(file).unwrap();
        file.write_all(format!("{brand:?}\t{command}\t{outcome}\n").as_bytes()).unwrap();
    }
}
