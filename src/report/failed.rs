//! The list of failed items as a CSV file that can be used as an input: its headers are those that the intake recognises.
//!
//! A person may open the file in Excel, which executes a cell that begins with `=` or a similar sign as a formula. Such cells are
//! prefixed by a character that makes them text and that the intake removes.

use crate::audit::Status;
use crate::durable::WholeFile;
use crate::table::schema::coverage;
use crate::table::{Rows, TableError};
use std::borrow::Cow;
use std::io::Write;
use std::path::Path;

/// Error on writing the list of failed items.
#[derive(Debug, thiserror::Error)]
pub enum FailedError {
    /// The coverage cannot be read.
    #[error(transparent)]
    Table(#[from] TableError),
    /// A row cannot be written.
    #[error("the failed items cannot be written: {0}")]
    Csv(#[from] csv::Error),
    /// The file cannot be written or removed.
    #[error("the failed items cannot be written: {0}")]
    Disk(#[from] std::io::Error),
}

/// Prefix of a value that a spreadsheet program would execute. Excel uses the same prefix, and the intake removes it from codes
/// and texts.
const BEFORE_VALUE: char = '\'';
/// Prefix of a header that a spreadsheet program would execute. The intake ignores it when it compares headers, unlike an
/// apostrophe.
const BEFORE_HEADER: char = '_';

/// Returns the text with the prefix `guard` if a spreadsheet program would read it as a formula. Programs with East Asian
/// settings also accept the full-width forms of the signs.
fn defused(text: &str, guard: char) -> Cow<'_, str> {
    let is_dangerous = text.starts_with(['=', '+', '-', '@', '＝', '＋', '－', '＠', '\t', '\r', '\n']);
    if is_dangerous { Cow::Owned(format!("{guard}{text}")) } else { Cow::Borrowed(text) }
}

/// Writes all items whose state is unknown because calls failed, with their carried columns, to `path`; removes an existing file
/// if there are none. Codes are never masked, because the file is meant as an input.
///
/// # Errors
/// Fails if the coverage cannot be read, or the file cannot be written or removed.
pub fn write_failed(path: &Path, tables: &Path, carried: &[String]) -> Result<(), FailedError> {
    let mut file = WholeFile::create(path)?;
    // Without a byte order mark, Excel and WPS do not read a text file as UTF-8.
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
