//! Makes the demo's workbooks under `inputs/demo/`, the same bytes of content every time:
//! `cargo run --release --example make-demo`.
//!
//! Every number is made up: the area code 370499 belongs to no district, so nobody's number begins with it.

use ecert_audit::codes::{Catalogue, citizen_check_character, credit_check_character};
use rust_xlsxwriter::{DocProperties, ExcelDateTime, Format, Workbook, Worksheet, XlsxError};
use std::path::Path;

const DISTRICTS: [&str; 6] = ["市中区", "薛城区", "峄城区", "台儿庄区", "山亭区", "滕州市"];

/// A sheet of the demo: its name, the department that sends it, its certificate types, and its number of rows.
struct SheetPlan {
    name: &'static str,
    department: &'static str,
    types: &'static [&'static str],
    rows: u64,
}

const PEOPLE: [SheetPlan; 3] = [
    SheetPlan {
        name: "婚姻登记", department: "市民政局", types: &["111000000000131433001", "111000000000131433002"], rows: 420
    },
    SheetPlan {
        name: "执业人员",
        department: "市卫生健康委",
        types: &["111000007178369727008", "111000007178369727010", "111000007178369727019", "11100000000013151X009"],
        rows: 520,
    },
    SheetPlan {
        name: "作业人员",
        department: "市应急局",
        types: &["11100000000013661B001", "11100000MB0143028R072", "11100000000013338W032"],
        rows: 360,
    },
];

const ORGANISATIONS: [SheetPlan; 3] = [
    SheetPlan {
        name: "建设领域",
        department: "市住房城乡建设局",
        types: &["11100000000013338W008", "11100000000013338W004", "11100000000013338W050", "11100000000013338W033"],
        rows: 430,
    },
    SheetPlan {
        name: "市场监管",
        department: "市市场监管局",
        types: &["11100000MB0143028R026", "11100000MB0143028R025", "11100000MB0341032Y002"],
        rows: 520,
    },
    SheetPlan { name: "卫生机构", department: "市卫生健康委", types: &["111000007178369727005"], rows: 160 },
];

/// Reproducible chance (xorshift).
struct Chance(u64);

impl Chance {
    fn below(&mut self, below: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % below
    }

    fn citizen_number(&mut self) -> String {
        let (year, month, day) = (1950 + self.below(55), 1 + self.below(12), 1 + self.below(28));
        let body = format!("370499{year}{month:02}{day:02}{:03}", self.below(1000));
        let check = citizen_check_character(&body).unwrap_or('0');
        format!("{body}{check}")
    }

    fn credit_code(&mut self) -> String {
        let body = format!("91370499MA{:07}", self.below(10_000_000));
        let check = credit_check_character(&body).unwrap_or('0');
        format!("{body}{check}")
    }
}

fn main() -> Result<(), XlsxError> {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("inputs/demo");
    std::fs::create_dir_all(&dir)?;
    let mut chance = Chance(0x2026_1124);
    workbook(&dir.join("自然人证照清单.xlsx"), &PEOPLE, "证件号码", &mut chance, Chance::citizen_number)?;
    workbook(&dir.join("法人证照清单.xlsx"), &ORGANISATIONS, "统一社会信用代码", &mut chance, Chance::credit_code)
}

fn workbook(
    path: &Path,
    sheets: &[SheetPlan],
    holder_header: &str,
    chance: &mut Chance,
    number: fn(&mut Chance) -> String,
) -> Result<(), XlsxError> {
    let mut workbook = Workbook::new();
    let made = ExcelDateTime::from_ymd(2026, 11, 1)?;
    workbook.set_properties(&DocProperties::new().set_author("ecert-audit").set_creation_datetime(&made));
    for plan in sheets {
        write_sheet(workbook.add_worksheet(), plan, holder_header, chance, number)?;
    }
    let notes = workbook.add_worksheet().set_name("填报说明")?;
    notes.write(0, 0, "本表为演示数据，所有号码均为虚构。")?;
    notes.write(1, 0, "证照类型代码请对照证照类型目录填写。")?;
    workbook.save(path)
}

fn write_sheet(
    sheet: &mut Worksheet,
    plan: &SheetPlan,
    holder_header: &str,
    chance: &mut Chance,
    number: fn(&mut Chance) -> String,
) -> Result<(), XlsxError> {
    let catalogue = Catalogue::of_the_specification();
    let bold = Format::new().set_bold();
    sheet.set_name(plan.name)?;
    let headers = ["序号", holder_header, "证照类型代码", "证照类型名称", "区市", "部门"];
    for (column, header) in (0..).zip(headers) {
        sheet.write_with_format(0, column, header, &bold)?;
    }
    for (column, width) in (0..).zip([6, 22, 26, 36, 12, 20]) {
        sheet.set_column_width(column, width)?;
    }
    let mut previous = (String::new(), "");
    for place in 0..plan.rows {
        let row = u32::try_from(place + 1).unwrap_or(u32::MAX);
        let drawn = (number(chance), plan.types[usize::try_from(chance.below(plan.types.len() as u64)).unwrap_or_default()]);
        // Now and then a row comes twice, as lists put together from several do.
        let (mut holder, type_code) = if chance.below(60) == 0 && place > 0 { previous.clone() } else { drawn };
        previous = (holder.clone(), type_code);
        let district = DISTRICTS[usize::try_from(chance.below(6)).unwrap_or_default()];
        let mut type_text = type_code.to_owned();
        match chance.below(150) {
            // A digit read wrongly.
            0 => holder.replace_range(9..10, if &holder[9..10] == "1" { "7" } else { "1" }),
            1 => holder.clear(),
            2 => type_text.clear(),
            3 => type_text.truncate(20),
            // Typed with care, and in need of repair.
            4 => holder = format!(" {} ", holder.to_lowercase()),
            _ => {}
        }
        sheet.write(row, 0, place + 1)?;
        if chance.below(300) == 0 {
            // What a spreadsheet makes of a long number that was typed in as one.
            sheet.write(row, 1, 370_499_199_001_010_000_f64)?;
        } else {
            sheet.write(row, 1, holder)?;
        }
        sheet.write(row, 2, type_text)?;
        sheet.write(row, 3, catalogue.name(type_code).unwrap_or_default())?;
        sheet.write(row, 4, district)?;
        sheet.write(row, 5, plan.department)?;
    }
    Ok(())
}
