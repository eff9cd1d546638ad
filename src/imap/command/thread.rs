//! THREAD (RFC 5256 §3): searches, and returns the messages as threads.

use super::extension::Extension;
use crate::imap::plan::Topic;
use crate::imap::types::Query;

impl Extension {
    /// UID THREAD: the messages that match, in threads made by this algorithm: `REFERENCES`, `ORDEREDSUBJECT`, or another one that the
    /// server announces as `THREAD=`. The answer is [`Response::Thread`](crate::imap::Response::Thread).
    pub fn thread(algorithm: &str, query: Query) -> Self {
        let topic = Topic::default().among(query.among());
        Self::new("UID THREAD").claim("THREAD").selected().word(algorithm).charset(&query).query(query).about(topic)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_algorithm_is_a_word() {
        let thread = Extension::thread("REFERENCES", Query::unseen());
        assert_eq!(thread.to_string(), "UID THREAD REFERENCES US-ASCII UNSEEN");
        assert!(Extension::thread("A B", Query::all()).segments(false).is_err());
    }
}
