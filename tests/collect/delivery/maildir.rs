//! The Maildir: names, folders, leftover files, and readers that move messages at the same time.

use std::fs;
use std::time::{Duration, SystemTime};

use postroom::collect::{Delivery, LineEnds, Maildir, Recovered, Ticket};
use postroom::{Flag, Kind};
use time::OffsetDateTime;

use super::support::{Scratch, files, letter, letters, names, published, staged};

/// The ticket, as if it had been made that long ago.
fn aged(ticket: &Ticket, age: Duration) -> Ticket {
    let (seconds, rest) = ticket.as_str().split_once('.').unwrap();
    Ticket::new(format!("{}.{rest}", seconds.parse::<u64>().unwrap() - age.as_secs())).unwrap()
}

const HOUR: Duration = Duration::from_secs(3600);

#[cfg(unix)]
#[tokio::test]
async fn folders_and_files_are_for_their_owner_alone() {
    use std::os::unix::fs::PermissionsExt;
    let scratch = Scratch::new();
    let mail = scratch.join("made/on/the/way");
    let mut maildir = Maildir::open(&mail).await.unwrap();
    let tickets = staged(&mut maildir, &["a\r\n"]).await;
    published(&mut maildir, &tickets).await;
    let mode = |path: &str| fs::metadata(mail.join(path)).unwrap().permissions().mode() & 0o777;
    assert_eq!(["", "..", "tmp", "new", "cur"].map(mode), [0o700; 5]);
    assert_eq!(mode(&format!("new/{}", tickets[0])), 0o600);
}

#[tokio::test]
async fn lines_end_as_told_and_the_time_of_arrival_is_kept() {
    let scratch = Scratch::new();
    let bytes = b"a: \xff\0\r\n\r\nlone \r and \n\r\n";
    let at = OffsetDateTime::from_unix_timestamp(1_612_325_106).unwrap();
    for (line_ends, expected) in [(LineEnds::Lf, &b"a: \xff\0\n\nlone \r and \n\n"[..]), (LineEnds::Crlf, bytes)] {
        let mut maildir = Maildir::open(scratch.join("mail")).await.unwrap().line_ends(line_ends).writers(0);
        let mut letter = letter(bytes);
        letter.head.received = Some(at);
        let ticket = maildir.stage(&[letter]).await.remove(0).unwrap();
        published(&mut maildir, std::slice::from_ref(&ticket)).await;
        let path = scratch.join("mail/new").join(ticket.as_str());
        assert_eq!(fs::read(&path).unwrap(), expected);
        assert_eq!(fs::metadata(&path).unwrap().modified().unwrap(), SystemTime::from(at));
    }
}

#[tokio::test]
async fn a_large_batch_keeps_its_order_and_has_unique_names() {
    let scratch = Scratch::new();
    let mut maildir = Maildir::open(scratch.join("mail")).await.unwrap();
    let texts: Vec<_> = (0..100).map(|number| number.to_string()).collect();
    let tickets = staged(&mut maildir, &texts.iter().map(String::as_str).collect::<Vec<_>>()).await;
    published(&mut maildir, &tickets).await;
    for (text, ticket) in texts.iter().zip(&tickets) {
        assert_eq!(&fs::read_to_string(scratch.join("mail/new").join(ticket.as_str())).unwrap(), text);
    }
    assert_eq!(names(&scratch.join("mail/new")).len(), 100);
    assert_eq!(names(&scratch.join("mail/tmp")), [""; 0]);
}

#[tokio::test]
async fn a_file_is_never_overwritten() {
    let scratch = Scratch::new();
    let mut maildir = Maildir::open(scratch.join("mail")).await.unwrap();
    let tickets = staged(&mut maildir, &["ours\r\n"]).await;
    let new = scratch.join("mail/new").join(tickets[0].as_str());
    fs::write(&new, "another's").unwrap();
    let error = maildir.publish(&tickets).await.remove(0).unwrap_err();
    assert_eq!(error.kind(), Kind::Storage);
    assert!(error.to_string().contains(tickets[0].as_str()));
    assert_eq!(fs::read_to_string(&new).unwrap(), "another's");
    assert_eq!(files(&scratch.join("mail/tmp")), ["ours\n"]);
}

#[tokio::test]
async fn what_a_reader_has_moved_flagged_or_deleted_is_delivered() {
    let scratch = Scratch::new();
    let mut maildir = Maildir::open(scratch.join("mail")).await.unwrap();
    let tickets = staged(&mut maildir, &["a", "b", "c", "d", "e"]).await;
    published(&mut maildir, &tickets[..4]).await;
    let new = |at: usize| scratch.join("mail/new").join(tickets[at].as_str());
    let cur = |at: usize, end: &str| scratch.join("mail/cur").join(format!("{}{end}", tickets[at]));
    fs::rename(new(1), cur(1, ":2,RS")).unwrap();
    fs::rename(new(2), cur(2, ",S=2:2,")).unwrap();
    fs::remove_file(new(3)).unwrap();
    assert_eq!(maildir.recover(&tickets).await.unwrap(), [Recovered::Delivered; 5]);
    assert_eq!(files(&scratch.join("mail/new")), ["a", "e"]);
    assert_eq!(files(&scratch.join("mail/cur")), ["b", "c"]);
}

