//! How faces are read and compared: the program's rules, extended by the job's.

use super::field::FieldMap;
use crate::codes::Field;
use crate::job::FaceSettings;
use std::collections::{HashMap, HashSet};
use std::sync::{Arc, LazyLock};

/// Rules for reading and comparing faces.
#[derive(Debug, Clone)]
pub struct FaceRules {
    /// Which names mean which fields.
    pub map: FieldMap,
    ignored: HashSet<Field>,
    ignored_by_type: HashMap<String, HashSet<Field>>,
    /// Beginnings of issuers' names that may be there or not, in canonical form.
    pub(super) issuer_prefixes: Vec<String>,
}

impl FaceRules {
    /// The program's rules with what a job adds.
    #[must_use]
    pub fn new(settings: &FaceSettings) -> Self {
        let fields = |names: &[String]| names.iter().filter_map(|name| Field::named(name)).collect();
        let by_type = settings.types.iter().map(|(code, of_type)| (code.clone(), fields(&of_type.ignore)));
        let prefixes = settings
            .issuer_prefixes
            .iter()
            .filter(|prefix| !prefix.trim().is_empty())
            .map(|prefix| super::form::canonical(prefix, Field::IssuerName.kind()));
        Self {
            map: FieldMap::extended_by(settings),
            ignored: fields(&settings.ignore),
            ignored_by_type: by_type.collect(),
            issuer_prefixes: prefixes.collect(),
        }
    }

    /// Whether a field of a certificate type is not compared.
    #[must_use]
    pub fn ignores(&self, field: Field, cert_type_code: &str) -> bool {
        self.ignored.contains(&field) || self.ignored_by_type.get(cert_type_code).is_some_and(|fields| fields.contains(&field))
    }
}

/// The rules that come with the program.
#[must_use]
pub fn compiled_in_rules() -> Arc<FaceRules> {
    static RULES: LazyLock<Arc<FaceRules>> = LazyLock::new(|| Arc::new(FaceRules::new(&FaceSettings::default())));
    Arc::clone(&RULES)
}
