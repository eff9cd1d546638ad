//! The cost of the codec without a socket. Both sides run in one process and one thread, in turns, over the same bytes.

use std::process::Command;

use super::child::{Outcome, beside};
use super::figure::Plan;
use crate::cli::Result;

/// What one side of a pair costs at least, in proportion to a side that is a process of its own: there is no start to subtract.
const SHARE: f64 = 0.2;
/// The allocator keeps all memory that it got from the system, on both sides: fresh pages are no work of either.
const KEEPING: &str = "glibc.malloc.mmap_max=0:glibc.malloc.trim_threshold=17179869184";

/// Every value of an answer to FETCH, beside another parser.
pub(super) fn against_parser(plan: Plan, job: &str, peer: &str) -> Result<f64> {
    ratio(plan, &[job, "--peer", peer])
}

/// Where responses end, beside the bare search for line ends.
pub(super) fn frame_vs_memchr(plan: Plan) -> Result<f64> {
    ratio(plan, &["frame"])
}

/// The steepest growth of time with size among the shapes of response, from 64 KiB to 64 MiB.
pub(super) fn worst_slope(plan: Plan) -> Result<f64> {
    let sizes = (plan.pairs / 2).clamp(4, 11).to_string();
    let runs = plan.pairs.div_ceil(7).to_string();
    say(plan, &["slope", "--sizes", &sizes, "--runs", &runs], "slope")
}

/// The CPU seconds of inflating the answers of the ENVELOPE job, and how many bytes they are compressed.
pub(super) fn inflate(plan: Plan, count: &str, times: u64) -> Result<(f64, f64)> {
    let args = ["inflate", "--count", count, "--times", &times.to_string()];
    let done = Outcome::of(plan.cores, "codec", &args)?;
    Ok((done.number("seconds")?, done.number("compressed")?))
}

fn ratio(plan: Plan, job: &[&str]) -> Result<f64> {
    let (pairs, seconds) = (plan.pairs.to_string(), (plan.seconds * SHARE).to_string());
    say(plan, &[job, &["--pairs", &pairs, "--seconds", &seconds]].concat(), "ratio")
}

fn say(plan: Plan, args: &[&str], name: &str) -> Result<f64> {
    let done =
        Outcome::of_command(plan.cores, Command::new(beside("codec")?).args(args).env("GLIBC_TUNABLES", KEEPING))?;
    done.all("#").for_each(|line| println!("# {line}"));
    done.number(name)
}
