//! STUB
/// x
#[derive(Debug)]
pub struct Script;
