//! A file's sheets, from what its reader comes upon to reports.

use super::dedup::Dedup;
use super::row_reader::Rules;
use super::section::Intake;
use super::stream::SheetEvent;
use super::table::{SheetOutcome, SheetReader};
use super::{FileProblem, FileReport, InputFile, Note, SheetReport, Sink};
use crate::codes::Catalogue;
use crate::job::InputSettings;
use crate::message::Message;
use chrono::NaiveDate;
use std::sync::Arc;

/// Takes what a file's reader comes upon, and passes on what the rows come to.
pub(super) struct FileReader<'a> {
    file: &'a InputFile,
    intake: Intake<'a>,
    notes: Vec<Note>,
    sheets: Vec<SheetReport>,
    current: Option<SheetReader>,
    problems: Vec<FileProblem>,
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
        let rules = Rules { settings, catalogue, today };
        let intake = Intake { file: Arc::clone(&file.name), rules, carried, dedup, sink };
        Self { file, intake, notes: Vec::new(), sheets: Vec::new(), current: None, problems: Vec::new() }
    }

    /// Takes what the file's reader came upon.
    ///
    /// # Errors
    /// Fails if the sink cannot keep what was found.
    pub(super) fn take(&mut self, event: SheetEvent) -> Result<(), String> {
        match event {
            SheetEvent::Begin { name, named, is_text } => {
                self.end_sheet()?;
                self.current = Some(SheetReader::new(name, named, is_text));
            }
            SheetEvent::Merges(ranges) => {
                if let Some(sheet) = &mut self.current {
                    sheet.merge(ranges);
                }
            }
            SheetEvent::Rows(rows) => {
                if let Some(sheet) = &mut self.current {
                    for row in rows.rows() {
                        sheet.take(row, &mut self.intake)?;
                    }
                }
            }
            SheetEvent::End => self.end_sheet()?,
            SheetEvent::Skip { name, reason } => {
                self.sheets.push(SheetReport { name: name.into(), skipped: Some(reason), ..SheetReport::default() });
            }
            SheetEvent::Unread { sheet, reason } => {
                self.current = None;
                self.sheets.push(SheetReport {
                    name: sheet.as_str().into(),
                    skipped: Some(reason.clone()),
                    ..SheetReport::default()
                });
                self.problem(Some(sheet), reason);
            }
            SheetEvent::Problem { sheet, message } => self.problem(sheet, message),
            SheetEvent::Note(note) => match &mut self.current {
                Some(sheet) => sheet.note(note),
                None => self.notes.push(note),
            },
        }
        Ok(())
    }

    fn problem(&mut self, sheet: Option<String>, message: Message) {
        self.problems.push(FileProblem { file: self.file.name.to_string(), sheet, message });
    }

    fn end_sheet(&mut self) -> Result<(), String> {
        if let Some(sheet) = self.current.take() {
            let outcome = sheet.finish(&mut self.intake)?;
            self.keep(outcome);
        }
        Ok(())
    }

    fn keep(&mut self, outcome: SheetOutcome) {
        match outcome {
            SheetOutcome::Read(reports) => self.sheets.extend(reports),
            SheetOutcome::Unread { report, reason, is_needed } => {
                if is_needed {
                    let sheet = Some(report.name.to_string()).filter(|name| !name.is_empty());
                    self.problem(sheet, reason);
                }
                self.sheets.push(*report);
            }
        }
    }

    /// Ends the file. Returns how it was read, and what kept it or a sheet of it from being read.
    pub(super) fn finish(mut self) -> (FileReport, Vec<FileProblem>) {
        // A reader that gave up leaves its sheet open.
        if let Some(sheet) = self.current.take() {
            let outcome = sheet.close(self.intake.rules.settings);
            self.keep(outcome);
        }
        let none_read = self.sheets.iter().all(|sheet| sheet.skipped.is_some());
        if none_read && self.problems.is_empty() {
            let message = self.nothing_read();
            self.problem(None, message);
        }
        let Self { file, notes, sheets, problems, .. } = self;
        (FileReport { path: Arc::clone(&file.name), sha256: file.sha256.clone(), notes, sheets }, problems)
    }

    /// Why no sheet was read.
    fn nothing_read(&self) -> Message {
        let reasons: Vec<(&str, &Message)> =
            self.sheets.iter().filter_map(|sheet| Some((&*sheet.name, sheet.skipped.as_ref()?))).collect();
        match &reasons[..] {
            [] => Message::new("no-sheets"),
            // A text file has no sheets to name.
            [("", only)] => (*only).clone(),
            several => {
                let reason = |(name, reason): &(&str, &Message)| {
                    Message::new("sheet-reason").with("sheet", name).with_message("reason", (*reason).clone())
                };
                Message::new("no-sheet-read").with_list("reasons", several.iter().map(reason).collect())
            }
        }
    }
}
