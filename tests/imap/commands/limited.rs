//! A server that stops commands at its limit of messages (MESSAGELIMIT, RFC 9738), in dialogues: where each command continues, and when
//! it ends with an error.

use bytes::Bytes;
use postroom::imap::{
    Answer, Content, Extension, Folder, Imap, Items, MailboxName, NewMessage, Query, ResponseCode, SearchReturn,
    SortKey, StatusItems, Transferred, Uid, Uids,
};
use postroom::testing::{Script, Server};
use postroom::{Error, Flag, FlagChange, Kind};

use crate::support::{SELECT, embedded, plaintext, scripted, selected};

fn uids(text: &str) -> Uids {
    text.parse().unwrap()
}

fn is_limit(error: &Error) -> bool {
    error.kind() == Kind::Rejected && error.code().is_some_and(|code| code.is("MESSAGELIMIT"))
}

async fn with(capabilities: &str, dialogue: &str) -> (Script, Folder<Imap>) {
    let greeting = format!("S: * PREAUTH [CAPABILITY IMAP4rev1 {capabilities}] ready\n{SELECT}");
    let (script, imap) = scripted(&format!("{greeting}{dialogue}"), plaintext()).await;
    (script, imap.unwrap().into_folder("INBOX").await.unwrap())
}

/// The UIDs that came, and how the stream ended.
async fn fetched(folder: &mut Folder<Imap>, set: Uids) -> (Vec<u32>, Option<Error>) {
    let mut mail = folder.fetch(set, Items::FLAGS).await.unwrap();
    let mut came = Vec::new();
    loop {
        match mail.try_next().await {
            Ok(Some(message)) => came.push(message.uid().unwrap().as_u32()),
            Ok(None) => return (came, None),
            Err(error) => return (came, Some(error)),
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_fetch_goes_on_below_what_was_sent() {
    for (first, second) in [
        ("S: {A} OK [MESSAGELIMIT 1 80003] more is left", "S: {B} OK [MESSAGELIMIT 1 80002] more is left"),
        (
            "S: * NO [MESSAGELIMIT 1 80003] more is left\nS: {A} OK [EXPUNGEISSUED] done",
            "S: * NO [messagelimit 1 80002] more is left\nS: {B} OK done",
        ),
    ] {
        let dialogue = format!(
            "C: {{A}} UID FETCH 1:* (UID FLAGS)
            S: * 3 FETCH (UID 80003 FLAGS ())
            {first}
            C: {{B}} UID FETCH 1:80002 (UID FLAGS)
            S: * 2 FETCH (UID 80002 FLAGS ())
            {second}
            C: {{D}} UID FETCH 1:80001 (UID FLAGS)
            S: * 1 FETCH (UID 7 FLAGS ())
            S: {{D}} OK done"
        );
        let (script, mut folder) = selected(&dialogue, plaintext()).await;
        let (came, error) = fetched(&mut folder, Uids::ALL).await;
        assert!(came == [80003, 80002, 7] && error.is_none(), "{came:?} {error:?}");
        script.finish().await.unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn a_fetch_that_gets_no_further_ends_with_an_error() {
    for second in ["3", "4", "4294967295"] {
        let dialogue = format!(
            "C: {{A}} UID FETCH 1:9 (UID FLAGS)
            S: * 3 FETCH (UID 3 FLAGS ())
            S: {{A}} OK [MESSAGELIMIT 1 3] more is left
            C: {{B}} UID FETCH 1:2 (UID FLAGS)
            S: {{B}} OK [MESSAGELIMIT 1 {second}] more is left"
        );
        let (script, mut folder) = selected(&dialogue, plaintext()).await;
        let (came, error) = fetched(&mut folder, uids("1:9")).await;
        assert!(came == [3] && is_limit(&error.unwrap()), "{second}");
        script.finish().await.unwrap();
    }
    let dialogue = "C: {A} UID FETCH 1:9 (UID FLAGS)\nS: {A} OK [MESSAGELIMIT 1] more is left";
    let (script, mut folder) = selected(dialogue, plaintext()).await;
    assert!(is_limit(&fetched(&mut folder, uids("1:9")).await.1.unwrap()));
    script.finish().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_code_that_came_while_two_commands_ran_makes_neither_pass_over_a_message() {
    let dialogue = "
        C: {A} UID SEARCH RETURN (ALL) SEEN
        C: {B} UID STORE 1:3 +FLAGS.SILENT (\\Seen)
        S: * ESEARCH (TAG \"{A}\") UID ALL 2:3
        S: * NO [MESSAGELIMIT 2 2] more is left
        S: {A} OK done
        S: {B} OK done
        C: {D} UID STORE 1 +FLAGS.SILENT (\\Seen)
        C: {E} UID SEARCH RETURN (ALL) UID 1 SEEN
        S: {D} OK done
        S: * ESEARCH (TAG \"{E}\") UID ALL 1
        S: {E} OK done
    ";
    let (script, folder) = selected(dialogue, plaintext()).await;
    let (query, change) = (Query::seen(), FlagChange::add([Flag::SEEN]));
    let (found, stored) = tokio::join!(folder.search(&query), folder.store(uids("1:3"), &change));
    script.finish().await.unwrap();
    stored.unwrap();
    assert_eq!(found.unwrap().to_string(), "1:3");
}

/// A search of these messages beside a STORE of 1:3: what each requests once more.
async fn stopped(query: Query, dialogue: &str) {
    let (script, folder) = selected(dialogue, plaintext()).await;
    let change = FlagChange::add([Flag::SEEN]);
    let (found, stored) = tokio::join!(folder.search(&query), folder.store(uids("1:3"), &change));
    script.finish().await.unwrap_or_else(|error| panic!("{error}: {dialogue}"));
    found.unwrap();
    stored.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_code_is_about_the_command_whose_messages_include_the_one_that_it_names() {
    let start = "C: {A} UID SEARCH RETURN (ALL) UID 2:4\nC: {B} UID STORE 1:3 +FLAGS.SILENT (\\Seen)
        S: * ESEARCH (TAG \"{A}\") UID ALL 4\n";
    let search = "C: {D} UID SEARCH RETURN (ALL) UID 1:3 UID 2:4\nS: * ESEARCH (TAG \"{D}\") UID\nS: {D} OK done\n";
    let search_low = "C: {D} UID SEARCH RETURN (ALL) UID 1:2 UID 2:4\nS: * ESEARCH (TAG \"{D}\") UID\nS: {D} OK done\n";
    let store = "C: {E} UID STORE 1:2 +FLAGS.SILENT (\\Seen)\nS: {E} OK done\n";
    for (said, more) in [
        ("S: * NO [MESSAGELIMIT 1 4] more\nS: {A} OK done\nS: {B} OK done\n", search.to_owned()),
        ("S: * NO [MESSAGELIMIT 1 1] more\nS: {A} OK done\nS: {B} OK done\n", String::new()),
        ("S: * NO [MESSAGELIMIT 1 7] more\nS: {A} OK done\nS: {B} OK done\n", String::new()),
        // Either may be meant, unless an answer shows which (RFC 9738 §3.1).
        ("S: * NO [MESSAGELIMIT 1 3] more\nS: {B} OK [EXPUNGEISSUED] done\nS: {A} OK done\n", store.to_owned()),
        ("S: * NO [MESSAGELIMIT 1 3] more\nS: {A} OK [EXPUNGEISSUED] done\nS: {B} OK done\n", search_low.to_owned()),
        (
            "S: * NO [MESSAGELIMIT 1 3] more\nS: * NO [MESSAGELIMIT 1 3] more
             S: {A} OK [EXPUNGEISSUED] done\nS: {B} OK [EXPUNGEISSUED] done\n",
            format!("{store}{search_low}"),
        ),
    ] {
        stopped(Query::uids(uids("2:4")), &[start, said, &more].concat()).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_code_is_about_the_fetch_that_came_just_so_far() {
    for (codes, sorted) in [(1, true), (2, false)] {
        let code = "S: * NO [MESSAGELIMIT 1 12] more is left\n".repeat(codes);
        let dialogue = format!(
            "C: {{A}} UID FETCH 12 (UID RFC822.SIZE)\nC: {{B}} UID SORT (ARRIVAL) US-ASCII ALL
            S: * 3 FETCH (UID 12 RFC822.SIZE 1)\nS: * SORT 12 11 10\n{code}S: {{B}} OK done\nS: {{A}} OK done"
        );
        let (script, folder) = selected(&dialogue, plaintext()).await;
        let sort = Extension::sort(&[SortKey::ARRIVAL], Query::all(), None);
        let (fetched, answer) = tokio::join!(folder.get(Uid::new(12).unwrap(), Items::SIZE), folder.run(sort));
        script.finish().await.unwrap_or_else(|error| panic!("{error}: {dialogue}"));
        assert!(fetched.unwrap().is_some());
        assert_eq!(answer.is_ok(), sorted, "{answer:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_code_is_not_about_a_command_that_is_never_limited() {
    let dialogue = "
        C: {A} UID SEARCH RETURN (ALL) SEEN
        C: {B} STATUS Other (MESSAGES)
        S: * ESEARCH (TAG \"{A}\") UID ALL 2:3
        S: * OK [MESSAGELIMIT 2 2] more is left
        S: {A} OK done
        S: * STATUS Other (MESSAGES 3)
        S: {B} OK done
        C: {D} UID SEARCH RETURN (ALL) UID 1 SEEN
        S: * ESEARCH (TAG \"{D}\") UID ALL 1
        S: {D} OK done
    ";
    let (script, folder) = selected(dialogue, plaintext()).await;
    let query = Query::seen();
    let status = folder.session().status("Other", StatusItems::MESSAGES);
    let (found, status) = tokio::join!(folder.search(&query), status);
    script.finish().await.unwrap();
    assert_eq!((found.unwrap().to_string(), status.unwrap().messages), ("1:3".into(), Some(3)));
}

#[tokio::test(start_paused = true)]
async fn numbers_are_put_together_from_what_each_search_says() {
    let dialogue = "
        C: {A} UID SEARCH RETURN (MIN MAX COUNT) SEEN
        S: * ESEARCH (TAG \"{A}\") UID MIN 7 MAX 9 COUNT 2
        S: {A} OK [MESSAGELIMIT 3 7] more is left
        C: {B} UID SEARCH RETURN (MIN MAX COUNT) UID 1:6 SEEN
        S: * ESEARCH (TAG \"{B}\") UID COUNT 0
        S: {B} OK [MESSAGELIMIT 3 4] more is left
        C: {D} UID SEARCH RETURN (MIN MAX COUNT) UID 1:3 SEEN
        S: * ESEARCH (TAG \"{D}\") UID MIN 2 MAX 2 COUNT 1
        S: {D} OK done
        C: {E} UID SEARCH RETURN (ALL) SEEN
        S: * ESEARCH (TAG \"{E}\") UID ALL 9
        S: {E} OK [MESSAGELIMIT 3 7] more is left
        C: {F} UID SEARCH RETURN (ALL) UID 1:6 SEEN
        S: * ESEARCH (TAG \"{F}\") UID ALL 6
        S: {F} OK [MESSAGELIMIT 3 7] more is left
    ";
    let (script, folder) = selected(dialogue, plaintext()).await;
    let found = folder.search(&Query::seen()).returning(SearchReturn::new().min().max().count()).await.unwrap();
    let ends = [found.min, found.max].map(|uid| uid.unwrap().as_u32());
    assert_eq!((ends, found.count, found.all), ([2, 9], Some(3), None));
    assert!(is_limit(&folder.search(&Query::seen()).await.unwrap_err()));
    script.finish().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn what_is_saved_sorted_or_threaded_is_never_cut() {
    let dialogue = "
        C: {A} UID SEARCH RETURN (ALL SAVE) SEEN
        S: * ESEARCH (TAG \"{A}\") UID ALL 9
        S: {A} OK [MESSAGELIMIT 1 9] saved in part
        C: {B} UID SORT (DATE) US-ASCII ALL
        S: * SORT 3 2
        S: {B} OK [MESSAGELIMIT 2 2] sorted in part
        C: {D} UID SORT (DATE) US-ASCII ALL
        S: * SORT 3 2
        S: * NO [MESSAGELIMIT 2 2] sorted in part
        S: {D} OK done
        C: {E} UID THREAD REFERENCES US-ASCII ALL
        S: * THREAD (3 2)
        S: {E} OK [MESSAGELIMIT 2 2] threaded in part
        C: {F} UID SORT (DATE) US-ASCII ALL
        S: * SORT 3 2 1
        S: {F} OK done
    ";
    let (script, folder) = with("ESEARCH SEARCHRES SORT THREAD=REFERENCES", dialogue).await;
    assert!(is_limit(&folder.search(&Query::seen()).returning(SearchReturn::ALL.save()).await.unwrap_err()));
    let sort = || Extension::sort(&[SortKey::DATE], Query::all(), None);
    assert!(is_limit(&folder.run(sort()).await.unwrap_err()));
    assert!(is_limit(&folder.run(sort()).await.unwrap_err()));
    assert!(is_limit(&folder.run(Extension::thread("REFERENCES", Query::all())).await.unwrap_err()));
    assert_eq!(folder.run(sort()).await.unwrap().responses.len(), 1);
    script.finish().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn flags_are_stored_below_and_messages_expunged_by_the_same_set() {
    let dialogue = "
        C: {A} UID STORE 1:3,7:9 +FLAGS.SILENT (\\Deleted)
        S: {A} OK [MESSAGELIMIT 2 8] more is left
        C: {B} UID STORE 1:3,7 +FLAGS.SILENT (\\Deleted)
        S: {B} OK done
        C: {D} UID EXPUNGE 1:9
        S: * 3 EXPUNGE
        S: {D} OK [MESSAGELIMIT 1 8] more is left
        C: {E} UID EXPUNGE 1:9
        S: * 2 EXPUNGE
        S: {E} OK [MESSAGELIMIT 1 8] more is left
        C: {F} UID EXPUNGE 1:9
        S: {F} OK [MESSAGELIMIT 1 8] more is left
        C: {G} UID STORE 1:3 +FLAGS.SILENT (\\Deleted)
        S: {G} OK [MESSAGELIMIT 1 3] more is left
        C: {H} UID STORE 1:2 +FLAGS.SILENT (\\Deleted)
        S: {H} OK [MESSAGELIMIT 1 3] more is left
    ";
    let (script, folder) = selected(dialogue, plaintext()).await;
    let mark = FlagChange::add([Flag::DELETED]);
    folder.store(uids("1:3,7:9"), &mark).await.unwrap();
    assert!(is_limit(&folder.expunge(uids("1:9")).await.unwrap_err()));
    assert!(is_limit(&folder.store(uids("1:3"), &mark).await.unwrap_err()));
    script.finish().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_move_repeats_its_set_and_fails_with_what_it_has_moved() {
    let dialogue = "
        C: {A} UID MOVE 1:9 Archive
        S: * OK [COPYUID 9 3 4] moved
        S: * 3 EXPUNGE
        S: {A} OK [MESSAGELIMIT 1 3] more is left
        C: {B} UID MOVE 1:9 Archive
        S: * OK [COPYUID 9 2 5] moved
        S: * 2 EXPUNGE
        S: {B} OK [MESSAGELIMIT 1 2] more is left
        C: {D} UID MOVE 1:9 Archive
        S: {D} OK [MESSAGELIMIT 1 2] more is left
    ";
    let (script, folder) = with("UIDPLUS MOVE MESSAGELIMIT=1", dialogue).await;
    let error = folder.move_to(uids("1:9"), "Archive").await.unwrap_err();
    assert!(is_limit(&error), "{error:#?}");
    let moved = Transferred::before(&error).unwrap();
    let mapping = moved.mapping.as_ref().unwrap();
    assert_eq!(
        (mapping.from().to_string(), mapping.to().to_string(), &moved.missing),
        ("2:3".into(), "4:5".into(), &None)
    );
    script.finish().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn no_more_is_copied_at_once_than_the_server_takes() {
    for limit in ["MESSAGELIMIT=2", "SAVELIMIT=2", "MESSAGELIMIT=9 SAVELIMIT=2"] {
        let dialogue = "
            C: {A} UID SEARCH UID 1:*
            S: * SEARCH 1 5 9
            S: {A} OK done
            C: {B} UID COPY 1,5 Archive
            S: {B} OK [COPYUID 9 1,5 3:4] done
            C: {D} UID COPY 9 Archive
            S: {D} NO [OVERQUOTA] no room
            C: {E} UID COPY 1:2 Archive
            S: {E} NO [MESSAGELIMIT 2 2] not at all
        ";
        let (script, folder) = with(&format!("UIDPLUS {limit}"), dialogue).await;
        let error = folder.copy(Uids::ALL, "Archive").await.unwrap_err();
        assert!(error.code().unwrap().is("OVERQUOTA") && error.kind() == Kind::Rejected, "{error:#?}");
        let mapping = Transferred::before(&error).unwrap().mapping.as_ref().unwrap();
        assert_eq!((mapping.from().to_string(), mapping.to().to_string()), ("1,5".into(), "3:4".into()));
        let refused = folder.copy(uids("1:2"), "Archive").await.unwrap_err();
        assert!(is_limit(&refused) && Transferred::before(&refused).is_none());
        script.finish().await.unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn what_a_search_for_missing_messages_leaves_out_is_looked_for_too() {
    let dialogue = "
        C: {A} UID FETCH 1:* (UID FLAGS)
        S: * 3 FETCH (UID 3 FLAGS ())
        S: {A} OK done
        C: {B} NOOP
        C: {D} UID SEARCH RETURN (ALL) ALL
        S: {B} OK done
        S: * ESEARCH (TAG \"{D}\") UID ALL 3
        S: {D} OK [MESSAGELIMIT 1 3] more is left
        C: {E} UID SEARCH RETURN (ALL) UID 1:2
        S: * ESEARCH (TAG \"{E}\") UID ALL 1:2
        S: {E} OK done
        C: {F} UID FETCH 1:2 (UID FLAGS)
        S: * 2 FETCH (UID 2 FLAGS ())
        S: * 1 FETCH (UID 1 FLAGS ())
        S: {F} OK done
    ";
    let (script, mut folder) = selected(dialogue, plaintext()).await;
    let (came, error) = fetched(&mut folder, Uids::ALL).await;
    assert!(came == [3, 2, 1] && error.is_none(), "{came:?} {error:?}");
    script.finish().await.unwrap();
}

fn messages(count: usize) -> Vec<NewMessage> {
    let text = |number| Content::Text(Bytes::from(format!("{number}")));
    (0..count).map(|number| NewMessage::new(text(number)).flags([Flag::SEEN])).collect()
}

fn appended(answer: &Answer) -> String {
    match &answer.condition.code {
        Some(ResponseCode::AppendUid(uids)) => uids.to_string(),
        code => panic!("{code:?}"),
    }
}

#[tokio::test(start_paused = true)]
async fn no_more_messages_are_appended_at_once_than_the_server_takes() {
    for count in [1, 2, 3, 4, 5] {
        let server = Server::builder().message_limit(2).in_memory().unwrap();
        let imap = embedded(&server, plaintext()).await;
        let answer = imap.run(Extension::append(&MailboxName::INBOX, &messages(count))).await.unwrap();
        assert_eq!(appended(&answer), if count == 1 { "1".to_owned() } else { format!("1:{count}") });
        let kept = server.snapshot("alice").unwrap();
        let kept: Vec<_> =
            kept.messages("INBOX").iter().map(|mail| (mail.bytes.to_vec(), mail.flags.clone())).collect();
        let sent: Vec<_> =
            (0..count).map(|number| (number.to_string().into_bytes(), vec!["\\Seen".to_owned()])).collect();
        assert_eq!(kept, sent);
    }
}

#[tokio::test(start_paused = true)]
async fn messages_that_could_not_all_be_appended_are_told() {
    let dialogue = "
        C: {A} APPEND INBOX (\\Seen) {1+}
        C: 0 (\\Seen) {1+}
        C: 1
        S: {A} OK [APPENDUID 9 4:5] done
        C: {B} APPEND INBOX (\\Seen) {1+}
        C: 2
        S: {B} NO [OVERQUOTA] no room
        C: {D} APPEND INBOX (\\Seen) {1+}
        C: 0
        S: {D} NO [OVERQUOTA] no room
    ";
    let (script, folder) = with("UIDPLUS LITERAL+ MULTIAPPEND SAVELIMIT=2", dialogue).await;
    let append = |count| Extension::append(&MailboxName::INBOX, &messages(count));
    let error = folder.run(append(3)).await.unwrap_err();
    assert!(error.code().unwrap().is("OVERQUOTA"), "{error:#?}");
    assert_eq!(appended(Answer::before(&error).unwrap()), "4:5");
    assert!(Answer::before(&folder.run(append(1)).await.unwrap_err()).is_none());
    script.finish().await.unwrap();
}
