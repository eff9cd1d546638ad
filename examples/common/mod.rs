//! What all examples share: the account from a URL, the password from the environment or a prompt, a mailbox of either
//! protocol, a table row, and one clear sentence for an error. It knows no example.

#![allow(dead_code, reason = "each example uses a part of it")]

use std::error::Error;
use std::process::ExitCode;

use postroom::imap::Notice;
use postroom::{Config, Imap, Login, Mailbox};
#[cfg(feature = "pop3")]
use postroom::{Pop3, Protocol};

/// The result of an example.
pub(crate) type Outcome<T = ()> = Result<T, Box<dyn Error>>;

/// What stands behind `--` on every example's command line.
pub(crate) struct Arguments {
    /// The account, where a URL was given.
    pub(crate) account: Option<Account>,
    /// Words that are none of the common ones.
    pub(crate) rest: Vec<String>,
}

/// A mailbox on some server, and the way to it.
pub(crate) struct Account {
    /// Host, port, encryption, trust.
    pub(crate) config: Config,
    /// Who, and the password.
    pub(crate) login: Login,
}

/// What every usage text ends with.
pub(crate) const COMMON: &str = "\
URL is imaps://user@host[:port][/MAILBOX] or pops://user@host[:port] (TLS from the first byte),
    or imap+starttls://... or pop+stls://... (TLS by upgrade, required).
    The password comes from POSTROOM_PASSWORD, or is asked for.
  --ca FILE               also trust the certificates in FILE (PEM)
  --auth MECHANISM        log in by this SASL mechanism and no other (PLAIN, LOGIN, CRAM-MD5, SCRAM-SHA-256, ...): for a server
                          that offers one which it cannot do; may be given several times
  --dangerous-plaintext   take imap:// and pop:// URLs, which show the password to whoever listens";

impl Arguments {
    /// Reads the command line; the password is asked for where it is needed.
    pub(crate) fn read() -> Outcome<Self> {
        let (mut url, mut roots, mut mechanisms, mut rest) = (None, Vec::new(), Vec::new(), Vec::new());
        let mut plaintext = false;
        let mut words = std::env::args().skip(1);
        while let Some(word) = words.next() {
            match word.as_str() {
                "--ca" => roots.push(words.next().ok_or("--ca needs the name of a file")?),
                "--auth" => mechanisms.push(words.next().ok_or("--auth needs the name of a mechanism")?),
                "--dangerous-plaintext" => plaintext = true,
                _ if word.contains("://") => url = Some(word),
                _ => rest.push(word),
            }
        }
        let account = url.map(|url| Account::read(&url, &roots, &mechanisms, plaintext)).transpose()?;
        Ok(Self { account, rest })
    }
}

impl Account {
    /// Host and user from the URL, trust from those files, and these mechanisms alone where there are any; the password is asked
    /// for where the environment has none.
    pub(crate) fn read(url: &str, roots: &[String], mechanisms: &[String], plaintext: bool) -> Outcome<Self> {
        let mut config = if plaintext { Config::dangerous_plaintext_url(url)? } else { url.parse()? };
        for file in roots {
            let pem = std::fs::read(file).map_err(|error| format!("{file} cannot be read: {error}"))?;
            config = config.add_root_pem(&pem)?;
        }
        let user = config.user().ok_or("the URL names no user: write user@host")?.to_owned();
        let password = match std::env::var("POSTROOM_PASSWORD") {
            Ok(password) => password,
            Err(_) => rpassword::prompt_password(format!("Password of {user} at {}: ", config.host()))?,
        };
        let login = Login::password(user, password);
        let login = if mechanisms.is_empty() { login } else { login.only(mechanisms) };
        Ok(Self { config, login })
    }

    /// An IMAP session whose server's words to the user are shown, as RFC 9051 §7.1 requires of alerts.
    pub(crate) async fn imap(&self) -> Outcome<Imap> {
        let connected = Imap::connect(self.config.clone(), self.login.clone()).await;
        let imap = connected.inspect_err(|error| error.notices().for_each(show))?;
        let mut notices = imap.notices();
        tokio::spawn(async move {
            while let Some(notice) = notices.next().await {
                notice.text().filter(|_| !matches!(notice, Notice::Progress { .. })).into_iter().for_each(show);
            }
        });
        Ok(imap)
    }

    /// Opens the mailbox, by whichever protocol the URL names.
    pub(crate) async fn open(&self) -> Outcome<Box<dyn Mailbox>> {
        Ok(match self.config.protocol() {
            #[cfg(feature = "pop3")]
            Some(Protocol::Pop3) => Box::new(Pop3::connect(self.config.clone(), self.login.clone()).await?),
            _ => {
                let imap = self.imap().await?;
                Box::new(imap.into_folder(self.config.mailbox().unwrap_or("INBOX")).await?)
            }
        })
    }
}

/// What the server says to the user, on a line of its own and without what could disturb a terminal.
fn show(text: &str) {
    eprintln!("the server says: {}", text.chars().filter(|char| !char.is_control()).collect::<String>());
}

/// Ends an example: quietly, or with one sentence and its causes, and status 1.
pub(crate) fn finish(outcome: Outcome) -> ExitCode {
    let Err(error) = outcome else { return ExitCode::SUCCESS };
    eprintln!("error: {}", sentence(error.as_ref()));
    ExitCode::FAILURE
}

/// An error and its causes, on one line.
pub(crate) fn sentence(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        let more = inner.to_string();
        if !more.is_empty() {
            text = format!("{text}: {more}");
        }
        cause = inner.source();
    }
    text
}

/// Cut, or filled up with spaces, to so many characters.
pub(crate) fn fit(text: &str, width: usize) -> String {
    let clean: String = text.chars().map(|char| if char.is_control() { ' ' } else { char }).collect();
    let columns = |char: char| if u32::from(char) >= 0x1100 { 2 } else { 1 };
    let total: usize = clean.chars().map(columns).sum();
    if total <= width {
        return format!("{clean}{}", " ".repeat(width - total));
    }
    let mut used = 0;
    let fits = |char: &char| {
        used += columns(*char);
        used < width
    };
    let kept: String = clean.chars().take_while(fits).collect();
    let taken: usize = kept.chars().map(columns).sum();
    format!("{kept}…{}", " ".repeat(width - taken - 1))
}

/// A size in bytes, for people.
pub(crate) fn size(bytes: u64) -> String {
    match bytes {
        0..10_000 => format!("{bytes} B"),
        10_000..10_000_000 => format!("{} kB", bytes / 1000),
        _ => format!("{} MB", bytes / 1_000_000),
    }
}
