//! Answers that are not what AWS promises.

use shared::error::Error;

/// An answer that cannot be read.
pub(super) fn unreadable<E: std::error::Error + Send + Sync + 'static>(
    what: &str,
) -> impl FnOnce(E) -> Error {
    move |error| Error::Unreadable { what: what.to_owned(), source: Box::new(error) }
}
