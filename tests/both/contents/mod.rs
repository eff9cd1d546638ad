//! Contents are the same from BODYSTRUCTURE over a session, from the bytes by POP3, and, as far as it goes, from mail-parser: names, types,
//! charsets, texts and octets, of generated messages, broken ones, and those of public reports.

mod filed;
mod parser;
mod wild;

use postroom::imap::{Items, Section, Uids};
use postroom::testing::Server;
use postroom::{Contents, Defect, Imap, Mailbox, Message, MessageId, MimePart, Part, TransferEncoding};

use crate::mime_mail::broken::{Fault, broken};
use crate::mime_mail::{Encoding, Expected, Generated, sound};
use crate::seen::{Seen, encoded, lines, shown};
use crate::session::{self, me, plaintext};

const SOUND: u64 = 500;
const BROKEN: u64 = 30;

fn server(messages: &[Vec<u8>]) -> Server {
    let server = Server::builder().user("me", "secret").in_memory().unwrap();
    for message in messages {
        server.deliver("me", "INBOX", message.clone(), &[]).unwrap();
    }
    server
}

/// The contents of each message, and the octets of its parts as the server cuts them.
async fn by_imap(server: &Server) -> Vec<(Contents, Vec<(String, Vec<u8>)>)> {
    let (imap, driver) = Imap::handshake(server.imap_stream(), plaintext(), me()).await.unwrap();
    let running = tokio::spawn(driver);
    let mut imap = imap;
    let mut inbox = imap.select("INBOX").await.unwrap();
    let mut mail = inbox.fetch(Uids::ALL, Items::BODY_STRUCTURE).await.unwrap();
    let mut found = Vec::new();
    while let Some(message) = mail.try_next().await.unwrap() {
        found.push((message.uid().unwrap(), message.contents().expect("it has a structure")));
    }
    drop(mail);
    let mut all = Vec::new();
    for (uid, contents) in found {
        let leaves = contents.parts().filter(|part| !part.is_multipart());
        let sections: Vec<Section> = leaves.map(MimePart::section).collect();
        let items = sections.iter().fold(Items::SIZE, |items, section| items.section(section.clone()));
        let message = inbox.get(uid, items).await.unwrap().expect("it is there");
        let octets = |section: &Section| message.section(section).and_then(|found| found.bytes()).unwrap_or_default();
        let octets = sections.iter().map(|section| (section.to_string(), octets(section).to_vec())).collect();
        all.push((contents, octets));
    }
    drop(inbox);
    imap.logout().await.unwrap();
    running.await.unwrap().unwrap();
    all
}

async fn by_pop3(server: &Server) -> Vec<Contents> {
    let mut pop3 = session::pop3(server.pop3_stream(), plaintext(), me()).await.unwrap();
    let ids: Vec<_> = pop3.entries().await.unwrap().into_iter().map(|entry| entry.id).collect();
    let mut mail = Mailbox::messages(&mut pop3, &ids, Part::Whole).await.unwrap();
    let mut all = Vec::new();
    while let Some(message) = mail.try_next().await.unwrap() {
        all.push(message.contents());
    }
    all
}

/// The defect of a message to which this many octets were added.
fn longer(listed: usize, added: usize) -> Vec<Defect> {
    let (declared, received) = (listed as u64, (listed + added) as u64);
    (added > 0).then_some(Defect::Size { declared, received }).into_iter().collect()
}

/// All three ways give the same; the contents by IMAP.
async fn compare(messages: &[Vec<u8>], what: &[String]) -> Vec<Contents> {
    let server = server(messages);
    let (imap, pop3) = (by_imap(&server).await, by_pop3(&server).await);
    assert_eq!((imap.len(), pop3.len()), (messages.len(), messages.len()));
    let mut wrong = Vec::new();
    for (((message, what), (imap, octets)), pop3) in messages.iter().zip(what).zip(&imap).zip(&pop3) {
        let bytes = Contents::parse(message.clone());
        let cut = bytes.parts().filter(|part| !part.is_multipart());
        let cut: Vec<_> = cut.map(|part| (part.section().to_string(), encoded(part))).collect();
        let differs = Seen::all(imap) != Seen::all(&bytes) || shown(imap) != shown(&bytes) || *octets != cut;
        if differs {
            let text = String::from_utf8_lossy(message);
            let (one, two) = (Seen::all(imap), Seen::all(&bytes));
            let one = format!("{}{:?}", lines(&one, &two), shown(imap));
            let two = format!("{}{:?}", lines(&two, &Seen::all(imap)), shown(&bytes));
            wrong.push(format!("{what}\n{text}\nBODYSTRUCTURE:\n{one}\nbytes:\n{two}"));
        }
        // POP3 ends the last line (RFC 1939 §3).
        let end: &[u8] = if message.ends_with(b"\r\n") { b"" } else { b"\r\n" };
        let bytes = Contents::parse([&message[..], end].concat());
        assert_eq!(Seen::all(pop3), Seen::all(&bytes), "{what}");
        assert_eq!(shown(pop3), shown(&bytes), "{what}");
        assert_eq!(pop3.defects(), [bytes.defects(), &longer(message.len(), end.len())].concat(), "{what}");
    }
    assert!(wrong.is_empty(), "{} of {} differ:\n{}", wrong.len(), messages.len(), wrong.join("\n\n"));
    imap.into_iter().map(|(contents, _)| contents).collect()
}

