//! Generated whole messages of 2 to 6 kB with CRLF line ends, dots at line starts among them, for the POP3 jobs.

use crate::prng::Prng;
use crate::text::{EPOCH, date, phrase};
use crate::words::{DOMAIN, FAMILY, GIVEN, ZONE};

/// Message `index` (from 1), the same on every machine.
pub fn message(index: u64) -> Vec<u8> {
    let mut random = Prng::of_message(3, index);
    let size = random.between(2_000, 6_070) as usize;
    let mut text = header(&mut random, index);
    while text.len() < size {
        match random.below(40) {
            0 => text.push('.'),
            1 => text.push_str("> "),
            2 => text.push_str(".\r\n.."),
            _ => {}
        }
        text.push_str(&phrase(&mut random, 6, 12));
        text.push_str("\r\n");
    }
    text.into_bytes()
}

fn header(random: &mut Prng, index: u64) -> String {
    let (zone, _) = ZONE[random.below(ZONE.len() as u64) as usize];
    let (weekday, day, month, year, clock) = date(EPOCH + index as i64 * 1_700);
    let when = format!("{weekday}, {day} {month} {year} {clock} {zone}");
    let (given, family, host) = (random.pick(GIVEN), random.pick(FAMILY), random.pick(DOMAIN));
    let subject = phrase(random, 2, 8);
    let id = random.number();
    format!(
        "Return-Path: <{given}@{host}>\r\nReceived: from {host} (unknown [192.0.2.{}])\r\n\tby mx.example.org with ESMTPS id {id:x};\r\n\t{when}\r\n\
         Date: {when}\r\nFrom: {given} {family} <{given}@{host}>\r\nTo: Reader <reader@example.org>\r\nSubject: {subject}\r\n\
         Message-ID: <{id:016x}.{index}@{host}>\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n",
        index % 250 + 1
    )
}

#[cfg(test)]
mod tests {
    use super::message;

    #[test]
    fn messages_are_of_2_to_6_kb_with_crlf_and_dots_at_line_starts() {
        let messages: Vec<_> = (1..=500).map(message).collect();
        assert_eq!(messages[7], message(8));
        let mut dots = 0;
        for message in &messages {
            assert!((2_000..6_300).contains(&message.len()), "{} bytes", message.len());
            assert!(message.ends_with(b"\r\n"));
            let text = String::from_utf8_lossy(message);
            assert!(!text.replace("\r\n", "").contains(['\r', '\n']));
            dots += text.matches("\r\n.").count();
        }
        assert!(dots > 500);
    }
}
