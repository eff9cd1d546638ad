//! Pages: the same messages on every server, whatever arrives and is expunged between two pages; and what each way costs.

use std::collections::HashSet;

use postroom::Kind;
use postroom::imap::{
    Folder, Imap, Items, Page, PageOrder, PageRange, PageToken, Query, SortKey, Uid, UidValidity, Uids,
};
use postroom::testing::Server;

use crate::rng::Rng;
use crate::sorted_mail::{KEYS, Odd, append};
use crate::support::{SELECT, embedded, plaintext, scripted};

/// Servers that differ in what they count by position.
fn servers() -> Vec<(&'static str, Server)> {
    let build = Server::builder;
    vec![
        ("all", build().with("PARTIAL").with("CONTEXT=SORT").in_memory().unwrap()),
        ("usual", build().in_memory().unwrap()),
        ("limited", build().with("PARTIAL").with("CONTEXT=SORT").message_limit(9).in_memory().unwrap()),
        ("no sort", build().with("PARTIAL").without("SORT").in_memory().unwrap()),
        ("plain", build().without("SORT").without("ESEARCH").in_memory().unwrap()),
    ]
}

fn orders(rng: &mut Rng) -> Vec<PageOrder> {
    let key = |rng: &mut Rng| {
        let key = KEYS[rng.below(KEYS.len())];
        if rng.once_in(2) { key.reversed() } else { key }
    };
    vec![PageOrder::NEWEST, PageOrder::OLDEST, key(rng).into(), PageOrder::by([key(rng), key(rng)])]
}

/// A mailbox with gaps between its UIDs, and a second session that changes it.
struct Changing {
    server: Server,
    folder: Folder<Imap>,
    other: Imap,
    rng: Rng,
    number: usize,
    removed: HashSet<Uid>,
}

impl Changing {
    async fn new(server: Server, seed: u64) -> Self {
        let (imap, other) = (embedded(&server, plaintext()).await, embedded(&server, plaintext()).await);
        let mut rng = Rng::new(seed);
        for number in 1..=60 {
            imap.append("INBOX", append(&mut rng, number, Odd { dates: true, accents: true })).await.unwrap();
        }
        for uid in 1..=60 {
            if rng.once_in(3) {
                server.expunge("alice", "INBOX", uid).unwrap();
            }
        }
        let folder = imap.into_folder("INBOX").await.unwrap();
        Self { server, folder, other, rng, number: 60, removed: HashSet::new() }
    }

    /// What happens between two pages.
    async fn change(&mut self, page: &Page) {
        if self.number < 80 && self.rng.once_in(2) {
            self.number += 1;
            let message = append(&mut self.rng, self.number, Odd::default());
            self.other.append("INBOX", message).await.unwrap();
        }
        let last: Vec<Uid> = page.messages.iter().filter_map(|message| message.uid()).collect();
        let gone = match self.rng.below(6) {
            0 => last,
            1 => last.into_iter().take(2).collect(),
            2 => {
                vec![Uid::new(1 + self.rng.below(60) as u32).unwrap(), Uid::new(1 + self.rng.below(60) as u32).unwrap()]
            }
            _ => Vec::new(),
        };
        for uid in gone {
            if self.server.expunge("alice", "INBOX", uid.into()).is_some() {
                self.removed.insert(uid);
            }
        }
    }

    async fn in_order(&self, query: &Query, order: &PageOrder) -> Vec<Uid> {
        if *order == PageOrder::NEWEST || *order == PageOrder::OLDEST {
            let mut all: Vec<Uid> = self.folder.search(query).await.unwrap().iter().collect();
            if *order == PageOrder::NEWEST {
                all.reverse();
            }
            return all;
        }
        let page = self.folder.page(query, order.clone(), PageRange::first(1000)).items(Items::new()).await.unwrap();
        assert_eq!(page.next, None);
        uids(&page)
    }
}

fn uids(page: &Page) -> Vec<Uid> {
    page.messages.iter().map(|message| message.uid().unwrap()).collect()
}

