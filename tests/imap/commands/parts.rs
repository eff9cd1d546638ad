//! Contents, parts and previews of messages: with BINARY and PREVIEW and without, the same from the bytes by POP3 and by mail-parser.

use std::collections::BTreeMap;

use postroom::imap::{Folder, Imap, Items, Uid, Uids};
use postroom::mail_parser::{MessageParser, MimeHeaders, PartType};
use postroom::testing::Server;
use postroom::{Contents, Defect, Kind, Mailbox, MimePart, Pop3};
use tokio::io::AsyncReadExt;

use crate::support::parts::{self, base64, noise, quoted};
use crate::support::{alice, embedded, plaintext, selected};

/// The octets of each part, by UID and path.
type Octets = BTreeMap<(u32, Vec<u32>), Vec<u8>>;

fn uid(number: u32) -> Uid {
    Uid::new(number).unwrap()
}

fn attached(encoding: &str, body: &str) -> String {
    String::from_utf8(parts::attached(encoding, body)).unwrap()
}

async fn inbox(server: &Server) -> Folder<Imap> {
    embedded(server, plaintext()).await.into_folder("INBOX").await.unwrap()
}

async fn maildrop(server: &Server) -> Pop3 {
    let (pop3, driver) = Pop3::handshake(server.pop3_stream(), plaintext(), alice()).await.unwrap();
    tokio::spawn(driver);
    pop3
}

/// With the decoder of the server and without.
fn servers(messages: &[String]) -> [Server; 2] {
    [&[][..], &["BINARY", "PREVIEW"]].map(|without| {
        let builder = without.iter().fold(Server::builder(), |builder, name| builder.without(name));
        let server = builder.in_memory().unwrap();
        for message in messages {
            server.deliver("alice", "INBOX", message.clone(), &[]);
        }
        server
    })
}

async fn octets(folder: &mut Folder<Imap>, uid: Uid, part: &MimePart, from: u64) -> (Vec<u8>, Vec<Defect>) {
    let mut body = folder.read_part(uid, part).starting_at(from).await.unwrap();
    let mut octets = Vec::new();
    body.read_to_end(&mut octets).await.unwrap();
    assert_eq!(body.position(), from + octets.len() as u64);
    (octets, body.defects())
}

#[tokio::test]
async fn a_part_is_decoded_from_any_octet_on() {
    let noise = noise(10_000);
    let messages = [
        attached("base64", &base64(&noise, 76)),
        attached("base64", &base64(&noise, 61)),
        attached("quoted-printable", &quoted(&noise)),
        attached("7bit", &base64(&noise, 76)),
    ];
    for (server, decodes) in servers(&messages).into_iter().zip([true, false]) {
        let mut folder = inbox(&server).await;
        for number in 1..=4 {
            let contents = folder.contents(uid(number)).await.unwrap().unwrap();
            let part = contents.attachments().next().unwrap();
            let expected = if number == 4 { base64(&noise, 76).into_bytes() } else { noise.clone() };
            for from in [0, 1, 57, 9_999, 10_000, 4_000_000_000] {
                let rest = expected.get(usize::try_from(from).unwrap()..).unwrap_or_default();
                let (read, defects) = octets(&mut folder, uid(number), part, from).await;
                assert!(read == rest && defects.is_empty(), "{number} from {from}: {} {defects:?}", read.len());
            }
        }
        // Without BINARY, what is encoded is transferred from its beginning.
        let from_octet = |line: &String| line.contains("PEEK[2]<57.");
        assert_eq!(server.commands().iter().filter(|line| from_octet(line)).count(), if decodes { 4 } else { 1 });
    }
}

#[tokio::test]
async fn what_the_server_does_not_decode_is_decoded_here() {
    let [with, without] = servers(&[
        attached("base64", "aGVsbG8!!=\r\n"),
        attached("x-uuencode", "begin 644 a\r\n#0V%T\r\n`\r\nend\r\n"),
    ]);
    for server in [&with, &without] {
        let mut folder = inbox(server).await;
        let contents = folder.contents(uid(1)).await.unwrap().unwrap();
        let part = contents.attachments().next().unwrap();
        let (read, defects) = octets(&mut folder, uid(1), part, 0).await;
        assert_eq!((&read[..], &defects[..]), (&b"hello"[..], &[Defect::Encoding { places: 2 }][..]));
        let contents = folder.contents(uid(2)).await.unwrap().unwrap();
        let (read, defects) = octets(&mut folder, uid(2), contents.attachments().next().unwrap(), 0).await;
        assert_eq!((&read[..], defects), (&b"Cat"[..], vec![]));
    }
    let asked: Vec<String> = with.commands().into_iter().filter(|line| line.contains("[2]<")).collect();
    assert!(asked.len() == 3 && asked[0].contains("BINARY.PEEK[2]") && asked[1].contains(" BODY.PEEK[2]"), "{asked:?}");
}

