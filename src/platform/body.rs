//! From the bytes of a body to text that a JSON reader takes: character encodings, byte order marks, lone surrogates.
//!
//! The platform should answer in UTF-8. Old parts of it answer in GBK, write a byte order mark, or cut a text between the
//! halves of a surrogate pair. [`text_of`] decides from the bytes alone, since a body that was kept is read without its
//! headers; what only a header tells is put into the bytes before they are kept ([`in_utf8`]).

use bytes::Bytes;
use encoding_rs::{BIG5, Encoding, GB18030, GBK, UTF_16BE, UTF_16LE};
use std::borrow::Cow;

/// A body in no encoding that is known here, or a damaged one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct NotText;

/// Returns the text of a body: without byte order mark and white space at its ends, and with U+FFFD for each escaped lone
/// surrogate, which no JSON reader takes.
///
/// UTF-8 is tried first, then UTF-16 by its mark or its zero bytes, then GB18030, which GBK and GB 2312 are parts of.
///
/// # Errors
/// Fails if the bytes are in none of these. UTF-8 with a few wrong bytes fails too: read as GB18030 it would be a text
/// that nobody wrote.
pub(super) fn text_of(body: &[u8]) -> Result<Cow<'_, str>, NotText> {
    Ok(without_lone_surrogates(without_marks(decoded(body)?)))
}

/// Turns a body into UTF-8 where its declared character encoding says so and its bytes agree; leaves it as it is elsewhere.
///
/// A declaration counts less than the bytes: servers declare encodings in which they do not write.
pub(super) fn in_utf8(body: Bytes, content_type: Option<&str>) -> Bytes {
    let declared = content_type.and_then(declared_encoding);
    declared.and_then(|encoding| as_declared(&body, encoding)).map_or(body, Bytes::from)
}

/// Returns the text of a body that is not in UTF-8, as it would be in UTF-8; `None` where it is in UTF-8, or no text.
pub(super) fn recoded(body: &[u8]) -> Option<String> {
    match decoded(body) {
        Ok(Cow::Owned(text)) => Some(text),
        Ok(Cow::Borrowed(_)) | Err(NotText) => None,
    }
}

/// A body's text in its declared encoding; `None` where the declaration is of no use, or wrong.
fn as_declared(body: &[u8], encoding: &'static Encoding) -> Option<String> {
    let encoding = if [GBK, GB18030].contains(&encoding) && !is_surely_utf8(body) {
        // GBK is a part of GB18030.
        GB18030
    } else if encoding == BIG5 && !is_surely_utf8(body) || [UTF_16LE, UTF_16BE].contains(&encoding) && utf16(body).is_none() {
        encoding
    } else {
        return None;
    };
    encoding.decode_without_bom_handling_and_without_replacement(body).map(Cow::into_owned)
}

/// The encoding that a `Content-Type` declares.
fn declared_encoding(content_type: &str) -> Option<&'static Encoding> {
    content_type.split(';').skip(1).find_map(|parameter| {
        let (name, value) = parameter.split_once('=')?;
        let value = value.trim().trim_matches(['"', '\'']);
        if name.trim().eq_ignore_ascii_case("charset") { Encoding::for_label(value.as_bytes()) } else { None }
    })
}

/// Whether bytes are UTF-8 beyond coincidence: with a character of three bytes or more, as Chinese characters are. The two
/// bytes of a character in GBK, such as 路, may pass for a character of two bytes in UTF-8.
fn is_surely_utf8(body: &[u8]) -> bool {
    std::str::from_utf8(body).is_ok_and(|text| text.chars().any(|character| character.len_utf8() >= 3))
}

fn decoded(body: &[u8]) -> Result<Cow<'_, str>, NotText> {
    if let Some(encoding) = utf16(body) {
        let marked = Encoding::for_bom(body).map_or(0, |(_, length)| length);
        // A lone surrogate in UTF-16 becomes U+FFFD as an escaped one does.
        return Ok(encoding.decode_without_bom_handling(body.get(marked..).unwrap_or_default()).0);
    }
    match std::str::from_utf8(body) {
        Ok(text) => Ok(Cow::Borrowed(text)),
        // It ends within a character: what is there is text, and that it is cut off is for the JSON reader to say.
        Err(error) if error.error_len().is_none() => {
            let whole = body.get(..error.valid_up_to()).unwrap_or_default();
            std::str::from_utf8(whole).map(Cow::Borrowed).map_err(|_| NotText)
        }
        Err(_) if is_damaged_utf8(body) => Err(NotText),
        Err(_) => GB18030.decode_without_bom_handling_and_without_replacement(body).ok_or(NotText),
    }
}

