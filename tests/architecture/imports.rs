//! Which file of a crate imports which.
//!
//! A file is a module. `mod x;` declares and imports nothing; `use` does, and so does a path in the code that begins
//! with `crate`, `super`, `self`, the name of a child or of a module that was imported.

use std::collections::{BTreeMap, BTreeSet};

use super::graph::Imports;
use super::source::{Token, tokens, without_tests};

/// A module's path below the crate: `["plan", "vpc"]`.
type Module = Vec<String>;

/// An import: the path as it is written, and its line.
#[derive(Debug, Clone)]
struct Import {
    /// The module in which it stands: the file's, or one inside of it.
    within: Module,
    path: Vec<String>,
    line: usize,
    /// The name that a `use` gives it.
    name: Option<String>,
}

/// The imports of the files of a crate, each given by its path below `src` and its text.
pub(crate) fn imports_of(files: &[(String, String)]) -> Imports {
    let mut read = BTreeMap::new();
    let mut of_tests = BTreeSet::new();
    for (path, text) in files {
        let module = module(path);
        let (tokens, children) = without_tests(&tokens(text));
        of_tests.extend(children.into_iter().map(|child| with(&module, &child)));
        read.insert(module, (path, tokens));
    }
    let is_of_tests = |module: &Module| {
        module.last().is_some_and(|last| last == "tests")
            || (1..=module.len()).any(|length| of_tests.contains(&module[..length]))
    };
    read.retain(|module, _| !is_of_tests(module));
    let paths: BTreeMap<Module, &String> =
        read.iter().map(|(module, (path, _))| (module.clone(), *path)).collect();
    let mut imports = Imports::default();
    for (module, (path, tokens)) in &read {
        for (target, place) in targets(module, tokens, &paths) {
            imports.add(path, &target, place);
        }
    }
    imports
}

/// The module of a file: `plan/vpc.rs` and `plan/vpc/mod.rs` are `plan::vpc`, `main.rs` and `lib.rs` the crate.
fn module(path: &str) -> Module {
    let mut module: Module = path.trim_end_matches(".rs").split('/').map(str::to_owned).collect();
    let is_of_folder = module.last().is_some_and(|last| last == "mod");
    if is_of_folder || path == "main.rs" || path == "lib.rs" {
        module.pop();
    }
    module
}

fn with(module: &[String], child: &str) -> Module {
    module.iter().cloned().chain([child.to_owned()]).collect()
}

/// The files that a file imports, each with the line and the path of the first import.
fn targets(file: &Module, tokens: &[Token], paths: &BTreeMap<Module, &String>) -> Vec<(String, String)> {
    let imports = imports(file, tokens);
    let mut names = BTreeMap::new();
    // Twice: a `use` may begin with a name that a later one brings.
    for _ in 0..2 {
        for import in &imports {
            let module = resolved(import, &names, paths);
            if let (Some(name), Some(module)) = (&import.name, module)
                && paths.contains_key(&module)
            {
                names.insert((import.within.clone(), name.clone()), module);
            }
        }
    }
    let mut targets = Vec::new();
    for import in &imports {
        let Some(module) = resolved(import, &names, paths) else { continue };
        let longest = (0..=module.len()).rev().find_map(|length| paths.get(&module[..length]));
        let place = format!("{} (line {})", import.path.join("::"), import.line);
        targets.extend(longest.map(|path| ((*path).clone(), place)));
    }
    targets
}

/// The whole path of an import below the crate; none where it leads out of it.
fn resolved(
    import: &Import,
    names: &BTreeMap<(Module, String), Module>,
    paths: &BTreeMap<Module, &String>,
) -> Option<Module> {
    let mut rest = import.path.as_slice();
    let mut whole = match rest.first()?.as_str() {
        "crate" => Vec::new(),
        "self" | "super" => import.within.clone(),
        first => {
            let child = with(&import.within, first);
            let is_child = paths.contains_key(&child);
            let imported = names.get(&(import.within.clone(), first.to_owned()));
            if is_child { child } else { imported?.clone() }
        }
    };
    while rest.first().is_some_and(|word| word == "super") {
        whole.pop()?;
        rest = &rest[1..];
    }
    if rest.len() == import.path.len() {
        rest = &rest[1..];
    }
    whole.extend(rest.iter().cloned());
    Some(whole)
}

