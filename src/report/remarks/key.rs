//! Identity of a row in a gap list, and the key that represents it in the workbook.
//!
//! The position of a row in the tables does not identify it, because tables rebuilt with other rules have other rows. The
//! displayed values do not either, because they may be masked. Each row of a list therefore has a key: digests of its holder and
//! type, of its number, and of each side's identifier, computed with a secret that stays in the run's folder. With the secret,
//! the row can be found in any version of the tables. Without it, the key reveals nothing, although holder codes are few enough
//! to try all of them.

use crate::durable::WholeFile;
use crate::face::sort_key;
use crate::table::Row;
use crate::table::schema::coverage;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::fmt;
use std::fs::File;
use std::io::{self, ErrorKind, Read, Write};
use std::path::Path;

/// Identity of a coverage row.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(super) struct RowIdentity {
    pub holder_code: String,
    pub cert_type_code: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub certificate_number: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub province_certificate_id: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub city_certificate_id: Option<String>,
}

impl RowIdentity {
    pub(super) fn of(row: Row<'_>) -> Self {
        let text = |column| row.text(column).map(str::to_owned);
        Self {
            holder_code: text(coverage::HOLDER_CODE).unwrap_or_default(),
            cert_type_code: text(coverage::CERT_TYPE_CODE).unwrap_or_default(),
            certificate_number: text(coverage::CERTIFICATE_NUMBER),
            province_certificate_id: text(coverage::PROVINCE_CERTIFICATE_ID),
            city_certificate_id: text(coverage::CITY_CERTIFICATE_ID),
        }
    }

    /// Creates the identity from the displayed holder, type and number; an empty number means none.
    pub(super) fn shown([holder_code, cert_type_code, number]: [String; 3]) -> Self {
        let certificate_number = Some(number).filter(|number| !number.is_empty());
        Self { holder_code, cert_type_code, certificate_number, province_certificate_id: None, city_certificate_id: None }
    }

    fn names(&self) -> Names<String> {
        Names {
            number: self.number_key(),
            province: self.province_certificate_id.clone(),
            city: self.city_certificate_id.clone(),
        }
    }

    /// Returns the number in the form in which numbers are compared.
    pub(super) fn number_key(&self) -> Option<String> {
        self.certificate_number.as_deref().map(sort_key)
    }

    /// Returns how strongly another row matches, higher for a better match; `None` if it does not.
    pub(super) fn likeness(&self, other: &Self) -> Option<u32> {
        let is_of_item = (&self.holder_code, &self.cert_type_code) == (&other.holder_code, &other.cert_type_code);
        if is_of_item { self.names().likeness(&other.names()) } else { None }
    }
}

/// Values that distinguish the certificates of a holder and type, as texts or as digests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Names<T> {
    number: Option<T>,
    province: Option<T>,
    city: Option<T>,
}

impl<T: PartialEq> Names<T> {
    /// Two rows match if they have the number or an identifier in common, or if neither has any. The number has the highest
    /// weight, because two certificates may have been given the same identifier by mistake.
    fn likeness(&self, other: &Self) -> Option<u32> {
        let pairs = [
            (self.number.as_ref(), other.number.as_ref(), 4),
            (self.province.as_ref(), other.province.as_ref(), 2),
            (self.city.as_ref(), other.city.as_ref(), 2),
        ];
        let are_nameless = pairs.iter().all(|(own, others, _)| own.is_none() && others.is_none());
        let common: u32 =
            pairs.iter().filter(|(own, others, _)| own.is_some() && own == others).map(|(_, _, weight)| weight).sum();
        if are_nameless { Some(1) } else { Some(common).filter(|common| *common > 0) }
    }
}

/// Key of a row as stored in the workbook.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct RowKey {
    /// Digest of holder and type.
    pub item: u64,
    names: Names<u64>,
}

