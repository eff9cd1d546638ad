//! Sees every byte of a connection within TLS, on its way to the wire log and to a recorder, and takes what is secret out. It does
//! not know what the bytes mean.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tracing::{Span, debug_span, field};

use super::trace::{self, Lines};
use crate::engine::{Content, Outgoing};
use crate::recorder::{Record, Recorder};
use crate::redact::{HIDDEN, Redactor};

/// What a challenge is in a transcript once a secret was sent: "secret" in base64, so that the client can read it.
const CHALLENGE: &[u8] = b"c2VjcmV0";

/// The secrets sent so far, shared with whoever makes errors of what the server said.
pub(crate) type Secrets = Arc<Mutex<Redactor>>;

pub(crate) struct Tap {
    span: Span,
    secrets: Secrets,
    record: Option<Record>,
    from: Lines,
    to: Lines,
    sent: u64,
    received: u64,
    /// A secret was sent: a challenge that follows it may be made of it.
    proving: bool,
    /// What came of a line that is not whole.
    partial: Vec<u8>,
}

/// A longer line is shown and recorded in parts.
const LONGEST: usize = 1024 * 1024;

impl Tap {
    pub(super) fn new(content: Content, recorder: Option<&Recorder>, secrets: Secrets) -> Self {
        static CONNECTIONS: AtomicU64 = AtomicU64::new(1);
        let id = CONNECTIONS.fetch_add(1, Ordering::Relaxed);
        let span = debug_span!(target: "postroom", "connection", id, sent = field::Empty, received = field::Empty);
        Self {
            span,
            secrets,
            record: recorder.map(Recorder::begin),
            from: Lines::new("S", content),
            to: Lines::new("C", Content::Literals),
            sent: 0,
            received: 0,
            proving: false,
            partial: Vec::new(),
        }
    }

    /// What all the events of this connection stand in.
    pub(super) fn span(&self) -> Span {
        self.span.clone()
    }

    pub(super) fn sent(&mut self, outgoing: &Outgoing) {
        self.sent += outgoing.bytes.len() as u64;
        for range in &outgoing.secrets {
            self.proving = true;
            lock(&self.secrets).learn(outgoing.bytes.get(range.clone()).unwrap_or_default());
        }
        let logs = trace::is_on();
        if !logs && self.record.is_none() {
            return;
        }
        let mut shown = Vec::with_capacity(outgoing.bytes.len());
        let mut from = 0;
        for range in outgoing.secrets.iter().cloned().chain(std::iter::once(outgoing.bytes.len()..usize::MAX)) {
            let open = outgoing.bytes.get(from..range.start).unwrap_or_default();
            shown.extend_from_slice(open);
            let secret = range.end != usize::MAX;
            if let Some(record) = &mut self.record {
                record.sent(open);
                if secret {
                    record.hide();
                }
            }
            if secret {
                shown.extend_from_slice(HIDDEN.as_bytes());
                from = range.end;
            }
        }
        if logs {
            self.to.feed(&shown);
        }
    }

    pub(super) fn received(&mut self, bytes: &[u8]) {
        self.received += bytes.len() as u64;
        if !trace::is_on() && self.record.is_none() {
            return;
        }
        for piece in bytes.split_inclusive(|byte| *byte == b'\n') {
            self.partial.extend_from_slice(piece);
            if piece.ends_with(b"\n") || self.partial.len() >= LONGEST {
                self.settle();
            }
        }
    }

    /// Shows what came so far, as far as it is a line or will not become one.
    fn settle(&mut self) {
        let line = std::mem::take(&mut self.partial);
        if line.is_empty() {
            return;
        }
        let challenges = self.proving && line.starts_with(b"+ ") && line.len() > 4;
        self.proving &= line.starts_with(b"+");
        let secrets = lock(&self.secrets);
        let clean = secrets.clean(&line);
        if let Some(record) = &mut self.record {
            match challenges {
                true => record.received(&[b"+ ", CHALLENGE, b"\r\n"].concat()),
                false => record.received(&clean),
            }
        }
        if trace::is_on() {
            match challenges {
                true => self.from.feed(format!("+ {HIDDEN}\r\n").as_bytes()),
                false => self.from.feed(&clean),
            }
        }
    }

    pub(super) fn encrypted(&mut self) {
        self.settle();
        if let Some(record) = &mut self.record {
            record.encrypted();
        }
    }

    /// The server has closed.
    pub(super) fn closed(&mut self) {
        self.settle();
        if let Some(record) = &mut self.record {
            record.closed();
        }
    }
}

impl Drop for Tap {
    fn drop(&mut self) {
        self.settle();
        self.span.record("sent", self.sent);
        self.span.record("received", self.received);
    }
}

/// A poisoned lock means that an allocation failed; a secret is known or not.
pub(super) fn lock(secrets: &Secrets) -> MutexGuard<'_, Redactor> {
    secrets.lock().unwrap_or_else(PoisonError::into_inner)
}
