//! Collecting compared with a simple model of what must be delivered and what must stay on the server: 10,000 messages over 20 runs, with
//! random policies, arrivals, deletions by others, new names and lost replies.

use std::collections::{BTreeSet, HashMap, HashSet};

use postroom::collect::{Collector, Policy};
use proptest::prelude::*;
use time::OffsetDateTime;

use crate::maildrop::{Mail, Maildrop, Notes, Quit, Shelf};

const RUNS: usize = 20;
const ARRIVALS: u64 = 500;

/// One run, and what happens before it.
#[derive(Clone, Debug)]
struct Turn {
    wish: Wish,
    /// Days since the last run.
    days: i64,
    /// In percent of the messages: those that somebody else deletes, those that get another name, and new ones that are refused.
    deleted: u64,
    renamed: u64,
    refused: u64,
    quit: Quit,
    chance: u64,
}

#[derive(Clone, Debug)]
struct Wish {
    days: Option<u32>,
    newest: Option<usize>,
    below: Option<u64>,
    messages: Option<usize>,
    bytes: Option<u64>,
    over: Option<u64>,
}

impl Wish {
    fn policy(&self) -> Policy {
        let policy = Policy::keep();
        let policy = with(policy, self.days, Policy::days);
        let policy = with(policy, self.newest, Policy::newest);
        let policy = with(policy, self.below, Policy::below);
        let policy = with(policy, self.messages, Policy::most_messages);
        let policy = with(policy, self.bytes, Policy::most_bytes);
        with(policy, self.over, Policy::skip_over)
    }
}

/// The policy with a setting, if there is one.
fn with<T>(policy: Policy, wish: Option<T>, set: impl FnOnce(Policy, T) -> Policy) -> Policy {
    match wish {
        Some(wish) => set(policy, wish),
        None => policy,
    }
}

/// A message of the model: its number is in its subject, its size decides how it is filled.
#[derive(Clone, Debug)]
struct Piece {
    number: u64,
    size: u64,
    key: String,
    refused: bool,
}

impl Piece {
    fn header(&self) -> String {
        format!("Subject: {}\r\n\r\n", self.number)
    }

    fn mail(&self) -> Mail {
        let mut bytes = self.header().into_bytes();
        bytes.resize(self.size as usize, b'x');
        Mail { key: self.key.clone(), bytes, size: None, refused: self.refused }
    }
}

/// The expected result by the promises of `Policy`, message by message.
#[derive(Default)]
struct Model {
    server: Vec<Piece>,
    /// For each message that was collected whole: the day, and the name under which it was last seen.
    whole: HashMap<u64, (i64, String)>,
    /// Those whose header was collected.
    headers: HashSet<u64>,
    day: i64,
    count: u64,
}

impl Model {
    /// What happens between two runs.
    fn pass(&mut self, turn: &Turn) {
        let mut chance = Chance(turn.chance);
        self.day += turn.days;
        self.server.retain(|_| !chance.happens(turn.deleted));
        for piece in &mut self.server {
            piece.refused = false;
            if chance.happens(turn.renamed) {
                piece.key = format!("{:x}", chance.next());
            }
        }
        for _ in 0..ARRIVALS {
            self.count += 1;
            // A refused message makes no room that the run could have counted on.
            let refused = turn.wish.below.is_none() && chance.happens(turn.refused);
            let size = 60 + chance.next() % 500;
            self.server.push(Piece { number: self.count, size, key: format!("{:x}", chance.next()), refused });
        }
    }

    /// What the run delivers: which numbers, and whether whole.
    fn run(&mut self, turn: &Turn) -> BTreeSet<(u64, bool)> {
        let delivered = self.bring(&turn.wish);
        if turn.quit != Quit::Broken {
            let mut goes = self.goes(&turn.wish).into_iter();
            self.server.retain(|_| !goes.next().unwrap());
        }
        delivered
    }

    fn bring(&mut self, wish: &Wish) -> BTreeSet<(u64, bool)> {
        let mut delivered = BTreeSet::new();
        let (mut messages, mut octets, mut first) = (wish.messages, wish.bytes, true);
        for piece in &self.server {
            let is_large = wish.over.is_some_and(|over| piece.size > over);
            if self.is_known(piece) || is_large && self.headers.contains(&piece.number) {
                continue;
            }
            let cost = if is_large { 0 } else { piece.size };
            if messages == Some(0) || !first && octets.is_some_and(|left| cost > left) {
                break;
            }
            first = false;
            messages = messages.map(|left| left - 1);
            octets = octets.map(|left| left.saturating_sub(cost));
            match self.whole.get_mut(&piece.number) {
                _ if piece.refused => {}
                // Under another name: only its bytes identified it.
                Some((_, key)) => *key = piece.key.clone(),
                None if is_large => {
                    self.headers.insert(piece.number);
                    delivered.insert((piece.number, false));
                }
                None => {
                    self.whole.insert(piece.number, (self.day, piece.key.clone()));
                    delivered.insert((piece.number, true));
                }
            }
        }
        delivered
    }

