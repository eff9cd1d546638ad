//! The work: one of everything that a session does in a mailbox, with every resulting value. Through the proxy the mailbox
//! has ghosts, and only the number of its messages, which is not compared, may depend on that.

use std::num::NonZeroU32;

use postroom::imap::{Folder, Imap, Items, Query, SearchReturn, Section, StatusItems, Uid, Uids};
use postroom::{Flag, FlagChange};
use tokio::io::AsyncReadExt;

use super::mail::{self, uids};
use super::values::Values;
use super::watch::Watch;

fn uid(number: u32) -> Uid {
    Uid::new(number).unwrap()
}

fn everything() -> Items {
    let items = Items::ENVELOPE.flags().internal_date().size().body_structure().header().section(Section::TEXT);
    let items = items.section(Section::header_fields(["Subject", "X-None"]).unwrap());
    items.partial(Section::WHOLE, 7, NonZeroU32::new(90).unwrap())
}

/// Does it all in `imap`, while `acting`, which is connected to the server directly, does something too.
pub(crate) async fn work(mut imap: Imap, mut acting: Imap, other: &str, watch: &mut Watch<'_>) -> Values {
    let mut values = Values::default();
    let told = &mut values;
    mailboxes(&imap, other, told).await;

    let riding = imap.open("INBOX").fetch(Uids::ALL, Items::ENVELOPE.flags()).await.unwrap();
    told.tell_all("with SELECT", riding).await;
    let mut inbox = imap.selected_folder().unwrap();
    let info = inbox.info().unwrap();
    told.tell_flags("flags", &info.flags);
    told.tell_flags("permanent flags", &info.permanent_flags.clone().unwrap_or_default());
    told.tell("read only", info.read_only);

    reading(&mut inbox, told).await;
    watch.begin(&mut inbox).await;
    searching(&inbox, told).await;
    changing(&mut inbox, other, told).await;
    let appended = inbox.session().append("INBOX", mail::dated(31).flags([Flag::SEEN])).await.unwrap();
    told.tell_uids("appended", &appended.unwrap().into());

    let change = FlagChange::add([Flag::new("$Changed").unwrap()]);
    let there = acting.select("INBOX").await.unwrap();
    there.store(uid(13), &change).await.unwrap();
    watch.until_flagged(&mut inbox, uid(13), "$Changed").await;
    there.session().append("INBOX", mail::dated(32)).await.unwrap();
    there.store(uids([10]), &FlagChange::add([Flag::DELETED])).await.unwrap();
    there.expunge(uids([10])).await.unwrap();
    watch.until_gone(&mut inbox, uid(10)).await;

    inbox.store(uids([2, 12]), &FlagChange::add([Flag::DELETED])).await.unwrap();
    inbox.expunge(uids([2, 3, 12])).await.unwrap();
    told.tell_all("flags at last", inbox.fetch(Uids::ALL, Items::FLAGS).await.unwrap()).await;
    told.tell_all("the new ones", inbox.fetch(uids([31, 32, 33]), everything()).await.unwrap()).await;

    watch.hush();
    inbox.noop().await.unwrap();
    let change = FlagChange::add([Flag::new("$TheLast").unwrap()]);
    there.store(uid(19), &change).await.unwrap();
    watch.until_flagged(&mut inbox, uid(19), "$TheLast").await;
    watch.check(&inbox, &[2, 6, 9, 10, 12]);
    inbox.unselect().await.unwrap();

    watch.speak();
    elsewhere(&mut imap, other, told).await;
    acting.logout().await.unwrap();
    imap.logout().await.unwrap();
    values
}

async fn mailboxes(imap: &Imap, other: &str, told: &mut Values) {
    let mut listed = imap.list("*").await.unwrap();
    listed.sort_by(|a, b| a.name.as_str().cmp(b.name.as_str()));
    listed.iter_mut().for_each(|listed| {
        let mut attributes: Vec<_> = listed.attributes.iter().collect();
        attributes.sort_unstable();
        listed.attributes = attributes.into_iter().collect();
    });
    told.tell("mailboxes", listed);
    told.tell("name spaces", imap.namespace().await.unwrap());
    let (here, there, missing) = tokio::join!(
        imap.status("INBOX", StatusItems::MESSAGES | StatusItems::UNSEEN),
        imap.status(other, StatusItems::UID_NEXT | StatusItems::MESSAGES),
        imap.status("INBOX.no such/mailbox", StatusItems::MESSAGES),
    );
    let (here, there) = (here.unwrap(), there.unwrap());
    told.tell("status", (here.messages, here.unseen, there.messages, there.uid_next));
    told.tell_error("status of nothing", &missing.unwrap_err());
}

