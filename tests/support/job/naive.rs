//! A client as many programs have it: it connects again and repeats, or believes, what it cannot know. It proves that the oracle finds
//! what is lost and what is doubled.

use postroom::imap::Imap;
use postroom::{Kind, Result};

use super::act::Act;
use super::doer::{Doer, Seen};
use super::on_session::perform;
use super::state::State;
use super::world::Second;

/// How often a call is tried.
const TRIES: usize = 6;

pub(crate) struct Naive<C> {
    connect: C,
    imap: Option<Imap>,
    after: After,
}

/// What it does after a lost reply.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum After {
    Repeats,
    Believes,
}

impl<C: AsyncFn() -> Result<Imap>> Naive<C> {
    pub(crate) fn new(connect: C, after: After) -> Self {
        Self { connect, imap: None, after }
    }

    async fn once(&mut self, act: &Act, start: &State, second: &dyn Second) -> Result<Seen> {
        let imap = match &mut self.imap {
            Some(imap) => imap,
            none => none.insert((self.connect)().await?),
        };
        perform(imap, act, start, second).await
    }
}

impl<C: AsyncFn() -> Result<Imap>> Doer for Naive<C> {
    async fn act(&mut self, act: &Act, start: &State, second: &dyn Second) -> Result<Seen> {
        let mut last = self.once(act, start, second).await;
        for _ in 1..TRIES {
            let Err(error) = &last else { break };
            match error.kind() {
                Kind::Io | Kind::Closed | Kind::Timeout | Kind::Protocol => {}
                Kind::Unknown if self.after == After::Repeats => {}
                Kind::Unknown => {
                    self.imap = None;
                    return Ok(Seen::Done);
                }
                _ => break,
            }
            self.imap = None;
            tokio::time::sleep(std::time::Duration::from_secs(1)).await;
            last = self.once(act, start, second).await;
        }
        last
    }

    async fn end(self) -> usize {
        0
    }
}
