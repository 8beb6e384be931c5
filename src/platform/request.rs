//! A business call: the interface and its parameters, all texts.

use crate::endpoint::{Endpoint, Side};
use crate::job::Purpose;
use serde_json::{Map, Value};

/// Parameters that are numbers of holders, certificates and files.
const NUMBERS: [&str; 8] = [
    "certificateHolderCode",
    "certificateNumber",
    "certificateID",
    "certificateIdentifier",
    "certIdentifier",
    "fileNumber",
    "abstractCode",
    "qrValue",
];

/// A business call. The token is added when it is sent.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Request {
    endpoint: Endpoint,
    parameters: Map<String, Value>,
}

impl Request {
    /// A call of an interface, without parameters yet.
    #[must_use]
    pub fn new(endpoint: Endpoint) -> Self {
        Self { endpoint, parameters: Map::new() }
    }

    /// With a parameter.
    #[must_use]
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.parameters.insert(name.to_owned(), Value::String(value.to_owned()));
        self
    }

    /// With a parameter where there is a value for it.
    #[must_use]
    pub fn with_optional(self, name: &str, value: Option<&str>) -> Self {
        match value {
            Some(value) => self.with(name, value),
            None => self,
        }
    }

    /// With the side that it asks.
    #[must_use]
    pub fn on(self, side: Side) -> Self {
        self.with("interfaceType", side.interface_type())
    }

    /// With the purpose; parameters that are there already stay as they are.
    #[must_use]
    pub fn for_purpose(mut self, purpose: &Purpose) -> Self {
        let category = purpose.call_category.to_string();
        let required = [
            ("certificateSystemName", &purpose.system_name),
            ("certificateCallCategory", &category),
            ("certificateMatterName", &purpose.matter_name),
            ("certificateEventCode", &purpose.event_code),
            ("certificateCopyCause", &purpose.copy_cause),
        ];
        let optional = [
            ("callDistrict", &purpose.call_district),
            ("callDepartment", &purpose.call_department),
            ("districtLevel", &purpose.district_level),
        ];
        let optional = optional.into_iter().filter_map(|(name, value)| Some((name, value.as_ref()?)));
        for (name, value) in required.into_iter().chain(optional) {
            self.parameters.entry(name).or_insert_with(|| Value::String(value.clone()));
        }
        self
    }

    /// Whether it has a parameter that is not blank.
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        self.parameters.get(name).and_then(Value::as_str).is_some_and(|value| !value.trim().is_empty())
    }

    /// The numbers in it that are somebody's, or a certificate's.
    pub(super) fn numbers(&self) -> impl Iterator<Item = &str> {
        NUMBERS.iter().filter_map(|name| self.parameters.get(*name)?.as_str())
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
