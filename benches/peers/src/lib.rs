//! Shared by the processes of a measurement: the generated mail, the checksum that proves a client has read it all, the replay
//! server and the small command line. It must not know postroom: only `bin/client/` and `bin/codec/` use the library under test.

pub mod answers;
pub mod body;
pub mod checksum;
pub mod cli;
pub mod measure;
pub mod message;
pub mod peer;
pub mod prng;
pub mod replay;
pub mod rss;
pub mod text;
pub mod words;
