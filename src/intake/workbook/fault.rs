//! Why a part of a workbook cannot be read, and what is said about it.

use crate::intake::stream::Closed;
use crate::message::Message;

/// Why a part of a workbook cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::intake) enum Fault {
    /// Its bytes are not what the format says: cut off, changed on the way, or not well-formed.
    Damaged,
    /// The workbook names it, and it is not there.
    Missing,
    /// One text or one tag in it is longer than any cell.
    Endless,
    /// The texts of all its cells together are more than is held in memory.
    TooMuchText,
    /// It is compressed by a method that this program lacks: its name, empty for one that nobody knows.
    Compression(&'static str),
    /// It is protected by a password of the zip archive.
    Locked,
}

impl Fault {
    /// The message about a part of the workbook that is no sheet.
    pub(in crate::intake) fn of_part(self, part: &str) -> Message {
        match self {
            Self::Damaged => Message::new("workbook-part-damaged").with("part", part),
            Self::Missing => Message::new("workbook-part-missing").with("part", part),
            Self::Endless => Message::new("workbook-part-endless").with("part", part),
            Self::TooMuchText => Message::new("workbook-too-much-text"),
            Self::Compression("") => Message::new("workbook-compression"),
            Self::Compression(method) => Message::new("workbook-compression-method").with("method", method),
            Self::Locked => Message::new("workbook-zip-password"),
        }
    }

    /// The message about a sheet as a whole.
    pub(super) fn of_sheet(self) -> Message {
        match self {
            Self::Damaged => Message::new("workbook-sheet-damaged"),
            Self::Missing => Message::new("workbook-sheet-missing"),
            Self::Endless => Message::new("workbook-sheet-endless"),
            Self::TooMuchText | Self::Compression(_) | Self::Locked => self.of_part(""),
        }
    }

    /// The message about a sheet of which the rows up to `row` have been read.
    pub(super) fn after_row(self, row: u32) -> Message {
        match self {
            Self::Damaged if row > 0 => Message::new("workbook-sheet-damaged-after").with("row", row),
            Self::Endless if row > 0 => Message::new("workbook-sheet-endless-after").with("row", row),
            _ => self.of_sheet(),
        }
    }
}

/// Why a sheet was not read to its end.
#[derive(Debug)]
pub(super) enum SheetFailure {
    /// Nobody takes its rows any more.
    Closed,
    /// It cannot be read.
    Problem(Message),
}

impl From<Closed> for SheetFailure {
    fn from(_: Closed) -> Self {
        Self::Closed
    }
}

impl From<Message> for SheetFailure {
    fn from(message: Message) -> Self {
        Self::Problem(message)
    }
}
