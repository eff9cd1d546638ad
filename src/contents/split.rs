//! Finds the parts of a message in its bytes (RFC 2046 §5.1): one pass over its lines, which come in chunks, in memory that is bounded by
//! the number of parts and the size of their headers. It decodes no content, and must not know what a part means.

use std::ops::Range;

use super::draft::{Draft, Kind, MOST_LEVELS, MOST_PARTS};
use super::field;
use super::mime::TransferEncoding;
use super::unsubscribe::ListUnsubscribe;
use crate::defect::Reason;
use crate::text::{self, param};

/// The most bytes of a boundary. RFC 2046 §5.1.1 allows 70.
const LONGEST_BOUNDARY: usize = 1000;
/// The most bytes of a line with a boundary, and those of a line that are kept until the next chunk.
const LONGEST_LINE: usize = 64 * 1024;

/// What was found in a message.
pub(super) struct Split {
    /// The parts in order, each before those inside it. There is at least one.
    pub(super) parts: Vec<SplitPart>,
    /// What the header of the message says.
    pub(super) unsubscribe: Option<ListUnsubscribe>,
}

/// A part, with its places in the message.
pub(super) struct SplitPart {
    pub(super) draft: Draft,
    pub(super) header: Range<u64>,
    pub(super) body: Range<u64>,
}

/// Splits a message into its parts: [`push`](Self::push) its bytes in chunks of any size, then [`finish`](Self::finish).
pub(super) struct Splitter {
    found: Vec<SplitPart>,
    /// The parts that have not ended, from the outermost.
    open: Vec<Open>,
    /// The number of bytes before the current line, or before what is left of it.
    at: u64,
    /// The length of the line end before `at`. Before a boundary it belongs to the boundary (RFC 2046 §5.1.1).
    line_end: u64,
    /// The line that has not ended, or its last bytes.
    line: Vec<u8>,
    /// Whether the first bytes of that line were too many to be kept.
    is_long: bool,
    /// The header of the innermost part, as far as it was read.
    header: Vec<u8>,
    /// How many bytes of headers may still be kept.
    header_budget: usize,
    /// Whether there are too many parts, so that the rest is not looked at.
    is_full: bool,
    unsubscribe: Option<ListUnsubscribe>,
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

impl Splitter {
    /// It reads at most this many bytes of headers, all together.
    pub(super) fn new(header_budget: usize) -> Self {
        let mut splitter = Self {
            found: Vec::new(),
            open: Vec::new(),
            at: 0,
            line_end: 0,
            line: Vec::new(),
            is_long: false,
            header: Vec::new(),
            header_budget,
            is_full: false,
            unsubscribe: None,
        };
        splitter.begin("text/plain");
        splitter
    }

    /// The next bytes of the message.
    pub(super) fn push(&mut self, mut bytes: &[u8]) {
        while let Some(at) = memchr::memchr(b'\n', bytes).filter(|_| !self.is_full) {
            let (line, rest) = bytes.split_at_checked(at + 1).unwrap_or((bytes, b""));
            bytes = rest;
            if self.line.is_empty() {
                self.line(line);
            } else {
                let mut begun = std::mem::take(&mut self.line);
                begun.extend_from_slice(line);
                self.line(&begun);
                begun.clear();
                self.line = begun;
            }
        }
        if self.is_full {
            self.at += bytes.len() as u64;
        } else {
            self.begin_line(bytes);
        }
    }

    /// The end of the message.
    pub(super) fn finish(mut self) -> Split {
        let rest = std::mem::take(&mut self.line);
        if !rest.is_empty() {
            self.line(&rest);
        }
        self.close(0, self.at);
        Split { parts: self.found, unsubscribe: self.unsubscribe }
    }

    /// More of a line that does not end with these bytes. Of a long line, only the last byte is kept, which may belong to the line end.
    fn begin_line(&mut self, bytes: &[u8]) {
        let Some((last, before)) = bytes.split_last() else { return };
        if self.line.len() + bytes.len() <= LONGEST_LINE {
            self.line.extend_from_slice(bytes);
            return;
        }
        let begun = std::mem::take(&mut self.line);
        for piece in [&begun[..], before] {
            self.keep_header(piece);
            self.at += piece.len() as u64;
        }
        self.is_long = true;
        self.line.push(*last);
    }

    /// Keeps these bytes if they belong to a header.
    fn keep_header(&mut self, bytes: &[u8]) {
        if matches!(self.open.last(), Some(Open { state: State::Header, .. })) {
            let kept = bytes.get(..self.header_budget).unwrap_or(bytes);
            self.header_budget -= kept.len();
            self.header.extend_from_slice(kept);
        }
    }

    fn line(&mut self, line: &[u8]) {
        let end = match line {
            [.., b'\r', b'\n'] => 2,
            [.., b'\n'] => 1,
            _ => 0,
        };
        let content = line.get(..line.len() - end).unwrap_or_default();
        let is_long = std::mem::take(&mut self.is_long) || content.len() > LONGEST_LINE;
        if is_long || !self.boundary(content, line.len()) {
            self.keep_header(line);
            self.at += line.len() as u64;
            if content.is_empty() && !is_long && matches!(self.open.last(), Some(Open { state: State::Header, .. })) {
                self.header_ended();
            }
        }
        self.line_end = end as u64;
    }

