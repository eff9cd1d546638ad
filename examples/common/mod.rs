//! What all examples share: the account from a URL, the password from the environment or a prompt, a mailbox of either
//! protocol, a table row, and one sentence for an error. It must not know an example.

#![allow(dead_code, unused_macros, reason = "each example uses a part of it")]

use std::error::Error;
use std::fmt;
use std::io::{self, Write as _};
use std::process::ExitCode;

use postroom::imap::Notice;
use postroom::{Config, Imap, Kind, Login, Mailbox, Message};
#[cfg(feature = "pop3")]
use postroom::{Pop3, Protocol};

/// The result of an example.
pub(crate) type Outcome<T = ()> = Result<T, Box<dyn Error>>;

/// Prints a line like `println!`, but returns an error from the function if the output is closed, as by `| head -1`.
macro_rules! say {
    ($($words:tt)*) => {
        crate::common::print(format_args!($($words)*))?
    };
}

/// The arguments of an example.
pub(crate) struct Arguments {
    /// The accounts whose URLs were given.
    pub(crate) accounts: Vec<Account>,
    /// The other arguments that are not options, such as a directory.
    pub(crate) rest: Vec<String>,
    /// The options of this example that were given.
    pub(crate) options: Vec<String>,
    /// Those with a value.
    values: Vec<(String, String)>,
    trust: Trust,
}

/// What the common options say about servers.
#[derive(Debug, Default)]
pub(crate) struct Trust {
    /// Files with certificates.
    pub(crate) roots: Vec<String>,
    pub(crate) mechanisms: Vec<String>,
    pub(crate) plaintext: bool,
}

/// The arguments that one example takes, besides the URL and the common options.
#[derive(Default)]
pub(crate) struct Accepts {
    /// Its first line of help.
    pub(crate) usage: &'static str,
    /// Options without a value.
    pub(crate) options: &'static [&'static str],
    /// Options with a value.
    pub(crate) values: &'static [&'static str],
    /// How many arguments that are not options are needed after the URL.
    pub(crate) rest: usize,
    /// How many more there may be.
    pub(crate) more: usize,
    /// Whether it takes several URLs.
    pub(crate) several: bool,
    /// Whether it runs without a URL.
    pub(crate) url_optional: bool,
}

/// A mailbox on some server, and the way to it.
pub(crate) struct Account {
    /// Host, port, encryption, trust.
    pub(crate) config: Config,
    /// The user and the password.
    pub(crate) login: Login,
}

/// The last lines of every usage text.
pub(crate) const COMMON: &str = "\
URL is imaps://user@host[:port][/MAILBOX] or pops://user@host[:port] (TLS from the first byte),
    or imap+starttls://... or pop+stls://... (TLS by upgrade, required).
    The password is read from POSTROOM_PASSWORD, or asked for.
  --ca FILE               also trust the certificates in FILE (PEM)
  --auth MECHANISM        log in only by this SASL mechanism (PLAIN, LOGIN, CRAM-MD5, SCRAM-SHA-256, ...), for a server that
                          offers one which it cannot serve; may be given several times
  --dangerous-plaintext   accept imap:// and pop:// URLs, which send the password unencrypted
  --help                  print this";

/// A mistake in the command line.
#[derive(Debug)]
pub(crate) struct Usage(pub(crate) String);

impl fmt::Display for Usage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Error for Usage {}

/// The reader of the output has closed it.
#[derive(Debug)]
pub(crate) struct OutputClosed;

impl fmt::Display for OutputClosed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the output is closed")
    }
}

impl Error for OutputClosed {}

/// Writes one line to the standard output; see `say!`.
pub(crate) fn print(line: fmt::Arguments<'_>) -> Outcome {
    match writeln!(io::stdout().lock(), "{line}") {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Err(Box::new(OutputClosed)),
        written => Ok(written?),
    }
}

impl Arguments {
    /// Reads the command line, and the password if there is a URL. `None` if it printed the usage text, which `--help` or no
    /// argument at all ask for.
    pub(crate) fn read(accepts: &Accepts) -> Outcome<Option<Self>> {
        let (mut urls, mut trust) = (Vec::new(), Trust::default());
        let (mut rest, mut options, mut values) = (Vec::new(), Vec::new(), Vec::new());
        let mut words = std::env::args().skip(1).peekable();
        let help = |word: &String| word == "--help" || word == "-h";
        if std::env::args().skip(1).any(|word| help(&word)) || (words.peek().is_none() && !accepts.url_optional) {
            say!("usage: {}\n\n{COMMON}", accepts.usage);
            return Ok(None);
        }
        while let Some(word) = words.next() {
            // Both `--name value` and `--name=value`.
            let (name, given) = match word.split_once('=') {
                Some((name, value)) if name.starts_with("--") => (name.to_owned(), Some(value.to_owned())),
                _ => (word.clone(), None),
            };
            let mut value = || {
                let value = given.clone().or_else(|| words.next_if(|next| !next.starts_with("--")));
                value.ok_or_else(|| Usage(format!("{name} needs a value")))
            };
            match name.as_str() {
                "--ca" => trust.roots.push(value()?),
                "--auth" => trust.mechanisms.push(value()?),
                option if accepts.values.contains(&option) => {
                    let value = value()?;
                    values.push((name, value));
                }
                _ if given.is_some() => return Err(Usage(format!("the option {word} is not known")).into()),
                "--dangerous-plaintext" => trust.plaintext = true,
                option if accepts.options.contains(&option) => options.push(name),
                option if option.starts_with('-') => {
                    return Err(Usage(format!("the option {option} is not known")).into());
                }
                _ if word.contains("://") && (accepts.several || urls.is_empty()) => urls.push(word),
                _ if rest.len() < accepts.rest + accepts.more => rest.push(word),
                _ => return Err(Usage(format!("the argument {word} is one too many")).into()),
            }
        }
        let common = trust.plaintext || !trust.roots.is_empty() || !trust.mechanisms.is_empty();
        if urls.is_empty() && (!accepts.url_optional || (common && accepts.rest == 0)) {
            return Err(Usage("there is no URL".to_owned()).into());
        }
        if rest.len() < accepts.rest {
            return Err(Usage("an argument is missing".to_owned()).into());
        }
        let accounts = urls.iter().map(|url| Account::read(url, None, &trust)).collect::<Outcome<_>>()?;
        Ok(Some(Self { accounts, rest, options, values, trust }))
    }

