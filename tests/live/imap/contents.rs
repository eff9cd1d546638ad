//! The contents that a server's BODYSTRUCTURE shows are those of the message's bytes, of generated messages and of broken ones. What a
//! server gets wrong is in a table.

use std::collections::{BTreeMap, BTreeSet};

use postroom::imap::{Append, Items, Section, Uids};
use postroom::{Contents, Kind};

use super::session;
use crate::mime_mail::broken::{Fault, broken};
use crate::mime_mail::sound;
use crate::seen::{Seen, encoded};
use crate::server::Brand::{self, Courier, Cyrus, Dovecot, Dovecot24};
use crate::suite::Trial;

const SOUND: u64 = 300;
const BROKEN: u64 = 12;
/// The octets of parts are compared for one message in this number.
const READ: usize = 5;

/// What a server shows otherwise than the bytes say: of which messages (`sound`, a [`Fault`], or all), which values, and why. Each row
/// must be met.
struct Otherwise(&'static [Brand], &'static [&'static str], &'static [&'static str], &'static str);

const OTHERWISE: &[Otherwise] = &[
    Otherwise(
        &[Dovecot, Dovecot24, Cyrus],
        &["NoBoundaryParameter", "AnotherBoundary", "NoBoundaryBetween", "RandomBytes"],
        &["parts", "encoded_size"],
        "a multipart whose parts are not found has one part, which is empty or all of it",
    ),
    Otherwise(&[Dovecot, Dovecot24, Cyrus], &["NoSubtype"], &["charset"], "a type without a subtype has no parameters"),
    Otherwise(&[Dovecot, Dovecot24, Cyrus], &["OddEncodingLabel"], &["encoding"], "an encoding in quotes is none"),
    Otherwise(&[Dovecot, Dovecot24, Cyrus], &["Cut"], &["declared_name"], "a quoted name without its end is none"),
    Otherwise(
        &[Dovecot, Dovecot24],
        &["NoBlankLine", "RandomBytes"],
        &["encoded_size"],
        "if a boundary ends the header of an embedded message, the line end before it counts",
    ),
    Otherwise(
        &[Dovecot, Dovecot24],
        &["RandomBytes"],
        &["charset", "encoding"],
        "a character that no token has ends a value, or makes it none",
    ),
    Otherwise(
        &[Cyrus],
        &["NoBlankLine", "NoLastBoundary"],
        &["parts"],
        "a boundary within a header is no end of it, and a boundary further out does not end a multipart in an embedded message",
    ),
    Otherwise(
        &[Cyrus],
        &["RandomBytes"],
        &["media_type", "encoding", "declared_name", "disposition"],
        "a field with a character that no token has is none",
    ),
    Otherwise(
        &[Courier],
        &["Cut", "NoBlankLine", "RandomBytes"],
        &["parts", "media_type", "charset", "encoding", "disposition", "content_id"],
        "the last field of a header without its end is lost; a boundary within a header is no end of it",
    ),
    Otherwise(
        &[Dovecot24],
        &[],
        &["declared_name"],
        "an extended name (RFC 2231 §4) in another charset than UTF-8, without one, or in pieces stays encoded, and loses to a plain one",
    ),
    Otherwise(
        &[Cyrus, Courier],
        &["TwoContentTypes"],
        &["parts", "media_type", "charset", "declared_name"],
        "the last of two fields counts",
    ),
    Otherwise(&[Courier], &[], &["encoded_size"], "of a message that a boundary ends, one octet too many is counted"),
    Otherwise(
        &[Courier],
        &[],
        &["declared_name"],
        "a folded name has a blank too many; a backslash and what is not ASCII are lost",
    ),
];

/// A message: what it is, and its bytes.
fn messages() -> Vec<(String, String, Vec<u8>)> {
    let mut messages = Vec::new();
    messages.extend((0..SOUND).map(sound).map(|sound| ("sound".to_owned(), sound.what, sound.bytes)));
    // IMAP has no bare line feeds in messages (RFC 9051 §2.2).
    for fault in Fault::ALL.into_iter().filter(|&fault| fault != Fault::LineFeedsOnly) {
        let all = (0..BROKEN).map(|seed| broken(seed, fault));
        messages.extend(all.map(|broken| (format!("{fault:?}"), broken.what, broken.bytes)));
    }
    // Cyrus refuses many messages that are the same.
    for (number, (_, _, bytes)) in messages.iter_mut().enumerate() {
        let number = format!("Message-ID: <{number}@example.org>\r\n");
        bytes.splice(0..0, number.bytes());
    }
    messages
}

/// The values that differ.
fn differing(ours: &[Seen], theirs: &[Seen]) -> BTreeSet<&'static str> {
    let sections = |all: &[Seen]| all.iter().map(|seen| seen.section.clone()).collect::<Vec<_>>();
    if sections(ours) != sections(theirs) {
        return BTreeSet::from(["parts"]);
    }
    let mut values = BTreeSet::new();
    for (one, two) in ours.iter().zip(theirs) {
        let lower = |charset: &Option<String>| charset.as_ref().map(|charset| charset.to_ascii_lowercase());
        let compared = [
            ("media_type", one.media_type == two.media_type),
            ("charset", lower(&one.charset) == lower(&two.charset)),
            ("encoding", one.encoding == two.encoding),
            ("declared_name", one.declared_name == two.declared_name),
            ("disposition", one.disposition == two.disposition),
            ("content_id", one.content_id == two.content_id),
            ("encoded_size", one.encoded_size == two.encoded_size),
            ("method", one.method == two.method),
        ];
        values.extend(compared.into_iter().filter(|(_, is_same)| !is_same).map(|(name, _)| name));
        // What follows from the others.
        if values.is_empty() && (one.role, &one.name, &one.safe_name) != (two.role, &two.name, &two.safe_name) {
            values.insert("name");
        }
    }
    values
}

pub(crate) async fn parts_of_a_structure_are_those_of_the_bytes(user: &Trial) {
    let messages = messages();
    let mut imap = session(user).await;
    let mut stored = Vec::new();
    for message in &messages {
        let (kind, what, bytes) = message;
        match imap.append("INBOX", Append::from(bytes.clone())).await {
            Ok(_) => stored.push(message),
            // Some servers store no message whose header is broken.
            Err(error) => assert!(kind != "sound" && error.kind() == Kind::Rejected, "{what}: {error:#}"),
        }
    }
    assert!(stored.len() > messages.len() * 9 / 10, "{} are stored", stored.len());
    let mut inbox = imap.select("INBOX").await.unwrap();
    let mut mail = inbox.fetch(Uids::ALL, Items::BODY_STRUCTURE.message()).await.unwrap();
    let mut found = Vec::new();
    while let Some(message) = mail.try_next().await.unwrap() {
        let structure = message.body_structure().map(|structure| structure.contents());
        found.push((message.uid().unwrap(), structure, Contents::parse(message.body().unwrap())));
    }
    drop(mail);
    assert_eq!(found.len(), stored.len());
    let (mut met, mut unknown) = (BTreeSet::new(), BTreeMap::<String, (usize, String)>::new());
    let rows = OTHERWISE.iter().enumerate().filter(|(_, Otherwise(brands, ..))| brands.contains(&user.brand()));
    let rows: Vec<_> = rows.collect();
    for ((kind, what, bytes), (_, structure, whole)) in stored.iter().zip(&found) {
        let (ours, theirs) = (Seen::all(whole), structure.as_ref().map(Seen::all).unwrap_or_default());
        for value in differing(&ours, &theirs) {
            let fits = |kinds: &[&str], values: &[&str]| {
                (kinds.is_empty() || kinds.contains(&&**kind)) && values.contains(&value)
            };
            let row = rows.iter().find(|(_, Otherwise(_, kinds, values, _))| fits(kinds, values));
            let shown = || {
                let text = String::from_utf8_lossy(bytes);
                format!("{what}\n{text}\nserver: {theirs:#?}\nbytes: {ours:#?}")
            };
            match row {
                Some((place, _)) => drop(met.insert(*place)),
                None => unknown.entry(format!("{kind} {value}")).or_insert_with(|| (0, shown())).0 += 1,
            }
        }
    }
    let counts: Vec<_> = unknown.iter().map(|(key, (count, _))| format!("{key} {count}")).collect();
    assert!(
        unknown.is_empty(),
        "shows other parts than the bytes have: {counts:?}\n{}",
        unknown.values().map(|(_, shown)| &shown[..]).collect::<Vec<_>>().join("\n\n")
    );
    for (place, Otherwise(_, _, _, why)) in rows {
        assert!(met.contains(&place), "shows as the bytes say: {why}");
    }
    for (uid, structure, whole) in found.into_iter().take(SOUND as usize).step_by(READ) {
        let structure = structure.expect("it has a structure");
        let leaves: Vec<_> = structure.parts().filter(|part| !part.is_multipart()).collect();
        let sections: Vec<Section> = leaves.iter().map(|part| part.section()).collect();
        let items = sections.iter().fold(Items::SIZE, |items, section| items.section(section.clone()));
        let message = inbox.get(uid, items).await.unwrap().expect("it is there");
        for (section, part) in sections.iter().zip(whole.parts().filter(|part| !part.is_multipart())) {
            let octets = message.section(section).and_then(|found| found.bytes()).unwrap_or_default();
            // Its own octet too many is the beginning of the boundary's line end.
            let ended = octets.strip_suffix(b"\r").filter(|_| user.brand() == Courier);
            let octets = ended.unwrap_or(&octets);
            assert_eq!(String::from_utf8_lossy(octets), String::from_utf8_lossy(&encoded(part)), "{uid:?} {section}");
        }
    }
}
