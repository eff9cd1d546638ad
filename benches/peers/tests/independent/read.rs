//! What imap-codec reads from a command: its name and its arguments, each as text. It must not know what was requested.

use imap_codec::CommandCodec;
use imap_codec::decode::Decoder as _;
use imap_codec::imap_types::command::{Command, CommandBody};
use imap_codec::imap_types::core::AString;
use imap_codec::imap_types::extensions::binary::LiteralOrLiteral8;
use imap_codec::imap_types::fetch::MacroOrMessageDataItemNames;
use imap_codec::imap_types::mailbox::{ListMailbox, Mailbox};
use imap_codec::imap_types::search::SearchKey;
use imap_codec::imap_types::sequence::SequenceSet;
use postroom::Flag;
use postroom::imap::Query;

/// A set, as imap-codec shows it.
pub fn set(set: &str) -> String {
    format!("{:?}", SequenceSet::try_from(set).expect("a set"))
}

/// Exactly one command.
pub fn command(sent: &[u8]) -> Result<Vec<String>, String> {
    let (rest, Command { body, .. }) = CommandCodec::default().decode(sent).map_err(|error| format!("{error:?}"))?;
    if !rest.is_empty() {
        return Err(format!("{} is left", rest.escape_ascii()));
    }
    arguments(&body).ok_or_else(|| format!("{body:?} was not expected"))
}

fn arguments(body: &CommandBody<'_>) -> Option<Vec<String>> {
    use CommandBody as C;
    Some(match body {
        C::Noop => vec!["NOOP".into()],
        C::Login { username, password } => vec!["LOGIN".into(), text(username), text(password.declassify())],
        C::Select { mailbox } => vec!["SELECT".into(), name(mailbox)],
        C::Create { mailbox } => vec!["CREATE".into(), name(mailbox)],
        C::Delete { mailbox } => vec!["DELETE".into(), name(mailbox)],
        C::Rename { from, to } => vec!["RENAME".into(), name(from), name(to)],
        C::Subscribe { mailbox } => vec!["SUBSCRIBE".into(), name(mailbox)],
        C::Unsubscribe { mailbox } => vec!["UNSUBSCRIBE".into(), name(mailbox)],
        C::List { reference, mailbox_wildcard } => vec!["LIST".into(), name(reference), pattern(mailbox_wildcard)],
        C::Lsub { reference, mailbox_wildcard } => vec!["LSUB".into(), name(reference), pattern(mailbox_wildcard)],
        C::Status { mailbox, item_names } => vec!["STATUS".into(), name(mailbox), format!("{item_names:?}")],
        C::Append { mailbox, flags, date, message } => {
            let LiteralOrLiteral8::Literal(message) = message else { return None };
            let date = date.as_ref().map(|date| date.as_ref().timestamp());
            let flags = flags.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ");
            vec!["APPEND".into(), name(mailbox), flags, format!("{date:?}"), lossy(message.as_ref())]
        }
        C::ExpungeUid { sequence_set } => vec!["UID EXPUNGE".into(), format!("{sequence_set:?}")],
        C::Search { charset, criteria, uid: true } => {
            let charset = charset.as_ref().map(|charset| charset.as_ref().to_owned());
            vec!["UID SEARCH".into(), format!("{charset:?}"), all(criteria.as_ref())?]
        }
        C::Sort { sort_criteria, charset, search_criteria, uid: true } => {
            let keys = sort_criteria.as_ref().iter();
            let keys: Vec<_> =
                keys.map(|one| format!("{}{}", one.key.as_ref(), if one.reverse { "-" } else { "" })).collect();
            vec!["UID SORT".into(), keys.join(" "), charset.as_ref().into(), all(search_criteria.as_ref())?]
        }
        C::Thread { algorithm, charset, search_criteria, uid: true } => {
            vec!["UID THREAD".into(), algorithm.to_string(), charset.as_ref().into(), all(search_criteria.as_ref())?]
        }
        C::Fetch {
            sequence_set,
            macro_or_item_names: MacroOrMessageDataItemNames::MessageDataItemNames(items),
            uid: true,
        } => {
            vec!["UID FETCH".into(), format!("{sequence_set:?}"), format!("{items:?}")]
        }
        C::Store { sequence_set, kind, response, flags, uid: true } => {
            let flags = flags.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ");
            vec!["UID STORE".into(), format!("{sequence_set:?}"), format!("{kind:?} {response:?}"), flags]
        }
        C::Copy { sequence_set, mailbox, uid: true } => {
            vec!["UID COPY".into(), format!("{sequence_set:?}"), name(mailbox)]
        }
        C::Move { sequence_set, mailbox, uid: true } => {
            vec!["UID MOVE".into(), format!("{sequence_set:?}"), name(mailbox)]
        }
        C::GetQuota { root } => vec!["GETQUOTA".into(), text(root)],
        C::GetQuotaRoot { mailbox } => vec!["GETQUOTAROOT".into(), name(mailbox)],
        C::SetQuota { root, quotas } => {
            let quotas: Vec<_> = quotas.iter().map(|quota| format!("{} {}", quota.resource, quota.limit)).collect();
            vec!["SETQUOTA".into(), text(root), quotas.join(" ")]
        }
        _ => return None,
    })
}

fn lossy(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn text(text: &AString<'_>) -> String {
    lossy(text.as_ref())
}

fn name(mailbox: &Mailbox<'_>) -> String {
    match mailbox {
        Mailbox::Inbox => "INBOX".into(),
        Mailbox::Other(other) => lossy(other.as_ref()),
    }
}

fn pattern(pattern: &ListMailbox<'_>) -> String {
    match pattern {
        ListMailbox::Token(token) => lossy(token.as_ref()),
        ListMailbox::String(string) => lossy(string.as_ref()),
    }
}

/// All keys together, as postroom shows the query that they form.
fn all(keys: &[SearchKey<'_>]) -> Option<String> {
    let keys = keys.iter().map(query).collect::<Option<Vec<_>>>()?;
    keys.into_iter().reduce(Query::and).map(|query| format!("{query:?}"))
}

fn query(key: &SearchKey<'_>) -> Option<Query> {
    let day = |day: &imap_codec::imap_types::datetime::NaiveDate| {
        use chrono::Datelike as _;
        let day = day.as_ref();
        let month = time::Month::try_from(day.month() as u8).expect("a month");
        time::Date::from_calendar_date(day.year(), month, day.day() as u8).expect("a day")
    };
    Some(match key {
        SearchKey::And(keys) => {
            keys.as_ref().iter().map(query).collect::<Option<Vec<_>>>()?.into_iter().reduce(Query::and)?
        }
        SearchKey::Not(key) => !query(key)?,
        SearchKey::Or(one, other) => query(one)?.or(query(other)?),
        SearchKey::All => Query::all(),
        SearchKey::Seen => Query::seen(),
        SearchKey::Unseen => Query::unseen(),
        SearchKey::Draft => Query::draft(),
        SearchKey::Recent => Query::recent(),
        SearchKey::From(found) => Query::from(text(found)),
        SearchKey::Subject(found) => Query::subject(text(found)),
        SearchKey::Body(found) => Query::body(text(found)),
        SearchKey::Header(field, found) => Query::header(text(field), text(found)),
        SearchKey::Keyword(flag) => Query::flag(Flag::new(flag.as_ref()).ok()?),
        SearchKey::Larger(size) => Query::larger((*size).into()),
        SearchKey::Smaller(size) => Query::smaller((*size).into()),
        SearchKey::Since(since) => Query::since(day(since)),
        SearchKey::SentBefore(before) => Query::sent_before(day(before)),
        _ => return None,
    })
}
