//! The collation `i;unicode-casemap` (RFC 5051), by which SORT and THREAD compare texts (RFC 5256 §7): the text in title case,
//! decomposed, compared byte by byte. It must not know what is compared.

use unicode_normalization::char::decompose_compatible;

/// Two texts are equal, or in order, if these texts are, byte by byte.
pub(super) fn casemapped(text: &str) -> String {
    if text.is_ascii() {
        return text.to_ascii_uppercase();
    }
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        decompose_compatible(titlecase(character), |part| out.push(titlecase(part)));
    }
    out
}

/// The title case of a character where that is one character, otherwise the character itself: the property of UnicodeData.txt, not the
/// longer forms of SpecialCasing.txt.
fn titlecase(character: char) -> char {
    // Georgian letters have an upper case, but are their own title case.
    if ('\u{10d0}'..='\u{10ff}').contains(&character) {
        return character;
    }
    let mut upper = character.to_uppercase();
    match (upper.next(), upper.next()) {
        (Some(upper), None) => upper,
        _ => character,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn case_and_composition_make_no_difference() {
        for (one, other) in [
            ("abc", "ABC"),
            ("é", "E\u{301}"),
            ("Grüße", "GRU\u{308}ßE"),
            ("ﬁn", "FIN"),
            ("ǆ", "Ǆ"),
            ("ǅ", "DZ\u{30c}"),
            ("ﬀ", "ff"),
            ("ａ", "A"),
            ("각", "\u{1100}\u{1161}\u{11a8}"),
            ("ᾳ", "Α\u{345}"),
            ("привет", "ПРИВЕТ"),
        ] {
            assert_eq!(casemapped(one), casemapped(other), "{one} {other}");
        }
        assert_ne!(casemapped("ß"), casemapped("ss"));
        assert_ne!(casemapped("a"), casemapped("b"));
        assert!(casemapped("Z") < casemapped("é") || casemapped("e\u{301}") < casemapped("z"));
    }

    proptest! {
        #[test]
        fn what_is_mapped_stays(text in any::<String>()) {
            let once = casemapped(&text);
            prop_assert_eq!(casemapped(&once), once);
        }
    }
}
