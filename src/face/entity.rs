//! Escapes that a web page or a JSON text leaves in a value: `&middot;`, `&#183;`, `\u00b7`.

use encoding_rs::WINDOWS_1252;
use serde::Deserialize;
use std::collections::HashMap;
use std::sync::LazyLock;

/// The longest entity that is looked for, in bytes: `&ZeroWidthSpace;` and the longest number.
const LONGEST_ENTITY: usize = 16;

/// Length of the digits of an escape in JSON.
const JSON_DIGITS: usize = 4;

#[derive(Deserialize)]
struct Line {
    name: String,
    /// Code point in hexadecimal.
    character: String,
}

/// Named entities of HTML: those of version 4, and signs that occur in names, numbers and addresses.
static ENTITIES: LazyLock<HashMap<String, char>> = LazyLock::new(|| {
    let character = |line: &Line| u32::from_str_radix(&line.character, 16).ok().and_then(char::from_u32);
    let lines = csv::Reader::from_reader(include_bytes!("entities.csv").as_slice()).into_deserialize::<Line>();
    let mut entities = HashMap::new();
    for line in lines.map(|line| line.expect("the compiled-in table of entities is well-formed")) {
        if let Some(character) = character(&line) {
            // The letter case of a name is form, unless another name differs by it alone.
            entities.entry(line.name.to_ascii_lowercase()).or_insert(character);
            entities.insert(line.name, character);
        }
    }
    entities
});

/// A text with the escapes in it replaced; `None` where it holds none.
pub(super) fn without_escapes(text: &str) -> Option<String> {
    let mut replaced = String::new();
    let mut rest = text;
    let mut has_any = false;
    while let Some(at) = rest.find(['&', '\\']) {
        let (before, escape) = rest.split_at(at);
        replaced.push_str(before);
        let found = if let Some(behind) = escape.strip_prefix('&') { entity(behind) } else { json_escape(escape) };
        if let Some((character, after)) = found {
            replaced.push(character);
            rest = after;
            has_any = true;
        } else {
            // Both signs are one byte long.
            let (sign, behind) = escape.split_at(1);
            replaced.push_str(sign);
            rest = behind;
        }
    }
    replaced.push_str(rest);
    has_any.then_some(replaced)
}

/// The character of an entity whose `&` stands before `text`, and what comes after it.
fn entity(text: &str) -> Option<(char, &str)> {
    match text.strip_prefix('#') {
        Some(number) => numbered(number),
        None => named(text),
    }
}

/// `183;`, `xB7;`; the semicolon may be missing.
fn numbered(text: &str) -> Option<(char, &str)> {
    let (digits, radix) = text.strip_prefix(['x', 'X']).map_or((text, 10), |digits| (digits, 16));
    let end = digits.find(|next: char| !next.is_digit(radix)).unwrap_or(digits.len());
    let (digits, after) = digits.split_at(end);
    let number = u32::from_str_radix(digits, radix).ok().filter(|_| digits.len() < LONGEST_ENTITY)?;
    Some((of_number(number)?, after.strip_prefix(';').unwrap_or(after)))
}

/// The character of a number. Pages that give 128 to 159 mean Windows' characters, as browsers know.
fn of_number(number: u32) -> Option<char> {
    match u8::try_from(number) {
        Ok(byte @ 0x80..=0x9F) => WINDOWS_1252.decode_without_bom_handling(&[byte]).0.chars().next(),
        _ => char::from_u32(number),
    }
}

/// `middot;`; of names of Latin-1 the semicolon may be missing before what is no letter or digit.
fn named(text: &str) -> Option<(char, &str)> {
    let end = text.find(|next: char| !next.is_ascii_alphanumeric()).unwrap_or(text.len());
    let (name, after) = text.split_at_checked(end).filter(|(name, _)| name.len() < LONGEST_ENTITY)?;
    let character = ENTITIES.get(name).or_else(|| ENTITIES.get(&name.to_ascii_lowercase())).copied()?;
    match after.strip_prefix(';') {
        Some(after) => Some((character, after)),
        None => (character <= '\u{FF}').then_some((character, after)),
    }
}

/// The character of an escape of JSON, `\u00b7`; `None` for half of a pair.
fn json_escape(text: &str) -> Option<(char, &str)> {
    let (digits, after) = text.strip_prefix("\\u").or_else(|| text.strip_prefix("\\U"))?.split_at_checked(JSON_DIGITS)?;
    let is_number = digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    Some((char::from_u32(u32::from_str_radix(digits, 16).ok().filter(|_| is_number)?)?, after))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_escape_is_its_character() {
        for (text, expected) in [
            ("甲&middot;乙", "甲·乙"),
            ("甲&MIDDOT;乙", "甲·乙"),
            ("甲&middot乙", "甲·乙"),
            ("甲&#183;乙&#xB7;&#0183;", "甲·乙··"),
            ("甲&#183乙&#XB7丙", "甲·乙·丙"),
            ("甲&#149;乙", "甲•乙"),
            ("甲&period;乙&comma;&NoBreak;&ZeroWidthSpace;", "甲.乙,\u{2060}\u{200B}"),
            ("M&uuml;ller &Uuml; &UUML; Andr&eacute", "Müller Ü ü André"),
            ("甲&reg;&copy;&trade;&deg;", "甲®©™°"),
            ("甲\\u00b7乙\\U00B7", "甲·乙·"),
            ("&amp;middot;", "&middot;"),
        ] {
            assert_eq!(without_escapes(text).as_deref(), Some(expected), "{text}");
        }
    }

    #[test]
    fn what_is_no_escape_stays() {
        for text in [
            "甲乙",
            "甲&乙",
            "R&D",
            "AT&T",
            "甲&unknown;乙",
            "&",
            "&;",
            "&#;",
            "&#x;",
            "&#xD800;",
            "&#99999999999999999999;",
            "&hellip甲",
            "&middotA",
            "\\",
            "\\u",
            "\\u00",
            "\\ud83d",
            "\\u+0b7",
            "C:\\users",
        ] {
            assert_eq!(without_escapes(text), None, "{text}");
        }
    }

    #[test]
    fn the_table_has_every_name_once_and_names_that_differ_by_letter_case() {
        assert_eq!((ENTITIES.get("Eacute"), ENTITIES.get("eacute")), (Some(&'É'), Some(&'é')));
        assert!(ENTITIES.keys().all(|name| name.len() < LONGEST_ENTITY));
    }
}
