//! [`Copying`]: messages that must get into another mailbox once, by COPY or MOVE. The evidence is in the target, at or above its earlier
//! UIDNEXT; that a message is no longer in the source proves nothing. It must not know how the set was chosen.

use std::collections::BTreeMap;

use super::evidence::{Compared, End, Likeness, Print, Traces, find, stamped, take_known};
use super::settle::{Change, Evidence};
use crate::error::Result;
use crate::imap::{CopyUid, Folder, Imap, MailboxName, Query, Transferred, Uid, UidList, UidValidity, Uids};
use crate::mailbox::BoxFuture;
use crate::{Flag, FlagChange};

/// Messages of one mailbox, named one by one, that are to be in another.
pub(super) struct Copying {
    from: MailboxName,
    validity: Option<UidValidity>,
    to: MailboxName,
    /// By MOVE: they also leave the source.
    leave: bool,
    left: Uids,
    /// What the messages that exist were before the first attempt: afterwards they may be gone. `None`: not asked yet.
    prints: Option<BTreeMap<Uid, Print>>,
    compared: Compared,
    end: Option<Option<End>>,
    /// Messages and copies, as far as the server showed them, or they were found.
    copies: BTreeMap<Uid, Uid>,
    /// What the server reported of complete commands.
    done: Option<Transferred>,
}

impl Copying {
    pub(super) fn new(
        (from, validity): (MailboxName, Option<UidValidity>),
        uids: Uids,
        to: MailboxName,
        leave: bool,
    ) -> Self {
        Self {
            from,
            validity,
            to,
            leave,
            left: uids,
            prints: None,
            compared: Compared::Copy { has_email_ids: false },
            end: None,
            copies: BTreeMap::new(),
            done: None,
        }
    }

    /// What is known to be done.
    pub(super) fn so_far(&self) -> Transferred {
        let mut all = self.done.clone().unwrap_or_default();
        let told = all.mapping.as_ref().map(|mapping| mapping.from().clone()).unwrap_or_default();
        let found: Vec<(Uid, Uid)> =
            self.copies.iter().filter(|(uid, _)| !told.contains(**uid)).map(|(uid, copy)| (*uid, *copy)).collect();
        if found.is_empty() {
            return all;
        }
        let list = |uids: &mut dyn Iterator<Item = Uid>| UidList::of_ranges(uids.map(|uid| (uid, uid)));
        let (from, to) = (list(&mut found.iter().map(|pair| pair.0)), list(&mut found.iter().map(|pair| pair.1)));
        let validity = self.end.as_ref().and_then(Option::as_ref).map(End::validity);
        let found = CopyUid::new(validity, from, to);
        all.mapping = Some(match all.mapping {
            Some(mapping) => mapping.joined(&found),
            None => found,
        });
        all
    }

    async fn transfer(&mut self, imap: &mut Imap) -> Result<()> {
        if self.end.is_none() {
            self.compared = Compared::Copy { has_email_ids: imap.capabilities().objectid() };
            self.end = Some(End::of(imap, &self.to).await?);
        }
        if self.prints.is_none() {
            self.prints = Some(self.prints_of(imap.selected_folder()?).await?);
        }
        let folder = imap.selected_folder()?;
        let left = self.left.clone();
        let result = match self.leave {
            true => folder.move_to(left, &self.to).await,
            false => folder.copy(left, &self.to).await,
        };
        let done = result.as_ref().map_or_else(Transferred::before, Some);
        if let Some(mapping) = done.and_then(|done| done.mapping.as_ref()) {
            // As many as were asked for at most.
            self.copies.extend(mapping.pairs().take(usize::try_from(self.left.len()).unwrap_or(usize::MAX)));
            self.left = self.left.difference(mapping.from());
        }
        self.done = Some(match (self.done.take(), result?) {
            (Some(before), now) => before.joined(now),
            (None, now) => now,
        });
        Ok(())
    }

