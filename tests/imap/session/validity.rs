//! A mailbox whose UIDVALIDITY changes while it is selected: every call with its old UIDs is refused before a byte is sent.

use postroom::imap::{
    Content, Event, Extension, Folder, Items, MailboxName, NewMessage, Section, Uid, UidValidity, Uids,
};
use postroom::{Flag, FlagChange, Kind, Mailbox, MessageId, Part};

use crate::support::{peered_folder, plaintext, selected};

const ENTRIES: &str = "
    C: {E} UID FETCH 1:* (UID FLAGS INTERNALDATE RFC822.SIZE)
    S: * 1 FETCH (UID 10 FLAGS () RFC822.SIZE 1)
    S: * 2 FETCH (UID 11 FLAGS () RFC822.SIZE 1)
    S: * 3 FETCH (UID 12 FLAGS () RFC822.SIZE 1)
    S: {E} OK done
";

fn assert_invalidated(error: &postroom::Error) {
    assert_eq!((error.kind(), error.is_retryable()), (Kind::Closed, false), "{error}");
    let code = error.code().unwrap();
    assert_eq!((code.name(), code.data()), ("UIDVALIDITY", "6"));
    assert!(error.to_string().contains("UIDVALIDITY"), "{error}");
}

async fn marked(folder: &mut Folder) -> Vec<MessageId> {
    let ids: Vec<_> = folder.entries().await.unwrap().into_iter().map(|entry| entry.id).collect();
    folder.mark_deleted(&ids[..1]).await.unwrap();
    ids
}

