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
pub(crate) struct Known {
    pub(super) name: &'static str,
    /// Whether it binds the login to the TLS connection: a `-PLUS`.
    pub(super) binds: bool,
    pub(super) shows: Shows,
    /// Whether the login has what the mechanism needs.
    pub(super) serves: fn(&Login) -> bool,
    pub(super) make: fn(&Login, &Context<'_>) -> Result<Box<dyn Mechanism>>,
}

/// A mechanism without channel binding.
const fn bare(
    name: &'static str,
    shows: Shows,
    serves: fn(&Login) -> bool,
    make: fn(&Login, &Context<'_>) -> Result<Box<dyn Mechanism>>,
) -> Known {
    Known { name, binds: false, shows, serves, make }
}

const fn plus(name: &'static str, make: fn(&Login, &Context<'_>) -> Result<Box<dyn Mechanism>>) -> Known {
    Known { name, binds: true, shows: Shows::Nothing, serves: scram::serves, make }
}

/// The strongest first: mechanisms that bind the login to the TLS connection, those that hide the password from the server too and make
/// the server prove that it knows it, then those that hide it from an eavesdropper only, then those that show it.
///
/// Within TLS there is a case for PLAIN before CRAM-MD5: with PLAIN the server can store a salted hash, with CRAM-MD5 it must store
/// the password. But the client cannot know what the server stores, and a password that is never sent cannot be logged or stolen
/// there.
pub(super) const KNOWN: &[Known] = &[
    plus("SCRAM-SHA-512-PLUS", scram::sha512),
    plus("SCRAM-SHA-384-PLUS", scram::sha384),
    plus("SCRAM-SHA-256-PLUS", scram::sha256),
    plus("SCRAM-SHA-224-PLUS", scram::sha224),
    plus("SCRAM-SHA-1-PLUS", scram::sha1),
    bare("SCRAM-SHA-512", Shows::Nothing, scram::serves, scram::sha512),
    bare("SCRAM-SHA-384", Shows::Nothing, scram::serves, scram::sha384),
    bare("SCRAM-SHA-256", Shows::Nothing, scram::serves, scram::sha256),
    bare("SCRAM-SHA-224", Shows::Nothing, scram::serves, scram::sha224),
    bare("SCRAM-SHA-1", Shows::Nothing, scram::serves, scram::sha1),
    bare("CRAM-MD5", Shows::Digest, cram_md5::serves, cram_md5::make),
    bare("OAUTHBEARER", Shows::Secret, bearer::serves, bearer::oauthbearer),
    bare("XOAUTH2", Shows::Secret, bearer::serves, bearer::xoauth2),
    bare("EXTERNAL", Shows::Nothing, external::serves, external::make),
    bare("PLAIN", Shows::Secret, plain::serves, plain::make),
    bare("LOGIN", Shows::Secret, login::serves, login::make),
    bare("ANONYMOUS", Shows::Nothing, anonymous::serves, anonymous::make),
];