/// That the parts are those that the author means.
fn check(generated: &Generated, contents: &Contents) {
    let what = format!("{}\n{}", generated.what, String::from_utf8_lossy(&generated.bytes));
    assert_eq!(contents.parts().count(), generated.parts.len(), "{what}");
    for (part, expected) in contents.parts().zip(&generated.parts) {
        let Expected { section, media_type, charset, name, .. } = expected;
        assert_eq!(part.section().to_string(), *section, "{what}");
        assert_eq!((part.media_type(), part.charset()), (*media_type, *charset), "{what}");
        assert_eq!(part.declared_name(), *name, "{what}");
        let encoding = match expected.encoding {
            Encoding::Base64 | Encoding::Base64OnOneLine => TransferEncoding::Base64,
            Encoding::QuotedPrintable => TransferEncoding::QuotedPrintable,
            _ => TransferEncoding::Identity,
        };
        assert_eq!(part.encoding(), encoding, "{what}");
        let size = expected.encoded.as_ref().map(|encoded| encoded.len() as u64);
        assert_eq!(part.encoded_size(), size, "{what}");
        if let Some(size) = part.size().filter(|size| size.is_exact()) {
            assert_eq!(size.octets(), expected.octets.len() as u64, "{what}");
        }
        if let Some(expected) = expected.encoded.as_ref().filter(|_| part.entity().is_some()) {
            assert_eq!(encoded(part), *expected, "{what}");
        }
    }
}

#[tokio::test]
async fn generated_messages_mean_by_either_protocol_what_their_author_means() {
    let generated: Vec<Generated> = (0..SOUND).map(sound).collect();
    let messages: Vec<_> = generated.iter().map(|generated| generated.bytes.clone()).collect();
    let what: Vec<_> = generated.iter().map(|generated| generated.what.clone()).collect();
    let imap = compare(&messages, &what).await;
    for (generated, imap) in generated.iter().zip(&imap) {
        check(generated, imap);
        let bytes = Contents::parse(generated.bytes.clone());
        check(generated, &bytes);
        assert!(bytes.defects().is_empty(), "{}: {:?}", generated.what, bytes.defects());
    }
}

#[tokio::test]
async fn broken_messages_are_the_same_by_either_protocol() {
    for fault in Fault::ALL {
        let broken: Vec<_> = (0..BROKEN).map(|seed| broken(seed, fault)).collect();
        let messages: Vec<_> = broken.iter().map(|broken| broken.bytes.clone()).collect();
        let what: Vec<_> = broken.into_iter().map(|broken| broken.what).collect();
        println!("{fault:?}");
        compare(&messages, &what).await;
    }
}

/// The generator makes each form, charset and encoding.
#[test]
fn everything_is_generated() {
    use crate::mime_mail::forms::{NAME_FORMS, SAMPLES};
    let what: Vec<String> = (0..SOUND).map(|seed| sound(seed).what).collect();
    let forms = NAME_FORMS.iter().map(|form| format!("named by {} by", form.what));
    let samples = SAMPLES.iter().map(|sample| format!("in {:?} by", sample.label));
    let encodings = Encoding::ALL.iter().map(|encoding| format!("by {encoding:?}"));
    let structures = (0..16).map(|structure| format!("structure {structure}"));
    for wanted in forms.chain(samples).chain(encodings).chain(structures) {
        let count = what.iter().filter(|what| {
            what.split([':', ',']).any(|what| what.trim().ends_with(&wanted) || what.contains(&format!("{wanted} ")))
        });
        let count = count.count();
        assert!(count >= 3, "{wanted}: {count}");
    }
}

fn message(bytes: &[u8]) -> Message {
    Message::new(MessageId::other("test", "1"), bytes.to_vec())
}
