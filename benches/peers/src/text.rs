//! Dates and phrases of generated mail.

use crate::prng::Prng;
use crate::words::{DAY, MONTH, WORD};

/// The oldest message's time: 1 January 2020.
pub const EPOCH: i64 = 1_577_836_800;

/// A moment as the day of the week, the day, the month, the year and the time.
pub fn date(seconds: i64) -> (&'static str, u8, &'static str, i32, String) {
    let at = time::OffsetDateTime::from_unix_timestamp(seconds).unwrap_or(time::OffsetDateTime::UNIX_EPOCH);
    let weekday = DAY[seconds.div_euclid(86_400).rem_euclid(7) as usize];
    let clock = format!("{:02}:{:02}:{:02}", at.hour(), at.minute(), at.second());
    (weekday, at.day(), MONTH[at.month() as usize - 1], at.year(), clock)
}

/// A few words, `low` to `high` of them.
pub fn phrase(random: &mut Prng, low: u64, high: u64) -> String {
    let words: Vec<_> = (0..random.between(low, high)).map(|_| random.pick(WORD)).collect();
    words.join(" ")
}
