//! `call` for each interface, as a process; `catalogue`.

use crate::support::{Workspace, job_text, stderr, stdout};
use ecert_audit::endpoint::Endpoint;
use ecert_audit::sandbox::{extraction_code, truth};
use std::process::Output;

const TYPE: &str = "11100000000013338W008";

fn workspace() -> Workspace {
    let workspace = Workspace::new();
    workspace.write_job(&job_text("inputs/none.csv", "").replace("fault_rate = 0.02", "fault_rate = 0"));
    workspace
}

fn call(workspace: &Workspace, endpoint: &str, parameters: &[String], more: &[&str]) -> Output {
    let mut args = vec!["call", endpoint, "--job", "jobs/test.toml"];
    for parameter in parameters {
        args.extend(["-p", parameter]);
    }
    args.extend(more);
    workspace.run(&args)
}

/// A holder whose one certificate both sides hold in force: holder, province's identifier, city's identifier.
fn both() -> (String, String, String) {
    (0..20_000)
        .map(|serial| format!("9137049{serial:011}"))
        .find_map(|code| match &truth(crate::support::SEED, &code, TYPE)[..] {
            [only] => {
                let (province, city) = (only.province.clone()?, only.city.clone()?);
                (province.lifecycle == 0 && city.lifecycle == 0).then_some((code, province.identifier, city.identifier))
            }
            _ => None,
        })
        .unwrap()
}

