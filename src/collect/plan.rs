//! [`Plan`]: what a run would do with each message: the dry run. It must not know how it is done.

use std::fmt;

use crate::MessageId;

/// What a run would do if it began now and nothing failed: one row for each message on the server, in its order.
///
/// ```
/// let plan = postroom::collect::Plan::default();
/// assert_eq!((plan.rows.len(), plan.octets(), plan.deletions()), (0, 0, 0));
/// ```
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Plan {
    /// The messages.
    pub rows: Vec<Planned>,
}

/// One message of a [`Plan`].
///
/// ```
/// fn is_deleted_unread(row: &postroom::collect::Planned) -> bool {
///     row.deletes && row.step != postroom::collect::Step::Collect
/// }
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Planned {
    /// Which message.
    pub id: MessageId,
    /// Its size in octets, as the server declares it.
    pub size: Option<u64>,
    /// What the run would do with it.
    pub step: Step,
    /// Whether the run would delete it from the server at its end.
    pub deletes: bool,
}

/// What a run does with a message.
///
/// ```
/// use postroom::collect::{Plan, Step};
///
/// assert_eq!(Plan::default().count(Step::Collect), 0);
/// assert_eq!(Step::HeaderKnown.to_string(), "header known");
/// ```
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum Step {
    /// Downloads it.
    Collect,
    /// Downloads it, and decides by its digest whether it is new: the server has no stable id for it, or one that may have meant another
    /// message.
    Examine,
    /// Downloads its header: the message is over the size that the policy allows.
    CollectHeader,
    /// Nothing: it was collected before. If two readings of it differed then, it is never deleted.
    Known,
    /// Nothing: its header was collected before, and the message is still over the size that the policy allows.
    HeaderKnown,
    /// Nothing in this run: the budget is spent.
    Wait,
}

impl Plan {
    /// How many messages have that step.
    pub fn count(&self, step: Step) -> usize {
        self.rows.iter().filter(|row| row.step == step).count()
    }

    /// The octets to download, by the sizes that the server declares; headers are not counted.
    pub fn octets(&self) -> u64 {
        let brought = self.rows.iter().filter(|row| matches!(row.step, Step::Collect | Step::Examine));
        brought.filter_map(|row| row.size).sum()
    }

    /// How many messages would be deleted from the server.
    pub fn deletions(&self) -> usize {
        self.rows.iter().filter(|row| row.deletes).count()
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Collect => "collect",
            Self::Examine => "examine",
            Self::CollectHeader => "header",
            Self::Known => "known",
            Self::HeaderKnown => "header known",
            Self::Wait => "wait",
        })
    }
}

/// One line a message, and one for the sum.
impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for row in &self.rows {
            let size = row.size.map_or_else(|| "?".to_owned(), |size| size.to_string());
            let end = if row.deletes { "delete" } else { "leave" };
            writeln!(f, "{:12}  {end:6}  {size:>10}  {}", row.step, row.id)?;
        }
        let brought = self.count(Step::Collect) + self.count(Step::Examine);
        write!(
            f,
            "{brought} messages ({} octets) and {} headers to download, {} of {} messages to delete",
            self.octets(),
            self.count(Step::CollectHeader),
            self.deletions(),
            self.rows.len()
        )
    }
}