impl RowKey {
    /// Returns how strongly another key with the same secret matches, higher for a better match; `None` if it does not.
    pub(super) fn likeness(&self, other: &Self) -> Option<u32> {
        if self.item == other.item { self.names.likeness(&other.names) } else { None }
    }

    /// Parses a key; `None` if the text is not a key.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let is_digit = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
        let is_digest = |part: &str| part.len() == DIGITS && part.bytes().all(is_digit);
        let digest = |part: &str| if is_digest(part) { u64::from_str_radix(part, 16).ok() } else { None };
        let optional = |part: &str| if part.is_empty() { Some(None) } else { digest(part).map(Some) };
        let mut parts = text.trim().split('.');
        let mut next = || parts.next();
        let item = digest(next()?)?;
        let names = Names { number: optional(next()?)?, province: optional(next()?)?, city: optional(next()?)? };
        next().is_none().then_some(Self { item, names })
    }
}

/// Number of hexadecimal digits of a digest.
const DIGITS: usize = 16;

/// Formats as `item.number.province.city`, each in hexadecimal, or empty if the row has no such value.
impl fmt::Display for RowKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{:016x}", self.item)?;
        for name in [self.names.number, self.names.province, self.names.city] {
            match name {
                Some(digest) => write!(formatter, ".{digest:016x}")?,
                None => formatter.write_str(".")?,
            }
        }
        Ok(())
    }
}

/// Length of a secret in bytes.
const SECRET: usize = 32;

/// Secret of a run, which keys are computed with.
#[derive(Clone)]
pub(super) struct RowSecret([u8; SECRET]);

/// Kind of value that a digest is computed of, so that a number and an identifier with the same text have different digests.
#[derive(Debug, Clone, Copy)]
enum Part {
    Item = 0,
    Number = 1,
    Province = 2,
    City = 3,
}