#[test]
fn every_interface_can_be_called() {
    let workspace = workspace();
    let (code, province, city) = both();
    let p = |name: &str, value: &str| format!("{name}={value}");
    let holder = vec![p("certificateHolderCode", &code), p("certificateHolderCodeType", "001"), p("certTypeCode", TYPE)];
    for (endpoint, parameters, more) in [
        ("token", vec![], &[][..]),
        ("ShareDownloadUrl", vec![p("certificateID", &province)], &[]),
        ("ShareQueryCertInfo", vec![p("certificateID", &city)], &["--side", "city"]),
        (
            "ShareVerifyCertInfo",
            vec![
                p("certTypeCode", TYPE),
                p("certificateData", r#"{"certno":"x"}"#),
                p("useFor", "测试"),
                p("certificateHolderCode", &code),
            ],
            &["--side", "province"],
        ),
        (
            "ShareVerifyCertFile",
            vec![p("certTypeCode", TYPE), p("contentType", "base64"), p("content", "JVBERi0="), p("useCause", "测试")],
            &[],
        ),
        ("ShareQueryCertInfoByQRcode", vec![p("qrValue", &city)], &["--side", "city"]),
        ("ShareQueryCertInfoByHo", holder.clone(), &["--side", "city"]),
        ("ShareDownloadUrlsByHolderCode", holder.clone(), &["--side", "city"]),
        ("ShareDownloadFile", vec![p("certificateIdentifier", &province)], &[]),
        ("insertToProvince", vec![p("fileNumber", &city)], &["--confirm"]),
        ("updateToProvince", vec![p("fileNumber", &city), p("certIdentifier", &province)], &["--confirm"]),
        ("deleteToProvince", vec![p("fileNumber", &city)], &["--confirm"]),
        ("shengShiStateInfo", holder.clone(), &[]),
        ("downloadPdfFile", vec![p("abstractCode", &extraction_code(&city))], &[]),
    ] {
        let output = call(&workspace, endpoint, &parameters, more);
        assert_eq!(output.status.code(), Some(0), "{endpoint}: {}", stderr(&output));
        let answer: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        if endpoint != "token" {
            assert!(stderr(&output).contains("收到返回码 0 接口调用成功"), "{endpoint}: {}", stderr(&output));
            assert!(answer["head"].is_object(), "{endpoint}");
        }
        assert!(stdout(&output).contains('\n'), "indented");
    }
}

#[test]
fn what_is_wrong_is_told_before_anything_is_sent() {
    let workspace = workspace();
    let output = call(&workspace, "ShareQueryCertInfoByHo", &["certificateHolder=1".into()], &[]);
    assert_eq!(output.status.code(), Some(2));
    let words = stderr(&output);
    assert!(words.contains("没有参数 certificateHolder；最接近的是 certificateHolderCode"), "{words}");
    assert!(words.contains("还需要 certificateHolderCode, certificateHolderCodeType, certTypeCode"), "{words}");
    assert!(!words.contains("取得令牌"), "{words}");

    let output = call(&workspace, "insertToProvince", &["fileNumber=x".into()], &[]);
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("--confirm"), "{}", stderr(&output));

    let output = workspace.run(&["call", "ShareQuery", "--base-url", "sandbox"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("there is no interface ShareQuery"), "{}", stderr(&output));

    let output = workspace.run(&["call", "ShareQueryCertInfo", "-p", "certificateID=x", "--base-url", "sandbox"]);
    assert!(stderr(&output).contains("a job (--job) gives the purpose"), "{}", stderr(&output));
}

#[test]
fn codes_are_explained_and_decide_the_exit_code() {
    let workspace = workspace();
    let holder = |kind: &str, cert_type: &str| {
        vec![
            "certificateHolderCode=91350100M000100Y43".to_owned(),
            format!("certificateHolderCodeType={kind}"),
            format!("certTypeCode={cert_type}"),
        ]
    };
    for (parameters, code, words) in [
        (holder("777", TYPE), 4, "返回码 14 错误的持证主体代码类型"),
        (holder("001", "11100000000013127D999"), 4, "返回码 13 证照类型不存在或未发布"),
    ] {
        let output = call(&workspace, "shengShiStateInfo", &parameters, &[]);
        assert_eq!(output.status.code(), Some(code));
        assert!(stderr(&output).contains(words), "{}", stderr(&output));
    }
    let output = call(&workspace, "ShareQueryCertInfo", &["certificateID=x".into()], &["--raw"]);
    assert_eq!(output.status.code(), Some(0), "absence is an answer");
    assert!(stderr(&output).contains("返回码 10 未找到匹配的证照信息"), "{}", stderr(&output));
    assert_eq!(stdout(&output).lines().count(), 1, "as received");
}

#[test]
fn files_are_saved_from_base64_and_from_addresses() {
    let workspace = workspace();
    let (_, province, city) = both();
    for (endpoint, parameter, more, file, magic) in [
        ("ShareDownloadFile", format!("certificateIdentifier={province}"), vec![], "a.ofd", &b"PK\x03\x04"[..]),
        (
            "ShareDownloadFile",
            format!("certificateIdentifier={city}"),
            vec!["-p", "fileType=png", "--side", "city"],
            "page-2.jpg",
            &[0xFF, 0xD8],
        ),
        ("ShareDownloadUrl", format!("certificateID={province}"), vec![], "b.pdf", b"%PDF-"),
        ("downloadPdfFile", format!("abstractCode={}", extraction_code(&city)), vec![], "c.pdf", b"%PDF-"),
    ] {
        let target = if file == "page-2.jpg" { "page.jpg" } else { file };
        let more: Vec<&str> = more.into_iter().chain(["--save", target]).collect();
        let output = call(&workspace, endpoint, &[parameter], &more);
        assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
        assert!(std::fs::read(workspace.path(file)).unwrap().starts_with(magic), "{file}");
    }
}

#[test]
fn the_list_names_every_interface_and_the_catalogue_every_code() {
    let workspace = workspace();
    insta::assert_snapshot!("call_list", stdout(&workspace.run(&["call", "--list"])));
    assert_eq!(Endpoint::all().count(), 14);
    let count = |which: &str| {
        let output = workspace.run(&["catalogue", which, "--format", "json"]);
        serde_json::from_slice::<Vec<serde_json::Value>>(&output.stdout).unwrap().len()
    };
    assert_eq!((count("types"), count("holder-types"), count("codes")), (102, 16, 14));
    insta::assert_snapshot!("codes_csv", stdout(&workspace.run(&["catalogue", "codes", "--format", "csv"])));

    let job = job_text("inputs/none.csv", "")
        .replace("[platform.sandbox]", "[platform.codes]\n99 = \"absent\"\n500 = \"retry\"\n\n[platform.sandbox]");
    workspace.write_job(&format!("{job}\n[[catalogue.types]]\ncode = \"11100000000013127D999\"\nname = \"测试证照\"\n"));
    let text = stdout(&workspace.run(&["catalogue", "types", "--job", "jobs/test.toml"]));
    assert!(text.contains("11100000000013127D999  测试证照") && text.lines().count() == 103, "{text}");
    let codes = stdout(&workspace.run(&["catalogue", "codes", "--job", "jobs/test.toml"]));
    assert!(codes.contains("99  其他异常  other failure  absent") && codes.contains("500      retry"), "{codes}");
}
