//! Any command as a value (RFC 9051 §6.5): an [`Extension`] is a name, typed arguments, and the untagged data it claims. The commands of
//! the RFCs are built in the other files of this directory. It must not know what its answer means.

use bytes::Bytes;

use super::{Answer, Batches, Command, EncodeOptions, Frames, Responses};
use crate::error::{Error, Replay, Result};
use crate::imap::codec::{self, Kind, Line, Route, Segment};
use crate::imap::plan::{Claims, Order, Plan, RequiredState, SessionEffect, Topic, Wanted};
use crate::imap::types::{Condition, Items, MailboxName, Query, SavedMark, Scope, Uids};
use crate::limits::Limits;
use crate::{Flag, FlagChange};

/// A command as a value: one of the extensions that have a function here, or a vendor's command.
///
/// Building a command checks nothing. If it contains something that cannot be sent, [running](crate::imap::Imap::run) it fails with
/// [`Kind::Input`](crate::Kind::Input) before any byte is sent. No argument can end the command or begin another one.
///
/// ```
/// use postroom::imap::{Extension, MailboxName};
///
/// let vendors = Extension::new("XAPPLEPUSHSERVICE")
///     .claim("XAPPLEPUSHSERVICE")
///     .word("aps-version").text("2")
///     .word("mailboxes").list(|list| list.mailbox(&MailboxName::INBOX));
/// assert_eq!(vendors.to_string(), "XAPPLEPUSHSERVICE aps-version 2 mailboxes (INBOX)");
/// ```
#[derive(Clone, Debug)]
#[must_use = "a command is only a value until it is run"]
pub struct Extension {
    verb: &'static str,
    arguments: Vec<Argument>,
    claimed: Vec<&'static str>,
    /// What the claimed responses must be about.
    topic: Option<Topic>,
    change: Option<Replay>,
    /// Whether it replaces the result of a search that the server keeps (RFC 5182).
    saves: bool,
    /// Whether it refers to the selected mailbox.
    selected: bool,
    /// The index of the first argument of each message that it appends.
    messages: Vec<usize>,
}

#[derive(Clone, Debug)]
enum Argument {
    Word(String),
    Text(Vec<u8>),
    Quoted(Vec<u8>),
    Mailbox(MailboxName),
    Pattern(String),
    Number(u64),
    Uids(Uids),
    Flags(Vec<Flag>),
    Change(FlagChange, bool),
    Items(Items),
    Query(Query),
    Charset(Query),
    Binary(Bytes),
    Literal(Bytes),
    DateTime(time::OffsetDateTime),
    /// Text that a file of this directory made and checked.
    Checked(String),
    Scope(Scope),
    Invalid(&'static str),
    List(Vec<Self>),
}

/// Commands that change the session's state. The session must follow these changes, so it has methods for those that it supports.
const STATEFUL: [&str; 14] = [
    "AUTHENTICATE",
    "CLOSE",
    "COMPRESS",
    "ENABLE",
    "EXAMINE",
    "EXPUNGE",
    "IDLE",
    "LOGIN",
    "LOGOUT",
    "NOTIFY",
    "SELECT",
    "STARTTLS",
    "UNAUTHENTICATE",
    "UNSELECT",
];

impl Extension {
    /// A command with this name and no arguments, which claims no responses.
    pub const fn new(name: &'static str) -> Self {
        Self {
            verb: name,
            arguments: Vec::new(),
            claimed: Vec::new(),
            topic: None,
            change: None,
            saves: false,
            selected: false,
            messages: Vec::new(),
        }
    }

    /// Claims untagged responses with this name as part of the answer. A claim on FETCH covers the messages of the command's first set of
    /// UIDs, if it has one. A claim on ESEARCH covers responses with the command's tag or without a tag.
    pub fn claim(mut self, name: &'static str) -> Self {
        self.claimed.push(name);
        self
    }

