//! What is in the maildrop, and what the server can do that it does not say: found out by trying, once in a session. It must not
//! take a refusal for a missing command where it may have another reason.

use super::census::{Census, Said};
use super::{Pop3, listing};
use crate::error::{Error, Kind, Result};
use crate::limits::Limits;
use crate::message_id::MessageId;
use crate::pop3::{Capabilities, Number};

/// What trying has shown in this session.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Found {
    uidl: Option<bool>,
    top: Option<bool>,
}

/// About how many bytes one message takes, while listings are compared and made into entries.
const WEIGHT: usize = 256;
/// How many messages TOP is tried on: the first may be refused because it is gone.
const TRIES: usize = 3;

impl Pop3 {
    /// The messages that are there: STAT and both listings, in one flight where the server lets them be. Where they differ, they are
    /// asked for once more, and what is still in dispute is counted.
    pub(super) async fn look(&mut self) -> Result<Vec<Number>> {
        let said = self.ask().await?;
        let marks = self.link.state().marks.clone();
        let census = match said.agreed(&marks) {
            Some(census) => census,
            None => Census::of(said, self.ask().await?, &marks, most(&self.maildrop.limits))?,
        };
        let Census { numbers, sizes, names, disputed } = census;
        self.maildrop.sizes.learn(sizes);
        self.maildrop.disputed = disputed + self.maildrop.names.learn(&numbers, names);
        self.maildrop.listed = true;
        Ok(numbers)
    }

    /// One flight of STAT, UIDL and LIST.
    async fn ask(&mut self) -> Result<Said> {
        let stat = self.submit_stat()?;
        let uidl = if self.maildrop.found.uidl == Some(false) { None } else { Some(self.submit_uidl()?) };
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
        names.iter().flatten().for_each(|names| self.maildrop.heard(names));
        sizes.iter().for_each(|sizes| self.maildrop.heard(sizes));
        let sizes = match sizes {
            Ok(sizes) => Some(sizes),
            Err(refusal) if refusal.code().is_some() => return Err(refusal),
            Err(_) if matches!(names, Some(Ok(_))) => None,
            // Some servers refuse to list what is empty.
            Err(_) if counted == Some(0) => None,
            Err(refusal) => return Err(refusal),
        };
        let names = match names {
            Some(Err(refusal)) if sizes.as_ref().is_some_and(|sizes| sizes.named > 0) => {
                self.missing(Capabilities::uidl, refusal)?;
                self.maildrop.found.uidl = Some(false);
                None
            }
            names => names.and_then(Result::ok),
        };
        Ok(Said { counted, sizes, names })
    }

    /// Whether TOP can be used for these messages.
    pub(super) async fn has_top(&mut self, messages: &[(Number, &MessageId)]) -> Result<bool> {
        if self.announces(Capabilities::top) {
            return Ok(true);
        }
        let marks = self.link.state().marks.clone();
        for (number, _) in messages.iter().filter(|(number, _)| !marks.has(*number)).take(TRIES) {
            if self.maildrop.found.top.is_some() {
                break;
            }
            self.maildrop.found.top = match refusal(self.top(*number, 0).await)? {
                Ok(_) => Some(true),
                Err(refusal) if refusal.code().is_some() => None,
                // It is the command that was refused where the message is there.
                Err(_) => refusal(self.list_one(*number).await)?.is_ok().then_some(false),
            };
        }
        Ok(self.maildrop.found.top.unwrap_or(false))
    }

    /// Whether a refusal means that the server has no such command; where it does not, it is the error.
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

/// How many messages there may be.
fn most(limits: &Limits) -> usize {
    limits.untagged.min(limits.undelivered / WEIGHT)
}

/// A refusal as a value; everything else that went wrong stays an error.
fn refusal<T>(result: Result<T>) -> Result<Result<T>> {
    match result {
        Err(error) if error.kind() != Kind::Rejected => Err(error),
        other => Ok(other),
    }
}
