//! [`Observer`]: sees every byte of a connection within TLS, removes the secrets, and passes the rest on to the wire log and to a
//! recorder. It does not know what the bytes mean.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tracing::{Span, debug_span, field};

use super::traffic::Traffic;
use super::wire_log::{self, WireLog};
use crate::engine::wire_format::WireFormat;
use crate::engine::{LayerChange, Outgoing};
use crate::error::Error;
use crate::recorder::{Record, Recorder};
use crate::redact::{HIDDEN, Redactor};

/// Replaces a challenge in a transcript after a secret was sent: "secret" in base64, so that a client can decode it.
const CHALLENGE: &[u8] = b"c2VjcmV0";

/// A longer line is shown and recorded in parts.
const LONGEST: usize = 1024 * 1024;

/// The secrets sent so far, shared with the code that makes errors of the server's text.
pub(super) type Secrets = Arc<Mutex<Redactor>>;

/// What a login needs of the secrets that it sends.
#[derive(Clone)]
pub(crate) struct Redaction {
    pub(super) secrets: Secrets,
    pub(super) is_recorded: bool,
}

/// Kept small for quiet sessions: the outputs are allocated when tracing or recording starts.
pub(crate) struct Observer {
    span: Span,
    secrets: Secrets,
    format: WireFormat,
    traffic: Traffic,
    outputs: Option<Box<Outputs>>,
}

/// What the bytes are shown in.
struct Outputs {
    record: Option<Record>,
    from_server: WireLog,
    from_client: WireLog,
    challenge: fn(&[u8]) -> Option<std::ops::Range<usize>>,
    /// A secret was sent, so the next challenge may be made of it.
    hides_challenges: bool,
    /// The beginning of a line of the server that is not complete.
    partial: Vec<u8>,
}

impl Observer {
    pub(super) fn new(format: WireFormat, recorder: Option<&Recorder>, secrets: Secrets) -> Self {
        static CONNECTIONS: AtomicU64 = AtomicU64::new(1);
        let id = CONNECTIONS.fetch_add(1, Ordering::Relaxed);
        let span = debug_span!(target: "postroom", "connection", id, sent = field::Empty, received = field::Empty);
        let outputs = recorder.map(|recorder| Outputs::new(format, Some(recorder.begin())));
        Self { span, secrets, format, traffic: Traffic::default(), outputs }
    }

    /// The span of all events of this connection.
    pub(super) fn span(&self) -> Span {
        self.span.clone()
    }

    /// The octets so far. It does not know commands.
    pub(super) fn traffic(&self) -> Traffic {
        self.traffic
    }

    /// The outputs, if anybody watches. The wire log can be switched on while the session lives.
    fn outputs(&mut self) -> Option<&mut Outputs> {
        if self.outputs.is_none() && wire_log::is_on() {
            self.outputs = Some(Outputs::new(self.format, None));
        }
        self.outputs.as_deref_mut()
    }

    pub(super) fn sent(&mut self, outgoing: &Outgoing) {
        self.traffic.sent += outgoing.bytes.len() as u64;
        for range in &outgoing.secrets {
            lock(&self.secrets).learn(outgoing.bytes.get(range.clone()).unwrap_or_default());
        }
        if let Some(outputs) = self.outputs() {
            outputs.sent(outgoing);
        }
    }

    pub(super) fn received(&mut self, bytes: &[u8]) {
        self.traffic.received += bytes.len() as u64;
        if self.outputs().is_none() {
            return;
        }
        if let Some(outputs) = &mut self.outputs {
            outputs.received(bytes, &lock(&self.secrets));
        }
    }

    /// The layers change. Of what was received, the last `unread` bytes belong to the new ones, from which they come again.
    pub(super) fn changed(&mut self, change: LayerChange, unread: usize) {
        self.traffic.received = self.traffic.received.saturating_sub(unread as u64);
        if let Some(outputs) = &mut self.outputs {
            outputs.partial.truncate(outputs.partial.len().saturating_sub(unread));
        }
        self.flush();
        if let Some(record) = self.record() {
            match change {
                LayerChange::AddTls => record.encrypted(),
                LayerChange::AddDeflate => record.compressed(),
                LayerChange::RemoveDeflate => record.decompressed(),
            }
        }
    }

