//! `dispatch`, as the list of its steps.

use super::encryption::LONGEST_PASSWORD;
use super::file_name::{Named, file_names};
use super::frame::{Department, Frame};
use super::gather::{Gathered, Source, gather};
use super::key::Keys;
use super::style::Style;
use super::tally::{DepartmentReport, DispatchReport, Standing, Tally, standings, total};
use super::workbook::{DepartmentWorkbook, sha256_of};
use super::{DispatchError, REPORT};
use crate::durable::{remove_unfinished, write_whole};
use crate::job::Mask;
use crate::journal::{Dispatched, Journal};
use crate::report::{Words, mask_codes};
use chrono::{DateTime, NaiveDate, Utc};
use std::collections::{HashMap, HashSet};
use std::fs::{self, File};
use std::io;
use std::path::Path;

/// Prefix of the temporary folder in which workbooks are written until all are complete. The folder of a process that died is
/// removed like other temporary files.
const STAGING: &str = ".writing-dispatch-";

/// Parameters of a dispatch.
#[derive(Debug, Clone, Copy)]
pub struct Dispatch<'a> {
    /// Name of the job.
    pub job: &'a str,
    /// Id of the run.
    pub run_id: &'a str,
    /// Folder of the run's tables.
    pub tables: &'a Path,
    /// Header of the carried column whose values name the departments.
    pub by: &'a str,
    /// Folder for the workbooks, which exists and is accessible to its owner alone.
    pub out: &'a Path,
    /// How much of holder codes and names to show.
    pub mask: Mask,
    /// Password to encrypt the workbooks with; `None` for no encryption.
    pub password: Option<&'a str>,
    /// Day by which departments are to answer; `None` if none is set.
    pub due: Option<NaiveDate>,
    /// Time of the dispatch.
    pub at: DateTime<Utc>,
    /// Texts in the departments' language.
    pub words: &'a Words,
}

/// Writes a workbook for each department with certificates to settle, and `dispatch.json`, which lists them. The workbooks of an
/// earlier dispatch are replaced together, unless one of them was edited.
///
/// The caller must hold the lock of the run.
///
/// # Errors
/// Fails if tables or journal cannot be read, the column has too many values, the password is too long, a workbook that would be
/// replaced was edited, a file cannot be written, or `is_interrupted` returns true. Nothing is replaced then, except after a
/// failure of the disk while files are moved.
pub fn dispatch(
    wanted: Dispatch<'_>,
    journal: &Journal,
    is_interrupted: &dyn Fn() -> bool,
) -> Result<DispatchReport, DispatchError> {
    if wanted.password.is_some_and(|password| password.encode_utf16().count() > LONGEST_PASSWORD) {
        return Err(DispatchError::LongPassword { most: LONGEST_PASSWORD });
    }
    remove_unfinished(wanted.out)?;
    let staging = tempfile::Builder::new().prefix(STAGING).tempdir_in(wanted.out)?;
    let seal = journal.seal()?;
    let source = Source { tables: wanted.tables, by: wanted.by, mask: wanted.mask, words: wanted.words, seal: &seal };
    let gathered = gather(source, staging.path(), is_interrupted)?;
    let departments = Departments::of(&gathered.tallies, wanted.words, wanted.mask);
    let earlier = Earlier::read(wanted.out);
    let replaced = earlier.check(&departments.files, wanted.out)?;
    let hashes = write_workbooks(wanted, &Keys::new(seal), gathered, &departments, staging.path(), is_interrupted)?;
    let report = report(wanted, &departments, &hashes, &replaced);
    place(&report, &earlier, staging.path(), wanted.out)?;
    journal.keep_dispatched(&Dispatched { by: wanted.by.to_owned(), due: wanted.due })?;
    Ok(report)
}

/// The departments, with the facts that are known before their workbooks are written.
struct Departments {
    tallies: Vec<Tally>,
    standings: Vec<Standing>,
    /// Names for display, with codes masked.
    shown: Vec<String>,
    /// File names of the workbooks.
    files: Vec<String>,
}

impl Departments {
    fn of(tallies: &[Tally], words: &Words, mask: Mask) -> Self {
        let shown = |tally: &Tally| match &tally.value {
            Some(value) => mask_codes(value, mask),
            None => words.text("dispatch-no-department").to_owned(),
        };
        let shown: Vec<String> = tallies.iter().map(shown).collect();
        let named: Vec<Named<'_>> = tallies
            .iter()
            .zip(&shown)
            .map(|(tally, shown)| Named { identity: tally.value.as_deref().unwrap_or_default(), shown })
            .collect();
        let files = file_names(&named).into_iter().map(|name| format!("{name}.xlsx")).collect();
        Self { tallies: tallies.to_vec(), standings: standings(tallies), shown, files }
    }
}

/// Earlier dispatches to the folder.
struct Earlier {
    /// Hashes of the versions of each workbook that this program wrote, by file name.
    hashes: HashMap<String, Vec<String>>,
}

impl Earlier {
    /// Reads `dispatch.json` in the folder `out`; empty if there is none or it cannot be decoded.
    fn read(out: &Path) -> Self {
        let report = fs::read(out.join(REPORT)).ok().and_then(|bytes| serde_json::from_slice::<DispatchReport>(&bytes).ok());
        let departments = report.map(|report| report.departments).unwrap_or_default();
        let hashes = departments.into_iter().map(|department| {
            (department.file, [Some(department.sha256), department.replaced_sha256].into_iter().flatten().collect())
        });
        Self { hashes: hashes.collect() }
    }

