//! The values of IMAP: messages with their envelopes, pages, threads, mailboxes, and what became of moved messages. The octets of sections
//! are never among them.

use serde::{Serialize, Serializer};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::{Fields, List};
use crate::imap::{
    Address, AddressBuf, Conversation, CopyUid, Envelope, Fetched, FolderNode, FolderTree, Page, ReplyHeaders, Rights,
    Role, ThreadMessage, Transferred, Uids,
};

/// A date as RFC 3339 writes it. `None` for a year that it cannot write.
fn date(date: Option<OffsetDateTime>) -> Option<String> {
    date?.format(&Rfc3339).ok()
}

/// As the text of a sequence set, such as `1:3,7`. The UIDVALIDITY is not in it.
impl Serialize for Uids {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// Its letters.
impl Serialize for Rights {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// Its name in lower case, as in the registry of mailbox roles (RFC 8621 §10.5).
impl Serialize for Role {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.to_string().to_ascii_lowercase())
    }
}

/// `name`, decoded, and `email`; each only if it is there.
impl Serialize for Address<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let name = self.name.map(|name| name.decoded());
        Fields::begin(serializer)?.known("name", name)?.known("email", self.email())?.end()
    }
}

/// `name`, if it has one, and `email`.
impl Serialize for AddressBuf {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Fields::begin(serializer)?.known("name", self.name())?.put("email", self.email())?.end()
    }
}

/// Texts are decoded, the date is that of RFC 3339.
impl Serialize for Envelope<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Fields::begin(serializer)?
            .known("date", date(self.date()))?
            .known("subject", self.subject().map(|subject| subject.decoded()))?
            .put("from", List(|| self.from()))?
            .put("sender", List(|| self.sender()))?
            .put("reply_to", List(|| self.reply_to()))?
            .put("to", List(|| self.to()))?
            .put("cc", List(|| self.cc()))?
            .put("bcc", List(|| self.bcc()))?
            .known("in_reply_to", self.in_reply_to().map(|ids| ids.to_str_lossy()))?
            .known("message_id", self.message_id().map(|id| id.to_str_lossy()))?
            .end()
    }
}

/// The items that it has. Sections are left out, and so is what only some servers' vendors define.
impl Serialize for Fetched {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Fields::begin(serializer)?
            .known("uid", self.uid())?
            .known("flags", self.flags())?
            .known("internal_date", date(self.internal_date()))?
            .known("save_date", date(self.save_date()))?
            .known("size", self.size())?
            .known("envelope", self.envelope())?
            .known("contents", self.contents())?
            .known("preview", self.preview().map(|text| text.to_str_lossy()))?
            .known("email_id", self.email_id().map(|id| id.to_str_lossy()))?
            .known("thread_id", self.thread_id().map(|id| id.to_str_lossy()))?
            .known("modseq", self.modseq())?
            .end()
    }
}

/// `next` is there if there is another page.
impl Serialize for Page {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Fields::begin(serializer)?.put("messages", &self.messages)?.known("next", self.next.as_ref())?.end()
    }
}

impl Serialize for Conversation {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Fields::begin(serializer)?
            .put("subject", &self.subject)?
            .put("participants", &self.participants)?
            .put("unread", self.unread)?
            .known("date", date(self.date))?
            .put("messages", &self.messages)?
            .end()
    }
}

impl Serialize for ThreadMessage {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Fields::begin(serializer)?.put("depth", self.depth)?.put("message", &self.message)?.end()
    }
}

/// All mailboxes in one list, each before those below it.
impl Serialize for FolderTree {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.iter())
    }
}

/// What is known of it; its parent is a name.
impl Serialize for FolderNode<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Fields::begin(serializer)?
            .put("name", self.name())?
            .put("display_name", self.display_name())?
            .put("depth", self.depth())?
            .known("parent", self.parent().map(|parent| parent.name().clone()))?
            .known("role", self.role())?
            .put("selectable", self.is_selectable())?
            .put("subscribed", self.is_subscribed())?
            .known("messages", self.messages())?
            .known("unseen", self.unseen())?
            .known("size", self.size())?
            .known("rights", self.rights())?
            .end()
    }
}

