//! The platform's fourteen interfaces as data: what each is called, where it is, what it asks for.
//!
//! All that the client and the sandbox share, so that neither can quietly teach the other a mistake.

/// Which of the two libraries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Side {
    /// The province's library (省库).
    Province,
    /// The city's library (市库).
    City,
}

impl Side {
    /// Both, province first.
    pub const BOTH: [Self; 2] = [Self::Province, Self::City];

    /// `province` or `city`, as tables name it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Province => "province",
            Self::City => "city",
        }
    }

    /// `interfaceType`: 0 asks the province, 1 the city.
    #[must_use]
    pub const fn interface_type(self) -> &'static str {
        match self {
            Self::Province => "0",
            Self::City => "1",
        }
    }
}

/// One of the platform's interfaces, named after the specification (section 6.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Endpoint {
    /// 1 (用户身份验证): user name and password to an access token.
    Token,
    /// 2 (证照标识获取下载地址): a download address of a certificate, valid for ten minutes.
    ShareDownloadUrl,
    /// 3 (证照标识获取证照信息): the face of a certificate.
    ShareQueryCertInfo,
    /// 4 (证照类型代码验证证照信息): whether what a certificate is said to say is so.
    ShareVerifyCertInfo,
    /// 5 (证照类型代码验证证照文件): whether a certificate's file is genuine.
    ShareVerifyCertFile,
    /// 6 (二维码获取证照信息): the face of the certificate behind a QR code.
    ShareQueryCertInfoByQRcode,
    /// 7 (证照持有主体代码获取证照信息): the faces of a holder's certificates of a type, on one side.
    ShareQueryCertInfoByHo,
    /// 8 (证照持有主体代码获取证照下载地址): download addresses of a holder's certificates of a type.
    ShareDownloadUrlsByHolderCode,
    /// 9 (证照文件 base64 下载): a certificate's file as base64 (ofd), or its pages as pictures (png).
    ShareDownloadFile,
    /// 10 (市电子证照库新增数据到省库的通知): tells the province of a certificate that only the city has.
    InsertToProvince,
    /// 11 (市电子证照库编辑数据到省库的通知): tells the province of a change.
    UpdateToProvince,
    /// 12 (市电子证照库作废数据到省库的通知): tells the province that a certificate is void.
    DeleteToProvince,
    /// 13 (证照持有主体代码获取证照信息和省市数据存在情况): whether each side holds a certificate, with the province's face.
    ShengShiStateInfo,
    /// 14 (通过证照提取码获取 PDF 的 base64 编码): the PDF behind an extraction code, as base64.
    DownloadPdfFile,
}

/// What is known of an interface.
#[derive(Debug, Clone, Copy)]
struct Interface {
    endpoint: Endpoint,
    name: &'static str,
    number: u8,
    title: &'static str,
    explanation: &'static str,
    required: &'static [&'static str],
    optional: &'static [&'static str],
    carries_purpose: bool,
    asks_a_side: bool,
    changes_province: bool,
}

