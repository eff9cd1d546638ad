//! The fields of a header (RFC 5322 §2.2). It must not know what a field means.

/// The fields as they are written, each with its continuation lines and its line end. A line that is no field is one by itself.
pub(crate) fn whole(header: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = header;
    std::iter::from_fn(move || {
        let mut ends = memchr::memchr_iter(b'\n', rest).map(|end| end + 1);
        let end = ends.find(|end| !matches!(rest.get(*end), Some(b' ' | b'\t'))).unwrap_or(rest.len());
        let (field, after) = rest.split_at_checked(end).filter(|(field, _)| !field.is_empty())?;
        rest = after;
        Some(field)
    })
}

/// The name and the value of a field, the value with its line ends; `None` for a line that is no field.
pub(crate) fn split(field: &[u8]) -> Option<(&[u8], &[u8])> {
    let (name, value) = field.split_at_checked(memchr::memchr(b':', field)?)?;
    Some((name.trim_ascii(), value.get(1..).unwrap_or_default()))
}

/// The value of the first field with this name, with its line ends.
pub(crate) fn value<'a>(header: &'a [u8], name: &str) -> Option<&'a [u8]> {
    let mut fields = whole(header).filter_map(split);
    fields.find_map(|(found, value)| found.eq_ignore_ascii_case(name.as_bytes()).then_some(value))
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
