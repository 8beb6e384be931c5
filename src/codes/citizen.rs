//! Citizen numbers (公民身份号码, GB 11643).

use super::NumberProblem;
use chrono::NaiveDate;

const WEIGHTS: [u32; 17] = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
const CHECK_CHARACTERS: &[u8; 11] = b"10X98765432";

/// Computes the check character of a citizen number from its first 17 digits; `None` if they are not 17 digits.
#[must_use]
pub fn citizen_check_character(body: &str) -> Option<char> {
    let digits = body.as_bytes();
    if digits.len() != 17 || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let sum: u32 = digits.iter().zip(WEIGHTS).map(|(digit, weight)| u32::from(digit - b'0') * weight).sum();
    Some(char::from(CHECK_CHARACTERS[(sum % 11) as usize]))
}

/// Verifies a citizen number of 18 characters: digits, date of birth up to `today`, check character (`X` in upper case).
///
/// # Errors
/// Fails with the first problem found, in the order length, characters, date of birth, check character.
///
/// # Examples
/// ```
/// use chrono::NaiveDate;
/// use ecert_audit::codes::{NumberProblem, check_citizen_number, citizen_check_character};
///
/// let today = NaiveDate::from_ymd_opt(2026, 11, 24).unwrap();
/// let body = "37049919680214001"; // 370499 is not assigned to any district.
/// let number: String = body.chars().chain(citizen_check_character(body)).collect();
/// assert_eq!(check_citizen_number(&number, today), Ok(()));
/// assert_eq!(check_citizen_number(body, today), Err(NumberProblem::BadLength));
/// ```
pub fn check_citizen_number(number: &str, today: NaiveDate) -> Result<(), NumberProblem> {
    if number.chars().count() != 18 {
        return Err(NumberProblem::BadLength);
    }
    if !number.is_ascii() {
        return Err(NumberProblem::BadCharacter);
    }
    let (body, last) = number.split_at(17);
    let expected = citizen_check_character(body).ok_or(NumberProblem::BadCharacter)?;
    if !last.bytes().all(|byte| byte.is_ascii_digit() || byte == b'X') {
        return Err(NumberProblem::BadCharacter);
    }
    let born = NaiveDate::parse_from_str(&number[6..14], "%Y%m%d").map_err(|_| NumberProblem::BadBirthDate)?;
    if born > today {
        return Err(NumberProblem::BadBirthDate);
    }
    if last.starts_with(expected) { Ok(()) } else { Err(NumberProblem::BadCheckCharacter) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn today() -> NaiveDate {
        NaiveDate::from_ymd_opt(2026, 11, 24).unwrap()
    }

    #[test]
    fn the_standards_examples() {
        for (number, expected) in [
            ("11010519491231002X", Ok(())),
            ("110105194912310021", Err(NumberProblem::BadCheckCharacter)),
            ("11010519491331002X", Err(NumberProblem::BadBirthDate)),
            ("11010520991231002X", Err(NumberProblem::BadBirthDate)),
            ("11010519491231002x", Err(NumberProblem::BadCharacter)),
            ("1101051949123100", Err(NumberProblem::BadLength)),
            ("1101051949123100２X", Err(NumberProblem::BadCharacter)),
        ] {
            assert_eq!(check_citizen_number(number, today()), expected, "{number}");
        }
    }

    proptest! {
        #[test]
        fn every_change_of_one_character_is_refused(
            area in 110_000u32..660_000, days in 0i64..40_000, serial in 0u32..1000, place in 0usize..18, other in "[0-9X]",
        ) {
            let born = NaiveDate::from_ymd_opt(1900, 1, 1).unwrap() + chrono::Duration::days(days);
            let body = format!("{area}{}{serial:03}", born.format("%Y%m%d"));
            let number = format!("{body}{}", citizen_check_character(&body).unwrap());
            prop_assert_eq!(check_citizen_number(&number, today()), Ok(()));
            let mut changed = number.clone();
            changed.replace_range(place..=place, &other);
            prop_assume!(changed != number);
            prop_assert!(check_citizen_number(&changed, today()).is_err());
        }
    }
}