/// The encoding of UTF-16 by its mark, or by where the zero bytes of its first character are: JSON begins with ASCII.
fn utf16(body: &[u8]) -> Option<&'static Encoding> {
    match body {
        [0xFF, 0xFE, ..] => Some(UTF_16LE),
        [0xFE, 0xFF, ..] => Some(UTF_16BE),
        [first, 0, ..] if *first != 0 => Some(UTF_16LE),
        [0, second, ..] if *second != 0 => Some(UTF_16BE),
        _ => None,
    }
}

/// Whether most of what is not ASCII are characters of three bytes in UTF-8, as Chinese characters are. In a text in GBK
/// pairs of bytes often pass for characters of two bytes, but seldom three for one.
fn is_damaged_utf8(body: &[u8]) -> bool {
    let beyond_ascii = body.iter().filter(|byte| !byte.is_ascii()).count();
    let characters = body.utf8_chunks().flat_map(|chunk| chunk.valid().chars());
    let in_characters: usize = characters.map(char::len_utf8).filter(|length| *length >= 3).sum();
    2 * in_characters > beyond_ascii
}

fn without_marks(text: Cow<'_, str>) -> Cow<'_, str> {
    let is_mark = |character: char| matches!(character, '\u{FEFF}' | '\0') || character.is_whitespace();
    match text {
        Cow::Borrowed(text) => Cow::Borrowed(text.trim_matches(is_mark)),
        Cow::Owned(text) => Cow::Owned(text.trim_matches(is_mark).to_owned()),
    }
}

/// Length of an escape `\uXXXX`, in bytes.
const ESCAPE: usize = 6;

/// Replaces the escapes of surrogates that are not halves of a pair.
fn without_lone_surrogates(text: Cow<'_, str>) -> Cow<'_, str> {
    // Escapes of surrogates begin so, and few others do.
    if !text.contains("\\ud") && !text.contains("\\uD") {
        return text;
    }
    let mut mended = String::with_capacity(text.len());
    let mut rest: &str = &text;
    while let Some((before, escape)) = rest.find('\\').and_then(|at| rest.split_at_checked(at)) {
        mended.push_str(before);
        let (kept, length) = match code_unit(escape) {
            Some(0xD800..=0xDBFF) => {
                let next = escape.get(ESCAPE..).and_then(code_unit);
                if matches!(next, Some(0xDC00..=0xDFFF)) { (true, 2 * ESCAPE) } else { (false, ESCAPE) }
            }
            Some(0xDC00..=0xDFFF) => (false, ESCAPE),
            Some(_) => (true, ESCAPE),
            // Another escape, such as `\\`: what is behind its two characters may look like an escape and is none.
            None => (true, escape.chars().take(2).map(char::len_utf8).sum()),
        };
        let (escape, behind) = escape.split_at_checked(length).unwrap_or((escape, ""));
        if kept {
            mended.push_str(escape);
        } else {
            mended.push(char::REPLACEMENT_CHARACTER);
        }
        rest = behind;
    }
    mended.push_str(rest);
    Cow::Owned(mended)
}

/// The UTF-16 code unit of the escape `\uXXXX` that a text begins with.
fn code_unit(text: &str) -> Option<u16> {
    let digits = text.strip_prefix("\\u")?.get(..4)?;
    let is_hexadecimal = digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    u16::from_str_radix(digits, 16).ok().filter(|_| is_hexadecimal)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const JSON: &str = r#"{"head":{"status":"0","message":"接口调用成功"},"data":{"name":"张三"}}"#;

    fn gb18030(text: &str) -> Vec<u8> {
        GB18030.encode(text).0.into_owned()
    }

    fn utf16(text: &str, mark: bool, bytes: fn(u16) -> [u8; 2]) -> Vec<u8> {
        let mark = if mark { Some(0xFEFF) } else { None };
        mark.into_iter().chain(text.encode_utf16()).flat_map(bytes).collect()
    }

    #[test]
    fn a_body_is_read_in_whatever_encoding_it_is() {
        for (encoding, body) in [
            ("UTF-8", JSON.as_bytes().to_vec()),
            ("UTF-8 with a mark", format!("\u{FEFF}{JSON}").into_bytes()),
            ("UTF-8 with marks and space", format!("\r\n\u{FEFF}\u{FEFF} {JSON}\n\0").into_bytes()),
            ("GB18030", gb18030(JSON)),
            ("UTF-16LE", utf16(JSON, false, u16::to_le_bytes)),
            ("UTF-16LE with a mark", utf16(JSON, true, u16::to_le_bytes)),
            ("UTF-16BE", utf16(JSON, false, u16::to_be_bytes)),
            ("UTF-16BE with a mark", utf16(JSON, true, u16::to_be_bytes)),
        ] {
            assert_eq!(text_of(&body).as_deref(), Ok(JSON), "{encoding}");
        }
        assert_eq!(text_of(b" \r\n").as_deref(), Ok(""));
        // Characters of four bytes in GB18030.
        assert_eq!(text_of(&gb18030("{\"a\":\"张三䶮㐀𠀀\"}")).as_deref(), Ok("{\"a\":\"张三䶮㐀𠀀\"}"));
    }

    #[test]
    fn damaged_utf8_is_no_text_in_another_encoding() {
        for cut in 1..3 {
            let mut body = JSON.as_bytes().to_vec();
            let name = JSON.find("三").unwrap();
            body.drain(name..name + cut);
            assert_eq!(text_of(&body), Err(NotText), "{cut}");
        }
        assert_eq!(text_of(b"{\"a\":\"\xFF\xFF\xFF\"}"), Err(NotText));
        // Cut off within a character it is text as far as it goes.
        assert_eq!(text_of(&JSON.as_bytes()[..JSON.len() - 5]).as_deref(), Ok(&JSON[..JSON.len() - 6]));
    }

    #[test]
    fn a_declared_encoding_is_believed_where_the_bytes_agree() {
        let in_gbk = |content_type: &str, body: &[u8]| in_utf8(Bytes::copy_from_slice(body), Some(content_type));
        for content_type in
            ["application/json;charset=GBK", "text/html; Charset=\"gb2312\"", "application/json; q=1; charset=gb18030"]
        {
            assert_eq!(in_gbk(content_type, &gb18030(JSON)), JSON, "{content_type}");
            assert_eq!(in_gbk(content_type, &gb18030(r#"{"a":"路"}"#)), r#"{"a":"路"}"#, "{content_type}");
            assert_eq!(in_gbk(content_type, JSON.as_bytes()), JSON, "{content_type}");
        }
        // Nothing in these bytes tells that they are UTF-16.
        let chinese = utf16("\"三\"", false, u16::to_be_bytes);
        assert_eq!(in_gbk("text/plain;charset=utf-16be", &chinese[2..4]), "三");
        for content_type in ["application/json", "application/json;charset=UTF-8", "text/plain;charset=ISO-8859-1", "charset=?"] {
            assert_eq!(in_gbk(content_type, &gb18030(JSON)), gb18030(JSON), "{content_type}");
        }
        assert_eq!(in_utf8(Bytes::from(gb18030(JSON)), None), gb18030(JSON));
    }

    #[test]
    fn a_lone_surrogate_becomes_a_replacement_character() {
        for (written, expected) in [
            (r#""\ud83d""#, "\u{FFFD}"),
            (r#""a\uD83Db""#, "a\u{FFFD}b"),
            (r#""\ud83d\ude00""#, "\u{1F600}"),
            (r#""\ude00\ud83d""#, "\u{FFFD}\u{FFFD}"),
            (r#""\ud83d\ud83d\ude00""#, "\u{FFFD}\u{1F600}"),
            (r#""\ud83d\n\ude00""#, "\u{FFFD}\n\u{FFFD}"),
            (r#""\\ud83d""#, "\\ud83d"),
            (r#""\\\ud83d""#, "\\\u{FFFD}"),
            (r#""\u4e09\ud840\udc87""#, "三\u{20087}"),
        ] {
            let text = text_of(written.as_bytes()).unwrap();
            assert_eq!(serde_json::from_str::<String>(&text).as_deref().ok(), Some(expected), "{written}");
        }
    }

    proptest! {
        #[test]
        fn no_body_panics(body in prop::collection::vec(any::<u8>(), 0..64), text in r#"[\\udDcC83e09"a甲]{0,24}"#) {
            let _ = text_of(&body);
            let _ = text_of(text.as_bytes());
            let _ = in_utf8(body.into(), Some("text/plain; charset=gbk"));
        }

        #[test]
        fn any_chinese_text_is_read_from_gb18030(text in "[\u{4E00}-\u{9FA5}]{8,40}") {
            let written = format!(r#"{{"a":"{text}"}}"#);
            let declared = in_utf8(gb18030(&written).into(), Some("application/json;charset=GBK"));
            prop_assert_eq!(text_of(&declared).unwrap(), written);
        }

        #[test]
        fn a_json_text_without_lone_surrogates_stays_as_it_is(text in "\\PC*") {
            let written = serde_json::to_string(&text).unwrap();
            prop_assert_eq!(text_of(written.as_bytes()).unwrap(), written.as_str());
        }
    }
}
