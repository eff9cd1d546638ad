//! What a watch does on a session, in rounds: it lists and polls mailboxes, compares those that may have changed, and then waits for the
//! next reason to do so. It must not know how the session came about.

use std::time::Duration;

use tokio::time::{Instant, sleep_until, timeout};

use super::event::WatchMethod;
use super::held::Held;
use super::runner::{Ended, Runner, TICK};
use super::schedule::Why;
use crate::account::lane::Lane;
use crate::account::notice::AccountNotice;
use crate::error::{Error, Result};
use crate::imap::{MailboxName, Notice, NotifyEvent, Response, Scope};

/// How long events are gathered before they are looked at.
const TOGETHER: Duration = Duration::from_millis(20);

/// Why a wait ended.
enum Woken {
    /// There may be something to do.
    Round,
    Ended(Ended),
}

impl Runner {
    /// Works on this session until it is to be given back.
    pub(super) async fn rounds(&mut self, held: &mut Held) -> Result<Ended> {
        loop {
            let now = Instant::now();
            let method = self.method_on(held, now);
            if method != WatchMethod::Notify && held.pushed.is_some() {
                // Whatever a session was asked to report by NOTIFY, IDLE reports no more than that.
                return Ok(Ended::Yield);
            }
            if method == WatchMethod::Notify && held.pushed.is_none() && !self.subscribe(held).await? {
                continue;
            }
            self.is_full |= self.schedule.begin_full_look(now);
            if self.names.is_none() && (self.is_full || !self.is_listed) {
                self.list(held).await?;
            }
            let kept = self.keep(method);
            self.drain(held).await;
            self.poll(held, kept.as_ref(), method).await?;
            self.drain(held).await;
            if let Some(ended) = self.compare_all(held, kept.as_ref(), method).await? {
                return Ok(ended);
            }
            let woken = match (method, kept) {
                (WatchMethod::Notify, _) => self.wait_for_notices(held).await?,
                (WatchMethod::Idle, Some(kept)) => self.idle(held, kept).await?,
                _ => return Ok(Ended::Until(self.schedule.next(Instant::now(), |_| false))),
            };
            if let Woken::Ended(ended) = woken {
                return Ok(ended);
            }
        }
    }

    /// The best method on this session, for now.
    fn method_on(&self, held: &mut Held, now: Instant) -> WatchMethod {
        let capabilities = held.imap().capabilities();
        match self.schedule.method() {
            _ if !self.schedule.may_keep(now) => WatchMethod::Status,
            WatchMethod::Notify if capabilities.notify() => WatchMethod::Notify,
            WatchMethod::Notify | WatchMethod::Idle if capabilities.idle() => WatchMethod::Idle,
            _ => WatchMethod::Status,
        }
    }

    /// The mailbox in which IDLE runs: the first that was named, or the busiest at the last full look.
    fn keep(&mut self, method: WatchMethod) -> Option<MailboxName> {
        let is_gone = self.kept.as_ref().is_none_or(|kept| !self.known.contains_key(kept));
        if is_gone || self.is_full {
            let exists = |name: &MailboxName| !self.missing.contains(name);
            self.kept = match &self.names {
                Some(names) => names.iter().find(|name| exists(name)).cloned(),
                None => self.schedule.busiest().into_iter().find(exists),
            };
        }
        self.kept.clone().filter(|_| method == WatchMethod::Idle)
    }

    /// Asks the server to push changes of all mailboxes. `false` if it refuses.
    async fn subscribe(&mut self, held: &mut Held) -> Result<bool> {
        let messages = vec![NotifyEvent::MessageNew(None), NotifyEvent::MessageExpunge, NotifyEvent::FlagChange];
        let events = [messages, vec![NotifyEvent::MailboxName]].concat();
        let scope = self.names.clone().map_or(Scope::Personal, Scope::Mailboxes);
        // What comes before the tagged reply counts too.
        let notices = held.imap().notices();
        match held.imap().notify(&[(scope, events)]).await {
            Ok(notified) if notified.left_out.is_empty() || notified.left_out == [NotifyEvent::MailboxName] => {
                held.pushed = Some(notices);
                // Subscribe first, then compare.
                self.schedule.restart(Instant::now());
                self.is_listed = false;
                Ok(true)
            }
            Ok(_) => {
                self.schedule.refused(WatchMethod::Notify);
                Err(Error::unsupported("the server does not support all events of NOTIFY"))
            }
            Err(error) if held.lent().is_closed() => Err(error),
            Err(error) => {
                tracing::debug!(%error, "NOTIFY is refused");
                self.schedule.refused(WatchMethod::Notify);
                Ok(false)
            }
        }
    }

