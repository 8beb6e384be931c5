//! Unpacking of bodies as they come: gzip and deflate, in whatever letter case and by whatever name a gateway declares them.
//!
//! What begins as gzip is gzip, declared or not: no text begins so. What is declared as packed and is not is taken as it is.

use bytes::{Buf, Bytes};
use flate2::write::{DeflateDecoder, GzDecoder, ZlibDecoder};
use std::io::{self, Write};

/// Beginning of a member of a gzip file (RFC 1952, 2.3.1).
const GZIP: [u8; 2] = [0x1F, 0x8B];

/// How far the unpacking of one body is.
#[derive(Debug)]
pub(super) struct Unpacking {
    state: State,
    /// Whether deflate is declared: its own form has no mark by which it is known.
    is_deflate: bool,
}

#[derive(Debug)]
enum State {
    /// The first bytes, until they say what the body is.
    Begun(Vec<u8>),
    /// Not packed.
    Plain,
    /// A member of gzip.
    Gzip(Box<GzDecoder<Vec<u8>>>),
    /// Deflate with the header and check sum of zlib.
    Zlib(Box<ZlibDecoder<Vec<u8>>>),
    /// Deflate alone, as some servers have it that misread the standard.
    Deflate(Box<DeflateDecoder<Vec<u8>>>),
    /// Between two members of gzip: the first bytes of what may be the next one.
    Between(Vec<u8>),
    /// At the end; what comes after it is no part of the body.
    Ended,
}

impl Unpacking {
    /// Of a text with this `Content-Encoding`.
    pub(super) fn of_text(content_encoding: Option<&str>) -> Self {
        let is_deflate = content_encoding.is_some_and(|encoding| {
            encoding
                .split(',')
                .any(|encoding| ["deflate", "x-deflate"].iter().any(|known| encoding.trim().eq_ignore_ascii_case(known)))
        });
        Self { state: State::Begun(Vec::new()), is_deflate }
    }

    /// Of a body that is to be kept as it comes.
    pub(super) const fn none() -> Self {
        Self { state: State::Plain, is_deflate: false }
    }

    /// Takes bytes from the front of `packed`, unless it only comes to the end of a part, and returns what they unpack to: not all
    /// of it at once, so that what little packs much is bounded by whoever takes it.
    ///
    /// # Errors
    /// Fails if what was packed is damaged.
    pub(super) fn next(&mut self, packed: &mut Bytes) -> io::Result<Bytes> {
        let taken = match &mut self.state {
            State::Plain => return Ok(std::mem::take(packed)),
            State::Ended => {
                packed.clear();
                return Ok(Bytes::new());
            }
            State::Begun(first) => {
                // Most bodies come in one piece, which is then kept as it is.
                if first.is_empty()
                    && let Some(beginning) = packed.first_chunk()
                {
                    self.state = self.state_after(*beginning);
                    return self.next(packed);
                }
                let Some(beginning) = gathered(first, packed) else { return Ok(Bytes::new()) };
                self.state = self.state_after(beginning);
                return self.unpacked(&beginning);
            }
            State::Between(first) => {
                let Some(beginning) = gathered(first, packed) else { return Ok(Bytes::new()) };
                if beginning != GZIP {
                    // Filling, or anything else, is no further member.
                    self.state = State::Ended;
                    return Ok(Bytes::new());
                }
                self.state = self.state_after(beginning);
                return self.unpacked(&beginning);
            }
            State::Gzip(decoder) => {
                // Its header may be taken without a byte of this piece.
                let had_header = decoder.header().is_some();
                Taken { bytes: decoder.write(packed)?, piece: std::mem::take(decoder.get_mut()), may_end: had_header }
            }
            State::Zlib(decoder) => {
                Taken { bytes: decoder.write(packed)?, piece: std::mem::take(decoder.get_mut()), may_end: true }
            }
            State::Deflate(decoder) => {
                Taken { bytes: decoder.write(packed)?, piece: std::mem::take(decoder.get_mut()), may_end: true }
            }
        };
        packed.advance(taken.bytes);
        if taken.bytes > 0 || !taken.may_end {
            return Ok(taken.piece.into());
        }
        // A decoder takes nothing more when it is at its end.
        let is_gzip = matches!(self.state, State::Gzip(_));
        let last = self.finish_part()?;
        if is_gzip {
            self.state = State::Between(Vec::new());
        }
        Ok([taken.piece, last].concat().into())
    }

