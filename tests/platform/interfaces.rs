//! All fourteen interfaces against the sandbox over HTTP, and the specification's own examples as the client reads them.

use super::{answer, job, session};
use ecert_audit::endpoint::{Endpoint, Side};
use ecert_audit::job::{Job, SandboxSettings};
use ecert_audit::platform::{
    CallResult, Data, DeleteToProvince, DownloadPdfFile, Envelope, ErrorKind, Holder, InsertToProvince, Request, Session,
    ShareDownloadFile, ShareDownloadUrl, ShareDownloadUrlsByHolderCode, ShareQueryCertInfo, ShareQueryCertInfoByHo,
    ShareQueryCertInfoByQRcode, ShareVerifyCertFile, ShareVerifyCertInfo, ShengShiStateInfo, StopReason, UpdateToProvince,
    Verification, decode_base64,
};
use ecert_audit::sandbox::{Sandbox, TrueCertificate, truth};
use std::fs;
use std::path::Path;

const TYPE: &str = "11100000000013338W008";

/// A holder of one certificate, held by whom and in which state as wanted.
fn find(wanted: impl Fn(&TrueCertificate) -> bool) -> (String, TrueCertificate) {
    (0..20_000)
        .map(|serial| format!("9137049{serial:011}"))
        .find_map(|code| match &truth(7, &code, TYPE)[..] {
            [only] if wanted(only) => Some((code.clone(), only.clone())),
            _ => None,
        })
        .unwrap()
}

fn in_force(certificate: &TrueCertificate) -> (bool, bool) {
    let holds = |held: &Option<ecert_audit::sandbox::Held>| held.as_ref().is_some_and(|held| held.lifecycle == 0);
    (holds(&certificate.province), holds(&certificate.city))
}

fn both() -> (String, TrueCertificate) {
    find(|certificate| in_force(certificate) == (true, true))
}

fn holder(code: &str) -> Holder<'_> {
    Holder { code, code_type: "001", cert_type_code: TYPE, certificate_number: None }
}

struct Platform {
    _sandbox: Sandbox,
    session: Session,
    job: Job,
}

impl Platform {
    async fn start(settings: SandboxSettings) -> Self {
        let job = job("");
        let (sandbox, session) = session(settings, &job).await;
        Self { _sandbox: sandbox, session, job }
    }

    async fn usual() -> Self {
        Self::start(SandboxSettings::default()).await
    }

    async fn ask(&self, request: &Request) -> Envelope {
        answer(self.session.call(request).await)
    }

    async fn fails(&self, request: &Request) -> (ErrorKind, Option<i32>) {
        match self.session.call(request).await {
            CallResult::Failed { failure, .. } => (failure.kind, failure.code),
            other => panic!("{other:?}"),
        }
    }
}

#[tokio::test]
async fn addresses_by_identifier_and_by_holder_lead_to_real_files_until_they_expire() {
    let platform = Platform::usual().await;
    let (code, certificate) = both();
    let (province, city) = (certificate.province.unwrap(), certificate.city.unwrap());
    for (identifier, side, magic) in
        [(&province.identifier, Side::Province, &b"%PDF-"[..]), (&city.identifier, Side::City, b"PK\x03\x04")]
    {
        let one = platform
            .ask(&ShareDownloadUrl { certificate_id: identifier, expiry_time: None }.request(&platform.job.purpose))
            .await;
        let by_holder = ShareDownloadUrlsByHolderCode { holder: holder(&code), side }.request(&platform.job.purpose);
        let many = platform.ask(&by_holder).await;
        let (one, many) = (ShareDownloadUrl::addresses(&one).unwrap(), ShareDownloadUrlsByHolderCode::addresses(&many).unwrap());
        for address in one.iter().chain(&many) {
            let file = reqwest::get(&address.url).await.unwrap().bytes().await.unwrap();
            assert!(file.starts_with(magic), "{side:?}");
            assert_eq!(address.identifier.is_some(), side == Side::Province);
            assert_eq!(address.format.as_deref() == Some("OFD"), side == Side::City);
        }
    }
    let short = Platform::start(SandboxSettings { address_life: std::time::Duration::ZERO, ..SandboxSettings::default() }).await;
    let expired =
        short.ask(&ShareDownloadUrl { certificate_id: &city.identifier, expiry_time: None }.request(&short.job.purpose)).await;
    let url = &ShareDownloadUrl::addresses(&expired).unwrap()[0].url;
    loop {
        // A millisecond may pass before the address is past its time.
        let response = reqwest::get(url).await.unwrap();
        if response.status() == 404 {
            break;
        }
    }
}