#[tokio::test]
async fn what_is_nowhere_after_36_hours_may_have_been_cleaned_away() {
    let scratch = Scratch::new();
    let mut maildir = Maildir::open(scratch.join("mail")).await.unwrap();
    let tickets = staged(&mut maildir, &["a", "b", "c"]).await;
    maildir.discard(&tickets).await.unwrap();
    let old = [aged(&tickets[0], 35 * HOUR), aged(&tickets[1], 37 * HOUR), aged(&tickets[2], 37 * HOUR)];
    fs::write(scratch.join("mail/cur").join(format!("{}:2,S", old[2])), "c").unwrap();
    let fates = maildir.recover(&old).await.unwrap();
    assert_eq!(fates, [Recovered::Delivered, Recovered::Missing, Recovered::Delivered]);
}

#[tokio::test]
async fn only_what_is_surely_nobodys_is_thrown_away() {
    let scratch = Scratch::new();
    let (mail, tmp) = (scratch.join("mail"), scratch.join("mail/tmp"));
    let mut other = Maildir::open(&mail).await.unwrap();
    staged(&mut other, &["another account's"]).await;
    let mut maildir = Maildir::open(&mail).await.unwrap();
    let tickets = staged(&mut maildir, &["ours", "orphan"]).await;
    fs::write(tmp.join("1.M2P3.foreign"), "another program's").unwrap();
    fs::write(tmp.join(aged(&tickets[1], 37 * HOUR).as_str()), "old").unwrap();
    drop(maildir);
    let mut maildir = Maildir::open(&mail).await.unwrap();
    assert_eq!(maildir.recover(&[]).await.unwrap(), []);
    assert_eq!(files(&tmp), ["another account's", "another program's", "orphan", "ours"]);
    assert_eq!(maildir.recover(&tickets[..1]).await.unwrap(), [Recovered::Delivered]);
    assert_eq!(files(&tmp), ["another account's", "another program's"]);
    // The next account by the same object: what the first one has staged stays.
    staged(&mut maildir, &["first account's"]).await;
    maildir.recover(&[]).await.unwrap();
    let tickets = staged(&mut maildir, &["second account's"]).await;
    maildir.recover(&tickets).await.unwrap();
    assert_eq!(files(&tmp), ["another account's", "another program's", "first account's"]);
}

#[tokio::test]
async fn a_batch_that_was_half_published_is_published_whole() {
    for renamed in 0..4 {
        let scratch = Scratch::new();
        let mut maildir = Maildir::open(scratch.join("mail")).await.unwrap();
        let tickets = staged(&mut maildir, &["a", "b", "c"]).await;
        drop(maildir);
        for ticket in &tickets[..renamed] {
            let (tmp, new) = (scratch.join("mail/tmp"), scratch.join("mail/new"));
            fs::rename(tmp.join(ticket.as_str()), new.join(ticket.as_str())).unwrap();
        }
        let mut maildir = Maildir::open(scratch.join("mail")).await.unwrap();
        assert_eq!(maildir.recover(&tickets).await.unwrap(), [Recovered::Delivered; 3]);
        assert_eq!(files(&scratch.join("mail/new")), ["a", "b", "c"]);
        assert_eq!(names(&scratch.join("mail/tmp")), [""; 0]);
    }
}

#[tokio::test]
async fn a_link_in_both_folders_is_one_message() {
    let scratch = Scratch::new();
    let mut maildir = Maildir::open(scratch.join("mail")).await.unwrap();
    let tickets = staged(&mut maildir, &["a"]).await;
    let [tmp, new] = ["mail/tmp", "mail/new"].map(|folder| scratch.join(folder).join(tickets[0].as_str()));
    fs::hard_link(tmp, new).unwrap();
    assert_eq!(maildir.recover(&tickets).await.unwrap(), [Recovered::Delivered]);
    assert_eq!(names(&scratch.join("mail/tmp")), [""; 0]);
    assert_eq!(files(&scratch.join("mail/new")), ["a"]);
}

#[tokio::test]
async fn what_cannot_be_written_is_a_failure_of_storage_and_leaves_nothing() {
    let scratch = Scratch::new();
    let mut maildir = Maildir::open(scratch.join("mail")).await.unwrap();
    let tickets = staged(&mut maildir, &["a"]).await;
    fs::remove_dir(scratch.join("mail/new")).unwrap();
    let error = maildir.publish(&tickets).await.remove(0).unwrap_err();
    assert_eq!(error.kind(), Kind::Storage);
    assert_eq!(files(&scratch.join("mail/tmp")), ["a"]);
    fs::remove_dir_all(scratch.join("mail/tmp")).unwrap();
    fs::write(scratch.join("mail/tmp"), "").unwrap();
    for answer in maildir.stage(&letters(&["b", "c"])).await {
        let error = answer.unwrap_err();
        assert_eq!(error.kind(), Kind::Storage);
        assert!(error.to_string().contains("mail/tmp/"), "{error}");
    }
    fs::write(scratch.join("file"), "").unwrap();
    assert_eq!(Maildir::open(scratch.join("file/mail")).await.unwrap_err().kind(), Kind::Storage);
}

