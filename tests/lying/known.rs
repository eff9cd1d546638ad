//! What is known to fail until a fix lands, and the seeds that have failed before. A row that no longer fails is printed, and can go.

use crate::call::Call;
use crate::lie::Kind;
use crate::round::Invariant;

/// A call, a kind of lie, the invariant that breaks, and a seed that shows it.
pub(crate) const HOLDS_NOT_YET: &[(Call, Kind, Invariant, u64)] = &[];

/// Seeds beyond the first that have failed once.
pub(crate) const FAILED_BEFORE: &[u64] = &[];
