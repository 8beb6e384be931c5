//! Certificate files: small, but valid in their formats.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use std::io::{Cursor, Read, Write};
use zip::write::SimpleFileOptions;
use zip::{ZipArchive, ZipWriter};

/// Image of a page (JPEG), as the platform sends pages.
pub(super) const PAGE: &[u8] = include_bytes!("page.jpg");

/// Returns a PDF of one page with the certificate's identifier.
pub(super) fn pdf(identifier: &str) -> Vec<u8> {
    let shown: String =
        identifier.chars().filter(|character| character.is_ascii_graphic() && !"()\\".contains(*character)).collect();
    let content = format!("BT /F1 10 Tf 40 800 Td ({shown}) Tj ET");
    let objects = [
        "<< /Type /Catalog /Pages 2 0 R >>".to_owned(),
        "<< /Type /Pages /Kids [3 0 R] /Count 1 >>".to_owned(),
        "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R /Resources << /Font << /F1 5 0 R >> >> >>"
            .to_owned(),
        format!("<< /Length {} >>\nstream\n{content}\nendstream", content.len()),
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>".to_owned(),
    ];
    let mut file = format!("%PDF-1.4\n% {}\n", URL_SAFE_NO_PAD.encode(identifier)).into_bytes();
    let mut places = Vec::new();
    for (number, object) in (1..).zip(&objects) {
        places.push(file.len());
        file.extend(format!("{number} 0 obj\n{object}\nendobj\n").bytes());
    }
    let table_at = file.len();
    file.extend(format!("xref\n0 {}\n0000000000 65535 f \n", objects.len() + 1).bytes());
    for place in places {
        file.extend(format!("{place:010} 00000 n \n").bytes());
    }
    let size = objects.len() + 1;
    file.extend(format!("trailer\n<< /Size {size} /Root 1 0 R >>\nstartxref\n{table_at}\n%%EOF\n").bytes());
    file
}

/// Returns an OFD (GB/T 33190), which is a zip with OFD.xml in its root, with the certificate's identifier.
pub(super) fn ofd(identifier: &str) -> Vec<u8> {
    let named = identifier.replace('&', "&amp;").replace('<', "&lt;");
    let root = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<ofd:OFD xmlns:ofd=\"http://www.ofdspec.org/2016\" Version=\"1.0\" DocType=\"OFD\">\
         <ofd:DocBody><ofd:DocInfo><ofd:DocID>{named}</ofd:DocID></ofd:DocInfo><ofd:DocRoot>Doc_0/Document.xml</ofd:DocRoot></ofd:DocBody></ofd:OFD>"
    );
    let document = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<ofd:Document xmlns:ofd=\"http://www.ofdspec.org/2016\"><ofd:CommonData>\
                    <ofd:MaxUnitID>1</ofd:MaxUnitID><ofd:PageArea><ofd:PhysicalBox>0 0 210 297</ofd:PhysicalBox></ofd:PageArea></ofd:CommonData></ofd:Document>";
    let write = || -> zip::result::ZipResult<Vec<u8>> {
        let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
        let options = SimpleFileOptions::default();
        for (name, content) in [("OFD.xml", root.as_str()), ("Doc_0/Document.xml", document)] {
            zip.start_file(name, options)?;
            zip.write_all(content.as_bytes())?;
        }
        Ok(zip.finish()?.into_inner())
    };
    // Writing to memory cannot fail.
    write().unwrap_or_default()
}

/// Returns the identifier in a file of the sandbox; `None` if the file is damaged or not from the sandbox.
pub(super) fn genuine(file: &[u8]) -> Option<String> {
    let identifier = named_by_pdf(file).or_else(|| named_by_ofd(file))?;
    (file == pdf(&identifier).as_slice() || file == ofd(&identifier).as_slice()).then_some(identifier)
}

fn named_by_pdf(file: &[u8]) -> Option<String> {
    let line = file.strip_prefix(b"%PDF-1.4\n% ")?.split(|&byte| byte == b'\n').next()?;
    String::from_utf8(URL_SAFE_NO_PAD.decode(line).ok()?).ok()
}

fn named_by_ofd(file: &[u8]) -> Option<String> {
    let mut zip = ZipArchive::new(Cursor::new(file)).ok()?;
    let mut root = String::new();
    zip.by_name("OFD.xml").ok()?.read_to_string(&mut root).ok()?;
    let (_, rest) = root.split_once("<ofd:DocID>")?;
    Some(rest.split_once("</ofd:DocID>")?.0.replace("&lt;", "<").replace("&amp;", "&"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_what_they_say_and_lead_back_to_their_certificate() {
        let identifier = "02-113704000042365553-51-370499199001010007-000-鲁（2020）<1>&号";
        for file in [pdf(identifier), ofd(identifier)] {
            assert_eq!(genuine(&file).as_deref(), Some(identifier));
            let mut altered = file.clone();
            let last = altered.len() - 8;
            altered[last] ^= 1;
            assert_eq!(genuine(&altered), None);
        }
        assert!(pdf(identifier).ends_with(b"%%EOF\n") && ofd(identifier).starts_with(b"PK\x03\x04"));
        assert!(PAGE.starts_with(&[0xFF, 0xD8, 0xFF]));
        assert_eq!(genuine(b"%PDF-1.4\n% x"), None);
    }
}
