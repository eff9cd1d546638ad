//! Every command that a session can run, with the responses that the RFCs define for it: for the engine's tests, which prove that none is
//! missing, and for the fuzz target. It must not know what is done with them.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a panic in a test is a failed test")]
#![cfg_attr(fuzzing, allow(dead_code, reason = "the fuzz target makes up its own responses"))]

use std::fmt::Debug;
use std::num::NonZeroU32;

use bytes::Bytes;

use crate::error::{Replay, Result};
use crate::imap::command::append::{Append, Heading, Replace, appended};
use crate::imap::command::capability::Capability;
use crate::imap::command::close::{Close, Leave};
use crate::imap::command::compress::Compress;
use crate::imap::command::copy::Copy;
use crate::imap::command::create::Create;
use crate::imap::command::delete::Delete;
use crate::imap::command::enable::Enable;
use crate::imap::command::expunge::UidExpunge;
use crate::imap::command::extension::Run;
use crate::imap::command::id::Id;
use crate::imap::command::list::{List, Options, Selection};
use crate::imap::command::list_extended::ListWith;
use crate::imap::command::login::Login;
use crate::imap::command::logout::Logout;
use crate::imap::command::namespace::Namespace;
use crate::imap::command::noop::Noop;
use crate::imap::command::notify::Notify;
use crate::imap::command::number::Number;
use crate::imap::command::rename::Rename;
use crate::imap::command::search::Search;
use crate::imap::command::select::{Select, SelectParameter};
use crate::imap::command::starttls::StartTls;
use crate::imap::command::status::Status;
use crate::imap::command::store::Store;
use crate::imap::command::subscribe::Subscribe;
use crate::imap::command::unauthenticate::Unauthenticate;
use crate::imap::command::{Command, EncodeOptions, authenticate, body, fetch};
use crate::imap::engine::Request;
use crate::imap::plan::{Order, Plan, RequiredState};
use crate::imap::types::{
    Condition, Items, MailboxName, NotifyEvent, Query, Scope, SearchReturn, Section, SeqNum, StatusItems, Uid,
    UidValidity, Uids,
};
use crate::imap::{
    Content, EntryName, Extension, ListReturn, MetadataDepth, NewMessage, QuotaResource, Rights, RightsChange, SortKey,
};
use crate::limits::Limits;
use crate::login::Secret;
use crate::{Flag, FlagAction, FlagChange};

/// Reads what a command was given, as text that can be compared.
type Read = Box<dyn Fn(Vec<Bytes>, Condition) -> String>;

/// A command, and a server's responses to it.
pub(crate) struct CommandRow {
    pub(crate) name: &'static str,
    /// The file that it is in.
    pub(crate) module: &'static str,
    /// Its request, in the mailbox selected under that number.
    pub(crate) ask: Box<dyn Fn(u64) -> Request>,
    /// The untagged responses; `{tag}` is the command's tag.
    pub(crate) lines: &'static [&'static str],
    /// The tagged response, without the tag.
    pub(crate) ending: &'static str,
    pub(crate) read: Read,
    pub(crate) verb: &'static str,
    pub(crate) order: Order,
    pub(crate) needs: RequiredState,
    /// What it means that its reply is lost.
    pub(crate) change: Option<Replay>,
}

/// No untagged responses.
const NONE: &[&str] = &[];
const DONE: &str = "OK done";

fn row<C: Command>(
    name: &'static str,
    module: &'static str,
    lines: &'static [&'static str],
    ending: &'static str,
    make: impl Fn(u64) -> C + Clone + 'static,
) -> CommandRow
where
    C::Output: Debug,
{
    let made = make.clone();
    CommandRow {
        ending,
        read: Box::new(move |frames, condition| format!("{:?}", make(0).output(frames, condition).unwrap())),
        ..raw(name, module, lines, move |selection| made(selection).plan(EncodeOptions::default()))
    }
}

/// A command whose answer is not a value of its own: what the engine delivers is compared.
fn raw(
    name: &'static str,
    module: &'static str,
    lines: &'static [&'static str],
    plan: impl Fn(u64) -> Result<Plan> + 'static,
) -> CommandRow {
    let Plan { verb, order, needs, change, .. } = plan(1).unwrap();
    CommandRow {
        change,
        verb,
        order,
        needs,
        name,
        module,
        ask: Box::new(move |selection| Request::Command(plan(selection).unwrap())),
        lines,
        ending: DONE,
        read: Box::new(|frames, condition| format!("{frames:?} {condition:?}")),
    }
}

