//! Which column means what.

use super::cell::SheetRow;
use crate::job::InputSettings;
use std::collections::HashMap;
use std::sync::LazyLock;
use unicode_normalization::UnicodeNormalization;

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Role {
    HolderCode,
    HolderCodeType,
    CertTypeCode,
    CertificateNumber,
    CertTypeName,
    ExtractionCode,
}

impl Role {
    pub(super) const ALL: [Self; 6] = [
        Self::HolderCode,
        Self::HolderCodeType,
        Self::CertTypeCode,
        Self::CertificateNumber,
        Self::CertTypeName,
        Self::ExtractionCode,
    ];

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::HolderCode => "holder_code",
            Self::HolderCodeType => "holder_code_type",
            Self::CertTypeCode => "cert_type_code",
            Self::CertificateNumber => "certificate_number",
            Self::CertTypeName => "cert_type_name",
            Self::ExtractionCode => "extraction_code",
        }
    }
}

/// Headers that departments use, in folded form.
static SYNONYMS: LazyLock<HashMap<String, Role>> = LazyLock::new(|| {
    let mut reader = csv::Reader::from_reader(include_bytes!("headers.csv").as_slice());
    let lines = reader.deserialize::<(String, String)>().map(|line| {
        let (role, header) = line.expect("the compiled-in list of headers is well-formed");
        let known = Role::ALL.into_iter().find(|known| known.name() == role);
        (fold(&header), known.expect("the compiled-in list of headers names known roles"))
    });
    lines.collect()
});

/// A header without width, spaces, letter case, and notes in brackets such as （必填） or a star.
pub(super) fn fold(header: &str) -> String {
    let mut depth = 0u32;
    let mut folded = String::new();
    for character in header.nfkc() {
        match character {
            '(' | '[' | '【' | '〔' => depth += 1,
            ')' | ']' | '】' | '〕' => depth = depth.saturating_sub(1),
            _ if depth > 0 || character.is_whitespace() || matches!(character, '*' | ':' | '_' | '\u{200B}' | '\u{FEFF}') => {}
            kept => folded.extend(kept.to_lowercase()),
        }
    }
    folded
}

/// The texts of a row.
pub(super) fn texts(row: SheetRow<'_>) -> Vec<String> {
    row.cells().map(|cell| cell.text().trim().to_owned()).collect()
}

/// A header over two rows as one: what the lower row says, and the upper row where the lower says nothing.
pub(super) fn combined(upper: &[String], lower: &[String]) -> Vec<String> {
    let at = |row: &[String], column: usize| row.get(column).filter(|text| !text.is_empty()).cloned();
    let width = upper.len().max(lower.len());
    (0..width).map(|column| at(lower, column).or_else(|| at(upper, column)).unwrap_or_default()).collect()
}

/// The columns of a sheet.
#[derive(Debug, Clone, Default)]
pub(super) struct Columns {
    by_role: HashMap<Role, usize>,
    /// For each of the job's carried headers, its column in this sheet.
    pub carried: Vec<Option<usize>>,
    /// The header row's texts.
    headers: Vec<String>,
}

/// Why a row is no header.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum NoHeader {
    /// Nothing like a header was recognised.
    Unrecognised,
    /// Headers that the job names are not there.
    Missing(Vec<String>),
}

impl Columns {
    /// Reads a row's texts as a header; headers that the job names win over recognised ones.
    pub(super) fn recognise(headers: Vec<String>, settings: &InputSettings, carried: &[String]) -> Result<Self, NoHeader> {
        let folded: Vec<String> = headers.iter().map(|header| fold(header)).collect();
        let place_of = |name: &str| {
            let exactly = headers.iter().position(|header| header == name.trim());
            exactly.or_else(|| folded.iter().position(|header| !header.is_empty() && *header == fold(name)))
        };
        let named = [
            (Role::HolderCode, &settings.columns.holder_code),
            (Role::HolderCodeType, &settings.columns.holder_code_type),
            (Role::CertTypeCode, &settings.columns.cert_type_code),
            (Role::CertificateNumber, &settings.columns.certificate_number),
            (Role::CertTypeName, &settings.columns.cert_type_name),
            (Role::ExtractionCode, &settings.columns.extraction_code),
        ];
        let mut by_role = HashMap::new();
        let mut missing = Vec::new();
        for (role, name) in named {
            let Some(name) = name else { continue };
            match place_of(name) {
                Some(column) => {
                    by_role.insert(role, column);
                }
                None => missing.push(name.clone()),
            }
        }
        for (column, header) in folded.iter().enumerate() {
            let taken = by_role.values().any(|&known| known == column);
            if let Some(role) = SYNONYMS.get(header).filter(|_| !taken) {
                by_role.entry(*role).or_insert(column);
            }
        }
        if !missing.is_empty() {
            return Err(NoHeader::Missing(missing));
        }
        let names_type = by_role.contains_key(&Role::CertTypeCode) || by_role.contains_key(&Role::CertTypeName);
        let has_type = names_type || !settings.default_type_codes.is_empty();
        if !by_role.contains_key(&Role::HolderCode) || !has_type {
            return Err(NoHeader::Unrecognised);
        }
        let of_this_input = |header: &String| settings.carry.contains(header).then(|| place_of(header)).flatten();
        Ok(Self { by_role, carried: carried.iter().map(of_this_input).collect(), headers })
    }

    pub(super) fn column(&self, role: Role) -> Option<usize> {
        self.by_role.get(&role).copied()
    }

    /// The header text of a role's column.
    pub(super) fn header(&self, role: Role) -> &str {
        self.column(role).and_then(|column| self.headers.get(column)).map_or("", String::as_str)
    }

    /// Role and header text of every column understood.
    pub(super) fn mapping(&self) -> Vec<(&'static str, String)> {
        let understood = Role::ALL.into_iter().filter(|role| self.column(*role).is_some());
        understood.map(|role| (role.name(), self.header(role).to_owned())).collect()
    }

    /// Headers that mean what another column was taken for.
    pub(super) fn unused(&self) -> Vec<String> {
        let is_unused = |column: usize, header: &str| {
            let role = SYNONYMS.get(&fold(header)).and_then(|role| self.column(*role));
            role.is_some_and(|taken| taken != column) && !self.by_role.values().any(|&known| known == column)
        };
        self.headers
            .iter()
            .enumerate()
            .filter(|(column, header)| is_unused(*column, header))
            .map(|(_, header)| header.clone())
            .collect()
    }

    /// Those of the job's carried headers that the sheet has.
    pub(super) fn carried_of(&self, carried: &[String]) -> Vec<String> {
        carried.iter().zip(&self.carried).filter(|(_, column)| column.is_some()).map(|(header, _)| header.clone()).collect()
    }

    /// Whether a row repeats the header.
    pub(super) fn is_repeated_in(&self, row: SheetRow<'_>) -> bool {
        let mut columns = self.by_role.values();
        columns.all(|&column| self.headers.get(column).is_some_and(|header| row.cell(column).says(header)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_are_folded() {
        for header in ["证件号码", " 证件 号码 ", "证件号码（必填）", "＊证件号码", "证件号码(18位)", "证件号码："]
        {
            assert_eq!(fold(header), "证件号码", "{header}");
        }
        assert_eq!(SYNONYMS.get(&fold("Holder Code")), Some(&Role::HolderCode));
    }
}
