//! Well-formed POP3 replies of arbitrary values: each returns its values, alone and within a listing that comes
//! in pieces.
#![no_main]

use bytes::BytesMut;
use libfuzzer_sys::arbitrary::{self, Arbitrary};
use postroom::pop3::codec::{Lines, Multiline, capabilities, reply};
use postroom_fuzz::pop3::{Listing, Verdict, stuffed};
use postroom_fuzz::within;

#[derive(Arbitrary, Debug)]
struct Said {
    verdict: Verdict,
    listing: Listing,
    step: u8,
}

libfuzzer_sys::fuzz_target!(|said: Said| {
    let sent = said.verdict.write();
    said.verdict.check(&within(sent.as_bytes(), || reply(sent.as_bytes())).expect("a status"));
    said.listed();
});

impl Said {
    /// Sends the lines as a multi-line reply in pieces, and checks each line that is returned.
    fn listed(&self) {
        let lines = self.listing.lines();
        let body: String = lines.iter().map(|line| format!("{line}\r\n")).collect();
        let sent = stuffed(body.as_bytes());
        let (mut scanner, mut input) = (Multiline::new(), BytesMut::new());
        let mut pieces = sent.chunks(usize::from(self.step) + 1);
        let cut = within(&sent, || {
            loop {
                input.extend_from_slice(pieces.next().expect("the end of the reply"));
                if let Some(cut) = scanner.scan(&mut input) {
                    return cut;
                }
            }
        });
        let read = cut.split(&mut input);
        assert!(read == body.as_bytes() && input.is_empty() && pieces.next().is_none());
        assert_eq!(Lines::new(&read).count(), lines.len());
        Lines::new(&read).enumerate().for_each(|(place, line)| self.listing.check(place, line));
        if let Listing::Capa(announced) = &self.listing {
            announced.check(&within(&read, || capabilities(&read)));
        }
    }
}
