//! Collects the rows of departments' workbooks from a run's tables, in one pass.

use super::DispatchError;
use super::spill::{ListedRow, Spill};
use super::tally::Tally;
use crate::codes::Field;
use crate::endpoint::Side;
use crate::job::Mask;
use crate::journal::Seal;
use crate::report::{Words, embedded, face_value, masked};
use crate::table::schema::{certificates, coverage, decisions, differences};
use crate::table::{Beside, Column, MARK_COLUMNS, Matter, Row, Rows, TableError, certificate_mark};
use std::collections::HashMap;
use std::path::Path;

/// Limit on departments. A column with more values does not name departments, but holders for instance.
const MOST_DEPARTMENTS: usize = 10_000;

/// Source of the workbooks.
#[derive(Debug, Clone, Copy)]
pub(super) struct Source<'a> {
    /// Folder of the run's tables.
    pub tables: &'a Path,
    /// Header of the carried column whose values name the departments.
    pub by: &'a str,
    pub mask: Mask,
    pub words: &'a Words,
    pub seal: &'a Seal,
}

/// All certificates to settle.
pub(super) struct Gathered {
    pub spill: Spill,
    /// Departments in the order of first appearance, which is their number in the spill.
    pub tallies: Vec<Tally>,
}

/// Reads the tables once and writes the rows to temporary files in the folder `scratch`.
pub(super) fn gather(source: Source<'_>, scratch: &Path, is_interrupted: &dyn Fn() -> bool) -> Result<Gathered, DispatchError> {
    let by = coverage::COVERAGE.carried_name(source.by);
    let columns = [
        coverage::ITEM_ID,
        coverage::CERTIFICATE_INDEX,
        coverage::HOLDER_CODE,
        coverage::CERT_TYPE_CODE,
        coverage::CERT_TYPE_NAME,
    ];
    let names = columns.iter().chain(&Matter::COLUMNS).chain(&MARK_COLUMNS).map(|column| column.name);
    let names: Vec<&str> = names.chain([by.as_str()]).collect();
    let mut rows = Rows::open_columns(source.tables, coverage::COVERAGE, &names)?;
    let mut reader = RowReader::open(source)?;
    let mut gathered = Gathered { spill: Spill::create(scratch)?, tallies: Vec::new() };
    let mut known: HashMap<Option<String>, usize> = HashMap::new();
    while let Some(row) = rows.next_row()? {
        let Some(matter) = Matter::of(row) else { continue };
        if is_interrupted() {
            return Err(DispatchError::Interrupted);
        }
        let value = row.carried(&by).map(str::trim).filter(|value| !value.is_empty());
        let department = match known.get(&value.map(str::to_owned)) {
            Some(department) => *department,
            None if gathered.tallies.len() == MOST_DEPARTMENTS => {
                return Err(DispatchError::TooManyDepartments { most: MOST_DEPARTMENTS });
            }
            None => {
                known.insert(value.map(str::to_owned), gathered.tallies.len());
                gathered.tallies.push(Tally { value: value.map(str::to_owned), ..Tally::default() });
                gathered.tallies.len() - 1
            }
        };
        let cells = reader.cells(row, matter)?;
        if let Some(tally) = gathered.tallies.get_mut(department) {
            tally.counts.count(matter);
            tally.decided += u64::from(cells.is_decided);
        }
        let list = Matter::ALL.iter().position(|known| *known == matter).and_then(|place| u8::try_from(place).ok());
        let listed = ListedRow {
            list: list.unwrap_or_default(),
            item_id: row.number(coverage::ITEM_ID).unwrap_or_default().cast_unsigned(),
            certificate: certificate_mark(source.seal, row),
            cells: cells.texts.iter().map(String::as_str).collect(),
        };
        gathered.spill.push(department, &listed)?;
    }
    Ok(gathered)
}

/// Texts of a row.
struct RowCells {
    /// Texts of the locked columns, then of those to fill in.
    texts: Vec<String>,
    /// Whether there is a decision already.
    is_decided: bool,
}

/// Builds the texts of rows, also from the tables read in step with the coverage.
struct RowReader<'a> {
    source: Source<'a>,
    certificates: Beside,
    differences: Beside,
    /// `None` for a run without decisions.
    decisions: Option<Beside>,
}

impl<'a> RowReader<'a> {
    fn open(source: Source<'a>) -> Result<Self, TableError> {
        let dir = source.tables;
        let key = [certificates::ITEM_ID, certificates::CERTIFICATE_INDEX];
        let names = [certificates::SIDE, certificates::HOLDER_NAME];
        let different = [differences::FIELD, differences::PROVINCE_VALUE, differences::CITY_VALUE, differences::REASON];
        let decided = [decisions::DECISION, decisions::NOTE, decisions::BY];
        Ok(Self {
            source,
            certificates: Beside::open(dir, certificates::CERTIFICATES, key, &names)?,
            differences: Beside::open(
                dir,
                differences::DIFFERENCES,
                [differences::ITEM_ID, differences::CERTIFICATE_INDEX],
                &different,
            )?,
            decisions: Beside::open_if_there(
                dir,
                decisions::DECISIONS,
                [decisions::ITEM_ID, decisions::CERTIFICATE_INDEX],
                &decided,
            )?,
        })
    }

