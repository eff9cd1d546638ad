//! Reads `THREAD` (RFC 5256 §4, §5) in one pass and without recursion. It must not know the algorithm.

use super::grammar::{self, Read, fail, untagged};
use super::unreadable::Unreadable;
use crate::imap::types::{Threads, Uid};
use crate::wire::Cursor;

/// How deep lists may be nested. Only branches of a thread are nested; a chain of replies is one flat list.
const DEEPEST: usize = 1000;

/// Reads `* THREAD (2)(3 6 (4 23)(44 7 96))`.
///
/// ```
/// let threads = postroom::imap::codec::thread::parse(b"* THREAD (2)(3 6 (4 23)(44 7 96))\r\n")?;
/// assert_eq!((threads.roots().count(), threads.len()), (2, 8));
/// # Ok::<(), postroom::imap::codec::Unreadable>(())
/// ```
///
/// # Errors
///
/// [`Unreadable`] if the frame is another response, if a list does not end or contains anything but numbers and lists, or if lists are
/// nested more than 1000 deep.
pub fn parse(frame: &[u8]) -> Result<Threads, Unreadable> {
    grammar::read(frame, |input| {
        let (input, _) = untagged(&["THREAD"])(input)?;
        let mut reader = ThreadReader { threads: Threads::of_text(input.len()), open: Vec::new() };
        let mut cursor = Cursor::new(input, 0);
        while let Some(byte) = cursor.peek() {
            if let Err(reason) = reader.token(byte, &mut cursor) {
                return fail(cursor.rest(), reason);
            }
        }
        end(reader, cursor.rest())
    })
}

fn end(reader: ThreadReader, rest: &[u8]) -> Read<'_, Threads> {
    match reader.open.is_empty() {
        true => Ok((rest, reader.threads.fitted())),
        false => fail(rest, "a thread does not end"),
    }
}

struct ThreadReader {
    threads: Threads,
    /// What each open list contains so far.
    open: Vec<Holds>,
}

/// In a list, messages come before lists.
#[derive(Clone, Copy, Eq, PartialEq)]
enum Holds {
    Nothing,
    Messages,
    Lists,
}

impl ThreadReader {
    fn token(&mut self, byte: u8, cursor: &mut Cursor<'_>) -> Result<(), &'static str> {
        match byte {
            b' ' => cursor.skip_spaces(),
            b'(' => {
                self.begin()?;
                cursor.advance(1);
            }
            b')' => {
                match self.open.pop().ok_or("a thread ends that did not begin")? {
                    Holds::Nothing => self.threads.reopen(),
                    Holds::Messages | Holds::Lists => self.threads.close(),
                }
                cursor.advance(1);
            }
            _ => {
                let start = cursor.at();
                let number = cursor.number().and_then(|number| u32::try_from(number).ok()).and_then(Uid::nonzero);
                if let Err(reason) = self.message(number) {
                    cursor.seek(start);
                    return Err(reason);
                }
            }
        }
        Ok(())
    }

    /// Begins a list. A list that begins with another list is the thread of a missing message.
    fn begin(&mut self) -> Result<(), &'static str> {
        if self.open.len() >= DEEPEST {
            return Err("threads are nested too deeply");
        }
        if let Some(holds) = self.open.last_mut()
            && std::mem::replace(holds, Holds::Lists) == Holds::Nothing
        {
            self.threads.push_missing();
        }
        self.threads.open();
        self.open.push(Holds::Nothing);
        Ok(())
    }

    fn message(&mut self, number: Option<Uid>) -> Result<(), &'static str> {
        let number = number.ok_or("the number of a message was expected")?;
        match self.open.last_mut() {
            Some(Holds::Lists) => return Err("a message follows the branches of its thread"),
            Some(holds) => *holds = Holds::Messages,
            // Some servers write a thread of one message without parentheses.
            None => {}
        }
        self.threads.push(number);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Depth and number of each message.
    fn walk(frame: &str) -> Vec<(usize, u32)> {
        let threads = parse(frame.as_bytes()).unwrap();
        threads.walk().map(|(depth, thread)| (depth, thread.number().map_or(0, Uid::as_u32))).collect()
    }

