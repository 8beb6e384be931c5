//! From lines to records: which line is a record by itself, which ones are one record, and which cannot be read.
//!
//! A record over several lines is legal where a field in quotation marks holds line breaks. A quotation mark that somebody
//! typed looks the same up to the next one, which may stand a hundred records further down. So lines are taken together only
//! where at most one of them is a record by itself, and the whole has the header's number of fields.

use super::Stop;
use super::encoding::BadBytes;
use super::fields::{Record, split_plain, split_record, split_wrapped};
use super::findings::{Finding, Findings};
use super::layout::{Layout, SEPARATORS, is_row_count, is_rule, squeezed};
use super::lines::{Damage, Line, Lines, MOST_BYTES};
use crate::intake::cell::Cell;
use crate::intake::stream::{Closed, EventSender};
use crate::message::Message;
use std::borrow::Cow;
use std::collections::VecDeque;
use std::io;

/// Lines that are looked at to tell the layout.
const SAMPLE_LINES: usize = 200;
/// Bytes that are looked at to tell the layout.
const SAMPLE_BYTES: usize = 256 * 1024;
/// Lines that a record may take up. Excel lets a cell have 253 line breaks.
const MOST_LINES: usize = 256;
/// Fields that a record may have; Excel's last column is the 16,384th.
const MOST_FIELDS: usize = 16_384;

/// The records of a text.
pub(super) struct Records {
    lines: Lines,
    /// Lines that were read ahead.
    ahead: VecDeque<Line>,
    layout: Layout,
    /// Whether fields stand in single quotation marks.
    has_single_marks: bool,
    /// The separator as the first line declares it, which is then no record.
    declared: Option<char>,
    findings: Findings,
    /// Whether a record has been seen. What stands before the first one are titles and the header.
    has_begun: bool,
    /// Places of the separators in a line.
    cuts: Vec<usize>,
}

