//! The first rows of a table, looked at before its columns are chosen.

use super::cell::{Cell, SheetRow, ends_in_zeros};
use super::columns::is_blank;
use super::heading::{Heading, Role};
use super::holder::Checks;
use super::kind::HolderKind;
use super::merged::Merges;
use super::repair::{is_ditto, is_placeholder, repair_code};
use super::row_reader::{Rules, is_nothing, text_of};
use super::template::{LEAST_OF_A_TEMPLATE, Template, counting, few, is_rising};
use super::words::{is_name, is_place, is_serial};
use crate::codes::{check_type_code, holder_code_type};
use std::collections::HashMap;

/// Rows below a header that are looked at before its columns are chosen.
pub(super) const LOOK_AHEAD: usize = 200;
/// A table of fewer rows, most of them without a code, is no template that somebody has begun to fill in.
const LEAST_ROWS_OF_A_TEMPLATE: usize = 20;

/// Rows below a header that hold something.
#[derive(Debug)]
pub(super) struct Sample<'a> {
    pub rows: Vec<SheetRow<'a>>,
    /// The sheet's merged ranges, to be followed from the first row on.
    pub merges: Merges,
}

/// What a cell is for a role.
#[derive(Debug, Clone, Copy)]
enum Found {
    Nothing,
    /// Not what the role wants.
    Other,
    /// What the role wants; of a holder code also whose it is.
    Fitting(Option<HolderKind>),
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
    fn add(&mut self, found: Found) {
        self.filled.push(!matches!(found, Found::Nothing));
        if let Found::Fitting(kind) = found {
            self.fitting += 1;
            self.persons += usize::from(kind == Some(HolderKind::Person));
            self.organisations += usize::from(kind == Some(HolderKind::Organisation));
        }
    }

    /// Whether at least half of what stands there is what the role wants.
    pub(super) fn is_fitting(&self) -> bool {
        self.fitting > 0 && self.fitting * 2 >= self.filled()
    }

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
        let mut last = Found::Nothing;
        for row in &self.rows {
            merges.begin_row(*row);
            let (cell, _) = merges.cell(*row, column);
            last = match cell {
                Cell::Text(text) if is_ditto(text) => last,
                cell if is_nothing(&cell) => Found::Nothing,
                cell => found(role, &text_of(&cell), rules),
            };
            survey.add(last);
        }
        survey
    }

    /// Whether the long numbers of a column went through a program that keeps fifteen digits of a number: several of them end
    /// in zeros from the sixteenth digit on, which by chance one in a thousand does.
    pub(super) fn is_rounded(&self, column: usize) -> bool {
        let (mut long, mut rounded) = (0usize, 0usize);
        for row in &self.rows {
            if let Cell::Text(text) = row.cell(column)
                && let Some(is_rounded) = ends_in_zeros(text)
            {
                long += 1;
                rounded += usize::from(is_rounded);
            }
        }
        rounded >= 2 && rounded * 10 >= long
    }

    /// Whether most rows lack a code in a column, as those of a template do that somebody has begun to fill in.
    pub(super) fn is_mostly_without(&self, survey: &Survey) -> bool {
        self.rows.len() >= LEAST_ROWS_OF_A_TEMPLATE && survey.filled() * 2 <= self.rows.len()
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

    /// Tells what a template puts into a column before anybody fills it in. `is_template` tells that most rows are as the
    /// template has them.
    pub(super) fn template_of(&self, column: usize, heading: &Heading, is_template: bool) -> Template {
        match heading.meaning {
            Some((Role::CertTypeCode | Role::CertTypeName | Role::HolderCodeType, _)) => return Template::Type,
            Some(_) => return Template::Nothing,
            None => {}
        }
        let name = heading.own_name();
        let texts: Vec<String> =
            self.rows.iter().map(|row| row.cell(column)).filter(|cell| !is_blank(cell)).map(|cell| cell.text()).collect();
        if let Some(numbered) = counting(&texts, is_serial(name)).filter(|_| is_serial(name) || !is_name(name)) {
            return numbered;
        }
        if is_serial(name) || name.is_empty() && is_rising(&texts) {
            return Template::Serial;
        }
        let is_everywhere = texts.len() * 20 >= self.rows.len() * 19;
        if is_template && is_everywhere && is_place(name) {
            return Template::Places;
        }
        if is_name(name) {
            return Template::Nothing;
        }
        let repeated = if is_template && is_everywhere { few(&texts) } else { None };
        repeated.or_else(|| self.constant(&texts).map(|text| vec![text])).map_or(Template::Nothing, Template::OneOf)
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

/// What a text is for a role.
fn found(role: Role, text: &str, rules: Rules<'_>) -> Found {
    let fits = match role {
        Role::HolderCode => {
            let kind = Checks::of(&repair_code(text).0, rules.today).kind();
            return kind.map_or(Found::Other, |kind| Found::Fitting(Some(kind)));
        }
        Role::HolderCodeType => holder_code_type(text).is_some() || !rules.catalogue.holder_code_types_named(text).is_empty(),
        Role::CertTypeCode => check_type_code(&repair_code(text).0).is_ok(),
        Role::CertTypeName => rules.catalogue.named(text).next().is_some() || check_type_code(&repair_code(text).0).is_ok(),
        Role::CertificateNumber | Role::ExtractionCode => true,
    };
    if fits { Found::Fitting(None) } else { Found::Other }
}
