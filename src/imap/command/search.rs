//! UID SEARCH (RFC 9051 §6.4.4, RFC 4731): which messages match. Answers of the one kind and of the other are taken for both
//! kinds of question.

use bytes::Bytes;

use super::{Command, Frames, Terms};
use crate::error::{Error, Kind, Result};
use crate::imap::codec::{self, Line};
use crate::imap::plan::{Claims, Needs, Order, Plan};
use crate::imap::types::{Condition, Query, Ranges, SearchResult, SearchReturn, Uids};

pub(crate) struct Search<'a> {
    pub(crate) selection: u64,
    pub(crate) query: &'a Query,
    /// What is wanted, where the server can be asked for just that.
    pub(crate) returns: Option<SearchReturn>,
}

impl Command for Search<'_> {
    type Output = SearchResult;

    fn plan(&self, terms: Terms) -> Result<Plan> {
        let line = Line::new("UID SEARCH");
        let line = match self.returns {
            Some(returns) => line.checked(&format!("RETURN ({returns})")),
            None => line,
        };
        // UTF-8 is what an IMAP4rev2 server takes strings for anyway (RFC 9051 §6.4.4), but Cyrus 3.10 wants to be told.
        let named = !terms.no_charset && !self.query.is_ascii();
        let line = if named { line.atom("CHARSET")?.atom("UTF-8")? } else { line };
        let plan = Plan::new("UID SEARCH", line.query(self.query)?.finish());
        let plan = plan.naming(self.query.among());
        Ok(plan.order(Order::claiming(Claims::SEARCH)).needs(Needs::Selection(self.selection)))
    }

    fn output(self, frames: impl Frames, _: Condition) -> Result<SearchResult> {
        let read = |frame: &Bytes| {
            codec::search::parse(frame)
                .map_err(|error| Error::protocol("the answer to SEARCH cannot be read").with_source(error))
        };
        let frames = frames.into_iter();
        if frames.len() == 0 && !self.returns.is_some_and(SearchReturn::is_silent) {
            return Err(Error::new(Kind::Missing, "the server did not say what the search has found"));
        }
        // What names the command by its tag is its answer, and what names nothing beside it is not.
        let (mut tagged, mut plain) = (None, Joined::default());
        for frame in frames {
            let found = read(&frame)?;
            match found.tag.is_some() {
                true => tagged.get_or_insert_with(Joined::default).add(found),
                false => plain.add(found),
            }
        }
        let mut all = tagged.unwrap_or(plain).finish();
        if let Some(among) = self.query.among()
            && all.all.as_ref().is_some_and(|all| reaches_beyond(all, among))
        {
            return Err(Error::new(
                Kind::Missing,
                "the server answers a search about other messages than those it was asked for",
            ));
        }
        if self.returns.is_none_or(|returns| returns.has_all()) {
            all.all.get_or_insert_default();
        }
        Ok(all)
    }
}

/// Of a set that ends in `*` one message may lie below its beginning: the last of the mailbox (RFC 9051 §9).
fn reaches_beyond(all: &Uids, among: &Uids) -> bool {
    let beyond = all.difference(among);
    beyond.len() > u64::from(among.open_from().is_some())
}

/// What came in several responses, as some servers tell it.
#[derive(Default)]
struct Joined {
    found: SearchResult,
    /// Put together at the end: there may be many responses of one message each.
    ranges: Ranges,
    has_all: bool,
}

impl Joined {
    fn add(&mut self, more: SearchResult) {
        if let Some(uids) = more.all {
            self.has_all = true;
            uids.ranges().for_each(|range| self.ranges.push(*range.start(), *range.end()));
        }
        let all = &mut self.found;
        all.min = all.min.or(more.min);
        all.max = all.max.or(more.max);
        all.count = all.count.or(more.count);
        all.partial = all.partial.take().or(more.partial);
        all.relevancy.extend(more.relevancy);
        all.modseq = all.modseq.max(more.modseq);
    }

    fn finish(self) -> SearchResult {
        let all = self.has_all.then(|| Uids::from(self.ranges));
        SearchResult { all, ..self.found }
    }
}
