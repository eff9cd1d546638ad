//! [`Contents`] from a FETCH response, and the [`Section`] of a part. It must not know how a structure is written on the wire.

use std::borrow::Cow;

use super::types::{BodyStructure, Fetched, Params, PartKind, Section, Str};
use crate::contents::{self, Contents, Draft, DraftKind, Fields, MOST_LEVELS, MOST_PARTS, MimePart};
use crate::contents::{Disposition, TransferEncoding};
use crate::defect::Reason;
use crate::text::param::Bytes;

impl Fetched {
    /// The message as a person sees it: from its bytes if the response has all of them, otherwise from BODYSTRUCTURE, without downloading
    /// anything. `None` if the response has neither.
    ///
    /// [`Contents::list_unsubscribe`] needs the header fields List-Unsubscribe and List-Unsubscribe-Post in the same response.
    ///
    /// ```
    /// use postroom::imap::codec::fetched;
    ///
    /// let line = b"* 1 FETCH (BODYSTRUCTURE ((\"text\" \"plain\" (\"charset\" \"utf-8\") NIL NIL \"7bit\" 120 4)\
    ///     (\"image\" \"png\" (\"name\" \"a.png\") NIL NIL \"base64\" 9000) \"mixed\"))\r\n";
    /// let message = fetched((&line[..]).into(), &postroom::Limits::default()).unwrap();
    /// let contents = message.contents().unwrap();
    /// let image = contents.attachments().next().unwrap();
    /// assert_eq!((image.section().to_string().as_str(), image.name()), ("2", Some("a.png")));
    /// assert!(image.size().is_some_and(|size| !size.is_exact() && size.octets() < 9000));
    /// ```
    pub fn contents(&self) -> Option<Contents> {
        if let Some(body) = self.body() {
            return Some(Contents::parse(body));
        }
        let drafts = drafts(self.body_structure()?);
        let is_header = |name: &str| name.eq_ignore_ascii_case("HEADER") || name.starts_with("HEADER.FIELDS");
        let headers = self.sections().filter(|found| found.origin().is_none() && is_header(&found.name()));
        let header: Vec<u8> = headers.filter_map(|found| found.bytes()).flatten().collect();
        Some(Contents::of_drafts(drafts, &header))
    }
}

impl BodyStructure<'_> {
    /// The message as a person sees it, if this is the root; otherwise this part as if it was a message, with paths of its own.
    ///
    /// ```
    /// use postroom::imap::codec::fetched;
    ///
    /// let line = b"* 1 FETCH (BODYSTRUCTURE (\"text\" \"html\" NIL NIL NIL \"7bit\" 120 4))\r\n";
    /// let message = fetched((&line[..]).into(), &postroom::Limits::default()).unwrap();
    /// assert!(message.body_structure().unwrap().contents().html().is_some());
    /// ```
    pub fn contents(&self) -> Contents {
        Contents::of_drafts(drafts(*self), b"")
    }
}

impl MimePart {
    /// The section with this part's content, to fetch or read it by (RFC 9051 §6.4.5.1). For a multipart that is the body of a message it
    /// is that message's text.
    ///
    /// ```
    /// use postroom::Contents;
    ///
    /// let contents = Contents::parse("Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nHi\r\n--b--\r\n");
    /// let sections: Vec<String> = contents.parts().map(|part| part.section().to_string()).collect();
    /// assert_eq!(sections, ["TEXT", "1"]);
    /// ```
    pub fn section(&self) -> Section {
        let section = Section::of_path(self.path().to_vec());
        if self.is_text_of_path() { section.text() } else { section }
    }
}

/// The parts of a structure, in order.
fn drafts(root: BodyStructure<'_>) -> Vec<Draft> {
    let mut drafts: Vec<Draft> = Vec::new();
    let mut pending = vec![(root, 0)];
    while let Some((part, depth)) = pending.pop() {
        let mut draft = draft(part);
        draft.depth = depth;
        draft.number = (depth > 0).then(|| part.number_in_parent());
        if draft.kind != DraftKind::Leaf && depth < MOST_LEVELS {
            let begun = pending.len();
            pending.extend(part.children().map(|child| (child, depth + 1)));
            pending.get_mut(begun..).into_iter().for_each(<[_]>::reverse);
        } else if draft.kind != DraftKind::Leaf {
            draft.kind = DraftKind::Leaf;
            draft.flaws.push(Reason::Nesting);
        }
        drafts.push(draft);
        if drafts.len() >= MOST_PARTS && !pending.is_empty() {
            drafts.first_mut().into_iter().for_each(|root| root.flaws.push(Reason::TooMany));
            break;
        }
    }
    drafts
}

