//! mbsync as a client: it repeatedly brings the embedded server's folders and a Maildir to the same state, with changes on both
//! sides in between.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

use postroom::testing::{Server, Snapshot};

use super::peers::{Scratch, run};

const LOCAL: &str = "From: me@example.org\nSubject: made here\n\n.\n8-bit \u{e9}\nend\n";

struct Sides {
    server: Server,
    scratch: Scratch,
}

impl Sides {
    async fn new() -> Self {
        let server = Server::builder().sample_mail().start().await.unwrap();
        let scratch = Scratch::new();
        let ca = scratch.file("ca.pem", server.ca_pem().as_bytes());
        let mail = scratch.file("mail", b"");
        fs::remove_file(&mail).unwrap();
        fs::create_dir(&mail).unwrap();
        let config = format!(
            "IMAPAccount server\nHost localhost\nPort {}\nUser alice\nPass alicepw\nSSLType IMAPS\nCertificateFile {}\n\n\
             IMAPStore far\nAccount server\n\n\
             MaildirStore near\nPath {mail}/\nInbox {mail}/INBOX\nSubFolders Verbatim\n\n\
             Channel all\nFar :far:\nNear :near:\nPatterns *\nCreate Both\nExpunge Both\nSyncState *\nCopyArrivalDate yes\n",
            server.imaps_port(),
            ca.display(),
            mail = mail.display()
        );
        scratch.file("mbsyncrc", config.as_bytes());
        Self { server, scratch }
    }

    /// Whether mbsync could be run at all.
    async fn sync(&self) -> bool {
        let args = [OsString::from("-c"), self.scratch.path("mbsyncrc").into(), OsString::from("--all")];
        run("mbsync", &args).await.is_some()
    }

    fn snapshot(&self) -> Snapshot {
        self.server.snapshot("alice").unwrap()
    }

    /// Every folder's messages on the server, with their flags in Maildir's letters, sorted.
    fn far(&self) -> BTreeMap<String, Vec<(String, Vec<u8>)>> {
        let snapshot = self.snapshot();
        let folders = snapshot.mailboxes.iter().map(|(name, mailbox)| {
            let mut mails: Vec<_> =
                mailbox.messages.iter().map(|mail| (letters(&mail.flags), plain(&mail.bytes))).collect();
            mails.sort();
            (name.clone(), mails)
        });
        folders.collect()
    }

    /// The same for the Maildir.
    fn near(&self) -> BTreeMap<String, Vec<(String, Vec<u8>)>> {
        let folders = fs::read_dir(self.scratch.path("mail")).unwrap().map(|entry| entry.unwrap().path());
        let folders = folders.map(|folder| {
            let mut mails: Vec<_> =
                files(&folder).iter().map(|file| (flags_of(file), plain(&fs::read(file).unwrap()))).collect();
            mails.sort();
            (folder.file_name().unwrap().to_str().unwrap().to_owned(), mails)
        });
        folders.collect()
    }

    fn are_same(&self) {
        let (near, far) = (self.near(), self.far());
        assert!(near.keys().eq(far.keys()), "{:?} {:?}", near.keys(), far.keys());
        for (name, mails) in &near {
            assert_eq!(mails.len(), far[name].len(), "{name}");
            for ((flags, bytes), (far_flags, far_bytes)) in mails.iter().zip(&far[name]) {
                let text = |bytes| String::from_utf8_lossy(bytes).escape_debug().to_string();
                assert_eq!((flags, text(bytes)), (far_flags, text(far_bytes)), "{name}");
            }
        }
    }

    fn file_with(&self, folder: &str, text: &str) -> PathBuf {
        let files = files(&self.scratch.path("mail").join(folder));
        let found = files.into_iter().find(|file| String::from_utf8_lossy(&fs::read(file).unwrap()).contains(text));
        found.unwrap_or_else(|| panic!("no {text} in {folder}"))
    }
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let inner = ["cur", "new"].map(|inner| fs::read_dir(folder.join(inner)).into_iter().flatten());
    inner.into_iter().flatten().map(|entry| entry.unwrap().path()).collect()
}

fn flags_of(file: &Path) -> String {
    let name = file.file_name().unwrap().to_str().unwrap();
    name.rsplit_once(":2,").map(|(_, flags)| flags.to_owned()).unwrap_or_default()
}