#[tokio::test(start_paused = true)]
async fn nothing_bound_to_the_old_uids_is_sent_any_more() {
    let untagged = "S: * OK [UIDVALIDITY 6] renumbered\nS: {N} OK done";
    let tagged = "S: {N} OK [UIDVALIDITY 6] renumbered";
    for answer in [untagged, tagged] {
        let dialogue = format!(
            "{ENTRIES}
            C: {{N}} NOOP
            {answer}
            C: {{A}} SELECT INBOX
            S: * 3 EXISTS
            S: * OK [UIDVALIDITY 6] stable
            S: {{A}} OK done"
        );
        let (script, mut folder) = selected(&dialogue, plaintext()).await;
        let ids = marked(&mut folder).await;
        let plain: Uids = "10:11".parse().unwrap();
        let stamped = plain.clone().stamped(UidValidity::new(7).unwrap());
        folder.noop().await.unwrap();

        let seen = FlagChange::add([Flag::SEEN]);
        assert_invalidated(&folder.flag(&ids, &seen).await.unwrap_err());
        assert_invalidated(&folder.mark_deleted(&ids).await.unwrap_err());
        assert_invalidated(&folder.commit().await.unwrap_err());
        assert_invalidated(&Mailbox::messages(&mut folder, &ids, Part::Whole).await.map(drop).unwrap_err());
        assert_invalidated(&Mailbox::open(&mut folder, &ids[0]).await.map(drop).unwrap_err());
        assert_invalidated(&folder.entries().await.unwrap_err());
        for uids in [plain, stamped] {
            assert_invalidated(&folder.store(uids.clone(), &seen).await.unwrap_err());
            assert_invalidated(&folder.copy(uids.clone(), "Other").await.map(drop).unwrap_err());
            assert_invalidated(&folder.move_to(uids.clone(), "Other").await.map(drop).unwrap_err());
            assert_invalidated(&folder.expunge(uids.clone()).await.unwrap_err());
            assert_invalidated(&folder.fetch(uids, Items::FLAGS).await.map(drop).unwrap_err());
        }
        assert_invalidated(&folder.read(Uid::new(10).unwrap(), Section::WHOLE).await.map(drop).unwrap_err());
        assert_invalidated(&folder.get(Uid::new(10).unwrap(), Items::FLAGS).await.unwrap_err());
        assert_invalidated(&folder.idle().await.map(drop).unwrap_err());
        assert_invalidated(&folder.info().unwrap_err());

        let mut imap = folder.into_session();
        assert_invalidated(&imap.selected_folder().map(drop).unwrap_err());
        let folder = imap.select("INBOX").await.unwrap();
        assert_eq!(folder.info().unwrap().uid_validity, UidValidity::new(6).ok());
        script.finish().await.unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn the_same_value_again_and_a_first_one_end_nothing() {
    let dialogue = "
        C: {N} NOOP
        S: * OK [UIDVALIDITY 7] as before
        S: {N} OK done
    ";
    let (script, folder) = selected(dialogue, plaintext()).await;
    folder.noop().await.unwrap();
    assert_eq!(folder.info().unwrap().uid_validity, UidValidity::new(7).ok());
    script.finish().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn whoever_watches_is_told_and_the_watch_ends() {
    let (mut peer, mut folder) = peered_folder(plaintext()).await;
    let server = async {
        let (tag, _) = peer.hear().await;
        peer.say(format!("* ESEARCH (TAG \"{tag}\") UID ALL 10:12\r\n{tag} OK done\r\n")).await;
        let (tag, line) = peer.hear().await;
        assert_eq!(line, "IDLE");
        peer.say("+ go\r\n* 2 EXPUNGE\r\n* OK [UIDVALIDITY 6] renumbered\r\n* 9 EXISTS\r\n").await;
        assert_eq!(peer.hear().await.0, "DONE");
        peer.say(format!("{tag} OK done\r\n")).await;
        let (tag, line) = peer.hear().await;
        assert_eq!(line, "NOOP");
        peer.say(format!("{tag} OK done\r\n")).await;
    };
    let client = async {
        let mut idle = folder.idle().await.unwrap();
        let mut events = Vec::new();
        let error = loop {
            match idle.try_next().await {
                Ok(event) => events.push(event.unwrap()),
                Err(error) => break error,
            }
        };
        assert_invalidated(&error);
        assert!(idle.try_next().await.unwrap().is_none());
        drop(idle);
        let last = events.pop().unwrap();
        let [before, now] = [7, 6].map(|number| UidValidity::new(number).ok());
        assert!(matches!(last, Event::UidValidity { before: b, now: n } if (b, n) == (before, now)), "{last:?}");
        assert!(events.iter().any(|event| matches!(event, Event::Expunged { uids, .. } if uids.to_string() == "11")));
        folder.session().noop().await.unwrap();
    };
    tokio::join!(server, client);
}

#[tokio::test(start_paused = true)]
async fn what_runs_meanwhile_ends_with_an_error_and_what_waits_is_not_sent() {
    let dialogue = "
        C: {A} UID FETCH 10:12 (UID FLAGS)
        S: * 1 FETCH (UID 10 FLAGS ())
        S: * OK [UIDVALIDITY 6] renumbered
        S: * 2 FETCH (UID 11 FLAGS (\\Seen))
        S: {A} OK done
        C: {B} NOOP
        S: {B} OK done
    ";
    let (script, mut folder) = selected(dialogue, plaintext()).await;
    let mut fetch = folder.fetch("10:12".parse::<Uids>().unwrap(), Items::FLAGS).await.unwrap();
    let error = loop {
        match fetch.try_next().await {
            Ok(Some(fetched)) => assert_eq!(fetched.uid(), Uid::new(10).ok()),
            Ok(None) => panic!("a clean end"),
            Err(error) => break error,
        }
    };
    assert_invalidated(&error);
    drop(fetch);
    folder.session().noop().await.unwrap();
    script.finish().await.unwrap();

    let dialogue = "
        C: {A} UID STORE 10 +FLAGS.SILENT (\\Seen)
        S: * OK [UIDVALIDITY 6] renumbered
        S: {A} OK done
        C: {B} NOOP
        S: {B} OK done
    ";
    let (script, folder) = selected(dialogue, plaintext()).await;
    let seen = FlagChange::add([Flag::SEEN]);
    let one: Uids = "10".parse().unwrap();
    let (first, second) = tokio::join!(folder.store(one.clone(), &seen), folder.store(one, &seen));
    assert_eq!(first.unwrap_err().kind(), Kind::Unknown);
    assert_invalidated(&second.unwrap_err());
    folder.session().noop().await.unwrap();
    script.finish().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_deletion_that_was_under_way_is_unknown() {
    let dialogue = format!(
        "{ENTRIES}
        C: {{A}} UID STORE 10 +FLAGS.SILENT (\\Deleted)
        S: * OK [UIDVALIDITY 6] renumbered
        S: {{A}} OK done"
    );
    let (script, mut folder) = selected(&dialogue, plaintext()).await;
    let ids = marked(&mut folder).await;
    let committed = folder.commit().await.unwrap();
    assert!(committed.deleted.is_empty());
    assert_eq!(committed.unknown, ids[..1]);
    script.finish().await.unwrap();
}

/// Half of a command is sent, and its literal would complete it.
#[tokio::test(start_paused = true)]
async fn a_change_that_waits_for_its_literal_is_cut_off() {
    let (mut peer, folder) = peered_folder(plaintext()).await;
    let server = async {
        let (_, line) = peer.hear().await;
        assert_eq!(line, "UID REPLACE 10 INBOX {3}");
        peer.say("* OK [UIDVALIDITY 6] renumbered\r\n+ go\r\n").await;
        assert_eq!(peer.hear().await, (String::new(), String::new()), "not a byte of the literal");
    };
    let message = NewMessage::new(Content::Text("new".into()));
    let replace = Extension::replace(Uid::new(10).unwrap(), &MailboxName::INBOX, &message);
    let (replaced, ()) = tokio::join!(folder.run(replace), server);
    assert_invalidated(&replaced.unwrap_err());
    assert_invalidated(&folder.noop().await.unwrap_err());
}
