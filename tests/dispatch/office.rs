//! Workbooks in other hands: encrypted, and saved by an office program in other forms.

use super::{command, decide, decisions, dispatch, return_workbook, run, workbook_of};
use crate::support::{Workspace, stderr};
use std::fs::{self, File};
use std::io::{Cursor, Read};
use std::process::Command;

/// Encrypts or decrypts a file in place.
fn recode(workspace: &Workspace, file: &str, code: impl Fn(&[u8]) -> Vec<u8>) {
    let path = workspace.path(file);
    let bytes = fs::read(&path).unwrap();
    fs::write(&path, code(&bytes)).unwrap();
}

fn encrypted(plain: &[u8], password: &str) -> Vec<u8> {
    let mut out = Cursor::new(Vec::new());
    msoffice_crypto::encrypt_ooxml_to(Cursor::new(plain), &mut out, password).unwrap();
    out.into_inner()
}

#[test]
fn an_encrypted_workbook_goes_out_and_comes_back_with_its_password_alone() {
    let workspace = run();
    fs::write(workspace.path("password.txt"), "密码 一\n").unwrap();
    fs::write(workspace.path("wrong.txt"), "密码 二\n").unwrap();
    let report = dispatch(&workspace, &["--password-file", "password.txt"]);
    assert_eq!(report["encrypted"], true);
    let path = workbook_of(&workspace, "市公安局");
    let mut head = [0; 8];
    File::open(&path).unwrap().read_exact(&mut head).unwrap();
    assert_eq!(head, [0xD0, 0xCF, 0x11, 0xE0, 0xA1, 0xB1, 0x1A, 0xE1]);
    let bytes = fs::read(&path).unwrap();
    assert!(msoffice_crypto::decrypt_ooxml(&bytes, "密码 二").is_err());
    let plain = msoffice_crypto::decrypt_ooxml(&bytes, "密码 一").unwrap();
    fs::write(&path, plain).unwrap();
    let file = return_workbook(&workspace, "市公安局", "a.xlsx", |lists| decide(lists, "市有省无", "归集到省"));
    recode(&workspace, &file, |plain| encrypted(plain, "密码 一"));

    for (extra, expected) in [(vec![], "请用 --password-file 给出密码"), (vec!["--password-file", "wrong.txt"], "密码不对")]
    {
        let mut args = vec![file.as_str()];
        args.extend(extra);
        let refused = command(&workspace, "collect", &args, 2);
        assert!(stderr(&refused).contains(expected), "{}", stderr(&refused));
        assert!(decisions(&workspace).is_empty());
    }
    command(&workspace, "collect", &[&file, "--password-file", "password.txt"], 0);
    assert!(!decisions(&workspace).is_empty());
    let left: Vec<String> = fs::read_dir(workspace.run_dir())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.starts_with('.'))
        .collect();
    assert!(left.is_empty(), "nothing decrypted is left behind: {left:?}");
}

#[test]
fn libreoffice_opens_an_encrypted_workbook_with_its_password_and_not_without() {
    if !has_libreoffice() {
        return;
    }
    let workspace = run();
    fs::write(workspace.path("password.txt"), "密码 一\n").unwrap();
    dispatch(&workspace, &["--password-file", "password.txt"]);
    let script = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/dispatch/open_encrypted");
    let output = Command::new("bash").arg(script).arg(workbook_of(&workspace, "市公安局")).arg("密码 一").output().unwrap();
    assert!(output.status.success(), "{}{}", crate::support::stdout(&output), stderr(&output));
}

/// Whether there is an office program to try workbooks with.
fn has_libreoffice() -> bool {
    let is_there = Command::new("soffice").arg("--version").output().is_ok();
    if !is_there {
        eprintln!("without LibreOffice there is nothing to open workbooks with");
    }
    is_there
}

#[test]
fn a_workbook_saved_by_an_office_program_as_xls_or_ods_is_read_all_the_same() {
    if !has_libreoffice() {
        return;
    }
    let workspace = run();
    dispatch(&workspace, &[]);
    let file = return_workbook(&workspace, "市公安局", "市公安局.xlsx", |lists| decide(lists, "市有省无", "归集到省"));
    command(&workspace, "collect", &[&file], 0);
    let expected = decisions(&workspace).len();
    for form in ["xls", "ods", "xlsx:Calc MS Excel 2007 XML"] {
        let out = workspace.path("saved");
        let output = Command::new("soffice")
            .args(["--headless", "--norestore"])
            .arg(format!("-env:UserInstallation=file://{}", workspace.path("profile").display()))
            .args(["--convert-to", form, "--outdir"])
            .arg(&out)
            .arg(workspace.path(&file))
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", stderr(&output));
        let name = form.split(':').next().unwrap();
        let collected = command(&workspace, "collect", &[&format!("saved/市公安局.{name}")], 0);
        assert_eq!(stderr(&collected), "", "{form}: no cell looks changed");
        assert_eq!(decisions(&workspace).len(), expected, "{form}");
    }
}
