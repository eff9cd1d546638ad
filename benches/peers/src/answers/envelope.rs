//! Generated envelopes: several recipients, encoded words, groups, escapes, literals and NIL where real ones have them.

use super::Writer;
use crate::prng::Prng;
use crate::text::{date, phrase};
use crate::words::{DOMAIN, ENCODED, FAMILY, GIVEN, WORD, ZONE};

impl Writer<'_> {
    pub(super) fn envelope(&mut self, uid: u64, sent: i64) {
        let (zone, east) = ZONE[self.random.below(ZONE.len() as u64) as usize];
        let (weekday, day, month, year, clock) = date(sent + east);
        self.raw("(");
        self.quoted(&format!("{weekday}, {day} {month} {year} {clock} {zone}"));
        self.raw(" ");
        self.subject();
        let from = self.address();
        let sender = if self.random.chance(8) { self.address() } else { from.clone() };
        let reply_to = if self.random.chance(10) { self.address() } else { from.clone() };
        for single in [from, sender, reply_to] {
            self.raw(" ");
            self.addresses(&[single]);
        }
        for (percent, most) in [(97, 6), (28, 4), (2, 2)] {
            self.raw(" ");
            self.recipients(percent, most);
        }
        self.raw(" ");
        if self.random.chance(45) {
            let earlier = self.random.between(1, uid);
            let id = self.message_id(earlier);
            self.quoted(&id);
        } else {
            self.nil();
        }
        self.raw(" ");
        let id = self.message_id(uid);
        self.quoted(&id);
        self.raw(")");
    }

    fn subject(&mut self) {
        match self.random.below(100) {
            0 => self.nil(),
            1 => {
                let subject = format!("Grüße an {} für {}", self.random.pick(GIVEN), phrase(&mut self.random, 1, 4));
                self.literal(&subject);
            }
            2..10 => {
                let subject = format!("{} {}", self.random.pick(ENCODED), self.random.pick(ENCODED));
                self.quoted(&subject);
            }
            10..14 => {
                let subject = format!("Re: \"{}\" on C:\\{}", phrase(&mut self.random, 1, 2), self.random.pick(WORD));
                self.quoted(&subject);
            }
            roll => {
                let subject = format!("{}{}", if roll < 50 { "Re: " } else { "" }, phrase(&mut self.random, 2, 9));
                self.quoted(&subject);
            }
        }
    }

    fn recipients(&mut self, percent: u64, most: u64) {
        if !self.random.chance(percent) {
            self.addresses(&[]);
        } else if self.random.chance(1) {
            // RFC 3501 §7.4.2: a group begins with a NIL host and ends with NIL in mailbox and host.
            let begin = Address { name: None, mailbox: Some("undisclosed-recipients".to_owned()), host: None };
            let end = Address { name: None, mailbox: None, host: None };
            self.addresses(&[begin, end]);
        } else {
            let count = 1 + self.random.below(most).min(self.random.below(most));
            let list: Vec<_> = (0..count).map(|_| self.address()).collect();
            self.addresses(&list);
        }
    }

    fn address(&mut self) -> Address {
        let (given, family) = (self.random.pick(GIVEN), self.random.pick(FAMILY));
        let name = match self.random.below(100) {
            0..18 => None,
            18..26 => Some(self.random.pick(ENCODED).to_owned()),
            26..29 => Some(format!("{given} \"{}\" {family}", &given[..2])),
            _ => Some(format!("{given} {family}")),
        };
        let mailbox = format!("{}.{}", given.to_lowercase(), family.to_lowercase());
        Address { name, mailbox: Some(mailbox), host: Some(self.random.pick(DOMAIN).to_owned()) }
    }

    fn addresses(&mut self, list: &[Address]) {
        if list.is_empty() {
            self.sum.count(0);
            return self.raw("NIL");
        }
        self.raw("(");
        for address in list {
            self.raw("(");
            self.nquoted(address.name.as_deref());
            self.raw(" ");
            self.nil();
            self.raw(" ");
            self.nquoted(address.mailbox.as_deref());
            self.raw(" ");
            self.nquoted(address.host.as_deref());
            self.raw(")");
        }
        self.sum.count(list.len());
        self.raw(")");
    }

    fn message_id(&mut self, of: u64) -> String {
        let mut random = Prng::of_message(2, of);
        format!("<{:016x}.{of}@{}>", random.number(), random.pick(DOMAIN))
    }
}

#[derive(Clone)]
struct Address {
    name: Option<String>,
    mailbox: Option<String>,
    host: Option<String>,
}
