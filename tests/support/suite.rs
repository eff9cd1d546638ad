//! The same tests on every server: what makes a test of each function for each of them, and what writes down how it went with
//! which command, for the table that `tests/run` prints.
#![allow(dead_code, reason = "each test binary uses its own part of this")]

use std::cell::RefCell;
use std::fs::OpenOptions;
use std::io::Write;
use std::time::Duration;

use crate::server::{Brand, User};

/// A test of each of these functions for each server, with the commands it tries: the rows of the table.
macro_rules! on_every_server {
    ($($suite:tt)*) => {
        mod courier { on_one_server! { Courier $($suite)* } }
        mod cyrus { on_one_server! { Cyrus $($suite)* } }
        mod dovecot { on_one_server! { Dovecot $($suite)* } }
        mod embedded { on_one_server! { Embedded $($suite)* } }
    };
}

/// The same on the servers that speak POP3 alone, without TLS and CAPA, too.
#[allow(unused_macros, reason = "the suites share this file")]
macro_rules! on_every_pop3_server {
    ($($suite:tt)*) => {
        on_every_server! { $($suite)* }
        on_plain_servers! { $($suite)* }
    };
}

#[allow(unused_macros, reason = "the suites share this file")]
macro_rules! on_plain_servers {
    ($($suite:tt)*) => {
        mod popa3d { on_one_server! { Popa3d $($suite)* } }
        mod solid_pop3d { on_one_server! { SolidPop3d $($suite)* } }
    };
}

macro_rules! on_one_server {
    ($brand:ident $($file:ident { $($test:ident: $commands:expr,)* })*) => {
        $(mod $file {
            $(
                #[tokio::test]
                #[ignore = "needs real servers; run by tests/run"]
                async fn $test() {
                    crate::suite::run(crate::server::Brand::$brand, &$commands, crate::$file::$test).await;
                }
            )*
        })*
    };
}

/// A test's user, and what it found out about the server.
pub(crate) struct Trial {
    pub(crate) user: User,
    commands: &'static [&'static str],
    found: RefCell<Vec<(&'static str, String)>>,
}

impl std::ops::Deref for Trial {
    type Target = User;

    fn deref(&self) -> &User {
        &self.user
    }
}

impl Trial {
    /// This server does not do the command, and the library got there another way.
    pub(crate) fn fallback(&self, command: &'static str, how: &str) {
        self.found.borrow_mut().push((command, format!("fallback\t{how}")));
    }

    /// This server does not do the command, and the library says so.
    pub(crate) fn unsupported(&self, command: &'static str, why: &str) {
        self.found.borrow_mut().push((command, format!("unsupported\t{why}")));
    }
}

impl Drop for Trial {
    fn drop(&mut self) {
        let found = self.found.get_mut();
        for &command in self.commands {
            let outcome = match found.iter().find(|(other, _)| *other == command) {
                _ if std::thread::panicking() => "FAILED\t",
                Some((_, outcome)) => outcome,
                None => "ok\t",
            };
            write_down(self.user.brand(), command, outcome);
        }
    }
}

pub(crate) async fn run(brand: Brand, commands: &'static [&'static str], test: impl AsyncFnOnce(&Trial)) {
    let trial = Trial { user: User::new(brand), commands, found: RefCell::default() };
    let done = tokio::time::timeout(Duration::from_secs(180), test(&trial)).await;
    assert!(done.is_ok(), "the test hangs");
}

/// One line for the table; each is one write, so that tests side by side do not mix.
fn write_down(brand: Brand, command: &str, outcome: &str) {
    if let Some(file) = std::env::var_os("POSTROOM_REPORT") {
        let mut file = OpenOptions::new().append(true).create(true).open(file).unwrap();
        file.write_all(format!("{brand:?}\t{command}\t{outcome}\n").as_bytes()).unwrap();
    }
}
