//! Requests of the business interfaces, one constructor each.

use crate::endpoint::{Endpoint, Side};
use crate::job::Purpose;
use serde_json::{Map, Value};

/// A business call: the interface and its parameters, all texts (specification, section 6.3). The token is added when
/// it is sent.
#[derive(Debug, Clone)]
pub struct Request {
    endpoint: Endpoint,
    parameters: Map<String, Value>,
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

impl Request {
    /// Interface 7 (6.3.7 证照持有主体代码获取证照信息接口): a holder's faces on one side.
    #[must_use]
    pub fn list(holder: Holder<'_>, side: Side, purpose: &Purpose) -> Self {
        let mut request = Self::about_holder(Endpoint::ShareQueryCertInfoByHo, holder, purpose);
        request.set("interfaceType", side.interface_type());
        request
    }

    /// Interface 13 (6.3.13 证照持有主体代码获取证照信息和省市数据存在情况接口): what each side holds.
    #[must_use]
    pub fn state(holder: Holder<'_>, purpose: &Purpose) -> Self {
        Self::about_holder(Endpoint::ShengShiStateInfo, holder, purpose)
    }

    fn about_holder(endpoint: Endpoint, holder: Holder<'_>, purpose: &Purpose) -> Self {
        let mut request = Self { endpoint, parameters: Map::new() };
        request.set("certificateHolderCode", holder.code);
        request.set("certificateHolderCodeType", holder.code_type);
        request.set("certTypeCode", holder.cert_type_code);
        if let Some(number) = holder.certificate_number {
            request.set("certificateNumber", number);
        }
        request.set("certificateSystemName", &purpose.system_name);
        request.set("certificateCallCategory", &purpose.call_category.to_string());
        request.set("certificateMatterName", &purpose.matter_name);
        request.set("certificateEventCode", &purpose.event_code);
        request.set("certificateCopyCause", &purpose.copy_cause);
        let optional = [
            ("callDistrict", &purpose.call_district),
            ("callDepartment", &purpose.call_department),
            ("districtLevel", &purpose.district_level),
        ];
        for (name, value) in optional {
            if let Some(value) = value {
                request.set(name, value);
            }
        }
        request
    }

    fn set(&mut self, name: &str, value: &str) {
        self.parameters.insert(name.to_owned(), Value::String(value.to_owned()));
    }

    /// Which interface it goes to.
    #[must_use]
    pub const fn endpoint(&self) -> Endpoint {
        self.endpoint
    }

    /// The JSON body with the token in it.
    pub(super) fn body(&self, access_token: &str) -> Vec<u8> {
        let mut parameters = self.parameters.clone();
        parameters.insert("access_token".to_owned(), Value::String(access_token.to_owned()));
        Value::Object(parameters).to_string().into_bytes()
    }
}
