//! The plan for one service: which of its connections are accepted, rejected, held and sent on.

pub(in crate::plan) mod allowance;
pub mod gone;
mod question;
mod removed;
pub mod review;
mod verdicts;
