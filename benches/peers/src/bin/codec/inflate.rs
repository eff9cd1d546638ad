//! What it costs to inflate the answers of the ENVELOPE job, as the replay server compresses them, in memory.

use flate2::{Decompress, FlushDecompress};
use postroom_benches::answers::{Answers, Kind};
use postroom_benches::cli::{Args, Result};
use postroom_benches::replay::deflated;

use crate::clock;

/// What is read at once, and what is inflated at once.
const BLOCK: usize = 64 * 1024;

pub(crate) fn inflate(args: &Args) -> Result<()> {
    let plain = Answers::generate(Kind::Envelope, args.need("count")?).bytes;
    let compressed = deflated(&plain)?;
    let (len, times) = (plain.len(), args.need("times")?);
    drop(plain);
    let cost = clock::average(times, &mut || match inflated(&compressed)? {
        found if found == len => Ok(()),
        found => Err(format!("{found} bytes instead of {len}").into()),
    })?;
    println!("compressed {}\nseconds {cost}", compressed.len());
    Ok(())
}

/// How many bytes they are.
fn inflated(compressed: &[u8]) -> Result<usize> {
    let (mut inflate, mut out) = (Decompress::new(false), vec![0; BLOCK]);
    for block in compressed.chunks(BLOCK) {
        let begin = inflate.total_in();
        loop {
            let (used, made) = (inflate.total_in() - begin, inflate.total_out());
            inflate.decompress(&block[used as usize..], &mut out, FlushDecompress::None)?;
            let is_full = inflate.total_out() - made == BLOCK as u64;
            if inflate.total_in() - begin == block.len() as u64 && !is_full {
                break;
            }
        }
    }
    Ok(inflate.total_out() as usize)
}
