//! What the platform says in words, made fit to be shown: to a person, in a log, in a table.

use crate::codes::mask_code;

/// Longest text that is kept, in characters.
const LONGEST: usize = 300;
/// A run of letters and digits with at least this many digits may be somebody's number, and is masked.
const NUMBER_DIGITS: usize = 8;
/// Stands for a secret of ours that the platform repeats.
const HIDDEN: &str = "***";

/// Returns the platform's words without control characters, cut to 300 characters, with numbers that may be somebody's
/// masked and each of `secrets` hidden.
#[must_use]
pub fn fit_to_show(words: &str, secrets: &[&str]) -> String {
    let mut text = words.to_owned();
    for secret in secrets.iter().filter(|secret| !secret.is_empty()) {
        text = text.replace(*secret, HIDDEN);
    }
    let mut shown = String::new();
    let mut run = String::new();
    for character in text.chars().take(LONGEST).chain(['\0']) {
        if character.is_ascii_alphanumeric() {
            run.push(character);
            continue;
        }
        let digits = run.bytes().filter(u8::is_ascii_digit).count();
        shown.push_str(&if digits >= NUMBER_DIGITS { mask_code(&run) } else { std::mem::take(&mut run) });
        run.clear();
        match character {
            '\0' => {}
            control if control.is_control() || crate::codes::is_invisible(control) => shown.push(' '),
            other => shown.push(other),
        }
    }
    let words: Vec<&str> = shown.split_whitespace().collect();
    let mut fit = words.join(" ");
    if text.chars().nth(LONGEST).is_some() {
        fit.push('…');
    }
    fit
}

/// Whether the platform's words say that calls come too often, whatever return code stands beside them.
#[must_use]
pub(crate) fn says_too_often(words: &str) -> bool {
    const WORDS: [&str; 6] = ["频率限制", "频率过高", "过于频繁", "限流", "too many requests", "rate limit"];
    let words = words.to_lowercase();
    WORDS.iter().any(|known| words.contains(known))
}

/// Whether the platform's words say that the account itself is refused, whatever code stands beside them.
#[must_use]
pub(crate) fn says_account_refused(words: &str) -> bool {
    const WORDS: [&str; 8] = ["锁定", "冻结", "停用", "禁用", "密码错误", "密码过期", "用户不存在", "无权限"];
    WORDS.iter().any(|known| words.contains(known))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn words_are_shown_without_numbers_secrets_and_control_characters() {
        for (words, shown) in [
            ("接口调用超出频率限制", "接口调用超出频率限制"),
            ("持证主体370499199001010007不存在", "持证主体3704************07不存在"),
            ("坏的凭证\r\n\u{1b}[31m user=a password=hunter2", "坏的凭证 [31m user=a password=***"),
            ("code 98", "code 98"),
        ] {
            assert_eq!(fit_to_show(words, &["hunter2", ""]), shown, "{words:?}");
        }
        let long = fit_to_show(&"长".repeat(100_000), &[]);
        assert_eq!(long.chars().count(), LONGEST + 1);
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
            let shown = fit_to_show(&format!("{words}{secret}{words}"), &[&secret]);
            prop_assert!(!shown.chars().any(char::is_control));
            prop_assert!(!shown.contains(&secret) || words.contains(&secret));
            prop_assert!(shown.chars().count() <= LONGEST + 1);
        }
    }
}
