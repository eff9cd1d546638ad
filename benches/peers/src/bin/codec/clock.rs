//! CPU time of this thread, and pairs measured by it.

use nix::time::{ClockId, clock_gettime};
use postroom_benches::cli::{Args, Result};
use postroom_benches::measure::pair::Pairs;

/// The CPU seconds of one call.
pub(crate) fn cpu(work: impl FnOnce() -> Result<()>) -> Result<f64> {
    let began = now()?;
    work()?;
    Ok(now()? - began)
}

/// Pairs of both sides, each called so often that it costs `--seconds`; the seconds are those of one call.
pub(crate) fn pairs(
    args: &Args,
    mut ours: impl FnMut() -> Result<()>,
    mut peer: impl FnMut() -> Result<()>,
) -> Result<Pairs> {
    let seconds: f64 = args.need("seconds")?;
    let [first, second] = [repetitions(seconds, &mut ours)?, repetitions(seconds, &mut peer)?];
    Pairs::measure(args.need("pairs")?, || average(first, &mut ours), || average(second, &mut peer))
}

fn repetitions(seconds: f64, work: &mut impl FnMut() -> Result<()>) -> Result<u32> {
    // The first call meets cold memory.
    work()?;
    Ok((seconds / cpu(work)?.max(1e-6)).ceil() as u32)
}

/// The CPU seconds of one call of `times`.
pub(crate) fn average(times: u32, work: &mut impl FnMut() -> Result<()>) -> Result<f64> {
    Ok(cpu(|| (0..times).try_for_each(|_| work()))? / f64::from(times))
}

fn now() -> Result<f64> {
    let now = clock_gettime(ClockId::CLOCK_THREAD_CPUTIME_ID)?;
    Ok(now.tv_sec() as f64 + now.tv_nsec() as f64 / 1e9)
}
