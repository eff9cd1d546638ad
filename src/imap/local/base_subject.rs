//! The base subject of a message (RFC 5256 §2.1, §5): the subject without the marks of replies and forwards. It must not know how a
//! subject is encoded, nor how base subjects are compared.

/// A subject without the marks of replies, forwards and mailing lists.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(super) struct BaseSubject {
    pub(super) text: String,
    /// Whether a mark of a reply or a forward was removed (RFC 5256 §3, REFERENCES).
    pub(super) is_reply: bool,
}

/// Takes decoded text. Each step looks at a byte a fixed number of times, so the work grows with the subject's length only.
pub(super) fn base_subject(subject: &str) -> BaseSubject {
    // (1)
    let packed = packed(subject);
    let (mut text, mut is_reply) = (packed.as_str(), false);
    loop {
        // (2)
        text = without_trailers(text, &mut is_reply);
        // (3) to (5)
        text = without_leaders(text, &mut is_reply);
        // (6)
        match without_prefix(text, "[fwd:").and_then(|inner| inner.strip_suffix(']')) {
            Some(inner) => (text, is_reply) = (inner, true),
            None => return BaseSubject { text: text.to_owned(), is_reply },
        }
    }
}

/// Every run of white space becomes one space.
fn packed(subject: &str) -> String {
    let mut out = String::with_capacity(subject.len());
    for character in subject.chars() {
        match character {
            ' ' | '\t' | '\r' | '\n' if out.ends_with(' ') => {}
            ' ' | '\t' | '\r' | '\n' => out.push(' '),
            other => out.push(other),
        }
    }
    out
}

/// `subj-trailer = "(fwd)" / WSP`
fn without_trailers<'a>(mut text: &'a str, is_reply: &mut bool) -> &'a str {
    loop {
        text = text.trim_end_matches(' ');
        let Some((before, end)) = text.len().checked_sub(5).and_then(|at| text.split_at_checked(at)) else {
            return text;
        };
        if !end.eq_ignore_ascii_case("(fwd)") {
            return text;
        }
        (text, *is_reply) = (before, true);
    }
}

/// `subj-leader = (*subj-blob subj-refwd) / WSP`, and blobs that are followed by something.
fn without_leaders<'a>(mut text: &'a str, is_reply: &mut bool) -> &'a str {
    loop {
        text = text.trim_start_matches(' ');
        // The last blob and the text after all of them.
        let (mut last, mut rest) = (None, text);
        while let Some(after) = without_blob(rest) {
            (last, rest) = (Some(rest), after);
        }
        match without_refwd(rest) {
            Some(after) => (text, *is_reply) = (after, true),
            // No blob can be part of a mark now, so all are removed in one step, except one with nothing after it.
            None if rest.is_empty() => return last.unwrap_or(rest),
            None => return rest,
        }
    }
}

/// `subj-refwd = ("re" / ("fw" ["d"])) *WSP [subj-blob] ":"`
fn without_refwd(text: &str) -> Option<&str> {
    let word = ["re", "fwd", "fw"].iter().find_map(|word| without_prefix(text, word))?;
    let rest = word.trim_start_matches(' ');
    without_blob(rest).unwrap_or(rest).strip_prefix(':')
}

/// `subj-blob = "[" *BLOBCHAR "]" *WSP`
fn without_blob(text: &str) -> Option<&str> {
    let inside = text.strip_prefix('[')?;
    let end = inside.find(['[', ']'])?;
    let rest = inside.get(end..)?.strip_prefix(']')?;
    Some(rest.trim_start_matches(' '))
}

