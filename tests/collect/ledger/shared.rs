//! Handles of one ledger: runs at the same time, each of an account that no other one has.

use postroom::Kind;
use postroom::collect::{Collector, FileLedger, Ledger, Maildir, MemoryLedger, SharedLedger};

use super::{keys, put};
use crate::maildrop::{Maildrop, mail};
use crate::scratch::Scratch;

#[tokio::test]
async fn an_account_belongs_to_one_handle_until_that_is_dropped() {
    let mut one = SharedLedger::new(MemoryLedger::default());
    let mut other = one.clone();
    one.apply("me", &[put("a")]).await.unwrap();
    assert_eq!(keys(&mut one, "me").await, ["a"]);
    assert_eq!(other.load("me").await.unwrap_err().kind(), Kind::Busy);
    assert_eq!(other.apply("me", &[put("b")]).await.unwrap_err().kind(), Kind::Busy);
    other.apply("you", &[put("c")]).await.unwrap();
    assert_eq!(one.clone().load("you").await.unwrap_err().kind(), Kind::Busy);
    drop(one);
    assert_eq!(keys(&mut other, "me").await, ["a"]);
    assert_eq!(keys(&mut other, "you").await, ["c"]);
}

/// A call that was dropped while it waited for another one has taken its account, and harms nothing.
#[tokio::test]
async fn a_dropped_call_harms_nothing() {
    let scratch = Scratch::new();
    let ledger = SharedLedger::new(FileLedger::open(scratch.join("ledger")).await.unwrap());
    for round in 0..30 {
        let (mut one, mut other) = (ledger.clone(), ledger.clone());
        let (key, more) = (round.to_string(), format!("{round}x"));
        let changes = [put(&key)];
        let dropped = tokio::time::timeout(std::time::Duration::from_micros(round * 20), one.apply("me", &changes));
        let more = [put(&more)];
        let (_, applied) = tokio::join!(dropped, other.apply("you", &more));
        applied.unwrap();
        one.apply("me", &changes).await.unwrap();
    }
    let mut last = ledger;
    assert_eq!((keys(&mut last, "me").await.len(), keys(&mut last, "you").await.len()), (30, 30));
}

#[tokio::test]
async fn two_runs_at_the_same_time_share_a_ledger() {
    let scratch = Scratch::new();
    let ledger = SharedLedger::new(FileLedger::open(scratch.join("ledger")).await.unwrap());
    let maildir = Maildir::open(scratch.join("mail")).await.unwrap();
    let drop_of =
        |name: &str| Maildrop::new((0..200).map(|number| mail(&number.to_string(), &format!("{name} {number}"))));
    for expected in [200, 0] {
        let (mut mine, mut yours) = (drop_of("mine"), drop_of("yours"));
        let mut me = Collector::new("me", ledger.clone(), maildir.folder(["me"]).await.unwrap());
        let mut you = Collector::new("you", ledger.clone(), maildir.folder(["you"]).await.unwrap());
        let (one, other) = tokio::join!(me.run(&mut mine).finish(), you.run(&mut yours).finish());
        assert_eq!((one.unwrap().collected, other.unwrap().collected), (expected, expected));
        let mut second = Collector::new("me", ledger.clone(), maildir.folder(["me"]).await.unwrap());
        assert_eq!(second.run(&mut mine).finish().await.unwrap_err().kind(), Kind::Busy);
    }
    for name in [".me", ".you"] {
        assert_eq!(std::fs::read_dir(scratch.join("mail").join(name).join("new")).unwrap().count(), 200);
    }
}