    /// Whether the line is the boundary of an open multipart. It ends all parts inside (RFC 2046 §5.1.2).
    fn boundary(&mut self, content: &[u8], length: usize) -> bool {
        let Some((level, is_last, default)) = self.matching(content) else { return false };
        self.close(level + 1, self.at.saturating_sub(self.line_end));
        self.at += length as u64;
        let Some(multipart) = self.open.last_mut() else { return true };
        if is_last {
            multipart.state = State::Epilogue;
        } else if self.found.len() < MOST_PARTS {
            self.begin(default);
        } else {
            multipart.state = State::Epilogue;
            let place = multipart.place;
            self.flaw(place, Reason::TooMany);
            self.is_full = true;
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
        self.header.clear();
        self.open.push(Open { place: self.found.len(), state: State::Header });
        self.found.push(SplitPart { draft, header: self.at..self.at, body: self.at..self.at });
    }

    /// The content of the innermost part begins here.
    fn header_ended(&mut self) {
        let Some(place) = self.read_header(self.at) else { return };
        let Some(found) = self.found.get(place) else { return };
        let fields = &found.draft.fields;
        let boundary = boundary_of(&found.draft, &self.header);
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
    fn read_header(&mut self, end: u64) -> Option<usize> {
        let place = self.open.last()?.place;
        let parent = self.open.len().checked_sub(2).and_then(|level| self.open.get(level)).map(|open| open.place);
        let found = self.found.get_mut(place)?;
        found.header.end = end.max(found.header.start);
        found.body = found.header.end..found.header.end;
        let length = found.header.end - found.header.start;
        self.header.truncate(usize::try_from(length).unwrap_or(usize::MAX));
        if length > self.header.len() as u64 {
            found.draft.flaws.push(Reason::TooLarge(length));
        }
        let default = std::mem::take(&mut found.draft.fields.media_type);
        found.draft.fields = field::read(&self.header, &default);
        if place == 0 {
            self.unsubscribe = ListUnsubscribe::read(&self.header);
        }
        let parent = parent.and_then(|place| self.found.get_mut(place));
        if let Some(parent) = parent.filter(|parent| parent.draft.kind == Kind::Message) {
            parent.draft.subject = text::field::value(&self.header, "Subject").and_then(field::text);
        }
        Some(place)
    }

    /// Ends the parts from that level on.
    fn close(&mut self, level: usize, end: u64) {
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

    fn flaw(&mut self, place: usize, reason: Reason) {
        if let Some(found) = self.found.get_mut(place) {
            found.draft.flaws.push(reason);
        }
    }
}

/// The boundary between the parts of a multipart; `None` if it is none, or has none.
fn boundary_of(draft: &Draft, header: &[u8]) -> Option<Vec<u8>> {
    if Kind::of(&draft.fields.media_type) != Kind::Multipart {
        return None;
    }
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    type Seen = (Kind, String, Range<u64>, Range<u64>, Vec<Reason>);

    fn split(chunks: &[&[u8]], header_budget: usize) -> Vec<Seen> {
        let mut splitter = Splitter::new(header_budget);
        chunks.iter().for_each(|chunk| splitter.push(chunk));
        let parts = splitter.finish().parts.into_iter();
        let seen =
            |part: SplitPart| (part.draft.kind, part.draft.fields.media_type, part.header, part.body, part.draft.flaws);
        parts.map(seen).collect()
    }

    /// Lines of which multiparts and embedded messages are made.
    fn line() -> impl Strategy<Value = Vec<u8>> {
        prop_oneof![
            Just(b"--a\r\n".to_vec()),
            Just(b"--a--\n".to_vec()),
            Just(b"--b \r\n".to_vec()),
            Just(b"\r\n".to_vec()),
            Just(b"\n".to_vec()),
            Just(b"Content-Type: multipart/mixed;\r\n boundary=a\r\n".to_vec()),
            Just(b"Content-Type: multipart/digest; boundary=b\r\n".to_vec()),
            Just(b"Content-Type: message/rfc822\n".to_vec()),
            Just(b"text\r".to_vec()),
            (LONGEST_LINE - 4..LONGEST_LINE + 4).prop_map(|length| vec![b'-'; length]),
            Just([&b"--a"[..], &[b' '; LONGEST_LINE - 3], b"\r\n"].concat()),
            Just([&b"--a"[..], &[b' '; LONGEST_LINE], b"\r\n"].concat()),
        ]
    }

    proptest! {
        #[test]
        fn however_the_bytes_are_cut_the_parts_are_the_same(
            lines in prop::collection::vec(line(), 0..14),
            cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..6),
        ) {
            let message = lines.concat();
            let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut.index(message.len() + 1)).collect();
            cuts.extend([0, message.len()]);
            cuts.sort_unstable();
            let chunks: Vec<&[u8]> = cuts.windows(2).map(|cut| &message[cut[0]..cut[1]]).collect();
            let whole = split(&[&message], usize::MAX);
            prop_assert_eq!(&split(&chunks, usize::MAX), &whole);
            prop_assert_eq!(whole[0].2.start, 0);
            prop_assert_eq!(whole[0].3.end, message.len() as u64);
        }
    }

    #[test]
    fn of_headers_no_more_is_read_than_allowed() {
        let message = [&b"Content-Type: text/html\r\nX: "[..], &[b'x'; 100], b"\r\n\r\nbody"].concat();
        let header = (message.len() - 4) as u64;
        let parts = split(&[&message[..]], 30);
        let flaws = vec![Reason::TooLarge(header)];
        assert_eq!(parts, [(Kind::Leaf, "text/html".into(), 0..header, header..header + 4, flaws)]);
    }
}
