//! [`Imap::find_message_id`]: looks for a message in all mailboxes, without changing any. It must not know why it is looked for.

use std::sync::Arc;

use super::counting;
use super::search::{is_charset, is_limit};
#[cfg(doc)]
use crate::Kind;
use crate::error::{Error, Result};
use crate::imap::call::finish;
use crate::imap::command::Command;
use crate::imap::command::close::{Close, Leave};
use crate::imap::command::search::Search;
use crate::imap::command::select::Select;
use crate::imap::engine::Request;
use crate::imap::plan::RequiredState;
use crate::imap::session::Imap;
use crate::imap::types::{FolderInfo, MailboxName, Query, SameMailbox, Scope, SearchReturn, Uids};
use crate::message_id::{Key, MessageId, Place};

/// The result of [`Imap::find_message_id`].
///
/// ```
/// use postroom::imap::Located;
///
/// fn is_certainly_absent(located: &Located) -> bool {
///     located.messages.is_empty() && located.unsearched.is_empty()
/// }
/// assert!(is_certainly_absent(&Located::default()));
/// ```
#[derive(Clone, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub struct Located {
    /// The messages with this Message-ID. [`MessageId::mailbox`] says where each is.
    pub messages: Vec<MessageId>,
    /// Mailboxes that could not be searched: the server refuses to open or to search them.
    pub unsearched: Vec<MailboxName>,
}

impl Imap {
    /// Finds the messages with this Message-ID (RFC 5322 §3.6.4), with or without angle brackets, in all mailboxes of the account. Nothing is
    /// changed, and no mailbox is opened for writing. Mailboxes that are empty, and other names of one mailbox, are left out.
    ///
    /// One round trip for the list of mailboxes (see [`folders`](Self::folders)). With MULTISEARCH (RFC 7377) one more; otherwise one for each
    /// mailbox, in which EXAMINE and UID SEARCH are sent together, and one to select the mailbox again that was selected before, or to
    /// leave the last one. If the future is dropped, or fails, another mailbox may be selected.
    ///
    /// ```
    /// # #[cfg(feature = "testing")]
    /// # postroom::doctest::imap(async |mut imap| {
    /// let located = imap.find_message_id("<1@example.org>").await?;
    /// for id in &located.messages {
    ///     println!("{:?}: {id}", id.mailbox());
    /// }
    /// # Ok(())
    /// # }).unwrap();
    /// ```
    ///
    /// # Errors
    ///
    /// [`Kind::Input`], before anything is sent, for an id that is empty or cannot be sent; [`Kind::Rejected`] if the mailbox that was selected
    /// no longer exists; and the errors of [every command](Self#errors-of-every-command).
    pub async fn find_message_id(&mut self, id: &str) -> Result<Located> {
        let id = id.trim().trim_start_matches('<').trim_end_matches('>');
        if id.is_empty() || id.contains(['\r', '\n', '\0']) {
            return Err(Error::input("a Message-ID is one word, and not empty"));
        }
        let query = Query::header("Message-ID", format!("<{id}>"));
        let names = self.places_to_search().await?;
        if self.capabilities().multisearch() && !names.is_empty() {
            match self.find_at_once(&names, &query).await {
                Err(error) if error.is_refusal() && !error.is_retryable() => {
                    tracing::debug!(%error, "the mailboxes are searched one by one");
                }
                found => return found,
            }
        }
        self.find_one_by_one(names, &query).await
    }

    async fn places_to_search(&self) -> Result<Vec<MailboxName>> {
        let tree = self.folders().without_sizes().await?;
        let others = tree.iter().filter(|node| node.is_selectable() && node.messages() != Some(0));
        let first = others.filter(|node| {
            let mut same = node.aliases().filter(|(_, same)| *same == SameMailbox::Same);
            same.all(|(other, _)| other.name() > node.name())
        });
        Ok(first.map(|node| node.name().clone()).collect())
    }

    async fn find_at_once(&self, names: &[MailboxName], query: &Query) -> Result<Located> {
        let found = self.search_in(&[Scope::Mailboxes(names.to_vec())], query, SearchReturn::ALL).await?;
        let mut located = Located::default();
        for one in found {
            if let (Some(name), Some(uids)) = (one.mailbox, one.all) {
                located.messages.extend(ids(self.place_in(&name, uids.validity()), &uids));
            }
        }
        Ok(located)
    }

    async fn find_one_by_one(&mut self, names: Vec<MailboxName>, query: &Query) -> Result<Located> {
        let before = self.link().state().selected.clone();
        let mut located = Located::default();
        for name in names {
            match self.find_in(&name, query).await {
                Ok((place, uids)) => located.messages.extend(ids(place, &uids)),
                Err(error) if error.is_refusal() || error.kind() == crate::Kind::Missing => {
                    tracing::debug!(%error, %name, "a mailbox is not searched");
                    located.unsearched.push(name);
                }
                Err(error) => return Err(error),
            }
        }
        self.restore(before).await?;
        Ok(located)
    }

    /// Where the messages are, and what is found. EXAMINE and UID SEARCH are sent together.
    async fn find_in(&mut self, name: &MailboxName, query: &Query) -> Result<(Place, Uids)> {
        let compact = self.capabilities().esearch().then_some(SearchReturn::ALL);
        let select = Select::plain(name.clone(), true);
        let options = self.encode_options().await?;
        let opening = self.link().submit(Request::Command(select.plan(options)?));
        let selection = opening.id().0;
        let search = Search::new(selection, query, compact);
        let plan = search.plan(options)?;
        let order = plan.order.pipelined_on_select();
        let searching = Request::Command(plan.order(order).needs(RequiredState::Selection(selection)));
        let searching = self.link().submit(searching);
        finish(opening, select, self.limits()).await?;
        let found = match finish(searching, search, self.limits()).await {
            // The folder's search knows how to go on.
            Err(error) if is_limit(&error) || is_charset(&error, query) => {
                counting::count(self.link(), self.limits()).await?;
                self.selected_folder()?.search(query).await?
            }
            found => found?.all.unwrap_or_default(),
        };
        let selected = self.link().state().selected.clone().filter(|selected| selected.selection == selection);
        let place = selected.map_or_else(|| self.place_in(name, None), |selected| self.place_of(&selected));
        Ok((place, found))
    }

    /// Selects the mailbox again, or none.
    async fn restore(&mut self, before: Option<Arc<FolderInfo>>) -> Result<()> {
        let now = self.link().state().selected.clone();
        match (before, now) {
            (Some(before), Some(now)) if before.selection == now.selection => Ok(()),
            (Some(before), _) => {
                self.call(Select::plain(before.name.clone(), before.read_only)).await?;
                counting::count(self.link(), self.limits()).await
            }
            // RFC 3501 §6.4.2: CLOSE expunges nothing in a mailbox that EXAMINE opened.
            (None, Some(now)) => {
                let how = if self.capabilities().unselect() { Leave::Unselect } else { Leave::Examined };
                self.call(Close { selection: now.selection, how }).await
            }
            (None, None) => Ok(()),
        }
    }
}

fn ids(place: Place, uids: &Uids) -> Vec<MessageId> {
    let place = Arc::new(place);
    uids.iter().map(|uid| MessageId::new(place.clone(), Key::Number(uid.as_u32()))).collect()
}
