//! Text files as tools of databases and other offices write them: how their records and fields are told apart.

use super::TYPE;
use super::text::{gbk, read_file};
use crate::support::{Workspace, citizen, job_text};

const HEADER: [&str; 3] = ["证件号码", "证照类型代码", "姓名"];

/// A list of three holders, its fields brought together by `join`, line by line.
fn list(join: impl Fn(&[&str]) -> String) -> Vec<String> {
    let rows = (0..3).map(|serial| join(&[citizen(serial).as_str(), TYPE, "张三"]));
    std::iter::once(join(&HEADER)).chain(rows).collect()
}

#[test]
fn rare_separators_are_found() {
    for separator in
        ["\u{1}", "\u{2}", "\u{1B}", "\u{1E}", "\u{1F}", "^", "~", "#", "¦", "@", "$", "!", "&", "%", ":", "、", "｜"]
    {
        let text = list(|fields| fields.join(separator)).join("\n");
        let outcome = read_file("a.txt", text.as_bytes());
        assert_eq!((outcome.items(), outcome.advice(), outcome.problems()), (vec![2, 3, 4], vec![], vec![]), "{separator:?}");
    }
}

#[test]
fn columns_aligned_by_spaces_are_read_as_columns() {
    let aligned = |fields: &[&str]| fields.iter().map(|field| format!("{field:<24}")).collect::<Vec<_>>().concat();
    for lines in [list(aligned), list(|fields| fields.join(" ")), list(|fields| fields.join("\u{3000}"))] {
        for bytes in [lines.join("\n").into_bytes(), gbk(&lines.join("\r\n"))] {
            let outcome = read_file("a.txt", &bytes);
            assert_eq!((outcome.items(), outcome.advice(), outcome.problems()), (vec![2, 3, 4], vec![], vec![]), "{lines:?}");
            let notes: Vec<String> = outcome.report.files[0].notes.iter().map(|note| note.message.to_string()).collect();
            assert!(notes.iter().any(|note| note.contains("text-separator-aligned")), "{notes:?}");
        }
    }
}

#[test]
fn a_header_may_have_another_separator_than_the_rows() {
    for (of_header, of_rows) in [("\t", ","), (",", ";"), ("，", ","), (" ", ",")] {
        let rows = list(|fields| fields.join(of_rows));
        let text = format!("{}\n{}", HEADER.join(of_header), rows[1..].join("\n"));
        let outcome = read_file("a.csv", text.as_bytes());
        if of_header == " " {
            // Spaces stand in any title: a header is not made of words.
            assert!(!outcome.report.problems.is_empty());
            continue;
        }
        assert_eq!((outcome.items(), outcome.advice(), outcome.problems()), (vec![2, 3, 4], vec![], vec![]), "{text}");
        assert_eq!(outcome.attention(), ["text-note-header-separator"]);
    }
}

#[test]
fn fields_in_single_quotation_marks_are_read_without_them() {
    let lines = list(|fields| format!("'{}'", fields.join("','")));
    let text = lines.join("\n").replacen("张三", "张,三", 1);
    let outcome = read_file("a.csv", text.as_bytes());
    assert_eq!((outcome.items(), outcome.advice(), outcome.attention()), (vec![2, 3, 4], vec![], vec![]));
}

#[test]
fn what_database_tools_draw_round_a_table_is_no_record() {
    let bars = |fields: &[&str]| format!("| {} |", fields.join(" | "));
    let rule = "+--------------------+-----------------------+------+";
    let mysql = list(bars);
    let mysql = [vec![rule.to_owned(), mysql[0].clone(), rule.to_owned()], mysql[1..].to_vec()].concat().join("\n");
    let psql = list(|fields| format!(" {}", fields.join(" | ")));
    let psql = format!("{}\n--------------------+-----------------------+------\n{}", psql[0], psql[1..].join("\n"));
    let spool = list(|fields| fields.join(","));
    let spool = format!("{}\n------------------,---------------------,----------\n{}", spool[0], spool[1..].join("\n"));
    for (text, rows) in [
        (format!("{mysql}\n{rule}\n3 rows in set (0.01 sec)\n"), vec![4, 5, 6]),
        (format!("{psql}\n(3 rows)\n"), vec![3, 4, 5]),
        (format!("{spool}\n\n3 rows selected.\n"), vec![3, 4, 5]),
        (format!("{spool}\n\n已选择3行。\n"), vec![3, 4, 5]),
    ] {
        let outcome = read_file("a.txt", text.as_bytes());
        assert_eq!((outcome.items(), outcome.advice(), outcome.attention()), (rows, vec![], vec![]), "{text}");
        assert_eq!(outcome.sheets()[0].blank_rows, 1, "the rule below the header");
        let notes: Vec<&str> = outcome.sheets()[0].notes.iter().map(|note| note.message.code()).collect();
        assert!(notes.contains(&"text-note-rules"), "{notes:?}");
    }
}

#[test]
fn zero_bytes_that_fill_up_fields_are_no_part_of_them() {
    let padded = list(|fields| fields.iter().map(|field| format!("{field}\0\0\0")).collect::<Vec<_>>().join(","));
    let outcome = read_file("a.csv", padded.join("\n").as_bytes());
    assert_eq!((outcome.items(), outcome.advice(), outcome.attention()), (vec![2, 3, 4], vec![], vec![]));
    assert_eq!(outcome.found.items[0].holder_code, citizen(0));
}

#[test]
fn rare_line_ends_end_lines_and_are_told() {
    let lines = list(|fields| fields.join(","));
    for end in ["\u{85}", "\u{2028}", "\u{2029}", "\u{B}", "\u{C}"] {
        let mixed = format!("{}\n{}", lines[..2].join("\n"), lines[2..].join(end));
        for text in [lines.join(end), mixed] {
            let outcome = read_file("a.csv", text.as_bytes());
            assert_eq!((outcome.items(), outcome.advice()), (vec![2, 3, 4], vec![]), "{text:?}");
            assert_eq!(outcome.attention(), ["text-note-rare-ends"]);
        }
    }
}

#[test]
fn the_place_of_a_row_of_a_text_has_no_empty_brackets() {
    let workspace = Workspace::new();
    workspace.write_input("a.csv", format!("证件号码,证照类型代码\n123,{TYPE}\n").as_bytes());
    workspace.write_job(&job_text("inputs/a.csv", "").replace("carry = [\"区市\", \"部门\"]", ""));
    let output = workspace.run_job(&[], 2);
    let words = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(words.contains("inputs/a.csv 第 2 行") && !words.contains("[]"), "{words}");
}
