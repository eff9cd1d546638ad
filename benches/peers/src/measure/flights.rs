//! Round trips from the greeting to the first data: counted by changes of direction, and checked by the clock.

use std::time::Duration;

use super::child::{Outcome, Replay};
use super::delay::{Delay, Said};
use super::figure::Plan;
use super::pair::Spread;
use crate::cli::Result;

const ROUND_TRIP: Duration = Duration::from_millis(50);
/// What must have been sent before the first data; a round trip could otherwise be saved by leaving it out.
const DUE: [&str; 2] = [" ID ", " ENABLE "];
/// The messages of the mailbox that is resumed, and how many of them have changed.
const RESUMED: (u64, u64) = (100_000, 100);

/// The login, ID, ENABLE, and a mailbox opened and fetched from.
pub(super) fn flights_first_fetch(plan: Plan) -> Result<f64> {
    let server = Replay::start(&["first", "--count", "10"])?;
    let one = |_| flights(plan, &server);
    let flights = Spread::of((0..plan.pairs.div_ceil(7)).map(one).collect::<Result<_>>()?)?;
    println!("# round trips: {flights}, through a proxy with a round trip of {ROUND_TRIP:?}");
    Ok(flights.most)
}

fn flights(plan: Plan, server: &Replay) -> Result<f64> {
    let proxy = Delay::before(server.port.parse()?, ROUND_TRIP)?;
    let done = Outcome::of(plan.cores, "client", &["first", "--port", &proxy.port.to_string()])?;
    done.check("messages", &server.messages, 1)?;
    done.check("checksum", &server.checksum, 1)?;
    let said = proxy.said();
    let first = said.iter().position(|said| !said.by_client && said.text.contains(" FETCH ("));
    let said = &said[..=first.ok_or("no data came")?];
    let flights = said.windows(2).filter(|pair| !pair[0].by_client && pair[1].by_client).count();
    println!("# round trips: {}", lines(said));
    if let Some(missing) = DUE.iter().find(|due| !said.iter().any(|said| said.by_client && said.text.contains(*due))) {
        return Err(format!("the client sent no{missing}before the first data").into());
    }
    let took = said[said.len() - 1].at - said[0].at;
    let trips = took.as_secs_f64() / ROUND_TRIP.as_secs_f64();
    // The programs need time too, a lot on a busy machine; but never less than the round trips do.
    if trips < flights as f64 - 0.1 || trips > flights as f64 + 0.9 {
        return Err(format!("{flights} round trips took {took:?}, the time of {trips:.2}").into());
    }
    Ok(flights as f64)
}

/// The newest 50 messages, from the selected mailbox to the last of them: the most round trips of any kind of server. Fails if the bytes
/// grow with the mailbox.
pub(super) fn page_50_of_200k_round_trips(plan: Plan) -> Result<f64> {
    let mut most = 0;
    for (offers, by) in [("partial", "mailbox"), ("none", "mailbox"), ("sort", "date")] {
        let (small, _) = page(plan, offers, by, 2_000)?;
        let (bytes, flights) = page(plan, offers, by, 200_000)?;
        println!("# {offers}, by {by}: {flights} round trips, {bytes} bytes; {small} bytes of 2,000 messages");
        // The numbers have two digits more.
        if bytes > small + small / 5 {
            return Err(format!("a page by {by} takes {bytes} bytes of a large mailbox, {small} of a small one").into());
        }
        most = most.max(flights);
    }
    Ok(most as f64)
}

/// The bytes from the server, and the round trips.
fn page(plan: Plan, offers: &str, by: &str, count: u64) -> Result<(usize, usize)> {
    let count = count.to_string();
    let server = Replay::start(&["page", "--count", &count, "--offers", offers])?;
    let proxy = Delay::before(server.port.parse()?, ROUND_TRIP)?;
    let done = Outcome::of(plan.cores, "client", &["page", "--port", &proxy.port.to_string(), "--by", by])?;
    for (name, value) in [("messages", "50"), ("newest", count.as_str()), ("sorted", "true")] {
        done.check(name, value, 1)?;
    }
    let said = proxy.said();
    let begin = said.iter().position(|said| !said.by_client && said.text.contains("EXAMINE done"));
    let end = said.iter().position(|said| said.by_client && said.text.contains(" LOGOUT"));
    let said = &said[begin.ok_or("the mailbox was not selected")?..end.unwrap_or(said.len())];
    println!("# round trips: {}", lines(said));
    let flights = said.windows(2).filter(|pair| !pair[0].by_client && pair[1].by_client).count();
    Ok((said[1..].iter().filter(|said| !said.by_client).map(|said| said.text.len()).sum(), flights))
}

/// The login, ID, ENABLE, and a mailbox that is resumed, to the tagged answer of its SELECT.
pub(super) fn flights_resume(plan: Plan) -> Result<f64> {
    let (server, count) = (resuming()?, RESUMED.0);
    let one = |_| -> Result<f64> {
        let said = resumed(plan, &server, count)?;
        let end = said.iter().position(|said| !said.by_client && said.text.contains("SELECT done"));
        let said = &said[..=end.ok_or("the mailbox was not selected")?];
        println!("# round trips: {}", lines(said));
        Ok(said.windows(2).filter(|pair| !pair[0].by_client && pair[1].by_client).count() as f64)
    };
    let flights = Spread::of((0..plan.pairs.div_ceil(7)).map(one).collect::<Result<_>>()?)?;
    println!("# round trips: {flights}, until the tagged OK of SELECT with QRESYNC");
    Ok(flights.most)
}

/// What the server sends from the first ENABLE on, over the answer that has the changes alone.
pub(super) fn resync_bytes_vs_changes(plan: Plan) -> Result<f64> {
    let (server, (count, changed)) = (resuming()?, RESUMED);
    let said = resumed(plan, &server, count)?;
    let begin = said.iter().position(|said| said.by_client && said.text.contains(" ENABLE "));
    let end = said.iter().position(|said| said.by_client && said.text.contains(" LOGOUT"));
    let said = &said[begin.ok_or("nothing was enabled")?..end.unwrap_or(said.len())];
    let bytes: usize = said.iter().filter(|said| !said.by_client).map(|said| said.text.len()).sum();
    println!("# {bytes} bytes for {changed} changes of {count} messages, {} in the answer alone", server.bytes);
    Ok(bytes as f64 / server.bytes as f64)
}

fn resuming() -> Result<Replay> {
    let (count, changed) = RESUMED;
    Replay::start(&["resume", "--count", &count.to_string(), "--changed", &changed.to_string()])
}

fn resumed(plan: Plan, server: &Replay, count: u64) -> Result<Vec<Said>> {
    let proxy = Delay::before(server.port.parse()?, ROUND_TRIP)?;
    let (port, messages) = (proxy.port.to_string(), count.to_string());
    let args = ["resume", "--port", &port, "--count", &messages, "--changed", &server.messages];
    let done = Outcome::of(plan.cores, "client", &args)?;
    done.check("messages", &server.messages, 1)?;
    done.check("known", &messages, 1)?;
    Ok(proxy.said())
}

/// The commands, with a stroke between round trips.
fn lines(said: &[Said]) -> String {
    let (mut text, mut heard) = (String::new(), false);
    for one in said {
        if one.by_client {
            if heard && !text.is_empty() {
                text.push_str("| ");
            }
            for verb in one.text.lines().filter_map(|line| line.split(' ').nth(1)) {
                text.push_str(verb);
                text.push(' ');
            }
        }
        heard = !one.by_client;
    }
    text
}
