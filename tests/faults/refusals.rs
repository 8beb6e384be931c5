//! Items whose calls are refused for ever are their own failures.

use super::hostile::{Call, Hostile, Reply, code, neither, token};
use super::workspace;
use crate::support::citizen;

const COUNT: u64 = 20;

#[test]
fn an_item_that_is_always_refused_is_its_own_failure_and_every_other_one_is_asked() {
    for refusal in [Reply::Http(403, "no".to_owned()), code(11, "x")] {
        for refused in [0, 10, COUNT - 1] {
            let (holder, answer) = (citizen(refused), refusal.clone());
            let call =
                move |call: &Call| if call.parameter("certificateHolderCode") == holder { answer.clone() } else { neither() };
            let platform = Hostile::start(|_| token(), call);
            let workspace = workspace(&platform, COUNT, "concurrency = 1");
            let case = format!("{refusal:?} of {refused}");
            for _ in 0..2 {
                workspace.run_job(&[], 0);
                let summary = workspace.summary();
                let figures = ["state", "error", "pending", "neither"].map(|name| summary[name].clone());
                let expected: [serde_json::Value; 4] = ["complete".into(), 1.into(), 0.into(), (COUNT - 1).into()];
                assert_eq!(figures, expected, "{case}: {summary}");
            }
            let rows = workspace.table("coverage");
            let failed: Vec<_> = rows.iter().filter(|row| row["status"] == "error").collect();
            assert_eq!((failed.len(), failed[0]["error_kind"].as_str()), (1, "auth"), "{case}");
            assert_eq!(failed[0]["item_id"], refused.to_string(), "{case}");
        }
    }
}
