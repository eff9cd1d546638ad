//! The mbox file: foreign mail stays as it is, and recovery works after an abort at every byte of an append.

use std::fs;
use std::path::{Path, PathBuf};

use postroom::Kind;
use postroom::collect::{Delivery, Mbox, Recovered, Ticket};

use super::support::{Scratch, letter, names, published, read_mbox, staged};

const FOREIGN: &str = "From friend Mon Nov 23 08:50:05 2026\nSubject: hello\n\nWorld\n";
const LATER: &str = "From friend Mon Nov 23 09:50:05 2026\nSubject: later\n\nWorld\n\n";
const TEXTS: [&str; 3] = ["Subject: a\r\n\r\nFrom me\r\n", "", "no line end"];
const MESSAGES: [&str; 3] = ["Subject: a\n\nFrom me\n", "", "no line end\n"];

/// A delivery of three messages, before and after it was published.
struct Published {
    scratch: Scratch,
    tickets: Vec<Ticket>,
    staged: Vec<(String, Vec<u8>)>,
    journal: String,
    before: Vec<u8>,
    after: Vec<u8>,
}

impl Published {
    async fn new(foreign: &str) -> Self {
        let scratch = Scratch::new();
        let path = scratch.join("mbox");
        fs::write(&path, foreign).unwrap();
        let mut mbox = Mbox::open(&path).await.unwrap();
        let tickets = staged(&mut mbox, &TEXTS).await;
        let folder = scratch.join("mbox.postroom");
        let read = |ticket: &Ticket| (ticket.to_string(), fs::read(folder.join(ticket.as_str())).unwrap());
        let staged = tickets.iter().map(read).collect();
        published(&mut mbox, &tickets).await;
        let (journal, after) = (fs::read_to_string(folder.join("journal")).unwrap(), fs::read(&path).unwrap());
        let before = foreign.into();
        Self { scratch, tickets, staged, journal, before, after }
    }

    fn path(&self) -> PathBuf {
        self.scratch.join("mbox")
    }

    /// A state that an abort may leave: this in the mbox file, this much of the journal, and all staged files but the first few.
    fn leave(&self, mbox: &[u8], journal: &str, removed: usize) {
        fs::write(self.path(), mbox).unwrap();
        let folder = self.scratch.join("mbox.postroom");
        fs::write(folder.join("journal"), journal).unwrap();
        for (at, (name, bytes)) in self.staged.iter().enumerate() {
            match at < removed {
                true => drop(fs::remove_file(folder.join(name))),
                false => fs::write(folder.join(name), bytes).unwrap(),
            }
        }
    }

    /// The journal before it recorded that all is done.
    fn undone(&self) -> &str {
        self.journal.strip_suffix("done 3\n").unwrap()
    }

    async fn recover(&self) {
        for _ in 0..2 {
            let mut mbox = Mbox::open(self.path()).await.unwrap();
            assert_eq!(mbox.recover(&self.tickets).await.unwrap(), [Recovered::Delivered; 3]);
            assert_eq!(names(&self.scratch.join("mbox.postroom")), ["journal", "lock"]);
        }
    }

    fn is_as_published(&self, why: impl std::fmt::Debug) {
        assert_eq!(
            String::from_utf8_lossy(&fs::read(self.path()).unwrap()),
            String::from_utf8_lossy(&self.after),
            "{why:?}"
        );
    }
}

#[cfg(unix)]
#[tokio::test]
async fn what_is_made_is_for_its_owner_alone_and_what_is_there_keeps_its_mode() {
    use std::os::unix::fs::PermissionsExt;
    let scratch = Scratch::new();
    let mode = |path: &str| fs::metadata(scratch.join(path)).unwrap().permissions().mode() & 0o777;
    let mut mbox = Mbox::open(scratch.join("made/mbox")).await.unwrap();
    let tickets = staged(&mut mbox, &["a"]).await;
    assert_eq!(mode(&format!("made/mbox.postroom/{}", tickets[0])), 0o600);
    assert_eq!((mode("made"), mode("made/mbox.postroom"), mode("made/mbox")), (0o700, 0o700, 0o600));
    fs::set_permissions(scratch.join("made/mbox"), fs::Permissions::from_mode(0o640)).unwrap();
    published(&mut mbox, &tickets).await;
    assert_eq!(mode("made/mbox"), 0o640);
    assert_eq!(names(&scratch.join("made")), ["mbox", "mbox.postroom"]);
}

