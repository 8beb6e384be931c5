//! Compound files (MS-CFB): the container of xls workbooks, and of everything that is encrypted with a password.
//!
//! Only what telling and decrypting need: the names of the streams, one stream whole, and where its bytes lie in the file.

use std::fs::File;
use std::io::{self, BufReader, Read, Seek, SeekFrom};

/// The first bytes of a compound file.
pub(in crate::intake) const SIGNATURE: [u8; 8] = [0xD0, 0xCF, 0x11, 0xE0, 0xA1, 0xB1, 0x1A, 0xE1];
/// Sector numbers from here on are marks.
const FIRST_MARK: u32 = 0xFFFF_FFFA;
/// Bytes of the header, which lists the first sectors of the allocation table.
const HEADER: usize = 512;
/// Where in the header that list begins.
const LIST: usize = 76;
/// Bytes of a directory entry.
const ENTRY: usize = 128;
/// Bytes of a sector of the mini stream.
const MINI_SECTOR: usize = 64;
/// Streams shorter than this lie in the mini stream.
const MINI_BELOW: u64 = 4096;
/// Most directory entries that are read; a workbook with macros has a few hundred.
const MOST_ENTRIES: usize = 100_000;

/// A compound file.
pub(in crate::intake) struct Compound {
    file: BufReader<File>,
    sector: usize,
    /// For each sector, the next one of its chain.
    next: Vec<u32>,
    /// For each sector of the mini stream, the next one of its chain.
    next_mini: Vec<u32>,
    /// Where the sectors of the mini stream lie, by the sectors of the file that hold it.
    mini_stream: Vec<u32>,
    entries: Vec<Entry>,
}

struct Entry {
    name: String,
    start: u32,
    bytes: u64,
}

/// A stream of a compound file.
pub(super) struct Stream {
    pub bytes: Vec<u8>,
    /// Where in the file each piece of it begins.
    places: Vec<u64>,
    /// Bytes of a piece.
    piece: usize,
}

impl Stream {
    /// Where in the file a byte of the stream lies.
    pub(super) fn place(&self, at: usize) -> Option<u64> {
        Some(self.places.get(at / self.piece)? + (at % self.piece) as u64)
    }
}

impl Compound {
    /// Opens a compound file.
    ///
    /// # Errors
    /// Fails if the file cannot be read, or is damaged where it lists what it holds.
    pub(in crate::intake) fn open(file: File) -> io::Result<Self> {
        let length = file.metadata()?.len();
        let mut file = BufReader::new(file);
        let mut header = [0; HEADER];
        file.read_exact(&mut header)?;
        if !header.starts_with(&SIGNATURE) {
            return Err(damaged());
        }
        let sector = match u16_at(&header, 30)? {
            9 => 512,
            12 => 4096,
            _ => return Err(damaged()),
        };
        let sectors = usize::try_from(length / sector as u64).map_err(|_| damaged())? + 1;
        let mut compound =
            Self { file, sector, next: Vec::new(), next_mini: Vec::new(), mini_stream: Vec::new(), entries: Vec::new() };
        compound.next = compound.allocation(&header, sectors)?;
        let directory = compound.chain(u32_at(&header, 48)?)?;
        let directory = compound.sectors(&directory, MOST_ENTRIES * ENTRY)?;
        compound.entries = directory.as_chunks::<ENTRY>().0.iter().filter_map(|entry| Entry::read(entry, sector)).collect();
        let (mini_table, root) = (u32_at(&header, 60)?, compound.entries.first().map(|root| root.start));
        if let Some(root) = root
            && mini_table < FIRST_MARK
            && root < FIRST_MARK
        {
            compound.mini_stream = compound.chain(root)?;
            let table = compound.chain(mini_table)?;
            compound.next_mini = numbers(&compound.sectors(&table, usize::MAX)?);
        }
        Ok(compound)
    }

