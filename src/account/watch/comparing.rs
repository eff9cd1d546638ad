//! The comparison of one mailbox with what is known of it, by `resume`. It must not know why it is compared, nor what is reported of it.

use super::held::Held;
use super::known::{Comparison, Known};
use super::outbox::Moved;
use super::runner::Runner;
use crate::error::Result;
use crate::imap::{Imap, MailboxName, Query, Resumed, SyncPoint};

impl Runner {
    /// Compares a mailbox, which is selected then, and returns whether it has changed; `None` if it cannot be compared now.
    pub(super) async fn compare(&mut self, held: &mut Held, name: &MailboxName) -> Result<Option<bool>> {
        self.schedule.comparing(name);
        self.at = Some(name.clone());
        let known = self.known.entry(name.clone()).or_default();
        let modseq = self.status.get(name).and_then(|status| status.highest_modseq).filter(|&modseq| modseq > 0);
        let begun = match modseq.filter(|_| known.is_unread()) {
            Some(modseq) => begin(held.imap(), name, modseq).await.map(|point| known.begin(name, point)),
            None => compare(held.imap(), name, known)
                .await
                .map(|(comparison, is_exact, point)| known.take(name, comparison, is_exact, point)),
        };
        match begun {
            Ok(events) => {
                (self.at, self.deaths) = (None, None);
                let moved = [Moved::To(name.clone(), known.point.clone())];
                self.online(held);
                let found = !events.is_empty();
                self.report(events, moved);
                Ok(Some(found))
            }
            Err(error) if held.lent().is_closed() => Err(error),
            Err(error) => {
                self.at = None;
                self.refused(name, &error);
                Ok(None)
            }
        }
    }
}

/// The point from which changes are reported, without reading the mailbox: it may be older than the messages that are known, so that a
/// change is found twice, and never newer.
async fn begin(imap: &mut Imap, name: &MailboxName, modseq: u64) -> Result<SyncPoint> {
    let folder = imap.examine(name.clone()).await?;
    let info = folder.info()?;
    let known = folder.search(&Query::all()).await?;
    Ok(SyncPoint {
        validity: info.uid_validity.filter(|_| !info.uids_not_sticky),
        uid_next: info.uid_next,
        highest_modseq: Some(modseq),
        known,
    })
}

async fn compare(imap: &mut Imap, name: &MailboxName, known: &Known) -> Result<(Comparison, bool, SyncPoint)> {
    let mut changes = imap.open(name.clone()).read_only().resume(&known.point).await?;
    let mut comparison = Comparison::default();
    while let Some(change) = changes.try_next().await? {
        match change {
            Resumed::Reset => comparison.reset(),
            Resumed::New(message) => comparison.is_new(&message),
            Resumed::Changed(message) => comparison.is_known(&message),
            Resumed::Vanished(uids) => comparison.are_gone(&uids),
        }
    }
    let is_exact = changes.exact_changes();
    let (_, point) = changes.finish().await?;
    Ok((comparison, is_exact, point))
}
