//! Gap lists: 市有省无, 省有市无, 省市均无, made to be sent to departments. Columns needed to act come first and are printed;
//! columns for reference come last and are collapsed.

use super::super::ReportInput;
use super::ReportError;
use super::detail::{DetailCell, DetailColumn, DetailSheet, code, holder_and_type, number, text, time, with_carried};
use super::likely::LikelySame;
use super::notified::{NotifiedRows, Pass};
use super::style::Style;
use crate::audit::Status;
use crate::codes::{mask_code, mask_within};
use crate::job::Mask;
use crate::report::remarks::GapKey;
use crate::table::schema::coverage;
use crate::table::{Column, Row, Rows};
use rust_xlsxwriter::Workbook;

/// Smallest widths in digits: of a number or name that folds into two lines, of the distinguishing part of an identifier, and of
/// the space for a remark.
const FOLDED: f64 = 14.0;
const IDENTIFIER: f64 = 40.0;
const REMARK: f64 = 22.0;

pub(super) fn write(workbook: &mut Workbook, style: &Style, input: ReportInput<'_>) -> Result<(), ReportError> {
    let city = Held {
        id: coverage::CITY_CERTIFICATE_ID,
        id_key: "col-city-id",
        state: coverage::CITY_LIFECYCLE,
        state_key: "col-city-state",
    };
    let province = Held {
        id: coverage::PROVINCE_CERTIFICATE_ID,
        id_key: "col-province-id",
        state: coverage::PROVINCE_LIFECYCLE,
        state_key: "col-province-state",
    };
    write_status(workbook, style, input, Status::CityOnly, Some(&city))?;
    write_status(workbook, style, input, Status::ProvinceOnly, Some(&province))?;
    write_status(workbook, style, input, Status::Neither, None)
}

/// Columns with the identifier and the lifecycle state on the side that holds the certificate, and their headers.
struct Held {
    id: Column,
    id_key: &'static str,
    state: Column,
    state_key: &'static str,
}

/// Returns the columns of a list; `held` describes those of the side that holds the certificates.
fn columns(input: ReportInput<'_>, held: Option<&Held>) -> Result<Vec<DetailColumn>, ReportError> {
    let header = |key| input.words.text(key);
    let mut front: Vec<DetailColumn> = holder_and_type(input.words).into();
    front.extend([text(header("col-type-name")).at_least(FOLDED), code(header("col-number")).folding().at_least(FOLDED)]);
    if let Some(held) = held {
        front.extend([code(header(held.id_key)).at_least(IDENTIFIER).reference_only(), text(header(held.state_key))]);
        front.push(code(header("col-likely")).folding().at_least(FOLDED));
    }
    if input.figures.previous_run.is_some() {
        front.push(text(header("col-change")));
    }
    let asked_at = input.words.fill("col-asked-at", &[("zone", &input.zone_name())]);
    let mut back = vec![code(header("col-holder-type")), text(header("col-since")), number(header("col-runs")), time(asked_at)];
    back.extend([text(header("col-file")), text(header("col-sheet")), number(header("col-row"))]);
    // The row's key, by which a remark is matched, and the item id, which `faces explain` takes.
    back.extend([code(header("col-row-key")), text(header("col-item"))]);
    let mut back: Vec<DetailColumn> = back.into_iter().map(DetailColumn::reference_only).collect();
    if !input.decisions.is_empty() {
        back.extend([text(header("col-decision")), code(header("col-decision-note")).folding().at_least(FOLDED)]);
    }
    if !NotifiedRows::open(input)?.is_empty() {
        back.push(text(header("col-notified")).at_least(FOLDED));
    }
    // In text format, so that Excel does not convert a date or remove leading zeros.
    back.push(code(header("col-remark")).folding().at_least(REMARK));
    Ok(with_carried(front, input.carried, back))
}

/// Writes one list; `held` describes the columns of the side that holds the certificates.
fn write_status(
    workbook: &mut Workbook,
    style: &Style,
    input: ReportInput<'_>,
    status: Status,
    held: Option<&Held>,
) -> Result<(), ReportError> {
    let mut list = DetailSheet::begin(workbook, style, input, input.list_name(input.words.status(status)), columns(input, held)?);
    // What the province was told of long ago and is still open comes first.
    for pass in Pass::ALL {
        write_pass(&mut list, input, pass, status, held)?;
    }
    list.end()
}

