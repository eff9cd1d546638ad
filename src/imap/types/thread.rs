//! [`Threads`]: messages with the replies to them (RFC 5256 §4), kept as their text, so that no depth can exhaust a stack. It must
//! not know how a server finds out what answers what.

use std::fmt;

use super::uid::Uid;
use super::uid_list::{digits, number};

/// The answer to THREAD: trees of messages, UIDs where the command was UID THREAD. It takes as much memory as its text; looking
/// through it reads that text, and going from one reply to the next reads all that answers the first.
///
/// ```
/// use postroom::imap::codec::thread;
///
/// let threads = thread::parse(b"* THREAD (2)(3 6 (4 23)(44 7 96))\r\n")?;
/// let second = threads.roots().nth(1).unwrap();
/// let six = second.replies().next().unwrap();
/// assert_eq!(six.number().map(u32::from), Some(6));
/// assert!(six.replies().filter_map(|reply| reply.number()).map(u32::from).eq([4, 44]));
/// # Ok::<(), postroom::imap::codec::Unreadable>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct Threads {
    /// The wire form without the spaces that it does not need. A list that begins with no number is one whose first message is missing.
    text: String,
    count: usize,
}

/// One message of a thread.
#[derive(Clone, Copy)]
pub struct Thread<'a> {
    number: Option<Uid>,
    /// What answers it: nothing, the next message of its list, or lists.
    behind: &'a [u8],
}

impl Threads {
    /// Room for what a text of that many bytes names.
    pub(crate) fn of_text(bytes: usize) -> Self {
        Self { text: String::with_capacity(bytes), count: 0 }
    }

    /// Begins a list: of what answers the last message, or of a thread.
    pub(crate) fn open(&mut self) {
        self.text.push('(');
    }

    /// Ends a list.
    pub(crate) fn close(&mut self) {
        self.text.push(')');
    }

    /// Takes back the beginning of a list in which there is nothing.
    pub(crate) fn reopen(&mut self) {
        self.text.pop();
    }

    /// Adds a message to the list, or as a thread of its own.
    pub(crate) fn push(&mut self, number: Uid) {
        if self.text.ends_with(|last: char| last.is_ascii_digit()) {
            self.text.push(' ');
        }
        digits(&mut self.text, number.as_u32());
        self.count += 1;
    }

    /// A list has begun whose first message is missing.
    pub(crate) fn push_missing(&mut self) {
        self.count += 1;
    }

    /// The same in not much more memory than it needs.
    pub(crate) fn fitted(mut self) -> Self {
        if self.text.len() < self.text.capacity() / 2 {
            self.text.shrink_to_fit();
        }
        self
    }

    /// How many messages there are, missing ones included.
    pub fn len(&self) -> usize {
        self.count
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// The first message of each thread, in the server's order.
    pub fn roots(&self) -> impl Iterator<Item = Thread<'_>> {
        let mut rest = self.text.as_bytes();
        std::iter::from_fn(move || {
            if rest.first() != Some(&b'(') {
                let (number, behind) = first_number(rest.strip_prefix(b" ").unwrap_or(rest));
                rest = behind;
                return number.map(|number| Thread { number: Some(number), behind: b"" });
            }
            next_list(&mut rest)
        })
    }

    /// All messages from the first thread to the last, each before its replies, with how deep it stands: 0 for a root.
    pub fn walk(&self) -> impl Iterator<Item = (usize, Thread<'_>)> {
        let mut rest = self.text.as_bytes();
        // How deep the first messages of lists stand that begin within each open list, and at this place.
        let (mut outer, mut depth) = (Vec::<u32>::new(), 0);
        std::iter::from_fn(move || {
            loop {
                let (&byte, behind) = rest.split_first()?;
                match byte {
                    b'(' => {
                        rest = behind;
                        outer.push(depth);
                        if !rest.first().is_some_and(u8::is_ascii_digit) {
                            depth += 1;
                            return Some((depth as usize - 1, Thread { number: None, behind: rest }));
                        }
                    }
                    b')' => {
                        rest = behind;
                        depth = outer.pop()?;
                    }
                    b' ' => rest = behind,
                    _ => {
                        let (number, behind) = first_number(rest);
                        rest = behind;
                        let thread =
                            Thread { number: Some(number?), behind: if outer.is_empty() { b"" } else { rest } };
                        let at = depth;
                        depth += u32::from(!outer.is_empty());
                        return Some((at as usize, thread));
                    }
                }
            }
        })
    }
}

impl Eq for Threads {}

impl PartialEq for Threads {
    fn eq(&self, other: &Self) -> bool {
        let number = |(depth, thread): (usize, Thread<'_>)| (depth, thread.number);
        self.count == other.count && self.walk().map(number).eq(other.walk().map(number))
    }
}

impl<'a> Thread<'a> {
    /// The message; `None` for one that is missing, whose replies are known to belong together.
    pub fn number(self) -> Option<Uid> {
        self.number
    }

    /// The messages that answer it directly.
    pub fn replies(self) -> impl Iterator<Item = Thread<'a>> {
        let mut rest = self.behind;
        std::iter::from_fn(move || match rest.split_first()? {
            (b' ', next) => {
                rest = b"";
                let (number, behind) = first_number(next);
                Some(Thread { number: Some(number?), behind })
            }
            (b'(', _) => next_list(&mut rest),
            _ => None,
        })
    }
}

impl fmt::Debug for Thread<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Thread").field("number", &self.number).finish_non_exhaustive()
    }
}

/// The first message of the list that begins here; what follows the list is left.
fn next_list<'a>(rest: &mut &'a [u8]) -> Option<Thread<'a>> {
    let inside = rest.get(1..)?;
    *rest = behind_list(rest);
    let (number, behind) = first_number(inside);
    Some(Thread { number, behind })
}

fn behind_list(text: &[u8]) -> &[u8] {
    let mut open = 0u32;
    let mut ends = memchr::memchr2_iter(b'(', b')', text);
    let end = ends.find(|&at| {
        match text.get(at) {
            Some(b'(') => open += 1,
            _ => open -= 1,
        }
        open == 0
    });
    end.and_then(|at| text.get(at + 1..)).unwrap_or_default()
}

/// The number with which this begins, and what is behind it.
fn first_number(text: &[u8]) -> (Option<Uid>, &[u8]) {
    let end = text.iter().position(|byte| !byte.is_ascii_digit()).unwrap_or(text.len());
    match text.split_at_checked(end) {
        Some((digits, behind)) => (number(digits), behind),
        None => (None, text),
    }
}
