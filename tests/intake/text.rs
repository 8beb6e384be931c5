//! Text files, and markup under a workbook's name, as whole files: every record is an item or a row with its reason, and is
//! told by the line that an editor shows.

use super::{Outcome, TYPE};
use crate::support::{Workspace, citizen, job_text};

impl Outcome {
    /// Codes of the notes on texts and markup that need attention.
    fn attention(&self) -> Vec<&str> {
        let of_files = self.report.files.iter().flat_map(|file| &file.notes);
        let notes = of_files.chain(self.report.sheets().flat_map(|sheet| &sheet.notes));
        let codes = notes.filter(|note| note.needs_attention).map(|note| note.message.code());
        codes.filter(|code| code.starts_with("text-") || code.starts_with("markup-")).collect()
    }
}

/// What comes of a file of this name and content.
fn read_file(name: &str, bytes: &[u8]) -> Outcome {
    let workspace = Workspace::new();
    workspace.write_input(name, bytes);
    Outcome::of(&workspace, &job_text(&format!("inputs/{name}"), ""))
}

fn read_text(text: &str) -> Outcome {
    read_file("a.csv", text.as_bytes())
}

fn gbk(text: &str) -> Vec<u8> {
    let (bytes, _, has_unmappable) = encoding_rs::GBK.encode(text);
    assert!(!has_unmappable);
    bytes.into_owned()
}

/// A list of `count` holders, each named by what `name` gives for its line.
fn list(count: u64, name: impl Fn(u64) -> &'static str) -> String {
    let rows = (0..count).map(|serial| format!("{},{TYPE},{}\n", citizen(serial), name(serial + 2)));
    format!("证件号码,证照类型代码,姓名\n{}", rows.collect::<String>())
}

/// The lines of a list of `count` holders.
fn lines(count: u32) -> Vec<u32> {
    (2..count + 2).collect()
}

#[test]
fn a_lone_return_ends_a_line_throughout_and_here_and_there() {
    let text = list(8, |_| "张三");
    let (header, rows) = text.split_once('\n').unwrap();
    for text in [text.replace('\n', "\r"), format!("{header}\r\n{}", rows.replace('\n', "\r")), text.replacen("三\n", "三\r", 3)]
    {
        for bytes in [text.clone().into_bytes(), gbk(&text)] {
            let outcome = read_file("a.csv", &bytes);
            assert_eq!((outcome.items(), outcome.advice()), (lines(8), vec![]), "{text:?}");
        }
    }
}

#[test]
fn a_stray_quotation_mark_costs_no_record_and_is_told() {
    let stray = [
        list(220, |line| if line == 12 || line == 210 { "\"张三" } else { "李四" }),
        list(220, |line| if line == 221 { "\"张三" } else { "李四" }),
        list(220, |line| if line % 2 == 0 { "\"张三" } else { "李四\"" }),
        list(220, |line| if line == 5 { "\"张三\"丰" } else { "\"李四\"" }),
    ];
    for text in stray {
        let outcome = read_text(&text);
        assert_eq!((outcome.items(), outcome.advice()), (lines(220), vec![]));
        assert_eq!(outcome.attention(), ["text-note-mark-as-written"]);
    }
}

#[test]
fn a_line_that_quotation_marks_make_unreadable_is_a_rejected_row() {
    let text = list(4, |_| "张三").replace(&format!("{},{TYPE},张三", citizen(1)), &format!("{},\"{TYPE},张三,\"x", citizen(1)));
    let outcome = read_text(&text);
    assert_eq!((outcome.items(), outcome.advice()), (vec![2, 4, 5], vec![(3, "advice-too-many-fields")]));
    assert_eq!(outcome.found.rejected[0].problem.name(), "unreadable_row");
    assert_eq!(outcome.attention(), ["text-note-stray-mark"]);
}

#[test]
fn records_over_several_lines_are_read_and_do_not_hide_others() {
    let outcome = read_text(&list(3, |line| if line == 3 { "\"市公安局\n户政科, 二楼\"" } else { "张三" }));
    assert_eq!((outcome.items(), outcome.advice(), outcome.attention()), (vec![2, 3, 5], vec![], vec![]));
}

