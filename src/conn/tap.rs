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

/// What a session at rest keeps of it is small: the rest comes with the first who looks.
pub(crate) struct Tap {
    span: Span,
    secrets: Secrets,
    content: Content,
    sent: u64,
    received: u64,
    view: Option<Box<View>>,
}

/// For those who look.
struct View {
    record: Option<Record>,
    from: Lines,
    to: Lines,
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
        let view = recorder.map(|recorder| View::new(content, Some(recorder.begin())));
        Self { span, secrets, content, sent: 0, received: 0, view }
    }

    /// What all the events of this connection stand in.
    pub(super) fn span(&self) -> Span {
        self.span.clone()
    }

    /// Where what passes is to be shown.
    fn view(&mut self) -> Option<&mut View> {
        if self.view.is_none() && trace::is_on() {
            self.view = Some(View::new(self.content, None));
        }
        self.view.as_deref_mut()
    }

    pub(super) fn sent(&mut self, outgoing: &Outgoing) {
        self.sent += outgoing.bytes.len() as u64;
        for range in &outgoing.secrets {
            lock(&self.secrets).learn(outgoing.bytes.get(range.clone()).unwrap_or_default());
        }
        if let Some(view) = self.view() {
            view.sent(outgoing);
        }
    }

    pub(super) fn received(&mut self, bytes: &[u8]) {
        self.received += bytes.len() as u64;
        if self.view().is_none() {
            return;
        }
        if let Some(view) = &mut self.view {
            view.received(bytes, &lock(&self.secrets));
        }
    }

    pub(super) fn encrypted(&mut self) {
        self.settle();
        if let Some(record) = self.record() {
            record.encrypted();
        }
    }

    /// The server has closed.
    pub(super) fn closed(&mut self) {
        self.settle();
        if let Some(record) = self.record() {
            record.closed();
        }
    }

    fn record(&mut self) -> Option<&mut Record> {
        self.view.as_mut()?.record.as_mut()
    }

    fn settle(&mut self) {
        if let Some(view) = &mut self.view {
            view.settle(&lock(&self.secrets));
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

impl View {
    fn new(content: Content, record: Option<Record>) -> Box<Self> {
        let (from, to) = (Lines::new("S", content), Lines::new("C", Content::Literals));
        Box::new(Self { record, from, to, proving: false, partial: Vec::new() })
    }

    fn sent(&mut self, outgoing: &Outgoing) {
        let mut shown = Vec::with_capacity(outgoing.bytes.len());
        let mut from = 0;
        for range in &outgoing.secrets {
            self.open(outgoing.bytes.get(from..range.start).unwrap_or_default(), &mut shown);
            shown.extend_from_slice(HIDDEN.as_bytes());
            if let Some(record) = &mut self.record {
                record.hide();
            }
            self.proving = true;
            from = range.end;
        }
        self.open(outgoing.bytes.get(from..).unwrap_or_default(), &mut shown);
        if trace::is_on() {
            self.to.feed(&shown);
        }
    }

    fn open(&mut self, bytes: &[u8], shown: &mut Vec<u8>) {
        shown.extend_from_slice(bytes);
        if let Some(record) = &mut self.record {
            record.sent(bytes);
        }
    }

    /// Only lines that are whole are shown: of a secret in two pieces neither would be known.
    fn received(&mut self, bytes: &[u8], secrets: &Redactor) {
        for piece in bytes.split_inclusive(|byte| *byte == b'\n') {
            self.partial.extend_from_slice(piece);
            if piece.ends_with(b"\n") || self.partial.len() >= LONGEST {
                self.settle(secrets);
            }
        }
    }

    /// Shows what came so far, as far as it is a line or will not become one.
    fn settle(&mut self, secrets: &Redactor) {
        let line = std::mem::take(&mut self.partial);
        if line.is_empty() {
            return;
        }
        let challenges = self.proving && line.starts_with(b"+ ") && line.len() > 4;
        self.proving &= line.starts_with(b"+");
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
}

/// What was learnt is of use only to those who look at what passes; else it need not stay in memory.
pub(super) fn forget(secrets: &Secrets, is_recorded: bool) {
    if !is_recorded && !trace::is_on() {
        *lock(secrets) = Redactor::default();
    }
}

/// A poisoned lock means that an allocation failed; a secret is known or not.
pub(super) fn lock(secrets: &Secrets) -> MutexGuard<'_, Redactor> {
    secrets.lock().unwrap_or_else(PoisonError::into_inner)
}
