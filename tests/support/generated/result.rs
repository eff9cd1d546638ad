//! Search results and removed messages, of arbitrary values: SEARCH, SORT, THREAD, VANISHED and the bare numbers; written, and compared
//! with what was read.

use std::num::NonZeroU32;

use arbitrary::Arbitrary;
use bytes::Bytes;
use postroom::imap::{Response, Thread, Uid, Uids};

use super::mailbox::Set;
use super::{Said, response};

/// SEARCH and SORT (RFC 3501 §7.2.5, RFC 5256 §4, RFC 7162 §3.1.5).
#[derive(Arbitrary, Debug)]
pub struct Numbers {
    sorted: bool,
    numbers: Vec<NonZeroU32>,
    modseq: Option<u64>,
}

/// THREAD (RFC 5256 §4).
#[derive(Arbitrary, Debug)]
pub struct Threads(Vec<Tree>);

/// A message and its replies; `None` if only the replies are known.
#[derive(Arbitrary, Debug)]
struct Tree {
    number: Option<NonZeroU32>,
    replies: Vec<Self>,
}

/// VANISHED (RFC 7162 §3.2.10).
#[derive(Arbitrary, Debug)]
pub struct Vanished {
    earlier: bool,
    set: Set,
}

/// EXISTS, RECENT and EXPUNGE (RFC 9051 §7.4, §7.5.1).
#[derive(Arbitrary, Debug)]
pub enum Count {
    Exists(u32),
    Recent(u32),
    Expunge(NonZeroU32),
}

/// Deeper ones are left out.
const DEEPEST: usize = 12;

impl Said for Numbers {
    fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(if self.sorted { b"* SORT" } else { b"* SEARCH" });
        out.extend(self.numbers.iter().flat_map(|number| format!(" {number}").into_bytes()));
        out.extend(self.modseq.iter().flat_map(|number| format!(" (MODSEQ {number})").into_bytes()));
        out.extend_from_slice(b"\r\n");
    }

    fn check(&self, frame: &Bytes) {
        let numbers = || self.numbers.iter().map(|number| number.get());
        match response(frame) {
            Response::Sort(found) if self.sorted => {
                assert!(found.list.iter().map(u32::from).eq(numbers()));
                assert_eq!(found.modseq, self.modseq);
            }
            Response::Search(found) if !self.sorted => {
                assert_eq!(found.all, Some(numbers().flat_map(Uid::new).collect()));
                assert_eq!(found.modseq, self.modseq);
            }
            read => panic!("{self:?} is read as {read:?}"),
        }
    }
}

impl Tree {
    /// A missing message has at least two replies: otherwise it need not be mentioned.
    fn is_told(&self) -> bool {
        self.number.is_some() || self.replies.len() > 1
    }

    /// A single reply follows its message, several are in parentheses.
    fn write(&self, depth: usize, out: &mut Vec<u8>) {
        out.extend(self.number.iter().flat_map(|number| number.to_string().into_bytes()));
        let told: Vec<_> = self.told(depth).collect();
        if let ([Self { number: Some(_), .. }], Some(_)) = (&told[..], self.number) {
            out.push(b' ');
            return told[0].write(depth + 1, out);
        }
        if self.number.is_some() && !told.is_empty() {
            out.push(b' ');
        }
        for reply in told {
            out.push(b'(');
            reply.write(depth + 1, out);
            out.push(b')');
        }
    }

    fn told(&self, depth: usize) -> impl Iterator<Item = &Self> {
        self.replies.iter().filter(move |reply| depth < DEEPEST && reply.is_told() && reply.is_deep_enough(depth + 1))
    }

    /// A missing message still has two replies if the deepest ones are left out.
    fn is_deep_enough(&self, depth: usize) -> bool {
        self.number.is_some() || self.told(depth).count() > 1
    }

    fn check(&self, depth: usize, found: Thread<'_>) {
        assert_eq!(found.number().map(u32::from), self.number.map(u32::from));
        let (told, replies): (Vec<_>, Vec<_>) = (self.told(depth).collect(), found.replies().collect());
        assert_eq!(told.len(), replies.len(), "{self:?}");
        told.into_iter().zip(replies).for_each(|(told, reply)| told.check(depth + 1, reply));
    }
}

impl Threads {
    fn roots(&self) -> impl Iterator<Item = &Tree> {
        self.0.iter().filter(|tree| tree.is_told() && tree.is_deep_enough(0))
    }
}

impl Said for Threads {
    fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(b"* THREAD");
        for (at, tree) in self.roots().enumerate() {
            out.extend_from_slice(if at == 0 { b" (" } else { b"(" });
            tree.write(0, out);
            out.push(b')');
        }
        out.extend_from_slice(b"\r\n");
    }

    fn check(&self, frame: &Bytes) {
        let Response::Thread(found) = response(frame) else { panic!("no THREAD") };
        assert_eq!(found.roots().count(), self.roots().count(), "{}", frame.escape_ascii());
        self.roots().zip(found.roots()).for_each(|(told, root)| told.check(0, root));
        let deepest = found.walk().map(|(depth, _)| depth).max();
        assert!(deepest.is_none_or(|depth| depth <= DEEPEST));
    }
}

impl Said for Vanished {
    fn write(&self, out: &mut Vec<u8>) {
        let set = if self.set.0.is_empty() { "1".to_owned() } else { self.set.form() };
        let earlier = if self.earlier { "(EARLIER) " } else { "" };
        out.extend_from_slice(format!("* VANISHED {earlier}{set}\r\n").as_bytes());
    }

    fn check(&self, frame: &Bytes) {
        let Response::Vanished(found) = response(frame) else { panic!("no VANISHED") };
        let ranges: Vec<_> =
            found.uids.ranges().map(|range| (u32::from(*range.start()), u32::from(*range.end()))).collect();
        assert_eq!(ranges, if self.set.0.is_empty() { vec![(1, 1)] } else { self.set.ranges() });
        assert_eq!((found.earlier, found.uids.to_string().parse::<Uids>().unwrap()), (self.earlier, found.uids));
    }
}

impl Said for Count {
    fn write(&self, out: &mut Vec<u8>) {
        let (number, word) = match self {
            Self::Exists(number) => (*number, "EXISTS"),
            Self::Recent(number) => (*number, "RECENT"),
            Self::Expunge(number) => (number.get(), "EXPUNGE"),
        };
        out.extend_from_slice(format!("* {number} {word}\r\n").as_bytes());
    }

    fn check(&self, frame: &Bytes) {
        match (self, response(frame)) {
            (Self::Exists(number), Response::Exists(found)) | (Self::Recent(number), Response::Recent(found)) => {
                assert_eq!(found, *number);
            }
            (Self::Expunge(number), Response::Expunge(found)) => assert_eq!(u32::from(found), number.get()),
            (said, read) => panic!("{said:?} is read as {read:?}"),
        }
    }
}
