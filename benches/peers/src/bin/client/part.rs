//! One large part in base64: decoded as it is read, and read as it is beside the `base64` crate decoding the same octets in memory.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use postroom::imap::{Section, Uid, codec};
use postroom::{Limits, MimePart};
use postroom_benches::body::Body;
use postroom_benches::checksum::Run;
use postroom_benches::cli::{Args, Result};
use postroom_benches::rss;

use crate::body::each_piece;

/// With `--sum 0` the octets are only counted.
pub(crate) async fn decode(args: &Args) -> Result<()> {
    let imap = crate::connect(args).await?;
    let mut folder = imap.into_folder("INBOX").await?;
    let (part, sums) = (part(args.need("lines")?)?, args.or("sum", 1)? == 1);
    let held = rss::resident_kib()?;
    rss::reset_peak()?;
    for _ in 0..args.or("reps", 1)? {
        let (mut run, mut bytes) = (Run::default(), 0);
        let body = folder.read_part(Uid::new(1)?, &part).await?;
        each_piece(body, |piece| {
            bytes += piece.len();
            if sums {
                run.update(piece);
            }
        })
        .await?;
        println!("messages 1\nbytes {bytes}\nchecksum {:016x}", run.value());
    }
    println!("growth_kib {}", rss::peak_kib()?.saturating_sub(held));
    Ok(folder.into_session().logout().await?)
}

/// With `--memory 1` the octets are not decoded.
pub(crate) async fn undecoded(args: &Args) -> Result<()> {
    let imap = crate::connect(args).await?;
    let mut folder = imap.into_folder("INBOX").await?;
    let lines: u64 = args.need("lines")?;
    let only_read = args.or("memory", 0)? == 1;
    let (clean, mut octets) = if only_read { (Vec::new(), Vec::new()) } else { in_memory(lines) };
    let held = rss::resident_kib()?;
    rss::reset_peak()?;
    for _ in 0..args.or("reps", 1)? {
        let mut bytes = 0;
        let body = folder.read(Uid::new(1)?, Section::part(&[1])?).await?;
        each_piece(body, |piece| bytes += piece.len()).await?;
        if bytes as u64 != lines * 78 {
            return Err(format!("{bytes} bytes came").into());
        }
        if !only_read {
            println!("messages 1\nbytes {}", STANDARD.decode_slice(&clean, &mut octets)?);
        }
    }
    println!("growth_kib {}", rss::peak_kib()?.saturating_sub(held));
    Ok(folder.into_session().logout().await?)
}

/// The part without its line ends, and room for its octets.
fn in_memory(lines: u64) -> (Vec<u8>, Vec<u8>) {
    let body = Body::encoded(lines);
    let (mut clean, mut done) = (Vec::with_capacity((lines * 76) as usize), 0);
    while done < body.len() {
        let piece = body.piece(done, u64::MAX);
        clean.extend(piece.iter().filter(|byte| !byte.is_ascii_whitespace()));
        done += piece.len() as u64;
    }
    // Not zeros, whose pages would be made only when they are written.
    (clean, vec![1; (lines * 57) as usize])
}

/// A part that is known by its structure only.
fn part(lines: u64) -> Result<MimePart> {
    let size = lines * 78;
    let line = format!("* 1 FETCH (BODYSTRUCTURE (\"application\" \"x\" NIL NIL NIL \"base64\" {size}))\r\n");
    let fetched = codec::fetched(line.into_bytes().into(), &Limits::default())?;
    let contents = fetched.contents().ok_or("no contents")?;
    Ok(contents.part(&[1]).ok_or("no part")?.clone())
}
