//! An idling session sees what another session does.

use postroom::imap::{Event, Idle, Imap, Uid, Uids};
use postroom::{Flag, FlagChange};

use super::session;
use crate::live::{fill, message};
use crate::suite::Trial;

/// The first event that the test is about. Others, such as a removed `\Recent`, are ignored.
async fn until<T>(user: &Trial, idle: &mut Idle<'_>, wanted: impl Fn(&Event) -> Option<T>) -> T {
    let found = async {
        loop {
            let event = idle.try_next().await.unwrap().expect("IDLE ended by itself");
            if let Some(found) = wanted(&event) {
                return found;
            }
        }
    };
    tokio::time::timeout(user.patience, found).await.expect("the event never came")
}

async fn change(imap: &mut Imap, uid: u32, flag: Flag) {
    let inbox = imap.select("INBOX").await.unwrap();
    inbox.store(Uid::new(uid).unwrap(), &FlagChange::add([flag])).await.unwrap();
}

pub(crate) async fn new_mail_flags_and_expunges_of_another_session_become_events(user: &Trial) {
    fill(user, 3);
    let (mut watching, mut acting) = (session(user).await, session(user).await);
    let mut inbox = watching.select("INBOX").await.unwrap();
    let mut idle = inbox.idle().await.unwrap();

    acting.append("INBOX", message(4)).await.unwrap();
    until(user, &mut idle, |event| matches!(event, Event::Exists(4)).then_some(())).await;

    change(&mut acting, 2, Flag::FLAGGED).await;
    until(user, &mut idle, |event| match event {
        Event::Fetched { uid, data } => {
            (uid.map(Uid::as_u32) == Some(2) && data.flags().is_some_and(|flags| flags.flagged())).then_some(())
        }
        _ => None,
    })
    .await;

    change(&mut acting, 2, Flag::DELETED).await;
    acting.select("INBOX").await.unwrap().expunge(Uid::new(2).unwrap()).await.unwrap();
    let gone = until(user, &mut idle, |event| match event {
        Event::Expunged { uids, unknown: 0 } => Some(uids.iter().map(Uid::as_u32).collect::<Vec<_>>()),
        _ => None,
    })
    .await;
    assert_eq!(gone, [2]);

    drop(idle);
    assert_eq!(inbox.info().unwrap().exists, 3);
    inbox.store(Uids::ALL, &FlagChange::add([Flag::SEEN])).await.unwrap();
    watching.logout().await.unwrap();
}

pub(crate) async fn what_happened_before_idle_is_told_first(user: &Trial) {
    fill(user, 2);
    let (mut watching, mut acting) = (session(user).await, session(user).await);
    let mut inbox = watching.select("INBOX").await.unwrap();
    drop(inbox.idle().await.unwrap());

    change(&mut acting, 1, Flag::DELETED).await;
    acting.select("INBOX").await.unwrap().expunge(Uid::new(1).unwrap()).await.unwrap();
    inbox.noop().await.unwrap();
    let mut idle = inbox.idle().await.unwrap();
    let gone = until(user, &mut idle, |event| match event {
        Event::Expunged { uids, .. } => Some(uids.to_string()),
        _ => None,
    })
    .await;
    assert_eq!(gone, "1");
}