#[tokio::test]
async fn faces_by_identifier_by_qr_code_and_by_holder() {
    let platform = Platform::usual().await;
    let purpose = &platform.job.purpose;
    let (code, certificate) = both();
    let sides = [(certificate.province.unwrap(), Side::Province), (certificate.city.unwrap(), Side::City)];
    for (held, side) in &sides {
        let by_id = platform.ask(&ShareQueryCertInfo { certificate_id: &held.identifier, side: *side }.request(purpose)).await;
        let by_holder = platform.ask(&ShareQueryCertInfoByHo { holder: holder(&code), side: *side }.request(purpose)).await;
        assert_eq!(by_id.objects(), by_holder.objects());
        let by_qr = platform.ask(&ShareQueryCertInfoByQRcode { qr_value: &held.identifier, side: *side }.request(purpose)).await;
        let name = if *side == Side::Province { "cert_identifier" } else { "fileNumber" };
        assert_eq!(by_qr.objects()[0].get(name), Some(held.identifier.as_str()));
        // On the other side nobody knows the identifier.
        let other = if *side == Side::Province { Side::City } else { Side::Province };
        let nowhere = platform.ask(&ShareQueryCertInfo { certificate_id: &held.identifier, side: other }.request(purpose)).await;
        assert_eq!(nowhere.status, 10);
    }
    let state = platform.ask(&ShengShiStateInfo { holder: holder(&code) }.request(purpose)).await;
    assert_eq!(state.exists, Some((true, true)));
}

#[tokio::test]
async fn lifecycles_are_said_by_codes() {
    let platform = Platform::usual().await;
    for lifecycle in [21, 22, 23] {
        let (code, certificate) = find(|certificate| certificate.city.as_ref().is_some_and(|held| held.lifecycle == lifecycle));
        let city = certificate.city.unwrap();
        let list = platform
            .ask(&ShareQueryCertInfoByHo { holder: holder(&code), side: Side::City }.request(&platform.job.purpose))
            .await;
        let one = platform
            .ask(&ShareQueryCertInfo { certificate_id: &city.identifier, side: Side::City }.request(&platform.job.purpose))
            .await;
        assert_eq!((list.status, one.status), (lifecycle, lifecycle));
    }
}

