//! Contents, parts and previews: the octets that were encoded, whether the server decodes them or the library.

use postroom::imap::{Folder, Imap, Items, Uid, Uids};
use postroom::{Contents, Mailbox, MimePart};
use tokio::io::AsyncReadExt;

use super::session;
use crate::parts::{attached, base64, charsets, noise, quoted};
use crate::suite::Trial;

fn uid(number: u32) -> Uid {
    Uid::new(number).unwrap()
}

async fn read(folder: &mut Folder<&mut Imap>, uid: Uid, part: &MimePart, from: u64) -> Vec<u8> {
    let mut octets = Vec::new();
    let mut body = folder.read_part(uid, part).starting_at(from).await.unwrap();
    body.read_to_end(&mut octets).await.unwrap();
    octets
}

pub(crate) async fn parts_are_read_decoded_from_any_octet_on(user: &Trial) {
    let noise = noise(100_000);
    user.deliver("INBOX", &attached("base64", &base64(&noise, 76)));
    user.deliver("INBOX", &attached("quoted-printable", &quoted(&noise)));
    user.deliver("INBOX", &attached("base64", &base64(&noise, 61)));
    let mut imap = session(user).await;
    let mut inbox = imap.select("INBOX").await.unwrap();
    for number in 1..=3 {
        let contents = inbox.contents(uid(number)).await.unwrap().unwrap();
        let part = contents.attachments().next().unwrap();
        for from in [0, 1, 70_001, 100_000] {
            let octets = read(&mut inbox, uid(number), part, from as u64).await;
            assert!(octets == noise[from..], "{number} from {from}: {} octets", octets.len());
        }
    }
    assert!(inbox.contents(uid(9)).await.unwrap().is_none());
    inbox.noop().await.unwrap();
}

/// What the server says, and what the library reads from the message as it is stored.
pub(crate) async fn malformed_encodings_are_decoded_as_far_as_they_go(user: &Trial) {
    user.deliver("INBOX", &attached("base64", "aGVs!bG8=\r\n"));
    user.deliver("INBOX", &attached("quoted-printable", "1=2 =G1\r\n"));
    user.deliver("INBOX", &attached("x-odd", "odd\r\n"));
    let mut imap = session(user).await;
    let mut inbox = imap.select("INBOX").await.unwrap();
    for (number, octets) in [(1, &b"hello"[..]), (2, b"1=2 =G1"), (3, b"odd")] {
        let contents = inbox.contents(uid(number)).await.unwrap().unwrap();
        let read = read(&mut inbox, uid(number), contents.attachments().next().unwrap(), 0).await;
        assert_eq!(read.trim_ascii_end(), octets, "{number}");
    }
    inbox.noop().await.unwrap();
}

pub(crate) async fn many_parts_of_many_messages_come_in_groups(user: &Trial) {
    let noise = noise(5_000);
    for number in 0..20 {
        // Cyrus refuses many messages that are the same.
        let id = format!("Message-ID: <{number}@example.org>\r\n").into_bytes();
        user.deliver("INBOX", &[id, attached("base64", &base64(&noise, 76))].concat());
    }
    let mut imap = session(user).await;
    let mut inbox = imap.select("INBOX").await.unwrap();
    let mut wanted = Vec::new();
    let mut mail = inbox.fetch(Uids::ALL, Items::new().contents()).await.unwrap();
    while let Some(message) = mail.try_next().await.unwrap() {
        let contents = message.contents().unwrap();
        let parts = contents.parts().filter(|part| !part.is_multipart());
        wanted.extend(parts.map(|part| (message.uid().unwrap(), part.clone())));
    }
    let mut count = 0;
    let mut parts = inbox.read_parts(wanted).unwrap();
    while let Some(part) = parts.try_next().await.unwrap() {
        assert_eq!(part.defects, []);
        match part.part.path() {
            [2] => assert_eq!(part.octets, noise),
            _ => assert_eq!(part.octets.trim_ascii_end(), b"Hello"),
        }
        count += 1;
    }
    assert_eq!(count, 40);
}

pub(crate) async fn texts_are_utf8_and_previews_are_their_first_words(user: &Trial) {
    let texts = charsets();
    for (message, _) in &texts {
        user.deliver("INBOX", message);
    }
    let mut imap = session(user).await;
    let mut inbox = imap.select("INBOX").await.unwrap();
    for ((_, text), number) in texts.iter().zip(1..) {
        let contents: Contents = inbox.contents(uid(number)).await.unwrap().unwrap();
        let part = contents.text().or_else(|| contents.html()).unwrap();
        let read = inbox.read_text(uid(number), part).await.unwrap();
        assert!(read.contains(text), "{read}");
    }
    let previews: Vec<String> = inbox.previews(Uids::ALL).await.unwrap().into_values().collect();
    let expected: Vec<String> = texts.into_iter().map(|(_, text)| text).collect();
    assert_eq!(previews, expected);
    let mailbox: &mut dyn Mailbox = &mut inbox;
    assert!(mailbox.features().parts);
}
