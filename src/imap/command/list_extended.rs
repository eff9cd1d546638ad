//! LIST with its options (RFC 5258, RFC 5819, RFC 6154 §3, RFC 8440, RFC 9590), and CREATE with a special use (RFC 6154 §5).

use bytes::Bytes;

use super::extension::{Extension, Run};
use super::{Command, EncodeOptions, Frames};
use crate::error::{Replay, Result};
use crate::imap::codec::{self, Kind, Route};
use crate::imap::plan::{Plan, Topic};
use crate::imap::types::{Condition, EntryName, Gathered, MailboxDetails, MailboxName, StatusItems};
use crate::limits::Limits;

/// Which mailboxes LIST returns: see [`Imap::list_with`](crate::imap::Imap::list_with).
///
/// ```
/// use postroom::imap::{Extension, ListSelect};
///
/// let subscribed = Extension::list_extended(&["*"], &[ListSelect::Subscribed], &[]);
/// assert!(subscribed.to_string().contains("(SUBSCRIBED)"));
/// ```
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum ListSelect {
    /// Subscribed mailboxes.
    Subscribed,
    /// Also remote mailboxes.
    Remote,
    /// Also parents of mailboxes that match.
    RecursiveMatch,
    /// Mailboxes with a special use.
    SpecialUse,
}

/// What LIST returns about each mailbox: see [`Imap::list_with`](crate::imap::Imap::list_with).
///
/// ```
/// use postroom::imap::{Extension, ListReturn};
///
/// let children = Extension::list_extended(&["*"], &[], &[ListReturn::Children]);
/// assert!(children.to_string().contains("RETURN (CHILDREN)"));
/// ```
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum ListReturn {
    /// Whether it is subscribed.
    Subscribed,
    /// Whether there are mailboxes below it.
    Children,
    /// Its special use.
    SpecialUse,
    /// Its counts.
    Status(StatusItems),
    /// The caller's rights in it.
    MyRights,
    /// These annotations.
    Metadata(Vec<EntryName>),
}

/// LIST with options, read with the session's knowledge of how names are written.
pub(crate) struct ListWith<'a> {
    pub(crate) patterns: &'a [&'a str],
    pub(crate) select: &'a [ListSelect],
    pub(crate) returns: &'a [ListReturn],
    pub(crate) utf8: bool,
    pub(crate) limits: &'a Limits,
}

impl Command for ListWith<'_> {
    type Output = Gathered;

    const WEIGHT: usize = size_of::<MailboxDetails>();

    fn plan(&self, options: EncodeOptions) -> Result<Plan> {
        let extension = Extension::list_extended(self.patterns, self.select, self.returns);
        Run { extension, selection: None, limits: self.limits.clone() }.plan(options)
    }

    /// The data of a mailbox may come before its own line.
    fn output(self, frames: impl Frames, _: Condition) -> Result<Gathered> {
        let (mut found, mut data) = (Gathered::default(), Vec::new());
        for frame in frames {
            match codec::route(&frame) {
                Route::Untagged(Kind::List) => match codec::list::parse(&frame, self.utf8) {
                    Ok(listed) => found.add(listed),
                    Err(error) => {
                        tracing::warn!(%error, line = %frame.escape_ascii(), "an unreadable LIST response");
                        found.listing.unreadable.push(Bytes::copy_from_slice(&frame));
                    }
                },
                Route::Untagged(kind) => data.push((kind, frame)),
                _ => {}
            }
        }
        let items = self.returns.iter().find_map(|wanted| match wanted {
            ListReturn::Status(items) => Some(*items),
            _ => None,
        });
        for (kind, frame) in data {
            if add(&mut found, kind, &frame, items.unwrap_or(StatusItems::NONE), self.utf8).is_none() {
                tracing::warn!(line = %frame.escape_ascii(), "data in the answer to LIST that was not asked for");
            }
        }
        Ok(found)
    }
}

/// Adds one response to the mailbox that it names; `None` if there is no such mailbox. A STATUS with other `items` than those asked for is
/// no answer: NOTIFY sends such (RFC 5465 §5).
fn add(found: &mut Gathered, kind: Kind, frame: &[u8], items: StatusItems, utf8: bool) -> Option<()> {
    match kind {
        Kind::Status => {
            let status = codec::status::parse(frame, utf8).ok().filter(|status| items.contains(status.items()))?;
            let mailbox = found.get_mut(&status.name)?;
            mailbox.status = Some(status);
        }
        Kind::MyRights => {
            let mine = codec::acl::my_rights(frame, utf8).ok()?;
            found.get_mut(&mine.mailbox)?.rights = Some(mine.rights);
        }
        Kind::Metadata => {
            let metadata = codec::metadata::parse(frame, utf8).ok()?;
            found.get_mut(&metadata.mailbox?)?.metadata.extend(metadata.values);
        }
        _ => return None,
    }
    Some(())
}

