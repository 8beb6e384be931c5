//! Certificate identifiers (电子证照标识, GB/T 36904):
//! `1.2.156.3005.2.<type code>.<issuer code>.<serial>.<version>.<check>`.

/// Prefix of every certificate identifier, registered as an object identifier.
const ROOT: &str = "1.2.156.3005.2.";
const ALPHABET: &[u8; 36] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";

/// The parts of a certificate identifier. The check character is verified by [`Identifier::check`] only.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Identifier<'a> {
    /// Certificate type code, 21 characters.
    pub type_code: &'a str,
    /// Code of the issuing organisation.
    pub issuer_code: &'a str,
    /// Serial number assigned by the issuer.
    pub serial: &'a str,
    /// Version: three digits, starting at 001.
    pub version: &'a str,
    /// Check character (ISO 7064 MOD 37,36).
    pub check: &'a str,
}

/// Reason why an identifier is not valid.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum IdentifierProblem {
    /// A part contains a character other than digits and capital letters.
    #[error("a part of the identifier holds other characters than digits and capital letters")]
    BadCharacter,
    /// The check character does not match the other parts.
    #[error("the identifier's check character does not fit")]
    BadCheckCharacter,
}

impl<'a> Identifier<'a> {
    /// Splits an identifier into its parts; `None` if the text is not of the form of GB/T 36904, as a city's file number is not.
    #[must_use]
    pub fn parse(text: &'a str) -> Option<Self> {
        let mut parts = text.strip_prefix(ROOT)?.split('.');
        let mut next = || parts.next().filter(|part| !part.is_empty());
        let (type_code, issuer_code, serial, version, check) = (next()?, next()?, next()?, next()?, next()?);
        let whole = parts.next().is_none() && version.len() == 3 && check.len() == 1;
        whole.then_some(Self { type_code, issuer_code, serial, version, check })
    }

    /// Verifies the characters and the check character.
    ///
    /// # Errors
    /// Fails if a part contains another character than digits and capital letters, or if the check character does not match.
    pub fn check(&self) -> Result<(), IdentifierProblem> {
        let parts = [self.type_code, self.issuer_code, self.serial, self.version];
        let expected =
            identifier_check_character(parts.iter().flat_map(|part| part.chars())).ok_or(IdentifierProblem::BadCharacter)?;
        if self.check.starts_with(expected) { Ok(()) } else { Err(IdentifierProblem::BadCheckCharacter) }
    }
}

/// Computes the check character (ISO 7064 MOD 37,36) over type code, issuer code, serial and version, joined without dots; `None`
/// if a character is neither a digit nor a capital letter.
pub fn identifier_check_character(body: impl IntoIterator<Item = char>) -> Option<char> {
    let mut product = 36;
    for character in body {
        let value = ALPHABET.iter().position(|&letter| char::from(letter) == character)?;
        let sum = (product + value) % 36;
        product = if sum == 0 { 36 } else { sum } * 2 % 37;
    }
    Some(char::from(ALPHABET[(37 - product) % 36]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identifiers_that_check() {
        for text in [
            "1.2.156.3005.2.11100000000013338W011.11430000006122244L.20230000403.001.U",
            "1.2.156.3005.2.11100000MB03271699022.340100.000000016.001.9",
            "1.2.156.3005.2.11100000000013338W009.11330105002500287C.2025052201.002.0",
        ] {
            let identifier = Identifier::parse(text).unwrap();
            assert_eq!(identifier.check(), Ok(()), "{text}");
            assert_eq!(identifier.type_code.len(), 21);
        }
    }

    #[test]
    fn what_is_altered_does_not_check_and_what_is_something_else_is_none() {
        let altered = "1.2.156.3005.2.11100000000013127D001.11370000004504927A.CFD93524173848F3A2ED4AB7A36E7A50.001.8";
        assert_eq!(Identifier::parse(altered).unwrap().check(), Err(IdentifierProblem::BadCheckCharacter));
        let masked = "1.2.156.3005.2.11100000000013127D001.1137******.1.001.8";
        assert_eq!(Identifier::parse(masked).unwrap().check(), Err(IdentifierProblem::BadCharacter));
        for other in [
            "",
            "02-12370400F49201558F-51-370481199206240910-00-A000032280",
            "1.2.156.3005.2.A.B.C.001",
            "1.2.156.3005.2.A.B.C.001.9.9",
        ] {
            assert_eq!(Identifier::parse(other), None, "{other}");
        }
    }
}
