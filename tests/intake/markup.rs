//! Web pages as whole files: grids, forms and pages of text as systems write them, and pages that are not all there.

use super::text::{gbk, read_file};
use super::{Outcome, TYPE};
use crate::support::{Workspace, citizen, job_text};

const HEADER: [&str; 3] = ["证件号码", "证照类型代码", "姓名"];

fn row(tag: &str, cells: &[&str]) -> String {
    let cells: Vec<String> = cells.iter().map(|cell| format!("<{tag}>{cell}</{tag}>")).collect();
    format!("<tr>{}</tr>", cells.concat())
}

fn header() -> String {
    row("th", &HEADER)
}

fn rows(count: u64) -> String {
    let rows: Vec<String> = (0..count).map(|serial| row("td", &[&citizen(serial), TYPE, "张三"])).collect();
    rows.concat()
}

fn read(page: &str) -> Outcome {
    read_file("a.xls", page.as_bytes())
}

/// Codes of the notes on the file.
fn notes(outcome: &Outcome) -> Vec<&str> {
    outcome.report.files.iter().flat_map(|file| &file.notes).map(|note| note.message.code()).collect()
}

#[test]
fn a_grid_with_a_fixed_header_is_one_table() {
    for page in [
        format!("<table>{}</table><table>{}</table>", header(), rows(3)),
        format!(
            "<div class=head><table><thead>{}</thead></table></div><div class=body><table>{}</table></div>",
            header().replace("</tr>", "<th class=gutter></th></tr>"),
            rows(3)
        ),
        format!("<table><tr><td><table>{}</table></td></tr><tr><td><table>{}</table></td></tr></table>", header(), rows(3)),
    ] {
        let outcome = read(&page);
        assert_eq!((outcome.items(), outcome.problems(), outcome.sheets().len()), (vec![2, 3, 4], vec![], 1), "{page}");
        assert!(notes(&outcome).contains(&"markup-headers-apart"));
    }
    // Two lists below each other are two tables.
    let list = |count| format!("<table>{}{}</table>", header(), rows(count));
    let outcome = read(&format!("{}{}", list(2), list(3)));
    assert_eq!((outcome.sheets().len(), outcome.found.items.len(), outcome.found.repeated.len()), (2, 3, 2));
    assert!(!notes(&outcome).contains(&"markup-headers-apart"));
}

#[test]
fn a_page_that_is_not_all_there_is_a_problem() {
    let whole = format!("<html><body><table>{}{}</table>", header(), rows(3));
    for (page, problem) in [
        (whole[..whole.len() - 40].to_owned(), vec!["markup-page-cut-off"]),
        (whole.replace("</table>", ""), vec!["markup-page-cut-off"]),
        (format!("{}</body></html>", whole.replace("</table>", "")), vec![]),
        (whole.clone(), vec![]),
        (format!("{whole}{}", "<table><tr><td>1</td></tr></table>".repeat(1000)), vec!["markup-too-many-tables"]),
    ] {
        assert_eq!(read(&page).problems(), problem, "{}", page.len());
    }
}

#[test]
fn form_controls_in_cells_are_what_they_show() {
    let cells = [
        format!("<input type=text value=\"{}\">", citizen(0)),
        format!("<select><option value=1>请选择</option><option selected>{TYPE}</option></select>"),
        "<input type=hidden value=9><textarea>张三</textarea>".to_owned(),
    ];
    let cells: Vec<&str> = cells.iter().map(String::as_str).collect();
    let outcome = read(&format!("<form><table>{}{}</table></form>", header(), row("td", &cells)));
    assert_eq!((outcome.items(), outcome.advice()), (vec![2], vec![]));
    assert_eq!(outcome.found.items[0].cert_type_code, TYPE);
}

#[test]
fn codes_outside_of_all_tables_are_told() {
    let table = format!("<table>{}{}</table>", header(), rows(2));
    let outcome = read(&format!("<p>导出时间 2026-11-24</p>{table}"));
    assert_eq!((outcome.items(), outcome.attention()), (vec![2, 3], vec![]));
    let outcome = read(&format!("<p>{},{TYPE}</p>{table}", citizen(7)));
    assert_eq!((outcome.items(), outcome.attention()), (vec![2, 3], vec!["markup-codes-outside"]));
    let outcome = read(&format!("导出结果：\n{table}"));
    assert_eq!((outcome.items(), outcome.problems()), (vec![2, 3], vec![]));
}

#[test]
fn a_page_whose_list_is_text_is_read_line_by_line() {
    let lines = |separator: &str| {
        let rows = (0..3).map(|serial| [citizen(serial).as_str(), TYPE, "张三"].join(separator));
        std::iter::once(HEADER.join(separator)).chain(rows).collect::<Vec<_>>()
    };
    for page in [
        format!("<html><body><pre>{}\n</pre></body></html>", lines("\t").join("\n")),
        format!("<pre>{}</pre>", lines(" | ").join("\r\n")),
        format!("<html><body>{}</body></html>", lines(",").join("<br>\n")),
        format!("<html><body><p>{}</p></body></html>", lines(",").join("</p>\n<p>")),
    ] {
        for bytes in [page.clone().into_bytes(), gbk(&page)] {
            let outcome = read_file("a.xls", &bytes);
            assert_eq!((outcome.items(), outcome.problems()), (vec![2, 3, 4], vec![]), "{page}");
            assert_eq!(outcome.attention(), ["markup-text-page"]);
        }
    }
}

#[test]
fn a_web_archive_is_known_whatever_program_wrote_it() {
    let table = format!("<table>{}{}</table>", header(), rows(2));
    let content =
        "MIME-Version: 1.0\r\nContent-Type: text/html;\r\n\tcharset=\"gb2312\"\r\nContent-Transfer-Encoding: 8bit\r\n\r\n";
    let parts = format!(
        "MIME-Version: 1.0\r\nContent-Type: multipart/related; boundary=\"x\"\r\n\r\n--x\r\n\
         Content-Type: text/html; charset=\"gb2312\"\r\n\r\n{table}\r\n--x--\r\n"
    );
    for archive in [
        format!("From: <由 Microsoft Internet Explorer 5 保存>\r\nSubject: 清单\r\nDate: x\r\n{content}{table}"),
        format!("From: <由 WebKit 保存>\r\n{parts}"),
        format!("Subject: =?gb2312?B?x+W1pQ==?=\r\n{parts}"),
    ] {
        for bytes in [archive.clone().into_bytes(), gbk(&archive)] {
            let outcome = read_file("a.mht", &bytes);
            assert_eq!((outcome.items(), outcome.problems()), (vec![2, 3], vec![]), "{archive}");
        }
    }
}

#[test]
fn a_run_over_a_page_that_is_cut_off_calls_nothing() {
    let workspace = Workspace::new();
    workspace.write_input("a.xls", format!("<table>{}{}", header(), rows(3)).as_bytes());
    workspace.write_job(&job_text("inputs/a.xls", "").replace("carry = [\"区市\", \"部门\"]", ""));
    let output = workspace.run_job(&[], 2);
    let words = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(words.contains("网页在表格中间就结束了"), "{words}");
}
