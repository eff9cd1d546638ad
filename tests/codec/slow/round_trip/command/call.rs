//! Any command that is a value, with arbitrary arguments: as what the reader must return, and as the crate's own value.

use arbitrary::{Arbitrary, Result, Unstructured};
use postroom::imap::codec::encode::Segment;
use postroom::imap::codec::stateful;
use postroom::imap::{
    Content, EntryName, Extension, ListReturn, ListSelect, MailboxName, MetadataDepth, NewMessage, NotifyEvent, Piece,
    Query, QuotaResource, Rights, RightsChange, Scope, SearchReturn, SortKey, Uid, UidValidity, Uids,
};
use postroom::{Flag, FlagAction};
use time::OffsetDateTime;

use super::{field, query};
use crate::generated::wire::{bytes, text};

/// A command and all its arguments.
#[derive(Debug, PartialEq)]
pub(crate) enum Call {
    SetAcl(MailboxName, String, RightsChange),
    DeleteAcl(MailboxName, String),
    GetAcl(MailboxName),
    ListRights(MailboxName, String),
    MyRights(MailboxName),
    GetQuota(String),
    GetQuotaRoot(MailboxName),
    SetQuota(String, Vec<(QuotaResource, u64)>),
    GetMetadata(Option<MailboxName>, Vec<EntryName>, MetadataDepth, Option<u32>),
    SetMetadata(Option<MailboxName>, Vec<(EntryName, Option<Vec<u8>>)>),
    Sort(Vec<SortKey>, Query, Option<SearchReturn>),
    Thread(String, Query),
    Language(Vec<String>),
    Comparator(Vec<String>),
    MultiSearch(Vec<Scope>, Query, Option<SearchReturn>),
    CancelUpdate(Vec<String>),
    Notify(bool, Vec<(Scope, Vec<NotifyEvent>)>),
    Bare(&'static str),
    SelectCondstore(MailboxName),
    SelectQresync(MailboxName, UidValidity, u64, Option<Uids>),
    Append(MailboxName, Vec<Message>),
    Replace(Uids, MailboxName, Message),
    ListExtended(Vec<String>, Vec<ListSelect>, Vec<ListReturn>),
    CreateSpecial(MailboxName, Vec<String>),
    FetchAnnotations(Uids, Vec<EntryName>, Vec<String>),
    StoreAnnotation(Uids, EntryName, Vec<(String, Option<String>)>),
    StoreLabels(Uids, FlagAction, Vec<String>),
    GenerateUrls(Vec<(String, String)>),
    ResetUrlKey(Option<MailboxName>),
    FetchUrls(Vec<String>),
    Search(Query),
    Vendor(Vec<String>, u64, Option<String>, Vec<u8>, Vec<Flag>, OffsetDateTime),
}

/// The content of APPEND and REPLACE.
#[derive(Debug, PartialEq)]
pub(crate) struct Message {
    pub(crate) flags: Vec<Flag>,
    pub(crate) date: Option<OffsetDateTime>,
    pub(crate) body: Body,
}

#[derive(Debug, PartialEq)]
pub(crate) enum Body {
    Text(String),
    Binary(Vec<u8>),
    Utf8(Vec<u8>),
    /// A URL, or a text.
    Pieces(Vec<std::result::Result<String, String>>),
}

pub(crate) const BARE: [&str; 4] = ["UNAUTHENTICATE", "COMPRESS DEFLATE", "NOTIFY NONE", "GETJMAPACCESS"];

pub(crate) const SORT_KEYS: [(&str, SortKey); 10] = [
    ("ARRIVAL", SortKey::ARRIVAL),
    ("CC", SortKey::CC),
    ("DATE", SortKey::DATE),
    ("FROM", SortKey::FROM),
    ("SIZE", SortKey::SIZE),
    ("SUBJECT", SortKey::SUBJECT),
    ("TO", SortKey::TO),
    ("DISPLAYFROM", SortKey::DISPLAY_FROM),
    ("DISPLAYTO", SortKey::DISPLAY_TO),
    ("RELEVANCY", SortKey::RELEVANCY),
];

pub(crate) const SELECTS: [(&str, ListSelect); 4] = [
    ("SUBSCRIBED", ListSelect::Subscribed),
    ("REMOTE", ListSelect::Remote),
    ("RECURSIVEMATCH", ListSelect::RecursiveMatch),
    ("SPECIAL-USE", ListSelect::SpecialUse),
];

pub(crate) const EVENTS: [(&str, NotifyEvent); 7] = [
    ("MessageExpunge", NotifyEvent::MessageExpunge),
    ("FlagChange", NotifyEvent::FlagChange),
    ("AnnotationChange", NotifyEvent::AnnotationChange),
    ("MailboxName", NotifyEvent::MailboxName),
    ("SubscriptionChange", NotifyEvent::SubscriptionChange),
    ("MailboxMetadataChange", NotifyEvent::MailboxMetadataChange),
    ("ServerMetadataChange", NotifyEvent::ServerMetadataChange),
];

type U<'a, 'b> = &'a mut Unstructured<'b>;

impl<'a> Arbitrary<'a> for Call {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        let mailbox = field::mailbox;
        let maybe = |u: U<'_, '_>| Ok(if u.arbitrary()? { Some(mailbox(u)?) } else { None });
        Ok(match u.arbitrary::<u8>()? % 34 {
            0 => Self::SetAcl(mailbox(u)?, text(u)?, rights(u)?),
            1 => Self::DeleteAcl(mailbox(u)?, text(u)?),
            2 => Self::GetAcl(mailbox(u)?),
            3 => Self::ListRights(mailbox(u)?, text(u)?),
            4 => Self::MyRights(mailbox(u)?),
            5 => Self::GetQuota(text(u)?),
            6 => Self::GetQuotaRoot(mailbox(u)?),
            7 => Self::SetQuota(
                text(u)?,
                field::some(u, |u| Ok((QuotaResource::new(&field::word(u)?), u.arbitrary()?)))?,
            ),
            8 => {
                let depth = *u.choose(&[MetadataDepth::Entry, MetadataDepth::Children, MetadataDepth::All])?;
                Self::GetMetadata(maybe(u)?, field::some(u, entry)?, depth, u.arbitrary()?)
            }
            9 => {
                let value = |u: U<'_, '_>| Ok((entry(u)?, if u.arbitrary()? { Some(bytes(u)?) } else { None }));
                Self::SetMetadata(maybe(u)?, field::some(u, value)?)
            }
            10 => Self::Sort(field::some(u, sort_key)?, query::arbitrary(u, 3)?, returns(u)?),
            11 => Self::Thread(field::word(u)?, query::arbitrary(u, 3)?),
            12 => Self::Language(field::some(u, text)?),
            13 => Self::Comparator(field::some(u, text)?),
            14 => Self::MultiSearch(field::some(u, scope)?, query::arbitrary(u, 3)?, returns(u)?),
            15 => Self::CancelUpdate(field::some(u, text)?),
            16 => Self::Notify(u.arbitrary()?, field::some(u, |u| Ok((scope(u)?, field::some(u, event)?)))?),
            17 | 20 | 21 => Self::Bare(u.choose(&BARE)?),
            18 => Self::SelectCondstore(mailbox(u)?),
            19 => {
                let validity = UidValidity::new(field::number(u)?.get()).expect("not 0");
                let known = if u.arbitrary()? { Some(field::uids(u)?) } else { None };
                Self::SelectQresync(mailbox(u)?, validity, field::modseq(u)?, known)
            }
            22 => Self::Append(mailbox(u)?, field::some(u, message)?),
            23 => {
                Self::Replace(Uids::from(Uid::new(field::number(u)?.get()).expect("not 0")), mailbox(u)?, message(u)?)
            }
            24 => {
                let pattern = |u: U<'_, '_>| Ok(text(u)?.replace(['\0', '\r', '\n'], "%"));
                let mut select = field::some(u, |u| Ok(u.choose(&SELECTS)?.1))?;
                select.push(ListSelect::Subscribed);
                Self::ListExtended(field::some(u, pattern)?, select, field::some(u, list_return)?)
            }
            25 => Self::CreateSpecial(mailbox(u)?, field::some(u, |u| Ok(format!("\\{}", field::word(u)?)))?),
            26 => Self::FetchAnnotations(field::uids(u)?, field::some(u, entry)?, field::some(u, text)?),
            27 => {
                let value = |u: U<'_, '_>| Ok((text(u)?, if u.arbitrary()? { Some(text(u)?) } else { None }));
                Self::StoreAnnotation(field::uids(u)?, entry(u)?, field::some(u, value)?)
            }
            28 => Self::StoreLabels(field::uids(u)?, field::action(u)?, field::some(u, text)?),
            29 => Self::GenerateUrls(field::some(u, |u| Ok((text(u)?, field::word(u)?)))?),
            30 => Self::ResetUrlKey(maybe(u)?),
            31 => Self::FetchUrls(field::some(u, text)?),
            32 => Self::Search(query::arbitrary(u, 4)?),
            _ => {
                let flags = field::some(u, field::flag)?;
                let third = if u.arbitrary()? { Some(text(u)?) } else { None };
                Self::Vendor(field::some(u, text)?, u.arbitrary()?, third, bytes(u)?, flags, field::date_time(u)?)
            }
        })
    }
}

