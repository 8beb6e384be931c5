//! Keyed hashes of a run. Values that leave the run's folder and come back, such as the row keys of a department's workbook,
//! carry such a hash. Only the holder of the journal can create one, and a hash does not reveal what was hashed.

use super::{Journal, JournalError};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use std::fs::File;
use std::io::Read;

/// Key of the note that stores the run's secret, in hexadecimal.
const SECRET: &str = "seal_secret";
/// Length of a secret in bytes.
const SECRET_BYTES: usize = 32;

/// Computes the keyed hashes (HMAC-SHA-256) of one run.
#[derive(Clone)]
pub struct Seal(Hmac<Sha256>);

impl std::fmt::Debug for Seal {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Seal")
    }
}

impl Seal {
    /// Creates the seal with this secret; `None` if the secret is empty.
    #[must_use]
    pub fn of(secret: &[u8]) -> Option<Self> {
        if secret.is_empty() { None } else { Hmac::new_from_slice(secret).ok().map(Self) }
    }

    /// Returns the first `N` bytes (at most 32) of the hash of `parts`. `purpose` separates hashes for different uses. Each part
    /// is hashed with its length, so that moving text from one part to the next changes the hash.
    #[must_use]
    pub fn tag<const N: usize>(&self, purpose: &str, parts: &[&[u8]]) -> [u8; N] {
        let mut hash = self.0.clone();
        for part in std::iter::once(purpose.as_bytes()).chain(parts.iter().copied()) {
            hash.update(&(part.len() as u64).to_le_bytes());
            hash.update(part);
        }
        let digest = hash.finalize().into_bytes();
        let mut tag = [0; N];
        for (to, from) in tag.iter_mut().zip(digest) {
            *to = from;
        }
        tag
    }
}

impl Journal {
    /// Returns the run's seal, creating its secret on first use.
    ///
    /// # Errors
    /// Fails if the journal cannot be read or written, or if the operating system gives no random bytes.
    pub fn seal(&self) -> Result<Seal, JournalError> {
        if let Some(seal) = self.known_seal()? {
            return Ok(seal);
        }
        let mut secret = [0; SECRET_BYTES];
        let random = File::open("/dev/urandom").and_then(|mut random| random.read_exact(&mut secret));
        random.map_err(|cause| self.damaged(cause.to_string()))?;
        let hex = secret.iter().flat_map(|byte| [byte >> 4, byte & 0xF]).filter_map(|digit| char::from_digit(digit.into(), 16));
        self.set_note(SECRET, &hex.collect::<String>())?;
        self.known_seal()?.ok_or_else(|| self.damaged(SECRET))
    }

    /// Returns the run's seal; `None` if its secret was never created.
    ///
    /// # Errors
    /// Fails if the journal cannot be read, or if the stored secret is not valid.
    pub fn known_seal(&self) -> Result<Option<Seal>, JournalError> {
        let Some(hex) = self.note(SECRET)? else { return Ok(None) };
        let digits: Option<Vec<u32>> = hex.chars().map(|digit| digit.to_digit(16)).collect();
        let secret: Option<Vec<u8>> = digits.and_then(|digits| {
            let bytes = digits.chunks_exact(2).map(|pair| pair.iter().fold(0, |byte, digit| byte * 16 + digit));
            bytes.map(|byte| u8::try_from(byte).ok()).collect()
        });
        let seal = secret.and_then(|secret| Seal::of(&secret));
        seal.map(Some).ok_or_else(|| self.damaged(SECRET))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_journal_keeps_its_seal() {
        let dir = tempfile::tempdir().unwrap();
        let tag = |journal: &Journal| journal.seal().unwrap().tag::<8>("a", &[b"b"]);
        let journal = Journal::create(&dir.path().join("journal.sqlite")).unwrap();
        assert!(journal.known_seal().unwrap().is_none());
        let first = tag(&journal);
        drop(journal);
        assert_eq!(tag(&Journal::open(&dir.path().join("journal.sqlite")).unwrap()), first);
        let other = Journal::create(&dir.path().join("other.sqlite")).unwrap();
        assert_ne!(tag(&other), first, "each journal has a secret of its own");
    }

    #[test]
    fn purposes_and_ends_of_parts_make_a_difference() {
        let seal = Seal::of(b"secret").unwrap();
        let tags = [
            seal.tag::<32>("a", &[b"bc", b"d"]),
            seal.tag("a", &[b"b", b"cd"]),
            seal.tag("ab", &[b"c", b"d"]),
            seal.tag("a", &[b"bcd"]),
            Seal::of(b"Secret").unwrap().tag("a", &[b"bc", b"d"]),
        ];
        for (at, tag) in tags.iter().enumerate() {
            assert!(!tags[at + 1..].contains(tag), "{at}");
        }
        assert_eq!(seal.tag::<4>("a", &[b"bcd"]), tags[3][..4]);
        assert!(Seal::of(b"").is_none());
    }
}
