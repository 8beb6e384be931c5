//! Path patterns, one step for each part of the path.

use glob::Pattern;
use std::path::{Component, Path, PathBuf};
use unicode_normalization::UnicodeNormalization;

/// Extensions of files that may hold a list.
const OF_LISTS: [&str; 12] = ["xls", "xlsx", "xlsm", "xlsb", "et", "ods", "csv", "tsv", "txt", "htm", "html", "mht"];
/// Most patterns that one with braces stands for.
const MOST_CHOICES: usize = 256;

/// A path pattern.
#[derive(Debug)]
pub(super) struct PathPattern {
    /// Where it starts.
    pub base: PathBuf,
    /// What follows, folder by folder.
    pub steps: Vec<Step>,
}

/// A step of a pattern.
#[derive(Debug)]
pub(super) enum Step {
    /// A name in a folder.
    Name {
        /// As it is written: a name that is there is meant as it stands, even with glob characters in it.
        text: String,
        /// What it matches where no such name is there; `None` where it is no pattern.
        pattern: Option<Pattern>,
        /// What it would match whatever the extension; `None` where it names none.
        kin: Option<Pattern>,
    },
    /// `**`: the folder itself, and every folder below it.
    AnyDepth,
}

impl PathPattern {
    /// Takes a text apart that may stand for several patterns: `*.{xlsx,csv}`. Backslashes separate folders, as on Windows,
    /// and braces are choices, unless something is called so.
    pub(super) fn all(root: &Path, text: &str) -> Vec<Self> {
        let is_there = |text: &str| std::fs::symlink_metadata(root.join(text)).is_ok();
        let mut text = text.to_owned();
        if text.contains('\\') && !is_there(&text) {
            text = text.replace('\\', "/");
        }
        let choices = if is_there(&text) { vec![text] } else { choices(&text) };
        choices.iter().map(|text| Self::of(root, text)).collect()
    }

    /// Takes a pattern apart. Relative ones start from `root`, whatever characters that has.
    pub(super) fn of(root: &Path, text: &str) -> Self {
        let mut base = root.to_owned();
        let mut steps = Vec::new();
        for component in Path::new(text).components() {
            match component {
                Component::Prefix(_) | Component::RootDir => base.push(component),
                Component::ParentDir if steps.is_empty() => base.push(component),
                Component::CurDir => {}
                Component::ParentDir | Component::Normal(_) => steps.push(component.as_os_str().to_string_lossy().into_owned()),
            }
        }
        // A pattern that ends in `**` means what is in all those folders.
        if steps.last().is_some_and(|last| last == "**") {
            steps.push("*".to_owned());
        }
        let last = steps.len().saturating_sub(1);
        let steps = steps.into_iter().enumerate().map(|(place, text)| {
            if text == "**" {
                return Step::AnyDepth;
            }
            let composed: String = text.nfc().collect();
            let pattern = Pattern::new(&composed);
            if place < last {
                return Step::Name { text, pattern: pattern.ok(), kin: None };
            }
            let pattern = pattern.and_then(|_| Pattern::new(&in_any_case(&composed)));
            let kin = composed.rsplit_once('.').and_then(|(stem, _)| Pattern::new(&format!("{stem}.*")).ok());
            Step::Name { text, pattern: pattern.ok(), kin }
        });
        Self { base, steps: steps.collect() }
    }
}

/// The texts that one with choices in braces stands for; itself alone where it has none, or far too many.
fn choices(text: &str) -> Vec<String> {
    let mut waiting = vec![text.to_owned()];
    let mut done = Vec::new();
    while let Some(text) = waiting.pop() {
        let found = text.find('}').and_then(|end| Some((text[..end].rfind('{')?, end)));
        match found {
            Some((begin, end)) if waiting.len() + done.len() < MOST_CHOICES => {
                let (before, inner, after) = (&text[..begin], &text[begin + 1..end], &text[end + 1..]);
                waiting.extend(inner.split(',').rev().map(|choice| format!("{before}{}{after}", choice.trim())));
            }
            _ => done.push(text),
        }
    }
    done
}

