//! What the untagged responses to an extension command must be about: its mailbox, quota roots, entries, URLs, or messages of its set. A
//! response about something else is not part of the answer. It must not know earlier answers, except the quota roots of a mailbox.

use crate::imap::codec::{Kind, acl, metadata, quota, search, sort, thread, url};
use crate::imap::types::{EntryName, ListRights, MailboxName, Metadata, Quota, QuotaRoots, SearchResult, Uid, Uids};

/// The largest number of quota roots of one mailbox. Servers have one or two.
const MOST_ROOTS: usize = 1000;

/// What a command is about. Any response matches a topic without values.
#[derive(Clone, Debug, Default)]
pub(crate) struct Topic {
    place: Option<Subject>,
    identifier: Option<String>,
    roots: Option<Vec<String>>,
    entries: Option<Vec<EntryName>>,
    depth: Option<usize>,
    urls: Option<Vec<String>>,
    among: Option<Uids>,
}

#[derive(Clone, Debug)]
enum Subject {
    Server,
    Mailbox(MailboxName),
}

impl Topic {
    /// The rights, quota roots or entries of this mailbox, or of the server if there is none.
    pub(crate) fn of(mailbox: Option<&MailboxName>) -> Self {
        let place = mailbox.map_or(Subject::Server, |name| Subject::Mailbox(name.clone()));
        Self { place: Some(place), ..Self::default() }
    }

    /// The rights of this user or group.
    pub(crate) fn whose(self, identifier: &str) -> Self {
        Self { identifier: Some(identifier.to_owned()), ..self }
    }

    /// These quota roots. The roots of a mailbox are added when its QUOTAROOT arrives (RFC 9208 §4.1.2).
    pub(crate) fn roots(self, roots: &[&str]) -> Self {
        Self { roots: Some(roots.iter().map(|&root| root.to_owned()).collect()), ..self }
    }

    /// The values of these entries, and of those at most `depth` levels below them.
    pub(crate) fn entries(self, entries: &[EntryName], depth: usize) -> Self {
        Self { entries: Some(entries.to_vec()), depth: Some(depth), ..self }
    }