    /// Marks the command as changing something on the server. If the connection ends before the answer arrives, the call fails with
    /// [`Kind::Unknown`](crate::Kind::Unknown), and [`Error::replay`] returns [`Replay::Never`]. If it is also
    /// [`selected`](Self::selected), it never runs at the same time as a FETCH.
    pub const fn changing(self) -> Self {
        self.replay(Replay::Never)
    }

    /// Like [`changing`](Self::changing), and says what to do about the change after a lost reply.
    pub const fn replay(mut self, replay: Replay) -> Self {
        self.change = Some(replay);
        self
    }

    pub(super) const fn saving(mut self, saves: bool) -> Self {
        self.saves = saves;
        self
    }

    /// Marks the command as referring to the selected mailbox: only a [folder](crate::imap::Folder::run) can run it.
    pub const fn selected(mut self) -> Self {
        self.selected = true;
        self
    }

    /// Adds a word without quotes; it must be an `atom` (RFC 9051 §9).
    pub fn word(self, word: impl Into<String>) -> Self {
        self.with(Argument::Word(word.into()))
    }

    /// Adds any text, in the simplest form that can represent it.
    pub fn text(self, text: impl Into<Vec<u8>>) -> Self {
        self.with(Argument::Text(text.into()))
    }

    /// Adds any text, in quotes or as a literal.
    pub fn string(self, text: impl Into<Vec<u8>>) -> Self {
        self.with(Argument::Quoted(text.into()))
    }

    /// Adds any text, or NIL.
    pub fn nstring(self, text: Option<impl Into<Vec<u8>>>) -> Self {
        match text {
            Some(text) => self.string(text),
            None => self.word("NIL"),
        }
    }

    /// Adds a mailbox.
    pub fn mailbox(self, name: &MailboxName) -> Self {
        self.with(Argument::Mailbox(name.clone()))
    }

    /// Adds a pattern of LIST: a mailbox name with the wildcards `%` and `*`.
    pub fn pattern(self, pattern: impl Into<String>) -> Self {
        self.with(Argument::Pattern(pattern.into()))
    }

    /// Adds a number.
    pub fn number(self, number: u64) -> Self {
        self.with(Argument::Number(number))
    }

    /// Adds a set of UIDs.
    pub fn uids(self, uids: impl Into<Uids>) -> Self {
        self.with(Argument::Uids(uids.into()))
    }

    /// Adds flags in parentheses.
    pub fn flags(self, flags: impl IntoIterator<Item = Flag>) -> Self {
        self.with(Argument::Flags(flags.into_iter().collect()))
    }

    /// Adds a change of flags, as in STORE; with `.SILENT` if `silent` is set.
    pub fn flag_change(self, change: FlagChange, silent: bool) -> Self {
        self.with(Argument::Change(change, silent))
    }

    /// Adds the items of a FETCH.
    pub fn items(self, items: Items) -> Self {
        self.with(Argument::Items(items))
    }

    /// Adds search keys, without a charset.
    pub fn query(self, query: Query) -> Self {
        self.with(Argument::Query(query))
    }

    /// Adds bytes that may contain NUL, as `literal8` (RFC 3516). The server must have BINARY, which is not checked.
    pub fn binary(self, bytes: impl Into<Bytes>) -> Self {
        self.with(Argument::Binary(bytes.into()))
    }

    /// Adds bytes without NUL as a literal, even if a simpler form could represent them.
    pub fn literal(self, bytes: impl Into<Bytes>) -> Self {
        self.with(Argument::Literal(bytes.into()))
    }

    /// Adds a point in time, as in APPEND.
    pub fn date_time(self, time: time::OffsetDateTime) -> Self {
        self.with(Argument::DateTime(time))
    }

    /// Adds arguments in parentheses.
    pub fn list(mut self, inside: impl FnOnce(Self) -> Self) -> Self {
        let outside = std::mem::take(&mut self.arguments);
        let mut list = inside(self);
        let inner = std::mem::replace(&mut list.arguments, outside);
        list.with(Argument::List(inner))
    }

