//! ID (RFC 2971): says who the client is, and asks who the server is. For people and reports: no behaviour may depend on it.

use super::{Command, Frames, Terms};
use crate::error::{Error, Result};
use crate::imap::codec::{self, Line};
use crate::imap::plan::{Claims, Needs, Order, Plan};
use crate::imap::types::Condition;

/// RFC 2971 §3.3.
const MOST: usize = 30;
const LONGEST_FIELD: usize = 30;
const LONGEST_VALUE: usize = 1024;

/// Fields with their values.
pub(crate) type Fields = Vec<(String, Option<String>)>;

pub(crate) struct Id<'a> {
    /// Nothing is told where there is none.
    pub(crate) fields: &'a [(String, String)],
}

impl Command for Id<'_> {
    type Output = Fields;

    /// Fields and values always in quotes: Yahoo's server cannot bear them without.
    fn plan(&self, _: Terms) -> Result<Plan> {
        check(self.fields)?;
        let line = Line::new("ID");
        let line = match self.fields {
            [] => line.atom("NIL")?,
            fields => line
                .list(|list| fields.iter().try_fold(list, |list, (field, value)| list.string(field)?.string(value)))?,
        };
        Ok(Plan::new("ID", line.finish()).order(Order::claiming(Claims::ID)).needs(Needs::Connection))
    }

    /// Servers that do not answer, or not as they should, tell nothing.
    fn output(self, frames: impl Frames, _: Condition) -> Result<Fields> {
        Ok(frames.into_iter().last().and_then(|frame| codec::id::parse(&frame).ok()).unwrap_or_default())
    }
}

/// Whether these fields may be sent: printable ASCII, at most 30 of them, of at most 30 bytes with at most 1024 behind each.
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
        false => {
            Err(Error::input("ID has at most 30 fields of printable ASCII, 30 bytes long with 1024 bytes of value"))
        }
    }
}
