//! What follows in an exchange. It must not know a mechanism.

/// The next step.
pub(super) enum Step {
    Challenge(Vec<u8>),
    Admitted(String),
    Refused,
}