#[tokio::test]
async fn a_part_of_many_windows_is_whole() {
    let noise = noise(9_000_000);
    for server in servers(&[attached("base64", &base64(&noise, 76))]) {
        let mut folder = inbox(&server).await;
        let contents = folder.contents(uid(1)).await.unwrap().unwrap();
        let part = contents.attachments().next().unwrap();
        let size = part.size().unwrap().octets();
        assert!(size.abs_diff(9_000_000) < 10_000, "{size}");
        for from in [0, 5_000_000] {
            let (read, defects) = octets(&mut folder, uid(1), part, from).await;
            assert!(read == noise[usize::try_from(from).unwrap()..] && defects.is_empty(), "{}", read.len());
        }
    }
}

#[tokio::test]
async fn a_missing_message_and_a_multipart_are_errors() {
    let [server, _] = servers(&[attached("base64", "aGVsbG8=")]);
    let mut folder = inbox(&server).await;
    let contents = folder.contents(uid(1)).await.unwrap().unwrap();
    let root = contents.parts().next().unwrap();
    let part = contents.attachments().next().unwrap();
    assert!(folder.contents(uid(9)).await.unwrap().is_none());
    let sent = server.commands().len();
    assert_eq!(folder.read_part(uid(1), root).await.unwrap_err().kind(), Kind::Input);
    assert_eq!(folder.read_parts([(uid(1), root.clone())]).unwrap_err().kind(), Kind::Input);
    assert_eq!(server.commands().len(), sent);
    assert_eq!(folder.read_part(uid(9), part).await.unwrap_err().kind(), Kind::Rejected);
    let id = folder.message_id(uid(9));
    assert_eq!(Mailbox::contents(&mut folder, &id).await.unwrap_err().kind(), Kind::Rejected);
    assert_eq!(octets(&mut folder, uid(1), part, 0).await.0, b"hello");
}

#[tokio::test]
async fn texts_are_utf8_in_every_charset_of_the_sample_mail() {
    for without in [None, Some("BINARY")] {
        let builder = without.iter().fold(Server::builder().sample_mail(), |builder, name| builder.without(name));
        let server = builder.in_memory().unwrap();
        let mut imap = embedded(&server, plaintext()).await;
        for name in ["INBOX", "Archive"] {
            let mut folder = imap.select(name).await.unwrap();
            let snapshot = server.snapshot("alice").unwrap();
            for mail in snapshot.messages(name) {
                let contents = folder.contents(uid(mail.uid)).await.unwrap().unwrap();
                let parsed = MessageParser::default().parse(&mail.bytes).unwrap();
                let texts = parsed.parts.iter().filter_map(|part| match &part.body {
                    PartType::Text(text) | PartType::Html(text) => Some(text.to_string()),
                    _ => None,
                });
                let inside: Vec<&[u32]> = contents.messages().map(MimePart::path).collect();
                let is_own = |part: &&MimePart| !inside.iter().any(|path| part.path().starts_with(path));
                let mut own = Vec::new();
                for part in contents.parts().filter(is_own).filter(|part| part.media_type().starts_with("text/")) {
                    own.push(folder.read_text(uid(mail.uid), part).await.unwrap());
                }
                let texts: Vec<String> = texts.collect();
                assert_eq!(
                    own.iter().map(|text| text.trim_end()).collect::<Vec<_>>(),
                    texts.iter().map(|text| text.trim_end()).collect::<Vec<_>>(),
                    "{name} {}",
                    mail.uid
                );
            }
        }
    }
}

