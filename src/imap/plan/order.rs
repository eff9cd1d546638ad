//! Which command may run beside which (RFC 9051 §5.5), as data and one pure function. Commands carry an [`Order`]; nothing here
//! knows a command by name, or how it is sent.

use crate::imap::codec::Kind;

/// The kinds of untagged data a command takes as its own while it runs.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) struct Claims(u32);

/// What a command asks of those beside it.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) struct Order {
    /// What comes before must end first.
    pub(crate) waits: bool,
    /// What comes behind must wait.
    pub(crate) holds: bool,
    /// A SELECT, which holds all but the command that was asked for together with it.
    pub(crate) carries: bool,
    /// That command: one that only reads, and whose selection is the one that the SELECT before it makes.
    pub(crate) rides: bool,
    /// Data that could not be told apart if another running command claimed it too.
    pub(crate) claims: Claims,
    /// Data of others that would mean something else with this command beside them.
    pub(crate) disturbs: Claims,
    /// What the claimed data are about, as a number: those about something else can be told apart.
    pub(crate) subject: Option<u64>,
}

impl Claims {
    pub(crate) const NONE: Self = Self(0);
    pub(crate) const CAPABILITY: Self = Self(1);
    pub(crate) const LIST: Self = Self(1 << 1);
    pub(crate) const SEARCH: Self = Self(1 << 2);
    pub(crate) const FETCH: Self = Self(1 << 3);
    pub(crate) const STATUS: Self = Self(1 << 4);
    pub(crate) const NAMESPACE: Self = Self(1 << 5);
    pub(crate) const ID: Self = Self(1 << 6);
    /// Data that this crate has no name for, which no two commands may wait for at once.
    pub(crate) const OTHER: Self = Self(1 << 7);
    pub(crate) const SORT: Self = Self(1 << 8);
    pub(crate) const THREAD: Self = Self(1 << 9);
    pub(crate) const QUOTA: Self = Self(1 << 10);
    pub(crate) const QUOTAROOT: Self = Self(1 << 11);
    pub(crate) const ACL: Self = Self(1 << 12);
    pub(crate) const LISTRIGHTS: Self = Self(1 << 13);
    pub(crate) const MYRIGHTS: Self = Self(1 << 14);
    pub(crate) const METADATA: Self = Self(1 << 15);
    pub(crate) const LANGUAGE: Self = Self(1 << 16);
    pub(crate) const COMPARATOR: Self = Self(1 << 17);
    pub(crate) const GENURLAUTH: Self = Self(1 << 18);
    pub(crate) const URLFETCH: Self = Self(1 << 19);
    pub(crate) const CONVERTED: Self = Self(1 << 20);
    pub(crate) const JMAPACCESS: Self = Self(1 << 21);
    /// All data with mailbox names or search results in them, whose form changes with IMAP4rev2.
    pub(crate) const DIALECT: Self = Self::LIST.and(Self::SEARCH).and(Self::STATUS).and(Self::NAMESPACE);

    /// The claim on responses of this name.
    pub(crate) fn named(name: &[u8]) -> Self {
        match name.eq_ignore_ascii_case(b"FETCH") {
            true => Self::FETCH,
            false => Self::on(Kind::of(name)),
        }
    }

