//! The fields of a header (RFC 5322 §2.2). It must not know what a field means.

/// The value of the first field with this name, as it is written, with its line ends.
pub(crate) fn value<'a>(header: &'a [u8], name: &str) -> Option<&'a [u8]> {
    let mut rest = header;
    while !rest.is_empty() {
        let mut ends = memchr::memchr_iter(b'\n', rest).map(|end| end + 1);
        let end = ends.find(|end| !matches!(rest.get(*end), Some(b' ' | b'\t'))).unwrap_or(rest.len());
        let (field, after) = rest.split_at_checked(end)?;
        let colon = memchr::memchr(b':', field);
        let found = colon.and_then(|at| field.split_at_checked(at));
        if let Some((_, value)) = found.filter(|(found, _)| found.trim_ascii().eq_ignore_ascii_case(name.as_bytes())) {
            return value.get(1..);
        }
        rest = after;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_is_found_with_its_continuations() {
        let header = b"A: 1\r\nReferences : <a@b>\r\n <c@d>\r\nreferences: x\r\nno field\r\nB:2";
        for (name, expected) in [
            ("a", Some(" 1\r\n")),
            ("References", Some(" <a@b>\r\n <c@d>\r\n")),
            ("B", Some("2")),
            ("C", None),
            ("no field", None),
        ] {
            assert_eq!(value(header, name), expected.map(str::as_bytes), "{name}");
        }
        assert_eq!(value(b"", "A"), None);
    }
}
