//! The order in which items are drawn: a keyed hash of what an item is.

use sha2::{Digest, Sha256};
use siphasher::sip128::{Hasher128, SipHasher24};
use std::fmt;
use std::hash::Hasher;

/// Number of values that the upper half of a rank can take, 2^64.
const UPPER_HALVES: f64 = 18_446_744_073_709_551_616.0;

/// The key that orders items for drawing, made from a sample's seed.
#[derive(Clone)]
pub struct DrawKey(SipHasher24);

/// An item's place in the order of drawing. It is uniformly distributed over all values, and nothing about the item can be
/// told from it without the key.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Rank(u128);

impl DrawKey {
    /// Makes the key of a seed, which may be any text.
    #[must_use]
    pub fn of_seed(seed: &str) -> Self {
        let digest = Sha256::digest(seed.as_bytes());
        let mut key = [0; 16];
        for (byte, from) in key.iter_mut().zip(digest) {
            *byte = from;
        }
        Self(SipHasher24::new_with_key(&key))
    }

    /// Returns the rank of an item.
    #[must_use]
    pub fn rank(&self, holder_code: &str, cert_type_code: &str, certificate_number: Option<&str>) -> Rank {
        let mut hasher = self.0;
        for part in [Some(holder_code), Some(cert_type_code), certificate_number] {
            // Lengths keep apart what would read the same when joined, and a missing number from an empty one. They are
            // written as bytes: integers are hashed in the machine's own byte order.
            let length = part.map_or(u64::MAX, |part| part.len() as u64);
            hasher.write(&length.to_le_bytes());
            hasher.write(part.unwrap_or_default().as_bytes());
        }
        Rank(hasher.finish128().into())
    }
}

impl Rank {
    /// Returns whether the rank lies among the smallest `share` (0 to 1) of all ranks. Where it does, every smaller one does.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "rounding keeps the order")]
    pub fn is_within(self, share: f64) -> bool {
        let upper_half = u64::try_from(self.0 >> 64).unwrap_or(u64::MAX);
        upper_half as f64 / UPPER_HALVES <= share
    }
}

/// Shows nothing: whoever has the key can tell holder codes from ranks by trying them all.
impl fmt::Debug for DrawKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("DrawKey").finish_non_exhaustive()
    }
}

/// Shows nothing: with a known seed, holder codes can be told from ranks by trying them all.
impl fmt::Debug for Rank {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Rank").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranks_are_the_same_on_every_machine() {
        let key = DrawKey::of_seed("2026-11");
        for (number, expected) in
            [(None, 0x0d57_d154_c26c_ff69_7753_72f9_8cb0_c706), (Some("BJ-1"), 0xcf4d_ffd3_46c1_cc21_6217_9e23_40e2_f7fe)]
        {
            let rank = key.rank("370499195001010007", "11100000000013127D001", number);
            assert!(rank.0 == expected, "{:#x}", rank.0);
        }
    }

    #[test]
    fn whatever_differs_in_an_item_or_the_seed_gives_another_rank() {
        let key = DrawKey::of_seed("a");
        let base = key.rank("h", "t", None);
        for other in [
            key.rank("h", "t", Some("")),
            key.rank("ht", "", None),
            key.rank("", "ht", None),
            key.rank("h", "", Some("t")),
            key.rank("t", "h", None),
            DrawKey::of_seed("b").rank("h", "t", None),
        ] {
            assert!(base != other);
        }
        assert!(base == DrawKey::of_seed("a").rank("h", "t", None));
    }

    #[test]
    fn neither_the_key_nor_a_rank_shows_anything() {
        let key = DrawKey::of_seed("seed");
        assert_eq!(format!("{key:?} {:?}", key.rank("h", "t", None)), "DrawKey { .. } Rank { .. }");
    }

    #[test]
    fn a_share_of_all_ranks_has_that_share_of_items() {
        let key = DrawKey::of_seed("x");
        let within = (0..20_000u32).filter(|serial| key.rank(&serial.to_string(), "t", None).is_within(0.25)).count();
        assert!((4_700..5_300).contains(&within), "{within}");
        assert!(Rank(u128::MAX).is_within(1.0) && Rank(0).is_within(0.0));
    }
}
