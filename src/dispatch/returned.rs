//! Reading of a returned workbook, whichever program saved it: columns may have moved, rows may be missing, added or sorted.

use super::columns::{Answer, locked};
use super::key::{Keys, ListKey, NoKey, RowKey, cell_check};
use crate::intake::{CellEvent, FileProblem};
use crate::job::{Language, Mask};
use crate::journal::Decision;
use crate::message::Message;
use crate::report::{Words, mask_codes};
use unicode_normalization::UnicodeNormalization;

/// Number of rows at the top of a sheet that are searched for the header.
const HEADER_WITHIN: u32 = 50;
/// Longest quotation of a cell in a message, in characters.
const MOST_QUOTED: usize = 30;

/// Texts by which headers and decisions are recognised, in all languages, because a workbook may be in any of them.
pub(super) struct KnownWords(Vec<Words>);

impl KnownWords {
    pub(super) fn new() -> Self {
        Self([Language::ZhCn, Language::En].map(Words::new).into())
    }

    /// Returns whether a header has the text of a message.
    fn is_header(&self, text: &str, key: &str) -> bool {
        let text = compact(text);
        self.0.iter().any(|words| compact(words.text(key)) == text)
    }

    /// Returns the decision that a text names; `None` if it names none.
    fn decision(&self, text: &str) -> Option<Decision> {
        let text = compact(text);
        let is_named = |decision: &Decision| self.0.iter().any(|words| compact(words.named("decision", decision.name())) == text);
        Decision::ALL.into_iter().find(is_named)
    }
}

/// Normalises a text for comparison: without white space, in half width and lower case.
fn compact(text: &str) -> String {
    text.nfkc().filter(|character| !character.is_whitespace()).flat_map(char::to_lowercase).collect()
}

/// A decision in a row of a returned workbook.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ReturnedRow {
    pub sheet: String,
    pub row: u32,
    pub key: RowKey,
    pub decision: Decision,
    pub note: Option<String>,
    pub by: Option<String>,
}

/// Result of reading a part of a returned workbook.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Finding {
    /// A decision to store.
    Row(ReturnedRow),
    /// A notice for the user, without effect on what is stored.
    Note(Message),
    /// A problem because of which something is not stored.
    Refusal(Message),
    /// A problem that prevents reading the workbook to its end; nothing of it is stored.
    Unreadable(Message),
}

/// Reader of one returned workbook.
pub(super) struct ReturnedFile<'a> {
    /// Name of the file in messages.
    name: &'a str,
    keys: &'a Keys,
    words: &'a KnownWords,
    sheet: String,
    state: SheetState,
    /// Number of lists found so far, including those of other runs.
    lists: u32,
}

enum SheetState {
    /// The header has not been found yet.
    Searching,
    /// In a list, below its header.
    List(ListColumns),
    /// The rest of the sheet is ignored.
    Done,
}

/// Indices of the columns of a list.
struct ListColumns {
    list: ListKey,
    key: usize,
    /// By position in [`Answer::ALL`].
    answers: [Option<usize>; Answer::ALL.len()],
    /// By position in [`locked`].
    locked: Vec<Option<usize>>,
}

impl<'a> ReturnedFile<'a> {
    pub(super) const fn new(name: &'a str, keys: &'a Keys, words: &'a KnownWords) -> Self {
        Self { name, keys, words, sheet: String::new(), state: SheetState::Done, lists: 0 }
    }

    /// Processes an event of the file's reader and adds the results to `findings`.
    pub(super) fn take(&mut self, event: CellEvent<'_>, findings: &mut Vec<Finding>) {
        match event {
            CellEvent::Sheet(name) => {
                name.clone_into(&mut self.sheet);
                self.state = SheetState::Searching;
            }
            CellEvent::Row(number, cells) => self.row(number, cells, findings),
            CellEvent::Problem { sheet, row, message } => findings.push(self.problem(sheet, row, message)),
        }
    }

    /// Ends the file.
    pub(super) fn end(&self, findings: &mut Vec<Finding>) {
        if self.lists == 0 {
            findings.push(Finding::Unreadable(Message::new("collect-no-list").with("file", self.name)));
        }
    }

    fn problem(&self, sheet: Option<&str>, row: Option<u32>, message: &Message) -> Finding {
        if message.code() == "workbook-password" {
            return Finding::Unreadable(Message::new("collect-needs-password").with("file", self.name));
        }
        let Some(row) = row else {
            let problem = FileProblem { file: self.name.to_owned(), sheet: sheet.map(str::to_owned), message: message.clone() };
            return Finding::Unreadable(problem.to_message());
        };
        Finding::Refusal(self.at_row("collect-row-unreadable", row).with_message("reason", message.clone()))
    }