fn extension(
    name: &'static str,
    module: &'static str,
    lines: &'static [&'static str],
    make: impl Fn() -> Extension + Clone + 'static,
) -> CommandRow {
    let run = |extension, selection| Run { extension, selection, limits: Limits::default() };
    let anywhere = run(make(), None).plan(EncodeOptions::default()).is_ok();
    row(name, module, lines, DONE, move |selection| run(make(), Some(selection).filter(|_| !anywhere)))
}

fn uid(number: u32) -> Uid {
    Uid::nonzero(number).unwrap()
}

fn uids(number: u32) -> Uids {
    uid(number).into()
}

fn name(text: &str) -> MailboxName {
    MailboxName::new(text).unwrap()
}

/// A value that lives as long as the test.
fn kept<T>(value: T) -> &'static T {
    Box::leak(Box::new(value))
}

/// All of them. Messages 1 to 4 have the UIDs 101 to 104.
pub(crate) fn all() -> Vec<CommandRow> {
    let mut all = barriers();
    all.extend(mailboxes());
    all.extend(messages());
    all.extend(extensions_of_mailboxes());
    all.extend(extensions_of_messages());
    all
}

fn barriers() -> Vec<CommandRow> {
    let login = |_| Login { user: "me", password: kept(Secret::from("secret")) };
    let number = |selection| Number { selection, from: SeqNum::nonzero(1).unwrap(), to: None, compact: true };
    let idle = |selection| Request::Idle { selection };
    let resync = SelectParameter::Resync { validity: UidValidity::nonzero(6).unwrap(), modseq: 9 };
    vec![
        row("STARTTLS", "starttls", NONE, DONE, |_| StartTls),
        row("COMPRESS", "compress", NONE, DONE, |_| Compress),
        row("UNAUTHENTICATE", "unauthenticate", NONE, DONE, |_| Unauthenticate),
        row("LOGIN", "login", NONE, DONE, login),
        raw("AUTHENTICATE", "authenticate", NONE, |_| authenticate::plan("PLAIN", None)),
        row("LOGOUT", "logout", &["* BYE so long"], DONE, |_| Logout),
        row("SELECT", "select", SELECTED, DONE, |_| Select::plain(name("Work"), false)),
        row("EXAMINE", "select", SELECTED, DONE, |_| Select::plain(name("Work"), true)),
        row("SELECT-CONDSTORE", "select", SELECTED, DONE, |_| select(SelectParameter::Condstore)),
        row("SELECT-QRESYNC", "select", RESUMED, DONE, move |_| select(resync)),
        row("CLOSE", "close", NONE, DONE, |selection| Close { selection, how: Leave::Expunge }),
        row("CLOSE-EXAMINED", "close", NONE, DONE, |selection| Close { selection, how: Leave::Examined }),
        row("UNSELECT", "close", NONE, DONE, |selection| Close { selection, how: Leave::Unselect }),
        row("NUMBER", "number", &["* ESEARCH (TAG \"{tag}\") UID ALL 101:104"], DONE, number),
        CommandRow {
            ask: Box::new(idle),
            order: Order::ALONE,
            needs: RequiredState::Selection(1),
            ..row("IDLE", "noop", NONE, DONE, |_| Noop)
        },
        row("ENABLE", "enable", &["* ENABLED CONDSTORE"], DONE, |_| Enable { names: &["CONDSTORE"] }),
    ]
}

const SELECTED: &[&str] = &["* 4 EXISTS", "* OK [UIDVALIDITY 6] ok"];
const RESUMED: &[&str] =
    &["* OK [CLOSED] ok", "* 4 EXISTS", "* VANISHED (EARLIER) 9", "* 1 FETCH (UID 101 FLAGS () MODSEQ (12))"];

fn select(parameter: SelectParameter) -> Select {
    Select { name: name("Work"), read_only: false, parameter }
}

