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
