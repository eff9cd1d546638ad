//! The needle test: a password that is new with each run never appears, in any of its forms on the wire, in what is printed, logged,
//! recorded or reported by an error or a panic; for every way to log in, and servers that accept it, refuse it, echo it and break off.

use std::collections::hash_map::RandomState;
use std::error::Error as _;
use std::fmt::Write as _;
use std::hash::{BuildHasher, Hasher};
use std::io;
use std::sync::{Arc, Mutex};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use postroom::imap::Imap;
use postroom::pop3::Pop3;
use postroom::testing::Server;
use postroom::{Config, Error, Login, Recorder, SaslError, SaslExchange, SaslMechanism, SaslPeer, Secret};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, DuplexStream};
use tracing::level_filters::LevelFilter;
use tracing_subscriber::fmt::format::FmtSpan;

use crate::log::Log;

/// One way to log in: what makes the login of a secret, and the mechanism's name, `None` for the protocol's own command.
struct Way {
    name: Option<&'static str>,
    login: fn(&str) -> Login,
}

/// Every way there is; a new mechanism needs a row and, if it asks more than one question, its challenges in `Peer::challenges`.
const WAYS: &[Way] = &[
    Way { name: None, login: |secret| Login::password("alice", secret).protocol_command_only() },
    Way { name: Some("PLAIN"), login: |secret| Login::password("alice", secret).only(["PLAIN"]) },
    Way { name: Some("LOGIN"), login: |secret| Login::password("alice", secret).only(["LOGIN"]) },
    Way { name: Some("CRAM-MD5"), login: |secret| Login::password("alice", secret).only(["CRAM-MD5"]) },
    Way { name: Some("SCRAM-SHA-1"), login: |secret| Login::password("alice", secret).only(["SCRAM-SHA-1"]) },
    Way { name: Some("SCRAM-SHA-256"), login: |secret| Login::password("alice", secret).only(["SCRAM-SHA-256"]) },
    Way { name: Some("SCRAM-SHA-512"), login: |secret| Login::password("alice", secret).only(["SCRAM-SHA-512"]) },
    Way { name: Some("X-OWN"), login: |secret| Login::sasl("alice", Own(secret.into())) },
    Way { name: Some("OAUTHBEARER"), login: |token| Login::oauth_token("alice", token).only(["OAUTHBEARER"]) },
    Way { name: Some("XOAUTH2"), login: |token| Login::oauth_token("alice", token).only(["XOAUTH2"]) },
    // POP3 alone.
    Way { name: Some(APOP), login: |secret| Login::password("alice", secret).protocol_command_only().apop() },
];

const APOP: &str = "APOP";

/// A mechanism of the caller's own, which shows its secret in one message.
struct Own(Secret);

struct OwnExchange(Option<Secret>);

impl SaslMechanism for Own {
    fn name(&self) -> &str {
        "X-OWN"
    }

    /// It does show it, but the test has no TLS.
    fn shows_nothing(&self) -> bool {
        true
    }

    fn begin(&self, _: &SaslPeer<'_>) -> Result<Box<dyn SaslExchange>, SaslError> {
        Ok(Box::new(OwnExchange(Some(self.0.clone()))))
    }
}

impl SaslExchange for OwnExchange {
    fn initial(&mut self) -> Result<Option<Secret>, SaslError> {
        Ok(self.0.take())
    }

    fn answer(&mut self, _: &[u8]) -> Result<Secret, SaslError> {
        Err("there is no second message".into())
    }

    fn finish(&self) -> Result<(), SaslError> {
        Ok(())
    }
}

/// What the server does with the proof.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Mood {
    Takes,
    Refuses,
    /// Echoes what it received, as it came and decoded, in the refusal, its code and lines around it.
    Echoes,
    Cuts,
}

const MOODS: [Mood; 4] = [Mood::Takes, Mood::Refuses, Mood::Echoes, Mood::Cuts];

/// New with each run.
fn needles() -> Vec<String> {
    let mut random = RandomState::new().build_hasher();
    random.write_u8(7);
    let number = random.finish();
    vec![
        format!("needle{number:016x}"),
        format!("ne\"ed\\le {number:016x}"),
        format!("nädel{number:016x}ü"),
        format!("{number:016x}+/needle=="),
    ]
}

