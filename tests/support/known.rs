//! What the servers are known to do wrong or to lack, each with the tests that meet it. Such a test runs all the same, and has to fail
//! in these words: whoever mends a server, or a test that fails for another reason, is noticed.

use crate::server::Brand;

/// One thing that a server does.
pub(crate) struct Known {
    pub(crate) server: Brand,
    pub(crate) what: &'static str,
    /// What the tests' panics say.
    pub(crate) says: &'static str,
    pub(crate) tests: &'static [&'static str],
}

/// What is known of this test on this server.
pub(crate) fn of(server: Brand, test: &str) -> Option<&'static Known> {
    KNOWN.iter().find(|known| known.server == server && known.tests.contains(&test))
}

const KNOWN: &[Known] = &[];
