//! `faces explain`: shows for one item each raw field, the column it is mapped to, and why.

use super::outputs;
use super::stored::StoredRun;
use super::terminal::Terminal;
use crate::audit::{Answer, Call, Reply, Step, split_state_entry, step};
use crate::cli::ExplainArgs;
use crate::endpoint::Side;
use crate::exit::{Exit, Stop};
use crate::message::Message;
use crate::platform::Fields;
use crate::report::{ExplainedFace, explained_text};

pub(super) fn explain(args: &ExplainArgs, terminal: &mut Terminal) -> Result<Exit, Stop> {
    let StoredRun { manifest, job, journals, .. } = StoredRun::open(&args.run_dir, terminal)?;
    let stored = journals.item(args.item)?;
    let Some(stored) = stored else {
        return Err(Stop::invalid(Message::new("no-such-item").with("item", args.item).with("items", manifest.items)));
    };
    let settings = outputs::audit_settings(&job, &manifest);
    let cert_type_code = &stored.item.cert_type_code;
    let mut faces = Vec::new();
    for answer in &stored.answers {
        let Reply::Received(envelope) = &answer.answer.reply else { continue };
        for object in envelope.objects() {
            for (side, fields) in sides_of(&answer.answer.call, envelope.exists, object) {
                let explained = crate::face::explain(&fields, &settings.faces, side, cert_type_code);
                let lines = fields.0.into_iter().zip(explained).map(|((name, value), fate)| (name, value, fate));
                faces.push(ExplainedFace { endpoint: answer.answer.call.endpoint().name(), side, fields: lines.collect() });
            }
        }
    }
    let answers: Vec<Answer> = stored.answers.iter().map(|stored| stored.answer.clone()).collect();
    let outcome = match step(&stored.item, &answers, &settings) {
        Step::Done(outcome) => Some(outcome),
        Step::Ask(_) => None,
    };
    terminal.print(&explained_text(terminal.words(), &stored.item, &faces, outcome.as_ref()))?;
    Ok(Exit::Done)
}

/// Returns the face object in an answer by side. That of a state answer holds the province's fields and the city's identifier.
fn sides_of(call: &Call, exists: Option<(bool, bool)>, object: &Fields) -> Vec<(Side, Fields)> {
    match (call.side(), exists) {
        (Some(side), _) => vec![(side, object.clone())],
        (None, Some((false, _))) => vec![(Side::City, object.clone())],
        (None, _) => {
            let (province, city) = split_state_entry(object);
            [(Side::Province, province), (Side::City, city)].into_iter().filter(|(_, fields)| !fields.0.is_empty()).collect()
        }
    }
}
