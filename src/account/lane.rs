//! [`Lane`]: how urgent the work of a session is, and how many sessions each lane may have. It must not know a session.

/// How urgent the work is for which an account uses a session.
///
/// ```
/// use postroom::account::Lane;
///
/// assert!(Lane::Interactive < Lane::Bulk);
/// ```
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
#[non_exhaustive]
pub enum Lane {
    /// Somebody waits for it: it comes first.
    Interactive,
    /// Large downloads and uploads, cut into pieces. Between two pieces interactive work may take the session.
    Bulk,
    /// Waiting for changes. Its session is given to other work if that has no other one.
    Watch,
}

impl Lane {
    /// From the most urgent one.
    pub(super) const ALL: [Self; 3] = [Self::Interactive, Self::Bulk, Self::Watch];

    pub(super) const fn index(self) -> usize {
        self as usize
    }

    /// Whether this lane may have one session more. One of several is left for interactive work.
    pub(super) fn may_have_one_more(self, used: [usize; 3], most: usize) -> bool {
        let [_, bulk, watch] = used;
        match self {
            Self::Interactive => true,
            Self::Bulk => bulk < most.saturating_sub(1 + watch).max(1),
            Self::Watch => watch < most.saturating_sub(1 + bulk).max(1),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_of_several_sessions_is_left_for_interactive_work() {
        for most in 1..6 {
            for bulk in 0..most {
                for watch in 0..most - bulk {
                    let used = [0, bulk, watch];
                    let left = most - bulk - watch;
                    for lane in [Lane::Bulk, Lane::Watch] {
                        let allowed = lane.may_have_one_more(used, most);
                        let has_none = used[lane.index()] == 0;
                        assert_eq!(allowed, left > 1 || has_none, "{lane:?} {used:?} of {most}");
                    }
                    assert!(Lane::Interactive.may_have_one_more(used, most));
                }
            }
        }
    }
}
