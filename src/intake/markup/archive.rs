//! Web archives (MHT): a mail message whose parts are web pages.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use std::borrow::Cow;

/// Deepest nesting of parts.
const DEEPEST: usize = 8;
/// Most parts that are read.
const MOST_PARTS: usize = 4096;

/// How much of a file is looked at for the header of an archive, in bytes.
pub(super) const HEADER_WITHIN: u64 = 2048;

/// Whether a file begins with the header of an archive: fields, among them what says that the message has parts, or is a page.
/// What stands in the other fields, such as the program's name, is in any language and encoding.
pub(super) fn is_archive(head: &[u8]) -> bool {
    let within = usize::try_from(HEADER_WITHIN).map_or(head, |within| head.get(..within).unwrap_or(head));
    let begin = within.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(within).trim_ascii_start();
    let is_name = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'-';
    let name = begin.iter().take_while(|byte| is_name(byte)).count();
    if name == 0 || begin.get(name) != Some(&b':') {
        return false;
    }
    let (header, _) = split_header(begin);
    let kind = header.field("content-type").unwrap_or_default().to_ascii_lowercase();
    let is_page = kind.is_empty() || kind.starts_with("text/html");
    kind.starts_with("multipart/") || is_page && header.field("mime-version").is_some()
}

/// A web page in an archive.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Part<'a> {
    /// Its bytes, out of the encoding for mail.
    pub content: Cow<'a, [u8]>,
    /// Its encoding as the archive names it.
    pub charset: Option<String>,
}

/// Why an archive cannot be read: the encoding of a part for mail is unknown or broken.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct DamagedPart;

/// Returns the web pages of an archive, in order.
///
/// # Errors
/// Fails if a page is encoded in a way that cannot be undone.
pub(super) fn pages(archive: &[u8]) -> Result<Vec<Part<'_>>, DamagedPart> {
    let mut pages = Vec::new();
    collect(archive, 0, &mut pages)?;
    Ok(pages)
}

fn collect<'a>(message: &'a [u8], depth: usize, pages: &mut Vec<Part<'a>>) -> Result<(), DamagedPart> {
    let (header, body) = split_header(message);
    let kind = header.field("content-type").unwrap_or_default();
    let name = kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    if let Some(boundary) = parameter(&kind, "boundary")
        && depth < DEEPEST
    {
        let parts = split_parts(body, boundary.as_bytes());
        return parts.into_iter().take(MOST_PARTS).try_for_each(|part| collect(part, depth + 1, pages));
    }
    if name != "text/html" {
        return Ok(());
    }
    let encoding = header.field("content-transfer-encoding").unwrap_or_default();
    let content = match encoding.trim().to_ascii_lowercase().as_str() {
        "quoted-printable" => Cow::Owned(of_quoted_printable(body)),
        "base64" => {
            let text: Vec<u8> = body.iter().copied().filter(|byte| !byte.is_ascii_whitespace()).collect();
            Cow::Owned(STANDARD.decode(text).map_err(|_| DamagedPart)?)
        }
        "" | "7bit" | "8bit" | "binary" => Cow::Borrowed(body),
        _ => return Err(DamagedPart),
    };
    pages.push(Part { content, charset: parameter(&kind, "charset") });
    Ok(())
}

/// The fields of a header.
struct Header(Vec<(String, String)>);

impl Header {
    /// A field by its name in lower case.
    fn field(&self, name: &str) -> Option<String> {
        self.0.iter().find(|(own, _)| own == name).map(|(_, value)| value.clone())
    }
}

/// Splits a message at its first blank line.
fn split_header(message: &[u8]) -> (Header, &[u8]) {
    let mut fields: Vec<(String, String)> = Vec::new();
    let mut rest = message;
    while !rest.is_empty() {
        let end = memchr::memchr(b'\n', rest).map_or(rest.len(), |end| end + 1);
        let (line, after) = rest.split_at(end);
        rest = after;
        let line = String::from_utf8_lossy(line.trim_ascii_end()).into_owned();
        if line.is_empty() {
            break;
        }
        if line.starts_with([' ', '\t']) {
            // It goes on with the field above.
            if let Some((_, value)) = fields.last_mut() {
                value.push_str(&line);
            }
        } else if let Some((name, value)) = line.split_once(':') {
            fields.push((name.trim().to_ascii_lowercase(), value.trim().to_owned()));
        }
    }
    (Header(fields), rest)
}

/// A parameter of a field, such as `charset` in `text/html; charset="utf-8"`.
fn parameter(field: &str, name: &str) -> Option<String> {
    field.split(';').skip(1).find_map(|parameter| {
        let (own, value) = parameter.split_once('=')?;
        own.trim().eq_ignore_ascii_case(name).then(|| value.trim().trim_matches(['"', '\'']).to_owned())
    })
}

/// The parts of a body, between lines that begin with `--` and the boundary.
fn split_parts<'a>(body: &'a [u8], boundary: &[u8]) -> Vec<&'a [u8]> {
    let mark = [b"--".as_slice(), boundary].concat();
    let at_line = |at: &usize| *at == 0 || body.get(at - 1) == Some(&b'\n');
    let marks: Vec<usize> = memchr::memmem::find_iter(body, &mark).filter(at_line).collect();
    let ends = marks.iter().copied().skip(1).chain([body.len()]);
    let parts = marks.iter().zip(ends).filter_map(|(begin, end)| {
        let part = body.get(begin + mark.len()..end)?;
        // The last mark has `--` behind it.
        let line_end = memchr::memchr(b'\n', part)?;
        if part.starts_with(b"--") { None } else { part.get(line_end + 1..) }
    });
    parts.collect()
}

