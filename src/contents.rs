//! [`Contents`]: a message as a person sees it, the same for both protocols. It is made from the bytes of a message here, and from a
//! server's BODYSTRUCTURE in `imap/contents.rs`. It must not know a protocol.

mod draft;
mod extension;
mod field;
mod file_name;
#[cfg(feature = "net")]
mod keeping;
mod mime;
mod node;
mod octets;
mod part;
mod role;
mod split;
mod tree;
mod unsubscribe;

use std::borrow::Cow;
use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;
use percent_encoding::percent_decode_str;

use crate::defect::Defect;
use crate::messages::Message;
pub(crate) use draft::{Draft, Kind as DraftKind, MOST_LEVELS, MOST_PARTS};
pub(crate) use field::{content_id, decoded as decoded_params, location, media_type, name, text};
#[cfg(feature = "net")]
pub(crate) use keeping::Keeping;
pub(crate) use mime::Fields;
pub use mime::{Disposition, TransferEncoding};
pub(crate) use octets::Octets;
pub use part::{MimePart, PartRole, PartSize};
use split::{Split, Splitter};
pub use unsubscribe::ListUnsubscribe;

/// A message as a person sees it: its text, its HTML, the pictures in it, and what is attached.
///
/// It comes from the bytes of a message ([`parse`](Self::parse), [`Message::contents`]) or from a server's BODYSTRUCTURE, without downloading
/// the message ([`Fetched::contents`](crate::imap::Fetched::contents)). The parts, their numbers, names, types and charsets are the
/// same either way. It is cheap to clone, and keeps the bytes of the message alive if it has them.
///
/// **HTML is not sanitised.** It can contain scripts, and addresses that tell the sender when they are loaded. Clean it before showing it.
///
/// ```
/// use postroom::{Contents, PartRole};
///
/// let message = "Content-Type: multipart/mixed; boundary=b\r\n\r\n\
///     --b\r\nContent-Type: multipart/alternative; boundary=a\r\n\r\n\
///     --a\r\n\r\nHello\r\n--a\r\nContent-Type: text/html\r\n\r\n<p>Hello\r\n--a--\r\n\
///     --b\r\nContent-Type: image/png; name=\"=?utf-8?Q?caf=C3=A9.png?=\"\r\n\r\n..\r\n--b--\r\n";
/// let contents = Contents::parse(message);
/// assert_eq!(contents.text().map(|part| part.path()), Some(&[1, 1][..]));
/// assert_eq!(contents.html().map(|part| part.path()), Some(&[1, 2][..]));
/// let names: Vec<_> = contents.attachments().map(|part| part.safe_file_name()).collect();
/// assert_eq!(names, ["café.png"]);
/// ```
#[derive(Clone)]
pub struct Contents {
    all: Arc<All>,
    /// The place of the body of the message that this is about.
    root: usize,
}

/// The parts of the whole message, and of the messages in it.
struct All {
    parts: Vec<MimePart>,
    bodies: role::Bodies,
    defects: Vec<Defect>,
    unsubscribe: Option<ListUnsubscribe>,
}

impl Contents {
    /// Reads the bytes of a message. It takes one pass over them, copies nothing but names, and touches no wire. The parts share the bytes.
    ///
    /// Every message has contents. What is wrong with it is in [`defects`](Self::defects); at most 10,000 parts and 100 levels of them
    /// are read. Bytes without any header are one text.
    pub fn parse(message: impl Into<Bytes>) -> Self {
        let message: Bytes = message.into();
        let mut splitter = Splitter::new(usize::MAX);
        splitter.push(&message);
        // The places are inside the message, so they fit.
        let slice = |range: Range<u64>| message.slice(range.start as usize..range.end as usize);
        Self::of_split(splitter.finish(), |range| Octets::Memory(slice(range)))
    }

    /// The contents with these parts, whose bytes this finds by their places in the message.
    fn of_split(split: Split, octets: impl Fn(Range<u64>) -> Octets) -> Self {
        let drafts = split.parts.into_iter().map(|found| {
            let mut draft = found.draft;
            if draft.kind != DraftKind::Multipart {
                draft.encoded_size = Some(found.body.end - found.body.start);
                draft.encoded = Some(octets(found.body.clone()));
            }
            draft.entity = Some(octets(found.header.start..found.body.end));
            draft
        });
        Self::new(drafts.collect(), split.unsubscribe)
    }

    /// The contents with these parts, in order.
    pub(crate) fn of_drafts(drafts: Vec<Draft>, header: &[u8]) -> Self {
        Self::new(drafts, ListUnsubscribe::read(header))
    }

