//! What holds for every delivery.

use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};

use postroom::collect::{Callback, Delivery, Letter, Maildir, Mbox, Recovered, Ticket};
use postroom::{BoxFuture, Error, Kind};
use proptest::prelude::*;
use tokio::io::{AsyncRead, ReadBuf};

use super::support::{Scratch, files, head, letters, published, read_mbox, staged};

/// A delivery that can be opened again, and its messages, in order if the kind has one.
trait Kept {
    fn open(&mut self) -> BoxFuture<'_, Box<dyn Delivery>>;
    fn delivered(&self) -> Vec<String>;
    fn is_lasting(&self) -> bool {
        true
    }
}

struct InMaildir(Scratch);
struct InMbox(Scratch);
struct InMemory(Arc<Mutex<Vec<String>>>);

impl Kept for InMaildir {
    fn open(&mut self) -> BoxFuture<'_, Box<dyn Delivery>> {
        Box::pin(async { Box::new(Maildir::open(self.0.join("mail")).await.unwrap()) as Box<dyn Delivery> })
    }

    fn delivered(&self) -> Vec<String> {
        files(&self.0.join("mail/new"))
    }
}

impl Kept for InMbox {
    fn open(&mut self) -> BoxFuture<'_, Box<dyn Delivery>> {
        Box::pin(async { Box::new(Mbox::open(self.0.join("mbox")).await.unwrap()) as Box<dyn Delivery> })
    }

    fn delivered(&self) -> Vec<String> {
        read_mbox(&self.0.join("mbox"))
    }
}

impl Kept for InMemory {
    fn open(&mut self) -> BoxFuture<'_, Box<dyn Delivery>> {
        let kept = Arc::clone(&self.0);
        let function = move |letter: Letter| {
            let kept = Arc::clone(&kept);
            async move {
                tokio::task::yield_now().await;
                kept.lock().unwrap().push(String::from_utf8_lossy(&letter.bytes).replace("\r\n", "\n"));
                Ok(())
            }
        };
        Box::pin(async { Box::new(Callback::new(function)) as Box<dyn Delivery> })
    }

    fn delivered(&self) -> Vec<String> {
        self.0.lock().unwrap().clone()
    }

    fn is_lasting(&self) -> bool {
        false
    }
}

fn all() -> [Box<dyn Kept>; 3] {
    [Box::new(InMaildir(Scratch::new())), Box::new(InMbox(Scratch::new())), Box::new(InMemory(Arc::default()))]
}

#[tokio::test]
async fn nothing_is_delivered_before_it_is_published() {
    for mut kept in all() {
        let mut delivery = kept.open().await;
        assert_eq!(delivery.recover(&[]).await.unwrap(), []);
        let tickets = staged(&mut *delivery, &["a\r\n", "b\r\n", "c\r\n"]).await;
        assert_eq!(kept.delivered(), [""; 0]);
        published(&mut *delivery, &tickets[..2]).await;
        assert_eq!(kept.delivered(), ["a\n", "b\n"]);
        published(&mut *delivery, &tickets[2..]).await;
        assert_eq!(kept.delivered(), ["a\n", "b\n", "c\n"]);
    }
}

#[tokio::test]
async fn what_is_discarded_is_never_delivered() {
    for mut kept in all() {
        let mut delivery = kept.open().await;
        let tickets = staged(&mut *delivery, &["a\r\n", "b\r\n"]).await;
        delivery.discard(&tickets[..1]).await.unwrap();
        delivery.discard(&tickets[..1]).await.unwrap();
        let answers = delivery.publish(&tickets).await;
        assert!(answers[0].is_err() && answers[1].is_ok());
        assert_eq!(kept.delivered(), ["b\n"]);
    }
}

#[tokio::test]
async fn an_abort_after_staging_is_made_up_for() {
    for mut kept in all() {
        let mut delivery = kept.open().await;
        let tickets = staged(&mut *delivery, &["a\r\n", "b\r\n", "nobody's\r\n"]).await;
        drop(delivery);
        let mut delivery = kept.open().await;
        let fate = if kept.is_lasting() { Recovered::Delivered } else { Recovered::Missing };
        for _ in 0..2 {
            assert_eq!(delivery.recover(&tickets[..2]).await.unwrap(), [fate; 2]);
            let delivered: &[&str] = if kept.is_lasting() { &["a\n", "b\n"] } else { &[] };
            assert_eq!(kept.delivered(), delivered);
        }
        assert!(delivery.publish(&tickets[2..]).await[0].is_err());
    }
}

#[tokio::test]
async fn an_abort_after_publishing_delivers_nothing_again() {
    for mut kept in all().into_iter().filter(|kept| kept.is_lasting()) {
        let mut delivery = kept.open().await;
        let tickets = staged(&mut *delivery, &["a\r\n", "b\r\n"]).await;
        published(&mut *delivery, &tickets).await;
        drop(delivery);
        let mut delivery = kept.open().await;
        assert_eq!(delivery.recover(&tickets).await.unwrap(), [Recovered::Delivered; 2]);
        assert_eq!(kept.delivered(), ["a\n", "b\n"]);
    }
}