    /// The claim that covers this kind of data.
    fn on(kind: Kind) -> Self {
        match kind {
            Kind::Fetch(_) | Kind::UidFetch(_) => Self::FETCH,
            Kind::Capability => Self::CAPABILITY,
            Kind::List | Kind::Lsub | Kind::Xlist => Self::LIST,
            Kind::Search | Kind::Esearch => Self::SEARCH,
            Kind::Status => Self::STATUS,
            Kind::Namespace => Self::NAMESPACE,
            Kind::Id => Self::ID,
            Kind::Sort => Self::SORT,
            Kind::Thread => Self::THREAD,
            Kind::Quota => Self::QUOTA,
            Kind::QuotaRoot => Self::QUOTAROOT,
            Kind::Acl => Self::ACL,
            Kind::ListRights => Self::LISTRIGHTS,
            Kind::MyRights => Self::MYRIGHTS,
            Kind::Metadata => Self::METADATA,
            Kind::Language => Self::LANGUAGE,
            Kind::Comparator => Self::COMPARATOR,
            Kind::Genurlauth => Self::GENURLAUTH,
            Kind::Urlfetch => Self::URLFETCH,
            Kind::Converted => Self::CONVERTED,
            Kind::Jmapaccess => Self::JMAPACCESS,
            Kind::Other => Self::OTHER,
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

    pub(crate) const fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

impl Order {
    const FREE: Self = Self {
        waits: false,
        holds: false,
        carries: false,
        rides: false,
        claims: Claims::NONE,
        disturbs: Claims::NONE,
        subject: None,
    };
    /// A barrier.
    pub(crate) const ALONE: Self = Self::FREE.alone();
    /// A barrier that one command may ride behind.
    pub(crate) const SELECT: Self = Self { carries: true, ..Self::ALONE };

    pub(crate) const fn claiming(claims: Claims) -> Self {
        Self { claims, ..Self::FREE }
    }

    pub(crate) const fn disturbing(disturbs: Claims) -> Self {
        Self { disturbs, ..Self::FREE }
    }

    pub(crate) const fn alone(self) -> Self {
        Self { waits: true, ..self.holding() }
    }

    pub(crate) const fn holding(self) -> Self {
        Self { holds: true, ..self }
    }

    pub(crate) const fn riding(self) -> Self {
        Self { rides: true, ..self }
    }

    pub(crate) const fn about(self, subject: u64) -> Self {
        Self { subject: Some(subject), ..self }
    }

    /// Whether it is about data of messages, or changes what others ask for.
    pub(crate) fn is_about_messages(self) -> bool {
        self.touches()
            .overlaps(Claims::FETCH.and(Claims::SEARCH).and(Claims::SORT).and(Claims::THREAD).and(Claims::OTHER))
    }

    fn touches(self) -> Claims {
        self.claims.and(self.disturbs)
    }

    fn clashes(self, other: Self) -> bool {
        let apart = self.subject.zip(other.subject).is_some_and(|(mine, theirs)| mine != theirs);
        !apart && self.touches().overlaps(other.touches())
    }
}

/// Whether a command may be sent while those are running. Commands start in the order in which they were asked for, so one
/// that may not start holds up the ones behind it.
pub(crate) fn may_start(next: Order, mut running: impl Iterator<Item = Order>) -> bool {
    running.all(|other| {
        let held = other.holds && !(other.carries && next.rides);
        !next.waits && !held && !next.clashes(other)
    })
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

    #[test]
    fn only_what_rides_may_follow_a_select_that_is_not_confirmed() {
        let riding = FETCH.riding();
        assert!(may_start(riding, [Order::SELECT].into_iter()));
        assert!(!may_start(FETCH, [Order::SELECT].into_iter()));
        assert!(!may_start(riding, [Order::ALONE].into_iter()));
        assert!(!may_start(PLAIN, [Order::SELECT, riding].into_iter()));
        assert!(!may_start(Order::SELECT, [PLAIN].into_iter()));
    }

    #[test]
    fn enable_goes_beside_id_but_not_beside_data_whose_form_it_changes() {
        let enable = Order::disturbing(Claims::DIALECT).holding();
        assert!(may_start(enable, [Order::claiming(Claims::ID)].into_iter()));
        assert!(!may_start(enable, [Order::claiming(Claims::LIST)].into_iter()));
        assert!(!may_start(Order::claiming(Claims::ID), [enable].into_iter()));
    }

    #[test]
    fn data_about_different_things_can_be_told_apart() {
        let status = Order::claiming(Claims::STATUS);
        assert!(may_start(status.about(1), [status.about(2)].into_iter()));
        assert!(!may_start(status.about(1), [status.about(2), status.about(1)].into_iter()));
        assert!(!may_start(status, [status.about(2)].into_iter()));
    }

    #[test]
    fn each_kind_of_data_has_one_claim() {
        let all = [
            ("CAPABILITY", Claims::CAPABILITY),
            ("LIST LSUB XLIST", Claims::LIST),
            ("SEARCH ESEARCH", Claims::SEARCH),
            ("FETCH fetch", Claims::FETCH),
            ("STATUS", Claims::STATUS),
            ("NAMESPACE", Claims::NAMESPACE),
            ("ID", Claims::ID),
            ("SORT", Claims::SORT),
            ("THREAD", Claims::THREAD),
            ("QUOTA", Claims::QUOTA),
            ("QUOTAROOT", Claims::QUOTAROOT),
            ("ACL", Claims::ACL),
            ("LISTRIGHTS", Claims::LISTRIGHTS),
            ("MYRIGHTS", Claims::MYRIGHTS),
            ("METADATA", Claims::METADATA),
            ("LANGUAGE", Claims::LANGUAGE),
            ("COMPARATOR", Claims::COMPARATOR),
            ("GENURLAUTH", Claims::GENURLAUTH),
            ("URLFETCH", Claims::URLFETCH),
            ("CONVERTED", Claims::CONVERTED),
            ("JMAPACCESS", Claims::JMAPACCESS),
            ("XYZ XBC", Claims::OTHER),
            ("OK NO BAD BYE PREAUTH FLAGS VANISHED ENABLED", Claims::NONE),
        ];
        for (names, claim) in all {
            for name in names.split_whitespace() {
                assert_eq!(Claims::named(name.as_bytes()), claim, "{name}");
            }
            for (others, other) in all {
                assert_eq!(claim.overlaps(other), claim == other && claim != Claims::NONE, "{names}; {others}");
            }
        }
        for dialect in [Claims::LIST, Claims::SEARCH, Claims::STATUS, Claims::NAMESPACE] {
            assert!(Claims::DIALECT.overlaps(dialect) && !dialect.overlaps(Claims::FETCH));
        }
    }

    #[test]
    fn what_is_claimed_and_disturbed_at_once_is_still_claimed() {
        let store = Order { claims: Claims::FETCH, ..Order::disturbing(Claims::FETCH) };
        assert!(!may_start(FETCH, [store].into_iter()));
        assert_eq!(Claims::FETCH.and(Claims::FETCH), Claims::FETCH);
    }
}
