//! [`WordList`]: words that a server lists, such as flags or attributes of a mailbox, kept as one text. It must not know what they
//! mean.

use std::fmt;
use std::sync::Arc;

/// Words in a server's order; a word contains no space. The list takes as much memory as its text, a clone takes none, and a lookup
/// reads the text.
///
/// ```
/// use postroom::WordList;
///
/// let attributes: WordList = ["\\HasNoChildren", "\\Trash"].into_iter().collect();
/// assert!(attributes.contains("\\trash"));
/// assert_eq!(attributes.iter().last(), Some("\\Trash"));
/// ```
#[derive(Clone, Default, Eq, Hash, PartialEq)]
pub struct WordList {
    /// The words with one space between them; `None` if there is no word.
    text: Option<Arc<String>>,
}

impl WordList {
    /// The list of a text with one space between words.
    pub(crate) fn of_text(mut text: String) -> Self {
        if text.len() < text.capacity() / 2 {
            text.shrink_to_fit();
        }
        Self { text: (!text.is_empty()).then(|| text.into()) }
    }

    /// All words, with one space between them.
    pub fn as_str(&self) -> &str {
        self.text.as_deref().map_or("", String::as_str)
    }

    /// The words as the server wrote them. Bytes that are not UTF-8 are replaced by U+FFFD.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.text.iter().flat_map(|text| text.split(' '))
    }

    /// Whether the list has this word. ASCII letter case does not matter.
    pub fn contains(&self, word: impl AsRef<str>) -> bool {
        self.iter().any(|have| have.eq_ignore_ascii_case(word.as_ref()))
    }

    /// The number of words.
    pub fn len(&self) -> usize {
        self.iter().count()
    }

    /// Whether the list is empty.
    pub fn is_empty(&self) -> bool {
        self.text.is_none()
    }
}

impl<S: AsRef<str>> FromIterator<S> for WordList {
    /// A text with spaces is split into words.
    fn from_iter<I: IntoIterator<Item = S>>(words: I) -> Self {
        let mut text = String::new();
        for word in words {
            word.as_ref().split(' ').for_each(|word| push(&mut text, word));
        }
        Self::of_text(text)
    }
}

/// Adds a word that is not empty.
pub(crate) fn push(text: &mut String, word: &str) {
    if !text.is_empty() && !word.is_empty() {
        text.push(' ');
    }
    text.push_str(word);
}

impl<S: AsRef<str>, const N: usize> PartialEq<[S; N]> for WordList {
    fn eq(&self, other: &[S; N]) -> bool {
        self.iter().eq(other.iter().map(AsRef::as_ref))
    }
}

impl fmt::Display for WordList {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for WordList {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_kept_in_order_and_found_in_any_case() {
        let words: WordList = ["b", "", "A c", "b"].into_iter().collect();
        assert_eq!(words, ["b", "A", "c", "b"]);
        assert!(words.contains("a") && words.contains("B") && !words.contains("b A") && !words.contains(""));
        assert_eq!((words.len(), words.to_string().as_str()), (4, "b A c b"));
        let none = WordList::default();
        assert!(none.is_empty() && none.iter().next().is_none() && !none.contains("") && none == [""; 0]);
        assert_eq!(none, [" ", ""].into_iter().collect::<WordList>());
    }
}
