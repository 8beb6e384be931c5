//! Formats and check characters of citizen numbers, credit codes, type codes and certificate identifiers, and the dictionaries of
//! the platform's codes. All functions are pure. This module depends on no other.

mod catalogue;
mod citizen;
mod credit;
mod face_field;
mod identifier;
mod invisible;
mod mask;
mod return_code;

pub use catalogue::{Catalogue, CertificateType, HolderCodeType, holder_code_type, holder_code_types};
pub use citizen::{check_citizen_number, citizen_check_character};
pub use credit::{check_credit_code, check_type_code, credit_check_character};
pub use face_field::{Field, FieldKind, Lifecycle};
pub use identifier::{Identifier, IdentifierProblem, identifier_check_character};
pub use invisible::is_invisible;
pub use mask::{mask_code, mask_name, mask_within};
pub use return_code::{CodeTable, ReturnCode, Treatment, return_code, return_codes};

/// Reason why a number with a check character is not valid.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NumberProblem {
    /// The number of characters differs from the standard's.
    #[error("wrong length")]
    BadLength,
    /// A character is not in the standard's alphabet.
    #[error("a character that does not belong there")]
    BadCharacter,
    /// Characters 7 to 14 of a citizen number are not a date up to today.
    #[error("no possible date of birth")]
    BadBirthDate,
    /// The check character does not match the others.
    #[error("the check character does not fit")]
    BadCheckCharacter,
}
