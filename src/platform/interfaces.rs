//! The business interfaces (specification, sections 6.3.2 to 6.3.14): a type per request, and what its answer holds.

use super::envelope::{Data, Envelope, Fields};
use super::request::Request;
use crate::endpoint::{Endpoint, Side};
use crate::job::Purpose;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// Why an answer does not hold what its interface promises.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the answer of {endpoint} holds no {what}")]
pub struct Unexpected {
    endpoint: &'static str,
    what: &'static str,
}

const fn unexpected(endpoint: Endpoint, what: &'static str) -> Unexpected {
    Unexpected { endpoint: endpoint.name(), what }
}

/// Where a certificate's file can be fetched, for some ten minutes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DownloadAddress {
    /// The certificate's identifier, where the answer names it (the province's does).
    pub identifier: Option<String>,
    /// 证照编号, where the answer names it (the city's does).
    pub certificate_number: Option<String>,
    /// The address: the province's `content`, the city's `fileUrl`.
    pub url: String,
    /// The city's `fileFormat`, such as `OFD`.
    pub format: Option<String>,
}

fn addresses(endpoint: Endpoint, envelope: &Envelope) -> Result<Vec<DownloadAddress>, Unexpected> {
    let text = |object: &Fields, names: &[&str]| names.iter().find_map(|name| object.get(name)).map(str::to_owned);
    let address = |object: &Fields| {
        Some(DownloadAddress {
            identifier: text(object, &["certIdentifier", "cert_identifier", "certificateID"]),
            certificate_number: text(object, &["certificateNumber", "certno"]),
            url: text(object, &["content", "fileUrl"])?,
            format: text(object, &["fileFormat"]),
        })
    };
    envelope.objects().iter().map(|object| address(object).ok_or(unexpected(endpoint, "address"))).collect()
}

/// Interface 2 (证照标识获取下载地址接口). The identifier decides the side.
#[derive(Debug, Clone, Copy)]
pub struct ShareDownloadUrl<'a> {
    /// `certificateID`.
    pub certificate_id: &'a str,
    /// `expiryTime`, `yyyy-MM-dd`: until when the annotated copy is valid.
    pub expiry_time: Option<&'a str>,
}

impl ShareDownloadUrl<'_> {
    /// The request.
    #[must_use]
    pub fn request(&self, purpose: &Purpose) -> Request {
        let request = Request::new(Endpoint::ShareDownloadUrl).with("certificateID", self.certificate_id);
        request.with_optional("expiryTime", self.expiry_time).for_purpose(purpose)
    }

    /// The addresses that the answer holds.
    ///
    /// # Errors
    /// Where an entry has none.
    pub fn addresses(envelope: &Envelope) -> Result<Vec<DownloadAddress>, Unexpected> {
        addresses(Endpoint::ShareDownloadUrl, envelope)
    }
}

/// Interface 3 (证照标识获取证照信息接口); the answer's objects are faces.
#[derive(Debug, Clone, Copy)]
pub struct ShareQueryCertInfo<'a> {
    /// `certificateID`.
    pub certificate_id: &'a str,
    /// The side asked.
    pub side: Side,
}

impl ShareQueryCertInfo<'_> {
    /// The request.
    #[must_use]
    pub fn request(&self, purpose: &Purpose) -> Request {
        Request::new(Endpoint::ShareQueryCertInfo).with("certificateID", self.certificate_id).on(self.side).for_purpose(purpose)
    }
}

/// What a verification came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verification {
    /// The province's code, 0 to 5 (4: 信息正确且有效 … 查无此信息; 5: 验证通过 … 证照已失效), and its words.
    Result(u8, String),
    /// The city's yes or no.
    Verified(bool),
    /// A bare text, as in the specification's example of interface 5.
    Text(String),
}

