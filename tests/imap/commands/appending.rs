//! Several messages at once, messages that take the place of others, and composed ones: the same end with an extension and without it, and
//! nothing removed before its replacement is stored.

use postroom::imap::{Append, AppendOutcome, Appended, AppendedAll, Content, Imap, NewMessage, Piece, Uid};
use postroom::testing::{Fault, Server, Trouble};
use postroom::{Flag, Kind};

use crate::support::{embedded, plaintext, scripted, selected, session};

fn builder(lacks: &[&str]) -> postroom::testing::Builder {
    let clock = time::OffsetDateTime::from_unix_timestamp(1_700_000_000).unwrap();
    lacks.iter().fold(Server::builder().clock(clock), |builder, lack| builder.without(lack))
}

fn uids(all: &AppendedAll) -> Vec<Option<u32>> {
    let uid = |outcome: &AppendOutcome| match outcome {
        AppendOutcome::Stored(told) => told.map(|told| told.uid.as_u32()),
        other => panic!("{other:?}"),
    };
    all.messages.iter().map(uid).collect()
}

fn letters() -> Vec<Append<'static>> {
    let text = |number: u32| format!("Subject: {number}\r\n\r\n{}", "x".repeat(number as usize * 40_000));
    let mut all: Vec<Append<'static>> = (1..=20).map(|number| Append::from(text(number % 4))).collect();
    all[1] = Append::from(text(2)).flags([Flag::SEEN, Flag::new("$Label").unwrap()]);
    all[2] = Append::once(std::io::Cursor::new(text(9)), text(9).len() as u64);
    all
}

