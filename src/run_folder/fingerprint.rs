//! Fingerprint of the settings and inputs that a run's answers depend on.

use crate::intake::InputFile;
use crate::job::{Job, Purpose, Recheck};
use crate::message::Message;
use serde::{Deserialize, Serialize};

/// Settings and inputs that a run's answers depend on. If one of them changes, the answers no longer apply.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fingerprint {
    /// Path and SHA-256 of every input file.
    pub inputs: Vec<InputHash>,
    /// How the inputs are read: sheets, header rows, columns, defaults, carried columns.
    #[serde(default)]
    pub reading: Vec<String>,
    /// `[purpose]`.
    pub purpose: Purpose,
    /// Address of the platform.
    pub platform: String,
    /// `audit.depth`.
    pub depth: String,
    /// `audit.certificates`.
    pub certificates: String,
    /// `audit.recheck`.
    #[serde(default = "all")]
    pub recheck: String,
}

fn all() -> String {
    Recheck::All.word().to_owned()
}

/// Path and content hash of an input file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InputHash {
    /// Path, relative to the job's root.
    pub path: String,
    /// SHA-256 in hexadecimal.
    pub sha256: String,
}

impl Fingerprint {
    /// Computes the fingerprint of a job with these input files.
    #[must_use]
    pub fn new(job: &Job, files: &[InputFile]) -> Self {
        let inputs = files.iter().map(|file| InputHash { path: file.name.to_string(), sha256: file.sha256.clone() });
        Self {
            inputs: inputs.collect(),
            reading: job.inputs.iter().map(|input| format!("{input:?}")).collect(),
            purpose: job.purpose.clone(),
            platform: job.platform.base.name().to_owned(),
            depth: job.audit.depth.word().to_owned(),
            certificates: job.audit.certificates.word().to_owned(),
            recheck: job.recheck.word().to_owned(),
        }
    }

    /// Returns one message per difference from an earlier fingerprint.
    #[must_use]
    pub fn changes_since(&self, earlier: &Self) -> Vec<Message> {
        let mut changes = Vec::new();
        for input in &self.inputs {
            match earlier.inputs.iter().find(|known| known.path == input.path) {
                None => changes.push(Message::new("changed-input-new").with("path", &input.path)),
                Some(known) if known.sha256 != input.sha256 => {
                    changes.push(Message::new("changed-input-content").with("path", &input.path));
                }
                Some(_) => {}
            }
        }
        for known in &earlier.inputs {
            if !self.inputs.iter().any(|input| input.path == known.path) {
                changes.push(Message::new("changed-input-gone").with("path", &known.path));
            }
        }
        if changes.is_empty() && self.inputs != earlier.inputs {
            changes.push(Message::new("changed-input-order"));
        }
        if self.reading != earlier.reading {
            changes.push(Message::new("changed-input-settings"));
        }
        if self.purpose != earlier.purpose {
            changes.push(Message::new("changed-purpose"));
        }
        for (key, now, before) in [
            ("platform.base_url", &self.platform, &earlier.platform),
            ("audit.depth", &self.depth, &earlier.depth),
            ("audit.certificates", &self.certificates, &earlier.certificates),
            ("audit.recheck", &self.recheck, &earlier.recheck),
        ] {
            if now != before {
                changes.push(Message::new("changed-key").with("key", key).with("before", before).with("now", now));
            }
        }
        changes
    }
}
