//! What only the CLI asks of AWS. SDK types stop here, as they do in the library's edge.

mod functions;

pub(crate) use functions::{Function, functions};
