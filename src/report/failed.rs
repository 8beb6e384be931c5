//! The failed items as a text file that can be an input as it is: the headers are those that the intake recognises.
//!
//! A person may open it in Excel, which takes a cell that begins with `=` and the like for a formula, and runs it. So such a cell
//! gets a character in front that makes it a text, one that the intake takes off again.

use crate::audit::Status;
use crate::durable::WholeFile;
use crate::table::schema::coverage;
use crate::table::{Rows, TableError};
use std::borrow::Cow;
use std::io::Write;
use std::path::Path;

/// Why the file could not be written.
#[derive(Debug, thiserror::Error)]
pub enum FailedError {
    /// The coverage could not be read.
    #[error(transparent)]
    Table(#[from] TableError),
    /// A row could not be written.
    #[error("the failed items cannot be written: {0}")]
    Csv(#[from] csv::Error),
    /// The file could not be written or removed.
    #[error("the failed items cannot be written: {0}")]
    Disk(#[from] std::io::Error),
}

/// What goes before a value that a spreadsheet program would run. Excel writes it so itself, and the intake takes it off codes and
/// texts.
const BEFORE_VALUE: char = '\'';
/// What goes before a header that a spreadsheet program would run. Headers that differ in nothing else are the same to the intake;
/// an apostrophe would make another header of it.
const BEFORE_HEADER: char = '_';

/// Returns a text with `guard` before it where a spreadsheet program would take it for a formula; else as it is. Those that read
/// East Asian text take the full-width forms of the signs for the signs.
fn defused(text: &str, guard: char) -> Cow<'_, str> {
    let is_dangerous = text.starts_with(['=', '+', '-', '@', '＝', '＋', '－', '＠', '\t', '\r', '\n']);
    if is_dangerous { Cow::Owned(format!("{guard}{text}")) } else { Cow::Borrowed(text) }
}

/// Writes every item of which nothing is known because calls failed, with its carried columns, to `path`; takes away what
/// stood there where there is none. Codes are whole whatever the reports mask: it is an input.
///
/// # Errors
/// Fails if the coverage cannot be read, or the file cannot be written or removed.
pub fn write_failed(path: &Path, tables: &Path, carried: &[String]) -> Result<(), FailedError> {
    let mut file = WholeFile::create(path)?;
    // Excel and WPS take a text file for UTF-8 only where it says so.
    file.write_all("\u{FEFF}".as_bytes())?;
    let mut text = csv::Writer::from_writer(file);
    let headers = ["证件号码", "持证主体代码类型", "证照类型代码", "证照编号"];
    let headers = headers.into_iter().map(Cow::Borrowed);
    text.write_record(headers.chain(carried.iter().map(|header| defused(header, BEFORE_HEADER))).map(Cow::into_owned))?;
    let mut rows = Rows::open(tables, coverage::COVERAGE)?;
    let mut latest = None;
    while let Some(row) = rows.next_row()? {
        let item = row.number(coverage::ITEM_ID);
        let this = Some((item, row.text(coverage::CERTIFICATE_NUMBER).map(str::to_owned)));
        if row.text(coverage::STATUS) != Some(Status::Error.name()) || latest == this {
            continue;
        }
        latest = this;
        let columns = [coverage::HOLDER_CODE, coverage::HOLDER_CODE_TYPE, coverage::CERT_TYPE_CODE, coverage::CERTIFICATE_NUMBER];
        let own = columns.into_iter().map(|column| row.text(column).unwrap_or_default());
        let carried = carried.iter().map(|header| row.carried(&coverage::COVERAGE.carried_name(header)).unwrap_or_default());
        text.write_record(own.chain(carried).map(|value| defused(value, BEFORE_VALUE).into_owned()))?;
    }
    let file = text.into_inner().map_err(csv::IntoInnerError::into_error)?;
    if latest.is_some() {
        return Ok(file.finish()?);
    }
    drop(file);
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error.into()),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_spreadsheet_program_would_run_is_a_text() {
        for (text, defused_text) in [
            ("=1+1", "'=1+1"),
            ("+8613800000000", "'+8613800000000"),
            ("-1", "'-1"),
            ("@SUM(A1)", "'@SUM(A1)"),
            ("＝1＋1", "'＝1＋1"),
            ("\t=1", "'\t=1"),
            ("\r=1", "'\r=1"),
            ("370499199001010007", "370499199001010007"),
            ("市中区", "市中区"),
            ("a=1", "a=1"),
            ("", ""),
        ] {
            assert_eq!(defused(text, BEFORE_VALUE), defused_text);
        }
        assert_eq!(defused("@部门", BEFORE_HEADER), "_@部门");
    }
}
