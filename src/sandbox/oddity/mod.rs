//! Oddities: ways in which platforms write a correct answer differently from their specification.
//!
//! An oddity never changes what an answer says, except `short-list`, which makes an answer look incomplete. The oddities of an
//! answer depend on the seed and the request only, so they are the same after a restart.

mod content;

use super::dice::Dice;
use super::response::JSON;
use crate::endpoint::Endpoint;
use crate::job::SandboxSettings;
use encoding_rs::GB18030;
use serde_json::Value;

/// Share of the answers that have a given oddity.
const SHARE: f64 = 0.3;

/// Share of the items whose lists are shorter than their totals.
const SHORT_LISTS: f64 = 0.1;

/// A deviation in how answers are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Oddity {
    /// A byte order mark before the JSON.
    ByteOrderMark,
    /// GBK instead of UTF-8, declared or not.
    Gbk,
    /// A byte order mark before the JSON of a token.
    TokenMark,
    /// A certificate that is listed twice, the second time as a reference to the first.
    Reference,
    /// A certificate that is listed twice in full.
    Repeated,
    /// Dates in the formats of Java libraries.
    JavaDates,
    /// Half of a surrogate pair in a field that is mapped to no canonical one.
    Surrogate,
    /// HTML entities in names.
    Entities,
    /// Another dot between the parts of a name.
    Dots,
    /// GBK private-use code points for rare characters in names.
    PrivateUse,
    /// A redirect to another path of the same host that keeps method and body (HTTP 307).
    Redirect,
    /// A total that is larger than the list.
    ShortList,
}

impl Oddity {
    /// All oddities, in the order of [`SandboxSettings::ODDITIES`].
    const ALL: [Self; SandboxSettings::ODDITIES.len()] = [
        Self::ByteOrderMark,
        Self::Gbk,
        Self::TokenMark,
        Self::Reference,
        Self::Repeated,
        Self::JavaDates,
        Self::Surrogate,
        Self::Entities,
        Self::Dots,
        Self::PrivateUse,
        Self::Redirect,
        Self::ShortList,
    ];

    /// Returns the name that enables it.
    const fn name(self) -> &'static str {
        SandboxSettings::ODDITIES[self as usize]
    }
}

/// The enabled oddities.
#[derive(Debug)]
pub(super) struct Oddities {
    seed: u64,
    chosen: Vec<Oddity>,
}

/// A response body with its content type.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Written {
    pub content_type: &'static str,
    pub body: Vec<u8>,
}

/// The byte order mark in UTF-8.
const BYTE_ORDER_MARK: &[u8] = b"\xEF\xBB\xBF";

impl Oddities {
    /// Creates the set of oddities that the settings name; unknown names are ignored.
    pub(super) fn new(settings: &SandboxSettings) -> Self {
        let has = |name: &str| settings.oddities.iter().any(|known| known == name);
        let is_chosen =
            |oddity: &Oddity| has(oddity.name()) || *oddity != Oddity::ShortList && has(SandboxSettings::EVERY_ODDITY);
        Self { seed: settings.seed, chosen: Oddity::ALL.into_iter().filter(is_chosen).collect() }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.chosen.is_empty()
    }

    /// Returns whether a request is answered with a redirect first.
    pub(super) fn redirects(&self, request: &str) -> bool {
        self.has(Oddity::Redirect, request)
    }

    /// Writes the answer to a request about a holder's certificates of a type.
    pub(super) fn write(&self, mut answer: Value, endpoint: Endpoint, holder: (&str, &str), request: &str) -> Written {
        let mut dice = Dice::new(self.seed, &["written", request]);
        if matches!(endpoint, Endpoint::ShengShiStateInfo | Endpoint::ShareQueryCertInfoByHo) {
            content::rewrite(&mut answer, |oddity| self.has(oddity, request), &mut dice);
        }
        if endpoint == Endpoint::ShareQueryCertInfoByHo && self.shortens(holder) {
            content::raise_total(&mut answer);
        }
        let text = content::with_lone_surrogates(answer.to_string());
        if self.has(Oddity::Gbk, request) {
            let content_type = if dice.happens(0.5) { "application/json;charset=GBK" } else { "application/json" };
            // GB18030 encodes every character of GBK in the same bytes.
            Written { content_type, body: GB18030.encode(&text).0.into_owned() }
        } else if self.has(Oddity::ByteOrderMark, request) {
            Written { content_type: JSON, body: [BYTE_ORDER_MARK, text.as_bytes()].concat() }
        } else {
            Written { content_type: JSON, body: text.into_bytes() }
        }
    }

