//! `fetch`, `get` and `open().fetch`: a whole message is judged by the size that comes with it, and one without its text is no message.

use postroom::imap::{Fetched, Items, Section, Uid, Uids};
use postroom::{Defect, Error};

use crate::support::{greeted, plaintext, selected};

fn uid() -> Uid {
    Uid::new(10).unwrap()
}

fn asked(items: &str, answer: &str) -> String {
    format!("C: {{A}} UID FETCH 10 ({items})\nS-raw: {answer}\\r\\n\nS: {{A}} OK done")
}

/// The result for one message by `fetch` and by `get`.
async fn both(items: Items, asks: &str, answer: &str) -> [Fetched; 2] {
    let (script, mut folder) = selected(&asked(asks, answer), plaintext()).await;
    let mut mail = folder.fetch(uid(), items.clone()).await.unwrap();
    let fetched = mail.try_next().await.unwrap().unwrap();
    assert!(mail.try_next().await.unwrap().is_none(), "{answer}");
    drop(mail);
    script.finish().await.unwrap();
    let (script, folder) = selected(&asked(asks, answer), plaintext()).await;
    let got = folder.get(uid(), items).await.unwrap().unwrap();
    script.finish().await.unwrap();
    [fetched, got]
}

#[tokio::test(start_paused = true)]
async fn a_whole_message_is_judged_by_its_size() {
    let other = |declared, received| vec![Defect::Size { declared, received }];
    for (answer, defects) in [
        ("RFC822.SIZE 5 BODY[] {5}\\r\\nhello", vec![]),
        ("BODY[] {5}\\r\\nhello", vec![]),
        ("RFC822.SIZE 24 BODY[] {5}\\r\\nhello", other(24, 5)),
        ("BODY[] {5}\\r\\nhello RFC822.SIZE 4", other(4, 5)),
        ("RFC822.SIZE 24 RFC822 {5}\\r\\nhello", other(24, 5)),
        ("RFC822.SIZE 24 BODY[] NIL", vec![Defect::Missing]),
        ("RFC822.SIZE 24 BODY[] {0}\\r\\n", vec![Defect::Missing]),
        ("RFC822.SIZE 0 BODY[] \"\"", vec![Defect::Missing]),
    ] {
        for fetched in
            both(Items::MESSAGE, "UID RFC822.SIZE BODY.PEEK[]", &format!("* 1 FETCH (UID 10 {answer})")).await
        {
            assert_eq!(fetched.defects().collect::<Vec<_>>(), defects, "{answer}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_message_without_its_text_says_so() {
    for answer in ["RFC822.SIZE 24", "RFC822.SIZE 24 X-NOTE {5}\\r\\nhello", "RFC822.SIZE 24 BODY[]<1> {5}\\r\\nhello"]
    {
        let answer = format!("* 1 FETCH (UID 10 {answer})");
        for fetched in both(Items::MESSAGE.size(), "UID RFC822.SIZE BODY.PEEK[]", &answer).await {
            assert_eq!(fetched.defects().collect::<Vec<_>>(), [Defect::Missing], "{answer}");
            assert_eq!((fetched.uid(), fetched.size()), (Some(uid()), Some(24)));
        }
    }
}

#[tokio::test(start_paused = true)]
async fn sections_are_not_judged_by_the_size_of_the_message() {
    for (items, asks, answer) in [
        (Items::HEADER.size(), "UID RFC822.SIZE BODY.PEEK[HEADER]", "BODY[HEADER] {0}\\r\\n"),
        (Items::SIZE.section(Section::TEXT), "UID RFC822.SIZE BODY.PEEK[TEXT]", "BODY[TEXT] NIL"),
    ] {
        for fetched in both(items, asks, &format!("* 1 FETCH (UID 10 RFC822.SIZE 24 {answer})")).await {
            assert_eq!(fetched.defects().count(), 0, "{answer}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn the_first_look_is_judged_too() -> Result<(), Error> {
    let dialogue = "
        C: {S} SELECT INBOX
        C: {A} UID FETCH 10 (UID RFC822.SIZE BODY.PEEK[])
        S: * 3 EXISTS
        S: * OK [UIDVALIDITY 7] valid
        S: {S} OK [READ-WRITE] done
        S-raw: * 1 FETCH (UID 10 RFC822.SIZE 24 BODY[] {5}\\r\\nhello)\\r\\n
        S: {A} OK done
    ";
    let (script, mut imap) = greeted(dialogue, plaintext()).await;
    let mut mail = imap.open("INBOX").fetch(Uids::from(uid()), Items::MESSAGE).await?;
    let fetched = mail.try_next().await?.unwrap();
    assert_eq!(fetched.defects().collect::<Vec<_>>(), [Defect::Size { declared: 24, received: 5 }]);
    drop(mail);
    script.finish().await.unwrap();
    Ok(())
}
