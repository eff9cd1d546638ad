//! Messages that another session expunges while this one still knows them: a result is that message, or says that it is gone.

use postroom::imap::{Items, Section, Uid, Uids};
use postroom::{Error, Flag, FlagChange, Kind, Mailbox, Part};
use tokio::io::AsyncReadExt;

use super::session;
use crate::live::{fill, ids, message};
use crate::server::Brand;
use crate::suite::Trial;

fn second() -> Uid {
    Uid::new(2).unwrap()
}

/// Another session does it. It is the only marked message, so CLOSE is enough if the server cannot expunge by UID.
async fn expunge_the_second(user: &Trial) {
    let mut other = session(user).await;
    let inbox = other.select("INBOX").await.unwrap();
    inbox.store(second(), &FlagChange::add([Flag::DELETED])).await.unwrap();
    inbox.close().await.unwrap();
    other.logout().await.unwrap();
    assert_eq!(user.stored("INBOX"), [message(1), message(3)]);
}

/// The next message, if the server does not end the session because of it, as Courier does.
fn alive<T>(user: &Trial, result: Result<T, Error>) -> Option<T> {
    match result {
        Ok(next) => Some(next),
        Err(error) if user.brand() == Brand::Courier => {
            assert_eq!(error.kind(), Kind::Closed, "{error:?}");
            user.fallback("UID FETCH, expunged", "the server closes the connection");
            None
        }
        Err(error) => panic!("{error:?}"),
    }
}

pub(crate) async fn an_expunged_message_is_fetched_as_it_was_or_with_a_defect(user: &Trial) {
    fill(user, 3);
    let mut folder = session(user).await.into_folder("INBOX").await.unwrap();
    let mailbox: &mut dyn Mailbox = &mut folder;
    let ids = ids(mailbox).await;
    expunge_the_second(user).await;
    let mut mail = mailbox.messages(&ids, Part::Whole).await.unwrap();
    let mut whole = Vec::new();
    loop {
        let Some(next) = alive(user, mail.try_next().await) else { return };
        let Some(fetched) = next else { break };
        let number = ids.iter().position(|id| id == fetched.id()).unwrap() as u32 + 1;
        if fetched.defects().is_empty() {
            assert_eq!(fetched.bytes()[..], message(number)[..]);
            whole.push(number);
        }
    }
    drop(mail);
    whole.retain(|&number| number != 2);
    assert_eq!(whole, [1, 3]);
    mailbox.entries().await.unwrap();
}

pub(crate) async fn an_expunged_message_is_read_as_it_was_or_with_a_defect(user: &Trial) {
    fill(user, 3);
    let mut folder = session(user).await.into_folder("INBOX").await.unwrap();
    let mailbox: &mut dyn Mailbox = &mut folder;
    let ids = ids(mailbox).await;
    expunge_the_second(user).await;
    if let Ok(mut body) = mailbox.open(&ids[1]).await {
        let mut bytes = Vec::new();
        if body.read_to_end(&mut bytes).await.is_ok() && body.defects().is_empty() {
            assert_eq!(bytes, message(2));
        }
    }
    let Some(mut body) = alive(user, mailbox.open(&ids[2]).await) else { return };
    let mut bytes = Vec::new();
    body.read_to_end(&mut bytes).await.unwrap();
    assert_eq!(bytes, message(3));
}

pub(crate) async fn an_expunged_message_is_got_as_it_was_or_with_a_defect(user: &Trial) {
    fill(user, 3);
    let mut imap = session(user).await;
    let mut inbox = imap.select("INBOX").await.unwrap();
    expunge_the_second(user).await;
    let got = inbox.get(second(), Items::MESSAGE.size()).await;
    if let Some(got) = got.ok().flatten().filter(|got| got.defects().count() == 0) {
        assert_eq!(got.uid(), Some(second()));
        let body = got.body().map_or_else(|| message(2), |body| body.to_vec());
        assert_eq!(body, message(2), "{:?} octets are declared", got.size());
    }
    let Some(mut mail) = alive(user, inbox.fetch(Uids::ALL, Items::MESSAGE.size()).await) else { return };
    loop {
        let Some(next) = alive(user, mail.try_next().await) else { return };
        let Some(fetched) = next else { break };
        let number = fetched.uid().unwrap().as_u32();
        match fetched.body().filter(|_| fetched.defects().count() == 0) {
            Some(body) => assert_eq!(body[..], message(number)[..]),
            // Mailutils no longer finds a file that the other session has renamed.
            None => assert!(number == 2 || user.brand() == Brand::Mailutils, "{fetched:?}"),
        }
    }
    drop(mail);
    if let Ok(mut part) = inbox.read(second(), Section::TEXT).await {
        let mut bytes = Vec::new();
        if part.read_to_end(&mut bytes).await.is_ok() && part.defects().is_empty() && !bytes.is_empty() {
            assert!(message(2).ends_with(&bytes), "{}", bytes.escape_ascii());
        }
    }
}
