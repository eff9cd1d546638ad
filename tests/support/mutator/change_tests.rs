//! One dialogue under many seeds: whatever the proxy inserts, the output is something that a server may say, and contains what the
//! server said.

use std::collections::{BTreeMap, BTreeSet};

use super::super::view::Ghosts;
use super::*;

/// Both sides as they really spoke, the client's lines after `C: `; messages 2, 5 and 9 are there, later 40 too.
const DIALOGUE: &str = "S: * OK ready
C: A1 LOGIN me secret
S: A1 OK in
C: A2 SELECT INBOX
S: * FLAGS (\\Seen $x)
S: * 3 EXISTS
S: * OK [UNSEEN 2] first
S: * OK [UIDNEXT 40] next
S: A2 OK [READ-WRITE] open
C: A3 UID SEARCH RETURN (ALL) 1:*
S: * ESEARCH (TAG \"A3\") UID ALL 2,5,9
S: A3 OK found
C: A4 UID FETCH 1:* (FLAGS ENVELOPE)
S: * 1 FETCH (UID 2 FLAGS (\\Seen) ENVELOPE (\"a )\" NIL))
S: * 2 FETCH (UID 5 FLAGS () ENVELOPE (\"b\" {3}
S: (\")))
S: * 3 FETCH (UID 9 FLAGS ($x) ENVELOPE (\"c\" NIL))
C: A5 NOOP
S: A4 OK fetched
S: * 2 EXPUNGE
S: * 3 EXISTS
S: A5 OK done
C: A9 UID STORE 2 +FLAGS.SILENT ($x)
S: A9 OK stored
C: A6 IDLE
S: + idling
S: * 3 FETCH (UID 40 FLAGS (\\Recent))
S: * 2 FETCH (UID 9 FLAGS (\\Seen))
C: DONE
S: A6 OK idled
C: A7 UID SEARCH RETURN (ALL) 3:*
S: * ESEARCH (TAG \"A7\") UID ALL 40
S: A7 OK found
C: A8 LOGOUT
S: * BYE so long
S: A8 OK out
";

fn ghosts() -> Ghosts {
    Ghosts { mailbox: "INBOX", real: vec![2, 5, 9], there: vec![1, 6, 7, 12], coming: (21..30).collect() }
}

/// What the client receives, response by response, each with the number of its unanswered commands at that time; what the server
/// receives; and the proxy. Bytes come in pieces of this size.
fn play(seed: u64, wild: bool, piece: usize) -> (Vec<(usize, String)>, String, Change) {
    let mut change = Change::new(seed, wild, Some(ghosts()));
    let (mut heard, mut up) = (Vec::new(), Vec::new());
    for line in DIALOGUE.lines() {
        let (side, line) = line.split_at(3);
        let bytes = format!("{line}\r\n").into_bytes();
        for piece in bytes.chunks(piece) {
            if side == "C: " {
                up.extend(change.up(piece));
                continue;
            }
            let waiting = change.running.len();
            let mut down = change.down(piece);
            while let Some(end) = wire::response(&down) {
                heard.push((waiting, String::from_utf8(down.drain(..end).collect()).unwrap()));
            }
            assert_eq!(down, b"", "a response in pieces");
        }
    }
    assert_eq!(change.log.complaints, [""; 0]);
    (heard, String::from_utf8(up).unwrap(), change)
}

/// What a client learns from it: the UID of each message, if it was requested.
#[derive(Default)]
struct Client {
    messages: Vec<Option<u32>>,
    expunged: usize,
    read: BTreeMap<u32, BTreeSet<String>>,
}

impl Client {
    fn hear(&mut self, waiting: usize, response: &str) {
        let Some((number, rest)) = wire::numbered(response.as_bytes()) else { return };
        let (number, rest) = (number as usize, std::str::from_utf8(rest).unwrap());
        if rest.starts_with("EXISTS") {
            assert!(number >= self.messages.len(), "EXISTS counts down");
            self.messages.resize(number, None);
        } else if rest.starts_with("EXPUNGE") {
            assert!(waiting > 0, "EXPUNGE, and no command is in progress");
            self.messages.remove(number - 1);
            self.expunged += 1;
        } else {
            let list = rest.strip_prefix("FETCH (").unwrap().strip_suffix(")\r\n").unwrap();
            let items = wire::items(list.as_bytes()).unwrap();
            let items: BTreeSet<_> = items.into_iter().map(|item| String::from_utf8(item.to_vec()).unwrap()).collect();
            let ghost = list.split_once("$Ghost").and_then(|(_, uid)| uid.split_once(')')?.0.parse().ok());
            let told = items.iter().find_map(|item| item.strip_prefix("UID ")?.parse().ok());
            assert!(ghost.is_none() || told.is_none() || ghost == told, "{response}");
            if let (Some(uid), Some(known)) = (ghost.or(told), self.messages[number - 1]) {
                assert_eq!(uid, known, "{response}");
            }
            if let Some(uid) = told.filter(|_| ghost.is_none()) {
                assert!(self.read.insert(uid, items).is_none() || uid == 9);
            }
        }
    }

    /// The first answer to a search by number names all messages.
    fn learn(&mut self, response: &str) {
        let uids = wire::set(response.trim_end().split_once(" ALL ").unwrap().1).unwrap();
        assert_eq!(uids.len(), self.messages.len(), "{response}");
        self.messages = uids.into_iter().map(Some).collect();
    }
}

#[test]
fn what_a_client_makes_of_it_is_what_the_server_said() {
    let mut done = BTreeMap::<_, u32>::new();
    for seed in 0..300 {
        let (heard, up, change) = play(seed, false, usize::MAX);
        let mut client = Client::default();
        for (waiting, response) in &heard {
            client.hear(*waiting, response);
            if response.starts_with("* ESEARCH (TAG \"A3\")") {
                client.learn(response);
            }
        }
        assert_eq!((Some(client.messages.len()), client.expunged), (change.exists(), change.log.expunged), "{seed}");
        assert_eq!(client.read[&2], ["UID 2", "FLAGS (\\Seen)", "ENVELOPE (\"a )\" NIL)"].map(str::to_owned).into());
        assert_eq!(client.read[&5], ["UID 5", "FLAGS ()", "ENVELOPE (\"b\" {3}\r\n(\"))"].map(str::to_owned).into());
        assert_eq!(client.read[&9], ["UID 9", "FLAGS (\\Seen)"].map(str::to_owned).into());
        // Ghosts at the end come before the messages that really come, so that no UID is out of order.
        let real: Vec<_> = client.messages.iter().flatten().filter(|uid| [2, 5, 9].contains(*uid)).collect();
        assert_eq!(real, [&2, &9]);
        assert!(heard.iter().any(|(_, response)| response == "* OK [UNSEEN 3] as the client numbers it\r\n"));
        let numbered: Vec<_> = up.lines().filter(|line| line.contains("RETURN")).collect();
        assert_eq!(numbered[0], "A3 UID SEARCH RETURN (ALL) 1:*");
        assert!(numbered[1].starts_with("A7 UID SEARCH RETURN (ALL) "), "{numbered:?}");
        for (what, times) in change.log.done {
            *done.entry(what).or_default() += times;
        }
    }
    assert!(done.len() == 11 && done.values().all(|&times| times > 10), "{done:?}");
}

#[test]
fn what_was_put_in_can_be_taken_out_again() {
    let said: Vec<_> = SAID.iter().map(|said| format!("* {said}\r\n")).collect();
    for seed in 0..100 {
        let (heard, ..) = play(seed, true, usize::MAX);
        let own = |response: &&String| {
            let numbered = wire::numbered(response.as_bytes()).is_some();
            !numbered && !response.starts_with("* FLAGS") && !said.contains(response) && !response.contains("ESEARCH")
        };
        let own: Vec<_> = heard.iter().map(|(_, response)| response).filter(own).map(String::as_str).collect();
        let tagged = [
            "A3 OK found\r\n",
            "A4 OK fetched\r\n",
            "A5 OK done\r\n",
            "A9 OK stored\r\n",
            "+ idling\r\n",
            "A6 OK idled\r\n",
        ];
        assert_eq!(own[0..2], ["* OK ready\r\n", "A1 OK in\r\n"]);
        assert_eq!(own[4..11], [&["A2 OK [READ-WRITE] open\r\n"], &tagged[..]].concat());
        assert_eq!(own[11..], ["A7 OK found\r\n", "* BYE so long\r\n", "A8 OK out\r\n"]);
    }
}

#[test]
fn pieces_of_any_size_come_to_the_same() {
    for seed in 0..20 {
        let (whole, up, _) = play(seed, true, usize::MAX);
        for piece in [1, 2, 3, 7] {
            let (heard, again, _) = play(seed, true, piece);
            assert_eq!((&heard, &again), (&whole, &up), "seed {seed}, {piece} bytes at a time");
        }
    }
}

#[test]
fn a_quiet_proxy_only_reorders_and_counts() {
    let mut change = Change::new(1, false, None);
    change.quiet = true;
    change.up(b"A1 LOGIN a b\r\nA2 SELECT INBOX\r\n");
    let said = b"A1 OK in\r\n* 2 EXISTS\r\nA2 OK open\r\n* 2 FETCH (FLAGS ())\r\n* 1 EXPUNGE\r\n";
    assert_eq!(change.down(said), said);
    assert_eq!(change.exists(), Some(1));
}

#[test]
fn literals_and_answers_of_the_client_are_no_commands() {
    let mut change = Change::new(1, false, None);
    let said = b"A1 AUTHENTICATE PLAIN\r\nAFETCH 1 X\r\n";
    assert_eq!(change.up(said), said);
    change.down(b"A1 OK in\r\n");
    let said = b"A2 APPEND INBOX {12+}\r\nx FETCH 1 y\r\n (\\Seen) {3}\r\na b\r\nA3 IDLE\r\nDONE\r\n";
    let heard: Vec<u8> = said.iter().flat_map(|&byte| change.up(&[byte])).collect();
    assert_eq!(heard, said);
    assert_eq!(change.running.iter().map(|run| &*run.verb).collect::<Vec<_>>(), ["APPEND", "IDLE"]);
    change.up(b"A4 FETCH 1 FLAGS\r\n");
    assert_eq!(change.log.complaints.len(), 1);
}
