//! Writes commands: [`Line`] takes typed arguments and returns [`Segment`]s. No argument can end its command or begin another one:
//! each is written as an atom, a quoted string or a literal, whichever can represent it, and refused if none can. It must not know
//! tags, nor wait for `+`: the engine does both.

use std::fmt;

use bytes::{Bytes, BytesMut};
use time::{Date, OffsetDateTime};

use crate::imap::types::{Items, MailboxName, SeqNum, Uids};
use crate::wire::wiping;
use crate::{Error, Flag, FlagAction, FlagChange, Result};

/// The longest string that is written in quotes; some servers accept short lines only.
const QUOTED: usize = 1000;

/// One piece of a command. A command is a sequence of them.
///
/// `Debug` output contains no secrets.
///
/// ```
/// use postroom::imap::codec::encode::{Line, Segment};
///
/// let [head, literal, end] = &Line::new("X").literal("text")?.finish()[..] else { panic!("other segments") };
/// assert_eq!(*head, Segment::Text("X ".into()));
/// assert_eq!(*literal, Segment::Literal { bytes: "text".into(), secret: false });
/// assert_eq!(*end, Segment::Text("\r\n".into()));
/// # Ok::<(), postroom::Error>(())
/// ```
#[derive(Clone, Eq, PartialEq)]
#[non_exhaustive]
pub enum Segment {
    /// Bytes to write as they are.
    Text(Bytes),
    /// Bytes to write as they are and never to log. They are wiped when dropped if this crate made them.
    Secret(Bytes),
    /// Bytes to write after `{size}` and a line end, once the server has sent `+` or without waiting if it allows that (RFC 7888).
    Literal {
        /// The bytes of the literal. They contain no NUL unless a `~` precedes the literal (RFC 3516).
        bytes: Bytes,
        /// Whether the bytes must not be logged.
        secret: bool,
    },
    /// A literal whose bytes come from elsewhere: the body of an APPEND.
    Upload {
        /// The size to announce, in bytes.
        size: u64,
    },
}

/// One command without its tag. Each argument is preceded by a space.
///
/// ```
/// use postroom::imap::codec::encode::{Line, Segment};
///
/// let segments = Line::new("LOGIN").astring("me")?.secret("se\"cret")?.finish();
/// assert_eq!(segments[0], Segment::Text("LOGIN me ".into()));
/// assert_eq!(segments[1], Segment::Secret("\"se\\\"cret\"".into()));
/// assert_eq!(segments[2], Segment::Text("\r\n".into()));
/// # Ok::<(), postroom::Error>(())
/// ```
#[derive(Debug)]
#[must_use = "a command is sent only after `finish`"]
pub struct Line {
    done: Vec<Segment>,
    text: BytesMut,
    /// Whether the next argument directly follows an opening parenthesis.
    first: bool,
}

impl Line {
    /// Begins a command with this name, such as `UID FETCH`.
    pub fn new(name: &'static str) -> Self {
        Self { done: Vec::new(), text: BytesMut::from(name), first: false }
    }

    /// Adds a word without quotes.
    ///
    /// ```
    /// # use postroom::imap::codec::encode::{Line, Segment};
    /// assert_eq!(Line::new("ENABLE").atom("QRESYNC")?.finish(), [Segment::Text("ENABLE QRESYNC\r\n".into())]);
    /// assert!(Line::new("ENABLE").atom("two words").is_err());
    /// # Ok::<(), postroom::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`Kind::Input`](crate::Kind::Input) if the word is not an `atom` (RFC 9051 §9).
    pub fn atom(self, atom: &str) -> Result<Self> {
        match !atom.is_empty() && atom.bytes().all(is_atom_byte) {
            true => Ok(self.text(atom.as_bytes())),
            false => Err(Error::input(format!("{atom:?} is not an atom and cannot be a word of a command"))),
        }
    }

