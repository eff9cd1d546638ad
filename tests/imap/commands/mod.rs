//! Every IMAP command of the base beyond the working line, on the embedded server and in dialogues: what it sends, what it gives
//! back, and what it does where a server lacks it.

mod agreement;
mod arguments;
mod evidence;
mod filing;
mod limited;
mod limited_alike;
mod literals;
mod mailboxes;
mod opening;
mod order;
mod searching;
