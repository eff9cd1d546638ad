//! Reads one command into a [`Call`], by the grammar of its RFC.

use postroom::imap::{
    ListReturn, MetadataDepth, NotifyEvent, Query, QuotaResource, Rights, RightsChange, Scope, SearchReturn, SortKey,
    UidValidity,
};

use super::call::{BARE, Body, Call, EVENTS, Message, SELECTS, SORT_KEYS};
use super::reader::Reader;
use super::{field, query};

/// The whole command, to its line end.
pub(crate) fn call(reader: &mut Reader<'_>) -> Call {
    let call = match BARE.iter().find(|bare| reader.takes(bare)) {
        Some(bare) => Call::Bare(bare),
        None => named(reader),
    };
    reader.end();
    call
}

fn named(reader: &mut Reader<'_>) -> Call {
    let mut verb = reader.word().to_owned();
    if verb == "UID" {
        reader.expect(" ");
        verb = format!("UID {}", reader.word());
    }
    if verb == "RESETKEY" && reader.is_at_end() {
        return Call::ResetUrlKey(None);
    }
    if matches!(&*verb, "LANGUAGE" | "COMPARATOR" | "CANCELUPDATE" | "URLFETCH" | "GENURLAUTH") {
        return strings(&verb, reader);
    }
    reader.expect(" ");
    match &*verb {
        "SETACL" => Call::SetAcl(then(reader, Reader::mailbox), then(reader, Reader::text), rights(reader)),
        "DELETEACL" => Call::DeleteAcl(then(reader, Reader::mailbox), reader.text()),
        "GETACL" => Call::GetAcl(reader.mailbox()),
        "LISTRIGHTS" => Call::ListRights(then(reader, Reader::mailbox), reader.text()),
        "MYRIGHTS" => Call::MyRights(reader.mailbox()),
        "GETQUOTA" => Call::GetQuota(reader.text()),
        "GETQUOTAROOT" => Call::GetQuotaRoot(reader.mailbox()),
        "SETQUOTA" => {
            let limit = |reader: &mut Reader<'_>| (QuotaResource::new(then(reader, Reader::word)), reader.number());
            Call::SetQuota(then(reader, Reader::text), reader.list(limit))
        }
        "GETMETADATA" => get_metadata(reader),
        "SETMETADATA" => {
            let value = |reader: &mut Reader<'_>| {
                let entry = then(reader, Reader::entry);
                (entry, if reader.next() == b'~' { Some(reader.literal8()) } else { reader.nstring() })
            };
            Call::SetMetadata(server_or(reader), reader.list(value))
        }
        "UID SORT" => {
            let returns = returns(reader);
            let keys = then(reader, |reader| reader.list(sort_key));
            Call::Sort(keys, with_charset(reader), returns)
        }
        "UID THREAD" => Call::Thread(then(reader, Reader::word).to_owned(), with_charset(reader)),
        "ESEARCH" => {
            reader.expect("IN ");
            let scopes = then(reader, |reader| reader.list(scope));
            let returns = returns(reader);
            let query = if reader.takes("CHARSET UTF-8 ") { non_ascii(reader) } else { query::read(reader) };
            Call::MultiSearch(scopes, query, returns)
        }
        "NOTIFY" => {
            reader.expect("SET");
            let status = reader.takes(" STATUS");
            Call::Notify(status, reader.each(group))
        }
        "SELECT" => select(reader),
        "UID FETCH" => fetch(reader),
        "UID STORE" => store(reader),
        "UID REPLACE" => Call::Replace(then(reader, Reader::uids), then(reader, Reader::mailbox), message(reader)),
        "APPEND" => {
            let mailbox = reader.mailbox();
            Call::Append(mailbox, reader.each(message))
        }
        "LIST" => list(reader),
        "CREATE" => {
            let mailbox = then(reader, Reader::mailbox);
            reader.expect("(USE ");
            let uses = reader.list(|reader| reader.flag().to_owned());
            reader.expect(")");
            Call::CreateSpecial(mailbox, uses)
        }
        "RESETKEY" => Call::ResetUrlKey(Some(reader.mailbox())),
        "UID SEARCH" => Call::Search(query::read(reader)),
        "X-VENDOR" => vendor(reader),
        other => panic!("there is no command {other}"),
    }
}