/// Every form in which a secret of this user may appear.
fn forms(secret: &str) -> Vec<String> {
    let quoted = secret.replace('\\', "\\\\").replace('"', "\\\"");
    let whole = [
        secret.to_owned(),
        format!("\0alice\0{secret}"),
        format!("alice\0alice\0{secret}"),
        format!("n,a=alice,\x01auth=Bearer {secret}\x01\x01"),
        format!("user=alice\x01auth=Bearer {secret}\x01\x01"),
    ];
    let mut forms: Vec<String> =
        whole.iter().map(|text| STANDARD.encode(text).trim_end_matches('=').to_owned()).collect();
    forms.extend([
        secret.to_owned(),
        quoted,
        secret.escape_debug().to_string(),
        secret.as_bytes().escape_ascii().to_string(),
    ]);
    // Whatever the form, this is the part that cannot be guessed.
    forms.extend(
        secret.split(|char: char| !char.is_ascii_hexdigit()).filter(|part| part.len() >= 16).map(str::to_owned),
    );
    forms
}

/// A server of either protocol with this behaviour, and one mechanism at most.
struct Peer {
    stream: BufReader<DuplexStream>,
    mood: Mood,
    mechanism: Option<&'static str>,
    /// Pieces of this size, so that what it echoes comes in parts.
    piece: usize,
    /// What it received, which must appear nowhere else.
    shown: Arc<Mutex<Vec<String>>>,
}