    /// Returns the texts of a coverage row. Keys must not decrease from call to call.
    fn cells(&mut self, row: Row<'_>, matter: Matter) -> Result<RowCells, TableError> {
        let Source { mask, words, .. } = self.source;
        let key = [row.number(coverage::ITEM_ID), row.number(coverage::CERTIFICATE_INDEX)];
        let holder = row.text(coverage::HOLDER_CODE).unwrap_or_default();
        let embedded_text = |column: Column| row.text(column).map_or_else(String::new, |text| embedded(text, holder, mask));
        let state = |column| row.text(column).map_or("", |state| words.named("lifecycle", state)).to_owned();
        let type_code = row.text(coverage::CERT_TYPE_CODE).unwrap_or_default();
        let type_name = row.text(coverage::CERT_TYPE_NAME);
        let mut texts = vec![self.holder_name(key, holder)?, masked(holder, mask)];
        let number = embedded_text(coverage::CERTIFICATE_NUMBER);
        match matter {
            Matter::CityOnly | Matter::ProvinceOnly => {
                let (id, lifecycle) = if matter == Matter::CityOnly {
                    (coverage::CITY_CERTIFICATE_ID, coverage::CITY_LIFECYCLE)
                } else {
                    (coverage::PROVINCE_CERTIFICATE_ID, coverage::PROVINCE_LIFECYCLE)
                };
                let name = type_name.unwrap_or_else(|| words.text("not-in-catalogue"));
                texts.extend([type_code.to_owned(), name.to_owned(), number, embedded_text(id), state(lifecycle)]);
            }
            Matter::Difference => {
                texts.extend([type_name.unwrap_or(type_code).to_owned(), number]);
                texts.extend(self.differences(key, holder)?);
            }
            Matter::Revoked => {
                texts.extend([type_name.unwrap_or(type_code).to_owned(), number]);
                texts.extend([embedded_text(coverage::CITY_CERTIFICATE_ID), state(coverage::CITY_LIFECYCLE)]);
                texts.extend([embedded_text(coverage::PROVINCE_CERTIFICATE_ID), state(coverage::PROVINCE_LIFECYCLE)]);
            }
        }
        let answers = self.answers(key, holder)?;
        let is_decided = answers.iter().any(|answer| !answer.is_empty());
        texts.extend(answers);
        Ok(RowCells { texts, is_decided })
    }

    /// Returns the holder's name on the city's face, else on the province's.
    fn holder_name(&mut self, key: [Option<i64>; 2], holder: &str) -> Result<String, TableError> {
        let mask = self.source.mask;
        let mut name = String::new();
        self.certificates.each(key, |face| {
            let of_face = face.text(certificates::HOLDER_NAME).unwrap_or_default();
            let is_city = face.text(certificates::SIDE) == Some(Side::City.name());
            if !of_face.is_empty() && (is_city || name.is_empty()) {
                name = face_value(of_face, Field::HolderName.name(), holder, mask);
            }
        })?;
        Ok(name)
    }

    /// Returns fields, both sides' values and reasons of all differences, each as one text with a line per difference.
    fn differences(&mut self, key: [Option<i64>; 2], holder: &str) -> Result<[String; 4], TableError> {
        let Source { mask, words, .. } = self.source;
        let mut lines: Vec<[String; 4]> = Vec::new();
        self.differences.each(key, |row| {
            let field = row.text(differences::FIELD).unwrap_or_default();
            let shown = |column| {
                let Some(value) = row.text(column).filter(|value| !value.is_empty()) else {
                    return words.text("empty").to_owned();
                };
                let value = if field == Field::Lifecycle.name() { words.named("lifecycle", value) } else { value };
                face_value(value, field, holder, mask)
            };
            // A reason can quote a value, so it is shortened if values are masked.
            let reason = row.text(differences::REASON).map(|reason| words.reason(reason, mask == Mask::None));
            lines.push([
                words.named("field", field).to_owned(),
                shown(differences::PROVINCE_VALUE),
                shown(differences::CITY_VALUE),
                reason.unwrap_or_default(),
            ]);
        })?;
        let mut texts: [String; 4] = Default::default();
        for (number, line) in (1u32..).zip(&lines) {
            for (text, part) in texts.iter_mut().zip(line) {
                if number > 1 {
                    text.push('\n');
                }
                if lines.len() > 1 {
                    text.push_str(&numbered(number));
                }
                text.push_str(part);
            }
        }
        Ok(texts)
    }

    /// Returns decision, note and person of the known decision; empty texts if there is none.
    fn answers(&mut self, key: [Option<i64>; 2], holder: &str) -> Result<[String; 3], TableError> {
        let Source { mask, words, .. } = self.source;
        let mut answers: [String; 3] = Default::default();
        if let Some(decisions) = &mut self.decisions {
            decisions.each(key, |row| {
                let decision = row.text(decisions::DECISION).unwrap_or_default();
                let note = row.text(decisions::NOTE).unwrap_or_default();
                answers = [
                    words.named("decision", decision).to_owned(),
                    embedded(note, holder, mask),
                    row.text(decisions::BY).unwrap_or_default().to_owned(),
                ];
            })?;
        }
        Ok(answers)
    }
}

/// Returns the circled number ①, ②, … that links a field, its values and its reason across the cells of a row.
fn numbered(number: u32) -> String {
    const ONE: u32 = 0x2460;
    const LAST: u32 = 20;
    let circled = if number <= LAST { char::from_u32(ONE + number - 1) } else { None };
    circled.map_or_else(|| format!("({number})"), String::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_circled_as_far_as_there_are_circles() {
        assert_eq!([1, 2, 20, 21].map(numbered), ["①", "②", "⑳", "(21)"]);
    }
}
