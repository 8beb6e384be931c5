//! Workbooks (xlsx, xlsm, xlsb, xls, ods) as streams of rows.
//!
//! Each kind has a reader of its own that tells its sheets and sends the rows of one; which sheets are read, and what is
//! said about the others, is the same for all. The readers of xlsx, xlsb and ods hold one row at a time beside the
//! workbook's table of shared texts, and more only where rows are stored out of their order; xls, which ends at 65,536 rows,
//! is read whole.

pub(super) mod compound;
mod fault;
mod format;
mod ods;
mod ooxml;
pub(super) mod package;
mod preview;
pub(super) mod protection;
mod rows;
mod shared;
mod xls;
mod xlsb;
mod xlsx;
mod xml;

use super::stream::{Closed, EventSender};
use crate::job::SheetChoice;
use crate::message::Message;
use fault::SheetFailure;
use package::{Package, PackageKind};
use std::path::Path;

/// A workbook of any kind.
trait Workbook {
    /// Its sheets, in order.
    fn sheets(&self) -> &[Sheet];

    /// Sends the merged ranges and the rows of a sheet, by its place among [`Workbook::sheets`].
    fn read_sheet(&mut self, index: usize, events: &mut EventSender) -> Result<(), SheetFailure>;
}

/// A sheet as its workbook lists it.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Sheet {
    name: String,
    kind: SheetKind,
    visibility: Visibility,
}

impl Sheet {
    /// A sheet; a name that is longer than any is cut.
    fn new(name: &str, kind: SheetKind, visibility: Visibility) -> Self {
        /// Characters. Excel's limit is 31.
        const LONGEST_NAME: usize = 255;
        Self { name: name.chars().take(LONGEST_NAME).collect(), kind, visibility }
    }
}

/// What a sheet is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum SheetKind {
    /// Cells with values.
    Cells,
    /// A chart alone.
    Chart,
    /// A dialog of Excel 5.
    Dialog,
    /// Macros: of Excel 4, or a module.
    Macros,
}

/// Whether a person sees a sheet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Visibility {
    Visible,
    /// The menu lists it, to be shown again.
    Hidden,
    /// Only a macro can show it again.
    VeryHidden,
}

/// Reads the chosen sheets of a zip archive; what keeps it from being read goes out as a problem.
pub(super) fn read_package(package: Package, choice: &SheetChoice, events: &mut EventSender) -> Result<(), Closed> {
    match open_package(package) {
        Ok(mut workbook) => read_chosen(workbook.as_mut(), choice, events),
        Err(message) => events.problem(None, message),
    }
}

/// Reads the chosen sheets of an xls workbook; what keeps it from being read goes out as a problem.
pub(super) fn read_xls(path: &Path, choice: &SheetChoice, events: &mut EventSender) -> Result<(), Closed> {
    match xls::Xls::open(path) {
        Ok(mut workbook) => read_chosen(&mut workbook, choice, events),
        Err(message) => events.problem(None, message),
    }
}

fn open_package(mut package: Package) -> Result<Box<dyn Workbook>, Message> {
    match package.kind()? {
        PackageKind::Xlsx(main) => Ok(Box::new(xlsx::Xlsx::open(package, &main)?)),
        PackageKind::Xlsb(main) => Ok(Box::new(xlsb::Xlsb::open(package, &main)?)),
        PackageKind::Ods => Ok(Box::new(ods::Ods::open(package)?)),
        PackageKind::Other(what) => Err(Message::new("workbook-is-other").with_message("what", what)),
    }
}

fn read_chosen(workbook: &mut dyn Workbook, choice: &SheetChoice, events: &mut EventSender) -> Result<(), Closed> {
    let sheets = workbook.sheets().to_vec();
    let chosen = match chosen(&sheets, choice) {
        Ok(chosen) => chosen,
        Err(message) => return events.problem(None, message),
    };
    let is_named = chosen != Chosen::Every;
    for (index, sheet) in sheets.iter().enumerate() {
        let reason_to_skip = match chosen {
            Chosen::Every => reason_to_skip(sheet),
            Chosen::One(one) if one == index => None,
            Chosen::One(_) => continue,
        };
        if let Some(reason) = reason_to_skip {
            events.skip(&sheet.name, reason)?;
            continue;
        }
        events.begin(&sheet.name, is_named, false)?;
        match workbook.read_sheet(index, events) {
            Ok(()) => events.end()?,
            Err(SheetFailure::Closed) => return Err(Closed),
            Err(SheetFailure::Problem(message)) => events.fail(&sheet.name, message)?,
        }
    }
    Ok(())
}

/// Sheets that are to be read, by their places.
#[derive(Debug, PartialEq, Eq)]
enum Chosen {
    /// Every visible sheet of cells.
    Every,
    /// One, whether it is visible or not.
    One(usize),
}

