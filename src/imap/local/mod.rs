//! SORT, THREAD (RFC 5256) and SEARCH without the server's help: pure functions over fetched messages. They must not know a session, nor how the
//! messages are fetched.

mod base_subject;
mod budget;
mod collation;
mod forest;
mod message_ids;
mod ordered_subject;
mod references;
mod search;
mod sort;
mod thread;
#[cfg(test)]
mod thread_tests;
mod tree;

pub(super) use search::{Matcher, WholeText};
pub(super) use sort::SortTable;
pub(super) use thread::ThreadTable;
