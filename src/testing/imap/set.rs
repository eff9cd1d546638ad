//! Sequence sets (RFC 3501 §9): parsed, and resolved in a view. It must not know a command.

use super::args::{Args, Stop};
use super::view::View;

pub(super) enum Set {
    Ranges(Vec<(Number, Number)>),
    /// `$`: what the last search with SAVE found (RFC 5182).
    Saved,
}

#[derive(Clone, Copy)]
pub(super) enum Number {
    Is(u32),
    Star,
}

impl Number {
    fn parse(text: &str) -> Option<Self> {
        match text {
            "*" => Some(Self::Star),
            _ if text.starts_with('0') || text.starts_with('+') => None,
            _ => text.parse().ok().map(Number::Is),
        }
    }

    fn value(self, star: u32) -> u32 {
        match self {
            Self::Is(value) => value,
            Self::Star => star,
        }
    }
}

impl Set {
    pub(super) fn parse(args: &mut Args) -> Result<Self, Stop> {
        if args.take(b'$') {
            return Ok(Self::Saved);
        }
        let text = args.set_text()?;
        let one = |part: &str| {
            let (first, last) = part.split_once(':').unwrap_or((part, part));
            Some((Number::parse(first)?, Number::parse(last)?))
        };
        let ranges: Option<Vec<_>> = text.split(',').map(one).collect();
        ranges.map(Self::Ranges).ok_or_else(|| Stop::bad("Not a sequence set"))
    }

    /// The indexes of the messages in the view, ascending, each once. A message number beyond the mailbox is an error, a missing UID is
    /// not (RFC 3501 §6.4.8).
    pub(super) fn resolve(&self, view: &View, uid: bool) -> Result<Vec<usize>, Stop> {
        let count = view.entries.len();
        if matches!(self, Self::Saved) {
            let saved = |index: &usize| view.entries.get(*index).is_some_and(|entry| view.saved.contains(&entry.uid));
            return Ok((0..count).filter(saved).collect());
        }
        let star = if uid { view.last_uid() } else { u32::try_from(count).unwrap_or(u32::MAX) };
        let mut indexes = Vec::new();
        for (first, last) in self.ranges(star) {
            if uid {
                let end = last.checked_add(1).map_or(count, |next| view.position_from(next));
                indexes.extend(view.position_from(first)..end);
            } else if first == 0 || last as usize > count {
                return Err(Stop::bad("No such message number"));
            } else {
                indexes.extend(first as usize - 1..last as usize);
            }
        }
        indexes.sort_unstable();
        indexes.dedup();
        Ok(indexes)
    }

    /// Whether the number is in the set. `star` is the largest number in use.
    pub(super) fn contains(&self, number: u32, star: u32) -> bool {
        self.ranges(star).any(|(first, last)| (first..=last).contains(&number))
    }

    fn ranges(&self, star: u32) -> impl Iterator<Item = (u32, u32)> {
        let ranges = match self {
            Self::Ranges(ranges) => ranges.as_slice(),
            Self::Saved => &[],
        };
        ranges.iter().map(move |(first, last)| {
            let (first, last) = (first.value(star), last.value(star));
            (first.min(last), first.max(last))
        })
    }
}
