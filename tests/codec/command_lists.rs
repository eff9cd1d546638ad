//! The command lists that other tests keep by hand, compared with the source: a new command that is a value must be in each of them.
//! (`every_command` in src has its own test, and the fuzz target reads that list.)

use std::collections::BTreeSet;
use std::path::Path;

use syn::{FnArg, ImplItem, Item, ReturnType, Type, Visibility};

/// What makes an [`Extension`](postroom::imap::Extension), and what makes a line that no session sends: `Extension::sort`,
/// `stateful::notify`.
fn constructors() -> BTreeSet<String> {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/imap");
    let mut names = BTreeSet::new();
    for entry in std::fs::read_dir(source.join("command")).unwrap() {
        for item in items(&entry.unwrap().path()) {
            let Item::Impl(block) = item else { continue };
            let is_own = block.trait_.is_none()
                && matches!(&*block.self_ty, Type::Path(path) if path.path.is_ident("Extension"));
            let functions = block.items.into_iter().filter(|_| is_own).filter_map(|item| match item {
                ImplItem::Fn(function) if matches!(function.vis, Visibility::Public(_)) => Some(function.sig),
                _ => None,
            });
            let makers = functions.filter(|signature| !matches!(signature.inputs.first(), Some(FnArg::Receiver(_))));
            names.extend(makers.map(|signature| format!("Extension::{}", signature.ident)));
        }
    }
    let stateful = items(&source.join("codec/stateful.rs")).into_iter().filter_map(|item| match item {
        Item::Fn(function) if matches!(function.vis, Visibility::Public(_)) => Some(function.sig),
        _ => None,
    });
    let makers = stateful.filter(|signature| !matches!(signature.output, ReturnType::Default));
    names.extend(makers.map(|signature| format!("stateful::{}", signature.ident)));
    names
}

fn items(file: &Path) -> Vec<Item> {
    syn::parse_file(&std::fs::read_to_string(file).unwrap()).unwrap().items
}

/// Those that this file of the repository does not call.
fn missing<'a>(names: &'a BTreeSet<String>, file: &str) -> BTreeSet<&'a str> {
    let text = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(file)).unwrap();
    names.iter().filter(|name| !text.contains(&format!("{name}("))).map(String::as_str).collect()
}

#[test]
fn every_command_that_is_a_value_is_in_every_list() {
    let names = constructors();
    assert!(names.len() >= 30, "{names:?}");
    for list in ["tests/codec/slow/one_command.rs", "tests/codec/slow/round_trip/command/call.rs"] {
        assert_eq!(missing(&names, list), BTreeSet::new(), "not in {list}");
    }
}
