//! The header fields of a reply and of a forwarded message (RFC 5322 §3.6.2 to §3.6.5), made of the message that is answered. It must not
//! know how a message is composed or sent.

use std::collections::HashSet;

use bytes::Bytes;

use super::address::{Address, AddressBuf, Addresses};
use super::envelope::Envelope;
use super::fetched::Fetched;
use super::items::Items;
use super::section::Section;
use crate::text::address::ends_line;
use crate::text::{field, subject};

/// What a reply needs beside the envelope.
const FIELDS: [&str; 2] = ["References", "Mail-Followup-To"];
/// The most identifiers in References. The first one and the newest ones are kept.
const MOST_REFERENCES: usize = 32;
/// The most bytes of an identifier. A line has at most 998 (RFC 5322 §2.1.1).
const LONGEST_ID: usize = 900;

/// The header fields of a reply or a forwarded message, as values: writing them into a message is another crate's job. No value contains
/// a control character, so none can begin another field. The subject and the names are in Unicode.
///
/// Made by [`Fetched::reply`], [`Fetched::reply_all`] and [`Fetched::forward`].
///
/// ```
/// use postroom::imap::codec::fetched;
///
/// let line = b"* 1 FETCH (ENVELOPE (NIL \"AW: Lunch?\" ((\"Anna\" NIL \"anna\" \"x.org\")) NIL NIL \
///     ((NIL NIL \"me\" \"x.org\")(NIL NIL \"bert\" \"x.org\")) NIL NIL NIL \"<1@x>\"))\r\n";
/// let message = fetched((&line[..]).into(), &postroom::Limits::default()).unwrap();
/// let reply = message.reply_all(&["me@x.org"]).unwrap();
/// assert_eq!(reply.subject, "Re: Lunch?");
/// assert_eq!((reply.to[0].to_string(), reply.cc[0].to_string()), ("Anna <anna@x.org>".into(), "bert@x.org".into()));
/// assert_eq!((reply.in_reply_to.as_deref(), &reply.references[..]), (Some("<1@x>"), &["<1@x>".to_string()][..]));
/// ```
#[derive(Clone, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub struct ReplyHeaders {
    /// `To`. Empty in a forwarded message, and if the message names nobody who can be answered.
    pub to: Vec<AddressBuf>,
    /// `Cc`. Nobody who is in `to`.
    pub cc: Vec<AddressBuf>,
    /// `Subject`, with one `Re:` or `Fwd:`. Marks in other languages (`AW:`, `Sv:`) and with numbers (`Re[2]:`) are replaced.
    pub subject: String,
    /// `In-Reply-To`: the message's identifier, in angle brackets. `None` if it has none, and in a forwarded message.
    pub in_reply_to: Option<String>,
    /// `References`, each in angle brackets: the identifiers of the thread, the message's own last. At most 32: of a longer thread, the
    /// first one and the newest ones.
    pub references: Vec<String>,
}

impl ReplyHeaders {
    /// What to fetch of the message that is answered: its envelope, and two header fields that are not in it. If only the envelope is
    /// fetched, `References` names what the message replies to and itself, and `Mail-Followup-To` is not known.
    ///
    /// ```
    /// # #[cfg(feature = "testing")]
    /// # postroom::doctest::imap(async |mut imap| {
    /// use postroom::imap::{ReplyHeaders, Uid};
    ///
    /// let inbox = imap.select("INBOX").await?;
    /// let message = inbox.get(Uid::new(1)?, ReplyHeaders::items()).await?.expect("there is such a message");
    /// println!("{:?}", message.reply(&["me@example.org"]));
    /// # Ok(())
    /// # }).unwrap();
    /// ```
    pub fn items() -> Items {
        match Section::header_fields(FIELDS) {
            Ok(fields) => Items::ENVELOPE.section(fields),
            Err(_) => Items::ENVELOPE.header(),
        }
    }
}

impl Fetched {
    /// The header fields of a reply to the author: `To` is whom the message asks to reply to (`Reply-To`), or else who wrote it. A reply
    /// to an own message goes to those to whom it was sent. `own` are the addresses of the user, compared without regard to case.
    ///
    /// `None` if the envelope was not fetched; fetch [`ReplyHeaders::items`]. Never touches the wire.
    ///
    /// ```
    /// use postroom::imap::codec::fetched;
    ///
    /// let line = b"* 1 FETCH (ENVELOPE (NIL \"Lunch?\" ((NIL NIL \"anna\" \"x.org\")) NIL NIL NIL NIL NIL NIL \"<1@x>\"))\r\n";
    /// let message = fetched((&line[..]).into(), &postroom::Limits::default()).unwrap();
    /// let reply = message.reply(&["me@x.org"]).unwrap();
    /// assert_eq!((reply.to[0].email(), reply.subject.as_str()), ("anna@x.org", "Re: Lunch?"));
    /// ```
    pub fn reply(&self, own: &[&str]) -> Option<ReplyHeaders> {
        let envelope = self.envelope()?;
        let mut people = People::new(own);
        let to = if people.wrote(envelope) { envelope.to() } else { answered(envelope) };
        Some(self.answering(envelope, people.take(to), Vec::new()))
    }

