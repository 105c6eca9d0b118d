//! Doctor: why a client cannot connect.
//!
//! `read` asks AWS and the table; the checks decide on what was read, and ask nothing. A read that was refused makes
//! its check unknown, and no other.

mod check;
mod connection;
mod events;
mod examine;
mod facts;
mod network;
mod read;
mod records;
mod report;
mod shadowing;
#[cfg(test)]
mod tests;
mod vpc;

pub(crate) use read::Reader;
pub(crate) use report::{Examined, HINT, text, text_of_all};