/// The reader of a dropped run returns nothing more, and what was written of it is removed when the next call is served.
#[tokio::test]
async fn a_dropped_stream_leaves_nothing() {
    let scratch = Scratch::new();
    let mut maildir = Maildir::open(scratch.join("mail")).await.unwrap();
    let (mut here, mut there) = tokio::io::duplex(1 << 20);
    tokio::io::AsyncWriteExt::write_all(&mut here, &[b'x'; 300_000]).await.unwrap();
    let head = super::support::head("1");
    let staging = maildir.stage_stream(&head, &mut there);
    assert!(tokio::time::timeout(Duration::from_millis(50), staging).await.is_err());
    maildir.discard(&[]).await.unwrap();
    assert_eq!(names(&scratch.join("mail/tmp")), [""; 0]);
}

#[tokio::test]
async fn flags_are_in_the_name_also_after_an_abort() {
    let mark = if cfg!(windows) { ";2," } else { ":2," };
    for (flags, info) in
        [(&["\\Seen", "\\Answered", "Work"][..], "RS"), (&["\\Flagged"], "F"), (&["Work"], ""), (&[], "")]
    {
        for aborted in [false, true] {
            let scratch = Scratch::new();
            let mut maildir = Maildir::open(scratch.join("mail")).await.unwrap();
            let mut letter = letter(b"a\r\n");
            letter.head.flags = Some(flags.iter().map(|flag| Flag::new(flag).unwrap()).collect());
            let ticket = maildir.stage(&[letter]).await.remove(0).unwrap();
            assert_eq!(
                [names(&scratch.join("mail/new")), names(&scratch.join("mail/cur"))],
                [vec![], Vec::<String>::new()]
            );
            if aborted {
                drop(maildir);
                maildir = Maildir::open(scratch.join("mail")).await.unwrap();
                assert_eq!(maildir.recover(std::slice::from_ref(&ticket)).await.unwrap(), [Recovered::Delivered]);
            } else {
                published(&mut maildir, std::slice::from_ref(&ticket)).await;
            }
            let folder = if info.is_empty() { "mail/new" } else { "mail/cur" };
            let shown = names(&scratch.join(folder));
            assert_eq!(shown, [ticket.as_str().to_owned()], "{flags:?}");
            assert!(if info.is_empty() {
                !shown[0].contains(mark)
            } else {
                shown[0].ends_with(&format!("{mark}{info}"))
            });
            assert_eq!(names(&scratch.join("mail/tmp")), Vec::<String>::new());
            // A reader changes the flags; it is still delivered.
            let path = scratch.join(folder).join(&shown[0]);
            let unique = shown[0].split(mark).next().unwrap();
            fs::rename(path, scratch.join("mail/cur").join(format!("{unique}{mark}T"))).unwrap();
            assert_eq!(maildir.recover(&[ticket]).await.unwrap(), [Recovered::Delivered]);
        }
    }
}

#[tokio::test]
async fn a_ticket_from_elsewhere_leads_nowhere() {
    let scratch = Scratch::new();
    let mut maildir = Maildir::open(scratch.join("mail")).await.unwrap();
    let ticket = staged(&mut maildir, &["a"]).await.remove(0);
    let odd = Ticket::new(format!("{ticket}:2,/../../x")).unwrap();
    assert!(maildir.publish(&[odd]).await.remove(0).is_err());
    assert!(!scratch.join("x").exists() && !scratch.join("mail/x").exists());
}

#[cfg(feature = "testing")]
#[tokio::test]
async fn mail_that_was_read_on_the_server_is_collected_as_read() {
    use postroom::collect::{Collector, FileLedger};
    use postroom::testing::Server;
    use postroom::{Config, Imap, Login};

    let server = Server::builder().user("me", "secret").start().await.unwrap();
    server.deliver("me", "INBOX", "Subject: new\r\n\r\n", &[]).unwrap();
    server.deliver("me", "INBOX", "Subject: read\r\n\r\n", &["\\Seen"]).unwrap();
    let config = Config::new("localhost").port(server.imaps_port()).add_root_pem(server.ca_pem().as_bytes()).unwrap();
    let imap = Imap::connect(config, Login::password("me", "secret")).await.unwrap();
    let scratch = Scratch::new();
    let maildir = Maildir::open(scratch.join("mail")).await.unwrap();
    let ledger = FileLedger::open(scratch.join("ledger")).await.unwrap();
    let mut inbox = imap.into_folder("INBOX").await.unwrap();
    let summary = Collector::new("me", ledger, maildir).run(&mut inbox).await.unwrap();
    assert_eq!(summary.collected, 2);
    for (folder, subject) in [("mail/new", "new"), ("mail/cur", "read")] {
        let shown = names(&scratch.join(folder));
        assert_eq!(shown.len(), 1, "{folder}");
        let text = fs::read_to_string(scratch.join(folder).join(&shown[0])).unwrap();
        assert_eq!(text, format!("Subject: {subject}\n\n"));
    }
}
