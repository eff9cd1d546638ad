//! What a session negotiates with its server: ID, ENABLE, literals, and a mailbox opened in one round trip.

use postroom::imap::{Imap, Items, Query, StatusItems, Uids};
use postroom::{Flag, Kind};

use super::session;
use crate::live::{config, fill, login, recorded};
use crate::server::Brand;
use crate::suite::Trial;

pub(crate) async fn the_server_says_who_it_is(user: &Trial) {
    let imap = session(user).await;
    let asked = imap.id(&[("name", "postroom \"live\" \\ {5}"), ("version", "1")]).await;
    if imap.capabilities().id() {
        let said = asked.unwrap();
        assert!(
            matches!(user.brand(), Brand::Embedded | Brand::Pymap)
                || said.iter().any(|(name, value)| name == "name" && value.is_some()),
            "{said:?}"
        );
        assert!(matches!(user.brand(), Brand::Embedded | Brand::Pymap) || !imap.server().is_empty());
    } else {
        assert_eq!(asked.unwrap_err().kind(), Kind::Unsupported);
        user.unsupported("ID", "no ID");
    }
    for bad in ["a\r\nb", "a\0b", "ä"] {
        let refused = imap.id(&[("name", bad)]).await.unwrap_err();
        assert!(matches!(refused.kind(), Kind::Input | Kind::Unsupported), "{refused:?}");
    }
    imap.logout().await.unwrap();
}

pub(crate) async fn what_is_offered_is_enabled_and_what_is_not_is_not(user: &Trial) {
    let name = user.server.mailbox(&["日本語 & ü"]);
    let mut imap = session(user).await;
    imap.create_mailbox(&*name).await.unwrap();
    assert_eq!(imap.enabled().imap4rev2(), imap.capabilities().imap4rev2());
    let offered = imap.capabilities();
    let enabled = imap.enable(&["CONDSTORE", "UTF8=ACCEPT", "X-NO-SUCH-THING"]).await;
    if offered.enable() {
        let enabled = enabled.unwrap();
        assert_eq!(enabled.condstore(), offered.condstore());
        assert_eq!(enabled.utf8_accept(), offered.utf8_accept());
        assert!(!enabled.has("X-NO-SUCH-THING"));
    } else {
        assert_eq!(enabled.unwrap_err().kind(), Kind::Unsupported);
        user.unsupported("ENABLE", "no ENABLE");
    }
    for bad in ["A B", "", "A\r\nB"] {
        let refused = if imap.capabilities().enable() { Kind::Input } else { Kind::Unsupported };
        assert_eq!(imap.enable(&[bad]).await.unwrap_err().kind(), refused, "{bad:?}");
    }

    // Names mean the same, whatever their form on the wire.
    let listed = imap.list("*").await.unwrap();
    assert!(listed.iter().any(|listed| listed.name.as_str() == name), "{listed:?}");
    imap.append(&*name, "Subject: x\r\n\r\n").await.unwrap();
    assert_eq!(imap.status(&*name, StatusItems::MESSAGES).await.unwrap().messages, Some(1));
    let folder = imap.select(&*name).await.unwrap();
    assert_eq!(folder.search(&Query::subject("ü")).await.unwrap().len(), 0);
    imap.logout().await.unwrap();
}

pub(crate) async fn select_and_fetch_go_together(user: &Trial) {
    fill(user, 3);
    let mut imap = session(user).await;
    for read_only in [false, true] {
        let opening = imap.open("INBOX");
        let opening = if read_only { opening.read_only() } else { opening };
        let mut mail = opening.fetch(Uids::ALL, Items::ENVELOPE).await.unwrap();
        let mut subjects = Vec::new();
        while let Some(message) = mail.try_next().await.unwrap() {
            subjects.push(message.subject().unwrap().into_owned());
        }
        drop(mail);
        assert_eq!(subjects, ["message 1", "message 2", "message 3"]);
        let info = imap.selected_folder().unwrap().info().unwrap();
        assert_eq!((info.exists, info.read_only), (3, read_only));
    }
    let nowhere = user.server.mailbox(&["Nowhere"]);
    assert_eq!(imap.open(&*nowhere).fetch(Uids::ALL, Items::FLAGS).await.unwrap_err().kind(), Kind::Rejected);
    let empty = user.server.mailbox(&["Leer"]);
    imap.create_mailbox(&*empty).await.unwrap();
    assert!(imap.open(&*empty).fetch(Uids::ALL, Items::FLAGS).await.unwrap().try_next().await.unwrap().is_none());
    imap.logout().await.unwrap();
}

pub(crate) async fn literals_go_unasked_where_the_server_says_so(user: &Trial) {
    let (stream, sent) = recorded("127.0.0.1", user.server.imap).await;
    let config = config(&user.server, "127.0.0.1", user.server.imap).dangerous_plaintext();
    let (mut imap, driver) = Imap::handshake(stream, config, login(user)).await.unwrap();
    tokio::spawn(driver);
    let plus = imap.capabilities().literal_plus();
    imap.append("INBOX", "Subject: plus\r\n\r\n").await.unwrap();
    let inbox = imap.select("INBOX").await.unwrap();
    assert_eq!(inbox.search(&Query::subject("grüß")).await.unwrap().len(), 0);
    assert_eq!(inbox.search(&Query::subject("plus")).await.unwrap().len(), 1);
    imap.logout().await.unwrap();
    let sent = String::from_utf8_lossy(&sent.lock().unwrap()).into_owned();
    assert_eq!((sent.contains("{17+}\r\n"), sent.contains("{17}\r\n")), (plus, !plus), "{sent}");
    if !plus {
        user.fallback("LITERAL+", "no LITERAL+: the server is asked first");
    }
}

pub(crate) async fn flags_that_are_no_words_are_refused_and_odd_words_come_back(user: &Trial) {
    for bad in ["", "a b", "a\"b", "a{5}", "a{5+}", "a\\b", "a)", "a*", "a%", "a]", "a\r\nb", "a\0b", "fünf"] {
        assert!(Flag::new(bad).is_err(), "{bad:?}");
    }
    fill(user, 1);
    let words = ["$Odd.word-1_x", "a!#&'+,/:;<=>?@[^`|}~"].map(|word| Flag::new(word).unwrap());
    let mut imap = session(user).await;
    let mut inbox = imap.select("INBOX").await.unwrap();
    for word in &words {
        match inbox.store(Uids::ALL, &postroom::FlagChange::add([word.clone()])).await {
            Ok(_) => {}
            Err(error) => assert!(matches!(error.kind(), Kind::Rejected | Kind::Bad), "{word:?}: {error:?}"),
        }
    }
    let mut mail = inbox.fetch(Uids::ALL, Items::FLAGS).await.unwrap();
    let message = mail.try_next().await.unwrap().unwrap();
    assert_eq!(message.flags().unwrap().contains(&words[0]), user.server.has_keywords(), "{:?}", message.flags());
}
