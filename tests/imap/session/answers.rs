//! Answers that are valid and unusual, long, or partly unreadable: everything readable in them is used.

use postroom::imap::{Fetched, Items, SameMailbox, StatusItems};
use postroom::{Config, Defect, Error, Kind, Reason};

use crate::support::{self, greeted, plaintext, scripted, selected};

/// The result of a FETCH with this answer, of as many messages as the answer has, from a server that has every item.
async fn fetched(items: Items, answer: &str, config: Config) -> Result<Vec<Fetched>, Error> {
    let dialogue = format!(
        "S: * PREAUTH [CAPABILITY IMAP4rev1 ESEARCH CONDSTORE OBJECTID SAVEDATE PREVIEW] ready
        C: {{O}} SELECT INBOX
        S: * {} EXISTS
        S: {{O}} OK done
        C: {{A}} UID FETCH 1:* {items}\n{answer}S: {{A}} OK done\nC: {{B}} NOOP\nS: {{B}} OK",
        answer.matches(" FETCH (").count()
    );
    let (script, imap) = scripted(&dialogue, config).await;
    let mut folder = imap?.into_folder("INBOX").await?;
    support::fetched(script, &mut folder, items).await
}

#[tokio::test(start_paused = true)]
async fn modification_sequences_are_an_answer_with_flags_and_alone() {
    let both = "S: * 1 FETCH (UID 10 FLAGS (\\Seen) MODSEQ (7))\nS: * 2 FETCH (UID 11 FLAGS () MODSEQ (8))\n";
    let messages = fetched(Items::FLAGS.modseq(), both, plaintext()).await.unwrap();
    let seen: Vec<_> = messages.iter().map(|one| (one.modseq(), one.flags().unwrap().seen())).collect();
    assert_eq!(seen, [(Some(7), true), (Some(8), false)]);
    let alone = "S: * 1 FETCH (UID 10 MODSEQ (7))\nS: * 2 FETCH (UID 11 MODSEQ (8))\n";
    let messages = fetched(Items::new().modseq(), alone, plaintext()).await.unwrap();
    assert_eq!(messages.iter().map(Fetched::modseq).collect::<Vec<_>>(), [Some(7), Some(8)]);
}

#[tokio::test(start_paused = true)]
async fn a_message_without_preview_thread_and_date_is_not_left_out() {
    let items = Items::new().preview().thread_id().save_date();
    let answer = "S: * 1 FETCH (UID 10 PREVIEW NIL THREADID NIL SAVEDATE NIL)\n\
                  S: * 2 FETCH (UID 11 PREVIEW \"hi\" THREADID (T1) SAVEDATE NIL)\n";
    let messages = fetched(items, answer, plaintext()).await.unwrap();
    let previews: Vec<_> = messages.iter().map(|one| one.preview().map(|text| text.to_string())).collect();
    assert_eq!(previews, [None, Some("hi".to_owned())]);
    assert!(messages.iter().all(|one| one.save_date().is_none() && one.defects().count() == 0));
}

#[tokio::test(start_paused = true)]
async fn numbers_and_envelopes_are_as_long_as_the_mailbox_makes_them() {
    let numbers: String = (1..=200_000).map(|number| format!(" {}", number * 3 + 1_000_000)).collect();
    assert!(numbers.len() > 1_500_000);
    let dialogue = format!(
        "C: {{A}} UID SEARCH RETURN (ALL) UNSEEN
        S: * SEARCH{numbers}
        S: {{A}} OK done"
    );
    let (script, folder) = selected(&dialogue, plaintext()).await;
    let found = folder.search(&postroom::imap::Query::unseen()).await.unwrap();
    assert_eq!(found.len(), 200_000);
    script.finish().await.unwrap();

    let people = "(\"A\" NIL \"a\" \"a.example\")".repeat(60_000);
    let answer = format!(
        "S: * 1 FETCH (UID 10 ENVELOPE (NIL \"s\" NIL NIL NIL ({people}) NIL NIL NIL \"<m>\"))\n\
         S: * 2 FETCH (UID 11 ENVELOPE (NIL \"t\" NIL NIL NIL NIL NIL NIL NIL NIL))\n"
    );
    let messages = fetched(Items::ENVELOPE, &answer, plaintext()).await.unwrap();
    assert_eq!((messages.len(), messages[0].envelope().unwrap().to().count()), (2, 60_000));
    assert_eq!(messages[0].envelope().unwrap().message_id().unwrap(), "<m>");
}