    fn is_known(&self, piece: &Piece) -> bool {
        self.whole.get(&piece.number).is_some_and(|(_, key)| *key == piece.key)
    }

    fn goes(&self, wish: &Wish) -> Vec<bool> {
        let newest = wish.newest.unwrap_or(usize::MAX);
        let old = self.server.len().saturating_sub(newest);
        let mut stay: Vec<_> = (0..)
            .zip(&self.server)
            .map(|(at, piece)| {
                let is_over = |since: i64| wish.days.is_some_and(|days| self.day - since >= i64::from(days));
                !self.is_known(piece) || at >= old && !is_over(self.whole[&piece.number].0)
            })
            .collect();
        let mut total: u64 =
            self.server.iter().zip(&stay).filter(|(_, stay)| **stay).map(|(piece, _)| piece.size).sum();
        for (piece, stay) in self.server.iter().zip(&mut stay) {
            if *stay && self.is_known(piece) && wish.below.is_some_and(|below| total > below) {
                *stay = false;
                total -= piece.size;
            }
        }
        stay.into_iter().map(|stay| !stay).collect()
    }
}

/// Pseudo-random numbers, the same ones for the same seed (splitmix64).
struct Chance(u64);

impl Chance {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn happens(&mut self, percent: u64) -> bool {
        self.next() % 100 < percent
    }
}

fn wishes() -> impl Strategy<Value = Wish> {
    use proptest::option::of as some;
    let stays = (some(0u32..4), some(0usize..1500), some(0u64..400_000));
    let comes = (some(0usize..1000), some(0u64..300_000), some(60u64..600));
    (stays, comes).prop_map(|((days, newest, below), (messages, bytes, over))| Wish {
        days,
        newest,
        below,
        messages,
        bytes,
        over,
    })
}

/// Either messages get other names, or large ones are skipped: for one that has come whole before, a new name hides that it is large.
fn turns() -> impl Strategy<Value = Vec<Turn>> {
    let quit = prop_oneof![4 => Just(Quit::Answered), 1 => Just(Quit::Lost), 1 => Just(Quit::Broken)];
    let turn = (wishes(), 0i64..3, 0u64..10, prop_oneof![Just(0u64), 0u64..100], 0u64..10, quit, any::<u64>());
    let turn = turn.prop_map(|(wish, days, deleted, renamed, refused, quit, chance)| Turn {
        wish,
        days,
        deleted,
        renamed,
        refused,
        quit,
        chance,
    });
    (any::<bool>(), proptest::collection::vec(turn, RUNS)).prop_map(|(names_last, mut turns)| {
        for turn in &mut turns {
            match names_last {
                true => turn.renamed = 0,
                false => turn.wish.over = None,
            }
        }
        turns
    })
}

/// What was delivered after the first ones: numbers, and whether whole.
fn delivered(shelf: &Shelf, after: usize) -> Vec<(u64, bool)> {
    let read = |bytes: &Vec<u8>| {
        let header = bytes.windows(4).position(|four| four == b"\r\n\r\n").unwrap();
        (std::str::from_utf8(&bytes[9..header]).unwrap().parse().unwrap(), bytes.len() > header + 4)
    };
    shelf.delivered()[after..].iter().map(read).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 3, max_shrink_iters: 30, ..ProptestConfig::default() })]

    #[test]
    fn ten_thousand_messages_over_twenty_runs_are_where_the_model_says(turns in turns()) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let (notes, shelf) = (Notes::default(), Shelf::default());
            let (mut model, mut count) = (Model::default(), 0);
            for (at, turn) in (1..).zip(&turns) {
                model.pass(turn);
                let mut maildrop = Maildrop::new(model.server.iter().map(Piece::mail));
                maildrop.quit = turn.quit;
                let now = OffsetDateTime::from_unix_timestamp(model.day * 86_400).unwrap();
                let mut collector = Collector::new("me", notes.clone(), shelf.clone()).policy(turn.wish.policy()).now(now);
                let plan = collector.plan(&mut maildrop).await.unwrap();
                let summary = collector.run(&mut maildrop).await.unwrap();

                let wanted = model.run(turn);
                let came = delivered(&shelf, count);
                count += came.len();
                prop_assert_eq!(came.len(), wanted.len(), "run {}: {:?}", at, summary);
                prop_assert_eq!(came.into_iter().collect::<BTreeSet<_>>(), wanted, "run {}: {:?}", at, summary);
                let keys: Vec<_> = model.server.iter().map(|piece| &*piece.key).collect();
                prop_assert_eq!(maildrop.keys(), keys, "run {}: {:?}", at, summary);
                // A dry run predicts it, if nothing is refused and no old message is known only by its bytes, which it does not read.
                if summary.failed == 0 && summary.recognised == 0 {
                    let deletions = summary.deleted + summary.deletions_unknown;
                    prop_assert_eq!(plan.deletions(), deletions, "run {}: {:?}", at, summary);
                }
            }
            prop_assert_eq!(model.count, RUNS as u64 * ARRIVALS);
            Ok(())
        })?;
    }
}