/// One argument and the space after it.
fn then<'a, T>(reader: &mut Reader<'a>, read: impl FnOnce(&mut Reader<'a>) -> T) -> T {
    let value = read(reader);
    reader.expect(" ");
    value
}

fn strings(verb: &str, reader: &mut Reader<'_>) -> Call {
    match verb {
        "LANGUAGE" => Call::Language(reader.each(Reader::text)),
        "COMPARATOR" => Call::Comparator(reader.each(Reader::text)),
        "CANCELUPDATE" => Call::CancelUpdate(reader.each(Reader::string_text)),
        "URLFETCH" => Call::FetchUrls(reader.each(Reader::text)),
        _ => Call::GenerateUrls(reader.each(|reader| (then(reader, Reader::text), reader.word().to_owned()))),
    }
}

fn rights(reader: &mut Reader<'_>) -> RightsChange {
    let text = reader.text();
    let rights = |letters: &str| letters.parse::<Rights>().expect("rights");
    match text.split_at_checked(1) {
        Some(("+", letters)) => RightsChange::Add(rights(letters)),
        Some(("-", letters)) => RightsChange::Remove(rights(letters)),
        _ => RightsChange::Set(rights(&text)),
    }
}

/// The empty name is the server itself (RFC 5464 §4.2).
fn server_or(reader: &mut Reader<'_>) -> Option<postroom::imap::MailboxName> {
    if reader.takes("\"\" ") { None } else { Some(then(reader, Reader::mailbox)) }
}

fn get_metadata(reader: &mut Reader<'_>) -> Call {
    let (mut size, mut depth) = (None, MetadataDepth::Entry);
    if reader.next() == b'(' {
        reader.list(|reader| match then(reader, Reader::word) {
            "MAXSIZE" => size = Some(reader.small()),
            "DEPTH" if reader.takes("1") => depth = MetadataDepth::Children,
            "DEPTH" if reader.takes("infinity") => depth = MetadataDepth::All,
            other => panic!("there is no option {other}"),
        });
        reader.expect(" ");
    }
    Call::GetMetadata(server_or(reader), reader.list(Reader::entry), depth, size)
}

fn returns(reader: &mut Reader<'_>) -> Option<SearchReturn> {
    reader.takes("RETURN ").then(|| then(reader, field::read_returns))
}

/// SORT and THREAD always name a charset (RFC 5256 §3).
fn with_charset(reader: &mut Reader<'_>) -> Query {
    if reader.takes("US-ASCII ") {
        return query::read(reader);
    }
    reader.expect("UTF-8 ");
    non_ascii(reader)
}

fn non_ascii(reader: &mut Reader<'_>) -> Query {
    let query = query::read(reader);
    assert!(!query.to_string().is_ascii() || query.to_string().contains("\\u{"), "{query} needs no charset");
    query
}

fn sort_key(reader: &mut Reader<'_>) -> SortKey {
    let reverse = reader.takes("REVERSE ");
    let name = reader.word();
    let key = SORT_KEYS.iter().find(|(known, _)| *known == name).expect("a key").1;
    if reverse { key.reversed() } else { key }
}

fn scope(reader: &mut Reader<'_>) -> Scope {
    let named = |reader: &mut Reader<'_>| {
        reader.expect(" ");
        reader.list(Reader::mailbox)
    };
    match reader.word() {
        "selected" => Scope::Selected,
        "selected-delayed" => Scope::SelectedDelayed,
        "inboxes" => Scope::Inboxes,
        "personal" => Scope::Personal,
        "subscribed" => Scope::Subscribed,
        "subtree" => Scope::Subtree(named(reader)),
        "subtree-one" => Scope::SubtreeOne(named(reader)),
        "mailboxes" => Scope::Mailboxes(named(reader)),
        other => panic!("there is no scope {other}"),
    }
}

fn group(reader: &mut Reader<'_>) -> (Scope, Vec<NotifyEvent>) {
    reader.expect("(");
    let scope = then(reader, scope);
    let events = reader.list(|reader| match reader.word() {
        "MessageNew" if reader.is_in_front_of(" (") => {
            reader.expect(" ");
            NotifyEvent::MessageNew(Some(field::read_items(reader)))
        }
        "MessageNew" => NotifyEvent::MessageNew(None),
        name => match EVENTS.iter().find(|(known, _)| *known == name) {
            Some((_, event)) => event.clone(),
            None => NotifyEvent::Other(name.to_owned()),
        },
    });
    reader.expect(")");
    (scope, events)
}

