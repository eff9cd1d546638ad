//! LIST with data of other commands: the same result whatever the server can do in one command.

use postroom::Kind;
use postroom::imap::{DetailedListing, EntryName, Imap, ListReturn, ListSelect, StatusItems};
use postroom::testing::{Builder, Server};

use crate::support::{embedded, plaintext, scripted};

fn without(builder: Builder, names: &[&str]) -> Builder {
    names.iter().fold(builder, |builder, name| builder.without(name))
}

async fn session(builder: Builder) -> (Server, Imap) {
    let server = builder.sample_mail().in_memory().unwrap();
    let imap = embedded(&server, plaintext()).await;
    for name in ["Für alle/eins", "R&D"] {
        imap.create_mailbox(name).await.unwrap();
    }
    imap.subscribe("R&D").await.unwrap();
    imap.unsubscribe("Junk").await.unwrap();
    imap.create_mailbox("Gone").await.unwrap();
    imap.subscribe("Gone").await.unwrap();
    imap.delete_mailbox("Gone").await.unwrap();
    imap.delete_mailbox("Für alle").await.unwrap();
    (server, imap)
}

fn all() -> Vec<ListReturn> {
    vec![
        ListReturn::Subscribed,
        ListReturn::Status(StatusItems::BASE),
        ListReturn::MyRights,
        ListReturn::Metadata(vec![EntryName::PRIVATE_COMMENT, EntryName::SHARED_COMMENT]),
    ]
}

/// What is compared: names, attributes in any order, and the data.
fn said(found: &DetailedListing) -> Vec<String> {
    assert!(found.unreadable.is_empty());
    let mut lines: Vec<String> = found
        .mailboxes
        .iter()
        .map(|mailbox| {
            let mut attributes: Vec<_> = mailbox.listed.attributes.iter().collect();
            attributes.sort_unstable();
            let values: Vec<_> = mailbox.metadata.iter().filter(|(_, value)| value.is_some()).collect();
            let status = mailbox.status.as_ref().map(|status| (status.messages, status.uid_next, status.unseen));
            format!("{} {attributes:?} {status:?} {:?} {values:?}", mailbox.listed.name, mailbox.rights)
        })
        .collect();
    lines.sort_unstable();
    lines
}

