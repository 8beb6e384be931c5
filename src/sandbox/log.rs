//! Access log with a JSON line per request. It contains holder codes; it is meant for tests and for users who want to see the
//! requests.

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

    /// Logs a request: time, interface, parameters without the token, HTTP status, fault, and the number of requests in flight,
    /// including this one.
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
        // A failure to write the log does not affect the answer.
        let _ = writeln!(file, "{line}");
    }
}
