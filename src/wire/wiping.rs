//! Output buffers that contain a secret: the memory that they release is wiped. It must not know which bytes are secret; the writer
//! says so.

use bytes::{Bytes, BytesMut};
use zeroize::{Zeroize, Zeroizing};

/// The least capacity that is reserved at once, so that the end of a command does not move its secret.
const ROOM: usize = 256;

/// A copy that is wiped when its last slice is dropped.
pub(crate) fn secret(bytes: &[u8]) -> Bytes {
    Bytes::from_owner(Zeroizing::new(bytes.to_vec()))
}

/// Reserves capacity for this many more bytes. If that moves the buffer, the old memory is wiped.
pub(crate) fn reserve(buffer: &mut BytesMut, more: usize) {
    if buffer.capacity() - buffer.len() < more {
        let mut larger = BytesMut::with_capacity((buffer.len() + more) * 2 + ROOM);
        larger.extend_from_slice(buffer);
        buffer.as_mut().zeroize();
        *buffer = larger;
    }
}

/// The buffer without a copy, wiped when its last slice is dropped.
pub(crate) fn freeze(buffer: BytesMut) -> Bytes {
    Bytes::from_owner(Zeroizing::new(Vec::from(buffer)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_buffer_keeps_its_bytes_as_it_grows_and_freezes() {
        let mut buffer = BytesMut::new();
        for count in 0..1000_u32 {
            let piece = count.to_be_bytes();
            reserve(&mut buffer, piece.len());
            buffer.extend_from_slice(&piece);
        }
        let expected: Vec<u8> = (0..1000_u32).flat_map(u32::to_be_bytes).collect();
        assert_eq!(freeze(buffer), expected);
        assert_eq!(secret(b"s3cret"), &b"s3cret"[..]);
    }

    #[test]
    fn frozen_bytes_are_where_the_buffer_was() {
        let mut buffer = BytesMut::with_capacity(64);
        buffer.extend_from_slice(b"s3cret");
        let place = buffer.as_ptr();
        assert_eq!(freeze(buffer).as_ptr(), place);
    }
}