/// The same parts, by BINARY, decoded here, grouped, over POP3 and by mail-parser.
#[tokio::test]
async fn every_way_to_a_part_gives_the_same_octets() {
    let mut read: Vec<Octets> = Vec::new();
    let server = Server::builder().sample_mail().in_memory().unwrap();
    let plain = Server::builder().sample_mail().without("BINARY").in_memory().unwrap();
    for server in [&server, &plain] {
        let mut folder = inbox(server).await;
        let mut wanted = Vec::new();
        let mut mail = folder.fetch(Uids::ALL, Items::new().contents()).await.unwrap();
        while let Some(message) = mail.try_next().await.unwrap() {
            let contents = message.contents().unwrap();
            let parts = contents.parts().filter(|part| !part.is_multipart());
            wanted.extend(parts.map(|part| (message.uid().unwrap(), part.clone())));
        }
        let mut alone = BTreeMap::new();
        for (uid, part) in &wanted {
            alone.insert((uid.as_u32(), part.path().to_vec()), octets(&mut folder, *uid, part, 0).await.0);
        }
        let mut grouped = BTreeMap::new();
        let before = server.commands().len();
        let mut parts = folder.read_parts(wanted.clone()).unwrap();
        while let Some(part) = parts.try_next().await.unwrap() {
            assert_eq!(part.defects, []);
            grouped.insert((part.uid.as_u32(), part.part.path().to_vec()), part.octets.to_vec());
        }
        // Plain messages, those with two texts, those with a picture, and those with a message in them.
        assert!(server.commands().len() - before <= 4, "{:#?}", &server.commands()[before..]);
        read.extend([alone, grouped]);
    }
    let mut pop3 = maildrop(&server).await;
    let mut by_pop3 = BTreeMap::new();
    for (number, entry) in (1..).zip(pop3.entries().await.unwrap()) {
        let contents = Mailbox::contents(&mut pop3, &entry.id).await.unwrap();
        let sent = server.commands().len();
        for part in contents.parts().filter(|part| !part.is_multipart()) {
            let mut octets = Vec::new();
            pop3.read_part(&entry.id, part).await.unwrap().read_to_end(&mut octets).await.unwrap();
            let mut rest = Vec::new();
            pop3.read_part_from(&entry.id, part, 3).await.unwrap().read_to_end(&mut rest).await.unwrap();
            assert_eq!(rest, octets.get(3..).unwrap_or_default());
            // POP3 ends every message with a line end (RFC 1939 §3).
            if octets.ends_with(b"has no end)\r\n") {
                octets.truncate(octets.len() - 2);
            }
            by_pop3.insert((number, part.path().to_vec()), octets);
        }
        assert_eq!(server.commands().len(), sent);
    }
    for other in &read[1..] {
        assert_eq!(other, &read[0]);
    }
    assert_eq!(by_pop3, read[0]);
    for mail in server.snapshot("alice").unwrap().messages("INBOX") {
        let parsed = MessageParser::default().parse(&mail.bytes).unwrap();
        let contents = Contents::parse(mail.bytes.clone());
        let attached: Vec<_> =
            parsed.attachments().filter(|part| part.is_binary() && part.attachment_name().is_some()).collect();
        let own: Vec<_> = contents.parts().filter(|part| part.declared_name().is_some()).collect();
        assert_eq!(own.len(), attached.len(), "{}", mail.uid);
        for (own, theirs) in own.iter().zip(attached) {
            assert_eq!(by_pop3[&(mail.uid, own.path().to_vec())], theirs.contents());
        }
    }
}

#[tokio::test]
async fn previews_are_the_same_on_every_server_and_protocol() {
    let html =
        format!("<html><head><style>{}</style></head><body><p>Late <b>words</b>", "p { color: red }\r\n".repeat(2000));
    let messages = [
        "Subject: a\r\n\r\nOne\r\n  two three.\r\n".to_owned(),
        attached("base64", &base64(&noise(5000), 76)),
        "Content-Type: text/html; charset=iso-8859-1\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n<p>caf=E9 &amp; bar</p>\r\n".to_owned(),
        "Content-Type: image/png\r\nContent-Transfer-Encoding: base64\r\n\r\naGVsbG8=\r\n".to_owned(),
        format!("Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n{}", base64("漢字".repeat(3000).as_bytes(), 76)),
        format!("Content-Type: text/html\r\n\r\n{html}"),
    ];
    let expected = ["One two three.", "Hello", "café & bar", "", &"漢字".repeat(100), "Late words"];
    let [with, without] = servers(&messages);
    for server in [&with, &without] {
        let mut folder = inbox(server).await;
        let sent = server.commands().len();
        let previews: Vec<String> = folder.previews(Uids::ALL).await.unwrap().into_values().collect();
        let round_trips = server.commands().len() - sent;
        for (number, (own, expected)) in previews.iter().zip(expected).enumerate() {
            // The embedded server has its own idea of an empty text.
            assert!(
                own == expected || server.commands().iter().any(|line| line.contains("PREVIEW")) && number == 3,
                "{number}: {own:?}"
            );
        }
        assert_eq!((previews.len(), round_trips <= 4), (6, true), "{round_trips}");
        let ids: Vec<_> = Mailbox::entries(&mut folder).await.unwrap().into_iter().map(|entry| entry.id).collect();
        let by_trait: Vec<String> =
            Mailbox::previews(&mut folder, &ids).await.unwrap().into_iter().map(|(_, words)| words).collect();
        assert_eq!(by_trait, previews);
    }
    let mut boxed: Box<dyn Mailbox> = Box::new(maildrop(&with).await);
    assert!(!boxed.features().parts);
    let ids: Vec<_> = boxed.entries().await.unwrap().into_iter().map(|entry| entry.id).collect();
    let by_pop3: Vec<String> = boxed.previews(&ids).await.unwrap().into_iter().map(|(_, words)| words).collect();
    // The words after 2000 lines of styles are too late for TOP.
    assert_eq!(by_pop3[..5], expected[..5]);
    assert_eq!(by_pop3[5], "");
}