impl Peer {
    /// The challenges before the verdict, in base64.
    fn challenges(&self) -> &'static [&'static str] {
        match self.mechanism {
            Some("LOGIN") => &["VXNlcm5hbWU6", "UGFzc3dvcmQ6"],
            Some("CRAM-MD5") => &["PDEyMzQ1LjY3ODlAbG9jYWxob3N0Pg=="],
            Some("PLAIN" | "X-OWN" | "XOAUTH2" | "OAUTHBEARER" | "ANONYMOUS" | "EXTERNAL") => &[""],
            _ => &[],
        }
    }

    async fn say(&mut self, text: &[u8]) {
        for piece in text.chunks(self.piece) {
            // A client that has gone reads nothing.
            if self.stream.write_all(piece).await.is_err() || self.stream.flush().await.is_err() {
                return;
            }
            tokio::task::yield_now().await;
        }
    }

    async fn line(&mut self) -> Option<Vec<u8>> {
        let mut line = Vec::new();
        let count = self.stream.read_until(b'\n', &mut line).await.unwrap_or(0);
        (count > 0).then(|| line.trim_ascii_end().to_vec())
    }

    /// The proof as it came, in one line.
    async fn proof(&mut self, line: Vec<u8>, initial: usize) -> Vec<u8> {
        let mut heard = line.clone();
        if self.mechanism.is_some_and(|name| name.starts_with("SCRAM")) {
            return self.scram(heard, initial).await;
        }
        if line.split(|byte| *byte == b' ').count() > initial {
            return heard;
        }
        for challenge in self.challenges() {
            self.say(format!("+ {challenge}\r\n").as_bytes()).await;
            let answer = self.line().await.unwrap_or_default();
            heard.extend_from_slice(b" ");
            heard.extend_from_slice(&answer);
        }
        heard
    }

    /// The first message came with the command or comes now; the salt follows, and the proof (RFC 5802 §3).
    async fn scram(&mut self, mut heard: Vec<u8>, initial: usize) -> Vec<u8> {
        if heard.split(|byte| *byte == b' ').count() <= initial {
            self.say(b"+ \r\n").await;
            heard.extend([b" ".to_vec(), self.line().await.unwrap_or_default()].concat());
        }
        let first = STANDARD.decode(heard.rsplit(|byte| *byte == b' ').next().unwrap()).unwrap();
        let nonce = String::from_utf8(first).unwrap().split_once(",r=").unwrap().1.to_owned();
        let second = STANDARD.encode(format!("r={nonce}server,s=c2FsdHNhbHQ=,i=4096"));
        self.say(format!("+ {second}\r\n").as_bytes()).await;
        heard.extend([b" ".to_vec(), self.line().await.unwrap_or_default()].concat());
        heard
    }

    /// What it echoes: the words of the proof, each also decoded.
    fn echo(heard: &[u8]) -> Vec<u8> {
        let mut echo = heard.to_vec();
        for word in heard.split(|byte| *byte == b' ') {
            if let Ok(message) = STANDARD.decode(word) {
                echo.push(b' ');
                echo.extend(message.iter().map(|byte| if byte.is_ascii_control() { b' ' } else { *byte }));
            }
        }
        echo
    }

    async fn imap(mut self) {
        let auth = self.mechanism.map(|name| format!(" AUTH={name}")).unwrap_or_default();
        let sasl_ir = if self.piece.is_multiple_of(2) { " SASL-IR" } else { "" };
        self.say(format!("* OK [CAPABILITY IMAP4rev1{sasl_ir}{auth}] ready\r\n").as_bytes()).await;
        while let Some(line) = self.line().await {
            let text = String::from_utf8_lossy(&line).into_owned();
            let (tag, rest) = text.split_once(' ').unwrap();
            let verb = rest.split(' ').next().unwrap();
            match verb {
                "LOGIN" | "AUTHENTICATE" => {
                    let mut heard = match verb {
                        "LOGIN" => line.clone(),
                        _ => self.proof(line.clone(), 3).await,
                    };
                    while heard.ends_with(b"}") {
                        self.say(b"+ go on\r\n").await;
                        heard.push(b' ');
                        heard.extend(self.line().await.unwrap_or_default());
                    }
                    if !self.judge(tag, " NO", " OK", &heard, b"* ").await {
                        return;
                    }
                }
                "LOGOUT" => return self.say(format!("* BYE\r\n{tag} OK\r\n").as_bytes()).await,
                "CAPABILITY" => self.say(format!("* CAPABILITY IMAP4rev1\r\n{tag} OK\r\n").as_bytes()).await,
                _ => self.say(format!("{tag} OK\r\n").as_bytes()).await,
            }
        }
    }

    async fn pop3(mut self) {
        self.say(b"+OK ready <1896.697170952@dbc.mtview.ca.us>\r\n").await;
        while let Some(line) = self.line().await {
            match line.split(|byte| *byte == b' ').next().unwrap() {
                b"CAPA" => {
                    let sasl = match self.mechanism {
                        None | Some(APOP) => "USER".to_owned(),
                        Some(name) => format!("SASL {name}"),
                    };
                    self.say(format!("+OK\r\n{sasl}\r\n.\r\n").as_bytes()).await;
                }
                b"PASS" | b"APOP" => {
                    if !self.judge("", "-ERR", "+OK", &line, b"").await {
                        return;
                    }
                }
                b"AUTH" => {
                    let heard = self.proof(line.clone(), 2).await;
                    if !self.judge("", "-ERR", "+OK", &heard, b"").await {
                        return;
                    }
                }
                b"STAT" => self.say(b"+OK 0 0\r\n").await,
                _ => self.say(b"+OK\r\n").await,
            }
        }
    }

    /// Whether the session continues.
    async fn judge(&mut self, tag: &str, no: &str, ok: &str, heard: &[u8], untagged: &[u8]) -> bool {
        let echo = Self::echo(heard);
        let heard = String::from_utf8_lossy(heard).into_owned();
        let words = heard
            .split(' ')
            .filter(|word| word.len() >= 12 && Some(*word) != self.mechanism && *word != "AUTHENTICATE");
        self.shown.lock().unwrap().extend(words.map(str::to_owned));
        let mut text = Vec::new();
        match self.mood {
            Mood::Takes => text.extend(format!("{tag}{ok} done\r\n").bytes()),
            Mood::Refuses => text.extend(format!("{tag}{no} [AUTHENTICATIONFAILED] no\r\n").bytes()),
            Mood::Echoes => {
                if !untagged.is_empty() {
                    text.extend([untagged, b"NO ", &echo, b"\r\n"].concat());
                }
                // A code's name is one atom; the text after it is not.
                let word = echo.rsplit(|byte| *byte == b' ').next().unwrap_or_default();
                let word = if word.iter().any(|byte| b"[]\\\"".contains(byte)) { &b""[..] } else { word };
                text.extend([tag.as_bytes(), no.as_bytes(), b" [X", word, b" ", &echo, b"] ", &echo, b"\r\n"].concat());
            }
            Mood::Cuts => {
                text.extend([tag.as_bytes(), no.as_bytes(), b" ", &echo].concat());
                text.truncate(text.len() - 3);
            }
        }
        self.say(&text).await;
        self.mood != Mood::Cuts
    }
}

