//! [`FileName`]: the unique file names of staged messages, by the Maildir specification. It does not know where the files are.

use std::time::{Duration, SystemTime};

use crate::Error;
use crate::Result;

/// A name that this library made: `SECONDS.MmicrosecondsPpidQcounterRrun.host`.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct FileName {
    seconds: u64,
    /// A random number that all names of one run share.
    pub(super) run: u64,
}

/// Makes the names of one run.
pub(super) struct FileNames {
    run: u64,
    count: u64,
    host: String,
}

/// A name from further in the future than this has no meaningful time.
const SKEW: Duration = Duration::from_secs(3600);

impl FileName {
    pub(super) fn parse(text: &str) -> Option<Self> {
        let (seconds, rest) = text.split_once(".M")?;
        let (micros, rest) = rest.split_once('P')?;
        let (pid, rest) = rest.split_once('Q')?;
        let (count, rest) = rest.split_once('R')?;
        let (run, host) = rest.split_once('.')?;
        let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        let sound = [seconds, micros, pid, count].into_iter().all(digits)
            && run.len() == 16
            && run.bytes().all(|byte| byte.is_ascii_hexdigit())
            && text.len() <= 255
            && host.chars().all(belongs_to_host);
        let run = u64::from_str_radix(run, 16).ok()?;
        sound.then_some(Self { seconds: seconds.parse().ok()?, run })
    }

    /// Whether it was made longer ago than that, or at an impossible time.
    pub(super) fn is_older_than(self, age: Duration) -> bool {
        let now = now().as_secs();
        now.saturating_sub(self.seconds) > age.as_secs() || self.seconds.saturating_sub(now) > SKEW.as_secs()
    }
}

impl FileNames {
    pub(super) fn new() -> Result<Self> {
        let mut names = Self { run: 0, count: 0, host: host() };
        names.begin_run()?;
        Ok(names)
    }

    /// Begins the names of another run.
    pub(super) fn begin_run(&mut self) -> Result<()> {
        self.run = getrandom::u64()
            .map_err(|error| Error::storage("the system has no random numbers", std::io::Error::other(error)))?;
        Ok(())
    }

    pub(super) fn next(&mut self) -> String {
        self.count += 1;
        let (now, pid) = (now(), std::process::id());
        let Self { run, count, host } = self;
        format!("{}.M{}P{pid}Q{count}R{run:016x}.{host}", now.as_secs(), now.subsec_micros())
    }
}

fn now() -> Duration {
    SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default()
}

/// The host's name in the form of the Maildir specification: a slash is `\057`, a colon `\072`.
fn host() -> String {
    escaped(&node())
}

pub(super) fn node() -> String {
    #[cfg(unix)]
    let node = rustix::system::uname().nodename().to_string_lossy().into_owned();
    #[cfg(not(unix))]
    let node = std::env::var("COMPUTERNAME").unwrap_or_default();
    if node.is_empty() { "localhost".to_owned() } else { node }
}

fn escaped(node: &str) -> String {
    let escaped = node.chars().take(64).map(|letter| match letter {
        '/' => "\\057".to_owned(),
        ':' => "\\072".to_owned(),
        letter if belongs_to_host(letter) => letter.to_string(),
        _ => "_".to_owned(),
    });
    escaped.collect::<Vec<_>>().concat().chars().take(100).collect()
}

fn belongs_to_host(letter: char) -> bool {
    letter.is_ascii_alphanumeric() || matches!(letter, '.' | '-' | '_' | '\\')
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: Duration = Duration::from_secs(24 * 3600);

    #[test]
    fn names_are_read_back_and_differ() {
        let mut names = FileNames::new().unwrap();
        let (first, second) = (names.next(), names.next());
        assert_ne!(first, second);
        let parsed = [FileName::parse(&first).unwrap(), FileName::parse(&second).unwrap()];
        assert_eq!(parsed[0].run, parsed[1].run);
        assert!(!parsed[0].is_older_than(DAY));
        names.begin_run().unwrap();
        assert_ne!(FileName::parse(&names.next()).unwrap().run, parsed[0].run);
    }

    #[test]
    fn what_is_no_name_is_refused() {
        let host = "1.M2P3Q4R00000000000000aa.host";
        assert!(FileName::parse(host).is_some());
        for wrong in [
            "",
            "1.M2P3Q4R00000000000000aa.a/b",
            "../1.M2P3Q4R00000000000000aa.a",
            "1.M2P3Q4R00000000000000aa.a:2,S",
            "1.M2P3Q4R0000000000000aa.a",
            "x.M2P3Q4R00000000000000aa.a",
            "1.M2P3Q4R+0000000000000aa.a",
            "1700000000.M1P2.host",
            &format!("{host}{}", "x".repeat(300)),
        ] {
            assert_eq!(FileName::parse(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_name_of_long_ago_or_of_the_future_is_old() {
        let at = |seconds: u64| FileName { seconds, run: 0 };
        let now = now().as_secs();
        assert!(!at(now - 60).is_older_than(DAY));
        assert!(!at(now + 60).is_older_than(DAY));
        assert!(at(now - 2 * DAY.as_secs()).is_older_than(DAY));
        assert!(at(now + DAY.as_secs()).is_older_than(DAY));
        assert!(at(0).is_older_than(DAY));
    }

    #[test]
    fn any_host_makes_a_name() {
        assert_eq!(escaped("a/b:c"), "a\\057b\\072c");
        for node in ["", "häuschen\n", &"/".repeat(100)] {
            assert!(FileName::parse(&format!("1.M2P3Q4R00000000000000aa.{}", escaped(node))).is_some(), "{node}");
        }
    }
}
