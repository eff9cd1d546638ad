//! Parses the reply to CAPA (RFC 2449 §5). It must not know what the capabilities mean.

use super::Lines;
use crate::pop3::types::Capabilities;

/// Parses the lines after CAPA's `+OK`, without the final dot. Bytes that are not UTF-8 are replaced.
///
/// ```
/// let capabilities = postroom::pop3::codec::capabilities(b"TOP\r\nSASL PLAIN\r\n");
/// assert!(capabilities.top() && capabilities.sasl("PLAIN"));
/// ```
pub fn capabilities(body: &[u8]) -> Capabilities {
    Lines::new(body).map(String::from_utf8_lossy).collect()
}
