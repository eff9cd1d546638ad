//! Sends one command whose answer is one line, and waits for it. It must not know any command by name.

use crate::conn::link::{Inbox, Link};
use crate::error::{Error, Result};
use crate::pop3::engine::{Answer, Delivery, Engine, Plan, Request};

pub(super) type Pop3Link = Link<Engine>;

/// Sends one command and waits for its answer.
pub(super) async fn one(link: &Pop3Link, plan: Plan) -> Result<Answer> {
    answer(link.submit(Request::Command(plan))).await
}

pub(super) async fn answer(mut inbox: Inbox<Engine>) -> Result<Answer> {
    while let Some(delivery) = inbox.next().await? {
        if let Delivery::Done(answer) = delivery {
            return answer;
        }
    }
    Err(Error::closed("the session has ended"))
}
