//! Files that only those can read who have a password, a permission, or a program of the organisation.

use super::compound::Compound;
use super::package::Package;
use super::xml::mentions;
use crate::message::Message;

/// Marks by which document protection programs begin what they encrypt.
const MARKS: [&[u8]; 3] = [b"%TSD-Header-###%", b"E-SafeNet", b"SCSA00"];
/// Such a mark lies among the first bytes.
const MARK_WITHIN: usize = 64;

/// The message about a workbook that is encrypted with a password.
///
/// It speaks of the password that Excel itself uses for workbooks with a protected structure: nobody was asked for it, so
/// that nobody knows of a password to remove.
pub(in crate::intake) fn password() -> Message {
    Message::new("workbook-password").with("password", "VelvetSweatshop")
}

/// Whether a compound file is encrypted: by a password, or by the permissions of a rights management server.
pub(in crate::intake) fn of_compound(compound: &Compound) -> Option<Message> {
    if ["DRMEncryptedTransform", "DRMEncryptedDataSpace", "\u{9}DRMContent"].iter().any(|name| compound.has(name)) {
        return Some(Message::new("workbook-rights"));
    }
    ["EncryptedPackage", "EncryptionInfo"].iter().any(|name| compound.has(name)).then(password)
}

/// Whether an ods workbook is encrypted: as a whole, or part by part as its manifest tells.
///
/// # Errors
/// Fails if the manifest cannot be read.
pub(super) fn of_ods(package: &mut Package) -> Result<Option<Message>, Message> {
    const MANIFEST: &str = "meta-inf/manifest.xml";
    let is_encrypted = package.has("encrypted-package")
        || package.has(MANIFEST)
            && package
                .part(MANIFEST)
                .and_then(|part| mentions(part, "encryption-data"))
                .map_err(|fault| fault.of_part(MANIFEST))?;
    Ok(is_encrypted.then(|| Message::new("workbook-ods-password")))
}

/// Whether a file begins as the programs write it that keep an organisation's documents encrypted on its machines.
pub(in crate::intake) fn is_guarded(head: &[u8]) -> bool {
    let begin = &head[..head.len().min(MARK_WITHIN)];
    let has = |mark: &[u8]| memchr::memmem::find(begin, mark).is_some();
    MARKS.into_iter().any(has) || (begin.starts_with(b"LOCK") && begin.contains(&0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_of_document_protection_are_known() {
        for head in [
            b"%TSD-Header-###%\x01\x02".as_slice(),
            b"b\x14#e?\x00\x13\x01E-SafeNet\x00LOCK\x00",
            b"LOCK\x00\x01",
            b"SCSA002\x00",
        ] {
            assert!(is_guarded(head), "{head:?}");
        }
        for head in [b"".as_slice(), b"LOCK,UNLOCK\n", b"PK\x03\x04", b"name,code\n"] {
            assert!(!is_guarded(head), "{head:?}");
        }
    }
}
