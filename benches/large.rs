//! Large inputs for benchmarks, made up and the same every time.

use ecert_audit::codes::citizen_check_character;
use rust_xlsxwriter::{Workbook, XlsxError};
use std::path::Path;

const TYPES: [&str; 4] = ["11100000000013127D001", "111000000000131433001", "111000007178369727008", "11100000000013151X009"];
const DISTRICTS: [&str; 6] = ["市中区", "薛城区", "峄城区", "台儿庄区", "山亭区", "滕州市"];

/// The row of a place: a citizen number of nobody's district, a type, a district; one row in fifty repeats another.
pub(crate) fn row(place: u32) -> (String, &'static str, &'static str) {
    let serial = if place % 50 == 49 { place - 7 } else { place };
    let (year, day, order) = (1950 + serial / 1_000 % 50, serial / 50_000 % 28 + 1, serial % 1_000);
    let month = serial / 1_400_000 % 12 + 1;
    let body = format!("370499{year}{month:02}{day:02}{order:03}");
    let check = citizen_check_character(&body).unwrap_or('0');
    let kind = TYPES[(serial as usize) % TYPES.len()];
    (format!("{body}{check}"), kind, DISTRICTS[(serial as usize / 7) % DISTRICTS.len()])
}

/// A workbook of `rows` rows.
pub(crate) fn workbook(path: &Path, rows: u32) -> Result<(), XlsxError> {
    let mut book = Workbook::new();
    let sheet = book.add_worksheet_with_constant_memory()?;
    for (column, header) in (0..).zip(["序号", "证件号码", "证照类型代码", "区市", "部门"]) {
        sheet.write(0, column, header)?;
    }
    for place in 0..rows {
        let (holder, kind, district) = row(place);
        let at = place + 1;
        sheet.write(at, 0, at)?.write(at, 1, holder)?.write(at, 2, kind)?.write(at, 3, district)?.write(
            at,
            4,
            "市行政审批服务局",
        )?;
    }
    book.save(path)
}

/// A job over one input.
pub(crate) fn job(input: &str) -> String {
    format!(
        "[job]\nname = \"large\"\n[platform]\nbase_url = \"sandbox\"\n[purpose]\nsystem_name = \"s\"\ncall_category = 1\n\
         matter_name = \"m\"\nevent_code = \"e\"\ncopy_cause = \"c\"\n[[inputs]]\npath = \"{input}\"\ncarry = [\"区市\", \"部门\"]\n"
    )
}