/// Writes those rows of a list that belong to one pass over the coverage.
fn write_pass(
    list: &mut DetailSheet<'_>,
    input: ReportInput<'_>,
    pass: Pass,
    status: Status,
    held: Option<&Held>,
) -> Result<(), ReportError> {
    let words = input.words;
    let has_previous = input.figures.previous_run.is_some();
    let mut notified = NotifiedRows::open(input)?;
    let has_notified = !notified.is_empty();
    if pass == Pass::Overdue && !has_notified {
        return Ok(());
    }
    let mut rows = Rows::open(input.tables, coverage::COVERAGE)?;
    let mut decisions = input.decisions.reader()?;
    let mut likely_same = LikelySame::new(input.tables, words, input.mask);
    while let Some(row) = rows.next_row()? {
        if row.text(coverage::STATUS) != Some(status.name()) {
            continue;
        }
        let told = notified.find(row)?;
        if !pass.lists(told.as_ref()) {
            continue;
        }
        let gap = ShownGap::of(row, input);
        let id = held.and_then(|held| row.text(held.id)).map(|value| embedded(value, gap.holder, input.mask));
        let likely = if held.is_some() { likely_same.shown(row)? } else { None };
        let mut cells = vec![
            DetailCell::Text(Some(&gap.shown[0])),
            DetailCell::Text(Some(&gap.shown[1])),
            DetailCell::Text(row.text(coverage::CERT_TYPE_NAME)),
            DetailCell::Text(Some(gap.shown[2].as_str()).filter(|number| !number.is_empty())),
        ];
        if let Some(held) = held {
            let state = row.text(held.state).map(|state| words.named("lifecycle", state));
            cells.extend([id.as_deref(), state, likely.as_deref()].map(DetailCell::Text));
        }
        if has_previous {
            cells.push(DetailCell::Text(row.text(coverage::CHANGE).map(|change| words.named("change", change))));
        }
        let carried: Vec<Option<String>> = carried_of(row, input);
        cells.extend(carried.iter().map(|value| DetailCell::Text(value.as_deref())));
        let (remark, key) = (input.remarks.find(row), input.remarks.key_of(row));
        let number = |column| row.number(column).unwrap_or_default();
        let item = format!("{}/{}", number(coverage::ITEM_ID), number(coverage::CERTIFICATE_INDEX));
        cells.extend([
            DetailCell::Text(row.text(coverage::HOLDER_CODE_TYPE)),
            DetailCell::Text(row.text(coverage::GAP_SINCE)),
            DetailCell::Number(number(coverage::GAP_RUNS)),
            DetailCell::Time(row.time(coverage::FINISHED_AT)),
            DetailCell::Text(row.text(coverage::SOURCE_FILE)),
            DetailCell::Text(row.text(coverage::SOURCE_SHEET)),
            DetailCell::Number(number(coverage::SOURCE_ROW)),
            DetailCell::Text(key.as_deref()),
            DetailCell::Text(Some(&item)),
        ]);
        let decided = decisions.find(row, words, input.mask)?;
        if !input.decisions.is_empty() {
            cells.extend([decided.decision.as_deref(), decided.note.as_deref()].map(DetailCell::Text));
        }
        if has_notified {
            cells.push(DetailCell::Text(told.as_ref().map(|told| told.shown.as_str())));
        }
        cells.push(DetailCell::Text(remark.as_deref()));
        list.row(cells)?;
    }
    Ok(())
}

/// Holder, type and number of a row for display.
pub(super) struct ShownGap<'a> {
    pub holder: &'a str,
    pub shown: GapKey,
}

impl<'a> ShownGap<'a> {
    pub(super) fn of(row: Row<'a>, input: ReportInput<'_>) -> Self {
        let text = |column| row.text(column).unwrap_or_default();
        let (holder, kind, number) =
            (text(coverage::HOLDER_CODE), text(coverage::CERT_TYPE_CODE), text(coverage::CERTIFICATE_NUMBER));
        let shown = [masked(holder, input.mask), kind.to_owned(), embedded(number, holder, input.mask)];
        Self { holder, shown }
    }
}

/// Returns the carried values of a row for display. Any of them may be a holder code, so they are masked like one.
pub(super) fn carried_of(row: Row<'_>, input: ReportInput<'_>) -> Vec<Option<String>> {
    let holder = row.text(coverage::HOLDER_CODE).unwrap_or_default();
    let value =
        |header: &String| row.carried(&coverage::COVERAGE.carried_name(header)).map(|text| embedded(text, holder, input.mask));
    input.carried.iter().map(value).collect()
}

/// Masks everything in a text that may be a holder code: sequences of at least 15 letters and digits.
pub(crate) fn mask_codes(text: &str, mask: Mask) -> String {
    const SHORTEST_CODE: usize = 15;
    if mask == Mask::None {
        return text.to_owned();
    }
    let mut shown = String::new();
    let mut run = String::new();
    for character in text.chars().map(Some).chain([None]) {
        if let Some(part) = character.filter(char::is_ascii_alphanumeric) {
            run.push(part);
            continue;
        }
        shown.push_str(&if run.len() >= SHORTEST_CODE { masked(&run, mask) } else { run.clone() });
        run.clear();
        shown.extend(character);
    }
    shown
}

/// Returns a holder code for display.
pub(crate) fn masked(holder: &str, mask: Mask) -> String {
    match mask {
        Mask::None => holder.to_owned(),
        Mask::Partial => mask_code(holder),
        Mask::Full => "*".repeat(holder.chars().count()),
    }
}

/// Returns a text that may contain the holder's code (a city file number, or a certificate number that equals it) for display.
pub(crate) fn embedded(text: &str, holder: &str, mask: Mask) -> String {
    match mask {
        Mask::None => text.to_owned(),
        Mask::Partial => mask_codes(&mask_within(text, holder), mask),
        Mask::Full if holder.is_empty() => mask_codes(text, mask),
        Mask::Full => mask_codes(&text.replace(holder, &masked(holder, mask)), mask),
    }
}
