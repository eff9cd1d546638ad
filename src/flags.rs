//! [`Flags`]: the flags that one message has, as its server wrote them. Flags to send are [`Flag`]s; this only reads. It must not know
//! the wire.

use std::borrow::Cow;
use std::fmt;

use crate::flag::Flag;
use crate::word_list::WordList;

/// The flags of one message (RFC 9051 §2.3.2), as the server wrote them. Compared without regard to ASCII letter case.
///
/// They borrow from the response they came in; [`into_owned`](Self::into_owned) keeps them longer.
///
/// ```
/// use postroom::{Flag, Flags, Result};
///
/// let flags: Flags<'_> = ["\\Seen", "$Junk", "todo"].into_iter().collect();
/// assert!(flags.seen() && !flags.deleted());
/// assert!(flags.contains(&Flag::JUNK) && flags.contains(&Flag::new("TODO")?));
/// # Result::<()>::Ok(())
/// ```
#[derive(Clone)]
pub struct Flags<'a>(Repr<'a>);

#[derive(Clone)]
enum Repr<'a> {
    /// A list on the wire, without its parentheses.
    List(&'a [u8]),
    /// What came as anything else than a plain list of atoms.
    Odd(Vec<String>),
    Words(WordList),
}

impl<'a> Flags<'a> {
    pub(crate) fn list(list: &'a [u8]) -> Self {
        Self(Repr::List(list))
    }

    pub(crate) fn odd(words: impl Iterator<Item = &'a [u8]>) -> Self {
        Self(Repr::Odd(words.map(|word| String::from_utf8_lossy(word).into_owned()).collect()))
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.iter().count()
    }

    /// Whether the message has no flags.
    pub fn is_empty(&self) -> bool {
        self.iter().next().is_none()
    }

    /// Each flag, with U+FFFD for what is not UTF-8.
    pub fn iter(&self) -> impl Iterator<Item = Cow<'_, str>> {
        let (list, odd, words) = match &self.0 {
            Repr::List(list) => (Some(list_words(list)), None, None),
            Repr::Odd(words) => (None, Some(words.iter()), None),
            Repr::Words(words) => (None, None, Some(words.iter())),
        };
        let odd = odd.into_iter().flatten().map(|word| Cow::Borrowed(word.as_str()));
        let words = words.into_iter().flatten().map(Cow::Borrowed);
        list.into_iter().flatten().map(lossy).chain(odd).chain(words)
    }

    /// Whether this flag is among them.
    pub fn contains(&self, flag: &Flag) -> bool {
        self.has(flag.as_str())
    }

    /// `\Seen`: the message was read.
    pub fn seen(&self) -> bool {
        self.contains(&Flag::SEEN)
    }

    /// `\Answered`: the message was replied to.
    pub fn answered(&self) -> bool {
        self.contains(&Flag::ANSWERED)
    }

    /// `\Flagged`: the message was marked.
    pub fn flagged(&self) -> bool {
        self.contains(&Flag::FLAGGED)
    }

    /// `\Deleted`: the next expunge removes the message.
    pub fn deleted(&self) -> bool {
        self.contains(&Flag::DELETED)
    }

    /// `\Draft`: the message is not finished.
    pub fn draft(&self) -> bool {
        self.contains(&Flag::DRAFT)
    }

    /// `\Recent`: this session is the first that sees the message (RFC 3501 §2.3.2). Only servers set it.
    pub fn recent(&self) -> bool {
        self.has("\\Recent")
    }

    /// The same flags in memory of their own, which takes as much as their text.
    pub fn into_owned(self) -> Flags<'static> {
        match self.0 {
            Repr::Words(words) => Flags(Repr::Words(words)),
            Repr::Odd(words) => words.into_iter().collect(),
            Repr::List(list) => list_words(list).map(lossy).collect(),
        }
    }

    fn has(&self, flag: &str) -> bool {
        match &self.0 {
            Repr::List(list) => list_words(list).any(|word| word.eq_ignore_ascii_case(flag.as_bytes())),
            Repr::Odd(words) => words.iter().any(|word| word.eq_ignore_ascii_case(flag)),
            Repr::Words(words) => words.contains(flag),
        }
    }
}

/// The words of a list. Some servers write NIL or a lone backslash in it, which are no flags.
fn list_words(list: &[u8]) -> impl Iterator<Item = &[u8]> {
    list.split(|&byte| byte == b' ').filter(|word| !matches!(*word, [] | [b'\\'] | [b'N', b'I', b'L']))
}

fn lossy(word: &[u8]) -> Cow<'_, str> {
    // Much quicker than `from_utf8_lossy` for what has nothing to be replaced.
    std::str::from_utf8(word).map_or_else(|_| String::from_utf8_lossy(word), Cow::Borrowed)
}

impl<S: AsRef<str>> FromIterator<S> for Flags<'static> {
    /// Flags for an implementation of [`Mailbox`](crate::Mailbox), and for tests.
    fn from_iter<I: IntoIterator<Item = S>>(flags: I) -> Self {
        Self(Repr::Words(flags.into_iter().collect()))
    }
}

impl fmt::Debug for Flags<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.iter()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_form_reads_the_same() {
        let list = Flags::list(b"\\Seen NIL  \\ todo");
        let odd = Flags::odd([&b"\\Seen"[..], b"todo"].into_iter());
        for flags in [list.clone(), odd.clone(), list.into_owned(), odd.into_owned()] {
            assert_eq!(flags.iter().collect::<Vec<_>>(), ["\\Seen", "todo"]);
            assert!(flags.seen() && flags.contains(&Flag::new("ToDo").unwrap()) && !flags.recent());
            assert_eq!((flags.len(), flags.is_empty()), (2, false));
        }
        assert!(Flags::list(b"").is_empty() && Flags::list(b"NIL").into_owned().is_empty());
    }
}
