//! The access log: what was asked, a JSON line per request. It holds holder codes: it is for tests, and for people who
//! want to see what the program sends.

use crate::durable::append_private;
use crate::endpoint::Endpoint;
use chrono::Utc;
use serde_json::{Map, Value, json};
use std::fs::File;
use std::io::{self, Write};
use std::path::Path;
use std::sync::{Mutex, PoisonError};

/// An open access log.
#[derive(Debug)]
pub(super) struct AccessLog(Mutex<File>);

impl AccessLog {
    pub(super) fn open(path: &Path) -> io::Result<Self> {
        Ok(Self(Mutex::new(append_private(path)?)))
    }

    /// Notes a request: when, which interface, with which parameters (the token aside), the HTTP status and the fault that
    /// it met, and how many requests were being answered then, this one included.
    pub(super) fn line(
        &self,
        endpoint: Endpoint,
        parameters: &Map<String, Value>,
        status: u16,
        fault: Option<&str>,
        in_flight: u32,
    ) {
        let line = json!({
            "at_us": Utc::now().timestamp_micros(),
            "endpoint": endpoint.name(),
            "parameters": parameters,
            "status": status,
            "fault": fault,
            "in_flight": in_flight,
        });
        let mut file = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // A log that cannot be written stops nobody.
        let _ = writeln!(file, "{line}");
    }
}