    /// Returns a message about the current sheet.
    fn at_sheet(&self, code: &'static str) -> Message {
        Message::new(code).with("file", self.name).with("sheet", &self.sheet)
    }

    /// Returns a message about a row of the current sheet.
    fn at_row(&self, code: &'static str, row: u32) -> Message {
        self.at_sheet(code).with("row", row)
    }

    fn row(&mut self, number: u32, cells: &[String], findings: &mut Vec<Finding>) {
        if let SheetState::Done = self.state {
            return;
        }
        let header = cells.iter().enumerate().find_map(|(column, text)| Some((column, self.keys.read_list(text)?)));
        if let Some((column, list)) = header {
            self.lists += 1;
            self.state = match list {
                Ok(list) => self.columns(list, column, cells, findings),
                Err(no_key) => {
                    let code = if no_key == NoKey::OtherRun { "collect-other-run" } else { "collect-list-unknown" };
                    findings.push(Finding::Refusal(self.at_sheet(code)));
                    SheetState::Done
                }
            };
            return;
        }
        match &self.state {
            SheetState::List(columns) => self.list_row(columns, number, cells, findings),
            SheetState::Searching if cells.iter().any(|text| self.keys.read_row(text).is_ok()) => {
                self.lists += 1;
                findings.push(Finding::Refusal(self.at_sheet("collect-no-header")));
                self.state = SheetState::Done;
            }
            SheetState::Searching if number >= HEADER_WITHIN => self.state = SheetState::Done,
            SheetState::Searching | SheetState::Done => {}
        }
    }

    /// Finds the columns of a list by its header.
    fn columns(&self, list: ListKey, key: usize, header: &[String], findings: &mut Vec<Finding>) -> SheetState {
        let find = |wanted: &str| header.iter().position(|text| self.words.is_header(text, wanted));
        let answers = Answer::ALL.map(|answer| find(answer.header()));
        if answers.first().is_none_or(Option::is_none) {
            findings.push(Finding::Refusal(self.at_sheet("collect-no-decision-column")));
            return SheetState::Done;
        }
        let places: Vec<Option<usize>> = locked(list.matter).iter().map(|column| find(column.header)).collect();
        for (column, _) in locked(list.matter).iter().zip(&places).filter(|(_, place)| place.is_none()) {
            let header = Message::new(column.header);
            findings.push(Finding::Note(self.at_sheet("collect-column-missing").with_message("column", header)));
        }
        SheetState::List(ListColumns { list, key, answers, locked: places })
    }

    fn list_row(&self, columns: &ListColumns, number: u32, cells: &[String], findings: &mut Vec<Finding>) {
        let text = |column: Option<usize>| column.and_then(|column| cells.get(column)).map_or("", |text| text.trim());
        let [decision, note, by] = columns.answers.map(text);
        let some = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
        let key = text(Some(columns.key));
        if key.is_empty() {
            // A row that was added by hand: a total, or a certificate that is not in the list.
            if !decision.is_empty() {
                findings.push(Finding::Refusal(self.at_row("collect-row-without-key", number)));
            }
            return;
        }
        let key = match self.keys.read_row(key) {
            Ok(key) => key,
            Err(no_key) => {
                let code = if no_key == NoKey::OtherRun { "collect-row-of-other-run" } else { "collect-key-unknown" };
                findings.push(Finding::Refusal(self.at_row(code, number)));
                return;
            }
        };
        if key.department != columns.list.department {
            findings.push(Finding::Note(self.at_row("collect-row-from-elsewhere", number)));
        }
        let is_decided = !decision.is_empty();
        let is_renamed = self.check_cells((&key, is_decided), columns, (number, cells), findings);
        if !is_decided {
            if !note.is_empty() {
                findings.push(Finding::Refusal(self.at_row("collect-note-alone", number)));
            }
            return;
        }
        let Some(decision) = self.words.decision(decision) else {
            // The cell may contain a holder code instead of a decision.
            let quoted: String = mask_codes(decision, Mask::Partial).chars().take(MOST_QUOTED).collect();
            let message = self.at_row("collect-unknown-decision", number);
            let message = message.with("cell", cell_name(columns.answers.first().copied().flatten(), number));
            findings.push(Finding::Refusal(message.with("text", quoted)));
            return;
        };
        if is_renamed {
            return;
        }
        findings.push(Finding::Row(ReturnedRow {
            sheet: self.sheet.clone(),
            row: number,
            key,
            decision,
            note: some(note),
            by: some(by),
        }));
    }

