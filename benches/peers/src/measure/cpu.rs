//! CPU time of a client compared with a peer's or the drain's. Connecting, logging in and leaving are measured alone and subtracted.

use super::child::{Outcome, Replay};
use super::codec;
use super::figure::{Plan, report};
use super::pair::Pairs;
use crate::cli::Result;

/// Read sizes; the drain's best one is used.
pub(super) const READS: [&str; 3] = ["65536", "262144", "1048576"];

/// The lines of 57 octets that are 100 MB.
pub(super) const LINES: &str = "1754386";

/// Reads a few fields only.
const FEW: [&str; 2] = ["--fields", "few"];
/// Counts the bytes of bodies, as the drain does.
const COUNT: [&str; 2] = ["--sum", "0"];

/// The messages of the ENVELOPE job.
const MANY: &str = "100000";

/// One client and the job that it repeats.
#[derive(Clone, Copy)]
struct Side<'a> {
    program: &'a str,
    job: &'a str,
    server: &'a Replay,
    more: &'a [&'a str],
}

/// Postroom beside async-imap at the same job, every field read on both sides.
pub(super) fn against_async_imap(plan: Plan, job: &str) -> Result<f64> {
    let server = Replay::start(&[job, "--count", MANY])?;
    let [client, peer] = ["client", "peer_async_imap"].map(|program| Side { program, job, server: &server, more: &[] });
    compare(plan, ["client", "async-imap"], [client, peer])
}

/// Postroom beside a drain that only counts bytes.
pub(super) fn against_drain(plan: Plan, job: &str, count: &str) -> Result<f64> {
    against(plan, job, count, &[])
}

/// The ENVELOPE job compared with the drain, as the other clients were measured with whose ratios it is compared: everything is
/// parsed, a few
/// fields of each message are read. The ratio with every field read into the checksum is printed before.
pub(super) fn envelope_against_drain(plan: Plan) -> Result<f64> {
    let whole = Plan { pairs: plan.pairs.div_ceil(3), ..plan };
    println!("# envelope: every field of every message read:");
    against(whole, "envelope", MANY, &[])?;
    println!("# envelope: UID, subject and first sender read:");
    against(plan, "envelope", MANY, &FEW)
}

/// Large bodies compared with the drain: both count bytes, after one run in which every byte went into the checksum.
pub(super) fn large_against_drain(plan: Plan) -> Result<f64> {
    let server = Replay::start(&["large", "--count", "500"])?;
    Side { program: "client", job: "large", server: &server, more: &["--count", "500"] }.run(plan, 1)?;
    drop(server);
    against(plan, "large", "500", &COUNT)
}

/// What COMPRESS adds to the ENVELOPE job, beside flate2 inflating the same bytes in memory.
pub(super) fn compress_against_flate2(plan: Plan) -> Result<f64> {
    let server = Replay::start(&["compress", "--count", MANY])?;
    let plain = Side { program: "client", job: "envelope", server: &server, more: &[] };
    let compressed = Side { more: &["--compress", "1"], ..plain };
    let reps = plan.repetitions(plain.seconds(plan, 1)?);
    let (once, bytes) = codec::inflate(plan, MANY, 1)?;
    let times = plan.repetitions(once);
    let pairs = Pairs::measure(
        plan.pairs,
        || Ok(compressed.seconds(plan, reps)? - plain.seconds(plan, reps)?),
        || Ok(codec::inflate(plan, MANY, times)?.0),
    )?;
    let unit = format!("CPU seconds for {} bytes, {bytes} compressed; repeated {reps} and {times} times", server.bytes);
    report("compress", ["client with COMPRESS less the same without", "flate2"], &pairs, &unit);
    Ok(pairs.ratio.median)
}

/// 100 MB of a part in base64, read decoded, compared with reading it as it is and decoding the same octets in memory without line ends,
/// by the `base64` crate. One run before puts every octet into the checksum.
pub(super) fn decode_100mb(plan: Plan) -> Result<f64> {
    let server = Replay::start(&["encoded", "--lines", LINES])?;
    let more = ["--lines", LINES];
    Side { program: "client", job: "decode", server: &server, more: &more }.run(plan, 1)?;
    let counted = [&more[..], &COUNT].concat();
    let client = Side { program: "client", job: "decode", server: &server, more: &counted };
    let other = Side { job: "undecoded", ..client };
    compare(plan, ["read_part", "read and base64"], [client, other])
}

