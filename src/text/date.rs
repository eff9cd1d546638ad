//! The date in a `Date` field (RFC 5322 §3.3, §4.3), as mailers write it. It must not know what is done if there is none.

const MONTHS: [&str; 12] = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
];

/// A date that exists, as it is written.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct MailDate {
    pub(crate) year: u16,
    pub(crate) month: u8,
    pub(crate) day: u8,
    /// Hour, minute and second, which may be 60. Without a valid time, it is 00:00:00 (RFC 5256 §2.2).
    pub(crate) time: [u8; 3],
    /// How far the zone is ahead of UTC, in minutes. Without a valid zone, the time is in UTC (RFC 5256 §2.2).
    pub(crate) zone: i32,
}

impl MailDate {
    /// The date in the value of a field; `None` if there is none that exists.
    ///
    /// Beyond RFC 5322 with its obsolete forms, it reads whole names of months, the order of C's `asctime` (`Mar 2 10:00:00 2026`),
    /// hyphens in the day (`2-Mar-2026`), and zones as `+01:00` and `GMT+0100`. The day of the week is not checked: the date says which
    /// it is.
    pub(crate) fn read(field: &[u8]) -> Option<Self> {
        let text = without_comments(field);
        let mut words: Vec<&str> = text.split([' ', ',']).filter(|word| !word.is_empty()).collect();
        let is_name =
            |word: &&str| word.starts_with(|first: char| first.is_ascii_alphabetic()) && month(word).is_none();
        if words.first().is_some_and(is_name) {
            words.remove(0);
        }
        let [day, name, year, time, zone] = in_order(&words)?;
        let (day, month, year) = (number(day, 1..=2)?, month(name)?, self::year(year)?);
        if !(1..=days(year, month)).contains(&day) {
            return None;
        }
        let day = u8::try_from(day).ok()?;
        // Without a time, nothing after it is a zone.
        let (time, zone) = time_of_day(time).map_or(([0; 3], 0), |time| (time, self::zone(zone).unwrap_or(0)));
        Some(Self { year, month, day, time, zone })
    }

    /// Seconds since 1970 in UTC.
    pub(crate) fn unix(self) -> i64 {
        let [hour, minute, second] = self.time.map(i64::from);
        self.days_since_1970() * 86_400 + hour * 3600 + minute * 60 + second - i64::from(self.zone) * 60
    }

    fn days_since_1970(self) -> i64 {
        let years = i64::from(self.year) - 1;
        let leaps = |years: i64| years.div_euclid(4) - years.div_euclid(100) + years.div_euclid(400);
        let before: u32 = (1..self.month).map(|month| days(self.year, month)).sum();
        (years - 1969) * 365 + leaps(years) - leaps(1969) + i64::from(before) + i64::from(self.day) - 1
    }
}

