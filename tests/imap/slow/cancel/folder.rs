//! The methods of a folder, and the common trait on it.

use postroom::imap::{Items, Page, PageOrder, PageRange, Query, Section, SortKey, ThreadAlgorithm, Uid, Uids};
use postroom::{Flag, FlagChange, Mailbox, Part};
use tokio::io::AsyncReadExt;

use super::turn::{Operation, at_every_point};

/// At every byte.
async fn proves(name: &str, operation: Operation, least: usize) {
    proves_by(name, operation, 1, least).await;
}

async fn proves_by(name: &str, operation: Operation, stride: usize, least: usize) {
    let drops = at_every_point(operation, stride).await;
    println!("{name}: dropped at {drops} points");
    assert!(drops >= least, "{name}: only {drops} points");
}

fn uid(number: u32) -> Uid {
    Uid::new(number).unwrap()
}

#[tokio::test(start_paused = true)]
async fn noop_can_be_dropped_anywhere() {
    proves("noop", |folder| Box::pin(async { format!("{:?}", folder.noop().await.is_ok()) }), 100).await;
}

#[tokio::test(start_paused = true)]
async fn store_can_be_dropped_anywhere() {
    let operation: Operation = |folder| {
        Box::pin(async { format!("{:?}", folder.store(uid(2), &FlagChange::add([Flag::ANSWERED])).await.is_ok()) })
    };
    proves("store", operation, 100).await;
}

#[tokio::test(start_paused = true)]
async fn expunge_can_be_dropped_anywhere() {
    proves("expunge", |folder| Box::pin(async { format!("{:?}", folder.expunge(uid(3)).await.is_ok()) }), 100).await;
}

#[tokio::test(start_paused = true)]
async fn a_fetch_can_be_dropped_anywhere() {
    let operation: Operation = |folder| {
        Box::pin(async {
            let mut mail = folder.fetch(Uids::ALL, Items::ENVELOPE.flags().message()).await.unwrap();
            let mut seen = Vec::new();
            while let Some(message) = mail.try_next().await.unwrap() {
                seen.push((message.uid(), message.subject().map(|subject| subject.into_owned()), message.body()));
            }
            format!("{seen:?}")
        })
    };
    proves("fetch", operation, 1000).await;
}

#[tokio::test(start_paused = true)]
async fn a_fetch_of_a_saved_result_can_be_dropped_anywhere() {
    let operation: Operation = |folder| {
        Box::pin(async {
            let saved = folder.search(&Query::all()).save().await.unwrap();
            let mut mail = folder.fetch(&saved, Items::FLAGS).await.unwrap();
            let mut seen = Vec::new();
            while let Some(message) = mail.try_next().await.unwrap() {
                seen.push(message.uid());
            }
            drop(mail);
            format!("{seen:?} {:?}", folder.search(&saved.query()).await.unwrap())
        })
    };
    proves_by("fetch of a saved result", operation, 3, 100).await;
}

#[tokio::test(start_paused = true)]
async fn a_body_can_be_dropped_anywhere() {
    let operation: Operation = |folder| {
        Box::pin(async {
            let mut body = folder.read(uid(1), Section::WHOLE).await.unwrap();
            let mut text = Vec::new();
            let mut piece = [0; 7];
            loop {
                match body.read(&mut piece).await.unwrap() {
                    0 => return format!("{text:?}"),
                    count => text.extend_from_slice(&piece[..count]),
                }
            }
        })
    };
    proves("read", operation, 100).await;
}

#[tokio::test(start_paused = true)]
async fn contents_and_parts_can_be_dropped_anywhere() {
    let part: Operation = |folder| {
        Box::pin(async {
            let contents = folder.contents(uid(1)).await.unwrap().unwrap();
            let mut body = folder.read_part(uid(1), contents.text().unwrap()).starting_at(2).await.unwrap();
            let mut text = Vec::new();
            let mut piece = [0; 3];
            loop {
                match body.read(&mut piece).await.unwrap() {
                    0 => return format!("{text:?}"),
                    count => text.extend_from_slice(&piece[..count]),
                }
            }
        })
    };
    proves_by("read_part", part, 7, 50).await;
    let parts: Operation = |folder| {
        Box::pin(async {
            let mut wanted = Vec::new();
            let mut mail = folder.fetch(Uids::ALL, Items::new().contents()).await.unwrap();
            while let Some(message) = mail.try_next().await.unwrap() {
                wanted.push((message.uid().unwrap(), message.contents().unwrap().text().unwrap().clone()));
            }
            let mut parts = folder.read_parts(wanted).unwrap();
            let mut read = Vec::new();
            while let Some(part) = parts.try_next().await.unwrap() {
                read.push((part.uid, part.octets));
            }
            format!("{read:?}")
        })
    };
    proves_by("read_parts", parts, 17, 50).await;
    let previews: Operation = |folder| Box::pin(async { format!("{:?}", folder.previews(Uids::ALL).await.unwrap()) });
    proves_by("previews", previews, 11, 50).await;
}

