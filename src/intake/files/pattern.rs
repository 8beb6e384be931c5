//! Path patterns, one step for each part of the path.

use glob::Pattern;
use std::path::{Component, Path, PathBuf};

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
    },
    /// `**`: the folder itself, and every folder below it.
    AnyDepth,
}

impl PathPattern {
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
            let pattern = Pattern::new(&text);
            let pattern = if place == last { pattern.and_then(|_| Pattern::new(&in_any_case(&text))) } else { pattern };
            Step::Name { text, pattern: pattern.ok() }
        });
        Self { base, steps: steps.collect() }
    }
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