    /// These URLs, or longer URLs that begin with them.
    pub(crate) fn urls<'a>(self, urls: impl IntoIterator<Item = &'a str>) -> Self {
        Self { urls: Some(urls.into_iter().map(str::to_owned).collect()), ..self }
    }

    /// The result of a search with no messages except these.
    pub(crate) fn among(self, uids: Option<&Uids>) -> Self {
        Self { among: uids.cloned(), ..self }
    }

    /// Whether everything that the response names matches. A response that cannot be read matches, and is returned as received.
    pub(crate) fn fits(&mut self, kind: Kind, frame: &[u8], utf8: bool) -> bool {
        let utf8 = utf8 || !frame.is_ascii();
        let rights = |named: &ListRights| {
            self.identifier.as_ref().is_none_or(|whose| *whose == named.identifier) && self.is_in(&named.mailbox)
        };
        match kind {
            Kind::Acl => acl::parse(frame, utf8).ok().is_none_or(|named| self.is_in(&named.mailbox)),
            Kind::ListRights => acl::list_rights(frame, utf8).ok().is_none_or(|named| rights(&named)),
            Kind::MyRights => acl::my_rights(frame, utf8).ok().is_none_or(|named| self.is_in(&named.mailbox)),
            Kind::QuotaRoot => quota::roots(frame, utf8).ok().is_none_or(|named| self.learn_roots(&named)),
            Kind::Quota => quota::parse(frame).ok().is_none_or(|named| self.has_root(&named)),
            Kind::Metadata => metadata::parse(frame, utf8).ok().is_none_or(|named| self.has_values(&named)),
            Kind::Genurlauth => {
                url::generated(frame).ok().is_none_or(|named| named.iter().all(|url| self.has_url(url)))
            }
            Kind::Urlfetch => {
                url::fetched(frame).ok().is_none_or(|named| named.iter().all(|one| self.has_url(&one.url)))
            }
            Kind::Sort => self.finds(|| sort::parse(frame).ok(), |found| self.has_each(found.list.iter())),
            Kind::Thread => self.finds(
                || thread::parse(frame).ok(),
                |found| self.has_each(found.walk().filter_map(|(_, message)| message.number())),
            ),
            Kind::Esearch => self.finds(|| search::parse(frame).ok(), |found| self.has_found(found)),
            _ => true,
        }
    }

    /// Whether a result matches. It is parsed only if the set of messages is known.
    fn finds<T>(&self, read: impl FnOnce() -> Option<T>, fits: impl FnOnce(&T) -> bool) -> bool {
        self.among.is_none() || read().is_none_or(|found| fits(&found))
    }

    /// Whether all UIDs are in the set. If that ends in `*`, one message may lie below its beginning: the last one of the mailbox
    /// (RFC 9051 §9).
    fn has_each(&self, mut uids: impl Iterator<Item = Uid>) -> bool {
        let Some(among) = &self.among else { return true };
        let mut last = None;
        uids.all(|uid| among.contains(uid) || among.open_from().is_some() && *last.get_or_insert(uid) == uid)
    }

    fn has_found(&self, found: &SearchResult) -> bool {
        let Some(among) = &self.among else { return true };
        let partial = found.partial.iter().map(|partial| partial.found.to_set());
        let order = found.order.iter().map(|order| order.to_set());
        let within = |uids: &Uids| uids.difference(among).len() <= u64::from(among.open_from().is_some());
        let sets = found.all.iter().all(within) && partial.chain(order).all(|uids| within(&uids));
        sets && self.has_each(found.min.into_iter().chain(found.max))
    }

    fn learn_roots(&mut self, named: &QuotaRoots) -> bool {
        let fits = self.is_in(&named.mailbox);
        if let Some(roots) = self.roots.as_mut().filter(|_| fits) {
            let room = MOST_ROOTS.saturating_sub(roots.len());
            roots.extend(named.roots.iter().take(room).cloned());
        }
        fits
    }

    fn is_in(&self, named: &MailboxName) -> bool {
        match &self.place {
            None => true,
            Some(Subject::Server) => named.as_str().is_empty(),
            Some(Subject::Mailbox(asked)) => may_be(named.as_str(), asked.as_str()),
        }
    }

    /// Some servers leave out the name of the root.
    fn has_root(&self, quota: &Quota) -> bool {
        let is_it = |root: &String| root.eq_ignore_ascii_case(&quota.root);
        self.roots.as_ref().is_none_or(|roots| quota.root.is_empty() || roots.iter().any(is_it))
    }

    /// A list of names without values is a notification of changes, not an answer (RFC 5464 §4.4.2).
    fn has_values(&self, named: &Metadata) -> bool {
        let server = matches!(self.place, None | Some(Subject::Server));
        let place = named.mailbox.as_ref().map_or(server, |mailbox| self.is_in(mailbox));
        let values = |entries: &Vec<EntryName>| {
            let asked = |name: &EntryName| entries.iter().any(|entry| self.is_at(name.as_str(), entry.as_str()));
            named.changed.is_empty() && named.values.iter().all(|(name, _)| asked(name))
        };
        place && self.entries.as_ref().is_none_or(values)
    }

    fn is_at(&self, name: &str, entry: &str) -> bool {
        let Some((start, below)) = name.split_at_checked(entry.len()) else { return false };
        let fits = below.is_empty() || below.starts_with('/') && below.matches('/').count() <= self.depth.unwrap_or(0);
        fits && start.eq_ignore_ascii_case(entry)
    }

    fn has_url(&self, named: &str) -> bool {
        self.urls.as_ref().is_none_or(|urls| urls.iter().any(|url| named.starts_with(url)))
    }
}

