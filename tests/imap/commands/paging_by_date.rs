//! Pages of a large mailbox with the newest message first, on servers that do not sort: they are those of the whole list, and only the
//! messages of the last days are downloaded for the first ones.

use std::collections::HashSet;

use postroom::imap::{Append, Folder, Imap, Items, PageOrder, PageRange, Query, SortKey, Uid, Uids};
use postroom::testing::Server;
use time::{Duration, OffsetDateTime, UtcOffset};

use crate::rng::Rng;
use crate::support::{SELECT, embedded, plaintext, scripted};

const MESSAGES: usize = 620;
const DAY: i64 = 24 * 60 * 60;

/// Messages of two years, in the order of their arrival or in none: some without a date, some from the future.
async fn filled(seed: u64, in_order: bool) -> (Server, Folder<Imap>) {
    let server = Server::builder().without("SORT").in_memory().unwrap();
    let imap = embedded(&server, plaintext()).await;
    let mut rng = Rng::new(seed);
    let now = OffsetDateTime::from_unix_timestamp(1_772_000_000).unwrap();
    let messages: Vec<Append<'static>> = (0..MESSAGES)
        .map(|number| {
            // Most are of the last months.
            let random = rng.below(730).min(rng.below(730)).min(rng.below(730)) as i64;
            let back = if in_order { (MESSAGES - number) as i64 } else { random };
            let zone = UtcOffset::from_hms([-11, -5, 0, 1, 13][rng.below(5)], 0, 0).unwrap();
            let arrived = (now - Duration::seconds(back * DAY + rng.below(86_400) as i64)).to_offset(zone);
            let sent = match rng.below(8) {
                0 => arrived + Duration::days(rng.below(400) as i64),
                1 => arrived - Duration::days(rng.below(400) as i64),
                _ => arrived - Duration::minutes(rng.below(600) as i64),
            };
            let month = &sent.month().to_string()[..3];
            let date = match rng.below(12) {
                0 => String::new(),
                1 => "Date: yesterday\r\n".to_owned(),
                _ => format!(
                    "Date: {} {month} {} {:02}:{:02}:00 {:+03}00\r\n",
                    sent.day(),
                    sent.year(),
                    sent.hour(),
                    sent.minute(),
                    zone.whole_hours()
                ),
            };
            let text = format!("{date}Subject: {}\r\n\r\n{number}\r\n", ["one", "two"][rng.below(2)]);
            Append::from(text.into_bytes()).date(arrived)
        })
        .collect();
    imap.append_all("INBOX", messages).await.unwrap();
    (server, imap.into_folder("INBOX").await.unwrap())
}

