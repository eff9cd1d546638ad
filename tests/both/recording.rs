//! The recorder: a recorded dialogue with the embedded server, played by the scripted peer, gives the same values, and every byte is in it.

use postroom::imap::{Imap, Items, Uids};
use postroom::pop3::{Number, Pop3};
use postroom::testing::{Script, Server};
use postroom::{Config, Login, Recorder};
use tokio::io::{AsyncRead, AsyncWrite};

use crate::session::{self, plaintext};

fn login(password: &str) -> Login {
    Login::password("alice", password)
}

/// 8-bit, without NUL, with line ends of all kinds and text that looks like a name of a script.
const MESSAGE: &[u8] =
    b"Subject: {A} {*} \xc3\xa9\xff\r\n\r\nC: x\r\nS-raw: \\r\\n\r\nbare\nline\x01\x7f\t\r\n{12}\r\nno end";

/// The IMAP session that is recorded, and its results.
async fn imap<S>(stream: S, config: Config, login: Login) -> Vec<String>
where
    S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
{
    let (mut imap, driver) = Imap::handshake(stream, config, login).await.unwrap();
    let driver = tokio::spawn(driver);
    let mut told = vec![format!("{:?}", imap.capabilities())];
    told.push(format!("{:?}", imap.append("INBOX", MESSAGE.to_vec()).await.unwrap()));
    let mut inbox = imap.select("INBOX").await.unwrap();
    let mut mail = inbox.fetch(Uids::ALL, Items::ENVELOPE.flags()).await.unwrap();
    while let Some(message) = mail.try_next().await.unwrap() {
        told.push(format!("{:?} {:?} {:?}", message.uid(), message.subject(), message.flags()));
    }
    drop(mail);
    let mut mail = inbox.fetch(Uids::ALL, Items::MESSAGE).await.unwrap();
    while let Some(message) = mail.try_next().await.unwrap() {
        told.push(format!("{message:?}"));
    }
    drop(mail);
    drop(inbox);
    imap.logout().await.unwrap();
    driver.await.unwrap().unwrap();
    told
}

async fn pop3<S>(stream: S, config: Config, login: Login) -> Vec<String>
where
    S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
{
    let (pop3, driver) = Pop3::handshake(stream, config, login).await.unwrap();
    let driver = tokio::spawn(driver);
    let mut told = vec![format!("{:?}", pop3.capabilities())];
    told.push(format!("{:?}", pop3.uidl().await.unwrap()));
    for (number, _) in pop3.list().await.unwrap().into_iter().take(3) {
        told.push(format!("{:?}", pop3.retr(number).await.unwrap().bytes()));
    }
    pop3.dele(Number::new(1).unwrap()).await.unwrap();
    pop3.quit().await.unwrap();
    driver.await.unwrap().unwrap();
    told
}

fn only(recorder: &Recorder) -> String {
    let transcripts = recorder.transcripts();
    assert_eq!(transcripts.len(), 1);
    transcripts.concat()
}

#[tokio::test]
async fn an_imap_session_is_played_again_with_the_same_values() {
    for mechanisms in [&["PLAIN"][..], &[]] {
        let server = Server::builder().sample_mail().in_memory().unwrap();
        let recorder = Recorder::new();
        let recorded = plaintext().record(&recorder);
        let told = imap(server.imap_stream(), recorded, login("alicepw").only(mechanisms)).await;
        assert!(told.len() > 20);
        let transcript = only(&recorder);
        assert!(!transcript.contains("alicepw"), "{transcript}");

        let mut script = Script::new(&transcript);
        let again = imap(script.stream(), plaintext(), login("another password").only(mechanisms)).await;
        assert_eq!(told, again);
        script.finish().await.unwrap();
    }
}

#[tokio::test]
async fn a_pop3_session_is_played_again_with_the_same_values() {
    for mechanisms in [&["PLAIN"][..], &[]] {
        let server = Server::builder().sample_mail().in_memory().unwrap();
        server.deliver("alice", "INBOX", MESSAGE.to_vec(), &[]).unwrap();
        let recorder = Recorder::new();
        let recorded = plaintext().record(&recorder);
        let told = pop3(server.pop3_stream(), recorded, login("alicepw").only(mechanisms)).await;
        let transcript = only(&recorder);
        assert!(!transcript.contains("alicepw"), "{transcript}");

        let mut script = Script::new(&transcript);
        assert_eq!(pop3(script.stream(), plaintext(), login("another").only(mechanisms)).await, told);
        script.finish().await.unwrap();
    }
}

#[tokio::test]
async fn what_differs_from_the_record_is_reported() {
    let server = Server::builder().in_memory().unwrap();
    let recorder = Recorder::new();
    pop3_stat(server.pop3_stream(), plaintext().record(&recorder)).await;
    let transcript = only(&recorder).replace("C: STAT", "C: NOOP");
    let mut script = Script::new(&transcript);
    let pop3 = session::pop3(script.stream(), plaintext(), login("x")).await.unwrap();
    pop3.stat().await.unwrap_err();
    assert!(script.finish().await.unwrap_err().contains("expected C: NOOP, got STAT"));
}

async fn pop3_stat<S>(stream: S, config: Config)
where
    S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
{
    let pop3 = session::pop3(stream, config, login("alicepw")).await.unwrap();
    pop3.stat().await.unwrap();
    pop3.quit().await.unwrap();
}

#[tokio::test]
async fn an_upgrade_to_tls_is_played_with_one() {
    let server = Server::builder().in_memory().unwrap();
    let recorder = Recorder::new();
    let config = Config::new("localhost").starttls().add_root_pem(server.ca_pem().as_bytes()).unwrap();
    let told = imap(server.imap_stream(), config.clone().record(&recorder), login("alicepw")).await;
    let transcript = only(&recorder);
    assert!(transcript.contains("STARTTLS\n") && transcript.contains("\ntls\n"), "{transcript}");
    let mut script = Script::new(&transcript);
    assert_eq!(imap(script.stream(), config, login("another")).await, told);
    script.finish().await.unwrap();
}

#[tokio::test]
async fn each_connection_has_a_transcript_of_its_own() {
    let server = Server::builder().in_memory().unwrap();
    let recorder = Recorder::new();
    let config = plaintext().record(&recorder);
    pop3_stat(server.pop3_stream(), config.clone()).await;
    pop3_stat(server.pop3_stream(), config).await;
    let transcripts = recorder.transcripts();
    assert_eq!(transcripts.len(), 2);
    assert_eq!(transcripts[0], transcripts[1]);
    assert!(transcripts[0].starts_with("S: +OK"), "{}", transcripts[0]);
    assert_eq!(format!("{recorder:?}"), "Recorder { connections: 2, .. }");
}