#[tokio::test(start_paused = true)]
async fn an_unreadable_structure_is_replaced_by_the_message() {
    let dialogue = "
        C: {A} UID FETCH 10 (UID BODYSTRUCTURE BODY.PEEK[HEADER.FIELDS (LIST-UNSUBSCRIBE LIST-UNSUBSCRIBE-POST)])
        S: * 1 FETCH (UID 10 BODYSTRUCTURE NIL BODY[HEADER.FIELDS (LIST-UNSUBSCRIBE LIST-UNSUBSCRIBE-POST)] \"\")
        S: {A} OK done
        C: {B} UID FETCH 10 (UID RFC822.SIZE BODY.PEEK[])
        S-raw: * 1 FETCH (UID 10 RFC822.SIZE 18 BODY[] {18}\\r\\nSubject: a\\r\\n\\r\\nHi\\r\\n)\\r\\n
        S: {B} OK done
    ";
    let (script, mut folder) = selected(dialogue, plaintext()).await;
    let contents = folder.contents(uid(10)).await.unwrap().unwrap();
    assert_eq!(folder.read_text(uid(10), contents.text().unwrap()).await.unwrap(), "Hi\r\n");
    script.finish().await.unwrap();
}

/// A server that announces BINARY, refuses to decode, or says that there is nothing.
#[tokio::test(start_paused = true)]
async fn a_server_that_decodes_nothing_is_not_believed() {
    let structure = b"* 1 FETCH (UID 10 BODYSTRUCTURE (\"text\" \"plain\" NIL NIL NIL \"base64\" 8 1))\r\n";
    let fetched = postroom::imap::codec::fetched(structure[..].into(), &postroom::Limits::default()).unwrap();
    let contents = fetched.contents().unwrap();
    for answer in
        ["S: {A} NO [UNKNOWN-CTE] no", "S: {A} BAD what?", "S: * 1 FETCH (UID 10 BINARY[1]<0> NIL)\nS: {A} OK done"]
    {
        let dialogue = format!(
            "C: {{A}} UID FETCH 10 (UID BINARY.PEEK[1]<0.4194304>)\n{answer}
            C: {{B}} UID FETCH 10 (UID BODY.PEEK[1]<0.4194304>)
            S-raw: * 1 FETCH (UID 10 BODY[1]<0> {{10}}\\r\\naGVsbG8=\\r\\n)\\r\\n
            S: {{B}} OK done"
        );
        let greeting = "S: * PREAUTH [CAPABILITY IMAP4rev1 BINARY] ready\n";
        let (script, imap) =
            crate::support::scripted(&format!("{greeting}{}{dialogue}", crate::support::SELECT), plaintext()).await;
        let mut folder = imap.unwrap().into_folder("INBOX").await.unwrap();
        let text = folder.read_text(uid(10), contents.text().unwrap()).await.unwrap();
        assert_eq!(text, "hello", "{answer}");
        script.finish().await.unwrap();
    }
}

/// The first part of a message, whose structure the server shows so.
fn text(number: u32, encoding: &str, size: usize) -> (Uid, MimePart) {
    let line = format!("* 1 FETCH (UID 10 BODYSTRUCTURE (\"text\" \"plain\" NIL NIL NIL \"{encoding}\" {size} 1))\r\n");
    let fetched = postroom::imap::codec::fetched(line.into_bytes().into(), &postroom::Limits::default()).unwrap();
    (uid(number), fetched.contents().unwrap().text().unwrap().clone())
}

/// Reads parts of three messages: base64, quoted-printable, and 5 octets that are not encoded.
async fn grouped(dialogue: &str) -> Vec<(u32, Vec<u8>, Vec<Defect>)> {
    let greeting = "S: * PREAUTH [CAPABILITY IMAP4rev1 BINARY] ready\n";
    let dialogue = format!("{greeting}{}{dialogue}", crate::support::SELECT);
    let (script, imap) = crate::support::scripted(&dialogue, plaintext()).await;
    let mut folder = imap.unwrap().into_folder("INBOX").await.unwrap();
    let wanted = [text(10, "base64", 8), text(11, "quoted-printable", 7), text(12, "7bit", 5)];
    let mut parts = folder.read_parts(wanted).unwrap();
    let mut read = Vec::new();
    while let Some(part) = parts.try_next().await.unwrap() {
        read.push((part.uid.as_u32(), part.octets.to_vec(), part.defects));
    }
    drop(folder);
    script.finish().await.unwrap();
    read.sort_by_key(|(uid, ..)| *uid);
    read
}

#[tokio::test(start_paused = true)]
async fn parts_of_many_messages_are_decoded_by_the_server_in_one_command() {
    let whole = vec![(10, b"hello".to_vec(), vec![]), (11, "grün".into(), vec![]), (12, b"plain".to_vec(), vec![])];
    let by_server = "
        C: {A} UID FETCH 10:12 (UID BINARY.PEEK[1])
        S: * 1 FETCH (UID 10 BINARY[1] \"hello\")
        S-raw: * 2 FETCH (UID 11 BINARY[1] ~{5}\\r\\ngr\\xc3\\xbcn)\\r\\n
        S: * 3 FETCH (UID 12 BINARY[1] \"plain\")
        S: {A} OK done
    ";
    assert_eq!(grouped(by_server).await, whole);
    let some = "
        C: {A} UID FETCH 10:12 (UID BINARY.PEEK[1])
        S: * 1 FETCH (UID 10 BINARY[1] \"hello\")
        S: * 2 FETCH (UID 11 BINARY[1] \"\")
        S: * 3 FETCH (UID 12 BINARY[1] \"plai\")
        S: {A} OK done
        C: {B} UID FETCH 11:12 (UID BODY.PEEK[1])
        S: * 2 FETCH (UID 11 BODY[1] \"gr=C3=BCn\")
        S: * 3 FETCH (UID 12 BODY[1] \"plain\")
        S: {B} OK done
    ";
    assert_eq!(grouped(some).await, whole);
    let none = "
        C: {A} UID FETCH 10:12 (UID BINARY.PEEK[1])
        S: * 1 FETCH (UID 10 BINARY[1] \"hello\")
        S: {A} NO [UNKNOWN-CTE] I cannot decode this
        C: {B} UID FETCH 11:12 (UID BODY.PEEK[1])
        S: * 2 FETCH (UID 11 BODY[1] \"gr=C3=BCn\")
        S: * 3 FETCH (UID 12 BODY[1] \"plain\")
        S: {B} OK done
    ";
    assert_eq!(grouped(none).await, whole);
}

/// The sound and the broken, with the decoder of the server and without.
#[tokio::test]
async fn grouped_parts_are_the_same_however_they_are_decoded() {
    let noise = noise(3000);
    let messages = [
        attached("base64", &base64(&noise, 76)),
        attached("base64", "aGVs*bG8=\r\nd29y"),
        attached("quoted-printable", &quoted(b"gr\xfcn=")),
        attached("x-uuencode", "begin 644 x\r\n%:&5L;&\\\r\n`\r\nend\r\n"),
        attached("7bit", "plain"),
        attached("x-unknown", "odd"),
    ];
    let mut all = Vec::new();
    for server in servers(&messages) {
        let mut folder = inbox(&server).await;
        let mut wanted = Vec::new();
        for number in 1..=messages.len() as u32 {
            let contents = folder.contents(uid(number)).await.unwrap().unwrap();
            wanted.extend(contents.parts().filter(|part| !part.is_multipart()).map(|part| (uid(number), part.clone())));
        }
        let mut parts = folder.read_parts(wanted).unwrap();
        let mut read = BTreeMap::new();
        while let Some(part) = parts.try_next().await.unwrap() {
            read.insert((part.uid, part.part.path().to_vec()), part.octets);
        }
        all.push(read);
    }
    assert_eq!((all[0].len(), &all[0]), (12, &all[1]));
    assert_eq!(all[0][&(uid(1), vec![2])], noise);
}
