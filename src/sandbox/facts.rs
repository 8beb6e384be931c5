//! Content of a certificate, before a library formats it.

use super::dice::Dice;
use super::people::{ISSUERS, address, company, person, rarely_written};
use super::truth::InjectedDifference;
use crate::codes::Catalogue;
use chrono::{Days, Months, NaiveDate};

/// Share of certificates issued before 1970, whose dates are negative as milliseconds.
const ISSUED_BEFORE_1970: f64 = 0.01;

/// Content of a certificate as known to one side, and how much of it the side's face shows.
#[derive(Debug, Clone)]
pub(super) struct Facts {
    /// Certificate number (证照编号) by which the side's library finds it.
    pub number: String,
    /// Number shown on the face: empty if the field is empty, `None` if the face lacks the field.
    pub shown_number: Option<String>,
    /// Whether the face shows the end of the period of validity as an empty field.
    pub leaves_end_empty: bool,
    /// Whether the face masks a part of the holder code.
    pub masks_holder_code: bool,
    pub certificate_name: String,
    pub holder_name: String,
    /// Name and code.
    pub issuer: (&'static str, &'static str),
    pub issued: NaiveDate,
    pub begins: NaiveDate,
    /// Last day of validity; `None` for no end.
    pub ends: Option<NaiveDate>,
    pub legal_representative: String,
    pub address: String,
}

impl Facts {
    /// Generates the certificate with index `place` (from 0) among a holder's certificates of a type.
    pub(super) fn new(dice: &mut Dice, holder_code: &str, type_code: &str, place: u64) -> Self {
        let mut of_holder = Dice::new(1, &["name", holder_code]);
        let holder_name = if is_person(holder_code) {
            let usual = person(&mut of_holder);
            rarely_written(&mut Dice::new(5, &["rare name", holder_code])).unwrap_or(usual)
        } else {
            company(&mut of_holder)
        };
        let issued = NaiveDate::from_ymd_opt(2012, 1, 1).unwrap_or_default() + Days::new(dice.below(5000));
        let years = [3, 5, 10][usize::try_from(dice.below(3)).unwrap_or_default()];
        let ends = dice.happens(0.75).then(|| (issued + Months::new(12 * years)).pred_opt().unwrap_or(issued));
        let catalogue = Catalogue::of_the_specification();
        let certificate_name = catalogue.name(type_code).unwrap_or("电子证照").to_owned();
        let mut of_type = Dice::new(2, &["issuer", type_code]);
        let number = match of_type.below(3) {
            0 => format!("鲁（{}）枣庄市第{}号", issued.format("%Y"), dice.digits(7)),
            1 => format!("JY1370{}", dice.digits(10)),
            _ => format!("A{place}{}", dice.digits(8)),
        };
        // An end in the first months of 1970 would be ambiguous as a number, so these certificates have no end.
        let (issued, ends) = issued_before_1970(holder_code, type_code, place).map_or((issued, ends), |issued| (issued, None));
        Self {
            shown_number: Some(number.clone()),
            number,
            leaves_end_empty: false,
            masks_holder_code: false,
            certificate_name,
            holder_name,
            issuer: of_type.pick(&ISSUERS),
            issued,
            begins: issued,
            ends,
            legal_representative: person(&mut of_holder),
            address: address(&mut of_holder),
        }
    }

    /// Changes the holder's name.
    pub(super) fn rename_holder(&mut self) {
        self.holder_name.push(if self.holder_name.chars().count() > 4 { '厂' } else { '子' });
    }
}

/// Returns whether a holder code is a citizen number.
pub(super) fn is_person(holder_code: &str) -> bool {
    holder_code.len() == 18 && holder_code.bytes().take(17).all(|byte| byte.is_ascii_digit())
}

/// Returns the issue date, from 1950 to spring 1967, if the certificate is one of the few that are so old.
fn issued_before_1970(holder_code: &str, type_code: &str, place: u64) -> Option<NaiveDate> {
    let mut dice = Dice::new(4, &["issued before 1970", holder_code, type_code, &place.to_string()]);
    let first = NaiveDate::from_ymd_opt(1950, 1, 1)?;
    dice.happens(ISSUED_BEFORE_1970).then(|| first + Days::new(dice.below(6300)))
}

/// Changes the content of one field that both faces have on one side, and returns the difference.
pub(super) fn differ(
    dice: &mut Dice,
    bears_validity: bool,
    is_one_of_several: bool,
    province: &mut Facts,
    city: &mut Facts,
) -> InjectedDifference {
    let differs = |field| InjectedDifference { field, kind: "differs" };
    match dice.below(10) {
        0..=2 => {
            city.rename_holder();
            differs("holder_name")
        }
        3 | 4 => {
            let own = province.issuer.0;
            let other = ISSUERS.iter().find(|issuer| issuer.0 != own).map_or("山东省大数据局", |issuer| issuer.0);
            // Only the name changes; the code stays.
            city.issuer.0 = other;
            differs("issuer_name")
        }
        5 | 6 => {
            province.issued = province.issued + Days::new(1 + dice.below(20));
            differs("issue_date")
        }
        7 if !is_one_of_several => {
            city.shown_number = Some(format!("{}9", city.number));
            differs("certificate_number")
        }
        8 if bears_validity => {
            province.ends = Some(city.ends.map_or(city.issued + Days::new(900), |end| end + Days::new(30)));
            differs("valid_to")
        }
        9 if bears_validity && province.ends.is_some() => {
            let (side, kind) = if dice.happens(0.5) { (province, "missing_in_province") } else { (city, "missing_in_city") };
            side.leaves_end_empty = true;
            InjectedDifference { field: "valid_to", kind }
        }
        _ => {
            city.holder_name.push('甲');
            differs("holder_name")
        }
    }
}