    /// Adds a text in the simplest form that can represent it: as an atom, in quotes, or as a literal.
    ///
    /// ```
    /// # use postroom::imap::codec::encode::{Line, Segment};
    /// let line = Line::new("X").astring("plain")?.astring("two words")?;
    /// assert_eq!(line.finish(), [Segment::Text("X plain \"two words\"\r\n".into())]);
    /// # Ok::<(), postroom::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`Kind::Input`](crate::Kind::Input) if the text contains a NUL, which no form can represent.
    pub fn astring(self, text: impl AsRef<[u8]>) -> Result<Self> {
        let text = text.as_ref();
        if is_astring_atom(text) { Ok(self.text(text)) } else { self.string(text) }
    }

    /// Adds a text in quotes or as a literal, never as an atom. Some servers accept no atom if the grammar asks for a `string`.
    ///
    /// ```
    /// # use postroom::imap::codec::encode::{Line, Segment};
    /// assert_eq!(Line::new("X").string("plain")?.finish(), [Segment::Text("X \"plain\"\r\n".into())]);
    /// # Ok::<(), postroom::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// The same as for [`astring`](Self::astring).
    pub fn string(self, text: impl AsRef<[u8]>) -> Result<Self> {
        self.either(text.as_ref(), false, |byte| byte.is_ascii() && !byte.is_ascii_control())
    }

    /// Adds a text like [`string`](Self::string) that must not be logged.
    ///
    /// ```
    /// # use postroom::imap::codec::encode::{Line, Segment};
    /// let segments = Line::new("LOGIN me").secret("hunter2")?.finish();
    /// assert_eq!(segments[1], Segment::Secret("\"hunter2\"".into()));
    /// assert!(!format!("{segments:?}").contains("hunter2"));
    /// # Ok::<(), postroom::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// The same as for [`astring`](Self::astring). The error does not contain the secret.
    pub fn secret(self, text: impl AsRef<[u8]>) -> Result<Self> {
        self.either(text.as_ref(), true, |byte| byte.is_ascii() && !byte.is_ascii_control())
    }

    /// Adds a word that must not be logged, such as the initial response of AUTHENTICATE in base64.
    ///
    /// ```
    /// # use postroom::imap::codec::encode::{Line, Segment};
    /// let segments = Line::new("AUTHENTICATE PLAIN").secret_atom("AGEAYg==")?.finish();
    /// assert_eq!(segments[1], Segment::Secret("AGEAYg==".into()));
    /// # Ok::<(), postroom::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// The same as for [`atom`](Self::atom). The error does not contain the secret.
    pub fn secret_atom(mut self, atom: &str) -> Result<Self> {
        if atom.is_empty() || !atom.bytes().all(is_atom_byte) {
            return Err(Error::input("a secret is not an atom and cannot be a word of a command"));
        }
        self.space();
        self.flush();
        self.done.push(Segment::Secret(wiping::secret(atom.as_bytes())));
        Ok(self)
    }

    /// Adds a mailbox name, as UTF-8 if `utf8` is set (IMAP4rev2 or `UTF8=ACCEPT` is enabled), otherwise in modified UTF-7.
    ///
    /// ```
    /// # use postroom::imap::codec::encode::{Line, Segment};
    /// # use postroom::imap::MailboxName;
    /// let line = Line::new("SELECT").mailbox(&MailboxName::new("Entwürfe")?, false)?;
    /// assert_eq!(line.finish(), [Segment::Text("SELECT Entw&APw-rfe\r\n".into())]);
    /// # Ok::<(), postroom::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`Kind::Input`](crate::Kind::Input) for a name from a server that contains a NUL.
    pub fn mailbox(self, name: &MailboxName, utf8: bool) -> Result<Self> {
        self.name(&name.to_wire(utf8), utf8)
    }

