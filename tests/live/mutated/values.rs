//! The results of a session, written so that two sessions can be compared: message by message, in the order of UIDs, without
//! what differs between accounts.

use std::collections::BTreeMap;

use postroom::imap::{BodyStructure, CopyUid, Fetch, Fetched, Uid, Uids};
use postroom::{Error, Flag, WordList};

use super::mail;

#[derive(Default)]
pub(crate) struct Values(pub(crate) Vec<String>);

impl Values {
    pub(crate) fn tell(&mut self, what: &str, value: impl std::fmt::Debug) {
        self.0.push(format!("{what}: {value:?}"));
    }

    /// All results of a FETCH. A message may come twice if both are equal; of ghosts only the flags, which name them.
    pub(crate) async fn tell_all(&mut self, what: &str, mut fetch: Fetch<'_>) {
        let mut all = BTreeMap::new();
        while let Some(fetched) = fetch.try_next().await.unwrap() {
            let uid = fetched.uid().unwrap().as_u32();
            if fetched.flags().is_some_and(|flags| flags.contains(&Flag::new(&format!("$Ghost{uid}")).unwrap())) {
                assert!(mail::is_ghost(uid), "{fetched:?}");
                continue;
            }
            let value = value(&fetched);
            let before = all.insert(uid, value.clone());
            assert!(before.is_none_or(|before| before == value), "{what} of {uid} came twice, and not the same");
        }
        assert!(fetch.unreadable().is_empty(), "{:?}", fetch.unreadable());
        self.tell(&format!("{what}, how many"), all.len());
        all.into_iter().for_each(|(uid, value)| self.tell(&format!("{what} of {uid}"), value));
    }

    pub(crate) fn tell_one(&mut self, what: &str, fetched: Option<Fetched>) {
        self.tell(what, fetched.as_ref().map(value));
    }

    pub(crate) fn tell_error(&mut self, what: &str, error: &Error) {
        self.tell(what, (error.kind(), error.code().map(ToString::to_string)));
    }

    pub(crate) fn tell_copied(&mut self, what: &str, copied: Option<CopyUid>) {
        let pairs = |copied: CopyUid| copied.pairs().map(|(from, to)| (from.as_u32(), to.as_u32())).collect::<Vec<_>>();
        self.tell(what, copied.map(pairs));
    }

    pub(crate) fn tell_uids(&mut self, what: &str, uids: &Uids) {
        self.tell(what, uids.iter().map(Uid::as_u32).collect::<Vec<_>>());
    }

    pub(crate) fn tell_flags(&mut self, what: &str, flags: &WordList) {
        let mut flags: Vec<_> = flags.iter().collect();
        flags.sort_unstable();
        self.tell(what, flags);
    }
}

/// Every value of a message.
fn value(fetched: &Fetched) -> String {
    let flags = fetched.flags().map(|flags| {
        // Which of two open sessions sees a message as recent is not predictable (RFC 3501 §2.3.2).
        let told = flags.iter().filter(|flag| flag != "\\Recent");
        let mut flags: Vec<_> = told.map(|flag| flag.to_string()).collect();
        flags.sort_unstable();
        flags
    });
    let mut sections: Vec<_> = fetched
        .sections()
        .map(|section| (section.attribute().to_string(), section.bytes().map(|bytes| bytes.escape_ascii().to_string())))
        .collect();
    sections.sort_unstable();
    let parts: Vec<_> = fetched.body_structure().iter().flat_map(BodyStructure::walk).map(|part| node(&part)).collect();
    let defects: Vec<_> = fetched.defects().collect();
    format!(
        "{flags:?} {:?} {:?} {:?} {parts:?} {sections:?} {defects:?}",
        fetched.size(),
        fetched.internal_date(),
        fetched.envelope(),
    )
}

/// Every value of a part except its children.
fn node(part: &BodyStructure<'_>) -> String {
    let words = [part.id(), part.description(), part.encoding(), part.md5(), part.disposition(), part.location()];
    format!(
        "{} {:?} {}/{} {:?} {words:?} {:?} {:?} {:?} {:?} {:?} {:?}",
        part.section(),
        part.kind(),
        part.media_type(),
        part.subtype(),
        part.params(),
        part.disposition_params(),
        part.language(),
        part.extension().escape_ascii().to_string(),
        part.size(),
        part.lines(),
        part.envelope()
    )
}
