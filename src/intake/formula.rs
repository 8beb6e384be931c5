//! Formulas that stand for a text. Exports write a long number as one, so that spreadsheets keep it as text: `="370499…"`,
//! `=T("370499…")`, `=TEXT("370499…","@")`, `="370499…"&""`.

/// Functions that give back the text that they are given; no name is a pair of brackets.
const SAME_TEXT: [&str; 6] = ["", "T", "TRIM", "CLEAN", "CONCAT", "CONCATENATE"];
/// What formulas join to a text without anything to be seen of it.
const UNSEEN: [&str; 4] = ["\"\"", "“”", "CHAR(9)", "CHAR(32)"];
/// Deepest nesting of functions that is looked into.
const DEEPEST: usize = 4;
/// Longest formula that stands for a text, in bytes.
const LONGEST: usize = 512;
/// Marks round a text, and spaces beside it, as web pages write them.
const ENTITIES: [&str; 8] = ["&quot;", "&#34;", "&apos;", "&#39;", "&nbsp;", "&#160;", "&#9;", "&emsp;"];

/// The text that a formula stands for; `None` where it is no formula, or one that has to be calculated.
pub(super) fn text_in(text: &str) -> Option<&str> {
    let formula = text.trim().strip_prefix(['=', '＝'])?;
    text_of(formula.trim_start_matches(['+', ' ']), DEEPEST)
}

fn text_of(formula: &str, depth: usize) -> Option<&str> {
    let formula = without_unseen(formula.trim());
    let Some((name, rest)) = formula.split_once('(').filter(|(name, _)| is_name(name.trim())) else { return literal(formula) };
    let arguments = rest.strip_suffix(')')?;
    let name = name.trim().to_ascii_uppercase();
    if name == "TEXT" {
        // Any other format makes the text a number, which loses its last digits.
        let (text, format) = arguments.rsplit_once([',', ';'])?;
        return literal(text).filter(|_| literal(format) == Some("@"));
    }
    let below = depth.checked_sub(1)?;
    if SAME_TEXT.contains(&name.as_str()) { text_of(arguments, below) } else { None }
}

/// Whether a text can be the name of a function.
fn is_name(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_alphabetic())
}

/// The text between quotation marks. One of them may be missing, where it was lost with those round the field.
fn literal(text: &str) -> Option<&str> {
    let bare = out_of_entities(text.trim()).trim_matches(is_mark);
    let is_marked = bare.len() < text.trim().len();
    (is_marked && !bare.contains(is_mark)).then_some(bare)
}

const fn is_mark(character: char) -> bool {
    matches!(character, '"' | '“' | '”' | '＂')
}

/// A formula without the parts that add nothing to be seen.
fn without_unseen(formula: &str) -> &str {
    let mut formula = formula;
    let after = |formula: &str, piece: &str| {
        let (head, rest) = formula.split_at_checked(piece.len())?;
        let rest = rest.trim_start().strip_prefix('&').filter(|_| head.eq_ignore_ascii_case(piece))?;
        Some(formula.len() - rest.len())
    };
    let before = |formula: &str, piece: &str| {
        let (rest, tail) = formula.split_at_checked(formula.len().checked_sub(piece.len())?)?;
        let rest = rest.trim_end().strip_suffix('&').filter(|_| tail.eq_ignore_ascii_case(piece))?;
        Some(rest.len())
    };
    loop {
        if let Some(begin) = UNSEEN.iter().find_map(|piece| after(formula, piece)) {
            formula = formula.get(begin..).unwrap_or_default().trim();
        } else if let Some(end) = UNSEEN.iter().find_map(|piece| before(formula, piece)) {
            formula = formula.get(..end).unwrap_or_default().trim();
        } else {
            return formula;
        }
    }
}

/// A text without the entities of web pages that stand for marks and spaces at its ends.
pub(super) fn out_of_entities(text: &str) -> &str {
    let mut bare = text;
    loop {
        let shorter = ENTITIES.iter().find_map(|entity| bare.strip_prefix(entity).or_else(|| bare.strip_suffix(entity)));
        match shorter {
            Some(shorter) => bare = shorter.trim(),
            None => return bare,
        }
    }
}

