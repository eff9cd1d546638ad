//! The common interface of both protocols: the trait [`Mailbox`] and its values. A program that uses it reads mail by IMAP and by
//! POP3; [`Features`] says what only one of them can do. It must not know a protocol or a socket.

mod find;
mod keeping;
mod searching;
mod texts;
mod values;

pub use self::find::{Find, Found};
pub(crate) use self::keeping::contents;
use self::searching::Searching;
pub use self::values::{Changes, Committed, Entry, Features, Part};
use crate::body::Body;
use crate::contents::{Contents, MimePart};
use crate::error::{Error, Result};
use crate::flag::{Flag, FlagChange};
pub use crate::io::BoxFuture;
use crate::limits::Limits;
use crate::message_id::MessageId;
use crate::messages::Messages;
use crate::part_body::PartBody;
use crate::preview;

/// One open mailbox of either protocol: an IMAP [`Folder`](crate::imap::Folder) or a POP3 maildrop, [`Pop3`](crate::Pop3).
///
/// A command is sent when the future of a method is first polled. Every future can be dropped at any time: the session stays correct
/// and the next call works. If a protocol or server cannot do something, the error is [`Kind::Unsupported`](crate::Kind::Unsupported),
/// before anything is sent; [`features`](Self::features) says it in advance.
///
/// Dropping never deletes a message: [`mark_deleted`](Self::mark_deleted) only marks, [`commit`](Self::commit) makes it final.
///
/// # IMAP or POP3?
///
/// | | IMAP | POP3 |
/// |---|---|---|
/// | [`entries`](Self::entries) | ids, sizes, flags and dates; one round trip | ids and sizes; one round trip, or three without PIPELINING |
/// | [`messages`](Self::messages) | headers, previews or whole messages | the same; without TOP, headers and previews cost the whole messages |
/// | [`open`](Self::open) | can be dropped at any point | the rest of the message is still transferred |
/// | [`contents`](Self::contents), [`read_part`](Self::read_part) | only the parts that are read are downloaded | the whole message is downloaded |
/// | [`previews`](Self::previews) | by the server, or from the beginning of each text | from the first lines, by TOP |
/// | [`find`](Self::find) | by the server | by size here; texts and days are compared here, after the headers, or for the body the messages, were downloaded |
/// | [`append`](Self::append) | stores a message | unsupported |
/// | [`flag`](Self::flag) | read, answered, flagged, keywords | unsupported: each device keeps its own |
/// | [`existing`](Self::existing) | other clients can remove messages | unsupported: nothing goes during a session |
/// | [`mark_deleted`](Self::mark_deleted) and [`commit`](Self::commit) | needs UIDPLUS; the mailbox stays open | ends the session |
/// | [`changed`](Self::changed) | pushed (IDLE), otherwise polled | polled, with a new session each time |
/// | ids | last, unless the server says otherwise | last if the server has UIDL |
/// | other mailboxes | [`Imap`](crate::Imap): folders, moving, threads | there is one maildrop |
///
/// With IMAP, mail stays on the server, and all devices see the same. With POP3, it is collected: [`collect`](crate::collect) does that
/// with either. If the server has both, use IMAP.
///
/// **Your own mailbox** can implement the trait. A method that a later version adds has a default body, which uses
/// the other methods or returns [`Kind::Unsupported`](crate::Kind::Unsupported), so that it keeps compiling.
///
/// # Errors of every method
///
/// In addition to those that a method names: [`Kind::Timeout`](crate::Kind::Timeout), [`Kind::Io`](crate::Kind::Io),
/// [`Kind::Protocol`](crate::Kind::Protocol) and [`Kind::Limit`](crate::Kind::Limit) if the connection fails, and
/// [`Kind::Closed`](crate::Kind::Closed) after it has failed.
///
/// ```
/// use postroom::{Mailbox, Part, Result};
///
/// /// The subjects of a mailbox of either protocol.
/// async fn subjects(mailbox: &mut dyn Mailbox) -> Result<Vec<String>> {
///     let ids: Vec<_> = mailbox.entries().await?.into_iter().map(|entry| entry.id).collect();
///     let mut headers = mailbox.messages(&ids, Part::Header).await?;
///     let mut subjects = Vec::new();
///     while let Some(message) = headers.try_next().await? {
///         subjects.push(message.parse().and_then(|mail| Some(mail.subject()?.to_owned())).unwrap_or_default());
///     }
///     Ok(subjects)
/// }
/// # let _ = subjects;
/// ```
pub trait Mailbox: Send {
    /// What this mailbox can do. It never touches the wire.
    fn features(&self) -> Features;

