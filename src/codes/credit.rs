//! Unified social credit codes (统一社会信用代码, GB 32100) and the certificate type codes built on them (ZWFWC 0123).

use super::NumberProblem;

/// GB 32100's 31 characters: the digits and the capitals without I, O, S, V, Z.
const ALPHABET: &[u8; 31] = b"0123456789ABCDEFGHJKLMNPQRTUWXY";
const WEIGHTS: [u32; 17] = [1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28];

/// The check character of the 17 characters of a credit code, or `None` where they are not 17 of its alphabet.
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

/// Checks an 18-character unified social credit code in capitals.
///
/// # Errors
/// The first thing that is wrong: length, characters, check character.
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

/// Checks a 21-character certificate type code (ZWFWC 0123): the issuing body's credit code and three digits.
///
/// # Errors
/// The first thing that is wrong: length, characters, the credit code's check character.
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