#[tokio::test(start_paused = true)]
async fn the_pages_are_those_of_the_whole_list() {
    for seed in 1..=3 {
        let (server, folder) = filled(seed, false).await;
        let mut rng = Rng::new(seed);
        let orders = [
            vec![SortKey::DATE.reversed()],
            vec![SortKey::ARRIVAL.reversed()],
            vec![SortKey::DATE.reversed(), SortKey::SUBJECT],
            vec![SortKey::DATE],
        ];
        for query in [Query::all(), Query::subject("one"), Query::subject("none")] {
            for keys in &orders {
                folder.noop().await.unwrap();
                let whole: Vec<Uid> = folder.sort(&query, keys.clone()).await.unwrap().list.iter().collect();
                let (mut range, mut seen, mut gone) = (PageRange::first(20), Vec::new(), HashSet::new());
                for _ in 0..4 {
                    let order = PageOrder::by(keys.clone());
                    let page = folder.page(&query, order, range).items(Items::FLAGS).await.unwrap();
                    seen.extend(page.messages.iter().filter_map(|message| message.uid()));
                    let Some(next) = page.next else { break };
                    range = PageRange::after(next.to_string().parse().unwrap(), 20);
                    let uid = Uid::new(1 + rng.below(MESSAGES) as u32).unwrap();
                    if server.expunge("alice", "INBOX", uid.as_u32()).is_some() {
                        gone.insert(uid);
                    }
                }
                assert!(seen.len() == 80 || whole.is_empty());
                let stayed = |uid: &&Uid| !gone.contains(*uid);
                let shown: Vec<Uid> = seen.iter().filter(stayed).copied().collect();
                let expected: Vec<Uid> = whole.iter().filter(stayed).copied().take(shown.len()).collect();
                assert_eq!(shown, expected, "seed {seed}, {query}, {keys:?}");
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn the_first_pages_download_little() {
    let (server, folder) = filled(4, true).await;
    let sent = server.commands().len();
    let query = Query::all();
    for key in [SortKey::DATE, SortKey::ARRIVAL] {
        let page = folder.page(&query, key.reversed(), PageRange::first(10)).items(Items::FLAGS).await.unwrap();
        assert_eq!(page.messages.len(), 10);
    }
    let commands = server.commands();
    let fetched = commands[sent..].iter().filter_map(|command| command.split_once("UID FETCH ")?.1.split(' ').next());
    let counts: Vec<u64> = fetched.map(|uids| uids.parse::<Uids>().unwrap().len()).filter(|count| *count > 1).collect();
    // Messages without a date that the server can read are in every window.
    assert!(counts.len() == 4 && counts.iter().all(|count| *count < MESSAGES as u64 / 3), "{counts:?}");
}

/// A mailbox of 200,000 messages.
#[tokio::test(start_paused = true)]
async fn few_messages_in_the_last_days_make_the_window_grow() {
    let envelope = |date: &str| format!("ENVELOPE (\"{date}\" NIL NIL NIL NIL NIL NIL NIL NIL NIL)");
    let dialogue = format!(
        "S: * PREAUTH [CAPABILITY IMAP4rev1] ready
        {SELECT}
        S: * 200000 EXISTS
        S: * OK [UIDVALIDITY 7] v
        S: {{S}} OK [READ-WRITE] done
        C: {{A}} UID FETCH * (UID INTERNALDATE)
        S: * 200000 FETCH (UID 200100 INTERNALDATE \"20-Mar-2026 10:00:00 +0000\")
        S: {{A}} OK done
        C: {{B}} UID SEARCH ALL OR NOT SENTBEFORE 4-Mar-2026 SINCE 4-Mar-2026
        S: * SEARCH 7 200100
        S: {{B}} OK done
        C: {{C}} UID SEARCH ALL OR NOT SENTBEFORE 12-Nov-2025 SINCE 12-Nov-2025
        S: * SEARCH 7 8 9 200100
        S: {{C}} OK done
        C: {{D}} UID FETCH 7:9,200100 (UID INTERNALDATE ENVELOPE)
        S: * 7 FETCH (UID 7 {} INTERNALDATE \"20-Mar-2026 09:00:00 +0000\")
        S: * 8 FETCH (UID 8 {} INTERNALDATE \"20-Mar-2020 10:00:00 +0000\")
        S: * 9 FETCH (UID 9 {} INTERNALDATE \"20-Mar-2026 10:00:00 +0000\")
        S: * 200000 FETCH (UID 200100 {} INTERNALDATE \"20-Mar-2026 10:00:00 +0000\")
        S: {{D}} OK done
        C: {{E}} UID FETCH 7:8 (UID FLAGS)
        S: * 8 FETCH (UID 8 FLAGS ())
        S: * 7 FETCH (UID 7 FLAGS ())
        S: {{E}} OK done",
        envelope("none"),
        envelope("1 Apr 2026 10:00:00 +0000"),
        envelope("1 Jan 2020 10:00:00 +0000"),
        envelope("1 Mar 2026 10:00:00 +0000"),
    );
    let (script, imap) = scripted(&dialogue, plaintext()).await;
    let inbox = imap.unwrap().into_folder("INBOX").await.unwrap();
    let order = SortKey::DATE.reversed();
    let page = inbox.page(&Query::all(), order, PageRange::first(2)).items(Items::FLAGS).await.unwrap();
    let uids: Vec<u32> = page.messages.iter().map(|message| message.uid().unwrap().as_u32()).collect();
    assert_eq!((uids, page.next.unwrap().to_string()), (vec![8, 7], "p1:7:200100:2:7-8".to_owned()));
    script.finish().await.unwrap();
}
