//! Values in IMAP responses (RFC 3501 §9): strings, flags, dates. It must not know a response.

use time::{Date, Month, OffsetDateTime, Time, UtcOffset};

const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
/// Longer strings are sent as literals.
const QUOTED_LIMIT: usize = 800;

pub(super) fn flags<'a>(flags: impl Iterator<Item = &'a str>, out: &mut Vec<u8>) {
    out.push(b'(');
    out.extend_from_slice(flags.collect::<Vec<_>>().join(" ").as_bytes());
    out.push(b')');
}

/// A quoted string if the grammar allows it, otherwise a literal.
pub(super) fn string(value: &[u8], out: &mut Vec<u8>) {
    let plain = |byte: &u8| (0x20..0x7f).contains(byte) || *byte == b'\t';
    if value.len() > QUOTED_LIMIT || !value.iter().all(plain) {
        return literal(value, out);
    }
    out.push(b'"');
    for &byte in value {
        if matches!(byte, b'"' | b'\\') {
            out.push(b'\\');
        }
        out.push(byte);
    }
    out.push(b'"');
}

pub(super) fn literal(value: &[u8], out: &mut Vec<u8>) {
    out.extend_from_slice(format!("{{{}}}\r\n", value.len()).as_bytes());
    out.extend_from_slice(value);
}

pub(super) fn nstring(value: Option<&[u8]>, out: &mut Vec<u8>) {
    match value {
        Some(value) => string(value, out),
        None => out.extend_from_slice(b"NIL"),
    }
}

/// A mailbox name, always in quotes.
pub(super) fn mailbox(name: &str) -> String {
    let mut out = Vec::new();
    string(name.as_bytes(), &mut out);
    String::from_utf8(out).unwrap_or_default()
}

/// A date-time, in quotes.
pub(super) fn date(date: OffsetDateTime) -> String {
    let month = MONTHS.get(usize::from(u8::from(date.month())) - 1).copied().unwrap_or_default();
    let offset = date.offset().whole_minutes();
    let (sign, offset) = if offset < 0 { ('-', -offset) } else { ('+', offset) };
    format!(
        "\"{:2}-{month}-{:04} {:02}:{:02}:{:02} {sign}{:02}{:02}\"",
        date.day(),
        date.year(),
        date.hour(),
        date.minute(),
        date.second(),
        offset / 60,
        offset % 60
    )
}

/// The text between the quotes of a date-time.
pub(super) fn read_date(text: &[u8]) -> Option<OffsetDateTime> {
    let text = std::str::from_utf8(text).ok()?.trim_start();
    let mut parts = text.split(' ');
    let (day, clock, zone) = (parts.next()?, parts.next()?, parts.next()?);
    let mut clock = clock.split(':').map(|part| part.parse::<u8>().ok());
    let time = Time::from_hms(clock.next()??, clock.next()??, clock.next()??).ok()?;
    let sign = match zone.get(..1)? {
        "+" => 1,
        "-" => -1,
        _ => return None,
    };
    let zone: i32 = zone.get(1..).filter(|digits| digits.len() == 4)?.parse().ok()?;
    let offset = UtcOffset::from_whole_seconds(sign * (zone / 100 * 3600 + zone % 100 * 60)).ok()?;
    parts.next().is_none().then(|| read_day(day))?.map(|day| day.with_time(time).assume_offset(offset))
}

/// `1-Jan-2024`.
pub(super) fn read_day(text: &str) -> Option<Date> {
    let mut parts = text.trim_matches('"').split('-');
    let (day, month, year) = (parts.next()?, parts.next()?, parts.next()?);
    let month = MONTHS.iter().position(|name| name.eq_ignore_ascii_case(month))?;
    let month = Month::try_from(u8::try_from(month + 1).ok()?).ok()?;
    Date::from_calendar_date(year.parse().ok()?, month, day.parse().ok()?).ok().filter(|_| parts.next().is_none())
}

/// Ascending numbers as a sequence set.
pub(super) fn set(numbers: &[u32]) -> String {
    let mut ranges: Vec<(u32, u32)> = Vec::new();
    for &number in numbers {
        match ranges.last_mut() {
            Some((_, last)) if last.checked_add(1) == Some(number) => *last = number,
            _ => ranges.push((number, number)),
        }
    }
    let one = |(first, last): &(u32, u32)| match first == last {
        true => first.to_string(),
        false => format!("{first}:{last}"),
    };
    ranges.iter().map(one).collect::<Vec<_>>().join(",")
}