fn mailboxes() -> Vec<CommandRow> {
    const RENAMED: &[&str] = &["* LIST () \"/\" new (\"OLDNAME\" (\"old\"))"];
    let list = |selection| move |_| List { pattern: "*", selection, options: Options::None, utf8: false };
    let status = |text: &'static str| move |_| Status { name: name(text), items: StatusItems::MESSAGES, utf8: false };
    let append = |_: u64| {
        Append { mailbox: &MailboxName::INBOX, messages: &[Heading { size: 5, ..Heading::default() }], spoilable: true }
            .plan(EncodeOptions::default())
    };
    vec![
        row("CAPABILITY", "capability", &["* CAPABILITY IMAP4rev1 LITERAL+ XPAIR"], DONE, |_| Capability),
        row("NOOP", "noop", NONE, DONE, |_| Noop),
        row("ID", "id", &["* ID (\"name\" \"x\")"], DONE, |_| Id { fields: &[] }),
        row("NOTIFY", "notify", NONE, DONE, |_| Notify {
            groups: kept(vec![(Scope::Personal, vec![NotifyEvent::MessageNew(None), NotifyEvent::MessageExpunge])]),
        }),
        row("NOTIFY-NONE", "notify", NONE, DONE, |_| Notify { groups: &[] }),
        row("NAMESPACE", "namespace", &["* NAMESPACE ((\"\" \"/\")) NIL NIL"], DONE, |_| Namespace { utf8: false }),
        row("LIST", "list", &["* LIST () \"/\" INBOX", "* LIST () \"/\" a"], DONE, list(Selection::All)),
        row("LSUB", "list", &["* LSUB () \"/\" INBOX"], DONE, list(Selection::Subscribed)),
        row("STATUS", "status", &["* STATUS INBOX (MESSAGES 4)"], DONE, status("INBOX")),
        row("STATUS-OF-ANOTHER", "status", &["* STATUS Work (MESSAGES 7)"], DONE, status("Work")),
        row("CREATE", "create", RENAMED, DONE, |_| Create { name: name("old") }),
        row("DELETE", "delete", NONE, DONE, |_| Delete { name: name("old") }),
        row("RENAME", "rename", RENAMED, DONE, |_| Rename { from: name("old"), to: name("new") }),
        row("SUBSCRIBE", "subscribe", NONE, DONE, |_| Subscribe { name: name("a"), on: true }),
        row("UNSUBSCRIBE", "subscribe", NONE, DONE, |_| Subscribe { name: name("a"), on: false }),
        CommandRow {
            ending: "OK [APPENDUID 5 700] done",
            read: Box::new(|_, condition| format!("{:?}", appended(condition).unwrap())),
            ..raw("APPEND", "append", NONE, append)
        },
        CommandRow {
            read: Box::new(|_, condition| format!("{:?}", appended(condition).unwrap())),
            ..raw("UID-REPLACE", "append", &["* OK [APPENDUID 5 701] ready", "* 1 EXPUNGE"], |selection| {
                let message = &Heading { size: 5, ..Heading::default() };
                Replace { selection, uid: uid(101), mailbox: &MailboxName::INBOX, message, spoilable: true }
                    .plan(EncodeOptions::default())
            })
        },
    ]
}

