//! Commands as sessions of postroom send them, read by imap-codec's parser of commands: exactly one each, and every argument
//! unchanged. A simple server receives them and agrees to all.
//!
//! Not checked, since imap-codec does not know them: `RETURN` of SEARCH, SORT and LIST (RFC 4731, RFC 5258), LIST with options, ACL
//! (RFC 4314), LANGUAGE and COMPARATOR (RFC 5255), NOTIFY (RFC 5465), URLAUTH (RFC 4467), ANNOTATE (RFC 5257), REPLACE (RFC 8508),
//! ESEARCH (RFC 7377), MULTIAPPEND and CATENATE, UNAUTHENTICATE, Gmail's, and the search keys of extensions. It knows ID, NAMESPACE,
//! METADATA, CONDSTORE, QRESYNC and WITHIN only with features that stay off here, since it is measured as a peer without them.
//! `tests/codec/slow/round_trip` of postroom reads all of these.
#![cfg(feature = "client")]

#[path = "independent/command.rs"]
mod command;
#[path = "independent/read.rs"]
mod read;
#[path = "independent/server.rs"]
mod server;

use postroom::Kind;
use postroom_benches::prng::Prng;

/// The number of each command; `PROPTEST_CASES` sets another.
fn cases() -> u64 {
    std::env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(10_000)
}

/// The one command in these bytes, as its name and arguments.
fn one(sent: &[Vec<u8>]) -> Vec<String> {
    let [sent] = sent else { panic!("{} commands", sent.len()) };
    read::command(sent).unwrap_or_else(|error| panic!("{error}: {}", sent.escape_ascii()))
}

#[test]
fn another_parser_reads_the_same_commands() {
    server::run(async {
        let (mut imap, mut server) = server::session().await;
        let numbers = &mut Prng::of_message(7, 0);
        for which in 0..command::MAILBOXES {
            for _ in 0..cases() {
                let (result, expected) = command::on_mailboxes(which, &imap, numbers).await;
                check(result, &expected, server.sent());
            }
        }
        let mut inbox = imap.select("INBOX").await.expect("a server that agrees");
        assert_eq!(one(&server.sent()), ["SELECT", "INBOX"]);
        for which in 0..command::MESSAGES {
            for _ in 0..cases() {
                let (result, expected) = command::on_messages(which, &mut inbox, numbers).await;
                check(result, &expected, server.sent());
            }
        }
    });
}

#[test]
fn another_parser_reads_the_same_logins() {
    server::run(async {
        let numbers = &mut Prng::of_message(8, 0);
        for _ in 0..cases() / 20 {
            // A login is a line each, and never empty.
            let [user, password] = [(); 2].map(|()| format!("u{}", command::text(numbers).replace(['\r', '\n'], ".")));
            let sent = server::login(&user, &password).await;
            assert_eq!(one(&sent[..1]), ["LOGIN", &user, &password]);
        }
    });
}

/// A refused command was not sent; none has to be refused here.
fn check(result: postroom::Result<()>, expected: &[String], sent: Vec<Vec<u8>>) {
    if let Err(error) = result {
        assert_ne!(error.kind(), Kind::Input, "{expected:?}: {error}");
        panic!("{expected:?}: {error}");
    }
    assert_eq!(one(&sent), expected, "{}", sent[0].escape_ascii());
}
