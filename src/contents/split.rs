//! Finds the parts of a message in its bytes (RFC 2046 §5.1): one pass over its lines, in memory that is bounded by the number of parts.
//! It decodes no content, and must not know what a part means.

use std::ops::Range;

use super::draft::{Draft, Kind, MOST_LEVELS, MOST_PARTS};
use super::field;
use super::mime::TransferEncoding;
use crate::defect::Reason;
use crate::text::{self, param};

/// The most bytes of a boundary. RFC 2046 §5.1.1 allows 70.
const LONGEST_BOUNDARY: usize = 1000;

/// A part, with its places in the message.
pub(super) struct SplitPart {
    pub(super) draft: Draft,
    pub(super) header: Range<usize>,
    pub(super) body: Range<usize>,
}

/// The parts in order, each before those inside it. There is at least one.
pub(super) fn split(message: &[u8]) -> Vec<SplitPart> {
    let mut splitter = Splitter { message, found: Vec::new(), open: Vec::new(), at: 0, line_end: 0 };
    splitter.begin("text/plain");
    while let Some(rest) = message.get(splitter.at..).filter(|rest| !rest.is_empty()) {
        let length = memchr::memchr(b'\n', rest).map_or(rest.len(), |end| end + 1);
        splitter.line(rest.get(..length).unwrap_or_default());
    }
    splitter.finish()
}

struct Splitter<'a> {
    message: &'a [u8],
    found: Vec<SplitPart>,
    /// The parts that have not ended, from the outermost.
    open: Vec<Open>,
    at: usize,
    /// The length of the line end before `at`. Before a boundary it belongs to the boundary (RFC 2046 §5.1.1).
    line_end: usize,
}

/// A part that has not ended.
struct Open {
    place: usize,
    state: State,
}

enum State {
    Header,
    /// In the content, or in the embedded message.
    Body,
    /// In a multipart, before its last boundary.
    Parts {
        boundary: Vec<u8>,
        default: &'static str,
    },
    /// In a multipart, after its last boundary.
    Epilogue,
}