fn messages() -> Vec<CommandRow> {
    const BODY: &[&str] = &["* 1 FETCH (UID 101 RFC822.SIZE 4 BODY[]<0> {4}\r\nabcd)"];
    const ENTIRE: &[&str] =
        &["* 1 FETCH (UID 101 RFC822.SIZE 24 FLAGS ())", "* 2 FETCH (UID 102 RFC822.SIZE 7 FLAGS (\\Seen))"];
    const CHANGED: &[&str] = &["* 1 FETCH (UID 101 FLAGS (\\Seen) MODSEQ (12))"];
    const FOUND: &[&str] = &["* ESEARCH (TAG \"{tag}\") UID ALL 101:102"];
    const COUNTED: &[&str] = &["* ESEARCH (TAG \"{tag}\") UID COUNT 2"];
    const CUT: &str = "OK [MESSAGELIMIT 2 101] done";
    let window = |which| {
        move |selection| {
            body::plan(selection, uid(which), &Section::WHOLE, false, NonZeroU32::new(1000).map(|len| (0, len)))
        }
    };
    let copy =
        |leave| move |selection| Copy { selection, messages: kept(uids(101)).into(), to: kept(name("a")), leave };
    let search = |returns| move |selection| Search::new(selection, kept(Query::all()), returns);
    let range = || Uids::range(uid(101), uid(102));
    let sizes = || Items::SIZE.flags();
    let seen = || kept(FlagChange::add([Flag::SEEN]));
    vec![
        row("SEARCH", "search", &["* SEARCH 101 102"], DONE, search(None)),
        row("SEARCH-SAVE", "search", COUNTED, DONE, search(Some(SearchReturn::new().save().count()))),
        row("SEARCH-UPDATE", "search", FOUND, DONE, search(Some(SearchReturn::ALL.update()))),
        row("SEARCH-RETURN", "search", FOUND, CUT, search(Some(SearchReturn::ALL))),
        raw("FETCH", "fetch", ENTIRE, move |selection| fetch::plan(selection, &range(), &sizes())),
        raw("FETCH-FLAGS", "fetch", &["* 1 FETCH (UID 101 FLAGS (\\Seen))"], |selection| {
            fetch::plan(selection, &uids(101), &Items::FLAGS)
        }),
        raw("FETCH-RIDING", "fetch", &["* 2 FETCH (UID 102 FLAGS (\\Seen))"], |selection| {
            let plan = fetch::plan(selection, &uids(102), &Items::FLAGS)?;
            let order = plan.order.pipelined_on_select();
            Ok(plan.order(order))
        }),
        raw("FETCH-IF", "fetch", CHANGED, |selection| {
            let modifiers = fetch::Modifiers { changed_since: Some(9), vanished: true, partial: None };
            fetch::plan_answered_by(uids(101), selection, &uids(101), &Items::FLAGS.modseq(), modifiers)
        }),
        raw("BODY", "body", BODY, window(101)),
        raw("BODY-OF-ANOTHER", "body", &["* 2 FETCH (UID 102 RFC822.SIZE 2 BODY[]<0> {2}\r\nef)"], window(102)),
        row("STORE", "store", &["* 1 FETCH (UID 101 FLAGS (\\Seen))"], DONE, move |selection| Store {
            selection,
            messages: kept(uids(101)).into(),
            change: seen(),
            unchanged_since: None,
        }),
        row("STORE-IF", "store", CHANGED, "OK [MODIFIED 101] done", move |selection| Store {
            selection,
            messages: kept(uids(101)).into(),
            change: seen(),
            unchanged_since: Some(9),
        }),
        row("EXPUNGE", "expunge", &["* 1 EXPUNGE"], DONE, |selection| UidExpunge {
            selection,
            messages: kept(uids(101)).into(),
        }),
        row("COPY", "copy", NONE, "OK [COPYUID 5 101 201] done", copy(false)),
        row("MOVE", "copy", &["* OK [COPYUID 5 101 202] moved", "* 1 EXPUNGE"], DONE, copy(true)),
    ]
}

