//! Drops every future and stream of an IMAP session after every poll, with the server stalled at every byte of its reply and
//! of the command; afterwards the session must work, and the server's state must be without the command or with all of it.

mod append;
mod commands;
mod filing;
mod folder;
mod session;
mod turn;
