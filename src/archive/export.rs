//! Packing of archived files into a zip with a manifest.

use super::select::{Selection, WantedFile};
use super::store::Store;
use crate::audit::AuditSettings;
use crate::durable::WholeFile;
use crate::journal::{ArchivedFile, Journal, JournalError};
use std::collections::HashSet;
use std::fs::File;
use std::io;
use std::path::Path;
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

/// Counts over packed files.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ExportReport {
    /// Certificates in the manifest; the pages of one count as one certificate.
    pub certificates: u64,
    /// Files packed; certificates with the same content share one.
    pub files: u64,
    /// Files that are missing from the archive.
    pub missing: u64,
}

/// Error on packing.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// A file cannot be read or written.
    #[error("the files cannot be packed: {0}")]
    Disk(#[from] io::Error),
    /// The zip cannot be written.
    #[error("the files cannot be packed: {0}")]
    Zip(#[from] zip::result::ZipError),
    /// The manifest cannot be written.
    #[error("the manifest cannot be written: {0}")]
    Csv(#[from] csv::Error),
    /// The journal cannot be read.
    #[error(transparent)]
    Journal(#[from] JournalError),
}

/// Packs the selected files into a zip, written atomically to `path`, with a `manifest.csv`. The manifest contains holder codes
/// only inside identifiers.
///
/// # Errors
/// Fails if the journal or a file cannot be read, or if the zip cannot be written.
pub fn export(
    store: &Store,
    journal: &Journal,
    settings: &AuditSettings,
    selection: &Selection,
    path: &Path,
) -> Result<ExportReport, ExportError> {
    let options = SimpleFileOptions::default().large_file(true).unix_permissions(0o600);
    let mut zip = ZipWriter::new(WholeFile::create(path)?);
    let mut report = ExportReport::default();
    // The manifest is the last entry of the zip. Until then it is in a temporary file, because its size is not limited.
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut manifest = csv::Writer::from_writer(tempfile::tempfile_in(folder)?);
    manifest.write_record(["item_id", "side", "certificate_id", "page", "path", "format", "bytes", "sha256"])?;
    let mut chosen = Chosen { journal, settings, selection, item: None };
    let mut packed = HashSet::new();
    // Certificate of the previous page; the pages of a certificate are consecutive.
    let mut latest: Option<ArchivedFile> = None;
    journal.each_file::<ExportError>(|file: ArchivedFile| {
        let (Some(place), true) = (&file.path, file.is_there()) else { return Ok(()) };
        if !chosen.has(&file)? {
            return Ok(());
        }
        let mut source = match File::open(store.place(place)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                report.missing += 1;
                return Ok(());
            }
            opened => opened?,
        };
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
        report.certificates += u64::from(latest.as_ref().is_none_or(|latest| !is_same_certificate(latest, &file)));
        latest = Some(file);
        Ok(())
    })?;
    zip.start_file("manifest.csv", options)?;
    let mut manifest = manifest.into_inner().map_err(csv::IntoInnerError::into_error)?;
    io::Seek::rewind(&mut manifest)?;
    io::copy(&mut manifest, &mut zip)?;
    zip.finish()?.finish()?;
    Ok(report)
}

fn is_same_certificate(a: &ArchivedFile, b: &ArchivedFile) -> bool {
    (a.item_id, a.side, &a.certificate_id) == (b.item_id, b.side, &b.certificate_id)
}

/// Filter of the selected files.
struct Chosen<'a> {
    journal: &'a Journal,
    settings: &'a AuditSettings,
    selection: &'a Selection,
    /// The last item looked up, and its selected certificates; the files of an item are consecutive.
    item: Option<(u64, Vec<WantedFile>)>,
}

impl Chosen<'_> {
    fn has(&mut self, file: &ArchivedFile) -> Result<bool, JournalError> {
        // Without a criterion on states, the item's answers need not be read.
        if self.selection.states.is_empty() {
            return Ok(self.selection.has(file.side, &self.journal.cert_type_of(file.item_id)?));
        }
        let is_known = self.item.as_ref().is_some_and(|(item_id, _)| *item_id == file.item_id);
        if !is_known {
            let found = self.journal.batch(file.item_id, 1)?.into_iter().find(|item| item.item_id == file.item_id);
            let certificates = found.map_or_else(Vec::new, |item| self.selection.of_item(item, self.settings));
            self.item = Some((file.item_id, certificates));
        }
        Ok(self.item.as_ref().is_some_and(|(_, certificates)| certificates.iter().any(|wanted| wanted.is_of(file))))
    }
}
