//! Encryption of workbooks with a password (ECMA-376 agile encryption, MS-OFFCRYPTO 2.3.4.10: AES-256 and SHA-512).

use std::fs::File;
use std::io::{self, Read, Seek, Write};
use std::path::Path;

/// Longest password that Excel accepts, in UTF-16 units.
pub(super) const LONGEST_PASSWORD: usize = 255;

/// Error on encrypting or decrypting a workbook.
#[derive(Debug, thiserror::Error)]
pub enum EncryptionError {
    /// The password is wrong.
    #[error("wrong password")]
    WrongPassword,
    /// The file cannot be read or written, or uses an unsupported encryption.
    #[error("{0}")]
    Other(String),
}

impl From<msoffice_crypto::Error> for EncryptionError {
    fn from(error: msoffice_crypto::Error) -> Self {
        match error {
            msoffice_crypto::Error::WrongPassword => Self::WrongPassword,
            other => Self::Other(other.to_string()),
        }
    }
}

impl From<io::Error> for EncryptionError {
    fn from(error: io::Error) -> Self {
        Self::Other(error.to_string())
    }
}

/// Encrypts a workbook in constant memory.
pub(super) fn encrypt<W: Read + Write + Seek>(
    plain: impl Read + Seek,
    encrypted: W,
    password: &str,
) -> Result<(), EncryptionError> {
    Ok(msoffice_crypto::encrypt_ooxml_to(plain, encrypted, password)?)
}

/// Returns whether a file may be an encrypted workbook: it begins with the signature of an OLE compound file, as a workbook of
/// Excel 97 does too.
pub(super) fn may_be_encrypted(path: &Path) -> io::Result<bool> {
    Ok(msoffice_crypto::is_cfb_office_from(File::open(path)?))
}

/// Decrypts a workbook into `plain`. Its integrity is verified before any of it is written.
pub(super) fn decrypt(encrypted: impl Read + Seek, plain: impl Write, password: &str) -> Result<(), EncryptionError> {
    let policy = msoffice_crypto::IntegrityPolicy::default();
    Ok(msoffice_crypto::decrypt_ooxml_to(encrypted, plain, password, policy).map(|_| ())?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Cursor;

    #[test]
    fn a_workbook_opens_with_its_password_and_not_without() {
        let mut workbook = rust_xlsxwriter::Workbook::new();
        workbook.add_worksheet().write_string(0, 0, "甲").unwrap();
        let plain = workbook.save_to_buffer().unwrap();
        let mut encrypted = Cursor::new(Vec::new());
        encrypt(Cursor::new(&plain), &mut encrypted, "密码 1").unwrap();
        assert!(!encrypted.get_ref().windows(4).any(|bytes| bytes == b"PK\x03\x04"), "nothing of it is plain");
        let decrypted = |password: &str| {
            let mut out = Vec::new();
            decrypt(Cursor::new(encrypted.get_ref()), &mut out, password).map(|()| out)
        };
        assert_eq!(decrypted("密码 1").unwrap(), plain);
        assert!(matches!(decrypted("密码 2"), Err(EncryptionError::WrongPassword)));
        let dir = tempfile::tempdir().unwrap();
        for (name, bytes, expected) in [("a", encrypted.get_ref(), true), ("b", &plain, false), ("c", &Vec::new(), false)] {
            std::fs::write(dir.path().join(name), bytes).unwrap();
            assert_eq!(may_be_encrypted(&dir.path().join(name)).unwrap(), expected, "{name}");
        }
    }
}
