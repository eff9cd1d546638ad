//! The sent date of a message (RFC 5256 §2.2): the `Date` field (RFC 5322 §3.3, §4.3) as a point in time. It must not know what is done
//! if there is none.

use time::{Date, Month};

const MONTHS: [&str; 12] = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];

/// Seconds since 1970 in UTC; `None` if there is no valid date. Without a valid zone, the time is read as UTC; without a valid time, it is
/// 00:00:00 (RFC 5256 §2.2).
pub(super) fn sent_date(field: &[u8]) -> Option<i64> {
    let text = without_comments(field);
    let mut words = words(&text);
    let date = day(&mut words)?;
    let midnight = date.midnight().assume_utc().unix_timestamp();
    let Some(time) = words.next().and_then(time_of_day) else { return Some(midnight) };
    Some(midnight + time - words.next().and_then(zone).unwrap_or(0))
}

/// The date as it is written, without time and zone (RFC 9051 §6.4.4, SENTON).
pub(super) fn sent_day(field: &[u8]) -> Option<Date> {
    day(&mut words(&without_comments(field)))
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    let mut words = text.split([' ', ',']).filter(|word| !word.is_empty()).peekable();
    // The name of the day is not checked: the date says which it is.
    words.next_if(|word| word.starts_with(|first: char| first.is_ascii_alphabetic()));
    words
}

fn day<'a>(words: &mut impl Iterator<Item = &'a str>) -> Option<Date> {
    let day = number(words.next()?, 1..=2)?;
    let month = words.next()?;
    let month = MONTHS.iter().position(|name| name.eq_ignore_ascii_case(month))? + 1;
    let year = year(words.next()?)?;
    let month = Month::try_from(u8::try_from(month).ok()?).ok()?;
    Date::from_calendar_date(year, month, u8::try_from(day).ok()?).ok()
}

/// The text on one line, with a space for each comment (RFC 5322 §3.2.2) and each other white space. White space beside a colon has no
/// meaning (RFC 5322 §4.3).
fn without_comments(field: &[u8]) -> String {
    let (mut out, mut depth, mut escaped) = (String::with_capacity(field.len()), 0_usize, false);
    for &byte in field {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if depth > 0 => escaped = true,
            b'(' => depth += 1,
            b')' if depth > 0 => depth -= 1,
            _ if depth > 0 => {}
            b':' => {
                out.truncate(out.trim_end_matches(' ').len());
                out.push(':');
            }
            byte if byte.is_ascii_whitespace() && out.ends_with([':', ' ']) => {}
            byte if byte.is_ascii_whitespace() => out.push(' '),
            byte => out.push(char::from(byte)),
        }
        if depth == 1 && byte == b'(' && !out.ends_with([':', ' ']) {
            out.push(' ');
        }
    }
    out
}

fn number(word: &str, digits: std::ops::RangeInclusive<usize>) -> Option<u32> {
    let fits = digits.contains(&word.len()) && word.bytes().all(|byte| byte.is_ascii_digit());
    word.parse().ok().filter(|_| fits)
}

/// Years with two or three digits are read as RFC 5322 §4.3 says.
fn year(word: &str) -> Option<i32> {
    let year = i32::try_from(number(word, 2..=4)?).ok()?;
    Some(match word.len() {
        2 if year < 50 => year + 2000,
        2 | 3 => year + 1900,
        _ => year,
    })
}

/// `hh:mm` or `hh:mm:ss`, in seconds.
fn time_of_day(word: &str) -> Option<i64> {
    let mut parts = word.split(':');
    let mut part = |most: u32| parts.next().map(|part| number(part, 1..=2).filter(|&value| value <= most));
    let (hour, minute, second) = (part(23)??, part(59)??, part(60).unwrap_or(Some(0))?);
    parts.next().is_none().then_some(i64::from(hour * 3600 + minute * 60 + second))
}

/// How far the zone is ahead of UTC, in seconds.
fn zone(word: &str) -> Option<i64> {
    let hours = |hours: i64| Some(hours * 3600);
    if let Some((sign, digits)) = word.split_at_checked(1).filter(|(sign, _)| matches!(*sign, "+" | "-")) {
        let value = i64::from(number(digits, 4..=4)?);
        let seconds = value / 100 * 3600 + Some(value % 100).filter(|&minutes| minutes < 60)? * 60;
        return Some(if sign == "-" { -seconds } else { seconds });
    }
    match word.to_ascii_uppercase().as_str() {
        "EDT" => hours(-4),
        "EST" | "CDT" => hours(-5),
        "CST" | "MDT" => hours(-6),
        "MST" | "PDT" => hours(-7),
        "PST" => hours(-8),
        // UT, GMT, and the military zones and others whose meaning is not known (RFC 5322 §4.3).
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(text: &str) -> Option<String> {
        let seconds = sent_date(text.as_bytes())?;
        Some(time::OffsetDateTime::from_unix_timestamp(seconds).unwrap().to_string())
    }

    #[test]
    fn dates_are_read_in_utc() {
        for (field, expected) in [
            ("Sun, 31 Dec 2000 16:01:33 -0800", "2001-01-01 0:01:33.0 +00:00:00"),
            ("31 Dec 2000 16:01 +0130", "2000-12-31 14:31:00.0 +00:00:00"),
            ("Mon,02 Mar 2026 10:00:00 +0100", "2026-03-02 9:00:00.0 +00:00:00"),
            ("2 mar 26 10 : 00 : 00 GMT", "2026-03-02 10:00:00.0 +00:00:00"),
            ("2 Mar 99 10:00:00 EST", "1999-03-02 15:00:00.0 +00:00:00"),
            ("2 Mar 100 10:00:00 Z", "2000-03-02 10:00:00.0 +00:00:00"),
            ("2 Mar 2026 10:00:00 nowhere", "2026-03-02 10:00:00.0 +00:00:00"),
            ("2 Mar 2026 10:00:00", "2026-03-02 10:00:00.0 +00:00:00"),
            ("2 Mar 2026 25:00:00 +0100", "2026-03-02 0:00:00.0 +00:00:00"),
            ("2 Mar 2026", "2026-03-02 0:00:00.0 +00:00:00"),
            ("Mon (x (y\\) z)) , 2(a)Mar\r\n 2026 10:00:60 (CET) +0000", "2026-03-02 10:01:00.0 +00:00:00"),
            ("2 Mar 2026 10:00:00 +0199", "2026-03-02 10:00:00.0 +00:00:00"),
            ("2 Mar 2026 10:00:00 +9959", "2026-02-26 6:01:00.0 +00:00:00"),
        ] {
            assert_eq!(read(field).as_deref(), Some(expected), "{field}");
        }
    }

    #[test]
    fn what_is_no_date_is_none() {
        for field in [
            "",
            "yesterday",
            "30 Feb 2026 10:00:00 +0000",
            "2 Mär 2026",
            "2026-03-02T10:00:00Z",
            "0 Jan 2026",
            "(",
            "1",
        ] {
            assert_eq!(read(field), None, "{field}");
        }
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..60), words in "[0-9JanFebDec :+()\\\\-]{0,40}") {
            let _ = sent_date(&bytes);
            let _ = sent_date(words.as_bytes());
        }
    }
}
