//! What the first message of a handshake offers (RFC 8446 §4.1.2). Test only: reads the bytes as a server gets them.

use tokio::io::AsyncReadExt;

use super::Tls;
use crate::config::Config;

const SUPPORTED_GROUPS: u16 = 10;
const KEY_SHARE: u16 = 51;
const X25519_MLKEM768: u16 = 0x11ec;
const X25519: u16 = 0x001d;

/// A cursor that panics at the end.
struct Bytes<'a>(&'a [u8]);

impl<'a> Bytes<'a> {
    fn take(&mut self, count: usize) -> &'a [u8] {
        let (taken, rest) = self.0.split_at(count);
        self.0 = rest;
        taken
    }

    fn number(&mut self, bytes: usize) -> usize {
        self.take(bytes).iter().fold(0, |number, byte| number << 8 | usize::from(*byte))
    }

    fn short(&mut self) -> u16 {
        self.number(2).try_into().unwrap()
    }

    /// A vector whose length comes first, in that many bytes.
    fn vector(&mut self, bytes: usize) -> Self {
        let length = self.number(bytes);
        Self(self.take(length))
    }
}

/// The groups that the client supports, and those with a key share and its length, in order.
async fn offered() -> (Vec<u16>, Vec<(u16, usize)>) {
    let (ours, mut theirs) = tokio::io::duplex(16 * 1024);
    let tls = Tls::new(&Config::new("imap.example.org")).unwrap();
    let mut record = Vec::new();
    let read = async {
        let mut header = [0; 5];
        theirs.read_exact(&mut header).await.unwrap();
        assert_eq!(header[0], 22, "no handshake record");
        record.resize(usize::from(u16::from_be_bytes([header[3], header[4]])), 0);
        theirs.read_exact(&mut record).await.unwrap();
        drop(theirs);
    };
    let (result, ()) = tokio::join!(tls.handshake(ours), read);
    assert!(result.is_err());

    let mut message = Bytes(&record);
    assert_eq!(message.number(1), 1, "no ClientHello");
    let mut hello = message.vector(3);
    hello.take(2 + 32);
    for bytes in [1, 2, 1] {
        hello.vector(bytes);
    }
    let mut extensions = hello.vector(2);
    let (mut groups, mut shares) = (Vec::new(), Vec::new());
    while !extensions.0.is_empty() {
        let (kind, mut extension) = (extensions.short(), extensions.vector(2));
        match kind {
            SUPPORTED_GROUPS => {
                let mut list = extension.vector(2);
                while !list.0.is_empty() {
                    groups.push(list.short());
                }
            }
            KEY_SHARE => {
                let mut list = extension.vector(2);
                while !list.0.is_empty() {
                    shares.push((list.short(), list.vector(2).0.len()));
                }
            }
            _ => {}
        }
    }
    (groups, shares)
}

#[cfg(feature = "aws-lc-rs")]
#[tokio::test]
async fn aws_lc_rs_prefers_a_post_quantum_key_exchange_and_sends_a_share_for_it() {
    let (groups, shares) = offered().await;
    assert_eq!(groups.first(), Some(&X25519_MLKEM768), "{groups:x?}");
    assert_eq!(groups.iter().filter(|group| **group == X25519_MLKEM768).count(), 1);
    // An encapsulation key of ML-KEM-768 and a public key of X25519.
    assert_eq!(shares.first(), Some(&(X25519_MLKEM768, 1184 + 32)), "{shares:x?}");
    assert!(shares.contains(&(X25519, 32)), "a server without ML-KEM must not need another round trip");
}

#[cfg(not(feature = "aws-lc-rs"))]
#[tokio::test]
async fn ring_has_no_post_quantum_key_exchange() {
    let (groups, shares) = offered().await;
    assert!(!groups.contains(&X25519_MLKEM768));
    assert_eq!(shares, [(X25519, 32)]);
}