    /// The accounts in this file: on each line a URL and, after a space, the password. Empty lines and those with `#` at the beginning are
    /// left out.
    pub(crate) fn accounts_in(&self, file: &str) -> Outcome<Vec<Account>> {
        let text = std::fs::read_to_string(file).map_err(|error| Usage(format!("{file}: {error}")))?;
        let lines = text.lines().filter(|line| !line.trim().is_empty() && !line.starts_with('#'));
        let account = |line: &str| {
            let (url, password) =
                line.split_once(' ').ok_or_else(|| Usage(format!("{file}: a password is missing")))?;
            Account::read(url, Some(password), &self.trust)
        };
        lines.map(account).collect()
    }

    /// The account, for an example that needs one.
    pub(crate) fn account(&self) -> Outcome<&Account> {
        Ok(self.accounts.first().ok_or_else(|| Usage("there is no URL".to_owned()))?)
    }

    /// The value of this option, or nothing.
    pub(crate) fn value(&self, option: &str) -> &str {
        self.values.iter().find(|(name, _)| name == option).map_or("", |(_, value)| value)
    }
}

impl Account {
    /// The host and the user from the URL, the trusted certificates from these files, and only these mechanisms, if there are any.
    /// Without a password here it comes from the environment, or from a prompt.
    pub(crate) fn read(url: &str, password: Option<&str>, trust: &Trust) -> Outcome<Self> {
        let Trust { roots, mechanisms, plaintext } = trust;
        let wrong = |error: postroom::Error| Usage(format!("{url}: {error}"));
        let parsed = if *plaintext { Config::dangerous_plaintext_url(url) } else { url.parse() };
        let mut config = parsed.map_err(wrong)?;
        for file in roots {
            let wrong = |error: &(dyn Error + 'static)| Usage(format!("{file}: {}", sentence(error)));
            let pem = std::fs::read(file).map_err(|error| wrong(&error))?;
            config = config.add_root_pem(&pem).map_err(|error| wrong(&error))?;
        }
        let user = config.user().ok_or_else(|| Usage("the URL has no user: write user@host".to_owned()))?.to_owned();
        let password = match (password, std::env::var("POSTROOM_PASSWORD")) {
            (Some(password), _) => password.to_owned(),
            (None, Ok(password)) => password,
            (None, Err(_)) => rpassword::prompt_password(format!("Password of {user} at {}: ", config.host()))?,
        };
        let login = Login::password(user, password);
        let login = if mechanisms.is_empty() { login } else { login.only(mechanisms) };
        Ok(Self { config, login })
    }

    /// An IMAP session. The server's messages to the user are shown, as RFC 9051 §7.1 requires for alerts.
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

    /// Opens the mailbox by the protocol of the URL.
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

/// The name or address of the first author, and the subject.
#[cfg(feature = "mail-parser")]
pub(crate) fn from_and_subject(message: &Message) -> (String, String) {
    let Some(mail) = message.parse() else { return Default::default() };
    let from = mail.from().and_then(|from| from.first());
    let from = from.and_then(|from| from.name().or_else(|| from.address())).unwrap_or_default();
    (from.to_owned(), mail.subject().unwrap_or_default().to_owned())
}

/// The same, undecoded.
#[cfg(not(feature = "mail-parser"))]
pub(crate) fn from_and_subject(message: &Message) -> (String, String) {
    let header = String::from_utf8_lossy(message.bytes());
    let field = |name: &str| {
        let value = header.lines().find_map(|line| {
            let (field, value) = line.split_once(':')?;
            field.eq_ignore_ascii_case(name).then(|| value.trim().to_owned())
        });
        value.unwrap_or_default()
    };
    (field("From"), field("Subject"))
}

/// Prints a message of the server on a line of its own, without control characters.
fn show(text: &str) {
    eprintln!("the server says: {}", text.chars().filter(|char| !char.is_control()).collect::<String>());
}

/// Ends an example: with status 0, with 2 for a mistake in the command line, or with 1 for another error.
pub(crate) fn finish(outcome: Outcome) -> ExitCode {
    match outcome {
        Err(error) if !error.is::<OutputClosed>() => {
            eprintln!("error: {}", sentence(error.as_ref()));
            // A configuration that cannot work comes from the command line too.
            let input = error.downcast_ref::<postroom::Error>().is_some_and(|error| error.kind() == Kind::Input);
            ExitCode::from(if input || error.is::<Usage>() { 2 } else { 1 })
        }
        _ => ExitCode::SUCCESS,
    }
}

/// An error and its causes, on one line.
pub(crate) fn sentence(error: &(dyn Error + 'static)) -> String {
    match error.downcast_ref::<postroom::Error>() {
        Some(error) => format!("{error:#}"),
        None => error.to_string(),
    }
}

/// The text, cut or filled with spaces to this width.
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

/// A size in a readable unit.
pub(crate) fn size(bytes: u64) -> String {
    match bytes {
        0..10_000 => format!("{bytes} B"),
        10_000..10_000_000 => format!("{} kB", bytes / 1000),
        _ => format!("{} MB", bytes / 1_000_000),
    }
}
