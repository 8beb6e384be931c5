//! What the platform means by its words, whatever return code or HTTP status stands beside them: a list of phrases, as data.
//!
//! Only what the platform says of a call is looked at (`head.message` and its like), never the data of an answer. A phrase of
//! `phrases.csv` is in one part or in several (`账号…锁`) that follow one another within a few characters, none of which speaks of
//! a certificate: a certificate may be locked too. Letters begin where a word does.

use super::written::folded;
use serde::Deserialize;
use std::sync::LazyLock;

/// What words mean for the call that they are about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(in crate::platform) enum Meaning {
    /// Calls come too often, or too many at once: the same call succeeds when there are fewer.
    TooOften,
    /// The account itself is refused, whatever it asks.
    AccountRefused,
    /// The token is no longer good.
    TokenRefused,
}

/// What words are said of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(in crate::platform) enum Place {
    /// Any call.
    Any,
    /// A login, where it goes without saying that the account is meant.
    Login,
}

/// A line of the list.
#[derive(Deserialize)]
struct Line {
    kind: Meaning,
    place: Place,
    phrase: String,
}

struct Phrase {
    meaning: Meaning,
    place: Place,
    parts: Vec<String>,
}

const LIST: &[u8] = include_bytes!("phrases.csv");

/// Stands between the parts of a phrase.
const GAP: char = '…';
/// Characters that may stand between two parts, at most.
const LONGEST_GAP: usize = 8;

static PHRASES: LazyLock<Vec<Phrase>> = LazyLock::new(|| {
    csv::Reader::from_reader(LIST)
        .into_deserialize::<Line>()
        .map(|line| line.expect("the compiled-in list of phrases is well-formed"))
        .map(|Line { kind, place, phrase }| Phrase { meaning: kind, place, parts: phrase.split(GAP).map(spoken).collect() })
        .collect()
});

/// What words mean; `None` where no phrase is known in them. Where several are, the account counts before the token: a locked
/// one is not to be tried again; and the token before the rate.
pub(in crate::platform) fn meaning_of(words: &str, place: Place) -> Option<Meaning> {
    let words = spoken(words);
    let is_said = |phrase: &Phrase| matches!(phrase.place, Place::Any) || phrase.place == place;
    let has = |meaning| PHRASES.iter().any(|phrase| phrase.meaning == meaning && is_said(phrase) && is_in(&words, &phrase.parts));
    [Meaning::AccountRefused, Meaning::TokenRefused, Meaning::TooOften].into_iter().find(|meaning| has(*meaning))
}

/// Longest text that is looked at, in characters.
const LONGEST: usize = 2000;

/// A text as it is spoken: letters small and of normal width, one space for whatever stands between words, and none beside Chinese
/// characters.
fn spoken(text: &str) -> String {
    let mut spoken = String::new();
    let mut is_apart = false;
    for character in text.chars().take(LONGEST).filter(|character| !crate::codes::is_invisible(*character)) {
        let character = folded(character).to_ascii_lowercase();
        if !character.is_alphanumeric() {
            is_apart = true;
            continue;
        }
        if is_apart && character.is_ascii() && spoken.ends_with(|before: char| before.is_ascii()) {
            spoken.push(' ');
        }
        is_apart = false;
        spoken.push(character);
    }
    spoken
}

/// Whether the parts of a phrase follow one another somewhere in a text.
fn is_in(text: &str, parts: &[String]) -> bool {
    let Some((first, rest)) = parts.split_first() else { return true };
    places_of(text, first).any(|end| text.get(end..).is_some_and(|behind| follow(behind, rest)))
}

/// Whether parts of a phrase follow at the beginning of a text, with gaps.
fn follow(text: &str, parts: &[String]) -> bool {
    let Some((next, rest)) = parts.split_first() else { return true };
    places_of(text, next).any(|end| {
        let gap = text.get(..end - next.len()).unwrap_or_default();
        let is_near = gap.chars().count() <= LONGEST_GAP && !gap.contains('证');
        is_near && text.get(end..).is_some_and(|behind| follow(behind, rest))
    })
}

