//! [`MaildropWatch`]: the changes of a maildrop, by comparing its unique-ids (UIDL) at an interval. It must not know how a session is made.

use std::collections::HashSet;
use std::time::Duration;

use tokio::time::{Instant, sleep_until};

use super::pop3_account::Pop3Account;
use crate::error::{Error, Result};
use crate::mailbox::{Entry, Mailbox};
use crate::message_id::MessageId;

/// What has changed in a maildrop, from [`MaildropWatch::next`].
///
/// ```
/// use postroom::account::MaildropChange;
///
/// fn show(change: &MaildropChange) {
///     match change {
///         MaildropChange::New(entries) => println!("{} new messages", entries.len()),
///         MaildropChange::Vanished(ids) => println!("{} messages are gone", ids.len()),
///         _ => {}
///     }
/// }
/// # show(&MaildropChange::New(Vec::new()));
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum MaildropChange {
    /// Messages that were not there before, in the server's order.
    New(Vec<Entry>),
    /// Messages that are no longer there.
    Vanished(Vec<MessageId>),
}

/// The changes of a maildrop, from [`Pop3Account::watch`].
///
/// Each look is a session of its own: login, STAT, UIDL and LIST, QUIT. Between two looks it waits for
/// [`Deadlines::poll`](crate::Deadlines::poll) and for the server's LOGIN-DELAY, whichever is longer, and it has no connection. It
/// survives lost connections and all failures that may pass; [notices](Pop3Account::notices) report them. What changed meanwhile is found
/// at the next look. It needs about 100 octets for each message.
///
/// ```
/// # #[cfg(feature = "testing")]
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use std::time::Duration;
///
/// use postroom::account::{MaildropChange, Pop3Account};
/// use postroom::{Config, Deadlines, Login, testing::Server};
///
/// let server = Server::builder().user("me", "secret").start().await?;
/// let config = Config::new("localhost").port(server.pop3s_port()).add_root_pem(server.ca_pem().as_bytes())?;
/// let config = config.deadlines(Deadlines::default().poll(Duration::from_millis(10)));
/// let account = Pop3Account::new(config, Login::password("me", "secret")).build()?;
/// let mut changes = account.watch([]);
/// server.deliver("me", "INBOX", "Subject: hello\r\n\r\nworld\r\n", &[]);
/// if let MaildropChange::New(entries) = changes.next().await? {
///     println!("{} new messages", entries.len());
/// }
/// # Ok(()) }
/// # #[cfg(not(feature = "testing"))]
/// # fn main() {}
/// ```
#[derive(Debug)]
pub struct MaildropWatch {
    account: Pop3Account,
    known: HashSet<MessageId>,
    /// Found at the last look, and not delivered yet.
    vanished: Vec<MessageId>,
    last_look: Option<Instant>,
}

impl Pop3Account {
    /// Reports mail that is new compared with these messages: those that the program has already, from
    /// [`Mailbox::entries`](crate::Mailbox::entries) or a ledger. Without any, the first look reports all mail. It touches the wire when
    /// [`MaildropWatch::next`] is polled.
    pub fn watch(&self, known: impl IntoIterator<Item = MessageId>) -> MaildropWatch {
        let known = known.into_iter().collect();
        MaildropWatch { account: self.clone(), known, vanished: Vec::new(), last_look: None }
    }
}

impl MaildropWatch {
    /// The next change: waits until there is one. Cancel-safe: dropping the future loses no change.
    ///
    /// ```no_run
    /// # async fn example(account: &postroom::account::Pop3Account) -> postroom::Result<()> {
    /// let mut changes = account.watch([]);
    /// loop {
    ///     println!("{:?}", changes.next().await?);
    /// }
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// Those that do not pass by themselves: the login, the certificate, the account's shutdown, a refused listing.
    /// [`Kind::Unsupported`](crate::Kind::Unsupported) if the server gives its messages no lasting ids. The next call tries again.
    pub async fn next(&mut self) -> Result<MaildropChange> {
        loop {
            if !self.vanished.is_empty() {
                let vanished = std::mem::take(&mut self.vanished);
                return Ok(MaildropChange::Vanished(vanished));
            }
            if let Some(last) = self.last_look {
                sleep_until(last + self.account.poll_interval().min(LONGEST_INTERVAL)).await;
            }
            let looked = self.account.run_on(|pop3| Box::pin(look(pop3))).await;
            self.last_look = Some(Instant::now());
            let new = self.compare(looked?);
            if !new.is_empty() {
                return Ok(MaildropChange::New(new));
            }
        }
    }

    /// The messages that are new; those that are gone are kept for the next call.
    fn compare(&mut self, look: Look) -> Vec<Entry> {
        let present: HashSet<_> = look.entries.iter().map(|entry| entry.id.clone()).collect();
        if look.is_whole {
            self.vanished.extend(self.known.difference(&present).cloned());
            self.known.retain(|id| present.contains(id));
        }
        let mut new = look.entries;
        new.retain(|entry| self.known.insert(entry.id.clone()));
        new
    }
}

/// No server is asked less often.
const LONGEST_INTERVAL: Duration = Duration::from_secs(24 * 60 * 60);

/// What one look has found.
struct Look {
    /// The messages with lasting ids.
    entries: Vec<Entry>,
    /// Whether a message that is not among them is gone: the listing had no flaws.
    is_whole: bool,
}

async fn look(pop3: &mut dyn Mailbox) -> Result<Look> {
    let mut entries = pop3.entries().await?;
    let all = entries.len();
    entries.retain(|entry| entry.id.is_lasting());
    if entries.is_empty() && all > 0 {
        return Err(Error::unsupported("the server gives its messages no lasting ids (UIDL)"));
    }
    let is_whole = entries.len() == all && pop3.listing_flaws() == 0;
    Ok(Look { entries, is_whole })
}