    /// Returns whether a file is unchanged since this program wrote it.
    fn is_untouched(&self, file: &str, sha256: &str) -> bool {
        self.hashes.get(file).is_some_and(|known| known.iter().any(|known| known == sha256))
    }

    /// Checks that none of the files to be replaced was edited, and returns the hashes of those that exist.
    fn check(&self, files: &[String], out: &Path) -> Result<HashMap<String, String>, DispatchError> {
        let (mut present, mut changed) = (HashMap::new(), Vec::new());
        for file in files {
            let path = out.join(file);
            let Some(sha256) = hash_of(&path)? else { continue };
            if self.is_untouched(file, &sha256) {
                present.insert(file.clone(), sha256);
            } else {
                changed.push(path);
            }
        }
        if changed.is_empty() { Ok(present) } else { Err(DispatchError::Changed { files: changed }) }
    }
}

/// Returns the SHA-256 of a file; `None` if it does not exist.
fn hash_of(path: &Path) -> io::Result<Option<String>> {
    match File::open(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        opened => sha256_of(&mut opened?).map(Some),
    }
}

/// Writes all workbooks into the folder `staging` and returns their SHA-256, in the order of the departments.
fn write_workbooks(
    wanted: Dispatch<'_>,
    keys: &Keys,
    gathered: Gathered,
    departments: &Departments,
    staging: &Path,
    is_interrupted: &dyn Fn() -> bool,
) -> Result<Vec<String>, DispatchError> {
    let style = Style::new();
    let frame = Frame {
        words: wanted.words,
        style: &style,
        keys,
        job: wanted.job,
        run_id: wanted.run_id,
        dispatched_on: wanted.at.with_timezone(&chrono::Local).date_naive(),
        dispatched_at: wanted.at,
        due: wanted.due,
        total: total(&departments.tallies),
    };
    let mut hashes = vec![String::new(); departments.tallies.len()];
    gathered.spill.each_department::<DispatchError>(|number, rows| {
        let (Some(tally), Some(standing)) = (departments.tallies.get(number), departments.standings.get(number)) else {
            return Ok(());
        };
        let (Some(shown), Some(file)) = (departments.shown.get(number), departments.files.get(number)) else { return Ok(()) };
        let department = Department { value: tally.value.as_deref(), shown, counts: tally.counts, standing: *standing };
        let mut workbook = DepartmentWorkbook::begin(&frame, &department, staging)?;
        rows.each(|row| if is_interrupted() { Err(DispatchError::Interrupted) } else { workbook.row(&row) })?;
        let sha256 = workbook.finish(&staging.join(file), staging, wanted.password)?;
        if let Some(place) = hashes.get_mut(number) {
            *place = sha256;
        }
        Ok(())
    })?;
    Ok(hashes)
}

/// Builds the report about the workbooks, the department with the most certificates first.
fn report(
    wanted: Dispatch<'_>,
    departments: &Departments,
    hashes: &[String],
    replaced: &HashMap<String, String>,
) -> DispatchReport {
    let Departments { tallies, standings, shown, files } = departments;
    let known = tallies.iter().zip(standings).zip(shown.iter().zip(files)).zip(hashes);
    let mut reports: Vec<DepartmentReport> = known
        .map(|(((tally, standing), (shown, file)), sha256)| DepartmentReport {
            value: tally.value.as_ref().map(|_| shown.clone()),
            file: file.clone(),
            sha256: sha256.clone(),
            replaced_sha256: replaced.get(file).cloned(),
            counts: tally.counts,
            rows: tally.counts.total(),
            decided: tally.decided,
            share: standing.share,
            rank: standing.rank,
        })
        .collect();
    reports.sort_by(|a, b| (a.rank, &a.file).cmp(&(b.rank, &b.file)));
    DispatchReport {
        job: wanted.job.to_owned(),
        run_id: wanted.run_id.to_owned(),
        by: wanted.by.to_owned(),
        mask: wanted.mask.word().to_owned(),
        encrypted: wanted.password.is_some(),
        due: wanted.due,
        dispatched_at: wanted.at,
        total: total(tallies),
        decided: tallies.iter().map(|tally| tally.decided).sum(),
        departments: reports,
    }
}

/// Moves the workbooks to their folder. `dispatch.json` is written first, with the hashes of the existing and of the new
/// workbooks, so that after a kill no workbook looks edited.
fn place(report: &DispatchReport, earlier: &Earlier, staging: &Path, out: &Path) -> Result<(), DispatchError> {
    let text = serde_json::to_string_pretty(report).map_err(io::Error::from)?;
    write_whole(&out.join(REPORT), format!("{text}\n").as_bytes())?;
    for department in &report.departments {
        fs::rename(staging.join(&department.file), out.join(&department.file))?;
    }
    // The workbooks of departments that have settled everything are removed, unless they were edited.
    let present: HashSet<&String> = report.departments.iter().map(|department| &department.file).collect();
    for file in earlier.hashes.keys().filter(|file| !present.contains(file)) {
        let path = out.join(file);
        let is_untouched = hash_of(&path)?.is_some_and(|sha256| earlier.is_untouched(file, &sha256));
        if is_untouched {
            fs::remove_file(path)?;
        }
    }
    File::open(out)?.sync_all()?;
    Ok(())
}
