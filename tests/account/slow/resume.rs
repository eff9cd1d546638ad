//! Resuming from a point through lost connections: what is delivered makes of the old copy what the server has.

use std::collections::BTreeMap;
use std::sync::Arc;

use postroom::account::Account;
use postroom::imap::{Resumed, SyncPoint};
use postroom::testing::Server;
use postroom::{Kind, Result};

use crate::cutting::{How, Plan, Proxy, Side};
use crate::near::{Near, account_by, block_on, cut_everywhere, flags};

/// The flags of each message.
type Replica = BTreeMap<u32, String>;

fn server(lacks: &[&str]) -> Server {
    let builder = Server::builder().auth_mechanisms(["PLAIN"]);
    let server = lacks.iter().fold(builder, |builder, lacks| builder.without(lacks)).in_memory().unwrap();
    for number in 1..=6 {
        server.deliver("alice", "INBOX", format!("Subject: {number}\r\n\r\n"), &[]).unwrap();
    }
    server
}

/// What the second client does before the resumption.
fn change(server: &Server) {
    server.expunge("alice", "INBOX", 2).unwrap();
    server.set_flags("alice", "INBOX", 4, &["\\Flagged"]).unwrap();
    for number in 7..=9 {
        server.deliver("alice", "INBOX", format!("Subject: {number}\r\n\r\n"), &[]).unwrap();
    }
}

async fn first(server: &Arc<Server>) -> Result<(Replica, SyncPoint)> {
    let way = Near { server: server.clone(), proxy: Proxy::new(Plan::default(), |_| {}) };
    let account = account_by(way).build()?;
    let mut replica = Replica::new();
    let point = resume(&account, &SyncPoint::default(), &mut replica, &mut Vec::new()).await?;
    Ok((replica, point))
}

/// Brings the replica up to date. Writes down what came.
async fn resume(
    account: &Account,
    point: &SyncPoint,
    replica: &mut Replica,
    seen: &mut Vec<String>,
) -> Result<SyncPoint> {
    let mut inbox = account.select("INBOX").await?;
    let mut changes = inbox.resume(point).await?;
    while let Some(change) = changes.try_next().await? {
        match change {
            Resumed::Vanished(uids) => {
                seen.push(format!("gone {uids}"));
                uids.iter().for_each(|uid| drop(replica.remove(&uid.as_u32()).expect("it was there")));
            }
            Resumed::Changed(message) => {
                seen.push(format!("changed {:?} {}", message.uid(), flags(&message)));
                let uid = message.uid().unwrap().as_u32();
                replica.insert(uid, flags(&message)).expect("it was there");
            }
            Resumed::New(message) => {
                seen.push(format!("new {:?} {}", message.uid(), flags(&message)));
                let uid = message.uid().unwrap().as_u32();
                assert_eq!(replica.insert(uid, flags(&message)), None, "new twice");
            }
            other => panic!("{other:?}"),
        }
    }
    changes.finish()
}

async fn job(account: Account, server: &Arc<Server>) -> Result<Vec<String>> {
    let (mut replica, point) = first(server).await?;
    change(server);
    let mut seen = Vec::new();
    let end = resume(&account, &point, &mut replica, &mut seen).await?;
    seen.sort();
    Ok(vec![seen.join("; "), format!("{replica:?}"), format!("{:?} {}", end.uid_next, end.known)])
}

#[test]
fn each_change_comes_once_wherever_the_connection_is_lost() {
    cut_everywhere(|| server(&[]), 5, &[How::Close], job);
    cut_everywhere(|| server(&["QRESYNC"]), 11, &[How::Close], job);
    cut_everywhere(|| server(&["QRESYNC", "CONDSTORE"]), 11, &[How::Close], job);
}

/// A second client changes the mailbox while the connection is lost: among the rest, messages that were delivered as new.
#[test]
fn the_copy_is_that_of_the_server_also_if_it_changes_meanwhile() {
    for lacks in [&[][..], &["QRESYNC"], &["QRESYNC", "CONDSTORE"]] {
        for at in (500..1600).step_by(13) {
            block_on(async {
                let server = Arc::new(server(lacks));
                let (mut replica, point) = first(&server).await.unwrap();
                change(&server);
                let meddled = server.clone();
                let proxy = Proxy::new(Plan::one(Side::FromServer, at, How::Close), move |_| {
                    meddled.expunge("alice", "INBOX", 7).unwrap();
                    meddled.expunge("alice", "INBOX", 1).unwrap();
                    meddled.set_flags("alice", "INBOX", 8, &["\\Answered"]).unwrap();
                    meddled.deliver("alice", "INBOX", "Subject: 10\r\n\r\n", &[]).unwrap();
                });
                let account = account_by(Near { server: server.clone(), proxy: proxy.clone() }).build().unwrap();
                let end = resume(&account, &point, &mut replica, &mut Vec::new()).await.unwrap();
                let (now, _) = first(&server).await.unwrap();
                if proxy.passed().cuts == 1 {
                    assert_eq!(replica, now, "{lacks:?}, cut at {at}");
                }
                assert!(end.known.iter().map(|uid| uid.as_u32()).eq(replica.keys().copied()));
            });
        }
    }
}

#[tokio::test]
async fn there_is_no_new_point_before_the_end() {
    let server = crate::server().await;
    let account = crate::account(&server).build().unwrap();
    let mut inbox = account.select("INBOX").await.unwrap();
    let mut changes = inbox.resume(&SyncPoint::default()).await.unwrap();
    changes.try_next().await.unwrap().unwrap();
    assert_eq!(changes.finish().unwrap_err().kind(), Kind::Input);
    assert!(inbox.info().await.unwrap().exists > 0);
}