    async fn prints_of(&self, mut source: Folder<&mut Imap>) -> Result<BTreeMap<Uid, Print>> {
        let mut prints = BTreeMap::new();
        let mut fetch = source.fetch(self.left.clone(), self.compared.items()?).await?;
        while let Some(fetched) = fetch.try_next().await? {
            if let Some(uid) = fetched.uid().filter(|uid| self.left.contains(*uid)) {
                prints.insert(uid, Print::of(&fetched, self.compared)?);
            }
        }
        Ok(prints)
    }

    async fn find(&mut self, imap: &mut Imap, last: bool) -> Result<Evidence<()>> {
        let Some(end) = self.end.clone().flatten() else {
            return Ok(undecided("the server had not reported UIDNEXT and UIDVALIDITY of the target before"));
        };
        let Some(mut arrivals) = end.arrivals(imap, self.compared).await? else {
            return Ok(undecided("the target is gone, or has another UIDVALIDITY now"));
        };
        let known: Uids = self.copies.values().copied().collect();
        take_known(&mut arrivals, |uid| known.contains(uid));
        let open = self.prints.iter().flatten().filter(|(uid, _)| self.left.contains(**uid));
        let (open, prints): (Vec<Uid>, Vec<Print>) = open.map(|(uid, print)| (*uid, print.clone())).unzip();
        for (uid, found) in open.iter().zip(find(&mut arrivals, &prints, self.compared)) {
            match found {
                Ok(copy) => drop(self.copies.insert(*uid, copy)),
                Err(Likeness::Unclear) => {
                    let text = "a message arrived in the target since that may be a copy: UID, EMAILID, size, INTERNALDATE \
                                and header of all new messages were compared";
                    return Ok(undecided(text));
                }
                Err(_) => {}
            }
        }
        let copied: Uids = self.copies.keys().copied().collect();
        if self.leave && !self.has_left(imap, &copied, last).await? {
            return Ok(match last {
                true => {
                    undecided("the messages are in both mailboxes: the server copied them, and did not expunge them")
                }
                // MOVE may be under way. If it stops, RFC 6851 §3.3 allows that a message is in both mailboxes.
                false => Evidence::NotDone,
            });
        }
        self.left = stamped(open.into_iter().collect::<Uids>().difference(&copied), self.validity);
        Ok(if self.left.is_empty() { Evidence::Done(()) } else { Evidence::NotDone })
    }

    /// Whether those of the messages that were copied have left the source. If they must have by now, they are removed.
    async fn has_left(&self, imap: &mut Imap, copied: &Uids, last: bool) -> Result<bool> {
        let moved = self.left.intersection(copied);
        if moved.is_empty() {
            return Ok(true);
        }
        let folder = imap.select(&self.from).await?;
        let Some(validity) =
            self.validity.filter(|validity| folder.info().is_ok_and(|info| info.uid_validity == Some(*validity)))
        else {
            // It is another mailbox now.
            return Ok(true);
        };
        let stayed = folder.search(&Query::uids(moved)).await?.stamped(validity);
        if stayed.is_empty() {
            return Ok(true);
        }
        if !last || !folder.session().capabilities().uidplus() {
            return Ok(false);
        }
        folder.store(stayed.clone(), &FlagChange::add([Flag::DELETED])).await?;
        folder.expunge(stayed).await?;
        Ok(true)
    }
}

impl Change for Copying {
    type Output = ();

    fn make<'a>(&'a mut self, imap: &'a mut Imap) -> BoxFuture<'a, Result<()>> {
        Box::pin(self.transfer(imap))
    }

    fn look<'a>(&'a mut self, imap: &'a mut Imap, last: bool) -> BoxFuture<'a, Result<Evidence<()>>> {
        Box::pin(self.find(imap, last))
    }

    fn traces(&self) -> Option<Traces> {
        let end = self.end.clone().flatten()?;
        let known = self.copies.values().copied().collect();
        let prints: Vec<Print> = self.prints.iter().flatten().map(|(_, print)| print.clone()).collect();
        (!prints.is_empty()).then_some(Traces { end, compared: self.compared, prints, known, reported: Uids::new() })
    }
}

fn undecided(text: &'static str) -> Evidence<()> {
    Evidence::Undecided(text.into())
}
