//! Which columns are read where several could be: by what their headers say, and by what stands in them.

use super::columns::{Alternate, Columns};
use super::header::Header;
use super::heading::{Claim, Heading, Role};
use super::kind::HolderKind;
use super::row_reader::Rules;
use super::sample::{Sample, Survey, TypeKinds};
use super::template::Template;
use super::words::{fold, is_number, is_serial, owner_in};
use super::{ColumnUse, Note};
use crate::job::InputSettings;
use crate::message::Message;
use std::cmp::Reverse;
use std::ops::Range;
use std::sync::Arc;

/// The columns of one table, and what a person should know of how they were chosen.
#[derive(Debug)]
pub(super) struct Choice {
    pub columns: Columns,
    /// Columns that mean what another one was taken for.
    pub unused: Vec<ColumnUse>,
    pub notes: Vec<Note>,
}

/// Returns the columns of each of the tables that stand side by side under a header, from the left: where the columns of a
/// table that is whole begin again, the next one begins.
pub(super) fn tables(header: &Header, settings: &InputSettings) -> Vec<Range<usize>> {
    let mut starts = vec![0usize];
    let mut begin = 0;
    for column in 0..header.headings.len() {
        if let Some(start) = next_table(header, begin, column, settings) {
            starts.push(start);
            begin = start;
        }
    }
    // Columns that begin again and lack something are further columns of the table before.
    if starts.len() > 1 && !header.is_whole(&(begin..usize::MAX), settings) {
        starts.pop();
    }
    let ends = starts.iter().skip(1).copied().chain([usize::MAX]);
    starts.iter().zip(ends).map(|(start, end)| *start..end).collect()
}

/// The first column of the table that begins again with `column`, if one does.
fn next_table(header: &Header, begin: usize, column: usize, settings: &InputSettings) -> Option<usize> {
    let heading = header.headings.get(column)?;
    let (role, claim) = heading.meaning?;
    let tells = matches!(role, Role::HolderCode | Role::CertTypeCode | Role::CertTypeName) && claim <= Claim::Likely;
    if !tells || !header.is_whole(&(begin..column), settings) {
        return None;
    }
    let same = |role: Role, range: Range<usize>, name: &str| {
        let columns = header.columns_for(role, &range).into_iter().map(|(column, _)| column);
        columns.rev().find(|column| header.headings.get(*column).is_some_and(|other| other.own_name() == name))
    };
    let twin = same(role, begin..column, heading.own_name());
    // Another kind of holder code begins a table if the type's column comes again behind it.
    let types_again = || {
        let types = [Role::CertTypeCode, Role::CertTypeName].into_iter();
        let mut before =
            types.flat_map(|role| header.columns_for(role, &(begin..column)).into_iter().map(move |found| (role, found.0)));
        before.any(|(role, earlier)| {
            let name = header.headings.get(earlier).map_or("", Heading::own_name);
            same(role, column..usize::MAX, name).is_some()
        })
    };
    let is_again = !header.columns_for(role, &(begin..column)).is_empty();
    let begins = twin.is_some() || role == Role::HolderCode && is_again && types_again();
    begins.then(|| first_column(header, begin, column, twin))
}

/// Goes back from the first column that means something to the first column of its table.
fn first_column(header: &Header, begin: usize, column: usize, twin: Option<usize>) -> usize {
    let name = |column: usize| header.headings.get(column).map_or("", Heading::own_name);
    let has_meaning = |column: &usize| header.headings.get(*column).is_some_and(|heading| heading.meaning.is_some());
    let lowest = (begin..column).rev().find(has_meaning).map_or(begin, |last| last + 1);
    if let Some(gap) = (lowest..column).rev().find(|column| name(*column).is_empty()) {
        return gap + 1;
    }
    let Some(twin) = twin else { return lowest };
    // As far back as the headers are those before the twin.
    let is_same = |back: &usize| !name(column - back).is_empty() && name(column - back) == name(twin - back);
    let most = (column - lowest).min(twin - begin);
    column - (1..=most).take_while(is_same).count()
}

/// A column that may have a role.
struct Candidate {
    column: usize,
    claim: Claim,
    survey: Survey,
}