fn rights(u: U<'_, '_>) -> Result<RightsChange> {
    let letters: Vec<u8> = field::some(u, |u| Ok(*u.choose(b"lrswipkxtea0")?))?;
    let rights: Rights = str::from_utf8(&letters).expect("ASCII").parse().expect("rights");
    Ok(match u.arbitrary::<u8>()? % 3 {
        0 => RightsChange::Set(if u.arbitrary()? { rights } else { Rights::NONE }),
        1 => RightsChange::Add(rights),
        _ => RightsChange::Remove(rights),
    })
}

fn entry(u: U<'_, '_>) -> Result<EntryName> {
    let odd = *u.choose(&["", " ", "\"", "\\", "(", "]"])?;
    Ok(EntryName::new(&format!("/shared/{}{odd}x", field::word(u)?)).expect("an entry"))
}

fn returns(u: U<'_, '_>) -> Result<Option<SearchReturn>> {
    Ok(if u.arbitrary()? { Some(field::returns(u)?) } else { None })
}

fn sort_key(u: U<'_, '_>) -> Result<SortKey> {
    let key = u.choose(&SORT_KEYS)?.1;
    Ok(if u.arbitrary()? { key.reversed() } else { key })
}

fn scope(u: U<'_, '_>) -> Result<Scope> {
    Ok(match u.arbitrary::<u8>()? % 8 {
        0 => Scope::Selected,
        1 => Scope::SelectedDelayed,
        2 => Scope::Inboxes,
        3 => Scope::Personal,
        4 => Scope::Subscribed,
        5 => Scope::Subtree(field::some(u, field::mailbox)?),
        6 => Scope::SubtreeOne(field::some(u, field::mailbox)?),
        _ => Scope::Mailboxes(field::some(u, field::mailbox)?),
    })
}