    /// Adds a pattern for LIST: a mailbox name with the wildcards `%` and `*`.
    ///
    /// ```
    /// # use postroom::imap::codec::encode::{Line, Segment};
    /// let line = Line::new("LIST").pattern("", false)?.pattern("Archive/%", false)?;
    /// assert_eq!(line.finish(), [Segment::Text("LIST \"\" \"Archive/%\"\r\n".into())]);
    /// # Ok::<(), postroom::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// The same as for [`MailboxName::new`], except that the pattern may be empty.
    pub fn pattern(self, pattern: &str, utf8: bool) -> Result<Self> {
        match pattern {
            "" => self.string(pattern),
            _ => self.quoted_name(&MailboxName::new(pattern)?.to_wire(utf8), utf8),
        }
    }

    /// Adds a set of UIDs. [Split](Uids::split) long sets first.
    ///
    /// ```
    /// # use postroom::imap::codec::encode::{Line, Segment};
    /// let line = Line::new("UID EXPUNGE").uids(&"4,7:9".parse()?)?;
    /// assert_eq!(line.finish(), [Segment::Text("UID EXPUNGE 4,7:9\r\n".into())]);
    /// # Ok::<(), postroom::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`Kind::Input`](crate::Kind::Input) for the empty set, which has no wire form.
    pub fn uids(self, uids: &Uids) -> Result<Self> {
        match uids.is_empty() {
            true => Err(Error::input("an empty set of UIDs cannot be sent")),
            false => Ok(self.text(uids.to_string().as_bytes())),
        }
    }

    /// Adds the sequence numbers from `from` to `to`, or to the last message.
    pub(crate) fn numbers(self, from: SeqNum, to: Option<SeqNum>) -> Self {
        let last = to.map_or_else(|| "*".to_owned(), |to| to.to_string());
        self.text(format!("{from}:{last}").as_bytes())
    }

    /// Adds a number.
    pub fn number(self, number: u64) -> Self {
        self.text(number.to_string().as_bytes())
    }

    /// Adds the items of a FETCH.
    pub fn items(self, items: &Items) -> Self {
        self.text(items.to_string().as_bytes())
    }

    /// Adds one flag without parentheses, as SEARCH takes it.
    pub(crate) fn flag(self, flag: &Flag) -> Result<Self> {
        match flag.is_storable() {
            true => Ok(self.text(flag.as_str().as_bytes())),
            false => Err(Error::input(format!("the flag {:?} cannot be sent", flag.as_str()))),
        }
    }

    /// Adds flags in parentheses.
    ///
    /// ```
    /// # use postroom::{Flag, imap::codec::encode::{Line, Segment}};
    /// let line = Line::new("X").flags(&[Flag::SEEN, Flag::DRAFT])?;
    /// assert_eq!(line.finish(), [Segment::Text("X (\\Seen \\Draft)\r\n".into())]);
    /// # Ok::<(), postroom::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`Kind::Input`](crate::Kind::Input) for a flag that only a server may send: `\Recent`, `\*`, or one that is not an atom.
    pub fn flags(self, flags: &[Flag]) -> Result<Self> {
        if let Some(flag) = flags.iter().find(|flag| !flag.is_storable()) {
            return Err(Error::input(format!("the flag {:?} cannot be stored", flag.as_str())));
        }
        let names: Vec<&str> = flags.iter().map(Flag::as_str).collect();
        Ok(self.text(format!("({})", names.join(" ")).as_bytes()))
    }

    /// Adds the arguments of STORE, such as `+FLAGS.SILENT (\Seen)`; with `.SILENT` if `silent` is set.
    ///
    /// ```
    /// # use postroom::{Flag, FlagChange, imap::codec::encode::{Line, Segment}};
    /// let line = Line::new("X").flag_change(&FlagChange::add([Flag::SEEN]), true)?;
    /// assert_eq!(line.finish(), [Segment::Text("X +FLAGS.SILENT (\\Seen)\r\n".into())]);
    /// # Ok::<(), postroom::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// The same as for [`flags`](Self::flags).
    pub fn flag_change(self, change: &FlagChange, silent: bool) -> Result<Self> {
        let sign = match change.action() {
            FlagAction::Add => "+",
            FlagAction::Remove => "-",
            FlagAction::Set => "",
        };
        let silent = if silent { ".SILENT" } else { "" };
        self.text(format!("{sign}FLAGS{silent}").as_bytes()).flags(change.flags())
    }