/// The table of all interfaces, in the order of the specification.
const INTERFACES: [Interface; 14] = [
    Interface {
        endpoint: Endpoint::Token,
        name: "token",
        number: 1,
        title: "用户身份验证",
        explanation: "user name and password to an access token",
        required: &["client_id", "client_secret", "grant_type", "scope", "username", "password"],
        optional: &[],
        carries_purpose: false,
        asks_a_side: false,
        changes_province: false,
    },
    Interface {
        endpoint: Endpoint::ShareDownloadUrl,
        name: "ShareDownloadUrl",
        number: 2,
        title: "证照标识获取下载地址",
        explanation: "a download address of a certificate, valid for ten minutes",
        required: &["certificateID"],
        optional: &["expiryTime", "callDistrict", "callDepartment", "districtLevel"],
        carries_purpose: true,
        asks_a_side: false,
        changes_province: false,
    },
    Interface {
        endpoint: Endpoint::ShareQueryCertInfo,
        name: "ShareQueryCertInfo",
        number: 3,
        title: "证照标识获取证照信息",
        explanation: "the face of a certificate",
        required: &["certificateID"],
        optional: &["callDistrict", "callDepartment", "districtLevel"],
        carries_purpose: true,
        asks_a_side: true,
        changes_province: false,
    },
    Interface {
        endpoint: Endpoint::ShareVerifyCertInfo,
        name: "ShareVerifyCertInfo",
        number: 4,
        title: "证照类型代码验证证照信息",
        explanation: "whether what a certificate is said to say is so",
        required: &["certTypeCode", "certificateData", "useFor", "certificateHolderCode"],
        optional: &["callDistrict", "callDepartment", "districtLevel"],
        carries_purpose: false,
        asks_a_side: true,
        changes_province: false,
    },
    Interface {
        endpoint: Endpoint::ShareVerifyCertFile,
        name: "ShareVerifyCertFile",
        number: 5,
        title: "证照类型代码验证证照文件",
        explanation: "whether a certificate's file is genuine",
        required: &["certTypeCode", "contentType", "content", "useCause"],
        optional: &["callDistrict", "callDepartment", "districtLevel"],
        carries_purpose: false,
        asks_a_side: true,
        changes_province: false,
    },
    Interface {
        endpoint: Endpoint::ShareQueryCertInfoByQRcode,
        name: "ShareQueryCertInfoByQRcode",
        number: 6,
        title: "二维码获取证照信息",
        explanation: "the face of the certificate behind a QR code",
        required: &["qrValue"],
        optional: &[
            "clientInfo_areaCode",
            "clientInfo_deptCode",
            "clientInfo_operName",
            "deptName",
            "whose",
            "category",
            "licenseTypeCode",
            "operUserName",
            "operTime",
            "operUserIp",
            "callDistrict",
            "callDepartment",
            "districtLevel",
        ],
        carries_purpose: true,
        asks_a_side: true,
        changes_province: false,
    },
    Interface {
        endpoint: Endpoint::ShareQueryCertInfoByHo,
        name: "ShareQueryCertInfoByHo",
        number: 7,
        title: "证照持有主体代码获取证照信息",
        explanation: "the faces of a holder's certificates of a type, on one side",
        required: &["certificateHolderCode", "certificateHolderCodeType", "certTypeCode"],
        optional: &[
            "certificateNumber",
            "certificateType",
            "Mode",
            "Page",
            "Size",
            "clientInfo_areaCode",
            "clientInfo_deptCode",
            "clientInfo_operName",
            "deptName",
            "whose",
            "category",
            "licenseTypeCode",
            "operUserName",
            "operTime",
            "operUserIp",
            "callDistrict",
            "callDepartment",
            "districtLevel",
        ],
        carries_purpose: true,
        asks_a_side: true,
        changes_province: false,
    },
    Interface {
        endpoint: Endpoint::ShareDownloadUrlsByHolderCode,
        name: "ShareDownloadUrlsByHolderCode",
        number: 8,
        title: "证照持有主体代码获取证照下载地址",
        explanation: "download addresses of a holder's certificates of a type",
        required: &["certificateHolderCode", "certificateHolderCodeType", "certTypeCode"],
        optional: &["certificateNumber", "certificateType", "callDistrict", "callDepartment", "districtLevel"],
        carries_purpose: true,
        asks_a_side: true,
        changes_province: false,
    },
    Interface {
        endpoint: Endpoint::ShareDownloadFile,
        name: "ShareDownloadFile",
        number: 9,
        title: "证照文件 base64 下载",
        explanation: "a certificate's file as base64 (ofd), or its pages as pictures (png)",
        required: &["certificateIdentifier"],
        optional: &["certificateCopyExpiringTime", "fileType", "callDistrict", "callDepartment", "districtLevel"],
        carries_purpose: true,
        asks_a_side: true,
        changes_province: false,
    },
    Interface {
        endpoint: Endpoint::InsertToProvince,
        name: "insertToProvince",
        number: 10,
        title: "市电子证照库新增数据到省库的通知",
        explanation: "tells the province of a certificate that only the city has",
        required: &["fileNumber"],
        optional: &[],
        carries_purpose: false,
        asks_a_side: false,
        changes_province: true,
    },
    Interface {
        endpoint: Endpoint::UpdateToProvince,
        name: "updateToProvince",
        number: 11,
        title: "市电子证照库编辑数据到省库的通知",
        explanation: "tells the province of a change",
        required: &["fileNumber", "certIdentifier"],
        optional: &[],
        carries_purpose: false,
        asks_a_side: false,
        changes_province: true,
    },
    Interface {
        endpoint: Endpoint::DeleteToProvince,
        name: "deleteToProvince",
        number: 12,
        title: "市电子证照库作废数据到省库的通知",
        explanation: "tells the province that a certificate is void",
        required: &["fileNumber"],
        optional: &[],
        carries_purpose: false,
        asks_a_side: false,
        changes_province: true,
    },
    Interface {
        endpoint: Endpoint::ShengShiStateInfo,
        name: "shengShiStateInfo",
        number: 13,
        title: "证照持有主体代码获取证照信息和省市数据存在情况",
        explanation: "whether each side holds a certificate, with the province's face",
        required: &["certificateHolderCode", "certificateHolderCodeType", "certTypeCode"],
        optional: &[
            "certificateNumber",
            "certificateType",
            "Mode",
            "Page",
            "Size",
            "interfaceType",
            "clientInfo_areaCode",
            "clientInfo_deptCode",
            "clientInfo_operName",
            "deptName",
            "whose",
            "category",
            "licenseTypeCode",
            "operUserName",
            "operTime",
            "operUserIp",
            "callDepartment",
            "callDistrict",
            "districtLevel",
        ],
        carries_purpose: true,
        asks_a_side: false,
        changes_province: false,
    },
    Interface {
        endpoint: Endpoint::DownloadPdfFile,
        name: "downloadPdfFile",
        number: 14,
        title: "通过证照提取码获取 PDF 的 base64 编码",
        explanation: "the PDF behind an extraction code, as base64",
        required: &["abstractCode"],
        optional: &[],
        carries_purpose: false,
        asks_a_side: false,
        changes_province: false,
    },
];

