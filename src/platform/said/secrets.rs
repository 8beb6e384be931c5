//! Our own secrets in what the platform says: password and tokens, in whatever form they come back.

use super::written::{LONGEST_FORM, Pattern};
use crate::platform::body::recoded;
use bytes::Bytes;
use std::fmt;
use std::ops::Range;
use std::sync::Arc;

/// Stands for a secret of ours that the platform repeats.
pub(super) const HIDDEN: &str = "***";

/// Shortest secret that is hidden in words, in characters: a shorter one stands in any sentence by chance.
const SHORTEST_IN_WORDS: usize = 4;
/// Shortest secret that is taken out of bodies, in bytes: a shorter one stands in any data by chance, and data is kept as it is.
const SHORTEST_IN_BODIES: usize = 8;

/// Secrets of ours that the platform knows. Nothing that it answers is kept or shown with one of them in it.
#[derive(Clone, Default)]
pub struct OwnSecrets(Arc<[OwnSecret]>);

struct OwnSecret {
    pattern: Pattern,
    is_in_bodies: bool,
}

impl fmt::Debug for OwnSecrets {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("OwnSecrets")
    }
}

impl OwnSecrets {
    /// These secrets, but for those that are too short to be found by more than chance.
    #[must_use]
    pub fn new<'a>(secrets: impl IntoIterator<Item = &'a str>) -> Self {
        let long = secrets.into_iter().map(str::trim).filter(|secret| secret.chars().count() >= SHORTEST_IN_WORDS);
        let secret =
            |secret: &str| OwnSecret { pattern: Pattern::solid(secret), is_in_bodies: secret.len() >= SHORTEST_IN_BODIES };
        Self(long.map(secret).collect())
    }

    /// A body without them, to be kept or printed; one that is not in UTF-8 is in UTF-8 then. A body without any is returned as it
    /// is. Those shorter than eight bytes stay: they stand in any data by chance, and data is not to be changed.
    #[must_use]
    pub fn out_of_body(&self, body: Bytes) -> Bytes {
        let clean = self.out_of(&body, |secret| secret.is_in_bodies);
        clean.map_or(body, Bytes::from)
    }

    /// The bytes of an answer without any of them, short ones included, for whoever shows a part of it; `None` where they hold
    /// none.
    pub(in crate::platform) fn out_of_excerpt(&self, body: &[u8]) -> Option<Vec<u8>> {
        self.out_of(body, |_| true)
    }

    /// Words without them, otherwise as they are.
    pub(in crate::platform) fn out_of_words(&self, words: String) -> String {
        let clean = without(words.as_bytes(), &self.places_in(words.as_bytes(), |_| true));
        // Written forms are whole characters: what is left is text.
        clean.map_or(words, |clean| String::from_utf8_lossy(&clean).into_owned())
    }

    /// Where they stand in a text, in order; each place in UTF-8 begins and ends between characters.
    pub(super) fn places(&self, text: &str) -> Vec<Range<usize>> {
        self.places_in(text.as_bytes(), |_| true)
    }

    /// Length of the longest written form, in characters.
    pub(super) fn longest_form(&self) -> usize {
        self.0.iter().map(|secret| secret.pattern.len()).max().unwrap_or_default().saturating_mul(LONGEST_FORM)
    }

    fn out_of(&self, body: &[u8], is_meant: fn(&OwnSecret) -> bool) -> Option<Vec<u8>> {
        if !self.0.iter().any(is_meant) {
            return None;
        }
        match recoded(body) {
            Some(text) => without(text.as_bytes(), &self.places_in(text.as_bytes(), is_meant)),
            None => without(body, &self.places_in(body, is_meant)),
        }
    }

    fn places_in(&self, text: &[u8], is_meant: fn(&OwnSecret) -> bool) -> Vec<Range<usize>> {
        let secrets: Vec<&Pattern> = self.0.iter().filter(|secret| is_meant(secret)).map(|secret| &secret.pattern).collect();
        // Bodies may be large: most bytes are passed over by a look at this.
        let mut beginnings = [false; 256];
        for (byte, begins) in (0..=u8::MAX).zip(&mut beginnings) {
            *begins = secrets.iter().any(|secret| secret.may_begin_with(byte));
        }
        let mut places: Vec<Range<usize>> = Vec::new();
        for (start, _) in text.iter().enumerate().filter(|(_, byte)| beginnings[usize::from(**byte)]) {
            let Some(end) = secrets.iter().filter_map(|secret| secret.end_at(text, start)).max() else { continue };
            match places.last_mut() {
                // Two secrets that share characters, or one that repeats itself.
                Some(latest) if start < latest.end => latest.end = latest.end.max(end),
                _ => places.push(start..end),
            }
        }
        places
    }
}

