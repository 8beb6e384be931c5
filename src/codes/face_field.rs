//! The canonical fields of a face (照面信息, GB/T 36903), and the states of a certificate.

use serde::Deserialize;

/// Declares the canonical fields with their names (those of the table's columns) and kinds.
macro_rules! fields {
    ($($(#[$meta:meta])* $variant:ident = $name:literal $kind:ident),+ $(,)?) => {
        /// A canonical field of a face (GB/T 36903).
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Field { $($(#[$meta])* $variant),+ }

        impl Field {
            /// Every field, in the order of the table's columns.
            pub const ALL: &[Self] = &[$(Self::$variant),+];

            /// Its name, as columns and difference lists use it.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name),+ }
            }

            /// The field of that name.
            #[must_use]
            pub fn named(name: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|field| field.name() == name)
            }

            /// How its values are compared.
            #[must_use]
            pub const fn kind(self) -> FieldKind {
                match self { $(Self::$variant => FieldKind::$kind),+ }
            }
        }
    };
}

fields! {
    /// 电子证照标识, or the city's file number.
    CertificateId = "certificate_id" Code,
    /// 证照编号.
    CertificateNumber = "certificate_number" Code,
    /// 证照名称.
    CertificateName = "certificate_name" Name,
    /// 证照类型代码.
    CertTypeCode = "cert_type_code" Code,
    /// 证照类型名称.
    CertTypeName = "cert_type_name" Name,
    /// 持证主体.
    HolderName = "holder_name" Name,
    /// 持证主体代码.
    HolderCode = "holder_code" Code,
    /// 持证主体代码类型代码.
    HolderCodeType = "holder_code_type" Code,
    /// 证照颁发机构.
    IssuerName = "issuer_name" Name,
    /// 证照颁发机构代码.
    IssuerCode = "issuer_code" Code,
    /// 证照颁发日期.
    IssueDate = "issue_date" Date,
    /// 证照有效期起始日期.
    ValidFrom = "valid_from" Date,
    /// 证照有效期截止日期.
    ValidTo = "valid_to" Date,
    /// 证照状态.
    Lifecycle = "lifecycle" Lifecycle,
    /// 行政区划代码.
    AreaCode = "area_code" Code,
    /// 法定代表人.
    LegalRepresentative = "legal_representative" Name,
    /// 地址.
    Address = "address" Text,
    /// 备注.
    Remark = "remark" Text,
}

/// How the values of a field are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FieldKind {
    /// Letters and digits: letter case is form.
    Code,
    /// A name of a person, body or certificate.
    Name,
    /// A day, or no end.
    Date,
    /// A state word.
    Lifecycle,
    /// Free text.
    Text,
}

/// The life of a certificate, in one vocabulary for codes 21–23 and state words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Lifecycle {
    /// In force.
    Valid,
    /// Revoked or annulled (code 21).
    Revoked,
    /// Expired (code 22).
    Expired,
    /// Its use is restricted (code 23).
    Restricted,
}

impl Lifecycle {
    /// Every state.
    pub const ALL: [Self; 4] = [Self::Valid, Self::Revoked, Self::Expired, Self::Restricted];

    /// The name in tables.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Valid => "valid",
            Self::Revoked => "revoked",
            Self::Expired => "expired",
            Self::Restricted => "restricted",
        }
    }

    /// What return codes 21–23 say.
    #[must_use]
    pub const fn of_code(code: i32) -> Option<Self> {
        match code {
            21 => Some(Self::Revoked),
            22 => Some(Self::Expired),
            23 => Some(Self::Restricted),
            _ => None,
        }
    }
}
