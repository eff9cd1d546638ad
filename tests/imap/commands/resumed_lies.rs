//! A server with QRESYNC that reports what did not happen: the oracle knows what can be believed, and what must be asked for.

use std::collections::BTreeSet;

use postroom::imap::{Uid, Uids};
use proptest::prelude::*;

use super::resuming::{DONE, HELLO, MODSEQ, point, resumed};

fn set(numbers: &BTreeSet<u32>) -> String {
    numbers.iter().map(|&number| Uid::new(number).unwrap()).collect::<Uids>().to_string()
}

fn subset() -> impl Strategy<Value = BTreeSet<u32>> {
    prop::collection::btree_set(1u32..16, 0..12)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 150, ..ProptestConfig::default() })]

    /// A server that reports other expunges and changes than those that happened: unless the numbers agree by chance, the result is the
    /// truth, after one search, and nothing is gone that is there.
    #[test]
    fn a_server_that_lies_about_what_vanished_deletes_nothing(
        known in subset(),
        truth in subset(),
        vanished in subset(),
        told in subset(),
    ) {
        let told: BTreeSet<u32> = told.intersection(&truth).copied().collect();
        let believed: BTreeSet<u32> = known.union(&told).filter(|uid| !vanished.contains(uid)).copied().collect();
        let doubted = told.intersection(&vanished).next().is_some() || believed.len() != truth.len();
        prop_assume!(doubted || believed == truth);
        let missing: BTreeSet<u32> = truth.iter().filter(|uid| !known.contains(uid) && !told.contains(uid)).copied().collect();
        let fetched = |uids: &BTreeSet<u32>| -> String {
            uids.iter().map(|uid| format!("S: * {uid} FETCH (UID {uid} FLAGS () MODSEQ (12))\n")).collect()
        };
        let mut dialogue = format!(
            "{HELLO}C: {{E}} ENABLE CONDSTORE QRESYNC
            C: {{S}} SELECT INBOX (QRESYNC (7 9))
            S: * ENABLED QRESYNC
            S: {{E}} OK done
            S: * {} EXISTS
            S: * OK [UIDVALIDITY 7] valid
            S: * OK [UIDNEXT 600] next
            {MODSEQ}",
            truth.len()
        );
        if !vanished.is_empty() {
            dialogue += &format!("S: * VANISHED (EARLIER) {}\n", set(&vanished));
        }
        dialogue += &format!("{}{DONE}", fetched(&told));
        if doubted {
            let found: String = truth.iter().map(|uid| format!(" {uid}")).collect();
            dialogue += &format!("C: {{N}} NOOP\nC: {{Q}} UID SEARCH ALL\nS: {{N}} OK done\nS: * SEARCH{found}\nS: {{Q}} OK done\n");
            if !missing.is_empty() {
                let answer = fetched(&missing);
                dialogue += &format!("C: {{F}} UID FETCH {} (UID FLAGS MODSEQ)\n{answer}S: {{F}} OK done\n", set(&missing));
            }
        }
        let from = point(&format!("1/7/20/9/{}", set(&known)));
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let (list, exact, next) = runtime.block_on(resumed(&dialogue, &from));
        assert!(exact);
        assert_eq!(next, format!("1/7/600/40/{}", set(&truth)));
        let gone: BTreeSet<u32> = known.union(&told).filter(|uid| !truth.contains(uid)).copied().collect();
        let shown: Vec<_> = list.iter().filter_map(|line| line.strip_prefix("gone ")).collect();
        let wanted = set(&gone);
        assert_eq!(shown, if gone.is_empty() { vec![] } else { vec![wanted.as_str()] });
        let new = list.iter().filter(|line| line.starts_with("new")).count();
        assert_eq!(new, truth.difference(&known).count());
    }
}
