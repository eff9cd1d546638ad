//! The layers of the source, as rules: reads every path under `src/`, in `use` lines, in code and inside macro calls, and fails
//! on one that leads upwards or to a crate that the module may not use. Test modules may use anything.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a panic in a test is a failed test"
)]

use std::fs;
use std::path::{Path, PathBuf};

mod cycles;
mod paths;
mod words;

use paths::{Found, paths_of};

/// What the modules at and below a path may name, always including themselves. The first row that fits a file counts; a path that
/// no row fits is an error, so a new module needs a row.
struct Layer {
    module: &'static str,
    may_use: &'static [&'static str],
}

/// Values that every module may name; they know only each other.
const VALUES: &[&str] = &[
    "error",
    "limits",
    "flag",
    "flags",
    "word_list",
    "defect",
    "judge",
    "message_id",
    "login",
    "body",
    "config",
    "recorder",
];

macro_rules! layer {
    ($module:literal: $($may_use:literal)*) => {
        Layer { module: $module, may_use: &[$($may_use),*] }
    };
}

/// From the bottom up. `*` means the values; the crate's root re-exports only those, handles and the common trait.
const LAYERS: &[Layer] = &[
    layer!("error":),
    layer!("limits":),
    layer!("defect": "error"),
    layer!("judge": "defect" "error"),
    layer!("flag": "error"),
    layer!("word_list":),
    layer!("flags": "flag" "word_list"),
    layer!("login": "error"),
    layer!("message_id": "error"),
    layer!("recorder":),
    layer!("redact": "error"),
    layer!("io":),
    layer!("temporary": "error"),
    layer!("body": "io" "error" "defect"),
    // rustls' types are part of the public configuration; `rustls` is the crate's re-export of it.
    layer!("config": "error" "limits" "recorder" "rustls"),
    layer!("start_error": "error" "config"),
    layer!("wire": "error" "limits"),
    layer!("text":),
    layer!("sasl": "error" "login" "wire"),
    layer!("engine": "error" "limits"),
    layer!("imap::types": "*" "wire" "text"),
    layer!("imap::codec": "*" "wire" "text" "imap::types"),
    layer!("imap::plan": "error" "imap::types" "imap::codec"),
    layer!("imap::command": "*" "wire" "text" "sasl" "imap::types" "imap::codec" "imap::plan"),
    layer!("imap::local": "error" "flag" "text" "imap::types"),
    layer!("imap::engine::seq_map": "imap::types"),
    // The parts of the engine: none knows another, and only the engine connects them.
    layer!("imap::engine::mirror": "*" "engine" "imap::types" "imap::plan" "imap::engine::seq_map"),
    layer!("imap::engine::wire": "*" "wire" "engine" "imap::types" "imap::codec" "imap::plan" "imap::engine::seq_map"),
    layer!("imap::engine::intake": "error" "limits" "engine" "imap::codec"),
    layer!("imap::engine": "*" "wire" "engine" "imap::types" "imap::codec" "imap::plan"),
    layer!("pop3::types": "*" "wire"),
    layer!("pop3::codec": "*" "wire" "pop3::types"),
    layer!("pop3::engine": "*" "wire" "engine" "pop3::types" "pop3::codec"),
    layer!("conn": "*" "io" "engine" "redact" "start_error"),
    layer!("authentication": "*" "sasl" "engine" "conn"),
    layer!("messages": "*" "text"),
    layer!("contents": "*" "text" "messages" "temporary"),
    layer!("part_body": "*" "io" "text" "contents" "temporary"),
    layer!("preview": "text" "contents"),
    layer!("mailbox": "*" "io" "messages" "text" "contents" "part_body" "preview"),
    layer!("imap": "*" "wire" "sasl" "engine" "io" "start_error" "conn" "authentication" "mailbox" "messages" "text" "contents" "part_body" "preview"),
    layer!("pop3": "*" "wire" "sasl" "engine" "io" "start_error" "conn" "authentication" "mailbox" "messages" "contents"),
    layer!("open": "error" "login" "config" "mailbox" "imap" "pop3"),
    layer!("serialize": "*" "contents" "imap"),
    layer!("account": "*" "rustls" "mailbox" "conn" "imap" "pop3" "messages" "text" "contents" "part_body" "body" "io"),
    // Durable files; `collect` decides what is stored in them.
    layer!("store": "error"),
    layer!("collect": "*" "io" "text" "mailbox" "messages" "store"),
    layer!("cookbook":),
    layer!("testing":),
    // Sessions for the examples in the documentation.
    layer!("doctest": "*" "mailbox" "imap" "pop3" "testing"),
];

