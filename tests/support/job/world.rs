//! The server, as the job needs it: names, a second client, and sessions that nobody cuts.

use std::time::Duration;

use postroom::imap::{Append, Imap};

use super::act::{self, PLACES, SUBSCRIBED};
use super::mail::mail;

/// How the server writes the names of mailboxes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Names {
    pub(crate) prefix: &'static str,
    pub(crate) delimiter: char,
}

/// The second client.
pub(crate) trait Second: Sync {
    /// Delivers this message there, unless it has done so before.
    fn deliver(&self, place: &str, token: &str);

    /// The time after which an account surely watches what it began to watch, although a connection is lost. An account reports what
    /// happens from then on.
    fn calm(&self) -> Duration;

    /// The places and tokens of all that it delivered.
    fn delivered(&self) -> Vec<(String, String)>;

    /// The places and tokens of all that it removed.
    fn removed(&self) -> Vec<(String, String)> {
        Vec::new()
    }
}

pub(crate) trait World: Second {
    fn names(&self) -> Names;

    /// A session that is not cut.
    async fn session(&self) -> Imap;

    /// Waits until the server has carried out all that it got on connections that are gone, and will get within this time.
    async fn settled(&self, within: Duration);
}

impl Names {
    /// The server's name of a mailbox of the job.
    pub(crate) fn name(self, place: &str) -> String {
        match place {
            "INBOX" => place.to_owned(),
            _ => format!("{}{}", self.prefix, place.replace('/', &self.delimiter.to_string())),
        }
    }

    /// The job's name of a mailbox of the server.
    pub(super) fn place(self, name: &str) -> String {
        name.strip_prefix(self.prefix).unwrap_or(name).replace(self.delimiter, "/")
    }
}

/// Makes the mailboxes and stores the messages with which the job begins.
pub(super) async fn prepare(world: &impl World) {
    let (imap, names) = (world.session().await, world.names());
    for place in PLACES {
        imap.create_mailbox(names.name(place)).await.unwrap();
    }
    // Some servers subscribe to what they create.
    for listed in imap.list_subscribed("*").await.unwrap() {
        if PLACES.contains(&&*names.place(listed.name.as_str())) {
            imap.unsubscribe(listed.name).await.unwrap();
        }
    }
    for place in SUBSCRIBED {
        imap.subscribe(names.name(place)).await.unwrap();
    }
    for place in PLACES.iter().chain(&["INBOX"]) {
        let needed = act::needed().into_iter().filter(|needed| needed.at == *place);
        let mails: Vec<_> = needed.map(|one| Append::from(mail(one.token, one.size)).flags(one.flags)).collect();
        if !mails.is_empty() {
            imap.append_all(names.name(place), mails).await.unwrap();
        }
    }
    imap.logout().await.unwrap();
}
