//! Pages and threads on real servers: the pages of a random mailbox are its messages in their order, whatever arrives and goes between
//! two of them, and the threads are those that the server makes.

use postroom::imap::{
    Conversation, Folder, Imap, Items, Page, PageOrder, PageRange, Query, Role, SortKey, ThreadAlgorithm, Uid, Uids,
};
use postroom::{Flag, FlagChange, Kind};

use super::session;
use crate::rng::Rng;
use crate::server::User;
use crate::sorted_mail::{MESSAGES, Odd, append};
use crate::suite::Trial;

pub(crate) async fn pages_are_the_mailbox_in_its_order(user: &Trial) {
    let (folder, other, mailbox) = folder(user, "Pages").await;
    let capabilities = folder.session().capabilities();
    let expunges = capabilities.uidplus();
    if !capabilities.has("PARTIAL") {
        user.fallback("pages", "no PARTIAL: windows of UIDs");
    }
    let mut rng = Rng::new(7);
    for query in [Query::all(), Query::flagged(), Query::subject("e"), Query::answered()] {
        for order in [PageOrder::NEWEST, PageOrder::OLDEST, SortKey::ARRIVAL.reversed().into(), SortKey::SIZE.into()] {
            let size = 1 + rng.below(12) as u32;
            folder.noop().await.unwrap();
            let before = in_order(&folder, &query, &order).await;
            let (mut range, mut seen, mut gone) = (PageRange::first(size), Vec::new(), Uids::new());
            loop {
                let page = folder.page(&query, order.clone(), range).await.unwrap();
                assert!(page.messages.len() <= size as usize);
                seen.extend(uids(&page));
                if rng.once_in(6) {
                    other.append(&*mailbox, append(&mut rng, 99, Odd::default())).await.unwrap();
                }
                if let (true, Some(uid)) = (expunges && rng.once_in(5), uids(&page).last().copied()) {
                    folder.store(uid, &FlagChange::add([Flag::DELETED])).await.unwrap();
                    folder.expunge(uid).await.unwrap();
                    gone.insert(uid);
                }
                let Some(next) = page.next else { break };
                range = PageRange::after(next, size);
            }
            let context = format!("{query}, {order:?}, {size}");
            let once: Uids = seen.iter().copied().collect();
            assert_eq!(once.len(), seen.len() as u64, "{context}: {seen:?}");
            seen.retain(|uid| before.contains(uid) && !gone.contains(*uid));
            let stayed: Vec<Uid> = before.into_iter().filter(|uid| !gone.contains(*uid)).collect();
            assert_eq!(seen, stayed, "{context}");
        }
    }
}

/// A mail in one mailbox and its answer in another one: one thread, if the server gives identifiers to threads.
pub(crate) async fn a_thread_is_found_in_several_mailboxes(user: &Trial) {
    let mut imap = session(user).await;
    let sent = imap.special(Role::Sent).await.unwrap();
    let message = |id: u32, fields: &str| {
        format!(
            "From: Sender <sender@example.org>\r\nTo: me@example.org\r\nDate: Mon, 02 Mar 2026 10:00:00 +0100\r\n\
             Message-ID: <thread-{id}@example.org>\r\n{fields}\r\nNumber {id}.\r\n"
        )
    };
    let answer = "Subject: Re: lunch\r\nIn-Reply-To: <thread-1@example.org>\r\nReferences: <thread-1@example.org>\r\n";
    imap.append("INBOX", message(1, "Subject: lunch\r\n").into_bytes()).await.unwrap();
    imap.append("INBOX", message(2, "Subject: other\r\n").into_bytes()).await.unwrap();
    imap.append(&sent, message(3, answer).into_bytes()).await.unwrap();
    let names = ["INBOX", sent.as_str()];
    if !imap.capabilities().objectid() {
        let error = imap.thread_across("T1", &names, Items::ENVELOPE).await.unwrap_err();
        assert_eq!(error.kind(), Kind::Unsupported);
        user.fallback("thread_across", "no OBJECTID: refused");
        return;
    }
    let inbox = imap.select("INBOX").await.unwrap();
    let first = inbox.search(&Query::subject("lunch")).await.unwrap().iter().next().unwrap();
    let found = inbox.get(first, Items::THREAD_ID).await.unwrap().unwrap();
    let Some(thread) = found.thread_id().map(|thread| thread.to_string()) else {
        user.fallback("thread_across", "OBJECTID without THREADID: NIL");
        return;
    };
    let parts = imap.thread_across(&thread, &names, Items::ENVELOPE).await.unwrap();
    let seen: Vec<_> = parts
        .iter()
        .flat_map(|part| part.messages.iter().map(|message| (part.mailbox.as_str(), message.subject().unwrap())))
        .collect();
    assert_eq!(seen, [("INBOX", "lunch".into()), (sent.as_str(), "Re: lunch".into())]);
}

