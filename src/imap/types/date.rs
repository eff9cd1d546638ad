//! Dates as IMAP writes them (`date-time`, RFC 9051 §9), read into three numbers for the tape and converted on demand to a date of the
//! `time` crate. It must not know where dates appear.

use time::{Date, Month, OffsetDateTime, Time, UtcOffset};

const MONTHS: [&[u8; 3]; 12] =
    [b"jan", b"feb", b"mar", b"apr", b"may", b"jun", b"jul", b"aug", b"sep", b"oct", b"nov", b"dec"];

/// A valid date, packed: year, month and day; hour, minute and second; minutes east of Greenwich.
pub(crate) type Packed = [u32; 3];

/// Reads ` 7-Feb-1994 21:52:25 -0800`. The day may be a single digit; `None` if there is no such date.
pub(crate) fn read(text: &[u8]) -> Option<Packed> {
    let text = text.trim_ascii();
    let dash = if text.get(1) == Some(&b'-') { 1 } else { 2 };
    let (day, rest) = text.split_at_checked(dash)?;
    let rest: &[u8; 24] = rest.try_into().ok()?;
    let [b'-', m0, m1, m2, b'-', y0, y1, y2, y3, b' ', h0, h1, b':', n0, n1, b':', s0, s1, b' ', sign, z0, z1, z2, z3] =
        *rest
    else {
        return None;
    };
    let day = decimal(day)?;
    let name = [m0 | 0x20, m1 | 0x20, m2 | 0x20];
    let month = MONTHS.iter().position(|month| **month == name)? as u32 + 1;
    let year = decimal(&[y0, y1, y2, y3])?;
    let (hour, minute, second) = (decimal(&[h0, h1])?, decimal(&[n0, n1])?, decimal(&[s0, s1])?);
    let zone = decimal(&[z0, z1])? * 60 + decimal(&[z2, z3]).filter(|&minutes| minutes < 60)?;
    let zone = match sign {
        b'+' => zone as i32,
        b'-' => -(zone as i32),
        _ => return None,
    };
    let exists =
        (1..=days(year, month)).contains(&day) && hour < 24 && minute < 60 && second <= 60 && zone.abs() < 24 * 60;
    // A leap second becomes the second before it, since the `time` crate has no leap seconds.
    let time = hour << 16 | minute << 8 | second.min(59);
    exists.then_some([year << 16 | month << 8 | day, time, zone as u32])
}

/// The date that was packed.
pub(crate) fn unpack([date, time, zone]: Packed) -> Option<OffsetDateTime> {
    let [_, month, day] = bytes(date);
    let date = Date::from_calendar_date((date >> 16) as i32, Month::try_from(month).ok()?, day).ok()?;
    let [hour, minute, second] = bytes(time);
    let time = Time::from_hms(hour, minute, second).ok()?;
    let zone = UtcOffset::from_whole_seconds(zone as i32 * 60).ok()?;
    Some(OffsetDateTime::new_in_offset(date, time, zone))
}

fn bytes(word: u32) -> [u8; 3] {
    [(word >> 16) as u8, (word >> 8) as u8, word as u8]
}

fn decimal(digits: &[u8]) -> Option<u32> {
    digits.iter().try_fold(0, |value, &byte| {
        let digit = byte.wrapping_sub(b'0');
        (digit < 10).then(|| value * 10 + u32::from(digit))
    })
}

fn days(year: u32, month: u32) -> u32 {
    match month {
        2 if year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400)) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Option<String> {
        read(text.as_bytes()).map(|packed| unpack(packed).unwrap().to_string())
    }

    #[test]
    fn a_date_is_read_with_its_zone() {
        assert_eq!(parse("17-Jul-1996 02:44:25 -0730").as_deref(), Some("1996-07-17 2:44:25.0 -07:30:00"));
        assert_eq!(parse(" 1-jan-2024 00:00:00 +0000").as_deref(), Some("2024-01-01 0:00:00.0 +00:00:00"));
        assert_eq!(parse("1-JAN-2024 00:00:00 +0000"), parse("01-Jan-2024 00:00:00 +0000"));
        assert_eq!(parse("29-Feb-2000 23:59:60 +2359").as_deref(), Some("2000-02-29 23:59:59.0 +23:59:00"));
    }

    #[test]
    fn a_date_that_does_not_exist_is_none() {
        for text in [
            "00-Jan-0000 00:00:00 +0000",
            "29-Feb-1900 00:00:00 +0000",
            "31-Apr-2024 00:00:00 +0000",
            "01-Foo-2024 00:00:00 +0000",
            "01-Jan-2024 24:00:00 +0000",
            "01-Jan-2024 00:60:00 +0000",
            "01-Jan-2024 00:00:00 +2400",
            "01-Jan-2024 00:00:00 0000",
            "01-Jan-2024 00:00:00",
            "",
        ] {
            assert_eq!(read(text.as_bytes()), None, "{text}");
        }
    }
}
