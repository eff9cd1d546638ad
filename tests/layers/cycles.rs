//! Import cycles between source files: from every file an edge leads to each file whose items it uses, and no way along the edges may lead
//! back. Re-exports are followed to the file that defines the item, so a parent that only passes on what its children define uses nothing.

use std::collections::{BTreeMap, BTreeSet};

use super::paths::{Found, read};
use super::{files, module_of};

/// Every module that is a file, by its path without `crate::`.
struct Sources(BTreeMap<String, Module>);

struct Module {
    found: Vec<Found>,
    /// Names that are used outside `use` lines.
    used: BTreeSet<String>,
}

/// The most re-exports that are followed in a chain.
const MOST_STEPS: usize = 10;

impl Sources {
    fn new<'a>(texts: impl IntoIterator<Item = (String, &'a str)>) -> Self {
        let modules = texts.into_iter().map(|(module, text)| {
            let (found, used) = read(&module, text);
            (module, Module { found, used })
        });
        Self(modules.collect())
    }

    /// The absolute path without `crate::`; `None` if it leads to another crate or to a local name.
    fn absolute(&self, module: &str, path: &str, steps: usize) -> Option<String> {
        if let Some(path) = path.strip_prefix("crate::") {
            return Some(path.to_owned());
        }
        let (first, rest) = path.split_once("::").unwrap_or((path, ""));
        let child = join(module, first);
        let start = match self.0.contains_key(&child) {
            true => child,
            false => self.import(module, first, steps)?,
        };
        Some(join(&start, rest))
    }

    /// What that name means by a `use` line of the module.
    fn import(&self, module: &str, name: &str, steps: usize) -> Option<String> {
        let steps = steps.checked_sub(1)?;
        let is_it = |found: &&Found| found.import.as_ref().is_some_and(|import| import.name == name);
        let found = self.0.get(module)?.found.iter().find(is_it)?;
        self.absolute(module, &found.path, steps)
    }

    /// The file that defines what the path names; `None` for a module, which is only a part of other paths.
    fn definition(&self, path: &str, steps: usize) -> Option<&str> {
        let steps = steps.checked_sub(1)?;
        let (module, rest) = self.split(path)?;
        let (name, rest) = rest.split_once("::").unwrap_or((rest, ""));
        if name.is_empty() {
            return None;
        }
        let is_it = |found: &&Found| found.import.as_ref().is_some_and(|import| import.name == name);
        match self.0[module].found.iter().find(is_it) {
            Some(found) => self.definition(&join(&self.absolute(module, &found.path, steps)?, rest), steps),
            None => Some(module),
        }
    }

    /// The longest beginning of the path that is a file, and the rest.
    fn split<'p>(&self, path: &'p str) -> Option<(&str, &'p str)> {
        let ends = [path.len()].into_iter().chain(path.rmatch_indices("::").map(|(at, _)| at));
        let module = ends.filter_map(|end| self.0.get_key_value(&path[..end])).map(|(module, _)| module).next();
        let module = module.map_or("", String::as_str);
        self.0.contains_key(module).then(|| (module, path[module.len()..].trim_start_matches("::")))
    }

    /// The files that each file uses.
    fn edges(&self) -> BTreeMap<&str, BTreeSet<&str>> {
        let mut edges: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
        for (name, module) in &self.0 {
            let counts = |found: &&Found| match &found.import {
                Some(import) => !import.is_public || module.used.contains(&import.name),
                None => true,
            };
            for found in module.found.iter().filter(counts) {
                let target = self.absolute(name, &found.path, MOST_STEPS);
                if let Some(target) = target.and_then(|path| self.definition(&path, MOST_STEPS)) {
                    edges.entry(name).or_default().insert(target);
                }
            }
        }
        edges
    }

    /// The groups of files that can reach each other, each with at least two.
    fn cycles(&self) -> Vec<Vec<&str>> {
        let edges = self.edges();
        let reached: BTreeMap<&str, BTreeSet<&str>> = edges.keys().map(|from| (*from, reach(&edges, from))).collect();
        let reaches = |from: &str, to: &str| reached.get(from).is_some_and(|all| all.contains(to));
        let mut groups = BTreeSet::new();
        for from in edges.keys() {
            let group: Vec<&str> =
                edges.keys().filter(|to| *to == from || reaches(from, to) && reaches(to, from)).copied().collect();
            if group.len() > 1 {
                groups.insert(group);
            }
        }
        groups.into_iter().collect()
    }
}