    /// Returns what is left when no more comes.
    ///
    /// # Errors
    /// Fails if what was packed breaks off or is damaged.
    pub(super) fn finish(mut self) -> io::Result<Bytes> {
        match &mut self.state {
            State::Begun(first) => Ok(std::mem::take(first).into()),
            State::Plain | State::Ended | State::Between(_) => Ok(Bytes::new()),
            State::Gzip(_) | State::Zlib(_) | State::Deflate(_) => self.finish_part().map(Bytes::from),
        }
    }

    /// How a body, or a further member of it, that begins with these bytes is unpacked.
    fn state_after(&self, beginning: [u8; GZIP.len()]) -> State {
        if beginning == GZIP {
            State::Gzip(Box::new(GzDecoder::new(Vec::new())))
        } else if self.is_deflate && is_zlib(beginning) {
            State::Zlib(Box::new(ZlibDecoder::new(Vec::new())))
        } else if self.is_deflate && !is_json(beginning[0]) {
            State::Deflate(Box::new(DeflateDecoder::new(Vec::new())))
        } else {
            State::Plain
        }
    }

    /// Unpacks all of a few bytes.
    fn unpacked(&mut self, few: &[u8]) -> io::Result<Bytes> {
        let (mut few, mut unpacked) = (Bytes::copy_from_slice(few), Vec::new());
        while !few.is_empty() {
            unpacked.extend_from_slice(&self.next(&mut few)?);
        }
        Ok(unpacked.into())
    }

    /// Checks that what is being unpacked is whole, and returns what is still in the decoder.
    fn finish_part(&mut self) -> io::Result<Vec<u8>> {
        match std::mem::replace(&mut self.state, State::Ended) {
            State::Gzip(decoder) => decoder.finish(),
            State::Zlib(decoder) => decoder.finish(),
            State::Deflate(decoder) => decoder.finish(),
            State::Begun(_) | State::Plain | State::Between(_) | State::Ended => Ok(Vec::new()),
        }
    }
}

/// What a decoder has taken, and what came of it.
struct Taken {
    /// How many bytes it has taken.
    bytes: usize,
    /// What it has unpacked.
    piece: Vec<u8>,
    /// Whether it is at its end if it has taken none.
    may_end: bool,
}

/// The first bytes of a body, or of a further member, once all of them have come.
fn gathered(first: &mut Vec<u8>, packed: &mut Bytes) -> Option<[u8; GZIP.len()]> {
    let missing = GZIP.len().saturating_sub(first.len()).min(packed.len());
    first.extend_from_slice(&packed.split_to(missing));
    first.as_slice().try_into().ok()
}

/// Whether two bytes are the header of zlib (RFC 1950, 2.2).
fn is_zlib(beginning: [u8; 2]) -> bool {
    beginning[0] & 0x0F == 8 && u16::from_be_bytes(beginning).is_multiple_of(31)
}

/// Whether a body that begins with this byte may be JSON, with or without a mark. No JSON that is packed begins so.
const fn is_json(first: u8) -> bool {
    matches!(first, b'{' | b'[' | b'"' | 0xEF)
}

#[cfg(test)]
mod tests {
    use super::*;
    use flate2::Compression;
    use flate2::write::{DeflateEncoder, GzEncoder, ZlibEncoder};
    use proptest::prelude::*;

