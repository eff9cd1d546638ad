//! Searches that the server keeps up to date (RFC 5267 §4): CANCELUPDATE.

use super::extension::Extension;

impl Extension {
    /// CANCELUPDATE: stops the updates of the searches with these tags.
    pub fn cancel_update(tags: &[&str]) -> Self {
        match tags {
            [] => Self::new("CANCELUPDATE").invalid("CANCELUPDATE needs at least one tag"),
            tags => Self::new("CANCELUPDATE").each(tags, |line, tag| line.string(*tag)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_are_quoted() {
        assert_eq!(Extension::cancel_update(&["A1", "A2"]).to_string(), "CANCELUPDATE \"A1\" \"A2\"");
        assert!(Extension::cancel_update(&[]).segments(false).is_err());
    }
}
