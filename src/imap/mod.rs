//! IMAP: types, codec, commands, engine and the handles that users hold. It never names `pop3`.

pub mod codec;
