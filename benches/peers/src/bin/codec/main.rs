//! The codec under test, in one process and one thread, without a socket: `codec envelope|flags --peer imap_proto|imap_codec`,
//! `codec frame`, each with `--pairs N --seconds S`, `codec slope --sizes N --runs N`, and `codec inflate --count N --times N`. It prints `ratio`, `slope` or `seconds`, and the values
//! from which they are computed on `#` lines. Time is the CPU time of its thread.

mod clock;
mod frame;
mod inflate;
mod parse;
mod read;
mod shape;
mod slope;
#[path = "../client/values.rs"]
#[expect(dead_code, reason = "bodies are the client's alone")]
mod values;

use std::process::ExitCode;

use postroom_benches::cli::{self, Args, Result};

fn main() -> ExitCode {
    cli::child(run)
}

fn run(args: &Args) -> Result<()> {
    match args.job.as_str() {
        "envelope" | "flags" => parse::against_peer(args),
        "inflate" => inflate::inflate(args),
        "frame" => frame::against_memchr(args),
        "slope" => slope::worst(args),
        other => Err(format!("no job {other}").into()),
    }
}
