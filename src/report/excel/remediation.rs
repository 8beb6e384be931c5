//! `remediation.xlsx`: the proposed notifications, for a person to mark, and the reasons for leaving out everything else.

use super::ReportError;
use super::detail::{HEIGHTS, height_of, lines_of};
use super::gaps::{embedded, masked};
use super::style::{Style, fitting, set_page};
use crate::durable::WholeFile;
use crate::job::{Mask, RemedyAction};
use crate::message::Message;
use crate::report::Words;
use crate::table::Row;
use crate::table::schema::coverage;
use rust_xlsxwriter::{Color, DataValidation, Format, FormatAlign, IgnoreError, Workbook, Worksheet};
use std::path::Path;

/// Limit on rows of a sheet, without the header.
const MOST_ROWS: u32 = 1_048_575;

/// A column of a list.
#[derive(Debug, Clone, Copy)]
struct Column {
    /// Key of the header.
    key: &'static str,
    /// Width in digits.
    width: f64,
    /// Whether the column is for reference only: such columns are collapsed and not printed.
    is_reference: bool,
}

const fn printed(key: &'static str, width: f64) -> Column {
    Column { key, width, is_reference: false }
}

const fn reference_only(key: &'static str, width: f64) -> Column {
    Column { key, width, is_reference: true }
}

/// Columns about the certificate in both lists. The printed ones fit a page together with those before them.
const CERTIFICATE: [Column; 7] = [
    printed("col-holder", 21.0),
    printed("col-type-name", 18.0),
    printed("col-number", 20.0),
    printed("col-file-number", 26.0),
    printed("col-cert-identifier", 26.0),
    reference_only("col-type", 24.0),
    reference_only("col-item", 12.0),
];
/// Columns about the notification in the list of proposals, before those about the certificate. The user can change the mark.
const ACTIONS: [Column; 4] = [
    printed("col-remediation-mark", 9.0),
    printed("col-remedy-action", 10.0),
    printed("col-remedy-reason", 30.0),
    printed("col-decision", 12.0),
];
/// Columns about the reason in the other list, before those about the certificate.
const OTHERS: [Column; 3] =
    [printed("col-remedy-action", 10.0), printed("col-remedy-reason", 38.0), printed("col-decision", 12.0)];
/// Column of the key that identifies a notification when the workbook is read back; the last column.
const KEY: Column = reference_only("col-remediation-key", 12.0);
/// Keys of the lines of the notes.
const NOTES: [&str; 5] = [
    "remediation-note-marks",
    "remediation-note-sent",
    "remediation-note-confirm",
    "remediation-note-rows",
    "remediation-note-others",
];

/// Mark of a person on a proposed notification.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PlanMark {
    /// 执行: send it.
    Execute,
    /// 不执行: do not send it.
    Skip,
}

impl PlanMark {
    /// Both marks.
    pub const ALL: [Self; 2] = [Self::Execute, Self::Skip];

    /// Returns the mark as shown in the workbook.
    #[must_use]
    pub fn shown(self, words: &Words) -> &str {
        words.text(match self {
            Self::Execute => "remediation-mark-execute",
            Self::Skip => "remediation-mark-skip",
        })
    }
}

/// A row of either list.
#[derive(Debug, Clone, Copy)]
pub struct RemediationRow<'a> {
    /// The coverage row.
    pub row: Row<'a>,
    /// Kind of the notification; `None` if there is nothing to notify.
    pub action: Option<RemedyAction>,
    /// Why it is proposed or left out.
    pub reason: &'a Message,
    /// Decision of the department, by its name in tables.
    pub decision: Option<&'a str>,
}

/// Writer of the workbook in constant memory.
pub struct RemediationWorkbook<'a> {
    words: &'a Words,
    mask: Mask,
    style: Style,
    mark: Format,
    workbook: Workbook,
    actions: List,
    others: List,
}

/// A list, which continues in a further sheet if one is full.
struct List {
    name: &'static str,
    columns: Vec<Column>,
    /// Index of its latest sheet in the workbook.
    sheet: usize,
    parts: u32,
    /// Number of rows of the latest sheet, without the header.
    rows: u32,
}

