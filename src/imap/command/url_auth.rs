//! URLs with authorisation (RFC 4467), JMAP access (RFC 9698).

use super::extension::Extension;
use crate::error::Replay;
use crate::imap::plan::Topic;
use crate::imap::types::MailboxName;

impl Extension {
    /// GENURLAUTH: makes URLs from which others may fetch, each from a URL that ends in `URLAUTH` and a mechanism, such as `INTERNAL`.
    /// The answer is [`Response::GenUrlAuth`](crate::imap::Response::GenUrlAuth).
    pub fn generate_urls(urls: &[(&str, &str)]) -> Self {
        let line =
            Self::new("GENURLAUTH").claim("GENURLAUTH").about(Topic::default().urls(urls.iter().map(|(url, _)| *url)));
        match urls {
            [] => line.invalid("GENURLAUTH needs at least one URL"),
            urls => line.each(urls, |line, (url, mechanism)| line.string(*url).word(*mechanism)),
        }
    }

    /// RESETKEY: revokes the authorisation of all URLs of a mailbox, or of all mailboxes if `mailbox` is `None`.
    pub fn reset_url_key(mailbox: Option<&MailboxName>) -> Self {
        mailbox.into_iter().fold(Self::new("RESETKEY").replay(Replay::Safe), Self::mailbox)
    }

    /// URLFETCH: the content of these URLs. The answer is [`Response::UrlFetch`](crate::imap::Response::UrlFetch).
    pub fn fetch_urls(urls: &[&str]) -> Self {
        let line = Self::new("URLFETCH").claim("URLFETCH").about(Topic::default().urls(urls.iter().copied()));
        match urls {
            [] => line.invalid("URLFETCH needs at least one URL"),
            urls => line.each(urls, |line, url| line.string(*url)),
        }
    }

    /// GETJMAPACCESS: the URL of the JMAP service with the same mail (RFC 9698).
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
