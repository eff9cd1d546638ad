//! A server that agrees to everything, and keeps the commands that it received, each with its literals. It must not know a command.

use std::future::Future;
use std::sync::{Arc, Mutex};

use postroom::{Config, Imap, Login};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader, DuplexStream};

const EXTENSIONS: &str = "IMAP4rev1 LITERAL+ UIDPLUS MOVE UNSELECT SORT THREAD=REFERENCES QUOTA";

type Commands = Arc<Mutex<Vec<Vec<u8>>>>;

/// What it received.
pub struct Server(Commands);

impl Server {
    /// The commands since the last call.
    pub fn sent(&mut self) -> Vec<Vec<u8>> {
        std::mem::take(&mut self.0.lock().expect("nothing panics with the lock"))
    }
}

/// Runs it to its end on this thread.
pub fn run(test: impl Future<Output = ()>) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(test);
}

/// A session that is logged in from the start.
pub async fn session() -> (Imap, Server) {
    let (commands, stream) = listen(format!("* PREAUTH [CAPABILITY {EXTENSIONS}] ready\r\n"));
    let imap = connect(stream, "user", "password").await.expect("a session");
    commands.lock().expect("nothing panics with the lock").clear();
    (imap, Server(commands))
}

/// The commands of a session that has to log in.
pub async fn login(user: &str, password: &str) -> Vec<Vec<u8>> {
    let (commands, stream) = listen(format!("* OK [CAPABILITY {EXTENSIONS}] ready\r\n"));
    connect(stream, user, password).await.expect("a session");
    Server(commands).sent()
}

fn listen(greeting: String) -> (Commands, DuplexStream) {
    let (ours, theirs) = tokio::io::duplex(1 << 20);
    let commands = Commands::default();
    tokio::spawn(serve(BufReader::new(ours), greeting, commands.clone()));
    (commands, theirs)
}

async fn connect(stream: DuplexStream, user: &str, password: &str) -> postroom::Result<Imap> {
    let config = Config::new("localhost").dangerous_plaintext();
    let (imap, driver) = Imap::handshake(stream, config, Login::password(user, password)).await?;
    tokio::spawn(driver);
    Ok(imap)
}

async fn serve(mut stream: BufReader<DuplexStream>, greeting: String, commands: Commands) -> std::io::Result<()> {
    stream.write_all(greeting.as_bytes()).await?;
    let mut command = Vec::new();
    loop {
        let start = command.len();
        if stream.read_until(b'\n', &mut command).await? == 0 {
            return Ok(());
        }
        if let Some((len, waits)) = literal(&command[start..]) {
            if waits {
                stream.write_all(b"+ go\r\n").await?;
            }
            let start = command.len();
            command.resize(start + len, 0);
            stream.read_exact(&mut command[start..]).await?;
            continue;
        }
        let tag = command.split(|byte| *byte == b' ').next().unwrap_or_default();
        let untagged = untagged(command[tag.len()..].trim_ascii_start());
        let answer = [untagged.as_bytes(), tag, b" OK done\r\n"].concat();
        commands.lock().expect("nothing panics with the lock").push(std::mem::take(&mut command));
        stream.write_all(&answer).await?;
    }
}

/// What must be sent before the OK, so that the client sends nothing more.
fn untagged(command: &[u8]) -> String {
    let is = |verb: &[u8]| command.starts_with(verb);
    if is(b"SELECT") {
        // Nothing would be fetched from an empty mailbox.
        "* 40 EXISTS\r\n* OK [UIDVALIDITY 7] stable\r\n".into()
    } else if is(b"CAPABILITY") {
        format!("* CAPABILITY {EXTENSIONS}\r\n")
    } else if is(b"UID SEARCH") {
        "* SEARCH\r\n".into()
    } else if is(b"UID FETCH") {
        // All messages go and others come: the requested ones are not missing.
        format!("{}* 40 EXISTS\r\n", "* 1 EXPUNGE\r\n".repeat(40))
    } else {
        String::new()
    }
}

/// Whether the line announces a literal: its length, and whether the client waits.
fn literal(line: &[u8]) -> Option<(usize, bool)> {
    let inside = line.strip_suffix(b"}\r\n")?;
    let digits = &inside[inside.iter().rposition(|byte| *byte == b'{')? + 1..];
    let digits = std::str::from_utf8(digits).ok()?;
    let waits = !digits.ends_with('+');
    Some((digits.trim_end_matches('+').parse().ok()?, waits))
}