/// Everything that an error reports, in every form of output.
fn report(error: &Error) -> String {
    let mut text = format!("{error} {error:?} {error:#?} {:?}", error.code());
    let mut source = error.source();
    while let Some(cause) = source {
        write!(text, " {cause} {cause:?}").unwrap();
        source = cause.source();
    }
    let other = io::Error::from(error.clone());
    write!(text, " {other} {other:?}").unwrap();
    text
}

/// One session and everything that it outputs.
async fn imap(stream: DuplexStream, config: Config, login: Login) -> String {
    match Imap::handshake(stream, config, login).await {
        Ok((imap, driver)) => {
            let mut text = format!("{imap:?} {driver:?} {:?}", imap.capabilities());
            let driver = tokio::spawn(driver);
            if let Err(error) = imap.noop().await {
                text += &report(&error);
            }
            if let Err(error) = imap.logout().await {
                text += &report(&error);
            }
            if let Ok(Err(error)) = driver.await {
                text += &report(&error);
            }
            text
        }
        Err(error) => report(&error),
    }
}

async fn pop3(stream: DuplexStream, config: Config, login: Login) -> String {
    match Pop3::handshake(stream, config, login).await {
        Ok((pop3, driver)) => {
            let mut text = format!("{pop3:?} {driver:?} {:?}", pop3.capabilities());
            let driver = tokio::spawn(driver);
            if let Err(error) = pop3.stat().await {
                text += &report(&error);
            }
            if let Err(error) = pop3.quit().await {
                text += &report(&error);
            }
            if let Ok(Err(error)) = driver.await {
                text += &report(&error);
            }
            text
        }
        Err(error) => report(&error),
    }
}

fn assert_clean(where_from: &str, text: &str, secret: &str) {
    for form in forms(secret) {
        let found = text.find(&form).or_else(|| text.to_lowercase().find(&form.to_lowercase()));
        assert!(found.is_none(), "{where_from}: {form:?} is in\n{text}");
    }
}

#[tokio::test]
async fn a_secret_is_in_nothing_that_is_told() {
    // All tasks of this test are on this thread.
    let (log, _guard) = Log::of_this_thread(LevelFilter::TRACE, FmtSpan::FULL);
    let mut runs = 0;
    for secret in needles() {
        for way in WAYS {
            for mood in MOODS {
                for (protocol, piece) in [("IMAP", 4096), ("IMAP", 1), ("IMAP", 7), ("POP3", 4096), ("POP3", 1)] {
                    // SCRAM derives its keys each time, which is slow on purpose.
                    let is_slow = way.name.is_some_and(|name| name.starts_with("SCRAM")) && piece != 4096;
                    if protocol == "IMAP" && way.name == Some(APOP) || is_slow {
                        continue;
                    }
                    let shown = Arc::<Mutex<Vec<String>>>::default();
                    let (ours, theirs) = tokio::io::duplex(1 << 16);
                    let peer =
                        Peer { stream: BufReader::new(theirs), mood, mechanism: way.name, piece, shown: shown.clone() };
                    let (recorder, login) = (Recorder::new(), (way.login)(&secret));
                    let config = Config::new("localhost").dangerous_plaintext().record(&recorder);
                    let mut text = format!("{login:?} {login:#?} {config:?} {recorder:?}");
                    text += &match protocol {
                        "IMAP" => {
                            tokio::spawn(peer.imap());
                            imap(ours, config, login).await
                        }
                        _ => {
                            tokio::spawn(peer.pop3());
                            pop3(ours, config, login).await
                        }
                    };
                    let here = format!("{protocol} {:?} {mood:?} in pieces of {piece}", way.name);
                    assert_clean(&format!("{here}: the report"), &text, &secret);
                    let logged = log.take();
                    assert_clean(&format!("{here}: the log"), &logged, &secret);
                    let transcript = recorder.transcripts().concat();
                    // Not every way takes every secret: some are not ASCII, or no token.
                    let refused = shown.lock().unwrap().is_empty() && text.contains("Input");
                    let kept = logged.contains("C: ") && transcript.contains("{*}\n");
                    assert!(kept || refused, "{here}: {logged} {transcript}");
                    assert_clean(&format!("{here}: the transcript"), &transcript, &secret);
                    for proof in shown.lock().unwrap().iter() {
                        for (place, text) in
                            [("the report", &text), ("the log", &logged), ("the transcript", &transcript)]
                        {
                            assert!(!text.contains(proof), "{here}: the proof {proof} is in {place}:\n{text}");
                        }
                    }
                    runs += usize::from(!shown.lock().unwrap().is_empty());
                }
            }
        }
    }
    // USER and PASS, SCRAM and OAuth do not take every one.
    assert!(runs > needles().len() * WAYS.len() * MOODS.len() * 2, "only {runs} logins reached the server");
}

