//! How often a login is tried.

use postroom::account::{Account, AccountNotice};
use postroom::imap::StatusItems;
use postroom::{Kind, Login};

use super::{account, account_of, count, server};

async fn status(account: &Account) -> postroom::Result<Option<u32>> {
    let status = account.run(|imap| Box::pin(imap.status("INBOX", StatusItems::MESSAGES))).await?;
    Ok(status.messages)
}

#[tokio::test]
async fn a_new_password_that_is_refused_is_tried_once_whatever_asks() {
    let server = server().await;
    let account = account_of(&server, Login::password("alice", "wrong")).connections(5).build().unwrap();
    let mut notices = account.notices();
    let asking: Vec<_> = (0..9)
        .map(|number| {
            let account = if number % 2 == 0 { account.clone() } else { account.bulk() };
            tokio::spawn(async move { status(&account).await })
        })
        .collect();
    for asked in asking {
        assert_eq!(asked.await.unwrap().unwrap_err().kind(), Kind::Login);
    }
    assert_eq!(account.check().await.unwrap_err().kind(), Kind::Login);
    account.network_changed();
    assert_eq!(status(&account).await.unwrap_err().kind(), Kind::Login);
    assert_eq!(count(&server, "AUTHENTICATE") + count(&server, "LOGIN"), 1);
    assert!(matches!(notices.next().await, Some(AccountNotice::Stopped(error)) if error.kind() == Kind::Login));

    account.set_login(Login::password("alice", "alicepw"));
    assert!(status(&account).await.unwrap().is_some());
    assert!(matches!(notices.next().await, Some(AccountNotice::Online)));
    drop(account);
    assert!(notices.next().await.is_none(), "each change of state is one notice");
}

#[tokio::test]
async fn the_first_login_runs_alone_and_then_calls_have_sessions_of_their_own() {
    let server = server().await;
    let account = account(&server).connections(3).build().unwrap();
    let asking: Vec<_> = (0..9)
        .map(|_| {
            tokio::spawn({
                let account = account.clone();
                async move { status(&account).await }
            })
        })
        .collect();
    for asked in asking {
        assert!(asked.await.unwrap().unwrap().is_some());
    }
    assert!((1..=3).contains(&server.connections()), "{}", server.connections());
    assert_eq!(account.stats().sessions, server.connections() as u64);
    account.shutdown().await;
    server.all_closed().await;
    assert_eq!(status(&account).await.unwrap_err().kind(), Kind::Closed);
}
