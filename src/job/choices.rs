//! Settings that are one of several words.

use super::problem::Collector;
use super::schema::{self, Place, Schema};
use super::value::{Read, one_of, read_text};
use toml::Spanned;
use toml::de::DeValue;

/// Declares an enum whose variants a job file names by words.
macro_rules! words {
    ($(#[$meta:meta])* $name:ident { $($(#[$variant_meta:meta])* $variant:ident = $word:literal),+ $(,)? }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum $name { $($(#[$variant_meta])* $variant),+ }

        impl $name {
            /// The word that a job file uses for it.
            #[must_use]
            pub const fn word(self) -> &'static str {
                match self { $(Self::$variant => $word),+ }
            }

            /// Finds it by that word.
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
    /// How often a job runs, which names its run folders.
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
    /// The language of reports.
    Language {
        /// Chinese.
        ZhCn = "zh-CN",
        /// English.
        En = "en",
    }
}

words! {
    /// Where the token request's parameters go.
    TokenRequest {
        /// A form body.
        Form = "form",
        /// The address's query.
        Query = "query",
    }
}

words! {
    /// How far an audit looks.
    Depth {
        /// Only whether each side holds one.
        Existence = "existence",
        /// Every certificate with its face fields.
        Faces = "faces",
    }
}

words! {
    /// When a holder's certificates are listed on both sides.
    Certificates {
        /// Only where several show up.
        Auto = "auto",
        /// Always.
        List = "list",
    }
}

words! {
    /// Which items a run asks about.
    Recheck {
        /// Every item.
        All = "all",
        /// Only those that the previous run left with a gap or an error.
        Gaps = "gaps",
    }
}

words! {
    /// How certificate files are fetched.
    ArchiveVia {
        /// By download address.
        Url = "url",
        /// By the file endpoint.
        Base64 = "base64",
    }
}

words! {
    /// In what form the file endpoint gives certificates.
    ArchiveFormat {
        /// The file itself.
        Ofd = "ofd",
        /// A picture of each page.
        Png = "png",
    }
}

words! {
    /// How much of a holder code or name a report shows.
    Mask {
        /// All of it.
        None = "none",
        /// Its ends.
        Partial = "partial",
        /// Nothing.
        Full = "full",
    }
}
