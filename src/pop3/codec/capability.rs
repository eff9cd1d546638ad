//! The reply to CAPA (RFC 2449 §5).

use super::Lines;
use crate::pop3::types::Capabilities;

/// Reads the lines behind CAPA's `+OK`, the final dot taken away. What is no UTF-8 is replaced.
///
/// ```
/// let capabilities = postroom::pop3::codec::capabilities(b"TOP\r\nSASL PLAIN\r\n");
/// assert!(capabilities.top() && capabilities.sasl("PLAIN"));
/// ```
pub fn capabilities(body: &[u8]) -> Capabilities {
    Lines::new(body).map(String::from_utf8_lossy).collect()
}