/// Crates that only some modules may name.
const CRATES: &[(&str, &[&str])] = &[
    ("tokio", &["account", "io", "conn", "store", "collect", "testing", "doctest"]),
    ("tempfile", &["temporary"]),
    ("tokio_rustls", &["", "conn", "testing"]),
    ("rustls", &["account", "conn", "testing"]),
    ("rustls_platform_verifier", &["conn::tls"]),
    ("socket2", &["conn"]),
    ("mail_parser", &["messages::parse", "text::charset", "testing"]),
    ("encoding_rs", &["text::charset"]),
    ("nom", &["imap::codec", "pop3::codec"]),
    ("rcgen", &["testing"]),
    ("rusqlite", &["collect::ledger::sqlite"]),
    ("unicode_normalization", &["imap::local::collation", "testing"]),
];

/// Calls that read a clock, and the modules that may: engines get the time as an argument.
const CLOCKS: &[&str] = &["Instant::now", "SystemTime::now", "OffsetDateTime::now_utc", "OffsetDateTime::now_local"];
const CLOCK_READERS: &[&str] = &["account", "conn", "collect", "testing", "imap::fuzzing", "pop3::fuzzing"];

/// Single paths that break a rule above, with the reason.
const EXCEPTIONS: &[(&str, &str, &str)] = &[];

/// Files that may have more than [`MOST_LINES`], with the reason.
const LONG: &[(&str, &str)] = &[];
const MOST_LINES: usize = 500;

/// Why the path must not be where it is.
fn violation(found: &Found) -> Option<String> {
    let Found { module, path, line, .. } = found;
    if EXCEPTIONS.iter().any(|(from, to, _)| module == from && path.starts_with(to)) {
        return None;
    }
    let tell = |why: &str| Some(format!("{module}, line {line}: `{path}` {why}"));
    if CLOCKS.iter().any(|clock| path.ends_with(clock)) && !CLOCK_READERS.iter().any(|place| is_within(module, place)) {
        return tell("reads a clock");
    }
    let Some(inside) = path.strip_prefix("crate::") else {
        let name = path.split("::").next().unwrap_or_default();
        let (_, allowed) = CRATES.iter().find(|(restricted, _)| *restricted == name)?;
        return match allowed.iter().any(|place| is_within(module, place)) {
            true => None,
            false => tell("names a crate that is only for other modules"),
        };
    };
    let Some(layer) = LAYERS.iter().find(|layer| is_within(module, layer.module)) else {
        return if module.is_empty() { None } else { tell("is in a module that has no layer; give it one") };
    };
    // `crate::Error` and its like: the root re-exports it, and the rule applies to the module that it comes from.
    let target = match inside.split("::").next() {
        Some(name) if name.starts_with(char::is_uppercase) => home_of(name)?,
        _ => inside.to_owned(),
    };
    let values = layer.may_use.contains(&"*").then_some(VALUES).into_iter().flatten();
    let allowed = layer.may_use.iter().chain(values).any(|place| is_within(&target, place));
    match allowed || is_within(&target, layer.module) {
        true => None,
        false => tell("leads out of its layer"),
    }
}

/// The module that a name at the crate's root is re-exported from, as `src/lib.rs` says.
fn home_of(name: &str) -> Option<String> {
    let root = fs::read_to_string(source().join("lib.rs")).unwrap();
    let home = paths_of("", &root).into_iter().find(|found| found.path.ends_with(&format!("::{name}")));
    home.map(|found| found.path.trim_start_matches("crate::").trim_end_matches(name).trim_end_matches("::").to_owned())
}

