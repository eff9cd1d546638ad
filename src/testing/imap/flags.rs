//! STORE and UID STORE (RFC 3501 §6.4.6).

use super::args::{Args, Stop};
use super::set::Set;
use super::{Answer, Session};
use crate::testing::store::Flags;

#[derive(Clone, Copy)]
enum Change {
    Add,
    Remove,
    Replace,
}

impl Change {
    fn apply(self, flags: &mut Flags, given: &[String]) {
        match self {
            Self::Add => flags.extend(given.iter().cloned()),
            Self::Remove => flags.retain(|flag| !given.contains(flag)),
            Self::Replace => *flags = given.iter().cloned().collect(),
        }
    }
}

impl Session {
    pub(super) fn store(&mut self, args: &mut Args, uid: bool) -> Answer {
        let set = Set::parse(args)?;
        args.space()?;
        let (change, silent) = item(args)?;
        args.space()?;
        let given = flags(args)?;
        args.end()?;
        let indexes = set.resolve(self.writable()?, uid)?;

        let Some(mut view) = self.view.take() else {
            return Err(Stop::bad("No mailbox is selected"));
        };
        let mut out = Vec::new();
        let done = self.change(|account| {
            let Some(mailbox) = account.by_validity(view.validity) else {
                return;
            };
            for index in indexes {
                let Some(entry) = view.entries.get_mut(index) else {
                    continue;
                };
                let before = mailbox.mails.get(&entry.uid).map_or(0, |mail| mail.change);
                let known = entry.is_current(before);
                let Some(mail) = mailbox.flag(entry.uid, |flags| change.apply(flags, &given))
                else {
                    continue;
                };
                // Silence covers what the client itself did, not what it has not heard of yet.
                if silent && known {
                    entry.refresh(mail);
                } else if !silent {
                    entry.refresh(mail);
                    out.extend_from_slice(format!("* {} FETCH (", index + 1).as_bytes());
                    if uid {
                        out.extend_from_slice(format!("UID {} ", entry.uid).as_bytes());
                    }
                    out.extend_from_slice(b"FLAGS ");
                    entry.print_flags(&mut out);
                    out.extend_from_slice(b")\r\n");
                }
            }
        });
        self.view = Some(view);
        self.wire.push(out);
        done.map(|()| "STORE completed".to_owned())
    }
}

fn item(args: &mut Args) -> Result<(Change, bool), Stop> {
    let change = match (args.take(b'+'), args.take(b'-')) {
        (true, _) => Change::Add,
        (_, true) => Change::Remove,
        _ => Change::Replace,
    };
    match args.atom()?.to_ascii_uppercase().as_str() {
        "FLAGS" => Ok((change, false)),
        "FLAGS.SILENT" => Ok((change, true)),
        _ => Err(Stop::bad("Only FLAGS can be stored")),
    }
}

/// In parentheses or bare.
fn flags(args: &mut Args) -> Result<Vec<String>, Stop> {
    if args.peek() == Some(b'(') {
        return args.list(Args::flag);
    }
    let mut flags = vec![args.flag()?];
    while args.take(b' ') {
        flags.push(args.flag()?);
    }
    Ok(flags)
}
