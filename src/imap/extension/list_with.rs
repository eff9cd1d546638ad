//! LIST with everything that one command can return about mailboxes (RFC 5258, RFC 5819, RFC 6154, RFC 8440, RFC 9590), and the same from
//! several commands if the server lacks a part of it. It must not know what a mailbox is for.

use std::collections::HashSet;

use crate::error::{Error, Result};
use crate::imap::Imap;
use crate::imap::command::extension::{Extension, Run};
use crate::imap::command::list::{List, Options, Selection, covers_inbox};
use crate::imap::command::list_extended::{ListReturn, ListSelect, ListWith};
use crate::imap::command::metadata::MetadataDepth;
use crate::imap::command::status::Status;
use crate::imap::types::{
    DetailedListing, EntryName, Gathered, Listed, MailboxDetails, MailboxName, Response, StatusItems,
};

/// The attributes of special uses (RFC 6154 §2, RFC 8457).
const USES: [&str; 8] = ["\\All", "\\Archive", "\\Drafts", "\\Flagged", "\\Important", "\\Junk", "\\Sent", "\\Trash"];

/// What one call asks for.
struct Asked<'a> {
    patterns: &'a [&'a str],
    select: &'a [ListSelect],
    subscribed: bool,
    status: Option<StatusItems>,
    rights: bool,
    entries: &'a [EntryName],
}

impl Imap {
    /// Lists the mailboxes whose names match one of these patterns and that all selections fit, with what is asked about each: its counts,
    /// the user's rights, annotations, whether it is subscribed. Children and special uses are always reported if the server knows them,
    /// as in [`list`](Self::list).
    ///
    /// One round trip if the server can return all of it in LIST (LIST-EXTENDED, LIST-STATUS, LIST-MYRIGHTS, LIST-METADATA, SPECIAL-USE).
    /// What it cannot is asked by STATUS, in one more round trip for 64 mailboxes, and by MYRIGHTS and GETMETADATA, in one for each
    /// mailbox, since a session waits for one such answer before it asks for the next. Without LIST-EXTENDED, LIST and LSUB are combined. A server that announces an option and refuses it is asked
    /// without it, and the session remembers that. The result is the same on each of these ways; a mailbox about which the server
    /// refuses to tell something is listed without it.
    ///
    /// ```
    /// # #[cfg(feature = "testing")]
    /// # postroom::doctest::imap(async |imap| {
    /// use postroom::imap::{ListReturn, ListSelect, StatusItems};
    ///
    /// let counts = StatusItems::MESSAGES | StatusItems::UNSEEN;
    /// let found = imap.list_with(&["*"], &[ListSelect::Subscribed], &[ListReturn::Status(counts)]).await?;
    /// for mailbox in found.mailboxes {
    ///     println!("{}: {:?} unread", mailbox.listed.name, mailbox.status.and_then(|status| status.unseen));
    /// }
    /// # Ok(())
    /// # }).unwrap();
    /// ```
    ///
    /// # Errors
    ///
    /// Before anything is sent, [`Kind::Unsupported`](crate::Kind::Unsupported) for rights without ACL, annotations without METADATA, counts
    /// that the server does not have, [`ListSelect::SpecialUse`] without SPECIAL-USE, and [`ListSelect::Remote`] and
    /// [`ListSelect::RecursiveMatch`] without LIST-EXTENDED; [`Kind::Input`](crate::Kind::Input) for no pattern, one that cannot be sent, no
    /// counts or no entries; and the errors of [every command](Self#errors-of-every-command).
    pub async fn list_with(
        &self,
        patterns: &[&str],
        select: &[ListSelect],
        returns: &[ListReturn],
    ) -> Result<DetailedListing> {
        self.settled().await?;
        let asked = self.asked(patterns, select, returns)?;
        let mut found = self.list_best(&asked).await?;
        self.add_inbox(&asked, &mut found).await?;
        self.add_status(&asked, &mut found).await?;
        self.add_rights(&asked, &mut found).await?;
        self.add_metadata(&asked, &mut found).await?;
        Ok(found.gathered.listing)
    }

