//! Measures the figures and prints them: `measure figures [--only NAME] [--pairs N] [--seconds S] [--sessions N] [--collected N] [--bars 0|1]`, or `measure peers` for the benches
//! without postroom. Fails if a figure misses its bar.

use std::process::ExitCode;

use postroom_benches::cli::{self, Args, Result};
use postroom_benches::measure::child::Cores;
use postroom_benches::measure::figure::{FIGURES, Plan, peers};

fn main() -> ExitCode {
    cli::main(|args| {
        let plan = Plan {
            cores: Cores::choose()?,
            pairs: args.or("pairs", 7)?,
            seconds: args.or("seconds", 1.5)?,
            sessions: args.or("sessions", 1_000)?,
            collected: args.or("collected", 20_000)?,
        };
        match args.job.as_str() {
            "figures" => figures(args, plan),
            "peers" => peers(plan),
            other => Err(format!("no job {other}").into()),
        }
    })
}

fn figures(args: &Args, plan: Plan) -> Result<()> {
    let only: String = args.or("only", String::new())?;
    let bars = args.or("bars", 1)? != 0;
    let chosen: Vec<_> = FIGURES.iter().filter(|figure| only.is_empty() || figure.name == only).collect();
    if chosen.is_empty() {
        return Err(format!("no figure {only}").into());
    }
    let mut missed = Vec::new();
    for figure in chosen {
        let value = (figure.measure)(plan).map_err(|error| format!("{}: {error}", figure.name))?;
        println!("figure {} {value:.4}", figure.name);
        if value > figure.bar {
            missed.push(format!("{} is {value:.4}, its bar {}", figure.name, figure.bar));
        }
    }
    if bars && !missed.is_empty() {
        return Err(missed.join("; ").into());
    }
    missed.iter().for_each(|miss| println!("# missed: {miss}"));
    Ok(())
}
