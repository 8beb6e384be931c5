//! Canonical fields of a face (照面信息, GB/T 36903), and the lifecycle states of a certificate.

use serde::Deserialize;

/// Declares the canonical fields with their names in tables and their kinds.
macro_rules! fields {
    ($($(#[$meta:meta])* $variant:ident = $name:literal $kind:ident),+ $(,)?) => {
        /// A canonical field of a face (GB/T 36903).
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Field { $($(#[$meta])* $variant),+ }

        impl Field {
            /// All fields, in the order of the table's columns.
            pub const ALL: &[Self] = &[$(Self::$variant),+];

            /// Returns the name used in tables.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name),+ }
            }

            /// Returns the field with this name.
            #[must_use]
            pub fn named(name: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|field| field.name() == name)
            }

            /// Returns how values of the field are compared.
            #[must_use]
            pub const fn kind(self) -> FieldKind {
                match self { $(Self::$variant => FieldKind::$kind),+ }
            }
        }
    };
}

fields! {
    /// Identifier of the certificate (电子证照标识), or the city's file number.
    CertificateId = "certificate_id" Code,
    /// Certificate number (证照编号).
    CertificateNumber = "certificate_number" Code,
    /// Certificate name (证照名称).
    CertificateName = "certificate_name" Name,
    /// Certificate type code (证照类型代码).
    CertTypeCode = "cert_type_code" Code,
    /// Certificate type name (证照类型名称).
    CertTypeName = "cert_type_name" Name,
    /// Holder (持证主体).
    HolderName = "holder_name" Name,
    /// Holder code (持证主体代码).
    HolderCode = "holder_code" Code,
    /// Type code of the holder code (持证主体代码类型代码).
    HolderCodeType = "holder_code_type" Code,
    /// Issuer (证照颁发机构).
    IssuerName = "issuer_name" Name,
    /// Code of the issuer (证照颁发机构代码).
    IssuerCode = "issuer_code" Code,
    /// Date of issue (证照颁发日期).
    IssueDate = "issue_date" Date,
    /// First day of validity (证照有效期起始日期).
    ValidFrom = "valid_from" Date,
    /// Last day of validity (证照有效期截止日期).
    ValidTo = "valid_to" Date,
    /// Lifecycle state (证照状态).
    Lifecycle = "lifecycle" Lifecycle,
    /// Code of the administrative division (行政区划代码).
    AreaCode = "area_code" Code,
    /// Legal representative (法定代表人).
    LegalRepresentative = "legal_representative" Name,
    /// Address (地址).
    Address = "address" Text,
    /// Remark (备注).
    Remark = "remark" Text,
}

/// How the values of a field are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FieldKind {
    /// Letters and digits; letter case is ignored.
    Code,
    /// Name of a person, organisation or certificate.
    Name,
    /// A date, or "no end" for a certificate valid for ever.
    Date,
    /// Word for a lifecycle state.
    Lifecycle,
    /// Free text.
    Text,
}

/// Lifecycle state of a certificate, as given by return codes 21 to 23 or by a state word on the face.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Lifecycle {
    /// In force.
    Valid,
    /// Revoked or annulled (return code 21).
    Revoked,
    /// Expired (return code 22).
    Expired,
    /// Restricted in use (return code 23).
    Restricted,
}

impl Lifecycle {
    /// All states.
    pub const ALL: [Self; 4] = [Self::Valid, Self::Revoked, Self::Expired, Self::Restricted];

    /// Returns the name used in tables.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Valid => "valid",
            Self::Revoked => "revoked",
            Self::Expired => "expired",
            Self::Restricted => "restricted",
        }
    }

    /// Returns the state that a return code from 21 to 23 stands for; `None` for other codes.
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
