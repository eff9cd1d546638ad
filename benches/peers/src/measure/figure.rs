//! The figures and their bars.

use super::child::{Cores, Outcome, Replay};
use super::dovecot::Dovecot;
use super::pair::{Pairs, Spread, repetitions};
use crate::cli::Result;

const GIB: &str = "1073741824";
/// Read sizes among which the drain's best is taken.
const READS: [&str; 3] = ["65536", "262144", "1048576"];

/// How a run is to go.
#[derive(Clone, Copy, Debug)]
pub struct Plan {
    /// Where client and server run.
    pub cores: Cores,
    /// The number of pairs.
    pub pairs: usize,
}

/// One figure: its name, the most it may be, and how it is measured.
#[derive(Debug)]
pub struct Figure {
    /// Its name in `figure NAME VALUE`.
    pub name: &'static str,
    /// The most it may be.
    pub bar: f64,
    /// Measures it, printing what stands behind it.
    pub measure: fn(Plan) -> Result<f64>,
}

/// All figures.
pub const FIGURES: &[Figure] = &[
    Figure {
        name: "envelope_cpu_vs_async_imap",
        bar: 0.34,
        measure: envelope_cpu_vs_async_imap,
    },
    Figure {
        name: "pop3_wall_vs_raw",
        bar: 1.3,
        measure: pop3_wall_vs_raw,
    },
    Figure {
        name: "stream_1gib_growth_mib",
        bar: 8.0,
        measure: stream_1gib_growth_mib,
    },
];

fn envelope_cpu_vs_async_imap(plan: Plan) -> Result<f64> {
    let server = Replay::start(&["envelope"])?;
    let reps = repetitions(envelope_cpu(plan, "peer_async_imap", &server, 1)?);
    let pairs = Pairs::measure(
        plan.pairs,
        || envelope_cpu(plan, "client", &server, reps),
        || envelope_cpu(plan, "peer_async_imap", &server, reps),
    )?;
    report(
        "envelope_cpu_vs_async_imap",
        "client",
        "async-imap",
        &pairs,
        &format!(
            "CPU seconds for {reps} x {} messages, {} bytes",
            server.messages, server.bytes
        ),
    );
    long_enough(&pairs);
    Ok(pairs.ratio.median)
}

/// The CPU seconds of the ENVELOPE job done `reps` times over one connection, without those of connecting and leaving.
fn envelope_cpu(plan: Plan, program: &str, server: &Replay, reps: u64) -> Result<f64> {
    let job = |reps: u64| -> Result<f64> {
        let done = Outcome::of(
            plan.cores,
            program,
            &[
                "envelope",
                "--port",
                &server.port,
                "--reps",
                &reps.to_string(),
            ],
        )?;
        done.check("messages", &server.messages, reps)?;
        done.check("checksum", &server.checksum, reps)?;
        Ok(done.cpu.as_secs_f64())
    };
    Ok(job(reps)? - job(0)?)
}

fn pop3_wall_vs_raw(plan: Plan) -> Result<f64> {
    let server = Dovecot::start(20_000)?;
    let (read, once) = best_read(|read| server_wall(plan, &server, "drain", read, 1))?;
    let reps = repetitions(once);
    let drain = || server_wall(plan, &server, "drain", read, reps);
    let pairs = Pairs::measure(
        plan.pairs,
        || server_wall(plan, &server, "client", read, reps),
        drain,
    )?;
    report(
        "pop3_wall_vs_raw",
        "client",
        "raw",
        &pairs,
        &format!(
            "wall seconds for {reps} x {} messages, {} bytes; the drain reads {read}",
            server.messages, server.bytes
        ),
    );
    long_enough(&pairs);
    Ok(pairs.ratio.median)
}

/// The wall-clock seconds from the login to the last message.
fn server_wall(plan: Plan, server: &Dovecot, program: &str, read: &str, reps: u64) -> Result<f64> {
    let (port, count, reps_text) = (
        server.port.to_string(),
        server.messages.to_string(),
        reps.to_string(),
    );
    let args = [
        "pop3",
        "--port",
        &port,
        "--count",
        &count,
        "--reps",
        &reps_text,
        "--read",
        read,
        "--user",
        "bench",
        "--password",
        "bench",
    ];
    let done = Outcome::of(plan.cores, program, &args)?;
    if program == "client" {
        done.check("messages", &count, reps)?;
        done.check("checksum", &server.checksum, reps)?;
    } else if done.number("bytes")? < (server.bytes * reps) as f64 {
        return Err("the drain got fewer bytes than the messages have".into());
    }
    done.number("wall_s")
}

