//! Plans of a selection: what the functions would do now, found by the library that they run.
//!
//! Nothing is written, but for the room that the reads reserve among an account's Route 53 requests.

mod kept;
mod look;
mod outlook;
mod planned;
mod report;
mod selection;
mod services;
mod unread;

pub(crate) use kept::{Kept, read};
pub(crate) use look::vpcs;
pub(crate) use planned::{About, Planned, Planning};
pub(crate) use report::Report;
pub(crate) use selection::Selection;