/// Whether both may name the same mailbox: some servers add prefixes, change letter case, or write non-ASCII names in another encoding.
fn may_be(named: &str, asked: &str) -> bool {
    let last = |name: &str| name.rsplit(['/', '.', '\\', '^']).next().unwrap_or_default().to_ascii_lowercase();
    let encoded = !asked.is_ascii() && (!named.is_ascii() || named.contains('&'));
    encoded || last(named) == last(asked)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::imap::codec::{Route, route};

    fn fits(topic: &mut Topic, line: &str) -> bool {
        let frame = format!("* {line}\r\n");
        let Route::Untagged(kind) = route(frame.as_bytes()) else { panic!("{line}") };
        topic.fits(kind, frame.as_bytes(), false)
    }

    fn check(topic: &Topic, yes: &[&str], no: &[&str]) {
        for line in yes {
            assert!(fits(&mut topic.clone(), line), "{line}");
        }
        for line in no {
            assert!(!fits(&mut topic.clone(), line), "{line}");
        }
    }

    #[test]
    fn rights_are_those_of_the_mailbox_and_of_the_one_who_was_named() {
        let work = MailboxName::new("Work").unwrap();
        let topic = Topic::of(Some(&work));
        let yes = ["ACL Work me lr", "MYRIGHTS INBOX.Work lr", "MYRIGHTS work lr", "LISTRIGHTS Work me lr s", "ACL"];
        check(&topic, &yes, &["ACL Other me lr", "MYRIGHTS Work/2026 lr", "LISTRIGHTS INBOX me lr"]);
        check(&topic.whose("me"), &["LISTRIGHTS Work me lr"], &["LISTRIGHTS Work you lr", "LISTRIGHTS Other me lr"]);
        let encoded = Topic::of(Some(&MailboxName::new("Entw\u{fc}rfe").unwrap()));
        check(&encoded, &["ACL Entw&APw-rfe me lr", "ACL &XXXX- me lr"], &["ACL Work me lr"]);
    }

    #[test]
    fn quotas_are_those_of_the_root_or_of_the_roots_that_the_mailbox_has() {
        let quotas = Topic::default().roots(&["#user"]);
        check(&quotas, &["QUOTA #user (STORAGE 1 2)", "QUOTA (STORAGE 1 2)"], &["QUOTA other (STORAGE 1 2)"]);
        let mut topic = Topic::of(Some(&MailboxName::INBOX)).roots(&[]);
        assert!(!fits(&mut topic, "QUOTA a (STORAGE 1 2)") && !fits(&mut topic, "QUOTAROOT Other a"));
        assert!(!fits(&mut topic, "QUOTA a (STORAGE 1 2)"));
        assert!(fits(&mut topic, "QUOTAROOT inbox a b") && fits(&mut topic, "QUOTA b (STORAGE 1 2)"));
        assert!(!fits(&mut topic, "QUOTA c (STORAGE 1 2)"));
    }

    #[test]
    fn values_are_those_of_the_entries_at_the_place() {
        let comment = std::slice::from_ref(&EntryName::SHARED_COMMENT);
        let inbox = Topic::of(Some(&MailboxName::INBOX)).entries(comment, 0);
        check(
            &inbox,
            &["METADATA INBOX (/shared/comment \"x\")", "METADATA INBOX (/SHARED/Comment NIL)", "METADATA INBOX ()"],
            &[
                "METADATA \"\" (/shared/comment \"x\")",
                "METADATA Other (/shared/comment \"x\")",
                "METADATA INBOX (/shared/other \"x\")",
                "METADATA INBOX (/shared/comment/a \"x\")",
                "METADATA INBOX (/shared/comment2 \"x\")",
                "METADATA INBOX /shared/comment",
            ],
        );
        let server = Topic::of(None).entries(comment, 1);
        let yes = ["METADATA \"\" (/shared/comment \"x\" /shared/comment/a \"y\")"];
        check(&server, &yes, &["METADATA \"\" (/shared/comment/a/b \"x\")", "METADATA INBOX (/shared/comment \"x\")"]);
        let anywhere = Topic::default().entries(comment, 0);
        check(&anywhere, &["METADATA z (/shared/comment \"x\")"], &["METADATA z /shared/comment"]);
    }

    #[test]
    fn results_of_searches_are_among_the_messages_that_were_searched() {
        let among = |uids: &str| Topic::default().among(Some(&uids.parse().unwrap()));
        let yes =
            ["SORT 7 3 5", "SORT", "THREAD (3 (5)(7))", "THREAD ((3)(5))", "ESEARCH UID ALL 5:7,3", "ESEARCH UID"];
        let no = ["SORT 7 3 8", "THREAD (3 (5)(9))", "ESEARCH UID ALL 1:7", "ESEARCH UID MAX 8", "ESEARCH UID MIN 1"];
        check(&among("3,5:7"), &yes, &no);
        check(&among("3,5:7"), &["ESEARCH UID COUNT 9"], &["ESEARCH UID PARTIAL (1:2 8,3)"]);
        check(
            &among("100:*"),
            &["SORT 200 9 100", "THREAD (9 200)", "ESEARCH UID MIN 9 MAX 9"],
            &["SORT 9 8", "THREAD (9)(8)"],
        );
    }

    #[test]
    fn urls_are_those_that_were_asked_for() {
        let topic = Topic::default().urls(["imap://a/b"]);
        let yes = ["URLFETCH \"imap://a/b\" NIL", "GENURLAUTH \"imap://a/b:INTERNAL:12\""];
        check(&topic, &yes, &["URLFETCH \"imap://z\" NIL", "GENURLAUTH \"imap://a/b:x:1\" \"imap://z:x:1\""]);
    }

    #[test]
    fn what_says_nothing_of_itself_fits_anything() {
        let lines = ["ACL a b lr", "QUOTA x (STORAGE 1 2)", "METADATA \"\" /shared/x", "URLFETCH \"u\" NIL", "XYZ z"];
        check(&Topic::default(), &lines, &[]);
    }
}
