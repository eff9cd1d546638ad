//! An account on a server that accepts fewer sessions than the account may have.

use postroom::account::{Account, AccountNotice};

use crate::live::{config, login};
use crate::suite::Trial;

/// The server is at 127.0.0.5 with `mail_max_userip_connections = 3`.
pub(crate) async fn an_account_that_wants_ten_makes_do_with_three(user: &Trial) {
    let config = config(&user.server, "127.0.0.5", user.server.imaps).server_name("localhost");
    let account = Account::new(config, login(user)).connections(10).build().unwrap();
    let mut notices = account.notices();
    let mut held = Vec::new();
    for _ in 0..3 {
        // Dovecot counts a session when its mailbox process answers.
        let mut session = account.session().await.unwrap();
        session.select("INBOX").await.unwrap();
        held.push(session);
    }
    let asking: Vec<_> = (0..20)
        .map(|_| {
            let account = account.clone();
            tokio::spawn(async move { account.session().await?.select("INBOX").await.map(drop) })
        })
        .collect();
    let most = loop {
        match notices.next().await.unwrap() {
            AccountNotice::FewerConnections { most, .. } => break most,
            AccountNotice::Imap { .. } => {}
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(most, 3);
    drop(held);
    for asked in asking {
        asked.await.unwrap().unwrap();
    }
    let stats = account.stats();
    assert_eq!((stats.sessions, stats.lost), (3, 0), "{stats:?}");
    assert!((1..=7).contains(&stats.failures), "{stats:?}");
    account.shutdown().await;
    drop(account);
    while let Some(notice) = notices.next().await {
        assert!(matches!(notice, AccountNotice::Imap { .. }), "{notice:?}");
    }
}
