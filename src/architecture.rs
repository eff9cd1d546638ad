//! How this crate is built: its layers, the way of one command through them, and where to look for what. Documentation only.
//!
//! # Layers
//!
//! ```text
//!  collect                                  whole jobs; use only the public API
//!  store                                    files that survive a crash: log, lock, worker
//!  account                                  sessions that come back; uses only the public API of sessions
//!  mailbox  messages  contents  body        the common trait, its stream, what a message contains, its reader
//!  imap: session folder                     pop3: session         handles: what users hold
//!  authentication                           the login of both protocols
//!  conn: connect tls driver link wire_log   the only sockets, TLS and clocks
//!  imap: engine, command                    pop3: engine          state machines without I/O; commands as data
//!  imap: plan                                                     what a command asks of the engine
//!  imap: codec types                        pop3: codec types     bytes and values
//!  sasl  engine  wire  text  config  login  error  limits  flag  flags  ...
//! ```
//!
//! A layer uses only those below it, and `imap` and `pop3` never name each other. `tests/layers` reads the sources and fails on a path
//! that leads up, on a crate that is used outside its place, and on a new import cycle between files.
//!
//! - **types** are values that cannot be invalid. **codec** turns bytes into them and back: `frame` finds the end of a response, `route`
//!   looks at its first words, the grammar parses one complete frame once.
//! - **plan** is the vocabulary between commands and engine: the segments of a command's line, the responses that it claims, what may run
//!   beside it, what it needs and what it changes. A **command** makes a plan and reads the answer; the **engine** carries plans out.
//!   Neither knows the other.
//! - The IMAP **engine** has three parts that own their fields. `mirror` is the session as the server describes it: capabilities, the
//!   selected mailbox, the UID of each message number, the journal of events. `wire` is what was asked: queue, running commands, the
//!   attribution of each FETCH response, bytes to send, IDLE. `intake` cuts input into frames and lets large literals past. The engine
//!   itself only routes between them. It has no socket and no clock: bytes and instants come in, bytes, deliveries and the next deadline
//!   come out, so whole sessions are unit tests.
//! - **conn** drives either engine over a socket: one task per session reads, writes and waits. Handles and driver exchange requests and
//!   deliveries through `link`. A window bounds what a stream has not taken; a full window stops reading the socket.
//! - **handles** are what users hold. A call that returns a value takes `&self`; one that returns a stream takes `&mut self`.
//! - **account** has the sessions of one mailbox owner. Its `gate` decides when a login may be tried, its `pool` who gets a session, its
//!   leases go on over a new session, `once` finds out what a lost reply has done, and `watch` reports changes.
//! - **collect** is a job over [`Mailbox`](crate::Mailbox), with a ledger and a delivery that users can replace.
//!
//! # One command, from call to answer
//!
//! [`Imap::noop`](crate::Imap::noop) takes this way; read the files in this order.
//!
//! 1. `imap/command/noop.rs`: the command as a plan, and its result.
//! 2. `imap/session/mod.rs`: the method, which calls `call` in `imap/call.rs`: that submits the plan and waits for its end.
//! 3. `conn/link.rs`: the request goes to the driver; deliveries come back, in batches cut from one read.
//! 4. `conn/driver.rs`: gives the request to the engine, writes what the engine has to send, reads what comes.
//! 5. `imap/engine/mod.rs` and `imap/engine/wire/`: queues the command, sends it when its order allows, remembers it as running.
//! 6. `imap/engine/intake/` and `imap/engine/input.rs`: cut the answer into frames and route each; `answer.rs` and `condition.rs` change
//!    the mirror and end the command.
//! 7. `imap/call.rs` again: the delivery `Done` becomes the result.
//!
//! A streaming call, [`Folder::fetch`](crate::imap::Folder::fetch), differs in 2 and 7: `imap/folder/fetch.rs` takes frames as they come
//! and parses each when the caller asks for it. `imap/engine/wire/attribution.rs` decides whether a FETCH response answers it.
//!
//! # Where to look
//!
//! | For | Look in |
//! |---|---|
//! | what a command sends | `imap/command/`, `pop3/codec/command.rs` |
//! | how a response is read | `imap/codec/`, `pop3/codec/` |
//! | sorting, threading and searching without the server | `imap/local/` |
//! | which response answers which command | `imap/plan/`, `imap/engine/wire/` |
//! | what may run at the same time | `imap/plan/order.rs` |
//! | bugs of servers | comments that name the server; `tests/support/known.rs` for what tests found |
//! | limits and deadlines | `limits.rs`; engines and `conn` enforce them |
//! | whether a message is complete | `judge.rs` |
//! | what a message contains | `contents/`, and `imap/contents.rs` for BODYSTRUCTURE |
//! | logins | `login.rs` what the user says, `login/sasl.rs` mechanisms of the caller's own, `sasl/` mechanisms, `authentication.rs` the dialogue |
//! | ways to the server, the address cache | `conn/connector/`, `conn/happy_eyeballs.rs` |
//! | TLS, channel binding | `conn/tls/` |
//! | the layers of a stream, compression | `conn/layers.rs`, `conn/transport.rs`, `conn/deflate.rs` |
//! | the wire log and recordings | `conn/wire_log.rs`, `conn/observer.rs`, `redact.rs` |
//! | reconnecting, back-off, lanes | `account/gate.rs`, `account/pool/`; what follows a failed call is in `account/running.rs` |
//! | collecting | `collect/transfer/` is the run, `collect/ledger/` and `collect/delivery/` where things are kept |
//!
//! How to add a command, an extension or a test is in `CONTRIBUTING.md`; which test belongs where in `tests/README.md`.