    /// The header fields of a reply to all: as [`reply`](Self::reply), and everybody else in `To` and `Cc` of the message is in `Cc`. If
    /// the message has `Mail-Followup-To`, as on mailing lists, the reply goes there and to nobody else. Own addresses are left out, and
    /// nobody is named twice.
    ///
    /// `None` if the envelope was not fetched; fetch [`ReplyHeaders::items`]. Never touches the wire.
    ///
    /// ```
    /// use postroom::imap::codec::fetched;
    ///
    /// let line = b"* 1 FETCH (ENVELOPE (NIL \"Lunch?\" ((NIL NIL \"anna\" \"x.org\")) NIL NIL NIL NIL NIL NIL \"<1@x>\"))\r\n";
    /// let message = fetched((&line[..]).into(), &postroom::Limits::default()).unwrap();
    /// assert_eq!(message.reply_all(&["me@x.org"]).unwrap().to[0].email(), "anna@x.org");
    /// ```
    pub fn reply_all(&self, own: &[&str]) -> Option<ReplyHeaders> {
        let envelope = self.envelope()?;
        let mut people = People::new(own);
        let header = self.header_bytes();
        let followers = AddressBuf::all_of(field::value(&header, "Mail-Followup-To").unwrap_or_default());
        let asked = people.keep(followers);
        if !asked.is_empty() {
            return Some(self.answering(envelope, asked, Vec::new()));
        }
        let to = if people.wrote(envelope) { envelope.to() } else { answered(envelope) };
        let to = people.take(to);
        let cc = people.take(envelope.to().chain(envelope.cc()));
        let (to, cc) = if to.is_empty() { (cc, to) } else { (to, cc) };
        Some(self.answering(envelope, to, cc))
    }

    /// The header fields of a message that forwards this one: the subject, and `References`, so that it appears in the same thread.
    ///
    /// `None` if the envelope was not fetched; fetch [`ReplyHeaders::items`]. Never touches the wire.
    ///
    /// ```
    /// use postroom::imap::codec::fetched;
    ///
    /// let line = b"* 1 FETCH (ENVELOPE (NIL \"Lunch?\" ((NIL NIL \"anna\" \"x.org\")) NIL NIL NIL NIL NIL NIL \"<1@x>\"))\r\n";
    /// let message = fetched((&line[..]).into(), &postroom::Limits::default()).unwrap();
    /// assert_eq!(message.forward().unwrap().subject, "Fwd: Lunch?");
    /// ```
    pub fn forward(&self) -> Option<ReplyHeaders> {
        let envelope = self.envelope()?;
        let subject = subject::forward(&subject_of(envelope));
        let references = self.references(envelope).0;
        Some(ReplyHeaders { subject, references, ..ReplyHeaders::default() })
    }

    fn answering(&self, envelope: Envelope<'_>, to: Vec<AddressBuf>, cc: Vec<AddressBuf>) -> ReplyHeaders {
        // A message of the user to himself is answered to himself.
        let to = if to.is_empty() { People::new(&[]).take(answered(envelope)) } else { to };
        let (references, in_reply_to) = self.references(envelope);
        ReplyHeaders { to, cc, subject: subject::reply(&subject_of(envelope)), in_reply_to, references }
    }

    /// The identifiers for References, and the message's own (RFC 5322 §3.6.4).
    fn references(&self, envelope: Envelope<'_>) -> (Vec<String>, Option<String>) {
        let header = self.header_bytes();
        let own = envelope.message_id().and_then(|field| message_ids(&field.bytes()).into_iter().next());
        let mut all = message_ids(field::value(&header, "References").unwrap_or_default());
        if all.is_empty()
            && let Some(field) = envelope.in_reply_to()
        {
            // More than one: which of them is the parent is not known.
            all = Some(message_ids(&field.bytes())).filter(|ids| ids.len() == 1).unwrap_or_default();
        }
        if let Some(own) = &own {
            all.retain(|id| id != own);
            all.push(own.clone());
        }
        if all.len() > MOST_REFERENCES {
            all.drain(1..=all.len() - MOST_REFERENCES);
        }
        (all, own)
    }

    /// The fields that were fetched beside the envelope.
    fn header_bytes(&self) -> Bytes {
        let fields = Section::header_fields(FIELDS).ok().and_then(|fields| self.section(&fields));
        let found = fields.or_else(|| self.section(&Section::HEADER));
        found.and_then(|section| section.bytes()).unwrap_or_default()
    }
}

