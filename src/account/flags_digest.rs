//! What is kept of a message's flags to see whether they have changed. It must not know who keeps it.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use crate::imap::Fetched;

/// Equal for equal flags, whatever their order and case.
pub(super) fn flags_digest(message: &Fetched) -> u64 {
    let one = |name: &str| {
        let mut hasher = DefaultHasher::new();
        name.to_ascii_lowercase().hash(&mut hasher);
        hasher.finish()
    };
    // The server takes `\\Recent` away on its own.
    let lasting = |flag: &str| !flag.eq_ignore_ascii_case("\\Recent");
    message
        .flags()
        .map_or(0, |flags| flags.iter().filter(|flag| lasting(flag)).map(|flag| one(&flag)).fold(0, u64::wrapping_add))
}
