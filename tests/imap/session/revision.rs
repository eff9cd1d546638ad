//! The client with servers of unusual abilities: IMAP4rev2, LITERAL-, and hardly anything; the same work, the same result.

use postroom::Kind;
use postroom::imap::{Imap, Query, StatusItems, Uids};
use postroom::testing::{Builder, Fault, Server, Trouble};

use crate::support::session::{imap, me, plaintext};

async fn begin(builder: Builder) -> (Server, Imap) {
    let server = builder.user("me", "secret").in_memory().unwrap();
    for at in 1..=3 {
        server.deliver("me", "INBOX", format!("Subject: {at}\r\n\r\ntext\r\n"), &[]).unwrap();
    }
    let imap = again(&server).await;
    (server, imap)
}

async fn again(server: &Server) -> Imap {
    imap(server.imap_stream(), plaintext(), me()).await.unwrap()
}

fn lesser() -> Builder {
    let names = ["IDLE", "SASL-IR", "LITERAL+", "UNSELECT", "ESEARCH", "ENABLE", "ID", "NAMESPACE", "CONDSTORE"];
    names.into_iter().fold(Server::builder(), |builder, name| builder.without(name))
}

#[tokio::test]
async fn the_same_work_comes_to_the_same_end_everywhere() {
    let mut ends = Vec::new();
    for builder in
        [Server::builder(), Server::builder().with("IMAP4rev2"), Server::builder().with("LITERAL-"), lesser()]
    {
        let (server, mut imap) = begin(builder).await;
        imap.create_mailbox("gr\u{fc}n & \u{53f0}").await.unwrap();
        imap.subscribe("gr\u{fc}n & \u{53f0}").await.unwrap();
        let names: Vec<_> = imap.list("gr*").await.unwrap().iter().map(|listed| listed.name.to_string()).collect();
        assert_eq!(names, ["gr\u{fc}n & \u{53f0}"]);
        let inbox = imap.select("INBOX").await.unwrap();
        let found = inbox.search(&Query::subject("2").or(Query::subject("3"))).await.unwrap();
        assert_eq!(found.iter().map(|uid| uid.as_u32()).collect::<Vec<_>>(), [2, 3]);
        inbox.copy(found.clone(), "gr\u{fc}n & \u{53f0}").await.unwrap();
        inbox.move_to(found, "Junk").await.unwrap();
        assert!(inbox.search(&Query::subject("2")).await.unwrap().is_empty());
        drop(inbox);
        let status = imap.status("gr\u{fc}n & \u{53f0}", StatusItems::MESSAGES).await.unwrap();
        assert_eq!(status.messages, Some(2));
        imap.logout().await.unwrap();
        ends.push(
            server
                .snapshot("me")
                .unwrap()
                .mailboxes
                .iter()
                .map(|(name, mailbox)| (name.clone(), mailbox.messages.len()))
                .collect::<Vec<_>>(),
        );
    }
    assert!(ends.windows(2).all(|two| two[0] == two[1]), "{ends:#?}");
    assert!(ends[0].contains(&("gr&APw-n &- &U,A-".to_owned(), 2)), "{ends:#?}");
}

fn subjects(server: &Server, mailbox: &str) -> Vec<String> {
    let snapshot = server.snapshot("me").unwrap();
    let text = |message: &postroom::testing::MessageSnapshot| String::from_utf8_lossy(&message.bytes).into_owned();
    snapshot.messages(mailbox).iter().map(text).collect()
}

#[tokio::test]
async fn a_move_by_three_commands_loses_nothing_wherever_it_is_cut() {
    for command in ["UID COPY", "UID STORE", "UID EXPUNGE"] {
        for trouble in [Trouble::No, Trouble::Bad, Trouble::Drop, Trouble::LoseReply, Trouble::LoseAll] {
            let (server, first) = begin(Server::builder().without("MOVE")).await;
            drop(first);
            server.fault(Fault::at(command, trouble));
            let mut imap = again(&server).await;
            let before = subjects(&server, "INBOX");
            // What another program has marked must stay, whatever happens.
            server.set_flags("me", "INBOX", 3, &["\\Deleted"]).unwrap();
            let inbox = imap.select("INBOX").await.unwrap();
            let result = inbox.move_to("1:2".parse::<Uids>().unwrap(), "Junk").await;
            drop(inbox);
            drop(imap);
            server.all_closed().await;
            let (here, there) = (subjects(&server, "INBOX"), subjects(&server, "Junk"));
            assert!(before.iter().all(|mail| here.contains(mail) || there.contains(mail)), "{command} {trouble:?}");
            assert!(here.contains(&before[2]), "{command} {trouble:?}");
            assert!(result.is_err() || here.len() == 1 && there.len() == 2, "{command} {trouble:?}: {result:?}");
        }
    }
}

#[tokio::test]
async fn a_full_mailbox_is_a_refusal_with_its_code() {
    let (server, mut imap) = begin(Server::builder().quota(1 << 20, 3)).await;
    let before = server.snapshot("me");
    let inbox = imap.select("INBOX").await.unwrap();
    let error = inbox.copy("1".parse::<Uids>().unwrap(), "Sent").await.unwrap_err();
    assert_eq!(error.kind(), Kind::Rejected);
    assert!(error.code().is_some_and(|code| code.is("OVERQUOTA")));
    drop(inbox);
    assert_eq!(server.snapshot("me"), before);
}
