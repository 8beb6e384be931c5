//! Masking of personal data.

/// Returns a code with all but its first four and last two characters replaced by asterisks; a short one is replaced completely.
#[must_use]
pub fn mask_code(code: &str) -> String {
    const SHOWN_FIRST: usize = 4;
    const SHOWN_LAST: usize = 2;
    let length = code.chars().count();
    if length < 2 * (SHOWN_FIRST + SHOWN_LAST) {
        return "*".repeat(length);
    }
    let keep = |place: usize| place < SHOWN_FIRST || place >= length - SHOWN_LAST;
    code.chars().enumerate().map(|(place, character)| if keep(place) { character } else { '*' }).collect()
}

/// Returns a name with all but its first character replaced by asterisks.
#[must_use]
pub fn mask_name(name: &str) -> String {
    name.chars().enumerate().map(|(place, character)| if place == 0 { character } else { '*' }).collect()
}

/// Returns `text` with every occurrence of `code` masked, for identifiers and numbers that contain a holder code.
#[must_use]
pub fn mask_within(text: &str, code: &str) -> String {
    if code.is_empty() { text.to_owned() } else { text.replace(code, &mask_code(code)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn masks() {
        assert_eq!(mask_code("11010519491231002X"), "1101************2X");
        assert_eq!(mask_code("E12345678"), "*********");
        assert_eq!(mask_name("张三丰"), "张**");
        assert_eq!(mask_within("02-1-51-11010519491231002X-A1", "11010519491231002X"), "02-1-51-1101************2X-A1");
    }
}