fn verification(endpoint: Endpoint, envelope: &Envelope) -> Result<Verification, Unexpected> {
    if let Data::Texts(texts) = &envelope.data
        && let [text] = &texts[..]
    {
        return Ok(Verification::Text(text.clone()));
    }
    let object = envelope.objects().first().ok_or(unexpected(endpoint, "result"))?;
    if let Some(code) = object.get("result").and_then(|code| code.trim().parse().ok()) {
        return Ok(Verification::Result(code, object.get("message").unwrap_or_default().to_owned()));
    }
    let verified = object.get("verifyResult").ok_or(unexpected(endpoint, "result"))?;
    Ok(Verification::Verified(verified.eq_ignore_ascii_case("true")))
}

/// Interface 4 (证照类型代码验证证照信息接口).
#[derive(Debug, Clone, Copy)]
pub struct ShareVerifyCertInfo<'a> {
    /// `certTypeCode`.
    pub cert_type_code: &'a str,
    /// `certificateData`: what the certificate is said to say, as JSON text.
    pub certificate_data: &'a str,
    /// `useFor`: the cause, at most 200 characters.
    pub use_for: &'a str,
    /// `certificateHolderCode`.
    pub holder_code: &'a str,
    /// The side asked.
    pub side: Side,
}

impl ShareVerifyCertInfo<'_> {
    /// The request; it carries its cause itself.
    #[must_use]
    pub fn request(&self) -> Request {
        Request::new(Endpoint::ShareVerifyCertInfo)
            .with("certTypeCode", self.cert_type_code)
            .with("certificateData", self.certificate_data)
            .with("useFor", self.use_for)
            .with("certificateHolderCode", self.holder_code)
            .on(self.side)
    }

    /// What the answer says.
    ///
    /// # Errors
    /// Where it says nothing.
    pub fn verification(envelope: &Envelope) -> Result<Verification, Unexpected> {
        verification(Endpoint::ShareVerifyCertInfo, envelope)
    }
}

/// Interface 5 (证照类型代码验证证照文件接口), at the path of interface 4.
#[derive(Debug, Clone, Copy)]
pub struct ShareVerifyCertFile<'a> {
    /// `certTypeCode`.
    pub cert_type_code: &'a str,
    /// `content`: the file's bytes, sent as base64.
    pub content: &'a [u8],
    /// `useCause`: at most 200 characters.
    pub use_cause: &'a str,
    /// The side asked.
    pub side: Side,
}

impl ShareVerifyCertFile<'_> {
    /// The request; it carries its cause itself.
    #[must_use]
    pub fn request(&self) -> Request {
        Request::new(Endpoint::ShareVerifyCertFile)
            .with("certTypeCode", self.cert_type_code)
            .with("contentType", "base64")
            .with("content", &STANDARD.encode(self.content))
            .with("useCause", self.use_cause)
            .on(self.side)
    }

    /// What the answer says.
    ///
    /// # Errors
    /// Where it says nothing.
    pub fn verification(envelope: &Envelope) -> Result<Verification, Unexpected> {
        verification(Endpoint::ShareVerifyCertFile, envelope)
    }
}

/// Interface 6 (二维码获取证照信息接口); the answer's objects are faces, the city's directly in `data`.
#[derive(Debug, Clone, Copy)]
pub struct ShareQueryCertInfoByQRcode<'a> {
    /// `qrValue`.
    pub qr_value: &'a str,
    /// The side asked.
    pub side: Side,
}

impl ShareQueryCertInfoByQRcode<'_> {
    /// The request.
    #[must_use]
    pub fn request(&self, purpose: &Purpose) -> Request {
        Request::new(Endpoint::ShareQueryCertInfoByQRcode).with("qrValue", self.qr_value).on(self.side).for_purpose(purpose)
    }
}

