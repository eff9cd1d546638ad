//! What a session remembers of its maildrop between calls of the common trait. It must not know how it is listed.

use std::hash::{BuildHasher, Hash, Hasher, RandomState};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use super::listing::Listing;
use super::names::MessageNames;
use super::sizes::Sizes;
use crate::config::{Config, Protocol};
use crate::limits::Limits;
use crate::login::Login;
use crate::message_id::{Place, account};
use crate::pop3::types::{Flaws, Number};

/// The usual ports, which are left out of ids.
const USUAL_PORTS: &[u16] = &[110, 995];

/// What the trait remembers between calls.
pub(super) struct Maildrop {
    pub(super) limits: Limits,
    pub(super) poll: Duration,
    pub(super) names: MessageNames,
    pub(super) sizes: Sizes,
    /// The number of unreadable lines in listings.
    pub(super) unreadable: AtomicU64,
    /// The number of messages about which the last listings contradicted each other.
    pub(super) disputed: u64,
    /// Whether the names were listed in this session.
    pub(super) listed: bool,
    pub(super) probed: Probed,
    /// A hash of the listing that the caller saw last, to detect changes without keeping it.
    pub(super) seen: Option<u64>,
    pub(super) hash: RandomState,
    /// Whether `changed` has ended the session, or was about to, so that a new one must begin.
    pub(super) ended_by_wait: bool,
}

impl Maildrop {
    pub(super) fn new(config: &Config, login: &Login) -> Self {
        let account = account(login.user(), config.host(), config.port_for(Protocol::Pop3), USUAL_PORTS);
        Self {
            limits: config.limits.clone(),
            poll: config.deadlines.poll,
            names: MessageNames::new(Arc::new(Place::Pop3 { account })),
            sizes: Sizes::default(),
            unreadable: AtomicU64::default(),
            disputed: 0,
            listed: false,
            probed: Probed::default(),
            seen: None,
            hash: RandomState::new(),
            ended_by_wait: false,
        }
    }

    /// A new session: the old numbers mean nothing.
    pub(super) fn reset(&mut self) {
        self.names = MessageNames::new(self.names.place().clone());
        self.sizes = Sizes::default();
        (self.unreadable, self.disputed) = (AtomicU64::default(), 0);
        (self.listed, self.probed, self.ended_by_wait) = (false, Probed::default(), false);
    }

    pub(super) fn count_unreadable<T>(&self, listing: &Listing<T>) {
        self.unreadable.fetch_add(listing.unreadable, Ordering::Relaxed);
    }

    pub(super) fn flaws(&self) -> Flaws {
        Flaws::new(self.unreadable.load(Ordering::Relaxed), self.disputed)
    }

    /// A hash of the messages, by what identifies them in another session.
    pub(super) fn fingerprint(&self, numbers: &[Number]) -> u64 {
        let mut hasher = self.hash.build_hasher();
        numbers.iter().for_each(|number| (self.names.lasting(*number), self.sizes.of(*number)).hash(&mut hasher));
        hasher.finish()
    }
}

/// What was tried in this session, and with what result.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Probed {
    pub(super) uidl: Option<bool>,
    pub(super) top: Option<bool>,
}
