//! Envelopes of arbitrary values: written, and compared with what was read. It must not know the message that contains them.

use arbitrary::Arbitrary;
use postroom::imap::{self, Address};

use super::wire::{Text, list, nstring, same};

/// All fields of RFC 9051's `envelope`.
#[derive(Arbitrary, Clone, Debug)]
pub struct Envelope {
    date: Option<Text>,
    subject: Option<Text>,
    /// from, sender, reply-to, to, cc, bcc
    lists: [Vec<[Option<Text>; 4]>; 6],
    in_reply_to: Option<Text>,
    message_id: Option<Text>,
}

impl Envelope {
    /// Adds its form on the wire.
    pub fn write(&self, out: &mut Vec<u8>) {
        out.push(b'(');
        for text in [&self.date, &self.subject] {
            nstring(text, out);
            out.push(b' ');
        }
        for addresses in &self.lists {
            list(addresses, out, "", address);
            out.push(b' ');
        }
        nstring(&self.in_reply_to, out);
        out.push(b' ');
        nstring(&self.message_id, out);
        out.push(b')');
    }

    /// Every value is found.
    pub fn check(&self, found: imap::Envelope<'_>) {
        assert!(same(&self.date, found.raw_date()) && same(&self.subject, found.subject()), "{self:?}\n{found:?}");
        assert!(same(&self.in_reply_to, found.in_reply_to()) && same(&self.message_id, found.message_id()));
        let lists = [found.from(), found.sender(), found.reply_to(), found.to(), found.cc(), found.bcc()];
        for (written, found) in self.lists.iter().zip(lists) {
            assert_eq!(written.len(), found.len(), "{self:?}\n{found:?}");
            for ([name, adl, mailbox, host], found) in written.iter().zip(found) {
                assert!(same(name, found.name) && same(adl, found.adl), "{self:?}\n{found:?}");
                assert!(same(mailbox, found.mailbox) && same(host, found.host), "{self:?}\n{found:?}");
            }
        }
    }
}

impl From<imap::Envelope<'_>> for Envelope {
    fn from(found: imap::Envelope<'_>) -> Self {
        let lists = [found.from(), found.sender(), found.reply_to(), found.to(), found.cc(), found.bcc()];
        Self {
            date: found.raw_date().map(Text::from),
            subject: found.subject().map(Text::from),
            lists: lists.map(|list| list.map(texts).collect()),
            in_reply_to: found.in_reply_to().map(Text::from),
            message_id: found.message_id().map(Text::from),
        }
    }
}

fn texts(address: Address<'_>) -> [Option<Text>; 4] {
    [address.name, address.adl, address.mailbox, address.host].map(|text| text.map(Text::from))
}

fn address(texts: &[Option<Text>; 4], out: &mut Vec<u8>) {
    out.push(b'(');
    for (index, text) in texts.iter().enumerate() {
        if index > 0 {
            out.push(b' ');
        }
        nstring(text, out);
    }
    out.push(b')');
}
