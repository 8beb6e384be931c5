//! Whole texts, and the rows and notes that come of them.

use super::*;
use crate::intake::stream::SheetEvent;
use proptest::prelude::*;
use std::sync::mpsc::sync_channel;

const HOLDERS: [&str; 4] = ["370499199001010007", "370499199001010015", "370499199001010023", "370499199001010031"];
const TYPE: &str = "11100000000013127D001";
const HEADER: &str = "证件号码,证照类型代码,姓名\n";

/// What came of a text.
#[derive(Debug, Default, PartialEq, Eq)]
struct Told {
    /// Rows: number and cells.
    rows: Vec<(u32, Vec<String>)>,
    /// Rows that cannot be read, and why.
    spoilt: Vec<(u32, String)>,
    notes: Vec<String>,
    problems: Vec<String>,
}

impl Told {
    fn numbers(&self) -> Vec<u32> {
        self.rows.iter().map(|(number, _)| *number).collect()
    }

    fn spoilt_numbers(&self) -> Vec<u32> {
        self.spoilt.iter().map(|(number, _)| *number).collect()
    }

    fn row(&self, number: u32) -> Vec<&str> {
        let row = self.rows.iter().find(|(own, _)| *own == number);
        row.unwrap_or_else(|| panic!("no row {number} in {self:?}")).1.iter().map(String::as_str).collect()
    }

    fn has_note(&self, code: &str) -> bool {
        self.notes.iter().any(|note| note.starts_with(code))
    }
}

fn read_bytes(bytes: &[u8]) -> Told {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.csv");
    std::fs::write(&path, bytes).unwrap();
    let (sender, events) = sync_channel(4096);
    let mut sender = EventSender::new(sender);
    read(&path, &mut sender).unwrap();
    drop(sender);
    let mut told = Told::default();
    for event in events {
        match event {
            SheetEvent::Rows(rows) => {
                for row in rows.rows() {
                    match row.problem {
                        Some(problem) => told.spoilt.push((row.number, problem.to_string())),
                        None => told.rows.push((row.number, row.cells().map(|cell| cell.text()).collect())),
                    }
                }
            }
            SheetEvent::Note(note) => told.notes.push(note.message.to_string()),
            SheetEvent::Problem { message, .. } => told.problems.push(message.to_string()),
            _ => {}
        }
    }
    told
}

fn read_text(text: &str) -> Told {
    read_bytes(text.as_bytes())
}

fn line(holder: usize, name: &str) -> String {
    format!("{},{TYPE},{name}\n", HOLDERS[holder])
}

/// A list whose lines are these names.
fn list(names: &[&str]) -> String {
    let lines: String = names.iter().enumerate().map(|(place, name)| line(place % HOLDERS.len(), name)).collect();
    format!("{HEADER}{lines}")
}

#[test]
fn a_plain_list_is_told_with_its_encoding_and_separator() {
    let told = read_text(&list(&["张三", "李四"]));
    assert_eq!(told.row(1), ["证件号码", "证照类型代码", "姓名"]);
    assert_eq!(told.row(3), [HOLDERS[1], TYPE, "李四"]);
    assert_eq!(told.notes, ["text-layout encoding=UTF-8 separator=(text-separator-comma)"]);
}

#[test]
fn every_encoding_gives_the_same_rows() {
    let text = list(&["张三", "一一"]);
    let expected = read_text(&text).rows;
    let utf16 = |text: &str, unit: fn(u16) -> [u8; 2]| text.encode_utf16().flat_map(unit).collect::<Vec<u8>>();
    for (name, bytes) in [
        ("UTF-8 with a mark", [b"\xEF\xBB\xBF".as_slice(), text.as_bytes()].concat()),
        ("GB 18030", encoding_rs::GB18030.encode(&text).0.into_owned()),
        ("UTF-16 LE", utf16(&text, u16::to_le_bytes)),
        ("UTF-16 BE", utf16(&text, u16::to_be_bytes)),
        ("UTF-16 LE with a mark", utf16(&format!("\u{FEFF}{text}"), u16::to_le_bytes)),
        ("UTF-16 BE with a mark", utf16(&format!("\u{FEFF}{text}"), u16::to_be_bytes)),
    ] {
        assert_eq!(read_bytes(&bytes).rows, expected, "{name}");
    }
}