impl Candidate {
    /// The column among those found by their content that holds codes of the kind of holder that the certificate types are
    /// issued to, where this one holds codes of the other kind.
    fn replaced_by(&self, by_content: &mut Vec<Self>, kinds: TypeKinds) -> Option<Self> {
        let wanted = kinds.only().filter(|wanted| self.claim != Claim::Named && self.survey.kind() != Some(*wanted))?;
        let place = by_content.iter().position(|candidate| candidate.survey.kind() == Some(wanted))?;
        Some(by_content.remove(place))
    }
}

/// Chooses the columns of a table.
pub(super) fn choose(
    header: &Arc<Header>,
    range: Range<usize>,
    sample: &Sample<'_>,
    rules: Rules<'_>,
    carried: &[String],
) -> Choice {
    let carried = carried.iter().map(|name| carried_column(header, &range, name, rules.settings)).collect();
    let columns = Columns { range, header: Arc::clone(header), carried, ..Columns::default() };
    let mut chooser = Chooser { choice: Choice { columns, unused: Vec::new(), notes: Vec::new() }, sample, rules };
    for role in Role::ALL {
        chooser.take(role);
    }
    chooser.look_at_the_rest();
    chooser.choice
}

/// The column of a header that the job carries: in the table itself, else the only one beside it.
fn carried_column(header: &Header, range: &Range<usize>, name: &str, settings: &InputSettings) -> Option<usize> {
    if !settings.carry.iter().any(|carried| carried == name) {
        return None;
    }
    let columns = header.columns_called(name);
    let own = columns.iter().find(|column| range.contains(column)).copied();
    own.or(match columns[..] {
        [only] => Some(only),
        _ => None,
    })
}

struct Chooser<'a> {
    choice: Choice,
    sample: &'a Sample<'a>,
    rules: Rules<'a>,
}