fn extensions_of_mailboxes() -> Vec<CommandRow> {
    const LISTED: &[&str] = &["* LIST () \"/\" INBOX"];
    const COUNTED: &[&str] = &["* LIST () \"/\" INBOX", "* STATUS INBOX (MESSAGES 4)"];
    const ALSO: &[&str] =
        &["* LIST () \"/\" INBOX", "* MYRIGHTS INBOX lrs", "* METADATA INBOX (/shared/comment \"x\")"];
    let inbox = || MailboxName::INBOX;
    let comment = || EntryName::SHARED_COMMENT;
    let counts = || ListReturn::Status(StatusItems::MESSAGES);
    let read = || RightsChange::Add(Rights::READ);
    let text = || NewMessage::new(Content::Text(Bytes::from_static(b"text")));
    vec![
        extension("SETACL", "acl", NONE, move || Extension::set_acl(&inbox(), "me", read())),
        extension("DELETEACL", "acl", NONE, move || Extension::delete_acl(&inbox(), "me")),
        extension("GETACL", "acl", &["* ACL INBOX me lrs"], move || Extension::get_acl(&inbox())),
        extension("LISTRIGHTS", "acl", &["* LISTRIGHTS INBOX me lr s"], move || Extension::list_rights(&inbox(), "me")),
        extension("MYRIGHTS", "acl", &["* MYRIGHTS INBOX lrs"], move || Extension::my_rights(&inbox())),
        extension("GETQUOTA", "quota", &["* QUOTA \"\" (STORAGE 1 2)"], || Extension::get_quota("")),
        extension("GETQUOTAROOT", "quota", &["* QUOTAROOT INBOX \"\"", "* QUOTA \"\" (STORAGE 1 2)"], move || {
            Extension::get_quota_root(&inbox())
        }),
        extension("SETQUOTA", "quota", &["* QUOTA \"\" (STORAGE 1 9)"], || {
            Extension::set_quota("", &[(QuotaResource::Storage, 9)])
        }),
        extension("GETMETADATA", "metadata", &["* METADATA INBOX (/shared/comment \"x\")"], move || {
            Extension::get_metadata(Some(&inbox()), &[comment()], MetadataDepth::Entry, None)
        }),
        extension("SETMETADATA", "metadata", NONE, move || {
            Extension::set_metadata(Some(&inbox()), &[(comment(), Some(b"x".to_vec()))])
        }),
        extension("LANGUAGE", "language", &["* LANGUAGE (en)", "* NAMESPACE ((\"\" \"/\")) NIL NIL"], || {
            Extension::language(&["en"])
        }),
        extension("COMPARATOR", "language", &["* COMPARATOR \"i;basic\""], || Extension::comparator(&["i;*"])),
        extension("LIST-RETURN", "list_extended", LISTED, || {
            Extension::list_extended(&["*"], &[], &[ListReturn::Children])
        }),
        extension("LIST-STATUS", "list_extended", COUNTED, move || Extension::list_extended(&["*"], &[], &[counts()])),
        extension("LIST-ALSO", "list_extended", ALSO, move || {
            let also = [ListReturn::MyRights, ListReturn::Metadata(vec![comment()])];
            Extension::list_extended(&["*"], &[], &also)
        }),
        row("LIST-WITH", "list_extended", ALSO, DONE, move |_| ListWith {
            patterns: &["*"],
            select: &[],
            returns: kept(vec![ListReturn::MyRights, ListReturn::Metadata(vec![comment()])]),
            utf8: false,
            limits: kept(Limits::default()),
        }),
        extension("XLIST", "list_extended", &["* XLIST (\\Sent) \"/\" b"], Extension::xlist),
        extension("CREATE-USE", "list_extended", NONE, || Extension::create_special(&name("b"), &["\\Archive"])),
        extension("MULTIAPPEND", "multi_append", NONE, move || Extension::append(&inbox(), &[text(), text()])),
        extension("GENURLAUTH", "url_auth", &["* GENURLAUTH \"u:x\""], || {
            Extension::generate_urls(&[("u", "INTERNAL")])
        }),
        extension("RESETKEY", "url_auth", NONE, || Extension::reset_url_key(None)),
        extension("URLFETCH", "url_auth", &["* URLFETCH \"u\" {1}\r\nx"], || Extension::fetch_urls(&["u"])),
        extension("GETJMAPACCESS", "url_auth", &["* JMAPACCESS \"https://x\""], Extension::jmap_access),
        extension("XYZ", "extension", &["* XYZ a"], || Extension::new("XYZ").claim("XYZ")),
        extension("XBC", "extension", &["* XBC b"], || Extension::new("XBC").claim("XBC")),
    ]
}

