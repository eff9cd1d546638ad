//! Wall clock against a real server.

use super::child::Outcome;
use super::cpu::best_read;
use super::dovecot::Dovecot;
use super::figure::{Plan, report};
use super::pair::Pairs;
use crate::cli::Result;

/// Dovecot's default.
const FSYNC: &str = "optimized";
const APPENDED: &str = "1000";
const USER: [&str; 4] = ["--user", "bench", "--password", "bench"];

/// A whole maildrop from Dovecot, beside a drain that pipelines.
pub(super) fn pop3_wall_vs_raw(plan: Plan) -> Result<f64> {
    let server = Dovecot::start(20_000)?;
    let (read, once) = best_read(|read| seconds(plan, &server, "drain", read, 1))?;
    let reps = plan.repetitions(once);
    let pairs = Pairs::measure(
        plan.pairs,
        || seconds(plan, &server, "client", read, reps),
        || seconds(plan, &server, "drain", read, reps),
    )?;
    let unit = format!("wall seconds for {reps} x {} messages, {} bytes", server.messages, server.bytes);
    let sides = ["client", &format!("drain with reads of {read}")];
    report("pop3", sides, &pairs, &unit);
    Ok(pairs.ratio.median)
}

/// The wall-clock seconds from the login to the last message.
fn seconds(plan: Plan, server: &Dovecot, program: &str, read: &str, reps: u64) -> Result<f64> {
    let (port, count, times) = (server.port.to_string(), server.messages.to_string(), reps.to_string());
    let args = ["pop3", "--port", &port, "--count", &count, "--reps", &times, "--read", read];
    let done = Outcome::of(plan.cores, program, &[&args[..], &USER].concat())?;
    if program == "client" {
        done.check("messages", &count, reps)?;
        done.check("checksum", &server.checksum, reps)?;
    } else if done.number("bytes")? < (server.bytes * reps) as f64 {
        return Err("the drain got fewer bytes than the messages have".into());
    }
    done.number("wall_s")
}

/// A thousand messages appended to a mailbox of Dovecot by one call, beside the same messages by a call each.
pub(super) fn append_all_vs_one_by_one(plan: Plan) -> Result<f64> {
    let server = Dovecot::serving("imap", FSYNC, 0)?;
    let seconds = |alone: &str| -> Result<f64> {
        let port = server.port.to_string();
        let args = [&["append_all", "--port", &port, "--count", APPENDED, "--alone", alone][..], &USER].concat();
        let done = Outcome::of(plan.cores, "client", &args)?;
        done.check("messages", APPENDED, 1)?;
        done.number("wall_s")
    };
    let pairs = Pairs::measure(plan.pairs.div_ceil(4), || seconds("0"), || seconds("1"))?;
    let unit = format!("wall seconds for {APPENDED} messages of 2,400 octets; mail_fsync = {FSYNC} on both sides");
    report("append", ["one call", "a call for each"], &pairs, &unit);
    Ok(pairs.ratio.median)
}

/// The drain alone.
pub(super) fn peers(plan: Plan) -> Result<()> {
    let server = Dovecot::start(20_000)?;
    let (read, once) = best_read(|read| seconds(plan, &server, "drain", read, 1))?;
    println!(
        "# the POP3 drain of {} messages, {} bytes takes {once:.3} s with reads of {read}",
        server.messages, server.bytes
    );
    Ok(())
}
