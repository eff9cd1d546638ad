//! One command as a span of `tracing`, target `postroom`, with the size of its answer. It begins when the command is sent and ends with
//! the answer. It must not know a protocol.

use tracing::{debug_span, field};

pub(crate) struct Span {
    span: tracing::Span,
    messages: u64,
    bytes: u64,
}

impl Span {
    /// A command of that name is sent.
    pub(crate) fn begin(command: &'static str) -> Self {
        let span = debug_span!(
            target: "postroom", "command",
            name = command, ok = field::Empty, messages = field::Empty, bytes = field::Empty
        );
        Self { span, messages: 0, bytes: 0 }
    }

    /// Counts what came of its answer: responses or messages, and their bytes.
    pub(crate) fn add(&mut self, messages: usize, bytes: usize) {
        self.messages += messages as u64;
        self.bytes += bytes as u64;
    }

    /// The server has answered; `ok` is whether the command succeeded.
    pub(crate) fn answered(&self, ok: bool) {
        self.span.record("ok", ok);
    }
}

impl Drop for Span {
    fn drop(&mut self) {
        self.span.record("messages", self.messages);
        self.span.record("bytes", self.bytes);
    }
}
