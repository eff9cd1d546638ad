//! What each server announces after the login: the committed list, and for each name the row of the table that tries it. A server that
//! announces less than it did, or something that no test tries, fails.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::session;
use crate::suite::Trial;

/// `NAME row`, or `NAME - why nothing tries it`. A name that ends in `=` means all its values.
const ROWS: &str = include_str!("../announced/rows.txt");
/// The tests with their rows.
const SUITE: &str = include_str!("mod.rs");

/// With `POSTROOM_UPDATE_ANNOUNCED=1` it writes the list instead.
pub(crate) async fn the_server_announces_what_it_did_and_each_name_has_a_row(user: &Trial) {
    let imap = session(user).await;
    let announced: BTreeSet<String> = imap.capabilities().iter().map(str::to_owned).collect();
    let file = list(&format!("{:?}", user.brand()).to_ascii_lowercase());
    if std::env::var_os("POSTROOM_UPDATE_ANNOUNCED").is_some() {
        let lines: String = announced.iter().map(|name| format!("{name}\n")).collect();
        std::fs::write(file, lines).unwrap();
        return;
    }
    let committed = std::fs::read_to_string(file).unwrap();
    let committed: BTreeSet<String> = committed.lines().map(str::to_owned).collect();
    let missing: Vec<_> = committed.difference(&announced).collect();
    let new: Vec<_> = announced.difference(&committed).collect();
    assert!(missing.is_empty() && new.is_empty(), "no longer announced: {missing:?}; not in the list: {new:?}");
    for name in &announced {
        let (_, row) = row_of(name).unwrap_or_else(|| panic!("{name} has no line in tests/live/announced/rows.txt"));
        let tried = row.starts_with("- ") || SUITE.contains(&format!("\"{row}\""));
        assert!(tried, "{name}: no test has the row {row:?}");
    }
    imap.logout().await.unwrap();
}

fn list(server: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/live/announced").join(format!("{server}.txt"))
}

fn row_of(name: &str) -> Option<(&'static str, &'static str)> {
    let mut lines = ROWS.lines().filter_map(|line| line.split_once(' '));
    lines.find(|(known, _)| *known == name || known.ends_with('=') && name.starts_with(known))
}