    /// The command on the wire after its tag, for a program with its own engine. Set `utf8` if IMAP4rev2 or `UTF8=ACCEPT` is enabled.
    ///
    /// ```
    /// use postroom::imap::{Extension, codec::encode::Segment};
    ///
    /// let segments = Extension::new("XTEST").word("on").segments(false)?;
    /// assert_eq!(segments, [Segment::Text("XTEST on\r\n".into())]);
    /// # Ok::<(), postroom::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`Kind::Input`](crate::Kind::Input) for a name or an argument that cannot be sent.
    pub fn segments(&self, utf8: bool) -> Result<Vec<Segment>> {
        self.line(EncodeOptions { utf8, no_charset: false })
    }

    pub(super) fn about(self, topic: Topic) -> Self {
        Self { topic: Some(topic), ..self }
    }

    pub(super) fn checked(self, text: String) -> Self {
        self.with(Argument::Checked(text))
    }

    pub(super) fn scope(self, scope: &Scope) -> Self {
        self.with(Argument::Scope(scope.clone()))
    }

    pub(super) fn invalid(self, why: &'static str) -> Self {
        self.with(Argument::Invalid(why))
    }

    /// The charset, which SORT and THREAD always require (RFC 5256 §3).
    pub(super) fn charset(self, query: &Query) -> Self {
        self.with(Argument::Charset(query.clone()))
    }

    /// Adds all of these, one after the other.
    pub(super) fn each<T>(self, items: impl IntoIterator<Item = T>, add: impl Fn(Self, T) -> Self) -> Self {
        items.into_iter().fold(self, add)
    }

    /// Begins one more message: the following arguments belong to it.
    pub(super) fn begin_message(mut self) -> Self {
        self.messages.push(self.arguments.len());
        self
    }

    /// Splits the command into commands of at most `most` messages each. Returns at least one command.
    pub(crate) fn portions(self, most: u64) -> Vec<Self> {
        let most = usize::try_from(most.max(1)).unwrap_or(usize::MAX);
        if self.messages.len() <= most {
            return vec![self];
        }
        let mut rest = self.arguments.into_iter();
        let head: Vec<Argument> = rest.by_ref().take(self.messages.first().copied().unwrap_or_default()).collect();
        let ends = self.messages.iter().copied().skip(1).map(Some).chain([None]);
        let mut messages = self.messages.iter().copied().zip(ends).map(|(start, end)| match end {
            Some(end) => rest.by_ref().take(end - start).collect::<Vec<_>>(),
            None => rest.by_ref().collect(),
        });
        let portion = || {
            let begin = Self {
                arguments: head.clone(),
                messages: Vec::new(),
                claimed: self.claimed.clone(),
                topic: self.topic.clone(),
                ..self
            };
            let add = |mut portion: Self, message| {
                portion = portion.begin_message();
                portion.arguments.extend::<Vec<_>>(message);
                portion
            };
            let full = messages.by_ref().take(most).fold(begin, add);
            (!full.messages.is_empty()).then_some(full)
        };
        std::iter::from_fn(portion).collect()
    }

    pub(crate) fn verb(&self) -> &'static str {
        self.verb
    }

    /// The queries among its arguments.
    fn queries(&self) -> impl Iterator<Item = &Query> {
        self.arguments.iter().filter_map(|argument| match argument {
            Argument::Query(query) => Some(query),
            _ => None,
        })
    }