fn select(reader: &mut Reader<'_>) -> Call {
    let mailbox = then(reader, Reader::mailbox);
    if reader.takes("(CONDSTORE)") {
        return Call::SelectCondstore(mailbox);
    }
    reader.expect("(QRESYNC (");
    let validity = UidValidity::new(then(reader, Reader::small)).expect("not 0");
    let modseq = reader.number();
    let known = reader.takes(" ").then(|| reader.uids());
    reader.expect("))");
    Call::SelectQresync(mailbox, validity, modseq, known)
}

fn fetch(reader: &mut Reader<'_>) -> Call {
    let uids = then(reader, Reader::uids);
    reader.expect("(UID ANNOTATION (");
    let entries = then(reader, |reader| reader.list(Reader::entry));
    let attributes = reader.list(Reader::string_text);
    reader.expect("))");
    Call::FetchAnnotations(uids, entries, attributes)
}

fn store(reader: &mut Reader<'_>) -> Call {
    let uids = then(reader, Reader::uids);
    if reader.takes("ANNOTATION (") {
        let entry = then(reader, Reader::entry);
        let text = |value| String::from_utf8(value).expect("UTF-8");
        let values = reader.list(|reader| (then(reader, Reader::string_text), reader.nstring().map(text)));
        reader.expect(")");
        return Call::StoreAnnotation(uids, entry, values);
    }
    let action = field::read_action(reader);
    reader.expect("X-GM-LABELS.SILENT ");
    let label = |label: Vec<u8>| postroom::imap::codec::mutf7::decode(&label).expect("modified UTF-7");
    Call::StoreLabels(uids, action, reader.list(|reader| label(reader.astring())))
}

fn message(reader: &mut Reader<'_>) -> Message {
    let flags = if reader.next() == b'(' { then(reader, |reader| reader.list(field::read_flag)) } else { Vec::new() };
    let date = (reader.next() == b'"').then(|| then(reader, field::read_date_time));
    let body = match () {
        () if reader.takes("UTF8 (") => {
            let bytes = reader.literal8();
            reader.expect(")");
            Body::Utf8(bytes)
        }
        () if reader.takes("CATENATE ") => Body::Pieces(reader.list(|reader| match then(reader, Reader::word) {
            "URL" => Ok(reader.text()),
            "TEXT" => Err(String::from_utf8(reader.literal()).expect("UTF-8")),
            other => panic!("there is no piece {other}"),
        })),
        () if reader.next() == b'~' => Body::Binary(reader.literal8()),
        () => Body::Text(String::from_utf8(reader.literal()).expect("UTF-8")),
    };
    Message { flags, date, body }
}

fn list(reader: &mut Reader<'_>) -> Call {
    let select = then(reader, |reader| {
        reader.list(|reader| {
            let name = reader.word();
            SELECTS.iter().find(|(known, _)| *known == name).expect("an option").1
        })
    });
    reader.expect("\"\" ");
    let patterns = if reader.next() == b'(' { reader.list(Reader::pattern) } else { vec![reader.pattern()] };
    reader.expect(" RETURN ");
    let returns = reader.list(|reader| match reader.word() {
        "SUBSCRIBED" => ListReturn::Subscribed,
        "CHILDREN" => ListReturn::Children,
        "SPECIAL-USE" => ListReturn::SpecialUse,
        "MYRIGHTS" => ListReturn::MyRights,
        "STATUS" if reader.takes(" ") => ListReturn::Status(field::read_status_items(reader)),
        "METADATA" if reader.takes(" ") => ListReturn::Metadata(reader.list(Reader::entry)),
        other => panic!("there is no option {other}"),
    });
    Call::ListExtended(patterns, select, returns)
}

fn vendor(reader: &mut Reader<'_>) -> Call {
    let text = |reader: &mut Reader<'_>| {
        let text = reader.text();
        reader.expect(" ()");
        text
    };
    let texts = then(reader, |reader| reader.list(text));
    let number = then(reader, Reader::number);
    let third = then(reader, Reader::nstring).map(|text| String::from_utf8(text).expect("UTF-8"));
    let binary = then(reader, Reader::literal8);
    let flags = then(reader, |reader| reader.list(field::read_flag));
    Call::Vendor(texts, number, third, binary, flags, field::read_date_time(reader))
}
