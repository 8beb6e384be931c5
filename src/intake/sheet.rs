//! The rows of a file, sheet by sheet: header found, blank rows, repeated headers and totals passed over.

use super::cell::SheetRow;
use super::header::{Columns, NoHeader, fold};
use super::row::read_row;
use super::{FileProblem, InputFile, Place, SheetReport, Sink};
use crate::job::{HeaderRow, InputSettings};
use chrono::NaiveDate;
use std::ops::ControlFlow;
use std::sync::Arc;

/// Where a header is looked for at most, in rows that are not blank.
const HEADER_WITHIN: u32 = 50;
const TOTALS: [&str; 5] = ["合计", "总计", "小计", "共计", "合计数"];

/// Takes a file's rows and passes on what they come to.
pub(super) struct FileReader<'a> {
    file: &'a InputFile,
    settings: &'a InputSettings,
    carried: &'a [String],
    today: NaiveDate,
    sink: &'a mut dyn Sink,
    sheets: Vec<SheetReport>,
    current: Option<CurrentSheet>,
    problems: Vec<FileProblem>,
    failure: Option<String>,
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
        /// The texts of the row that looks most like a header, for the message.
        likeliest: Vec<String>,
        missing: Vec<String>,
    },
    Found(Columns),
}

impl<'a> FileReader<'a> {
    pub(super) fn new(
        file: &'a InputFile,
        settings: &'a InputSettings,
        carried: &'a [String],
        today: NaiveDate,
        sink: &'a mut dyn Sink,
    ) -> Self {
        Self { file, settings, carried, today, sink, sheets: Vec::new(), current: None, problems: Vec::new(), failure: None }
    }

    /// Begins a sheet; `named` where the job names it.
    pub(super) fn begin_sheet(&mut self, name: &str, named: bool) {
        let report = SheetReport { name: name.into(), ..SheetReport::default() };
        let header = Header::Searching { looked: 0, likeliest: Vec::new(), missing: Vec::new() };
        self.current = Some(CurrentSheet { report, header, named });
    }

    /// Notes a sheet that is not read.
    pub(super) fn skip_sheet(&mut self, name: &str, reason: &str) {
        self.sheets.push(SheetReport { name: name.into(), skipped: Some(reason.to_owned()), ..SheetReport::default() });
    }

    /// Notes a problem of the file or of a sheet.
    pub(super) fn problem(&mut self, sheet: Option<&str>, message: String) {
        self.problems.push(FileProblem { file: self.file.name.to_string(), sheet: sheet.map(str::to_owned), message });
    }

    /// Takes a row of the current sheet; breaks where no more of them are wanted.
    pub(super) fn row(&mut self, row: &SheetRow) -> ControlFlow<()> {
        let Some(sheet) = &mut self.current else { return ControlFlow::Break(()) };
        match &mut sheet.header {
            Header::Found(columns) => {
                if row.is_blank() || columns.is_repeated_in(row) || is_total(row) {
                    return ControlFlow::Continue(());
                }
                let place = Place { file: Arc::clone(&self.file.name), sheet: Arc::clone(&sheet.report.name), row: row.number };
                let result = read_row(row, columns, self.settings, &place, self.today);
                sheet.report.rows += 1;
                let taken = (|| {
                    for repair in result.repairs {
                        self.sink.repair(repair)?;
                    }
                    if let Some(rejected) = result.rejected {
                        sheet.report.rejected += 1;
                        self.sink.rejected(rejected)?;
                    }
                    for item in result.items {
                        if self.sink.item(item)? {
                            sheet.report.items += 1;
                        } else {
                            sheet.report.duplicates += 1;
                        }
                    }
                    Ok(())
                })();
                match taken {
                    Ok(()) => ControlFlow::Continue(()),
                    Err(failure) => {
                        self.failure = Some(failure);
                        ControlFlow::Break(())
                    }
                }
            }
            Header::Searching { looked, likeliest, missing } => {
                let wanted = match self.settings.header_row {
                    HeaderRow::Auto => !row.is_blank(),
                    HeaderRow::At(number) => row.number == number,
                };
                if !wanted {
                    return ControlFlow::Continue(());
                }
                *looked += 1;
                match Columns::recognise(row, self.settings, self.carried) {
                    Ok(columns) => {
                        sheet.report.mapping = columns.mapping();
                        sheet.header = Header::Found(columns);
                    }
                    Err(why) => {
                        let texts: Vec<String> =
                            row.cells.iter().map(|cell| shown(&cell.text())).filter(|text| !text.is_empty()).collect();
                        if texts.len() > likeliest.len() {
                            *likeliest = texts;
                            *missing = match why {
                                NoHeader::Missing(names) => names,
                                NoHeader::Unrecognised => Vec::new(),
                            };
                        }
                        if *looked >= HEADER_WITHIN || self.settings.header_row != HeaderRow::Auto {
                            return ControlFlow::Break(());
                        }
                    }
                }
                ControlFlow::Continue(())
            }
        }
    }

    /// Ends the current sheet.
    pub(super) fn end_sheet(&mut self) {
        let Some(mut sheet) = self.current.take() else { return };
        if let Header::Searching { likeliest, missing, .. } = &sheet.header {
            let message = no_header_message(likeliest, missing);
            if sheet.named || !missing.is_empty() || self.settings.header_row != HeaderRow::Auto {
                let name = Arc::clone(&sheet.report.name);
                self.problem(Some(&name).filter(|name| !name.is_empty()).map(AsRef::as_ref), message.clone());
            }
            sheet.report.skipped = Some(message);
        }
        self.sheets.push(sheet.report);
    }

    /// What was found: sheets, problems, and the sink's failure.
    pub(super) fn finish(mut self) -> (Vec<SheetReport>, Vec<FileProblem>, Option<String>) {
        let none_read = self.sheets.iter().all(|sheet| sheet.skipped.is_some());
        if none_read && self.problems.is_empty() && self.failure.is_none() {
            let reasons = self.sheets.iter().filter_map(|sheet| Some(format!("[{}] {}", sheet.name, sheet.skipped.as_ref()?)));
            let message = match reasons.collect::<Vec<_>>().join("; ") {
                reasons if reasons.is_empty() => "there is no sheet in it".to_owned(),
                reasons => format!("no sheet of it can be read: {reasons}"),
            };
            self.problem(None, message);
        }
        (self.sheets, self.problems, self.failure)
    }
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

fn is_total(row: &SheetRow) -> bool {
    let first = row.cells.iter().find(|cell| !cell.is_blank());
    first.is_some_and(|cell| TOTALS.contains(&fold(&cell.text()).as_str()))
}
