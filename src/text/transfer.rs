//! [`TransferDecoder`]: removes a transfer encoding (RFC 2045 §6) from bytes that come in pieces, in constant memory. It must not know
//! where the bytes come from, nor what they mean.

use bytes::Bytes;

use super::{base64, quoted_printable, uuencode};

/// Removes one transfer encoding.
#[derive(Debug)]
pub(crate) enum TransferDecoder {
    /// `7bit`, `8bit`, `binary`, and encodings that are not known: the bytes as they are.
    Identity,
    Base64(base64::Decoder),
    QuotedPrintable(quoted_printable::Decoder),
    Uuencode(uuencode::Decoder),
}

impl TransferDecoder {
    /// Whether the bytes stay as they are.
    pub(crate) fn is_identity(&self) -> bool {
        matches!(self, Self::Identity)
    }

    /// The decoded octets of the whole, and the number of malformed places.
    pub(crate) fn decode(mut self, encoded: &Bytes) -> (Bytes, u64) {
        if self.is_identity() {
            return (encoded.clone(), 0);
        }
        let mut octets = Vec::with_capacity(encoded.len());
        self.push(encoded, &mut octets);
        self.finish(&mut octets);
        (octets.into(), self.flaws())
    }

    /// Appends the decoded octets of the next piece.
    pub(crate) fn push(&mut self, piece: &[u8], out: &mut Vec<u8>) {
        match self {
            Self::Identity => out.extend_from_slice(piece),
            Self::Base64(decoder) => decoder.push(piece, out),
            Self::QuotedPrintable(decoder) => decoder.push(piece, out),
            Self::Uuencode(decoder) => decoder.push(piece, out),
        }
    }

    /// Appends what is still held, at the end of the bytes.
    pub(crate) fn finish(&mut self, out: &mut Vec<u8>) {
        match self {
            Self::Identity => {}
            Self::Base64(decoder) => decoder.finish(out),
            Self::QuotedPrintable(decoder) => decoder.finish(out),
            Self::Uuencode(decoder) => decoder.finish(out),
        }
    }

    /// The number of malformed places so far.
    pub(crate) fn flaws(&self) -> u64 {
        match self {
            Self::Identity => 0,
            Self::Base64(decoder) => decoder.flaws(),
            Self::QuotedPrintable(decoder) => decoder.flaws(),
            Self::Uuencode(decoder) => decoder.flaws(),
        }
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// The octets of a text that comes in pieces of this size, and the number of malformed places.
    pub(in crate::text) fn in_pieces(mut decoder: TransferDecoder, text: &[u8], size: usize) -> (Vec<u8>, u64) {
        let mut out = Vec::new();
        text.chunks(size.max(1)).for_each(|piece| decoder.push(piece, &mut out));
        decoder.finish(&mut out);
        (out, decoder.flaws())
    }
}
