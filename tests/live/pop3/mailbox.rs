//! The common trait on a maildrop of a real server.

use std::time::Duration;

use postroom::pop3::Pop3;
use postroom::{Changes, Config, Deadlines, Find, Flag, FlagChange, Kind, Mailbox, Part};
use time::{Date, Month};
use tokio::io::AsyncReadExt;

use super::open;
use crate::live::{fill, ids, login, message, pop3_config, take_the_second};
use crate::parts::{attached, base64, charsets, noise, quoted};
use crate::suite::Trial;

pub(crate) async fn a_boxed_mailbox_lists_reads_and_deletes_on_commit(user: &Trial) {
    fill(user, 3);
    let mut mailbox: Box<dyn Mailbox> = Box::new(open(user).await);
    let features = mailbox.features();
    assert!(!features.flags && !features.folders && features.delete);
    assert!(matches!(features.changes, Changes::Poll(_)));

    let second = take_the_second(&mut *mailbox).await;
    // If UIDL is not announced, a listing shows whether the server has it.
    assert!(mailbox.features().stable_ids);
    assert_eq!(user.stored("INBOX").len(), 3, "deleted before commit");
    let committed = mailbox.commit().await.unwrap();
    assert_eq!((committed.deleted, committed.unknown), (vec![second], vec![]));
    assert_eq!(user.left(2).await, [message(1), message(3)]);
    assert_eq!(mailbox.entries().await.unwrap_err().kind(), Kind::Closed);
}

pub(crate) async fn dropping_a_mailbox_deletes_nothing(user: &Trial) {
    fill(user, 3);
    let mut pop = open(user).await;
    let before = ids(&mut pop).await;
    take_the_second(&mut pop).await;
    drop(pop);
    let mut again = open(user).await;
    assert_eq!(ids(&mut again).await, before);
}

pub(crate) async fn headers_and_previews_come_by_top_and_flags_are_unsupported(user: &Trial) {
    fill(user, 1);
    let mut pop = open(user).await;
    let mailbox: &mut dyn Mailbox = &mut pop;
    let ids = ids(mailbox).await;
    let split = message(1).windows(4).position(|four| four == b"\r\n\r\n").unwrap() + 4;
    let header = mailbox.messages(&ids, Part::Header).await.unwrap().try_next().await.unwrap().unwrap();
    assert_eq!(header.bytes()[..], message(1)[..split]);
    let preview = mailbox.messages(&ids, Part::Preview(1)).await.unwrap().try_next().await.unwrap().unwrap();
    assert_eq!(preview.bytes()[..], message(1)[..]);
    let refused = mailbox.flag(&ids, &FlagChange::add([Flag::SEEN])).await.unwrap_err();
    assert_eq!(refused.kind(), Kind::Unsupported);
}

pub(crate) async fn idle_sees_new_mail_by_looking_again_and_refuses_while_messages_are_marked(user: &Trial) {
    fill(user, 1);
    let mut deadlines = Deadlines::default();
    deadlines.poll = Duration::from_millis(100);
    let config = pop3_config(&user.server).deadlines(deadlines);
    let mut pop = Pop3::connect(config, login(user)).await.unwrap();
    let mailbox: &mut dyn Mailbox = &mut pop;
    assert_eq!(ids(mailbox).await.len(), 1);
    user.deliver("INBOX", &message(2));
    tokio::time::timeout(Duration::from_secs(60), mailbox.changed()).await.expect("the mailbox slept on").unwrap();
    let now = ids(mailbox).await;
    assert_eq!(now.len(), 2);

    mailbox.mark_deleted(&now[..1]).await.unwrap();
    assert_eq!(mailbox.changed().await.unwrap_err().kind(), Kind::Input);
    assert_eq!(user.stored("INBOX").len(), 2);
}

pub(crate) async fn parts_come_from_one_retr_and_previews_from_top(user: &Trial) {
    let noise = noise(100_000);
    user.deliver("INBOX", &attached("base64", &base64(&noise, 76)));
    user.deliver("INBOX", &attached("quoted-printable", &quoted(&noise)));
    let texts = charsets();
    for (message, _) in &texts {
        user.deliver("INBOX", message);
    }
    let mut mailbox: Box<dyn Mailbox> = Box::new(open(user).await);
    assert!(!mailbox.features().parts);
    let ids = ids(&mut *mailbox).await;
    for id in &ids[..2] {
        let contents = mailbox.contents(id).await.unwrap();
        let part = contents.attachments().next().unwrap();
        for from in [0, 1, 70_001, 100_000] {
            let mut octets = Vec::new();
            mailbox.read_part_from(id, part, from as u64).await.unwrap().read_to_end(&mut octets).await.unwrap();
            assert!(octets == noise[from..], "from {from}: {} octets", octets.len());
        }
    }
    for (id, (_, text)) in ids[2..].iter().zip(&texts) {
        let contents = mailbox.contents(id).await.unwrap();
        let part = contents.text().or_else(|| contents.html()).unwrap();
        let read = mailbox.read_text(id, part).await.unwrap();
        assert!(read.contains(text.as_str()), "{read}");
    }
    let previews: Vec<String> = mailbox.previews(&ids).await.unwrap().into_iter().map(|(_, words)| words).collect();
    let expected = ["Hello", "Hello"].into_iter().chain(texts.iter().map(|(_, text)| text.as_str()));
    assert_eq!(previews, expected.collect::<Vec<_>>());
}

pub(crate) async fn one_door_opens_and_headers_are_compared_here(user: &Trial) {
    fill(user, 3);
    let server = &user.server;
    let config = match server.is_plain() {
        true => Config::dangerous_plaintext_url(&format!("pop://127.0.0.1:{}", server.pop3)).unwrap(),
        false => format!("pops://localhost:{}", server.pop3s).parse::<Config>().unwrap(),
    };
    let config = config.add_root_pem(server.ca_pem.as_bytes()).unwrap().only_added_roots();
    let mut mailbox = postroom::open(config, login(user)).await.unwrap();
    assert!(!mailbox.features().search && !mailbox.features().append);
    let all = ids(&mut *mailbox).await;
    let found = mailbox.find(&Find::new().subject("MESSAGE").message_id("<2@example.org>")).await.unwrap();
    assert_eq!((found.messages, found.unknown), (all[1..2].to_vec(), vec![]));
    assert_eq!(mailbox.find(&Find::new().from("sender")).await.unwrap().messages, all);
    let day = |day| Date::from_calendar_date(2026, Month::March, day).unwrap();
    let find = Find::new().since(day(2)).before(day(3)).body("NUMBER 3");
    let found = mailbox.find(&find).await.unwrap();
    assert_eq!((found.messages, found.unknown), (all[2..].to_vec(), vec![]));
    assert_eq!(mailbox.find(&Find::new().with(Flag::SEEN)).await.unwrap_err().kind(), Kind::Unsupported);
}