/// A name as patterns are compared with it: composed, with the point of full width as a point, without spaces at its end. What
/// was unpacked or copied from elsewhere has such names.
pub(super) fn comparable(name: &str) -> String {
    name.nfc().map(|character| if character == '．' { '.' } else { character }).collect::<String>().trim_end().to_owned()
}

/// Whether a name's extension is one of lists.
pub(super) fn is_called_list(name: &str) -> bool {
    name.rsplit_once('.').is_some_and(|(_, extension)| OF_LISTS.iter().any(|known| known.eq_ignore_ascii_case(extension)))
}

/// A file's pattern with its extension in any letter case: `*.xlsx` becomes `*.[xX][lL][sS][xX]`.
fn in_any_case(name: &str) -> String {
    let Some((stem, extension)) = name.rsplit_once('.') else { return name.to_owned() };
    let mut pattern = format!("{stem}.");
    let mut is_in_class = false;
    for character in extension.chars() {
        match character {
            '[' => is_in_class = true,
            ']' => is_in_class = false,
            _ => {}
        }
        if character.is_ascii_alphabetic() && !is_in_class {
            pattern.extend(['[', character.to_ascii_lowercase(), character.to_ascii_uppercase(), ']']);
        } else {
            pattern.push(character);
        }
    }
    pattern
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn extensions_match_in_any_letter_case_and_names_do_not() {
        for (pattern, name, matches) in [
            ("*.xlsx", "B.XLSX", true),
            ("*.XLSX", "b.xlsx", true),
            ("a.xlsx", "a.Xlsx", true),
            ("a*.xlsx", "A1.xlsx", false),
            ("*.xls", "a.xlsx", false),
            ("*.xls*", "a.XLSM", true),
            ("*.[ct]sv", "a.tSV", true),
            ("*.[ct]sv", "a.TSV", false),
            ("*", "a.xlsx", true),
            ("市中区.?sv", "市中区.CSV", true),
        ] {
            assert_eq!(Pattern::new(&in_any_case(pattern)).unwrap().matches(name), matches, "{pattern} {name}");
        }
    }

    #[test]
    fn braces_stand_for_choices() {
        for (text, expected) in [
            ("a/*.xlsx", vec!["a/*.xlsx"]),
            ("*.{xlsx,csv}", vec!["*.xlsx", "*.csv"]),
            ("{市中区, 滕州市}/{a,b}.xls", vec!["市中区/a.xls", "市中区/b.xls", "滕州市/a.xls", "滕州市/b.xls"]),
            ("{a,{b,c}}.xls", vec!["a.xls", "b.xls", "c.xls"]),
            ("a}.xls", vec!["a}.xls"]),
        ] {
            let mut found = choices(text);
            found.sort();
            found.dedup();
            let mut expected: Vec<String> = expected.into_iter().map(str::to_owned).collect();
            expected.sort();
            assert_eq!(found, expected, "{text}");
        }
        assert!(choices(&"{a,b}".repeat(40)).len() <= 2 * MOST_CHOICES);
    }

    #[test]
    fn a_pattern_starts_from_the_root_whatever_it_is_called() {
        let told = |text: &str| {
            let pattern = PathPattern::of(Path::new("/a[b]"), text);
            let steps = pattern.steps.iter().map(|step| match step {
                Step::AnyDepth => "**",
                Step::Name { text, .. } => text.as_str(),
            });
            (pattern.base.to_string_lossy().into_owned(), steps.collect::<Vec<_>>().join("|"))
        };
        for (text, base, steps) in [
            ("inputs/*.xlsx", "/a[b]", "inputs|*.xlsx"),
            ("./inputs/**/a.xlsx", "/a[b]", "inputs|**|a.xlsx"),
            ("../inputs/**", "/a[b]/..", "inputs|**|*"),
            ("/x/*.csv", "/", "x|*.csv"),
        ] {
            assert_eq!(told(text), (base.to_owned(), steps.to_owned()), "{text}");
        }
    }
}