/// Who takes part: everybody once, and the user not at all.
struct People {
    own: HashSet<String>,
    seen: HashSet<String>,
}

impl People {
    fn new(own: &[&str]) -> Self {
        let key = |own: &&str| own.parse::<AddressBuf>().map_or_else(|_| own.to_lowercase(), |own| key(&own));
        Self { own: own.iter().map(key).collect(), seen: HashSet::new() }
    }

    fn wrote(&self, envelope: Envelope<'_>) -> bool {
        envelope.from().filter_map(|address| address.to_address_buf()).any(|address| self.own.contains(&key(&address)))
    }

    fn take<'a>(&mut self, addresses: impl Iterator<Item = Address<'a>>) -> Vec<AddressBuf> {
        self.keep(addresses.filter_map(|address| address.to_address_buf()))
    }

    fn keep(&mut self, addresses: impl Iterator<Item = AddressBuf>) -> Vec<AddressBuf> {
        let is_new = |address: &AddressBuf| !self.own.contains(&key(address)) && self.seen.insert(key(address));
        addresses.filter(is_new).collect()
    }
}

fn key(address: &AddressBuf) -> String {
    address.email().to_lowercase()
}

/// Whom the message asks to reply to. Servers repeat `From` if it names nobody.
fn answered(envelope: Envelope<'_>) -> Addresses<'_> {
    let has_any = envelope.reply_to().any(|address| address.email().is_some());
    if has_any { envelope.reply_to() } else { envelope.from() }
}

fn subject_of(envelope: Envelope<'_>) -> String {
    envelope.subject().map(|subject| subject.decoded().into_owned()).unwrap_or_default()
}

/// The identifiers in a field, in angle brackets, each once. Those without an `@` are among them: mailers answer by them too.
fn message_ids(field: &[u8]) -> Vec<String> {
    let (mut ids, mut seen) = (Vec::new(), HashSet::new());
    for start in memchr::memchr_iter(b'<', field) {
        let rest = field.get(start..).unwrap_or_default();
        let ends = |byte: &u8| matches!(byte, b'<' | b'>') || byte.is_ascii_whitespace() || byte.is_ascii_control();
        let end = rest.iter().skip(1).take(LONGEST_ID).position(ends).map_or(0, |end| end + 2);
        let id = rest.get(..end).filter(|id| id.len() > 2 && id.ends_with(b">"));
        if let Some(id) = id.and_then(|id| str::from_utf8(id).ok()).filter(|id| !id.contains(ends_line))
            && seen.insert(id)
        {
            ids.push(id.to_owned());
        }
    }
    ids
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::imap::codec;
    use crate::limits::Limits;

    fn list(emails: &str) -> String {
        let one = |email: &str| {
            let (local, host) = email.split_once('@').unwrap();
            format!("(NIL NIL \"{local}\" \"{host}\")")
        };
        match emails.split_whitespace().map(one).collect::<String>() {
            none if none.is_empty() => "NIL".to_owned(),
            all => format!("({all})"),
        }
    }

    /// From, Reply-To, To, Cc; In-Reply-To, Message-ID; and a header.
    fn message(people: [&str; 4], ids: [&str; 2], header: &str) -> Fetched {
        let [from, reply_to, to, cc] = people.map(list);
        let [parent, own] = ids.map(|id| if id.is_empty() { "NIL".to_owned() } else { format!("\"{id}\"") });
        let line = format!(
            "* 1 FETCH (ENVELOPE (NIL \"x\" {from} {from} {reply_to} {to} {cc} NIL {parent} {own}) \
             BODY[HEADER.FIELDS (REFERENCES MAIL-FOLLOWUP-TO)] {{{}}}\r\n{header})\r\n",
            header.len()
        );
        codec::fetched(line.into_bytes().into(), &Limits::default()).unwrap()
    }

    fn emails(list: &[AddressBuf]) -> String {
        list.iter().map(AddressBuf::email).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn a_reply_goes_to_whom_it_should() {
        let followers = "Mail-Followup-To: L <l@x>, me@x, l@x\r\n\r\n";
        for (people, header, reply, to, cc) in [
            (["a@x", "", "me@x", ""], "", "a@x", "a@x", ""),
            (["a@x", "r@x", "me@x b@x", "c@x"], "", "r@x", "r@x", "b@x c@x"),
            (["a@x", "a@x", "ME@X b@x", "B@x a@x d@x"], "", "a@x", "a@x", "b@x d@x"),
            (["a@x", "a@x", "l@x", "me@x"], followers, "a@x", "l@x", ""),
            (["a@x", "a@x", "l@x", ""], "Mail-Followup-To: me@x\r\n", "a@x", "a@x", "l@x"),
            (["me@x", "me@x", "a@x me@x", "b@x"], "", "a@x", "a@x", "b@x"),
            (["me@x", "me@x", "me@x", ""], "", "me@x", "me@x", ""),
            (["me@x", "me@x", "", "b@x"], "", "me@x", "b@x", ""),
            (["", "", "b@x", ""], "", "", "b@x", ""),
        ] {
            let message = message(people, ["", ""], header);
            let (one, all) = (message.reply(&["me@x"]).unwrap(), message.reply_all(&["Me <me@x>"]).unwrap());
            assert_eq!((emails(&one.to), emails(&one.cc)), (reply.to_owned(), String::new()), "{people:?}");
            assert_eq!((emails(&all.to), emails(&all.cc)), (to.to_owned(), cc.to_owned()), "{people:?} {header}");
        }
    }

    #[test]
    fn references_name_the_thread() {
        for (ids, header, expected, in_reply_to) in [
            (["", "<2@x>"], "References: <0@x>\r\n <1@x>\r\n\r\n", "<0@x> <1@x> <2@x>", Some("<2@x>")),
            (["<1@x>", "<2@x>"], "", "<1@x> <2@x>", Some("<2@x>")),
            (["<1@x> <0@x>", "<2@x>"], "", "<2@x>", Some("<2@x>")),
            (["<1@x>", ""], "References: <2@x> <2@x> <a b> <c\r\nd@x>\r\n", "<2@x>", None),
            (["", "  <no-at-sign> "], "References: <no-at-sign> <1@x>\r\n", "<1@x> <no-at-sign>", Some("<no-at-sign>")),
            (["", "none"], "", "", None),
        ] {
            let message = message(["a@x", "", "", ""], ids, header);
            let reply = message.reply(&[]).unwrap();
            assert_eq!((reply.references.join(" ").as_str(), reply.in_reply_to.as_deref()), (expected, in_reply_to));
            let forward = message.forward().unwrap();
            assert_eq!((forward.references, forward.in_reply_to, forward.to), (reply.references, None, vec![]));
        }
    }

    #[test]
    fn of_many_references_the_first_and_the_last_are_kept() {
        let all: String = (0..100).map(|number| format!(" <{number}@x>\r\n")).collect();
        let reply = message(["a@x", "", "", ""], ["", "<100@x>"], &format!("References:{all}\r\n")).reply(&[]).unwrap();
        assert_eq!(reply.references.len(), MOST_REFERENCES);
        assert_eq!((reply.references[0].as_str(), reply.references[1].as_str()), ("<0@x>", "<70@x>"));
        assert_eq!(reply.references[MOST_REFERENCES - 1], "<100@x>");
    }

    #[test]
    fn without_an_envelope_there_is_no_reply() {
        let line = &b"* 1 FETCH (UID 1 FLAGS ())\r\n"[..];
        let message = codec::fetched(line.into(), &Limits::default()).unwrap();
        assert!(message.reply(&[]).is_none() && message.reply_all(&[]).is_none() && message.forward().is_none());
    }

    proptest! {
        #[test]
        fn no_value_ends_a_line(strings in prop::collection::vec("[\\x00-\\x7f\u{2028}ü]{0,12}", 8)) {
            let strings: Vec<String> = strings.iter().map(|text| format!("{{{}}}\r\n{text}", text.len())).collect();
            let [subject, name, local, host, parent, id, references, followers] = &strings[..] else { panic!() };
            let who = format!("(({name} NIL {local} {host})({name} NIL {local} \"x.org\"))");
            let text = |literal: &str| literal.split_once('\n').unwrap().1.to_owned();
            let header = format!("References: {}<a@x>\r\nMail-Followup-To: {}", text(references), text(followers));
            let line = format!(
                "* 1 FETCH (ENVELOPE (NIL {subject} {who} {who} {who} {who} {who} NIL {parent} {id}) \
                 BODY[HEADER.FIELDS (REFERENCES MAIL-FOLLOWUP-TO)] {{{}}}\r\n{header})\r\n",
                header.len()
            );
            let message = codec::fetched(line.into_bytes().into(), &Limits::default()).unwrap();
            for reply in [message.reply(&[]), message.reply_all(&["x"]), message.forward()] {
                let reply = reply.unwrap();
                let people = reply.to.iter().chain(&reply.cc);
                let values = people.flat_map(|one| [one.to_string(), one.email().to_owned(), one.name().unwrap_or_default().to_owned()]);
                let ids = reply.references.iter().chain(&reply.in_reply_to).cloned();
                for value in values.chain(ids).chain([reply.subject.clone()]) {
                    prop_assert!(!value.contains(ends_line), "{:?}", value);
                }
            }
        }
    }
}
