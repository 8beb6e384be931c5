//! Identifiers that encode the holder code in obfuscated form, so that interfaces that ask by identifier can be answered without
//! storing certificates.

use super::dice::Dice;
use crate::codes::{Catalogue, Identifier, identifier_check_character};
use crate::endpoint::Side;

const DIGITS: &[u8; 36] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";
/// Length of the longest holder code that a serial number can encode, in characters.
const LONGEST_HOLDER: usize = 22;

/// The certificate that an identifier encodes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Named {
    pub holder_code: String,
    pub cert_type_code: String,
    /// Index among the holder's certificates of the type, from 0.
    pub place: u64,
    pub side: Side,
}

/// Returns a GB/T 36904 identifier for a certificate.
pub(super) fn national(seed: u64, named: &Named, issuer_code: &str) -> String {
    let side = if named.side == Side::Province { 'P' } else { 'C' };
    let serial = format!("{}{}{side}", disguised(seed, &named.holder_code), named.place);
    let version = "001";
    let type_code = &named.cert_type_code;
    let body = [type_code, issuer_code, &serial, version];
    let check = identifier_check_character(body.iter().flat_map(|part| part.chars())).unwrap_or('0');
    format!("1.2.156.3005.2.{type_code}.{issuer_code}.{serial}.{version}.{check}")
}

/// Returns a city file number of the older format, which contains the holder code and the index of the type in the catalogue.
pub(super) fn file_number(named: &Named, issuer_code: &str, number: &str) -> Option<String> {
    let types = Catalogue::of_the_specification().types();
    let type_place = types.iter().position(|entry| entry.code == named.cert_type_code)?;
    Some(format!("02-{issuer_code}-51-{}-{type_place:02}{}-{number}", named.holder_code, named.place))
}

/// Decodes an identifier; `None` if it is not from the sandbox.
pub(super) fn named_by(seed: u64, identifier: &str) -> Option<Named> {
    if let Some(parts) = Identifier::parse(identifier) {
        parts.check().ok()?;
        let mut serial = parts.serial.chars();
        let side = if serial.next_back()? == 'P' { Side::Province } else { Side::City };
        let place = u64::from(serial.next_back()?.to_digit(10)?);
        let holder_code = undisguised(seed, serial.as_str())?;
        return Some(Named { holder_code, cert_type_code: parts.type_code.to_owned(), place, side });
    }
    let mut parts = identifier.strip_prefix("02-")?.splitn(5, '-');
    let (_issuer, _kind, holder, middle) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
    let (type_place, place) = middle.split_at_checked(middle.len().checked_sub(1)?)?;
    let entry = Catalogue::of_the_specification().types().get(type_place.parse::<usize>().ok()?)?;
    Some(Named {
        holder_code: holder.to_owned(),
        cert_type_code: entry.code.clone(),
        place: place.parse().ok()?,
        side: Side::City,
    })
}

fn key(seed: u64) -> u128 {
    let mut dice = Dice::new(seed, &["disguise"]);
    // 100 bits, so that the serial number stays short and a holder code of 18 characters is obfuscated completely.
    (u128::from(dice.next()) << 64 | u128::from(dice.next())) & ((1 << 100) - 1)
}

/// Returns a holder code as an obfuscated number in base 36; a hash if it is too long to encode.
fn disguised(seed: u64, holder_code: &str) -> String {
    match to_number(holder_code) {
        Some(number) => to_text(number ^ key(seed)),
        None => to_text(u128::from(Dice::new(seed, &["serial", holder_code]).next())),
    }
}

fn undisguised(seed: u64, serial: &str) -> Option<String> {
    // The prefix 1 preserves leading zeros of a code.
    to_text(from_text(serial)? ^ key(seed)).strip_prefix('1').map(str::to_owned)
}

fn to_number(code: &str) -> Option<u128> {
    (code.len() <= LONGEST_HOLDER).then(|| from_text(&format!("1{code}")))?
}

fn from_text(text: &str) -> Option<u128> {
    text.bytes().try_fold(0u128, |number, byte| {
        let digit = DIGITS.iter().position(|&known| known == byte)?;
        number.checked_mul(36)?.checked_add(digit as u128)
    })
}

fn to_text(mut number: u128) -> String {
    let mut digits = Vec::new();
    loop {
        let digit = usize::try_from(number % 36).unwrap_or_default();
        digits.push(char::from(DIGITS[digit]));
        number /= 36;
        if number == 0 {
            return digits.into_iter().rev().collect();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identifiers_lead_back_to_what_they_name() {
        for holder_code in ["370499199001010007", "0091350100M000100Y43", "E12345678", "91350100M000100Y43"] {
            for side in Side::BOTH {
                let named =
                    Named { holder_code: holder_code.into(), cert_type_code: "11100000000013338W008".into(), place: 2, side };
                let identifier = national(7, &named, "113704000042365553");
                assert_eq!(named_by(7, &identifier), Some(named.clone()), "{identifier}");
                assert!(!identifier.contains(holder_code), "{identifier}");
                if side == Side::City {
                    let number = file_number(&named, "113704000042365553", "鲁-1-2").unwrap();
                    assert_eq!(named_by(7, &number), Some(named), "{number}");
                }
            }
        }
        for other in ["", "02-1-51", "1.2.156.3005.2.11100000000013338W004.X.N8MB.001.A", "x"] {
            assert_eq!(named_by(7, other), None, "{other}");
        }
    }
}
