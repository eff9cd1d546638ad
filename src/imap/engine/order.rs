//! Which command may run beside which (RFC 9051 §5.5), as data and one pure function. Commands carry an [`Order`]; nothing here
//! knows a command by name, or how it is sent.

use crate::imap::codec::Kind;

/// The kinds of untagged data a command takes as its own while it runs.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) struct Claims(u32);

/// What a command asks of those beside it.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) struct Order {
    /// Runs alone: what comes before must end first, what comes behind must wait.
    pub(crate) barrier: bool,
    /// Data that could not be told apart if another running command claimed it too.
    pub(crate) claims: Claims,
    /// Data of others that would mean something else with this command beside them.
    pub(crate) disturbs: Claims,
}

impl Claims {
    pub(crate) const NONE: Self = Self(0);
    pub(crate) const CAPABILITY: Self = Self(1);
    pub(crate) const LIST: Self = Self(1 << 1);
    pub(crate) const SEARCH: Self = Self(1 << 2);
    pub(crate) const FETCH: Self = Self(1 << 3);

    /// The claim that covers this kind of data.
    fn on(kind: Kind) -> Self {
        match kind {
            Kind::Fetch(_) | Kind::UidFetch(_) => Self::FETCH,
            Kind::Capability => Self::CAPABILITY,
            Kind::List | Kind::Lsub | Kind::Xlist => Self::LIST,
            Kind::Search | Kind::Esearch => Self::SEARCH,
            _ => Self::NONE,
        }
    }

    #[inline]
    pub(crate) fn covers(self, kind: Kind) -> bool {
        self.overlaps(Self::on(kind))
    }

    #[inline]
    fn overlaps(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    const fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

impl Order {
    pub(crate) const ALONE: Self = Self { barrier: true, claims: Claims::NONE, disturbs: Claims::NONE };

    pub(crate) const fn claiming(claims: Claims) -> Self {
        Self { barrier: false, claims, disturbs: Claims::NONE }
    }

    pub(crate) const fn disturbing(disturbs: Claims) -> Self {
        Self { barrier: false, claims: Claims::NONE, disturbs }
    }

    pub(crate) const fn alone(self) -> Self {
        Self { barrier: true, ..self }
    }
}

/// Whether a command may be sent while those are running. Commands start in the order in which they were asked for, so one
/// that may not start holds up the ones behind it.
pub(crate) fn may_start(next: Order, mut running: impl Iterator<Item = Order>) -> bool {
    let touches = |order: Order| order.claims.and(order.disturbs);
    running.all(|other| !next.barrier && !other.barrier && !touches(next).overlaps(touches(other)))
}

#[cfg(test)]
mod tests {
    use super::*;

    const FETCH: Order = Order::claiming(Claims::FETCH);
    const SEARCH: Order = Order::claiming(Claims::SEARCH);
    const PLAIN: Order = Order::claiming(Claims::NONE);

    #[test]
    fn commands_that_claim_nothing_run_beside_anything() {
        assert!(may_start(PLAIN, [PLAIN, FETCH, SEARCH].into_iter()));
    }

    #[test]
    fn two_that_claim_the_same_data_are_serialised() {
        assert!(!may_start(FETCH, [SEARCH, FETCH].into_iter()));
        assert!(may_start(FETCH, [SEARCH].into_iter()));
    }

    #[test]
    fn what_disturbs_data_waits_for_those_who_claim_it() {
        let store = Order::disturbing(Claims::FETCH);
        assert!(!may_start(store, [FETCH].into_iter()));
        assert!(!may_start(FETCH, [store].into_iter()));
        assert!(may_start(store, [SEARCH].into_iter()));
    }

    #[test]
    fn a_barrier_waits_for_all_before_it_and_holds_all_behind_it() {
        assert!(!may_start(Order::ALONE, [PLAIN].into_iter()));
        assert!(!may_start(PLAIN, [Order::ALONE].into_iter()));
        assert!(may_start(Order::ALONE, std::iter::empty()));
    }
}
