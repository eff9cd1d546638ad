//! UNAUTHENTICATE (RFC 8437): two users over one connection.

use postroom::Kind;
use postroom::imap::{Imap, Items, Uids};

use super::session;
use crate::live::{fill, imap_config, login};
use crate::server::Brand;
use crate::suite::Trial;

async fn count(imap: &mut Imap) -> usize {
    let mut mail = imap.open("INBOX").fetch(Uids::ALL, Items::FLAGS).await.unwrap();
    let mut count = 0;
    while mail.try_next().await.unwrap().is_some() {
        count += 1;
    }
    count
}

pub(crate) async fn two_users_share_a_connection_and_nothing_else(user: &Trial) {
    let mut imap = session(user).await;
    // Cyrus knows the command, and refuses it to its ordinary users.
    if user.brand() == Brand::Cyrus {
        return from_the_administrator_to_a_user(user).await;
    }
    if !imap.capabilities().unauthenticate() {
        let refused = imap.reauthenticate(login(user)).await.unwrap_err();
        assert_eq!(refused.kind(), Kind::Unsupported);
        imap.logout().await.unwrap();
        return user.unsupported("UNAUTHENTICATE", "not announced");
    }
    let other = user.also(&format!("{}-too", user.name));
    fill(user, 3);
    fill(&other, 2);
    for compressed in [false, true] {
        let config = imap_config(&user.server);
        let config = if compressed { config.compress() } else { config };
        let mut imap = Imap::connect(config, login(user)).await.unwrap();
        assert_eq!(count(&mut imap).await, 3);
        let mailbox = user.server.mailbox(&[if compressed { "Theirs" } else { "Mine" }]);
        imap.create_mailbox(&*mailbox).await.unwrap();
        imap.reauthenticate(login(&other)).await.unwrap();
        assert_eq!(imap.selected_folder().unwrap_err().kind(), Kind::Closed);
        assert_eq!(imap.select(&*mailbox).await.unwrap_err().kind(), Kind::Rejected);
        assert_eq!(count(&mut imap).await, 2);
        imap.reauthenticate(login(user)).await.unwrap();
        imap.select(&*mailbox).await.unwrap();
        assert_eq!(count(&mut imap).await, 3);
        imap.logout().await.unwrap();
    }
}

/// Who administers a server works for each of its users.
async fn from_the_administrator_to_a_user(user: &Trial) {
    fill(user, 3);
    let admin = user.also("cyrus");
    for compressed in [false, true] {
        let config = imap_config(&user.server);
        let config = if compressed { config.compress() } else { config };
        let mut imap = Imap::connect(config, login(&admin)).await.unwrap();
        imap.noop().await.unwrap();
        assert!(imap.capabilities().unauthenticate(), "{:?}", imap.capabilities());
        imap.reauthenticate(login(user)).await.unwrap();
        assert_eq!(count(&mut imap).await, 3);
        assert!(!imap.capabilities().unauthenticate());
        imap.logout().await.unwrap();
    }
}
