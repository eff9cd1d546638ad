//! IMAP4rev2, LIST's options, quotas and non-synchronizing literals, by raw lines.

use std::collections::BTreeSet;

use postroom::testing::Server;

use super::imap::logged_in;

#[tokio::test]
async fn imap4rev2_is_offered_when_asked_for_and_changes_what_is_said_once_enabled() {
    let server = Server::builder().with("IMAP4rev2").sample_mail().in_memory().unwrap();
    let mut client = logged_in(&server).await;
    assert!(client.imap("CREATE gr&APw-n").await[0].starts_with("t OK"));
    assert!(client.imap("SELECT INBOX").await.iter().any(|line| line.ends_with(" RECENT")));
    assert!(client.imap("ENABLE IMAP4rev2").await[0].starts_with("t BAD"));
    client.imap("CLOSE").await;
    assert_eq!(client.imap("ENABLE IMAP4rev2").await[0], "* ENABLED IMAP4rev2");
    let lines = client.imap("SELECT INBOX").await;
    assert!(!lines.iter().any(|line| line.contains("RECENT")), "{lines:?}");
    assert!(lines.contains(&"* LIST () \"/\" \"INBOX\"".to_owned()));
    assert_eq!(client.imap("SEARCH UID 1:3").await[0], "* ESEARCH (TAG \"t\") ALL 1:3");
    assert_eq!(client.imap("UID SEARCH SUBJECT nowhere").await[0], "* ESEARCH (TAG \"t\") UID");
    assert!(client.imap("LIST \"\" \"gr\u{fc}*\"").await[0].ends_with(" \"gr\u{fc}n\""));
    assert_eq!(
        client.imap("STATUS \"gr\u{fc}n\" (SIZE DELETED)").await[0],
        "* STATUS \"gr\u{fc}n\" (SIZE 0 DELETED 0)"
    );
    assert!(client.imap("STATUS INBOX (RECENT)").await[0].starts_with("t BAD"));
    server.deliver("alice", "INBOX", "a: b\r\n\r\n", &[]);
    assert_eq!(client.imap("NOOP").await, ["* 31 EXISTS", "t OK NOOP completed"]);
    client.imap("RENAME \"gr\u{fc}n\" R&D").await;
    assert!(server.snapshot("alice").unwrap().mailboxes.contains_key("R&-D"));
    let plain = Server::builder().in_memory().unwrap();
    let mut client = logged_in(&plain).await;
    assert_eq!(client.imap("ENABLE IMAP4rev2").await[0], "* ENABLED");
}

#[tokio::test]
async fn list_selects_and_returns_what_its_options_say() {
    let server = Server::builder().in_memory().unwrap();
    let mut client = logged_in(&server).await;
    client.imap("CREATE a/b/c").await;
    client.imap("SUBSCRIBE a/b/c").await;
    client.imap("UNSUBSCRIBE Junk").await;
    client.imap("SUBSCRIBE a/b").await;
    client.imap("DELETE a/b/c").await;
    for (command, wanted) in [
        ("LIST (SUBSCRIBED) \"\" Junk", vec![]),
        ("LIST (SUBSCRIBED) \"\" a/b/*", vec!["* LIST (\\NonExistent \\Subscribed \\HasNoChildren) \"/\" \"a/b/c\""]),
        (
            "LIST (SUBSCRIBED RECURSIVEMATCH) \"\" a",
            vec!["* LIST (\\HasChildren) \"/\" \"a\" (\"CHILDINFO\" (\"SUBSCRIBED\"))"],
        ),
        ("LIST (SPECIAL-USE) \"\" J*", vec!["* LIST (\\HasNoChildren \\Junk) \"/\" \"Junk\""]),
        (
            "LIST \"\" (INBOX a) RETURN (SUBSCRIBED CHILDREN)",
            vec!["* LIST (\\Subscribed \\HasNoChildren) \"/\" \"INBOX\"", "* LIST (\\HasChildren) \"/\" \"a\""],
        ),
        (
            "LIST \"\" a RETURN (STATUS (MESSAGES SIZE))",
            vec!["* LIST (\\HasChildren) \"/\" \"a\"", "* STATUS \"a\" (MESSAGES 0 SIZE 0)"],
        ),
    ] {
        let mut lines = client.imap(command).await;
        assert_eq!(lines.pop().unwrap(), "t OK LIST completed", "{command}");
        assert_eq!(lines, wanted, "{command}");
    }
    for wrong in ["LIST (RECURSIVEMATCH) \"\" *", "LIST (X) \"\" *", "LIST \"\" * RETURN (X)", "LIST \"\" * RETURN"] {
        assert!(client.imap(wrong).await[0].starts_with("t BAD"), "{wrong}");
    }
}

