//! The SELECT of a resumption while it runs: the messages that have changed, as they come, and what is known once it is
//! answered. It must not know what the program knew before, nor what follows.

use std::sync::Arc;
use std::task::{Context, Poll, ready};

use crate::error::{Error, Result};
use crate::imap::call::{ImapInbox, ImapLink, ended};
use crate::imap::codec::FetchedBatch;
use crate::imap::command::select::Select;
use crate::imap::command::{Command, EncodeOptions};
use crate::imap::engine::{Delivery, Request};
use crate::imap::session::Imap;
use crate::imap::types::{Fetched, FolderInfo, Ranges, Spans, Uid, Uids, is_modseq};
use crate::limits::Limits;

pub(super) struct Selecting {
    link: ImapLink,
    limits: Limits,
    inbox: ImapInbox,
    batch: FetchedBatch,
    reported: Reported,
}

/// What the server reported with its answer.
#[derive(Default)]
pub(super) struct Reported {
    /// The mailbox, as it was at the tagged OK.
    pub(super) info: Option<Arc<FolderInfo>>,
    /// The messages that came.
    pub(super) came: Spans,
    vanished: Ranges,
    /// The highest modification sequence of a message.
    pub(super) highest: Option<u64>,
    /// Whether some of it cannot be used: a message without a UID or flags, or data that may be another mailbox's.
    pub(super) is_doubtful: bool,
}

impl Selecting {
    /// Sends the SELECT.
    pub(super) fn submit(imap: &Imap, select: &Select, options: EncodeOptions) -> Result<Self> {
        let link = imap.link().clone();
        let select = select.plan(options)?;
        let inbox = link.submit(Request::Command(select));
        let (batch, reported) = (FetchedBatch::default(), Reported::default());
        Ok(Self { link, limits: imap.limits().clone(), inbox, batch, reported })
    }

    /// The number of the selection.
    pub(super) fn selection(&self) -> u64 {
        self.inbox.id().0
    }

    /// The next message that has changed; `None` once the SELECT was answered with OK.
    pub(super) fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Result<Option<Fetched>>> {
        loop {
            match self.batch.next() {
                Some(Ok(message)) if message.uid().is_some() && message.flags().is_some() => {
                    self.reported.count(&message);
                    return Poll::Ready(Ok(Some(message)));
                }
                Some(_) => self.reported.is_doubtful = true,
                None if !ready!(self.poll_delivery(cx))? => return Poll::Ready(Ok(None)),
                None => {}
            }
        }
    }

    /// What came with the answer, which is complete.
    pub(super) fn take_reported(&mut self) -> Reported {
        let selection = self.selection();
        let mut reported = std::mem::take(&mut self.reported);
        let current = || self.link.state().selected.clone().filter(|info| info.selection == selection);
        reported.info = reported.info.take().or_else(current);
        reported
    }

    /// `false` at the end.
    fn poll_delivery(&mut self, cx: &mut Context<'_>) -> Poll<Result<bool>> {
        match ready!(self.inbox.poll_next(cx))?.ok_or_else(ended)? {
            Delivery::Frames { batch, .. } => {
                self.batch = FetchedBatch::parse(&batch, &self.limits, Some(std::mem::take(&mut self.batch)));
            }
            Delivery::Vanished(uids) => {
                uids.ranges().for_each(|range| self.reported.vanished.push(*range.start(), *range.end()));
                if self.reported.vanished.len() > self.limits.undelivered / size_of::<(Uid, Uid)>() {
                    return Poll::Ready(Err(Error::limit("the server names too many expunged messages")));
                }
            }
            Delivery::Opened { info, closed } => {
                self.reported.info = Some(info);
                self.reported.is_doubtful |= !closed;
            }
            Delivery::Done(condition) => return Poll::Ready(condition.map(|_| false)),
            _ => {}
        }
        Poll::Ready(Ok(true))
    }
}

impl Reported {
    /// All messages that were reported as expunged, and UIDs that never named one.
    pub(super) fn vanished(&self) -> Uids {
        self.vanished.clone().into()
    }

    fn count(&mut self, message: &Fetched) {
        message.uid().into_iter().for_each(|uid| {
            self.came.insert(uid);
        });
        self.highest = self.highest.max(message.modseq().filter(|&modseq| is_modseq(modseq)));
    }
}