pub(crate) async fn threads_to_be_shown_are_those_of_thread(user: &Trial) {
    let (folder, ..) = folder(user, "Shown").await;
    for algorithm in [ThreadAlgorithm::OrderedSubject, ThreadAlgorithm::References] {
        if !folder.session().capabilities().has(&format!("THREAD={algorithm}")) {
            user.fallback("UID THREAD", "no THREAD: threaded here");
        }
        let tree = folder.thread(&Query::all(), algorithm).await.unwrap();
        let shown = folder.threads(&Query::all()).algorithm(algorithm).await.unwrap();
        let mut expected = tree.roots().count();
        assert_eq!(shown.len(), expected);
        let unread = folder.search(&Query::unseen()).await.unwrap().len();
        assert_eq!(shown.iter().map(|thread| thread.unread as u64).sum::<u64>(), unread);
        assert!(shown.iter().map(Conversation::newest).is_sorted_by(|one, next| one > next));
        for (root, _) in tree.walk().enumerate().filter(|(_, (depth, _))| *depth == 0) {
            let mut walk = tree.walk().skip(root).peekable();
            let (_, first) = walk.next().unwrap();
            let mut uids: Vec<Uid> = first.number().into_iter().collect();
            while let Some((_, reply)) = walk.next_if(|(depth, _)| *depth > 0) {
                uids.extend(reply.number());
            }
            let is = |thread: &&Conversation| {
                thread.messages.iter().filter_map(|one| one.message.uid()).eq(uids.iter().copied())
            };
            assert!(shown.iter().any(|thread| is(&thread)), "{uids:?}");
            expected -= 1;
        }
        assert_eq!(expected, 0);
    }
}

/// A random mailbox, selected, and a second session.
async fn folder(user: &User, name: &str) -> (Folder<Imap>, Imap, String) {
    let mailbox = user.server.mailbox(&[name]);
    let (imap, other) = (session(user).await, session(user).await);
    imap.create_mailbox(&*mailbox).await.unwrap();
    let mut rng = Rng::new(5);
    for number in 1..=MESSAGES {
        imap.append(&*mailbox, append(&mut rng, number, Odd::default())).await.unwrap();
    }
    (imap.into_folder(&*mailbox).await.unwrap(), other, mailbox)
}

async fn in_order(folder: &Folder<Imap>, query: &Query, order: &PageOrder) -> Vec<Uid> {
    if *order == PageOrder::NEWEST || *order == PageOrder::OLDEST {
        let mut all: Vec<Uid> = folder.search(query).await.unwrap().iter().collect();
        if *order == PageOrder::NEWEST {
            all.reverse();
        }
        return all;
    }
    let page = folder.page(query, order.clone(), PageRange::first(1000)).items(Items::FLAGS).await.unwrap();
    uids(&page)
}

fn uids(page: &Page) -> Vec<Uid> {
    page.messages.iter().map(|message| message.uid().unwrap()).collect()
}