#[tokio::test]
async fn a_foreign_ticket_is_missing_and_harms_nothing() {
    for mut kept in all() {
        let mut delivery = kept.open().await;
        let foreign = ["", "../../x", "/etc/passwd", "1.M2P3Q4R5.host", "in-memory-7"];
        let tickets: Vec<_> = foreign.iter().map(|text| Ticket::new(*text).unwrap()).collect();
        assert_eq!(delivery.recover(&tickets).await.unwrap(), [Recovered::Missing; 5]);
        delivery.discard(&tickets).await.unwrap();
        assert!(delivery.publish(&tickets).await.iter().all(Result::is_err));
        assert_eq!(kept.delivered(), [""; 0]);
    }
}

/// A dropped run: each future is polled this many times and dropped, and the next run recovers.
#[tokio::test]
async fn futures_may_be_dropped_at_every_poll() {
    for mut kept in all() {
        let mut expected = Vec::new();
        let mut delivery = kept.open().await;
        for polls in 0..6 {
            let text = format!("{polls}\r\n");
            poll_often(polls, delivery.stage(&letters(&["dropped\r\n"]))).await;
            let tickets = staged(&mut *delivery, &[&text]).await;
            poll_often(polls, delivery.publish(&tickets)).await;
            poll_often(polls, delivery.recover(&tickets)).await;
            let done = kept.delivered().contains(&format!("{polls}\n"));
            if delivery.recover(&tickets).await.unwrap() == [Recovered::Delivered] || done {
                expected.push(format!("{polls}\n"));
            }
            assert_eq!(kept.delivered(), expected);
        }
        if kept.is_lasting() {
            assert_eq!(expected.len(), 6);
        }
    }
}

async fn poll_often<T>(polls: usize, future: impl Future<Output = T>) {
    let mut future = std::pin::pin!(future);
    for _ in 0..polls {
        let is_ready = std::future::poll_fn(|cx| Poll::Ready(future.as_mut().poll(cx).is_ready())).await;
        if is_ready {
            return;
        }
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_stream_that_fails_leaves_nothing_and_its_error_is_handed_back() {
    for mut kept in all() {
        let mut delivery = kept.open().await;
        let mut body = Pieces(vec![b"begun".to_vec(), b" and".to_vec()], Some(Error::storage("planted", broken())));
        let error = delivery.stage_stream(&head("1"), &mut body).await.unwrap_err();
        assert_eq!((error.kind(), error.to_string().as_str()), (Kind::Storage, "planted"));
        let tickets = staged(&mut *delivery, &["a\r\n"]).await;
        published(&mut *delivery, &tickets).await;
        assert_eq!(kept.delivered(), ["a\n"]);
    }
}

fn broken() -> io::Error {
    io::ErrorKind::BrokenPipe.into()
}

/// Returns these pieces, one per read, and then fails or ends.
pub(crate) struct Pieces(pub(crate) Vec<Vec<u8>>, pub(crate) Option<Error>);

impl AsyncRead for Pieces {
    fn poll_read(mut self: Pin<&mut Self>, _: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        self.0.retain(|piece| !piece.is_empty());
        if self.0.is_empty() {
            return Poll::Ready(self.1.take().map_or(Ok(()), |error| Err(error.into())));
        }
        let count = buf.remaining().min(self.0[0].len());
        let rest = self.0[0].split_off(count);
        buf.put_slice(&self.0[0]);
        self.0[0] = rest;
        Poll::Ready(Ok(()))
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// A message in pieces gives the same result as the whole.
    #[test]
    fn a_stream_delivers_what_a_letter_delivers(
        pieces in prop::collection::vec(prop_oneof![
            "(\r\n|\n|\r|>{0,2}From |[a-z]|\0){0,20}".prop_map(String::into_bytes),
            (1usize..200_000).prop_map(|size| b"0123456789\r\n".iter().copied().cycle().take(size).collect()),
        ], 0..8),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            for mut kept in all() {
                let mut delivery = kept.open().await;
                let whole = String::from_utf8(pieces.concat()).unwrap();
                let mut tickets = staged(&mut *delivery, &[&whole]).await;
                tickets.push(delivery.stage_stream(&head("2"), &mut Pieces(pieces.clone(), None)).await.unwrap());
                published(&mut *delivery, &tickets).await;
                let delivered = kept.delivered();
                assert_eq!(delivered.len(), 2);
                assert_eq!(delivered[0], delivered[1]);
                assert_eq!(delivered[0].trim_end_matches('\n'), whole.replace("\r\n", "\n").trim_end_matches('\n'));
            }
        });
    }
}
