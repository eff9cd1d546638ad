//! NOTIFY (RFC 5465): what a second session does arrives without a command, in the notices or in the events of the selected mailbox.

use std::time::Duration;

use postroom::imap::NotifyEvent::{FlagChange, MailboxName, MessageExpunge, MessageNew, SubscriptionChange};
use postroom::imap::{Event, Notice, Notices, Response, Scope, Uids};
use postroom::{Flag, FlagChange as Change, Kind};

use super::session;
use crate::live::{fill, message};
use crate::suite::Trial;

pub(crate) async fn what_another_session_does_is_reported_without_a_command(user: &Trial) {
    fill(user, 3);
    let other = user.server.mailbox(&["Other"]);
    let (mut watching, acting) = (session(user).await, session(user).await);
    let messages = || vec![MessageNew(None), MessageExpunge, FlagChange];
    let groups = [
        (Scope::Selected, messages()),
        (Scope::Personal, [messages(), vec![MailboxName, SubscriptionChange]].concat()),
    ];
    if !watching.capabilities().notify() {
        assert_eq!(watching.notify(&groups).await.unwrap_err().kind(), Kind::Unsupported);
        return user.unsupported("NOTIFY", "no NOTIFY");
    }
    let notified = watching.notify(&groups).await.unwrap();
    assert!(notified.left_out.iter().all(|event| *event == SubscriptionChange), "{notified:?}");
    let mut notices = watching.notices();
    let mut folder = watching.select("INBOX").await.unwrap();
    drop(folder.idle().await.unwrap());

    acting.create_mailbox(&*other).await.unwrap();
    until(&mut notices, |response| matches!(response, Response::List(listed) if listed.name.as_str() == other)).await;
    acting.append(&*other, &message(9)[..]).await.unwrap();
    until(&mut notices, |response| {
        matches!(response, Response::Status(status) if status.name.as_str() == other && status.messages == Some(1))
    })
    .await;

    let acting = acting.into_folder("INBOX").await.unwrap();
    acting.session().append("INBOX", &message(4)[..]).await.unwrap();
    acting.store("2".parse::<Uids>().unwrap(), &Change::add([Flag::FLAGGED, Flag::DELETED])).await.unwrap();
    acting.expunge("2".parse::<Uids>().unwrap()).await.unwrap();
    acting.store("3".parse::<Uids>().unwrap(), &Change::add([Flag::ANSWERED])).await.unwrap();
    let mut events = folder.idle().await.unwrap();
    let (mut gone, mut answered) = (false, false);
    while !gone || !answered {
        match tokio::time::timeout(user.patience, events.try_next()).await.unwrap().unwrap().unwrap() {
            Event::Expunged { uids, .. } => gone |= uids.contains(2.try_into().unwrap()),
            Event::Fetched { uid: Some(uid), data } if uid.as_u32() == 3 => {
                answered |= data.flags().is_some_and(|flags| flags.contains(&Flag::ANSWERED));
            }
            _ => {}
        }
    }
    drop(events);
    folder.noop().await.unwrap();
    assert_eq!(folder.info().unwrap().exists, 3);

    folder.session().notify_none().await.unwrap();
    acting.session().append(&*other, &message(10)[..]).await.unwrap();
    let late = tokio::time::timeout(Duration::from_millis(500), notices.next()).await;
    assert!(!matches!(late, Ok(Some(Notice::Data(Response::Status(_))))), "{late:?}");
    acting.noop().await.unwrap();
}

async fn until(notices: &mut Notices, wanted: impl Fn(&Response) -> bool) {
    let come = async {
        while let Some(notice) = notices.next().await {
            if matches!(&notice, Notice::Data(response) if wanted(response)) {
                return;
            }
        }
        panic!("the session ended");
    };
    tokio::time::timeout(Duration::from_secs(20), come).await.unwrap();
}
