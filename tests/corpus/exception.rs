//! What is not as a sample's source has it, each with the reason. A sample that is not listed here must be as its source says.

/// Samples that a source refuses and we take.
pub(crate) const TAKEN: &[(&str, &str)] = &[];

/// Samples that a source takes and we refuse.
pub(crate) const REFUSED: &[(&str, &str)] = &[];

/// Samples of which something is kept raw: kinds and names that no RFC knows.
pub(crate) const RAW: &[(&str, &str)] = &[];

/// Samples of which a value is asserted that is wrong.
pub(crate) const WRONG: &[(&str, &str)] = &[];

/// Samples that are valid, and have a defect nevertheless.
pub(crate) const DEFECT: &[(&str, &str)] = &[];

/// Places where the second opinion, which nobody asserts, has another form or is mistaken.
pub(crate) const OPINION: &[(&str, &str)] = &[];

/// The reason why that sample is in the list.
pub(crate) fn reason(list: &[(&'static str, &'static str)], id: &str) -> Option<&'static str> {
    list.iter().find(|(listed, _)| *listed == id).map(|(_, reason)| *reason)
}

/// Every exception is one: what is listed without need has to go.
pub(crate) fn unused(list: &[(&'static str, &'static str)], used: &std::collections::HashSet<String>) -> Vec<&'static str> {
    list.iter().map(|(id, _)| *id).filter(|id| !used.contains(*id)).collect()
}
