//! Languages and comparators (RFC 5255 §3.2, §4.7): the language of the server's texts, and how it compares strings.

use super::extension::Extension;

impl Extension {
    /// LANGUAGE: the server uses the first of these languages that it supports (RFC 5646 tags, or `default`). Without tags it lists the
    /// languages that it supports. The answer is [`Response::Language`](crate::imap::Response::Language).
    pub fn language(tags: &[&str]) -> Self {
        Self::new("LANGUAGE").claim("LANGUAGE").claim("NAMESPACE").each(tags, |line, tag| line.text(*tag))
    }

    /// COMPARATOR: the server uses the first of these comparators that it supports; `*` matches any characters. Without names it
    /// returns the active one. The answer is [`Response::Comparator`](crate::imap::Response::Comparator).
    pub fn comparator(orders: &[&str]) -> Self {
        Self::new("COMPARATOR").claim("COMPARATOR").each(orders, |line, order| line.string(*order))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn preferences_follow_each_other() {
        assert_eq!(Extension::language(&["de-CH", "en"]).to_string(), "LANGUAGE de-CH en");
        assert_eq!(Extension::language(&[]).to_string(), "LANGUAGE");
        assert_eq!(Extension::comparator(&["cz;*", "i;basic"]).to_string(), "COMPARATOR \"cz;*\" \"i;basic\"");
    }
}
