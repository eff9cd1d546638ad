//! Completes the errors of connecting and logging in: with the server's host and port, and with a hint if the configuration has TLS
//! begin at another time than the server. It must not know how a session begins.

use std::sync::Arc;

use crate::config::{Config, Protocol, Security};
use crate::error::{Error, Kind, Step};

/// The server, as errors name it: `host:port`.
pub(crate) fn server(config: &Config, protocol: Protocol) -> Arc<str> {
    let (host, port) = (config.host(), config.port_for(protocol));
    match host.contains(':') {
        true => format!("[{host}]:{port}").into(),
        false => format!("{host}:{port}").into(),
    }
}

/// Names the server in an error of connecting or logging in, and adds a hint if the TLS mode looks wrong. An error without a step
/// comes from before the connection, and stays as it is.
pub(crate) fn explain(error: Error, config: &Config, protocol: Protocol) -> Error {
    let Some(step) = error.step() else { return error };
    // RFC 8314 §7.3: TLS from the first byte.
    let tls_port = match protocol {
        Protocol::Imap => 993,
        Protocol::Pop3 => 995,
    };
    // Such a server waits for the client's first bytes, or closes.
    let silent = matches!(error.kind(), Kind::Timeout | Kind::Closed | Kind::Io | Kind::Protocol);
    let late = config.security != Security::Implicit && config.port_for(protocol) == tls_port;
    // The engines recognise a TLS record instead of a greeting.
    let late = late && !error.to_string().contains("from the first byte");
    let error = match step == Step::Begin && silent && late && error.code().is_none() {
        true => error.with_hint(&format!(
            "port {tls_port} usually expects TLS from the first byte: leave out `starttls` and `dangerous_plaintext`"
        )),
        false => error,
    };
    error.on(Some(&server(config, protocol)))
}

#[cfg(test)]
#[cfg(all(feature = "testing", any(feature = "ring", feature = "aws-lc-rs")))]
mod tests;
