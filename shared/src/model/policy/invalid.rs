//! Parts of a definition that cannot be accepted.

/// A part of a definition that cannot be accepted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{field} {value:?} is refused: {remedy}")]
pub struct InvalidPolicy {
    /// Which part.
    pub field: &'static str,
    /// What it said.
    pub value: String,
    /// Why not, and what to give instead.
    pub remedy: String,
}

impl InvalidPolicy {
    pub(crate) fn new(field: &'static str, value: &str, remedy: String) -> Self {
        Self { field, value: value.to_owned(), remedy }
    }
}