    /// All messages that are in the mailbox now, in the server's order. One or two round trips, and about 40 bytes for each message.
    ///
    /// # Errors
    ///
    /// In POP3, [`Kind::Limit`](crate::Kind::Limit) if there are more messages than [`Limits::untagged`](crate::Limits::untagged).
    ///
    /// ```
    /// # #[cfg(all(feature = "testing", feature = "imap", feature = "pop3"))]
    /// # postroom::doctest::mailbox(async |mut mailbox| {
    /// # use postroom::Mailbox;
    /// for entry in mailbox.entries().await? {
    ///     println!("{}: {:?} bytes", entry.id, entry.size);
    /// }
    /// # Ok(())
    /// # }).unwrap();
    /// ```
    fn entries(&mut self) -> BoxFuture<'_, Result<Vec<Entry>>>;

    /// The number of flaws in the server's listings: lines or responses that could not be read, and messages with contradictory data.
    /// Such a message may be missing from [`entries`](Self::entries). It never touches the wire. 0 if an implementation does not count
    /// them.
    fn listing_flaws(&self) -> u64 {
        0
    }

    /// Streams these messages, or a part of each, in the order in which the server sends them. One round trip, more for a very long
    /// list of ids; in POP3 without PIPELINING, one for each message.
    ///
    /// Messages that are gone are left out. A message that the server refuses, or for which it sends no text, has no bytes and a
    /// [defect](crate::Message::defects). No message is marked as read.
    ///
    /// # Errors
    ///
    /// [`Kind::Input`](crate::Kind::Input) for ids of another mailbox, before anything is sent.
    ///
    /// ```
    /// # #[cfg(all(feature = "testing", feature = "imap", feature = "pop3"))]
    /// # postroom::doctest::mailbox(async |mut mailbox| {
    /// # use postroom::{Mailbox, Part};
    /// let ids: Vec<_> = mailbox.entries().await?.into_iter().map(|entry| entry.id).collect();
    /// let mut mail = mailbox.messages(&ids, Part::Preview(5)).await?;
    /// while let Some(message) = mail.try_next().await? {
    ///     println!("{}: {} bytes", message.id(), message.bytes().len());
    /// }
    /// # Ok(())
    /// # }).unwrap();
    /// ```
    fn messages<'a>(&'a mut self, ids: &'a [MessageId], part: Part) -> BoxFuture<'a, Result<Messages<'a>>>;

    /// Reads one message of any size, in memory bounded by [`Limits::window`](crate::Limits::window). At its end,
    /// [`Body::defects`] says whether it has another length than the server declares.
    ///
    /// # Errors
    ///
    /// [`Kind::Rejected`](crate::Kind::Rejected) if the message is gone, [`Kind::Missing`](crate::Kind::Missing) if the server sends no
    /// text for it, [`Kind::Input`](crate::Kind::Input) for an id of another mailbox.
    ///
    /// ```
    /// # #[cfg(all(feature = "testing", feature = "imap", feature = "pop3"))]
    /// # postroom::doctest::mailbox(async |mut mailbox| {
    /// # use postroom::Mailbox;
    /// use tokio::io::AsyncReadExt as _;
    ///
    /// let first = mailbox.entries().await?.into_iter().next().ok_or("the mailbox is empty")?;
    /// let mut text = Vec::new();
    /// mailbox.open(&first.id).await?.read_to_end(&mut text).await?;
    /// # assert!(!text.is_empty());
    /// # Ok(())
    /// # }).unwrap();
    /// ```
    fn open<'a>(&'a mut self, id: &'a MessageId) -> BoxFuture<'a, Result<Body<'a>>>;

