//! How to test a program that reads mail with the embedded server: an ordinary function of such a program, and tests of its behaviour
//! when all is well, when the server can do less, and when something fails.

use postroom::imap::{Imap, Items, Uids};
use postroom::testing::{Builder, Fault, Server, Trouble};
use postroom::{Config, Error, Flag, Kind, Login};

/// The program: the subjects of the unread messages, oldest first. Its caller decides about errors.
async fn unread_subjects(config: Config, login: Login) -> Result<Vec<String>, Error> {
    let mut imap = Imap::connect(config, login).await?;
    let mut inbox = imap.examine("INBOX").await?;
    let mut mail = inbox.fetch(Uids::ALL, Items::ENVELOPE.flags()).await?;
    let mut subjects = Vec::new();
    while let Some(message) = mail.try_next().await? {
        if !message.flags().is_some_and(|flags| flags.contains(&Flag::SEEN)) {
            subjects.push(message.subject().unwrap_or_default().into_owned());
        }
    }
    drop(mail);
    imap.logout().await?;
    Ok(subjects)
}

/// The same, tried again while that may help.
async fn unread_subjects_at_last(config: Config, login: Login) -> Result<Vec<String>, Error> {
    for _ in 0..2 {
        match unread_subjects(config.clone(), login.clone()).await {
            Err(error) if error.is_retryable() => {}
            other => return other,
        }
    }
    unread_subjects(config, login).await
}

async fn server(builder: Builder) -> (Server, Config) {
    let server = builder.user("me", "secret").start().await.unwrap();
    server.deliver("me", "INBOX", "Subject: read\r\n\r\n", &["\\Seen"]);
    server.deliver("me", "INBOX", "Subject: =?UTF-8?Q?gr=C3=BCn?=\r\n\r\n", &[]);
    server.deliver("me", "INBOX", "Subject: last\r\n\r\n", &["\\Flagged"]);
    let config = Config::new("localhost").port(server.imaps_port()).add_root_pem(server.ca_pem().as_bytes()).unwrap();
    (server, config)
}

fn login() -> Login {
    Login::password("me", "secret")
}

#[tokio::test]
async fn unread_mail_is_listed_and_stays_unread() {
    let (server, config) = server(Server::builder()).await;
    let before = server.snapshot("me");
    assert_eq!(unread_subjects(config, login()).await.unwrap(), ["gr\u{fc}n", "last"]);
    assert_eq!(server.snapshot("me"), before);
    server.all_closed().await;
}

#[tokio::test]
async fn a_server_that_can_do_little_is_enough() {
    let builder = ["SASL-IR", "LITERAL+", "ID", "ENABLE", "ESEARCH", "CONDSTORE"];
    let builder = builder.into_iter().fold(Server::builder(), |builder, name| builder.without(name));
    let (_server, config) = server(builder).await;
    assert_eq!(unread_subjects(config, login()).await.unwrap().len(), 2);
}

#[tokio::test]
async fn a_wrong_password_is_told_and_not_tried_again() {
    let (server, config) = server(Server::builder()).await;
    let error = unread_subjects_at_last(config, Login::password("me", "wrong")).await.unwrap_err();
    assert_eq!(error.kind(), Kind::Login);
    let tries = server.commands().iter().filter(|line| line.contains("AUTHENTICATE")).count();
    assert_eq!(tries, 1);
}

#[tokio::test]
async fn a_connection_lost_anywhere_is_an_error_and_the_next_try_succeeds() {
    for fault in [
        Fault::CutAfter(500),
        Fault::CutAfter(1000),
        Fault::at("AUTHENTICATE", Trouble::LoseAll),
        Fault::at("EXAMINE", Trouble::Drop),
        Fault::at("UID FETCH", Trouble::LoseReply),
        Fault::at("UID FETCH", Trouble::LoseAll),
    ] {
        let (server, config) = server(Server::builder()).await;
        server.fault(fault);
        server.fault(fault);
        assert_eq!(unread_subjects_at_last(config, login()).await.unwrap().len(), 2, "{fault:?}");
    }
}

#[tokio::test]
async fn bytes_may_come_in_any_pieces_and_slowly() {
    let (server, config) = server(Server::builder()).await;
    for fault in [Fault::Split(1), Fault::Split(7), Fault::Slow(1_000_000)] {
        server.fault(fault);
        assert_eq!(unread_subjects(config.clone(), login()).await.unwrap().len(), 2, "{fault:?}");
    }
}

#[tokio::test]
async fn a_refused_mailbox_is_not_an_empty_one() {
    let (server, config) = server(Server::builder()).await;
    server.fault(Fault::at("EXAMINE", Trouble::No));
    assert_eq!(unread_subjects(config, login()).await.unwrap_err().kind(), Kind::Rejected);
}
