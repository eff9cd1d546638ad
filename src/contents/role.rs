//! What each part is for a person, and which parts are the body. The body is found by the algorithm of RFC 8621 §4.1.4, so that it is the
//! same as with JMAP. It must not know names beyond whether there is one, nor contents.

use super::draft::{Draft, Kind};
use super::mime::Disposition;
use super::node::Node;
use super::part::PartRole;

/// The places of the parts that are a message's body, in order, for all messages of a tree.
#[derive(Debug, Default)]
pub(super) struct Bodies {
    /// With plain text if there is a choice.
    pub(super) text: Vec<usize>,
    /// With HTML if there is a choice.
    pub(super) html: Vec<usize>,
}

/// The role of each part, and the bodies.
pub(super) fn assign(drafts: &[Draft], nodes: &[Node]) -> (Vec<PartRole>, Bodies) {
    let mut assigner = Assigner { drafts, nodes, bodies: Bodies::default() };
    let roots = (0..drafts.len()).filter(|&place| assigner.is_root(place)).collect::<Vec<_>>();
    for root in roots {
        assigner.body_of(root);
    }
    let mut is_body = vec![false; drafts.len()];
    for &place in assigner.bodies.text.iter().chain(&assigner.bodies.html) {
        if let Some(is_body) = is_body.get_mut(place) {
            *is_body = true;
        }
    }
    assigner.bodies.text.sort_unstable();
    assigner.bodies.html.sort_unstable();
    let roles = is_body.into_iter().enumerate().map(|(place, is_body)| assigner.role(place, is_body)).collect();
    (roles, assigner.bodies)
}

struct Assigner<'a> {
    drafts: &'a [Draft],
    nodes: &'a [Node],
    bodies: Bodies,
}

/// A multipart whose children are being looked at.
struct Level {
    place: usize,
    end: usize,
    is_alternative: bool,
    /// Whether it is inside a `multipart/alternative`.
    in_alternative: bool,
    /// Whether its parts belong to the text body, and to the HTML body.
    wants: [bool; 2],
    /// The lengths of both bodies before it.
    before: [usize; 2],
}