    const TEXT: &str = r#"{"head":{"status":"0","message":"接口调用成功"},"data":null}"#;

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    fn zlib(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = ZlibEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    fn deflate(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = DeflateEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    /// What a body unpacks to that comes in pieces of a size.
    fn unpacked(encoding: Option<&str>, body: &[u8], size: usize) -> io::Result<Vec<u8>> {
        let mut unpacking = Unpacking::of_text(encoding);
        let mut whole = Vec::new();
        for piece in body.chunks(size) {
            let mut packed = Bytes::copy_from_slice(piece);
            while !packed.is_empty() {
                whole.extend_from_slice(&unpacking.next(&mut packed)?);
            }
        }
        whole.extend_from_slice(&unpacking.finish()?);
        Ok(whole)
    }

    #[test]
    fn a_body_is_unpacked_by_whatever_name_it_is_declared() {
        let text = TEXT.as_bytes();
        let members = [gzip(&text[..20]), gzip(&text[20..])].concat();
        for (encoding, body) in [
            (None, text.to_vec()),
            (Some("identity"), text.to_vec()),
            (Some("utf-8"), text.to_vec()),
            (Some("gzip"), gzip(text)),
            (Some("GZIP"), gzip(text)),
            (Some("x-gzip"), gzip(text)),
            (Some("gzip, gzip"), gzip(text)),
            (None, gzip(text)),
            (Some("gzip"), text.to_vec()),
            (Some("deflate"), text.to_vec()),
            (Some("deflate"), zlib(text)),
            (Some(" Deflate "), deflate(text)),
            (Some("gzip"), members),
            (Some("gzip"), [gzip(text), vec![0; 5]].concat()),
            (Some("gzip"), [gzip(text), vec![0]].concat()),
            (Some("deflate"), [zlib(text), vec![0; 5]].concat()),
        ] {
            for size in [1, 2, 3, 7, 10, 4096] {
                assert_eq!(unpacked(encoding, &body, size).unwrap(), text, "{encoding:?} by {size}");
            }
        }
        for short in [&b""[..], b"{", b"\x1F"] {
            assert_eq!(unpacked(Some("gzip"), short, 1).unwrap(), short);
        }
    }

    #[test]
    fn a_packed_body_that_breaks_off_or_is_damaged_is_no_body() {
        for (encoding, packed) in
            [("gzip", gzip(TEXT.as_bytes())), ("deflate", zlib(TEXT.as_bytes())), ("deflate", deflate(TEXT.as_bytes()))]
        {
            for left in 3..packed.len() {
                assert!(unpacked(Some(encoding), &packed[..left], 5).is_err(), "{encoding} {left}");
            }
        }
        let mut packed = gzip(TEXT.as_bytes());
        let last = packed.len() - 1;
        packed[last] ^= 1;
        assert!(unpacked(Some("gzip"), &packed, 4096).is_err(), "its length is wrong");
    }

    #[test]
    fn what_little_packs_much_comes_in_small_pieces() {
        let mut packed = Bytes::from(gzip(&vec![b' '; 8 << 20]));
        let mut unpacking = Unpacking::of_text(None);
        let (mut whole, mut largest) = (0, 0);
        while !packed.is_empty() {
            let piece = unpacking.next(&mut packed).unwrap();
            largest = largest.max(piece.len());
            whole += piece.len();
        }
        whole += unpacking.finish().unwrap().len();
        assert_eq!(whole, 8 << 20);
        assert!(largest <= 256 << 10, "{largest}");
    }

    proptest! {
        #[test]
        fn no_body_makes_the_unpacking_panic_or_stand_still(
            body in prop::collection::vec(any::<u8>(), 0..80), mark in any::<bool>(), size in 1usize..9,
        ) {
            let body = if mark { [&GZIP[..], &[8, 0], &body].concat() } else { body };
            for encoding in [None, Some("gzip"), Some("deflate")] {
                let _ = unpacked(encoding, &body, size);
            }
        }
    }
}
