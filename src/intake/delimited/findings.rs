//! What was found in the lines of a text, as notes.

use crate::intake::account::RowList;
use crate::intake::stream::{Closed, EventSender};
use crate::message::Message;
use std::collections::BTreeMap;

/// Something found in a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Finding {
    /// Bytes that stand for no character.
    BadBytes,
    /// Another encoding than the file's.
    OtherEncoding,
    /// Zero bytes.
    ZeroBytes,
    /// Ctrl-Z, with more text after it.
    EndMark,
    /// More bytes or fields than a line may have.
    TooLong,
    /// A quotation mark with which the line cannot be read.
    StrayMark,
    /// Quotation marks that were read as ordinary characters.
    MarkAsWritten,
    /// A whole record in quotation marks.
    Wrapped,
    /// Separators of full width among others.
    WideSeparators,
    /// A header with another separator than the lines below it.
    HeaderSeparator,
    /// A record over several lines.
    OverLines,
    /// A rule between parts of a table, or a count of rows below it.
    Rule,
    /// Zero bytes that filled up fields.
    Padding,
    /// Line ends that are none to most programs.
    RareEnd,
}

impl Finding {
    /// Code of the note that tells the lines.
    const fn code(self) -> &'static str {
        match self {
            Self::BadBytes => "text-note-bad-bytes",
            Self::OtherEncoding => "text-note-other-encoding",
            Self::ZeroBytes => "text-note-zero-bytes",
            Self::EndMark => "text-note-end-mark",
            Self::TooLong => "text-note-too-long",
            Self::StrayMark => "text-note-stray-mark",
            Self::MarkAsWritten => "text-note-mark-as-written",
            Self::Wrapped => "text-note-wrapped",
            Self::WideSeparators => "text-note-wide-separators",
            Self::HeaderSeparator => "text-note-header-separator",
            Self::OverLines => "text-note-over-lines",
            Self::Rule => "text-note-rules",
            Self::Padding => "text-note-padding",
            Self::RareEnd => "text-note-rare-ends",
        }
    }

    /// Whether a person should look at the lines.
    const fn needs_attention(self) -> bool {
        !matches!(self, Self::OverLines | Self::Rule | Self::Padding)
    }
}

/// What was found, with the lines.
#[derive(Debug, Default)]
pub(super) struct Findings(BTreeMap<Finding, Lines>);

#[derive(Debug, Default)]
struct Lines {
    count: u64,
    list: RowList,
}

impl Findings {
    pub(super) fn add(&mut self, finding: Finding, line: u32) {
        let lines = self.0.entry(finding).or_default();
        lines.count += 1;
        lines.list.push(line);
    }

    /// Sends a note for everything that was found.
    ///
    /// # Errors
    /// Fails if nobody takes the notes any more.
    pub(super) fn send(&self, events: &mut EventSender) -> Result<(), Closed> {
        for (finding, lines) in &self.0 {
            let message = Message::new(finding.code()).with("count", lines.count).with_message("lines", lines.list.to_message());
            events.note(message, finding.needs_attention())?;
        }
        Ok(())
    }
}
