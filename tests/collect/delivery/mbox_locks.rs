//! The locks of the mbox file while other programs hold them.

use std::fs::{self, File};
use std::io::Read;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, SystemTime};

use postroom::Kind;
use postroom::collect::{Delivery, Mbox};
use rustix::fs::{FlockOperation, fcntl_lock};

use super::support::{Scratch, names, published, read_mbox, staged};

const SOON: Duration = Duration::from_millis(50);
const HOLDER: &str = "POSTROOM_TEST_HOLDS";

#[tokio::test]
async fn a_dotlock_of_another_program_is_respected() {
    let scratch = Scratch::new();
    let mut mbox = Mbox::open(scratch.join("mbox")).await.unwrap().patience(SOON);
    let tickets = staged(&mut mbox, &["a\n", "b\n"]).await;
    fs::write(scratch.join("mbox.lock"), "1").unwrap();
    for answer in mbox.publish(&tickets).await {
        assert_eq!(answer.unwrap_err().kind(), Kind::Busy);
    }
    assert_eq!(mbox.recover(&tickets).await.unwrap_err().kind(), Kind::Busy);
    assert_eq!(fs::read_to_string(scratch.join("mbox.lock")).unwrap(), "1");
    assert_eq!(fs::read(scratch.join("mbox")).unwrap(), b"");
    // The holder ends while this waits.
    let mut mbox = mbox.patience(Duration::from_secs(60));
    let (answers, ()) = tokio::join!(mbox.publish(&tickets), async {
        tokio::time::sleep(SOON).await;
        fs::remove_file(scratch.join("mbox.lock")).unwrap();
    });
    assert!(answers.iter().all(Result::is_ok));
    assert_eq!(read_mbox(&scratch.join("mbox")), ["a\n", "b\n"]);
    assert_eq!(names(&scratch.join("")), ["mbox", "mbox.postroom"]);
}

#[tokio::test]
async fn a_dotlock_that_nobody_touches_any_more_is_removed() {
    let scratch = Scratch::new();
    let mut mbox = Mbox::open(scratch.join("mbox")).await.unwrap().patience(Duration::ZERO);
    let tickets = staged(&mut mbox, &["a\n"]).await;
    let lock = File::create(scratch.join("mbox.lock")).unwrap();
    lock.set_modified(SystemTime::now() - Duration::from_secs(290)).unwrap();
    assert_eq!(mbox.publish(&tickets).await.remove(0).unwrap_err().kind(), Kind::Busy);
    lock.set_modified(SystemTime::now() - Duration::from_secs(301)).unwrap();
    published(&mut mbox, &tickets).await;
}

#[tokio::test]
async fn a_dotlock_that_an_abort_of_ours_has_left_is_removed_at_once() {
    let scratch = Scratch::new();
    let mut mbox = Mbox::open(scratch.join("mbox")).await.unwrap().patience(Duration::ZERO);
    let tickets = staged(&mut mbox, &["a\n"]).await;
    fs::hard_link(scratch.join("mbox.postroom/lock"), scratch.join("mbox.lock")).unwrap();
    published(&mut mbox, &tickets).await;
    assert!(!scratch.join("mbox.lock").exists());
}

#[tokio::test]
async fn a_second_delivery_into_the_same_file_is_refused_until_the_first_is_gone() {
    let scratch = Scratch::new();
    let first = Mbox::open(scratch.join("mbox")).await.unwrap();
    std::os::unix::fs::symlink("mbox", scratch.join("link")).unwrap();
    assert_eq!(Mbox::open(scratch.join("link")).await.unwrap_err().kind(), Kind::Busy);
    drop(first);
    drop(Mbox::open(scratch.join("link")).await.unwrap());
}

#[tokio::test]
async fn a_file_that_a_reader_has_put_in_its_place_is_the_one_appended_to() {
    let scratch = Scratch::new();
    let mut mbox = Mbox::open(scratch.join("mbox")).await.unwrap();
    let tickets = staged(&mut mbox, &["a\n"]).await;
    fs::write(scratch.join("other"), "From x\n\n").unwrap();
    fs::rename(scratch.join("other"), scratch.join("mbox")).unwrap();
    published(&mut mbox, &tickets).await;
    assert_eq!(read_mbox(&scratch.join("mbox")), ["", "a\n"]);
    // Some programs remove an empty one.
    fs::remove_file(scratch.join("mbox")).unwrap();
    let tickets = staged(&mut mbox, &["b\n"]).await;
    published(&mut mbox, &tickets).await;
    assert_eq!(read_mbox(&scratch.join("mbox")), ["b\n"]);
}

#[tokio::test]
async fn another_process_with_an_fcntl_lock_is_waited_for() {
    let scratch = Scratch::new();
    let mut mbox = Mbox::open(scratch.join("mbox")).await.unwrap().patience(SOON);
    let tickets = staged(&mut mbox, &["a\n"]).await;
    let mut holder = holder(&scratch);
    assert_eq!(mbox.publish(&tickets).await.remove(0).unwrap_err().kind(), Kind::Busy);
    assert_eq!(names(&scratch.join("")), ["mbox", "mbox.postroom"]);
    drop(holder.stdin.take());
    holder.wait().unwrap();
    published(&mut mbox, &tickets).await;
}

/// This program once more; it holds the lock until its input ends.
fn holder(scratch: &Scratch) -> Child {
    let mut holder = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "delivery::mbox_locks::holds_the_lock", "--nocapture"])
        .env(HOLDER, scratch.join("mbox"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut seen = Vec::new();
    while !seen.ends_with(b"LOCKED") {
        let mut byte = [0];
        holder.stdout.as_mut().unwrap().read_exact(&mut byte).unwrap();
        seen.push(byte[0]);
    }
    holder
}

/// Does nothing except in the other process of the test above.
#[test]
fn holds_the_lock() {
    let Some(path) = std::env::var_os(HOLDER) else { return };
    let file = File::options().write(true).open(path).unwrap();
    fcntl_lock(&file, FlockOperation::NonBlockingLockExclusive).unwrap();
    println!("LOCKED");
    std::io::stdin().read_to_end(&mut Vec::new()).unwrap();
}