    /// Also has these defects of the message that they were read from.
    pub(crate) fn with_defects(mut self, defects: Vec<Defect>) -> Self {
        if let Some(all) = Arc::get_mut(&mut self.all) {
            all.defects.extend(defects);
        }
        self
    }

    fn new(drafts: Vec<Draft>, unsubscribe: Option<ListUnsubscribe>) -> Self {
        let tree::Tree { parts, bodies, defects } = tree::Tree::new(drafts);
        Self { all: Arc::new(All { parts, bodies, defects, unsubscribe }), root: 0 }
    }

    /// All parts in order, each before those inside it: also multiparts, and the parts of embedded messages.
    pub fn parts(&self) -> impl Iterator<Item = &MimePart> {
        let end = self.root().map_or(0, |root| root.data.end);
        self.all.parts.get(self.root..end).unwrap_or_default().iter()
    }

    /// The part with this path that has content of its own: `[2, 1]` is `BODY[2.1]`.
    pub fn part(&self, path: &[u32]) -> Option<&MimePart> {
        self.parts().find(|part| part.path() == path && !part.data.is_text)
    }

    /// The plain text of the body: the first `text/plain` of [`text_body`](Self::text_body). `None` if there is only HTML, or no text.
    pub fn text(&self) -> Option<&MimePart> {
        self.text_body().find(|part| part.role() == PartRole::Text)
    }

    /// The HTML of the body: the first `text/html` of [`html_body`](Self::html_body). `None` if there is only plain text, or no text.
    pub fn html(&self) -> Option<&MimePart> {
        self.html_body().find(|part| part.role() == PartRole::Html)
    }

    /// The parts to show one after the other as the body, with plain text if the sender offers a choice: texts, HTML that has no other
    /// form, and pictures, sounds and films between them (`textBody` of RFC 8621 §4.1.4).
    pub fn text_body(&self) -> impl Iterator<Item = &MimePart> {
        self.body(&self.all.bodies.text)
    }

    /// The parts to show one after the other as the body, with HTML if the sender offers a choice (`htmlBody` of RFC 8621 §4.1.4).
    pub fn html_body(&self) -> impl Iterator<Item = &MimePart> {
        self.body(&self.all.bodies.html)
    }

    /// What a person can save: attached files, embedded messages, and calendar objects that are attached or have a name. It contains the
    /// pictures between texts, too, which mail programs of telephones send; but not those that HTML shows ([`inlines`](Self::inlines)),
    /// signatures, reports, and what is encrypted.
    pub fn attachments(&self) -> impl Iterator<Item = &MimePart> {
        self.own().filter(|part| match part.role() {
            PartRole::Attachment | PartRole::Message => true,
            PartRole::Calendar => part.disposition() == Some(Disposition::Attachment) || part.declared_name().is_some(),
            _ => false,
        })
    }

    /// The pictures and other resources that the HTML shows.
    pub fn inlines(&self) -> impl Iterator<Item = &MimePart> {
        self.with_role(PartRole::Inline)
    }

    /// The part with this Content-ID, whatever its role. The id may be with or without angle brackets, or a `cid:` URL as in HTML (RFC
    /// 2392).
    ///
    /// ```
    /// use postroom::Contents;
    ///
    /// let contents = Contents::parse(
    ///     "Content-Type: multipart/related; boundary=b\r\n\r\n\
    ///      --b\r\nContent-Type: text/html\r\n\r\n<img src=\"cid:1%40x\">\r\n\
    ///      --b\r\nContent-Type: image/png\r\nContent-ID: <1@x>\r\n\r\n..\r\n--b--\r\n",
    /// );
    /// assert_eq!(contents.inline("cid:1%40x").map(|part| part.media_type()), Some("image/png"));
    /// ```
    pub fn inline(&self, content_id: &str) -> Option<&MimePart> {
        let id = match content_id.get(..4) {
            Some(scheme) if scheme.eq_ignore_ascii_case("cid:") => {
                percent_decode_str(content_id.get(4..).unwrap_or_default()).decode_utf8_lossy()
            }
            _ => Cow::Borrowed(content_id),
        };
        let id = id.trim().trim_start_matches('<').trim_end_matches('>');
        self.own().find(|part| part.content_id() == Some(id))
    }

    /// The embedded messages, as in forwarded mail. [`embedded`](Self::embedded) is what they contain.
    pub fn messages(&self) -> impl Iterator<Item = &MimePart> {
        self.with_role(PartRole::Message)
    }

