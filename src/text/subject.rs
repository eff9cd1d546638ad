//! The subject of a reply and of a forwarded message: one mark, whatever marks are there already, in whatever language. It must not know
//! how threads are made of subjects (RFC 5256 §2.1 has other rules for that).

use super::address::ends_line;

/// What mail programs write for "Re" in other languages. Single letters (`R:` in Italian) and words that are also used for something else
/// (`Ref:`) are not among them.
const REPLIES: &[&str] = &[
    "re", "aw", "antw", "antwort", "sv", "vs", "odp", "ynt", "res", "rif", "atb", "bls", "vá", "απ", "σχετ", "отв",
    "השב", "رد", "回复", "回覆", "答复", "答覆", "返信",
];
/// The same for "Fwd". `VS` is a reply in Finnish, and a forward in Danish and Norwegian.
const FORWARDS: &[&str] = &[
    "fwd",
    "fw",
    "wg",
    "vs",
    "vb",
    "vl",
    "tr",
    "rv",
    "enc",
    "pd",
    "i̇lt",
    "ilt",
    "doorst",
    "továbbítás",
    "trs",
    "yml",
    "πρθ",
    "הועבר",
    "إعادة توجيه",
    "转发",
    "轉寄",
    "転送",
];

/// The subject of a reply to a message with this decoded subject, in one line.
pub(crate) fn reply(subject: &str) -> String {
    marked("Re:", REPLIES, subject)
}

/// The same if the message is forwarded.
pub(crate) fn forward(subject: &str) -> String {
    marked("Fwd:", FORWARDS, subject)
}

/// The subject without the marks of replies, in one line.
pub(crate) fn without_marks(subject: &str) -> String {
    marked("", REPLIES, subject)
}

fn marked(mark: &str, marks: &[&str], subject: &str) -> String {
    let line = subject.replace(ends_line, " ");
    let (mut rest, mut tag) = (line.trim(), "");
    loop {
        if let Some(after) = without_mark(rest, marks) {
            rest = after;
        } else if let Some((found, after)) =
            tag_of(rest).and_then(|(found, rest)| Some((found, without_mark(rest, marks)?)))
        {
            // A mailing list has put its name before the mark.
            (tag, rest) = (found, after);
        } else {
            break;
        }
    }
    let tag = if rest.starts_with(tag) { "" } else { tag };
    [mark, tag, rest].into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ")
}

/// `[name]` at the beginning, and what follows it.
fn tag_of(text: &str) -> Option<(&str, &str)> {
    let end = text.strip_prefix('[')?.find(['[', ']'])? + 1;
    let (tag, rest) = text.split_at_checked(end + 1).filter(|(tag, _)| tag.ends_with(']'))?;
    Some((tag, rest.trim_start()))
}

/// What follows one of these marks, which may have a number: `Re:`, `Re[2]:`, `RE :`, `Re^2:`, and with the colon of East Asian scripts.
fn without_mark<'a>(text: &'a str, marks: &[&str]) -> Option<&'a str> {
    let rest = marks.iter().filter_map(|mark| without_word(text, mark)).find(|rest| {
        // The mark is a whole word, since all marks end before the colon.
        !rest.starts_with(char::is_alphabetic)
    })?;
    let rest = without_number(rest.trim_start()).trim_start();
    Some(rest.strip_prefix([':', '：'])?.trim_start())
}

fn without_word<'a>(text: &'a str, word: &str) -> Option<&'a str> {
    let mut rest = text.chars();
    let mut folded = word.chars().peekable();
    while folded.peek().is_some() {
        let next = rest.next()?;
        next.to_lowercase().all(|char| folded.next() == Some(char)).then_some(())?;
    }
    Some(rest.as_str())
}

/// `[2]`, `(2)`, `^2`, `*2` or `2`.
fn without_number(text: &str) -> &str {
    let (inside, close) = match text.chars().next() {
        Some('[') => (text.get(1..), "]"),
        Some('(') => (text.get(1..), ")"),
        Some('^' | '*') => (text.get(1..), ""),
        _ => (Some(text), ""),
    };
    let after = inside.map(|inside| inside.trim_start_matches(|char: char| char.is_ascii_digit()));
    after
        .zip(inside)
        .filter(|(after, inside)| after.len() < inside.len())
        .and_then(|(after, _)| after.strip_prefix(close))
        .unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_reply_has_one_mark() {
        for (subject, expected) in [
            ("Hello", "Re: Hello"),
            ("Re: Hello", "Re: Hello"),
            ("RE: re:Re : AW: Hello", "Re: Hello"),
            ("Re[2]: Hello", "Re: Hello"),
            ("Re (3) : Sv: Antw: Hello", "Re: Hello"),
            ("Re^4: Hello", "Re: Hello"),
            ("Re2: Hello", "Re: Hello"),
            ("回复：你好", "Re: 你好"),
            ("ΑΠ: Γεια", "Re: Γεια"),
            ("Vá: szia", "Re: szia"),
            ("RE\u{a0}: Bonjour", "Re: Bonjour"),
            ("Fwd: Hello", "Re: Fwd: Hello"),
            ("[list] Hello", "Re: [list] Hello"),
            ("[list] Re: Hello", "Re: [list] Hello"),
            ("Re: [list] Re: [list] Hello", "Re: [list] Hello"),
            ("[list] AW: [other] Hello", "Re: [list] [other] Hello"),
            ("Reply: Hello", "Re: Reply: Hello"),
            ("Re", "Re: Re"),
            ("Re[x]: a", "Re: Re[x]: a"),
            ("Ref: 12", "Re: Ref: 12"),
            ("R: a language", "Re: R: a language"),
            ("a\r\nBcc: eve@x", "Re: a  Bcc: eve@x"),
            ("", "Re:"),
            ("Re:", "Re:"),
            ("[", "Re: ["),
        ] {
            assert_eq!(reply(subject), expected, "{subject:?}");
        }
    }

    #[test]
    fn a_forwarded_message_has_one_mark() {
        for (subject, expected) in [
            ("Hello", "Fwd: Hello"),
            ("Fwd: FW: WG: Tr : Hello", "Fwd: Hello"),
            ("Re: Hello", "Fwd: Re: Hello"),
            ("İLT: merhaba", "Fwd: merhaba"),
            ("إعادة توجيه: x", "Fwd: x"),
            ("转发: x", "Fwd: x"),
            ("[list] Fwd: x", "Fwd: [list] x"),
            ("Forward: x", "Fwd: Forward: x"),
        ] {
            assert_eq!(forward(subject), expected, "{subject:?}");
        }
    }

    proptest! {
        #[test]
        fn no_subject_ends_the_line_and_a_second_reply_changes_nothing(
            subject in prop_oneof![any::<String>(), "(Re|AW|\\[a\\]|\\[|:| |2|\r\n|x|：){0,12}"]
        ) {
            for marked in [reply, forward] {
                let once = marked(&subject);
                prop_assert!(!once.contains(ends_line));
                prop_assert_eq!(marked(&once), once);
            }
        }
    }

    #[test]
    fn many_marks_cost_no_more_than_other_text() {
        assert_eq!(reply(&format!("{}x", "Re: ".repeat(100_000))), "Re: x");
        assert_eq!(reply(&format!("{}x", "[a] Re: ".repeat(100_000))), "Re: [a] x");
        let _ = (reply(&"[".repeat(200_000)), reply(&"[a]".repeat(100_000)));
    }
}
