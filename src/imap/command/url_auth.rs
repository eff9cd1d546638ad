//! URLs with authorisation (RFC 4467), JMAP access (RFC 9698).

use super::extension::Extension;
use crate::imap::plan::Topic;
use crate::imap::types::MailboxName;

impl Extension {
    /// GENURLAUTH: makes URLs that others may fetch from, each of a URL that ends in its `URLAUTH` and a mechanism, such as `INTERNAL`.
    /// Answered by [`Response::GenUrlAuth`](crate::imap::Response::GenUrlAuth).
    pub fn generate_urls(urls: &[(&str, &str)]) -> Self {
        let line =
            Self::new("GENURLAUTH").claim("GENURLAUTH").about(Topic::default().urls(urls.iter().map(|(url, _)| *url)));
        match urls {
            [] => line.invalid("GENURLAUTH wants a URL"),
            urls => line.each(urls, |line, (url, mechanism)| line.string(*url).word(*mechanism)),
        }
    }

    /// RESETKEY: takes the authorisation from all URLs of a mailbox, or of all mailboxes.
    pub fn reset_url_key(mailbox: Option<&MailboxName>) -> Self {
        mailbox.into_iter().fold(Self::new("RESETKEY").changing(), Self::mailbox)
    }

    /// URLFETCH: what these URLs stand for. Answered by [`Response::UrlFetch`](crate::imap::Response::UrlFetch).
    pub fn fetch_urls(urls: &[&str]) -> Self {
        let line = Self::new("URLFETCH").claim("URLFETCH").about(Topic::default().urls(urls.iter().copied()));
        match urls {
            [] => line.invalid("URLFETCH wants a URL"),
            urls => line.each(urls, |line, url| line.string(*url)),
        }
    }

    /// GETJMAPACCESS: where the same mail is reached by JMAP.
    pub fn jmap_access() -> Self {
        Self::new("GETJMAPACCESS").claim("JMAPACCESS")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_are_strings() {
        let url = "imap://joe@example.com/INBOX/;uid=20/;section=1.2;urlauth=submit+fred";
        assert_eq!(
            Extension::generate_urls(&[(url, "INTERNAL")]).to_string(),
            format!("GENURLAUTH \"{url}\" INTERNAL")
        );
        assert_eq!(Extension::fetch_urls(&["a\r\nb"]).to_string(), "URLFETCH {a\\r\\nb}");
        assert_eq!(Extension::reset_url_key(Some(&MailboxName::INBOX)).to_string(), "RESETKEY INBOX");
        assert_eq!(Extension::jmap_access().to_string(), "GETJMAPACCESS");
    }
}
