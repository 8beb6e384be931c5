//! What xlsx and xlsb workbooks have in common: where the parts of their sheets lie, and what their cells share.

use super::fault::{Fault, SheetFailure};
use super::format::NumberFormat;
use super::package::{Package, Relationship};
use super::shared::SharedTexts;
use super::{Sheet, SheetKind, Visibility};
use std::collections::HashMap;

/// More number formats and more cell styles than a workbook can have; Excel's limit is 65,490 styles.
pub(super) const MOST_STYLES: usize = 100_000;
/// More sheets than any workbook has.
pub(super) const MOST_SHEETS: usize = 10_000;

/// What the cells of all sheets share.
#[derive(Debug, Default)]
pub(super) struct Shared {
    pub texts: SharedTexts,
    /// Number formats, by cell style.
    pub formats: Vec<NumberFormat>,
    /// Whether dates are counted from 1904.
    pub is_1904: bool,
    pub calculation: Calculation,
}

/// What a workbook tells of whether its formulas have been calculated. Programs that do not calculate leave 0 or the empty
/// text as the value of a formula.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(super) enum Calculation {
    /// A program that calculates wrote it.
    #[default]
    Done,
    /// It has no settings of the calculation, which programs that calculate write.
    Unproved,
    /// It asks to be calculated as soon as it is opened, or says that it has not been.
    Pending,
}

impl Shared {
    /// The number format of a cell style.
    pub(super) fn format(&self, style: usize) -> &NumberFormat {
        self.formats.get(style).unwrap_or(&NumberFormat::Plain)
    }
}

/// Why a sheet is not read whose cells refer to shared texts that the workbook lacks: what they say is unknown, and not nothing.
pub(super) fn missing_texts() -> SheetFailure {
    Fault::Missing.of_part("sharedStrings").into()
}

/// Sheets of a workbook and the parts that hold their cells, as its main part lists them.
#[derive(Debug, Default)]
pub(super) struct Sheets {
    pub list: Vec<Sheet>,
    /// Name of each sheet's part.
    pub parts: Vec<String>,
}

impl Sheets {
    /// Adds a sheet: its name, its state as the workbook writes it, and the id of the relationship to its part.
    pub(super) fn push(&mut self, main: &Parts, name: &str, visibility: Visibility, id: &str) {
        if self.list.len() == MOST_SHEETS {
            return;
        }
        let relationship = main.relationships.iter().find(|relationship| relationship.id == id);
        let kind = match relationship.map(|relationship| relationship.kind.as_str()) {
            Some("chartsheet") => SheetKind::Chart,
            Some("dialogsheet") => SheetKind::Dialog,
            Some("xlmacrosheet" | "xlintlmacrosheet") => SheetKind::Macros,
            _ => SheetKind::Cells,
        };
        let usual = || format!("{}worksheets/sheet{}.{}", main.folder, self.list.len() + 1, main.extension);
        self.parts.push(relationship.map_or_else(usual, |relationship| relationship.target.clone()));
        self.list.push(Sheet::new(name, kind, visibility));
    }
}

/// The parts that a workbook's main part refers to.
#[derive(Debug)]
pub(super) struct Parts {
    /// Folder of the main part, with a slash at its end; empty for the root.
    folder: String,
    extension: &'static str,
    relationships: Vec<Relationship>,
}

impl Parts {
    /// The parts of a main part that lies at `main`; `extension` is that of its parts.
    pub(super) fn new(main: &str, extension: &'static str, relationships: Vec<Relationship>) -> Self {
        let folder = main.rsplit_once('/').map_or_else(String::new, |(folder, _)| format!("{folder}/"));
        Self { folder, extension, relationships }
    }

    /// The part of a kind, such as `styles`, where there is one: by its relationship, else by its usual name.
    pub(super) fn of_kind(&self, kind: &str, package: &Package) -> Option<String> {
        let related = self.relationships.iter().find(|relationship| relationship.kind == kind).map(|found| found.target.clone());
        let usual = format!("{}{kind}.{}", self.folder, self.extension);
        related.into_iter().chain([usual]).find(|name| package.has(name))
    }
}

/// The number formats of cell styles: each style names a format, which the workbook spells out or which is built in.
pub(super) fn formats_of_styles(styles: &[u32], spelled_out: &HashMap<u32, NumberFormat>) -> Vec<NumberFormat> {
    let format = |id: &u32| spelled_out.get(id).cloned().unwrap_or_else(|| NumberFormat::of_builtin(*id));
    styles.iter().map(format).collect()
}
