//! What the folder reports by itself, compared with what the proxy, if there is one, did to the mailbox.

use std::borrow::Cow;
use std::time::Duration;

use postroom::Flag;
use postroom::imap::{Event, Folder, Imap, Uid};

use super::mail;
use crate::mutator::Mutator;

#[derive(Default)]
pub(crate) struct Watch<'a> {
    proxy: Option<&'a Mutator>,
    /// Messages may have gone while their UIDs were requested, so that some UIDs are not known.
    wild: bool,
    events: Vec<Event>,
    /// Ghosts that were reported under their right UIDs.
    pub(crate) named: usize,
}

impl<'a> Watch<'a> {
    pub(crate) fn over(proxy: &'a Mutator, wild: bool) -> Self {
        Self { proxy: Some(proxy), wild, ..Self::default() }
    }

    /// Lets the session learn which messages there are.
    pub(crate) async fn begin(&mut self, inbox: &mut Folder<&mut Imap>) {
        drop(inbox.idle().await.unwrap());
    }

    /// From now on the proxy inserts nothing.
    pub(crate) fn hush(&self) {
        self.proxy.iter().for_each(|proxy| proxy.change().quiet = true);
    }

    pub(crate) fn speak(&self) {
        self.proxy.iter().for_each(|proxy| proxy.change().quiet = false);
    }

    pub(crate) async fn until_flagged(&mut self, inbox: &mut Folder<&mut Imap>, wanted: Uid, flag: &str) {
        let (wild, flag) = (self.wild, Flag::new(flag).unwrap());
        let flagged = |event: &Event| match event {
            Event::Fetched { uid, data } if data.flags().is_some_and(|flags| flags.contains(&flag)) => {
                assert!(*uid == Some(wanted) || (wild && uid.is_none()), "{wanted:?} is {uid:?}");
                true
            }
            _ => false,
        };
        self.until(inbox, flagged).await;
    }

    pub(crate) async fn until_gone(&mut self, inbox: &mut Folder<&mut Imap>, wanted: Uid) {
        let wild = self.wild;
        let gone = |event: &Event| match event {
            Event::Expunged { uids, unknown } => uids.contains(wanted) || (wild && *unknown > 0),
            _ => false,
        };
        self.until(inbox, gone).await;
    }

    async fn until(&mut self, inbox: &mut Folder<&mut Imap>, wanted: impl Fn(&Event) -> bool) {
        let mut idle = inbox.idle().await.unwrap();
        let found = async {
            loop {
                let event = idle.try_next().await.unwrap().expect("IDLE ended by itself");
                let found = wanted(&event);
                self.events.push(event);
                if found {
                    return;
                }
            }
        };
        let found = tokio::time::timeout(Duration::from_secs(60), found).await;
        assert!(found.is_ok(), "the event never came: {:?}", self.events);
    }

    /// Every message that went was reported, and no other; all are counted; a report about a ghost is about that one. `gone` are
    /// those that really went.
    pub(crate) fn check(&mut self, inbox: &Folder<&mut Imap>, gone: &[u32]) {
        let (mut told, mut unnamed) = (Vec::new(), 0);
        for event in &self.events {
            match event {
                Event::Expunged { uids, unknown } => {
                    told.extend(uids.iter().map(Uid::as_u32));
                    unnamed += *unknown as usize;
                }
                Event::Fetched { uid, data } => self.named += usize::from(is_named(*uid, data)),
                Event::Exists(_) => {}
                other => panic!("{other:?}"),
            }
        }
        let Some(proxy) = self.proxy else {
            told.sort_unstable();
            assert_eq!((&told[..], unnamed), (gone, 0));
            return;
        };
        let change = proxy.change();
        assert_eq!(Some(inbox.info().unwrap().exists as usize), change.exists());
        assert_eq!(told.len() + unnamed, change.log.expunged, "{told:?} and {unnamed}: {:?}", change.log.gone);
        let stray = told.iter().find(|uid| !gone.contains(uid) && !change.log.gone.contains(uid));
        assert_eq!(stray, None, "told of {told:?}");
        assert!(self.wild || gone.iter().all(|uid| told.contains(uid)), "told of {told:?}");
        self.named += told.iter().filter(|uid| change.log.gone.contains(uid)).count();
    }
}

/// Whether this reports a ghost's flags under its UID. It must not do so under another.
fn is_named(uid: Option<Uid>, data: &postroom::imap::Fetched) -> bool {
    let uid = uid.map(Uid::as_u32);
    let flags: Vec<_> =
        data.flags().into_iter().flat_map(|flags| flags.iter().map(Cow::into_owned).collect::<Vec<_>>()).collect();
    let ghost = flags.iter().find_map(|flag| flag.strip_prefix("$Ghost")?.parse().ok());
    assert!(uid.is_none() || ghost.is_none() || uid == ghost, "{uid:?} is {data:?}");
    assert!(uid.is_none_or(|uid| mail::is_ghost(uid) == ghost.is_some()), "{uid:?} is {data:?}");
    uid.is_some() && ghost.is_some()
}