impl Splitter<'_> {
    fn line(&mut self, line: &[u8]) {
        let end = match line {
            [.., b'\r', b'\n'] => 2,
            [.., b'\n'] => 1,
            _ => 0,
        };
        let content = line.get(..line.len() - end).unwrap_or_default();
        if !self.boundary(content, line.len()) {
            self.at += line.len();
            if content.is_empty() && matches!(self.open.last(), Some(Open { state: State::Header, .. })) {
                self.header_ended();
            }
        }
        self.line_end = end;
    }

    /// Whether the line is the boundary of an open multipart. It ends all parts inside (RFC 2046 §5.1.2).
    fn boundary(&mut self, content: &[u8], length: usize) -> bool {
        let Some((level, is_last, default)) = self.matching(content) else { return false };
        self.close(level + 1, self.at.saturating_sub(self.line_end));
        self.at += length;
        let Some(multipart) = self.open.last_mut() else { return true };
        if is_last {
            multipart.state = State::Epilogue;
        } else if self.found.len() < MOST_PARTS {
            self.begin(default);
        } else {
            multipart.state = State::Epilogue;
            let place = multipart.place;
            self.flaw(place, Reason::TooMany);
            self.at = self.message.len();
        }
        true
    }

    /// The level of the innermost multipart with this boundary, whether it is its last, and the default type of its parts.
    fn matching(&self, content: &[u8]) -> Option<(usize, bool, &'static str)> {
        let line = content.strip_prefix(b"--")?.trim_ascii_end();
        self.open.iter().enumerate().rev().find_map(|(level, open)| {
            let State::Parts { boundary, default } = &open.state else { return None };
            match line.strip_prefix(&boundary[..])? {
                b"" => Some((level, false, *default)),
                b"--" => Some((level, true, *default)),
                _ => None,
            }
        })
    }

    /// A part begins here.
    fn begin(&mut self, default: &str) {
        let mut draft = Draft::new(field::read(b"", default));
        draft.depth = self.open.len();
        self.open.push(Open { place: self.found.len(), state: State::Header });
        self.found.push(SplitPart { draft, header: self.at..self.at, body: self.at..self.at });
    }

    /// The content of the innermost part begins here.
    fn header_ended(&mut self) {
        let Some(place) = self.read_header(self.at) else { return };
        let Some(found) = self.found.get(place) else { return };
        let fields = &found.draft.fields;
        let boundary = boundary_of(found, self.message);
        let is_message = Kind::of(&fields.media_type) == Kind::Message && fields.encoding == TransferEncoding::Identity;
        let default = if fields.media_type == "multipart/digest" { "message/rfc822" } else { "text/plain" };
        let is_too_deep = (is_message || boundary.is_some()) && self.open.len() >= MOST_LEVELS;
        if is_too_deep || is_message && self.found.len() >= MOST_PARTS {
            self.flaw(place, if is_too_deep { Reason::Nesting } else { Reason::TooMany });
            self.set(place, State::Body, Kind::Leaf);
        } else if let Some(boundary) = boundary {
            self.set(place, State::Parts { boundary, default }, Kind::Multipart);
        } else if is_message {
            self.set(place, State::Body, Kind::Message);
            self.begin("text/plain");
        } else {
            self.set(place, State::Body, Kind::Leaf);
        }
    }

    fn set(&mut self, place: usize, state: State, kind: Kind) {
        if let Some(open) = self.open.last_mut() {
            open.state = state;
        }
        if let Some(found) = self.found.get_mut(place) {
            found.draft.kind = kind;
        }
    }

    /// Reads the header of the innermost part, which ends there; the place of the part.
    fn read_header(&mut self, end: usize) -> Option<usize> {
        let place = self.open.last()?.place;
        let parent = self.open.len().checked_sub(2).and_then(|level| self.open.get(level)).map(|open| open.place);
        let found = self.found.get_mut(place)?;
        found.header.end = end.max(found.header.start);
        found.body = found.header.end..found.header.end;
        let header = self.message.get(found.header.clone()).unwrap_or_default();
        let default = std::mem::take(&mut found.draft.fields.media_type);
        found.draft.fields = field::read(header, &default);
        let parent = parent.and_then(|place| self.found.get_mut(place));
        if let Some(parent) = parent.filter(|parent| parent.draft.kind == Kind::Message) {
            parent.draft.subject = text::field::value(header, "Subject").and_then(field::text);
        }
        Some(place)
    }

    /// Ends the parts from that level on.
    fn close(&mut self, level: usize, end: usize) {
        while self.open.len() > level {
            if let Some(Open { state: State::Header, .. }) = self.open.last() {
                self.read_header(end);
            }
            let Some(open) = self.open.pop() else { return };
            let is_empty = self.found.len() == open.place + 1;
            let Some(found) = self.found.get_mut(open.place) else { return };
            found.body.end = end.max(found.body.start);
            let fields = &mut found.draft.fields;
            if is_empty && fields.media_type.starts_with("multipart/") {
                // Servers show it as text, too: BODYSTRUCTURE has no form for a multipart without parts.
                "text/plain".clone_into(&mut fields.media_type);
                found.draft.kind = Kind::Leaf;
                self.flaw(open.place, Reason::Missing);
            } else if matches!(open.state, State::Parts { .. }) {
                self.flaw(open.place, Reason::Unterminated);
            }
        }
    }

    fn finish(mut self) -> Vec<SplitPart> {
        self.close(0, self.message.len());
        self.found
    }

    fn flaw(&mut self, place: usize, reason: Reason) {
        if let Some(found) = self.found.get_mut(place) {
            found.draft.flaws.push(reason);
        }
    }
}

/// The boundary between the parts of a multipart; `None` if it is none, or has none.
fn boundary_of(found: &SplitPart, message: &[u8]) -> Option<Vec<u8>> {
    if Kind::of(&found.draft.fields.media_type) != Kind::Multipart {
        return None;
    }
    let header = message.get(found.header.clone())?;
    let params = param::read(text::field::value(header, "Content-Type")?);
    let plain = params.iter().find(|(name, _)| name.eq_ignore_ascii_case(b"boundary"));
    // Not decoded: what looks like an encoded word in a boundary is none.
    let boundary = match plain {
        Some((_, value)) => value.to_vec(),
        None => param::value(params.into_iter(), b"boundary")?.into_owned().into_bytes(),
    };
    let boundary = boundary.trim_ascii_end();
    (!boundary.is_empty() && boundary.len() <= LONGEST_BOUNDARY).then(|| boundary.to_vec())
}
