//! [`ImapSessions`] and [`Pop3Sessions`]: how the pool opens and ends sessions of each protocol. It must not know what they are used for.

use std::time::Duration;

use tokio::time::timeout;

use super::lane::Lane;
use super::notice::AccountNotice;
use super::pool::Service;
use crate::config::Config;
use crate::error::Result;
use crate::imap::{Imap, Notice};
use crate::login::Login;
use crate::mailbox::BoxFuture;
use crate::pop3::{self, Pop3};
use crate::{Notices, Traffic};

/// How long a POP3 session that nobody uses may take for its end.
const LONGEST_END: Duration = Duration::from_secs(10);

/// IMAP sessions.
pub(super) enum ImapSessions {}

/// POP3 sessions. Each shows the maildrop of its beginning and locks it, so none is kept.
pub(super) enum Pop3Sessions {}

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

impl Service for Pop3Sessions {
    type Session = Pop3;
    type Notice = pop3::Notice;

    const IS_KEPT: bool = false;

    fn open(config: Config, login: Login) -> BoxFuture<'static, Result<Pop3>> {
        Box::pin(Pop3::connect(config, login))
    }

    fn is_closed(session: &Pop3) -> bool {
        session.is_closed()
    }

    fn traffic(session: &Pop3) -> Traffic {
        session.traffic()
    }

    fn notices(session: &Pop3) -> Notices<pop3::Notice> {
        session.notices()
    }

    fn report(_: Lane, session: u64, notice: pop3::Notice) -> AccountNotice {
        AccountNotice::Pop3 { session, notice }
    }

    fn login_delay(session: &Pop3) -> Option<Duration> {
        session.capabilities().login_delay()
    }

    /// QUIT would delete what is marked: RSET comes first, and without its reply there is no QUIT.
    fn end(session: Pop3) -> BoxFuture<'static, ()> {
        Box::pin(async move {
            let ending = async {
                if session.rset().await.is_ok() {
                    drop(session.quit().await);
                }
            };
            drop(timeout(LONGEST_END, ending).await);
        })
    }
}