impl Assigner<'_> {
    /// Whether it is the body of a message.
    fn is_root(&self, place: usize) -> bool {
        self.parent(place).is_none_or(|(_, parent)| parent.kind == Kind::Message)
    }

    fn parent(&self, place: usize) -> Option<(usize, &Draft)> {
        let parent = self.nodes.get(place)?.parent?;
        Some((parent, self.drafts.get(parent)?))
    }

    fn media_type(&self, place: usize) -> &str {
        self.drafts.get(place).map_or("", |draft| &draft.fields.media_type)
    }

    /// `parseStructure` of RFC 8621 §4.1.4, without recursion.
    fn body_of(&mut self, root: usize) {
        let end = self.nodes.get(root).map_or(root, |node| node.end);
        let mut levels: Vec<Level> = Vec::new();
        let mut place = root;
        while place < end {
            while levels.last().is_some_and(|level| place >= level.end) {
                self.leave(&mut levels);
            }
            let Some((draft, node)) = self.drafts.get(place).zip(self.nodes.get(place)) else { break };
            if draft.kind == Kind::Multipart {
                let outer = levels.last();
                let is_alternative = draft.fields.media_type == "multipart/alternative";
                levels.push(Level {
                    place,
                    end: node.end,
                    is_alternative,
                    in_alternative: is_alternative || outer.is_some_and(|outer| outer.in_alternative),
                    wants: outer.map_or([true, true], |outer| outer.wants),
                    before: self.lengths(),
                });
                place += 1;
                continue;
            }
            if self.is_shown(place, levels.last()) {
                self.show(place, levels.last_mut());
            }
            place = node.end;
        }
        while !levels.is_empty() {
            self.leave(&mut levels);
        }
    }

    fn lengths(&self) -> [usize; 2] {
        [self.bodies.text.len(), self.bodies.html.len()]
    }

    /// Whether a leaf is part of a body rather than an attachment.
    fn is_shown(&self, place: usize, level: Option<&Level>) -> bool {
        let Some((draft, node)) = self.drafts.get(place).zip(self.nodes.get(place)) else { return false };
        let media_type = &*draft.fields.media_type;
        let is_media = is_media(media_type);
        let is_first = level.is_none() || node.ordinal == 0;
        let is_related = level.is_some_and(|level| self.media_type(level.place) == "multipart/related");
        draft.kind == Kind::Leaf
            && draft.fields.disposition != Some(Disposition::Attachment)
            && (is_media || matches!(media_type, "text/plain" | "text/html"))
            && (is_first || !is_related && (is_media || draft.fields.declared_name.is_none()))
            && !self.is_opaque(place)
    }

    fn show(&mut self, place: usize, level: Option<&mut Level>) {
        let is_text = self.media_type(place) == "text/plain";
        let is_html = self.media_type(place) == "text/html";
        let mut wants = [true, true];
        if let Some(level) = level {
            if level.is_alternative {
                level.wants_only(is_text, is_html, &mut wants);
            } else {
                if level.in_alternative {
                    level.wants = [level.wants[0] && !is_html, level.wants[1] && !is_text];
                }
                wants = level.wants;
            }
        }
        let [text, html] = wants;
        self.bodies.text.extend(text.then_some(place));
        self.bodies.html.extend(html.then_some(place));
    }

    /// Ends the innermost level. An alternative with only one of the two forms has it as both.
    fn leave(&mut self, levels: &mut Vec<Level>) {
        let Some(Level { is_alternative: true, wants: [true, true], before: [text, html], .. }) = levels.pop() else {
            return;
        };
        let Bodies { text: texts, html: htmls } = &mut self.bodies;
        if texts.len() == text {
            texts.extend_from_slice(htmls.get(html..).unwrap_or_default());
        } else if htmls.len() == html {
            htmls.extend_from_slice(texts.get(text..).unwrap_or_default());
        }
    }

    fn role(&self, place: usize, is_body: bool) -> PartRole {
        let Some(draft) = self.drafts.get(place) else { return PartRole::Attachment };
        let parent = self.parent(place);
        let media_type = &*draft.fields.media_type;
        let in_multipart = |name: &str| parent.is_some_and(|(_, parent)| parent.fields.media_type == name);
        match media_type {
            _ if in_multipart("multipart/encrypted") => PartRole::Encrypted,
            "multipart/encrypted" if draft.kind == Kind::Multipart => PartRole::Encrypted,
            "multipart/signed" if draft.kind == Kind::Multipart => PartRole::Signed,
            _ if draft.kind == Kind::Multipart => PartRole::Group,
            "application/pkcs7-mime" | "application/x-pkcs7-mime" => pkcs7(draft),
            "application/pkcs7-signature" | "application/x-pkcs7-signature" | "application/pgp-signature" => {
                PartRole::Signature
            }
            _ if in_multipart("multipart/signed") && self.nodes.get(place).is_some_and(|node| node.ordinal > 0) => {
                PartRole::Signature
            }
            "text/plain" if is_body => PartRole::Text,
            "text/html" if is_body => PartRole::Html,
            "message/rfc822" | "message/global" => PartRole::Message,
            "text/calendar" | "application/ics" => PartRole::Calendar,
            "message/delivery-status"
            | "message/global-delivery-status"
            | "message/disposition-notification"
            | "message/global-disposition-notification"
            | "message/feedback-report" => PartRole::Report,
            _ if in_multipart("multipart/related") && is_resource(draft) => PartRole::Inline,
            _ if in_multipart("multipart/alternative") && is_alternative(draft) => PartRole::Alternative,
            _ => PartRole::Attachment,
        }
    }

    /// Whether only software can read it, not a person.
    fn is_opaque(&self, place: usize) -> bool {
        let Some((_, parent)) = self.parent(place) else { return false };
        let ordinal = self.nodes.get(place).map_or(0, |node| node.ordinal);
        parent.kind == Kind::Multipart
            && match &*parent.fields.media_type {
                "multipart/encrypted" => true,
                "multipart/signed" => ordinal > 0,
                _ => false,
            }
    }
}

impl Level {
    /// In an alternative, plain text belongs to the text body only, and HTML to the HTML body only.
    fn wants_only(&self, is_text: bool, is_html: bool, wants: &mut [bool; 2]) {
        *wants = [self.wants[0] && is_text, self.wants[1] && is_html];
    }
}

/// What an `application/pkcs7-mime` contains (RFC 8551 §3.2.2). Mailers that leave the parameter out encrypt.
fn pkcs7(draft: &Draft) -> PartRole {
    let is = |kind: &str| draft.fields.param("smime-type").is_some_and(|found| found.trim().eq_ignore_ascii_case(kind));
    match () {
        () if is("signed-data") => PartRole::Signed,
        () if is("certs-only") || is("compressed-data") => PartRole::Attachment,
        () => PartRole::Encrypted,
    }
}

/// Whether it is what HTML shows by its id: not a document that somebody put into the `multipart/related`.
fn is_resource(draft: &Draft) -> bool {
    let media_type = &*draft.fields.media_type;
    let is_addressed = draft.fields.content_id.is_some() || draft.fields.location.is_some();
    is_addressed && (is_media(media_type) || media_type.starts_with("font/") || media_type == "text/css")
}

