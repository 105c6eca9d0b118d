//! The report: the fleet as one page that needs nothing but a browser.
//!
//! What the page says in words is written here, escaped by its template. The picture is drawn by the page's own
//! script from the data that the page carries, so that it can be searched. The page asks for nothing from the network,
//! and its content security policy says so to the browser.

mod distribution;
mod drawing;
mod page;
mod tally;
mod times;

pub(crate) use page::{Page, Shown};
pub(crate) use times::Times;
