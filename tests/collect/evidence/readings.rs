//! What happens to one message, by the server's answers to its readings.

use postroom::Kind;
use postroom::collect::{Digest, FileLedger, Policy};

use super::post::{Answer, Letter, text};
use super::{BOTH, Protocol, Trial};
use crate::scratch::Scratch;

/// What Courier sends for a message that another session has expunged.
const UNAVAILABLE: &str = "From: System Administrator <root@mail.example.org>\r\nSubject: message unavailable\r\n\r\n\
                           This message is not available any more.\r\n";

fn long(name: u32, octet: char) -> Answer {
    Answer::Text(format!("Subject: long {name}\r\n\r\n{}\r\n", octet.to_string().repeat(1_200_000)))
}

/// With a good message beside it, each run has one failure, stores nothing of the bad one, and leaves it; once it is whole it is
/// delivered.
async fn stays_until_it_is_whole(protocol: Protocol, answers: Vec<Answer>) {
    let trial = Trial::new(protocol, [Letter::new(1, 0), Letter::new(2, 0).answers(24, answers.clone())]);
    for deleted in [1, 0] {
        trial.change(|post| post.letters.iter_mut().for_each(|letter| letter.readings = 0));
        let (summary, events) = trial.collect(Policy::delete()).await;
        assert_eq!((summary.failed, summary.deleted), (1, deleted), "{protocol:?} {answers:?}: {summary}");
        assert_eq!((summary.gone, summary.confirmed, summary.differing), (0, 0, 0), "{events:?}");
        assert_eq!(trial.left(), [2], "{protocol:?} {answers:?}");
        assert_eq!(trial.delivered(), [text("message 1")]);
        let kinds = ["UID STORE", "UID EXPUNGE", "DELE"].map(|command| trial.count(command));
        assert_eq!(kinds.iter().any(|count| *count > 0), deleted > 0);
    }
    trial.change(|post| post.letters[0] = Letter::new(2, 0));
    let (summary, _) = trial.collect(Policy::delete()).await;
    assert_eq!((summary.collected, summary.deleted, trial.left()), (1, 1, vec![]), "{summary}");
    assert_eq!(trial.delivered().len(), 2);
}

#[tokio::test]
async fn a_message_without_text_is_not_stored_not_deleted_and_told() {
    for answer in [Answer::Nil, Answer::Quoted, Answer::Empty, Answer::NoBody, Answer::Zero, Answer::Refused] {
        stays_until_it_is_whole(Protocol::Imap, vec![answer]).await;
    }
    for answer in [Answer::Empty, Answer::Refused] {
        stays_until_it_is_whole(Protocol::Pop3, vec![answer]).await;
    }
}

#[tokio::test]
async fn a_doubtful_message_that_does_not_come_again_is_not_stored() {
    let short = Answer::Text("Subject: short\r\n\r\n".to_owned());
    for again in [Answer::Nil, Answer::NoBody, Answer::Zero, Answer::Refused] {
        stays_until_it_is_whole(Protocol::Imap, vec![short.clone(), again]).await;
    }
    for again in [Answer::Empty, Answer::Refused] {
        stays_until_it_is_whole(Protocol::Pop3, vec![short.clone(), again]).await;
    }
}

#[tokio::test]
async fn what_comes_at_the_second_time_and_whole_is_collected() {
    for protocol in BOTH {
        for missing in [Answer::Empty, Answer::Refused] {
            let text = text("message 1");
            let letter = Letter::new(1, 0).answers(text.len(), [missing, Answer::Text(text.clone())]);
            let trial = Trial::new(protocol, [letter]);
            let (summary, events) = trial.collect(Policy::delete()).await;
            assert_eq!((events, summary.deleted), (vec!["collected"], 1), "{protocol:?}");
            assert_eq!(trial.delivered(), [text]);
        }
    }
}

#[tokio::test]
async fn what_comes_at_the_second_time_and_doubtful_is_read_a_third_time() {
    for protocol in BOTH {
        let text = text("message 1");
        let letter = Letter::new(1, 0).answers(90, [Answer::Empty, Answer::Text(text.clone())]);
        let trial = Trial::new(protocol, [letter]);
        let readings = trial.post.clone();
        let (summary, events) = trial.collect(Policy::keep()).await;
        assert_eq!((events, summary.failed), (vec!["confirmed", "collected"], 0), "{protocol:?}");
        assert_eq!(readings.lock().unwrap().letters[0].readings, 3);
    }
}