impl Chooser<'_> {
    /// Chooses the column of a role, and tells which others there are.
    fn take(&mut self, role: Role) {
        let kinds = if role == Role::HolderCode { self.type_kinds() } else { TypeKinds::default() };
        let candidates = self.candidates(role, kinds.only());
        let (of_others, own): (Vec<Candidate>, Vec<Candidate>) =
            candidates.into_iter().partition(|candidate| candidate.claim == Claim::SomeoneElse);
        let mut unused: Vec<usize> = of_others.into_iter().map(|candidate| candidate.column).collect();
        let mut candidates = own.into_iter();
        let Some(mut first) = candidates.next() else {
            return self.leave_out(role, &unused);
        };
        let is_code = matches!(role, Role::HolderCode | Role::CertTypeCode);
        let mut by_content = if is_code { self.by_content(role) } else { Vec::new() };
        if let Some(better) = first.replaced_by(&mut by_content, kinds) {
            let replaced = std::mem::replace(&mut first, better);
            self.tell_by_content(&first, &replaced);
            self.leave_out(role, &[replaced.column]);
        }
        if let Some(place) = self.choice.columns.roles.get_mut(role as usize) {
            *place = Some(first.column);
        }
        for other in candidates {
            match alternate(role, &first, &other, kinds) {
                Some(alternate) => self.choice.columns.alternates.push(alternate),
                None => unused.push(other.column),
            }
        }
        let mut unread = Vec::new();
        for other in by_content {
            match alternate(role, &first, &other, kinds) {
                Some(alternate) => self.choice.columns.alternates.push(alternate),
                None => unread.push(other.column),
            }
        }
        self.tell_unread(role, &first, &unread);
        unused.sort_unstable();
        self.leave_out(role, &unused);
        self.tell(role, &first, &unused);
    }

    /// Columns that may have a role, the best first: what the job names, then what the header says most surely and what
    /// stands in it fits, for the kind of holder that the certificate types are issued to.
    fn candidates(&self, role: Role, wanted: Option<HolderKind>) -> Vec<Candidate> {
        let columns = self.choice.columns.header.columns_for(role, &self.choice.columns.range);
        let mut candidates: Vec<Candidate> = columns
            .into_iter()
            .map(|(column, claim)| Candidate { column, claim, survey: self.sample.survey(role, column, self.rules) })
            .collect();
        candidates.sort_by_key(|candidate| {
            let Candidate { column, claim, survey } = candidate;
            let is_of_other_kind = wanted.is_some() && survey.kind() != wanted;
            let by_header = (*claim != Claim::Named, *claim >= Claim::Beside, survey.filled() == 0, *claim != Claim::Holder);
            (by_header, survey.fitting() * 2 < survey.filled(), is_of_other_kind, *claim, Reverse(survey.fitting()), *column)
        });
        candidates
    }

    /// Columns whose headers say nothing that is known, and which are full of codes of a role that check. Whose header names
    /// somebody else's is none.
    fn by_content(&self, role: Role) -> Vec<Candidate> {
        let columns = &self.choice.columns;
        let is_open =
            |heading: &Heading| heading.meaning.is_none() && !heading.text.is_empty() && owner_in(&fold(&heading.text)).is_none();
        let headings = columns.header.headings.iter().enumerate();
        let open = headings.filter(|(column, heading)| columns.range.contains(column) && is_open(heading));
        let surveyed = open.map(|(column, _)| Candidate {
            column,
            claim: Claim::Likely,
            survey: self.sample.survey(role, column, self.rules),
        });
        surveyed.filter(|candidate| candidate.survey.is_fitting()).collect()
    }

    /// Looks at what is not read, and tells what the template puts into each column.
    fn look_at_the_rest(&mut self) {
        let columns = &self.choice.columns;
        let holder = columns.column(Role::HolderCode).map(|column| self.sample.survey(Role::HolderCode, column, self.rules));
        let is_template = holder.is_some_and(|survey| self.sample.is_mostly_without(&survey)) && columns.alternates.is_empty();
        let headings = || columns.header.headings.iter().enumerate();
        let template: Vec<Template> =
            headings().map(|(column, heading)| self.sample.template_of(column, heading, is_template)).collect();
        let roles = columns.roles.iter().flatten().copied();
        let others = columns.alternates.iter().map(|other| other.column);
        let mut read: Vec<usize> = roles.chain(others).chain(columns.carried.iter().flatten().copied()).collect();
        read.sort_unstable();
        read.dedup();
        let rounded: Vec<usize> = read.iter().copied().filter(|column| self.sample.is_rounded(*column)).collect();
        let may_be_number = |column: usize, heading: &Heading| {
            let name = heading.own_name();
            let is_count = match template.get(column) {
                Some(Template::Numbered { prefix, .. }) => prefix.is_empty(),
                Some(Template::Serial) => true,
                _ => false,
            };
            heading.meaning.is_none() && is_number(name) && !is_serial(name) && !is_count && !read.contains(&column)
        };
        let numbers = headings().filter(|(column, heading)| columns.range.contains(column) && may_be_number(*column, heading));
        let unread_numbers: Vec<usize> = numbers.map(|(column, _)| column).collect();
        let columns = &mut self.choice.columns;
        (columns.template, columns.read, columns.rounded, columns.unread_numbers) = (template, read, rounded, unread_numbers);
    }

    /// Tells that a column was chosen by what stands in it.
    fn tell_by_content(&mut self, chosen: &Candidate, replaced: &Candidate) {
        let columns = &self.choice.columns;
        let message = Message::new("columns-by-content").with_message("chosen", columns.named(chosen.column));
        let message = message.with_message("other", columns.named(replaced.column));
        self.choice.notes.push(Note { message, needs_attention: true });
    }

    /// Tells of columns that are full of codes of a role and are not read. Where the job names the column, or carries them,
    /// that is what it wants.
    fn tell_unread(&mut self, role: Role, first: &Candidate, unread: &[usize]) {
        let columns = &self.choice.columns;
        let untold: Vec<usize> = unread.iter().copied().filter(|column| !columns.carried.contains(&Some(*column))).collect();
        if untold.is_empty() {
            return;
        }
        let others = untold.iter().map(|column| columns.named(*column)).collect();
        let code = if role == Role::HolderCode { "columns-codes-unread" } else { "columns-types-unread" };
        let message = Message::new(code).with_message("chosen", columns.named(first.column));
        let message = message.with_list("others", others);
        self.choice.notes.push(Note { message, needs_attention: first.claim != Claim::Named });
        self.leave_out(role, &untold);
    }

    /// Whom the table's certificate types are issued to.
    fn type_kinds(&self) -> TypeKinds {
        let columns = &self.choice.columns;
        let of_role = |role| columns.header.columns_for(role, &columns.range).first().map(|(column, _)| (role, *column));
        self.sample.type_kinds(of_role(Role::CertTypeCode).or_else(|| of_role(Role::CertTypeName)), self.rules)
    }

    fn leave_out(&mut self, role: Role, columns: &[usize]) {
        let uses = columns.iter().map(|column| self.choice.columns.column_use(role, *column));
        let uses: Vec<ColumnUse> = uses.collect();
        self.choice.unused.extend(uses);
    }

    /// Tells how the column of a role was chosen, where it was not the only one or is not surely the holder's.
    fn tell(&mut self, role: Role, first: &Candidate, unused: &[usize]) {
        let columns = &self.choice.columns;
        let named = |column: usize| columns.named(column);
        let role_word = Message::new(role.word());
        let about = |message: Message, others: Vec<Message>| {
            let message = message.with_message("role", role_word.clone()).with_message("chosen", named(first.column));
            message.with_list("others", others)
        };
        // Names of types are not read where there is a column of their codes.
        let is_read = role != Role::CertTypeName || columns.column(Role::CertTypeCode).is_none();
        let mut notes = Vec::new();
        if role == Role::HolderCode && !columns.alternates.is_empty() {
            let others = columns.alternates.iter().map(|other| named(other.column)).collect();
            notes.push((about(Message::new("columns-by-row"), others), true));
        }
        if !unused.is_empty() {
            let others = unused.iter().map(|column| named(*column)).collect();
            // A header that the job names and that is there twice decides nothing.
            let is_named = |column: &usize| {
                columns.header.headings.get(*column).is_some_and(|heading| heading.meaning == Some((role, Claim::Named)))
            };
            if first.claim == Claim::Named && !unused.iter().any(is_named) {
                notes.push((about(Message::new("columns-named-by-job"), others), false));
            } else {
                notes.push((about(Message::new("columns-unused"), others), is_read));
            }
        }
        let is_known = columns.header.headings.get(first.column).is_some_and(|heading| heading.meaning.is_some());
        // Credit codes under 证件号码 are the company's, whoever's name stands before them.
        let name = columns.header.headings.get(first.column).map_or("", Heading::own_name);
        let is_company = first.survey.kind() == Some(HolderKind::Organisation) && !name.contains("信用代码");
        let is_likely = first.claim == Claim::Likely || first.claim == Claim::Beside && !is_company;
        // A note on what was chosen among several columns asks for the same look.
        if role == Role::HolderCode && is_known && is_likely && notes.is_empty() {
            // Types that are issued to the kind of holder that the codes are of say that they are the holder's.
            let agrees = self.type_kinds().only().is_some_and(|kind| first.survey.kind() == Some(kind));
            let is_certain = agrees && first.claim == Claim::Likely && first.survey.is_fitting();
            notes.push((Message::new("columns-likely").with_message("chosen", named(first.column)), !is_certain));
        }
        self.choice.notes.extend(notes.into_iter().map(|(message, needs_attention)| Note { message, needs_attention }));
    }
}

/// A column of holder codes beside the first choice as one to read row by row, if it is: where rows fill one or the other,
/// or where the types of some rows are issued to the kind of holder that it has codes of.
fn alternate(role: Role, first: &Candidate, other: &Candidate, kinds: TypeKinds) -> Option<Alternate> {
    if role != Role::HolderCode || first.claim == Claim::Named || other.claim > Claim::Likely {
        return None;
    }
    let fills_gaps = other.survey.fills_gaps_of(&first.survey);
    let is_for_types = other.survey.kind().is_some_and(|kind| first.survey.kind() != Some(kind) && kinds.have(kind));
    (fills_gaps || is_for_types).then_some(Alternate { column: other.column, fills_gaps })
}