fn is_within(path: &str, place: &str) -> bool {
    path.strip_prefix(place).is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
}

fn source() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src")
}

/// Every source file with its text, in order of path. Files of tests only are left out if `tests` is false.
fn files(tests: bool) -> Vec<(PathBuf, String)> {
    let mut folders = vec![source()];
    let mut files = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            let is_test =
                path.file_stem().is_some_and(|stem| stem == "tests" || stem.to_string_lossy().ends_with("_tests"));
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|end| end == "rs") && (tests || !is_test) {
                let text = fs::read_to_string(&path).unwrap();
                files.push((path.strip_prefix(source()).unwrap().to_owned(), text));
            }
        }
    }
    files.sort();
    files
}

/// `imap/types/mod.rs` is `imap::types`; `lib.rs` is the root, whose path is empty.
fn module_of(file: &Path) -> String {
    let names: Vec<_> = file.with_extension("").iter().map(|name| name.to_string_lossy().into_owned()).collect();
    match names.last().map(String::as_str) {
        Some("lib") if names.len() == 1 => String::new(),
        Some("mod") => names[..names.len() - 1].join("::"),
        _ => names.join("::"),
    }
}

fn violations(module: &str, text: &str) -> Vec<String> {
    paths_of(module, text).iter().filter_map(violation).collect()
}

