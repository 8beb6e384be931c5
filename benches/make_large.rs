//! Makes a large input and a job over it: `make-large DIR xlsx|csv ROWS`.

#[path = "large.rs"]
mod large;

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [dir, kind, rows] = &args[..] else { return Err("make-large DIR xlsx|csv ROWS".into()) };
    let (dir, rows) = (Path::new(dir), rows.parse()?);
    let file = format!("large.{kind}");
    match kind.as_str() {
        "xlsx" => large::workbook(&dir.join(&file), rows)?,
        "csv" => csv(&dir.join(&file), rows)?,
        _ => return Err("xlsx or csv".into()),
    }
    std::fs::write(dir.join("job.toml"), large::job(&file))?;
    Ok(())
}

/// A text file of `rows` rows.
fn csv(path: &Path, rows: u32) -> io::Result<()> {
    let mut file = BufWriter::new(File::create(path)?);
    writeln!(file, "序号,证件号码,证照类型代码,区市,部门")?;
    for place in 0..rows {
        let (holder, kind, district) = large::row(place);
        writeln!(file, "{},{holder},{kind},{district},市行政审批服务局", place + 1)?;
    }
    file.flush()
}