    /// Reports locked cells of a row that have changed. Returns whether one of them identifies the certificate, in which case the
    /// row is about another certificate than its key.
    fn check_cells(
        &self,
        (key, is_decided): (&RowKey, bool),
        columns: &ListColumns,
        (number, cells): (u32, &[String]),
        findings: &mut Vec<Finding>,
    ) -> bool {
        let mut is_renamed = false;
        let known = locked(columns.list.matter).iter().zip(&columns.locked).zip(&key.cells);
        for ((column, place), check) in known {
            let Some(place) = *place else { continue };
            let text = cells.get(place).map_or("", String::as_str);
            if cell_check(text) == *check {
                continue;
            }
            let told = |code| {
                let message = self.at_row(code, number).with("cell", cell_name(Some(place), number));
                message.with_message("column", Message::new(column.header))
            };
            is_renamed |= column.names_certificate;
            findings.push(match (is_decided, column.names_certificate) {
                (true, true) => Finding::Refusal(told("collect-row-renamed")),
                (true, false) => Finding::Note(told("collect-cell-changed")),
                (false, _) => Finding::Note(told("collect-cell-changed-alone")),
            });
        }
        is_renamed
    }
}

/// Returns the reference of a cell, such as `AB12`; columns are counted from 0.
fn cell_name(column: Option<usize>, row: u32) -> String {
    let mut letters = Vec::new();
    let mut left = column.map_or(0, |column| column + 1);
    while left > 0 {
        let digit = u8::try_from((left - 1) % 26).unwrap_or_default();
        letters.push(char::from(b'A' + digit));
        left = (left - 1) / 26;
    }
    let letters: String = letters.iter().rev().collect();
    format!("{letters}{row}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::journal::Seal;
    use crate::table::Matter;

    const CELLS: [&str; 7] = ["张三", "370499195001010017", "11100000000013127D001", "居民户口簿", "A1", "C-1", "有效"];

    fn keys(secret: &[u8]) -> Keys {
        Keys::new(Seal::of(secret).unwrap())
    }

    fn row_key(keys: &Keys, department: &str, item_id: u64) -> String {
        let cells = CELLS.iter().map(|text| cell_check(text)).collect();
        keys.row(&RowKey { department: keys.department(Some(department)), item_id, certificate: [1; 8], cells })
    }

    fn header(keys: &Keys, language: Language) -> Vec<String> {
        let words = Words::new(language);
        let list = keys.list(ListKey { department: keys.department(Some("市公安局")), matter: Matter::CityOnly });
        let own = locked(Matter::CityOnly).iter().map(|column| column.header);
        let texts = own.chain(Answer::ALL.map(Answer::header)).map(|key| words.text(key).to_owned());
        std::iter::once(list).chain(texts).collect()
    }

    fn row(key: &str, answers: [&str; 3]) -> Vec<String> {
        std::iter::once(key).chain(CELLS).chain(answers).map(str::to_owned).collect()
    }

    /// Reads a sheet of these rows and returns the decisions with item and row, and the codes of messages with their rows.
    fn told(rows: &[Vec<String>]) -> Vec<String> {
        let (own, words) = (keys(b"run"), KnownWords::new());
        let mut file = ReturnedFile::new("a.xlsx", &own, &words);
        let mut findings = Vec::new();
        file.take(CellEvent::Sheet("市有省无"), &mut findings);
        for (number, cells) in (1..).zip(rows) {
            file.take(CellEvent::Row(number, cells), &mut findings);
        }
        file.end(&mut findings);
        let told = |finding: Finding| match finding {
            Finding::Row(row) => format!("{}:{}={}", row.row, row.key.item_id, row.decision.name()),
            Finding::Note(message) => format!("note {message}"),
            Finding::Refusal(message) | Finding::Unreadable(message) => message.to_string(),
        };
        findings.into_iter().map(told).collect()
    }

    #[test]
    fn decisions_are_read_in_either_language_wherever_columns_stand() {
        let own = keys(b"run");
        for (language, decision) in [(Language::ZhCn, " 归集到省\n"), (Language::En, "Insert into province")] {
            let mut rows = vec![header(&own, language), row(&row_key(&own, "市公安局", 5), [decision, "已报送", "李四"])];
            assert_eq!(told(&rows), ["2:5=insert"], "{language:?}");
            for row in &mut rows {
                row.reverse();
                row.insert(0, "我加的列".to_owned());
            }
            assert_eq!(told(&rows), ["2:5=insert"], "{language:?}");
        }
    }

    #[test]
    fn rows_that_are_not_decided_say_nothing() {
        let own = keys(b"run");
        let key = row_key(&own, "市公安局", 5);
        let rows =
            [header(&own, Language::ZhCn), row(&key, ["", "", ""]), row(&key, ["", "", "李四"]), row("", ["", "小计", ""])];
        assert!(told(&rows).is_empty(), "{:?}", told(&rows));
    }

    #[test]
    fn what_is_not_taken_is_told_with_its_row() {
        let own = keys(b"run");
        let good = row_key(&own, "市公安局", 5);
        let foreign = row_key(&keys(b"other run"), "市公安局", 5);
        let place = "file=a.xlsx sheet=市有省无 row=2";
        for (row, expected) in [
            (row("", ["归集到省", "", ""]), format!("collect-row-without-key {place}")),
            (row("abc", ["归集到省", "", ""]), format!("collect-key-unknown {place}")),
            (row(&foreign, ["归集到省", "", ""]), format!("collect-row-of-other-run {place}")),
            (row(&good, ["", "已报送", ""]), format!("collect-note-alone {place}")),
            (row(&good, ["同意", "", ""]), format!("collect-unknown-decision {place} cell=I2 text=同意")),
            (
                row(&good, ["370499195001010017", "", ""]),
                format!("collect-unknown-decision {place} cell=I2 text=3704************17"),
            ),
        ] {
            assert_eq!(told(&[header(&own, Language::ZhCn), row]), [expected]);
        }
    }

    #[test]
    fn a_changed_cell_is_told_and_one_that_names_another_certificate_decides_nothing() {
        let own = keys(b"run");
        let good = row(&row_key(&own, "市公安局", 5), ["无需处理", "", ""]);
        let changed = |column: usize| {
            let mut row = good.clone();
            row[column] = "改".to_owned();
            told(&[header(&own, Language::ZhCn), row])
        };
        let place = "file=a.xlsx sheet=市有省无 row=2";
        assert_eq!(
            changed(1),
            [format!("note collect-cell-changed {place} cell=B2 column=(col-holder-name)"), "2:5=nothing_to_do".to_owned()]
        );
        assert_eq!(changed(2), [format!("collect-row-renamed {place} cell=C2 column=(col-holder)")]);
        let mut undecided = row(&row_key(&own, "市公安局", 5), ["", "", ""]);
        "改".clone_into(&mut undecided[2]);
        let found = told(&[header(&own, Language::ZhCn), undecided]);
        assert_eq!(found, [format!("note collect-cell-changed-alone {place} cell=C2 column=(col-holder)")]);
        let copied = row(&row_key(&own, "市民政局", 6), ["无需处理", "", ""]);
        let found = told(&[header(&own, Language::ZhCn), copied]);
        assert_eq!(found, [format!("note collect-row-from-elsewhere {place}"), "2:6=nothing_to_do".to_owned()]);
    }

    #[test]
    fn sheets_that_are_no_lists_are_told_where_nothing_else_is_there() {
        let own = keys(b"run");
        assert_eq!(told(&[vec!["说明".to_owned()]]), ["collect-no-list file=a.xlsx"]);
        let rows = [row(&row_key(&own, "市公安局", 5), ["归集到省", "", ""])];
        assert_eq!(told(&rows), ["collect-no-header file=a.xlsx sheet=市有省无"]);
        let other = [header(&keys(b"other run"), Language::ZhCn)];
        assert_eq!(told(&other), ["collect-other-run file=a.xlsx sheet=市有省无"]);
        let mut lacking = header(&own, Language::ZhCn);
        lacking.truncate(8);
        assert_eq!(told(&[lacking]), ["collect-no-decision-column file=a.xlsx sheet=市有省无"]);
        let mut lacking = header(&own, Language::ZhCn);
        lacking.remove(4);
        let expected = "note collect-column-missing file=a.xlsx sheet=市有省无 column=(col-type-name)";
        assert_eq!(told(&[lacking]), [expected]);
    }

    #[test]
    fn everything_that_is_told_has_its_sentence() {
        for code in [
            "collect-cell-changed",
            "collect-cell-changed-alone",
            "collect-column-missing",
            "collect-key-unknown",
            "collect-list-unknown",
            "collect-needs-password",
            "collect-no-decision-column",
            "collect-no-header",
            "collect-no-list",
            "collect-note-alone",
            "collect-other-run",
            "collect-row-from-elsewhere",
            "collect-row-of-other-run",
            "collect-row-renamed",
            "collect-row-unreadable",
            "collect-row-without-key",
            "collect-unknown-decision",
        ] {
            let values = ["file", "sheet", "row", "cell", "text", "column", "reason"];
            let message = values.into_iter().fold(Message::new(code), |message, name| message.with(name, "值"));
            for words in &KnownWords::new().0 {
                assert_ne!(words.say(&message), message.to_string(), "{code}");
            }
        }
    }

    #[test]
    fn cells_are_named_as_people_name_them() {
        for (column, name) in [(0, "A2"), (25, "Z2"), (26, "AA2"), (701, "ZZ2"), (702, "AAA2")] {
            assert_eq!(cell_name(Some(column), 2), name);
        }
    }
}
