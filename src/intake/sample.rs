//! The first rows of a table, looked at before its columns are chosen.

use super::cell::SheetRow;
use super::columns::{Template, is_blank, is_serial_number};
use super::heading::{Heading, Role};
use super::holder::Checks;
use super::kind::HolderKind;
use super::merged::Merges;
use super::repair::{is_placeholder, repair_code};
use super::row_reader::{Rules, is_nothing, text_of};
use super::words::{is_name, is_serial};
use crate::codes::{check_type_code, holder_code_type};
use std::collections::HashMap;

/// Rows below a header that are looked at before its columns are chosen.
pub(super) const LOOK_AHEAD: usize = 200;
/// In fewer rows a text is not the same by design.
const LEAST_OF_A_TEMPLATE: usize = 3;

/// Rows below a header that hold something.
#[derive(Debug)]
pub(super) struct Sample<'a> {
    pub rows: Vec<SheetRow<'a>>,
    /// The sheet's merged ranges, to be followed from the first row on.
    pub merges: Merges,
}

/// What stands in a column.
#[derive(Debug, Clone, Default)]
pub(super) struct Survey {
    /// For each row, whether anything stands there.
    filled: Vec<bool>,
    /// Values that are what the column's role wants.
    fitting: usize,
    persons: usize,
    organisations: usize,
}

impl Survey {
    /// How many rows have something.
    pub(super) fn filled(&self) -> usize {
        self.filled.iter().filter(|filled| **filled).count()
    }

    /// How many rows have what the column's role wants.
    pub(super) const fn fitting(&self) -> usize {
        self.fitting
    }

    /// The kind of holder that most of its codes prove.
    pub(super) const fn kind(&self) -> Option<HolderKind> {
        if self.persons + self.organisations == 0 {
            None
        } else if self.persons >= self.organisations {
            Some(HolderKind::Person)
        } else {
            Some(HolderKind::Organisation)
        }
    }

    /// Whether rows that have something here and nothing in `first` are at least as many as those that have both: the two
    /// columns are for different rows, not for different holders of the same row.
    pub(super) fn fills_gaps_of(&self, first: &Self) -> bool {
        let pairs = || first.filled.iter().zip(&self.filled);
        let both = pairs().filter(|(first, own)| **first && **own).count();
        let alone = pairs().filter(|(first, own)| !**first && **own).count();
        both <= alone
    }
}

/// How many rows have a certificate type that is issued to each kind of holder.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct TypeKinds {
    persons: usize,
    organisations: usize,
}

impl TypeKinds {
    /// Whether some rows are about this kind of holder.
    pub(super) const fn have(self, kind: HolderKind) -> bool {
        match kind {
            HolderKind::Person => self.persons > 0,
            HolderKind::Organisation => self.organisations > 0,
        }
    }

    /// The kind of holder that all rows are about, as far as their types tell.
    pub(super) const fn only(self) -> Option<HolderKind> {
        match (self.persons, self.organisations) {
            (1.., 0) => Some(HolderKind::Person),
            (0, 1..) => Some(HolderKind::Organisation),
            _ => None,
        }
    }
}

impl Sample<'_> {
    /// Looks at a column that may have a role.
    pub(super) fn survey(&self, role: Role, column: usize, rules: Rules<'_>) -> Survey {
        let mut survey = Survey::default();
        let mut merges = self.merges.restarted();
        for row in &self.rows {
            merges.begin_row(*row);
            let (cell, _) = merges.cell(*row, column);
            let is_filled = !is_nothing(&cell);
            survey.filled.push(is_filled);
            if !is_filled {
                continue;
            }
            let text = text_of(&cell);
            survey.fitting += usize::from(match role {
                Role::HolderCode => {
                    let kind = Checks::of(&repair_code(&text).0, rules.today).kind();
                    survey.persons += usize::from(kind == Some(HolderKind::Person));
                    survey.organisations += usize::from(kind == Some(HolderKind::Organisation));
                    kind.is_some()
                }
                Role::HolderCodeType => {
                    holder_code_type(&text).is_some() || !rules.catalogue.holder_code_types_named(&text).is_empty()
                }
                Role::CertTypeCode => check_type_code(&repair_code(&text).0).is_ok(),
                Role::CertTypeName => rules.catalogue.named(&text).next().is_some(),
                Role::CertificateNumber | Role::ExtractionCode => true,
            });
        }
        survey
    }

    /// Counts whom the certificate types in a column are issued to; those of the job's defaults where there is none.
    pub(super) fn type_kinds(&self, column: Option<(Role, usize)>, rules: Rules<'_>) -> TypeKinds {
        let mut kinds = TypeKinds::default();
        let mut merges = self.merges.restarted();
        for row in &self.rows {
            merges.begin_row(*row);
            let kind = match column {
                Some((role, column)) => rules.kind_of(role, &merges.cell(*row, column).0),
                None => rules.kind_of_defaults(),
            };
            kinds.persons += usize::from(kind == Some(HolderKind::Person));
            kinds.organisations += usize::from(kind == Some(HolderKind::Organisation));
        }
        kinds
    }

    /// Tells what a template puts into a column before anybody fills it in.
    pub(super) fn template_of(&self, column: usize, heading: &Heading) -> Template {
        match heading.meaning {
            Some((Role::CertTypeCode | Role::CertTypeName | Role::HolderCodeType, _)) => return Template::Type,
            Some(_) => return Template::Nothing,
            None => {}
        }
        let name = heading.own_name();
        let texts: Vec<String> =
            self.rows.iter().map(|row| row.cell(column)).filter(|cell| !is_blank(cell)).map(|cell| cell.text()).collect();
        if is_serial(name) || name.is_empty() && is_rising(&texts) {
            return Template::Serial;
        }
        if is_name(name) {
            return Template::Nothing;
        }
        self.constant(&texts).map_or(Template::Nothing, Template::Constant)
    }

    /// The text that stands in almost all rows, if there is one.
    fn constant(&self, texts: &[String]) -> Option<String> {
        let mut counts: HashMap<&str, usize> = HashMap::new();
        for text in texts {
            *counts.entry(text.trim()).or_default() += 1;
        }
        let (text, count) = counts.into_iter().max_by_key(|(_, count)| *count)?;
        let is_usual = count >= LEAST_OF_A_TEMPLATE && count * 20 >= texts.len() * 19 && texts.len() * 5 >= self.rows.len() * 3;
        (is_usual && !is_placeholder(text)).then(|| text.to_owned())
    }
}

/// Whether texts are whole numbers that rise.
fn is_rising(texts: &[String]) -> bool {
    let numbers: Option<Vec<u32>> =
        texts.iter().map(|text| text.trim().parse().ok().filter(|_| is_serial_number(text))).collect();
    numbers.is_some_and(|numbers| numbers.len() >= LEAST_OF_A_TEMPLATE && numbers.is_sorted_by(|first, second| first < second))
}
