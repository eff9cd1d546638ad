//! The memory of this process, as the kernel counts it (`/proc/self/status`), in KiB.

use std::fs;
use std::io;

/// The memory now.
pub fn resident_kib() -> io::Result<u64> {
    field("VmRSS:")
}

/// The most since its start or since [`reset_peak`].
pub fn peak_kib() -> io::Result<u64> {
    field("VmHWM:")
}

/// Lets the peak start again from the memory now.
pub fn reset_peak() -> io::Result<()> {
    fs::write("/proc/self/clear_refs", "5")
}

fn field(name: &str) -> io::Result<u64> {
    let status = fs::read_to_string("/proc/self/status")?;
    status
        .lines()
        .find_map(|line| line.strip_prefix(name)?.trim().strip_suffix(" kB")?.trim().parse().ok())
        .ok_or_else(|| io::Error::other(format!("/proc/self/status has no {name}")))
}