    /// The message as a person sees it: its texts and attachments, with their names, types and sizes.
    ///
    /// In IMAP one round trip, which downloads no text ([`Folder::contents`](crate::imap::Folder::contents)). Elsewhere the message is
    /// downloaded, in POP3 by one RETR; the contents keep its bytes, and [`read_part`](Self::read_part) reads from these.
    /// [`Features::parts`] says which. The bytes are in memory up to [`Limits::literal`](crate::Limits::literal), otherwise in a temporary
    /// file, which other users cannot open, and which is removed with the last of its parts, or when the process ends.
    ///
    /// # Errors
    ///
    /// [`Kind::Rejected`](crate::Kind::Rejected) if the message is gone or refused, [`Kind::Missing`](crate::Kind::Missing) if the server
    /// sends no text for it, [`Kind::Input`](crate::Kind::Input) for an id of another mailbox. In a mailbox without access to parts,
    /// [`Kind::Limit`](crate::Kind::Limit) if the message is larger than [`Limits::temporary`](crate::Limits::temporary), and
    /// [`Kind::Storage`](crate::Kind::Storage) if the temporary file cannot be written.
    ///
    /// ```
    /// # #[cfg(all(feature = "testing", feature = "imap", feature = "pop3"))]
    /// # postroom::doctest::pop3(async |mut mailbox| {
    /// use postroom::Mailbox;
    /// for entry in mailbox.entries().await? {
    ///     for part in mailbox.contents(&entry.id).await?.attachments() {
    ///         println!("{}: {}", entry.id, part.safe_file_name());
    ///     }
    /// }
    /// # Ok(())
    /// # }).unwrap();
    /// ```
    fn contents<'a>(&'a mut self, id: &'a MessageId) -> BoxFuture<'a, Result<Contents>> {
        Box::pin(async move { keeping::contents(self.open(id).await?, &Limits::default()).await })
    }