impl RowSecret {
    /// Reads the secret from a file; `None` if the file does not exist.
    ///
    /// # Errors
    /// Fails if the file cannot be read or does not hold a secret.
    pub(super) fn read(path: &Path) -> io::Result<Option<Self>> {
        match std::fs::read(path) {
            Ok(bytes) => {
                let secret = <[u8; SECRET]>::try_from(bytes).map_err(|_| ErrorKind::InvalidData)?;
                Ok(Some(Self(secret)))
            }
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Reads the secret from a file, creating it if it does not exist.
    ///
    /// # Errors
    /// Fails if the file cannot be read or written, or does not hold a secret.
    pub(super) fn read_or_make(path: &Path) -> io::Result<Self> {
        if let Some(known) = Self::read(path)? {
            return Ok(known);
        }
        let mut bytes = [0; SECRET];
        File::open("/dev/urandom")?.read_exact(&mut bytes)?;
        let mut file = WholeFile::create(path)?;
        file.write_all(&bytes)?;
        match file.finish_new(path)? {
            Ok(()) => Ok(Self(bytes)),
            // Another process has created the file since the check; its secret is used.
            Err(_) => Self::read(path)?.ok_or_else(|| ErrorKind::NotFound.into()),
        }
    }

    /// Returns the key of a row.
    pub(super) fn key(&self, row: &RowIdentity) -> RowKey {
        let optional = |part, text: Option<&str>| text.map(|text| self.digest(part, &[text]));
        RowKey {
            item: self.item(&row.holder_code, &row.cert_type_code),
            names: Names {
                number: optional(Part::Number, row.number_key().as_deref()),
                province: optional(Part::Province, row.province_certificate_id.as_deref()),
                city: optional(Part::City, row.city_certificate_id.as_deref()),
            },
        }
    }

    /// Returns the part of the key that is the same for all rows of a holder and type.
    pub(super) fn item(&self, holder_code: &str, cert_type_code: &str) -> u64 {
        self.digest(Part::Item, &[holder_code, cert_type_code])
    }

    /// Returns the first 64 bits of SHA-256 over the secret and the texts, each preceded by its length. With a million rows, the
    /// probability of a collision is below one in ten million. Truncation prevents length extension.
    fn digest(&self, part: Part, texts: &[&str]) -> u64 {
        let mut hasher = Sha256::new();
        hasher.update(self.0);
        hasher.update([part as u8]);
        for text in texts {
            hasher.update((text.len() as u64).to_be_bytes());
            hasher.update(text);
        }
        hasher.finalize().iter().take(size_of::<u64>()).fold(0, |digest, byte| (digest << u8::BITS) | u64::from(*byte))
    }
}

impl fmt::Debug for RowSecret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("RowSecret").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const HOLDER: &str = "370499199001010007";

    fn row(number: Option<&str>, province: Option<&str>, city: Option<&str>) -> RowIdentity {
        RowIdentity {
            holder_code: HOLDER.to_owned(),
            cert_type_code: "11100000000013127D001".to_owned(),
            certificate_number: number.map(str::to_owned),
            province_certificate_id: province.map(str::to_owned),
            city_certificate_id: city.map(str::to_owned),
        }
    }

    #[test]
    fn rows_are_alike_by_number_or_identifier_or_by_having_neither() {
        let secret = RowSecret([7; SECRET]);
        for (one, other, likeness) in [
            (row(Some("A1"), None, Some("c1")), row(Some("Ａ 1"), None, Some("c2")), Some(4)),
            (row(Some("A1"), None, Some("c1")), row(Some("B2"), None, Some("c1")), Some(2)),
            (row(Some("A1"), Some("p1"), Some("c1")), row(None, Some("p1"), Some("c1")), Some(4)),
            (row(Some("A1"), None, None), row(Some("B2"), None, None), None),
            (row(Some("A1"), None, None), row(None, None, None), None),
            (row(None, None, None), row(None, None, None), Some(1)),
            (row(Some("x"), None, None), row(None, Some("x"), None), None),
            (row(None, None, None), RowIdentity { cert_type_code: "T".to_owned(), ..row(None, None, None) }, None),
        ] {
            assert_eq!(one.likeness(&other), likeness, "{one:?} and {other:?}");
            assert_eq!(secret.key(&one).likeness(&secret.key(&other)), likeness, "the keys of {one:?} and {other:?}");
        }
    }

    #[test]
    fn a_key_tells_nothing_without_the_secret() {
        let of = |secret: u8| RowSecret([secret; SECRET]).key(&row(Some(HOLDER), None, Some(HOLDER))).to_string();
        assert_eq!(of(1), of(1));
        assert!(of(1).split('.').zip(of(2).split('.')).all(|(one, other)| one != other || one.is_empty()));
        let parts: Vec<String> = of(1).split('.').map(str::to_owned).collect();
        assert_ne!(parts[1], parts[3], "a number and an identifier of one text have digests of their own");
    }

    #[test]
    fn a_secret_is_made_once_and_a_damaged_one_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("secret");
        assert!(RowSecret::read(&path).unwrap().is_none());
        let made = RowSecret::read_or_make(&path).unwrap();
        assert_eq!(RowSecret::read_or_make(&path).unwrap().0, made.0);
        let others = dir.path().join("others");
        assert_ne!(RowSecret::read_or_make(&others).unwrap().0, made.0);
        std::fs::write(&path, "short").unwrap();
        assert_eq!(RowSecret::read_or_make(&path).unwrap_err().kind(), ErrorKind::InvalidData);
    }

    proptest! {
        #[test]
        fn a_key_is_read_back(number in prop::option::of(".*"), province in prop::option::of(".*"), city in prop::option::of(".*")) {
            let row = row(number.as_deref(), province.as_deref(), city.as_deref());
            let key = RowSecret([3; SECRET]).key(&row);
            prop_assert_eq!(RowKey::parse(&key.to_string()), Some(key));
        }

        #[test]
        fn no_other_text_is_a_key(text in "[0-9a-f.]{0,70}|.*") {
            if let Some(key) = RowKey::parse(&text) {
                prop_assert_eq!(key.to_string(), text.trim());
            }
        }
    }
}
