//! [`Threads`]: messages with the replies to them (RFC 5256 §4), in one flat row, so that no depth can exhaust a stack. It must
//! not know how a server finds out what answers what.

use super::uid::Uid;

/// The answer to THREAD: trees of messages, UIDs where the command was UID THREAD.
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
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Threads {
    nodes: Vec<Node>,
}

/// A message before all that answers it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
struct Node {
    number: Option<Uid>,
    /// Where the next one begins that does not answer it.
    end: u32,
}

/// One message of a thread.
#[derive(Clone, Copy, Debug)]
pub struct Thread<'a> {
    nodes: &'a [Node],
    at: usize,
}

impl Threads {
    /// Adds a message behind the last one; `None` for one that the server does not have but knows to be missing. Returns its
    /// place.
    pub(crate) fn push(&mut self, number: Option<Uid>) -> Option<usize> {
        let end = u32::try_from(self.nodes.len() + 1).ok()?;
        self.nodes.push(Node { number, end });
        Some(self.nodes.len() - 1)
    }

    /// All messages since the one at `place` are told: those of them from there to before `chain` answer each other.
    pub(crate) fn close(&mut self, place: usize, chain: usize) {
        let end = self.nodes.len() as u32;
        self.nodes.iter_mut().take(chain).skip(place).for_each(|node| node.end = end);
    }

    /// How many messages there are, missing ones included.
    pub fn len(&self) -> usize {
        self.nodes.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.nodes.is_empty()
    }

    /// The first message of each thread, in the server's order.
    pub fn roots(&self) -> impl Iterator<Item = Thread<'_>> {
        siblings(&self.nodes, 0, self.nodes.len())
    }

    /// All messages from the first thread to the last, each before its replies, with how deep it stands: 0 for a root.
    pub fn walk(&self) -> impl Iterator<Item = (usize, Thread<'_>)> {
        let mut open = Vec::new();
        self.nodes.iter().enumerate().map(move |(at, node)| {
            while open.last().is_some_and(|&end| end as usize <= at) {
                open.pop();
            }
            open.push(node.end);
            (open.len() - 1, Thread { nodes: &self.nodes, at })
        })
    }
}

impl<'a> Thread<'a> {
    /// The message; `None` for one that is missing, whose replies are known to belong together.
    pub fn number(self) -> Option<Uid> {
        self.nodes.get(self.at)?.number
    }

    /// The messages that answer it directly.
    pub fn replies(self) -> impl Iterator<Item = Thread<'a>> {
        let end = self.nodes.get(self.at).map_or(0, |node| node.end as usize);
        siblings(self.nodes, self.at + 1, end)
    }
}

fn siblings(nodes: &[Node], start: usize, end: usize) -> impl Iterator<Item = Thread<'_>> {
    let next = move |at: &usize| nodes.get(*at).map(|node| node.end as usize);
    let places = std::iter::successors(Some(start), next);
    places.take_while(move |&at| at < end).map(|at| Thread { nodes, at })
}
