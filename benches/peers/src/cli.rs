//! The command line of all the processes (`JOB --name value ...`), and the way a child ends with its parent.

use std::collections::HashMap;
use std::env;
use std::process::ExitCode;
use std::str::FromStr;

use nix::sys::resource::{Resource, getrlimit, setrlimit};

/// Any error, as a sentence.
pub type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

/// The requested job and its options.
#[derive(Debug)]
pub struct Args {
    /// The first word.
    pub job: String,
    options: HashMap<String, String>,
}

impl Args {
    /// The arguments of this process.
    pub fn read() -> Result<Self> {
        let mut words = env::args().skip(1);
        let job = words.next().ok_or("no job named")?;
        let mut options = HashMap::new();
        while let Some(word) = words.next() {
            let name = word.strip_prefix("--").ok_or_else(|| format!("unexpected {word}"))?;
            let value = words.next().ok_or_else(|| format!("--{name} has no value"))?;
            options.insert(name.to_owned(), value);
        }
        Ok(Self { job, options })
    }

    /// An option that must be there.
    pub fn need<T: FromStr>(&self, name: &str) -> Result<T> {
        self.find(name)?.ok_or_else(|| format!("--{name} is missing").into())
    }

    /// An option, or its default.
    pub fn or<T: FromStr>(&self, name: &str, default: T) -> Result<T> {
        Ok(self.find(name)?.unwrap_or(default))
    }

    fn find<T: FromStr>(&self, name: &str) -> Result<Option<T>> {
        self.options
            .get(name)
            .map(|value| value.parse().map_err(|_| format!("--{name} cannot be {value}").into()))
            .transpose()
    }
}

/// Allows this process as many descriptors as possible: a thousand connections exceed the usual limit.
pub fn allow_descriptors() -> Result<()> {
    let (_, most) = getrlimit(Resource::RLIMIT_NOFILE)?;
    Ok(setrlimit(Resource::RLIMIT_NOFILE, most, most)?)
}

/// Bytes from hexadecimal digits.
pub fn unhex(digits: &str) -> Result<Vec<u8>> {
    let pairs = digits.as_bytes().chunks(2);
    pairs.map(|pair| Ok(u8::from_str_radix(std::str::from_utf8(pair)?, 16)?)).collect()
}

/// Runs the job of a child: it ends when the process that started it does.
pub fn child(job: impl FnOnce(&Args) -> Result<()>) -> ExitCode {
    match nix::sys::prctl::set_pdeathsig(nix::sys::signal::Signal::SIGKILL) {
        Ok(()) => main(job),
        Err(error) => main(|_| Err(error.into())),
    }
}

/// Runs a process's job; an error is one sentence and a failed exit.
pub fn main(job: impl FnOnce(&Args) -> Result<()>) -> ExitCode {
    match Args::read().and_then(|args| job(&args)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{}: {error}", env::args().next().unwrap_or_default());
            ExitCode::FAILURE
        }
    }
}