/// Whether it is another form of the text, not a file.
fn is_alternative(draft: &Draft) -> bool {
    draft.fields.media_type.starts_with("text/")
        && draft.fields.declared_name.is_none()
        && draft.fields.disposition != Some(Disposition::Attachment)
}

fn is_media(media_type: &str) -> bool {
    ["image/", "audio/", "video/"].iter().any(|start| media_type.starts_with(start))
}

#[cfg(test)]
mod tests {
    use crate::contents::Contents;

    /// A message with this structure: `mixed(text/plain, image/png)`, each leaf with further fields after `#`, separated by `|`.
    fn message(structure: &str) -> String {
        let mut boundaries = 0;
        format!("Subject: x\r\n{}", entity(structure.trim(), &mut boundaries))
    }

    fn entity(structure: &str, boundaries: &mut u32) -> String {
        let Some((kind, rest)) = structure.split_once('(').filter(|(kind, _)| !kind.contains('#')) else {
            let (kind, fields) = structure.split_once('#').unwrap_or((structure, ""));
            let fields: String =
                fields.split('|').filter(|field| !field.is_empty()).map(|field| format!("{field}\r\n")).collect();
            return format!("Content-Type: {}\r\n{fields}\r\n..", kind.trim());
        };
        let inside = rest.strip_suffix(')').unwrap();
        if kind == "message" {
            return format!("Content-Type: message/rfc822\r\n\r\nSubject: y\r\n{}", entity(inside, boundaries));
        }
        *boundaries += 1;
        let boundary = format!("b{boundaries}-");
        let (mut depth, mut out) = (0, format!("Content-Type: multipart/{kind}; boundary=\"{boundary}\"\r\n\r\n"));
        for child in inside.split(|c| {
            depth += match c {
                '(' => 1,
                ')' => -1,
                _ => 0,
            };
            c == ',' && depth == 0
        }) {
            out += &format!("--{boundary}\r\n{}\r\n", entity(child.trim(), boundaries));
        }
        out + &format!("--{boundary}--\r\n")
    }