#[tokio::test(start_paused = true)]
async fn every_rung_of_the_ladder_returns_the_same() {
    let lacks: [&[&str]; 6] = [
        &[],
        &["LIST-STATUS"],
        &["LIST-MYRIGHTS", "LIST-METADATA"],
        &["LIST-STATUS", "LIST-MYRIGHTS", "LIST-METADATA"],
        &["LIST-EXTENDED"],
        &["LIST-METADATA"],
    ];
    let selections: [&[ListSelect]; 4] =
        [&[], &[ListSelect::Subscribed], &[ListSelect::SpecialUse], &[ListSelect::Subscribed, ListSelect::SpecialUse]];
    let patterns: [&[&str]; 4] = [&["*"], &["%"], &["INBOX", "R&D", "Gone", "F*"], &["Für alle/%", "*eins"]];
    let mut wanted = Vec::new();
    for (rung, lacks) in lacks.into_iter().enumerate() {
        let (server, imap) = session(without(Server::builder(), lacks)).await;
        let comment = [(EntryName::PRIVATE_COMMENT, Some(b"a\r\nb".to_vec()))];
        imap.set_metadata("R&D", &comment).await.unwrap();
        let mut found = Vec::new();
        for select in selections {
            for patterns in patterns {
                let before = server.commands().len();
                found.push(said(&imap.list_with(patterns, select, &all()).await.unwrap()));
                assert!(rung != 0 || server.commands().len() == before + 1, "{:?}", &server.commands()[before..]);
            }
        }
        if rung == 0 {
            assert!(found[0].iter().any(|line| line.starts_with("R&D") && line.contains("Subscribed")), "{found:#?}");
            assert!(
                found[4].iter().any(|line| line.starts_with("Gone ") && line.contains("NonExistent")),
                "{:#?}",
                found[4]
            );
            wanted = found;
        } else {
            for (mine, wanted) in found.iter().zip(&wanted) {
                // Without LIST-EXTENDED nobody says whether what does not exist has children.
                let plain =
                    |line: &String| line.replace("\"\\\\HasNoChildren\", \"\\\\NonExistent\"", "\"\\\\NonExistent\"");
                assert_eq!(
                    mine.iter().map(plain).collect::<Vec<_>>(),
                    wanted.iter().map(plain).collect::<Vec<_>>(),
                    "{lacks:?}"
                );
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_announced_and_refused_is_asked_otherwise_and_remembered() {
    let dialogue = "
        S: * PREAUTH [CAPABILITY IMAP4rev1 LIST-EXTENDED LIST-STATUS SPECIAL-USE ACL] ready
        C: {A} LIST \"\" \"*\" RETURN (CHILDREN SPECIAL-USE STATUS (MESSAGES))
        S: {A} BAD what
        C: {B} LIST \"\" \"*\" RETURN (CHILDREN SPECIAL-USE)
        S: * LIST (\\HasNoChildren) \"/\" INBOX
        S: * LIST (\\Noselect) \"/\" Up
        S: * LIST () \"/\" Up/Down
        S: * LIST (oops
        S: {B} OK done
        C: {C} STATUS INBOX (MESSAGES)
        C: {D} STATUS Up/Down (MESSAGES)
        S: * STATUS INBOX (MESSAGES 3)
        S: {C} OK done
        S: {D} NO [NOPERM] no
        C: {E} LIST \"\" \"%\" RETURN (CHILDREN SPECIAL-USE)
        S: * LIST () \"/\" INBOX
        S: {E} OK done
        C: {F} STATUS INBOX (UNSEEN)
        S: * STATUS INBOX (UNSEEN 1)
        S: {F} OK done
        C: {G} LIST (SUBSCRIBED) \"\" \"%\" RETURN (CHILDREN SPECIAL-USE SUBSCRIBED)
        S: {G} NO no
        C: {H} LIST (SUBSCRIBED) \"\" \"%\" RETURN (CHILDREN SUBSCRIBED)
        S: {H} NO no
        C: {I} LIST \"\" \"%\"
        S: * LIST () \"/\" INBOX
        S: * LIST (\\Sent) \"/\" Sent
        S: {I} OK done
        C: {J} LSUB \"\" \"%\"
        S: * LSUB () \"/\" Sent
        S: * LSUB (\\Noselect) \"/\" Up
        S: {J} OK done
        C: {K} MYRIGHTS Sent
        S: * MYRIGHTS Sent lrcd
        S: {K} OK done
        C: {L} LIST \"\" \"x\" RETURN (CHILDREN SPECIAL-USE)
        S: {L} OK done
    ";
    let (script, imap) = scripted(dialogue, plaintext()).await;
    let imap = imap.unwrap();
    let found = imap.list_with(&["*"], &[], &[ListReturn::Status(StatusItems::MESSAGES)]).await.unwrap();
    let counts: Vec<_> =
        found.mailboxes.iter().map(|mailbox| mailbox.status.as_ref().map(|status| status.messages)).collect();
    assert_eq!((counts, found.unreadable.len()), (vec![Some(Some(3)), None, None], 1));
    let found = imap.list_with(&["%"], &[], &[ListReturn::Status(StatusItems::UNSEEN)]).await.unwrap();
    assert_eq!(found.mailboxes[0].status.as_ref().unwrap().unseen, Some(1));
    let found = imap.list_with(&["%"], &[ListSelect::Subscribed], &[ListReturn::MyRights]).await.unwrap();
    assert_eq!(found.mailboxes.len(), 1);
    assert!(found.mailboxes[0].listed.has("\\Subscribed") && found.mailboxes[0].listed.has("\\Sent"));
    assert_eq!(found.mailboxes[0].rights.unwrap().to_string(), "cdeklrt");
    assert!(imap.list_with(&["x"], &[], &[]).await.unwrap().mailboxes.is_empty());
    script.finish().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_asked_is_refused_before_anything_is_sent() {
    let builder = without(Server::builder(), &["ACL", "METADATA", "SPECIAL-USE", "LIST-EXTENDED", "CONDSTORE"]);
    let server = builder.in_memory().unwrap();
    let imap = embedded(&server, plaintext()).await;
    imap.noop().await.unwrap();
    let sent = server.commands().len();
    let kind = async |patterns: &[&str], select: &[ListSelect], returns: &[ListReturn]| {
        imap.list_with(patterns, select, returns).await.map(drop).unwrap_err().kind()
    };
    for returns in [
        ListReturn::MyRights,
        ListReturn::Metadata(vec![EntryName::SHARED_COMMENT]),
        ListReturn::Status(StatusItems::HIGHEST_MODSEQ),
    ] {
        assert_eq!(kind(&["*"], &[], &[returns]).await, Kind::Unsupported);
    }
    for select in [ListSelect::SpecialUse, ListSelect::Remote, ListSelect::RecursiveMatch] {
        assert_eq!(kind(&["*"], &[select], &[]).await, Kind::Unsupported);
    }
    assert_eq!(kind(&[], &[], &[]).await, Kind::Input);
    assert_eq!(kind(&["a\r\nb"], &[], &[]).await, Kind::Input);
    assert_eq!(server.commands().len(), sent);
}
