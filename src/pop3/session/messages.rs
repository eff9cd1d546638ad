//! The calls of [`Pop3`] that retrieve messages: whole, their beginnings, as a stream of bytes or many in a row. It must not know
//! how messages are listed.

use bytes::Bytes;

use super::Pop3;
use super::call::one;
use super::reading::Text;
use super::retrieval::{Asked, RetrStream, top};
use crate::body::Body;
use crate::body::reader::Reader;
use crate::error::Result;
use crate::judge::Verdict;
use crate::pop3::engine::{Plan, Request, Series, Shape};
use crate::pop3::types::{Number, Retrieved, RetrievedContent};

/// Retrieving messages.
impl Pop3 {
    /// Retrieves one message, byte for byte (RFC 1939 §5): dots are unstuffed, everything else is unchanged. It is
    /// [`RetrievedContent::Uncertain`] if this session has listed another size, otherwise [`RetrievedContent::Whole`].
    ///
    /// ```
    /// # #[cfg(feature = "testing")]
    /// # postroom::doctest::pop3(async |pop3| {
    /// let (number, _) = pop3.list().await?[0];
    /// println!("{} bytes", pop3.retr(number).await?.bytes().len());
    /// # Ok(())
    /// # }).unwrap();
    /// ```
    ///
    /// # Errors
    ///
    /// Those of [every command](Self#errors-of-every-command); [`Kind::Missing`](crate::Kind::Missing) if the server
    /// sends no text; `Kind::Limit` if the message is larger than [`Limits::literal`](crate::Limits::literal): use
    /// [`read`](Self::read) for those.
    pub async fn retr(&self, number: Number) -> Result<Retrieved> {
        let plan = Plan::new("RETR", &[number.to_string().as_bytes()])?.shape(Shape::Message);
        let whole = RetrievedContent::Whole(one(&self.link, plan).await?.body);
        match self.maildrop.sizes.judge(number, whole) {
            RetrievedContent::Missing => Err(Verdict::missing()),
            content => Ok(Retrieved { number, content }),
        }
    }

    /// Retrieves the header of one message, the empty line after it, and this number of lines of its text (RFC 1939
    /// §7). Never returns more, whatever the server sends.
    ///
    /// ```
    /// # #[cfg(feature = "testing")]
    /// # postroom::doctest::pop3(async |pop3| {
    /// let (number, _) = pop3.list().await?[0];
    /// println!("{}", String::from_utf8_lossy(&pop3.top(number, 0).await?));
    /// # Ok(())
    /// # }).unwrap();
    /// ```
    ///
    /// # Errors
    ///
    /// As [`retr`](Self::retr); `Kind::Rejected` also if the server does not support TOP.
    pub async fn top(&self, number: Number, lines: u32) -> Result<Bytes> {
        let arguments = [number.to_string(), lines.to_string()];
        let plan = Plan::new("TOP", &arguments.each_ref().map(String::as_bytes))?.shape(Shape::Message);
        top(&one(&self.link, plan).await?.body, lines).ok_or_else(Verdict::missing)
    }

    /// Streams these messages in this order. Each is checked against the size that this session has listed, if it has;
    /// [`RetrievedContent`] is the result. If the server supports PIPELINING, up to 256 RETR are on the wire, and
    /// [`Limits::window`](crate::Limits::window) bounds the undelivered bytes; otherwise each message takes a round
    /// trip. The commands are submitted when this returns.
    ///
    /// ```
    /// # #[cfg(feature = "testing")]
    /// # postroom::doctest::pop3(async |mut pop3| {
    /// let numbers: Vec<_> = pop3.list().await?.into_iter().map(|(number, _)| number).collect();
    /// let mut mail = pop3.fetch(numbers);
    /// while let Some(message) = mail.try_next().await? {
    ///     println!("{}: {} bytes", message.number, message.bytes().len());
    /// }
    /// # Ok(())
    /// # }).unwrap();
    /// ```
    pub fn fetch(&mut self, numbers: impl IntoIterator<Item = Number>) -> RetrStream<'_> {
        self.retrieve(Asked::Whole, numbers.into_iter().collect())
    }

    pub(super) fn retrieve(&self, asked: Asked, numbers: Vec<Number>) -> RetrStream<'_> {
        let series = match asked {
            Asked::Whole | Asked::Beginning(_) => Series::retrieve(numbers),
            Asked::Top(lines) => Series::top(numbers, lines),
            Asked::Nothing => Series::delete(numbers),
        };
        RetrStream::new(&self.link, series, asked, &self.maildrop.sizes)
    }

    /// Reads one message of any size while it arrives, in memory bounded by [`Limits::window`](crate::Limits::window).
    ///
    /// POP3 cannot stop a message that has begun: if the reader is dropped early, the rest is read and discarded before
    /// the next command's reply. For a huge rest it is cheaper to drop the session.
    ///
    /// ```
    /// # #[cfg(feature = "testing")]
    /// # postroom::doctest::pop3(async |mut pop3| {
    /// use tokio::io::AsyncReadExt;
    ///
    /// let (number, _) = pop3.list().await?[0];
    /// let mut text = Vec::new();
    /// pop3.read(number).await?.read_to_end(&mut text).await?;
    /// # Ok(())
    /// # }).unwrap();
    /// ```
    ///
    /// # Errors
    ///
    /// Those of [every command](Self#errors-of-every-command), `Kind::Rejected` at once if the server refuses. Later
    /// errors are the reader's; so is [`Kind::Missing`](crate::Kind::Missing) for a message without any octet. If the
    /// message has another length than this session has listed, [`Body::defects`] reports it at the end.
    pub async fn read(&mut self, number: Number) -> Result<Body<'_>> {
        self.open_body(number).await
    }

    pub(super) async fn open_body<'a>(&self, number: Number) -> Result<Body<'a>> {
        let plan = Plan::new("RETR", &[number.to_string().as_bytes()])?.shape(Shape::Stream);
        let inbox = self.link.submit(Request::Command(plan));
        Ok(Body::judged(Reader::new(Text::open(inbox, self.maildrop.sizes.of(number)).await?)))
    }
}