    /// Adds a point in time, such as `"01-Jan-2026 00:00:00 +0000"`, with its offset from UTC and without its fraction of a second.
    ///
    /// ```
    /// # use postroom::imap::codec::encode::{Line, Segment};
    /// let line = Line::new("X").date_time(time::OffsetDateTime::UNIX_EPOCH)?;
    /// assert_eq!(line.finish(), [Segment::Text("X \"01-Jan-1970 00:00:00 +0000\"\r\n".into())]);
    /// # Ok::<(), postroom::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`Kind::Input`](crate::Kind::Input) if the year does not have four digits.
    pub fn date_time(self, time: OffsetDateTime) -> Result<Self> {
        date_time(time).map(|written| self.text(written.as_bytes()))
    }

    /// Adds arguments in parentheses.
    ///
    /// ```
    /// # use postroom::imap::codec::encode::{Line, Segment};
    /// let line = Line::new("X").list(|list| list.atom("A")?.atom("B"))?;
    /// assert_eq!(line.finish(), [Segment::Text("X (A B)\r\n".into())]);
    /// # Ok::<(), postroom::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// The errors of `arguments`.
    pub fn list(mut self, arguments: impl FnOnce(Self) -> Result<Self>) -> Result<Self> {
        self.space();
        self.text.extend_from_slice(b"(");
        self.first = true;
        let mut line = arguments(self)?;
        line.first = false;
        line.text.extend_from_slice(b")");
        Ok(line)
    }

    /// Adds bytes as a literal, even if a simpler form could represent them.
    ///
    /// ```
    /// # use postroom::imap::codec::encode::{Line, Segment};
    /// let segments = Line::new("X").literal("text")?.finish();
    /// assert_eq!(segments[1], Segment::Literal { bytes: "text".into(), secret: false });
    /// # Ok::<(), postroom::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// The same as for [`astring`](Self::astring).
    pub fn literal(mut self, bytes: impl Into<Bytes>) -> Result<Self> {
        let bytes = bytes.into();
        if memchr::memchr(0, &bytes).is_some() {
            return Err(Error::input("a NUL byte can only be sent in a binary literal"));
        }
        self.space();
        self.flush();
        self.done.push(Segment::Literal { bytes, secret: false });
        Ok(self)
    }

    /// Adds bytes as a binary literal, which may contain NUL (`literal8`, RFC 3516 §6).
    pub fn literal8(mut self, bytes: impl Into<Bytes>) -> Self {
        self.space();
        self.text.extend_from_slice(b"~");
        self.flush();
        self.done.push(Segment::Literal { bytes: bytes.into(), secret: false });
        self
    }

    /// Adds text that this crate made and checked.
    pub(crate) fn checked(self, text: &str) -> Self {
        self.text(text.as_bytes())
    }

    /// Adds a literal of `size` bytes that come from elsewhere.
    pub fn upload(mut self, size: u64) -> Self {
        self.space();
        self.flush();
        self.done.push(Segment::Upload { size });
        self
    }

    /// Adds a binary literal of `size` bytes that come from elsewhere (`literal8`, RFC 3516 §6).
    pub fn upload8(mut self, size: u64) -> Self {
        self.space();
        self.text.extend_from_slice(b"~");
        self.flush();
        self.done.push(Segment::Upload { size });
        self
    }

    /// The whole command, including its line end.
    pub fn finish(mut self) -> Vec<Segment> {
        self.text.extend_from_slice(b"\r\n");
        self.flush();
        self.done
    }

    fn name(self, name: &[u8], utf8: bool) -> Result<Self> {
        // An unquoted NIL is a valid name, but not every server knows that.
        let plain = is_astring_atom(name) && !name.eq_ignore_ascii_case(b"NIL");
        if plain { Ok(self.text(name)) } else { self.quoted_name(name, utf8) }
    }

