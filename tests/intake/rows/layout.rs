//! Rows that stand where lists have none: above a header, beside its columns, between and below the rows of data.

use super::{COMPANY_TYPE, company, read, read_text, read_with};
use crate::intake::TYPE;
use crate::support::citizen;

const HEADER: [&str; 4] = ["序号", "姓名", "身份证号", "证照类型代码"];

#[test]
fn codes_above_a_header_are_rejected_and_told() {
    let holders: Vec<String> = (0..4).map(citizen).collect();
    let outcome = read(&[
        &["张三", &holders[0], TYPE],
        &["李四", &holders[1], TYPE],
        &["王五", &holders[2], TYPE],
        &["姓名", "身份证号", "证照类型代码"],
        &["赵六", &holders[3], TYPE],
    ]);
    assert_eq!(outcome.items(), [5]);
    assert_eq!(outcome.advice(), [1, 2, 3].map(|row| (row, "advice-row-above-header")));
    assert_eq!((outcome.sheet().header_row, outcome.sheet().rows), (Some(4), 4));
    assert_eq!(outcome.sheet_notes(), ["!codes-above-header"]);
    let outcome = read(&[&[&holders[0]], &[&holders[1]]]);
    assert!(outcome.sheet().is_unread_table, "codes without any header are no titles");
    // The code of the office that sends the list is part of a title.
    let office = company(1);
    let outcome = read(&[&["统一社会信用代码：", &office], &["姓名", "身份证号", "证照类型代码"], &["赵六", &holders[3], TYPE]]);
    assert_eq!((outcome.items(), outcome.sheet_notes()), (vec![3], vec!["rows-above-header".to_owned()]));
}

#[test]
fn a_header_that_is_not_recognised_is_read_by_the_codes_below_it() {
    let (holders, office) = ((0..3).map(citizen).collect::<Vec<_>>(), company(1));
    let outcome = read(&[
        &["姓名", "某某号", "证照类型代码"],
        &["张三", &holders[0], TYPE],
        &["李四", &holders[1], TYPE],
        &["王五", &holders[2], TYPE],
        &[],
        &["企业名称", "某某", "统一社会信用代码", "证照类型代码"],
        &["甲公司", "", &office, COMPANY_TYPE],
    ]);
    assert_eq!((outcome.items(), outcome.types()), (vec![2, 3, 4, 7], vec!["111", "111", "111", "001"]));
    let notes = ["!header-by-content", "further-header", "rows-repeated-header"];
    assert_eq!(outcome.sheet_notes(), notes);
    let told = outcome.sheets()[0].notes[0].message.to_string();
    assert!(told.contains("某某号") && !told.contains(&holders[0]), "{told}");
}

#[test]
fn a_further_header_that_is_not_recognised_is_read_by_the_codes_below_it() {
    let (first, second) = (citizen(1), citizen(2));
    let outcome = read(&[
        &["证照类型代码", "身份证号", "姓名"],
        &[TYPE, &first, "张三"],
        &[],
        &["某某号", "名称", "证照类型代码"],
        &[&second, "李四", TYPE],
    ]);
    assert_eq!((outcome.items(), outcome.rejected_as()), (vec![2, 5], Vec::new()));
    assert_eq!(outcome.sheet_notes(), ["!header-by-content", "further-header", "rows-repeated-header"]);
}

#[test]
fn codes_in_columns_without_a_header_are_told() {
    let holders: Vec<String> = (0..4).map(citizen).collect();
    let outcome = read(&[
        &["姓名", "身份证号", "证照类型代码"],
        &["张三", &holders[0], TYPE, "", "李四", &holders[1], TYPE],
        &["王五", &holders[2], TYPE, "", "赵六", &holders[3], TYPE],
    ]);
    assert_eq!((outcome.items(), outcome.sheet_notes()), (vec![2, 3], vec!["!codes-without-header".to_owned()]));
    let told = outcome.sheet().notes[0].message.to_string();
    assert!(told.contains("count=2") && told.contains("columns=F"), "{told}");
}

#[test]
fn a_column_of_a_text_whose_name_is_blank_is_a_column() {
    let (first, second) = (citizen(1), citizen(2));
    for header in ["身份证号,证照类型代码,", "\"身份证号\",\"证照类型代码\",\"\""] {
        let outcome = read_text(&format!("{header}\n{first},{TYPE},张三\n{second},{TYPE},李四\n"));
        assert_eq!((outcome.items(), outcome.rejected_as()), (vec![2, 3], Vec::new()), "{header}");
    }
}

#[test]
fn a_wider_table_below_another_one_in_a_text_is_read_by_its_own_header() {
    let (person, company) = (citizen(1), company(1));
    let outcome = read_text(&format!(
        "姓名,身份证号,证照类型代码\n张三,{person},{TYPE}\n\n企业名称,统一社会信用代码,证照类型代码,证照编号,区市\n甲公司,{company},{COMPANY_TYPE},A1,市中区\n"
    ));
    assert_eq!((outcome.items(), outcome.types()), (vec![2, 5], vec!["111", "001"]));
    assert_eq!((outcome.rejected_as(), outcome.sheets().len()), (Vec::new(), 2));
    assert_eq!(outcome.found.items[1].certificate_number.as_deref(), Some("A1"));
}

