//! Unified social credit codes (统一社会信用代码, GB 32100) and the certificate type codes built on them (ZWFWC 0123).

use super::NumberProblem;

/// Alphabet of GB 32100: the digits and the capital letters without I, O, S, V and Z.
const ALPHABET: &[u8; 31] = b"0123456789ABCDEFGHJKLMNPQRTUWXY";
const WEIGHTS: [u32; 17] = [1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28];

/// Computes the check character of a credit code from its first 17 characters; `None` if they are not 17 of the alphabet.
#[must_use]
pub fn credit_check_character(body: &str) -> Option<char> {
    if body.len() != 17 {
        return None;
    }
    let mut sum = 0;
    for (byte, weight) in body.bytes().zip(WEIGHTS) {
        let value = ALPHABET.iter().position(|&letter| letter == byte)?;
        sum += u32::try_from(value).ok()? * weight;
    }
    Some(char::from(ALPHABET[((31 - sum % 31) % 31) as usize]))
}

/// Verifies a unified social credit code of 18 characters in upper case.
///
/// # Errors
/// Fails with the first problem found, in the order length, characters, check character.
pub fn check_credit_code(code: &str) -> Result<(), NumberProblem> {
    if code.chars().count() != 18 {
        return Err(NumberProblem::BadLength);
    }
    if !code.is_ascii() {
        return Err(NumberProblem::BadCharacter);
    }
    let (body, last) = code.split_at(17);
    let expected = credit_check_character(body).ok_or(NumberProblem::BadCharacter)?;
    if !last.bytes().all(|byte| ALPHABET.contains(&byte)) {
        return Err(NumberProblem::BadCharacter);
    }
    if last.starts_with(expected) { Ok(()) } else { Err(NumberProblem::BadCheckCharacter) }
}

/// Verifies a certificate type code of 21 characters (ZWFWC 0123): the credit code of the issuing organisation and three digits.
///
/// # Errors
/// Fails with the first problem found, in the order length, characters, check character of the credit code.
///
/// # Examples
/// ```
/// use ecert_audit::codes::{NumberProblem, check_type_code};
///
/// assert_eq!(check_type_code("11100000000013127D001"), Ok(()));
/// assert_eq!(check_type_code("11100000000013127E001"), Err(NumberProblem::BadCheckCharacter));
/// ```
pub fn check_type_code(code: &str) -> Result<(), NumberProblem> {
    if code.chars().count() != 21 {
        return Err(NumberProblem::BadLength);
    }
    if !code.is_ascii() || !code[18..].bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(NumberProblem::BadCharacter);
    }
    check_credit_code(&code[..18])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn examples_of_the_standards() {
        for (code, expected) in [
            ("91350100M000100Y43", Ok(())),
            ("12370400F49201558F", Ok(())),
            ("91350100M000100Y44", Err(NumberProblem::BadCheckCharacter)),
            ("91350100M000100Y4I", Err(NumberProblem::BadCharacter)),
            ("91350100M000100Y4", Err(NumberProblem::BadLength)),
        ] {
            assert_eq!(check_credit_code(code), expected, "{code}");
        }
        assert_eq!(check_type_code("11100000000013127D001"), Ok(()));
        assert_eq!(check_type_code("11100000000013127E001"), Err(NumberProblem::BadCheckCharacter));
        assert_eq!(check_type_code("11100000000013127D00A"), Err(NumberProblem::BadCharacter));
        assert_eq!(check_type_code("11100000000013127D01"), Err(NumberProblem::BadLength));
    }
}
