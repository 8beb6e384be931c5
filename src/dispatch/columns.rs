//! Columns of each list in a department's workbook: what is needed to act, in an order that fits a printed page.

use crate::report::Words;
use crate::table::Matter;

/// A locked column of a list.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct LockedColumn {
    /// Key of the message with its header.
    pub header: &'static str,
    /// Width in digits.
    pub width: f64,
    /// Whether the column identifies the certificate. If such a cell was edited, the row is about another certificate than its
    /// key and its decision is rejected.
    pub names_certificate: bool,
}

/// A column that the department fills in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Answer {
    /// Decision (处理决定).
    Decision,
    /// Note (处理说明).
    Note,
    /// Person in charge (办理人).
    By,
}

impl Answer {
    pub(super) const ALL: [Self; 3] = [Self::Decision, Self::Note, Self::By];

    /// Returns the key of the message with its header.
    pub(super) const fn header(self) -> &'static str {
        match self {
            Self::Decision => "col-decision",
            Self::Note => "col-decision-note",
            Self::By => "col-decided-by",
        }
    }

    /// Returns its width in digits.
    pub(super) const fn width(self) -> f64 {
        match self {
            Self::Decision => 12.0,
            Self::Note => 20.0,
            Self::By => 9.0,
        }
    }
}

const fn shown(header: &'static str, width: f64) -> LockedColumn {
    LockedColumn { header, width, names_certificate: false }
}

const fn naming(header: &'static str, width: f64) -> LockedColumn {
    LockedColumn { header, width, names_certificate: true }
}

/// Columns of holder and certificate, which begin every list. A holder code takes one line.
const NAME: LockedColumn = shown("col-holder-name", 12.0);
const HOLDER: LockedColumn = naming("col-holder", 20.0);

const CITY_ONLY: [LockedColumn; 7] = [
    NAME,
    HOLDER,
    naming("col-type", 23.0),
    shown("col-type-name", 20.0),
    naming("col-number", 20.0),
    naming("col-city-id", 24.0),
    shown("col-city-state", 10.0),
];
const PROVINCE_ONLY: [LockedColumn; 7] = [
    NAME,
    HOLDER,
    naming("col-type", 23.0),
    shown("col-type-name", 20.0),
    naming("col-number", 20.0),
    naming("col-province-id", 24.0),
    shown("col-province-state", 10.0),
];
const DIFFERENCE: [LockedColumn; 8] = [
    NAME,
    HOLDER,
    shown("col-type-name", 16.0),
    naming("col-number", 17.0),
    shown("col-field", 12.0),
    shown("col-province-value", 21.0),
    shown("col-city-value", 21.0),
    shown("col-reason", 14.0),
];
const REVOKED: [LockedColumn; 8] = [
    NAME,
    HOLDER,
    shown("col-type-name", 16.0),
    naming("col-number", 17.0),
    naming("col-city-id", 22.0),
    shown("col-city-state", 10.0),
    naming("col-province-id", 22.0),
    shown("col-province-state", 10.0),
];

/// Returns the locked columns of a list, in order. Together with those to fill in they fit a page (see the tests).
pub(super) const fn locked(matter: Matter) -> &'static [LockedColumn] {
    match matter {
        Matter::CityOnly => &CITY_ONLY,
        Matter::ProvinceOnly => &PROVINCE_ONLY,
        Matter::Difference => &DIFFERENCE,
        Matter::Revoked => &REVOKED,
    }
}

/// Returns the name of a list's sheet.
pub(super) fn sheet_name(words: &Words, matter: Matter) -> &str {
    words.text(match matter {
        Matter::CityOnly => "matter-city_only",
        Matter::ProvinceOnly => "matter-province_only",
        Matter::Difference => "matter-difference",
        Matter::Revoked => "matter-revoked",
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::job::Language;

    /// Width of all printed columns together at which text of 10 points comes out at 8 points or more on landscape A4, in
    /// digits, and what Excel adds to each column for the padding of its cells.
    const PRINTED: f64 = 187.0;
    const PADDING: f64 = 5.0 / 7.0;

    #[test]
    fn lists_fit_a_page_and_their_headers_differ() {
        for matter in Matter::ALL {
            let widths = locked(matter).iter().map(|column| column.width).chain(Answer::ALL.map(Answer::width));
            let total: f64 = widths.map(|width| width + PADDING).sum();
            assert!(total <= PRINTED, "{matter:?}: {total}");
            for language in [Language::ZhCn, Language::En] {
                let words = Words::new(language);
                let keys = locked(matter).iter().map(|column| column.header).chain(Answer::ALL.map(Answer::header));
                let headers: Vec<String> = keys.map(|key| words.text(key).to_owned()).collect();
                for (at, header) in headers.iter().enumerate() {
                    assert!(!header.starts_with("col-") && !headers[at + 1..].contains(header), "{header}");
                }
                assert!(sheet_name(&words, matter).chars().count() <= 31);
            }
        }
    }
}