impl List {
    fn new(name: &'static str, columns: Vec<Column>) -> Self {
        Self { name, columns, sheet: 0, parts: 0, rows: 0 }
    }
}

impl std::fmt::Debug for RemediationWorkbook<'_> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("RemediationWorkbook").field("actions", &self.actions.rows).finish_non_exhaustive()
    }
}

impl<'a> RemediationWorkbook<'a> {
    /// Begins the workbook. `scratch` is a folder for temporary files.
    ///
    /// # Errors
    /// Fails if no file can be created in `scratch`.
    pub fn begin(words: &'a Words, mask: Mask, scratch: &Path) -> Result<Self, ReportError> {
        let style = Style::new();
        let marked = style.text.clone().set_align(FormatAlign::Center).set_background_color(Color::RGB(0x00FF_F2CC));
        let actions = [&ACTIONS[..], &CERTIFICATE, &[KEY]].concat();
        let others = [&OTHERS[..], &CERTIFICATE].concat();
        let (actions, others) = (List::new("sheet-remediation-actions", actions), List::new("sheet-remediation-others", others));
        let mut begun = Self { words, mask, style, mark: marked, workbook: Workbook::new(), actions, others };
        begun.workbook.set_tempdir(scratch)?;
        begin_part(&mut begun.workbook, &begun.style, words, &mut begun.actions)?;
        begin_part(&mut begun.workbook, &begun.style, words, &mut begun.others)?;
        Ok(begun)
    }

    /// Adds a proposed notification with the mark it has so far; `key` identifies it.
    ///
    /// # Errors
    /// Fails if the row cannot be written to the temporary file.
    pub fn action(&mut self, row: &RemediationRow<'_>, mark: Option<PlanMark>, key: &str) -> Result<(), ReportError> {
        if self.actions.rows == MOST_ROWS {
            self.end_part(Which::Actions)?;
            begin_part(&mut self.workbook, &self.style, self.words, &mut self.actions)?;
        }
        self.actions.rows += 1;
        let (at, words) = (self.actions.rows, self.words);
        let sheet = self.workbook.worksheet_from_index(self.actions.sheet)?;
        match mark {
            Some(mark) => sheet.write_string_with_format(at, 0, mark.shown(words), &self.mark)?,
            None => sheet.write_blank(at, 0, &self.mark)?,
        };
        write_row(sheet, &self.style, words, self.mask, (at, 1, &self.actions.columns), row)?;
        let last = last_column(&self.actions);
        sheet.write_string_with_format(at, last, key, &self.style.code)?;
        Ok(())
    }

    /// Adds a row for which no notification is proposed.
    ///
    /// # Errors
    /// Fails if the row cannot be written to the temporary file.
    pub fn other(&mut self, row: &RemediationRow<'_>) -> Result<(), ReportError> {
        if self.others.rows == MOST_ROWS {
            self.end_part(Which::Others)?;
            begin_part(&mut self.workbook, &self.style, self.words, &mut self.others)?;
        }
        self.others.rows += 1;
        let sheet = self.workbook.worksheet_from_index(self.others.sheet)?;
        write_row(sheet, &self.style, self.words, self.mask, (self.others.rows, 0, &self.others.columns), row)
    }

    fn end_part(&mut self, which: Which) -> Result<(), ReportError> {
        let list = if which == Which::Actions { &self.actions } else { &self.others };
        let words = self.words;
        let sheet = self.workbook.worksheet_from_index(list.sheet)?;
        if list.rows == 0 {
            sheet.write_string_with_format(1, 0, words.text("none"), &self.style.muted)?;
        }
        let (bottom, right) = (list.rows.max(1), last_column(list));
        sheet.autofilter(0, 0, bottom, right)?;
        sheet.ignore_error_range(1, 0, bottom, right, IgnoreError::NumberStoredAsText)?;
        if which == Which::Actions {
            let marks = PlanMark::ALL.map(|mark| mark.shown(words));
            let choice = DataValidation::new().allow_list_strings(&marks)?;
            let choice = choice.set_error_message(words.text("remediation-mark-choice"))?;
            sheet.add_data_validation(1, 0, bottom, 0, &choice)?;
        }
        Ok(())
    }