#[tokio::test(start_paused = true)]
async fn an_idle_can_be_dropped_anywhere() {
    let operation: Operation = |folder| {
        Box::pin(async {
            let mut events = folder.idle().await.unwrap();
            format!("{:?}", events.try_next().await.unwrap())
        })
    };
    proves("idle", operation, 100).await;
}

#[tokio::test(start_paused = true)]
async fn a_list_can_be_dropped_anywhere() {
    proves("list", |folder| Box::pin(async { format!("{:?}", folder.session().list("S*").await.unwrap()) }), 500).await;
}

#[tokio::test(start_paused = true)]
async fn what_is_joined_can_be_dropped_anywhere() {
    let operation: Operation = |folder| {
        Box::pin(async {
            let add = FlagChange::add([Flag::ANSWERED]);
            let session = folder.session();
            let done = tokio::join!(session.list("%"), folder.store(uid(2), &add), folder.noop());
            format!("{:?}", (done.0.unwrap(), done.1.is_ok(), done.2.is_ok()))
        })
    };
    // LIST and NOOP change nothing, so the state is still all or nothing.
    proves_by("join", operation, 3, 500).await;
}

#[tokio::test(start_paused = true)]
async fn the_common_trait_can_be_dropped_anywhere() {
    let entries: Operation = |folder| {
        Box::pin(async {
            let folder: &mut dyn Mailbox = folder;
            format!("{:?}", folder.entries().await.unwrap())
        })
    };
    proves_by("entries", entries, 5, 300).await;
    let idle: Operation = |folder| {
        Box::pin(async {
            let folder: &mut dyn Mailbox = folder;
            format!("{:?}", folder.changed().await.is_ok())
        })
    };
    proves_by("idle of the trait", idle, 5, 100).await;
}

#[tokio::test(start_paused = true)]
async fn messages_and_flags_of_the_trait_can_be_dropped_anywhere() {
    let operation: Operation = |folder| {
        Box::pin(async {
            let folder: &mut dyn Mailbox = folder;
            let ids: Vec<_> = folder.entries().await.unwrap().into_iter().map(|entry| entry.id).collect();
            let mut text = String::new();
            let mut mail = folder.messages(&ids, Part::Whole).await.unwrap();
            while let Some(message) = mail.try_next().await.unwrap() {
                text += &format!("{:?}", message.bytes());
            }
            drop(mail);
            folder.open(&ids[0]).await.unwrap().read_to_string(&mut text).await.unwrap();
            folder.flag(&ids[1..2], &FlagChange::add([Flag::ANSWERED])).await.unwrap();
            text
        })
    };
    proves_by("fetch, read and flag of the trait", operation, 17, 300).await;
}

#[tokio::test(start_paused = true)]
async fn a_sort_by_the_server_can_be_dropped_anywhere() {
    let operation: Operation = |folder| {
        Box::pin(async {
            format!("{:?}", folder.sort(&Query::all(), [SortKey::SUBJECT]).await.map(|found| found.list))
        })
    };
    proves("sort", operation, 100).await;
}

#[tokio::test(start_paused = true)]
async fn a_page_can_be_dropped_anywhere() {
    fn show(page: Page) -> String {
        page.messages.iter().map(|message| format!("{:?}", message.uid())).collect()
    }
    let newest: Operation = |folder| {
        Box::pin(async move {
            format!(
                "{:?}",
                folder.page(&Query::all(), PageOrder::NEWEST, PageRange::first(5)).items(Items::FLAGS).await.map(show)
            )
        })
    };
    proves_by("page", newest, 3, 50).await;
    let sorted: Operation = |folder| {
        Box::pin(async move {
            format!(
                "{:?}",
                folder.page(&Query::all(), SortKey::SUBJECT, PageRange::first(5)).items(Items::FLAGS).await.map(show)
            )
        })
    };
    proves_by("sorted page", sorted, 3, 50).await;
}

#[tokio::test(start_paused = true)]
async fn threads_can_be_dropped_anywhere() {
    let operation: Operation = |folder| {
        Box::pin(async {
            let threads = folder.threads(&Query::all()).newest(3).await;
            format!("{:?}", threads.map(|threads| threads.iter().map(|one| one.newest()).collect::<Vec<_>>()))
        })
    };
    proves_by("threads", operation, 7, 100).await;
}

/// The embedded server has no `THREAD=REFS`.
#[tokio::test(start_paused = true)]
async fn a_search_that_is_threaded_here_can_be_dropped_anywhere() {
    let operation: Operation =
        |folder| Box::pin(async { format!("{:?}", folder.thread(&Query::all(), ThreadAlgorithm::Refs).await) });
    proves_by("thread", operation, 7, 100).await;
}
