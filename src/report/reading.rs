//! How a run's inputs were read, as a list of facts: each file and sheet, the role of each column, the accounting of rows, and
//! notes that a person should check before trusting the numbers.

use super::Words;
use super::excel::mask_codes;
use crate::intake::{ColumnUse, FileProblem, FileReport, IntakeReport, Note, SheetReport};
use crate::job::Mask;

/// Limit on type codes named in one fact. A column with more distinct codes holds something else.
const MOST_CODES: usize = 20;

/// A fact about how the inputs were read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Fact<'a> {
    /// Path of the file; empty if the fact is about all files.
    pub file: &'a str,
    /// Name of the sheet; empty if the fact is about the whole file.
    pub sheet: &'a str,
    /// Key of the message that names the kind of fact.
    pub kind: &'static str,
    /// The fact as a sentence or value.
    pub content: String,
    /// Number of rows, or of whatever the fact counts; `None` if it counts nothing.
    pub count: Option<u64>,
    /// Whether a person should check it before trusting the numbers.
    pub needs_attention: bool,
}

/// Returns all facts about how the inputs were read: the accounting of rows, then facts that need attention, then the rest, each
/// in the order of files and sheets. Holder codes in texts are masked.
pub(super) fn facts<'a>(words: &'a Words, intake: &'a IntakeReport, mask: Mask) -> Vec<Fact<'a>> {
    let mut facts = Facts { words, mask, file: "", sheet: "", found: Vec::new() };
    for problem in &intake.problems {
        let fact = facts.problem("reading-kind-problem", problem);
        facts.found.push(Fact { needs_attention: true, ..fact });
    }
    for file in &intake.files {
        facts.file(file);
    }
    for problem in &intake.passed_over {
        let fact = facts.problem("reading-kind-passed-over", problem);
        facts.found.push(fact);
    }
    // The sort is stable, so facts stay in the order of files and sheets within both parts.
    facts.found.sort_by_key(|fact| !fact.needs_attention);
    let mut all = Facts { words, mask, file: "", sheet: "", found: Vec::new() };
    all.rows("reading-kind-totals", &Rows::sum(intake.files.iter().flat_map(|file| &file.sheets).map(Rows::of)));
    all.found.append(&mut facts.found);
    all.found
}

/// Returns the number of facts that need attention.
pub(super) fn attention(words: &Words, intake: &IntakeReport) -> u64 {
    let count = facts(words, intake, Mask::None).iter().filter(|fact| fact.needs_attention).count();
    u64::try_from(count).unwrap_or(u64::MAX)
}

/// Accounting of the rows of one or several sheets.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Rows {
    all: u64,
    first: u64,
    duplicate: u64,
    invalid: u64,
    blank: u64,
}

impl Rows {
    fn of(sheet: &SheetReport) -> Self {
        Self {
            all: sheet.rows,
            first: sheet.first_rows,
            duplicate: sheet.duplicates,
            invalid: sheet.rejected.values().sum(),
            blank: sheet.blank_rows,
        }
    }

    fn sum(rows: impl IntoIterator<Item = Self>) -> Self {
        rows.into_iter().fold(Self::default(), |sum, rows| Self {
            all: sum.all + rows.all,
            first: sum.first + rows.first,
            duplicate: sum.duplicate + rows.duplicate,
            invalid: sum.invalid + rows.invalid,
            blank: sum.blank + rows.blank,
        })
    }

    const fn parts(&self) -> u64 {
        self.first + self.duplicate + self.invalid + self.blank
    }
}

/// Collector of facts; the next ones are about `file` and `sheet`.
struct Facts<'a> {
    words: &'a Words,
    mask: Mask,
    file: &'a str,
    sheet: &'a str,
    found: Vec<Fact<'a>>,
}

impl<'a> Facts<'a> {
    /// Creates a fact about the current file and sheet, without a count, that needs no attention.
    fn fact(&self, kind: &'static str, content: String) -> Fact<'a> {
        Fact { file: self.file, sheet: self.sheet, kind, content, count: None, needs_attention: false }
    }

    fn counted(&mut self, kind: &'static str, key: &str, count: u64) {
        let fact = self.fact(kind, self.words.text(key).to_owned());
        self.found.push(Fact { count: Some(count), ..fact });
    }

    fn masked(&self, text: &str) -> String {
        mask_codes(text, self.mask)
    }

    fn problem(&mut self, kind: &'static str, problem: &'a FileProblem) -> Fact<'a> {
        self.file = &problem.file;
        self.sheet = problem.sheet.as_deref().unwrap_or_default();
        self.fact(kind, self.masked(&self.words.say(&problem.message)))
    }

