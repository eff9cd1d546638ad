//! Lists the maildrop, and tries, once in a session, commands that the server does not announce. It must not take a
//! refusal for a missing command if it may have another reason.

use super::census::{Census, ListingReplies};
use super::{Pop3, listing};
use crate::error::{Error, Kind, Result};
use crate::limits::Limits;
use crate::message_id::MessageId;
use crate::pop3::{Capabilities, Number};

/// About how many bytes of memory one message takes while listings are compared and made into entries.
const WEIGHT: usize = 256;
/// The number of messages on which TOP is tried: the first one may be refused because it is gone.
const TRIES: usize = 3;

impl Pop3 {
    /// The messages that exist: STAT, UIDL and LIST, in one round trip with PIPELINING. If they disagree, they are sent once more, and
    /// the remaining contradictions are counted.
    pub(super) async fn take_census(&mut self) -> Result<Vec<Number>> {
        let replies = self.request_listings().await?;
        let marks = self.link.state().marks.clone();
        let census = match replies.agreed(&marks) {
            Some(census) => census,
            None => Census::of(replies, self.request_listings().await?, &marks, most(&self.maildrop.limits))?,
        };
        let Census { numbers, sizes, names, disputed } = census;
        self.maildrop.sizes.learn(sizes);
        self.maildrop.disputed = disputed + self.maildrop.names.learn(&numbers, names);
        self.maildrop.listed = true;
        Ok(numbers)
    }

    /// Sends STAT, UIDL and LIST together.
    async fn request_listings(&mut self) -> Result<ListingReplies> {
        let stat = self.submit_stat()?;
        let uidl = if self.maildrop.probed.uidl == Some(false) { None } else { Some(self.submit_uidl()?) };
        let list = self.submit_list()?;
        let limits = &self.maildrop.limits;
        let counted = refusal(listing::count(stat).await)?.ok().flatten();
        let names = match uidl {
            Some(inbox) => Some(refusal(listing::unique_ids(inbox, limits).await)?),
            None => None,
        };
        let sizes = refusal(listing::sizes(list, limits).await)?;
        let named = names.iter().flatten().map(|names| names.named).chain(sizes.iter().map(|sizes| sizes.named));
        if named.max().is_some_and(|named| named > most(&self.maildrop.limits)) {
            return Err(Error::limit("the messages that the listings name take more memory than the limit"));
        }
        names.iter().flatten().for_each(|names| self.maildrop.count_unreadable(names));
        sizes.iter().for_each(|sizes| self.maildrop.count_unreadable(sizes));
        let sizes = match sizes {
            Ok(sizes) => Some(sizes),
            Err(refusal) if refusal.code().is_some() => return Err(refusal),
            Err(_) if matches!(names, Some(Ok(_))) => None,
            // Some servers refuse to list an empty maildrop.
            Err(_) if counted == Some(0) => None,
            Err(refusal) => return Err(refusal),
        };
        let names = match names {
            Some(Err(refusal)) if sizes.as_ref().is_some_and(|sizes| sizes.named > 0) => {
                self.missing(Capabilities::uidl, refusal)?;
                self.maildrop.probed.uidl = Some(false);
                None
            }
            names => names.and_then(Result::ok),
        };
        Ok(ListingReplies { counted, sizes, names })
    }

    /// Whether TOP can be used for these messages.
    pub(super) async fn has_top(&mut self, messages: &[(Number, &MessageId)]) -> Result<bool> {
        if self.announces(Capabilities::top) {
            return Ok(true);
        }
        let marks = self.link.state().marks.clone();
        for (number, _) in messages.iter().filter(|(number, _)| !marks.has(*number)).take(TRIES) {
            if self.maildrop.probed.top.is_some() {
                break;
            }
            self.maildrop.probed.top = match refusal(self.top(*number, 0).await)? {
                Ok(_) => Some(true),
                Err(refusal) if refusal.code().is_some() => None,
                // If the message exists, the command itself was refused.
                Err(_) => refusal(self.list_one(*number).await)?.is_ok().then_some(false),
            };
        }
        Ok(self.maildrop.probed.top.unwrap_or(false))
    }

    /// Checks that a refusal means that the server lacks the command; otherwise the refusal is the error.
    fn missing(&self, announced: fn(&Capabilities) -> bool, refusal: Error) -> Result<()> {
        match refusal.code().is_some() || self.announces(announced) {
            true => Err(refusal),
            false => Ok(()),
        }
    }

    fn announces(&self, capability: fn(&Capabilities) -> bool) -> bool {
        self.link.state().capabilities.as_deref().is_some_and(capability)
    }
}

/// The most messages that a maildrop may have.
fn most(limits: &Limits) -> usize {
    limits.untagged.min(limits.undelivered / WEIGHT)
}

/// Returns a refusal as a value; other errors stay errors.
fn refusal<T>(result: Result<T>) -> Result<Result<T>> {
    match result {
        Err(error) if error.kind() != Kind::Rejected => Err(error),
        other => Ok(other),
    }
}
