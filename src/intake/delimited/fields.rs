//! From a record's text to its fields.
//!
//! A field in quotation marks is closed properly where a separator or the end of the record follows the closing mark. Any
//! other mark is an ordinary character, and the record says that it has one: whether it may be read so is decided elsewhere.

use crate::intake::formula::end_of_call;
use std::borrow::Cow;

/// The fields of a record.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Record<'a> {
    /// Their values, out of quotation marks.
    pub fields: Vec<Cow<'a, str>>,
    /// Place of the first field that begins with a quotation mark which nothing closes.
    pub opens_at: Option<usize>,
    /// Whether something stands between a closing quotation mark and the separator.
    pub has_stray: bool,
}

impl Record<'_> {
    /// Whether every quotation mark that opens a field is closed properly.
    pub(super) const fn is_proper(&self) -> bool {
        self.opens_at.is_none() && !self.has_stray
    }
}

/// What follows a quotation mark that opens a field.
enum Quoted<'a> {
    /// The field is closed; the rest begins with a separator, or is empty.
    Closed { value: Cow<'a, str>, rest: &'a str },
    /// Nothing closes it.
    Open,
    /// Something else follows the mark that should close it.
    Stray,
}

/// Splits a record, which may hold line breaks within quotation marks. Without a separator it is one field.
pub(super) fn split_record(record: &str, separator: Option<char>) -> Record<'_> {
    let mut fields = Vec::new();
    let mut opens_at = None;
    let mut has_stray = false;
    let mut rest = Some(record);
    while let Some(field) = rest {
        let inner = field.trim_start_matches(|character| is_space(character, separator)).strip_prefix('"');
        match inner.map(|inner| quoted(inner, separator)) {
            Some(Quoted::Closed { value, rest: after }) => {
                fields.push(value);
                rest = separator.and_then(|separator| after.strip_prefix(separator));
                continue;
            }
            Some(Quoted::Open) => opens_at = opens_at.or(Some(fields.len())),
            Some(Quoted::Stray) => has_stray = true,
            None => {}
        }
        let parts = separator.and_then(|separator| split_field(field, separator));
        fields.push(Cow::Borrowed(parts.map_or(field, |(value, _)| value)));
        rest = parts.map(|(_, after)| after);
    }
    Record { fields, opens_at, has_stray }
}

/// Splits a field off. Separators within the brackets of a formula are no separators.
fn split_field(text: &str, separator: char) -> Option<(&str, &str)> {
    let begin = end_of_call(text).unwrap_or_default();
    let at = begin + text.get(begin..)?.find(separator)?;
    Some((text.get(..at)?, text.get(at + separator.len_utf8()..)?))
}

/// Splits a record at every separator.
pub(super) fn split_plain(record: &str, separator: Option<char>) -> Vec<&str> {
    separator.map_or_else(|| vec![record], |separator| record.split(separator).collect())
}

/// Splits what a field holds, where a record is that one field: programs that take a whole record for a value put it into
/// quotation marks. Returns `None` where it is none.
pub(super) fn split_wrapped(record: &Record<'_>, separator: Option<char>) -> Option<Vec<Cow<'static, str>>> {
    let separator = separator?;
    let (first, others) = record.fields.split_first()?;
    if !first.contains(separator) || others.iter().any(|field| !field.trim().is_empty()) {
        return None;
    }
    let inner = split_record(first, Some(separator));
    inner.is_proper().then(|| inner.fields.into_iter().map(|field| Cow::Owned(field.into_owned())).collect())
}

/// Reads on after a quotation mark that opens a field.
fn quoted(inner: &str, separator: Option<char>) -> Quoted<'_> {
    let mut from = 0;
    let mut is_doubled = false;
    while let Some(at) = inner.get(from..).and_then(|rest| rest.find('"')).map(|at| from + at) {
        let (value, mark) = inner.split_at(at);
        let after = mark.strip_prefix('"').unwrap_or(mark);
        if after.starts_with('"') {
            is_doubled = true;
            from = at + 2;
            continue;
        }
        let rest = after.trim_start_matches(|character| is_space(character, separator));
        if !rest.is_empty() && separator.is_none_or(|separator| !rest.starts_with(separator)) {
            return Quoted::Stray;
        }
        let value = if is_doubled { Cow::Owned(value.replace("\"\"", "\"")) } else { Cow::Borrowed(value) };
        return Quoted::Closed { value, rest };
    }
    Quoted::Open
}