fn event(u: U<'_, '_>) -> Result<NotifyEvent> {
    Ok(match u.arbitrary::<u8>()? % 4 {
        0 => NotifyEvent::MessageNew(None),
        1 => NotifyEvent::MessageNew(Some(field::items(u)?)),
        2 => NotifyEvent::Other(field::word(u)?),
        _ => u.choose(&EVENTS)?.1.clone(),
    })
}

fn list_return(u: U<'_, '_>) -> Result<ListReturn> {
    Ok(match u.arbitrary::<u8>()? % 6 {
        0 => ListReturn::Subscribed,
        1 => ListReturn::Children,
        2 => ListReturn::SpecialUse,
        3 => ListReturn::Status(field::status_items(u)?),
        4 => ListReturn::MyRights,
        _ => ListReturn::Metadata(field::some(u, entry)?),
    })
}

fn message(u: U<'_, '_>) -> Result<Message> {
    let flags = if u.arbitrary()? { field::some(u, field::flag)? } else { Vec::new() };
    let date = if u.arbitrary()? { Some(field::date_time(u)?) } else { None };
    let body = match u.arbitrary::<u8>()? % 4 {
        0 => Body::Text(text(u)?),
        1 => Body::Binary(bytes(u)?),
        2 => Body::Utf8(bytes(u)?),
        _ => Body::Pieces(field::some(u, |u| Ok(if u.arbitrary()? { Ok(text(u)?) } else { Err(text(u)?) }))?),
    };
    Ok(Message { flags, date, body })
}

impl Message {
    fn value(&self) -> NewMessage {
        let piece = |piece: &std::result::Result<String, String>| match piece {
            Ok(url) => Piece::Url(url.clone()),
            Err(text) => Piece::Text(text.clone().into()),
        };
        let content = match &self.body {
            Body::Text(text) => Content::Text(text.clone().into()),
            Body::Binary(bytes) => Content::Binary(bytes.clone().into()),
            Body::Utf8(bytes) => Content::Utf8(bytes.clone().into()),
            Body::Pieces(pieces) => Content::Pieces(pieces.iter().map(piece).collect()),
        };
        let message = NewMessage::new(content).flags(self.flags.iter().cloned());
        self.date.into_iter().fold(message, NewMessage::date)
    }
}

fn refs(texts: &[String]) -> Vec<&str> {
    texts.iter().map(String::as_str).collect()
}