impl Serialize for ReplyHeaders {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Fields::begin(serializer)?
            .put("to", &self.to)?
            .put("cc", &self.cc)?
            .put("subject", &self.subject)?
            .known("in_reply_to", self.in_reply_to.as_ref())?
            .put("references", &self.references)?
            .end()
    }
}

/// The pairs of UIDs, each the old one and the new one, and the UIDVALIDITY of the new ones.
impl Serialize for CopyUid {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let pairs = List(|| self.pairs());
        Fields::begin(serializer)?.known("uid_validity", self.validity())?.put("pairs", pairs)?.end()
    }
}

/// `undo` is there if the messages can be moved back.
impl Serialize for Transferred {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Fields::begin(serializer)?
            .known("mapping", self.mapping.as_ref())?
            .known("missing", self.missing.as_ref())?
            .known("undo", self.undo.as_ref())?
            .end()
    }
}

#[cfg(feature = "net")]
impl Serialize for crate::imap::Undone {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Fields::begin(serializer)?.put("moved", &self.moved)?.put("missing", &self.missing)?.end()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::imap::codec;
    use crate::limits::Limits;

    fn fetched(items: &str) -> Fetched {
        codec::fetched(format!("* 1 FETCH ({items})\r\n").into_bytes().into(), &Limits::default()).unwrap()
    }

    #[test]
    fn a_message_has_the_items_that_were_fetched() {
        assert_eq!(
            serde_json::to_value(fetched("UID 7 FLAGS (\\Seen a)")).unwrap(),
            json!({
                "uid": 7, "flags": ["\\Seen", "a"],
            })
        );
        let message = fetched(
            "UID 7 RFC822.SIZE 9 INTERNALDATE \"17-Jul-1996 02:44:25 -0700\" EMAILID (M1) MODSEQ (5) \
             ENVELOPE (\"Wed, 17 Jul 1996 02:23:25 -0700\" \"=?utf-8?Q?caf=C3=A9?=\" ((\"A\" NIL \"a\" \"x.org\")) NIL NIL \
             ((NIL NIL \"b\" \"x.org\")) NIL NIL NIL \"<1@x>\") BODYSTRUCTURE (\"text\" \"html\" NIL NIL NIL \"7bit\" 9 1)",
        );
        let html = json!([{
            "path": [1], "role": "html", "media_type": "text/html", "file_name": "part-1.html", "size": 9, "size_is_exact": true,
        }]);
        assert_eq!(
            serde_json::to_value(&message).unwrap(),
            json!({
                "uid": 7, "size": 9, "internal_date": "1996-07-17T02:44:25-07:00", "email_id": "M1", "modseq": 5,
                "envelope": {
                    "date": "1996-07-17T02:23:25-07:00", "subject": "café", "from": [{ "name": "A", "email": "a@x.org" }],
                    "sender": [], "reply_to": [], "to": [{ "email": "b@x.org" }], "cc": [], "bcc": [], "message_id": "<1@x>",
                },
                "contents": {
                    "text": html, "html": html, "inlines": [], "attachments": [], "signed": false, "encrypted": false,
                },
            })
        );
        let reply = serde_json::to_value(message.reply(&[]).unwrap()).unwrap();
        assert_eq!(
            reply,
            json!({
                "to": [{ "name": "A", "email": "a@x.org" }], "cc": [], "subject": "Re: café", "in_reply_to": "<1@x>",
                "references": ["<1@x>"],
            })
        );
    }

    #[test]
    fn of_what_is_not_known_nothing_is_written() {
        assert_eq!(serde_json::to_value(Transferred::default()).unwrap(), json!({}));
        let uids: Uids = "3,1:2".parse().unwrap();
        let moved = Transferred { missing: Some(uids), ..Transferred::default() };
        assert_eq!(serde_json::to_value(moved).unwrap(), json!({ "missing": "1:3" }));
    }
}