#[tokio::test]
async fn an_empty_line_stands_before_each_message_whatever_the_file_ends_with() {
    for (foreign, pad) in [("", ""), (FOREIGN, "\n"), (FOREIGN.trim_end(), "\n\n"), (LATER, ""), ("\n", "\n")] {
        let published = Published::new(foreign).await;
        let after = String::from_utf8(published.after.clone()).unwrap();
        let ours = after.strip_prefix(foreign).unwrap().strip_prefix(pad).unwrap();
        assert!(ours.starts_with("From MAILER-DAEMON "), "{after}");
        if foreign != "\n" {
            assert!(read_mbox(&published.path()).ends_with(&MESSAGES.map(String::from)));
        }
    }
}

#[tokio::test]
async fn an_append_that_was_cut_off_at_any_byte_is_finished() {
    for foreign in ["", FOREIGN] {
        let published = Published::new(foreign).await;
        for end in published.before.len()..=published.after.len() {
            published.leave(&published.after[..end], published.undone(), 0);
            published.recover().await;
            published.is_as_published(end);
        }
    }
}

#[tokio::test]
async fn a_journal_that_was_cut_off_at_any_byte_was_before_the_append() {
    let published = Published::new(FOREIGN).await;
    for end in 0..published.undone().len() {
        published.leave(&published.before, &published.journal[..end], 0);
        published.recover().await;
        published.is_as_published(end);
    }
}

#[tokio::test]
async fn what_is_marked_as_done_is_not_appended_again_whatever_a_reader_has_made_of_it() {
    let published = Published::new(FOREIGN).await;
    for removed in 0..=3 {
        published.leave(b"", &published.journal, removed);
        published.recover().await;
        assert_eq!(fs::read(published.path()).unwrap(), b"");
    }
    for cut in published.undone().len()..published.journal.len() {
        published.leave(&published.after, &published.journal[..cut], 0);
        published.recover().await;
        published.is_as_published(cut);
    }
}

/// An abort of the recovery itself, after it recorded that the first message is there.
#[tokio::test]
async fn a_recovery_that_was_cut_off_is_finished() {
    let published = Published::new(FOREIGN).await;
    let first = published.staged[0].1.len() + "\n".len();
    for (end, removed) in [(0, 0), (0, 1), (1, 1), (20, 0)] {
        let mbox = &published.after[..published.before.len() + first + end];
        published.leave(mbox, &format!("{}done 1\n", published.undone()), removed);
        published.recover().await;
        published.is_as_published((end, removed));
    }
}

#[tokio::test]
async fn foreign_mail_behind_a_torn_append_stays_and_whole_messages_are_not_repeated() {
    let published = Published::new(FOREIGN).await;
    let before = published.before.len();
    for end in before..published.after.len() {
        let left = [&published.after[..end], b"\n\n", LATER.as_bytes()].concat();
        published.leave(&left, published.undone(), 0);
        published.recover().await;
        let after = fs::read(published.path()).unwrap();
        let ours = after.strip_prefix(&left[..]).expect("the foreign bytes");
        let whole = published.staged.iter().scan(before + 1, |at, (_, bytes)| {
            *at += bytes.len();
            Some(*at)
        });
        // The foreign bytes may happen to complete what was torn.
        let end = left.iter().zip(&published.after).take_while(|(a, b)| a == b).count();
        let whole = whole.filter(|at| *at <= end).count();
        let rest: Vec<u8> = published.staged[whole..].iter().flat_map(|(_, bytes)| bytes.clone()).collect();
        assert_eq!(ours, rest, "{end}");
    }
}

#[tokio::test]
async fn a_file_that_was_written_anew_meanwhile_loses_nothing() {
    let published = Published::new(FOREIGN).await;
    for mbox in ["", "From x\n", LATER, &LATER.repeat(20)] {
        published.leave(mbox.as_bytes(), published.undone(), 0);
        published.recover().await;
        let after = fs::read_to_string(published.path()).unwrap();
        assert!(after.starts_with(mbox));
        assert!(read_mbox(&published.path()).ends_with(&MESSAGES.map(String::from)));
    }
}