    fn file(&mut self, file: &'a FileReport) {
        self.file = &file.path;
        self.sheet = "";
        self.notes(&file.notes);
        for sheet in &file.sheets {
            self.sheet = if sheet.name.is_empty() { self.words.text("plan-text-sheet") } else { &sheet.name };
            self.sheet(sheet);
        }
    }

    fn sheet(&mut self, sheet: &SheetReport) {
        self.notes(&sheet.notes);
        if let Some(reason) = &sheet.skipped {
            let fact = self.fact("reading-kind-skipped", self.masked(&self.words.say(reason)));
            self.found.push(Fact { needs_attention: sheet.is_unread_table, ..fact });
            // The remaining facts are about rows, of which a sheet without a header has none.
            if sheet.rows == 0 {
                return;
            }
        }
        self.header(sheet);
        self.rows("reading-kind-rows", &Rows::of(sheet));
        self.parts(sheet);
        if sheet.items != sheet.first_rows {
            self.counted("reading-kind-part", "reading-items", sheet.items);
        }
        if sheet.repairs > 0 {
            self.counted("reading-kind-repairs", "reading-repairs", sheet.repairs);
        }
        self.not_in_catalogue(sheet);
    }

    fn notes(&mut self, notes: &[Note]) {
        for note in notes {
            let fact = self.fact("reading-kind-note", self.masked(&self.words.say(&note.message)));
            self.found.push(Fact { needs_attention: note.needs_attention, ..fact });
        }
    }

    /// Adds the facts about the header row and the roles of its columns.
    fn header(&mut self, sheet: &SheetReport) {
        let content = match sheet.header_row {
            Some(row) => self.words.fill("reading-header-row", &[("row", &row.to_string())]),
            None => self.words.text("reading-header-none").to_owned(),
        };
        self.found.push(self.fact("reading-kind-header", content));
        for (kind, columns) in [("reading-kind-column", &sheet.mapping), ("reading-kind-unused", &sheet.unused)] {
            for column in columns {
                self.found.push(self.fact(kind, self.column(column)));
            }
        }
        if !sheet.carried.is_empty() {
            let carried = self.masked(&sheet.carried.join(self.words.text("list-comma")));
            self.found.push(self.fact("reading-kind-carried", carried));
        }
    }

    fn column(&self, column: &ColumnUse) -> String {
        let (role, header) = (self.words.named("role", &column.role), self.masked(&column.header));
        self.words.fill("reading-column", &[("role", role), ("header", &header), ("column", &column.column)])
    }

    /// Adds the accounting of rows, and a fact that needs attention if the numbers do not add up.
    fn rows(&mut self, kind: &'static str, rows: &Rows) {
        for (key, count) in [
            ("reading-rows-all", rows.all),
            ("reading-rows-first", rows.first),
            ("reading-rows-duplicate", rows.duplicate),
            ("reading-rows-invalid", rows.invalid),
            ("reading-rows-blank", rows.blank),
        ] {
            self.counted(kind, key, count);
        }
        if rows.parts() != rows.all {
            let content = self.words.fill("reading-rows-wrong", &[("sum", &rows.parts().to_string())]);
            let fact = self.fact(kind, content);
            self.found.push(Fact { count: Some(rows.all), needs_attention: true, ..fact });
        }
    }

    /// Adds the facts about the kinds of invalid and blank rows.
    fn parts(&mut self, sheet: &SheetReport) {
        for (problem, count) in &sheet.rejected {
            let problem = self.words.named("problem", problem);
            let content = self.words.fill("reading-part-invalid", &[("problem", problem)]);
            let fact = self.fact("reading-kind-part", content);
            self.found.push(Fact { count: Some(*count), ..fact });
        }
        let told = sheet.prefilled_rows + sheet.repeated_headers + sheet.total_rows;
        for (key, count) in [
            ("reading-part-empty", sheet.blank_rows.saturating_sub(told)),
            ("reading-part-prefilled", sheet.prefilled_rows),
            ("reading-part-header", sheet.repeated_headers),
            ("reading-part-total", sheet.total_rows),
        ] {
            if count > 0 {
                self.counted("reading-kind-part", key, count);
            }
        }
    }