fn without_prefix<'a>(text: &'a str, prefix: &str) -> Option<&'a str> {
    let (start, rest) = text.split_at_checked(prefix.len())?;
    start.eq_ignore_ascii_case(prefix).then_some(rest)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn marks_are_removed_as_the_rfc_says() {
        for (subject, base, is_reply) in [
            ("", "", false),
            ("Hello", "Hello", false),
            ("Re: Hello", "Hello", true),
            ("RE: re:Fwd: FW : fw[1]: Hello", "Hello", true),
            ("Re [2] : Hello", "Hello", true),
            ("Re[2: Hello", "Re[2: Hello", false),
            ("[list] Re: [list] Hello", "Hello", true),
            ("[list] [bug 5]Hello", "Hello", false),
            ("[list] [bug 5]", "[bug 5]", false),
            ("[list]", "[list]", false),
            ("[list] ", "[list]", false),
            ("Re: [list]", "[list]", true),
            ("Hello (fwd)", "Hello", true),
            ("Hello (FWD) (fwd)  ", "Hello", true),
            ("Re: (fwd)", "", true),
            ("(fwd)", "", true),
            ("[Fwd: Hello]", "Hello", true),
            ("[Fwd: [fwd: Re: Hello (fwd)] (fwd)]", "Hello", true),
            ("[fwd: Hello", "[fwd: Hello", false),
            ("[fwd:]", "", true),
            ("[a] [fwd: Hello]", "Hello", true),
            ("Re:", "", true),
            ("Re", "Re", false),
            ("Reply: x", "Reply: x", false),
            ("Fwd", "Fwd", false),
            ("Ré: x", "Ré: x", false),
            ("AW: Hello", "AW: Hello", false),
            ("a\t \r\n b", "a b", false),
            ("[x] [y]: a", ": a", false),
            ("[[x] Re: a", "[[x] Re: a", false),
            (" \t", "", false),
            ("[] Re: a", "a", true),
            ("(fwd", "(fwd", false),
            ("日本語 (fwd)", "日本語", true),
        ] {
            assert_eq!(base_subject(subject), BaseSubject { text: base.to_owned(), is_reply }, "{subject:?}");
        }
    }

    /// The steps of RFC 5256 §2.1 one by one, however long that takes.
    fn slowly(subject: &str) -> BaseSubject {
        let (mut text, mut is_reply) = (packed(subject), false);
        loop {
            loop {
                if text.ends_with(' ') {
                    text.pop();
                } else if text.to_ascii_lowercase().ends_with("(fwd)") {
                    text.truncate(text.len() - 5);
                    is_reply = true;
                } else {
                    break;
                }
            }
            loop {
                let before = text.clone();
                if let Some(rest) = text.strip_prefix(' ') {
                    text = rest.to_owned();
                }
                let mut rest = text.as_str();
                while let Some(after) = without_blob(rest) {
                    rest = after;
                }
                if let Some(after) = without_refwd(rest) {
                    text = after.to_owned();
                    is_reply = true;
                }
                if let Some(after) = without_blob(&text).filter(|after| !after.is_empty()) {
                    text = after.to_owned();
                }
                if text == before {
                    break;
                }
            }
            if text.to_ascii_lowercase().starts_with("[fwd:") && text.ends_with(']') {
                text = text[5..text.len() - 1].to_owned();
                is_reply = true;
            } else {
                return BaseSubject { text, is_reply };
            }
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(5000))]
        #[test]
        fn short_cuts_change_nothing(
            pieces in prop::collection::vec(prop::sample::select(vec![
                "re", "Fwd", "FW", "[", "]", ":", " ", "(fwd)", "[fwd:", "x", "[a]", "ü", "\t", "(FWD", ")",
            ]), 0..16)
        ) {
            let subject = pieces.concat();
            prop_assert_eq!(base_subject(&subject), slowly(&subject), "{:?}", subject);
        }

        #[test]
        fn a_base_subject_is_its_own_base(text in any::<String>()) {
            let once = base_subject(&text).text;
            prop_assert_eq!(&base_subject(&once).text, &once);
        }
    }

    #[test]
    fn long_subjects_of_brackets_take_no_longer_than_others() {
        let blobs = "[a]".repeat(200_000);
        assert_eq!(base_subject(&blobs).text, "[a]");
        assert_eq!(base_subject(&format!("{blobs}x")).text, "x");
        assert_eq!(base_subject(&format!("{}x{}", "[fwd:".repeat(100_000), "]".repeat(100_000))).text, "x");
        assert_eq!(base_subject(&format!("{}x", "[a] re: ".repeat(100_000))).text, "x");
        assert_eq!(base_subject(&"[".repeat(200_000)).text.len(), 200_000);
    }
}