/// All imports of a file's tokens.
fn imports(file: &Module, tokens: &[Token]) -> Vec<Import> {
    let mut imports = Vec::new();
    let mut place = Place { within: file.clone(), ends: Vec::new(), depth: 0 };
    let mut at = 0;
    while let Some(Token { text, line }) = tokens.get(at) {
        let word = |ahead: usize| tokens.get(at + ahead).map_or("", |token| token.text.as_str());
        at += match text.as_str() {
            "mod" if word(2) == "{" => place.enter(word(1)),
            "{" | "}" => place.brace(text),
            "use" => {
                let tree = &tokens[at + 1..];
                let end = tree.iter().position(|token| token.text == ";").unwrap_or(tree.len());
                used(&tree[..end], &[], &place.within, &mut imports);
                end + 1
            }
            _ if is_name(text) && word(1) == "::" => {
                let path = path(&tokens[at..]);
                let length = 2 * path.len() - 1;
                if !is_of_visibility(&tokens[..at]) {
                    imports.push(Import { within: place.within.clone(), path, line: *line, name: None });
                }
                length
            }
            // What comes after a path's generics, or after a type in angles, is no path of its own.
            "::" => 2,
            _ => 1,
        };
    }
    imports
}

/// Where the reading of a file has come to.
struct Place {
    within: Module,
    /// For each module inside of the file, the depth of braces at which it ends.
    ends: Vec<usize>,
    depth: usize,
}

impl Place {
    /// Enters a module inside of the file; answers how many tokens that took.
    fn enter(&mut self, name: &str) -> usize {
        self.within.push(name.to_owned());
        self.ends.push(self.depth);
        2
    }

    fn brace(&mut self, brace: &str) -> usize {
        if brace == "{" {
            self.depth += 1;
            return 1;
        }
        self.depth = self.depth.saturating_sub(1);
        if self.ends.last() == Some(&self.depth) {
            self.ends.pop();
            self.within.pop();
        }
        1
    }
}

/// Whether these tokens end in `pub(in`.
fn is_of_visibility(before: &[Token]) -> bool {
    let words: Vec<&str> = before.iter().rev().take(3).map(|token| token.text.as_str()).collect();
    words == ["in", "(", "pub"]
}

fn is_name(word: &str) -> bool {
    word.starts_with(|letter: char| letter.is_alphabetic() || letter == '_')
}

/// The path with which tokens begin.
fn path(tokens: &[Token]) -> Vec<String> {
    let mut path = Vec::new();
    for pair in tokens.chunks(2) {
        if !is_name(&pair[0].text) {
            break;
        }
        path.push(pair[0].text.clone());
        if pair.get(1).is_none_or(|mark| mark.text != "::") {
            break;
        }
    }
    path
}

/// The imports of the tree of a `use`, each below `before`.
fn used(tree: &[Token], before: &[String], within: &Module, imports: &mut Vec<Import>) {
    let mut whole = before.to_vec();
    let mut at = 0;
    while let Some(token) = tree.get(at) {
        match token.text.as_str() {
            "{" => {
                for branch in branches(&tree[at + 1..]) {
                    used(branch, &whole, within, imports);
                }
                return;
            }
            "as" => break,
            // `use a::{self}` imports `a`.
            "self" if !before.is_empty() => {}
            word if is_name(word) => whole.push(word.to_owned()),
            _ => {}
        }
        at += 1;
    }
    let Some(line) = tree.first().map(|token| token.line) else { return };
    let renamed = tree.get(at + 1).map(|token| token.text.clone());
    let is_glob = tree.last().is_some_and(|token| token.text == "*");
    let name = renamed.or_else(|| whole.last().cloned()).filter(|_| !is_glob);
    imports.push(Import { within: within.clone(), path: whole, line, name });
}

