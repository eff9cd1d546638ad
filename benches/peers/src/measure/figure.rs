//! The figures and their bars.

use super::child::Cores;
use super::pair::Pairs;
use super::{codec, collect, cpu, flights, memory, wall};
use crate::cli::Result;

/// The settings of a run.
#[derive(Clone, Copy, Debug)]
pub struct Plan {
    /// Where client and server run.
    pub cores: Cores,
    /// The number of pairs.
    pub pairs: usize,
    /// What one side of a pair should cost at least, in seconds: a job is repeated to reach it.
    pub seconds: f64,
    /// How many sessions are idle together.
    pub sessions: u64,
    /// How many messages are collected.
    pub collected: u64,
}

impl Plan {
    /// How often a job that costs `once` seconds must be done.
    pub fn repetitions(self, once: f64) -> u64 {
        (self.seconds / once.max(0.001)).ceil() as u64
    }
}

/// One figure: its name, the most it may be, and how it is measured.
#[derive(Debug)]
pub struct Figure {
    /// Its name in `figure NAME VALUE`.
    pub name: &'static str,
    /// The most it may be.
    pub bar: f64,
    /// Measures it, and prints the values from which it is computed.
    pub measure: fn(Plan) -> Result<f64>,
}

/// All figures.
pub const FIGURES: &[Figure] = &[
    figure("envelope_cpu_vs_async_imap", 0.34, |plan| cpu::against_async_imap(plan, "envelope")),
    figure("envelope_cpu_vs_drain", 8.0, cpu::envelope_against_drain),
    figure("envelope_rss_mib", 8.0, memory::envelope_rss_mib),
    figure("flags_cpu_vs_async_imap", 0.3, |plan| cpu::against_async_imap(plan, "flags")),
    figure("bodies_small_cpu_vs_drain", 3.0, |plan| cpu::against_drain(plan, "bodies", "20000")),
    figure("bodies_large_cpu_vs_drain", 1.3, cpu::large_against_drain),
    figure("pop3_cpu_vs_raw", 6.0, |plan| cpu::against_drain(plan, "pop3", "20000")),
    figure("pop3_wall_vs_raw", 1.3, wall::pop3_wall_vs_raw),
    figure("collect_wall_vs_raw", 1.3, collect::collect_wall_vs_raw),
    figure("collect_wall_vs_mpop", 0.5, collect::collect_wall_vs_mpop),
    figure("collect_rss_mib", 24.0, collect::collect_rss_mib),
    figure("stream_1gib_growth_mib", 8.0, memory::stream_1gib_growth_mib),
    figure("decode_100mb_cpu", 1.3, cpu::decode_100mb),
    figure("decode_100mb_more_mib", 1.0, memory::decode_100mb),
    figure("flights_first_fetch", 2.0, flights::flights_first_fetch),
    figure("flights_resume", 2.0, flights::flights_resume),
    figure("page_50_of_200k_round_trips", 2.0, flights::page_50_of_200k_round_trips),
    figure("resync_bytes_vs_changes", 1.5, flights::resync_bytes_vs_changes),
    figure("idle_tls_vs_rustls", 1.8, memory::idle_tls_vs_rustls),
    figure("idle_notified_vs_rustls", 1.8, memory::idle_notified_vs_rustls),
    figure("compress_cpu_vs_flate2", 1.3, cpu::compress_against_flate2),
    figure("append_all_vs_one_by_one", 0.1, wall::append_all_vs_one_by_one),
    figure("parse_envelope_vs_imap_proto", 0.35, |plan| codec::against_parser(plan, "envelope", "imap_proto")),
    figure("parse_envelope_vs_imap_codec", 0.25, |plan| codec::against_parser(plan, "envelope", "imap_codec")),
    figure("parse_flags_vs_imap_codec", 0.25, |plan| codec::against_parser(plan, "flags", "imap_codec")),
    figure("frame_vs_memchr", 2.0, codec::frame_vs_memchr),
    figure("worst_slope", 1.1, codec::worst_slope),
];

const fn figure(name: &'static str, bar: f64, measure: fn(Plan) -> Result<f64>) -> Figure {
    Figure { name, bar, measure }
}

/// What the peers do without postroom: the sums agree, and the ratio of the peer to the drain. Tests the benches themselves.
pub fn peers(plan: Plan) -> Result<()> {
    cpu::peers(plan)?;
    memory::peers(plan)?;
    wall::peers(plan)
}

/// Prints both sides and their ratio.
pub(super) fn report(what: &str, sides: [&str; 2], pairs: &Pairs, unit: &str) {
    let [first, second] = sides;
    println!("# {what}: {first}/{second} {}; {first} {}; {second} {}; {unit}", pairs.ratio, pairs.first, pairs.second);
}