#[test]
fn legends_section_titles_and_signatures_are_no_data_and_are_told() {
    let holders: Vec<String> = (0..2).map(citizen).collect();
    for legend in
        [["1", "2", "3", "4"], ["col_a", "col_b", "col_c", "col_d"], ["必填", "必填", "18位身份证号码，必填", "21位代码，必填"]]
    {
        let outcome = read(&[
            &HEADER,
            &legend,
            &["[1]", "张三", &holders[0], TYPE],
            &["二、薛城区"],
            &["[2]", "李四", &holders[1], TYPE],
            &["填表人：李四", "", "审核人：王五"],
            &["备注：以上数据截至月底"],
        ]);
        assert_eq!((outcome.items(), outcome.rejected_as()), (vec![3, 5], Vec::new()), "{legend:?}");
        assert_eq!((outcome.sheet().rows, outcome.sheet().blank_rows), (6, 4), "{legend:?}");
        assert_eq!(outcome.sheet_notes(), ["rows-legend", "rows-remark"], "{legend:?}");
    }
    // A title that is merged over the table, and a person whose code is missing.
    let outcome = read_with(
        &[&["姓名", "身份证号", "证照类型代码"], &[], &["张三", &holders[0], TYPE], &["李四"]],
        &[("A2:C2", "市中区")],
        "",
    );
    assert_eq!((outcome.items(), outcome.rejected_as()), (vec![3], vec![(4, "missing_holder_code")]));
    assert_eq!(outcome.sheet_notes(), ["rows-remark"]);
}

#[test]
fn what_stands_below_a_list_is_no_data_in_whatever_column_it_stands() {
    let holder = citizen(1);
    let below: [&[&str]; 8] = [
        &["填表人：王五", "", "审核人：赵六", "联系电话：0632-3312345"],
        &["填表人", "王五", "审核人", "赵六"],
        &["制表：王五", "", "复核：赵六", "打印时间：2026-11-01 10:00:00"],
        &["经办人：", "", "", "日期：2026年10月30日"],
        &["", "", "填报单位（盖章）"],
        &["", "", "2026年11月12日"],
        &["", "以下空白"],
        &["注", "以上信息由各镇街提供"],
    ];
    for rows in below {
        let outcome = read(&[&HEADER, &["1", "张三", &holder, TYPE], rows]);
        assert_eq!((outcome.items(), outcome.rejected_as()), (vec![2], Vec::new()), "{rows:?}");
        assert_eq!(outcome.sheet_notes(), ["rows-remark"], "{rows:?}");
    }
    // The unit of a column, below its header.
    let header = ["姓名", "身份证号", "证照类型代码", "金额"];
    let outcome = read(&[&header, &["", "", "", "（元）"], &["张三", &holder, TYPE, "5"]]);
    assert_eq!((outcome.items(), outcome.sheet_notes()), (vec![3], vec!["rows-remark".to_owned()]));
    // Persons without a code, of a list that tells their posts.
    let rows = [["负责人", "张三", "", TYPE], ["审核人", "李四", "无", TYPE]];
    let outcome = read(&[&["职务", "姓名", "身份证号", "证照类型代码"], &["经办人", "王五", &holder, TYPE], &rows[0], &rows[1]]);
    assert_eq!((outcome.items(), outcome.rejected_as().len()), (vec![2], 2));
}

#[test]
fn what_is_printed_at_the_end_and_the_beginning_of_each_page_is_no_data() {
    let (first, second) = (citizen(1), citizen(2));
    let outcome = read(&[
        &["2026年清单"],
        &HEADER,
        &["[1]", "张三", &first, TYPE],
        &["第1页 共2页"],
        &["2026年清单"],
        &HEADER,
        &["[2]", "李四", &second, TYPE],
        &["第2页 共2页"],
    ]);
    assert_eq!((outcome.items(), outcome.rejected_as()), (vec![3, 7], Vec::new()));
    let notes = ["rows-above-header", "rows-repeated-header", "rows-title", "rows-remark"];
    assert_eq!((outcome.sheet_notes(), outcome.sheet().blank_rows), (notes.map(str::to_owned).to_vec(), 4));
}

#[test]
fn a_further_header_of_which_too_little_is_recognised_is_told() {
    let (person, company) = (citizen(1), company(1));
    let outcome = read(&[
        &["姓名", "身份证号", "证照类型代码", "区市"],
        &["张三", &person, TYPE, "市中区"],
        &["企业名称", "统一社会信用代码", "某某名称"],
        &["甲公司", &company, COMPANY_TYPE],
    ]);
    assert_eq!((outcome.items(), outcome.rejected_as()), (vec![2, 4], Vec::new()));
    assert_eq!(outcome.sheet_notes(), ["!further-header-unknown", "rows-repeated-header"]);
}

#[test]
fn many_rows_with_a_type_alone_are_the_templates_and_are_told_where_codes_follow() {
    let (first, second) = (citizen(1), citizen(2));
    let outcome = read(&[
        &["身份证号", "证照类型代码"],
        &[&first, TYPE],
        &["", TYPE],
        &["", TYPE],
        &["", TYPE],
        &["", TYPE],
        &[&second, TYPE],
        &["", TYPE],
    ]);
    assert_eq!((outcome.items(), outcome.rejected_as()), (vec![2, 7], Vec::new()));
    assert_eq!((outcome.sheet().blank_rows, outcome.sheet().prefilled_rows), (5, 1));
    assert_eq!(outcome.sheet_notes(), ["rows-prefilled", "!rows-type-alone"]);
}

#[test]
fn the_lines_of_one_record_are_no_blank_rows() {
    let (first, second) = (citizen(1), citizen(2));
    let outcome = read_text(&format!("身份证号,证照类型代码,备注\n{first},{TYPE},\"一\n二\n三\"\n{second},{TYPE},四\n"));
    assert_eq!((outcome.items(), outcome.sheet().rows, outcome.sheet().blank_rows), (vec![2, 5], 2, 0));
    let outcome = read_text(&format!("\"身份\n证号\",证照类型代码,备注\n{first},{TYPE},一\n{second},{TYPE},二\n"));
    assert_eq!((outcome.items(), outcome.sheet().rows, outcome.sheet().blank_rows), (vec![3, 4], 2, 0));
}
