//! [`Contents`] and its parts. The octets of a part are never among them.

use serde::{Serialize, Serializer};

use super::{Fields, List};
use crate::{Contents, Disposition, ListUnsubscribe, MimePart, PartRole};

/// The parts to show as text and as HTML, the pictures in it, and what can be saved.
impl Serialize for Contents {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Fields::begin(serializer)?
            .put("text", List(|| self.text_body()))?
            .put("html", List(|| self.html_body()))?
            .put("inlines", List(|| self.inlines()))?
            .put("attachments", List(|| self.attachments()))?
            .put("signed", self.is_signed())?
            .put("encrypted", self.is_encrypted())?
            .known("unsubscribe", self.list_unsubscribe())?
            .end()
    }
}

/// What is known of it. `name` is what the sender wrote, `file_name` is safe. `size` is that after decoding, and `size_is_exact` says
/// whether it is counted or estimated.
impl Serialize for MimePart {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Fields::begin(serializer)?
            .put("path", self.path())?
            .put("role", self.role())?
            .put("media_type", self.media_type())?
            .known("charset", self.charset())?
            .known("name", self.name())?
            .put("file_name", self.safe_file_name())?
            .known("size", self.size().map(|size| size.octets()))?
            .known("size_is_exact", self.size().map(|size| size.is_exact()))?
            .known("disposition", self.disposition())?
            .known("content_id", self.content_id())?
            .known("content_location", self.content_location())?
            .known("description", self.description())?
            .end()
    }
}

/// Its name in lower case, such as `attachment`.
impl Serialize for PartRole {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(match self {
            Self::Group => "group",
            Self::Text => "text",
            Self::Html => "html",
            Self::Alternative => "alternative",
            Self::Inline => "inline",
            Self::Attachment => "attachment",
            Self::Message => "message",
            Self::Calendar => "calendar",
            Self::Report => "report",
            Self::Signed => "signed",
            Self::Signature => "signature",
            Self::Encrypted => "encrypted",
        })
    }
}

/// `inline` or `attachment`.
impl Serialize for Disposition {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(match self {
            Self::Inline => "inline",
            Self::Attachment => "attachment",
        })
    }
}

/// Its URIs, and the one to post to for leaving without a question.
impl Serialize for ListUnsubscribe {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let uris = List(|| self.uris());
        Fields::begin(serializer)?.put("uris", uris)?.known("one_click", self.one_click())?.end()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn parts_are_in_the_lists_that_show_them() {
        let contents = Contents::parse(
            "List-Unsubscribe: <mailto:leave@x.org>\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n\
             --b\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nHi\r\n\
             --b\r\nContent-Type: image/png; name=\"../a.png\"\r\nContent-Disposition: attachment\r\n\
             Content-Transfer-Encoding: base64\r\n\r\naGVsbG8=\r\n--b--\r\n",
        );
        let written = serde_json::to_value(&contents).unwrap();
        let text = json!([{
            "path": [1], "role": "text", "media_type": "text/plain", "charset": "utf-8", "file_name": "part-1.txt",
            "size": 2, "size_is_exact": true,
        }]);
        let attachments = json!([{
            "path": [2], "role": "attachment", "media_type": "image/png", "name": "../a.png", "file_name": "a.png",
            "size": 5, "size_is_exact": true, "disposition": "attachment",
        }]);
        let expected = json!({
            "text": text, "html": text, "inlines": [], "attachments": attachments, "signed": false, "encrypted": false,
            "unsubscribe": { "uris": ["mailto:leave@x.org"] },
        });
        assert_eq!(written, expected);
    }
}