#[test]
fn no_path_leads_out_of_its_layer() {
    let files = files(false);
    assert!(files.len() > 50, "only {} files were read", files.len());
    let found: usize = files.iter().map(|(file, text)| paths_of(&module_of(file), text).len()).sum();
    assert!(found > 1000, "only {found} paths were read");
    let wrong: Vec<String> = files.iter().flat_map(|(file, text)| violations(&module_of(file), text)).collect();
    assert!(wrong.is_empty(), "{} violations:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn every_row_of_the_table_is_in_use() {
    let modules: Vec<String> = files(false).iter().map(|(file, _)| module_of(file)).collect();
    let known = |place: &str| modules.iter().any(|module| is_within(module, place));
    let places = LAYERS.iter().flat_map(|layer| [layer.module].into_iter().chain(layer.may_use.iter().copied()));
    let dead: Vec<&str> = places.filter(|place| !["*", "rustls"].contains(place) && !known(place)).collect();
    assert!(dead.is_empty(), "no such modules: {dead:?}");
}

/// A row may only name rows above it in the table, so that no two modules depend on each other.
#[test]
fn the_table_has_no_circles() {
    let mut above: Vec<&str> = vec!["rustls"];
    for layer in LAYERS {
        let values = layer.may_use.contains(&"*").then_some(VALUES).into_iter().flatten();
        for place in layer.may_use.iter().chain(values).filter(|place| **place != "*" && **place != layer.module) {
            assert!(above.contains(place), "`{}` may use `{place}`, whose row is not above its own", layer.module);
        }
        above.push(layer.module);
    }
}

#[test]
fn files_are_small_and_begin_by_saying_what_they_are() {
    for (file, text) in files(true) {
        let name = file.to_string_lossy().into_owned();
        let lines = text.lines().count();
        assert!(lines <= MOST_LINES || LONG.iter().any(|(long, _)| *long == name), "{name} has {lines} lines");
        assert!(text.starts_with("//! "), "{name} does not begin with `//!`");
    }
}

#[test]
fn planted_violations_are_found() {
    let planted = [
        ("imap::types::uid", "use crate::imap::codec::frame;"),
        ("imap::types::uid", "use super::super::codec::frame;"),
        ("imap::codec::frame", "use crate::imap::{types::Uid, engine::Engine};"),
        ("imap::codec::frame", "fn f() { let x = crate::imap::session::Imap::new(); }"),
        ("imap::command::fetch", "use crate::imap::engine::Delivery;"),
        ("imap::engine::input", "use crate::imap::command::fetch;"),
        ("imap::plan::order", "use crate::imap::engine::Delivery;"),
        ("imap::engine::mirror::selection", "use crate::imap::codec::Frame;"),
        ("imap::engine::mirror::selection", "use super::super::wire::Wire;"),
        ("imap::engine::wire::claims", "use crate::imap::engine::mirror::State;"),
        ("imap::engine::wire::sending", "use super::super::Delivery;"),
        ("imap::engine::intake::flow", "use crate::imap::types::Uid;"),
        ("imap::engine::intake", "use super::mirror::Mirror;"),
        ("imap::codec::frame", "fn f(x: &super::super::folder::Folder) {}"),
        ("imap::codec::frame", "fn f() { println!(\"{}\", crate::imap::session::name()); }"),
        ("imap::codec::frame", "macro_rules! m { () => { $crate::imap::session::name() } }"),
        ("imap::session", "use crate::pop3::types::Stat;"),
        ("pop3::session", "type X = crate::imap::Uid;"),
        ("conn::driver", "impl crate::imap::engine::Engine {}"),
        ("conn::link", "pub(in crate::imap) fn f() {}"),
        ("imap::engine::idle", "use tokio::time::sleep;"),
        ("imap::engine::idle", "fn f() { g(std::time::Instant::now()); }"),
        ("pop3::engine", "fn f() { let now = Instant::now(); }"),
        ("imap::engine::idle", "async fn f() { tokio::task::yield_now().await; }"),
        ("imap::engine::idle", "async fn f() { tokio::select! { _ = a => {} } }"),
        ("imap::engine::idle", "async fn f() { ::tokio::spawn(x); }"),
        ("imap::types::envelope", "use mail_parser as m;"),
        ("imap::types::envelope", "extern crate nom;"),
        ("imap::types::envelope", "use nom;"),
        ("testing::server", "use crate::Limits;"),
        ("testing::server", "fn f() -> crate::error::Result<()> { g() }"),
        ("error", "use crate::imap::Imap;"),
        ("wire::cursor", "use crate::{conn::Driver, Limits};"),
        ("wire::cursor", "use crate::Mailbox;"),
        ("wire::cursor", "mod inner { use super::super::super::conn::Driver; }"),
        ("wire::cursor", "#[cfg(not(test))] mod inner { use crate::conn::Driver; }"),
        ("wire::cursor", "use crate::*;"),
        ("brand_new", "use crate::error::Error;"),
    ];
    for (module, text) in planted {
        assert_eq!(violations(module, text).len(), 1, "{module}: {text}: {:?}", paths_of(module, text));
    }
}

#[test]
fn what_is_allowed_is_not_a_violation() {
    let fine = [
        ("imap::codec::frame", "use crate::imap::types::{Uid, Uids}; use super::token; use nom::IResult;"),
        ("imap::codec::frame", "use crate::{Error, Result}; fn f() -> Result<(), crate::Error> { self::g() }"),
        ("imap::session", "use crate::conn::{Driver, connect}; use super::engine::Engine; use crate::Mailbox;"),
        ("conn::driver", "use crate::engine::Engine; use tokio::io::AsyncRead;"),
        ("wire::cursor", "#[cfg(test)] mod tests { use crate::conn::Driver; use tokio::spawn; }"),
        ("wire::cursor", "#[cfg(all(test, feature = \"x\"))] mod tests { use crate::conn::Driver; }"),
        ("wire::cursor", "#[test] fn f() { tokio::spawn(crate::conn::Driver); }"),
        ("wire::cursor", "mod inner { use super::f; } fn f() { let tokio = 1; print!(\"{}\", tokio); }"),
        ("wire::cursor", "//! tokio::spawn\n/// See [`crate::imap::Imap`].\nconst X: &str = \"tokio::spawn\";"),
    ];
    for (module, text) in fine {
        assert_eq!(violations(module, text), Vec::<String>::new(), "{module}: {text}");
    }
}
