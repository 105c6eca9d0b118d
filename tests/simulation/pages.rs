//! Lists, given out page by page: a page that is lost on the way is to be seen.

use shared::model::listed::Page;

use super::world::World;

/// One list in so many is cut into pages.
const CUT: usize = 4;
/// One page in so many is empty though there is more, and one in so many last pages is not known to be the last.
const EMPTY: usize = 16;

/// How lists are cut into pages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Cut {
    /// Anywhere, and some pages are empty.
    ByChance,
    /// Each list comes on one page.
    Never,
    /// After so many items.
    At(usize),
}

impl World {
    /// The page of a list that begins where `page` says. `items` are in the order of their keys, whatever was in the
    /// list when the pages before were given out.
    pub(crate) fn page<T>(&mut self, items: Vec<(String, T)>, page: Option<&str>) -> Page<T> {
        let after = page.and_then(|token| token.split_once('|')).map(|(_, key)| key.to_owned());
        let mut rest: Vec<_> =
            items.into_iter().filter(|(key, _)| after.as_ref().is_none_or(|after| key > after)).collect();
        let mut end = after.unwrap_or_default();
        if !rest.is_empty() && self.cuts(EMPTY) {
            self.tally.count("empty pages");
            return Page { items: Vec::new(), next: Some(self.token(&end)) };
        }
        let size = self.page_size(rest.len());
        let more = rest.len() > size || (!rest.is_empty() && self.cuts(EMPTY));
        rest.truncate(size);
        if let Some((key, _)) = rest.last() {
            end.clone_from(key);
        }
        let next = more.then(|| self.token(&end));
        if more {
            self.tally.count("pages that are not the last");
        }
        Page { items: rest.into_iter().map(|(_, item)| item).collect(), next }
    }

    /// How many of `items` a page brings.
    pub(crate) fn page_size(&mut self, items: usize) -> usize {
        if let Cut::At(most) = self.cut {
            return items.min(most);
        }
        if items > 1 && self.cuts(CUT) { 1 + self.random.below(items - 1) } else { items }
    }

    /// Whether chance, once in `n` times, makes a page less than whole.
    pub(crate) fn cuts(&mut self, n: usize) -> bool {
        self.cut == Cut::ByChance && self.random.one_in(n)
    }

    /// Where a page begins. No two are the same, as AWS's are not.
    fn token(&mut self, after: &str) -> String {
        self.tokens += 1;
        format!("{}|{after}", self.tokens)
    }
}
