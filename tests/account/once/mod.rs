//! Changes that happen once: the connection is lost at each byte of the command and of its reply, in process and on a paused clock, and the
//! effects are counted on the server.

mod act;
mod lookalikes;
mod slow;
mod world;