#[test]
fn every_line_end_gives_the_same_rows() {
    let text = list(&["张三", "李四", "王五"]);
    let expected = read_text(&text).rows;
    for text in [text.replace('\n', "\r\n"), text.replace('\n', "\r"), text.replacen('\n', "\r", 2), text.trim_end().to_owned()] {
        assert_eq!(read_text(&text).rows, expected, "{text:?}");
    }
}

#[test]
fn blank_lines_and_lines_of_separators_are_no_rows() {
    let text = format!("\n{HEADER}\n,,\n{} ,\t,\n{}\n", line(0, "张三"), line(1, ""));
    assert_eq!(read_text(&text).numbers(), [2, 5, 7]);
}

#[test]
fn a_quotation_mark_that_is_not_closed_swallows_no_record() {
    let many: Vec<&str> = ["\"张三"].into_iter().chain(["李四"; 198]).chain(["\"王五", "李四"]).collect();
    for (names, lines) in [
        (vec!["张三", "\"李四", "王五"], vec![3]),
        (vec!["张三", "\"李四", "王五", "\"赵六", "x"], vec![3, 5]),
        (vec!["张三", "\"李四", "王五\"", "x"], vec![3]),
        (vec!["张三", "x", "\"李四"], vec![4]),
        (vec!["\"张三\"丰", "x"], vec![2]),
        (many, vec![2, 201]),
    ] {
        let told = read_text(&list(&names));
        let expected: Vec<u32> = (1..).take(names.len() + 1).collect();
        assert_eq!((told.numbers(), told.spoilt), (expected, vec![]), "{names:?}");
        let note = format!("text-note-mark-as-written count={} lines=", lines.len());
        assert!(told.notes.iter().any(|told| told.starts_with(&note)), "{names:?}: {:?}", told.notes);
        assert_eq!(told.rows[lines[0] - 1].1[2], names[lines[0] - 2]);
    }
}

#[test]
fn marks_as_they_should_be_need_no_note() {
    let told = read_text(&list(&["\"张三\"", "\"\"", "\"a \"\"b\"\" c\"", "张\"三", " \"李四\" ", "\"一,二\""]));
    let names: Vec<&str> = (2..=7).map(|row| told.row(row).get(2).copied().unwrap_or_default()).collect();
    assert_eq!(names, ["张三", "", "a \"b\" c", "张\"三", "李四", "一,二"]);
    assert_eq!((told.notes.len(), told.spoilt), (1, vec![]));
}

#[test]
fn formulas_that_stand_for_texts_stay_as_they_are() {
    let text = format!("{HEADER}=\"{}\",=\"{TYPE}\",张三\n\"=\"\"{}\"\"\",\"=\"\"{TYPE}\"\"\",李四\n", HOLDERS[0], HOLDERS[1]);
    let told = read_text(&text);
    assert_eq!(told.row(2), [format!("=\"{}\"", HOLDERS[0]), format!("=\"{TYPE}\""), "张三".to_owned()]);
    assert_eq!(told.row(3)[0], format!("=\"{}\"", HOLDERS[1]));
    assert_eq!(told.notes.len(), 1);
}

#[test]
fn a_mark_that_makes_a_line_unreadable_spoils_that_line_alone() {
    let text = format!("{}{},\"{TYPE}\n{}", list(&["张三", "李四"]), HOLDERS[2], line(3, "王五"));
    let told = read_text(&text);
    assert_eq!((told.numbers(), told.spoilt), (vec![1, 2, 3, 5], vec![(4, "text-stray-mark line=4".to_owned())]));
}

#[test]
fn a_record_over_several_lines_is_one_row_where_a_field_needs_it() {
    for (names, expected) in [
        (vec!["\"市公安局\n户政科, 二楼\"", "x"], vec![1, 2, 4]),
        (vec!["\"一\n\n二\r\n三\"", "x"], vec![1, 2, 6]),
        (vec!["x", "\"一\n二\""], vec![1, 2, 3]),
    ] {
        let told = read_text(&list(&names));
        assert_eq!((told.numbers(), told.spoilt.len()), (expected, 0), "{names:?}");
        assert!(told.has_note("text-note-over-lines count=1"), "{:?}", told.notes);
    }
    assert_eq!(read_text(&list(&["\"一\r\n二\"", "x"])).row(2)[2], "一\r\n二");
    let first = format!("姓名,证件号码,证照类型代码\n\"张\n三\",{},{TYPE}\n李四,{},{TYPE}\n", HOLDERS[0], HOLDERS[1]);
    assert_eq!(read_text(&first).row(2), ["张\n三", HOLDERS[0], TYPE]);
    let header = format!("\"证件\n号码\",\"证照类型\n代码\",姓名\n{}", line(0, "张三"));
    assert_eq!(read_text(&header).row(1), ["证件\n号码", "证照类型\n代码", "姓名"]);
    let title = format!("\"说明：\n一、填写前请看\n二、不要改表头\"\n{}", list(&["张三"]));
    assert_eq!(read_text(&title).numbers(), [1, 4, 5]);
}

