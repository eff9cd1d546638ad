//! solid-pop3d: POP3 by RFC 1939 and nothing more; no CAPA, no TLS, and the end of the session after five unknown commands.

use crate::server::Running;
use crate::server::process::persistently;
use crate::server::spool::{How, try_start};

pub(crate) fn start() -> Running {
    persistently("solid-pop3d", || try_start(How { name: "solid-pop3d", account: "spop3d", separates: false }))
}
