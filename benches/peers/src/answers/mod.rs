//! Generated answers to FETCH (envelopes and structures, flags alone, or whole messages) in Dovecot's form, with the
//! checksum of their values. A literal never holds a backslash: imap-proto returns quoted strings with their
//! escapes, so its adapter could not distinguish the two.

mod envelope;
mod structure;
mod wire;

use crate::checksum::Sum;
use crate::message::message;
use crate::prng::Prng;
use crate::text::{EPOCH, date};
use crate::words::{FLAG, ZONE};

/// What the answers of a job consist of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// UID, FLAGS, INTERNALDATE, RFC822.SIZE, ENVELOPE and BODYSTRUCTURE.
    Envelope,
    /// UID and FLAGS.
    Flags,
    /// UID and BODY[], whole messages of about 4 kB.
    Body,
}

/// All answers, end to end.
#[derive(Debug)]
pub struct Answers {
    kind: Kind,
    /// The bytes of the answers.
    pub bytes: Vec<u8>,
    /// Where each answer ends.
    pub ends: Vec<usize>,
    /// The checksum over all of them.
    pub sum: Sum,
}

impl Answers {
    /// The answers for message numbers and UIDs 1 to `count`.
    pub fn generate(kind: Kind, count: u64) -> Self {
        let mut answers = Self { kind, bytes: Vec::new(), ends: Vec::new(), sum: Sum::default() };
        for uid in 1..=count {
            let mut writer =
                Writer { out: &mut answers.bytes, sum: &mut answers.sum, random: Prng::of_message(1, uid) };
            match kind {
                Kind::Envelope => writer.envelope_answer(uid),
                Kind::Flags => writer.flags_answer(uid),
                Kind::Body => writer.body_answer(uid),
            }
            answers.ends.push(answers.bytes.len());
        }
        answers
    }

    /// Whether they answer a FETCH of these items, in upper case.
    pub fn answer(&self, items: &str) -> bool {
        let mut asked: Vec<_> =
            items.trim_start_matches('(').trim_end_matches(')').split(' ').filter(|item| *item != "UID").collect();
        asked.sort_unstable();
        if self.kind == Kind::Body {
            // The size is requested to judge the message by it: a client can do without.
            asked.retain(|item| *item != "RFC822.SIZE");
        }
        asked
            == match self.kind {
                Kind::Envelope => &["BODYSTRUCTURE", "ENVELOPE", "FLAGS", "INTERNALDATE", "RFC822.SIZE"][..],
                Kind::Flags => &["FLAGS"],
                Kind::Body => &["BODY.PEEK[]"],
            }
    }

    /// The bytes of answers `first..=last`.
    pub fn range(&self, first: usize, last: usize) -> &[u8] {
        let start = if first <= 1 { 0 } else { self.ends[first - 2] };
        &self.bytes[start..self.ends[last - 1]]
    }
}

/// Writes an answer and adds its values to the sum.
struct Writer<'a> {
    out: &'a mut Vec<u8>,
    sum: &'a mut Sum,
    random: Prng,
}

impl Writer<'_> {
    fn flags_answer(&mut self, uid: u64) {
        self.raw(&format!("* {uid} FETCH (UID "));
        self.number(uid);
        self.raw(" FLAGS ");
        self.flags();
        self.raw(")\r\n");
    }

    fn body_answer(&mut self, uid: u64) {
        let message = message(uid);
        self.raw(&format!("* {uid} FETCH (UID "));
        self.number(uid);
        self.sum.text(&message);
        self.raw(&format!(" BODY[] {{{}}}\r\n", message.len()));
        self.out.extend_from_slice(&message);
        self.raw(")\r\n");
    }

    fn envelope_answer(&mut self, uid: u64) {
        let sent = EPOCH + uid as i64 * 1_700 + self.random.below(1_500) as i64;
        self.raw(&format!("* {uid} FETCH (UID "));
        self.number(uid);
        self.raw(" FLAGS ");
        self.flags();
        self.raw(" INTERNALDATE ");
        self.internal_date(sent + 4);
        self.raw(" RFC822.SIZE ");
        let size = self.random.between(900, 90_000);
        self.number(size);
        self.raw(" ENVELOPE ");
        self.envelope(uid, sent);
        self.raw(" BODYSTRUCTURE ");
        self.structure(0);
        self.raw(")\r\n");
    }

    fn flags(&mut self) {
        let chosen: Vec<_> = FLAG
            .iter()
            .enumerate()
            .filter(|(rank, _)| self.random.chance([60, 20, 8, 2, 1, 5, 3, 10, 5][*rank]))
            .collect();
        let chosen: Vec<_> = chosen.into_iter().map(|(_, flag)| *flag).collect();
        chosen.iter().for_each(|flag| self.sum.text(flag.as_bytes()));
        self.sum.count(chosen.len());
        self.raw(&format!("({})", chosen.join(" ")));
    }

    fn internal_date(&mut self, seconds: i64) {
        let (zone, east) = ZONE[self.random.below(ZONE.len() as u64) as usize];
        let (_, day, month, year, clock) = date(seconds + east);
        self.sum.number(seconds as u64);
        self.raw(&format!("\"{day:02}-{month}-{year} {clock} {zone}\""));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_gives_the_same_mail() {
        for kind in [Kind::Envelope, Kind::Flags, Kind::Body] {
            let [one, two] = [300, 300].map(|count| Answers::generate(kind, count));
            assert_eq!(one.bytes, two.bytes);
            assert_eq!(one.sum, two.sum);
            assert_ne!(one.sum, Answers::generate(kind, 299).sum);
        }
    }

    #[test]
    fn only_the_items_prepared_are_answered() {
        let flags = Answers::generate(Kind::Flags, 1);
        assert!(flags.answer("(UID FLAGS)") && flags.answer("FLAGS"));
        assert!(!flags.answer("(UID FLAGS RFC822.SIZE)") && !flags.answer("(UID)"));
        assert!(Answers::generate(Kind::Body, 1).answer("(UID BODY.PEEK[])"));
    }

    #[test]
    fn a_range_is_whole_answers() {
        let answers = Answers::generate(Kind::Envelope, 10);
        assert!(answers.range(3, 4).starts_with(b"* 3 FETCH (UID 3 "));
        assert!(answers.range(3, 4).ends_with(b")\r\n"));
        assert_eq!(answers.range(1, 10), answers.bytes);
    }

    #[test]
    fn the_mail_has_what_real_mail_has() {
        let answers = Answers::generate(Kind::Envelope, 3_000);
        let text = String::from_utf8(answers.bytes.clone()).unwrap();
        let mean = text.len() / 3_000;
        assert!((900..1_100).contains(&mean), "{mean} bytes an answer");
        for part in [
            "{",
            "\\\"",
            "\\\\",
            "NIL",
            "=?UTF-8?",
            "\"mixed\"",
            "\"alternative\"",
            "\"rfc822\"",
            "undisclosed-recipients",
        ] {
            assert!(text.contains(part), "{part}");
        }
        let strings: Vec<_> = text.split('"').skip(1).step_by(2).map(str::len).collect();
        let mean = strings.iter().sum::<usize>() / strings.len();
        assert!((10..30).contains(&mean), "{mean} bytes a string");
    }
}