fn against(plan: Plan, job: &str, count: &str, fields: &[&str]) -> Result<f64> {
    let server = Replay::start(&[job, "--count", count])?;
    let login = ["--count", count, "--user", "user", "--password", "password"];
    let more = [&login[..], fields].concat();
    let client = Side { program: "client", job, server: &server, more: &more };
    let (read, _) = best_read(|read| {
        let more = [&login[..], &["--read", read]].concat();
        let drain = Side { program: "drain", more: &more, ..client };
        let reps = plan.repetitions(drain.seconds(plan, 1)?);
        drain.seconds(plan, reps)
    })?;
    let more = [&login[..], &["--read", read]].concat();
    let drain = Side { program: "drain", more: &more, ..client };
    let sides = ["client", &format!("drain with reads of {read}")];
    compare(plan, sides, [client, drain])
}

fn compare(plan: Plan, names: [&str; 2], [client, other]: [Side<'_>; 2]) -> Result<f64> {
    let reps = [client, other].map(|side| Ok(plan.repetitions(side.seconds(plan, 1)?)));
    let [first, second]: [Result<u64>; 2] = reps;
    let (first, second) = (first?, second?);
    let pairs = Pairs::measure(plan.pairs, || client.seconds(plan, first), || other.seconds(plan, second))?;
    let server = client.server;
    report(
        client.job,
        names,
        &pairs,
        &format!(
            "CPU seconds for {} messages, {} bytes; repeated {first} and {second} times",
            server.messages, server.bytes
        ),
    );
    Ok(pairs.ratio.median)
}

impl Side<'_> {
    /// The CPU seconds of doing the job once, measured by doing it `reps` times over one connection.
    fn seconds(self, plan: Plan, reps: u64) -> Result<f64> {
        let spent = self.run(plan, reps)? - self.run(plan, 0)?;
        Ok(spent / reps as f64)
    }

    fn run(self, plan: Plan, reps: u64) -> Result<f64> {
        let times = reps.to_string();
        let port = &self.server.port;
        let args = [&[self.job, "--port", port, "--reps", &times], self.more].concat();
        let done = Outcome::of(plan.cores, self.program, &args)?;
        if self.program == "drain" {
            if done.number("bytes")? < (self.server.bytes * reps) as f64 {
                return Err("the drain got fewer bytes than there are".into());
            }
        } else {
            done.check("messages", &self.server.messages, reps)?;
            // The sum is over all fields and all bytes.
            if self.more.ends_with(&COUNT) {
                done.check("bytes", &self.server.bytes.to_string(), reps)?;
            } else if !self.more.ends_with(&FEW) {
                done.check("checksum", &self.server.checksum, reps)?;
            }
        }
        Ok(done.cpu.as_secs_f64())
    }
}

/// The read size at which the drain is fastest, and its time.
pub(super) fn best_read(mut measure: impl FnMut(&'static str) -> Result<f64>) -> Result<(&'static str, f64)> {
    // The first run warms the server's caches and does not count.
    measure(READS[0])?;
    let mut times = Vec::new();
    for read in READS {
        times.push((read, measure(read)?.min(measure(read)?)));
    }
    times.into_iter().min_by(|one, two| one.1.total_cmp(&two.1)).ok_or_else(|| "no read size".into())
}

/// async-imap's jobs compared with the drain, without postroom.
pub(super) fn peers(plan: Plan) -> Result<()> {
    for job in ["envelope", "flags"] {
        let server = Replay::start(&[job, "--count", MANY])?;
        let [peer, drain] =
            ["peer_async_imap", "drain"].map(|program| Side { program, job, server: &server, more: &[] });
        compare(plan, ["async-imap", "drain"], [peer, drain])?;
    }
    Ok(())
}
