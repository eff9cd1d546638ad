//! popa3d: POP3 by RFC 1939 and nothing more; no CAPA, no TLS, replies without text.

use crate::server::Running;
use crate::server::process::persistently;
use crate::server::spool::{How, try_start};

pub(crate) fn start() -> Running {
    persistently("popa3d", || try_start(How { name: "popa3d", account: "popa3d", separates: true }))
}