    /// The contents of an embedded message. `None` if the part is none of this message's, or its structure is not known.
    ///
    /// ```
    /// use postroom::Contents;
    ///
    /// let contents = Contents::parse("Content-Type: message/rfc822\r\n\r\nSubject: =?utf-8?Q?caf=C3=A9?=\r\n\r\nHello\r\n");
    /// let forwarded = contents.messages().next().expect("it is a message");
    /// assert_eq!(forwarded.name(), Some("café.eml"));
    /// let text = contents.embedded(forwarded).and_then(|inner| inner.text().map(|part| part.path().to_vec()));
    /// assert_eq!(text, Some(vec![1, 1]));
    /// ```
    pub fn embedded(&self, message: &MimePart) -> Option<Self> {
        let place = message.data.place;
        let is_same = |part: &&MimePart| Arc::ptr_eq(&part.data, &message.data);
        self.all.parts.get(place).filter(is_same)?;
        let root = place + 1;
        let is_message = message.data.kind == DraftKind::Message && root < message.data.end;
        is_message.then(|| Self { all: self.all.clone(), root })
    }

    /// The calendar objects, as in invitations; the `method` of [`MimePart::param`] says what is asked for.
    pub fn calendars(&self) -> impl Iterator<Item = &MimePart> {
        self.with_role(PartRole::Calendar)
    }

    /// The signatures apart from what they sign, and the parts that contain both (S/MIME). They are not verified.
    pub fn signatures(&self) -> impl Iterator<Item = &MimePart> {
        let is_opaque = |part: &MimePart| part.role() == PartRole::Signed && part.data.kind == DraftKind::Leaf;
        self.own().filter(move |part| part.role() == PartRole::Signature || is_opaque(part))
    }

    /// The parts inside `multipart/signed` that are signed, each with its signature (RFC 1847 §2.1). What is signed is
    /// [`MimePart::entity`], byte for byte. They are not verified.
    pub fn signed(&self) -> impl Iterator<Item = (&MimePart, &MimePart)> {
        let signed = self.own().filter(|part| part.role() == PartRole::Signed);
        signed.filter_map(|part| {
            let mut children = self.children(part);
            Some((children.next()?, children.next()?))
        })
    }

    /// Whether it says that something in it is signed. It is not verified.
    pub fn is_signed(&self) -> bool {
        self.own().any(|part| matches!(part.role(), PartRole::Signed | PartRole::Signature))
    }

    /// Whether something in it is encrypted by OpenPGP or S/MIME (RFC 3156, RFC 8551). OpenPGP inside of plain text is not found.
    pub fn is_encrypted(&self) -> bool {
        self.own().any(|part| part.role() == PartRole::Encrypted)
    }

    /// How to leave the mailing list that sent it. From a server it is known only if the fields were fetched: List-Unsubscribe and
    /// List-Unsubscribe-Post.
    pub fn list_unsubscribe(&self) -> Option<&ListUnsubscribe> {
        self.all.unsubscribe.as_ref().filter(|_| self.root == 0)
    }

    /// The parts directly inside this one: those of a multipart, or the body of an embedded message.
    pub fn children<'a>(&'a self, part: &'a MimePart) -> impl Iterator<Item = &'a MimePart> {
        let inside = self.all.parts.get(part.data.place + 1..part.data.end).unwrap_or_default();
        inside.iter().filter(|child| child.data.parent == Some(part.data.place))
    }

    /// What is wrong with the message's structure, and with its bytes if these are known. Everything that could be read is there all the
    /// same.
    pub fn defects(&self) -> &[Defect] {
        &self.all.defects
    }

    fn root(&self) -> Option<&MimePart> {
        self.all.parts.get(self.root)
    }

    /// The parts of this message, without those of embedded messages.
    fn own(&self) -> impl Iterator<Item = &MimePart> {
        self.parts().filter(|part| part.data.message == self.root)
    }

    fn with_role(&self, role: PartRole) -> impl Iterator<Item = &MimePart> {
        self.own().filter(move |part| part.role() == role)
    }

    fn body<'a>(&'a self, places: &'a [usize]) -> impl Iterator<Item = &'a MimePart> {
        let parts = places.iter().filter_map(|&place| self.all.parts.get(place));
        parts.filter(|part| part.data.message == self.root)
    }
}

impl fmt::Debug for Contents {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Contents")
            .field("parts", &self.parts().collect::<Vec<_>>())
            .field("defects", &self.all.defects)
            .finish_non_exhaustive()
    }
}

impl Message {
    /// The message as a person sees it. Costs one pass over its bytes, which the result shares.
    ///
    /// ```
    /// use postroom::{Message, MessageId};
    ///
    /// let message = Message::new(MessageId::other("stub", "1"), "Subject: hello\r\n\r\nHi.\r\n");
    /// assert_eq!(message.contents().text().and_then(|part| part.encoded_size()), Some(5));
    /// ```
    pub fn contents(&self) -> Contents {
        Contents::parse(self.bytes().clone()).with_defects(self.defects().to_vec())
    }
}
