//! IMAP: types, codec, commands, engine and the handles that users hold. It never names `pop3`.

pub mod codec;
pub(crate) mod types;

pub use types::envelope::{Address, Addresses, Envelope};
pub use types::fetched::{Fetched, Section};
pub use types::flags::Flags;
pub use types::structure::{BodyStructure, Kind as PartKind, Params, Parts, Strings};
pub use types::text::Str;
pub use types::uid::{SeqNum, Uid, UidValidity};
