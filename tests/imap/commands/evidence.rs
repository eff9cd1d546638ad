//! What an answer proves, and no more: new places of messages that a server claims, and calls that are refused before a byte is sent.

use std::error::Error as _;

use postroom::imap::{Items, MailboxName, Query, SearchReturn, Section, StatusItems, Uid, UidValidity, Uids};
use postroom::{Flag, FlagChange, Kind};

use crate::support::{SELECT, greeted, plaintext, scripted, selected};

fn uids(text: &str) -> Uids {
    text.parse().unwrap()
}

#[tokio::test(start_paused = true)]
async fn one_message_is_appended_at_one_place_or_at_none_that_is_known() {
    for (code, place) in [
        ("[APPENDUID 7 4]", Some((4, 7))),
        ("[APPENDUID 7 1:4294967295]", None),
        ("[APPENDUID 7 4:5]", None),
        ("[APPENDUID 7 4:*]", None),
        ("[APPENDUID 0 4]", None),
        ("", None),
    ] {
        let dialogue = format!("C: {{A}} APPEND INBOX {{1}}\nS: + go\nC: x\nS: {{A}} OK {code} done");
        let (script, imap) = greeted(&dialogue, plaintext()).await;
        let appended = imap.append("INBOX", "x").await.unwrap();
        assert_eq!(appended.map(|at| (at.uid.as_u32(), u32::from(at.validity))), place, "{code}");
        let set = appended.map(Uids::from);
        assert_eq!(set.and_then(|set| set.validity()), place.and_then(|(_, validity)| UidValidity::new(validity).ok()));
        script.finish().await.unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn a_mapping_is_of_what_was_asked_for_and_shows_what_is_missing() {
    let dialogue = "
        C: {A} UID COPY 1:3,9 Archive
        S: {A} OK [COPYUID 9 1:2,9 4:6] done
        C: {B} UID COPY 2 Archive
        S: {B} OK [COPYUID 9 1:4294967295 1:4294967295] done
        C: {D} UID COPY 2 Archive
        S: {D} OK [COPYUID 9 5 6] done
        C: {G} UID COPY 1:2 Archive
        S: {G} OK [COPYUID 9 2,2 6:7] done
        C: {E} UID COPY 2 Archive
        S: {E} OK done
        C: {F} UID COPY 1:* Archive
        S: {F} OK [COPYUID 9 1:3 10:12] done
    ";
    let (script, folder) = selected(dialogue, plaintext()).await;
    let copied = folder.copy(uids("1:3,9"), "Archive").await.unwrap();
    let missing = copied.missing.unwrap();
    assert_eq!((missing.to_string(), missing.validity()), ("3".into(), UidValidity::new(7).ok()));
    assert_eq!(copied.mapping.unwrap().from(), &uids("1:2,9"));

    let liar = folder.copy(uids("2"), "Archive").await.unwrap().mapping.unwrap();
    assert_eq!((liar.from().to_string(), liar.to().to_string()), ("2".into(), "2".into()));
    assert_eq!(liar.pairs().count(), 1);

    let other = folder.copy(uids("2"), "Archive").await.unwrap();
    assert_eq!((other.mapping, other.missing), (None, None));
    let short = folder.copy(uids("1:2"), "Archive").await.unwrap();
    assert_eq!((short.mapping.unwrap().from().to_string(), short.missing), ("2".into(), None));
    let silent = folder.copy(uids("2"), "Archive").await.unwrap();
    assert_eq!((silent.mapping, silent.missing), (None, None));
    let open = folder.copy(Uids::ALL, "Archive").await.unwrap();
    assert_eq!((open.mapping.unwrap().from(), open.missing), (&uids("1:3"), None));
    script.finish().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_move_that_was_cut_short_goes_on_and_shows_what_no_part_of_it_names() {
    let moving = |answer: &str| {
        format!(
            "S: * PREAUTH [CAPABILITY IMAP4rev1 UIDPLUS MOVE] ready
            {SELECT}
            C: {{A}} UID MOVE 1:3 Archive
            S: * OK [COPYUID 9 3 4] one
            S: * 3 EXPUNGE
            {answer}"
        )
    };
    for (answer, missing) in [
        ("S: {A} OK done", Some("1:2")),
        ("S: {A} OK [MESSAGELIMIT 1 3] more is left\nC: {B} UID MOVE 1:3 Archive\nS: {B} OK done", None),
        (
            "S: * NO [MESSAGELIMIT 1 3] more is left
            S: {A} OK done
            C: {B} UID MOVE 1:3 Archive
            S: * OK [COPYUID 9 1 5] one more
            S: * 1 EXPUNGE
            S: {B} OK done",
            Some("2"),
        ),
    ] {
        let (script, imap) = scripted(&moving(answer), plaintext()).await;
        let folder = imap.unwrap().into_folder("INBOX").await.unwrap();
        let moved = folder.move_to(uids("1:3"), "Archive").await.unwrap();
        let reported = moved.missing.map(|missing| missing.to_string());
        let mapping = moved.mapping.unwrap();
        assert!(mapping.from().contains(Uid::new(3).unwrap()));
        assert_eq!(reported.as_deref(), missing, "{answer}");
        script.finish().await.unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn a_replaced_move_knows_what_is_missing_from_its_search() {
    let dialogue = "
        C: {A} UID SEARCH RETURN (ALL) UID 5:7
        S: * ESEARCH (TAG \"{A}\") UID ALL 5,7
        S: {A} OK done
        C: {B} UID COPY 5,7 Archive
        S: {B} OK done
        C: {D} UID STORE 5,7 +FLAGS.SILENT (\\Deleted)
        S: {D} OK done
        C: {E} UID EXPUNGE 5,7
        S: {E} OK done
    ";
    let (script, folder) = selected(dialogue, plaintext()).await;
    let moved = folder.move_to(uids("5:7"), "Archive").await.unwrap();
    assert_eq!((moved.mapping, moved.missing.unwrap().to_string()), (None, "6".into()));
    script.finish().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_message_over_a_known_limit_is_not_begun() {
    let dialogue = "
        S: * PREAUTH [CAPABILITY IMAP4rev1 APPENDLIMIT=5] ready
        C: {A} APPEND INBOX {5}
        S: + go
        C: 12345
        S: {A} OK done
        C: {B} STATUS Small (APPENDLIMIT)
        S: * STATUS Small (APPENDLIMIT 2)
        S: {B} OK done
        C: {D} STATUS Large (APPENDLIMIT)
        S: * STATUS Large (APPENDLIMIT 6)
        S: {D} OK done
        C: {E} APPEND Large {6}
        S: + go
        C: 123456
        S: {E} OK done
    ";
    let (script, imap) = scripted(dialogue, plaintext()).await;
    let imap = imap.unwrap();
    let error = imap.append("INBOX", "123456").await.unwrap_err();
    assert!(error.kind() == Kind::Unsupported && error.to_string().contains("APPENDLIMIT"), "{error}");
    imap.append("INBOX", "12345").await.unwrap();
    imap.status("Small", StatusItems::APPEND_LIMIT).await.unwrap();
    assert_eq!(imap.append("Small", "123").await.unwrap_err().kind(), Kind::Unsupported);
    imap.status("Large", StatusItems::APPEND_LIMIT).await.unwrap();
    imap.append("Large", "123456").await.unwrap();
    script.finish().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn items_that_the_server_does_not_announce_are_not_asked_for() {
    let (script, mut folder) = selected("", plaintext()).await;
    let one = Uid::new(1).unwrap();
    for items in [
        Items::FLAGS.modseq(),
        Items::new().email_id(),
        Items::new().preview(),
        Items::new().save_date(),
        Items::new().gmail_labels(),
        Items::new().binary(Section::part(&[1]).unwrap(), None).unwrap(),
    ] {
        assert_eq!(folder.get(one, items.clone()).await.unwrap_err().kind(), Kind::Unsupported, "{items}");
        assert_eq!(folder.fetch(one, items).await.map(drop).unwrap_err().kind(), Kind::Unsupported);
    }
    script.finish().await.unwrap();
    let (script, mut imap) = greeted("", plaintext()).await;
    let opened = imap.open("INBOX").fetch(Uids::ALL, Items::FLAGS.modseq()).await.map(drop);
    assert_eq!(opened.unwrap_err().kind(), Kind::Unsupported);
    script.finish().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn imap4rev2_is_not_agreed_on_where_it_is_not_wanted() {
    let dialogue = "
        S: * PREAUTH [CAPABILITY IMAP4rev1 IMAP4rev2 ENABLE] ready
        C: {A} STATUS Entw&APw-rfe (MESSAGES)
        S: * STATUS Entw&APw-rfe (MESSAGES 2)
        S: {A} OK done
    ";
    let (script, imap) = scripted(dialogue, plaintext().imap4rev1_only()).await;
    let name: MailboxName = "Entwürfe".try_into().unwrap();
    assert_eq!(imap.unwrap().status(name, StatusItems::MESSAGES).await.unwrap().messages, Some(2));
    script.finish().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn what_a_search_needs_is_named() {
    let (script, folder) = selected("", plaintext()).await;
    for (returns, name) in [
        (SearchReturn::new().save(), "SEARCHRES or IMAP4rev2"),
        (SearchReturn::new().relevancy(), "SEARCH=FUZZY"),
        (SearchReturn::new().context(), "CONTEXT=SEARCH"),
        (SearchReturn::new().update(), "CONTEXT=SEARCH"),
    ] {
        let error = folder.search(&Query::all()).returning(returns).await.unwrap_err();
        assert!(error.kind() == Kind::Unsupported && error.to_string().contains(name), "{error}");
    }
    script.finish().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_mailbox_that_cannot_be_left_gives_the_folder_back() {
    let dialogue = "
        S: * PREAUTH [CAPABILITY IMAP4rev1 UNSELECT] ready
        C: {S} SELECT INBOX
        S: * 3 EXISTS
        S: {S} OK done
        C: {A} UNSELECT
        S: {A} NO not now
        C: {B} CLOSE
        S: {B} NO [NOPERM] not now
        C: {D} UID STORE 1 +FLAGS.SILENT (\\Seen)
        S: {D} OK done
        C: {E} UNSELECT
        S: {E} OK done
        C: {F} NOOP
        S: {F} OK done
    ";
    let (script, imap) = scripted(dialogue, plaintext()).await;
    let folder = imap.unwrap().into_folder("INBOX").await.unwrap();
    let not = folder.unselect().await.unwrap_err();
    assert_eq!(not.error.kind(), Kind::Rejected);
    let not = not.folder.close().await.unwrap_err();
    assert!(not.source().is_none() && not.to_string() == not.error.to_string());
    not.folder.store(uids("1"), &FlagChange::add([Flag::SEEN])).await.unwrap();
    let left = async { Ok::<_, postroom::Error>(not.folder.unselect().await?) };
    left.await.unwrap().noop().await.unwrap();
    script.finish().await.unwrap();
}