    #[test]
    fn the_examples_of_rfc_5256_are_read() {
        let two = walk("* THREAD (2)(3 6 (4 23)(44 7 96))\r\n");
        assert_eq!(two, [(0, 2), (0, 3), (1, 6), (2, 4), (3, 23), (2, 44), (3, 7), (4, 96)]);
        assert_eq!(walk("* THREAD ((3)(5))\r\n"), [(0, 0), (1, 3), (1, 5)]);
        assert_eq!(walk("* THREAD (1 (2 (3 5)(6))(4))(7)\r\n").last(), Some(&(0, 7)));
        assert!(walk("* THREAD\r\n").is_empty() && walk("* THREAD \r\n").is_empty());
    }

    #[test]
    fn lists_without_messages_and_messages_without_lists_are_understood() {
        assert_eq!(walk("* THREAD 1 2(3 4)5 ()\r\n"), [(0, 1), (0, 2), (0, 3), (1, 4), (0, 5)]);
        assert_eq!(walk("* THREAD (())(1 ()(2))\r\n"), [(0, 0), (0, 1), (1, 2)]);
        let threads = parse(b"* THREAD 1 2(3 4)5 ((6))(())\r\n").unwrap();
        let roots = threads.roots().map(|root| (root.number().map_or(0, Uid::as_u32), root.replies().count()));
        assert_eq!(roots.collect::<Vec<_>>(), [(1, 0), (2, 0), (3, 1), (5, 0), (0, 1), (0, 0)]);
        assert_eq!(threads.len(), 8);
        assert_eq!(parse(b"* THREAD 1 (2)\r\n").unwrap(), parse(b"* THREAD (1)(2)\r\n").unwrap());
        assert_ne!(parse(b"* THREAD (1 2)\r\n").unwrap(), parse(b"* THREAD (1)(2)\r\n").unwrap());
    }

    #[test]
    fn replies_are_those_of_one_message_alone() {
        let threads = parse(b"* THREAD (1 (2 (3 5)(6))(4))(7)\r\n").unwrap();
        let numbers = |thread: crate::imap::types::Thread<'_>| {
            thread.replies().map(|reply| reply.number().unwrap().as_u32()).collect::<Vec<_>>()
        };
        let one = threads.roots().next().unwrap();
        assert_eq!((threads.roots().count(), numbers(one)), (2, vec![2, 4]));
        assert_eq!(numbers(one.replies().next().unwrap()), [3, 6]);
        assert!(numbers(threads.roots().nth(1).unwrap()).is_empty());
    }

    #[test]
    fn what_is_no_thread_has_its_place_and_depth_is_bounded() {
        for (frame, offset) in [
            ("* THREAD (1\r\n", 11),
            ("* THREAD 1)\r\n", 10),
            ("* THREAD (1 x)\r\n", 12),
            ("* THREAD (1 (2) 3)\r\n", 16),
        ] {
            assert_eq!(parse(frame.as_bytes()).unwrap_err().offset, offset, "{frame}");
        }
        let deep = |depth: usize| format!("* THREAD {}1{}\r\n", "(".repeat(depth), ")".repeat(depth));
        assert_eq!(walk(&deep(1000)).len(), 1000);
        assert!(parse(deep(1001).as_bytes()).is_err());
    }

    #[test]
    fn a_long_thread_is_a_deep_one_and_costs_no_stack() {
        let numbers: Vec<String> = (1..=100_000).map(|number: u32| number.to_string()).collect();
        let walked = walk(&format!("* THREAD ({})\r\n", numbers.join(" ")));
        assert_eq!(walked.last(), Some(&(99_999, 100_000)));
    }
}
