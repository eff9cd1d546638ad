//! Bodies and parts through lost connections: the same octets as without a loss.

use std::fmt::Write;
use std::sync::Arc;

use postroom::account::Account;
use postroom::imap::{Items, Section, Uid, Uids};
use postroom::testing::Server;
use postroom::{Kind, Result};
use tokio::io::AsyncReadExt;

use crate::cutting::How;
use crate::near::{cut_everywhere, mail};

fn parts() -> String {
    let mut encoded = String::new();
    for line in 0..40 {
        // Each line is of 57 octets.
        let octets: Vec<u8> = (0..57u8).map(|octet| octet.wrapping_mul(line)).collect();
        writeln!(encoded, "{}\r", base64(&octets)).unwrap();
    }
    format!(
        "Subject: parts\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\
         Content-Type: text/plain; charset=iso-8859-1\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n\
         Caf=E9 and more words\r\n--b\r\nContent-Type: application/octet-stream\r\n\
         Content-Disposition: attachment; filename=a.bin\r\nContent-Transfer-Encoding: base64\r\n\r\n{encoded}--b--\r\n"
    )
}

fn base64(octets: &[u8]) -> String {
    const ALPHABET: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for three in octets.chunks(3) {
        let bits = three.iter().fold(0u32, |bits, &octet| bits << 8 | u32::from(octet));
        (0..4).rev().for_each(|at| text.push(ALPHABET[(bits >> (6 * at) & 63) as usize] as char));
    }
    text
}

fn with_parts() -> Server {
    let server = mail(1);
    server.deliver("alice", "INBOX", parts(), &[]).unwrap();
    server
}

async fn whole(account: Account, _: &Arc<Server>) -> Result<Vec<String>> {
    let mut inbox = account.select("INBOX").await?;
    let mut body = inbox.read(Uid::new(2)?, Section::WHOLE).await?;
    let mut octets = String::new();
    body.read_to_string(&mut octets).await?;
    assert_eq!(octets, parts());
    Ok(vec![octets, format!("{:?}", body.defects())])
}

async fn decoded(account: Account, _: &Arc<Server>) -> Result<Vec<String>> {
    let mut inbox = account.select("INBOX").await?;
    let uid = Uid::new(2)?;
    let contents = inbox.contents(uid).await?.unwrap();
    let part = contents.attachments().next().unwrap();
    let mut octets = Vec::new();
    inbox.read_part(uid, part).await?.read_to_end(&mut octets).await?;
    assert_eq!(octets.len(), 40 * 57);
    let mut rest = Vec::new();
    let mut body = inbox.read_part(uid, part).starting_at(2000).await?;
    body.read_to_end(&mut rest).await?;
    assert_eq!((body.position(), &octets[2000..]), (2280, &rest[..]));
    drop(body);
    let text = inbox.read_text(uid, contents.text().unwrap()).await?;
    let previews = inbox.previews(Uids::ALL).await?;
    let subject = inbox.get(uid, Items::ENVELOPE).await?.unwrap().subject().map(|subject| subject.to_string());
    Ok(vec![format!("{octets:?}"), text, format!("{previews:?} {subject:?}")])
}

#[test]
fn a_body_continues_at_its_offset() {
    cut_everywhere(with_parts, 31, &[How::Close, How::Reset], whole);
    cut_everywhere(with_parts, 307, &[How::Stall], whole);
}

#[test]
fn a_part_continues_at_its_offset_whoever_decodes_it() {
    cut_everywhere(with_parts, 61, &[How::Close], decoded);
    let encoded = || {
        let server = Server::builder().auth_mechanisms(["PLAIN"]).without("BINARY").without("PREVIEW");
        let server = server.in_memory().unwrap();
        server.deliver("alice", "INBOX", "Subject: one\r\n\r\none\r\n", &[]).unwrap();
        server.deliver("alice", "INBOX", parts(), &[]).unwrap();
        server
    };
    cut_everywhere(encoded, 61, &[How::Close], decoded);
}

#[tokio::test]
async fn a_message_that_does_not_exist_is_an_error_at_once() {
    let server = crate::server().await;
    let account = crate::account(&server).build().unwrap();
    let mut inbox = account.select("INBOX").await.unwrap();
    let none = Uid::new(4_000_000).unwrap();
    assert_eq!(inbox.read(none, Section::WHOLE).await.unwrap_err().kind(), Kind::Rejected);
    assert!(inbox.get(none, Items::FLAGS).await.unwrap().is_none());
    assert!(inbox.contents(none).await.unwrap().is_none());
}
