//! Which numbers are modification sequences (RFC 7162 §7, `mod-sequence-value`). It must not know what they number.

/// Whether this can be the modification sequence of a message: at least 1, at most 63 bits.
pub(crate) fn is_modseq(value: u64) -> bool {
    (1..=i64::MAX.unsigned_abs()).contains(&value)
}
