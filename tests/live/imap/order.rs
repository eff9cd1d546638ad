//! Concurrent calls on one session: they share round trips, each gets its own answer, and a call that must wait waits.

use postroom::imap::{Items, Query, StatusItems, Uid, Uids};
use postroom::{Flag, FlagChange};

use super::session;
use crate::live::{fill, message, told};
use crate::suite::Trial;

pub(crate) async fn calls_side_by_side_each_get_their_own_answer(user: &Trial) {
    fill(user, 3);
    let [first, second] = ["Eins", "Zwei"].map(|name| user.server.mailbox(&[name]));
    let imap = session(user).await;
    let (one, two) = tokio::join!(imap.create_mailbox(&*first), imap.create_mailbox(&*second));
    one.and(two).unwrap();
    let appended = tokio::join!(
        imap.append(&*first, message(1)),
        imap.append(&*second, message(2)),
        imap.append(&*second, message(3)),
        imap.noop(),
    );
    for uids in [appended.0, appended.1, appended.2] {
        told(user, uids.unwrap());
    }
    appended.3.unwrap();

    let status = |name| imap.status(name, StatusItems::MESSAGES);
    let (one, listed, two, noop, inbox, top, again, spaces) = tokio::join!(
        status(&*first),
        imap.list("*"),
        status(&*second),
        imap.noop(),
        status("INBOX"),
        imap.list("INBOX"),
        // The same mailbox: the two answers could not be distinguished.
        status(&*first),
        imap.namespace(),
    );
    let counts = [one, two, inbox, again].map(|status| status.unwrap().messages.unwrap());
    assert_eq!(counts, [1, 2, 3, 1]);
    let listed = listed.unwrap();
    assert!([&first, &second].iter().all(|name| listed.iter().any(|listed| listed.name.as_str() == **name)));
    assert_eq!(top.unwrap().len(), 1);
    assert_eq!(spaces.unwrap().personal[0].prefix, user.server.prefix());
    noop.unwrap();
    imap.logout().await.unwrap();
}

pub(crate) async fn calls_on_one_folder_do_not_mix(user: &Trial) {
    fill(user, 20);
    let of = |number| Uid::new(number).unwrap();
    let mut imap = session(user).await;
    let inbox = imap.select("INBOX").await.unwrap();
    let answered = FlagChange::add([Flag::ANSWERED]);
    let (small, two) = (Query::subject("message 2"), Query::uids(Uids::from_iter([of(7), of(8)])));
    let (third, found, stored, last, sought, noop, status) = tokio::join!(
        inbox.get(of(3), Items::ENVELOPE),
        inbox.search(&small),
        inbox.store(of(5), &answered),
        inbox.get(of(20), Items::MESSAGE),
        inbox.search(&two),
        inbox.noop(),
        inbox.session().list("INBOX"),
    );
    assert_eq!(third.unwrap().unwrap().subject().as_deref(), Some("message 3"));
    assert_eq!(found.unwrap().to_string(), "2,20");
    assert_eq!(last.unwrap().unwrap().body().unwrap()[..], message(20)[..]);
    assert_eq!(sought.unwrap().to_string(), "7:8");
    assert_eq!(status.unwrap().len(), 1);
    stored.and(noop).unwrap();
    assert_eq!(inbox.search(&Query::answered()).await.unwrap().to_string(), "5");
}

pub(crate) async fn what_shifts_numbers_does_not_shift_its_neighbours(user: &Trial) {
    fill(user, 30);
    let odd: Uids = (1..=29).step_by(2).flat_map(Uid::new).collect();
    let of = |number| Uid::new(number).unwrap();
    let mut imap = session(user).await;
    let inbox = imap.select("INBOX").await.unwrap();
    inbox.store(odd.clone(), &FlagChange::add([Flag::DELETED])).await.unwrap();
    let (flagged, wanted) = (FlagChange::add([Flag::FLAGGED]), Query::subject("message 26"));
    let (gone, stored, got, found) = tokio::join!(
        inbox.expunge(odd),
        inbox.store(of(30), &flagged),
        inbox.get(of(28), Items::ENVELOPE),
        inbox.search(&wanted),
    );
    gone.and(stored).unwrap();
    assert_eq!(got.unwrap().unwrap().subject().as_deref(), Some("message 28"));
    assert_eq!(found.unwrap().to_string(), "26");
    assert_eq!(inbox.info().unwrap().exists, 15);
    assert_eq!(inbox.search(&Query::flagged()).await.unwrap().to_string(), "30");
}

/// Rust already gives SELECT the session exclusively; commands that were sent before and not awaited are another matter.
pub(crate) async fn a_select_waits_for_what_was_asked_of_the_mailbox_before(user: &Trial) {
    fill(user, 200);
    let other = user.server.mailbox(&["Other"]);
    let mut imap = session(user).await;
    imap.create_mailbox(&*other).await.unwrap();
    for _ in 0..3 {
        let mut inbox = imap.select("INBOX").await.unwrap();
        let mut mail = inbox.fetch(Uids::ALL, Items::MESSAGE).await.unwrap();
        assert!(mail.try_next().await.unwrap().is_some());
        drop(mail);
        let folder = imap.select(&*other).await.unwrap();
        assert_eq!(folder.info().unwrap().exists, 0);
        assert!(folder.search(&Query::all()).await.unwrap().is_empty());
    }
    let inbox = imap.select("INBOX").await.unwrap();
    assert_eq!(inbox.search(&Query::all()).await.unwrap().len(), 200);
}
