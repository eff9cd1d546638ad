//! What the tests of deliveries share: a scratch folder, letters, and readers of what was delivered.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

use postroom::collect::{Delivery, Head, Letter, Ticket};
use postroom::{MessageId, Result};

/// A folder that is removed with this value.
pub(crate) struct Scratch(PathBuf);

impl Scratch {
    pub(crate) fn new() -> Self {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let name = format!("delivery-{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    pub(crate) fn join(&self, path: &str) -> PathBuf {
        self.0.join(path)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

pub(crate) fn head(key: &str) -> Head {
    Head::new(MessageId::other("test", key))
}

pub(crate) fn letter(text: impl AsRef<[u8]>) -> Letter {
    Letter::new(head("1"), text.as_ref().to_vec())
}

pub(crate) fn letters(texts: &[&str]) -> Vec<Letter> {
    texts.iter().map(letter).collect()
}

pub(crate) async fn staged(delivery: &mut dyn Delivery, texts: &[&str]) -> Vec<Ticket> {
    delivery.stage(&letters(texts)).await.into_iter().collect::<Result<_>>().unwrap()
}

pub(crate) async fn published(delivery: &mut dyn Delivery, tickets: &[Ticket]) {
    delivery.publish(tickets).await.into_iter().collect::<Result<()>>().unwrap();
}

pub(crate) fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<_> =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

/// The files of a folder, as a sorted list of texts.
pub(crate) fn files(folder: &Path) -> Vec<String> {
    let mut files: Vec<_> = names(folder)
        .iter()
        .map(|name| String::from_utf8_lossy(&fs::read(folder.join(name)).unwrap()).into_owned())
        .collect();
    files.sort();
    files
}

/// The messages of an mbox file of mboxrd form.
pub(crate) fn read_mbox(path: &Path) -> Vec<String> {
    let text = String::from_utf8_lossy(&fs::read(path).unwrap()).into_owned();
    let mut messages: Vec<String> = Vec::new();
    for line in text.split_inclusive('\n') {
        let quoted = line.trim_start_matches('>').starts_with("From ");
        match (quoted, line.strip_prefix('>')) {
            (true, None) => messages.push(String::new()),
            (true, Some(unquoted)) => messages.last_mut().unwrap().push_str(unquoted),
            (false, _) => messages.last_mut().unwrap().push_str(line),
        }
    }
    messages.iter().map(|message| message.strip_suffix('\n').expect("an empty line").to_owned()).collect()
}