fn chosen(sheets: &[Sheet], choice: &SheetChoice) -> Result<Chosen, Message> {
    let of_cells = || sheets.iter().enumerate().filter(|(_, sheet)| sheet.kind == SheetKind::Cells);
    let with_names = |message: Message| {
        let names = of_cells().map(|(_, sheet)| Message::literal(&sheet.name)).collect();
        message.with_list("sheets", names)
    };
    match choice {
        SheetChoice::Every => Ok(Chosen::Every),
        SheetChoice::Named(name) => {
            // Excel knows no two sheets whose names differ in letter case alone.
            let same = |sheet: &Sheet| sheet.name.trim().to_lowercase() == name.trim().to_lowercase();
            let exact = of_cells().find(|(_, sheet)| sheet.name == *name);
            match exact.or_else(|| of_cells().find(|(_, sheet)| same(sheet))) {
                Some((index, _)) => Ok(Chosen::One(index)),
                None => Err(with_names(Message::new("workbook-no-such-sheet").with("sheet", name))),
            }
        }
        SheetChoice::Index(place) => {
            let place_from_0 = usize::try_from(*place).ok().and_then(|place| place.checked_sub(1));
            match place_from_0.and_then(|place| of_cells().nth(place)) {
                Some((index, _)) => Ok(Chosen::One(index)),
                None => Err(with_names(Message::new("workbook-no-such-place").with("place", place))),
            }
        }
    }
}

/// Why a sheet is not read where every sheet is asked for.
fn reason_to_skip(sheet: &Sheet) -> Option<Message> {
    match (sheet.kind, sheet.visibility) {
        (SheetKind::Cells, Visibility::Visible) => None,
        (SheetKind::Cells, Visibility::Hidden) => Some(Message::new("workbook-sheet-hidden")),
        (SheetKind::Cells, Visibility::VeryHidden) => Some(Message::new("workbook-sheet-very-hidden")),
        (SheetKind::Chart, _) => Some(Message::new("workbook-sheet-of-chart")),
        (SheetKind::Dialog, _) => Some(Message::new("workbook-sheet-of-dialog")),
        (SheetKind::Macros, _) => Some(Message::new("workbook-sheet-of-macros")),
    }
}

/// More merged ranges than any list has; further ones are left out, and the sheet says so.
const MOST_MERGES: usize = 1_000_000;

/// Merged ranges of a sheet, as many as are held.
#[derive(Debug, Default)]
struct Merges {
    ranges: Vec<super::stream::MergedRange>,
    is_cut: bool,
}

impl Merges {
    /// Takes a range; one of a single cell merges nothing.
    fn push(&mut self, rows: (u32, u32), columns: (usize, usize)) {
        if rows.0 >= rows.1 && columns.0 >= columns.1 {
            return;
        }
        if self.ranges.len() < MOST_MERGES {
            self.ranges.push(super::stream::MergedRange { rows, columns });
        } else {
            self.is_cut = true;
        }
    }

    fn send(self, events: &mut EventSender) -> Result<(), Closed> {
        if self.is_cut {
            events.note(Message::new("workbook-too-many-merges").with("most", MOST_MERGES), true)?;
        }
        events.merges(self.ranges)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sheet_is_chosen_by_name_or_by_its_place_among_sheets_of_cells() {
        let sheets = [
            Sheet::new("图表", SheetKind::Chart, Visibility::Visible),
            Sheet::new("List", SheetKind::Cells, Visibility::Visible),
            Sheet::new("隐藏", SheetKind::Cells, Visibility::Hidden),
        ];
        for (choice, expected) in [
            (SheetChoice::Every, Some(Chosen::Every)),
            (SheetChoice::Named("List".to_owned()), Some(Chosen::One(1))),
            (SheetChoice::Named(" list".to_owned()), Some(Chosen::One(1))),
            (SheetChoice::Named("隐藏".to_owned()), Some(Chosen::One(2))),
            (SheetChoice::Named("图表".to_owned()), None),
            (SheetChoice::Index(1), Some(Chosen::One(1))),
            (SheetChoice::Index(2), Some(Chosen::One(2))),
            (SheetChoice::Index(3), None),
            (SheetChoice::Index(0), None),
            (SheetChoice::Index(u64::MAX), None),
        ] {
            assert_eq!(chosen(&sheets, &choice).ok(), expected, "{choice:?}");
        }
        let message = chosen(&sheets, &SheetChoice::Index(3)).unwrap_err();
        assert_eq!(message.to_string(), "workbook-no-such-place place=3 sheets=[literal text=List; literal text=隐藏]");
    }

    #[test]
    fn a_range_of_one_cell_merges_nothing_and_ranges_are_bounded() {
        let mut merges = Merges::default();
        merges.push((2, 2), (3, 3));
        assert!(merges.ranges.is_empty());
        for row in 1..=1_000_001 {
            merges.push((row, row), (0, 1));
        }
        assert!(merges.ranges.len() == MOST_MERGES && merges.is_cut);
    }
}
