//! `catalogue`: the dictionaries that codes are checked and named by.

use super::terminal::Terminal;
use crate::cli::{CatalogueArgs, Dictionary, TableFormat};
use crate::codes::{Catalogue, CodeTable, holder_code_types, return_codes};
use crate::exit::{Exit, Stop};
use serde_json::{Map, Value};

pub(super) fn catalogue(args: &CatalogueArgs, terminal: &mut Terminal) -> Result<Exit, Stop> {
    let job = args.job.as_deref().map(|file| terminal.load(file)).transpose()?;
    let types: &Catalogue = match &job {
        Some(job) => &job.catalogue,
        None => Catalogue::of_the_specification(),
    };
    let codes = job.as_ref().map_or_else(CodeTable::default, |job| job.platform.codes.clone());
    let (headers, rows) = match args.which {
        Dictionary::Types => {
            (vec!["code", "names"], types.types().iter().map(|entry| vec![entry.code.clone(), entry.names.join("|")]).collect())
        }
        Dictionary::HolderTypes => {
            let row = |entry: &crate::codes::HolderCodeType| vec![entry.code.clone(), entry.name.clone(), entry.category.clone()];
            (vec!["code", "name", "category"], holder_code_types().iter().map(row).collect())
        }
        Dictionary::Codes => (vec!["code", "text_zh", "text_en", "treatment"], code_rows(&codes)),
    };
    terminal.print(&rendered(&headers, &rows, args.format)?)?;
    Ok(Exit::Done)
}

fn code_rows(codes: &CodeTable) -> Vec<Vec<String>> {
    let of_specification = return_codes().iter().map(|line| {
        let treatment = codes.treatment(line.code).map_or("", |treatment| treatment.name());
        vec![line.code.to_string(), line.text_zh.clone(), line.text_en.clone(), treatment.to_owned()]
    });
    let added =
        codes.added().map(|(code, treatment)| vec![code.to_string(), String::new(), String::new(), treatment.name().to_owned()]);
    of_specification.chain(added).collect()
}

fn rendered(headers: &[&str], rows: &[Vec<String>], format: TableFormat) -> Result<String, Stop> {
    match format {
        TableFormat::Text => {
            let lines: Vec<String> = rows.iter().map(|row| row.join("  ")).collect();
            Ok(lines.join("\n") + "\n")
        }
        TableFormat::Csv => {
            let mut writer = csv::Writer::from_writer(Vec::new());
            writer.write_record(headers).map_err(Stop::failed)?;
            for row in rows {
                writer.write_record(row).map_err(Stop::failed)?;
            }
            let bytes = writer.into_inner().map_err(Stop::failed)?;
            Ok(String::from_utf8_lossy(&bytes).into_owned())
        }
        TableFormat::Json => {
            let object = |row: &Vec<String>| {
                let entries = headers.iter().zip(row).map(|(header, value)| match *header {
                    "names" => ("names".to_owned(), value.split('|').map(str::to_owned).collect::<Vec<_>>().into()),
                    other => (other.to_owned(), Value::from(value.as_str())),
                });
                Value::Object(entries.collect::<Map<_, _>>())
            };
            let list: Vec<Value> = rows.iter().map(object).collect();
            let text = serde_json::to_string_pretty(&list).map_err(Stop::disk("the dictionary"))?;
            Ok(format!("{text}\n"))
        }
    }
}
