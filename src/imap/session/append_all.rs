//! [`Imap::append_all`]: sends several messages to one mailbox, in one command if the server can do that, otherwise in commands that do not
//! wait for each other. `append.rs` sends each message.

use std::collections::VecDeque;

use super::append::Upload;
use super::upload::Append;
use super::{Imap, mailbox_name};
use crate::error::{Error, Kind, Result};
use crate::imap::command::append::{Append as Command, Heading, appended, appended_all};
use crate::imap::types::{AppendOutcome, AppendedAll, MailboxName};
use crate::imap::unfinished::Unfinished;

/// How many commands may wait for their answers.
const AT_ONCE: usize = 16;

impl Imap {
    /// Appends messages to a mailbox, in their order: see [`append`](Self::append) for what a message can be. Each is read when its turn
    /// comes; files are opened one after the other.
    ///
    /// With MULTIAPPEND (RFC 3502), one command stores all of them or none; two round trips and the octets, one if all are small and the
    /// server has LITERAL+. A server that announces a limit (MESSAGELIMIT or SAVELIMIT, RFC 9738) gets several commands, each of which
    /// stores all its messages or none. Without MULTIAPPEND, each message has a command of its own, up to 16 of which wait for their
    /// answers at a time; the first refusal ends the sending, and the messages that were sent by then may be stored.
    ///
    /// If the future is dropped midway, nothing of the command that is being sent is stored, and the connection may be closed, as described
    /// at [`append`](Self::append); without MULTIAPPEND, the messages before it stay.
    ///
    /// ```
    /// # #[cfg(feature = "testing")]
    /// # postroom::doctest::imap(async |imap| {
    /// use postroom::Flag;
    /// use postroom::imap::{Append, AppendedAll};
    ///
    /// let messages = (1..4).map(|number| Append::from(format!("Subject: {number}\r\n\r\n")).flags([Flag::SEEN]));
    /// match imap.append_all("Archive", messages).await {
    ///     Ok(all) => println!("{} are stored", all.messages.len()),
    ///     Err(error) => println!("{error}; before that: {:?}", AppendedAll::before(&error)),
    /// }
    /// # Ok(())
    /// # }).unwrap();
    /// ```
    ///
    /// # Errors
    ///
    /// As [`append`](Self::append), and [`Kind::Input`], before anything is sent, for an empty message.
    /// [`AppendedAll::before`] has what became of each message if some may be stored; without it, none is.
    pub async fn append_all<'a, M: Into<Append<'a>>>(
        &self,
        mailbox: impl TryInto<MailboxName, Error: Into<Error>>,
        messages: impl IntoIterator<Item = M>,
    ) -> Result<AppendedAll> {
        let mailbox = mailbox_name(mailbox)?;
        self.introduced().await?;
        let mut messages: Vec<Append<'a>> = messages.into_iter().map(Into::into).collect();
        let headings =
            messages.iter_mut().map(|message| self.heading(&mailbox, message)).collect::<Result<Vec<_>>>()?;
        // RFC 3502 §6.3.11: an empty message means that nothing is to be stored.
        if headings.iter().any(|heading| heading.size == 0) {
            return Err(Error::input("an empty message cannot be appended"));
        }
        match self.capabilities().multiappend() {
            true => self.append_together(&mailbox, headings, messages).await,
            false => self.append_each(&mailbox, headings, messages).await,
        }
    }

    /// By MULTIAPPEND, in as few commands as the server allows.
    async fn append_together(
        &self,
        mailbox: &MailboxName,
        headings: Vec<Heading>,
        messages: Vec<Append<'_>>,
    ) -> Result<AppendedAll> {
        let most =
            self.capabilities().most_saved().map_or(usize::MAX, |most| usize::try_from(most).unwrap_or(usize::MAX));
        let (mut messages, total) = (messages.into_iter(), headings.len());
        let mut outcomes = Vec::with_capacity(total);
        for headings in headings.chunks(most.max(1)) {
            let portion: Vec<Append<'_>> = messages.by_ref().take(headings.len()).collect();
            match self.append_portion(mailbox, headings, portion).await {
                Ok(stored) => outcomes.extend(stored),
                Err(error) => return Err(unfinished(error, outcomes, headings.len(), total)),
            }
        }
        Ok(AppendedAll { messages: outcomes })
    }

