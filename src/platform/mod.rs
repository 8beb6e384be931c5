//! The platform: requests and answers as types, return codes, and how one call is made: throttled, with a token, and
//! tried again where trying again can help.

mod body;
mod body_budget;
mod client;
mod connection;
mod envelope;
mod failure;
mod interfaces;
mod meter;
mod reference;
mod request;
mod retry;
mod said;
mod session;
mod stop;
mod throttle;
mod tls;
mod token;

pub(crate) use client::retry_after;
pub use client::{Attempt, Client, post_json};
pub use connection::reasons;
pub use envelope::{Data, Envelope, Fields, Malformed};
pub use failure::{ErrorKind, Failure, Verdict, judge};
pub use interfaces::{
    DeleteToProvince, DownloadAddress, DownloadPdfFile, Holder, InsertToProvince, ShareDownloadFile, ShareDownloadUrl,
    ShareDownloadUrlsByHolderCode, ShareQueryCertInfo, ShareQueryCertInfoByHo, ShareQueryCertInfoByQRcode, ShareVerifyCertFile,
    ShareVerifyCertInfo, ShengShiStateInfo, Unexpected, UpdateToProvince, Verification, decode_base64,
};
pub use meter::{ANSWERED, AttemptTotals, LATENCY_BOUNDS};
pub use request::Request;
pub use retry::backoff;
pub(crate) use said::says_too_often;
pub use said::{Hidden, OwnSecrets, fit_to_show};
pub use session::{AttemptResult, CallResult, Session, SessionCounters, attempt_end, fresh_token_refused};
pub use stop::StopReason;
pub use throttle::{Admission, AttemptEnd, AttemptStart, Limit, Permit, Strain, Throttle};
pub use tls::{build_client, trusting};
pub use token::fetch_token;