    /// The server has closed the connection.
    pub(super) fn closed(&mut self) {
        self.flush();
        if let Some(record) = self.record() {
            record.closed();
        }
    }

    fn record(&mut self) -> Option<&mut Record> {
        self.outputs.as_mut()?.record.as_mut()
    }

    fn flush(&mut self) {
        if let Some(outputs) = &mut self.outputs {
            outputs.flush(&lock(&self.secrets));
        }
    }
}

impl Drop for Observer {
    fn drop(&mut self) {
        self.flush();
        self.span.record("sent", self.traffic.sent);
        self.span.record("received", self.traffic.received);
    }
}

impl Outputs {
    fn new(format: WireFormat, record: Option<Record>) -> Box<Self> {
        let from_server = WireLog::new("S", (format.server)());
        let from_client = WireLog::new("C", (format.client)());
        let challenge = format.challenge;
        Box::new(Self { record, from_server, from_client, challenge, hides_challenges: false, partial: Vec::new() })
    }

    fn sent(&mut self, outgoing: &Outgoing) {
        let mut shown = Vec::with_capacity(outgoing.bytes.len());
        let mut from = 0;
        for range in &outgoing.secrets {
            self.show(outgoing.bytes.get(from..range.start).unwrap_or_default(), &mut shown);
            shown.extend_from_slice(HIDDEN.as_bytes());
            if let Some(record) = &mut self.record {
                record.hide();
            }
            self.hides_challenges = true;
            from = range.end;
        }
        self.show(outgoing.bytes.get(from..).unwrap_or_default(), &mut shown);
        if wire_log::is_on() {
            self.from_client.feed(&shown);
        }
    }

    fn show(&mut self, bytes: &[u8], shown: &mut Vec<u8>) {
        shown.extend_from_slice(bytes);
        if let Some(record) = &mut self.record {
            record.sent(bytes);
        }
    }

    /// Shows only complete lines: a secret that is cut in two would not be recognised in either half.
    fn received(&mut self, bytes: &[u8], secrets: &Redactor) {
        for piece in bytes.split_inclusive(|byte| *byte == b'\n') {
            self.partial.extend_from_slice(piece);
            if piece.ends_with(b"\n") || self.partial.len() >= LONGEST {
                self.flush(secrets);
            }
        }
    }

    /// Shows what has come of the line.
    fn flush(&mut self, secrets: &Redactor) {
        let line = std::mem::take(&mut self.partial);
        if line.is_empty() {
            return;
        }
        let challenge = (self.challenge)(&line).filter(|_| self.hides_challenges);
        self.hides_challenges = challenge.is_some();
        let clean = secrets.clean(&line);
        let with = |replacement: &[u8]| match &challenge {
            Some(range) if !range.is_empty() => {
                let (before, after) = (line.get(..range.start), line.get(range.end..));
                [before.unwrap_or_default(), replacement, after.unwrap_or_default()].concat()
            }
            _ => clean.to_vec(),
        };
        if let Some(record) = &mut self.record {
            record.received(&with(CHALLENGE));
        }
        if wire_log::is_on() {
            self.from_server.feed(&with(HIDDEN.as_bytes()));
        }
    }
}

impl Redaction {
    /// The error without the secrets that the server may have repeated.
    pub(crate) fn clean(&self, error: Error) -> Error {
        lock(&self.secrets).clean_error(error)
    }

    /// Forgets the secrets after a login, unless tracing or recording still needs them to redact what passes.
    pub(crate) fn forget(&self) {
        if !self.is_recorded && !wire_log::is_on() {
            *lock(&self.secrets) = Redactor::default();
        }
    }
}

/// Every statement leaves the redactor valid, so a lock that a panic poisoned can still be used.
fn lock(secrets: &Secrets) -> MutexGuard<'_, Redactor> {
    secrets.lock().unwrap_or_else(PoisonError::into_inner)
}
