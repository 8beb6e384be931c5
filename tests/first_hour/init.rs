//! `init`: a project that runs at once, and turns real by three lines.

use crate::support::{Platform, Workspace, stderr, stdout};
use calamine::{Data, Reader, Xlsx, open_workbook};
use ecert_audit::job::SandboxSettings;
use std::fs;
use std::os::unix::fs::PermissionsExt;

const FILES: [&str; 5] = ["jobs/city.toml", "jobs/job.schema.json", "inputs/city/清单模板.xlsx", ".env.example", ".gitignore"];

/// A workspace with a project in `city/`, in Chinese.
fn project() -> Workspace {
    let workspace = Workspace::new();
    let output = workspace.run(&["--lang", "zh-CN", "init", "city"]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let told = stdout(&output);
    for file in FILES {
        assert!(workspace.path("city").join(file).is_file() && told.contains(file), "{file}: {told}");
    }
    workspace
}

#[test]
fn a_new_project_is_checked_and_runs_on_the_sandbox_as_it_is() {
    let workspace = project();
    let output = workspace.run(&["check", "city/jobs/city.toml", "--format", "json"]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let plan: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((&plan["items"], &plan["invalid_inputs"], &plan["duplicate_rows"]), (&6.into(), &0.into(), &0.into()));
    assert_eq!(plan["carried_nowhere"], serde_json::json!([]));

    let output = workspace.run(&["run", "city/jobs/city.toml"]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let run = workspace.path("city/outputs/city/latest");
    let summary: serde_json::Value = serde_json::from_slice(&fs::read(run.join("summary.json")).unwrap()).unwrap();
    assert_eq!((&summary["items"], &summary["error"]), (&6.into(), &0.into()));
    assert!(run.join("report.xlsx").is_file() && run.join("report.html").is_file());
}

#[test]
fn the_project_is_made_in_english_and_runs_there_too() {
    let workspace = Workspace::new();
    let output = workspace.run(&["--lang", "en", "init", "city"]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    assert!(stdout(&output).contains("Make it real"));
    let output = workspace.run(&["run", "city/jobs/city.toml"]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
}

#[test]
fn neither_home_nor_any_other_variable_is_needed() {
    let workspace = Workspace::new();
    for args in [&["init", "city"][..], &["check", "city/jobs/city.toml"], &["run", "city/jobs/city.toml"]] {
        let output = workspace.command(args).env_clear().output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{args:?}: {}", stderr(&output));
    }
}

#[test]
fn three_lines_lead_to_a_real_platform() {
    let platform = Platform::start(SandboxSettings::default());
    let job = platform.job("*", "rate = \"unlimited\"");
    let address = job.lines().find(|line| line.starts_with("base_url")).unwrap();
    let workspace = project();
    let path = workspace.path("city/jobs/city.toml");
    let text = fs::read_to_string(&path).unwrap();
    let real: Vec<&str> = text
        .lines()
        .map(|line| match line {
            line if line.contains("【1】") && line.starts_with("base_url") => address,
            line if line.contains("【2】") && line.contains('=') => line.trim_start_matches("# "),
            line if line.contains("【3】") && line.contains('=') => line.trim_start_matches("# "),
            line => line,
        })
        .collect();
    assert_eq!(text.lines().zip(&real).filter(|(before, after)| before != *after).count(), 3);
    fs::write(&path, real.join("\n")).unwrap();

    let output = workspace.run(&["check", "city/jobs/city.toml"]);
    assert_eq!(output.status.code(), Some(2), "there are no credentials yet");
    let words = stderr(&output);
    assert!(words.contains("ECERT_USERNAME") && words.contains("ECERT_PASSWORD"), "{words}");

    let mut run = workspace.command(&["run", "city/jobs/city.toml"]);
    let output = run.env("ECERT_USERNAME", "sandbox").env("ECERT_PASSWORD", "sandbox").output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    assert!(platform.requests() > 6);
}

#[test]
fn nothing_is_overwritten_and_nothing_is_written_beside_what_is_there() {
    let workspace = project();
    fs::write(workspace.path("city/jobs/city.toml"), "mine").unwrap();
    let output = workspace.run(&["--lang", "zh-CN", "init", "city"]);
    assert_eq!(output.status.code(), Some(2));
    let words = stderr(&output);
    assert!(FILES.iter().all(|file| words.contains(file)), "{words}");
    assert_eq!(fs::read_to_string(workspace.path("city/jobs/city.toml")).unwrap(), "mine");

    fs::create_dir(workspace.path("other")).unwrap();
    fs::write(workspace.path("other/.gitignore"), "/target\n").unwrap();
    let output = workspace.run(&["init", "other"]);
    assert_eq!(output.status.code(), Some(2));
    let left: Vec<_> = fs::read_dir(workspace.path("other")).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(left, [".gitignore"]);
}

#[test]
fn lists_and_results_are_kept_from_other_users_and_out_of_repositories() {
    let workspace = project();
    for folder in ["city/inputs", "city/inputs/city"] {
        let mode = fs::metadata(workspace.path(folder)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o700, "{folder}");
    }
    let ignored = fs::read_to_string(workspace.path("city/.gitignore")).unwrap();
    for name in ["/.env", "/inputs/", "/outputs/"] {
        assert!(ignored.lines().any(|line| line == name), "{ignored}");
    }
    let job = fs::read_to_string(workspace.path("city/jobs/city.toml")).unwrap();
    assert_eq!(job.lines().next(), Some("#:schema ./job.schema.json"), "editors find the schema");
}

#[test]
fn the_template_offers_types_and_keeps_codes_as_text() {
    let workspace = project();
    let template = workspace.path("city/inputs/city/清单模板.xlsx");
    let mut book: Xlsx<_> = open_workbook(&template).unwrap();
    let mut archive = zip::ZipArchive::new(fs::File::open(&template).unwrap()).unwrap();
    for (name, types, part, source) in [
        ("清单", "证照类型", "xl/worksheets/sheet1.xml", "'证照类型'!$C$2:$C$"),
        ("清单（按代码）", "证照类型代码", "xl/worksheets/sheet2.xml", "'证照类型'!$A$2:$A$"),
    ] {
        let list = book.worksheet_range(name).unwrap();
        let headers: Vec<String> = list.rows().next().unwrap().iter().map(ToString::to_string).collect();
        assert_eq!(headers, ["证件号码", types, "证照编号", "区市", "部门", "备注"]);
        assert!(list.rows().skip(1).all(|row| matches!(&row[0], Data::String(code) if code.len() == 18)));
        let sheet = std::io::read_to_string(archive.by_name(part).unwrap()).unwrap();
        assert!(sheet.contains(source), "{name}: {sheet}");
        assert!(sheet.contains("errorStyle=\"warning\""), "{name}: a type that a job adds can be filled in");
    }
}
