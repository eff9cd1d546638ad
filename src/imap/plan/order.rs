//! Which commands may run at the same time (RFC 9051 §5.5), as data and one pure function. Each command has an [`Order`]. It must not
//! know a command by name, nor how it is sent.

use crate::imap::codec::Kind;

/// The kinds of untagged data that are part of a command's answer while it runs.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) struct Claims(u32);

/// Commands that may be sent although the one before them is a barrier and not done, or they are barriers themselves.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) struct Followers(u8);

/// What a command requires of other commands.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) struct Order {
    /// Starts only when all earlier commands are done.
    pub(crate) after_all: bool,
    /// Blocks all later commands until it is done.
    pub(crate) before_all: bool,
    /// What may follow it all the same before it is done.
    pub(crate) allows: Followers,
    /// What it is itself, for the command before it.
    pub(crate) is: Followers,
    /// Data that cannot be attributed if another running command claims it too.
    pub(crate) claims: Claims,
    /// Data of other commands that would become ambiguous if this command ran at the same time.
    pub(crate) conflicts_with: Claims,
    /// What the claimed data are about, as a number. Data about different subjects can be attributed.
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
    /// Data of a kind that this crate does not know. No two commands may claim it at the same time.
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
    /// The description of the mailbox that is being opened.
    pub(crate) const OPENED: Self = Self(1 << 22);

    /// The claim on responses with this name.
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

impl Followers {
    const NONE: Self = Self(0);
    /// What leads to an open mailbox, and the SELECT itself.
    const OPENING: Self = Self(1);
    /// What only reads in the mailbox that a SELECT opens.
    const READING: Self = Self(2);
    /// A login.
    const LOGGING_IN: Self = Self(4);

    const fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    fn overlaps(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }
}

impl Order {
    const FREE: Self = Self {
        after_all: false,
        before_all: false,
        allows: Followers::NONE,
        is: Followers::NONE,
        claims: Claims::NONE,
        conflicts_with: Claims::NONE,
        subject: None,
    };
    /// A barrier: the command runs alone.
    pub(crate) const ALONE: Self = Self::FREE.alone();
    /// A barrier that may follow what prepares it, and on which a command that reads may be pipelined.
    pub(crate) const SELECT: Self =
        Self { allows: Followers::READING, claims: Claims::OPENED, ..Self::ALONE.preparing() };
    /// A barrier that prepares a SELECT, which may follow it at once, and what is pipelined on that.
    pub(crate) const PREPARING: Self = Self::ALONE.preparing().letting_prepare();

    pub(crate) const fn claiming(claims: Claims) -> Self {
        Self { claims, ..Self::FREE }
    }

    pub(crate) const fn conflicting_with(conflicts_with: Claims) -> Self {
        Self { conflicts_with, ..Self::FREE }
    }

    pub(crate) const fn alone(self) -> Self {
        Self { after_all: true, ..self.before_all() }
    }

    pub(crate) const fn before_all(self) -> Self {
        Self { before_all: true, ..self }
    }

    /// It may follow a command that prepares a SELECT.
    pub(crate) const fn preparing(self) -> Self {
        Self { is: Followers::OPENING, ..self }
    }

    /// What prepares a SELECT may follow it, the SELECT, and what is pipelined on that.
    pub(crate) const fn letting_prepare(self) -> Self {
        Self { allows: Followers::OPENING.and(Followers::READING), ..self }
    }

    /// A login, which may follow the end of another.
    pub(crate) const LOGIN: Self = Self { is: Followers::LOGGING_IN, ..Self::ALONE };

    /// A login may follow it.
    pub(crate) const fn letting_log_in(self) -> Self {
        Self { allows: Followers::LOGGING_IN, ..self }
    }

    pub(crate) const fn pipelined_on_select(self) -> Self {
        Self { is: Followers::READING, ..self }
    }

    /// Whether it may be about the mailbox that a SELECT before it opens.
    pub(crate) fn is_pipelined_on_select(self) -> bool {
        self.is == Followers::READING
    }

