//! What rows come to: items, reasons why not, and records of repairs.

use super::Place;
use super::heading::Role;
use crate::message::Message;

/// An item as a row names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewItem {
    /// 持证主体代码.
    pub holder_code: String,
    /// 持证主体代码类型代码.
    pub holder_code_type: String,
    /// 证照类型代码.
    pub cert_type_code: String,
    /// 证照编号, where the row gives one.
    pub certificate_number: Option<String>,
    /// Where it stands.
    pub place: Place,
    /// 提取码, where the row gives one.
    pub extraction_code: Option<String>,
    /// Values of the job's carried columns, in their order.
    pub carried: Vec<Option<String>>,
}

/// A row that cannot be audited.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RejectedRow {
    /// Where it stands.
    pub place: Place,
    /// The cell that the problem is in, such as `B12`; none where the sheet lacks the column.
    pub cell: Option<String>,
    /// Header of the column that the problem is in.
    pub column: String,
    /// The value there, as it stands.
    pub value: String,
    /// What is wrong.
    pub problem: InputProblem,
    /// What to do.
    pub advice: Message,
}

/// A value that was changed before it was used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Repair {
    /// Where it stands.
    pub place: Place,
    /// Its cell, such as `B12`; none where several are meant.
    pub cell: Option<String>,
    /// Header of its column.
    pub column: String,
    /// As it stood.
    pub before: String,
    /// As it was used.
    pub after: String,
    /// What was done: names joined by commas.
    pub repair: String,
}

/// Declares the problems with their names in tables.
macro_rules! problems {
    ($($(#[$meta:meta])* $variant:ident = $name:literal;)+) => {
        /// What can be wrong with an input row.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum InputProblem { $($(#[$meta])* $variant),+ }

        impl InputProblem {
            /// Every problem.
            pub const ALL: &[Self] = &[$(Self::$variant),+];

            /// The name in tables.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name),+ }
            }

            /// What to do about it, where nothing more is known.
            #[must_use]
            pub const fn advice(self) -> Message {
                match self { $(Self::$variant => Message::new(concat!("advice-", $name))),+ }
            }
        }
    };
}

problems! {
    /// No holder code.
    MissingHolderCode = "missing_holder_code";
    /// No certificate type code, and no default.
    MissingTypeCode = "missing_type_code";
    /// A code of sixteen digits or more kept as a number.
    PrecisionLost = "precision_lost";
    /// Too short or too long.
    BadLength = "bad_length";
    /// Characters that do not belong there.
    BadCharacter = "bad_character";
    /// The check character does not fit.
    BadCheckCharacter = "bad_check_character";
    /// No possible date of birth.
    BadBirthDate = "bad_birth_date";
    /// The type of the holder code is not known.
    UnknownHolderCodeType = "unknown_holder_code_type";
    /// The holder code is not of the type named.
    CodeTypeMismatch = "code_type_mismatch";
    /// Not a certificate type code.
    BadTypeCode = "bad_type_code";
    /// A type's name that several types bear.
    AmbiguousTypeName = "ambiguous_type_name";
    /// A type's name that the catalogue lacks.
    UnknownTypeName = "unknown_type_name";
    /// The cell holds an error, a date, or a formula without a value.
    UnreadableCell = "unreadable_cell";
    /// The row as a whole cannot be read.
    UnreadableRow = "unreadable_row";
}

/// Why a row cannot be audited.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Rejection {
    /// The column that the problem is in.
    pub role: Role,
    pub problem: InputProblem,
    pub advice: Message,
}

impl Rejection {
    pub(super) const fn new(role: Role, problem: InputProblem, advice: Message) -> Self {
        Self { role, problem, advice }
    }

    /// A rejection with the usual advice.
    pub(super) const fn usual(role: Role, problem: InputProblem) -> Self {
        Self::new(role, problem, problem.advice())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_problem_has_advice_under_its_own_name() {
        for problem in InputProblem::ALL {
            assert_eq!(problem.advice().code(), format!("advice-{}", problem.name()));
        }
    }
}