/// A text without what stands at these places; `None` where there is none.
fn without(text: &[u8], places: &[Range<usize>]) -> Option<Vec<u8>> {
    if places.is_empty() {
        return None;
    }
    let mut clean = Vec::with_capacity(text.len());
    let mut from = 0;
    for place in places {
        clean.extend_from_slice(text.get(from..place.start).unwrap_or_default());
        clean.extend_from_slice(HIDDEN.as_bytes());
        from = place.end;
    }
    clean.extend_from_slice(text.get(from..).unwrap_or_default());
    Some(clean)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const TOKEN: &str = "ab/cd+ef==ghijklmnop0123456789";

    fn out_of_body(secrets: &[&str], body: &[u8]) -> String {
        let clean = OwnSecrets::new(secrets.iter().copied()).out_of_body(Bytes::copy_from_slice(body));
        String::from_utf8_lossy(&clean).into_owned()
    }

    fn utf16(text: &str, mark: bool) -> Vec<u8> {
        let mark = if mark { Some(0xFEFF) } else { None };
        mark.into_iter().chain(text.encode_utf16()).flat_map(u16::to_le_bytes).collect()
    }

    #[test]
    fn a_body_is_kept_without_a_token_in_whatever_form_and_encoding_it_comes() {
        let body = |token: &str| format!(r#"{{"head":{{"status":"0"}},"data":{{"echo":"tok {token}","bz":"备注{token}"}}}}"#);
        let clean = body("***");
        let unicode = TOKEN.encode_utf16().fold(String::new(), |written, unit| written + &format!("\\u{unit:04x}"));
        for token in [
            TOKEN.to_owned(),
            TOKEN.to_uppercase(),
            TOKEN.replace('/', "\\/"),
            TOKEN.replace('+', "\\u002b").replace('=', "\\u003d"),
            TOKEN.replace('+', "&#43;"),
            TOKEN.replace('/', "%2F").replace('+', "%2B").replace('=', "%3D"),
            unicode,
        ] {
            let body = body(&token);
            assert_eq!(out_of_body(&["sesame-open", TOKEN], body.as_bytes()), clean, "{token}");
            for encoded in [
                utf16(&body, true),
                utf16(&body, false),
                encoding_rs::GB18030.encode(&body).0.into_owned(),
                [&b"\xEF\xBB\xBF"[..], body.as_bytes()].concat(),
            ] {
                let found = out_of_body(&[TOKEN], &encoded);
                assert_eq!(found.trim_start_matches('\u{FEFF}'), clean, "{token}");
            }
        }
    }

    #[test]
    fn what_holds_no_secret_is_kept_as_it_is() {
        let utf16 = utf16(r#"{"name":"张三"}"#, true);
        for body in [
            &b"{\"no\":\"37049920130923001X\",\"date\":\"2013-09-23\",\"b\":\"sesam\"}"[..],
            b"\xFF\xFE\0\xD8",
            b"",
            utf16.as_slice(),
        ] {
            // A short secret, one of digits that are a part of another number, and a longer one.
            let secrets = OwnSecrets::new(["sesam", "20130923", TOKEN, "", "  "]);
            assert_eq!(secrets.out_of_body(Bytes::copy_from_slice(body)), body);
        }
        assert_eq!(out_of_body(&["20130923"], b"pw=20130923"), "pw=***");
        assert_eq!(format!("{:?}", OwnSecrets::new([TOKEN])), "OwnSecrets");
    }

    #[test]
    fn secrets_that_share_characters_leave_nothing_of_either() {
        let secrets = OwnSecrets::new(["abcdefgh", "efghijkl", "xyxyxyxy"]);
        assert_eq!(secrets.out_of_words("<abcdefghijkl> xyxyxyxyxy".to_owned()), "<***> ***");
    }

    proptest! {
        #[test]
        fn no_body_holds_a_secret_and_what_stands_round_it_stays(
            before in "[ 甲乙\\PC&&[^*]]{0,40}", secret in "[!-~&&[^*]]{8,40}", after in "[ 甲乙]{0,40}",
        ) {
            let secrets = OwnSecrets::new([secret.as_str()]);
            let body = format!("{before}甲{secret}甲{after}");
            let clean = secrets.out_of_body(body.into());
            let clean = std::str::from_utf8(&clean).unwrap();
            prop_assert!(!clean.to_uppercase().contains(&secret.to_uppercase()), "{clean}");
            prop_assert!(clean.ends_with(&format!("甲***甲{after}")), "{clean}");
        }

        #[test]
        fn no_body_makes_the_search_panic(body in prop::collection::vec(any::<u8>(), 0..80), secret in "\\PC{4,12}") {
            let secrets = OwnSecrets::new([secret.as_str()]);
            let _ = secrets.out_of_body(Bytes::copy_from_slice(&body));
            let _ = secrets.out_of_excerpt(&body);
        }
    }
}