/// Where the call of a function ends that a field of a text begins with: separators within it are its own. `None` where it
/// begins with none, or nothing closes it.
pub(super) fn end_of_call(field: &str) -> Option<usize> {
    let formula = field.trim_start().strip_prefix('=')?;
    let open = formula.find('(').filter(|open| formula.get(..*open).is_some_and(is_name))?;
    let begin = field.len() - formula.len() + open;
    let mut is_quoted = false;
    let mut depth = 0usize;
    for (at, character) in field.get(begin..)?.char_indices().take_while(|(at, _)| *at < LONGEST) {
        match character {
            '"' => is_quoted = !is_quoted,
            '(' if !is_quoted => depth += 1,
            ')' if !is_quoted => {
                depth -= 1;
                if depth == 0 {
                    return Some(begin + at + 1);
                }
            }
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const CODE: &str = "370499199001010007";

    #[test]
    fn a_formula_that_stands_for_a_text_says_which() {
        for pattern in [
            "=\"#\"",
            " = \"#\" ",
            "＝“#”",
            "=\"\"#\"\"",
            "=\"#",
            "=T(\"#\")",
            "=t( \"#\" )",
            "=(\"#\")",
            "=+\"#\"",
            "=TEXT(\"#\",\"@\")",
            "=TEXT(\"#\"; \"@\")",
            "=CONCATENATE(\"#\")",
            "=T(TRIM(\"#\"))",
            "=\"#\"&\"\"",
            "=\"\"&\"#\"",
            "=\"#\" & CHAR(9)",
            "=char(9)&\"#\"",
            "=T(\"#\")&\"\"",
            "=&quot;#&quot;",
        ] {
            assert_eq!(text_in(&pattern.replace('#', CODE)), Some(CODE), "{pattern}");
        }
        assert_eq!(text_in("=\"\""), Some(""));
        for text in [
            CODE,
            "",
            "=",
            "=370499199001010007",
            "=A2",
            "=A2&\"\"",
            "=T(A2)",
            "=T(370499199001010007)",
            "=VALUE(\"370499199001010007\")",
            "=TEXT(\"370499199001010007\",\"0\")",
            "=TEXT(A2,\"@\")",
            "=\"370499\"&\"199001010007\"",
            "=CONCATENATE(\"370499\",\"199001010007\")",
            "=IF(A2=\"\",\"\",\"x\")",
            "=T(T(T(T(T(T(\"x\"))))))",
        ] {
            assert_eq!(text_in(text), None, "{text}");
        }
    }

    #[test]
    fn entities_at_the_ends_of_a_text_are_taken_off() {
        for (text, expected) in [
            ("&quot;370499&quot;", "370499"),
            ("&nbsp;370499&#9;", "370499"),
            ("&#39;370499", "370499"),
            ("a&quot;b", "a&quot;b"),
            ("&quot;", ""),
            ("R&D", "R&D"),
        ] {
            assert_eq!(out_of_entities(text), expected);
        }
    }

    #[test]
    fn a_call_ends_at_the_bracket_that_closes_it() {
        for (field, end) in [
            ("=TEXT(\"1\",\"@\"),x", Some("=TEXT(\"1\",\"@\")")),
            (" =T(T(\"a),b\")),x", Some(" =T(T(\"a),b\"))")),
            ("=(\"1\"),x", Some("=(\"1\")")),
            ("=\"1\",(x)", None),
            ("=T(\"1\",x", None),
            ("a(b),c", None),
            ("=市(b),c", None),
        ] {
            assert_eq!(end_of_call(field).and_then(|end| field.get(..end)), end, "{field}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_looked_at(text in "[=TX(\"“”&;,)@a1 ]{0,24}") {
            let bare = text_in(&text);
            prop_assert!(bare.is_none_or(|bare| text.contains(bare) && !bare.contains('"')));
            out_of_entities(&text);
            prop_assert!(end_of_call(&text).is_none_or(|end| text.is_char_boundary(end)));
        }
    }
}
