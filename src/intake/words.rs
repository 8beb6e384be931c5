//! The words that headers are made of: what columns are called, whose they are, and what says nothing.

use super::heading::{Claim, Role};
use crate::codes::is_invisible;
use std::collections::HashMap;
use std::sync::LazyLock;
use unicode_normalization::UnicodeNormalization;

/// A text at least this like a known header is meant as one; 1 is the same.
const LIKENESS: f64 = 0.6;
/// No header is longer, in characters.
const LONGEST_HEADING: usize = 20;
/// Words between headers that stand in one cell, such as 身份证号/统一社会信用代码.
const ALTERNATIVES: [&str; 8] = ["/", "\\", "或者", "或", "、", "|", ",", "及"];
/// What the holder of a certificate is called in headers.
const HOLDERS: [&str; 12] =
    ["持证主体", "持证单位", "持证人", "持证者", "持有主体", "持有人", "持有者", "主体", "自然人", "个人", "本人", "居民"];
/// Words between the parts of a header, such as 法定代表人或负责人身份证号.
const CONNECTIVES: [&str; 8] = ["的", "或", "及", "和", "与", "/", "、", "-"];

/// Headers that departments use, in folded form, with what they mean. Headers of a trade, such as 注册号, are less sure than
/// those of certificates of every kind, such as 证照编号: beside these they may be numbers of something else.
static SYNONYMS: LazyLock<HashMap<String, (Role, Claim)>> = LazyLock::new(|| {
    let mut reader = csv::Reader::from_reader(include_bytes!("headers.csv").as_slice());
    let lines = reader.deserialize::<(String, String)>().map(|line| {
        let (role, header) = line.expect("the compiled-in list of headers is well-formed");
        let (role, claim) = match role.strip_prefix("likely_") {
            Some(role) => (role, Claim::Likely),
            None => (role.as_str(), Claim::Plain),
        };
        let known = Role::ALL.into_iter().find(|known| known.name() == role);
        (fold(&header), (known.expect("the compiled-in list of headers names known roles"), claim))
    });
    lines.collect()
});

/// Parts of headers by what they tell, in folded form, the longest first.
#[derive(Debug, Default)]
struct Words {
    persons: Vec<String>,
    offices: Vec<String>,
    likely: Vec<String>,
    groups: Vec<String>,
    serials: Vec<String>,
    names: Vec<String>,
    places: Vec<String>,
    numbers: Vec<String>,
    other_numbers: Vec<String>,
    headings: Vec<String>,
}

static WORDS: LazyLock<Words> = LazyLock::new(|| {
    let mut words = Words::default();
    let mut reader = csv::Reader::from_reader(include_bytes!("header_words.csv").as_slice());
    for line in reader.deserialize::<(String, String)>() {
        let (kind, word) = line.expect("the compiled-in list of header words is well-formed");
        let list = match kind.as_str() {
            "other_person" => &mut words.persons,
            "other_office" => &mut words.offices,
            "likely_holder" => &mut words.likely,
            "group" => &mut words.groups,
            "serial" => &mut words.serials,
            "name" => &mut words.names,
            "place" => &mut words.places,
            "number" => &mut words.numbers,
            "other_number" => &mut words.other_numbers,
            _ => &mut words.headings,
        };
        list.push(fold(&word));
    }
    for list in [&mut words.persons, &mut words.offices, &mut words.likely] {
        list.sort_by_key(|word| std::cmp::Reverse(word.len()));
    }
    words
});

/// Whose a code may be, if not the holder's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Owner {
    /// A person, such as the legal representative of a company.
    Person,
    /// A body, such as the issuer of a certificate.
    Office,
}

impl Owner {
    /// Whether a column called so can hold the owner's code: persons have no credit codes, bodies no identity cards.
    pub(super) fn may_have(self, name: &str) -> bool {
        match self {
            Self::Person => !name.contains("信用代码"),
            Self::Office => !name.contains("身份证"),
        }
    }
}

/// Returns a header without width, spaces, letter case, and notes in brackets such as （必填） or a star.
pub(super) fn fold(header: &str) -> String {
    folded_with_notes(header).0
}

