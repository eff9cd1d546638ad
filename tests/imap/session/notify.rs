//! NOTIFY (RFC 5465): what is asked for, where its events arrive, and what happens if the server has too much to report.

use std::time::Duration;

use postroom::imap::NotifyEvent::{FlagChange, MailboxName, MessageExpunge, MessageNew, SubscriptionChange};
use postroom::imap::{Imap, Items, NotifyEvent, Scope, Uids};
use postroom::testing::{Script, Server};
use postroom::{Flag, FlagChange as Change, Kind};

use super::events::word;
use super::notices::word as notice;
use crate::support::{embedded, plaintext, scripted};

const OFFERED: &str = "S: * PREAUTH [CAPABILITY IMAP4rev1 IDLE UIDPLUS ESEARCH CONDSTORE NOTIFY] ready\n";
const SELECT: &str = "
    C: {S} SELECT INBOX (CONDSTORE)
    S: * 3 EXISTS
    S: * OK [UIDVALIDITY 7] stable
    S: {S} OK [READ-WRITE] done
";

async fn begin(dialogue: &str) -> (Script, Imap) {
    let (script, imap) = scripted(&format!("{OFFERED}{dialogue}"), plaintext()).await;
    (script, imap.unwrap())
}

fn messages() -> Vec<NotifyEvent> {
    vec![MessageNew(None), MessageExpunge, FlagChange]
}

