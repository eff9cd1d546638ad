//! [`Threads`]: messages with their replies (RFC 5256 §4), kept as text, so that no depth can exhaust a stack. It must not know how a
//! server finds the replies.

use std::fmt;

use super::uid::Uid;
use super::uid_list::{digits, number};

/// The answer to THREAD (RFC 5256 §4): trees of messages. The numbers are UIDs if the command was UID THREAD. It takes as much memory as
/// its text. Iterating parses that text; the step from one reply to the next skips all replies to the first.
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
    /// The wire form without unnecessary spaces. The first message of a list that does not begin with a number is missing.
    text: String,
    count: usize,
}

/// One message of a thread, with its replies.
///
/// ```
/// let threads = postroom::imap::codec::thread::parse(b"* THREAD (3 6 (4)(44 7))\r\n")?;
/// let depths: Vec<_> = threads.walk().filter_map(|(depth, message)| Some((depth, message.number()?.as_u32()))).collect();
/// assert_eq!(depths, [(0, 3), (1, 6), (2, 4), (2, 44), (3, 7)]);
/// # Ok::<(), postroom::imap::codec::Unreadable>(())
/// ```
#[derive(Clone, Copy)]
pub struct Thread<'a> {
    number: Option<Uid>,
    /// The text after it, which begins with its replies: none, the next message of its list, or lists.
    after: &'a [u8],
}

impl Threads {
    /// With capacity for the messages in a text of this number of bytes.
    pub(crate) fn of_text(bytes: usize) -> Self {
        Self { text: String::with_capacity(bytes), count: 0 }
    }

    /// Begins a list: a thread, or a branch of replies to the last message.
    pub(crate) fn open(&mut self) {
        self.text.push('(');
    }

    /// Ends a list.
    pub(crate) fn close(&mut self) {
        self.text.push(')');
    }

    /// Removes the beginning of an empty list.
    pub(crate) fn reopen(&mut self) {
        self.text.pop();
    }

    /// Adds a message to the open list, or as its own thread.
    pub(crate) fn push(&mut self, number: Uid) {
        if self.text.ends_with(|last: char| last.is_ascii_digit()) {
            self.text.push(' ');
        }
        digits(&mut self.text, number.as_u32());
        self.count += 1;
    }

    /// Counts the missing first message of a list that has begun.
    pub(crate) fn push_missing(&mut self) {
        self.count += 1;
    }

    /// The same threads, without much spare capacity.
    pub(crate) fn fitted(mut self) -> Self {
        if self.text.len() < self.text.capacity() / 2 {
            self.text.shrink_to_fit();
        }
        self
    }

    /// How many messages there are, including missing ones.
    pub fn len(&self) -> usize {
        self.count
    }

    /// Whether there are no messages.
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// The first message of each thread, in the server's order.
    pub fn roots(&self) -> impl Iterator<Item = Thread<'_>> {
        let mut rest = self.text.as_bytes();
        std::iter::from_fn(move || {
            if rest.first() != Some(&b'(') {
                let (number, after) = first_number(rest.strip_prefix(b" ").unwrap_or(rest));
                rest = after;
                return number.map(|number| Thread { number: Some(number), after: b"" });
            }
            next_list(&mut rest)
        })
    }

    /// All messages from the first thread to the last, each before its replies and with its depth, which is 0 for a root.
    pub fn walk(&self) -> impl Iterator<Item = (usize, Thread<'_>)> {
        let mut rest = self.text.as_bytes();
        // For each open list, the depth of the first message of a list that begins in it; and that depth at this position.
        let (mut outer, mut depth) = (Vec::<u32>::new(), 0);
        std::iter::from_fn(move || {
            loop {
                let (&byte, after) = rest.split_first()?;
                match byte {
                    b'(' => {
                        rest = after;
                        outer.push(depth);
                        if !rest.first().is_some_and(u8::is_ascii_digit) {
                            depth += 1;
                            return Some((depth as usize - 1, Thread { number: None, after: rest }));
                        }
                    }
                    b')' => {
                        rest = after;
                        depth = outer.pop()?;
                    }
                    b' ' => rest = after,
                    _ => {
                        let (number, after) = first_number(rest);
                        rest = after;
                        let thread = Thread { number: Some(number?), after: if outer.is_empty() { b"" } else { rest } };
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
    /// The message's number; `None` for a missing message whose replies the server knows.
    pub fn number(self) -> Option<Uid> {
        self.number
    }

    /// The direct replies.
    pub fn replies(self) -> impl Iterator<Item = Thread<'a>> {
        let mut rest = self.after;
        std::iter::from_fn(move || match rest.split_first()? {
            (b' ', next) => {
                rest = b"";
                let (number, after) = first_number(next);
                Some(Thread { number: Some(number?), after })
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

/// The first message of the list that begins here. Advances to the end of the list.
fn next_list<'a>(rest: &mut &'a [u8]) -> Option<Thread<'a>> {
    let inside = rest.get(1..)?;
    *rest = after_list(rest);
    let (number, after) = first_number(inside);
    Some(Thread { number, after })
}

fn after_list(text: &[u8]) -> &[u8] {
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

/// The number at the beginning, and the text after it.
fn first_number(text: &[u8]) -> (Option<Uid>, &[u8]) {
    let end = text.iter().position(|byte| !byte.is_ascii_digit()).unwrap_or(text.len());
    match text.split_at_checked(end) {
        Some((digits, after)) => (number(digits), after),
        None => (None, text),
    }
}