/// Channel binding needs TLS, and so the embedded server, which has kept what it was sent.
#[tokio::test]
async fn a_bound_login_is_in_nothing_that_is_told() {
    let (log, _guard) = Log::of_this_thread(LevelFilter::TRACE, FmtSpan::FULL);
    let secret = needles().remove(0);
    let server =
        Server::builder().user("alice", &secret).auth_mechanisms(["SCRAM-SHA-256-PLUS"]).start().await.unwrap();
    for password in [&*secret, "another"] {
        server.clear_commands();
        let recorder = Recorder::new();
        let config =
            Config::new("localhost").port(server.imaps_port()).add_root_pem(server.ca_pem().as_bytes()).unwrap();
        let login = Login::password("alice", password);
        let mut text = format!("{login:?} {config:?}");
        match Imap::connect(config.record(&recorder), login).await {
            Ok(imap) => {
                text += &format!("{imap:?}");
                imap.logout().await.unwrap();
            }
            Err(error) => text += &report(&error),
        }
        let (logged, transcript) = (log.take(), recorder.transcripts().concat());
        let proofs: Vec<String> =
            server.commands().iter().flat_map(|line| line.split(' ').map(str::to_owned)).collect();
        let proofs: Vec<&String> = proofs.iter().filter(|word| word.len() > 40).collect();
        assert!(proofs.len() >= 2 && logged.contains("C: "), "{proofs:?} {logged}");
        for (place, text) in [("the report", &text), ("the log", &logged), ("the transcript", &transcript)] {
            assert_clean(place, text, &secret);
            for proof in &proofs {
                assert!(!text.contains(*proof), "the proof {proof} is in {place}:\n{text}");
            }
        }
    }
}

#[tokio::test]
async fn a_panic_beside_a_login_does_not_tell_it() {
    let (secret, text) = (needles().remove(0), Arc::new(Mutex::new(String::new())));
    let (login, proof) = (Login::password("alice", &*secret), Secret::from(&*secret));
    let kept = text.clone();
    let before = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| kept.lock().unwrap().push_str(&format!("{info} {info:?}"))));
    let shown = std::panic::AssertUnwindSafe((login, proof));
    let outcome = std::panic::catch_unwind(|| panic!("{:?} {:#?}", shown.0, &*shown));
    std::panic::set_hook(before);
    assert!(outcome.is_err());
    let text = text.lock().unwrap().clone();
    assert!(text.contains("alice"), "{text}");
    assert_clean("a panic", &text, &secret);
}

#[test]
fn the_test_finds_what_it_looks_for() {
    for secret in needles() {
        for form in forms(&secret) {
            let planted = format!("before {form} behind");
            assert!(std::panic::catch_unwind(|| assert_clean("planted", &planted, &secret)).is_err(), "{form}");
        }
    }
}
