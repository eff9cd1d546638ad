//! UID SEARCH (RFC 9051 §6.4.4, RFC 4731): finds the messages that match. Accepts both SEARCH and ESEARCH as an answer, with or without
//! RETURN in the command.

use bytes::Bytes;

use super::{Command, EncodeOptions, Frames};
use crate::error::{Error, Kind, Result};
use crate::imap::codec::{self, Line};
use crate::imap::plan::{Claims, Order, Plan, RequiredState, SessionEffect};
use crate::imap::types::{Condition, Query, Ranges, SavedMark, SearchCharset, SearchResult, SearchReturn, Uids};

pub(crate) struct Search<'a> {
    pub(crate) selection: u64,
    pub(crate) query: &'a Query,
    /// What to return, if the server supports RETURN.
    pub(crate) returns: Option<SearchReturn>,
    /// The charset of the texts, if it is not UTF-8.
    pub(crate) charset: Option<&'a SearchCharset>,
    /// The saved result that it makes.
    pub(crate) saves: Option<SavedMark>,
}

impl<'a> Search<'a> {
    pub(crate) fn new(selection: u64, query: &'a Query, returns: Option<SearchReturn>) -> Self {
        let saves = returns.filter(|returns| returns.saves()).map(|_| SavedMark::new());
        Self { selection, query, returns, charset: None, saves }
    }
}

impl Command for Search<'_> {
    type Output = SearchResult;

    fn plan(&self, options: EncodeOptions) -> Result<Plan> {
        let line = Line::new("UID SEARCH");
        let line = match self.returns {
            Some(returns) => line.checked(&format!("RETURN ({returns})")),
            None => line,
        };
        // UTF-8 is the default in IMAP4rev2 (RFC 9051 §6.4.4), but Cyrus 3.10 requires CHARSET.
        let named = !options.no_charset && !self.query.is_ascii();
        let name = self.charset.map_or("UTF-8", SearchCharset::name);
        let line = if named { line.atom("CHARSET")?.astring(name)? } else { line };
        let plan = Plan::new("UID SEARCH", line.query_in(self.query, self.charset)?.finish());
        let plan = plan.naming(self.query.among()).order(Order::claiming(Claims::SEARCH));
        let plan = match self.query.saved_mark() {
            Some(mark) => plan.needs(RequiredState::Saved(self.selection, mark)),
            None => plan.needs(RequiredState::Selection(self.selection)),
        };
        Ok(match self.saves {
            Some(mark) => plan.effect(SessionEffect::Save(mark)),
            None if self.returns.is_some_and(SearchReturn::updates) => plan.effect(SessionEffect::Update),
            None => plan,
        })
    }

    fn output(self, frames: impl Frames, _: Condition) -> Result<SearchResult> {
        let read = |frame: &Bytes| {
            codec::search::parse(frame)
                .map_err(|error| Error::missing("the answer to SEARCH cannot be read").with_source(error))
        };
        let frames = frames.into_iter();
        if frames.len() == 0 && !self.returns.is_some_and(SearchReturn::is_silent) {
            return Err(Error::missing("the server did not send the result of the search"));
        }
        // If a response has the command's tag, responses without a tag are not part of the answer.
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
                "the server answered a search with messages outside of the set that was searched",
            ));
        }
        if self.returns.is_none_or(|returns| returns.has_all()) {
            all.all.get_or_insert_default();
        }
        Ok(all)
    }
}

/// Whether the result contains messages outside of the searched set. If that ends in `*`, one message may lie below its beginning: the
/// last one of the mailbox (RFC 9051 §9).
fn reaches_beyond(all: &Uids, among: &Uids) -> bool {
    let beyond = all.difference(among);
    beyond.len() > u64::from(among.open_from().is_some())
}

/// A result that some servers split into several responses.
#[derive(Default)]
struct Joined {
    found: SearchResult,
    /// Becomes a set at the end, since there may be many responses with one message each.
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
