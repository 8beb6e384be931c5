//! Packing a selection of the archive, with a manifest that says what each file is.

use super::select::Selection;
use super::store::Store;
use crate::durable::WholeFile;
use crate::journal::{ArchivedFile, Journal, JournalError};
use std::collections::HashSet;
use std::fs::File;
use std::io;
use std::path::Path;
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

/// What was packed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ExportReport {
    /// Certificates in the manifest.
    pub certificates: u64,
    /// Files packed; certificates of the same content share one.
    pub files: u64,
    /// Certificates whose files are gone from the archive.
    pub missing: u64,
}

/// Why a selection could not be packed.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// The disk.
    #[error("the files cannot be packed: {0}")]
    Disk(#[from] io::Error),
    /// The zip.
    #[error("the files cannot be packed: {0}")]
    Zip(#[from] zip::result::ZipError),
    /// The manifest.
    #[error("the manifest cannot be written: {0}")]
    Csv(#[from] csv::Error),
    /// The journal.
    #[error(transparent)]
    Journal(#[from] JournalError),
}

/// Packs the files of a selection into the zip at `path`, whole; `manifest.csv` in it names holder codes nowhere but in
/// identifiers.
///
/// # Errors
/// What keeps the archive from being read or the zip from being written.
pub fn export(store: &Store, journal: &Journal, selection: &Selection, path: &Path) -> Result<ExportReport, ExportError> {
    let options = SimpleFileOptions::default().large_file(true).unix_permissions(0o600);
    let mut zip = ZipWriter::new(WholeFile::create(path)?);
    let mut report = ExportReport::default();
    // The manifest is written last; it waits on the disk, however long it is.
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut manifest = csv::Writer::from_writer(tempfile::tempfile_in(folder)?);
    manifest.write_record(["item_id", "side", "certificate_id", "page", "path", "format", "bytes", "sha256"])?;
    let mut packed = HashSet::new();
    journal.each_file::<ExportError>(|file: ArchivedFile| {
        let (Some(place), true) = (&file.path, file.is_there()) else { return Ok(()) };
        if !selection.has(file.side, &journal.cert_type_of(file.item_id)?) {
            return Ok(());
        }
        let mut source = match File::open(store.place(place)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                report.missing += 1;
                return Ok(());
            }
            opened => opened?,
        };
        report.certificates += 1;
        let text = |number: Option<u64>| number.map_or_else(String::new, |number| number.to_string());
        manifest.write_record([
            file.item_id.to_string().as_str(),
            file.side.name(),
            &file.certificate_id,
            &file.page.to_string(),
            place,
            file.format.as_deref().unwrap_or_default(),
            &text(file.bytes),
            file.sha256.as_deref().unwrap_or_default(),
        ])?;
        let content = file.sha256.as_deref().and_then(|text| u128::from_str_radix(text.get(..32)?, 16).ok());
        if content.is_none_or(|content| packed.insert(content)) {
            zip.start_file(place, options)?;
            io::copy(&mut source, &mut zip)?;
            report.files += 1;
        }
        Ok(())
    })?;
    zip.start_file("manifest.csv", options)?;
    let mut manifest = manifest.into_inner().map_err(csv::IntoInnerError::into_error)?;
    io::Seek::rewind(&mut manifest)?;
    io::copy(&mut manifest, &mut zip)?;
    zip.finish()?.finish()?;
    Ok(report)
}