/// Another account's run finishes the append that the first one had begun; the first one finds that out.
#[tokio::test]
async fn the_next_publication_finishes_what_was_begun_before_it() {
    let published = Published::new(FOREIGN).await;
    published.leave(&published.after[..published.before.len() + 40], published.undone(), 0);
    let mut mbox = Mbox::open(published.path()).await.unwrap();
    let tickets = staged(&mut mbox, &["other\r\n"]).await;
    super::support::published(&mut mbox, &tickets).await;
    drop(mbox);
    let messages = read_mbox(&published.path());
    assert_eq!(messages[1..], ["Subject: a\n\nFrom me\n", "", "no line end\n", "other\n"]);
    published.recover().await;
    assert_eq!(read_mbox(&published.path()), messages);
}

#[tokio::test]
async fn staged_files_that_somebody_has_removed_with_their_folder_are_missing() {
    let scratch = Scratch::new();
    let mut mbox = Mbox::open(scratch.join("mbox")).await.unwrap();
    let tickets = staged(&mut mbox, &["a"]).await;
    drop(mbox);
    fs::remove_dir_all(scratch.join("mbox.postroom")).unwrap();
    let mut mbox = Mbox::open(scratch.join("mbox")).await.unwrap();
    assert_eq!(mbox.recover(&tickets).await.unwrap(), [Recovered::Missing]);
}

#[tokio::test]
async fn old_orphans_are_emptied_and_then_missing_and_others_stay() {
    let scratch = Scratch::new();
    let folder = scratch.join("mbox.postroom");
    let mut mbox = Mbox::open(scratch.join("mbox")).await.unwrap();
    let tickets = staged(&mut mbox, &["old", "young"]).await;
    let (seconds, rest) = tickets[0].as_str().split_once('.').unwrap();
    let old = Ticket::new(format!("{}.{rest}", seconds.parse::<u64>().unwrap() - 31 * 24 * 3600)).unwrap();
    fs::rename(folder.join(tickets[0].as_str()), folder.join(old.as_str())).unwrap();
    assert_eq!(mbox.recover(&[]).await.unwrap(), []);
    let length = |ticket: &Ticket| fs::metadata(folder.join(ticket.as_str())).unwrap().len();
    assert_eq!((length(&old), length(&tickets[1]) > 0), (0, true));
    for _ in 0..2 {
        assert_eq!(mbox.recover(std::slice::from_ref(&old)).await.unwrap(), [Recovered::Missing]);
    }
    assert!(!Path::exists(&folder.join(tickets[1].as_str())), "of the same run, and never delivered");
    assert_eq!(fs::read(scratch.join("mbox")).unwrap(), b"");
}

#[tokio::test]
async fn what_cannot_be_staged_or_published_is_a_failure_of_storage() {
    let scratch = Scratch::new();
    let mut mbox = Mbox::open(scratch.join("mbox")).await.unwrap();
    let tickets = staged(&mut mbox, &["a", "b"]).await;
    fs::remove_file(scratch.join("mbox.postroom").join(tickets[0].as_str())).unwrap();
    let answers = mbox.publish(&tickets).await;
    assert_eq!(answers[0].as_ref().unwrap_err().kind(), Kind::Storage);
    assert!(answers[1].is_ok());
    assert_eq!(read_mbox(&scratch.join("mbox")), ["b\n"]);
    fs::remove_dir_all(scratch.join("mbox.postroom")).unwrap();
    assert_eq!(mbox.stage(&[letter("c")]).await.remove(0).unwrap_err().kind(), Kind::Storage);
    drop(mbox);
    fs::create_dir(scratch.join("folder")).unwrap();
    assert_eq!(Mbox::open(scratch.join("folder")).await.unwrap_err().kind(), Kind::Storage);
}

#[tokio::test]
async fn many_batches_stand_in_order() {
    let scratch = Scratch::new();
    let mut mbox = Mbox::open(scratch.join("mbox")).await.unwrap().writers(3);
    let mut expected = Vec::new();
    for batch in 0..5 {
        let texts: Vec<_> = (0..20).map(|number| format!("{batch} {number}\n")).collect();
        let mut tickets = staged(&mut mbox, &texts.iter().map(String::as_str).collect::<Vec<_>>()).await;
        tickets.reverse();
        published(&mut mbox, &tickets).await;
        expected.extend(texts.into_iter().rev());
    }
    assert_eq!(read_mbox(&scratch.join("mbox")), expected);
}