#[tokio::test]
async fn a_message_that_went_meanwhile_is_gone_whatever_is_sent_for_it() {
    let other = Answer::Text(text("it is no longer here"));
    let unavailable = Answer::Text(UNAVAILABLE.to_owned());
    let forms = [unavailable.clone(), other, Answer::Zero, Answer::Nil, Answer::NoBody, Answer::Empty, Answer::Refused];
    for answer in forms {
        let letter = Letter { goes: true, ..Letter::new(1, 0).answers(28, [answer.clone()]) };
        let trial = Trial::new(Protocol::Imap, [letter]);
        let (summary, events) = trial.collect(Policy::delete()).await;
        assert_eq!((events, summary.gone, summary.failed), (vec!["gone"], 1, 0), "{answer:?}");
        assert!(trial.delivered().is_empty() && trial.notes.0.lock().unwrap().is_empty(), "{answer:?}");
        assert_eq!((trial.count("UID STORE"), trial.count("UID EXPUNGE")), (0, 0), "{answer:?}");
    }
    // A large one, which comes alone.
    let letter = Letter { goes: true, ..Letter::new(1, 0).answers(2_000_000, [unavailable]) };
    let trial = Trial::new(Protocol::Imap, [letter, Letter::new(2, 0)]);
    let (summary, _) = trial.collect(Policy::delete()).await;
    assert_eq!((summary.gone, summary.collected, summary.deleted), (1, 1, 1), "{summary}");
}

#[tokio::test]
async fn a_message_that_goes_while_it_is_read_again_is_gone_too() {
    for declared in [99, 2_000_000] {
        let answers = [Answer::Text(text("message 1")), Answer::Text(UNAVAILABLE.to_owned())];
        let letter = Letter { goes_at: 2, ..Letter::new(1, 0).answers(declared, answers) };
        let trial = Trial::new(Protocol::Imap, [letter]);
        let (summary, events) = trial.collect(Policy::delete()).await;
        assert_eq!((events, summary.gone, summary.failed), (vec!["gone"], 1, 0));
        assert!(trial.delivered().is_empty() && trial.noted(1).is_empty());
    }
}

#[tokio::test]
async fn all_that_is_in_doubt_or_missing_is_asked_for_at_once() {
    let letters = (1..=9).map(|name| match name % 3 {
        0 => Letter { goes: true, ..Letter::new(name, -1).answers(28, [Answer::Text(UNAVAILABLE.to_owned())]) },
        1 => Letter { goes: true, ..Letter::new(name, 0).answers(28, [Answer::Zero]) },
        _ => Letter::new(name, 5),
    });
    let trial = Trial::new(Protocol::Imap, letters);
    let (summary, _) = trial.collect(Policy::delete()).await;
    assert_eq!((summary.gone, summary.confirmed, summary.collected, summary.deleted), (6, 3, 3, 3), "{summary}");
    assert_eq!((trial.count("NOOP"), trial.count("UID SEARCH")), (1, 1));
}

#[tokio::test]
async fn the_same_bytes_twice_are_the_message() {
    for protocol in BOTH {
        let trial = Trial::new(protocol, [Letter::new(1, 7), Letter::new(2, 0), Letter::new(3, -7)]);
        let (summary, events) = trial.collect(Policy::keep()).await;
        assert_eq!((summary.confirmed, summary.collected, summary.failed), (2, 3, 0), "{protocol:?}: {events:?}");
        assert_eq!(trial.readings(), [2, 1, 2]);
        let (summary, events) = trial.collect(Policy::delete()).await;
        assert_eq!((events.len(), summary.deleted, trial.left()), (0, 3, vec![]), "{protocol:?}: {events:?}");
        assert_eq!(trial.delivered().len(), 3);
    }
}

#[tokio::test]
async fn different_bytes_are_stored_once_and_never_deleted() {
    for protocol in BOTH {
        let [first, second] = ["one", "two"].map(text);
        let answers = [first.clone(), second.clone()].map(Answer::Text);
        let trial = Trial::new(protocol, [Letter::new(1, 0).answers(99, answers), Letter::new(2, 0)]);
        let (summary, events) = trial.collect(Policy::delete()).await;
        assert_eq!((summary.differing, summary.failed, summary.deleted), (1, 0, 1), "{protocol:?}: {events:?}");
        assert_eq!(events, ["collected", "differs", "collected"]);
        assert_eq!(trial.delivered(), [text("message 2"), second.clone()]);
        let digests = (Digest::of(second.as_bytes()), Some(Digest::of(first.as_bytes())));
        assert_eq!(trial.noted(1), [digests]);
        for policy in [Policy::delete(), Policy::keep().newest(0), Policy::keep().below(0)] {
            let (summary, events) = trial.collect(policy).await;
            assert_eq!((events.len(), summary.deleted, trial.left()), (0, 0, vec![1]), "{protocol:?}: {events:?}");
        }
        assert_eq!((trial.readings(), trial.delivered().len()), (vec![2], 2), "{protocol:?}");
        assert_eq!(trial.noted(1), [digests]);
    }
}

#[tokio::test]
async fn a_message_without_a_name_that_comes_in_two_forms_is_stored_once() {
    let answers = ["one", "two", "one", "two", "two", "one"].map(text).map(Answer::Text);
    let trial = Trial::new(Protocol::Pop3, [Letter::new(1, 0).answers(99, answers)]);
    trial.change(|post| post.nameless = true);
    for differing in [1; 3] {
        let (summary, events) = trial.collect(Policy::delete()).await;
        assert_eq!((summary.differing, summary.deleted, trial.left()), (differing, 0, vec![1]), "{events:?}");
        assert_eq!(trial.delivered(), [text("two")]);
    }
}

