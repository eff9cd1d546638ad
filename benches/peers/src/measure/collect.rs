//! Collecting a maildrop from a real Dovecot into a Maildir, which is stored durably on the disk of the scratch folder: wall clock from
//! the start of the process to its end, compared with a raw client that writes the same way, and with mpop.

use std::path::Path;
use std::process::Command;

use super::child::{Cores, Outcome, beside};
use super::dovecot::Dovecot;
use super::figure::{Plan, report};
use super::home::{Home, Wanted};
use super::pair::{Pairs, Spread};
use crate::cli::Result;

/// A maildrop, and the part of it that must be in the Maildir in the end.
struct Job {
    cores: Cores,
    server: Dovecot,
    wanted: Wanted,
}

/// The collecting program.
#[derive(Clone, Copy)]
enum Who {
    Client,
    Raw,
    Mpop,
}

/// Compared with a raw client.
pub(super) fn collect_wall_vs_raw(plan: Plan) -> Result<f64> {
    compare(plan, Who::Raw)
}

/// Compared with mpop.
pub(super) fn collect_wall_vs_mpop(plan: Plan) -> Result<f64> {
    compare(plan, Who::Mpop)
}

/// The most memory that the collecting process held.
pub(super) fn collect_rss_mib(plan: Plan) -> Result<f64> {
    let job = Job::new(plan)?;
    let peak = |_| Ok(job.run(Who::Client)?.number("peak_kib")? / 1024.0);
    let spread = Spread::of((0..plan.pairs.div_ceil(7)).map(peak).collect::<Result<_>>()?)?;
    println!(
        "# collect: {spread} MiB (VmHWM at the end) for {} messages, {} bytes",
        job.wanted.messages, job.wanted.bytes
    );
    Ok(spread.most)
}

fn compare(plan: Plan, other: Who) -> Result<f64> {
    let job = Job::new(plan)?;
    for who in [Who::Client, other] {
        println!("# collect: {}: {}", who.name(), job.synchronisations(who)?);
    }
    // A run waits for the disk many thousand times; a few pairs are enough.
    let seconds = |who| Ok(job.run(who)?.wall.as_secs_f64());
    let pairs = Pairs::measure(plan.pairs.div_ceil(4), || seconds(Who::Client), || seconds(other))?;
    let unit = format!("wall seconds for {} messages, {} bytes", job.wanted.messages, job.wanted.bytes);
    report("collect", ["client", other.name()], &pairs, &unit);
    Ok(pairs.ratio.median)
}

impl Job {
    fn new(plan: Plan) -> Result<Self> {
        Ok(Self { cores: plan.cores, server: Dovecot::start(plan.collected)?, wanted: Wanted::of(plan.collected) })
    }

    /// Collects everything once, and checks that everything is there.
    fn run(&self, who: Who) -> Result<Outcome> {
        let home = Home::create()?;
        let done = Outcome::of_command(self.cores, &mut self.command(who, home.path())?)?;
        home.check(&self.wanted)?;
        Ok(done)
    }

    /// How often it asks the system to make something durable, as strace counts.
    fn synchronisations(&self, who: Who) -> Result<String> {
        let home = Home::create()?;
        let program = self.command(who, home.path())?;
        let counts = home.path().join("strace");
        let mut strace = Command::new("strace");
        strace.args(["-f", "-c", "-e", "trace=fsync,fdatasync,sync_file_range,msync,sync,syncfs", "-o"]).arg(&counts);
        strace.arg(program.get_program()).args(program.get_args());
        let done = Outcome::of_command(self.cores, &mut strace);
        done.map_err(|error| format!("{error} (Debian: apt-get install strace)"))?;
        home.check(&self.wanted)?;
        // Under a heading: share, seconds, microseconds a call, calls, errors (perhaps none), name.
        let table = std::fs::read_to_string(counts)?;
        let calls = table.lines().filter_map(|line| {
            let words: Vec<_> = line.split_whitespace().collect();
            let (calls, name) = (words.get(3)?.parse::<u64>().ok()?, *words.last()?);
            (name != "total").then(|| format!("{calls} {name}"))
        });
        Ok(calls.collect::<Vec<_>>().join(", "))
    }

    fn command(&self, who: Who, home: &Path) -> Result<Command> {
        let port = self.server.port.to_string();
        let mut command = match who {
            Who::Client => Command::new(beside("client")?),
            Who::Raw => Command::new(beside("raw_collect")?),
            Who::Mpop => return mpop(&port, home),
        };
        command.args(["collect", "--port", &port, "--user", "bench", "--password", "bench", "--folder"]).arg(home);
        Ok(command)
    }
}

/// mpop pipelines by itself. It synchronises each file before it is linked into `new`, and its list of UIDLs once, at the end;
/// never a folder.
fn mpop(port: &str, home: &Path) -> Result<Command> {
    let folder = home.display();
    for name in ["tmp", "new", "cur"] {
        std::fs::create_dir_all(home.join(name))?;
    }
    let file = home.join("mpoprc");
    std::fs::write(
        &file,
        format!(
            "account bench\nhost 127.0.0.1\nport {port}\nuser bench\npassword bench\ntls off\nauth user\nkeep on\n\
             received_header off\nuidls_file {folder}/uidls\ndelivery maildir {folder}\n"
        ),
    )?;
    std::fs::set_permissions(&file, std::os::unix::fs::PermissionsExt::from_mode(0o600))?;
    let mut command = Command::new("mpop");
    command.args(["--quiet", "--file"]).arg(&file).arg("bench");
    Ok(command)
}

impl Who {
    fn name(self) -> &'static str {
        match self {
            Self::Client => "client",
            Self::Raw => "raw",
            Self::Mpop => "mpop",
        }
    }
}
