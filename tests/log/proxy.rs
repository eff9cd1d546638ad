//! The needle test for the password of a proxy: it appears nowhere, whether the proxy takes it, refuses it, or echoes what it got.

use std::io;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use postroom::connector::{Connect, Proxy, Stream, Target};
use postroom::testing::Server;
use postroom::{BoxFuture, Config, Imap, Login, Recorder};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tracing::level_filters::LevelFilter;
use tracing_subscriber::fmt::format::FmtSpan;

use crate::log::Log;
use crate::proxies::{KINDS, PASSWORD, Scripted, USER};

/// Sends back all that it gets.
struct Echo;

impl Connect for Echo {
    fn connect<'a>(&'a self, _: &'a Target) -> BoxFuture<'a, io::Result<Box<dyn Stream>>> {
        Box::pin(async {
            let (near, mut far) = tokio::io::duplex(4096);
            tokio::spawn(async move {
                let mut bytes = vec![0; 4096];
                while let Ok(count @ 1..) = far.read(&mut bytes).await {
                    far.write_all(&bytes[..count]).await?;
                }
                io::Result::Ok(())
            });
            Ok(Box::new(near) as Box<dyn Stream>)
        })
    }
}

/// To the embedded server, or to the proxy in front of it.
struct InMemory(Server);
struct ToProxy(Scripted);

impl Connect for InMemory {
    fn connect<'a>(&'a self, _: &'a Target) -> BoxFuture<'a, io::Result<Box<dyn Stream>>> {
        Box::pin(async { Ok(Box::new(self.0.imap_stream()) as Box<dyn Stream>) })
    }
}

impl Connect for ToProxy {
    fn connect<'a>(&'a self, _: &'a Target) -> BoxFuture<'a, io::Result<Box<dyn Stream>>> {
        Box::pin(async {
            let (near, far) = tokio::io::duplex(4096);
            tokio::spawn(self.0.clone().serve(far));
            Ok(Box::new(near) as Box<dyn Stream>)
        })
    }
}

async fn session(proxy: Proxy) -> (String, bool) {
    let recorder = Recorder::new();
    let config = Config::new("nowhere.invalid").dangerous_plaintext().record(&recorder).connect_by(proxy.clone());
    let mut text = format!("{proxy:?} {proxy:#?} {config:?}");
    let end = Imap::connect(config, Login::password("alice", "alicepw")).await;
    let is_open = end.is_ok();
    match end {
        Ok(imap) => imap.logout().await.unwrap(),
        Err(error) => text += &format!("{error} {error:#} {error:?} {error:#?}"),
    }
    (text + &recorder.transcripts().concat(), is_open)
}

#[tokio::test]
async fn the_password_of_a_proxy_is_nowhere() {
    let (log, _guard) = Log::of_this_thread(LevelFilter::TRACE, FmtSpan::FULL);
    for kind in KINDS {
        let server = Server::builder().sample_mail().in_memory().unwrap();
        let taking = Scripted::new(kind, true, InMemory(server));
        let client = taking.client("proxy.invalid", 1080);
        let wrong = client.clone().login(USER, format!("not {PASSWORD}"));
        for (proxy, expected) in [
            (client.clone().over(ToProxy(taking.clone())), true),
            (wrong.over(ToProxy(taking.clone())), false),
            (client.over(Echo), false),
        ] {
            let (text, is_open) = session(proxy).await;
            let text = text + &log.take();
            assert_eq!(is_open, expected, "{text}");
            let encoded = STANDARD.encode(format!("{USER}:{PASSWORD}"));
            for needle in ["s3cret", &encoded, &encoded[16..24]] {
                assert!(!text.contains(needle), "{kind:?}: {text}");
            }
        }
    }
}