#[tokio::test]
async fn a_message_that_differs_is_known_to_a_ledger_in_a_file() {
    let scratch = Scratch::new();
    let answers = ["one", "two"].map(text).map(Answer::Text);
    let trial = Trial::new(Protocol::Imap, [Letter::new(1, 0).answers(99, answers)]);
    for readings in [2, 2] {
        let ledger = FileLedger::open(scratch.join("ledger")).await.unwrap();
        let (summary, _) = trial.collect_with(Policy::delete(), ledger).await;
        assert_eq!((summary.failed, summary.deleted, trial.left()), (0, 0, vec![1]));
        assert_eq!(trial.readings(), [readings]);
    }
}

#[tokio::test]
async fn a_large_message_is_staged_and_read_again_before_anybody_sees_it() {
    for protocol in BOTH {
        let same = Letter::new(1, 0).answers(1_100_000, [long(1, 'x')]);
        let differing = Letter::new(2, 0).answers(1_100_000, [long(2, 'x'), long(2, 'y')]);
        let missing = Letter::new(3, 0).answers(1_100_000, [long(3, 'x'), Answer::Empty]);
        let trial = Trial::new(protocol, [same, differing, missing]);
        let (summary, events) = trial.collect(Policy::delete()).await;
        assert_eq!((summary.confirmed, summary.differing, summary.failed), (1, 1, 1), "{protocol:?}: {events:?}");
        assert_eq!((summary.collected, summary.deleted, trial.left()), (2, 1, vec![2, 3]), "{protocol:?}");
        let Answer::Text(second) = long(2, 'y') else { unreachable!() };
        assert!(trial.delivered().contains(&second));
    }
}

#[tokio::test]
async fn a_pop3_session_says_that_it_cannot_tell_what_is_gone() {
    let trial = Trial::new(Protocol::Pop3, [Letter::new(1, 0)]);
    let mut mailbox = trial.open().await;
    let ids: Vec<_> = mailbox.entries().await.unwrap().into_iter().map(|entry| entry.id).collect();
    let sent = trial.post.lock().unwrap().commands.len();
    assert_eq!(mailbox.existing(&ids).await.unwrap_err().kind(), Kind::Unsupported);
    assert_eq!(trial.post.lock().unwrap().commands.len(), sent);
}

#[tokio::test]
async fn what_an_expunge_shows_to_be_gone_is_gone_though_the_search_is_refused() {
    let gone = || Letter { goes: true, ..Letter::new(1, 0).answers(28, [Answer::Text(UNAVAILABLE.to_owned())]) };
    let trial = Trial::new(Protocol::Imap, [gone(), Letter::new(2, 5)]);
    trial.change(|post| post.no_search = true);
    let (summary, events) = trial.collect(Policy::delete()).await;
    assert_eq!(events, ["gone", "confirmed", "collected"]);
    assert_eq!((summary.gone, summary.confirmed, summary.deleted, summary.failed), (1, 1, 1, 0), "{summary}");
    assert_eq!(trial.delivered().len(), 1);
}

#[tokio::test]
async fn a_header_that_does_not_come_is_asked_for_again_unless_its_message_is_gone() {
    let large = |hides| Letter { hides, ..Letter::new(1, 0).answers(2_000_000, [Answer::Text(text("large"))]) };
    for (letter, expected) in [
        (large(0), "header"),
        // The stream itself asks twice.
        (large(2), "header"),
        (large(99), "failed"),
        (Letter { goes: true, ..large(99) }, "gone"),
    ] {
        let trial = Trial::new(Protocol::Imap, [letter.clone()]);
        let (summary, events) = trial.collect(Policy::delete().skip_over(1_000_000)).await;
        assert_eq!(events, [expected], "{letter:?}");
        let counts = (summary.headers, summary.failed, summary.gone, summary.deleted);
        assert_eq!(counts.0 + counts.1 + counts.2, 1, "{letter:?}");
        assert_eq!(counts.3, 0, "{letter:?}");
    }
}

#[tokio::test]
async fn what_cannot_be_read_of_a_listing_is_told() {
    for (protocol, noise) in
        [(Protocol::Imap, "* 2 FETCH (UID 0 FLAGS () RFC822.SIZE 5)\r\n"), (Protocol::Pop3, "one two\r\n")]
    {
        let trial = Trial::new(protocol, [Letter::new(1, 0)]);
        let (summary, events) = trial.collect(Policy::keep()).await;
        assert_eq!((events, summary.flaws), (vec!["collected"], 0), "{protocol:?}");
        let trial = Trial::new(protocol, [Letter::new(1, 0)]);
        trial.change(|post| post.noise = noise);
        let (summary, events) = trial.collect(Policy::keep()).await;
        assert_eq!(events, ["flawed", "collected"], "{protocol:?}");
        assert!(summary.flaws > 0 && summary.to_string().contains("flaws in the listing"), "{protocol:?} {summary}");
    }
}