    async fn append_portion(
        &self,
        mailbox: &MailboxName,
        messages: &[Heading],
        sources: Vec<Append<'_>>,
    ) -> Result<Vec<AppendOutcome>> {
        let upload = self.begin_append(mailbox, messages, sources).await?;
        let told = appended_all(upload.finish().await?, messages.len());
        Ok(told.into_iter().map(AppendOutcome::Stored).collect())
    }

    async fn begin_append<'a>(
        &self,
        mailbox: &MailboxName,
        messages: &[Heading],
        sources: Vec<Append<'a>>,
    ) -> Result<Upload<'a>> {
        // A spoilt line of a message in UTF-8 could be taken for a complete one.
        let spoilable = self.is_discarding() && !messages.iter().any(|heading| heading.utf8);
        let plan = Command { mailbox, messages, spoilable }.plan(self.encode_options().await?)?;
        self.begin_upload(plan, sources).await
    }

    /// One command for each message. While a message is sent, the answers to those before it may still be on their way.
    async fn append_each(
        &self,
        mailbox: &MailboxName,
        headings: Vec<Heading>,
        messages: Vec<Append<'_>>,
    ) -> Result<AppendedAll> {
        let total = headings.len();
        let (mut outcomes, mut running, mut failure) = (Vec::with_capacity(total), VecDeque::new(), None);
        let mut unsent = None;
        for (heading, message) in headings.into_iter().zip(messages) {
            match self.send_one(mailbox, heading, message).await {
                Ok(upload) => {
                    let refused = upload.is_refused();
                    running.push_back(upload);
                    while running.len() >= AT_ONCE || refused && !running.is_empty() {
                        settle(&mut running, &mut outcomes, &mut failure).await;
                    }
                }
                Err(error) => {
                    unsent = Some(outcome_of(&error));
                    failure = Some(error);
                }
            }
            if failure.is_some() {
                break;
            }
        }
        while !running.is_empty() {
            settle(&mut running, &mut outcomes, &mut failure).await;
        }
        outcomes.extend(unsent);
        match failure {
            None => Ok(AppendedAll { messages: outcomes }),
            Some(error) => Err(unfinished(error, outcomes, 0, total)),
        }
    }

    /// Sends one message, and does not wait for the answer.
    async fn send_one<'a>(&self, mailbox: &MailboxName, heading: Heading, message: Append<'a>) -> Result<Upload<'a>> {
        let mut upload = self.begin_append(mailbox, &[heading], vec![message]).await?;
        upload.feed_all().await?;
        Ok(upload)
    }
}

/// Waits for the oldest answer.
async fn settle(running: &mut VecDeque<Upload<'_>>, outcomes: &mut Vec<AppendOutcome>, failure: &mut Option<Error>) {
    let Some(upload) = running.pop_front() else { return };
    match upload.finish().await {
        Ok(condition) => outcomes.push(AppendOutcome::Stored(appended(condition))),
        Err(error) => {
            outcomes.push(outcome_of(&error));
            // What is unknown matters more than that a later message could not be sent.
            if failure.as_ref().is_none_or(|first| first.kind() == Kind::Closed) {
                *failure = Some(error);
            }
        }
    }
}

fn outcome_of(error: &Error) -> AppendOutcome {
    match error.kind() {
        Kind::Unknown => AppendOutcome::Unknown,
        _ => AppendOutcome::NotStored,
    }
}

/// The error, with what became of each message if any may be stored. `failed` messages after those with an outcome have this error's.
fn unfinished(error: Error, mut outcomes: Vec<AppendOutcome>, failed: usize, total: usize) -> Error {
    outcomes.resize(outcomes.len() + failed, outcome_of(&error));
    outcomes.resize(total, AppendOutcome::NotStored);
    match outcomes.iter().any(|outcome| *outcome != AppendOutcome::NotStored) {
        true => Unfinished::after(
            error,
            "not all of the messages are known to be stored",
            AppendedAll { messages: outcomes },
        ),
        false => error,
    }
}
