//! The mechanisms that this crate supports, in order of strength. It does not know what a server offers.

use super::mechanism::{Context, Mechanism};
use super::{anonymous, bearer, cram_md5, external, login, plain, scram};
use crate::error::Result;
use crate::login::Login;

/// What a mechanism reveals to an eavesdropper, and to a server that is not the right one.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(super) enum Shows {
    /// Nothing useful without long computations for each login.
    Nothing,
    /// A digest against which guesses can be tried fast.
    Digest,
    /// The password or token itself.
    Secret,
}

/// A mechanism that this crate supports.
pub(super) struct Known {
    pub(super) name: &'static str,
    pub(super) shows: Shows,
    /// Whether the login has what the mechanism needs.
    pub(super) serves: fn(&Login) -> bool,
    pub(super) make: fn(&Login, &Context<'_>) -> Result<Box<dyn Mechanism>>,
}

/// The strongest first: mechanisms that hide the password from the server too and make the server prove that it knows it, then
/// those that hide it from an eavesdropper only, then those that show it.
///
/// Within TLS there is a case for PLAIN before CRAM-MD5: with PLAIN the server can store a salted hash, with CRAM-MD5 it must store
/// the password. But the client cannot know what the server stores, and a password that is never sent cannot be logged or stolen
/// there.
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