/// Undoes quoted-printable. What is no code of it is left as it stands.
fn of_quoted_printable(text: &[u8]) -> Vec<u8> {
    let mut decoded = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = memchr::memchr(b'=', rest) {
        let (plain, code) = rest.split_at(at);
        decoded.extend_from_slice(plain);
        let digit = |place: usize| code.get(place).and_then(|byte| char::from(*byte).to_digit(16));
        let (byte, length) = match (digit(1), digit(2)) {
            (Some(high), Some(low)) => (u8::try_from(high * 16 + low).ok(), 3),
            // A line that goes on.
            _ if code.get(1) == Some(&b'\n') => (None, 2),
            _ if code.get(1..3) == Some(b"\r\n".as_slice()) => (None, 3),
            _ => (Some(b'='), 1),
        };
        decoded.extend(byte);
        rest = code.get(length..).unwrap_or_default();
    }
    decoded.extend_from_slice(rest);
    decoded
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn archive(encoding: &str, content: &str) -> String {
        format!(
            "MIME-Version: 1.0\r\nContent-Type: multipart/related;\r\n\tboundary=\"----=_x\"\r\n\r\nfor old programs\r\n\
             ------=_x\r\nContent-Location: a.css\r\nContent-Type: text/css\r\n\r\ntd {{}}\r\n\
             ------=_x\r\nContent-Type: text/html; charset=\"gb2312\"\r\nContent-Transfer-Encoding: {encoding}\r\n\r\n{content}\r\n\
             ------=_x--\r\n"
        )
    }

    #[test]
    fn pages_are_found_and_decoded() {
        for (encoding, content, expected) in [
            ("8bit", "<td>1</td>", b"<td>1</td>\r\n".as_slice()),
            ("quoted-printable", "<td=20a=3D1>=D6=\r\n=A4==</td>", b"<td a=1>\xD6\xA4==</td>\r\n"),
            ("Base64", "PHRk\r\nPjE8L3RkPg==", b"<td>1</td>"),
        ] {
            let archive = archive(encoding, content);
            let expected = Part { content: Cow::Borrowed(expected), charset: Some("gb2312".to_owned()) };
            assert_eq!(pages(archive.as_bytes()), Ok(vec![expected]), "{encoding}");
        }
        assert_eq!(pages(archive("uuencode", "x").as_bytes()), Err(DamagedPart));
        assert_eq!(pages(archive("base64", "?").as_bytes()), Err(DamagedPart));
    }

    #[test]
    fn an_archive_may_be_one_page_or_end_early() {
        let one = b"MIME-Version: 1.0\nContent-Type: text/html\n\n<table>";
        assert_eq!(pages(one).unwrap(), [Part { content: Cow::Borrowed(b"<table>".as_slice()), charset: None }]);
        let whole = archive("8bit", "<td>1</td>");
        let cut = whole.split("</td>").next().unwrap();
        assert_eq!(pages(cut.as_bytes()).unwrap()[0].content, b"<td>1".as_slice());
        assert_eq!(pages(b"Content-Type: multipart/related; boundary=x\n\nnothing"), Ok(vec![]));
    }

    #[test]
    fn an_archive_is_told_by_its_header_whatever_program_wrote_it() {
        let saved = "From: <由 Microsoft Internet Explorer 5 保存>\r\nSubject: 清单\r\nDate: Tue, 24 Nov 2026\r\n";
        let kind = "MIME-Version: 1.0\r\nContent-Type: multipart/related;\r\n\tboundary=x\r\n\r\n";
        let whole = format!("{saved}{kind}");
        for head in [
            whole.clone().into_bytes(),
            encoding_rs::GBK.encode(&whole).0.into_owned(),
            format!("\u{FEFF}\r\n{whole}").into_bytes(),
            format!("From: =?gb2312?B?08kg?=\r\n{kind}").into_bytes(),
            b"Subject: x\nMIME-Version: 1.0\nContent-Type: text/html; charset=gb2312\n\n<table>".to_vec(),
            b"Content-Type: multipart/related; boundary=x\n\n".to_vec(),
        ] {
            assert!(is_archive(&head), "{}", String::from_utf8_lossy(&head));
        }
        for head in [
            "",
            "<html>MIME-Version: 1.0",
            "证件号码,证照类型代码\nMIME-Version: 1.0\n",
            "From: a\nSubject: b\n\nMIME-Version: 1.0\n",
            "MIME-Version: 1.0\nContent-Type: text/plain\n\n1,2\n",
            "code:name\n1:2\n",
        ] {
            assert!(!is_archive(head.as_bytes()), "{head}");
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_taken_apart(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
            let _ = pages(&bytes);
            let _ = pages(&[b"Content-Type: multipart/related; boundary=a\n\n--a\n".as_slice(), &bytes].concat());
            of_quoted_printable(&bytes);
        }
    }
}
