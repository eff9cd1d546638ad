//! The mechanisms that this crate speaks, in order of strength. It does not know what a server offers.

use super::mechanism::{Mechanism, Setting};
use super::{anonymous, bearer, cram_md5, external, login, plain, scram};
use crate::error::Result;
use crate::login::Login;

/// What a mechanism shows to whoever listens, and to a server that is not the right one.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(super) enum Shows {
    /// Nothing that is of use without long work for each login.
    Nothing,
    /// A digest by which guesses can be tried fast.
    Digest,
    /// The password or token itself.
    Secret,
}

/// A mechanism this crate speaks.
pub(super) struct Known {
    pub(super) name: &'static str,
    pub(super) shows: Shows,
    /// Whether the login has what it needs.
    pub(super) serves: fn(&Login) -> bool,
    pub(super) make: fn(&Login, &Setting<'_>) -> Result<Box<dyn Mechanism>>,
}

/// The strongest first: those that keep the password from the server too and make it prove that it knows it, those that keep
/// it from a listener only, those that show it.
///
/// Within TLS one may argue for PLAIN before CRAM-MD5, since it lets the server keep a salted hash where CRAM-MD5 makes it keep
/// the password. But the client cannot know what the server keeps, and what is never sent cannot be logged or stolen there.
pub(super) const KNOWN: &[Known] = &[
    Known { name: "SCRAM-SHA-256", shows: Shows::Nothing, serves: scram::serves, make: scram::sha256 },
    Known { name: "SCRAM-SHA-1", shows: Shows::Nothing, serves: scram::serves, make: scram::sha1 },
    Known { name: "CRAM-MD5", shows: Shows::Digest, serves: cram_md5::serves, make: cram_md5::make },
    Known { name: "OAUTHBEARER", shows: Shows::Secret, serves: bearer::serves, make: bearer::oauthbearer },
    Known { name: "XOAUTH2", shows: Shows::Secret, serves: bearer::serves, make: bearer::xoauth2 },
    Known { name: "EXTERNAL", shows: Shows::Nothing, serves: external::serves, make: external::make },
    Known { name: "PLAIN", shows: Shows::Secret, serves: plain::serves, make: plain::make },
    Known { name: "LOGIN", shows: Shows::Secret, serves: login::serves, make: login::make },
    Known { name: "ANONYMOUS", shows: Shows::Nothing, serves: anonymous::serves, make: anonymous::make },
];