    fn asked<'a>(
        &self,
        patterns: &'a [&'a str],
        select: &'a [ListSelect],
        returns: &'a [ListReturn],
    ) -> Result<Asked<'a>> {
        let (capabilities, rev2) = (self.capabilities(), self.link().state().rev2());
        let mut asked = Asked { patterns, select, subscribed: false, status: None, rights: false, entries: &[] };
        if patterns.is_empty() {
            return Err(Error::input("LIST needs at least one pattern"));
        }
        for option in select {
            match option {
                ListSelect::Subscribed => asked.subscribed = true,
                ListSelect::SpecialUse => self.require(capabilities.special_use(), "SPECIAL-USE")?,
                ListSelect::Remote | ListSelect::RecursiveMatch => {
                    self.require(capabilities.list_extended(), "LIST-EXTENDED")?;
                }
            }
        }
        for wanted in returns {
            match wanted {
                ListReturn::Status(items) if items.is_empty() => {
                    return Err(Error::input("STATUS needs at least one item"));
                }
                ListReturn::Status(items) => {
                    if let Some(missing) = items.missing(&capabilities, rev2).next() {
                        return Err(Error::unsupported(format!(
                            "the server does not support the STATUS item {missing}"
                        )));
                    }
                    asked.status = Some(asked.status.map_or(*items, |more| more | *items));
                }
                ListReturn::MyRights => {
                    self.require(capabilities.acl(), "ACL")?;
                    asked.rights = true;
                }
                ListReturn::Metadata(entries) if entries.is_empty() => {
                    return Err(Error::input("METADATA needs at least one entry"));
                }
                ListReturn::Metadata(entries) => {
                    self.require(capabilities.metadata(), "METADATA")?;
                    asked.entries = entries;
                }
                ListReturn::Subscribed => asked.subscribed = true,
                ListReturn::Children | ListReturn::SpecialUse => {}
            }
        }
        Ok(asked)
    }

    /// Climbs down the ladder: LIST with all options that the server announces, without data of other commands, without return options.
    async fn list_best(&self, asked: &Asked<'_>) -> Result<Found> {
        let capabilities = self.capabilities();
        let special = capabilities.special_use() || self.link().state().rev2();
        let status = asked.status.filter(|_| capabilities.list_status());
        let metadata = !asked.entries.is_empty() && capabilities.list_metadata();
        let rights = asked.rights && capabilities.list_myrights();
        let announced = match (capabilities.list_extended(), special) {
            (true, _) if status.is_some() || metadata || rights => Options::Data,
            (true, true) => Options::SpecialUse,
            (true, false) => Options::Children,
            (false, _) => Options::None,
        };
        let mut options = self.list_options().min(announced);
        loop {
            let with = options == Options::Data;
            let mut returns = vec![ListReturn::Children];
            returns.extend((special && options >= Options::SpecialUse).then_some(ListReturn::SpecialUse));
            returns.extend(asked.subscribed.then_some(ListReturn::Subscribed));
            returns.extend(status.filter(|_| with).map(ListReturn::Status));
            returns.extend((with && rights).then_some(ListReturn::MyRights));
            returns.extend((with && metadata).then(|| ListReturn::Metadata(asked.entries.to_vec())));
            let answer = match options {
                Options::None => self.list_plain(asked).await,
                _ => self.list_extended(asked, &returns).await,
            };
            match (answer, options.less().filter(|less| *less != Options::None || asked.is_plain())) {
                (Err(error), Some(less)) if error.is_refusal() && !error.is_retryable() => options = less,
                (answer, _) => {
                    let gathered = answer?;
                    // A selection may be what was refused.
                    if options < announced && (asked.select.is_empty() || options == Options::SpecialUse) {
                        self.limit_list_options(options);
                    }
                    return Ok(Found { gathered, metadata: with && metadata });
                }
            }
        }
    }

    async fn list_extended(&self, asked: &Asked<'_>, returns: &[ListReturn]) -> Result<Gathered> {
        let (utf8, limits) = (self.encode_options().await?.utf8, self.limits());
        self.call(ListWith { patterns: asked.patterns, select: asked.select, returns, utf8, limits }).await
    }

    /// LIST, and LSUB if it matters what is subscribed.
    async fn list_plain(&self, asked: &Asked<'_>) -> Result<Gathered> {
        let utf8 = self.encode_options().await?.utf8;
        let all = asked.patterns.iter().map(|pattern| (pattern, Selection::All));
        let subscribed = asked.patterns.iter().filter(|_| asked.subscribed);
        let lists = all.chain(subscribed.map(|pattern| (pattern, Selection::Subscribed)));
        let lists = lists.map(|(&pattern, selection)| List { pattern, selection, options: Options::None, utf8 });
        let lists: Vec<List<'_>> = lists.collect();
        let (mut found, mut subscriptions) = (Gathered::default(), Vec::new());
        for (index, listing) in self.pipelined(lists).await?.into_iter().enumerate() {
            let listing = listing?;
            found.listing.unreadable.extend_from_slice(listing.unreadable());
            match index < asked.patterns.len() {
                true => listing.into_iter().for_each(|listed| found.add(listed)),
                // The parent of a subscribed mailbox that `%` does not match (RFC 3501 §6.3.9).
                false => subscriptions.extend(listing.into_iter().filter(|listed| listed.is_selectable())),
            }
        }
        let names: HashSet<MailboxName> = subscriptions.iter().map(|listed| listed.name.clone()).collect();
        let only = asked.select.contains(&ListSelect::Subscribed);
        for listed in subscriptions {
            let name = listed.name.clone();
            let exists = found.has(&name);
            if only && !exists {
                found.add(Listed { attributes: ["\\NonExistent"].into_iter().collect(), ..listed });
            }
            if let Some(mailbox) = found.get_mut(&name) {
                mailbox.attribute("\\Subscribed");
            }
        }
        let special = |mailbox: &MailboxDetails| USES.iter().any(|name| mailbox.listed.has(name));
        let uses = asked.select.contains(&ListSelect::SpecialUse);
        found.retain(|mailbox| (!only || names.contains(&mailbox.listed.name)) && (!uses || special(mailbox)));
        Ok(found)
    }

    /// strato.de leaves INBOX out of the answer if LIST has return options.
    async fn add_inbox(&self, asked: &Asked<'_>, found: &mut Found) -> Result<()> {
        let wanted = asked.select.is_empty() && asked.patterns.iter().any(|pattern| covers_inbox(pattern));
        if wanted && !found.gathered.has(&MailboxName::INBOX) {
            let utf8 = self.encode_options().await?.utf8;
            let plain = List { pattern: "INBOX", selection: Selection::All, options: Options::None, utf8 };
            let inbox = self.call(plain).await?.into_iter().filter(|listed| listed.name == MailboxName::INBOX);
            inbox.for_each(|listed| found.gathered.add(listed));
        }
        Ok(())
    }

    /// LIST may leave out counts that it could not find (RFC 5819 §2): they are asked for again.
    async fn add_status(&self, asked: &Asked<'_>, found: &mut Found) -> Result<()> {
        let Some(items) = asked.status else { return Ok(()) };
        let utf8 = self.encode_options().await?.utf8;
        let lacks = |mailbox: &MailboxDetails| mailbox.status.is_none() && mailbox.listed.is_selectable();
        let names = found.names(lacks);
        let commands = names.iter().map(|name| Status { name: name.clone(), items, utf8 }).collect();
        for (name, status) in names.iter().zip(self.pipelined(commands).await?) {
            let reported = reported(status)?;
            if let Some(mailbox) = found.gathered.get_mut(name) {
                mailbox.status = reported;
            }
        }
        Ok(())
    }

    async fn add_rights(&self, asked: &Asked<'_>, found: &mut Found) -> Result<()> {
        if !asked.rights {
            return Ok(());
        }
        let known = self.known_rights()?;
        let names = found.names(|mailbox| mailbox.rights.is_none() && mailbox.listed.is_selectable());
        let commands = names.iter().map(|name| self.running(Extension::my_rights(name))).collect();
        for (name, answer) in names.iter().zip(self.pipelined(commands).await?) {
            let reported = reported(answer)?.and_then(|answer| {
                answer.responses.iter().find_map(|response| match response {
                    Response::MyRights(mine) => Some(mine.rights),
                    _ => None,
                })
            });
            if let Some(mailbox) = found.gathered.get_mut(name) {
                mailbox.rights = reported;
            }
        }
        found.gathered.listing.mailboxes.iter_mut().for_each(|mailbox| {
            mailbox.rights = mailbox.rights.map(|rights| known.read(rights));
        });
        Ok(())
    }

    async fn add_metadata(&self, asked: &Asked<'_>, found: &mut Found) -> Result<()> {
        if asked.entries.is_empty() || found.metadata {
            return Ok(());
        }
        let names = found.names(|mailbox| mailbox.listed.is_selectable());
        let get = |name| Extension::get_metadata(Some(name), asked.entries, MetadataDepth::Entry, None);
        let commands = names.iter().map(|name| self.running(get(name))).collect();
        for (name, answer) in names.iter().zip(self.pipelined(commands).await?) {
            let Some(answer) = reported(answer)? else { continue };
            for response in answer.responses.iter() {
                if let (Response::Metadata(metadata), Some(mailbox)) = (response, found.gathered.get_mut(name)) {
                    mailbox.metadata.extend(metadata.values);
                }
            }
        }
        Ok(())
    }

    fn running(&self, extension: Extension) -> Run {
        Run { extension, selection: None, limits: self.limits().clone() }
    }
}

/// What LIST returned.
struct Found {
    gathered: Gathered,
    /// Whether it was asked for annotations.
    metadata: bool,
}

impl Found {
    fn names(&self, lacks: impl Fn(&MailboxDetails) -> bool) -> Vec<MailboxName> {
        let mailboxes = self.gathered.listing.mailboxes.iter().filter(|mailbox| lacks(mailbox));
        mailboxes.map(|mailbox| mailbox.listed.name.clone()).collect()
    }
}

impl Asked<'_> {
    /// Whether LIST and LSUB without options can find the same.
    fn is_plain(&self) -> bool {
        !self.select.iter().any(|option| matches!(option, ListSelect::Remote | ListSelect::RecursiveMatch))
    }
}

/// The answer; `None` if the server refused or did not say it.
fn reported<T>(answer: Result<T>) -> Result<Option<T>> {
    match answer {
        Err(error) if error.is_refusal() || error.kind() == crate::Kind::Missing => {
            tracing::debug!(%error, "a mailbox is listed without what was asked about it");
            Ok(None)
        }
        answer => answer.map(Some),
    }
}
