//! Faces (照面信息): two libraries' words for one certificate, made comparable.
//!
//! A raw face is a list of fields under whatever names a library uses. [`FieldMap`] knows which canonical [`Field`] a
//! name means, [`Face::read`] sorts and reads them, dropping nothing, and [`compare`] tells where two faces differ in
//! content rather than in form.

mod china_time;
mod compare;
mod date;
mod date_object;
mod entity;
mod epoch;
mod equivalent;
mod field;
mod form;
mod reading;
mod rules;
mod time_of_day;

pub use compare::{Difference, DifferenceKind, Reason, compare};
pub use date::{Day, read_day};
pub use field::{FieldMap, Match};
pub use form::{canonical, same_but_for_masks, sort_key, tidy};
pub use reading::{Face, Fate, explain};
pub use rules::{FaceRules, compiled_in_rules};

pub use crate::codes::{Field, FieldKind, Lifecycle};