/// Returns a header as [`fold`] does, and its notes in brackets, folded likewise.
pub(super) fn folded_with_notes(header: &str) -> (String, Vec<String>) {
    let mut depth = 0u32;
    let mut folded = String::new();
    let mut notes: Vec<String> = Vec::new();
    for character in header.nfkc() {
        match character {
            '(' | '[' | '【' | '〔' => {
                if depth == 0 {
                    notes.push(String::new());
                }
                depth += 1;
            }
            ')' | ']' | '】' | '〕' => depth = depth.saturating_sub(1),
            _ if character.is_whitespace() || matches!(character, '*' | ':' | '_') || is_invisible(character) => {}
            kept => match notes.last_mut().filter(|_| depth > 0) {
                Some(note) => note.extend(kept.to_lowercase()),
                None => folded.extend(kept.to_lowercase()),
            },
        }
    }
    // A header that stands in brackets as a whole, such as 【身份证号】, is no note.
    if folded.is_empty() {
        folded = std::mem::take(&mut notes).concat();
    }
    (folded, notes)
}

/// Returns what a folded header means, and how surely by its words alone.
pub(super) fn meaning_of(name: &str) -> Option<(Role, Claim)> {
    if let Some((role, claim)) = known(name) {
        let is_holders = role == Role::HolderCode && says_holder(name);
        return Some((role, if is_holders { Claim::Holder } else { claim }));
    }
    let bare = without(&without(name, &WORDS.persons), &WORDS.offices);
    let is_of_others = bare != name;
    let rest = without(&bare, &WORDS.likely);
    if rest == name {
        return None;
    }
    let rest = CONNECTIVES.iter().fold(rest, |rest, connective| rest.replace(connective, ""));
    let (role, _) = SYNONYMS.get(&rest).filter(|(role, _)| matches!(role, Role::HolderCode | Role::HolderCodeType))?;
    Some((*role, if is_of_others { Claim::SomeoneElse } else { Claim::Likely }))
}

/// What a folded header means by the list of headers: by itself, as several headers in one cell that mean the same, or
/// behind a word for the holder.
fn known(name: &str) -> Option<(Role, Claim)> {
    if let Some(meaning) = SYNONYMS.get(name) {
        return Some(*meaning);
    }
    let behind_holder = HOLDERS.iter().find_map(|holder| SYNONYMS.get(name.strip_prefix(holder)?));
    behind_holder.copied().or_else(|| {
        let separator = ALTERNATIVES.iter().find(|separator| name.contains(**separator))?;
        let mut meanings = name.split(*separator).filter(|part| !part.is_empty()).map(known);
        let first = meanings.next()??;
        meanings.all(|meaning| meaning.is_some_and(|(role, _)| role == first.0)).then_some(first)
    })
}

/// Whether a folded header speaks of the holder of a certificate.
pub(super) fn says_holder(name: &str) -> bool {
    ["持证", "持有", "主体", "holder"].iter().any(|word| name.contains(word))
}

/// A text with every occurrence of some words taken out.
fn without(text: &str, words: &[String]) -> String {
    words.iter().fold(text.to_owned(), |text, word| text.replace(word, ""))
}

/// Returns a folded text above other headers without what says nothing: 证照信息 is 证照.
pub(super) fn without_group(text: &str) -> &str {
    // Twice, since one may stand behind another: 基本情况.
    let groups = WORDS.groups.iter().chain(&WORDS.groups);
    let bare = groups.fold(text, |bare, group| bare.strip_suffix(group.as_str()).unwrap_or(bare));
    // A text of nothing else, such as 基本信息, still tells columns apart.
    if bare.is_empty() { text } else { bare }
}

/// Returns whose columns stand below a folded text, if it names somebody other than the holder.
pub(super) fn owner_in(text: &str) -> Option<Owner> {
    // 法人 by itself is as often the company as the person who stands for it.
    let has = |words: &[String]| words.iter().any(|word| word != "法人" && word != "企业法人" && text.contains(word.as_str()));
    if has(&WORDS.persons) { Some(Owner::Person) } else { has(&WORDS.offices).then_some(Owner::Office) }
}

/// Returns whom a folded text names, if it is nothing but a name for somebody other than the holder: 法定代表人姓名.
pub(super) fn owner_named(text: &str) -> Option<Owner> {
    let bare = without_group(text);
    let bare = ["姓名", "名称", "名字"].iter().find_map(|suffix| bare.strip_suffix(suffix)).unwrap_or(bare);
    let is_only = |words: &[String]| {
        let rest = without(bare, words);
        rest != bare && CONNECTIVES.iter().fold(rest, |rest, connective| rest.replace(connective, "")).is_empty()
    };
    if is_only(&WORDS.persons) {
        // 法人名称 is a company's.
        let is_company = text.ends_with("法人名称");
        (!is_company).then_some(Owner::Person)
    } else {
        is_only(&WORDS.offices).then_some(Owner::Office)
    }
}