#[test]
fn a_bad_byte_spoils_its_row_whatever_the_encoding() {
    let text = list(6, |_| "张三");
    let damage = |bytes: Vec<u8>, damage: &[u8]| {
        let ends: Vec<usize> = bytes.iter().enumerate().filter(|(_, byte)| **byte == b'\n').map(|(place, _)| place).collect();
        let (before, after) = bytes.split_at(ends[3]);
        [before, damage, after].concat()
    };
    for (bytes, advice, note) in [
        (damage(text.clone().into_bytes(), b"\xFF"), "text-bad-bytes", "text-note-bad-bytes"),
        (damage(gbk(&text), b"\xD5"), "text-bad-bytes", "text-note-bad-bytes"),
        (damage(text.clone().into_bytes(), b"\0x"), "text-zero-bytes", "text-note-zero-bytes"),
        (damage(gbk(&text), b"\x1A"), "text-end-mark", "text-note-end-mark"),
    ] {
        let outcome = read_file("a.csv", &bytes);
        assert_eq!((outcome.items(), outcome.advice()), (vec![2, 3, 5, 6, 7], vec![(4, advice)]));
        assert_eq!(outcome.attention(), [note]);
    }
}

#[test]
fn every_separator_is_found_below_titles_that_have_others() {
    for separator in [",", "\t", ";", "|", "，", "；", "\u{1}", "\t,"] {
        let text = format!("枣庄市清单,填报：市局;电话：1|2\n\n{}", list(3, |_| "张三").replace(',', separator));
        let outcome = read_text(&text);
        assert_eq!((outcome.items(), outcome.advice(), outcome.problems()), (vec![4, 5, 6], vec![], vec![]), "{separator:?}");
    }
}

#[test]
fn codes_as_formulas_are_unwrapped_as_repairs() {
    let row = format!("=\"{}\",=\"{TYPE}\",张三\n\"=\"\"{}\"\"\",\"=\"\"{TYPE}\"\"\",李四\n", citizen(0), citizen(1));
    let outcome = read_text(&format!("证件号码,证照类型代码,姓名\n{row}"));
    assert_eq!((outcome.items(), outcome.advice()), (vec![2, 3], vec![]));
    assert!(outcome.found.repairs.iter().filter(|repair| repair.repair.contains("formula_text")).count() >= 2);
}

#[test]
fn a_row_with_more_fields_than_the_header_is_rejected() {
    let double = list(3, |_| "张三").replace("张三\n", &format!("张三,{},{TYPE},李四\n", citizen(50)));
    let outcome = read_text(&double);
    assert_eq!((outcome.items().len(), outcome.advice().len()), (0, 3));
}

#[test]
fn every_line_below_the_header_is_accounted_for() {
    let text = format!(
        "{}\n,,\n\"未闭合\n{},{TYPE},\"李四\n123,{TYPE},王五\n\u{1A}x\n",
        list(5, |line| if line == 4 { "\"张三" } else { "张三" }),
        citizen(9)
    );
    let outcome = read_text(&text);
    let sheet = &outcome.report.files[0].sheets[0];
    let last = u64::try_from(text.lines().count()).unwrap();
    assert_eq!(sheet.rows, last - 1);
    let rejected: u64 = sheet.rejected.values().sum();
    assert_eq!(sheet.first_rows + sheet.duplicates + rejected + sheet.blank_rows, sheet.rows);
    assert_eq!(outcome.items(), [2, 3, 4, 5, 6, 10]);
}

/// The rows of a list as an HTML table.
fn table(count: u64) -> String {
    let row = |cells: [&str; 3]| format!("<tr><td>{}</td></tr>\r\n", cells.join("</td><td style=\"mso-number-format:'\\@'\">"));
    let rows: String = (0..count).map(|serial| row([&citizen(serial), TYPE, "张三"])).collect();
    format!("<table border=1>{}{rows}</table>", row(["证件号码", "证照类型代码", "姓名"]))
}

