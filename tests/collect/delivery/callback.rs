//! The delivery to a function.

use std::sync::{Arc, Mutex};

use postroom::collect::{Callback, Delivery, Letter};
use postroom::{Error, Kind};

use super::contract::Pieces;
use super::support::{head, staged};

#[tokio::test]
async fn a_message_over_the_bound_is_refused_and_one_at_it_is_not() {
    let mut delivery = Callback::new(async |_| Ok(())).largest(10);
    for (size, kind) in [(10, None), (11, Some(Kind::Limit))] {
        let mut body = Pieces(vec![vec![b'x'; size]], None);
        let answer = delivery.stage_stream(&head("1"), &mut body).await;
        assert_eq!(answer.err().map(|error| error.kind()), kind);
    }
}

#[tokio::test]
async fn a_failure_of_one_message_does_not_keep_the_next_from_its_turn() {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let kept = Arc::clone(&seen);
    let mut delivery = Callback::new(move |letter: Letter| {
        kept.lock().unwrap().push(letter.bytes.clone());
        async move {
            match &*letter.bytes {
                b"bad" => Err(Error::storage("planted", std::io::ErrorKind::StorageFull.into())),
                _ => Ok(()),
            }
        }
    });
    let tickets = staged(&mut delivery, &["a\r\n", "bad", "b"]).await;
    let answers = delivery.publish(&tickets).await;
    assert_eq!(answers.iter().map(Result::is_ok).collect::<Vec<_>>(), [true, false, true]);
    assert_eq!(*seen.lock().unwrap(), ["a\r\n", "bad", "b"]);
}