#[test]
fn a_mark_in_the_header_or_in_a_title_leaves_both_in_place() {
    let told = read_text(&format!("\"清单\"（市局）\n\"证件号码,证照类型代码,姓名\n{}", line(0, "张三")));
    assert_eq!((told.numbers(), told.spoilt), (vec![1, 2, 3], vec![]));
    assert!(told.notes.iter().any(|note| note.starts_with("text-note-mark-as-written count=2")));
}

#[test]
fn records_in_quotation_marks_are_split() {
    let lines = list(&["张三", "\"\"李四\"\""]);
    let text = lines.lines().map(|line| format!("\"{line}\"")).collect::<Vec<_>>().join("\n");
    let told = read_text(&text);
    assert_eq!(told.row(1), ["证件号码", "证照类型代码", "姓名"]);
    assert_eq!(told.row(3), [HOLDERS[1], TYPE, "李四"]);
    assert!(told.has_note("text-note-wrapped count=3"), "{:?}", told.notes);
}

#[test]
fn commas_of_full_width_among_others_separate_where_codes_prove_it() {
    let text = format!("{}{}，{TYPE}，王五\n{},{TYPE},一，二\n", list(&["张三", "李四"]), HOLDERS[2], HOLDERS[3]);
    let told = read_text(&text);
    assert_eq!(told.row(4), [HOLDERS[2], TYPE, "王五"]);
    assert_eq!(told.row(5)[2], "一，二");
    assert!(told.has_note("text-note-wide-separators count=1"), "{:?}", told.notes);
}

#[test]
fn the_separator_that_the_first_line_declares_is_taken() {
    for (first, name) in [("sep=;", "text-separator-semicolon"), ("\"SEP=;\"", "text-separator-semicolon")] {
        let told = read_text(&format!("{first}\n{}", list(&["一", "二"]).replace(',', ";")));
        assert_eq!(told.numbers(), [2, 3, 4]);
        assert!(told.has_note(&format!("text-note-declared separator=({name})")), "{:?}", told.notes);
    }
    assert_eq!(read_text(&format!("sep=\t\n证件号码\t姓名\n{}\t张三\n", HOLDERS[0])).row(3), [HOLDERS[0], "张三"]);
}

#[test]
fn a_damaged_line_spoils_its_row_and_no_other() {
    let text = list(&["张三", "李四", "王五", "赵六"]);
    let damaged = |bytes: &[u8], at_line: usize| {
        let mut lines: Vec<Vec<u8>> = text.lines().map(|line| line.as_bytes().to_vec()).collect();
        lines[at_line - 1].extend_from_slice(bytes);
        lines.join(&b'\n')
    };
    for (bytes, spoilt, note) in [
        (damaged(b"\xFF", 3), "text-bad-bytes place=44 line=3", "text-note-bad-bytes count=1"),
        (damaged(b"\xE5\xBC", 3), "text-bad-bytes place=44 line=3", "text-note-bad-bytes count=1"),
        (damaged(b"\0x", 3), "text-zero-bytes line=3", "text-note-zero-bytes count=1"),
        (damaged(b"\x1A", 3), "text-end-mark line=3", "text-note-end-mark count=1"),
    ] {
        let told = read_bytes(&bytes);
        assert_eq!((told.numbers(), told.spoilt.clone()), (vec![1, 2, 4, 5], vec![(3, spoilt.to_owned())]));
        assert!(told.has_note(note), "{:?}", told.notes);
    }
    let told = read_bytes(&damaged(b"\0\0", 3));
    assert_eq!((told.row(3)[2], told.spoilt_numbers()), ("李四", vec![]), "zero bytes that fill up a field");
    let told = read_bytes(&damaged(b"\x1A\r\n", 5));
    assert_eq!((told.numbers(), told.spoilt_numbers()), (vec![1, 2, 3, 4, 5], vec![]));
    assert!(told.has_note("text-note-end-mark-at-end"));

    let gb = |text: &str| encoding_rs::GB18030.encode(text).0.into_owned();
    let mut bytes = gb(&text);
    bytes.extend_from_slice(b"\xD5,\n");
    assert_eq!(read_bytes(&bytes).spoilt, [(6, "text-bad-bytes place=1 line=6".to_owned())]);
    let mixed = [gb(&text), line(0, "张三").into_bytes()].concat();
    assert_eq!(read_bytes(&mixed).spoilt, [(6, "text-other-encoding line=6".to_owned())]);
    let mixed = [text.clone().into_bytes(), gb(&line(0, "张三"))].concat();
    assert_eq!(read_bytes(&mixed).spoilt, [(6, "text-other-encoding line=6".to_owned())]);
}