    /// Reads one part of a message, decoded, from its beginning: [`read_part_from`](Self::read_part_from) octet 0.
    ///
    /// ```
    /// # #[cfg(all(feature = "testing", feature = "imap", feature = "pop3"))]
    /// # postroom::doctest::pop3(async |mut mailbox| {
    /// use postroom::Mailbox;
    /// use tokio::io::AsyncReadExt as _;
    ///
    /// for entry in mailbox.entries().await? {
    ///     for part in mailbox.contents(&entry.id).await?.attachments() {
    ///         let mut octets = Vec::new();
    ///         mailbox.read_part(&entry.id, part).await?.read_to_end(&mut octets).await?;
    ///         println!("{}: {} octets", part.safe_file_name(), octets.len());
    ///     }
    /// }
    /// # Ok(())
    /// # }).unwrap();
    /// ```
    fn read_part<'a>(&'a mut self, id: &'a MessageId, part: &'a MimePart) -> BoxFuture<'a, Result<PartBody<'a>>> {
        self.read_part_from(id, part, 0)
    }

    /// Reads one part of a message, decoded, from this octet on. The part is one of the message's [`contents`](Self::contents).
    ///
    /// In IMAP it touches the wire, as [`Folder::read_part`](crate::imap::Folder::read_part), which says what an octet costs. Elsewhere the
    /// contents have the bytes, and nothing is sent.
    ///
    /// # Errors
    ///
    /// As [`open`](Self::open); [`Kind::Input`](crate::Kind::Input) for a multipart, and in a mailbox without access to parts for one that
    /// is known by its BODYSTRUCTURE only.
    ///
    /// ```
    /// # #[cfg(all(feature = "testing", feature = "imap", feature = "pop3"))]
    /// # postroom::doctest::pop3(async |mut mailbox| {
    /// use postroom::Mailbox;
    /// use tokio::io::AsyncReadExt as _;
    ///
    /// for entry in mailbox.entries().await? {
    ///     if let Some(text) = mailbox.contents(&entry.id).await?.text() {
    ///         let mut rest = Vec::new();
    ///         mailbox.read_part_from(&entry.id, text, 6).await?.read_to_end(&mut rest).await?;
    ///         println!("{} octets after the first 6", rest.len());
    ///     }
    /// }
    /// # Ok(())
    /// # }).unwrap();
    /// ```
    fn read_part_from<'a>(
        &'a mut self,
        id: &'a MessageId,
        part: &'a MimePart,
        octet: u64,
    ) -> BoxFuture<'a, Result<PartBody<'a>>> {
        let _ = id;
        Box::pin(async move { PartBody::kept(part, octet) })
    }

    /// One part as text in UTF-8, whatever its charset, as [`Folder::read_text`](crate::imap::Folder::read_text). It costs what
    /// [`read_part`](Self::read_part) costs.
    ///
    /// # Errors
    ///
    /// As [`read_part_from`](Self::read_part_from) and those of reading; [`Kind::Limit`](crate::Kind::Limit) for a text of more than 64 MiB.
    ///
    /// ```
    /// # #[cfg(all(feature = "testing", feature = "imap", feature = "pop3"))]
    /// # postroom::doctest::pop3(async |mut mailbox| {
    /// use postroom::Mailbox;
    /// for entry in mailbox.entries().await? {
    ///     if let Some(text) = mailbox.contents(&entry.id).await?.text() {
    ///         println!("{}", mailbox.read_text(&entry.id, text).await?);
    ///     }
    /// }
    /// # Ok(())
    /// # }).unwrap();
    /// ```
    fn read_text<'a>(&'a mut self, id: &'a MessageId, part: &'a MimePart) -> BoxFuture<'a, Result<String>> {
        Box::pin(async move { self.read_part(id, part).await?.into_text(part, Limits::default().literal).await })
    }

    /// The first words of these messages, up to 200 characters of each, on one line: of the plain text, or of the HTML without its tags
    /// and styles. They are in the order in which the server sends them; messages that are gone are left out, and a message without a
    /// text has an empty preview.
    ///
    /// In IMAP one to four round trips, which [`Folder::previews`](crate::imap::Folder::previews) describes. Elsewhere previews are made of
    /// the first 80 lines of each message, in POP3 by TOP: what comes after them, as a text after a long picture, has no words.
    ///
    /// # Errors
    ///
    /// As [`messages`](Self::messages).
    ///
    /// ```
    /// # #[cfg(all(feature = "testing", feature = "imap", feature = "pop3"))]
    /// # postroom::doctest::pop3(async |mut mailbox| {
    /// use postroom::Mailbox;
    /// let ids: Vec<_> = mailbox.entries().await?.into_iter().map(|entry| entry.id).collect();
    /// for (id, words) in mailbox.previews(&ids).await? {
    ///     println!("{id}: {words}");
    /// }
    /// # Ok(())
    /// # }).unwrap();
    /// ```
    fn previews<'a>(&'a mut self, ids: &'a [MessageId]) -> BoxFuture<'a, Result<Vec<(MessageId, String)>>> {
        Box::pin(async move {
            let mut mail = self.messages(ids, Part::Preview(preview::LINES)).await?;
            let mut previews = Vec::new();
            while let Some(message) = mail.try_next().await? {
                let words = preview::of_message(message.bytes().clone());
                previews.push((message.id().clone(), words));
            }
            Ok(previews)
        })
    }

    /// The messages among these that the server still has, in the order of `ids`. Use it before a message that arrived in doubt, or not
    /// at all, is read again. One round trip: NOOP, so that the server can report removed messages, and UID SEARCH (RFC 2180 §4.1.2).
    ///
    /// # Errors
    ///
    /// [`Kind::Unsupported`](crate::Kind::Unsupported) in POP3, where no message goes during a session, and in an implementation without
    /// this method; [`Kind::Input`](crate::Kind::Input) for ids of another mailbox; [`Kind::Rejected`](crate::Kind::Rejected) if the
    /// server refuses the search and reports none of the messages as gone. If it refuses and reports some as gone, all others count
    /// as present.
    ///
    /// ```
    /// # #[cfg(all(feature = "testing", feature = "imap", feature = "pop3"))]
    /// # postroom::doctest::mailbox(async |mut mailbox| {
    /// # use postroom::Mailbox;
    /// let ids: Vec<_> = mailbox.entries().await?.into_iter().map(|entry| entry.id).collect();
    /// assert_eq!(mailbox.existing(&ids).await?, ids);
    /// # Ok(())
    /// # }).unwrap();
    /// ```
    fn existing<'a>(&'a mut self, ids: &'a [MessageId]) -> BoxFuture<'a, Result<Vec<MessageId>>> {
        let _ = ids;
        Box::pin(async { Err(Error::unsupported("this mailbox cannot report which of its messages still exist")) })
    }

    /// Finds the messages that fit all conditions, in the order of [`entries`](Self::entries).
    ///
    /// If [`Features::search`] is set, the server does it: one round trip. Otherwise it is done here: the messages are listed, sizes are
    /// compared, and for conditions about fields and dates the header of each message that is left is downloaded. That is one round trip
    /// more with PIPELINING and TOP, and about 2 KiB for each message; POP3 without TOP transfers the whole messages. For conditions about
    /// the body, each message that is still left is downloaded, so give other conditions, too. A message whose header or body cannot be
    /// read, or is larger than [`Limits::literal`](crate::Limits::literal), is [`unknown`](Found::unknown). Letter case does not matter
    /// here; a server has its own rules.
    ///
    /// # Errors
    ///
    /// [`Kind::Unsupported`](crate::Kind::Unsupported), before anything is sent, for a condition about flags if there are none
    /// ([`Features::flags`]); [`Kind::Input`](crate::Kind::Input) for a text that cannot be sent; [`Kind::Rejected`](crate::Kind::Rejected)
    /// if the server refuses.
    ///
    /// ```
    /// # #[cfg(all(feature = "testing", feature = "imap", feature = "pop3"))]
    /// # postroom::doctest::mailbox(async |mut mailbox| {
    /// # use postroom::Mailbox;
    /// use postroom::Find;
    ///
    /// let found = mailbox.find(&Find::new().from("example").smaller(100_000)).await?;
    /// println!("{} messages", found.messages.len());
    /// # Ok(())
    /// # }).unwrap();
    /// ```
    fn find<'a>(&'a mut self, find: &'a Find) -> BoxFuture<'a, Result<Found>> {
        Box::pin(async move {
            if !find.flags.is_empty() && !self.features().flags {
                return Err(Error::unsupported("this mailbox has no flags to search for"));
            }
            let mut searching = Searching::new(find, self.entries().await?);
            for part in [Part::Header, Part::Whole] {
                let wanted = searching.wanted(part);
                if wanted.is_empty() {
                    continue;
                }
                let mut mail = self.messages(&wanted, part).await?;
                while let Some(message) = mail.try_next().await? {
                    searching.add(message.id(), part, message.bytes());
                }
            }
            Ok(searching.found())
        })
    }

    /// Stores a message in this mailbox, with these flags. Returns its id, if the server reports it. Up to three round trips. See
    /// [`Imap::append`](crate::Imap::append) for larger messages, and for what dropping it does.
    ///
    /// # Errors
    ///
    /// [`Kind::Unsupported`](crate::Kind::Unsupported) if [`Features::append`] is not set; [`Kind::Rejected`](crate::Kind::Rejected) if the
    /// server refuses; [`Kind::Unknown`](crate::Kind::Unknown) if the connection ended before the answer.
    ///
    /// ```
    /// # #[cfg(all(feature = "testing", feature = "imap", feature = "pop3"))]
    /// # postroom::doctest::mailbox(async |mut mailbox| {
    /// # use postroom::{Flag, Mailbox};
    /// let id = mailbox.append(b"Subject: hello\r\n\r\nworld\r\n", &[Flag::SEEN]).await?;
    /// println!("{id:?}");
    /// # Ok(())
    /// # }).unwrap();
    /// ```
    fn append<'a>(&'a mut self, message: &'a [u8], flags: &'a [Flag]) -> BoxFuture<'a, Result<Option<MessageId>>> {
        let _ = (message, flags);
        Box::pin(async { Err(Error::unsupported("this mailbox cannot store messages")) })
    }

    /// Changes the flags of these messages. One round trip, more for a very long list of ids.
    ///
    /// # Errors
    ///
    /// [`Kind::Unsupported`](crate::Kind::Unsupported) in POP3, which has no flags, and in a mailbox that is open for reading only;
    /// [`Kind::Input`](crate::Kind::Input) for ids of another mailbox; [`Kind::Rejected`](crate::Kind::Rejected) if the server refuses.
    ///
    /// ```
    /// # #[cfg(all(feature = "testing", feature = "imap", feature = "pop3"))]
    /// # postroom::doctest::mailbox(async |mut mailbox| {
    /// # use postroom::{Flag, FlagChange, Mailbox};
    /// let ids: Vec<_> = mailbox.entries().await?.into_iter().map(|entry| entry.id).collect();
    /// mailbox.flag(&ids, &FlagChange::add([Flag::SEEN])).await?;
    /// # Ok(())
    /// # }).unwrap();
    /// ```
    fn flag<'a>(&'a mut self, ids: &'a [MessageId], change: &'a FlagChange) -> BoxFuture<'a, Result<()>>;

    /// Marks these messages for deletion by [`commit`](Self::commit). If the mailbox is dropped instead, nothing is deleted. In IMAP it
    /// does not touch the wire. In POP3 it sends DELE for each message: one round trip with PIPELINING, otherwise one for each message.
    ///
    /// # Errors
    ///
    /// [`Kind::Unsupported`](crate::Kind::Unsupported) if [`Features::delete`] is not set; [`Kind::Input`](crate::Kind::Input) for ids of
    /// another mailbox; [`Kind::Rejected`](crate::Kind::Rejected) if a POP3 server refuses.
    ///
    /// ```
    /// # #[cfg(all(feature = "testing", feature = "imap", feature = "pop3"))]
    /// # postroom::doctest::mailbox(async |mut mailbox| {
    /// # use postroom::Mailbox;
    /// let oldest = mailbox.entries().await?.into_iter().next().ok_or("the mailbox is empty")?;
    /// mailbox.mark_deleted(&[oldest.id]).await?;
    /// # assert_eq!(mailbox.entries().await?.len(), 30);
    /// # Ok(())
    /// # }).unwrap();
    /// ```
    fn mark_deleted<'a>(&'a mut self, ids: &'a [MessageId]) -> BoxFuture<'a, Result<()>>;

    /// Waits until the mailbox has changed: by IMAP's IDLE, otherwise by polling at intervals. POP3 has to end its session and begin
    /// another one for each poll. [`Features::changes`] says which.
    ///
    /// # Errors
    ///
    /// In POP3, [`Kind::Input`](crate::Kind::Input) while deletions are marked, and
    /// [`Kind::Unsupported`](crate::Kind::Unsupported) over the caller's own stream, which cannot be connected again.
    ///
    /// ```
    /// # #[cfg(feature = "testing")]
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let server = postroom::testing::Server::builder().sample_mail().start().await?;
    /// # let config = postroom::Config::new("localhost").port(server.imaps_port()).add_root_pem(server.ca_pem().as_bytes())?;
    /// # let login = postroom::Login::password("alice", "alicepw");
    /// # let mut mailbox = postroom::Imap::connect(config, login).await?.into_folder("INBOX").await?;
    /// # use postroom::Mailbox;
    /// # let known = mailbox.entries().await?;
    /// # server.deliver("alice", "INBOX", "Subject: new\r\n\r\n", &[]);
    /// mailbox.changed().await?;
    /// println!("{} messages now", mailbox.entries().await?.len());
    /// # Ok(()) }
    /// # #[cfg(not(feature = "testing"))]
    /// # fn main() {}
    /// ```
    fn changed(&mut self) -> BoxFuture<'_, Result<()>>;

    /// Makes the marked deletions final and returns which of them are certain. A POP3 maildrop is closed afterwards, an IMAP folder
    /// stays open. One round trip in POP3 (QUIT), two in IMAP (UID STORE and UID EXPUNGE).
    ///
    /// # Errors
    ///
    /// [`Kind::Rejected`](crate::Kind::Rejected) if an IMAP server refuses. If the connection is lost before the reply, or a POP3 server
    /// refuses, it is not an error: the deletions are [`unknown`](Committed::unknown).
    ///
    /// ```
    /// # #[cfg(all(feature = "testing", feature = "imap", feature = "pop3"))]
    /// # postroom::doctest::mailbox(async |mut mailbox| {
    /// # use postroom::Mailbox;
    /// let ids: Vec<_> = mailbox.entries().await?.into_iter().map(|entry| entry.id).collect();
    /// mailbox.mark_deleted(&ids).await?;
    /// let committed = mailbox.commit().await?;
    /// assert_eq!((committed.deleted.len(), committed.unknown.len()), (30, 0));
    /// # Ok(())
    /// # }).unwrap();
    /// ```
    fn commit(&mut self) -> BoxFuture<'_, Result<Committed>>;
}
