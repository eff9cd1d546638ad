//! Faults at one command, and slow connections, by raw lines.

use std::time::Duration;

use postroom::testing::{Fault, Server, Trouble};
use tokio::io::AsyncReadExt;
use tokio::time::Instant;

use super::imap::{selected, server};
use super::line::Lines;

#[tokio::test]
async fn a_command_is_refused_once_and_not_carried_out() {
    for (trouble, word) in [(Trouble::No, "t NO "), (Trouble::Bad, "t BAD ")] {
        let server = server();
        server.fault(Fault::at("uid store", trouble).nth(2));
        let mut client = selected(&server).await;
        assert!(client.imap("STORE 1 +FLAGS (a)").await.last().unwrap().starts_with("t OK"));
        assert!(client.imap("UID STORE 1 +FLAGS (b)").await.last().unwrap().starts_with("t OK"));
        assert!(client.imap("UID STORE 1 +FLAGS (c)").await[0].starts_with(word));
        assert!(client.imap("UID STORE 1 +FLAGS (d)").await.last().unwrap().starts_with("t OK"));
        let flags = server.snapshot("alice").unwrap().messages("INBOX")[0].flags.clone();
        assert_eq!(flags.iter().filter(|flag| flag.len() == 1).collect::<Vec<_>>(), ["a", "b", "d"]);
    }
}

#[tokio::test]
async fn a_reply_is_lost_with_the_untagged_data_or_without_or_the_command_too() {
    for (trouble, lines, carried_out) in
        [(Trouble::LoseReply, 2, true), (Trouble::LoseAll, 0, true), (Trouble::Drop, 0, false)]
    {
        let server = server();
        server.fault(Fault::at("MOVE", trouble));
        let mut client = selected(&server).await;
        client.send("t MOVE 1 Junk\r\n").await;
        let mut count = 0;
        while client.next().await.is_some() {
            count += 1;
        }
        assert_eq!(count, lines, "{trouble:?}");
        let moved = server.snapshot("alice").unwrap().messages("INBOX")[0].uid == 2;
        assert_eq!(moved, carried_out, "{trouble:?}");
    }
}

#[tokio::test]
async fn a_command_can_stall_until_it_is_resumed() {
    let server = server();
    server.fault(Fault::at("STORE", Trouble::Stall));
    let mut client = selected(&server).await;
    client.send("t STORE 1 +FLAGS (x)\r\n").await;
    while !server.snapshot("alice").unwrap().messages("INBOX")[0].flags.contains(&"x".to_owned()) {
        tokio::task::yield_now().await;
    }
    server.resume();
    assert!(client.line().await.starts_with("* 1 FETCH"));
    assert!(client.line().await.starts_with("t OK"));
}

#[tokio::test]
async fn pop3_commands_are_refused_lost_and_dropped_too() {
    for (trouble, gone) in
        [(Trouble::No, false), (Trouble::LoseReply, true), (Trouble::LoseAll, true), (Trouble::Drop, false)]
    {
        let server = server();
        server.fault(Fault::at("QUIT", trouble));
        let mut client = Lines::new(server.pop3_stream());
        for line in ["", "USER alice", "PASS alicepw", "DELE 1"] {
            let reply = if line.is_empty() { client.line().await } else { client.pop3(line).await };
            assert!(reply.starts_with("+OK"), "{line}");
        }
        client.send("QUIT\r\n").await;
        let reply = client.next().await;
        assert_eq!(reply.is_some_and(|line| line.starts_with("-ERR")), trouble == Trouble::No);
        drop(client);
        server.all_closed().await;
        assert_eq!(server.snapshot("alice").unwrap().messages("INBOX")[0].uid == 2, gone, "{trouble:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_slow_connection_takes_its_time_of_the_runtimes_clock() {
    let server = Server::builder().every_connection(Fault::Slow(100)).in_memory().unwrap();
    let begun = Instant::now();
    let mut text = vec![0; 60];
    let mut stream = server.imap_stream();
    stream.read_exact(&mut text).await.unwrap();
    assert!(text.starts_with(b"* OK [CAPABILITY"));
    // 60 bytes in pieces of five; the first five need not wait.
    assert_eq!(begun.elapsed().as_millis() / 10, Duration::from_millis(550).as_millis() / 10);
}