#[tokio::test]
async fn a_mailbox_can_be_made_for_a_use() {
    let server = Server::builder().in_memory().unwrap();
    let mut client = logged_in(&server).await;
    assert!(client.imap("CREATE Old (USE (\\archive))").await[0].starts_with("t OK"));
    assert!(client.imap("LIST \"\" Old").await[0].contains("\\Archive"));
    assert!(client.imap("CREATE Bad (USE (\\Nonsense))").await[0].starts_with("t NO [USEATTR]"));
    assert!(client.imap("SELECT Bad").await[0].starts_with("t NO"));
}

#[tokio::test]
async fn a_quota_is_told_and_kept() {
    let server = Server::builder().quota(2048, 3).in_memory().unwrap();
    server.deliver("alice", "INBOX", "x".repeat(1025), &[]);
    let mut client = logged_in(&server).await;
    assert_eq!(client.imap("GETQUOTA \"\"").await[0], "* QUOTA \"\" (STORAGE 2 2 MESSAGE 1 3)");
    assert_eq!(
        client.imap("GETQUOTAROOT inbox").await[..2],
        ["* QUOTAROOT \"INBOX\" \"\"", "* QUOTA \"\" (STORAGE 2 2 MESSAGE 1 3)"]
    );
    assert!(client.imap("GETQUOTA x").await[0].starts_with("t NO"));
    client.imap("SELECT INBOX").await;
    assert!(client.imap("COPY 1 Sent").await[0].starts_with("t NO [OVERQUOTA]"));
    for (size, reply) in [(1024, "t NO [OVERQUOTA]"), (10, "t OK"), (10, "t OK"), (10, "t NO [OVERQUOTA]")] {
        client.send(format!("t APPEND Sent {{{size}+}}\r\n{}\r\n", "x".repeat(size))).await;
        assert!(client.until("t ").await.last().unwrap().starts_with(reply), "{size}");
    }
    assert!(client.imap("MOVE 1 Sent").await.last().unwrap().starts_with("t OK"));
    let none = Server::builder().in_memory().unwrap();
    let mut client = logged_in(&none).await;
    assert!(client.imap("GETQUOTA \"\"").await[0].starts_with("t BAD"));
}

#[tokio::test]
async fn small_literals_come_unasked_and_large_ones_are_read_and_refused() {
    let server = Server::builder().with("LITERAL-").in_memory().unwrap();
    let mut client = logged_in(&server).await;
    let capability = client.imap("CAPABILITY").await;
    assert!(capability[0].contains(" LITERAL-") && !capability[0].contains("LITERAL+"));
    for (size, reply) in [(4096, "t OK "), (4097, "t BAD [TOOBIG]")] {
        client.send(format!("t APPEND Sent {{{size}+}}\r\n{}\r\n", "x".repeat(size))).await;
        assert!(client.line().await.starts_with(reply), "{size}");
    }
    assert!(client.imap("NOOP").await[0].starts_with("t OK"));
}

/// The documentation of `Builder::without` lists what the server announces, and nothing else.
#[tokio::test]
async fn what_the_documentation_lists_is_what_is_announced() {
    let source = include_str!("../../src/testing/builder.rs");
    let docs = source.split("By default the server has").nth(1).unwrap().split("Other methods add").next().unwrap();
    let listed: BTreeSet<String> = docs.split('`').skip(1).step_by(2).map(str::to_ascii_uppercase).collect();
    let server = Server::builder().in_memory().unwrap();
    let mut client = logged_in(&server).await;
    let lines = client.imap("CAPABILITY").await;
    let announced = lines[0].strip_prefix("* CAPABILITY ").unwrap().split(' ');
    let announced = announced.filter(|name| *name != "IMAP4rev1" && !name.starts_with("AUTH="));
    let announced: BTreeSet<String> = announced.map(str::to_ascii_uppercase).chain(["STARTTLS".to_owned()]).collect();
    assert_eq!(listed, announced);
}
