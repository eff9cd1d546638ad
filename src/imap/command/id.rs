//! ID (RFC 2971): describes the client, and asks for the server's description of itself. It is for people and reports; no behaviour may
//! depend on it.

use super::{Command, EncodeOptions, Frames};
use crate::error::{Error, Result};
use crate::imap::codec::{self, Line};
use crate::imap::plan::{Claims, Order, Plan, RequiredState};
use crate::imap::types::Condition;

/// The limits of RFC 2971 §3.3.
const MOST: usize = 30;
const LONGEST_FIELD: usize = 30;
const LONGEST_VALUE: usize = 1024;

/// Fields with their values.
pub(crate) type Fields = Vec<(String, Option<String>)>;

pub(crate) struct Id<'a> {
    /// The client's description; if it is empty, none is sent.
    pub(crate) fields: &'a [(String, String)],
}

impl Command for Id<'_> {
    type Output = Fields;

    /// Fields and values are always quoted: Yahoo's server does not accept atoms.
    fn plan(&self, _: EncodeOptions) -> Result<Plan> {
        check(self.fields)?;
        let line = Line::new("ID");
        let line = match self.fields {
            [] => line.atom("NIL")?,
            fields => line
                .list(|list| fields.iter().try_fold(list, |list, (field, value)| list.string(field)?.string(value)))?,
        };
        let order = Order::claiming(Claims::ID).letting_prepare();
        Ok(Plan::new("ID", line.finish()).order(order).needs(RequiredState::Connection))
    }

    /// A missing or unreadable answer counts as an empty description.
    fn output(self, frames: impl Frames, _: Condition) -> Result<Fields> {
        Ok(frames.into_iter().last().and_then(|frame| codec::id::parse(&frame).ok()).unwrap_or_default())
    }
}

/// Checks that these fields can be sent: at most 30 fields of printable ASCII, with names of 1 to 30 bytes and values of at most 1024.
fn check(fields: &[(String, String)]) -> Result<()> {
    let printable = |text: &str| text.bytes().all(|byte| byte.is_ascii() && !byte.is_ascii_control());
    let fits = |(field, value): &(String, String)| {
        (1..=LONGEST_FIELD).contains(&field.len())
            && value.len() <= LONGEST_VALUE
            && printable(field)
            && printable(value)
    };
    match fields.len() <= MOST && fields.iter().all(fits) {
        true => Ok(()),
        false => Err(Error::input(
            "ID takes at most 30 fields of printable ASCII, with names of 1 to 30 bytes and values of at most 1024",
        )),
    }
}
