//! CATENATE (RFC 4469): a message made of texts and of the user's own messages or their parts, named by URLs (RFC 5092). It must not know
//! what is done with the message.

use bytes::Bytes;

use super::args::{Args, Stop};
use super::{Session, fetch, item};

/// A piece of a message.
pub(super) enum Piece {
    Text(Bytes),
    Url(String),
}

/// `(TEXT {5} URL "/INBOX/;UID=2")`.
pub(super) fn pieces(args: &mut Args) -> Result<Vec<Piece>, Stop> {
    args.list(|args| {
        let word = args.atom()?.to_ascii_uppercase();
        args.space()?;
        match word.as_str() {
            "TEXT" => args.literal().map(Piece::Text),
            "URL" => args.astring().map(Piece::Url),
            _ => Err(Stop::bad("A piece is TEXT or URL")),
        }
    })
}

impl Session {
    pub(super) fn joined(&self, pieces: Vec<Piece>) -> Result<Bytes, Stop> {
        let mut whole = Vec::new();
        for piece in pieces {
            match piece {
                Piece::Text(text) => whole.extend_from_slice(&text),
                Piece::Url(url) => {
                    let part =
                        self.resolve(&url)?.ok_or_else(|| Stop::No(format!("[BADURL {url}] Nothing is there")))?;
                    whole.extend_from_slice(&part);
                }
            }
        }
        Ok(whole.into())
    }

    /// The content of `/INBOX;UIDVALIDITY=7/;UID=20/;SECTION=1.2`, relative to this server; without a mailbox, to the selected one.
    fn resolve(&self, url: &str) -> Result<Option<Vec<u8>>, Stop> {
        let path = match url.split_once("://") {
            Some((_, rest)) => rest.split_once('/').map(|(_, path)| path).unwrap_or_default(),
            None => url.strip_prefix('/').unwrap_or(url),
        };
        let mut parts = path.split('/').peekable();
        let mut place = String::new();
        while let Some(part) = parts.next_if(|part| !part.starts_with(';')) {
            place.push_str(if place.is_empty() { "" } else { "/" });
            place.push_str(part);
        }
        let (mut uid, mut section) = (None, String::new());
        for part in parts {
            match part.split_once('=') {
                Some((name, value)) if name.eq_ignore_ascii_case(";UID") => uid = value.parse::<u32>().ok(),
                Some((name, value)) if name.eq_ignore_ascii_case(";SECTION") => section = decoded(value),
                _ => return Ok(None),
            }
        }
        let (name, validity) = match place.split_once(';') {
            Some((name, validity)) => {
                (name, validity.split_once('=').and_then(|(_, number)| number.parse::<u32>().ok()))
            }
            None => (place.as_str(), None),
        };
        let (Some(uid), Ok(section)) = (uid, item::named_section(&section)) else { return Ok(None) };
        let selected = self.view.as_ref().map(|view| view.validity);
        let name = crate::testing::store::canonical(&super::name::encode(&decoded(name)));
        self.account(|account| {
            let mailbox = match (name.is_empty(), selected) {
                (true, Some(selected)) => account.by_validity(selected)?,
                _ => account.mailbox(&name)?,
            };
            let mail = mailbox.mails.get(&uid).filter(|_| validity.is_none_or(|wanted| wanted == mailbox.validity))?;
            fetch::section_bytes(&mail.content, &section)
        })
    }
}

/// `%20` and the like.
fn decoded(text: &str) -> String {
    let mut parts = text.split('%');
    let mut out = parts.next().unwrap_or_default().as_bytes().to_vec();
    for part in parts {
        match part.get(..2).and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
            Some(byte) => {
                out.push(byte);
                out.extend_from_slice(part.get(2..).unwrap_or_default().as_bytes());
            }
            None => out.extend_from_slice(format!("%{part}").as_bytes()),
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}