/// Whether a column under a folded header holds names of persons or bodies.
pub(super) fn stands_for_a_name(name: &str) -> bool {
    owner_named(name).is_some() || is_name(name)
}

/// Whether a column under a folded header tells whom a row is about.
pub(super) fn is_name(name: &str) -> bool {
    match owner_named(name) {
        Some(Owner::Person) => true,
        Some(Owner::Office) => false,
        None => WORDS.names.iter().any(|word| name.ends_with(word.as_str())),
    }
}

/// Whether a folded header speaks of a value that another one has taken the place of: 旧证件号码.
pub(super) fn is_former(name: &str) -> bool {
    ["原", "旧", "曾用", "变更前", "更正前"].iter().any(|word| name.starts_with(word))
}

/// Whether a column under a folded header counts rows.
pub(super) fn is_serial(name: &str) -> bool {
    WORDS.serials.iter().any(|word| word == name)
}

/// Whether a column under a folded header holds names of places.
pub(super) fn is_place(name: &str) -> bool {
    WORDS.places.iter().any(|word| name.ends_with(word.as_str()))
}

/// Whether a column under a folded header may hold numbers of certificates.
pub(super) fn is_number(name: &str) -> bool {
    WORDS.numbers.iter().any(|word| name.ends_with(word.as_str()))
        && !WORDS.other_numbers.iter().any(|word| name.contains(word.as_str()))
}

