//! [`ImapSessions`]: how the pool opens and ends IMAP sessions. It must not know what they are used for.

use super::lane::Lane;
use super::notice::AccountNotice;
use super::pool::Service;
use crate::config::Config;
use crate::error::Result;
use crate::imap::{Imap, Notice};
use crate::login::Login;
use crate::mailbox::BoxFuture;
use crate::{Notices, Traffic};

/// IMAP sessions.
pub(super) enum ImapSessions {}

impl Service for ImapSessions {
    type Session = Imap;
    type Notice = Notice;

    fn open(config: Config, login: Login) -> BoxFuture<'static, Result<Imap>> {
        Box::pin(Imap::connect(config, login))
    }

    fn is_closed(session: &Imap) -> bool {
        session.is_closed()
    }

    fn traffic(session: &Imap) -> Traffic {
        session.traffic()
    }

    fn notices(session: &Imap) -> Notices<Notice> {
        session.notices()
    }

    fn report(lane: Lane, session: u64, notice: Notice) -> AccountNotice {
        AccountNotice::Imap { lane, session, notice }
    }

    fn end(session: Imap) -> BoxFuture<'static, ()> {
        Box::pin(async move {
            // Nobody waits for it, and a session that is over needs no LOGOUT.
            drop(session.logout().await);
        })
    }
}
