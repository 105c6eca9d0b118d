//! What imports what, and the circles in it.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// The imports of a crate: of each file, the files that it imports, and where.
#[derive(Debug, Default)]
pub(crate) struct Imports {
    of: BTreeMap<String, BTreeMap<String, String>>,
}

impl Imports {
    /// Adds an import, if it is of another file. Of several the first one is told.
    pub(crate) fn add(&mut self, file: &str, target: &str, place: String) {
        let found = self.of.entry(file.to_owned()).or_default();
        if target != file {
            found.entry(target.to_owned()).or_insert(place);
        }
    }

    /// The imports of whole folders: a module at the crate's top counts with all below it.
    pub(crate) fn of_folders(&self) -> Self {
        let folder = |file: &str| {
            let first = file.split('/').next().unwrap_or(file);
            first.trim_end_matches(".rs").to_owned()
        };
        let mut folders = Imports::default();
        for (file, targets) in &self.of {
            for (target, place) in targets {
                folders.add(&folder(file), &folder(target), format!("{place} in {file}"));
            }
        }
        folders
    }

    /// The files of each circle: every one of them leads to every other.
    pub(crate) fn circles(&self) -> Vec<BTreeSet<String>> {
        let reached: BTreeMap<_, BTreeSet<_>> =
            self.of.keys().map(|file| (file, self.ways(file).into_keys().collect())).collect();
        let mut circles: Vec<BTreeSet<String>> = Vec::new();
        for (file, others) in &reached {
            let is_known = circles.iter().any(|circle| circle.contains(*file));
            if others.contains(*file) && !is_known {
                // A file that imports nothing is reached, and leads nowhere.
                let leads_back =
                    |other: &&String| reached.get(other).is_some_and(|ways| ways.contains(*file));
                let together = others.iter().filter(leads_back);
                circles.push(together.cloned().collect());
            }
        }
        circles
    }

    /// A circle in words: its files, and the imports of the shortest way round.
    pub(crate) fn words(&self, circle: &BTreeSet<String>) -> String {
        let rounds = circle.iter().map(|file| self.round(file));
        let round = rounds.min_by_key(Vec::len).unwrap_or_default();
        let steps = round.windows(2).map(|step| {
            let place = &self.of[&step[0]][&step[1]];
            format!("  {} imports {}: {place}", step[0], step[1])
        });
        let files = circle.iter().cloned().collect::<Vec<_>>().join(", ");
        let steps = steps.collect::<Vec<_>>().join("\n");
        format!("{} import each other: {files}\nthe shortest way round:\n{steps}", circle.len())
    }

    /// The shortest way from a file back to itself.
    fn round(&self, file: &String) -> Vec<String> {
        let ways = self.ways(file);
        let mut round = vec![file.clone()];
        let mut at = file;
        while let Some(before) = ways.get(at) {
            round.push(before.clone());
            at = before;
            if at == file {
                break;
            }
        }
        round.reverse();
        round
    }

    /// The files to which a file leads, each with the one before it on the shortest way.
    fn ways(&self, start: &String) -> BTreeMap<String, String> {
        let mut ways = BTreeMap::new();
        let mut next = VecDeque::from([start]);
        while let Some(file) = next.pop_front() {
            for target in self.of.get(file).into_iter().flat_map(BTreeMap::keys) {
                if !ways.contains_key(target) {
                    ways.insert(target.clone(), file.clone());
                    next.push_back(target);
                }
            }
        }
        ways
    }
}
