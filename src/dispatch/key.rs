//! Hidden keys of a department's workbook: one in each row, which identifies the certificate and contains checksums of the locked
//! cells, and one in each list's header, which identifies department and matter.
//!
//! A key is authenticated with the run's secret. It does not reveal the holder, cannot be forged, and shows if a row belongs to
//! another run or department. Because it is part of its row, it survives sorting, filtering, moved columns and deleted rows.

use crate::journal::{CertificateMark, Seal};
use crate::table::Matter;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// Format version of the keys that this program writes.
const VERSION: u8 = 1;
/// Prefix of a list's key, by which the header row is found in any row.
const LIST_MARK: &str = "ecert-audit:";

/// Hash that identifies a run or a department. A collision, with a probability of one in 2^32, affects only a message.
type Tag = [u8; 4];
/// Authentication tag of a key.
type Check = [u8; 8];

/// Bytes before the checksums of the cells: version, run, department, item, certificate.
const FIXED: usize = 1 + 4 + 4 + 8 + 8;
const CHECK: usize = 8;

/// Creates and reads the keys of one run.
#[derive(Debug, Clone)]
pub(super) struct Keys {
    seal: Seal,
    run: Tag,
}

/// Content of a row's key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct RowKey {
    /// Hash of the department.
    pub department: Tag,
    /// Id of the item.
    pub item_id: u64,
    /// The certificate among those of the item.
    pub certificate: CertificateMark,
    /// Checksums of the locked cells' texts, in the order of [`super::columns`].
    pub cells: Vec<u16>,
}

/// Content of a list's key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct ListKey {
    /// Hash of the department.
    pub department: Tag,
    /// Matter of the list's rows.
    pub matter: Matter,
}

/// Reason why a text is not a key of this run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NoKey {
    /// It was changed, or is not a key.
    Unknown,
    /// It is a key of another run.
    OtherRun,
}

impl Keys {
    pub(super) fn new(seal: Seal) -> Self {
        let run = seal.tag("run", &[]);
        Self { seal, run }
    }

    /// Returns the hash of a department, given by its value in the carried column; `None` for rows without a value.
    pub(super) fn department(&self, value: Option<&str>) -> Tag {
        match value {
            Some(value) => self.seal.tag("department", &[value.as_bytes()]),
            None => self.seal.tag("no department", &[]),
        }
    }

    /// Returns the key of a row.
    pub(super) fn row(&self, key: &RowKey) -> String {
        let mut bytes = Vec::with_capacity(FIXED + 2 * key.cells.len() + CHECK);
        bytes.push(VERSION);
        bytes.extend(self.run);
        bytes.extend(key.department);
        bytes.extend(key.item_id.to_le_bytes());
        bytes.extend(key.certificate);
        bytes.extend(key.cells.iter().flat_map(|check| check.to_le_bytes()));
        self.sealed("row", bytes)
    }

    /// Reads the key of a row.
    pub(super) fn read_row(&self, text: &str) -> Result<RowKey, NoKey> {
        let bytes = self.opened("row", text)?;
        let mut left = bytes.as_slice();
        let mut read = || {
            let department = take(&mut left)?;
            let item_id = u64::from_le_bytes(take(&mut left)?);
            let certificate = take(&mut left)?;
            let mut cells = Vec::with_capacity(left.len() / 2);
            while let Some(check) = take(&mut left) {
                cells.push(u16::from_le_bytes(check));
            }
            Some(RowKey { department, item_id, certificate, cells })
        };
        read().ok_or(NoKey::Unknown)
    }

    /// Returns the key of a list, for its header.
    pub(super) fn list(&self, key: ListKey) -> String {
        let place = Matter::ALL.iter().position(|matter| *matter == key.matter).and_then(|place| u8::try_from(place).ok());
        let mut bytes = vec![VERSION];
        bytes.extend(self.run);
        bytes.extend(key.department);
        bytes.push(place.unwrap_or(u8::MAX));
        format!("{LIST_MARK}{}", self.sealed("list", bytes))
    }

    /// Reads the key of a list; `None` if the text does not have the prefix of one.
    pub(super) fn read_list(&self, text: &str) -> Option<Result<ListKey, NoKey>> {
        let sealed = text.trim().strip_prefix(LIST_MARK)?;
        Some(self.opened("list", sealed).and_then(|bytes| {
            let mut left = bytes.as_slice();
            let department = take::<4>(&mut left).ok_or(NoKey::Unknown)?;
            let [place] = take::<1>(&mut left).ok_or(NoKey::Unknown)?;
            let matter = Matter::ALL.get(usize::from(place)).copied().ok_or(NoKey::Unknown)?;
            Ok(ListKey { department, matter })
        }))
    }

    fn sealed(&self, purpose: &str, mut bytes: Vec<u8>) -> String {
        let check: Check = self.seal.tag(purpose, &[&bytes]);
        bytes.extend(check);
        URL_SAFE_NO_PAD.encode(bytes)
    }

