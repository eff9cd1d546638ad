//! Arbitrary bytes in the place of a BODYSTRUCTURE: walking the tree ends, and every part has the parent under which it was
//! found; a copy that is kept apart shows the same.
#![no_main]

use postroom::Limits;
use postroom::imap::{BodyStructure, Response, codec};
use postroom_fuzz::within;

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let frame = bytes::Bytes::from([b"* 1 FETCH (UID 7 BODYSTRUCTURE ", data, b")\r\n"].concat());
    let read = within(&frame, || codec::response(&frame, &Limits::default()));
    let Ok(Response::Fetch(fetched)) = read else { return };
    let Some(root) = fetched.body_structure() else { return };
    let parts = within(&frame, || root.walk().count());
    assert!(parts <= data.len());
    assert!(root.parent().is_none());
    for part in root.walk() {
        let path_of_part = path(&part);
        for child in part.children() {
            assert!(child.parent().is_some_and(|parent| path(&parent) == path_of_part));
        }
    }
    let apart = fetched.detach();
    assert_eq!(shown(root), apart.body_structure().and_then(shown));
});

fn path(part: &BodyStructure<'_>) -> Vec<u32> {
    let path = part.section().path().to_vec();
    assert!(!path.contains(&0));
    path
}

/// Everything shown of it, if that is not too much work: a debug form contains each part once for every parent.
fn shown(root: BodyStructure<'_>) -> Option<String> {
    (root.walk().count() < 100)
        .then(|| format!("{root:?} {:?}", root.walk().map(|part| part.filename()).collect::<Vec<_>>()))
}