/// Parameters that carry the purpose of a call; the platform requires them with most business calls.
pub const PURPOSE: [&str; 5] =
    ["certificateSystemName", "certificateCallCategory", "certificateMatterName", "certificateEventCode", "certificateCopyCause"];

/// Where the business interfaces live below the base URL.
pub const BUSINESS_PATH: &str = "/m/v/license/external/api/";

impl Endpoint {
    /// Every interface, in the order of the specification.
    pub fn all() -> impl Iterator<Item = Self> {
        INTERFACES.iter().map(|interface| interface.endpoint)
    }

    /// The interface of that name, in any case.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        INTERFACES.iter().find(|interface| interface.name.eq_ignore_ascii_case(name)).map(|interface| interface.endpoint)
    }

    const fn interface(self) -> &'static Interface {
        // The table is in the order of the variants.
        &INTERFACES[self as usize]
    }

    /// Its name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        self.interface().name
    }

    /// Its number in the specification, from 1.
    #[must_use]
    pub const fn number(self) -> u8 {
        self.interface().number
    }

    /// Its title in the specification.
    #[must_use]
    pub const fn title(self) -> &'static str {
        self.interface().title
    }

    /// One line of explanation.
    #[must_use]
    pub const fn explanation(self) -> &'static str {
        self.interface().explanation
    }

    /// The path below the base URL, leading slash included. Interfaces 4 and 5 share one.
    #[must_use]
    pub fn path(self) -> String {
        match self {
            Self::Token => "/oauth/token".to_owned(),
            Self::ShareVerifyCertFile => Self::ShareVerifyCertInfo.path(),
            _ => format!("{BUSINESS_PATH}{}", self.name()),
        }
    }

    /// Parameters that must not be empty; the purpose and the token aside.
    #[must_use]
    pub const fn required(self) -> &'static [&'static str] {
        self.interface().required
    }

    /// Parameters that may be left out; the side aside.
    #[must_use]
    pub const fn optional(self) -> &'static [&'static str] {
        self.interface().optional
    }

    /// Whether the purpose goes with it, and is required.
    #[must_use]
    pub const fn carries_purpose(self) -> bool {
        self.interface().carries_purpose
    }

    /// Whether `interfaceType` chooses the side that it asks.
    #[must_use]
    pub const fn asks_a_side(self) -> bool {
        self.interface().asks_a_side
    }

    /// Whether it changes the province's library.
    #[must_use]
    pub const fn changes_province(self) -> bool {
        self.interface().changes_province
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_in_the_order_of_the_variants() {
        for (number, endpoint) in (1..).zip(Endpoint::all()) {
            assert_eq!(endpoint.number(), number);
            assert_eq!(Endpoint::named(endpoint.name()), Some(endpoint));
        }
        assert_eq!(Endpoint::all().count(), 14);
        assert_eq!(Endpoint::ShareVerifyCertFile.path(), Endpoint::ShareVerifyCertInfo.path());
    }
}
