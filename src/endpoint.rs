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

/// One of the interfaces that this program calls, named after the specification (section 6.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Endpoint {
    /// 1: user name and password to `access_token`.
    Token,
    /// 7: the faces of a holder's certificates on one side.
    ShareQueryCertInfoByHo,
    /// 13: does each side hold the certificate, with the province's face.
    ShengShiStateInfo,
}

/// Parameters that carry the purpose of a call; the platform requires them with every business call.
pub const PURPOSE: [&str; 5] =
    ["certificateSystemName", "certificateCallCategory", "certificateMatterName", "certificateEventCode", "certificateCopyCause"];

/// Where the business interfaces live below the base URL.
pub const BUSINESS_PATH: &str = "/m/v/license/external/api/";

impl Endpoint {
    /// Every interface.
    pub const ALL: [Self; 3] = [Self::Token, Self::ShareQueryCertInfoByHo, Self::ShengShiStateInfo];

    /// The name in the specification's path.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Token => "token",
            Self::ShareQueryCertInfoByHo => "ShareQueryCertInfoByHo",
            Self::ShengShiStateInfo => "shengShiStateInfo",
        }
    }

    /// The path below the base URL, leading slash included.
    #[must_use]
    pub fn path(self) -> String {
        match self {
            Self::Token => "/oauth/token".to_owned(),
            _ => format!("{BUSINESS_PATH}{}", self.name()),
        }
    }

    /// Parameters that must not be empty, the purpose and the token aside.
    #[must_use]
    pub const fn required(self) -> &'static [&'static str] {
        match self {
            Self::Token => &["client_id", "client_secret", "grant_type", "scope", "username", "password"],
            Self::ShareQueryCertInfoByHo | Self::ShengShiStateInfo => {
                &["certificateHolderCode", "certificateHolderCodeType", "certTypeCode"]
            }
        }
    }
}