#[tokio::test(start_paused = true)]
async fn several_messages_end_the_same_in_one_command_and_in_many() {
    let mut ends = Vec::new();
    for lacks in [&[][..], &["MULTIAPPEND"], &["LITERAL+"], &["MULTIAPPEND", "LITERAL+"]] {
        let server = builder(lacks).in_memory().unwrap();
        let imap = embedded(&server, plaintext()).await;
        let before = server.commands().len();
        let all = imap.append_all("Archive", letters()).await.unwrap();
        assert_eq!(uids(&all), (1..=20).map(Some).collect::<Vec<_>>(), "{lacks:?}");
        let appends = server.commands()[before..].iter().filter(|line| line.contains("APPEND")).count();
        assert_eq!(appends, if lacks.contains(&"MULTIAPPEND") { 20 } else { 1 }, "{lacks:?}");
        assert!(imap.append_all("Archive", Vec::<Append<'_>>::new()).await.unwrap().messages.is_empty());
        ends.push(server.snapshot("alice").unwrap());
    }
    assert_eq!(ends[0].messages("Archive").len(), 20);
    assert!(ends.iter().all(|end| *end == ends[0]));
}

#[tokio::test(start_paused = true)]
async fn a_limit_of_messages_makes_several_commands() {
    let server = builder(&[]).message_limit(3).in_memory().unwrap();
    let imap = embedded(&server, plaintext()).await;
    let before = server.commands().len();
    let all = imap.append_all("Archive", (0..8).map(|number| format!("Subject: {number}\r\n\r\n"))).await.unwrap();
    assert_eq!(uids(&all), (1..=8).map(Some).collect::<Vec<_>>());
    assert_eq!(server.commands()[before..].iter().filter(|line| line.contains("APPEND")).count(), 3);
}

#[tokio::test(start_paused = true)]
async fn what_is_stored_of_several_is_known_if_one_is_refused() {
    let mail = || (0..30).map(|number| format!("Subject: {number}\r\n\r\n"));
    for lacks in [&[][..], &["MULTIAPPEND"], &["MULTIAPPEND", "LITERAL+"]] {
        let server = builder(lacks).quota(1_000_000, 4).in_memory().unwrap();
        let imap = embedded(&server, plaintext()).await;
        let error = imap.append_all("Archive", mail()).await.unwrap_err();
        assert!(error.kind() == Kind::Rejected && error.code().unwrap().is("OVERQUOTA"), "{error}");
        let stored = server.snapshot("alice").unwrap().messages("Archive").len();
        match (lacks, AppendedAll::before(&error)) {
            ([], None) => assert_eq!(stored, 0),
            (_, Some(before)) => {
                assert_eq!((before.messages.len(), stored), (30, 4));
                assert!(matches!(before.messages[..4], [AppendOutcome::Stored(Some(_)), ..]), "{before:?}");
                assert!(before.messages[4..].iter().all(|outcome| *outcome == AppendOutcome::NotStored));
            }
            other => panic!("{other:?}"),
        }
        imap.noop().await.unwrap();
    }
    // The third reply is lost: that message, and those sent after it, may be stored.
    let server = builder(&["MULTIAPPEND"]).in_memory().unwrap();
    server.fault(Fault::Command { name: "APPEND", nth: 3, trouble: Trouble::LoseReply });
    let imap = embedded(&server, plaintext()).await;
    let error = imap.append_all("Archive", mail()).await.unwrap_err();
    assert_eq!(error.kind(), Kind::Unknown);
    let before = AppendedAll::before(&error).unwrap();
    assert!(matches!(before.messages[..2], [AppendOutcome::Stored(_), AppendOutcome::Stored(_)]));
    assert_eq!(before.messages[2], AppendOutcome::Unknown);
    let stored = server.snapshot("alice").unwrap().messages("Archive").len();
    let may = before.messages.iter().filter(|outcome| **outcome != AppendOutcome::NotStored).count();
    assert!((3..=may).contains(&stored), "{stored} {before:?}");
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_appended_is_refused_before_anything_is_sent() {
    let server = builder(&["BINARY"]).in_memory().unwrap();
    let imap = embedded(&server, plaintext()).await;
    imap.noop().await.unwrap();
    let sent = server.commands().len();
    let kind = |result: postroom::Result<AppendedAll>| result.map(drop).unwrap_err().kind();
    assert_eq!(kind(imap.append_all("INBOX", ["Subject: x\r\n\r\n", ""]).await), Kind::Input);
    assert_eq!(
        kind(imap.append_all("INBOX", [Append::from("x"), Append::from("x").binary()]).await),
        Kind::Unsupported
    );
    assert_eq!(kind(imap.append_all("INBOX", [Append::from("x").utf8()]).await), Kind::Unsupported);
    assert_eq!(kind(imap.append_all("a\r\nb", ["x"]).await), Kind::Input);
    assert_eq!(server.commands().len(), sent);
}

#[tokio::test(start_paused = true)]
async fn a_message_with_nul_or_in_utf8_goes_as_literal8() {
    let dialogue = "
        S: * PREAUTH [CAPABILITY IMAP4rev1 LITERAL+ MULTIAPPEND BINARY ENABLE UTF8=ACCEPT] ready
        C: {A} ENABLE UTF8=ACCEPT
        S: * ENABLED UTF8=ACCEPT
        S: {A} OK done
        C: {B} APPEND INBOX (\\Seen) ~{3+}
        C-raw: a\\x00b UTF8 (~{3+}\\r\\n\\xc3\\xbc!) {1+}\\r\\nx\\r\\n
        S: {B} OK [APPENDUID 7 5:7] done
    ";
    let (script, imap) = scripted(dialogue, plaintext()).await;
    let imap = imap.unwrap();
    let nul = Append::from("a\0b").binary().flags([Flag::SEEN]);
    let all = imap.append_all("INBOX", [nul, Append::from("ü!").utf8(), Append::from("x")]).await.unwrap();
    assert_eq!(uids(&all), [Some(5), Some(6), Some(7)]);
    script.finish().await.unwrap();
}

async fn drafts(server: &Server) -> Imap {
    for text in ["Subject: a\r\n\r\n1", "Subject: b\r\n\r\n2"] {
        server.deliver("alice", "Drafts", text, &["\\Draft"]).unwrap();
    }
    server.set_flags("alice", "Drafts", 1, &["\\Deleted"]).unwrap();
    embedded(server, plaintext()).await
}

#[tokio::test(start_paused = true)]
async fn a_message_takes_the_place_of_another_with_replace_and_without() {
    let mut ends = Vec::new();
    for lacks in [&[][..], &["REPLACE"]] {
        let server = builder(lacks).in_memory().unwrap();
        let mut imap = drafts(&server).await;
        let folder = imap.select("Drafts").await.unwrap();
        let two = Uid::new(2).unwrap();
        let new = Append::from("Subject: b\r\n\r\nbetter").flags([Flag::DRAFT]);
        let told = folder.replace(two, new).await.unwrap().unwrap();
        assert_eq!((told.uid.as_u32(), Some(told.validity)), (3, folder.info().unwrap().uid_validity));
        assert_eq!(folder.info().unwrap().exists, 2);
        // It is gone now.
        let error = folder.replace(two, "Subject: c\r\n\r\n").await.unwrap_err();
        assert_eq!(error.kind(), Kind::Rejected, "{lacks:?}");
        ends.push(server.snapshot("alice").unwrap());
    }
    let left: Vec<_> = ends[0].messages("Drafts").iter().map(|message| message.uid).collect();
    // Another client's mark stays a mark.
    assert_eq!((left, ends[0] == ends[1]), (vec![1, 3], true));
}

#[tokio::test(start_paused = true)]
async fn the_old_message_stays_if_the_new_one_is_not_stored() {
    for lacks in [&[][..], &["REPLACE"]] {
        let server = builder(lacks).quota(50, 100).in_memory().unwrap();
        let mut imap = drafts(&server).await;
        let before = server.snapshot("alice");
        let folder = imap.select("Drafts").await.unwrap();
        let error = folder.replace(Uid::new(2).unwrap(), "x".repeat(60)).await.unwrap_err();
        assert!(error.code().unwrap().is("OVERQUOTA") && Appended::before(&error).is_none(), "{error}");
        assert_eq!(server.snapshot("alice"), before, "{lacks:?}");
    }
    let server = builder(&["REPLACE"]).in_memory().unwrap();
    drafts(&server).await;
    server.fault(Fault::Command { name: "UID EXPUNGE", nth: 1, trouble: Trouble::No });
    let mut imap = session::imap(server.imap_stream(), plaintext(), crate::support::alice()).await.unwrap();
    let folder = imap.select("Drafts").await.unwrap();
    let error = folder.replace(Uid::new(2).unwrap(), "Subject: b\r\n\r\n").await.unwrap_err();
    assert_eq!((error.kind(), Appended::before(&error).unwrap().uid.as_u32()), (Kind::Rejected, 3));
    assert_eq!(server.snapshot("alice").unwrap().messages("Drafts").len(), 3);
}

/// UIDPLUS is announced, and APPENDUID does not come.
#[tokio::test(start_paused = true)]
async fn without_appenduid_the_new_message_is_looked_for() {
    for (found, kind) in
        [("S: * 4 FETCH (UID 9 RFC822.SIZE 15)", None), ("S: * 4 FETCH (UID 9 RFC822.SIZE 16)", Some(Kind::Missing))]
    {
        let end = "
            C: {H} UID STORE 2 +FLAGS.SILENT (\\Deleted)
            S: {H} OK done
            C: {I} UID EXPUNGE 2
            S: * 2 EXPUNGE
            S: {I} OK done
        ";
        let dialogue = format!(
            "
            C: {{A}} UID SEARCH RETURN (ALL) UID 2
            S: * ESEARCH (TAG \"{{A}}\") UID ALL 2
            S: {{A}} OK done
            C: {{B}} STATUS INBOX (UIDNEXT)
            S: * STATUS INBOX (UIDNEXT 9)
            S: {{B}} OK done
            C: {{C}} APPEND INBOX {{15}}
            S: + go on
            C-raw: Subject: b\\r\\n\\r\\n!\\r\\n
            S: {{C}} OK stored
            C: {{D}} NOOP
            S: * 4 EXISTS
            S: {{D}} OK done
            C: {{E}} UID SEARCH RETURN (ALL) UID 9:*
            S: * ESEARCH (TAG \"{{E}}\") UID ALL 9
            S: {{E}} OK done
            C: {{F}} UID FETCH 9 (UID RFC822.SIZE)
            {found}
            S: {{F}} OK done
            {}",
            if kind.is_none() { end } else { "" }
        );
        let (script, folder) = selected(&dialogue, plaintext()).await;
        let replaced = folder.replace(Uid::new(2).unwrap(), "Subject: b\r\n\r\n!").await;
        assert_eq!(replaced.map(|told| assert!(told.is_none())).err().map(|error| error.kind()), kind);
        script.finish().await.unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn a_message_is_composed_of_pieces_of_others() {
    let server = builder(&["BINARY"]).in_memory().unwrap();
    let text = "Subject: old\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nfirst\r\n--b\r\n\r\nsecond\r\n--b--\r\n";
    server.deliver("alice", "INBOX", text, &[]).unwrap();
    let imap = embedded(&server, plaintext()).await;
    let compose = async |pieces: Vec<Piece>| {
        imap.append_composed("Drafts", &NewMessage::new(Content::Pieces(pieces)).flags([Flag::DRAFT])).await
    };
    let text = |text: &'static str| Piece::Text(text.into());
    let url = |url: &str| Piece::Url(url.to_owned());
    let part = url("/INBOX;UIDVALIDITY=1000001/;UID=1/;SECTION=2");
    let stored =
        compose(vec![text("Subject: new\r\n\r\n"), part.clone(), text("!"), url("/INBOX/;UID=1/;SECTION=1")]).await;
    assert_eq!(stored.unwrap().unwrap().uid.as_u32(), 1);
    let snapshot = server.snapshot("alice").unwrap();
    assert_eq!(&snapshot.messages("Drafts")[0].bytes[..], b"Subject: new\r\n\r\nsecond!first");
    for wrong in ["/INBOX/;UID=9", "/INBOX;UIDVALIDITY=1/;UID=1", "/None/;UID=1", "/INBOX/;UID=1/;SECTION=7", "x"] {
        let error = compose(vec![part.clone(), url(wrong)]).await.unwrap_err();
        assert_eq!(error.code().unwrap().to_string(), format!("BADURL {wrong}"));
    }
    assert_eq!(compose(Vec::new()).await.unwrap_err().kind(), Kind::Input);
    for content in [Content::Binary("\0".into()), Content::Utf8("x".into())] {
        let error = imap.append_composed("Drafts", &NewMessage::new(content)).await.unwrap_err();
        assert_eq!(error.kind(), Kind::Unsupported);
    }
    assert_eq!(server.snapshot("alice").unwrap(), snapshot);
    let plain = builder(&["CATENATE"]).in_memory().unwrap();
    let plain = embedded(&plain, plaintext()).await;
    let message = NewMessage::new(Content::Pieces(vec![part]));
    assert_eq!(plain.append_composed("Drafts", &message).await.unwrap_err().kind(), Kind::Unsupported);
}