/// Whose certificates a call asks about.
#[derive(Debug, Clone, Copy)]
pub struct Holder<'a> {
    /// `certificateHolderCode`.
    pub code: &'a str,
    /// `certificateHolderCodeType`.
    pub code_type: &'a str,
    /// `certTypeCode`.
    pub cert_type_code: &'a str,
    /// `certificateNumber`, where one certificate is meant.
    pub certificate_number: Option<&'a str>,
}

impl Holder<'_> {
    fn request(&self, endpoint: Endpoint, purpose: &Purpose) -> Request {
        Request::new(endpoint)
            .with("certificateHolderCode", self.code)
            .with("certificateHolderCodeType", self.code_type)
            .with("certTypeCode", self.cert_type_code)
            .with_optional("certificateNumber", self.certificate_number)
            .for_purpose(purpose)
    }
}

/// Interface 7 (证照持有主体代码获取证照信息接口); the answer's objects are faces.
#[derive(Debug, Clone, Copy)]
pub struct ShareQueryCertInfoByHo<'a> {
    /// Whose certificates.
    pub holder: Holder<'a>,
    /// The side asked.
    pub side: Side,
}

impl ShareQueryCertInfoByHo<'_> {
    /// The request.
    #[must_use]
    pub fn request(&self, purpose: &Purpose) -> Request {
        self.holder.request(Endpoint::ShareQueryCertInfoByHo, purpose).on(self.side)
    }
}

/// Interface 8 (证照持有主体代码获取证照下载地址接口).
#[derive(Debug, Clone, Copy)]
pub struct ShareDownloadUrlsByHolderCode<'a> {
    /// Whose certificates.
    pub holder: Holder<'a>,
    /// The side asked.
    pub side: Side,
}

impl ShareDownloadUrlsByHolderCode<'_> {
    /// The request.
    #[must_use]
    pub fn request(&self, purpose: &Purpose) -> Request {
        self.holder.request(Endpoint::ShareDownloadUrlsByHolderCode, purpose).on(self.side)
    }

    /// The addresses that the answer holds.
    ///
    /// # Errors
    /// Where an entry has none.
    pub fn addresses(envelope: &Envelope) -> Result<Vec<DownloadAddress>, Unexpected> {
        addresses(Endpoint::ShareDownloadUrlsByHolderCode, envelope)
    }
}

/// Interface 9 (证照文件base64下载接口).
#[derive(Debug, Clone, Copy)]
pub struct ShareDownloadFile<'a> {
    /// `certificateIdentifier`.
    pub certificate_identifier: &'a str,
    /// Pages as pictures (`png`) in place of the file (`ofd`).
    pub pictures: bool,
    /// The side asked.
    pub side: Side,
}

/// Base64 of a file, or of each of its pages: text as received, not decoded.
fn base64_contents(endpoint: Endpoint, envelope: &Envelope) -> Result<Vec<String>, Unexpected> {
    if let Data::Texts(texts) = &envelope.data {
        return Ok(texts.clone());
    }
    let mut contents = Vec::new();
    for object in envelope.objects() {
        let content = object.get("content").ok_or(unexpected(endpoint, "content"))?;
        match serde_json::from_str::<Vec<String>>(content) {
            Ok(pages) => contents.extend(pages),
            Err(_) => contents.push(content.to_owned()),
        }
    }
    Ok(contents)
}

/// Decodes base64 as the platform sends it: line breaks and a data-address prefix aside.
///
/// # Errors
/// Where it is no base64.
pub fn decode_base64(text: &str) -> Result<Vec<u8>, base64::DecodeError> {
    let bare = text.split_once(";base64,").map_or(text, |(_, content)| content);
    let joined: String = bare.chars().filter(|character| !character.is_whitespace()).collect();
    STANDARD.decode(joined)
}