    fn sections<'a>(parts: impl Iterator<Item = &'a crate::MimePart>) -> String {
        let numbers = parts.map(|part| part.path().iter().map(u32::to_string).collect::<Vec<_>>().join("."));
        numbers.collect::<Vec<_>>().join(" ")
    }

    /// The structure; the text body, the HTML body, the attachments, the inline parts.
    const SHOWN: &[(&str, [&str; 4])] = &[
        ("text/plain", ["1", "1", "", ""]),
        ("text/html", ["1", "1", "", ""]),
        ("application/pdf", ["", "", "1", ""]),
        ("image/png", ["1", "1", "1", ""]),
        ("text/plain#Content-Disposition: attachment", ["", "", "1", ""]),
        ("alternative(text/plain, text/html)", ["1", "2", "", ""]),
        ("alternative(text/html, text/plain)", ["2", "1", "", ""]),
        ("alternative(text/html)", ["1", "1", "", ""]),
        ("alternative(text/plain, application/pdf)", ["1", "1", "2", ""]),
        ("alternative(text/plain, text/x-amp-html, text/html)", ["1", "3", "", ""]),
        ("mixed(text/plain, application/pdf, text/plain)", ["1 3", "1 3", "2", ""]),
        ("mixed(text/plain, text/plain; name=a.txt)", ["1", "1", "2", ""]),
        ("mixed(text/plain; name=a.txt, text/plain)", ["1 2", "1 2", "", ""]),
        // The pictures of a telephone: shown between the texts, and to be saved.
        (
            "mixed(text/plain, image/jpeg#Content-Disposition: inline; filename=a.jpg, text/plain)",
            ["1 2 3", "1 2 3", "2", ""],
        ),
        (
            "mixed(alternative(text/plain, text/html), image/png#Content-Disposition: attachment)",
            ["1.1", "1.2", "2", ""],
        ),
        ("related(text/html, image/png#Content-ID: <a>)", ["1", "1", "", "2"]),
        ("related(text/html, image/png#Content-ID: <a>|Content-Disposition: attachment)", ["1", "1", "", "2"]),
        ("related(text/html, image/png)", ["1", "1", "2", ""]),
        ("related(text/html, application/pdf#Content-ID: <a>)", ["1", "1", "2", ""]),
        ("alternative(text/plain, related(text/html, image/png#Content-ID: <a>))", ["1", "2.1", "", "2.2"]),
        ("related(alternative(text/plain, text/html), image/png#Content-ID: <a>)", ["1.1", "1.2", "", "2"]),
        ("alternative(text/plain, mixed(text/html, application/pdf))", ["1", "2.1", "2.2", ""]),
        // A list's footer.
        ("mixed(alternative(text/plain, text/html), text/plain)", ["1.1 2", "1.2 2", "", ""]),
        ("mixed(text/plain, message(mixed(text/plain, application/pdf)))", ["1", "1", "2", ""]),
        ("mixed(text/plain, message/delivery-status, message(text/plain))", ["1", "1", "3", ""]),
        ("signed(text/plain, application/pgp-signature)", ["1", "1", "", ""]),
        (
            "signed(mixed(text/plain, application/pdf), application/pkcs7-signature; name=smime.p7s)",
            ["1.1", "1.1", "1.2", ""],
        ),
        ("encrypted(application/pgp-encrypted, application/octet-stream)", ["", "", "", ""]),
        ("application/pkcs7-mime; smime-type=enveloped-data; name=smime.p7m", ["", "", "", ""]),
        ("application/pkcs7-mime; smime-type=certs-only; name=smime.p7c", ["", "", "1", ""]),
        ("alternative(text/plain, text/html, text/calendar; method=REQUEST)", ["1", "2", "", ""]),
        ("mixed(alternative(text/plain, text/calendar), application/ics; name=invite.ics)", ["1.1", "1.1", "2", ""]),
        ("digest(message(text/plain), message(text/plain))", ["", "", "1 2", ""]),
    ];

    #[test]
    fn parts_are_what_mail_programs_show() {
        for (structure, expected) in SHOWN {
            let contents = Contents::parse(message(structure));
            assert!(contents.defects().is_empty(), "{structure}: {:?}", contents.defects());
            let found = [
                sections(contents.text_body()),
                sections(contents.html_body()),
                sections(contents.attachments()),
                sections(contents.inlines()),
            ];
            assert_eq!(found, *expected, "{structure}");
        }
    }

    #[test]
    fn what_is_signed_or_encrypted_is_known() {
        for (structure, signed, encrypted) in [
            ("text/plain", false, false),
            ("signed(text/plain, application/pgp-signature)", true, false),
            ("mixed(signed(text/plain, application/pkcs7-signature), text/plain)", true, false),
            ("application/pkcs7-mime; smime-type=signed-data", true, false),
            ("application/pkcs7-mime; smime-type=\"authEnveloped-data\"", false, true),
            ("application/x-pkcs7-mime; name=smime.p7m", false, true),
            ("encrypted(application/pgp-encrypted, application/octet-stream)", false, true),
            ("mixed(text/plain, message(signed(text/plain, application/pgp-signature)))", false, false),
        ] {
            let contents = Contents::parse(message(structure));
            assert_eq!((contents.is_signed(), contents.is_encrypted()), (signed, encrypted), "{structure}");
        }
    }

    #[test]
    fn what_is_signed_is_byte_for_byte_as_it_was() {
        let signed = "Content-Type: text/plain;\r\n\tcharset=utf-8 \r\n\r\nHello \r\n\r\n";
        let bytes = format!(
            "Content-Type: multipart/signed; boundary=b\r\n\r\n--b\r\n{signed}\r\n--b\r\n\
             Content-Type: application/pgp-signature\r\n\r\nxx\r\n--b--\r\n"
        );
        let contents = Contents::parse(bytes);
        let (part, signature) = contents.signed().next().unwrap();
        assert_eq!(part.entity().map(|entity| &entity[..]), Some(signed.as_bytes()));
        assert_eq!(signature.path(), [2]);
        assert_eq!(sections(contents.signatures()), "2");
    }

    #[test]
    fn an_embedded_message_has_contents_of_its_own() {
        let contents = Contents::parse(message(
            "mixed(text/plain, message(mixed(alternative(text/plain, text/html), image/png; name=a.png)), application/pdf)",
        ));
        assert_eq!((sections(contents.text_body()), sections(contents.attachments())), ("1".into(), "2 3".into()));
        let inner = contents.embedded(contents.messages().next().unwrap()).unwrap();
        assert_eq!(
            (sections(inner.text_body()), sections(inner.html_body())),
            ("2.1.1 2.2".into(), "2.1.2 2.2".into())
        );
        assert_eq!(sections(inner.attachments()), "2.2");
        assert_eq!(sections(inner.parts()), "2 2.1 2.1.1 2.1.2 2.2");
        assert!(contents.embedded(inner.text().unwrap()).is_none());
        assert!(Contents::parse("a: b\r\n\r\n").embedded(contents.messages().next().unwrap()).is_none());
    }
}
