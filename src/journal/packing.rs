//! Compression of answers: zstd with a dictionary, which is trained on the journal's first answers and stored in it. Answers are
//! small and similar, so most of an answer's content is in the dictionary.

use crate::job::LARGEST_ANSWER;
use rusqlite::{Connection, OptionalExtension, params};
use std::collections::HashMap;
use zstd::bulk::{Compressor, Decompressor};
use zstd::zstd_safe::get_frame_content_size;

/// zstd's fastest regular level, because every answer of a run is compressed.
const LEVEL: i32 = 1;
/// Number of answers that are enough to train the dictionary on.
const SAMPLES: usize = 2_000;
/// Largest total size, in bytes, of the answers to train on; half of it is enough to train too.
const SAMPLE_BYTES: usize = 4 << 20;
/// Largest size of the dictionary in bytes.
const DICTIONARY_BYTES: usize = 16 << 10;
/// Id of the journal's only dictionary. Answers packed before it was trained have a null id.
const DICTIONARY_ID: i64 = 1;

/// Compresses answers, with the dictionary once it is trained.
pub(super) struct Packer {
    compressor: Compressor<'static>,
    dictionary_id: Option<i64>,
    /// Concatenated answers that the dictionary will be trained on, and the length in bytes of each.
    samples: Vec<u8>,
    lengths: Vec<usize>,
}

/// Decompresses answers.
#[derive(Default)]
pub(super) struct Unpacker(HashMap<Option<i64>, Decompressor<'static>>);

fn refused(error: std::io::Error) -> rusqlite::Error {
    rusqlite::Error::ToSqlConversionFailure(error.into())
}

fn dictionary(connection: &Connection, id: i64) -> rusqlite::Result<Option<Vec<u8>>> {
    connection.query_row("SELECT bytes FROM dictionaries WHERE dictionary_id = ?1", [id], |row| row.get(0)).optional()
}

impl Packer {
    /// Creates a packer, with the journal's dictionary if it has one.
    pub(super) fn new(connection: &Connection) -> rusqlite::Result<Self> {
        let known = dictionary(connection, DICTIONARY_ID)?;
        let compressor = match &known {
            Some(bytes) => Compressor::with_dictionary(LEVEL, bytes),
            None => Compressor::new(LEVEL),
        };
        Ok(Self {
            compressor: compressor.map_err(refused)?,
            dictionary_id: known.map(|_| DICTIONARY_ID),
            samples: Vec::new(),
            lengths: Vec::new(),
        })
    }

    /// Returns a compressed answer and the id of the dictionary needed to decompress it.
    pub(super) fn pack(&mut self, body: &[u8]) -> rusqlite::Result<(Vec<u8>, Option<i64>)> {
        let packed = self.compressor.compress(body).map_err(refused)?;
        if self.dictionary_id.is_none() && self.samples.len() + body.len() <= SAMPLE_BYTES {
            self.samples.extend_from_slice(body);
            self.lengths.push(body.len());
        }
        Ok((packed, self.dictionary_id))
    }

    /// Trains and stores the dictionary, once enough answers have been seen.
    pub(super) fn learn(&mut self, connection: &Connection) -> rusqlite::Result<()> {
        let is_enough = self.lengths.len() >= SAMPLES || self.samples.len() > SAMPLE_BYTES / 2;
        if self.dictionary_id.is_some() || !is_enough {
            return Ok(());
        }
        // Training fails on answers that are all alike. The next samples may do better.
        if let Ok(bytes) = zstd::dict::from_continuous(&self.samples, &self.lengths, DICTIONARY_BYTES) {
            connection.execute("INSERT INTO dictionaries VALUES (?1, ?2)", params![DICTIONARY_ID, bytes])?;
            self.compressor = Compressor::with_dictionary(LEVEL, &bytes).map_err(refused)?;
            self.dictionary_id = Some(DICTIONARY_ID);
        }
        (self.samples, self.lengths) = (Vec::new(), Vec::new());
        Ok(())
    }
}

impl Unpacker {
    /// Decompresses an answer that was compressed with the dictionary `id`.
    pub(super) fn unpack(&mut self, connection: &Connection, packed: &[u8], id: Option<i64>) -> Result<Vec<u8>, String> {
        let decompressor = match self.0.entry(id) {
            std::collections::hash_map::Entry::Occupied(known) => known.into_mut(),
            std::collections::hash_map::Entry::Vacant(place) => {
                let bytes = match id {
                    None => Vec::new(),
                    Some(id) => dictionary(connection, id)
                        .map_err(|error| error.to_string())?
                        .ok_or_else(|| format!("its dictionary {id} is not there"))?,
                };
                place.insert(Decompressor::with_dictionary(&bytes).map_err(|error| error.to_string())?)
            }
        };
        let size = get_frame_content_size(packed).ok().flatten();
        let size = size.filter(|size| *size <= LARGEST_ANSWER).and_then(|size| usize::try_from(size).ok());
        let size = size.ok_or("it does not say how large it is, or it is too large")?;
        decompressor.decompress(packed, size).map_err(|error| error.to_string())
    }
}

impl std::fmt::Debug for Packer {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Packer").field("dictionary_id", &self.dictionary_id).finish_non_exhaustive()
    }
}

impl std::fmt::Debug for Unpacker {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Unpacker").finish_non_exhaustive()
    }
}