#[tokio::test(start_paused = true)]
async fn the_selected_mailbox_is_delayed_and_new_messages_come_with_flags_only() {
    let (script, imap) = begin(
        "C: {A} NOTIFY SET (selected-delayed (MessageNew (UID FLAGS MODSEQ) MessageExpunge FlagChange)) (personal (MailboxName))
        S: * LIST (\\NoAccess) \"/\" Boss
        S: {A} OK done
        S: * STATUS Work (MESSAGES 4 UIDNEXT 10 UIDVALIDITY 5)
        C: {B} NOTIFY NONE
        S: {B} OK done",
    )
    .await;
    let mut notices = imap.notices();
    let notified = imap.notify(&[(Scope::Selected, messages()), (Scope::Personal, vec![MailboxName])]).await.unwrap();
    assert!(notified.left_out.is_empty());
    assert_eq!(notice(&notices.next().await.unwrap()), "list Boss");
    assert_eq!(notice(&notices.next().await.unwrap()), "status Work Some(4)");
    imap.notify_none().await.unwrap();
    script.finish().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_asked_is_refused_before_anything_is_sent() {
    let (script, imap) = begin("").await;
    let input = [
        vec![],
        vec![(Scope::Personal, vec![MessageNew(None)])],
        vec![(Scope::Personal, vec![MessageExpunge])],
        vec![(Scope::Personal, vec![FlagChange])],
        vec![(Scope::Selected, vec![MessageNew(Some(Items::ENVELOPE)), MessageExpunge])],
        vec![(Scope::Subtree(Vec::new()), messages())],
        vec![(Scope::SubtreeOne(vec!["a".try_into().unwrap()]), messages())],
        vec![(Scope::Personal, vec![NotifyEvent::Other("a b".into())])],
    ];
    for groups in input {
        assert_eq!(imap.notify(&groups).await.unwrap_err().kind(), Kind::Input, "{groups:?}");
    }
    script.finish().await.unwrap();
    let server = Server::builder().user("alice", "alicepw").without("NOTIFY").in_memory().unwrap();
    let imap = embedded(&server, plaintext()).await;
    assert_eq!(imap.notify(&[(Scope::Personal, messages())]).await.unwrap_err().kind(), Kind::Unsupported);
    assert_eq!(imap.notify_none().await.unwrap_err().kind(), Kind::Unsupported);
}

#[tokio::test(start_paused = true)]
async fn events_that_the_server_does_not_support_are_left_out() {
    let (script, imap) = begin(
        "C: {A} NOTIFY SET (personal (MessageNew MessageExpunge SubscriptionChange)) (inboxes (SubscriptionChange))
        S: {A} NO [BADEVENT (MessageNew MESSAGEEXPUNGE FlagChange)] not all
        C: {B} NOTIFY SET (personal (MessageNew MessageExpunge))
        S: {B} OK done
        C: {C} NOTIFY SET (personal (SubscriptionChange))
        S: {C} NO [BADEVENT (MessageNew MessageExpunge)] not that
        C: {D} NOTIFY SET (personal (MailboxName))
        S: {D} NO [NOTIFICATIONOVERFLOW] too much",
    )
    .await;
    let groups = [
        (Scope::Personal, vec![MessageNew(None), MessageExpunge, SubscriptionChange]),
        (Scope::Inboxes, vec![SubscriptionChange]),
    ];
    assert_eq!(imap.notify(&groups).await.unwrap().left_out, [SubscriptionChange]);
    let none = imap.notify(&[(Scope::Personal, vec![SubscriptionChange])]).await.unwrap_err();
    assert_eq!(none.kind(), Kind::Unsupported);
    let refused = imap.notify(&[(Scope::Personal, vec![MailboxName])]).await.unwrap_err();
    assert_eq!(refused.kind(), Kind::Rejected);
    assert!(refused.code().is_some_and(|code| code.is("NOTIFICATIONOVERFLOW")));
    script.finish().await.unwrap();
}

/// RFC 5465 §5.8: the server stops as after NOTIFY NONE.
#[tokio::test(start_paused = true)]
async fn after_an_overflow_it_is_asked_again() {
    let (script, imap) = begin(
        "C: {A} NOTIFY SET (personal (MessageNew MessageExpunge))
        S: {A} OK done
        S: * STATUS Work (MESSAGES 4)
        S: * OK [NOTIFICATIONOVERFLOW] too much
        C: {B} NOTIFY SET (personal (MessageNew MessageExpunge))
        S: {B} OK done
        S: * STATUS Work (MESSAGES 9)
        S: * OK [NOTIFICATIONOVERFLOW] again
        C: {C} NOTIFY SET (personal (MessageNew MessageExpunge))
        S: {C} NO no more
        S: * OK [NOTIFICATIONOVERFLOW] of nothing
        C: {D} NOOP
        S: {D} OK done",
    )
    .await;
    imap.notify(&[(Scope::Personal, vec![MessageNew(None), MessageExpunge])]).await.unwrap();
    let mut notices = imap.notices();
    let mut words = Vec::new();
    while let Ok(Some(next)) = tokio::time::timeout(Duration::from_secs(1), notices.next()).await {
        words.push(notice(&next));
    }
    imap.noop().await.unwrap();
    script.finish().await.unwrap();
    words.retain(|word| !word.starts_with("status"));
    assert_eq!(words, ["lagged", "lagged", "warning None: no more"]);
}

#[tokio::test(start_paused = true)]
async fn idle_is_interrupted_to_ask_again() {
    let (script, imap) = begin(&format!(
        "C: {{A}} NOTIFY SET (selected-delayed (MessageNew (UID FLAGS MODSEQ) MessageExpunge FlagChange))
        S: {{A}} OK done
        {}
        C: {{N}} UID SEARCH RETURN (ALL) 1:*
        S: * ESEARCH (TAG \"{{N}}\") UID ALL 10:12
        S: {{N}} OK done
        C: {{I}} IDLE
        S: + idling
        S: * OK [NOTIFICATIONOVERFLOW] too much
        C: DONE
        S: * 4 EXISTS
        S: {{I}} OK done
        C: {{B}} NOTIFY SET (selected-delayed (MessageNew (UID FLAGS MODSEQ) MessageExpunge FlagChange))
        S: * 1 EXPUNGE
        S: {{B}} OK done
        C: {{J}} IDLE
        S: + idling
        S: * 4 EXISTS
        S: * 4 FETCH (UID 14 FLAGS ())
        C: DONE
        S: {{J}} OK done
        C: {{C}} NOOP
        S: {{C}} OK done",
        SELECT.replace(" (CONDSTORE)", "")
    ))
    .await;
    imap.notify(&[(Scope::Selected, messages())]).await.unwrap();
    let mut folder = imap.into_folder("INBOX").await.unwrap();
    let mut events = folder.idle().await.unwrap();
    let mut words = Vec::new();
    while let Ok(event) = tokio::time::timeout(Duration::from_secs(1), events.try_next()).await {
        words.push(word(&event.unwrap().unwrap()));
    }
    drop(events);
    folder.noop().await.unwrap();
    script.finish().await.unwrap();
    assert_eq!(words.first().map(String::as_str), Some("exists 4"));
    assert!(words.contains(&"gone 10 +0".to_owned()) && words.contains(&"flags 14 ".to_owned()), "{words:?}");
}

/// What another session does reaches the notices of this one, or the events of its mailbox, without a command.
#[tokio::test(start_paused = true)]
async fn the_embedded_server_reports_what_another_session_does() {
    let server = Server::builder().user("alice", "alicepw").in_memory().unwrap();
    server.deliver("alice", "INBOX", "Subject: 1\r\n\r\n", &[]).unwrap();
    let mut watching = embedded(&server, plaintext()).await;
    let mut notices = watching.notices();
    let mut others = messages();
    others.extend([MailboxName, SubscriptionChange]);
    watching.notify(&[(Scope::Selected, messages()), (Scope::Personal, others)]).await.unwrap();

    let mut acting = embedded(&server, plaintext()).await;
    let mut folder = watching.select("INBOX").await.unwrap();
    drop(folder.idle().await.unwrap());
    acting.create_mailbox("New").await.unwrap();
    assert_eq!(notice(&notices.next().await.unwrap()), "list New");
    acting.subscribe("New").await.unwrap();
    assert_eq!(notice(&notices.next().await.unwrap()), "list New");
    acting.append("New", "Subject: 2\r\n\r\n").await.unwrap();
    assert_eq!(notice(&notices.next().await.unwrap()), "status New Some(1)");
    acting.rename_mailbox("New", "Newer").await.unwrap();
    assert_eq!(notice(&notices.next().await.unwrap()), "list Newer");
    acting.append("INBOX", "Subject: 3\r\n\r\n").await.unwrap();
    let inbox = acting.select("INBOX").await.unwrap();
    inbox.store(Uids::ALL, &Change::add([Flag::DELETED])).await.unwrap();
    inbox.expunge("1".parse::<Uids>().unwrap()).await.unwrap();
    let mut events = folder.idle().await.unwrap();
    let mut words = Vec::new();
    while let Ok(event) = tokio::time::timeout(Duration::from_secs(1), events.try_next()).await {
        words.push(word(&event.unwrap().unwrap()));
    }
    drop(events);
    assert!(
        words.contains(&"gone 1 +0".to_owned()) && words.contains(&"flags 2 \\Deleted \\Recent".to_owned()),
        "{words:?}"
    );
    assert_eq!(folder.info().unwrap().exists, 1);
    assert!(
        tokio::time::timeout(Duration::from_secs(1), notices.next()).await.is_err(),
        "the selected mailbox has events"
    );
}