#[test]
fn a_header_with_a_bad_byte_is_sent_and_told() {
    let told = read_bytes(&[b"\xFF".as_slice(), list(&["张三", "李四"]).as_bytes()].concat());
    assert_eq!((told.row(1)[1], told.spoilt_numbers()), ("证照类型代码", vec![]));
    assert!(told.has_note("text-note-bad-bytes count=1"));
}

#[test]
fn what_is_no_text_is_refused_by_its_first_bad_line() {
    let mut chance = fastrand::Rng::with_seed(11);
    let bytes: Vec<u8> = std::iter::repeat_with(|| chance.u8(..)).take(50_000).collect();
    let told = read_bytes(&bytes);
    assert!(told.rows.is_empty() && told.problems[0].starts_with("text-is-none line="), "{:?}", told.problems);
}

#[test]
fn a_line_that_is_too_long_spoils_its_row() {
    let text = format!("{}{}{}", list(&["张三"]), line(1, &"长".repeat(400_000)), line(2, "王五"));
    let told = read_text(&text);
    assert_eq!((told.numbers(), told.spoilt), (vec![1, 2, 4], vec![(3, "text-too-long line=3".to_owned())]));
    let wide = format!("{}{}x\n", list(&["张三"]), ",".repeat(20_000));
    assert_eq!(read_text(&wide).spoilt_numbers(), [3]);
}

proptest! {
    #[test]
    fn every_line_with_something_in_it_is_told_or_part_of_a_record_that_is(
        names in prop::collection::vec("[\"a张,\r\n\0\u{1A}\t]{0,8}", 1..12), last in any::<bool>(),
    ) {
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let text = list(&names);
        let text = if last { text.trim_end_matches('\n') } else { text.as_str() };
        let told = read_text(text);
        prop_assert!(told.problems.iter().all(|problem| problem.starts_with("text-is-none")));
        prop_assume!(told.problems.is_empty());
        // Every code stands in a row of its own, or in one that is spoilt: none is swallowed.
        let holders = told.rows.iter().filter(|(_, cells)| cells.first().is_some_and(|cell| HOLDERS.contains(&cell.as_str())));
        prop_assert_eq!(holders.count() + told.spoilt.iter().filter(|(row, _)| starts_with_code(text, *row)).count(), names.len());
        let mut rows: Vec<u32> = told.numbers();
        rows.extend(told.spoilt_numbers());
        rows.sort_unstable();
        prop_assert!(rows.windows(2).all(|pair| pair[0] < pair[1]));
    }

    #[test]
    fn any_bytes_are_read(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        read_bytes(&bytes);
    }

    #[test]
    fn what_a_csv_writer_writes_is_read_as_it_was(names in prop::collection::vec("[a张三, \"]{0,6}", 1..10)) {
        let mut writer = csv::Writer::from_writer(Vec::new());
        writer.write_record(["证件号码", "证照类型代码", "姓名"]).unwrap();
        for (place, name) in names.iter().enumerate() {
            writer.write_record([HOLDERS[place % HOLDERS.len()], TYPE, name.as_str()]).unwrap();
        }
        let told = read_bytes(&writer.into_inner().unwrap());
        let read: Vec<&str> = (2..).take(names.len()).map(|row| told.row(row).get(2).copied().unwrap_or_default()).collect();
        let expected: Vec<&str> = names.iter().map(|name| if name.trim().is_empty() { "" } else { name.as_str() }).collect();
        prop_assert_eq!(read, expected);
    }
}

/// Whether a line, as an editor counts them, begins with a code.
fn starts_with_code(text: &str, line: u32) -> bool {
    let lines = text.replace("\r\n", "\n").replace('\r', "\n");
    let found = (1..).zip(lines.split('\n')).find(|(number, _)| *number == line);
    found.is_some_and(|(_, text)| HOLDERS.iter().any(|holder| text.starts_with(holder)))
}