/// Day, month, year, time and zone of these words; the last two may be empty.
fn in_order<'a>(words: &[&'a str]) -> Option<[&'a str; 5]> {
    let time_and_zone = |rest: &[&'a str]| [0, 1].map(|at| rest.get(at).copied().unwrap_or_default());
    let (day, rest) = match *words {
        [name, day, time, last, ref rest @ ..] if month(name).is_some() && time.contains(':') => {
            // `date` writes the zone before the year.
            let next = rest.first().copied().unwrap_or_default();
            let (year, zone) = if year(last).is_some() { (last, next) } else { (next, last) };
            return Some([day, name, year, time, zone]);
        }
        [name, day, year, ref rest @ ..] if month(name).is_some() => ([day, name, year], rest),
        [first, ref rest @ ..] if first.contains('-') => {
            let mut parts = first.split('-');
            ([parts.next()?, parts.next()?, parts.next()?], rest)
        }
        [day, name, year, ref rest @ ..] => ([day, name, year], rest),
        _ => return None,
    };
    let ([day, name, year], [time, zone]) = (day, time_and_zone(rest));
    Some([day, name, year, time, zone])
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

/// A month by its name or the beginning of it, from 1.
fn month(word: &str) -> Option<u8> {
    let word = word.trim_end_matches('.').to_ascii_lowercase();
    let at = MONTHS.iter().position(|name| word.len() >= 3 && name.starts_with(&word))?;
    u8::try_from(at + 1).ok()
}

fn days(year: u16, month: u8) -> u32 {
    match month {
        2 if year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400)) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Years with two or three digits are read as RFC 5322 §4.3 says.
fn year(word: &str) -> Option<u16> {
    let year = u16::try_from(number(word, 2..=4)?).ok()?;
    Some(match word.len() {
        2 if year < 50 => year + 2000,
        2 | 3 => year + 1900,
        _ => year,
    })
}

/// `hh:mm` or `hh:mm:ss`.
fn time_of_day(word: &str) -> Option<[u8; 3]> {
    let mut parts = word.split(':');
    let mut part = |most: u32| {
        let number = parts.next().map(|part| number(part, 1..=2).filter(|&value| value <= most));
        number.map(|value| u8::try_from(value?).ok())
    };
    let time = [part(23)??, part(59)??, part(60).unwrap_or(Some(0))?];
    parts.next().is_none().then_some(time)
}

/// How far the zone is ahead of UTC, in minutes.
fn zone(word: &str) -> Option<i32> {
    let upper = word.to_ascii_uppercase();
    let hours = |hours: i32| Some(hours * 60);
    let offset = ["UTC", "GMT", "UT"].iter().find_map(|name| upper.strip_prefix(name)).unwrap_or(&upper);
    if let Some((sign, digits)) = offset.split_at_checked(1).filter(|(sign, _)| matches!(*sign, "+" | "-")) {
        let value = i32::try_from(number(&digits.replacen(':', "", 1), 4..=4)?).ok()?;
        let minutes = value / 100 * 60 + Some(value % 100).filter(|&minutes| minutes < 60)?;
        return Some(if sign == "-" { -minutes } else { minutes });
    }
    match upper.as_str() {
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
        let seconds = MailDate::read(text.as_bytes())?.unix();
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
            ("Fri, 2 Mar 2026 10:00:00 UT", "2026-03-02 10:00:00.0 +00:00:00"),
            ("Monday, 2 March 2026 10:00 -0000", "2026-03-02 10:00:00.0 +00:00:00"),
            ("2 Sept. 2026 1:2:3 +01:00", "2026-09-02 0:02:03.0 +00:00:00"),
            ("Mon Mar  2 10:00:00 2026", "2026-03-02 10:00:00.0 +00:00:00"),
            ("Mon Mar  2 10:00:00 2026 -0500", "2026-03-02 15:00:00.0 +00:00:00"),
            ("Mon Mar  2 10:00:00 PST 2026", "2026-03-02 18:00:00.0 +00:00:00"),
            ("Mon Mar 02 2026 10:00:00 GMT+0200 (CEST)", "2026-03-02 8:00:00.0 +00:00:00"),
            ("Monday, 02-Mar-26 10:00:00 GMT", "2026-03-02 10:00:00.0 +00:00:00"),
            ("\t Mon,\t2  Mar\r\n\t2026   10:00:00\t+0000 ", "2026-03-02 10:00:00.0 +00:00:00"),
            ("2 Mar 2026 10:00:00 J", "2026-03-02 10:00:00.0 +00:00:00"),
            ("29 Feb 00 00:00:00 +0000", "2000-02-29 0:00:00.0 +00:00:00"),
            ("1 Jan 0000 00:00:00 +0000", "0000-01-01 0:00:00.0 +00:00:00"),
            ("31 Dec 9999 23:59:59 +0000", "9999-12-31 23:59:59.0 +00:00:00"),
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
            "29 Feb 1900 10:00:00 +0000",
            "32 Mar 2026",
            "2 Mar 20260",
            "2 Ma 2026",
            "2-Mar",
            "Mar 2 10:00:00",
        ] {
            assert_eq!(read(field), None, "{field}");
        }
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..60), words in "[0-9JanFebDec :+()\\\\-]{0,40}") {
            let _ = MailDate::read(&bytes).map(MailDate::unix);
            let _ = MailDate::read(words.as_bytes()).map(MailDate::unix);
        }

        #[test]
        fn a_date_that_is_written_is_read_again(
            seconds in -62_167_219_200_i64..253_402_300_800,
            zone in -1439_i32..1440,
            form in 0..5,
        ) {
            let offset = time::UtcOffset::from_whole_seconds(zone * 60).unwrap();
            let Some(date) = time::OffsetDateTime::from_unix_timestamp(seconds).unwrap().checked_to_offset(offset) else {
                return Ok(());
            };
            prop_assume!((0..10_000).contains(&date.year()));
            let (hour, minute, second) = date.to_hms();
            let (day, month, year) = (date.day(), date.month().to_string(), date.year());
            let short = &month[..3];
            let (week, sign) = (&date.weekday().to_string()[..3], if zone < 0 { '-' } else { '+' });
            let zone = format!("{sign}{:02}{:02}", zone.abs() / 60, zone.abs() % 60);
            let time = format!("{hour:02}:{minute:02}:{second:02}");
            let text = match form {
                0 => format!("{week}, {day:02} {short} {year:04} {time} {zone}"),
                1 => format!("{day} {} {year:04} {hour}:{minute}:{second} {zone} (a \\) comment)", short.to_lowercase()),
                2 => format!("{week} {short} {day:2} {time} {year:04} {zone}"),
                3 => format!("{week}, {day}-{short}-{year:04} {time} {zone}"),
                _ => format!("Fri , {day} {month}\r\n {year:04}\t{hour:02} : {minute:02} : {second:02} GMT{zone}"),
            };
            let read = MailDate::read(text.as_bytes());
            prop_assert_eq!(read.map(MailDate::unix), Some(seconds), "{}", text);
            prop_assert_eq!(read.unwrap().zone, i32::from(offset.whole_minutes()));
        }
    }
}