    /// Writes the answer to a token request.
    pub(super) fn write_token(&self, answer: &Value) -> Written {
        let mark = if self.chosen.contains(&Oddity::TokenMark) { BYTE_ORDER_MARK } else { b"" };
        Written { content_type: JSON, body: [mark, answer.to_string().as_bytes()].concat() }
    }

    fn has(&self, oddity: Oddity, request: &str) -> bool {
        self.chosen.contains(&oddity) && Dice::new(self.seed, &["oddity", oddity.name(), request]).happens(SHARE)
    }

    fn shortens(&self, (holder_code, cert_type_code): (&str, &str)) -> bool {
        self.chosen.contains(&Oddity::ShortList)
            && Dice::new(self.seed, &["short list", holder_code, cert_type_code]).happens(SHORT_LISTS)
    }
}

/// Returns whether the lists of a holder's certificates of a type (interface 7) state a total that is larger by one than the
/// number of entries.
#[must_use]
pub fn has_short_list(settings: &SandboxSettings, holder_code: &str, cert_type_code: &str) -> bool {
    Oddities::new(settings).shortens((holder_code, cert_type_code))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn oddities(names: &[&str]) -> Oddities {
        let oddities = names.iter().map(|name| (*name).to_owned()).collect();
        Oddities::new(&SandboxSettings { oddities, ..SandboxSettings::default() })
    }

    #[test]
    fn every_oddity_has_a_name_and_all_are_those_that_leave_the_truth_as_it_is() {
        for (name, oddity) in SandboxSettings::ODDITIES.into_iter().zip(Oddity::ALL) {
            assert_eq!((oddity.name(), oddities(&[name]).chosen), (name, vec![oddity]));
        }
        assert_eq!(oddities(&["all"]).chosen, Oddity::ALL[..Oddity::ALL.len() - 1]);
        assert_eq!(oddities(&["all", "short-list", "bom"]).chosen, Oddity::ALL);
        assert!(oddities(&[]).is_empty());
    }

    #[test]
    fn an_answer_is_in_one_encoding_and_the_same_every_time() {
        let oddities = oddities(&["bom", "gbk"]);
        let answer = json!({"head": {"message": "接口调用成功", "status": "0"}, "data": null});
        let mut seen = std::collections::BTreeSet::new();
        for request in 0..100 {
            let write = || oddities.write(answer.clone(), Endpoint::ShareDownloadUrl, ("", ""), &request.to_string());
            let written = write();
            assert_eq!(written, write());
            let (text, form) = match (std::str::from_utf8(&written.body), written.content_type) {
                (Ok(text), JSON) => match text.strip_prefix('\u{FEFF}') {
                    Some(text) => (text.to_owned(), "mark"),
                    None => (text.to_owned(), "plain"),
                },
                (Err(_), content_type) => {
                    let declared = if content_type.ends_with("GBK") { "declared" } else { "undeclared" };
                    (GB18030.decode_without_bom_handling(&written.body).0.into_owned(), declared)
                }
                other => panic!("{other:?}"),
            };
            assert_eq!(serde_json::from_str::<Value>(&text).unwrap(), answer);
            seen.insert(form);
        }
        assert_eq!(seen.into_iter().collect::<Vec<_>>(), ["declared", "mark", "plain", "undeclared"]);
    }

    #[test]
    fn a_short_list_is_one_of_interface_7_and_known_beforehand() {
        let settings = SandboxSettings { oddities: vec!["short-list".to_owned()], ..SandboxSettings::default() };
        let oddities = Oddities::new(&settings);
        let answer = json!({"head": {"status": "0"}, "data": {"total": "1", "dataList": [{"certno": "A1"}]}});
        let mut short = 0;
        for holder in 0..500 {
            let holder = holder.to_string();
            let total = |endpoint| {
                let written = oddities.write(answer.clone(), endpoint, (holder.as_str(), "type"), "request");
                serde_json::from_slice::<Value>(&written.body).unwrap()["data"]["total"].as_str().map(str::to_owned)
            };
            let is_short = has_short_list(&settings, &holder, "type");
            assert_eq!(total(Endpoint::ShareQueryCertInfoByHo).as_deref(), Some(if is_short { "2" } else { "1" }));
            assert_eq!(total(Endpoint::ShengShiStateInfo).as_deref(), Some("1"));
            short += u32::from(is_short);
        }
        assert!((20..90).contains(&short), "{short}");
    }
}