    /// Every set of UIDs in it, which may be stamped with a different UIDVALIDITY than the selected mailbox has.
    pub(crate) fn sets(&self) -> Vec<&Uids> {
        fn collect<'a>(arguments: &'a [Argument], sets: &mut Vec<&'a Uids>) {
            for argument in arguments {
                match argument {
                    Argument::Uids(uids) => sets.push(uids),
                    Argument::Query(query) => sets.extend(query.sets()),
                    Argument::List(inner) => collect(inner, sets),
                    _ => {}
                }
            }
        }
        let mut sets = Vec::new();
        collect(&self.arguments, &mut sets);
        sets
    }

    /// The messages that it names, if it has a set of UIDs. A set that ends in `*` always includes the last message, so it counts as all.
    fn messages(&self) -> Option<Uids> {
        self.arguments.iter().find_map(|argument| match argument {
            Argument::Uids(uids) if uids.open_from().is_some() => Some(Uids::ALL),
            Argument::Uids(uids) => Some(uids.clone()),
            _ => None,
        })
    }

    fn with(mut self, argument: Argument) -> Self {
        self.arguments.push(argument);
        self
    }

    fn line(&self, options: EncodeOptions) -> Result<Vec<Segment>> {
        let word =
            |word: &str| !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
        if !self.verb.split(' ').all(word) {
            return Err(Error::input(format!("{:?} is not a valid command name", self.verb)));
        }
        self.arguments
            .iter()
            .try_fold(Line::new(self.verb), |line, argument| argument.write(line, options))
            .map(Line::finish)
    }
}

impl Argument {
    fn write(&self, line: Line, options: EncodeOptions) -> Result<Line> {
        match self {
            Self::Word(word) => line.atom(word),
            Self::Text(text) => line.astring(text),
            Self::Quoted(text) => line.string(text),
            Self::Mailbox(name) => line.mailbox(name, options.utf8),
            Self::Pattern(pattern) => line.pattern(pattern, options.utf8),
            Self::Number(number) => Ok(line.number(*number)),
            Self::Uids(uids) => line.uids(uids),
            Self::Flags(flags) => line.flags(flags),
            Self::Change(change, silent) => line.flag_change(change, *silent),
            Self::Items(items) => Ok(line.items(items)),
            Self::Query(query) => line.query(query),
            // Courier takes no other charset than UTF-8 once UTF8=ACCEPT is enabled.
            Self::Charset(query) if query.is_ascii() && !options.no_charset => Ok(line.checked("US-ASCII")),
            Self::Charset(_) => Ok(line.checked("UTF-8")),
            Self::Binary(bytes) => Ok(line.literal8(bytes.clone())),
            Self::Literal(bytes) => line.literal(bytes.clone()),
            Self::DateTime(time) => line.date_time(*time),
            Self::Checked(text) => Ok(line.checked(text)),
            Self::Scope(scope) => line.scope(scope, options.utf8),
            Self::Invalid(why) => Err(Error::input(*why)),
            Self::List(arguments) => {
                line.list(|list| arguments.iter().try_fold(list, |list, argument| argument.write(list, options)))
            }
        }
    }
}

/// An extension command that a session runs, in a folder if it refers to the selected mailbox.
pub(crate) struct Run {
    pub(crate) extension: Extension,
    pub(crate) selection: Option<u64>,
    pub(crate) limits: Limits,
}

impl Command for Run {
    type Output = Answer;

    fn plan(&self, options: EncodeOptions) -> Result<Plan> {
        let Extension { verb, claimed, change, saves, selected, .. } = &self.extension;
        if STATEFUL.iter().any(|stateful| stateful.eq_ignore_ascii_case(verb)) {
            return Err(Error::unsupported(format!("{verb} changes the session's state and cannot be run as a value")));
        }
        if *selected && self.selection.is_none() {
            return Err(Error::input(format!("{verb} refers to the selected mailbox: run it in a folder")));
        }
        let claims = claimed.iter().fold(Claims::NONE, |claims, name| claims.and(Claims::named(name.as_bytes())));
        // A command that changes messages of the selected mailbox must not run at the same time as a FETCH (RFC 9051 §5.5).
        let conflicts_with = if change.is_some() && *selected { Claims::FETCH } else { Claims::NONE };
        let plan =
            Plan::new(verb, self.extension.line(options)?).order(Order { conflicts_with, ..Order::claiming(claims) });
        let plan = plan.about(self.extension.topic.as_ref());
        let plan = Plan { change: *change, ..plan };
        let plan = if *saves { plan.effect(SessionEffect::Save(SavedMark::new())) } else { plan };
        let plan = match self.extension.messages().filter(|_| claims.covers(Kind::Fetch(0))) {
            Some(uids) => plan.wanting(Wanted::anything(uids)),
            None => plan,
        };
        let saved = self.extension.queries().find_map(Query::saved_mark);
        Ok(match self.selection {
            Some(selection) => plan.needs(match saved {
                Some(mark) => RequiredState::Saved(selection, mark),
                None => RequiredState::Selection(selection),
            }),
            None => plan,
        })
    }

