//! Arbitrary bytes as one line of POP3: a status with its code, a greeting's stamp, and a line of STAT, LIST, UIDL and LANG.
//! Everything found in the line is a slice of it.
#![no_main]

use postroom::pop3::codec::{Indicator, language_line, reply, scan_line, stamp, stat, uidl_line};
use postroom_fuzz::within;

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let status =
        within(data, || reply(data).map(|reply| (reply.indicator, reply.code.clone(), reply.rest, reply.text().len())));
    if let Some((status, code, rest, text)) = status {
        assert!(data.starts_with(if status == Indicator::Err { b"-" } else { b"+" }));
        assert!(is_within(rest, data) && text <= 3 * rest.len());
        assert!(
            code.is_none_or(|code| rest.starts_with(b"[") && !code.name().is_empty() && status != Indicator::Challenge)
        );
    }
    let stamp = within(data, || stamp(data));
    assert!(stamp.is_none_or(|stamp| is_within(stamp, data) && stamp.starts_with(b"<") && stamp.ends_with(b">")));
    let (scan, uidl) = within(data, || (scan_line(data), uidl_line(data)));
    if let Some((number, octets)) = scan {
        let text = format!("{number} {octets}");
        assert_eq!(scan_line(text.as_bytes()), Some((number, octets)));
    }
    if let Some((number, uidl)) = uidl {
        let again = [format!("{number} ").as_bytes(), uidl.as_bytes()].concat();
        assert_eq!(uidl_line(&again), Some((number, uidl)));
    }
    if let Some(stat_) = within(data, || stat(data)) {
        let text = format!("{} {}", stat_.messages, stat_.octets);
        assert_eq!(stat(text.as_bytes()), Some(stat_));
    }
    if let Some(language) = within(data, || language_line(data)) {
        assert!(!language.tag.is_empty() && language.tag.len() + language.description.len() <= 3 * data.len());
    }
});

fn is_within(piece: &[u8], whole: &[u8]) -> bool {
    let [inner, outer] = [piece, whole].map(<[u8]>::as_ptr_range);
    piece.is_empty() || outer.start <= inner.start && inner.end <= outer.end
}
