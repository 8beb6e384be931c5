//! The rows of a file, sheet by sheet: header found, blank rows, repeated headers and totals passed over.

use super::cell::{Cell, SheetRow};
use super::dedup::{Dedup, Naming};
use super::header::{Columns, NoHeader, combined, fold, texts};
use super::row::{RowResult, read_row};
use super::stream::SheetEvent;
use super::{FileProblem, InputFile, Place, SheetReport, Sink};
use crate::codes::Catalogue;
use crate::job::{HeaderRow, InputSettings};
use chrono::NaiveDate;
use std::sync::Arc;

/// Where a header is looked for at most, in rows that are not blank.
const HEADER_WITHIN: u32 = 50;
const TOTALS: [&str; 6] = ["合计", "总计", "小计", "共计", "合计数", "总合计"];

/// Takes a file's rows and passes on what they come to.
pub(super) struct FileReader<'a> {
    file: &'a InputFile,
    settings: &'a InputSettings,
    catalogue: &'a Catalogue,
    carried: &'a [String],
    today: NaiveDate,
    dedup: &'a mut Dedup,
    sink: &'a mut dyn Sink,
    sheets: Vec<SheetReport>,
    current: Option<CurrentSheet>,
    problems: Vec<FileProblem>,
}

struct CurrentSheet {
    report: SheetReport,
    header: Header,
    /// Whether the job names this sheet, so that it may not be passed over.
    named: bool,
}

enum Header {
    Searching {
        looked: u32,
        /// The row before, for headers over two rows.
        above: Vec<String>,
        /// The texts of the row that looks most like a header, for the message.
        likeliest: Vec<String>,
        missing: Vec<String>,
    },
    Found(Columns),
    /// There is none: the sheet's rows are passed over.
    None {
        likeliest: Vec<String>,
        missing: Vec<String>,
    },
}

impl<'a> FileReader<'a> {
    pub(super) fn new(
        file: &'a InputFile,
        settings: &'a InputSettings,
        (catalogue, carried): (&'a Catalogue, &'a [String]),
        today: NaiveDate,
        dedup: &'a mut Dedup,
        sink: &'a mut dyn Sink,
    ) -> Self {
        Self { file, settings, catalogue, carried, today, dedup, sink, sheets: Vec::new(), current: None, problems: Vec::new() }
    }

    /// Takes what the file's reader came upon.
    ///
    /// # Errors
    /// What keeps the sink from keeping what was found.
    pub(super) fn take(&mut self, event: SheetEvent) -> Result<(), String> {
        match event {
            SheetEvent::Begin { name, named } => {
                let report = SheetReport { name: name.into(), ..SheetReport::default() };
                let header = Header::Searching { looked: 0, above: Vec::new(), likeliest: Vec::new(), missing: Vec::new() };
                self.current = Some(CurrentSheet { report, header, named });
            }
            SheetEvent::Rows(rows) => {
                for row in rows.rows() {
                    self.row(row)?;
                }
            }
            SheetEvent::End => self.end_sheet(),
            SheetEvent::Skip { name, reason } => {
                self.sheets.push(SheetReport { name: name.into(), skipped: Some(reason.to_owned()), ..SheetReport::default() });
            }
            SheetEvent::Problem { sheet, message } => self.problem(sheet.as_deref(), message),
        }
        Ok(())
    }

    fn problem(&mut self, sheet: Option<&str>, message: String) {
        self.problems.push(FileProblem { file: self.file.name.to_string(), sheet: sheet.map(str::to_owned), message });
    }

    fn row(&mut self, row: SheetRow<'_>) -> Result<(), String> {
        let Some(sheet) = &mut self.current else { return Ok(()) };
        match &mut sheet.header {
            Header::None { .. } => Ok(()),
            Header::Searching { .. } => {
                sheet.search(row, self.settings, self.carried);
                Ok(())
            }
            Header::Found(columns) => {
                if row.is_blank() || columns.is_repeated_in(row) || is_total(row) {
                    return Ok(());
                }
                let place = Place { file: Arc::clone(&self.file.name), sheet: Arc::clone(&sheet.report.name), row: row.number };
                let result = read_row(row, columns, self.settings, self.catalogue, &place, self.today);
                sheet.report.rows += 1;
                keep(result, self.catalogue, &mut sheet.report, self.dedup, self.sink)
            }
        }
    }

    fn end_sheet(&mut self) {
        let Some(mut sheet) = self.current.take() else { return };
        if let Header::Searching { likeliest, missing, .. } | Header::None { likeliest, missing } = &sheet.header {
            let message = no_header_message(likeliest, missing);
            if sheet.named || !missing.is_empty() || self.settings.header_row != HeaderRow::Auto {
                let name = Arc::clone(&sheet.report.name);
                self.problem(Some(&*name).filter(|name| !name.is_empty()), message.clone());
            }
            sheet.report.is_unread_table = likeliest.len() > 1;
            sheet.report.skipped = Some(message);
        }
        self.sheets.push(sheet.report);
    }