impl ListSelect {
    fn name(self) -> &'static str {
        match self {
            Self::Subscribed => "SUBSCRIBED",
            Self::Remote => "REMOTE",
            Self::RecursiveMatch => "RECURSIVEMATCH",
            Self::SpecialUse => "SPECIAL-USE",
        }
    }
}

impl ListReturn {
    /// The responses that contain it, if not LIST.
    fn claim(&self) -> Option<&'static str> {
        match self {
            Self::Status(_) => Some("STATUS"),
            Self::MyRights => Some("MYRIGHTS"),
            Self::Metadata(_) => Some("METADATA"),
            Self::Subscribed | Self::Children | Self::SpecialUse => None,
        }
    }

    fn write(list: Extension, wanted: &Self) -> Extension {
        match wanted {
            Self::Subscribed => list.word("SUBSCRIBED"),
            Self::Children => list.word("CHILDREN"),
            Self::SpecialUse => list.word("SPECIAL-USE"),
            Self::MyRights => list.word("MYRIGHTS"),
            Self::Status(items) if items.is_empty() => list.invalid("STATUS needs at least one item"),
            Self::Status(items) => list.checked(format!("STATUS ({items})")),
            Self::Metadata(entries) if entries.is_empty() => list.invalid("METADATA needs at least one entry"),
            Self::Metadata(entries) => {
                list.word("METADATA").list(|list| list.each(entries, |list, entry| list.text(entry.as_str())))
            }
        }
    }
}

impl Extension {
    /// LIST of the mailboxes that match one of these patterns and all these selections. The answer is
    /// [`Response::List`](crate::imap::Response::List), and if asked for [`Status`](crate::imap::Response::Status),
    /// [`MyRights`](crate::imap::Response::MyRights) and [`Metadata`](crate::imap::Response::Metadata).
    pub fn list_extended(patterns: &[&str], select: &[ListSelect], returns: &[ListReturn]) -> Self {
        let line = Self::new("LIST").claim("LIST").each(returns.iter().filter_map(ListReturn::claim), Self::claim);
        let line = returns.iter().fold(line, |line, wanted| match wanted {
            ListReturn::Metadata(entries) => line.about(Topic::default().entries(entries, 0)),
            _ => line,
        });
        let base = select.iter().any(|option| matches!(option, ListSelect::Subscribed | ListSelect::SpecialUse));
        let line = match select {
            [] => line,
            select if select.contains(&ListSelect::RecursiveMatch) && !base => {
                line.invalid("RECURSIVEMATCH needs SUBSCRIBED or SPECIAL-USE")
            }
            select => line.list(|list| list.each(select, |list, option| list.word(option.name()))),
        };
        let line = line.pattern("");
        let line = match patterns {
            [] => line.invalid("LIST needs at least one pattern"),
            [pattern] => line.pattern(*pattern),
            patterns => line.list(|list| list.each(patterns, |list, pattern| list.pattern(*pattern))),
        };
        match returns {
            [] => line,
            returns => line.word("RETURN").list(|list| list.each(returns, ListReturn::write)),
        }
    }

    /// XLIST of all mailboxes: the LIST with special uses that Gmail had before RFC 6154.
    pub(crate) fn xlist() -> Self {
        Self::new("XLIST").claim("XLIST").pattern("").pattern("*")
    }

    /// CREATE of a mailbox that has these special uses, such as `\\Archive`.
    pub fn create_special(mailbox: &MailboxName, uses: &[&str]) -> Self {
        let line = Self::new("CREATE").replay(Replay::Verify).mailbox(mailbox);
        let word =
            |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
        match uses.iter().all(|name| name.strip_prefix('\\').is_some_and(word)) {
            true => line.checked(format!("(USE ({}))", uses.join(" "))),
            false => line.invalid("a special use must be a backslash and a word"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_stand_where_the_rfc_has_them() {
        let returns = [
            ListReturn::Children,
            ListReturn::Status(StatusItems::MESSAGES | StatusItems::UNSEEN),
            ListReturn::MyRights,
            ListReturn::Metadata(vec![EntryName::SHARED_COMMENT]),
        ];
        let select = [ListSelect::Subscribed, ListSelect::RecursiveMatch];
        assert_eq!(
            Extension::list_extended(&["INBOX", "a b/%"], &select, &returns).to_string(),
            "LIST (SUBSCRIBED RECURSIVEMATCH) \"\" (\"INBOX\" \"a b/%\") RETURN (CHILDREN STATUS (MESSAGES UNSEEN) \
             MYRIGHTS METADATA (/shared/comment))"
        );
        assert!(Extension::list_extended(&["*"], &[ListSelect::RecursiveMatch], &[]).segments(false).is_err());
        assert!(Extension::list_extended(&["*\r\n"], &[], &[]).segments(false).is_err());
    }

    #[test]
    fn a_special_use_is_a_system_word() {
        let name = MailboxName::new("Old").unwrap();
        assert_eq!(Extension::create_special(&name, &["\\Archive"]).to_string(), "CREATE Old (USE (\\Archive))");
        assert!(Extension::create_special(&name, &["\\A) X"]).segments(false).is_err());
    }
}
