//! Writes the generated messages as a Maildir: `maildrop maildir --folder DIR --count N`, and prints their `bytes` and `checksum`.

use std::fs;
use std::path::PathBuf;
use std::process::ExitCode;

use postroom_benches::checksum::Run;
use postroom_benches::cli::{self, Args, Result};
use postroom_benches::message::message;

fn main() -> ExitCode {
    cli::child(run)
}

fn run(args: &Args) -> Result<()> {
    let folder = args.need::<PathBuf>("folder")?.join("Maildir");
    for name in ["cur", "new", "tmp"] {
        fs::create_dir_all(folder.join(name))?;
    }
    let mut run = Run::default();
    for index in 1..=args.need("count")? {
        let message = message(index);
        run.update(&message);
        let size = message.len();
        fs::write(
            folder.join(format!("cur/{}.M{index:06}P1.bench,S={size},W={size}:2,", 1_577_836_800 + index)),
            &message,
        )?;
    }
    println!("bytes {}\nchecksum {:016x}", run.len(), run.value());
    Ok(())
}