    fn quoted_name(self, name: &[u8], utf8: bool) -> Result<Self> {
        let utf8 = utf8 && str::from_utf8(name).is_ok();
        self.either(name, false, move |byte| !byte.is_ascii_control() && (utf8 || byte.is_ascii()))
    }

    /// In quotes if every byte may appear there, otherwise as a literal.
    fn either(mut self, text: &[u8], secret: bool, quotable: impl Fn(u8) -> bool) -> Result<Self> {
        if text.contains(&0) {
            return Err(Error::input("a NUL byte cannot be sent in a command"));
        }
        self.space();
        if text.len() > QUOTED || !text.iter().all(|&byte| quotable(byte)) {
            self.flush();
            let bytes = if secret { wiping::secret(text) } else { Bytes::copy_from_slice(text) };
            self.done.push(Segment::Literal { bytes, secret });
            return Ok(self);
        }
        if secret {
            self.flush();
            // Enough capacity for every byte to be escaped: growing would leave an unwiped copy of the secret behind.
            let mut quoted = BytesMut::with_capacity(text.len() * 2 + 2);
            quote(text, &mut quoted);
            self.done.push(Segment::Secret(wiping::freeze(quoted)));
            return Ok(self);
        }
        quote(text, &mut self.text);
        Ok(self)
    }

    fn text(mut self, text: &[u8]) -> Self {
        self.space();
        self.text.extend_from_slice(text);
        self
    }

    fn space(&mut self) {
        if !std::mem::take(&mut self.first) {
            self.text.extend_from_slice(b" ");
        }
    }

    fn flush(&mut self) {
        if !self.text.is_empty() {
            self.done.push(Segment::Text(self.text.split().freeze()));
        }
    }
}

fn quote(text: &[u8], out: &mut BytesMut) {
    out.extend_from_slice(b"\"");
    for &byte in text {
        if matches!(byte, b'"' | b'\\') {
            out.extend_from_slice(b"\\");
        }
        out.extend_from_slice(&[byte]);
    }
    out.extend_from_slice(b"\"");
}

/// `ATOM-CHAR`.
fn is_atom_byte(byte: u8) -> bool {
    byte.is_ascii_graphic() && !b"(){%*\"\\]".contains(&byte)
}

/// `1*ASTRING-CHAR` of limited length.
fn is_astring_atom(text: &[u8]) -> bool {
    !text.is_empty() && text.len() <= QUOTED && text.iter().all(|&byte| is_atom_byte(byte) || byte == b']')
}

/// A day without quotes, such as `1-Jan-2026`.
pub(crate) fn date(day: Date) -> Result<String> {
    if !(0..=9999).contains(&day.year()) {
        return Err(Error::input("the year of a date must have four digits"));
    }
    let month = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let month = month.get(usize::from(u8::from(day.month())).saturating_sub(1)).copied().unwrap_or_default();
    Ok(format!("{}-{month}-{:04}", day.day(), day.year()))
}

fn date_time(time: OffsetDateTime) -> Result<String> {
    let (day, (hour, minute, second)) = (date(time.date())?, time.to_hms());
    let (hours, minutes, _) = time.offset().as_hms();
    let sign = if time.offset().is_negative() { '-' } else { '+' };
    let (hours, minutes) = (hours.unsigned_abs(), minutes.unsigned_abs());
    Ok(format!("\"{day:0>11} {hour:02}:{minute:02}:{second:02} {sign}{hours:02}{minutes:02}\""))
}

impl fmt::Debug for Segment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(bytes) => f.debug_tuple("Text").field(bytes).finish(),
            Self::Literal { bytes, secret: false } => f.debug_tuple("Literal").field(bytes).finish(),
            Self::Secret(_) | Self::Literal { secret: true, .. } => f.write_str("Secret(..)"),
            Self::Upload { size } => write!(f, "Upload({size})"),
        }
    }
}

#[cfg(test)]
#[path = "encode_tests.rs"]
mod tests;
