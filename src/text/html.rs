//! HTML as plain text, for previews: without tags, styles, scripts and comments, with the characters that references mean. It must not
//! know mail. It never fails, and its time grows with the text only.

use super::entity;

/// Elements whose content is not text.
const HIDDEN: &[&str] = &["head", "style", "script", "title", "template", "noscript", "svg", "object"];
/// Elements that do not separate words.
const INLINE: &[&str] = &[
    "a", "abbr", "b", "bdi", "bdo", "big", "cite", "code", "em", "font", "i", "ins", "del", "kbd", "mark", "s", "samp",
    "script", "small", "span", "strike", "strong", "style", "sub", "sup", "tt", "u", "var", "wbr", "o:p",
];

/// The words of the text with single spaces between them, at most this number of characters.
pub(crate) fn words(html: &str, most: usize) -> String {
    let mut out = Words::new(most);
    let mut rest = html;
    while !rest.is_empty() && !out.is_full() {
        let end = rest.find(['<', '&']).unwrap_or(rest.len());
        let (text, tail) = rest.split_at_checked(end).unwrap_or((rest, ""));
        text.chars().for_each(|letter| out.push(letter));
        rest = match tail.chars().next() {
            Some('<') => after_markup(tail, &mut out),
            Some(_) => after_reference(tail, &mut out),
            None => "",
        };
    }
    out.finish()
}

/// Words of plain text, in the same form.
pub(crate) fn plain_words(text: &str, most: usize) -> String {
    let mut out = Words::new(most);
    for letter in text.chars() {
        if out.is_full() {
            break;
        }
        out.push(letter);
    }
    out.finish()
}

fn after_reference<'a>(text: &'a str, out: &mut Words) -> &'a str {
    let (letter, length) = entity::read(text).unwrap_or(('&', 1));
    out.push(letter);
    text.get(length..).unwrap_or_default()
}

/// The text after a tag, a comment or an element without text. An unclosed one, as at the end of a cut text, has no text after it; a `<` at
/// the end begins one.
fn after_markup<'a>(text: &'a str, out: &mut Words) -> &'a str {
    if let Some(comment) = text.strip_prefix("<!--") {
        return comment.split_once("-->").map_or("", |(_, after)| after);
    }
    let Some(inside) = text.strip_prefix('<') else { return text };
    let is_end = inside.starts_with('/');
    let name_start = inside.strip_prefix('/').unwrap_or(inside);
    if name_start.is_empty() {
        return "";
    }
    if !name_start.starts_with(|letter: char| letter.is_ascii_alphabetic() || matches!(letter, '!' | '?')) {
        out.push('<');
        return inside;
    }
    let name_end = name_start.find(|letter: char| letter.is_ascii_whitespace() || matches!(letter, '>' | '/'));
    let name = name_start.get(..name_end.unwrap_or(name_start.len())).unwrap_or_default().to_ascii_lowercase();
    let (tag, after) = split_tag(name_start);
    if !INLINE.contains(&name.as_str()) {
        out.space();
    }
    let hides = !is_end && !tag.ends_with('/') && HIDDEN.contains(&name.as_str());
    if hides { after_element(after, &name) } else { after }
}

/// The tag up to its `>`, which may also be in a quoted value, and what follows.
fn split_tag(text: &str) -> (&str, &str) {
    let mut quote = None;
    for (at, byte) in text.bytes().enumerate() {
        match (quote, byte) {
            (None, b'>') => return (text.get(..at).unwrap_or_default(), text.get(at + 1..).unwrap_or_default()),
            (None, b'"' | b'\'') => quote = Some(byte),
            (Some(open), _) if open == byte => quote = None,
            _ => {}
        }
    }
    // A quote that is never closed would hide all that follows.
    match text.split_once('>') {
        Some(parts) if quote.is_some() => parts,
        _ => (text, ""),
    }
}

/// The text after the end tag of this element; nothing if it has none.
fn after_element<'a>(text: &'a str, name: &str) -> &'a str {
    let mut rest = text;
    while let Some((_, tail)) = rest.split_once("</") {
        if tail.get(..name.len()).is_some_and(|start| start.eq_ignore_ascii_case(name)) {
            return split_tag(tail).1;
        }
        rest = tail;
    }
    ""
}

/// Collects words.
struct Words {
    text: String,
    left: usize,
    is_apart: bool,
}

impl Words {
    fn new(most: usize) -> Self {
        Self { text: String::new(), left: most, is_apart: false }
    }

    fn is_full(&self) -> bool {
        self.left == 0
    }

    fn space(&mut self) {
        self.is_apart = !self.text.is_empty();
    }

    fn push(&mut self, letter: char) {
        if letter.is_whitespace() || letter.is_control() {
            return self.space();
        }
        // Newsletters fill their previews with characters that take no space.
        if matches!(letter, '\u{ad}' | '\u{34f}' | '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{feff}') {
            return;
        }
        if std::mem::take(&mut self.is_apart) && self.left > 1 {
            self.text.push(' ');
            self.left -= 1;
        }
        if self.left > 0 {
            self.text.push(letter);
            self.left -= 1;
        }
    }

    fn finish(mut self) -> String {
        let len = self.text.trim_end().len();
        self.text.truncate(len);
        self.text
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn only_what_a_reader_sees_is_left() {
        for (html, text) in [
            ("<p>On <b>Fri</b>day:</p><p>Les&nbsp;parapluies</p>", "On Friday: Les parapluies"),
            ("<head><title>no</title></head><STYLE>p > a {}</style >yes<script>if (a < b) </script>!", "yes!"),
            ("a<!-- <p>b</p> -->c", "ac"),
            ("<a href=\"x>y\">link</a> 1 < 2 & 3 &lt;b&gt;", "link 1 < 2 & 3 <b>"),
            ("a<br>b<br/>c<td>d</td>e", "a b c d e"),
            ("<!DOCTYPE html><?xml?>x<style>cut off", "x"),
            ("<p title='it>it</p>", "it"),
            ("cut <a href=\"http", "cut"),
            ("&#847;&zwnj;\u{feff} deal &euro;5", "deal €5"),
            ("<style/>x <svg><text>y</text></svg>z", "x z"),
        ] {
            assert_eq!(words(html, 100), text, "{html}");
        }
        assert_eq!(words("<p>ab cd ef</p>", 4), "ab c");
        assert_eq!(plain_words("  a\r\n\tb  c ", 100), "a b c");
    }

    #[test]
    fn time_grows_no_faster_than_the_text() {
        for piece in ["<", "<a ", "&", "<!--", "</", "<style>", "<p title='", "<p title=\"'>", "&#"] {
            let text = piece.repeat(400_000 / piece.len());
            let begun = std::time::Instant::now();
            let _ = words(&text, usize::MAX);
            assert!(begun.elapsed().as_secs() < 20, "{piece}");
        }
    }

    proptest! {
        #[test]
        fn no_html_panics_and_none_is_longer_than_allowed(html in "[<>/&;#x!a\"'= \u{e9}-]{0,60}|\\PC{0,60}", most in 0_usize..20) {
            prop_assert!(words(&html, most).chars().count() <= most);
        }
    }
}
