//! Forty operations of every kind on one user's mail, and an oracle: another client, whose connections are never cut, counts on the server
//! what became of each. Nothing may be lost or done twice, and every call's result must be true. It must not know who carries the
//! operations out, nor how connections are lost.
#![allow(dead_code, unused_imports, reason = "each test binary uses its own part of this")]

mod act;
#[cfg(feature = "account")]
mod by_account;
mod doer;
mod judge;
mod mail;
mod naive;
mod on_session;
mod report;
mod state;
mod sum;
mod truth;
mod world;

pub(crate) use act::{ACTS, Act, DISPOSABLE};
#[cfg(feature = "account")]
pub(crate) use by_account::ByAccount;
pub(crate) use doer::{Doer, Seen};
pub(crate) use mail::{mail, token_of};
pub(crate) use naive::{After, Naive};
pub(crate) use on_session::perform;
pub(crate) use report::{Allowed, Report, run};
pub(crate) use state::State;
pub(crate) use sum::{Sum, given_seeds};
pub(crate) use world::{Names, Second, World};
