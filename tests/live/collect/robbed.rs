//! A mailbox from which another session removes the first message just after it was listed. It knows no server.

use postroom::{Body, BoxFuture, Committed, Entry, Features, FlagChange, Mailbox, MessageId, Messages, Part, Result};

pub(crate) struct Robbed {
    pub(crate) mailbox: Box<dyn Mailbox>,
    pub(crate) other: Box<dyn Mailbox>,
}

impl Mailbox for Robbed {
    fn features(&self) -> Features {
        self.mailbox.features()
    }

    fn entries(&mut self) -> BoxFuture<'_, Result<Vec<Entry>>> {
        Box::pin(async {
            let entries = self.mailbox.entries().await?;
            self.other.mark_deleted(&[entries[0].id.clone()]).await?;
            assert_eq!(self.other.commit().await?.deleted.len(), 1);
            Ok(entries)
        })
    }

    fn messages<'a>(&'a mut self, ids: &'a [MessageId], part: Part) -> BoxFuture<'a, Result<Messages<'a>>> {
        self.mailbox.messages(ids, part)
    }

    fn open<'a>(&'a mut self, id: &'a MessageId) -> BoxFuture<'a, Result<Body<'a>>> {
        self.mailbox.open(id)
    }

    fn existing<'a>(&'a mut self, ids: &'a [MessageId]) -> BoxFuture<'a, Result<Vec<MessageId>>> {
        self.mailbox.existing(ids)
    }

    fn flag<'a>(&'a mut self, ids: &'a [MessageId], change: &'a FlagChange) -> BoxFuture<'a, Result<()>> {
        self.mailbox.flag(ids, change)
    }

    fn mark_deleted<'a>(&'a mut self, ids: &'a [MessageId]) -> BoxFuture<'a, Result<()>> {
        self.mailbox.mark_deleted(ids)
    }

    fn changed(&mut self) -> BoxFuture<'_, Result<()>> {
        self.mailbox.changed()
    }

    fn commit(&mut self) -> BoxFuture<'_, Result<Committed>> {
        self.mailbox.commit()
    }
}
