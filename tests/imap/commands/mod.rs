//! Every command of base IMAP beyond the working line, on the embedded server and in dialogues: what it sends, what it
//! returns, and what it does if a server lacks it.

mod acting;
mod agreement;
mod appending;
mod arguments;
mod charsets;
mod conversations;
mod evidence;
mod extensions;
mod filing;
mod filters;
mod folders;
mod limited;
mod limited_alike;
mod listing;
mod literals;
mod live_search;
mod lookup;
mod mailboxes;
mod modifiers;
mod opening;
mod order;
mod paging;
mod paging_by_date;
mod parts;
mod resumed_alike;
mod resumed_lies;
mod resumed_session;
mod resuming;
mod saved;
mod searching;
mod sorting;
