//! Numbers and dictionaries of the field: what a citizen number, a credit code, a type code and a certificate
//! identifier look like, and what the platform's codes mean. Pure, and below everything else.

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

/// What is wrong with a number that should carry its own check.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NumberProblem {
    /// Not as many characters as the standard says.
    #[error("wrong length")]
    BadLength,
    /// A character that the standard's alphabet lacks.
    #[error("a character that does not belong there")]
    BadCharacter,
    /// Characters 7–14 of a citizen number are no day up to today.
    #[error("no possible date of birth")]
    BadBirthDate,
    /// The last character is not the one that the others give.
    #[error("the check character does not fit")]
    BadCheckCharacter,
}