    /// Whether it has a stream or a storage of this name.
    pub(in crate::intake) fn has(&self, name: &str) -> bool {
        self.entry(name).is_some()
    }

    /// Returns a stream whole, or `None` where there is none of this name.
    ///
    /// # Errors
    /// Fails if its bytes cannot be found.
    pub(super) fn stream(&mut self, name: &str) -> io::Result<Option<Stream>> {
        let Some((start, length)) = self.entry(name).map(|entry| (entry.start, entry.bytes)) else { return Ok(None) };
        let length = usize::try_from(length).map_err(|_| damaged())?;
        let (piece, places) = if (length as u64) < MINI_BELOW {
            let chain = follow(start, &self.next_mini)?;
            let places: io::Result<Vec<u64>> = chain.iter().map(|sector| self.place_of_mini(*sector)).collect();
            (MINI_SECTOR, places?)
        } else {
            (self.sector, self.chain(start)?.iter().map(|sector| self.place_of(*sector)).collect())
        };
        let needed = length.div_ceil(piece);
        if places.len() < needed {
            return Err(damaged());
        }
        let mut bytes = Vec::new();
        for place in places.iter().take(needed) {
            self.read_at(*place, piece.min(length - bytes.len()), &mut bytes)?;
        }
        if bytes.len() < length {
            return Err(damaged());
        }
        Ok(Some(Stream { bytes, places, piece }))
    }

    fn entry(&self, name: &str) -> Option<&Entry> {
        self.entries.iter().find(|entry| entry.name.eq_ignore_ascii_case(name))
    }

    /// The allocation table: the header names its first 109 sectors, a chain of sectors the others.
    fn allocation(&mut self, header: &[u8], sectors: usize) -> io::Result<Vec<u32>> {
        let mut listed = numbers(header.get(LIST..).unwrap_or_default());
        let mut more = u32_at(header, 68)?;
        while more < FIRST_MARK && listed.len() <= sectors {
            let mut further = numbers(&self.sectors(&[more], usize::MAX)?);
            more = further.pop().ok_or_else(damaged)?;
            listed.append(&mut further);
        }
        listed.retain(|sector| *sector < FIRST_MARK);
        if listed.len() > sectors {
            return Err(damaged());
        }
        Ok(numbers(&self.sectors(&listed, usize::MAX)?))
    }

    fn chain(&self, start: u32) -> io::Result<Vec<u32>> {
        follow(start, &self.next)
    }

    /// The bytes of sectors, as far as the file goes: programs leave the last one short.
    fn sectors(&mut self, sectors: &[u32], most: usize) -> io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        for sector in sectors {
            if bytes.len() >= most {
                break;
            }
            let whole = bytes.len() + self.sector;
            self.read_at(self.place_of(*sector), self.sector, &mut bytes)?;
            bytes.resize(whole, 0);
        }
        Ok(bytes)
    }

    fn read_at(&mut self, place: u64, length: usize, into: &mut Vec<u8>) -> io::Result<()> {
        // Sectors mostly follow each other: a relative move keeps what is buffered.
        let here = self.file.stream_position()?;
        match i64::try_from(i128::from(place) - i128::from(here)) {
            Ok(distance) => self.file.seek_relative(distance)?,
            Err(_) => _ = self.file.seek(SeekFrom::Start(place))?,
        }
        self.file.by_ref().take(length as u64).read_to_end(into)?;
        Ok(())
    }

    /// Where a sector begins: the header takes the place of one.
    fn place_of(&self, sector: u32) -> u64 {
        (u64::from(sector) + 1) * self.sector as u64
    }

    fn place_of_mini(&self, sector: u32) -> io::Result<u64> {
        let at = sector as usize * MINI_SECTOR;
        let holder = self.mini_stream.get(at / self.sector).ok_or_else(damaged)?;
        Ok(self.place_of(*holder) + (at % self.sector) as u64)
    }
}

