//! Hostile text in every argument of every command: it is quoted, sent as a literal, or refused before the first byte. The
//! embedded server reports how many commands it received.

use postroom::imap::{Append, Folder, Imap, Query, Section, StatusItems, Uid, Uids};
use postroom::testing::Server;
use postroom::{Error, Flag, FlagChange, Kind};

use crate::support::{embedded, plaintext};

const HOSTILE: [&str; 14] = [
    "a\r\nX1 DELETE Archive",
    "a\nX1 DELETE Archive",
    "a\rb",
    "a\0b",
    "{5}",
    "{5+}",
    "a {5+}\r\nX",
    "a\" X (\\Seen",
    "a\\",
    "ä ü 漢 🙂",
    "a\u{7f}\u{1}\u{1b}[0m",
    "%*",
    "NIL",
    ") X (",
];

/// Runs the call with each text; it must send exactly one command, or none and return an error of ours.
async fn check<T>(server: &Server, what: &str, text: &str, call: impl IntoFuture<Output = Result<T, Error>>) {
    server.clear_commands();
    let result = call.await.map(drop);
    let commands = whole(&server.commands());
    match &result {
        Err(error) if error.kind() == Kind::Input => assert!(commands.is_empty(), "{what} {text:?}: {commands:?}"),
        Err(error) if matches!(error.kind(), Kind::Rejected | Kind::Bad) => {
            assert_eq!(commands.len(), 1, "{what} {text:?}: {commands:?}");
        }
        Ok(()) => assert_eq!(commands.len(), 1, "{what} {text:?}: {commands:?}"),
        Err(error) => panic!("{what} {text:?}: {error:?}"),
    }
    if text.contains('\0') {
        assert!(result.is_err(), "{what} {text:?} was sent");
    }
}

/// The server records what follows a literal as a line of its own.
fn whole(lines: &[String]) -> Vec<String> {
    let mut commands: Vec<String> = Vec::new();
    for line in lines {
        match commands.last_mut().filter(|command| command.ends_with('}')) {
            Some(command) => command.push_str(line),
            None => commands.push(line.clone()),
        }
    }
    commands
}

async fn on_mailboxes(server: &Server, imap: &Imap, text: &str) {
    check(server, "create", text, imap.create_mailbox(text)).await;
    check(server, "status", text, imap.status(text, StatusItems::BASE)).await;
    check(server, "subscribe", text, imap.subscribe(text)).await;
    check(server, "unsubscribe", text, imap.unsubscribe(text)).await;
    check(server, "list", text, imap.list(text)).await;
    check(server, "list_subscribed", text, imap.list_subscribed(text)).await;
    check(server, "rename from", text, imap.rename_mailbox(text, "b")).await;
    check(server, "rename to", text, imap.rename_mailbox("None", text)).await;
    check(server, "append", text, imap.append(text, "x")).await;
    check(server, "id field", text, imap.id(&[(text, "x")])).await;
    check(server, "id value", text, imap.id(&[("x", text)])).await;
    check(server, "delete", text, imap.delete_mailbox(text)).await;
    if let Ok(flag) = Flag::new(text) {
        check(server, "append flag", text, imap.append("Archive", Append::from("x").flags([flag]))).await;
    }
}

async fn on_messages(server: &Server, inbox: &mut Folder<&mut Imap>, text: &str) {
    let one = Uid::new(1).unwrap();
    check(server, "copy", text, inbox.copy(one, text)).await;
    check(server, "move_to", text, inbox.move_to(one, text)).await;
    for query in [Query::from(text), Query::header(text, "x"), Query::header("x", text), !Query::body(text)] {
        check(server, "search", text, inbox.search(&query).into_future()).await;
    }
    if let Ok(flag) = Flag::new(text) {
        check(server, "store", text, inbox.store(one, &FlagChange::add([flag.clone()]))).await;
        check(server, "search flag", text, inbox.search(&Query::flag(flag)).into_future()).await;
    }
    if let Ok(section) = Section::header_fields([text]) {
        check(server, "read", text, inbox.read(one, section)).await;
    }
}

async fn session() -> (Server, Imap) {
    let server = Server::builder().in_memory().unwrap();
    for _ in 0..40 {
        server.deliver("alice", "INBOX", "Subject: x\r\n\r\n", &[]).unwrap();
    }
    let imap = embedded(&server, plaintext()).await;
    imap.noop().await.unwrap();
    (server, imap)
}

#[tokio::test(start_paused = true)]
async fn no_argument_becomes_a_command() {
    for text in HOSTILE {
        let (server, mut imap) = session().await;
        on_mailboxes(&server, &imap, text).await;
        let mut inbox = imap.select("INBOX").await.unwrap();
        on_messages(&server, &mut inbox, text).await;
        check(&server, "select", text, imap.select(text)).await;
        check(&server, "examine", text, imap.examine(text)).await;
        check(&server, "open", text, async { imap.open(text).await.map(drop) }).await;
        check(&server, "enable", text, imap.enable(&[text])).await;
        imap.noop().await.unwrap();
        assert!(server.snapshot("alice").unwrap().mailboxes.contains_key("Archive"), "{text:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn no_user_and_no_password_becomes_a_command() {
    for (text, lacks) in HOSTILE.into_iter().flat_map(|text| [(text, "AUTH=PLAIN"), (text, "")]) {
        for (user, password) in [(text, "alicepw"), ("alice", text)] {
            let server = Server::builder().without(lacks).without("ID").in_memory().unwrap();
            let login = postroom::Login::password(user, password);
            let before = server.snapshot("alice");
            let result = Imap::handshake(server.imap_stream(), plaintext(), login).await;
            let commands = whole(&server.commands());
            match result.map(drop).unwrap_err().kind() {
                Kind::Input => assert!(commands.is_empty(), "{text:?}: {commands:?}"),
                Kind::Login => assert_eq!(commands.len(), 1, "{text:?}: {commands:?}"),
                kind => panic!("{text:?}: {kind:?} after {commands:?}"),
            }
            assert_eq!(server.snapshot("alice"), before);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn what_can_be_a_name_comes_back_the_same() {
    for text in HOSTILE.into_iter().filter(|text| !text.contains(['\r', '\n', '\0', '*', '%'])) {
        let (_server, imap) = session().await;
        if imap.create_mailbox(text).await.is_ok() {
            let listed = imap.list("*").await.unwrap();
            assert!(listed.iter().any(|listed| listed.name.as_str() == text), "{text:?}: {listed:?}");
            imap.append(text, "Subject: x\r\n\r\n").await.unwrap();
            assert_eq!(imap.status(text, StatusItems::MESSAGES).await.unwrap().messages, Some(1), "{text:?}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_set_without_members_sends_nothing() {
    let (server, mut imap) = session().await;
    let mut inbox = imap.select("INBOX").await.unwrap();
    server.clear_commands();
    inbox.copy(Uids::new(), "Archive").await.unwrap();
    inbox.move_to(Uids::new(), "Archive").await.unwrap();
    inbox.expunge(Uids::new()).await.unwrap();
    inbox.store(Uids::new(), &FlagChange::add([Flag::SEEN])).await.unwrap();
    assert!(inbox.fetch(Uids::new(), postroom::imap::Items::FLAGS).await.unwrap().try_next().await.unwrap().is_none());
    assert!(server.commands().is_empty(), "{:?}", server.commands());
}
