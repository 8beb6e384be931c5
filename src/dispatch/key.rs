//! The hidden keys of a department's workbook: one in each row, which says of which certificate the row is and what its
//! locked cells held, and one in each list's header, which says whose list it is.
//!
//! A key is opaque and sealed with the run's secret: it names no holder, cannot be made up, and tells a row of another run
//! or of another department's workbook. Since it lies in the row that it is about, it survives sorting, filtering, moved
//! columns and deleted rows.

use crate::journal::{CertificateMark, Seal};
use crate::table::Matter;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// Form of the keys that this version writes.
const VERSION: u8 = 1;
/// How a list's key begins, so that its header is found wherever it stands.
const LIST_MARK: &str = "ecert-audit:";

/// Bytes that tell runs and departments apart. A mistake of one in four thousand million costs a message, no decision.
type Tag = [u8; 4];
/// Bytes of a key's check.
type Check = [u8; 8];

/// Bytes before the checks of the cells: version, run, department, item, certificate.
const FIXED: usize = 1 + 4 + 4 + 8 + 8;
const CHECK: usize = 8;

/// Makes and reads the keys of one run.
#[derive(Debug, Clone)]
pub(super) struct Keys {
    seal: Seal,
    run: Tag,
}

/// What a row's key says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct RowKey {
    /// The department's tag.
    pub department: Tag,
    /// The item.
    pub item_id: u64,
    /// Which of its certificates.
    pub certificate: CertificateMark,
    /// Checks of the texts of the locked cells, in the order of [`super::columns`].
    pub cells: Vec<u16>,
}

/// What a list's key says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct ListKey {
    /// The department's tag.
    pub department: Tag,
    /// Whose rows it lists.
    pub matter: Matter,
}

/// Why a text is no key of this run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NoKey {
    /// It was changed, or never was one.
    Unknown,
    /// It is a key of another run.
    OtherRun,
}

impl Keys {
    pub(super) fn new(seal: Seal) -> Self {
        let run = seal.tag("run", &[]);
        Self { seal, run }
    }

    /// The tag of a department, by its value of the carried column; `None` is the rows without one.
    pub(super) fn department(&self, value: Option<&str>) -> Tag {
        match value {
            Some(value) => self.seal.tag("department", &[value.as_bytes()]),
            None => self.seal.tag("no department", &[]),
        }
    }

    /// The key of a row.
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

    /// The key of a list, for its header.
    pub(super) fn list(&self, key: ListKey) -> String {
        let place = Matter::ALL.iter().position(|matter| *matter == key.matter).and_then(|place| u8::try_from(place).ok());
        let mut bytes = vec![VERSION];
        bytes.extend(self.run);
        bytes.extend(key.department);
        bytes.push(place.unwrap_or(u8::MAX));
        format!("{LIST_MARK}{}", self.sealed("list", bytes))
    }

    /// Reads the key of a list. `None` where the text is meant to be no such key.
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

    /// Returns what a key says behind version and run.
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

/// Takes the next `N` bytes. `None` where there are not as many.
fn take<const N: usize>(left: &mut &[u8]) -> Option<[u8; N]> {
    let (taken, rest) = left.split_first_chunk::<N>()?;
    *left = rest;
    Some(*taken)
}

/// Returns the check of a cell's text. Space is all the same: programs change line breaks and trim ends.
///
/// It is a plain hash (FNV-1a, folded to 16 bits) of what the department sees anyway; the seal of the key protects it.
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