/// Every file that the edges lead to from this one.
fn reach<'a>(edges: &BTreeMap<&'a str, BTreeSet<&'a str>>, from: &str) -> BTreeSet<&'a str> {
    let mut reached = BTreeSet::new();
    let mut open: Vec<&str> = edges.get(from).into_iter().flatten().copied().collect();
    while let Some(next) = open.pop() {
        if reached.insert(next) {
            open.extend(edges.get(next).into_iter().flatten());
        }
    }
    reached
}

fn join(module: &str, rest: &str) -> String {
    [module, rest].into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("::")
}

#[test]
fn no_files_use_each_other() {
    let files: Vec<(String, String)> = files(false).into_iter().map(|(file, text)| (module_of(&file), text)).collect();
    let sources = Sources::new(files.iter().map(|(module, text)| (module.clone(), text.as_str())));
    let edges = sources.edges();
    let count: usize = edges.values().map(BTreeSet::len).sum();
    assert!(count > 500, "only {count} edges were found");
    let found = sources.cycles();
    let detail = |group: &Vec<&str>| {
        let inside = |from: &&str| {
            let to: Vec<_> = edges[*from].iter().filter(|to| **to != *from && group.contains(*to)).collect();
            format!("    {from} uses {to:?}")
        };
        format!("{group:?}\n{}", group.iter().map(inside).collect::<Vec<_>>().join("\n"))
    };
    assert!(
        found.is_empty(),
        "files that use each other:\n{}",
        found.iter().map(detail).collect::<Vec<_>>().join("\n")
    );
}

fn cycles_of(texts: &[(&str, &str)]) -> Vec<Vec<String>> {
    let sources = Sources::new(texts.iter().map(|(module, text)| ((*module).to_owned(), *text)));
    sources.cycles().iter().map(|group| group.iter().map(|module| (*module).to_owned()).collect()).collect()
}

#[test]
fn planted_cycles_are_found() {
    let planted: &[&[(&str, &str)]] = &[
        &[("a", "use crate::b::B; pub struct A;"), ("b", "use crate::a::A; pub struct B;")],
        &[("a", "fn f() { crate::b::g() }"), ("b", "fn g() { crate::a::f() }")],
        &[("a", "fn f() { println!(\"{}\", crate::b::g()) }"), ("b", "use crate::a; fn g() { a::f() }")],
        &[("a", "use crate::b::B;"), ("b", "use crate::c::C; pub struct B;"), ("c", "use super::a::f; pub struct C;")],
        // By the parent's re-export, under another name.
        &[
            ("p", "mod a; mod b; pub use a::A; pub use self::b::B as Other;"),
            ("p::a", "use super::Other; pub struct A;"),
            ("p::b", "use crate::p::A; pub struct B;"),
        ],
        // The parent uses what it re-exports.
        &[("p", "mod a; pub use self::a::A; pub struct P(A);"), ("p::a", "use super::P; pub struct A;")],
        &[("p", "mod a; pub struct P; fn f() { a::g() }"), ("p::a", "use super::P;")],
        // By a name that the parent imports for itself.
        &[
            ("p", "mod a; use crate::q::Q;"),
            ("p::a", "use super::Q; pub struct A;"),
            ("q", "fn f() { crate::p::a::g() }"),
        ],
    ];
    for texts in planted {
        assert_eq!(cycles_of(texts).len(), 1, "{texts:?}");
    }
}

#[test]
fn what_is_not_a_cycle_is_not_found() {
    let fine: &[&[(&str, &str)]] = &[
        // A child may use its parent's items if the parent only passes on the child's.
        &[("p", "mod a; pub use a::A; pub struct P;"), ("p::a", "use super::P; pub struct A;")],
        &[
            ("p", "mod a; mod b; pub use a::A; pub use b::B;"),
            ("p::a", "use super::B; pub struct A;"),
            ("p::b", "pub struct B;"),
        ],
        &[("a", "use crate::b::B;"), ("b", "pub struct B; #[cfg(test)] mod tests { use crate::a::A; }")],
        &[
            ("a", "use crate::b::B; use tokio::a; fn f() { Self::b(); }"),
            ("b", "pub struct B; mod inner { use super::B; }"),
        ],
        &[
            ("", "mod a; mod b; pub use a::A; pub use b::B;"),
            ("a", "use crate::B; pub struct A;"),
            ("b", "pub struct B;"),
        ],
    ];
    for texts in fine {
        assert_eq!(cycles_of(texts), Vec::<Vec<String>>::new(), "{texts:?}");
    }
}