#[tokio::test(start_paused = true)]
async fn each_message_that_stays_is_on_one_page_in_order_whatever_arrives_and_goes() {
    for seed in 1..=3 {
        for (name, server) in servers() {
            let mut changing = Changing::new(server, seed).await;
            for query in [Query::all(), Query::flagged(), Query::subject("e").and(!Query::flagged()), Query::answered()]
            {
                for order in orders(&mut Rng::new(seed)) {
                    // What was expunged for the order before is gone then.
                    changing.folder.noop().await.unwrap();
                    let before = changing.in_order(&query, &order).await;
                    changing.removed.clear();
                    let size = 1 + changing.rng.below(12) as u32;
                    let (mut range, mut seen, mut pages) = (PageRange::first(size), Vec::new(), 0);
                    loop {
                        let page = changing.folder.page(&query, order.clone(), range).await.unwrap();
                        assert!(page.messages.len() <= size as usize);
                        assert!(page.messages.iter().all(|message| message.envelope().is_some()));
                        seen.extend(uids(&page));
                        changing.change(&page).await;
                        let Some(next) = page.next else { break };
                        // As a web program keeps it between two requests.
                        range = PageRange::after(next.to_string().parse().unwrap(), size);
                        pages += 1;
                        assert!(pages < 200);
                    }
                    let context = format!("seed {seed}, {name}, {query}, {order:?}, {size}");
                    let once: HashSet<Uid> = seen.iter().copied().collect();
                    assert_eq!(once.len(), seen.len(), "{context}: {seen:?}");
                    let stayed = |uid: &Uid| !changing.removed.contains(uid);
                    let expected: Vec<Uid> = before.iter().copied().filter(stayed).collect();
                    let shown: Vec<Uid> = seen.into_iter().filter(|uid| before.contains(uid) && stayed(uid)).collect();
                    assert_eq!(shown, expected, "{context}");
                }
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn the_orders_are_those_of_sort_and_search() {
    for (name, server) in servers() {
        let changing = Changing::new(server, 3).await;
        for key in KEYS {
            let sorted = changing.folder.sort(&Query::all(), [key]).await.unwrap().list;
            let paged = changing.in_order(&Query::all(), &key.into()).await;
            assert!(sorted.iter().eq(paged), "{name}, {key}");
        }
    }
}

const LARGE: &str = "
    C: {S} SELECT INBOX
    S: * 200000 EXISTS
    S: * OK [UIDVALIDITY 7] v
    S: * OK [UIDNEXT 200101] n
    S: {S} OK [READ-WRITE] done
";

async fn large(capabilities: &str, dialogue: &str) -> (postroom::testing::Script, Folder<Imap>) {
    let greeting = format!("S: * PREAUTH [CAPABILITY IMAP4rev1 {capabilities}] ready\n");
    let (script, imap) = scripted(&format!("{greeting}{LARGE}{dialogue}"), plaintext()).await;
    (script, imap.unwrap().into_folder("INBOX").await.unwrap())
}

#[tokio::test(start_paused = true)]
async fn a_page_of_a_large_mailbox_costs_two_round_trips() {
    let token = "p1:7:199000".parse::<PageToken>().unwrap();
    let rows = [
        (
            "PARTIAL ESEARCH",
            Query::all(),
            "
            C: {A} UID FETCH 1:* (UID FLAGS) (PARTIAL -1:-2)
            S: * 199999 FETCH (UID 200099 FLAGS ())
            S: * 200000 FETCH (UID 200100 FLAGS ())
            S: {A} OK done
            ",
        ),
        (
            "PARTIAL ESEARCH",
            Query::unseen(),
            "
            C: {A} UID SEARCH RETURN (PARTIAL -1:-3) UID 1:* UNSEEN
            S: * ESEARCH (TAG \"{A}\") UID PARTIAL (-1:-3 7,200099:200100)
            S: {A} OK done
            C: {B} UID FETCH 200099:200100 (UID FLAGS)
            S: * 199999 FETCH (UID 200099 FLAGS ())
            S: * 200000 FETCH (UID 200100 FLAGS ())
            S: {B} OK done
            ",
        ),
        (
            "CONTEXT=SEARCH",
            Query::all(),
            "
            C: {A} UID SEARCH UID 200085:* ALL
            S: * SEARCH 200085 200087 200099 200100
            S: {A} OK done
            C: {B} UID FETCH 200099:200100 (UID FLAGS)
            S: * 199999 FETCH (UID 200099 FLAGS ())
            S: * 200000 FETCH (UID 200100 FLAGS ())
            S: {B} OK done
            ",
        ),
    ];
    for (capabilities, query, dialogue) in rows {
        let (script, inbox) = large(capabilities, dialogue).await;
        let page = inbox.page(&query, PageOrder::NEWEST, PageRange::first(2)).items(Items::FLAGS).await.unwrap();
        assert_eq!(uids(&page).iter().map(|uid| uid.as_u32()).collect::<Vec<_>>(), [200_100, 200_099]);
        assert_eq!(page.next.unwrap().to_string(), "p1:7:200099");
        script.finish().await.unwrap();
    }
    let (script, inbox) = large(
        "PARTIAL ESEARCH",
        "
        C: {A} UID FETCH 1:198999 (UID FLAGS) (PARTIAL -1:-2)
        S: * 5 FETCH (UID 9 FLAGS ())
        S: * 4 FETCH (UID 8 FLAGS ())
        S: {A} OK done
        ",
    )
    .await;
    let range = PageRange::after(token, 2);
    let page = inbox.page(&Query::all(), PageOrder::NEWEST, range).items(Items::FLAGS).await.unwrap();
    assert_eq!((uids(&page).len(), page.next.unwrap().to_string()), (2, "p1:7:8".to_owned()));
    script.finish().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_sorted_page_is_counted_by_the_server_if_it_can() {
    let dialogue = "
        C: {Z} UID FETCH * (UID)
        C: {A} UID SORT RETURN (PARTIAL 1:3) (REVERSE DATE) US-ASCII ALL
        S: * 200000 FETCH (UID 200103)
        S: {Z} OK done
        S: * ESEARCH (TAG \"{A}\") UID PARTIAL (1:3 9,4,7)
        S: {A} OK done
        C: {B} UID FETCH 4,9 (UID FLAGS)
        S: * 4 FETCH (UID 4 FLAGS ())
        S: * 9 FETCH (UID 9 FLAGS ())
        S: {B} OK done
        C: {C} UID SORT RETURN (PARTIAL 1:5) (REVERSE DATE) US-ASCII UID 1:200103 ALL
        S: * ESEARCH (TAG \"{C}\") UID PARTIAL (1:5 9,4,7,8,2)
        S: {C} OK done
        C: {D} UID FETCH 7:8 (UID FLAGS)
        S: * 8 FETCH (UID 8 FLAGS ())
        S: * 7 FETCH (UID 7 FLAGS ())
        S: {D} OK done
    ";
    let (script, inbox) = large("SORT ESORT ESEARCH CONTEXT=SORT", dialogue).await;
    let query = Query::all();
    let page = |range| inbox.page(&query, SortKey::DATE.reversed(), range).items(Items::FLAGS);
    let first = page(PageRange::first(2)).await.unwrap();
    assert_eq!(uids(&first).iter().map(|uid| uid.as_u32()).collect::<Vec<_>>(), [9, 4]);
    let token = first.next.unwrap();
    assert_eq!(token.to_string(), "p1:7:200103:2:4,9");
    let second = page(PageRange::after(token, 2)).await.unwrap();
    assert_eq!(uids(&second).iter().map(|uid| uid.as_u32()).collect::<Vec<_>>(), [7, 8]);
    assert!(second.next.is_some());
    script.finish().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn few_matches_are_found_in_windows_that_grow() {
    let dialogue = "
        C: {A} UID SEARCH UID 200093:* FLAGGED
        S: * SEARCH
        S: {A} OK done
        C: {B} UID SEARCH UID 200029:4294967295 FLAGGED
        S: * SEARCH 200030
        S: {B} OK done
        C: {C} UID SEARCH UID 199517:200028 FLAGGED
        S: * SEARCH 199600 199601
        S: {C} OK done
        C: {D} UID FETCH 200030 (UID FLAGS)
        S: * 8 FETCH (UID 200030 FLAGS ())
        S: {D} OK done
    ";
    let (script, inbox) = large("IDLE", dialogue).await;
    let query = Query::flagged();
    let page = inbox.page(&query, PageOrder::NEWEST, PageRange::first(1)).items(Items::FLAGS).await.unwrap();
    assert_eq!(page.next.unwrap().to_string(), "p1:7:200030");
    script.finish().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_paged_is_refused_before_anything_is_sent() {
    let server = Server::builder().sample_mail().in_memory().unwrap();
    let inbox = embedded(&server, plaintext()).await.into_folder("INBOX").await.unwrap();
    server.clear_commands();
    let all = Query::all();
    let validity = u32::from(inbox.info().unwrap().uid_validity.unwrap());
    let token = |text: String| PageRange::after(text.parse().unwrap(), 5);
    let refused = async |query: &Query, order: PageOrder, range: PageRange, items: Items| {
        inbox.page(query, order, range).items(items).await.unwrap_err().kind()
    };
    let date = || PageOrder::by([SortKey::DATE]);
    let stamped = Query::uids(Uids::ALL.stamped(UidValidity::new(validity + 1).unwrap()));
    let here = format!("p1:{validity}:5");
    for (query, order, range, items, kind) in [
        (&all, PageOrder::NEWEST, PageRange::first(0), Items::FLAGS, Kind::Input),
        (&all, PageOrder::by([]), PageRange::first(5), Items::FLAGS, Kind::Input),
        (&all, PageOrder::NEWEST, token(format!("p1:{}:5", validity + 1)), Items::FLAGS, Kind::Input),
        (&all, date(), token(here.clone()), Items::FLAGS, Kind::Input),
        (&all, PageOrder::OLDEST, token(format!("{here}:1:1")), Items::FLAGS, Kind::Input),
        (&stamped, PageOrder::NEWEST, PageRange::first(5), Items::FLAGS, Kind::Input),
        (&all, PageOrder::NEWEST, PageRange::first(5), Items::GMAIL_LABELS, Kind::Unsupported),
        (&all, PageOrder::by([SortKey::RELEVANCY]), PageRange::first(5), Items::FLAGS, Kind::Unsupported),
    ] {
        assert_eq!(refused(query, order.clone(), range, items).await, kind, "{query} {order:?}");
    }
    drop(inbox.page(&all, PageOrder::NEWEST, PageRange::first(5)));
    assert!(server.commands().is_empty(), "{:?}", server.commands());
    let end = inbox.page(&all, PageOrder::NEWEST, token(format!("p1:{validity}:1"))).await.unwrap();
    assert!(end.messages.is_empty() && end.next.is_none());
}

#[tokio::test(start_paused = true)]
async fn an_empty_mailbox_has_an_empty_page() {
    let dialogue = SELECT.replace("* 3 EXISTS", "* 0 EXISTS");
    assert_ne!(dialogue, SELECT);
    for order in [PageOrder::NEWEST, PageOrder::OLDEST, SortKey::DATE.into()] {
        let greeting = "S: * PREAUTH [CAPABILITY IMAP4rev1 SORT] ready\n";
        let noop = "C: {A} NOOP\nS: {A} OK done\n";
        let (script, imap) = scripted(&format!("{greeting}{dialogue}{noop}"), plaintext()).await;
        let inbox = imap.unwrap().into_folder("INBOX").await.unwrap();
        let page = inbox.page(&Query::all(), order, PageRange::first(5)).await.unwrap();
        assert!(page.messages.is_empty() && page.next.is_none());
        script.finish().await.unwrap();
    }
}