/// Whether a folded text is what headers say, and no value.
pub(super) fn is_heading(text: &str) -> bool {
    if text.is_empty() || text.chars().count() > LONGEST_HEADING {
        return false;
    }
    let is_known = SYNONYMS.contains_key(text) || is_serial(text);
    is_known
        || WORDS.headings.iter().any(|word| text.ends_with(word.as_str()))
        || SYNONYMS.keys().any(|known| strsim::normalized_levenshtein(known, text) >= LIKENESS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_are_folded() {
        for header in
            ["证件号码", " 证件 号码 ", "证件号码（必填）", "＊证件号码", "证件号码(18位)", "证件号码：", "证件\u{200B}号码"]
        {
            assert_eq!(fold(header), "证件号码", "{header}");
        }
        assert_eq!(folded_with_notes("身份证号（法定代表人）").1, ["法定代表人"]);
    }

    #[test]
    fn headers_say_what_they_are_and_whose() {
        use Claim::{Holder, Likely, Plain, SomeoneElse};
        for (header, expected) in [
            ("Holder Code", Some((Role::HolderCode, Holder))),
            ("持证主体代码", Some((Role::HolderCode, Holder))),
            ("身份证号", Some((Role::HolderCode, Plain))),
            ("统一社会信用代码", Some((Role::HolderCode, Plain))),
            ("法人证件号码", Some((Role::HolderCode, Plain))),
            ("法人统一社会信用代码", Some((Role::HolderCode, Plain))),
            ("申请人身份证号", Some((Role::HolderCode, Likely))),
            ("公民身份证号", Some((Role::HolderCode, Plain))),
            ("居民身份号码", Some((Role::HolderCode, Plain))),
            ("社会统一信用代码", Some((Role::HolderCode, Plain))),
            ("纳税人识别号", Some((Role::HolderCode, Plain))),
            ("持证主体身份证件号码", Some((Role::HolderCode, Holder))),
            ("持证者身份证号", Some((Role::HolderCode, Holder))),
            ("持证人公民身份号码", Some((Role::HolderCode, Holder))),
            ("持证人身份证", Some((Role::HolderCode, Holder))),
            ("自然人身份证号", Some((Role::HolderCode, Plain))),
            ("本人身份证号", Some((Role::HolderCode, Plain))),
            ("居民身份证编号", Some((Role::HolderCode, Plain))),
            ("统一社会信用代码/身份证号码", Some((Role::HolderCode, Plain))),
            ("身份证号码（统一社会信用代码）", Some((Role::HolderCode, Plain))),
            ("身份证号或统一社会信用代码", Some((Role::HolderCode, Plain))),
            ("证件号码/身份证号", Some((Role::HolderCode, Plain))),
            ("公民身份号码、统一社会信用代码", Some((Role::HolderCode, Plain))),
            ("身份證號", Some((Role::HolderCode, Plain))),
            ("【身份证号】", Some((Role::HolderCode, Plain))),
            ("身份证ID", Some((Role::HolderCode, Plain))),
            ("SFZH", Some((Role::HolderCode, Plain))),
            ("ID Card", Some((Role::HolderCode, Plain))),
            ("男方身份证号", Some((Role::HolderCode, Likely))),
            ("老人身份证号", Some((Role::HolderCode, Likely))),
            ("驾驶员身份证号", Some((Role::HolderCode, Likely))),
            ("证照目录编码", Some((Role::CertTypeCode, Plain))),
            ("ZZLXDM", Some((Role::CertTypeCode, Plain))),
            ("证照目录名称", Some((Role::CertTypeName, Plain))),
            ("证书类型", Some((Role::CertTypeName, Plain))),
            ("资质证书编号", Some((Role::CertificateNumber, Likely))),
            ("证照号码/编号", Some((Role::CertificateNumber, Plain))),
            ("证号", Some((Role::CertificateNumber, Likely))),
            ("持证主体/证照类型", None),
            ("法定代表人身份证号", Some((Role::HolderCode, SomeoneElse))),
            ("法定代表人/负责人身份证号码", Some((Role::HolderCode, SomeoneElse))),
            ("法人身份证号", Some((Role::HolderCode, SomeoneElse))),
            ("经办人身份证号码", Some((Role::HolderCode, SomeoneElse))),
            ("联系人证件号码", Some((Role::HolderCode, SomeoneElse))),
            ("监护人身份证号", Some((Role::HolderCode, SomeoneElse))),
            ("配偶身份证号", Some((Role::HolderCode, SomeoneElse))),
            ("发证机关统一社会信用代码", Some((Role::HolderCode, SomeoneElse))),
            ("法定代表人证件类型", Some((Role::HolderCodeType, SomeoneElse))),
            ("证照编号", Some((Role::CertificateNumber, Plain))),
            ("发证机关代码", None),
            ("法定代表人", None),
            ("姓名", None),
        ] {
            assert_eq!(meaning_of(&fold(header)), expected, "{header}");
        }
    }

    #[test]
    fn names_of_others_are_told_from_names_of_holders() {
        for (header, owner) in [
            ("法定代表人", Some(Owner::Person)),
            ("法定代表人姓名", Some(Owner::Person)),
            ("法定代表人（负责人）", Some(Owner::Person)),
            ("法定代表人或负责人姓名", Some(Owner::Person)),
            ("法人姓名", Some(Owner::Person)),
            ("发证机关名称", Some(Owner::Office)),
            ("工作单位", Some(Owner::Office)),
            ("法人名称", None),
            ("企业名称", None),
            ("姓名", None),
        ] {
            assert_eq!(owner_named(&fold(header)), owner, "{header}");
            assert!(stands_for_a_name(&fold(header)), "{header}");
        }
        assert!(!is_name("填报单位") && is_name("企业名称") && !stands_for_a_name("联系电话"));
        assert!(Owner::Person.may_have("身份证号") && !Owner::Person.may_have("统一社会信用代码"));
        assert_eq!(owner_in("企业法定代表人情况"), Some(Owner::Person));
        assert_eq!(owner_in("法人信息"), None);
    }

    #[test]
    fn numbers_of_certificates_are_told_from_other_numbers_and_places_from_the_rest() {
        for (header, number) in [
            ("内部文号", true),
            ("证书副本编号", true),
            ("联系电话号码", false),
            ("车牌号", false),
            ("办件编号", false),
            ("姓名", false),
        ] {
            assert_eq!(is_number(&fold(header)), number, "{header}");
        }
        assert!(is_place("区市") && is_place("所在社区") && !is_place("姓名"));
    }

    #[test]
    fn what_headers_say_is_told_from_values() {
        for text in ["身份证号", "序号", "发证日期", "区市", "证照信息", "持证主体", "身分证号码", "cert_type_code"]
        {
            assert!(is_heading(&fold(text)), "{text}");
        }
        for text in ["张三", "欧阳娜娜", "有效", "薛城区", ""] {
            assert!(!is_heading(&fold(text)), "{text}");
        }
        assert_eq!(
            (without_group("证照信息"), without_group("主体基本情况"), without_group("基本信息")),
            ("证照", "主体", "基本信息")
        );
    }
}
