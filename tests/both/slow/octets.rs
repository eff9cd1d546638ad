//! The octets and texts of the parts are those that were encoded: decoded by the server, decoded here, in groups, and by POP3.

use std::collections::BTreeMap;

use postroom::imap::{Items, Uid, Uids};
use postroom::testing::Server;
use postroom::{Contents, Imap, Mailbox, MimePart, Pop3};
use tokio::io::AsyncReadExt;

use crate::mime_mail::broken::{Fault, broken};
use crate::mime_mail::sound;
use crate::session::{me, plaintext};

/// The number of generated messages.
const SOUND: u64 = 300;

/// The octets of a part, and its text if it is one.
type Read = BTreeMap<(usize, String), (Vec<u8>, Option<String>)>;

/// A server with these messages, with BINARY or without.
fn server(messages: &[Vec<u8>], decodes: bool) -> Server {
    let builder = Server::builder().user("me", "secret");
    let server = if decodes { builder } else { builder.without("BINARY") }.in_memory().unwrap();
    for message in messages {
        server.deliver("me", "INBOX", message.clone(), &[]).unwrap();
    }
    server
}

/// Reads everything through the common trait.
async fn through_the_trait(mailbox: &mut dyn Mailbox) -> Read {
    let mut read = Read::new();
    for (number, entry) in mailbox.entries().await.unwrap().into_iter().enumerate() {
        let contents: Contents = mailbox.contents(&entry.id).await.unwrap();
        for part in contents.parts().filter(|part| !part.is_multipart()) {
            let mut octets = Vec::new();
            mailbox.read_part(&entry.id, part).await.unwrap().read_to_end(&mut octets).await.unwrap();
            let is_text = part.media_type().starts_with("text/");
            let text = if is_text { Some(mailbox.read_text(&entry.id, part).await.unwrap()) } else { None };
            read.insert((number, part.section().to_string()), (octets, text));
        }
    }
    read
}

async fn by_imap(server: &Server) -> Read {
    let (imap, driver) = Imap::handshake(server.imap_stream(), plaintext(), me()).await.unwrap();
    tokio::spawn(driver);
    through_the_trait(&mut imap.into_folder("INBOX").await.unwrap()).await
}

async fn by_pop3(server: &Server) -> Read {
    let (mut pop3, driver) = Pop3::handshake(server.pop3_stream(), plaintext(), me()).await.unwrap();
    tokio::spawn(driver);
    through_the_trait(&mut pop3).await
}

/// All parts of all messages in as few commands as there are sets of parts.
async fn in_groups(server: &Server) -> BTreeMap<(usize, String), Vec<u8>> {
    let (imap, driver) = Imap::handshake(server.imap_stream(), plaintext(), me()).await.unwrap();
    tokio::spawn(driver);
    let mut inbox = imap.into_folder("INBOX").await.unwrap();
    let mut wanted: Vec<(Uid, MimePart)> = Vec::new();
    let mut mail = inbox.fetch(Uids::ALL, Items::new().contents()).await.unwrap();
    while let Some(message) = mail.try_next().await.unwrap() {
        let (uid, contents) = (message.uid().unwrap(), message.contents().unwrap());
        wanted.extend(contents.parts().filter(|part| !part.is_multipart()).map(|part| (uid, part.clone())));
    }
    let mut parts = inbox.read_parts(wanted).unwrap();
    let mut read = BTreeMap::new();
    while let Some(part) = parts.try_next().await.unwrap() {
        let number = part.uid.as_u32() as usize - 1;
        read.insert((number, part.part.section().to_string()), part.octets.to_vec());
    }
    read
}

#[tokio::test]
async fn generated_parts_are_read_as_their_author_means_them() {
    let messages: Vec<_> = (0..SOUND).map(sound).collect();
    let bytes: Vec<_> = messages.iter().map(|message| message.bytes.clone()).collect();
    let (with, without) = (server(&bytes, true), server(&bytes, false));
    let [decoded_there, decoded_here, by_pop3] = [by_imap(&with).await, by_imap(&without).await, by_pop3(&with).await];
    let grouped = in_groups(&with).await;
    for (number, message) in messages.iter().enumerate() {
        for part in message.parts.iter().filter(|part| part.encoded.is_some()) {
            let place = (number, part.section.clone());
            for (way, read) in [("there", &decoded_there), ("here", &decoded_here), ("POP3", &by_pop3)] {
                let (octets, text) = &read[&place];
                let what = &message.what;
                assert_eq!(
                    octets.escape_ascii().to_string(),
                    part.octets.escape_ascii().to_string(),
                    "{way} {place:?} {what}"
                );
                if let (Some(text), Some(expected)) = (text, &part.text) {
                    assert_eq!(text, expected, "{way} {place:?} {what}");
                }
            }
            assert_eq!(grouped[&place], part.octets, "{place:?}");
        }
    }
}

#[tokio::test]
async fn broken_messages_are_read_alike_by_either_protocol() {
    let bytes: Vec<Vec<u8>> =
        Fault::ALL.iter().flat_map(|&fault| (0..5).map(move |seed| broken(seed, fault).bytes)).collect();
    let (with, without) = (server(&bytes, true), server(&bytes, false));
    let [decoded_here, by_pop3] = [by_imap(&without).await, by_pop3(&with).await];
    assert_eq!(decoded_here.len(), by_pop3.len());
    for (place, (octets, text)) in &decoded_here {
        let (other, other_text) = &by_pop3[place];
        // POP3 ends every message with a line end.
        let same = octets.trim_ascii_end() == other.trim_ascii_end();
        assert!(same, "{place:?}: {:?} {:?}", octets.escape_ascii().to_string(), other.escape_ascii().to_string());
        assert_eq!(text.as_deref().map(str::trim_end), other_text.as_deref().map(str::trim_end), "{place:?}");
    }
}
