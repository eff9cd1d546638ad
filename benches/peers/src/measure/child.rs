//! Starting processes: clients on one core with their own CPU time and memory accounted, servers on another.

use std::io::{BufRead, BufReader, Read};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use nix::sched::{CpuSet, sched_getaffinity, sched_setaffinity};
use nix::unistd::Pid;
use wait4::Wait4 as _;

use crate::cli::Result;

/// The two cores of a measurement. A child inherits the core its parent is on when it is started.
#[derive(Clone, Copy, Debug)]
pub struct Cores {
    server: usize,
    client: usize,
}

impl Cores {
    /// The first core this process may use for servers (and itself), the last for clients.
    pub fn choose() -> Result<Self> {
        let allowed = sched_getaffinity(Pid::from_raw(0))?;
        let mut cores = (0..CpuSet::count()).filter(|core| allowed.is_set(*core).unwrap_or(false));
        let server = cores.next().ok_or("no core to run on")?;
        let client = cores.next_back().unwrap_or(server);
        if client == server {
            println!("# only one core: client and server share it");
        }
        let chosen = Self { server, client };
        chosen.move_to(server)?;
        Ok(chosen)
    }

    fn start_client(self, command: &mut Command) -> Result<Child> {
        self.move_to(self.client)?;
        let child = command.spawn();
        self.move_to(self.server)?;
        child.map_err(|error| format!("{}: {error}", command.get_program().display()).into())
    }

    fn move_to(self, core: usize) -> Result<()> {
        let mut set = CpuSet::new();
        set.set(core)?;
        Ok(sched_setaffinity(Pid::from_raw(0), &set)?)
    }
}

/// The cost and the output of a client.
#[derive(Debug)]
pub struct Outcome {
    /// User and system time of the process, from its start to its end.
    pub cpu: Duration,
    /// The time from its start to its end.
    pub wall: Duration,
    /// The most memory it held.
    pub max_rss: u64,
    said: String,
}

impl Outcome {
    /// Runs a client to its end.
    pub fn of(cores: Cores, program: &str, args: &[&str]) -> Result<Self> {
        Self::of_command(cores, Command::new(beside(program)?).args(args))
    }

    /// Runs a client that may be another project's.
    pub fn of_command(cores: Cores, command: &mut Command) -> Result<Self> {
        let began = Instant::now();
        let mut child = cores.start_client(command.stdin(Stdio::null()).stdout(Stdio::piped()))?;
        let mut said = String::new();
        child.stdout.take().ok_or("no standard output")?.read_to_string(&mut said)?;
        let used = child.wait4()?;
        let wall = began.elapsed();
        if !used.status.success() {
            return Err(format!("{command:?} failed ({})", used.status).into());
        }
        Ok(Self { cpu: used.rusage.utime + used.rusage.stime, wall, max_rss: used.rusage.maxrss, said })
    }

    /// All values printed under a name.
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.said.lines().filter_map(move |line| line.strip_prefix(name)?.strip_prefix(' '))
    }

    /// The one number printed under a name.
    pub fn number(&self, name: &str) -> Result<f64> {
        let text = self.all(name).next().ok_or_else(|| format!("the client said no {name}"))?;
        Ok(text.parse()?)
    }

    /// Fails unless every one of `times` values printed under a name is `expected`.
    pub fn check(&self, name: &str, expected: &str, times: u64) -> Result<()> {
        let wrong = self.all(name).find(|value| *value != expected);
        if let Some(value) = wrong {
            return Err(format!("{name} is {value} and should be {expected}").into());
        }
        let said = self.all(name).count() as u64;
        if said == times { Ok(()) } else { Err(format!("{name} was printed {said} times, not {times}").into()) }
    }
}

/// A replay server, killed when dropped.
#[derive(Debug)]
pub struct Replay {
    child: Child,
    /// Its port.
    pub port: String,
    /// The number of its messages.
    pub messages: String,
    /// Their bytes.
    pub bytes: u64,
    /// The checksum a client must find.
    pub checksum: String,
    /// The certificate that it must trust, if there is one.
    pub certificate: String,
}

impl Replay {
    /// Starts it and waits until it is ready.
    pub fn start(args: &[&str]) -> Result<Self> {
        let mut child =
            Command::new(beside("replay")?).args(args).stdin(Stdio::null()).stdout(Stdio::piped()).spawn()?;
        let out = BufReader::new(child.stdout.take().ok_or("no standard output")?);
        let mut replay = Self {
            child,
            port: String::new(),
            messages: String::new(),
            bytes: 0,
            checksum: String::new(),
            certificate: String::new(),
        };
        for line in out.lines() {
            let line = line?;
            match line.split_once(' ') {
                Some(("messages", value)) => replay.messages = value.to_owned(),
                Some(("bytes", value)) => replay.bytes = value.parse()?,
                Some(("checksum", value)) => replay.checksum = value.to_owned(),
                Some(("certificate", value)) => replay.certificate = value.to_owned(),
                Some(("ready", value)) => {
                    replay.port = value.to_owned();
                    return Ok(replay);
                }
                _ => {}
            }
        }
        Err("the replay server ended before it was ready".into())
    }
}

impl Drop for Replay {
    fn drop(&mut self) {
        // It may have ended by itself; either way it is gone afterwards.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A program built beside this one.
pub fn beside(program: &str) -> Result<PathBuf> {
    Ok(std::env::current_exe()?.with_file_name(program))
}