impl Call {
    /// As a program writes it: a value that a session runs, or one that it would refuse.
    pub(crate) fn segments(&self, utf8: bool) -> postroom::Result<Vec<Segment>> {
        let line = match self {
            Self::Notify(status, groups) => stateful::notify(*status, groups, utf8),
            Self::Bare("UNAUTHENTICATE") => Ok(stateful::unauthenticate()),
            Self::Bare("COMPRESS DEFLATE") => Ok(stateful::compress_deflate()),
            Self::Bare("NOTIFY NONE") => Ok(stateful::notify_none()),
            Self::SelectCondstore(mailbox) => stateful::select_condstore(mailbox, utf8),
            Self::SelectQresync(mailbox, validity, modseq, known) => {
                stateful::select_qresync(mailbox, *validity, *modseq, known.as_ref(), utf8)
            }
            _ => return self.extension().segments(utf8),
        };
        line.map(|line| line.finish())
    }

    fn extension(&self) -> Extension {
        match self {
            Self::SetAcl(mailbox, who, change) => Extension::set_acl(mailbox, who, *change),
            Self::DeleteAcl(mailbox, who) => Extension::delete_acl(mailbox, who),
            Self::GetAcl(mailbox) => Extension::get_acl(mailbox),
            Self::ListRights(mailbox, who) => Extension::list_rights(mailbox, who),
            Self::MyRights(mailbox) => Extension::my_rights(mailbox),
            Self::GetQuota(root) => Extension::get_quota(root),
            Self::GetQuotaRoot(mailbox) => Extension::get_quota_root(mailbox),
            Self::SetQuota(root, limits) => Extension::set_quota(root, limits),
            Self::GetMetadata(mailbox, entries, depth, size) => {
                Extension::get_metadata(mailbox.as_ref(), entries, *depth, *size)
            }
            Self::SetMetadata(mailbox, values) => Extension::set_metadata(mailbox.as_ref(), values),
            Self::Sort(keys, query, returns) => Extension::sort(keys, query.clone(), *returns),
            Self::Thread(algorithm, query) => Extension::thread(algorithm, query.clone()),
            Self::Language(tags) => Extension::language(&refs(tags)),
            Self::Comparator(orders) => Extension::comparator(&refs(orders)),
            Self::MultiSearch(scopes, query, returns) => Extension::multi_search(scopes, query.clone(), *returns),
            Self::CancelUpdate(tags) => Extension::cancel_update(&refs(tags)),
            Self::Bare(_) | Self::Notify(..) | Self::SelectCondstore(_) | Self::SelectQresync(..) => {
                Extension::jmap_access()
            }
            Self::Append(mailbox, messages) => {
                Extension::append(mailbox, &messages.iter().map(Message::value).collect::<Vec<_>>())
            }
            Self::Replace(uid, mailbox, message) => {
                Extension::replace(uid.iter().next().expect("one"), mailbox, &message.value())
            }
            Self::ListExtended(patterns, select, returns) => Extension::list_extended(&refs(patterns), select, returns),
            Self::CreateSpecial(mailbox, uses) => Extension::create_special(mailbox, &refs(uses)),
            Self::FetchAnnotations(uids, entries, attributes) => {
                Extension::fetch_annotations(uids.clone(), entries, &refs(attributes))
            }
            Self::StoreAnnotation(uids, entry, values) => {
                let bytes = |value: &Option<String>| value.as_ref().map(|value| value.clone().into_bytes());
                let values: Vec<_> = values.iter().map(|(name, value)| (name.as_str(), bytes(value))).collect();
                Extension::store_annotation(uids.clone(), entry, &values)
            }
            Self::StoreLabels(uids, action, labels) => Extension::store_labels(uids.clone(), *action, &refs(labels)),
            Self::GenerateUrls(urls) => {
                let urls: Vec<_> = urls.iter().map(|(url, mechanism)| (url.as_str(), mechanism.as_str())).collect();
                Extension::generate_urls(&urls)
            }
            Self::ResetUrlKey(mailbox) => Extension::reset_url_key(mailbox.as_ref()),
            Self::FetchUrls(urls) => Extension::fetch_urls(&refs(urls)),
            Self::Search(query) => Extension::new("UID SEARCH").query(query.clone()),
            Self::Vendor(texts, number, third, binary, flags, time) => {
                let list =
                    |list: Extension| texts.iter().fold(list, |list, text| list.text(text.as_str()).list(|list| list));
                let line = Extension::new("X-VENDOR").list(list).number(*number).nstring(third.clone());
                line.binary(binary.clone()).flags(flags.iter().cloned()).date_time(*time)
            }
        }
    }
}
