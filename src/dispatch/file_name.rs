//! File names of departments' workbooks: readable, valid on every system, and unique.

use sha2::{Digest, Sha256};
use std::collections::HashMap;
use std::fmt::Write;
use unicode_normalization::UnicodeNormalization;

/// Longest part of a file name that shows the value, in characters and in bytes. File systems allow 255 bytes, Chinese characters
/// take three each, and a hash, the number of a copy and the extension must fit too.
const MOST_CHARACTERS: usize = 60;
const MOST_BYTES: usize = 180;
/// Number of hash digits in a name that does not show its value unchanged; the next one is used if names collide.
const DIGITS: [usize; 3] = [6, 12, 64];

/// Returns a file name without extension for each value, in order. The values' `identity` must be unique. A name does not depend
/// on the order of values, so that a department's file has the same name every month.
pub(super) fn file_names(values: &[Named<'_>]) -> Vec<String> {
    let shown: Vec<String> = values.iter().map(|value| readable(value.shown)).collect();
    let mut uses: HashMap<String, usize> = HashMap::new();
    for name in &shown {
        *uses.entry(folded(name)).or_default() += 1;
    }
    let is_plain = |name: &str, value: &Named<'_>| name == value.shown && uses.get(&folded(name)) == Some(&1) && !is_device(name);
    for digits in DIGITS {
        let name = |(name, value): (&String, &Named<'_>)| {
            if is_plain(name, value) { name.clone() } else { format!("{name}~{}", hash(value.identity, digits)) }
        };
        let names: Vec<String> = shown.iter().zip(values).map(name).collect();
        let mut folded_names: Vec<String> = names.iter().map(|name| folded(name)).collect();
        folded_names.sort_unstable();
        if folded_names.windows(2).all(|pair| pair.first() != pair.last()) {
            return names;
        }
    }
    // A collision of SHA-256 does not occur; numbers guarantee unique names without a panic.
    (1..=values.len()).map(|number| number.to_string()).collect()
}

/// A value and its form for display.
#[derive(Debug, Clone, Copy)]
pub(super) struct Named<'a> {
    /// The complete value.
    pub identity: &'a str,
    /// The value with masking applied.
    pub shown: &'a str,
}

/// Converts a text for use in a file name: without characters that have a meaning on any system, and shortened.
fn readable(text: &str) -> String {
    let is_safe = |character: char| {
        !character.is_control() && !matches!(character, '/' | '\\' | ':' | '*' | '?' | '"' | '<' | '>' | '|' | '\u{FFFD}')
    };
    let mut name = String::new();
    for character in text.nfc().take(MOST_CHARACTERS) {
        let character = if is_safe(character) { character } else { '_' };
        if name.len() + character.len_utf8() > MOST_BYTES {
            break;
        }
        name.push(character);
    }
    // Windows removes dots and spaces at the end of a name; a leading dot hides a file, and `~$` marks a lock file.
    let name = name.trim_end_matches(['.', ' ']).trim_start_matches(['.', ' ', '~', '-']).to_owned();
    if name.is_empty() { "_".to_owned() } else { name }
}

/// Returns the form in which names are compared, because Windows and macOS ignore letter case.
fn folded(name: &str) -> String {
    name.to_lowercase()
}

/// Returns whether Windows treats a name as a device.
fn is_device(name: &str) -> bool {
    let stem = name.split('.').next().unwrap_or_default().trim_end().to_lowercase();
    let numbered = |start: &str| {
        stem.strip_prefix(start).is_some_and(|rest| rest.len() == 1 && rest.bytes().all(|byte| byte.is_ascii_digit()))
    };
    ["con", "prn", "aux", "nul"].contains(&stem.as_str()) || numbered("com") || numbered("lpt")
}

/// Returns the first digits of a text's SHA-256.
fn hash(text: &str, digits: usize) -> String {
    let mut hex = String::new();
    for byte in Sha256::digest(text.as_bytes()) {
        // Writing to a `String` cannot fail.
        let _ = write!(hex, "{byte:02x}");
    }
    hex.truncate(digits);
    hex
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::HashSet;
    use std::path::Path;

    fn names(values: &[&str]) -> Vec<String> {
        file_names(&values.iter().map(|value| Named { identity: value, shown: value }).collect::<Vec<_>>())
    }

    #[test]
    fn a_plain_value_is_its_files_name() {
        assert_eq!(names(&["市公安局", "市中区 民政局", "a.b"]), ["市公安局", "市中区 民政局", "a.b"]);
    }

    #[test]
    fn what_no_name_may_hold_is_replaced_and_told_apart() {
        let long = ["长".repeat(200), format!("{}短", "长".repeat(199))];
        let values = ["a/b", "a:b", "a_b", "Abc", "abc", "..", "con", ".x", "a.", "\u{0}", &long[0], &long[1]];
        let names = names(&values);
        assert!(names[0].starts_with("a_b~") && names[1].starts_with("a_b~") && names[2].starts_with("a_b~"), "{names:?}");
        assert!(names[3].starts_with("Abc~") && names[4].starts_with("abc~") && names[6].starts_with("con~"), "{names:?}");
        assert!(names[10].starts_with(&"长".repeat(60)) && names[10] != names[11]);
    }

    #[test]
    fn a_value_that_may_not_be_shown_is_told_apart_by_its_hash() {
        let values = [Named { identity: "1", shown: "3704**" }, Named { identity: "2", shown: "3704**" }];
        let names = file_names(&values);
        assert!(names[0] != names[1] && names.iter().all(|name| name.starts_with("3704__~")), "{names:?}");
    }

    proptest! {
        #[test]
        fn names_are_distinct_in_any_case_and_stay_in_their_folder(values in prop::collection::hash_set("[aA/:.~ 长\u{0}]{0,5}|.{0,250}", 1..40)) {
            let values: Vec<String> = values.into_iter().collect();
            let names = names(&values.iter().map(String::as_str).collect::<Vec<_>>());
            let distinct: HashSet<String> = names.iter().map(|name| folded(name)).collect();
            prop_assert_eq!(distinct.len(), values.len());
            for name in names {
                prop_assert!(!name.is_empty() && name.len() <= 250 && !name.starts_with('.') && !name.ends_with(['.', ' ']));
                prop_assert_eq!(Path::new(&name).components().count(), 1);
                prop_assert!(!name.contains(['/', '\\', ':', '\0', '*', '?', '"', '<', '>', '|']));
            }
        }

        #[test]
        fn a_name_does_not_depend_on_the_order_of_values(values in prop::collection::hash_set("[aAb/:]{1,3}", 1..10)) {
            let values: Vec<String> = values.into_iter().collect();
            let forward = names(&values.iter().map(String::as_str).collect::<Vec<_>>());
            let mut backward = names(&values.iter().rev().map(String::as_str).collect::<Vec<_>>());
            backward.reverse();
            prop_assert_eq!(forward, backward);
        }
    }
}