/// The ends of the places where a part of a phrase stands in a text.
fn places_of<'a>(text: &'a str, part: &'a str) -> impl Iterator<Item = usize> + 'a {
    let is_word = part.starts_with(|first: char| first.is_ascii());
    let begins = move |at: usize| {
        let before = text.get(..at).and_then(|before| before.chars().next_back());
        !(is_word && before.is_some_and(|before| before.is_ascii_alphanumeric()))
    };
    text.match_indices(part).map(|(at, _)| at).filter(move |at| begins(*at)).map(move |at| at + part.len())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    #[test]
    fn words_mean_what_they_say_whatever_their_form() {
        for words in [
            "接口调用超出频率限制",
            "调用过于频繁，请稍后再试",
            "请求过快，请稍后再试",
            "超过最大并发数",
            "调用次数已达上限",
            "今日调用次数已达到上限（10000）",
            "请求太频繁",
            "流量控制",
            "调用频次超限",
            "系统繁忙，请稍后重试",
            "QPS limit exceeded",
            "Too Many Requests",
            "ＴＯＯ　ＭＡＮＹ　ＲＥＱＵＥＳＴＳ",
            "API rate-limit reached",
            "RateLimitExceeded",
            "Request was throttled.",
        ] {
            assert_eq!(meaning_of(words, Place::Any), Some(Meaning::TooOften), "{words}");
        }
        for words in [
            "账号已锁定，请联系管理员",
            "账 号 已 锁 定",
            "帐户已被锁",
            "用户已被锁定",
            "您的账号因多次失败已被冻结",
            "密码错误",
            "密码不正确，还可尝试2次",
            "登录失败次数过多，账户已被锁",
            "账号不存在",
            "该用户无权访问",
            "无权访问该接口",
            "IP不在白名单内",
            "User account is locked",
            "Bad credentials",
            "密码已过期",
        ] {
            assert_eq!(meaning_of(words, Place::Any), Some(Meaning::AccountRefused), "{words}");
        }
        for words in [
            "token失效",
            "access_token 已过期",
            "无效的令牌",
            "登录已超时，请重新登录",
            "invalid_token",
            "Invalid access token: 3f",
            "Full authentication is required to access this resource",
        ] {
            assert_eq!(meaning_of(words, Place::Any), Some(Meaning::TokenRefused), "{words}");
        }
    }

    #[test]
    fn at_a_login_the_account_need_not_be_named() {
        for words in ["已锁定", "用户不存在", "用户名或密码错误", "无此权限", "不在白名单内", "认证失败", "invalid_grant"]
        {
            assert_eq!(meaning_of(words, Place::Login), Some(Meaning::AccountRefused), "{words}");
        }
    }

    #[test]
    fn words_about_certificates_and_holders_say_nothing_of_account_token_or_rate() {
        for words in [
            "",
            "其他异常",
            "接口调用成功！",
            "该证照已锁定",
            "用户证照已锁定",
            "账号关联的证照已冻结",
            "营业执照已停用",
            "该电子证照已过期",
            "持证主体身份证已过期",
            "用户的身份证已失效",
            "用户不存在",
            "持证主体不存在",
            "证照正在制证，暂无权限内容",
            "提取码错误",
            "accurate limitation",
            "an accountant clocked in",
        ] {
            assert_eq!(meaning_of(words, Place::Any), None, "{words}");
        }
        // What the specification says for its codes; code 11 says that the identity is not accepted, and is its own verdict.
        for line in crate::codes::return_codes() {
            assert_eq!(meaning_of(&line.text_zh, Place::Any), None, "{}", line.text_zh);
        }
    }

    #[test]
    fn every_phrase_of_the_list_is_found_by_itself_and_stands_once() {
        let mut seen = BTreeSet::new();
        let lines: Vec<Line> = csv::Reader::from_reader(LIST).into_deserialize().collect::<Result<_, _>>().unwrap();
        for Line { kind, place, phrase } in lines {
            assert!(seen.insert((phrase.clone(), place == Place::Login)), "{phrase} stands twice");
            let parts: Vec<String> = phrase.split(GAP).map(spoken).collect();
            assert!(parts.iter().all(|part| !part.is_empty()), "{phrase}");
            let said = phrase.replace(GAP, "了");
            let found = meaning_of(&said, place);
            // Another phrase that counts before it may stand in it.
            assert!(found == Some(kind) || found == Some(Meaning::AccountRefused), "{phrase}: {found:?}");
        }
    }

    proptest! {
        #[test]
        fn no_words_make_the_search_panic(words in "\\PC{0,80}", parts in prop::collection::vec("[a账号锁 ]{1,3}", 0..4)) {
            let _ = meaning_of(&words, Place::Login);
            let parts: Vec<String> = parts.iter().map(|part| spoken(part)).filter(|part| !part.is_empty()).collect();
            let _ = is_in(&spoken(&words), &parts);
        }
    }
}
