//! What is true of the contents of every message, however they were made. It must not know how.

use std::collections::HashSet;

use postroom::imap::Section;
use postroom::{Contents, MimePart};

/// The bytes of memory per byte of input: a part of five bytes is kept as a part with names and numbers.
pub const EACH: usize = 400;

/// Checks everything that a program can ask for.
pub fn check(contents: &Contents) {
    let parts: Vec<&MimePart> = contents.parts().collect();
    assert!(!parts.is_empty() && parts.len() <= 10_000);
    let sections: HashSet<String> = parts.iter().map(|part| part.section().to_string()).collect();
    assert_eq!(sections.len(), parts.len(), "two parts have one name");
    for part in &parts {
        check_part(part);
    }
    let shown =
        contents.text().into_iter().chain(contents.html()).chain(contents.text_body()).chain(contents.html_body());
    let shown = shown.chain(contents.attachments()).chain(contents.inlines()).chain(contents.messages());
    let shown = shown.chain(contents.calendars()).chain(contents.signatures());
    for part in shown {
        assert!(sections.contains(&part.section().to_string()));
        assert!(!part.is_multipart());
    }
    for (signed, signature) in contents.signed() {
        assert_ne!(signed.path(), signature.path());
    }
    let _ = std::hint::black_box((contents.is_signed(), contents.is_encrypted(), contents.list_unsubscribe()));
    if parts.len() < 200 {
        drop(std::hint::black_box(format!("{contents:?}")));
        check_tree(contents, &parts);
    }
}

fn check_part(part: &MimePart) {
    assert!(Section::part(part.path()).is_ok());
    assert!(part.media_type().contains('/'), "{}", part.media_type());
    if let (Some(entity), Some(size)) = (part.entity(), part.encoded_size()) {
        assert!(entity.len() as u64 >= size);
        assert!(part.size().is_some_and(|decoded| decoded.octets() <= size));
    }
    let name = part.safe_file_name();
    assert!(!name.is_empty() && name.len() <= 140, "{name:?}");
    assert!(!name.starts_with(['.', ' ']) && !name.ends_with(['.', ' ']), "{name:?}");
    let is_bad = |c: char| c.is_control() || "/\\:*?\"<>|\u{200b}\u{202e}\u{2066}\u{feff}".contains(c);
    assert!(!name.contains(is_bad), "{name:?}");
}

/// Parts inside others have their numbers, and embedded messages are what they contain.
fn check_tree(contents: &Contents, parts: &[&MimePart]) {
    for part in parts {
        for child in contents.children(part) {
            assert!(child.path().starts_with(part.path()));
        }
        if let Some(inner) = contents.embedded(part) {
            let (first, count) = (inner.parts().next().expect("it has a body"), inner.parts().count());
            assert!(first.path().starts_with(part.path()) && count < parts.len());
            assert!(inner.attachments().count() <= count);
        }
        if let Some(id) = part.content_id() {
            let _ = contents.inline(id);
        }
    }
}
