//! Text files with separators, in UTF-8, UTF-16 or GB18030, as streams of rows.

use super::cell::Cell;
use super::stream::{Closed, EventSender};
use encoding_rs::{Encoding, GB18030, UTF_8};
use encoding_rs_io::{DecodeReaderBytes, DecodeReaderBytesBuilder};
use std::fs::File;
use std::io::{BufReader, Chain, Read};
use std::path::Path;

/// A cell may hold a few line breaks; a row that runs on and on has lost a quotation mark.
const MOST_LINES_OF_A_ROW: u64 = 200;

/// How much of a file is looked at to tell its separator.
const SAMPLE: usize = 64 * 1024;

/// Reads a text file. It is decoded before it is split: the second byte of a GB18030 character may equal a separator.
pub(super) fn read(path: &Path, events: &mut EventSender) -> Result<(), Closed> {
    match open(path) {
        Ok(rows) => stream(rows, events),
        Err(message) => events.problem(None, message),
    }
}

/// The file's text, with a line break at its end whether it has one or not.
type Text = Chain<DecodeReaderBytes<BufReader<File>, Vec<u8>>, &'static [u8]>;
type Rows = csv::Reader<BufReader<Text>>;

fn open(path: &Path) -> Result<Rows, String> {
    let cannot = |error: std::io::Error| format!("cannot be read: {error}");
    let encoding = encoding_of(path).map_err(cannot)?;
    let decoded = || -> std::io::Result<_> {
        let file = BufReader::new(File::open(path)?);
        Ok(DecodeReaderBytesBuilder::new().encoding(Some(encoding)).bom_override(true).build(file))
    };
    let mut sample = Vec::new();
    decoded().and_then(|text| text.take(SAMPLE as u64).read_to_end(&mut sample)).map_err(cannot)?;
    if sample.contains(&0) {
        return Err("is no text file: it holds zero bytes; export the list again as csv or xlsx".to_owned());
    }
    let mut reader = csv::ReaderBuilder::new();
    // Lines end at \n alone, so that they can be counted; what a \r leaves behind is taken off the last field.
    reader.has_headers(false).flexible(true).delimiter(separator_of(&sample)).terminator(csv::Terminator::Any(b'\n'));
    Ok(reader.from_reader(BufReader::new(decoded().map_err(cannot)?.chain(b"\n".as_slice()))))
}

fn stream(mut rows: Rows, events: &mut EventSender) -> Result<(), Closed> {
    events.begin("", true)?;
    let mut record = csv::StringRecord::new();
    loop {
        match rows.read_record(&mut record) {
            Ok(false) => break,
            Ok(true) => {}
            Err(error) => {
                let line = error.position().map_or(0, csv::Position::line);
                events.problem(None, format!("line {line} cannot be read: {}", plain(&error)))?;
                break;
            }
        }
        // Blank lines are passed over in silence, so a record's line is told from where it ends.
        let breaks_within = record.iter().map(|field| field.matches('\n').count() as u64).sum::<u64>();
        if breaks_within > MOST_LINES_OF_A_ROW {
            let begin = record.position().map_or(0, csv::Position::line);
            let message = format!(
                "the row that begins about line {begin} runs over {breaks_within} lines: a quotation mark in it is not closed"
            );
            events.problem(None, message)?;
            break;
        }
        let line = rows.position().line().saturating_sub(1 + breaks_within);
        events.row(u32::try_from(line).unwrap_or(u32::MAX))?;
        for (column, text) in record.iter().enumerate() {
            let text = if column + 1 == record.len() { text.strip_suffix('\r').unwrap_or(text) } else { text };
            events.cell(column, if text.is_empty() { Cell::Empty } else { Cell::Text(text) });
        }
    }
    events.end()
}

/// What went wrong, without what the line holds.
fn plain(error: &csv::Error) -> &'static str {
    match error.kind() {
        csv::ErrorKind::Utf8 { .. } => "it is not text in UTF-8, UTF-16 or GB18030",
        csv::ErrorKind::Io(_) => "the disk failed",
        _ => "it is no line of a csv file",
    }
}

/// UTF-8 where the whole file is valid UTF-8, else GB18030; a byte order mark overrides either.
fn encoding_of(path: &Path) -> std::io::Result<&'static Encoding> {
    let mut file = BufReader::new(File::open(path)?);
    let mut decoder = UTF_8.new_decoder_without_bom_handling();
    let mut bytes = [0; 16 * 1024];
    let mut scratch = vec![0; 64 * 1024];
    loop {
        let read = file.read(&mut bytes)?;
        let (result, _, _) = decoder.decode_to_utf8_without_replacement(&bytes[..read], &mut scratch, read == 0);
        match result {
            encoding_rs::DecoderResult::Malformed(..) => return Ok(GB18030),
            _ if read == 0 => return Ok(UTF_8),
            _ => {}
        }
    }
}

/// The separator that the first line which has any has most of.
fn separator_of(sample: &[u8]) -> u8 {
    let counts =
        |line: &[u8]| [b',', b'\t', b';'].map(|separator| (line.iter().filter(|&&byte| byte == separator).count(), separator));
    let mut lines = sample.split(|&byte| byte == b'\n').map(counts);
    let best = lines.find_map(|counts| counts.into_iter().filter(|(count, _)| *count > 0).max_by_key(|(count, _)| *count));
    best.map_or(b',', |(_, separator)| separator)
}
