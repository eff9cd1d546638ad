//! Languages and comparators (RFC 5255 §3.2, §4.7): in what words the server speaks, and how it compares.

use super::extension::Extension;

impl Extension {
    /// LANGUAGE: the server chooses the first of these that it has (RFC 5646 tags, or `default`); asked with none it says which
    /// it has. Answered by [`Response::Language`](crate::imap::Response::Language).
    pub fn language(tags: &[&str]) -> Self {
        Self::new("LANGUAGE").claim("LANGUAGE").claim("NAMESPACE").each(tags, |line, tag| line.text(*tag))
    }

    /// COMPARATOR: the server takes the first of these that it has, `*` standing for any letters; asked with none it says which one
    /// it uses. Answered by [`Response::Comparator`](crate::imap::Response::Comparator).
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
