//! Changes that happen once, whatever happens to connections: each is a file, and `settle.rs` decides when one is looked for, waited for
//! and made again. It must not know how sessions are opened.

mod append;
mod appending;
mod copying;
mod deleting;
mod evidence;
mod listed;
mod mailboxes;
mod moving;
mod renaming;
mod replacing;
mod settle;
mod storing;

pub use self::storing::LeaseStoring;