fn letters(flags: &[String]) -> String {
    let letters = [
        ("\\Draft", 'D'),
        ("\\Flagged", 'F'),
        ("$Forwarded", 'P'),
        ("\\Answered", 'R'),
        ("\\Seen", 'S'),
        ("\\Deleted", 'T'),
    ];
    let has = |name: &str| flags.iter().any(|flag| flag.eq_ignore_ascii_case(name));
    letters.iter().filter(|(name, _)| has(name)).map(|(_, letter)| letter).collect()
}

/// With LF, as in the Maildir, and without the line that mbsync adds to recognize a message in transit.
fn plain(bytes: &[u8]) -> Vec<u8> {
    let lines = bytes.split_inclusive(|&byte| byte == b'\n').filter(|line| !line.starts_with(b"X-TUID: "));
    let ends = lines.flat_map(|line| match line.strip_suffix(b"\r\n") {
        Some(line) => [line, b"\n"],
        None => [line, b""],
    });
    ends.flatten().copied().collect()
}

#[tokio::test]
#[ignore = "needs mbsync; run by tests/run"]
async fn both_sides_become_and_stay_the_same() {
    let sides = Sides::new().await;
    for number in 1..=5 {
        let message = format!("Subject: number {number}\r\n\r\nbody {number} \u{fc}\r\n");
        sides.server.deliver("alice", "Archive", message, if number == 2 { &["\\Seen"] } else { &[] }).unwrap();
    }
    if !sides.sync().await {
        return;
    }
    assert!(sides.far()["INBOX"].len() > 20 && sides.far()["Archive"].len() > 5);
    sides.are_same();
    let first = sides.snapshot();
    assert!(sides.sync().await);
    assert_eq!(sides.snapshot(), first, "nothing was to do");
    sides.are_same();

    // On the server: a flag, a message gone, a message more.
    let uid = |text: &str| {
        let snapshot = sides.snapshot();
        let found =
            snapshot.messages("Archive").iter().find(|mail| String::from_utf8_lossy(&mail.bytes).contains(text));
        found.unwrap().uid
    };
    sides.server.set_flags("alice", "Archive", uid("number 1"), &["\\Flagged", "\\Answered"]).unwrap();
    sides.server.expunge("alice", "Archive", uid("number 4")).unwrap();
    sides.server.deliver("alice", "Sent", "Subject: sent elsewhere\r\n\r\n.\r\n", &["\\Seen"]).unwrap();
    // In the Maildir: a flag, a message deleted, a message more, a folder more.
    let read = sides.file_with("Archive", "number 3");
    let cur = |folder: &str, name: &str| sides.scratch.path("mail").join(folder).join("cur").join(name);
    let unflagged = |file: &Path| file.file_name().unwrap().to_str().unwrap().split(":2,").next().unwrap().to_owned();
    fs::rename(&read, cur("Archive", &format!("{}:2,S", unflagged(&read)))).unwrap();
    let thrown = sides.file_with("Archive", "number 5");
    fs::rename(&thrown, cur("Archive", &format!("{}:2,T", unflagged(&thrown)))).unwrap();
    for inner in ["cur", "new", "tmp"] {
        fs::create_dir_all(sides.scratch.path("mail").join("Neu").join(inner)).unwrap();
    }
    fs::write(cur("Neu", "1750000000.1.here:2,FS"), LOCAL).unwrap();
    fs::write(cur("Drafts", "1750000000.2.here:2,D"), LOCAL).unwrap();

    for _ in 0..2 {
        assert!(sides.sync().await);
        sides.are_same();
    }
    let far = sides.far();
    let archive: Vec<_> = far["Archive"].iter().filter(|(_, bytes)| bytes.starts_with(b"Subject: number")).collect();
    let flags = |number: u32| {
        let head = format!("Subject: number {number}\n");
        archive.iter().find(|(_, bytes)| bytes.starts_with(head.as_bytes())).map(|(flags, _)| flags.as_str())
    };
    assert_eq!([1, 2, 3, 4, 5].map(flags), [Some("FR"), Some("S"), Some("S"), None, None]);
    assert!(far["Sent"].iter().any(|(flags, bytes)| flags == "S" && bytes.starts_with(b"Subject: sent elsewhere")));
    let uploaded = |mails: &[(String, Vec<u8>)]| {
        let made_here = mails.iter().filter(|(_, bytes)| String::from_utf8_lossy(bytes).contains("Subject: made here"));
        made_here.map(|(flags, _)| flags.clone()).collect::<Vec<_>>()
    };
    assert_eq!((uploaded(&far["Neu"]), uploaded(&far["Drafts"])), (vec!["FS".to_owned()], vec!["D".to_owned()]));
}