/// The parts between the commas, up to the brace that closes.
fn branches(tokens: &[Token]) -> Vec<&[Token]> {
    let (mut branches, mut depth, mut start) = (Vec::new(), 0_usize, 0);
    for (at, token) in tokens.iter().enumerate() {
        match token.text.as_str() {
            "{" => depth += 1,
            "}" if depth == 0 => {
                branches.push(&tokens[start..at]);
                break;
            }
            "}" => depth -= 1,
            "," if depth == 0 => {
                branches.push(&tokens[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    branches.retain(|branch| !branch.is_empty());
    branches
}

#[cfg(test)]
mod tests {
    use super::*;

    fn circles(files: &[(&str, &str)]) -> Vec<BTreeSet<String>> {
        imports_of(files).circles()
    }

    fn imports_of(files: &[(&str, &str)]) -> Imports {
        let files: Vec<_> = files.iter().map(|(path, text)| ((*path).into(), (*text).into())).collect();
        super::imports_of(&files)
    }

    #[test]
    fn two_files_that_import_each_other_are_a_circle() {
        let files = [
            ("lib.rs", "mod a; mod b;"),
            ("a.rs", "use crate::b::B;\npub struct A;"),
            ("b.rs", "fn b() -> u8 {\n    super::a::A::new() }"),
        ];
        let imports = imports_of(&files);
        let circles = imports.circles();
        assert_eq!(circles, [BTreeSet::from(["a.rs".to_owned(), "b.rs".to_owned()])]);
        let words = imports.words(&circles[0]);
        assert!(words.contains("a.rs imports b.rs: crate::b::B (line 1)"), "{words}");
        assert!(words.contains("b.rs imports a.rs: super::a::A::new (line 2)"), "{words}");
    }

    #[test]
    fn parent_that_only_declares_its_child_is_no_circle_and_one_that_uses_it_is() {
        let child = ("a/b.rs", "use super::{C, d::{self as e, E}};");
        assert!(circles(&[("lib.rs", "mod a;"), ("a.rs", "mod b;"), child]).is_empty());
        assert_eq!(circles(&[("lib.rs", "mod a;"), ("a.rs", "mod b; pub use b::B;"), child]).len(), 1);
        assert_eq!(circles(&[("lib.rs", "mod a;"), ("a.rs", "mod b; fn f() { b::f() }"), child]).len(), 1);
    }

    #[test]
    fn folders_that_import_each_other_are_a_circle_though_their_files_are_none() {
        let files = [("a.rs", ""), ("a/x.rs", "use crate::b::y;"), ("b/y.rs", "use crate::a::A;")];
        let imports = imports_of(&files);
        assert!(imports.circles().is_empty());
        assert_eq!(imports.of_folders().circles(), [BTreeSet::from(["a".to_owned(), "b".to_owned()])]);
    }

    #[test]
    fn child_that_imports_its_sibling_does_not_import_their_parent() {
        let files = [("a.rs", "use b::B; use c::C;"), ("a/b.rs", "use super::c::C;"), ("a/c.rs", "")];
        assert!(circles(&files).is_empty());
    }

    #[test]
    fn module_that_was_imported_is_known_by_its_name() {
        let files = [
            ("a.rs", "use crate::b; fn f() { b::c::g() }"),
            ("b.rs", "mod c;"),
            ("b/c.rs", "use crate::a::A;"),
        ];
        assert_eq!(circles(&files).len(), 1);
    }

    #[test]
    fn comments_strings_visibility_and_tests_import_nothing() {
        let a = "
            //! [`crate::b::B`]
            /* use crate::b::B; /* nested */ use crate::b::B; */
            pub(in crate::b) const A: (&str, char, &str) = (\"crate::b::B \\\" crate::b::B\", '\"', r#\"crate::b::B\"#);
            #[cfg(test)]
            use crate::b::{B};
            #[cfg(test)]
            const TESTED: [u8; 1] = [crate::b::B];
            #[cfg(test)]
            mod fixtures;
            #[cfg(test)]
            mod tests { use crate::b::B; }
            fn f<'a>(a: &'a str) {}";
        let files = [("a.rs", a), ("a/fixtures.rs", "use crate::b::B;"), ("b.rs", "use crate::a::A;")];
        assert!(circles(&files).is_empty());
    }

    #[test]
    fn super_of_a_module_inside_of_a_file_is_the_file() {
        let files = [("a.rs", "mod inside { use super::B; use crate::a::C; }"), ("lib.rs", "use a::A;")];
        assert!(circles(&files).is_empty());
    }
}
