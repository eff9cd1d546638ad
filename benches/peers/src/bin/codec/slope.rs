//! How time grows with size, shape by shape: the slope of the line through log time over log size. 1 is linear, 2 quadratic.
//!
//! Every time is the least of several runs. Each run reads, and keeps, the number of responses that makes up the same number of bytes:
//! short and long ones find memory equally cold, and the clock has something to measure. Memory that the first run has freed is used
//! again by the others if the allocator does not return it: the system's work for fresh pages is not the codec's.

use bytes::Bytes;
use postroom_benches::cli::{Args, Result};

use crate::clock::cpu;
use crate::read::{limits, read};
use crate::shape::{SHAPES, Shape};

const LEAST: usize = 64 * 1024;
const MOST: usize = 64 * 1024 * 1024;
/// The bytes that one run reads, whatever the size: each byte comes from as far away as those of the longest response.
const RUN: usize = MOST;
/// The least seconds that the runs of one size cost together.
const ENOUGH: f64 = 0.15;

pub(crate) fn worst(args: &Args) -> Result<()> {
    let (sizes, runs): (i32, usize) = (args.need("sizes")?, args.need("runs")?);
    let step = (MOST as f64 / LEAST as f64).powf(1.0 / f64::from(sizes - 1));
    let sizes: Vec<_> = (0..sizes).map(|rank| (LEAST as f64 * step.powi(rank)) as usize).collect();
    let mut worst = f64::MIN;
    for shape in &SHAPES {
        let times = sizes.iter().map(|&size| per_byte(shape, size, runs)).collect::<Result<Vec<_>>>()?;
        let slope = 1.0 + slope(&sizes, &times);
        let [least, most] = [times.first(), times.last()].map(|time| time.copied().unwrap_or_default() * 1e9);
        println!("# slope {slope:.4} {}: {least:.3} ns of CPU a byte at 64 KiB, {most:.3} at 64 MiB", shape.name);
        worst = worst.max(slope);
    }
    println!("slope {worst}");
    Ok(())
}

/// The seconds per byte in responses of that size.
fn per_byte(shape: &Shape, size: usize, runs: usize) -> Result<f64> {
    let limits = limits();
    let one = (shape.make)(size);
    let count = RUN.div_ceil(one.len());
    let all = Bytes::from(one.repeat(count));
    let responses: Vec<_> = (0..count).map(|n| all.slice(n * one.len()..(n + 1) * one.len())).collect();
    let (mut least, mut spent, mut done) = (f64::MAX, 0.0, 0);
    let mut kept = Vec::with_capacity(count);
    while done <= runs || spent < ENOUGH {
        kept.clear();
        let read_all = || {
            responses.iter().try_for_each(|bytes| match read(shape.kind, bytes, &limits)? {
                (0, _) => Err(format!("{}: nothing was read", shape.name).into()),
                (_, read) => {
                    kept.push(read);
                    Ok(())
                }
            })
        };
        let seconds = cpu(read_all)?;
        least = least.min(seconds);
        spent += seconds;
        done += 1;
    }
    Ok(least / all.len() as f64)
}

/// The slope of the straight line nearest to log `times` over log `sizes`, by least squares.
fn slope(sizes: &[usize], times: &[f64]) -> f64 {
    let points: Vec<_> = sizes.iter().zip(times).map(|(&size, time)| ((size as f64).ln(), time.ln())).collect();
    let n = points.len() as f64;
    let (x, y) = points.iter().fold((0.0, 0.0), |(x, y), point| (x + point.0 / n, y + point.1 / n));
    let [xy, xx] = points.iter().fold([0.0, 0.0], |[xy, xx], point| {
        let away = point.0 - x;
        [xy + away * (point.1 - y), xx + away * away]
    });
    xy / xx
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_slope_tells_linear_from_quadratic() {
        let sizes = [1_000, 4_000, 16_000];
        assert!(slope(&sizes, &[2.0, 2.0, 2.0]).abs() < 1e-9);
        assert!((slope(&sizes, &[2.0, 8.0, 32.0]) - 1.0).abs() < 1e-9);
    }

    #[test]
    fn every_shape_is_read_whole() {
        for shape in &SHAPES {
            let bytes = Bytes::from((shape.make)(10_000));
            assert!(bytes.len() >= 10_000 && bytes.len() < 30_000, "{}", shape.name);
            assert!(read(shape.kind, &bytes, &limits()).unwrap().0 > 0, "{}", shape.name);
        }
    }
}
