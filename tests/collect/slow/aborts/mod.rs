//! Collecting by real processes that end, or whose storage fails, at every single call that changes storage or sends something, and by
//! the runs after them: no message is lost, none delivered twice, none deleted before it is durable. A library that is loaded before all
//! others counts the calls and makes them fail: `support/faults.c`.

mod child;
mod trial;

use crate::awkward_mail::letters;
use child::{Fault, Kind};
use trial::{Trial, Way, trace_of};

/// Ends at each storage call and at each send in turn, and runs again.
async fn killed_everywhere(way: Way) {
    let trace = trace_of(way).await;
    for kind in [Kind::Storage, Kind::Send] {
        let calls: Vec<_> = trace.iter().filter(|call| call.kind == kind).collect();
        assert!(calls.len() > 5, "{} calls", calls.len());
        for (at, call) in (1..).zip(&calls) {
            killed(way, Fault { kind, at, deed: "before" }).await;
            if call.writes() {
                killed(way, Fault { kind, at, deed: "half" }).await;
            }
        }
        killed(way, Fault { kind, at: calls.len(), deed: "after" }).await;
    }
}

async fn killed(way: Way, fault: Fault) {
    let trial = Trial::new(way).await;
    let end = trial.run(Some(fault)).await;
    assert!(end.killed || end.succeeded, "{fault:?}: {}", end.text);
    trial.nothing_is_lost(&fault).await;
    let end = trial.run(None).await;
    assert!(end.succeeded, "the run after {fault:?}: {}", end.text);
    trial.is_finished(&fault).await;
}

/// Makes each storage call fail in turn, so that the run reports it, and runs again.
async fn failed_everywhere(way: Way, deeds: &[&'static str]) {
    let calls = trace_of(way).await.into_iter().filter(|call| call.kind == Kind::Storage).collect::<Vec<_>>();
    for &deed in deeds {
        for (at, call) in (1..).zip(&calls) {
            if deed != "short" || call.writes() {
                failed(way, Fault { kind: Kind::Storage, at, deed }).await;
            }
        }
    }
}

async fn failed(way: Way, fault: Fault) {
    let trial = Trial::new(way).await;
    let end = trial.run(Some(fault)).await;
    let hit = trial.hit(&fault);
    // Cleaning up may fail silently, and so may an mbox's record that all is written, which the next run finds out. SQLite
    // does not check its folder. A full disk does not affect calls that need no space.
    let is_spare = |call: &child::Call| {
        let spare = ["unlink", "ftruncate"].contains(&&*call.name) || call.what.ends_with("journal");
        spare || way.sqlite && call.what.ends_with("/home") || fault.deed == "full" && call.name.starts_with('f')
    };
    let is_vital = hit.as_ref().is_some_and(|call| !is_spare(call));
    assert!(!end.killed && (!is_vital || !end.succeeded), "{fault:?} at {hit:?}: {}", end.text);
    assert!(end.succeeded || end.text.contains("Storage"), "{fault:?} at {hit:?}: {}", end.text);
    trial.nothing_is_lost(&fault).await;
    let end = trial.run(None).await;
    assert!(end.succeeded, "the run after {fault:?} at {hit:?}: {}", end.text);
    trial.is_finished(&fault).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn killed_while_it_moves_mail_into_a_maildir() {
    killed_everywhere(Way::MAILDIR).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn killed_while_it_copies_mail_into_a_maildir() {
    killed_everywhere(Way { deletes: false, ..Way::MAILDIR }).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn killed_while_it_moves_mail_into_an_mbox() {
    killed_everywhere(Way { mbox: true, ..Way::MAILDIR }).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn storage_fails_while_it_moves_mail_into_a_maildir() {
    failed_everywhere(Way::MAILDIR, &["eio", "short", "full"]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn storage_fails_while_it_moves_mail_into_an_mbox() {
    failed_everywhere(Way { mbox: true, ..Way::MAILDIR }, &["enospc", "short"]).await;
}

#[cfg(feature = "sqlite")]
#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn killed_while_it_moves_mail_and_notes_it_in_sqlite() {
    killed_everywhere(Way { sqlite: true, ..Way::MAILDIR }).await;
}

#[cfg(feature = "sqlite")]
#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn storage_fails_while_it_notes_mail_in_sqlite() {
    failed_everywhere(Way { sqlite: true, ..Way::MAILDIR }, &["enospc", "eio"]).await;
}

/// An order that killing the process cannot test, since the kernel continues: what a power failure would lose.
#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn everything_is_durable_before_the_first_deletion() {
    let trace = trace_of(Way::MAILDIR).await;
    let first = |what: &dyn Fn(&child::Call) -> bool, from: usize| {
        trace[from..].iter().position(what).map(|at| at + from).expect("no such call")
    };
    let deletion = first(&|call| call.kind == Kind::Send && call.what.contains("DELE"), 0);
    let renamed: Vec<_> =
        (0..).zip(&trace).filter(|(_, call)| call.name == "rename" && call.what.contains("/new/")).collect();
    assert_eq!(renamed.len(), letters().len());
    for (at, call) in renamed {
        let tmp = call.what.replace("/new/", "/tmp/");
        let written = first(&|call| ["create", "write"].contains(&&*call.name) && call.what == tmp, 0);
        let synced = first(&|call| call.name.starts_with('f') && call.what == tmp, written);
        let folder = first(&|call| call.name == "fsync" && call.what.ends_with("/tmp"), synced);
        let noted = first(&|call| call.name.starts_with('f') && call.what.contains("ledger"), folder);
        assert!(noted < at, "{call:?} before its ticket is durable");
        let shown = first(&|call| call.name == "fsync" && call.what.ends_with("/new"), at);
        let known = first(&|call| call.name.starts_with('f') && call.what.contains("ledger"), shown);
        assert!(known < deletion, "{call:?} is not durable before the first DELE");
    }
}
