//! COMPRESS: a session over which everything is compressed does the same, and what goes over the wire is not in clear.

use postroom::imap::{Imap, Items, Query, Uids};

use crate::live::{config, imap_config, login, message, recorded, told};
use crate::server::{Brand, User};
use crate::suite::Trial;

async fn compressed(user: &User) -> Imap {
    Imap::connect(imap_config(&user.server).compress(), login(user)).await.unwrap()
}

fn announces(user: &Trial, imap: &Imap) -> bool {
    // A server that has agreed may announce it no longer.
    let announces = user.brand() == Brand::Embedded || imap.capabilities().compress_deflate();
    if !announces {
        user.unsupported("COMPRESS", "not announced");
    }
    announces
}

pub(crate) async fn a_compressed_session_does_the_same(user: &Trial) {
    let mut imap = super::session(user).await;
    if !announces(user, &imap) {
        return;
    }
    // 400 kB that compress badly, and 2 MB that compress well.
    let noise: Vec<u8> = (0..100_000_u32).flat_map(|number| number.wrapping_mul(2_654_435_761).to_be_bytes()).collect();
    let noise: String = noise.chunks(30).map(|line| line.escape_ascii().to_string() + "\r\n").collect();
    let same = "The same line again and again.\r\n".repeat(60_000);
    let bodies = [noise, same].map(|body| [&message(1)[..], body.as_bytes()].concat());

    let (one, mut other) = (compressed(user).await, compressed(user).await);
    let mut uids = Vec::new();
    for body in &bodies {
        uids.extend(told(user, one.append("INBOX", body.clone()).await.unwrap()));
    }
    // Read by a session that compresses and by one that does not.
    for imap in [&mut imap, &mut other] {
        let mut inbox = imap.select("INBOX").await.unwrap();
        let mut found = Vec::new();
        let mut mail = inbox.fetch(Uids::ALL, Items::MESSAGE).await.unwrap();
        while let Some(message) = mail.try_next().await.unwrap() {
            found.push((message.uid().unwrap().as_u32(), message.body().unwrap().to_vec()));
        }
        drop(mail);
        assert!(found.iter().map(|(_, body)| body).eq(&bodies), "the messages are not the same");
        assert!(uids.is_empty() || found.iter().map(|(uid, _)| *uid).eq(uids.iter().copied()));
        assert_eq!(inbox.search(&Query::all()).await.unwrap().len(), 2);
    }
    for imap in [imap, one, other] {
        imap.noop().await.unwrap();
        imap.logout().await.unwrap();
    }
}

pub(crate) async fn nothing_after_the_agreement_is_in_clear(user: &Trial) {
    if !announces(user, &super::session(user).await) {
        return;
    }
    let (stream, sent) = recorded("127.0.0.1", user.server.imap).await;
    let config = config(&user.server, "127.0.0.1", user.server.imap).dangerous_plaintext().compress();
    let (imap, driver) = Imap::handshake(stream, config, login(user)).await.unwrap();
    tokio::spawn(driver);
    imap.noop().await.unwrap();
    imap.logout().await.unwrap();
    let sent = String::from_utf8_lossy(&sent.lock().unwrap()).into_owned();
    let (_, after) = sent.split_once("COMPRESS DEFLATE\r\n").unwrap();
    assert!(!after.is_empty() && !after.contains("NOOP") && !after.contains("LOGOUT"), "{after:?}");
}