/// Whether a character may stand between a quotation mark and the separator.
fn is_space(character: char, separator: Option<char>) -> bool {
    matches!(character, ' ' | '\t' | '\u{A0}' | '\u{3000}') && Some(character) != separator
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn split(record: &str) -> Record<'_> {
        split_record(record, Some(','))
    }

    #[test]
    fn quotation_marks_that_are_closed_properly_are_taken_off() {
        for (record, fields) in [
            ("", vec![""]),
            ("a,b", vec!["a", "b"]),
            ("a,", vec!["a", ""]),
            (",,", vec!["", "", ""]),
            ("\"a\",b", vec!["a", "b"]),
            ("\"a,b\",c", vec!["a,b", "c"]),
            ("\"\",b", vec!["", "b"]),
            ("\"\"", vec![""]),
            ("\"a \"\"b\"\" c\",d", vec!["a \"b\" c", "d"]),
            ("\"\"\"a\"\"\",d", vec!["\"a\"", "d"]),
            ("a, \"b\" ,c", vec!["a", "b", "c"]),
            ("\"a\"\t,\"b\"\t", vec!["a", "b"]),
            ("\"a\nb\",c", vec!["a\nb", "c"]),
            ("=\"1\",2", vec!["=\"1\"", "2"]),
            ("\"=\"\"1\"\"\",2", vec!["=\"1\"", "2"]),
            ("a\"b,5\"", vec!["a\"b", "5\""]),
            ("=TEXT(\"1\",\"@\"),b", vec!["=TEXT(\"1\",\"@\")", "b"]),
            ("=T(\"1\")&\"\",b", vec!["=T(\"1\")&\"\"", "b"]),
            ("\"=TEXT(\"\"1\"\",\"\"@\"\")\",b", vec!["=TEXT(\"1\",\"@\")", "b"]),
        ] {
            let split = split(record);
            assert!(split.is_proper(), "{record}");
            assert_eq!(split.fields, fields, "{record}");
        }
    }

    #[test]
    fn other_quotation_marks_are_ordinary_characters_and_are_told() {
        for (record, fields, opens_at, has_stray) in [
            ("a,\"b", vec!["a", "\"b"], Some(1), false),
            ("\"a,b,c", vec!["\"a", "b", "c"], Some(0), false),
            ("\"a\"b,c", vec!["\"a\"b", "c"], None, true),
            ("\"a\"b,\"c,d\"", vec!["\"a\"b", "c,d"], None, true),
            ("\"a\"b,\"c,d", vec!["\"a\"b", "\"c", "d"], Some(1), true),
            ("\"a \\\"b\\\" c\",d", vec!["\"a \\\"b\\\" c\"", "d"], None, true),
            ("\"a\"\",b", vec!["\"a\"\"", "b"], Some(0), false),
        ] {
            let split = split(record);
            assert_eq!((split.opens_at, split.has_stray), (opens_at, has_stray), "{record}");
            assert_eq!(split.fields, fields, "{record}");
        }
    }

    #[test]
    fn a_record_in_quotation_marks_is_split_within() {
        let wrapped = |record: &str| split_wrapped(&split(record), Some(','));
        assert_eq!(wrapped("\"a,b,\"\"c,d\"\"\""), Some(vec!["a".into(), "b".into(), "c,d".into()]));
        assert_eq!(wrapped("\"a,b\",,"), Some(vec!["a".into(), "b".into()]));
        assert_eq!(wrapped("\"a,b\",c"), None);
        assert_eq!(wrapped("a"), None);
        assert_eq!(split_wrapped(&split_record("\"a\"", None), None), None);
    }

    #[test]
    fn without_a_separator_a_record_is_one_field() {
        assert_eq!(split_record("\"a,b\"", None).fields, ["a,b"]);
        assert_eq!(split_record("a,b", None).fields, ["a,b"]);
        assert_eq!(split_plain("a,b", None), ["a,b"]);
        assert_eq!(split_plain("a，b", Some('，')), ["a", "b"]);
    }

    proptest! {
        #[test]
        fn records_are_split_as_the_csv_crate_splits_them(record in "(([a, \n一]{0,4})|(\"([a,\n一]|\"\"){0,5}\"))(,([a\t一]{0,4}|\"([a,\n一]|\"\"){0,5}\")){0,4}") {
            let record = record.replace(['\t', ' '], "");
            prop_assume!(!record.is_empty() && !record.starts_with('\n') && split(&record).is_proper());
            // A line break outside of quotation marks ends a record, and a record comes here by itself.
            let outside: String = record.split('"').step_by(2).collect();
            prop_assume!(!outside.contains('\n'));
            let mut reader = csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(record.as_bytes());
            let expected = reader.records().next().unwrap().unwrap();
            prop_assert_eq!(split(&record).fields, expected.iter().collect::<Vec<_>>());
        }

        #[test]
        fn what_a_writer_quotes_is_read_back(fields in prop::collection::vec("[a,\"\n 一]{0,6}", 2..6)) {
            let mut writer = csv::WriterBuilder::new().quote_style(csv::QuoteStyle::Always).from_writer(Vec::new());
            writer.write_record(&fields).unwrap();
            let record = String::from_utf8(writer.into_inner().unwrap()).unwrap();
            let split = split(record.trim_end_matches('\n'));
            prop_assert!(split.is_proper());
            prop_assert_eq!(split.fields, fields);
        }
    }
}