async fn reading(inbox: &mut Folder<&mut Imap>, told: &mut Values) {
    told.tell_all("everything", inbox.fetch(Uids::ALL, everything()).await.unwrap()).await;
    told.tell_all("flags", inbox.fetch(Uids::ALL, Items::FLAGS).await.unwrap()).await;
    told.tell_all("messages", inbox.fetch(uids(7..=15), Items::MESSAGE).await.unwrap()).await;
    for number in [7, 8, 9, 10, 14] {
        let mut bytes = Vec::new();
        let section = if number == 14 { Section::part(&[2, 1]).unwrap() } else { Section::WHOLE };
        inbox.read(uid(number), section).await.unwrap().read_to_end(&mut bytes).await.unwrap();
        told.tell(&format!("read of {number}"), bytes.escape_ascii().to_string());
    }
    // Dropped in the middle: the rest is skipped.
    let mut start = [0; 1000];
    inbox.read(uid(9), Section::TEXT).await.unwrap().read_exact(&mut start).await.unwrap();
    told.tell("read in part", start.escape_ascii().to_string());
    drop(inbox.fetch(Uids::ALL, Items::MESSAGE).await.unwrap().try_next().await.unwrap());
    for number in [3, 8, 4, 99] {
        told.tell_one(&format!("got {number}"), inbox.get(uid(number), everything()).await.unwrap());
    }
    told.tell_one("flags of 7", inbox.get(uid(7), Items::FLAGS).await.unwrap());
    told.tell_error("read of nothing", &inbox.read(uid(99), Section::WHOLE).await.unwrap_err());
}

async fn searching(inbox: &Folder<&mut Imap>, told: &mut Values) {
    let label = Flag::new("$Label1").unwrap();
    let queries = [
        Query::all(),
        Query::flagged(),
        Query::unseen().and(Query::larger(30_000)),
        Query::subject("folded").or(Query::body("inner text")),
        !Query::flag(label),
        Query::header("Message-ID", "<18@example.org>"),
        Query::uids(uids(8..=12)),
        Query::from("nobody at all"),
    ];
    for query in &queries {
        told.tell_uids(&format!("{query:?}"), &inbox.search(query).await.unwrap());
    }
    let found = inbox.search(&Query::flagged()).returning(SearchReturn::new().count().min().max()).await.unwrap();
    told.tell("found", (found.min, found.max, found.count));
    let (answered, change) = (Query::answered(), FlagChange::add([Flag::SEEN]));
    let (got, searched, stored, status, slept) = tokio::join!(
        inbox.get(uid(18), Items::ENVELOPE.size()),
        inbox.search(&answered),
        inbox.store(uids([6, 7, 8]), &change),
        inbox.session().status("INBOX", StatusItems::MESSAGES),
        inbox.noop(),
    );
    told.tell_one("beside others", got.unwrap());
    told.tell_uids("beside others", &searched.unwrap());
    told.tell("beside others", (stored.is_ok(), slept.is_ok(), status.unwrap().messages));
}

async fn changing(inbox: &mut Folder<&mut Imap>, other: &str, told: &mut Values) {
    let keyword = FlagChange::add([Flag::new("$Own").unwrap(), Flag::DRAFT]);
    inbox.store(uids(8..=15), &keyword).await.unwrap();
    inbox.store(uids([3, 14]), &FlagChange::remove([Flag::FLAGGED, Flag::DRAFT])).await.unwrap();
    inbox.store(uids([15]), &FlagChange::set([Flag::SEEN])).await.unwrap();
    told.tell_all("flags changed", inbox.fetch(Uids::ALL, Items::FLAGS.size()).await.unwrap()).await;
    told.tell_uids("own", &inbox.search(&Query::draft()).await.unwrap());
    told.tell_copied("copied", inbox.copy(uids([4, 7, 8, 15, 99]), other).await.unwrap().mapping);
    told.tell_copied("moved", inbox.move_to(uids([5, 6, 9, 21]), other).await.unwrap().mapping);
    told.tell_error("copied nowhere", &inbox.copy(uids([7]), "INBOX.no such/mailbox").await.unwrap_err());
    let into = inbox.session().append(other, mail::dated(40)).await.unwrap();
    told.tell_uids("appended elsewhere", &into.unwrap().into());
    told.tell_uids("left", &inbox.search(&Query::all()).await.unwrap());
}

async fn elsewhere(imap: &mut Imap, other: &str, told: &mut Values) {
    let mut folder = imap.select(other).await.unwrap();
    told.tell("messages elsewhere", folder.info().unwrap().exists);
    told.tell_all("elsewhere", folder.fetch(Uids::ALL, everything()).await.unwrap()).await;
    told.tell_uids("seen", &folder.search(&Query::seen()).await.unwrap());
    folder.store(uids([2]), &FlagChange::add([Flag::DELETED])).await.unwrap();
    folder.close().await.unwrap();
    let mut folder = imap.examine(other).await.unwrap();
    told.tell_all("flags elsewhere", folder.fetch(Uids::ALL, Items::FLAGS).await.unwrap()).await;
}