impl ShareDownloadFile<'_> {
    /// The request.
    #[must_use]
    pub fn request(&self, purpose: &Purpose) -> Request {
        Request::new(Endpoint::ShareDownloadFile)
            .with("certificateIdentifier", self.certificate_identifier)
            .with("fileType", if self.pictures { "png" } else { "ofd" })
            .on(self.side)
            .for_purpose(purpose)
    }

    /// Base64 of the file, or of its pages in order.
    ///
    /// # Errors
    /// Where an entry has no content.
    pub fn contents(envelope: &Envelope) -> Result<Vec<String>, Unexpected> {
        base64_contents(Endpoint::ShareDownloadFile, envelope)
    }
}

/// Interface 10 (市电子证照库新增数据到省电子证照库的通知接口): changes the province's library.
#[derive(Debug, Clone, Copy)]
pub struct InsertToProvince<'a> {
    /// `fileNumber`: the city's identifier.
    pub file_number: &'a str,
}

impl InsertToProvince<'_> {
    /// The request.
    #[must_use]
    pub fn request(&self) -> Request {
        Request::new(Endpoint::InsertToProvince).with("fileNumber", self.file_number)
    }

    /// The province's identifier for what was inserted.
    ///
    /// # Errors
    /// Where the answer names none.
    pub fn cert_identifier(envelope: &Envelope) -> Result<String, Unexpected> {
        let found =
            envelope.objects().iter().find_map(|object| object.get("certIdentifier").or_else(|| object.get("cert_identifier")));
        found.map(str::to_owned).ok_or(unexpected(Endpoint::InsertToProvince, "certIdentifier"))
    }
}

/// Interface 11 (市电子证照库编辑数据到省电子证照库的通知接口): changes the province's library; the answer is empty.
#[derive(Debug, Clone, Copy)]
pub struct UpdateToProvince<'a> {
    /// `fileNumber`: the city's identifier.
    pub file_number: &'a str,
    /// `certIdentifier`: the province's identifier.
    pub cert_identifier: &'a str,
}

impl UpdateToProvince<'_> {
    /// The request.
    #[must_use]
    pub fn request(&self) -> Request {
        Request::new(Endpoint::UpdateToProvince).with("fileNumber", self.file_number).with("certIdentifier", self.cert_identifier)
    }
}

/// Interface 12 (市电子证照库作废数据到省电子证照库的通知接口): changes the province's library; the answer is empty.
#[derive(Debug, Clone, Copy)]
pub struct DeleteToProvince<'a> {
    /// `fileNumber`: the city's identifier.
    pub file_number: &'a str,
}

impl DeleteToProvince<'_> {
    /// The request.
    #[must_use]
    pub fn request(&self) -> Request {
        Request::new(Endpoint::DeleteToProvince).with("fileNumber", self.file_number)
    }
}

/// Interface 13 (证照持有主体代码获取证照信息和省市数据存在情况接口); flags in [`Envelope::exists`], objects in four shapes.
#[derive(Debug, Clone, Copy)]
pub struct ShengShiStateInfo<'a> {
    /// Whose certificates.
    pub holder: Holder<'a>,
}

impl ShengShiStateInfo<'_> {
    /// The request.
    #[must_use]
    pub fn request(&self, purpose: &Purpose) -> Request {
        self.holder.request(Endpoint::ShengShiStateInfo, purpose)
    }
}

/// Interface 14 (通过证照提取码获取 PDF 的 Base64 编码接口).
#[derive(Debug, Clone, Copy)]
pub struct DownloadPdfFile<'a> {
    /// `abstractCode`: the extraction code.
    pub abstract_code: &'a str,
}

impl DownloadPdfFile<'_> {
    /// The request.
    #[must_use]
    pub fn request(&self) -> Request {
        Request::new(Endpoint::DownloadPdfFile).with("abstractCode", self.abstract_code)
    }

    /// Base64 of each PDF.
    ///
    /// # Errors
    /// Where an entry has no content.
    pub fn contents(envelope: &Envelope) -> Result<Vec<String>, Unexpected> {
        base64_contents(Endpoint::DownloadPdfFile, envelope)
    }
}