#[tokio::test(start_paused = true)]
async fn one_bad_field_of_an_envelope_costs_that_field() {
    let answer = "S: * 1 FETCH (UID 10 ENVELOPE (NIL (x) ((\"Ann\" NIL \"ann\" \"a.example\")) NIL NIL NIL NIL NIL NIL \"<m>\"))\n";
    let messages = fetched(Items::ENVELOPE, answer, plaintext()).await.unwrap();
    assert_eq!(messages[0].from().unwrap().label(), "Ann");
    let defects: Vec<_> = messages[0].defects().collect();
    let lost = Defect::Unreadable {
        attribute: "ENVELOPE (env-subject)".to_owned(),
        reason: Reason::Syntax,
        raw: "(x)".into(),
    };
    assert_eq!(defects, [lost]);
}

#[tokio::test(start_paused = true)]
async fn one_unreadable_item_of_a_status_costs_that_item() {
    let dialogue = "
        C: {A} STATUS INBOX (MESSAGES UIDNEXT UNSEEN)
        S: * STATUS INBOX (MESSAGES 3 UNSEEN many UIDNEXT 7)
        S: {A} OK done
        C: {B} STATUS INBOX (UIDNEXT UIDVALIDITY)
        S: * STATUS INBOX (UIDNEXT ? UIDVALIDITY 5)
        S: {B} OK done
        C: {C} STATUS Sent (UIDNEXT UIDVALIDITY)
        S: * STATUS Sent (UIDNEXT 9 UIDVALIDITY 6)
        S: {C} OK done
        C: {D} STATUS INBOX (MESSAGES)
        S: * STATUS
        S: {D} OK done";
    let (script, imap) = greeted(dialogue, plaintext()).await;
    let items = StatusItems::MESSAGES | StatusItems::UNSEEN | StatusItems::UID_NEXT;
    let status_data = imap.status("INBOX", items).await.unwrap();
    assert_eq!(
        (status_data.messages, status_data.unseen, status_data.uid_next.map(u32::from)),
        (Some(3), None, Some(7))
    );
    assert_eq!(status_data.other, b"UNSEEN many");
    assert_eq!(imap.same_mailbox("INBOX", "Sent").await.unwrap(), SameMailbox::Different);
    assert_eq!(imap.status("INBOX", StatusItems::MESSAGES).await.unwrap().messages, None);
    script.finish().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn folders_are_listed_as_far_as_their_lines_can_be_read() {
    let dialogue = "
        C: {A} LIST \"\" \"*\"
        S: * LIST (\\HasNoChildren) \"/\" INBOX
        S: * LIST (\\Sent (odd)) \"/\" \"My Sent\"
        S: * LIST () \"::\" \"a::b\"
        S: * LIST (\\HasNoChildren) \"/\"
        S: * LIST () \"/\" &AGEAYg-
        S: {A} OK done
        C: {B} DELETE &AGEAYg-
        S: {B} OK done";
    let (script, imap) = greeted(dialogue, plaintext()).await;
    let listed = imap.list("*").await.unwrap();
    let names: Vec<_> = listed.iter().map(|one| (one.name.as_str(), one.delimiter, one.defects.len())).collect();
    let slash = Some('/');
    assert_eq!(names, [("INBOX", slash, 0), ("My Sent", slash, 1), ("a::b", None, 1), ("&AGEAYg-", slash, 0)]);
    assert!(listed[1].has("\\Sent"));
    assert_eq!(listed.unreadable(), [&b"* LIST (\\HasNoChildren) \"/\"\r\n"[..]]);
    imap.delete_mailbox(&listed[3].name).await.unwrap();
    script.finish().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn text_is_still_bounded_by_the_line() {
    let dialogue = "C: {A} NOOP\nS-raw: * OK \nS-fill: 1100000 x\nS-raw: \\r\\n\nS: {A} OK done";
    let (_script, imap) = greeted(dialogue, plaintext()).await;
    assert_eq!(imap.noop().await.unwrap_err().kind(), Kind::Limit);
}