impl Entry {
    /// A directory entry; `None` where it is unused.
    fn read(bytes: &[u8], sector: usize) -> Option<Self> {
        let is_used = matches!(bytes.get(66), Some(1 | 2 | 5));
        let units = bytes.get(..64)?.as_chunks::<2>().0.iter().map(|pair| u16::from_le_bytes(*pair));
        let name: Vec<u16> = units.take_while(|unit| *unit != 0).collect();
        let low = u32_at(bytes, 120).ok()?;
        // Where sectors have 512 bytes, programs leave anything in the upper half of the length.
        let high = if sector == 512 { 0 } else { u32_at(bytes, 124).ok()? };
        let entry = Self {
            name: String::from_utf16_lossy(&name),
            start: u32_at(bytes, 116).ok()?,
            bytes: u64::from(low) | (u64::from(high) << 32),
        };
        is_used.then_some(entry)
    }
}

/// The sectors of a chain, in order.
fn follow(start: u32, next: &[u32]) -> io::Result<Vec<u32>> {
    let mut chain = Vec::new();
    let mut sector = start;
    while sector < FIRST_MARK {
        // A chain longer than the table runs in a circle.
        if chain.len() > next.len() {
            return Err(damaged());
        }
        chain.push(sector);
        sector = *next.get(sector as usize).ok_or_else(damaged)?;
    }
    Ok(chain)
}

fn damaged() -> io::Error {
    io::ErrorKind::InvalidData.into()
}

fn numbers(bytes: &[u8]) -> Vec<u32> {
    bytes.as_chunks::<4>().0.iter().map(|four| u32::from_le_bytes(*four)).collect()
}

fn u16_at(bytes: &[u8], at: usize) -> io::Result<u16> {
    let two = bytes.get(at..).and_then(|rest| rest.first_chunk()).ok_or_else(damaged)?;
    Ok(u16::from_le_bytes(*two))
}

fn u32_at(bytes: &[u8], at: usize) -> io::Result<u32> {
    let four = bytes.get(at..).and_then(|rest| rest.first_chunk()).ok_or_else(damaged)?;
    Ok(u32::from_le_bytes(*four))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    /// The corpus' xls workbook.
    fn workbook() -> Vec<u8> {
        std::fs::read(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/intake/corpus/list.xls")).unwrap()
    }

    fn open(bytes: &[u8]) -> io::Result<Compound> {
        let mut file = tempfile::tempfile()?;
        file.write_all(bytes)?;
        file.rewind()?;
        Compound::open(file)
    }

    #[test]
    fn a_stream_is_found_by_its_name_and_its_bytes_in_the_file() {
        let bytes = workbook();
        let mut compound = open(&bytes).unwrap();
        assert!(compound.has("workbook") && !compound.has("EncryptedPackage"));
        assert!(compound.stream("Nothing").unwrap().is_none());
        let stream = compound.stream("Workbook").unwrap().unwrap();
        for (at, byte) in stream.bytes.iter().enumerate() {
            let place = usize::try_from(stream.place(at).unwrap()).unwrap();
            assert_eq!(bytes.get(place), Some(byte), "{at}");
        }
    }

    #[test]
    fn a_stream_that_is_cut_off_is_damaged() {
        let bytes = workbook();
        let whole = open(&bytes).unwrap().stream("Workbook").unwrap().unwrap().bytes.len();
        for length in (0..bytes.len()).step_by(512) {
            let read = open(&bytes[..length]).and_then(|mut compound| compound.stream("Workbook"));
            if let Ok(Some(stream)) = read {
                assert_eq!(stream.bytes.len(), whole);
            }
        }
    }

    #[test]
    fn chains_in_circles_come_to_an_end() {
        assert!(follow(0, &[1, 2, 0]).is_err());
        assert!(follow(5, &[1]).is_err());
        assert_eq!(follow(0, &[2, FIRST_MARK, 1]).unwrap(), [0, 2, 1]);
    }
}