#[test]
fn text_and_markup_under_a_workbooks_name_are_read() {
    let xml_row = |cells: [&str; 2]| {
        let cells = cells.map(|cell| format!("<Cell><Data ss:Type=\"String\">{cell}</Data></Cell>")).concat();
        format!("<Row>{cells}</Row>")
    };
    let xml = format!(
        "<?xml version=\"1.0\"?>\n<Workbook xmlns=\"urn:schemas-microsoft-com:office:spreadsheet\" \
         xmlns:ss=\"urn:schemas-microsoft-com:office:spreadsheet\"><Worksheet ss:Name=\"清单\"><Table>{}{}{}</Table></Worksheet></Workbook>",
        xml_row(["证件号码", "证照类型代码"]),
        xml_row([&citizen(0), TYPE]),
        xml_row([&citizen(1), TYPE]),
    );
    let html_base64 = {
        use base64::Engine;
        base64::engine::general_purpose::STANDARD.encode(gbk(&table(2)))
    };
    let archive = |encoding: &str, content: &str| {
        format!(
            "MIME-Version: 1.0\r\nContent-Type: multipart/related; boundary=\"----=_a\"\r\n\r\n------=_a\r\n\
             Content-Type: text/html; charset=\"gb2312\"\r\nContent-Transfer-Encoding: {encoding}\r\n\r\n{content}\r\n------=_a--\r\n"
        )
    };
    for (name, bytes) in [
        ("tab.xls", gbk(&list(2, |_| "张三").replace(',', "\t"))),
        ("comma.xlsx", list(2, |_| "张三").into_bytes()),
        ("div.xls", gbk(&format!("<div>{}</div>", table(2)))),
        ("meta.xls", format!("<meta http-equiv=Content-Type content='text/html; charset=utf-8'>{}", table(2)).into_bytes()),
        ("page.xls", gbk(&format!("<html><head><style>td {{}}</style></head><body>{}</body></html>", table(2)))),
        ("archive.xls", archive("base64", &html_base64).into_bytes()),
        ("plain.mht", archive("8bit", &table(2)).into_bytes()),
        ("workbook.xls", xml.clone().into_bytes()),
        ("workbook.xml", xml.into_bytes()),
    ] {
        let outcome = read_file(name, &bytes);
        assert_eq!(outcome.problems(), Vec::<&str>::new(), "{name}");
        assert_eq!((outcome.items(), outcome.advice()), (vec![2, 3], vec![]), "{name}");
    }
}

#[test]
fn a_cell_of_a_web_page_speaks_for_the_rows_that_it_spans() {
    let rows = format!("<tr><td rowspan=3>{TYPE}</td><td>{}</td></tr>", citizen(0));
    let more = [1, 2].map(|serial| format!("<tr><td>{}</td></tr>", citizen(serial))).concat();
    let page = format!("<table><tr><th>证照类型代码</th><th>证件号码</th></tr>{rows}{more}</table>");
    let outcome = read_file("a.xls", page.as_bytes());
    assert_eq!((outcome.items(), outcome.advice()), (vec![2, 3, 4], vec![]));
}

#[test]
fn a_page_without_the_list_says_what_it_is() {
    let cut = table(3);
    let cut = &cut[..cut.len() - 30];
    for (name, content, problem) in [
        ("login.xls", "<html><body><form>用户名<input></form></body></html>", "markup-no-table"),
        ("frames.xls", "<html><frameset><frame src=\"a.files/sheet001.htm\"></frameset></html>", "markup-frames"),
        (
            "cut.xls",
            "<?xml version=\"1.0\"?><Workbook xmlns=\"urn:schemas-microsoft-com:office:spreadsheet\">",
            "markup-workbook-cut-off",
        ),
    ] {
        assert_eq!(read_file(name, content.as_bytes()).problems(), [problem], "{name}");
    }
    let outcome = read_file("half.xls", cut.as_bytes());
    assert_eq!((outcome.items(), outcome.advice()), (vec![2, 3], vec![(4, "markup-cut-off")]));
    assert_eq!(outcome.attention(), ["markup-page-cut-off"]);
}

#[test]
fn what_is_called_text_and_is_none_is_refused() {
    let mut chance = fastrand::Rng::with_seed(5);
    let bytes: Vec<u8> = std::iter::repeat_with(|| chance.u8(..)).take(20_000).collect();
    assert_eq!(read_file("a.csv", &bytes).problems(), ["text-is-none"]);
}
