//! What is known to fail until a fix lands, and the seeds that have failed before. A row that no longer fails is printed, and can go.
//! There is none now.
//!
//! Some lies look detectable and are not, and are marked consistent where they are told:
//! - A POP3 reply that comes twice, of a message as long as another one, or that is lost before two such (`has_twin`,
//!   `is_before_twins` in `fib.rs`). The replies that follow are taken for their neighbours', and the twin's text has the size that is
//!   declared. That a reply is left over, or lacking, shows only after the last one, when the texts are delivered.
//! - A POP3 reply that comes twice before a message that UIDL names and LIST gives no size of (`is_before_unsized`).
//! - A POP3 text that another lie made as long at an earlier reading (`Declared::sent`): two readings that are alike are believed.
//! - POP3 listings that end where STAT says, by another lie, that they do.
//! - A POP3 text of a message whose LIST line was lost or made as long by another lie. Nothing else declares its size.
//! - An IMAP text and its RFC822.SIZE, made equal by two lies (`size` in `fetch.rs`).
//! - A maildrop that STAT, UIDL and LIST all call empty.
//!
//! Of a doubtful message that is reported as different at each reading the second reading is stored, and it may be the lie; the
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
