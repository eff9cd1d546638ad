//! Whatever a caller passes, one call sends one command, or is refused before its first byte.

use postroom::pop3::{Number, Pop3, Uidl};
use postroom::testing::Server;
use postroom::{BoxFuture, Error, Kind, Login, Mailbox, MessageId, Part};
use tokio::io::AsyncReadExt;

use crate::support::{me, plaintext, session};

/// What could end a line, begin a literal, or be read two ways. The last is longer than a line may be.
fn hostile() -> Vec<String> {
    let texts = ["x\r\nDELE 1", "x\rDELE 1", "x\nDELE 1", "x\0y", "x\u{fc}y", "{5}", "{5+}", "a b", "*", ".", "\" \\"];
    texts.into_iter().map(str::to_owned).chain(["x".repeat(255)]).collect()
}

/// Whether USER and PASS can send it.
fn is_plain(text: &str) -> bool {
    text.is_ascii() && !text.contains(['\r', '\n', '\0']) && text.len() < 200
}

#[tokio::test]
async fn user_and_password_are_said_as_they_are_or_not_at_all() {
    for text in hostile() {
        for (user, password) in [(text.as_str(), "secret"), ("me", text.as_str())] {
            let server = Server::builder().user(user, password).without_pop3("SASL").in_memory().unwrap();
            server.deliver(user, "INBOX", "a: b\r\n\r\n", &[]);
            let result = session(server.pop3_stream(), plaintext(), Login::password(user, password)).await;
            if is_plain(&text) {
                drop(result.unwrap());
                let login = [format!("USER {user}"), format!("PASS {password}")];
                assert_eq!(server.commands(), ["CAPA", &login[0], &login[1], "CAPA"], "{text:?}");
            } else {
                assert_eq!(result.unwrap_err().kind(), Kind::Input, "{text:?}");
                assert!(server.commands().iter().all(|line| line == "CAPA"), "{text:?}: {:?}", server.commands());
            }
        }
    }
}

#[tokio::test]
async fn sasl_says_everything_but_nul_in_one_command_or_a_challenges_answer() {
    for text in hostile() {
        let server = Server::builder().user("me", &text).in_memory().unwrap();
        let login = Login::password("me", text.as_str()).only(["PLAIN"]);
        match session(server.pop3_stream(), plaintext(), login).await {
            Ok(_) => assert!(!text.contains('\0')),
            Err(error) => assert_eq!((error.kind(), text.contains('\0')), (Kind::Input, true)),
        }
        let commands = server.commands();
        let expected = match (text.contains('\0'), text.len() < 200) {
            (true, _) => vec![],
            (_, true) => vec!["CAPA", "AUTH", "CAPA"],
            (_, false) => vec!["CAPA", "AUTH", "eAB4", "CAPA"],
        };
        let verbs: Vec<_> = commands.iter().map(|line| line.split(' ').next().unwrap()).collect();
        assert_eq!(verbs.len(), expected.len(), "{text:?}: {verbs:?}");
        assert!(verbs.iter().zip(&expected).all(|(verb, wanted)| verb == wanted || *wanted == "eAB4"));
        let authorized = Login::password("me", "x").authorize_as(text.as_str());
        let error = session(server.pop3_stream(), plaintext(), authorized).await.unwrap_err();
        assert!(matches!(error.kind(), Kind::Input | Kind::Login), "{text:?}: {error:?}");
        assert!(!server.commands().iter().any(|line| line.contains("DELE")));
    }
}

type Call = for<'a> fn(&'a mut Pop3) -> BoxFuture<'a, Result<(), Error>>;

const LAST: u32 = u32::MAX;

fn last() -> Number {
    Number::new(LAST).unwrap()
}

/// Every command that has a method, with the largest arguments there are.
const CALLS: &[(&str, Call)] = &[
    ("STAT", |pop3| Box::pin(async { pop3.stat().await.map(drop) })),
    ("LIST", |pop3| Box::pin(async { pop3.list().await.map(drop) })),
    ("LIST 4294967295", |pop3| Box::pin(async { pop3.list_one(last()).await.map(drop) })),
    ("UIDL", |pop3| Box::pin(async { pop3.uidl().await.map(drop) })),
    ("UIDL 4294967295", |pop3| Box::pin(async { pop3.uidl_one(last()).await.map(drop) })),
    ("RETR 4294967295", |pop3| Box::pin(async { pop3.retr(last()).await.map(drop) })),
    ("TOP 4294967295 4294967295", |pop3| Box::pin(async { pop3.top(last(), LAST).await.map(drop) })),
    ("RETR 4294967295", |pop3| Box::pin(async { pop3.fetch([last()]).try_next().await.map(drop) })),
    ("RETR 4294967295", |pop3| Box::pin(async { pop3.read(last()).await.map(drop) })),
    ("DELE 4294967295", |pop3| Box::pin(async { pop3.dele(last()).await })),
    ("NOOP", |pop3| Box::pin(async { pop3.noop().await })),
    ("RSET", |pop3| Box::pin(async { pop3.rset().await })),
    ("QUIT", |pop3| Box::pin(async { pop3.commit().await.map(drop) })),
];

#[tokio::test]
async fn every_call_is_one_command() {
    for (line, call) in CALLS {
        let server = Server::builder().user("me", "secret").in_memory().unwrap();
        let mut pop3 = session(server.pop3_stream(), plaintext(), me()).await.unwrap();
        server.clear_commands();
        let result = call(&mut pop3).await;
        assert!(result.is_ok() || result.is_err_and(|error| error.kind() == Kind::Rejected), "{line}");
        assert_eq!(server.commands(), [*line]);
    }
}

#[tokio::test]
async fn a_name_that_a_caller_made_up_never_gets_onto_the_wire() {
    for text in hostile() {
        match Uidl::try_from(text.as_str()) {
            Ok(uidl) => assert_eq!(uidl.as_bytes(), text.as_bytes()),
            Err(error) => assert_eq!(error.kind(), Kind::Input),
        }
    }
    let server = Server::builder().user("me", "secret").in_memory().unwrap();
    server.deliver("me", "INBOX", "a: b\r\n\r\n", &[]);
    let mut pop3 = session(server.pop3_stream(), plaintext(), me()).await.unwrap();
    let own = pop3.entries().await.unwrap()[0].id.to_string();
    let (place, _) = own.rsplit_once('/').unwrap();
    server.clear_commands();
    for name in ["x%0D%0ADELE%201", "%00", "1%0A", "%FC", "1"] {
        let Ok(id) = format!("{place}/{name}").parse::<MessageId>() else { continue };
        let ids = [id];
        let mut mail = Mailbox::messages(&mut pop3, &ids, Part::Whole).await.unwrap();
        assert!(mail.try_next().await.unwrap().is_none());
        drop(mail);
        pop3.mark_deleted(&ids).await.unwrap();
        let error = match Mailbox::open(&mut pop3, &ids[0]).await {
            Ok(mut body) => panic!("{name}: {:?}", body.read_to_end(&mut Vec::new()).await),
            Err(error) => error,
        };
        assert_eq!(error.kind(), Kind::Rejected);
    }
    assert!(server.commands().is_empty(), "{:?}", server.commands());
}