    /// Compares all mailboxes that are due; that in which IDLE runs comes last, and is selected then.
    async fn compare_all(
        &mut self,
        held: &mut Held,
        kept: Option<&MailboxName>,
        method: WatchMethod,
    ) -> Result<Option<Ended>> {
        while let Some((name, why)) = self.schedule.due(kept) {
            let found = self.compare(held, &name).await?;
            if let Some(found) = found {
                let pushing = (method != WatchMethod::Status).then_some(method);
                let pushing = pushing.filter(|_| method == WatchMethod::Notify || kept == Some(&name));
                let lowered = self.schedule.compared(&name, why, found, pushing, Instant::now());
                lowered.into_iter().for_each(|method| self.lowered(name.clone(), method));
            }
            if method == WatchMethod::Notify {
                self.leave(held, &name).await?;
                self.drain(held).await;
            }
            if let Some(ended) = self.flush().await {
                return Ok(Some(ended));
            }
            if self.account.pool.is_pressed(Lane::Watch) {
                return Ok(Some(Ended::Yield));
            }
        }
        self.is_full = false;
        Ok(self.flush().await)
    }

    fn lowered(&mut self, mailbox: MailboxName, method: WatchMethod) {
        self.account.pool.announce(AccountNotice::NotPushed { mailbox, method });
    }

    /// Takes what the server has pushed.
    async fn drain(&mut self, held: &mut Held) {
        while let Some(notices) = &mut held.pushed {
            let next = tokio::select! {
                biased;
                next = notices.next() => next,
                () = std::future::ready(()) => return,
            };
            let Some(notice) = next else { return };
            self.notice(notice);
        }
    }

    fn notice(&mut self, notice: Notice) {
        let now = Instant::now();
        match notice {
            Notice::Data(Response::Status(status)) => self.schedule.pushed(&status.name, now),
            Notice::Data(Response::List(listed)) => self.listed(listed, now),
            Notice::Lagged => {
                self.is_listed = false;
                self.schedule.restart(now);
            }
            _ => {}
        }
    }

    async fn wait_for_notices(&mut self, held: &mut Held) -> Result<Woken> {
        let account = self.account.clone();
        loop {
            let next = self.schedule.next(Instant::now(), |_| false);
            let tick = next.min(Instant::now() + TICK);
            let Some(notices) = &mut held.pushed else { return Ok(Woken::Round) };
            tokio::select! {
                notice = notices.next() => match notice {
                    Some(notice) => self.notice(notice),
                    None => return Err(Error::closed("the session has ended")),
                },
                () = sleep_until(tick) => {
                    if self.was_asleep(tick) {
                        return Ok(Woken::Ended(Ended::Asleep));
                    }
                }
                () = account.pool.pressed(Lane::Watch) => return Ok(Woken::Ended(Ended::Yield)),
                () = self.outbox.unread() => return Ok(Woken::Ended(Ended::Unread)),
            }
            let now = Instant::now();
            if self.schedule.next(now, |_| false) <= now || !self.is_listed && self.names.is_none() {
                return Ok(Woken::Round);
            }
        }
    }

    /// Waits in IDLE until something happens in the mailbox, or there is something to do in others.
    async fn idle(&mut self, held: &mut Held, kept: MailboxName) -> Result<Woken> {
        if held.selected().as_ref() != Some(&kept) {
            // It could not be opened.
            self.schedule.yielded(Instant::now());
            return Ok(Woken::Round);
        }
        let next = self.schedule.next(Instant::now(), |name| *name == kept);
        let account = self.account.clone();
        let mut folder = held.imap().selected_folder()?;
        let mut events = folder.idle().await?;
        loop {
            let tick = next.min(Instant::now() + TICK);
            tokio::select! {
                event = events.try_next() => {
                    event?.ok_or_else(|| Error::closed("IDLE has ended"))?;
                    // What belongs together comes together.
                    let rest = async { while let Ok(Some(_)) = events.try_next().await {} };
                    drop(timeout(TOGETHER, rest).await);
                    self.schedule.pushed(&kept, Instant::now());
                    return Ok(Woken::Round);
                }
                () = sleep_until(tick) => match self.was_asleep(tick) {
                    true => return Ok(Woken::Ended(Ended::Asleep)),
                    false if tick >= next => return Ok(Woken::Round),
                    false => {}
                },
                () = account.pool.pressed(Lane::Watch) => return Ok(Woken::Ended(Ended::Yield)),
                () = self.outbox.unread() => return Ok(Woken::Ended(Ended::Unread)),
            }
        }
    }

    /// With NOTIFY no mailbox stays selected: its changes would not be reported. Those that happened meanwhile are found by STATUS.
    async fn leave(&mut self, held: &mut Held, name: &MailboxName) -> Result<()> {
        held.unselect().await?;
        self.poll_one(held, name).await
    }

    /// A full look compares what STATUS cannot show.
    pub(super) fn why(&self) -> Why {
        if self.is_full { Why::Full } else { Why::Signal }
    }
}