    /// Whether this command may follow before it is done, although it is a barrier.
    pub(crate) fn lets(self, next: Self) -> bool {
        self.allows.overlaps(next.is)
    }

    pub(crate) const fn about(self, subject: u64) -> Self {
        Self { subject: Some(subject), ..self }
    }

    /// Whether it claims data of messages, or conflicts with commands that do.
    pub(crate) fn is_about_messages(self) -> bool {
        self.footprint()
            .overlaps(Claims::FETCH.and(Claims::SEARCH).and(Claims::SORT).and(Claims::THREAD).and(Claims::OTHER))
    }

    fn footprint(self) -> Claims {
        self.claims.and(self.conflicts_with)
    }

    fn conflicts(self, other: Self) -> bool {
        let apart = self.subject.zip(other.subject).is_some_and(|(mine, theirs)| mine != theirs);
        !apart && self.footprint().overlaps(other.footprint())
    }
}

/// Whether a command may be sent while these commands are running. Commands start in the order of their calls, so a command that must
/// wait delays all later ones.
pub(crate) fn may_start(next: Order, mut running: impl Iterator<Item = Order>) -> bool {
    running.all(|other| (other.lets(next) || !next.after_all && !other.before_all) && !next.conflicts(other))
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
    fn a_command_waits_for_others_that_claim_the_data_it_conflicts_with() {
        let store = Order::conflicting_with(Claims::FETCH);
        assert!(!may_start(store, [FETCH].into_iter()));
        assert!(!may_start(FETCH, [store].into_iter()));
        assert!(may_start(store, [SEARCH].into_iter()));
    }

    #[test]
    fn a_barrier_runs_after_all_earlier_and_before_all_later_commands() {
        assert!(!may_start(Order::ALONE, [PLAIN].into_iter()));
        assert!(!may_start(PLAIN, [Order::ALONE].into_iter()));
        assert!(may_start(Order::ALONE, std::iter::empty()));
    }

    #[test]
    fn only_a_pipelined_command_may_follow_a_select_that_is_not_confirmed() {
        let pipelined = FETCH.pipelined_on_select();
        assert!(may_start(pipelined, [Order::SELECT].into_iter()));
        assert!(!may_start(FETCH, [Order::SELECT].into_iter()));
        assert!(!may_start(pipelined, [Order::ALONE].into_iter()));
        assert!(!may_start(PLAIN, [Order::SELECT, pipelined].into_iter()));
        assert!(!may_start(Order::SELECT, [PLAIN].into_iter()));
    }

    #[test]
    fn a_select_may_follow_what_prepares_it_and_nothing_else() {
        let (id, compress) = (Order::claiming(Claims::ID).letting_prepare(), PLAIN.before_all().preparing());
        let (enable, select, fetch) = (Order::PREPARING, Order::SELECT, FETCH.pipelined_on_select());
        for (next, running) in [
            (enable, &[id][..]),
            (enable, &[id, enable]),
            (compress, &[id, enable]),
            (select, &[id, enable, enable]),
            (fetch, &[id, enable, enable, select]),
        ] {
            assert!(may_start(next, running.iter().copied()), "{next:?}");
        }
        for other in [PLAIN, FETCH, Order::ALONE, select, compress, fetch] {
            for next in [select, enable] {
                assert!(!may_start(next, [other].into_iter()), "{other:?}");
                assert!(!may_start(next, [id, enable, other].into_iter()), "{other:?}");
            }
        }
        assert!(!may_start(PLAIN, [enable].into_iter()) && !may_start(fetch, [compress].into_iter()));
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
    }

    #[test]
    fn a_claim_that_is_also_a_conflict_is_still_a_claim() {
        let store = Order { claims: Claims::FETCH, ..Order::conflicting_with(Claims::FETCH) };
        assert!(!may_start(FETCH, [store].into_iter()));
        assert_eq!(Claims::FETCH.and(Claims::FETCH), Claims::FETCH);
    }
}