    /// Writes the workbook atomically to `path`.
    ///
    /// # Errors
    /// Fails if the file cannot be written.
    pub fn end(mut self, path: &Path) -> Result<(), ReportError> {
        self.end_part(Which::Actions)?;
        self.end_part(Which::Others)?;
        let sheet = self.workbook.add_worksheet();
        sheet.set_name(self.words.text("sheet-notes"))?;
        sheet.set_column_width(0, NOTE)?;
        for (row, key) in (0..).zip(NOTES) {
            sheet.write_string_with_format(row, 0, self.words.text(key), &self.style.wrapped)?;
        }
        set_page(sheet, self.words, None)?;
        let mut file = WholeFile::create(path)?;
        self.workbook.save_to_writer(&mut file)?;
        Ok(file.finish()?)
    }
}

/// Width of the notes in digits, which is that of a printed page.
const NOTE: f64 = 120.0;

/// Selects one of the two lists.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Which {
    Actions,
    Others,
}

fn last_column(list: &List) -> u16 {
    u16::try_from(list.columns.len()).unwrap_or(u16::MAX).saturating_sub(1)
}

fn begin_part(workbook: &mut Workbook, style: &Style, words: &Words, list: &mut List) -> Result<(), ReportError> {
    list.parts += 1;
    list.rows = 0;
    list.sheet = workbook.worksheets().len();
    let name = words.text(list.name);
    let name = if list.parts == 1 { name.to_owned() } else { format!("{name} ({})", list.parts) };
    let sheet = workbook.add_worksheet_with_constant_memory()?;
    sheet.set_name(name)?;
    for (column, spec) in (0..).zip(&list.columns) {
        sheet.write_string_with_format(0, column, words.text(spec.key), &style.header)?;
        sheet.set_column_width(column, spec.width)?;
    }
    // The columns for reference are the last ones of either list.
    if let Some(first) = list.columns.iter().position(|column| column.is_reference).and_then(|at| u16::try_from(at).ok()) {
        sheet.group_columns_collapsed(first, last_column(list))?;
    }
    sheet.set_freeze_panes(1, 0)?;
    set_page(sheet, words, Some(0))?;
    Ok(())
}

/// Writes the columns that both lists have, starting at a cell.
fn write_row(
    sheet: &mut Worksheet,
    style: &Style,
    words: &Words,
    mask: Mask,
    (at, first, columns): (u32, u16, &[Column]),
    told: &RemediationRow<'_>,
) -> Result<(), ReportError> {
    let RemediationRow { row, action, reason, decision } = *told;
    let holder = row.text(coverage::HOLDER_CODE).unwrap_or_default();
    let shown = |column| row.text(column).map(|text| embedded(text, holder, mask));
    let number = |column| row.number(column).unwrap_or_default();
    let cells = [
        action.map(|action| words.named("remedy-action", action.word()).to_owned()),
        Some(words.say(reason)),
        decision.map(|decision| words.named("decision", decision).to_owned()),
        Some(masked(holder, mask)),
        row.text(coverage::CERT_TYPE_NAME).map(str::to_owned),
        shown(coverage::CERTIFICATE_NUMBER),
        shown(coverage::CITY_CERTIFICATE_ID),
        shown(coverage::PROVINCE_CERTIFICATE_ID),
        row.text(coverage::CERT_TYPE_CODE).map(str::to_owned),
        Some(format!("{}/{}", number(coverage::ITEM_ID), number(coverage::CERTIFICATE_INDEX))),
    ];
    if at <= HEIGHTS {
        let widths = columns.iter().skip(usize::from(first)).map(|column| column.width);
        let lines = cells.iter().zip(widths).filter_map(|(cell, width)| Some(lines_of(cell.as_deref()?, width)));
        sheet.set_row_height(at, height_of(lines.max().unwrap_or(1)))?;
    }
    for (column, cell) in (first..).zip(&cells) {
        if let Some(text) = cell.as_deref().filter(|text| !text.is_empty()) {
            sheet.write_string_with_format(at, column, fitting(text), &style.wrapped_code)?;
        }
    }
    Ok(())
}
