//! What a refusal means whose words say more than its `NO` or `BAD` and its response code. It must not know which command was
//! refused.

use std::time::Duration;

/// No server is believed that wants more than this.
const LONGEST: Duration = Duration::from_secs(24 * 60 * 60);

/// What the words say.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Meaning {
    /// Exchange took the login and has no mailbox for it: everything after is answered so.
    NotConnected,
    /// Office 365 wants to be left alone for so long.
    Throttled(Duration),
}

impl Meaning {
    pub(super) fn of(text: &str) -> Option<Self> {
        let text = text.to_ascii_lowercase();
        if text.contains("authenticated but not connected") {
            return Some(Self::NotConnected);
        }
        let (_, told) = text.split_once("suggested backoff time:")?;
        let (digits, unit) =
            told.trim_start().split_at_checked(told.trim_start().find(|c: char| !c.is_ascii_digit())?)?;
        let unit = unit.trim_start();
        let count = digits.parse().unwrap_or(if digits.is_empty() { 0 } else { u64::MAX });
        let wait = match () {
            () if count == 0 => return None,
            () if unit.starts_with("millisecond") => Duration::from_millis(count),
            () if unit.starts_with("second") => Duration::from_secs(count),
            () => return None,
        };
        Some(Self::Throttled(wait.min(LONGEST)))
    }

    /// How long to wait before trying again.
    pub(super) fn wait(self) -> Option<Duration> {
        match self {
            Self::Throttled(wait) => Some(wait),
            Self::NotConnected => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_read_in_its_unit_and_believed_up_to_a_day() {
        let wait = |text: &str| Meaning::of(text).and_then(Meaning::wait);
        let throttled = "Request is throttled. Suggested Backoff Time: 297041 milliseconds";
        assert_eq!(wait(throttled), Some(Duration::from_millis(297_041)));
        assert_eq!(wait("SUGGESTED BACKOFF TIME:5 Seconds"), Some(Duration::from_secs(5)));
        for huge in ["86400001 milliseconds", "18446744073709551615 seconds", "99999999999999999999999 milliseconds"] {
            assert_eq!(wait(&format!("Suggested Backoff Time: {huge}")), Some(LONGEST), "{huge}");
        }
        for none in ["", "0 milliseconds", "-5 milliseconds", "5", "5 parsecs", " milliseconds", "ü"] {
            assert_eq!(wait(&format!("Suggested Backoff Time: {none}")), None, "{none}");
        }
    }

    #[test]
    fn other_words_mean_nothing_more() {
        assert_eq!(Meaning::of("User is authenticated but not connected."), Some(Meaning::NotConnected));
        for text in ["", "Command Argument Error. 11", "not connected", "authenticated"] {
            assert_eq!(Meaning::of(text), None);
        }
    }
}