    fn output(self, frames: impl Frames, condition: Condition) -> Result<Answer> {
        let mut batches: Batches = frames.into();
        batches.retain(|frame| match codec::route(frame) {
            Route::Untagged(Kind::Other) => self.extension.claimed.iter().any(|name| is_named(frame, name)),
            _ => true,
        });
        Ok(Answer { responses: Responses::new(batches, self.limits.nesting), condition })
    }
}

fn is_named(frame: &[u8], name: &str) -> bool {
    let mut words = frame.split(|byte| byte.is_ascii_whitespace()).skip(1);
    words
        .find(|word| !word.iter().all(u8::is_ascii_digit))
        .is_some_and(|word| word.eq_ignore_ascii_case(name.as_bytes()))
}

/// The command as it is written without UTF-8, for people: literals appear between `{` and `}`, and if the command cannot be sent, the
/// error follows its name.
impl std::fmt::Display for Extension {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let segments = match self.segments(false) {
            Ok(segments) => segments,
            Err(error) => return write!(f, "{} ({error})", self.verb),
        };
        segments.iter().try_for_each(|segment| match segment {
            Segment::Text(bytes) => f.write_str(String::from_utf8_lossy(bytes).trim_end_matches("\r\n")),
            Segment::Literal { bytes, secret: false } => write!(f, "{{{}}}", bytes.escape_ascii()),
            _ => f.write_str("(..)"),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::imap::types::Response;

    fn run(extension: Extension) -> Run {
        Run { extension, selection: None, limits: Limits::default() }
    }

    #[test]
    fn what_would_change_the_session_is_refused() {
        for verb in ["SELECT", "starttls", "LOGOUT", "COMPRESS", "IDLE"] {
            let error = run(Extension::new(verb)).plan(EncodeOptions::default()).unwrap_err();
            assert_eq!(error.kind(), crate::Kind::Unsupported, "{verb}");
        }
        assert!(run(Extension::new("XYZ").selected()).plan(EncodeOptions::default()).is_err());
    }

    #[test]
    fn nothing_can_break_out() {
        for name in ["", "A\r\nB", "A  B", "A (", "A\"", "{5}"] {
            assert!(Extension::new(name).segments(false).is_err(), "{name:?}");
        }
        for word in ["", "a b", "a\r\n", "{5}", "a)", "\""] {
            assert!(Extension::new("X").word(word).segments(false).is_err(), "{word:?}");
        }
        assert!(Extension::new("X").text("a\0").segments(false).is_err());
        assert_eq!(Extension::new("X").text("a\r\nb").to_string(), "X {a\\r\\nb}");
        assert_eq!(Extension::new("X").binary("a\0b").to_string(), "X ~{a\\x00b}");
        assert_eq!(Extension::new("X").list(|list| list).to_string(), "X ()");
    }

    #[test]
    fn only_what_is_claimed_is_answered() {
        let frames = ["* 5 XYZ a\r\n", "* ABC xyz\r\n", "* QUOTA \"\" (STORAGE 1 2)\r\n", "* XYZ\r\n"];
        let frames = frames.map(|frame| Bytes::from_static(frame.as_bytes())).to_vec();
        let condition = codec::text::tagged(b"A OK [X] done\r\n").unwrap().1;
        let answer = run(Extension::new("XYZ").claim("XYZ")).output(frames, condition).unwrap();
        let responses: Vec<_> = answer.responses.iter().collect();
        assert!(matches!(&responses[..], [Response::Other { .. }, Response::Quota(_), Response::Other { .. }]));
    }
}