    fn not_in_catalogue(&mut self, sheet: &SheetReport) {
        let codes = &sheet.not_in_catalogue;
        if codes.is_empty() {
            return;
        }
        // Type codes are not personal, so they are not masked although they look like holder codes.
        let mut shown: Vec<String> = codes.iter().take(MOST_CODES).cloned().collect();
        if codes.len() > MOST_CODES {
            shown.push(self.words.fill("rest", &[("count", &(codes.len() - MOST_CODES).to_string())]));
        }
        let codes_told = shown.join(self.words.text("list-comma"));
        let content = self.words.fill("reading-not-in-catalogue", &[("codes", &codes_told)]);
        let fact = self.fact("reading-kind-catalogue", content);
        self.found.push(Fact { count: u64::try_from(codes.len()).ok(), needs_attention: true, ..fact });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::job::Language;
    use crate::message::Message;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    fn sheet(name: &str, rejected: &[(&str, u64)]) -> SheetReport {
        let invalid: u64 = rejected.iter().map(|(_, count)| count).sum();
        SheetReport {
            name: name.into(),
            header_row: Some(3),
            mapping: vec![ColumnUse { role: "holder_code".into(), header: "证件号码".into(), column: "B".into() }],
            carried: vec!["区市".into(), "部门".into()],
            rows: 20 + invalid,
            first_rows: 10,
            items: 12,
            duplicates: 4,
            rejected: rejected.iter().map(|(problem, count)| ((*problem).to_owned(), *count)).collect(),
            blank_rows: 6,
            prefilled_rows: 2,
            total_rows: 1,
            ..SheetReport::default()
        }
    }

    fn file(path: &str, sheets: Vec<SheetReport>) -> FileReport {
        FileReport { path: path.into(), sha256: String::new(), notes: Vec::new(), sheets }
    }

    fn told(facts: &[Fact<'_>]) -> Vec<String> {
        let line = |fact: &Fact<'_>| {
            let count = fact.count.map_or_else(String::new, |count| count.to_string());
            format!("{}|{}|{}|{count}|{}", fact.file, fact.sheet, fact.content, fact.needs_attention)
        };
        facts.iter().map(line).collect()
    }

    #[test]
    fn every_fact_of_a_sheet_is_told() {
        let words = Words::new(Language::ZhCn);
        let mut sheet = sheet("公安局", &[("bad_length", 3)]);
        sheet.unused.push(ColumnUse { role: "holder_code".into(), header: "经办人身份证号".into(), column: "F".into() });
        let intake = IntakeReport { files: vec![file("inputs/a.xlsx", vec![sheet])], ..IntakeReport::default() };
        let facts = facts(&words, &intake, Mask::None);
        let told = told(&facts);
        for line in [
            "||表头以下的行 = 首次出现 + 重复 + 无效 + 空白|23|false",
            "inputs/a.xlsx|公安局|表头在第 3 行||false",
            "inputs/a.xlsx|公安局|持证主体代码 ← 证件号码（B 列）||false",
            "inputs/a.xlsx|公安局|持证主体代码 ← 经办人身份证号（F 列）||false",
            "inputs/a.xlsx|公安局|区市、部门||false",
            "inputs/a.xlsx|公安局|首次出现的条目（一行可指多个证照类型）|12|false",
            "inputs/a.xlsx|公安局|无效：位数不符|3|false",
            "inputs/a.xlsx|公安局|空白：整行为空|3|false",
            "inputs/a.xlsx|公安局|空白：只有序号等预先填好的内容|2|false",
            "inputs/a.xlsx|公安局|空白：合计行|1|false",
        ] {
            assert!(told.iter().any(|found| found == line), "{line} is not among {told:#?}");
        }
        assert!(!told.iter().any(|line| line.contains("重复的表头")), "what did not happen is not told");
    }

    #[test]
    fn what_needs_attention_comes_before_the_rest_and_behind_the_totals() {
        let words = Words::new(Language::ZhCn);
        let message = |text: &str| Message::literal(text);
        let mut second = sheet("二", &[]);
        second.notes.push(Note { message: message("先看这里"), needs_attention: true });
        second.notes.push(Note { message: message("知道即可"), needs_attention: false });
        let unread = SheetReport {
            name: "三".into(),
            skipped: Some(message("没有表头")),
            is_unread_table: true,
            ..SheetReport::default()
        };
        let hidden = SheetReport { name: "四".into(), skipped: Some(message("隐藏")), ..SheetReport::default() };
        let problem = |file: &str, text: &str| FileProblem { file: file.into(), sheet: None, message: message(text) };
        let intake = IntakeReport {
            files: vec![file("a.xlsx", vec![sheet("一", &[]), second, unread, hidden])],
            passed_over: vec![problem("~$a.xlsx", "锁文件")],
            problems: vec![problem("b.xlsx", "已损坏")],
        };
        let facts = facts(&words, &intake, Mask::None);
        let contents: Vec<&str> = facts.iter().map(|fact| fact.content.as_str()).collect();
        assert!(facts[..5].iter().all(|fact| fact.kind == "reading-kind-totals"));
        assert_eq!(contents[5..8], ["已损坏", "先看这里", "没有表头"]);
        assert!(facts[8..].iter().all(|fact| !fact.needs_attention));
        assert_eq!(contents.last(), Some(&"锁文件"));
        assert_eq!(attention(&words, &intake), 3);
        assert!(contents.contains(&"知道即可") && contents.contains(&"隐藏"));
    }

    #[test]
    fn rows_that_do_not_add_up_are_marked() {
        let words = Words::new(Language::ZhCn);
        let mut wrong = sheet("一", &[]);
        wrong.rows += 1;
        let intake = IntakeReport { files: vec![file("a.xlsx", vec![wrong])], ..IntakeReport::default() };
        assert_eq!(attention(&words, &intake), 2, "the sheet's rows, and those of all files");
    }

    #[test]
    fn holder_codes_in_headers_and_notes_are_masked_and_type_codes_are_not() {
        let words = Words::new(Language::ZhCn);
        let code = "370499195001010017";
        let mut odd = sheet("一", &[]);
        odd.mapping[0].header = format!("证件{code}");
        odd.notes.push(Note { message: Message::literal(code), needs_attention: true });
        odd.not_in_catalogue.insert("11100000000013127D001".to_owned());
        let intake = IntakeReport { files: vec![file("a.xlsx", vec![odd])], ..IntakeReport::default() };
        for mask in [Mask::Partial, Mask::Full] {
            let facts = facts(&words, &intake, mask);
            assert!(facts.iter().all(|fact| !fact.content.contains(code)), "{mask:?}");
            assert!(facts.iter().any(|fact| fact.content.contains("11100000000013127D001")), "{mask:?}");
        }
    }

    proptest! {
        #[test]
        fn the_totals_are_the_sums_of_the_sheets(
            sheets in prop::collection::vec((0..1_000u64, 0..1_000u64, 0..1_000u64, 0..1_000u64), 0..6)
        ) {
            let words = Words::new(Language::En);
            let report = |(first, duplicates, invalid, blank): &(u64, u64, u64, u64)| SheetReport {
                rows: first + duplicates + invalid + blank,
                first_rows: *first,
                items: *first,
                duplicates: *duplicates,
                rejected: BTreeMap::from([("bad_length".to_owned(), *invalid)]),
                blank_rows: *blank,
                ..SheetReport::default()
            };
            let files = sheets.iter().map(|rows| file("a.csv", vec![report(rows)])).collect();
            let intake = IntakeReport { files, ..IntakeReport::default() };
            let facts = facts(&words, &intake, Mask::None);
            let totals: Vec<u64> =
                facts.iter().filter(|fact| fact.kind == "reading-kind-totals").filter_map(|fact| fact.count).collect();
            prop_assert_eq!(totals.len(), 5);
            prop_assert_eq!(totals[0], totals[1..].iter().sum::<u64>());
            let rows: u64 = sheets.iter().map(|(first, duplicates, invalid, blank)| first + duplicates + invalid + blank).sum();
            prop_assert_eq!(totals[0], rows);
            prop_assert_eq!(attention(&words, &intake), 0);
        }
    }
}
