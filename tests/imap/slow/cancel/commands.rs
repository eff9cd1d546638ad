//! The commands of base IMAP that return a value: searches, copies, counts, and whole mailboxes.

use postroom::FlagChange;
use postroom::imap::{
    EntryName, Items, ListReturn, MetadataDepth, Query, Rights, RightsChange, SearchReturn, StatusItems, Uid,
};

use super::turn::{Operation, at_every_point};

/// At every fifth byte.
async fn proves(name: &str, operation: Operation) {
    let drops = at_every_point(operation, 5).await;
    println!("{name}: dropped at {drops} points");
    assert!(drops > 50, "{name}: only {drops} points");
}

fn uid(number: u32) -> Uid {
    Uid::new(number).unwrap()
}

#[tokio::test(start_paused = true)]
async fn finding_can_be_dropped_anywhere() {
    let operation: Operation =
        |folder| Box::pin(async { format!("{:?}", folder.search(&Query::subject("für").or(Query::all())).await) });
    proves("search", operation).await;
    let operation: Operation = |folder| {
        Box::pin(async {
            format!(
                "{:?}",
                folder.search(&Query::all()).returning(SearchReturn::new().count().max()).await.unwrap().max
            )
        })
    };
    proves("find", operation).await;
    let operation: Operation = |folder| {
        Box::pin(async {
            let found = folder.get(uid(1), Items::MESSAGE).await.unwrap().unwrap();
            format!("{:?}", found.body())
        })
    };
    proves("get", operation).await;
}

#[tokio::test(start_paused = true)]
async fn filing_can_be_dropped_anywhere() {
    let copy: Operation = |folder| Box::pin(async { format!("{:?}", folder.copy(uid(1), "Archive").await.unwrap()) });
    proves("copy", copy).await;
    let relocate: Operation =
        |folder| Box::pin(async { format!("{:?}", folder.move_to(uid(2), "Archive").await.unwrap()) });
    proves("move_to", relocate).await;
}

#[tokio::test(start_paused = true)]
async fn what_concerns_whole_mailboxes_can_be_dropped_anywhere() {
    let operations: [(&str, Operation); 9] = [
        ("create", |folder| {
            Box::pin(async { format!("{:?}", folder.session().create_mailbox("Ä \"x\"").await.is_ok()) })
        }),
        ("delete", |folder| Box::pin(async { format!("{:?}", folder.session().delete_mailbox("Junk").await.is_ok()) })),
        ("rename", |folder| {
            Box::pin(async { format!("{:?}", folder.session().rename_mailbox("Junk", "Spam").await.is_ok()) })
        }),
        ("subscribe", |folder| Box::pin(async { format!("{:?}", folder.session().subscribe("Junk").await.is_ok()) })),
        ("unsubscribe", |folder| {
            Box::pin(async { format!("{:?}", folder.session().unsubscribe("Junk").await.is_ok()) })
        }),
        ("list", |folder| Box::pin(async { format!("{:?}", folder.session().list_subscribed("%").await.unwrap()) })),
        ("status", |folder| {
            Box::pin(async { format!("{:?}", folder.session().status("Sent", StatusItems::BASE).await.unwrap()) })
        }),
        ("namespace", |folder| Box::pin(async { format!("{:?}", folder.session().namespace().await.unwrap()) })),
        ("id", |folder| Box::pin(async { format!("{:?}", folder.session().id(&[("name", "x")]).await.unwrap()) })),
    ];
    for (name, operation) in operations {
        proves(name, operation).await;
    }
}

#[tokio::test(start_paused = true)]
async fn the_calls_of_extensions_can_be_dropped_anywhere() {
    let operations: [(&str, Operation); 8] = [
        ("folders", |folder| {
            Box::pin(async {
                let tree = folder.session().folders().rights().await.unwrap();
                format!("{:?}", tree.iter().map(|node| (node.name(), node.status())).collect::<Vec<_>>())
            })
        }),
        ("list_with", |folder| {
            Box::pin(async {
                let returns = [ListReturn::Status(StatusItems::MESSAGES), ListReturn::MyRights, ListReturn::Subscribed];
                format!("{:?}", folder.session().list_with(&["A*", "J*"], &[], &returns).await.unwrap())
            })
        }),
        ("acl", |folder| Box::pin(async { format!("{:?}", folder.session().acl("INBOX").await.unwrap()) })),
        ("set_acl", |folder| {
            Box::pin(async {
                let change = RightsChange::Set(Rights::READ);
                format!("{:?}", folder.session().set_acl("INBOX", "b \"o\" b", change).await.is_ok())
            })
        }),
        ("list_rights", |folder| {
            Box::pin(async { format!("{:?}", folder.session().list_rights("INBOX", "bob").await.unwrap()) })
        }),
        ("metadata", |folder| {
            Box::pin(async {
                let all = [EntryName::SHARED_COMMENT, EntryName::PRIVATE_COMMENT];
                format!("{:?}", folder.session().metadata("INBOX", &all, MetadataDepth::All, Some(9)).await.unwrap())
            })
        }),
        ("set_metadata", |folder| {
            Box::pin(async {
                let values =
                    [(EntryName::SHARED_COMMENT, Some(b"a\r\nb".to_vec())), (EntryName::PRIVATE_COMMENT, None)];
                format!("{:?}", folder.session().set_metadata("INBOX", &values).await.is_ok())
            })
        }),
        ("create_special", |folder| {
            Box::pin(async { format!("{:?}", folder.session().create_special("Old", &["\\Archive"]).await.is_ok()) })
        }),
    ];
    for (name, operation) in operations {
        proves(name, operation).await;
    }
}

#[tokio::test(start_paused = true)]
async fn several_at_once_can_be_dropped_anywhere() {
    let operation: Operation = |folder| {
        Box::pin(async {
            let session = folder.session();
            let change = FlagChange::add([postroom::Flag::SEEN]);
            let (query, items) = (Query::all(), StatusItems::MESSAGES);
            let (sent, junk, found, stored) = tokio::join!(
                session.status("Sent", items),
                session.status("Junk", items),
                folder.search(&query),
                folder.store(uid(2), &change),
            );
            format!("{:?} {:?} {found:?} {:?}", sent.unwrap().messages, junk.unwrap().messages, stored.is_ok())
        })
    };
    let drops = at_every_point(operation, 11).await;
    assert!(drops > 50, "only {drops} points");
}