fn extensions_of_messages() -> Vec<CommandRow> {
    const ORDERED: &[&str] = &["* ESEARCH (TAG \"{tag}\") UID ALL 102,101"];
    const ELSEWHERE: &[&str] = &["* ESEARCH (TAG \"{tag}\" MAILBOX a UIDVALIDITY 5) UID ALL 9"];
    const ANNOTATED: &[&str] = &["* 1 FETCH (UID 101 ANNOTATION (/comment (value.priv \"x\")))"];
    let comment = || EntryName::new("/comment").unwrap();
    let text = || NewMessage::new(Content::Text(Bytes::from_static(b"text")));
    let value = || [("value.priv", Some(b"x".to_vec()))];
    vec![
        extension("SORT", "sort", &["* SORT 102 101"], || Extension::sort(&[SortKey::DATE], Query::all(), None)),
        extension("SORT-RETURN", "sort", ORDERED, || {
            Extension::sort(&[SortKey::DATE], Query::all(), Some(SearchReturn::ALL))
        }),
        extension("THREAD", "thread", &["* THREAD (101)(102)"], || Extension::thread("REFERENCES", Query::all())),
        extension("MULTISEARCH", "multisearch", ELSEWHERE, || Extension::multi_search(&[], Query::all(), None)),
        extension("CANCELUPDATE", "context", NONE, || Extension::cancel_update(&["A1"])),
        extension("REPLACE", "multi_append", &["* 1 EXPUNGE"], move || {
            Extension::replace(uid(101), &MailboxName::INBOX, &text())
        }),
        extension("FETCH-ANNOTATION", "annotate", ANNOTATED, move || {
            Extension::fetch_annotations(uids(101), &[comment()], &["value.priv"])
        }),
        extension("STORE-ANNOTATION", "annotate", ANNOTATED, move || {
            Extension::store_annotation(uids(101), &comment(), &value())
        }),
        extension("STORE-LABELS", "annotate", NONE, || Extension::store_labels(uids(101), FlagAction::Add, &["a"])),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::imap::command::Target;
    use crate::imap::types::SavedMark;

    /// The commands that change nothing on the server, or only the session or the login.
    const READS: &str = "STARTTLS COMPRESS UNAUTHENTICATE LOGIN AUTHENTICATE LOGOUT SELECT EXAMINE UNSELECT IDLE ENABLE CAPABILITY NOOP \
        ID NOTIFY NAMESPACE LIST LSUB XLIST STATUS SEARCH FETCH SORT THREAD ESEARCH CANCELUPDATE GETACL LISTRIGHTS MYRIGHTS GETQUOTA \
        GETQUOTAROOT GETMETADATA LANGUAGE COMPARATOR GENURLAUTH URLFETCH GETJMAPACCESS XYZ XBC";

    fn changes(name: &str) -> Option<Replay> {
        Some(match name {
            "STORE" | "STORE-ANNOTATION" | "STORE-LABELS" | "SUBSCRIBE" | "UNSUBSCRIBE" => Replay::Safe,
            "SETMETADATA" | "SETACL" | "DELETEACL" | "SETQUOTA" | "RESETKEY" => Replay::Safe,
            "APPEND" | "MULTIAPPEND" | "REPLACE" | "UID-REPLACE" | "COPY" | "MOVE" => Replay::Verify,
            "CREATE" | "CREATE-USE" | "RENAME" | "DELETE" | "STORE-IF" => Replay::Verify,
            // Its UIDs are not stamped here.
            "EXPUNGE" => Replay::Verify,
            "CLOSE" => Replay::Never,
            _ => return None,
        })
    }

    #[test]
    fn every_command_that_changes_something_says_whether_it_may_be_sent_again() {
        for row in all() {
            assert_eq!(row.change, changes(row.name), "{}", row.name);
            let verb = row.verb.trim_start_matches("UID ");
            let reads = READS.split_whitespace().any(|read| read == verb) || row.name == "CLOSE-EXAMINED";
            assert_eq!(row.change.is_none(), reads, "{}: {verb} changes something, or is in the list", row.name);
        }
    }

    #[test]
    fn stamped_uids_may_be_expunged_again_and_a_saved_result_is_known_to_one_session() {
        let stamped = uids(7).under(UidValidity::nonzero(5));
        let replay = |messages: Target<'_>| UidExpunge { selection: 1, messages }.replay();
        assert_eq!(replay((&stamped).into()), Replay::Safe);
        assert_eq!(replay((&uids(7)).into()), Replay::Verify);
        let saved = Target::Saved(SavedMark::new());
        assert_eq!(replay(saved), Replay::Never);
        let change = &FlagChange::add([Flag::SEEN]);
        let store = Store { selection: 1, messages: saved, change, unchanged_since: None };
        let copy = Copy { selection: 1, messages: saved, to: &MailboxName::INBOX, leave: false };
        let options = EncodeOptions::default();
        let plans = [store.plan(options).unwrap(), copy.plan(options).unwrap()];
        assert!(plans.iter().all(|plan| plan.change == Some(Replay::Never)));
    }
}
