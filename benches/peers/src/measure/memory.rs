//! Memory: the most that a client held, what a large message adds to it, and what an idle session keeps.

use super::child::{Outcome, Replay};
use super::cpu::LINES;
use super::figure::{Plan, report};
use super::pair::{Pairs, Spread};
use crate::cli::Result;

const GIB: &str = "1073741824";
/// Envelopes of 100 kB together.
const LITTLE: &str = "104";
/// Envelopes of 10 MB together.
const TEN_MB: &str = "10400";

/// The whole client process at the ENVELOPE job.
pub(super) fn envelope_rss_mib(plan: Plan) -> Result<f64> {
    let server = Replay::start(&["envelope", "--count", "100000"])?;
    let peak = |program: &str| -> Result<Spread> {
        let args = ["envelope", "--port", &server.port, "--reps", "2"];
        let one = |_| {
            let done = Outcome::of(plan.cores, program, &args)?;
            if program == "client" {
                done.check("checksum", &server.checksum, 2)?;
            }
            Ok(done.number("peak_kib")? / 1024.0)
        };
        Spread::of((0..plan.pairs.div_ceil(3)).map(one).collect::<Result<_>>()?)
    };
    let (client, drain) = (peak("client")?, peak("drain")?);
    println!("# envelope: client {client}; drain {drain}; MiB (VmHWM at the end)");
    Ok(client.most)
}

/// A message of 1 GiB, read and appended.
pub(super) fn stream_1gib_growth_mib(plan: Plan) -> Result<f64> {
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

/// 100 MB of a part in base64, read decoded: the growth beyond that of reading it as it is.
pub(super) fn decode_100mb(plan: Plan) -> Result<f64> {
    let server = Replay::start(&["encoded", "--lines", LINES])?;
    let growth = |job: &str| -> Result<f64> {
        let args = [job, "--port", &server.port, "--lines", LINES, "--memory", "1"];
        let done = Outcome::of(plan.cores, "client", &args)?;
        Ok(done.number("growth_kib")? / 1024.0)
    };
    let mut more = Vec::new();
    for _ in 0..plan.pairs.div_ceil(3) {
        more.push(growth("decode")? - growth("undecoded")?);
    }
    let spread = Spread::of(more)?;
    println!("# decode_100mb_more_mib: {spread} MiB over the growth of reading the part as it is");
    Ok(spread.median)
}

fn growth_mib(plan: Plan, program: &str, job: &str, server: &Replay) -> Result<f64> {
    let done = Outcome::of(plan.cores, program, &[job, "--port", &server.port, "--size", GIB])?;
    if program == "client" && job == "read" {
        done.check("checksum", &server.checksum, 1)?;
    }
    Ok(done.number("growth_kib")? / 1024.0)
}

/// A thousand sessions in IDLE after a bulk FETCH each, compared with what rustls alone keeps for them.
pub(super) fn idle_tls_vs_rustls(plan: Plan) -> Result<f64> {
    let server = Replay::start(&["tls", "--count", TEN_MB])?;
    idle(plan, plan.sessions, |program| session_kib(plan, program, &server, plan.sessions, "0"))
}

/// Ten times as many after little mail; then all of them learn of one message.
pub(super) fn idle_notified_vs_rustls(plan: Plan) -> Result<f64> {
    // The message arrives once in the life of a server.
    let server = || Replay::start(&["tls", "--count", LITTLE, "--arrival", "1"]);
    idle(plan, plan.sessions * 10, |program| session_kib(plan, program, &server()?, plan.sessions * 10, "1"))
}

/// Memory varies less than time, and a run takes long: there are few pairs.
fn idle(plan: Plan, sessions: u64, kib: impl Fn(&str) -> Result<f64>) -> Result<f64> {
    let pairs = Pairs::measure(plan.pairs.div_ceil(16), || kib("client"), || kib("peer_rustls"))?;
    let unit = format!("KiB for each of {sessions} sessions");
    report("idle", ["client", "rustls"], &pairs, &unit);
    Ok(pairs.ratio.median)
}

fn session_kib(plan: Plan, program: &str, server: &Replay, sessions: u64, arrival: &str) -> Result<f64> {
    let count = sessions.to_string();
    let root = &server.certificate;
    let args = ["idle", "--port", &server.port, "--count", &count, "--root", root, "--arrival", arrival];
    let done = Outcome::of(plan.cores, program, &args)?;
    done.check("notified", &count, u64::from(arrival == "1"))?;
    if program == "client" {
        done.check("checksum", &server.checksum, sessions)?;
    } else if done.number("bytes")? < (server.bytes * sessions) as f64 {
        return Err("rustls got fewer bytes than there are".into());
    }
    done.number("session_kib")
}

/// The drain's own memory.
pub(super) fn peers(plan: Plan) -> Result<()> {
    let server = Replay::start(&["body", "--size", GIB])?;
    for job in ["body", "append"] {
        println!("# the drain's {job} of 1 GiB grows by {:.2} MiB", growth_mib(plan, "drain", job, &server)?);
    }
    Ok(())
}
