//! What the platform says in words, made fit to be shown: to a person, in a log, in a table. And what it means by them.

mod phrases;
mod secrets;
mod written;

pub(super) use phrases::{Meaning, Place, meaning_of};
pub use secrets::OwnSecrets;

use super::request::Request;
use crate::codes::{is_invisible, mask_code};
use secrets::HIDDEN;
use std::ops::Range;
use written::{LONGEST_FORM, Pattern, folded};

/// Longest text that is shown, in characters.
const LONGEST: usize = 300;
/// Longest text that is looked at, in characters: more than is shown, since what is hidden in it takes less room afterwards.
const LONGEST_READ: usize = 4 * LONGEST;
/// A run of letters and digits with at least this many digits may be somebody's number, and is masked.
const NUMBER_DIGITS: usize = 5;
/// Shortest number of a call that is looked for in words, in letters and digits: a shorter one stands in them by chance.
const SHORTEST_NUMBER: usize = 4;

/// What must not be shown of the platform's words, beside numbers that may be somebody's.
#[derive(Debug, Clone, Default)]
pub struct Hidden<'a> {
    /// Our secrets.
    secrets: OwnSecrets,
    /// Numbers of the call that the words are about: of its holder, and of certificates.
    numbers: Vec<&'a str>,
}

impl<'a> Hidden<'a> {
    /// Our secrets, in words that are about no call.
    #[must_use]
    pub fn secrets(secrets: OwnSecrets) -> Self {
        Self { secrets, numbers: Vec::new() }
    }

    /// Our secrets, and the numbers of a call.
    #[must_use]
    pub fn of_call(secrets: OwnSecrets, request: &'a Request) -> Self {
        Self { secrets, numbers: request.numbers().collect() }
    }

    /// Our secrets.
    pub(super) fn own(&self) -> &OwnSecrets {
        &self.secrets
    }
}

/// Returns the platform's words without control characters, cut to 300 characters, with our secrets hidden, and with the numbers
/// of the call and others that may be somebody's masked, in whatever form they are written.
#[must_use]
pub fn fit_to_show(words: &str, hidden: &Hidden<'_>) -> String {
    let numbers: Vec<(Pattern, String)> = hidden.numbers.iter().filter_map(|number| masked_number(number)).collect();
    let longest_number = numbers.iter().map(|(pattern, _)| pattern.len().saturating_mul(LONGEST_FORM)).max();
    let beyond = hidden.secrets.longest_form().max(longest_number.unwrap_or_default());
    // What is to be hidden may begin in the part that is shown and end behind it.
    let text = beginning(words, LONGEST_READ.saturating_add(beyond));
    let shown = beginning(text, LONGEST_READ);

    let mut covers: Vec<Cover<'_>> = hidden.secrets.places(text).into_iter().map(|place| Cover { place, by: HIDDEN }).collect();
    for (pattern, mask) in &numbers {
        cover_number(text, pattern, mask, &mut covers);
    }
    let mut fit = Fit::default();
    let mut from = 0;
    for Cover { place, by } in covers.iter().take_while(|cover| cover.place.start < shown.len()) {
        fit.add(text.get(from..place.start).unwrap_or_default());
        fit.add_cover(by);
        from = place.end;
    }
    fit.add(shown.get(from..).unwrap_or_default());
    fit.finish(shown.len() < words.len())
}

/// Whether the platform's words say that calls come too often, whatever return code stands beside them.
#[must_use]
pub(crate) fn says_too_often(words: &str) -> bool {
    meaning_of(words, Place::Any) == Some(Meaning::TooOften)
}

/// The first characters of a text.
fn beginning(text: &str, most: usize) -> &str {
    text.char_indices().nth(most).and_then(|(end, _)| text.get(..end)).unwrap_or(text)
}

/// What is looked for instead of a number, and how it is shown; `None` for one that is too short to be found by more than chance.
fn masked_number(number: &str) -> Option<(Pattern, String)> {
    let pattern = Pattern::loose(number);
    (pattern.len() >= SHORTEST_NUMBER).then(|| (pattern, mask_code(number.trim())))
}

/// A place of a text that is shown as something else.
struct Cover<'a> {
    place: Range<usize>,
    by: &'a str,
}

/// Covers a number wherever it stands and nothing is covered yet; the covers stay in order.
fn cover_number<'a>(text: &str, pattern: &Pattern, mask: &'a str, covers: &mut Vec<Cover<'a>>) {
    for start in 0..text.len() {
        let Some(end) = pattern.end_at(text.as_bytes(), start) else { continue };
        let next = covers.partition_point(|cover| cover.place.end <= start);
        if covers.get(next).is_none_or(|cover| end <= cover.place.start) {
            covers.insert(next, Cover { place: start..end, by: mask });
        }
    }
}

/// Words on their way to be fit to show.
#[derive(Default)]
struct Fit {
    shown: String,
    /// The run of letters and digits that is being read.
    run: String,
}

impl Fit {
    fn add(&mut self, text: &str) {
        for character in text.chars() {
            if folded(character).is_ascii_alphanumeric() {
                self.run.push(character);
            } else if is_invisible(character) {
                // Within a number it hides nothing.
                if self.run.is_empty() {
                    self.shown.push(' ');
                }
            } else {
                self.end_run();
                self.shown.push(if character.is_control() { ' ' } else { character });
            }
        }
    }

    fn add_cover(&mut self, cover: &str) {
        self.end_run();
        self.shown.push_str(cover);
    }