#[tokio::test]
async fn what_is_said_and_what_is_sent_are_verified() {
    let platform = Platform::usual().await;
    let (code, certificate) = both();
    let number = certificate.city.as_ref().unwrap().face.iter().find(|(name, _)| *name == "certificateNumber").unwrap().1.clone();
    let claim = serde_json::json!({"certificateNumber": number}).to_string();
    for (side, data, expected) in [
        (Side::City, claim.as_str(), Verification::Verified(true)),
        (Side::City, r#"{"certificateNumber":"X"}"#, Verification::Verified(false)),
        (Side::Province, r#"{"certificateNumber":"X"}"#, Verification::Result(5, "查无此信息".into())),
        (Side::Province, "{}", Verification::Result(4, "信息不全无法验证".into())),
    ] {
        let request =
            ShareVerifyCertInfo { cert_type_code: TYPE, certificate_data: data, use_for: "测试", holder_code: &code, side }
                .request();
        assert_eq!(ShareVerifyCertInfo::verification(&platform.ask(&request).await), Ok(expected), "{data}");
    }
    let identifier = certificate.province.unwrap().identifier;
    let file = platform
        .ask(
            &ShareDownloadFile { certificate_identifier: &identifier, pictures: false, side: Side::Province }
                .request(&platform.job.purpose),
        )
        .await;
    let ofd = decode_base64(&ShareDownloadFile::contents(&file).unwrap()[0]).unwrap();
    let mut altered = ofd.clone();
    altered[40] ^= 1;
    for (side, content, expected) in [
        (Side::Province, &ofd, Verification::Result(0, "验证通过".into())),
        (Side::Province, &altered, Verification::Result(2, "文件校验失败".into())),
        (Side::City, &ofd, Verification::Text("04D4FB95943B9E0419390A37B48A6F2805F9091".into())),
    ] {
        let request = ShareVerifyCertFile { cert_type_code: TYPE, content, use_cause: "测试", side }.request();
        assert_eq!(ShareVerifyCertFile::verification(&platform.ask(&request).await), Ok(expected));
    }
}

#[tokio::test]
async fn files_come_as_base64_whole_or_page_by_page_and_by_extraction_code() {
    let platform = Platform::usual().await;
    let (_, certificate) = both();
    let identifier = certificate.city.unwrap().identifier;
    for (pictures, pages, magic) in [(false, 1, &b"PK\x03\x04"[..]), (true, 2, &[0xFF, 0xD8, 0xFF])] {
        let request =
            ShareDownloadFile { certificate_identifier: &identifier, pictures, side: Side::City }.request(&platform.job.purpose);
        let contents = ShareDownloadFile::contents(&platform.ask(&request).await).unwrap();
        assert_eq!(contents.len(), pages);
        assert!(contents.iter().all(|content| decode_base64(content).unwrap().starts_with(magic)));
    }
    let qr = platform
        .ask(&ShareQueryCertInfoByQRcode { qr_value: &identifier, side: Side::City }.request(&platform.job.purpose))
        .await;
    let code = qr.objects()[0].get("abstractCode").unwrap().to_owned();
    let pdf = platform.ask(&DownloadPdfFile { abstract_code: &code }.request()).await;
    assert!(decode_base64(&DownloadPdfFile::contents(&pdf).unwrap()[0]).unwrap().starts_with(b"%PDF-"));
    assert_eq!(platform.ask(&DownloadPdfFile { abstract_code: "x" }.request()).await.status, 10);
}

#[tokio::test]
async fn what_the_province_is_told_it_holds_from_then_on() {
    let platform = Platform::usual().await;
    let purpose = &platform.job.purpose;
    let (code, certificate) = find(|certificate| certificate.province.is_none() && in_force(certificate) == (false, true));
    let file_number = certificate.city.unwrap().identifier;
    let state = ShengShiStateInfo { holder: holder(&code) }.request(purpose);
    assert_eq!(platform.ask(&state).await.exists, Some((false, true)));

    assert_eq!(
        platform.ask(&DeleteToProvince { file_number: &file_number }.request()).await.status,
        10,
        "there is nothing to delete"
    );
    let inserted = platform.ask(&InsertToProvince { file_number: &file_number }.request()).await;
    let identifier = InsertToProvince::cert_identifier(&inserted).unwrap();
    let after = platform.ask(&state).await;
    assert_eq!(after.exists, Some((true, true)));
    assert_eq!(after.objects()[0].get("cert_identifier"), Some(identifier.as_str()));

    let update = |cert_identifier| UpdateToProvince { file_number: &file_number, cert_identifier }.request();
    let updated = platform.ask(&update(&identifier)).await;
    assert_eq!((updated.status, updated.data), (0, Data::Empty));
    assert_eq!(platform.ask(&update("1.2.156.3005.2.x")).await.status, 10);

    assert_eq!(platform.ask(&DeleteToProvince { file_number: &file_number }.request()).await.status, 0);
    let gone = platform.ask(&ShareQueryCertInfoByHo { holder: holder(&code), side: Side::Province }.request(purpose)).await;
    assert_eq!(gone.status, 21);
}

#[tokio::test]
async fn every_interface_enforces_what_it_requires() {
    let platform = Platform::usual().await;
    for endpoint in Endpoint::all().filter(|endpoint| *endpoint != Endpoint::Token) {
        assert_eq!(platform.fails(&Request::new(endpoint)).await, (ErrorKind::Request, Some(12)), "{}", endpoint.name());
        let full = endpoint.required().iter().fold(Request::new(endpoint), |request, name| request.with(name, "1"));
        if endpoint.carries_purpose() {
            assert_eq!(platform.fails(&full).await, (ErrorKind::Request, Some(12)), "{} without purpose", endpoint.name());
        }
    }
    let unpublished = Platform::start(SandboxSettings { unpublished: vec![TYPE.to_owned()], ..SandboxSettings::default() }).await;
    let request = ShengShiStateInfo { holder: holder("91350100M000100Y43") }.request(&unpublished.job.purpose);
    assert_eq!(unpublished.fails(&request).await, (ErrorKind::TypeUnpublished, Some(13)));
}

#[tokio::test]
async fn a_token_that_is_refused_is_renewed_and_not_for_ever() {
    // Refused as soon as it is given: one renewal, then the run stops, so that no account gets locked.
    let platform = Platform::start(SandboxSettings { token_life: std::time::Duration::ZERO, ..SandboxSettings::default() }).await;
    let request = ShengShiStateInfo { holder: holder("91350100M000100Y43") }.request(&platform.job.purpose);
    let CallResult::Stopped(StopReason::Refused(words)) = platform.session.call(&request).await else { panic!("it is refused") };
    assert!(words.to_string().contains("code=11"), "{words}");
    let tokens = platform.session.counters().token_requests.load(std::sync::atomic::Ordering::Relaxed);
    assert!((2..=3).contains(&tokens), "{tokens}");
}

#[test]
fn every_example_of_the_specification_is_read() {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/face/examples");
    let mut told = Vec::new();
    let mut files: Vec<_> = fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    for path in files {
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        let body = fs::read(&path).unwrap();
        if name.starts_with("01") {
            continue;
        }
        let envelope = Envelope::parse(&body).unwrap_or_else(|error| panic!("{name}: {error}"));
        let read = match &name[3..name.len() - 2] {
            "ShareDownloadUrl" | "ShareDownloadUrlsByHolderCode" => {
                format!("{:?}", ShareDownloadUrl::addresses(&envelope).unwrap())
            }
            "ShareVerifyCertInfo" | "ShareVerifyCertFile" => {
                format!("{:?}", ShareVerifyCertInfo::verification(&envelope).unwrap())
            }
            "ShareDownloadFile" => format!("{:?}", ShareDownloadFile::contents(&envelope).unwrap()),
            "downloadPdfFile" => format!("{:?}", DownloadPdfFile::contents(&envelope).unwrap()),
            "insertToProvince" => InsertToProvince::cert_identifier(&envelope).unwrap(),
            _ => format!("{} objects, flags {:?}", envelope.objects().len(), envelope.exists),
        };
        told.push(format!("{name}: {} {} total {:?}\n  {read}", envelope.status, envelope.message, envelope.total));
    }
    assert_eq!(told.len(), 22);
    insta::assert_snapshot!(told.join("\n"));
}
