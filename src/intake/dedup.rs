//! Which items have been named before.

use super::row::NewItem;
use sha2::{Digest, Sha256};
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::hash::{BuildHasherDefault, DefaultHasher, Hash, Hasher};

/// Twelve bytes of SHA-256: that two of ten million items meet has a chance of one in 10^15.
type Fingerprint = [u8; 12];

/// A fingerprint is as good as a hash already.
#[derive(Debug, Default)]
struct FingerprintHasher(u64);

impl Hasher for FingerprintHasher {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for (place, byte) in bytes.iter().take(8).enumerate() {
            self.0 ^= u64::from(*byte) << (8 * place);
        }
    }
}

/// What is remembered of an item, with its fingerprint twenty-eight bytes: ten million items take some 550 MB while they
/// are read.
#[derive(Debug, Clone, Copy)]
struct Seen {
    item_id: u32,
    carried: u32,
    /// Fingerprint of what may be its number and is not read; 0 for none.
    unread_number: u32,
}

/// Remembers every item by its fingerprint.
#[derive(Debug, Default)]
pub(super) struct Dedup {
    seen: HashMap<Fingerprint, Seen, BuildHasherDefault<FingerprintHasher>>,
}

/// What is known of an item that was just named.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Naming {
    /// It is new.
    First,
    /// It was named before.
    Again {
        /// Which it is.
        item_id: u64,
        /// Whether its carried values are not those of its first naming.
        carried_differ: bool,
        /// Whether the items have no number, and what may be their numbers and is not read differs.
        unread_number_differs: bool,
    },
}

impl Dedup {
    /// Names an item. `unread_number` is a fingerprint of what may be its number, in columns that are not read.
    pub(super) fn name(&mut self, item: &NewItem, unread_number: Option<u32>) -> Naming {
        let next = u32::try_from(self.seen.len()).unwrap_or(u32::MAX);
        let mut carried = DefaultHasher::new();
        item.carried.hash(&mut carried);
        #[expect(clippy::cast_possible_truncation, reason = "a fingerprint of the values, to tell whether they are the same")]
        let carried = carried.finish() as u32;
        let key = digest([Some(item.holder_code.as_str()), Some(&item.cert_type_code), item.certificate_number.as_deref()]);
        match self.seen.entry(key) {
            Entry::Vacant(place) => {
                place.insert(Seen { item_id: next, carried, unread_number: unread_number.unwrap_or_default() });
                Naming::First
            }
            Entry::Occupied(place) => {
                let first = place.get();
                let unread_number_differs = item.certificate_number.is_none()
                    && first.unread_number != 0
                    && unread_number.is_some_and(|number| number != first.unread_number);
                Naming::Again { item_id: first.item_id.into(), carried_differ: first.carried != carried, unread_number_differs }
            }
        }
    }
}

fn digest<'a>(parts: impl IntoIterator<Item = Option<&'a str>>) -> Fingerprint {
    let mut hasher = Sha256::new();
    for part in parts {
        hasher.update([u8::from(part.is_some())]);
        hasher.update(part.unwrap_or_default());
        hasher.update([0]);
    }
    let whole = hasher.finalize();
    std::array::from_fn(|place| whole[place])
}