    fn end_run(&mut self) {
        let run = std::mem::take(&mut self.run);
        let digits = run.chars().filter(|character| folded(*character).is_ascii_digit()).count();
        self.shown.push_str(&if digits >= NUMBER_DIGITS { mask_code(&run) } else { run });
    }

    /// The words; `is_cut` where there were more of them.
    fn finish(mut self, is_cut: bool) -> String {
        self.end_run();
        let fit = self.shown.split_whitespace().collect::<Vec<_>>().join(" ");
        let short = beginning(&fit, LONGEST);
        if is_cut || short.len() < fit.len() { format!("{short}…") } else { fit }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::endpoint::Endpoint;
    use proptest::prelude::*;

    fn fit(words: &str, secrets: &[&str]) -> String {
        fit_to_show(words, &Hidden::secrets(OwnSecrets::new(secrets.iter().copied())))
    }

    #[test]
    fn words_are_shown_without_numbers_secrets_and_control_characters() {
        for (words, shown) in [
            ("接口调用超出频率限制", "接口调用超出频率限制"),
            ("持证主体370499199001010007不存在", "持证主体3704************07不存在"),
            ("持证主体３７０４９９１９９００１０１０００７不存在", "持证主体３７０４************０７不存在"),
            ("护照E1234567、通行证H123456不存在", "护照********、通行证*******不存在"),
            ("370499\u{200b}19900101\u{feff}0007", "3704************07"),
            ("坏的凭证\r\n\u{1b}[31m user=a password=hunter2", "坏的凭证 [31m user=a password=***"),
            ("坏\u{9b}31m\u{202e}字\u{2028}行\u{85}末", "坏 31m字 行 末"),
            ("user=a&password=%68unter%32", "user=a&password=***"),
            ("HUNTER2hunter2", "******"),
            ("hun\u{200b}ter2", "***"),
            ("code 98, line 1204", "code 98, line 1204"),
        ] {
            assert_eq!(fit(words, &["hunter2", ""]), shown, "{words:?}");
        }
        let long = fit(&"长".repeat(100_000), &[]);
        assert_eq!(long.chars().count(), LONGEST + 1);
        // A secret that stands across the end of what is looked at, and nothing but secrets.
        let secret = "0f1e2d3c-4b5a";
        for before in [LONGEST_READ - 5, 0] {
            let words = "长".repeat(before) + &secret.repeat(500);
            assert!(!fit(&words, &[secret]).contains("0f1"), "{before}");
        }
    }

    #[test]
    fn the_numbers_of_a_call_are_masked_however_they_are_written() {
        let request = |holder: &str| {
            Request::new(Endpoint::ShengShiStateInfo).with("certificateHolderCode", holder).with("certificateNumber", "NO-71 a")
        };
        for (holder, words, shown) in [
            ("E1234567", "证件e1234567不存在", "证件********不存在"),
            ("AB12CD34EF56", "证件AB-12-CD-34-EF-56不存在", "证件AB12******56不存在"),
            ("军字第1234567号", "军字第 1234567 号不存在", "***********不存在"),
            ("370499199001010007", "3704 9919 9001 0100 07无效", "3704************07无效"),
            ("370499199001010007", "370499-1990-0101-0007", "3704************07"),
            ("370499199001010007", "%33%37%30%34%39%39%31%39%39%30%30%31%30%31%30%30%30%37", "3704************07"),
            ("370499199001010007", "370499199001010007370499199001010007", "3704************073704************07"),
            ("370499199001010007", "id370499199001010007x", "id3704************07x"),
            ("E1234567", "证照编号ＮＯ７１ａ不存在", "证照编号*******不存在"),
        ] {
            let request = request(holder);
            assert_eq!(fit_to_show(words, &Hidden::of_call(OwnSecrets::default(), &request)), shown, "{words}");
        }
    }

    #[test]
    fn words_about_frequency_are_recognised() {
        for words in ["接口调用超出频率限制", "调用过于频繁，请稍后再试", "Too Many Requests"] {
            assert!(says_too_often(words), "{words}");
        }
        assert!(!says_too_often("其他异常"));
    }

    proptest! {
        #[test]
        fn no_control_character_and_no_secret_is_ever_shown(words in ".{0,400}", secret in "[a-zA-Z0-9@#]{4,12}") {
            let shown = fit(&format!("{words}甲{secret}甲{words}"), &[&secret]);
            prop_assert!(!shown.chars().any(char::is_control));
            prop_assert!(!shown.contains(&secret) || secret.bytes().all(|byte| byte.is_ascii_digit()), "{shown}");
            prop_assert!(shown.chars().count() <= LONGEST + 1);
        }

        #[test]
        fn no_number_of_a_call_is_ever_shown_however_it_is_broken_up(
            number in "[0-9A-Z]{6,18}", breaks in prop::collection::vec("[ ,.\\-/\u{200B}]{0,2}", 18), words in "[甲乙 ]{0,20}",
        ) {
            let broken: Vec<String> = number.chars().zip(&breaks).map(|(character, between)| format!("{character}{between}")).collect();
            let request = Request::new(Endpoint::ShengShiStateInfo).with("certificateHolderCode", &number);
            let shown = fit_to_show(&format!("{words}{}{words}", broken.concat()), &Hidden::of_call(OwnSecrets::default(), &request));
            let joined: String = shown.chars().filter(|character| character.is_alphanumeric()).collect();
            prop_assert!(!joined.contains(&number), "{shown}");
        }
    }
}
