//! Settings with a closed set of values.

use super::problem::Collector;
use super::schema::{self, Place, Schema};
use super::value::{Read, one_of, read_text};
use toml::Spanned;
use toml::de::DeValue;

/// Declares an enum with the word that a job file uses for each variant.
macro_rules! words {
    ($(#[$meta:meta])* $name:ident { $($(#[$variant_meta:meta])* $variant:ident = $word:literal),+ $(,)? }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum $name { $($(#[$variant_meta])* $variant),+ }

        impl $name {
            /// Returns the word that a job file uses for it.
            #[must_use]
            pub const fn word(self) -> &'static str {
                match self { $(Self::$variant => $word),+ }
            }

            /// Returns the variant with this word.
            #[must_use]
            pub fn from_word(word: &str) -> Option<Self> {
                match word { $($word => Some(Self::$variant),)+ _ => None }
            }
        }

        impl Read for $name {
            fn read(value: &Spanned<DeValue<'_>>, key: &str, problems: &mut Collector<'_>) -> Option<Self> {
                read_text(value, key, problems, one_of([$($word),+]), Self::from_word)
            }

            fn schema(_: &Place<'_>) -> Schema {
                schema::word([$($word),+])
            }
        }
    };
}

words! {
    /// How often a job runs; decides the ids of its runs.
    Period {
        /// One run a month: `2026-11`.
        Monthly = "monthly",
        /// One run a day: `2026-11-24`.
        Daily = "daily",
        /// One run: `once`.
        Once = "once",
    }
}

words! {
    /// Language of reports and messages.
    Language {
        /// Chinese.
        ZhCn = "zh-CN",
        /// English.
        En = "en",
    }
}

words! {
    /// Position of the token request's parameters.
    TokenRequest {
        /// In a form body.
        Form = "form",
        /// In the query of the URL.
        Query = "query",
    }
}

words! {
    /// What an audit compares.
    Depth {
        /// Only whether each side holds a certificate.
        Existence = "existence",
        /// Every certificate, with the fields of its face.
        Faces = "faces",
    }
}

words! {
    /// When both sides are asked for the list of a holder's certificates.
    Certificates {
        /// Only if a side holds several.
        Auto = "auto",
        /// Always.
        List = "list",
    }
}

words! {
    /// Items that a run audits.
    Recheck {
        /// All items.
        All = "all",
        /// Only those that the previous run left with a gap or an error.
        Gaps = "gaps",
    }
}

words! {
    /// Interface that certificate files are fetched by.
    ArchiveVia {
        /// A download address.
        Url = "url",
        /// The file interface, which returns the content in base64.
        Base64 = "base64",
    }
}

words! {
    /// Format that the file interface returns.
    ArchiveFormat {
        /// The file itself.
        Ofd = "ofd",
        /// One image per page.
        Png = "png",
    }
}

words! {
    /// How much of a holder code or name reports show.
    Mask {
        /// All characters.
        None = "none",
        /// The first and last characters.
        Partial = "partial",
        /// No character.
        Full = "full",
    }
}

words! {
    /// Kind of notification of the province about a certificate of the city.
    RemedyAction {
        /// It is new (interface 10).
        Insert = "insert",
        /// It has changed (interface 11).
        Update = "update",
        /// It is void (interface 12).
        Delete = "delete",
    }
}
