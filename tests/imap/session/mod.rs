//! Dialogues with the scripted peer, by topic: what a session sends, and how it treats the answers.

mod answers;
mod compress;
mod deletion;
mod dialect;
mod events;
mod goodbye;
mod hostile;
mod idling;
mod judging;
mod limits;
mod login;
mod negotiation;
mod notices;
mod notify;
mod reading;
mod reauthenticate;
mod refusal;
mod replay;
mod revision;
mod selection;
mod silence;
mod starttls;
mod validity;
mod window;
