//! Known failures that wait for a fix, and seeds that have failed before. A row that no longer fails is printed, and can be removed.
//! There is none now.
//!
//! Some lies look detectable and are not; they are marked consistent in the code that tells them:
//! - A POP3 reply that comes twice, of a message as long as another one, or that is lost before two such (`has_twin`,
//!   `is_before_twins` in `fib.rs`). The replies that follow are read as their neighbours', and the twin's text has the declared
//!   size. That a reply is left over, or missing, shows only after the last one, when the texts are delivered.
//! - A POP3 reply that comes twice before a message that UIDL names and LIST gives no size of (`is_before_unsized`).
//! - A POP3 text to which another lie gave this length at an earlier reading (`Declared::sent`): two equal readings are believed.
//! - POP3 listings that end where STAT, by another lie, says that they do.
//! - A POP3 text of a message whose LIST line another lie removed or changed to this length. Nothing else declares its size.
//! - An IMAP text and its RFC822.SIZE, made equal by two lies (`size` in `fetch.rs`).
//! - A maildrop that STAT, UIDL and LIST all call empty.
//!
//! If a doubtful message is reported as different at each reading, the second reading is stored, and it may be the lie; the
//! message stays on the server (`strange` in `round.rs`).

use crate::call::Call;
use crate::lie::Kind;
use crate::round::Invariant;

macro_rules! rows {
    ($($call:ident $kind:ident $invariant:ident $seed:literal;)*) => {
        &[$((Call::$call, Kind::$kind, Invariant::$invariant, $seed)),*]
    };
}

/// Seeds beyond the first 200 that have failed once.
pub(crate) const FAILED_BEFORE: &[u64] = &[
    206, 214, 261, 287, 607, 950, 964, 1004, 1542, 675, 268, 788, 1593, 1874, 2441, 2732, 3564, 3855, 4058, 5575, 5709,
    6825, 6984, 9220,
];

/// A call, a kind of lie, the invariant that it breaks, and a seed that shows it.
pub(crate) const HOLDS_NOT_YET: &[(Call, Kind, Invariant, u64)] = rows! {};