    /// Verifies a key and returns its content after version and run.
    fn opened(&self, purpose: &str, text: &str) -> Result<Vec<u8>, NoKey> {
        let mut bytes = URL_SAFE_NO_PAD.decode(text.trim()).map_err(|_| NoKey::Unknown)?;
        let begin = 1 + self.run.len();
        let end = bytes.len().checked_sub(CHECK).filter(|end| *end >= begin).ok_or(NoKey::Unknown)?;
        let check = bytes.split_off(end);
        let said = bytes.split_off(begin);
        if bytes.first() != Some(&VERSION) {
            return Err(NoKey::Unknown);
        }
        if !bytes.ends_with(&self.run) {
            return Err(NoKey::OtherRun);
        }
        bytes.extend(&said);
        let expected: Check = self.seal.tag(purpose, &[&bytes]);
        if check == expected { Ok(said) } else { Err(NoKey::Unknown) }
    }
}

/// Removes and returns the next `N` bytes; `None` if there are fewer.
fn take<const N: usize>(left: &mut &[u8]) -> Option<[u8; N]> {
    let (taken, rest) = left.split_first_chunk::<N>()?;
    *left = rest;
    Some(*taken)
}

/// Returns the checksum of a cell's text, ignoring white space, because programs change line breaks and trim texts.
///
/// It is a plain hash (FNV-1a, folded to 16 bits) of a text that the department can read; the tag of the key protects it.
pub(super) fn cell_check(text: &str) -> u16 {
    const BASIS: u32 = 0x811C_9DC5;
    const PRIME: u32 = 0x0100_0193;
    let step = |hash: u32, byte: u8| (hash ^ u32::from(byte)).wrapping_mul(PRIME);
    let hash = text.split_whitespace().fold(BASIS, |hash, word| word.bytes().fold(step(hash, b' '), step));
    let [a, b, c, d] = hash.to_le_bytes();
    u16::from_le_bytes([a ^ c, b ^ d])
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn keys(secret: &[u8]) -> Keys {
        Keys::new(Seal::of(secret).unwrap())
    }

    fn key(keys: &Keys) -> RowKey {
        RowKey { department: keys.department(Some("市公安局")), item_id: 17, certificate: [9; 8], cells: vec![1, 2, 0xFFFF] }
    }

    #[test]
    fn a_key_says_what_it_was_made_of_and_nothing_else_is_one() {
        let own = keys(b"this run");
        let text = own.row(&key(&own));
        assert_eq!(own.read_row(&format!(" {text}\n")), Ok(key(&own)));
        assert_eq!(keys(b"another run").read_row(&text), Err(NoKey::OtherRun));
        for wrong in
            ["", "370499195001010017", "17/0", &text[1..], &text[..text.len() - 1], &format!("{text}A"), "=1+1", "市公安局"]
        {
            assert_eq!(own.read_row(wrong), Err(NoKey::Unknown), "{wrong}");
        }
        assert!(text.is_ascii() && text.starts_with('A') && text.len() < 64, "{text}");
    }

    #[test]
    fn a_list_says_whose_it_is() {
        let own = keys(b"this run");
        for matter in Matter::ALL {
            let key = ListKey { department: own.department(None), matter };
            let text = own.list(key);
            assert_eq!(own.read_list(&text), Some(Ok(key)));
            assert_eq!(keys(b"another run").read_list(&text), Some(Err(NoKey::OtherRun)));
            assert_eq!(own.read_list(&text[..text.len() - 2]), Some(Err(NoKey::Unknown)));
        }
        assert_eq!(own.read_list("持证主体代码"), None);
        let row = own.row(&key(&own));
        assert_eq!(own.read_list(&format!("{LIST_MARK}{row}")), Some(Err(NoKey::Unknown)), "a row's key is no list's");
    }

    #[test]
    fn departments_have_tags_of_their_own() {
        let own = keys(b"this run");
        let tags = [None, Some(""), Some("市公安局"), Some("市民政局")].map(|value| own.department(value));
        for (at, tag) in tags.iter().enumerate() {
            assert!(!tags[at + 1..].contains(tag));
        }
    }

    #[test]
    fn space_makes_no_difference_to_a_cell_and_everything_else_does() {
        assert_eq!(cell_check("①颁发机构\n②有效期"), cell_check(" ①颁发机构\r\n②有效期 "));
        for (one, other) in [("", "0"), ("ab", "a b"), ("370499195001010017", "370499195001010018"), ("张*", "李*")] {
            assert_ne!(cell_check(one), cell_check(other), "{one} {other}");
        }
    }

    proptest! {
        #[test]
        fn every_change_of_a_key_is_seen(item_id in any::<u64>(), certificate in any::<[u8; 8]>(), cells in prop::collection::vec(any::<u16>(), 0..12), place in 0usize..200, other in "[A-Za-z0-9_-]") {
            let own = keys(b"this run");
            let key = RowKey { department: own.department(Some("a")), item_id, certificate, cells };
            let text = own.row(&key);
            let read = own.read_row(&text);
            prop_assert_eq!(read.as_ref(), Ok(&key));
            let place = place % text.len();
            let mut changed = text.clone();
            changed.replace_range(place..=place, &other);
            prop_assume!(changed != text);
            prop_assert!(own.read_row(&changed).is_err());
        }

        #[test]
        fn any_text_is_read_without_harm(text in ".{0,120}") {
            let own = keys(b"this run");
            prop_assert!(own.read_row(&text).is_err());
            let _ = own.read_list(&text);
        }
    }
}