/// How a line with quotation marks is read by itself.
#[derive(Debug, PartialEq, Eq)]
enum Reading<'a> {
    /// Its marks are as they should be.
    Proper(Vec<Cow<'a, str>>),
    /// The whole record was in quotation marks.
    Wrapped(Vec<Cow<'a, str>>),
    /// Some marks are ordinary characters.
    AsWritten(Vec<Cow<'a, str>>),
    /// It cannot be told what the marks mean.
    Stray(Vec<Cow<'a, str>>),
}

/// A record over several lines.
struct Joined {
    text: String,
    /// Lines of it after the first.
    lines: usize,
}

impl Records {
    /// Reads the first lines of a text and tells its layout from them.
    ///
    /// # Errors
    /// Fails if the text cannot be read.
    pub(super) fn begin(mut lines: Lines) -> io::Result<Self> {
        let mut ahead = VecDeque::new();
        let mut bytes = 0;
        while ahead.len() < SAMPLE_LINES && bytes < SAMPLE_BYTES {
            let Some(line) = lines.read()? else { break };
            bytes += line.text.len();
            ahead.push_back(line);
        }
        let declared = ahead.front().and_then(|line| declared_separator(&line.text));
        if declared.is_some() {
            ahead.pop_front();
        }
        let has_single_marks = are_in_single_marks(&ahead);
        if has_single_marks {
            ahead.iter_mut().for_each(double_marks);
        }
        let whole: Vec<&str> = ahead.iter().filter(|line| line.damage.is_none()).map(|line| line.text.as_str()).collect();
        let layout = Layout::of(&whole, declared);
        if layout.is_aligned {
            for line in &mut ahead {
                line.text = squeezed(&line.text);
            }
        }
        let findings = Findings::default();
        Ok(Self { lines, ahead, layout, has_single_marks, declared, findings, has_begun: false, cuts: Vec::new() })
    }

    /// Reads a line and brings it into the form in which it is split.
    fn read_line(&mut self) -> io::Result<Option<Line>> {
        let mut line = self.lines.read()?;
        if let Some(line) = &mut line {
            if self.has_single_marks {
                double_marks(line);
            }
            if self.layout.is_aligned {
                line.text = squeezed(&line.text);
            }
        }
        Ok(line)
    }

    /// Returns the first damaged line where most of the first lines are damaged: whatever the file is, it is no text.
    pub(super) fn no_text(&self) -> Option<u32> {
        let filled = self.ahead.iter().filter(|line| line.damage.is_some() || !line.text.trim().is_empty()).count();
        let mut damaged = self.ahead.iter().filter(|line| line.damage.is_some());
        let first = damaged.next()?.number;
        (2 * (1 + damaged.count()) > filled).then_some(first)
    }

    /// The separator of its fields.
    pub(super) const fn separator(&self) -> Option<char> {
        self.layout.separator
    }

    /// Whether spaces between aligned columns separate its fields.
    pub(super) const fn is_aligned(&self) -> bool {
        self.layout.is_aligned
    }

    /// The separator that the first line declares.
    pub(super) const fn declared(&self) -> Option<char> {
        self.declared
    }

    /// The lines that the records are read from.
    pub(super) const fn lines(&self) -> &Lines {
        &self.lines
    }

    /// What was found so far.
    pub(super) const fn findings(&self) -> &Findings {
        &self.findings
    }

    /// Sends all records.
    ///
    /// # Errors
    /// Fails if the text cannot be read on, or nobody takes the rows any more.
    pub(super) fn send(&mut self, events: &mut EventSender) -> Result<(), Stop> {
        while let Some(line) = self.next_line()? {
            self.take(&line, events)?;
            self.lines.recycle(line);
        }
        Ok(())
    }

    fn next_line(&mut self) -> io::Result<Option<Line>> {
        if let Some(line) = self.ahead.pop_front() { Ok(Some(line)) } else { self.read_line() }
    }

    fn take(&mut self, line: &Line, events: &mut EventSender) -> Result<(), Stop> {
        if line.had_padding {
            self.findings.add(Finding::Padding, line.number);
        }
        if line.has_rare_end {
            self.findings.add(Finding::RareEnd, line.number);
        }
        if line.damage.is_none() && (is_rule(&line.text) || is_row_count(&line.text)) {
            self.findings.add(Finding::Rule, line.number);
            return Ok(());
        }
        if let Some(damage) = line.damage {
            return Ok(self.take_damaged(line, damage, events)?);
        }
        if line.has_mark {
            return self.take_marked(line, events);
        }
        Ok(self.take_plain(line, events)?)
    }

    /// Takes a line that has no quotation mark, as almost all have none.
    fn take_plain(&mut self, line: &Line, events: &mut EventSender) -> Result<(), Closed> {
        let separator = self.layout.separator;
        let text = line.text.as_str();
        // Fields at the end with nothing in them are left out.
        let filled = text.trim_end_matches(|character: char| character.is_whitespace() || Some(character) == separator).len();
        if filled == 0 {
            return Ok(());
        }
        self.cuts.clear();
        match separator {
            None => {}
            Some(separator) => match u8::try_from(separator).ok().filter(u8::is_ascii) {
                Some(byte) => self.cuts.extend(memchr::memchr_iter(byte, text.as_bytes())),
                None => self.cuts.extend(text.match_indices(separator).map(|(at, _)| at)),
            },
        }
        if self.layout.is_short(self.cuts.len() + 1) {
            if let Some(fields) = self.split_wide(text) {
                self.findings.add(Finding::WideSeparators, line.number);
                return self.send_fields(line.number, &fields, events);
            }
            if let Some(fields) = self.split_header(text) {
                self.findings.add(Finding::HeaderSeparator, line.number);
                return self.send_fields(line.number, &fields, events);
            }
        }
        if !self.has_begun {
            self.has_begun = self.is_first_record(&split_plain(text, separator));
        }
        let mut count = self.cuts.partition_point(|cut| *cut < filled);
        if !self.has_begun {
            // Above the first record, blank fields at the end may be columns that the header leaves without a name.
            count = count.max(self.cuts.len().min(MOST_FIELDS - 1));
        }
        if count >= MOST_FIELDS {
            return self.spoil_long(line.number, events);
        }
        events.row(line.number)?;
        let width = separator.map_or(0, char::len_utf8);
        let mut begin = 0;
        for (column, end) in self.cuts.iter().copied().chain([text.len()]).take(count + 1).enumerate() {
            send_cell(column, &text[begin..end], events);
            begin = end + width;
        }
        Ok(())
    }

    /// Takes a line that has quotation marks.
    fn take_marked(&mut self, line: &Line, events: &mut EventSender) -> Result<(), Stop> {
        let separator = self.layout.separator;
        let record = split_record(&line.text, separator);
        if record.opens_at.is_some()
            && let Some(joined) = self.join(line)?
        {
            self.findings.add(Finding::OverLines, line.number);
            let fields = split_record(&joined.text, separator).fields;
            self.send_fields(line.number, &fields, events)?;
            if fields.iter().any(|field| !field.trim().is_empty()) {
                events.continue_row(u32::try_from(joined.lines).unwrap_or(u32::MAX));
            }
            self.ahead.drain(..joined.lines);
            return Ok(());
        }
        let is_record = self.is_first_record(&split_plain(&line.text, separator)) || self.is_first_record(&record.fields);
        let is_above = !self.has_begun && !is_record;
        let (finding, fields) = match read_alone(&line.text, record, &self.layout) {
            Reading::Proper(fields) => (None, fields),
            Reading::Wrapped(fields) => (Some(Finding::Wrapped), fields),
            Reading::AsWritten(fields) => (Some(Finding::MarkAsWritten), fields),
            Reading::Stray(fields) => (Some(Finding::StrayMark), fields),
        };
        let (finding, fields) = if is_above { self.without_marks(&line.text, finding, fields) } else { (finding, fields) };
        if let Some(finding) = finding {
            self.findings.add(finding, line.number);
        }
        let problem = (finding == Some(Finding::StrayMark)).then(|| Message::new("text-stray-mark").with("line", line.number));
        Ok(self.send_spoilt(line.number, &fields, problem, events)?)
    }

    /// Reads a line above the first record: marks are no part of a header's or a title's words, and where those that stand in
    /// pairs take in separators of the header, they are no pairs.
    fn without_marks<'a>(
        &self,
        text: &'a str,
        finding: Option<Finding>,
        fields: Vec<Cow<'a, str>>,
    ) -> (Option<Finding>, Vec<Cow<'a, str>>) {
        let plain = split_plain(text, self.layout.separator);
        let is_paired = self.layout.fits(&fields) || !self.layout.fits(&plain);
        let fields = if is_paired { fields } else { plain.into_iter().map(Cow::Borrowed).collect() };
        if !fields.iter().any(|field| field.contains('"')) {
            return (finding.filter(|finding| *finding == Finding::Wrapped), fields);
        }
        let bare = fields.iter().map(|field| Cow::Owned(field.replace('"', "")));
        (Some(Finding::HeaderMark), bare.collect())
    }

    /// Takes a line that is damaged. Above the first record it is sent as it can be read: a header may be recognised all the
    /// same.
    fn take_damaged(&mut self, line: &Line, damage: Damage, events: &mut EventSender) -> Result<(), Closed> {
        let finding = match damage {
            Damage::BadBytes(BadBytes::At(_)) => Finding::BadBytes,
            Damage::BadBytes(BadBytes::OtherEncoding) => Finding::OtherEncoding,
            Damage::ZeroBytes => Finding::ZeroBytes,
            Damage::EndMark => Finding::EndMark,
            Damage::TooLong => return self.spoil_long(line.number, events),
        };
        self.findings.add(finding, line.number);
        let fields = split_record(&line.text, self.layout.separator).fields;
        let is_above = !self.has_begun && self.layout.knows_codes() && !self.is_first_record(&fields);
        let problem = (!is_above).then(|| damage.advice(line.number));
        self.send_spoilt(line.number, &fields, problem, events)
    }

    /// Spoils a row that is too long to be held.
    fn spoil_long(&mut self, line: u32, events: &mut EventSender) -> Result<(), Closed> {
        self.findings.add(Finding::TooLong, line);
        events.row(line)?;
        events.spoil_row(Damage::TooLong.advice(line));
        Ok(())
    }

    fn send_fields(&mut self, line: u32, fields: &[Cow<'_, str>], events: &mut EventSender) -> Result<(), Closed> {
        self.send_spoilt(line, fields, None, events)
    }

    /// Sends a row, spoilt where there is a problem.
    fn send_spoilt(
        &mut self,
        line: u32,
        fields: &[Cow<'_, str>],
        problem: Option<Message>,
        events: &mut EventSender,
    ) -> Result<(), Closed> {
        self.has_begun = self.has_begun || self.is_first_record(fields);
        let filled = fields.iter().rposition(|field| !field.trim().is_empty()).map_or(0, |last| last + 1);
        if filled == 0 && problem.is_none() {
            return Ok(());
        }
        if filled > MOST_FIELDS {
            return self.spoil_long(line, events);
        }
        events.row(line)?;
        if let Some(problem) = problem {
            events.spoil_row(problem);
        }
        let width = if self.has_begun { filled } else { fields.len().min(MOST_FIELDS) };
        for (column, field) in fields.iter().take(width).enumerate() {
            send_cell(column, field, events);
        }
        Ok(())
    }

    /// Whether fields are those of a record, and no title or header.
    fn is_first_record<T: AsRef<str>>(&self, fields: &[T]) -> bool {
        if self.layout.knows_codes() { self.layout.codes_in_place(fields) > 0 } else { self.layout.fits(fields) }
    }

    /// Splits a line that is too short at separators of both widths, where codes then stand where they should.
    fn split_wide(&self, text: &str) -> Option<Vec<Cow<'static, str>>> {
        let separator = self.layout.separator?;
        let twin = match separator {
            ',' => '，',
            '，' => ',',
            ';' => '；',
            '；' => ';',
            _ => return None,
        };
        if !text.contains(twin) {
            return None;
        }
        let fields: Vec<&str> = text.split([separator, twin]).collect();
        let codes = self.layout.codes_in_place(&split_plain(text, Some(separator)));
        let suits = self.layout.fits(&fields) && self.layout.codes_in_place(&fields) > codes;
        suits.then(|| fields.into_iter().map(|field| Cow::Owned(field.to_owned())).collect())
    }

    /// Splits a line above the first record by another separator than that of the records, where it then has as many fields.
    fn split_header(&self, text: &str) -> Option<Vec<Cow<'static, str>>> {
        let separator = self.layout.separator?;
        if self.has_begun || !self.layout.knows_codes() || text.contains(separator) {
            return None;
        }
        let mut others = SEPARATORS.into_iter().filter(|other| *other != separator);
        let fields = others.find_map(|other| {
            let fields: Vec<&str> = text.split(other).collect();
            let fits = fields.len() > 1 && fields.len() == self.layout.usual_width();
            (fits && fields.iter().all(|field| !field.trim().is_empty())).then_some(fields)
        })?;
        Some(fields.into_iter().map(|field| Cow::Owned(field.to_owned())).collect())
    }

    fn has_codes(&self, line: &Line) -> bool {
        self.layout.knows_codes() && self.is_first_record(&split_plain(&line.text, self.layout.separator))
    }

    /// Takes a line together with those after it, where they are one record.
    fn join(&mut self, line: &Line) -> io::Result<Option<Joined>> {
        let mut text = line.text.clone();
        let mut ending = line.ending;
        let mut records = usize::from(self.layout.is_record(&line.text));
        let mut has_codes = self.has_codes(line);
        for place in 0..MOST_LINES {
            if self.ahead.len() <= place {
                let Some(line) = self.read_line()? else { return Ok(None) };
                self.ahead.push_back(line);
            }
            let Some(next) = self.ahead.get(place) else { return Ok(None) };
            records += usize::from(self.layout.is_record(&next.text));
            has_codes = has_codes || self.has_codes(next);
            if records > 1 || next.damage.is_some() || text.len() + next.text.len() > MOST_BYTES {
                return Ok(None);
            }
            text.push_str(ending);
            text.push_str(&next.text);
            ending = next.ending;
            if !next.has_mark {
                continue;
            }
            let record = split_record(&text, self.layout.separator);
            if record.is_proper() {
                // Where no line is a record, none is lost: a title, or a remark below the table. Where one is, its codes must not
                // end up within a field, be it that it is part of a header and has none.
                let is_header = !self.has_begun && self.layout.knows_codes() && !has_codes;
                let is_record = is_header || self.is_first_record(&record.fields);
                let is_whole = records == 0 || self.layout.fits(&record.fields) && is_record;
                return Ok(is_whole.then_some(Joined { text, lines: place + 1 }));
            }
            if record.has_stray || record.opens_at.is_some_and(|open| open >= self.layout.width()) {
                return Ok(None);
            }
        }
        Ok(None)
    }
}

/// Whether the fields of most lines stand in single quotation marks, as some programs export them.
fn are_in_single_marks(lines: &VecDeque<Line>) -> bool {
    let is_marked = |text: &str| text.len() > 2 && text.starts_with('\'') && text.ends_with('\'') && !text.contains('"');
    let filled = || lines.iter().map(|line| line.text.trim()).filter(|text| !text.is_empty());
    let marked = filled().filter(|text| is_marked(text)).count();
    marked > 1 && 4 * marked >= 3 * filled().count()
}

/// Makes single quotation marks the usual ones.
fn double_marks(line: &mut Line) {
    if !line.has_mark && line.text.trim_start().starts_with('\'') {
        line.text = line.text.replace('\'', "\"");
        line.has_mark = true;
    }
}

/// Decides how a line with quotation marks is read by itself.
fn read_alone<'a>(text: &'a str, record: Record<'a>, layout: &Layout) -> Reading<'a> {
    let fits = layout.fits(&record.fields);
    if !record.is_proper() {
        return if fits { Reading::AsWritten(record.fields) } else { as_written(text, layout, record.fields, 0) };
    }
    if fits {
        return Reading::Proper(record.fields);
    }
    if let Some(fields) = split_wrapped(&record, layout.separator)
        && layout.fits(&fields)
    {
        return Reading::Wrapped(fields);
    }
    // Two marks may have been typed, with separators between them. A row that is merely short keeps its codes in place.
    let codes = layout.codes_in_place(&record.fields);
    match as_written(text, layout, record.fields, codes) {
        Reading::Stray(fields) => Reading::Proper(fields),
        reading => reading,
    }
}

/// Reads all marks of a line as ordinary characters, where that gives as many fields as records have and more than `codes`
/// codes in their places; else the line is read as `otherwise`.
fn as_written<'a>(text: &'a str, layout: &Layout, otherwise: Vec<Cow<'a, str>>, codes: usize) -> Reading<'a> {
    let fields: Vec<Cow<'a, str>> = split_plain(text, layout.separator).into_iter().map(Cow::Borrowed).collect();
    let suits = layout.fits(&fields) && (!layout.knows_codes() || layout.codes_in_place(&fields) > codes);
    if suits { Reading::AsWritten(fields) } else { Reading::Stray(otherwise) }
}

/// Sends a cell of the row that has begun.
fn send_cell(column: usize, text: &str, events: &mut EventSender) {
    events.cell(column, if text.is_empty() { Cell::Empty } else { Cell::Text(text) });
}

/// The separator that a first line such as `sep=;` declares. Excel reads such a line and does not show it.
fn declared_separator(line: &str) -> Option<char> {
    let line = line.trim_start().trim_start_matches('"');
    let (key, value) = line.split_at_checked("sep=".len())?;
    let mut value = value.chars();
    let separator = value.next()?;
    let is_alone = value.all(|character| character == '"' || character.is_whitespace() || character == separator);
    (key.eq_ignore_ascii_case("sep=") && is_alone && separator != '"').then_some(separator)
}