fn draft(part: BodyStructure<'_>) -> Draft {
    let mut draft = Draft::new(fields(part));
    let is_encoded = draft.fields.encoding != TransferEncoding::Identity;
    draft.kind = match part.kind() {
        PartKind::Multipart => DraftKind::Multipart,
        // What a server shows inside an encoded message is made of encoded text.
        PartKind::Message if !is_encoded && part.children().next().is_some() => DraftKind::Message,
        _ => DraftKind::Leaf,
    };
    draft.encoded_size = part.size();
    let subject = part.envelope().and_then(|envelope| envelope.subject());
    draft.subject = subject.and_then(|subject| contents::text(&subject.bytes()));
    draft
}

fn fields(part: BodyStructure<'_>) -> Fields {
    let (params, disposition) = (pairs(part.params()), pairs(part.disposition_params()));
    let media_type = contents::media_type(format!("{}/{}", part.media_type(), part.subtype()).as_bytes());
    let media_type = match part.kind() {
        PartKind::Multipart => media_type.unwrap_or_else(|| "multipart/mixed".to_owned()),
        // Dovecot and Courier show types without a subtype, and Courier shows multiparts without parts (RFC 2045 §5.2).
        _ => media_type.filter(|kind| !kind.starts_with("multipart/")).unwrap_or_else(|| "text/plain".to_owned()),
    };
    let value = |field: Option<Str<'_>>, read: fn(&[u8]) -> Option<String>| read(&field?.bytes());
    Fields {
        media_type,
        params: contents::decoded_params(&params),
        declared_name: contents::name(disposition.into_iter(), params.into_iter()),
        encoding: TransferEncoding::of(&part.encoding().unwrap_or(Str::EMPTY).bytes()),
        disposition: part.disposition().and_then(|name| Disposition::of(&name.bytes())),
        content_id: value(part.id(), contents::content_id),
        location: value(part.location(), contents::location),
        description: value(part.description(), contents::text),
    }
}

fn pairs(params: Params<'_>) -> Vec<(Bytes<'_>, Bytes<'_>)> {
    params.map(|(name, value)| (name.bytes(), value.map_or(Cow::Borrowed(&[][..]), |value| value.bytes()))).collect()
}

#[cfg(test)]
mod tests {
    use crate::Limits;
    use crate::imap::codec;

    fn sections(structure: &str) -> Vec<String> {
        let frame = format!("* 1 FETCH (BODYSTRUCTURE {structure})\r\n");
        let fetched = codec::fetched(frame.into(), &Limits::default()).unwrap();
        let named: Vec<_> = fetched.body_structure().unwrap().walk().map(|part| part.section().to_string()).collect();
        let parts = fetched.contents().unwrap();
        assert_eq!(parts.parts().map(|part| part.section().to_string()).collect::<Vec<_>>(), named, "{structure}");
        named
    }

    #[test]
    fn parts_have_the_numbers_of_the_structure() {
        const TEXT: &str = "(\"text\" \"plain\" NIL NIL NIL \"7bit\" 1 1)";
        let envelope = "(NIL \"a\" NIL NIL NIL NIL NIL NIL NIL NIL)";
        let message = |body: &str| format!("(\"message\" \"rfc822\" NIL NIL NIL \"7bit\" 9 {envelope} {body} 1)");
        assert_eq!(sections(TEXT), ["1"]);
        assert_eq!(sections(&message(TEXT)), ["1", "1.1"]);
        let mixed = format!("({TEXT}{TEXT} \"mixed\")");
        assert_eq!(sections(&message(&mixed)), ["1", "1.TEXT", "1.1", "1.2"]);
        let nested = message(&message(&mixed));
        assert_eq!(
            sections(&format!("({TEXT}{nested} \"mixed\")")),
            ["TEXT", "1", "2", "2.1", "2.1.TEXT", "2.1.1", "2.1.2"]
        );
        // A part that cannot be read is counted.
        assert_eq!(sections(&format!("((){TEXT} \"mixed\")")), ["TEXT", "2"]);
    }

    #[test]
    fn types_that_are_none_are_text() {
        let kind = |structure: &str| {
            let frame = format!("* 1 FETCH (BODYSTRUCTURE {structure})\r\n");
            let fetched = codec::fetched(frame.into(), &Limits::default()).unwrap();
            fetched.contents().unwrap().parts().next().unwrap().media_type().to_owned()
        };
        for structure in [
            "(\"text\" NIL)",
            "(\"\" \"\" NIL NIL NIL \"7bit\" 1)",
            "(\"multipart\" \"signed\" NIL NIL NIL \"7bit\" 1)",
        ] {
            assert_eq!(kind(structure), "text/plain", "{structure}");
        }
    }
}