/// The read size at which the drain is fastest, and its time.
fn best_read(mut measure: impl FnMut(&'static str) -> Result<f64>) -> Result<(&'static str, f64)> {
    // The first run warms the server's caches and is not looked at.
    measure(READS[0])?;
    let mut times = Vec::new();
    for read in READS {
        times.push((read, measure(read)?.min(measure(read)?)));
    }
    times
        .into_iter()
        .min_by(|one, two| one.1.total_cmp(&two.1))
        .ok_or_else(|| "no read size".into())
}

fn stream_1gib_growth_mib(plan: Plan) -> Result<f64> {
    let server = Replay::start(&["body", "--size", GIB])?;
    let mut worst = 0.0f64;
    for job in ["read", "append"] {
        let mut growths = Vec::new();
        for _ in 0..plan.pairs.div_ceil(3) {
            growths.push(growth_mib(plan, "client", job, &server)?);
        }
        let spread = Spread::of(growths)?;
        println!("# stream_1gib_growth_mib: {job} {spread} MiB over what was held just before");
        worst = worst.max(spread.most);
    }
    Ok(worst)
}

fn growth_mib(plan: Plan, program: &str, job: &str, server: &Replay) -> Result<f64> {
    let done = Outcome::of(
        plan.cores,
        program,
        &[job, "--port", &server.port, "--size", GIB],
    )?;
    if program == "client" && job == "read" {
        done.check("checksum", &server.checksum, 1)?;
    }
    Ok(done.number("growth_kib")? / 1024.0)
}

/// What the peers do without postroom: the sums agree, and how the peer stands to the drain. Proves the benches themselves.
pub fn peers(plan: Plan) -> Result<()> {
    let server = Replay::start(&["envelope"])?;
    let drain = |read: &str, reps: u64| -> Result<f64> {
        let job = |reps: u64| -> Result<f64> {
            let done = Outcome::of(
                plan.cores,
                "drain",
                &[
                    "envelope",
                    "--port",
                    &server.port,
                    "--read",
                    read,
                    "--reps",
                    &reps.to_string(),
                ],
            )?;
            Ok(done.cpu.as_secs_f64())
        };
        Ok(job(reps)? - job(0)?)
    };
    let (read, _) = best_read(|read| drain(read, 8))?;
    let reps = repetitions(drain(read, 8)? / 8.0);
    let peer = || Ok(envelope_cpu(plan, "peer_async_imap", &server, 2)? / 2.0);
    let pairs = Pairs::measure(plan.pairs, peer, || Ok(drain(read, reps)? / reps as f64))?;
    report(
        "envelope",
        "async-imap",
        "drain",
        &pairs,
        &format!(
            "CPU seconds for {} messages, {} bytes; the drain reads {read}",
            server.messages, server.bytes
        ),
    );
    drop(server);
    let server = Replay::start(&["body", "--size", GIB])?;
    for job in ["body", "append"] {
        println!(
            "# the drain's {job} of 1 GiB grows by {:.2} MiB",
            growth_mib(plan, "drain", job, &server)?
        );
    }
    drop(server);
    let server = Dovecot::start(20_000)?;
    let (read, once) = best_read(|read| server_wall(plan, &server, "drain", read, 1))?;
    println!(
        "# the POP3 drain of {} messages, {} bytes takes {once:.3} s with reads of {read}",
        server.messages, server.bytes
    );
    Ok(())
}

/// Says so where a denominator, in seconds, was too short to be trusted.
fn long_enough(pairs: &Pairs) {
    if pairs.second.least < 1.0 {
        println!(
            "# a denominator took {:.2} s, less than one second",
            pairs.second.least
        );
    }
}

fn report(name: &str, first: &str, second: &str, pairs: &Pairs, what: &str) {
    println!(
        "# {name}: {first}/{second} {}; {first} {}; {second} {}; {what}",
        pairs.ratio, pairs.first, pairs.second
    );
}