    /// What was found: sheets and problems.
    pub(super) fn finish(mut self) -> (Vec<SheetReport>, Vec<FileProblem>) {
        let none_read = self.sheets.iter().all(|sheet| sheet.skipped.is_some());
        if none_read && self.problems.is_empty() {
            let reasons = self.sheets.iter().filter_map(|sheet| Some(format!("[{}] {}", sheet.name, sheet.skipped.as_ref()?)));
            let message = match reasons.collect::<Vec<_>>().join("; ") {
                reasons if reasons.is_empty() => "there is no sheet in it".to_owned(),
                reasons => format!("no sheet of it can be read: {reasons}"),
            };
            self.problem(None, message);
        }
        (self.sheets, self.problems)
    }
}

impl CurrentSheet {
    /// Takes a row above the data: it is the header, or part of it, or it is passed over.
    fn search(&mut self, row: SheetRow<'_>, settings: &InputSettings, carried: &[String]) {
        let Header::Searching { looked, above, likeliest, missing } = &mut self.header else { return };
        let is_candidate = match settings.header_row {
            HeaderRow::Auto => !row.is_blank(),
            HeaderRow::At(number) => row.number == number,
        };
        if !is_candidate {
            *above = texts(row);
            return;
        }
        *looked += 1;
        let own = texts(row);
        // Over two rows first: the row above may name columns that this one leaves blank.
        let found = Columns::recognise(combined(above, &own), settings, carried)
            .or_else(|_| Columns::recognise(own.clone(), settings, carried));
        match found {
            Ok(columns) => {
                self.report.mapping = columns.mapping();
                self.report.unused = columns.unused();
                self.report.carried = columns.carried_of(carried);
                self.header = Header::Found(columns);
            }
            Err(why) => {
                let shown: Vec<String> = own.iter().filter(|text| !text.is_empty()).map(|text| shown(text)).collect();
                if shown.len() > likeliest.len() {
                    *likeliest = shown;
                    *missing = match why {
                        NoHeader::Missing(names) => names,
                        NoHeader::Unrecognised => Vec::new(),
                    };
                }
                *above = own;
                if *looked >= HEADER_WITHIN || settings.header_row != HeaderRow::Auto {
                    self.header = Header::None { likeliest: std::mem::take(likeliest), missing: std::mem::take(missing) };
                }
            }
        }
    }
}

/// Passes on what a row came to, and counts it.
fn keep(
    result: RowResult,
    catalogue: &Catalogue,
    report: &mut SheetReport,
    dedup: &mut Dedup,
    sink: &mut dyn Sink,
) -> Result<(), String> {
    for repair in result.repairs {
        report.repairs += 1;
        sink.repair(repair)?;
    }
    if let Some(rejected) = result.rejected {
        *report.rejected.entry(rejected.problem.name()).or_default() += 1;
        sink.rejected(rejected)?;
    }
    for item in result.items {
        match dedup.name(&item) {
            Naming::First => {
                report.items += 1;
                if catalogue.name(&item.cert_type_code).is_none() {
                    report.not_in_catalogue.insert(item.cert_type_code.clone());
                }
                sink.item(item)?;
            }
            Naming::Again { item_id, carried_differ } => {
                report.duplicates += 1;
                report.repairs += u64::from(carried_differ);
                sink.repeated(item_id, item, carried_differ)?;
            }
        }
    }
    Ok(())
}

fn no_header_message(likeliest: &[String], missing: &[String]) -> String {
    if likeliest.is_empty() {
        return "it is empty".to_owned();
    }
    let found = likeliest.join(", ");
    if missing.is_empty() {
        format!(
            "no header with a holder code (证件号码) and a certificate type code (证照类型代码) was recognised; found: {found}; name them in `columns`, or give `defaults`"
        )
    } else {
        format!("there is no column {}; found: {found}", missing.join(", "))
    }
}

/// A cell's text for a message: where it may be somebody's number it is starred.
fn shown(text: &str) -> String {
    let digits = text.chars().filter(char::is_ascii_digit).count();
    if digits >= 6 { "***".to_owned() } else { text.trim().chars().take(20).collect() }
}

fn is_total(row: SheetRow<'_>) -> bool {
    let first = row.cells().find(|cell| !cell.is_blank());
    first.is_some_and(|cell| matches!(cell, Cell::Text(text) if text.contains('计') && TOTALS.contains(&fold(text).as_str())))
}
