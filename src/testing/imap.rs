//! One IMAP session of the embedded server (RFC 3501): the loop, the states, and the dispatch of commands. It must not know the
//! client.

mod acl;
mod address;
mod append;
mod args;
mod binary;
mod catenate;
mod context;
mod copy;
mod enable;
mod enabled;
mod envelope;
mod extended;
mod fetch;
mod flags;
mod idle;
mod item;
mod limit;
mod list;
mod login;
mod metadata;
mod name;
mod notify;
mod pattern;
mod print;
mod quota;
mod range;
mod read;
mod resync;
mod rewrite;
mod search;
mod select;
mod set;
mod sort;
mod spoken;
mod structure;
mod thread;
mod updated;
mod view;
mod watch;

use std::io;
use std::sync::Arc;

use args::{Args, Stop};
use enabled::Enabled;
use updated::Updated;
use view::View;
use watch::Watch;

use super::Trouble;
use super::shared::Shared;
use super::store::{Account, Mailbox};
use super::wire::Wire;

pub(super) struct Session {
    shared: Arc<Shared>,
    wire: Wire,
    secure: bool,
    user: Option<String>,
    view: Option<View>,
    enabled: Enabled,
    watch: Option<Watch>,
    updated: Vec<Updated>,
    compressed: bool,
    over: bool,
}

/// The refusal of message numbers (RFC 9586 §3.1).
const NO_NUMBERS: &str = "[UIDREQUIRED] No message numbers once UIDONLY is enabled";

/// The name of the command; `UID FETCH` if it begins with UID.
fn full_name(name: &str, args: &Args) -> String {
    match name {
        "UID" => format!("UID {}", args.clone().word().unwrap_or_default()),
        name => name.to_owned(),
    }
}

/// The text of a tagged OK, or the refusal.
type Answer = Result<String, Stop>;

impl Session {
    pub(super) fn new(shared: Arc<Shared>, wire: Wire, secure: bool) -> Self {
        let user = shared.options.preauth.clone();
        Self {
            shared,
            wire,
            secure,
            user,
            view: None,
            enabled: Enabled::default(),
            watch: None,
            updated: Vec::new(),
            compressed: false,
            over: false,
        }
    }

    pub(super) async fn run(mut self) -> io::Result<()> {
        self.user.iter().for_each(|user| self.shared.logged_in(user));
        self.greet();
        while !self.over {
            self.wire.flush().await?;
            match self.next_command().await? {
                Some(args) => self.carry_out(args).await?,
                None => return Ok(()),
            }
        }
        self.wire.close().await
    }

    async fn carry_out(&mut self, mut args: Args) -> io::Result<()> {
        let Ok(tag) = args.tag() else {
            self.wire.push("* BAD A command begins with a tag\r\n");
            return Ok(());
        };
        let name = args.word().unwrap_or_default().to_ascii_uppercase();
        let trouble = self.wire.trouble(&full_name(&name, &args));
        if trouble == Some(Trouble::Drop) {
            return self.wire.cut().await;
        }
        if matches!(trouble, Some(Trouble::LoseAll | Trouble::Stall)) {
            self.wire.stall().await?;
        }
        let answer = match trouble {
            Some(Trouble::No) => Err(Stop::no("This command is to be refused")),
            Some(Trouble::Bad) => Err(Stop::bad("This command is not to be understood")),
            _ => self.dispatch(&tag, &name, args).await,
        };
        // RFC 3501 §7.4.1, RFC 5256 §3: no EXPUNGE while these are in progress.
        let may_expunge = !matches!(name.as_str(), "FETCH" | "STORE" | "SEARCH" | "SORT" | "THREAD");
        self.report(may_expunge);
        self.report_others();
        match trouble {
            Some(Trouble::LoseAll) => self.wire.forget(),
            Some(Trouble::LoseReply) => {}
            _ => return self.conclude(&tag, answer),
        }
        self.wire.cut().await
    }

    fn conclude(&mut self, tag: &str, answer: Answer) -> io::Result<()> {
        match answer {
            Ok(text) => self.wire.push(format!("{tag} OK {text}\r\n")),
            Err(Stop::No(text)) => self.wire.push(format!("{tag} NO {text}\r\n")),
            Err(Stop::Bad(text)) => self.wire.push(format!("{tag} BAD {text}\r\n")),
            Err(Stop::Answered) => {}
            Err(Stop::Io(error)) => return Err(error),
        }
        Ok(())
    }

    async fn dispatch(&mut self, tag: &str, name: &str, mut args: Args) -> Answer {
        match name {
            "CAPABILITY" => self.capability(&args),
            "NOOP" => args.end().map(|()| "NOOP completed".to_owned()),
            "LOGOUT" => self.logout(&args),
            "ID" if self.offers("ID") => self.id(&mut args),
            "STARTTLS" | "LOGIN" | "AUTHENTICATE" if self.user.is_some() => Err(Stop::bad("You are logged in already")),
            "STARTTLS" if self.offers("STARTTLS") && !self.secure => self.starttls(tag, &args).await,
            "LOGIN" => self.login(&mut args),
            "AUTHENTICATE" => self.authenticate(&mut args).await,
            "COMPRESS" if self.offers("COMPRESS=DEFLATE") && self.user.is_some() => self.compress(tag, &mut args).await,
            "UNAUTHENTICATE" if self.offers("UNAUTHENTICATE") && self.user.is_some() => {
                self.unauthenticate(tag, &args).await
            }
            _ if self.user.is_none() => Err(Stop::bad("Unknown command, or not before login")),
            "UID" => {
                let name = args.word()?.to_ascii_uppercase();
                self.on_messages(tag, &name, args, true).await
            }
            _ => match self.on_mailboxes(name, &mut args) {
                Some(answer) => answer,
                None => self.on_messages(tag, name, args, false).await,
            },
        }
    }

    /// The commands of the authenticated state; `None` if the command is not one of them.
    fn on_mailboxes(&mut self, name: &str, args: &mut Args) -> Option<Answer> {
        Some(match name {
            "NAMESPACE" if self.offers("NAMESPACE") => self.namespace(args),
            "ENABLE" if self.offers("ENABLE") => self.enable(args),
            "NOTIFY" if self.offers("NOTIFY") => self.notify(args),
            "LIST" => self.list(args, false),
            "LSUB" => self.list(args, true),
            "SUBSCRIBE" => self.subscribe(args, true),
            "UNSUBSCRIBE" => self.subscribe(args, false),
            "GETQUOTA" if self.shared.options.quota.is_some() => self.getquota(args),
            "GETQUOTAROOT" if self.shared.options.quota.is_some() => self.getquotaroot(args),
            "SETQUOTA" if self.offers("QUOTASET") => self.setquota(args),
            "GETACL" if self.offers("ACL") => self.getacl(args),
            "SETACL" if self.offers("ACL") => self.setacl(args),
            "DELETEACL" if self.offers("ACL") => self.deleteacl(args),
            "LISTRIGHTS" if self.offers("ACL") => self.listrights(args),
            "MYRIGHTS" if self.offers("ACL") => self.myrights(args),
            "GETMETADATA" if self.offers("METADATA") => self.getmetadata(args),
            "SETMETADATA" if self.offers("METADATA") => self.setmetadata(args),
            "CREATE" => self.create(args),
            "DELETE" => self.delete(args),
            "RENAME" => self.rename(args),
            "STATUS" => self.status(args),
            "APPEND" => self.append(args),
            "SELECT" => self.select(args, false),
            "EXAMINE" => self.select(args, true),
            _ => return None,
        })
    }

    /// The commands of the selected state.
    async fn on_messages(&mut self, tag: &str, name: &str, mut args: Args, uid: bool) -> Answer {
        match name {
            "IDLE" if !uid && self.offers("IDLE") => return self.idle(&args).await,
            _ if self.view.is_none() => {}
            "FETCH" | "STORE" | "COPY" | "MOVE" | "REPLACE" | "SEARCH" | "SORT" | "THREAD"
                if !uid && self.enabled.uidonly =>
            {
                return Err(Stop::bad(NO_NUMBERS));
            }
            "FETCH" => return self.fetch(&mut args, uid).await,
            "STORE" => return self.store(&mut args, uid),
            "COPY" => return self.copy(&mut args, uid),
            "REPLACE" if self.offers("REPLACE") => return self.replace(&mut args, uid),
            "MOVE" if self.offers("MOVE") => return self.r#move(&mut args, uid),
            "CANCELUPDATE" if !uid && self.offers("CONTEXT=SEARCH") => return self.cancelupdate(&mut args),
            "SEARCH" => return self.search(tag, &mut args, uid),
            "SORT" if self.offers("SORT") => return self.sort(tag, &mut args, uid),
            "THREAD" => return self.thread(&mut args, uid),
            "EXPUNGE" if uid && self.offers("UIDPLUS") => return self.uid_expunge(&mut args),
            _ if uid => {}
            "EXPUNGE" => return self.expunge(&args),
            "CHECK" => return args.end().map(|()| "CHECK completed".to_owned()),
            "CLOSE" => return self.close(&args),
            "UNSELECT" if self.offers("UNSELECT") => return self.unselect(&args),
            _ => {}
        }
        Err(Stop::bad("Unknown command, or not without a selected mailbox"))
    }

    /// Reports the changes that other sessions made to the selected mailbox.
    fn report(&mut self, may_expunge: bool) {
        let Some(mut view) = self.view.take() else {
            return self.updated.clear();
        };
        let (mut out, enabled) = (Vec::new(), self.enabled);
        match self.on_validity(view.validity, |mailbox| view.catch_up(mailbox, may_expunge, enabled, &mut out)) {
            Some(()) => self.view = Some(view),
            None => {
                out.extend_from_slice(b"* BYE The selected mailbox is gone\r\n");
                self.over = true;
            }
        }
        self.wire.push(out);
        self.report_updates();
    }

    fn offers(&self, capability: &str) -> bool {
        self.shared.options.imap_offers(capability)
    }

    /// Reads the account. A session's user exists.
    fn account<R>(&self, look: impl FnOnce(&mut Account) -> R) -> Result<R, Stop> {
        let user = self.user.as_deref().unwrap_or_default();
        self.shared.store.with(user, look).ok_or_else(|| Stop::no("No such user"))
    }

    /// Like `account`, and wakes other sessions.
    fn change<R>(&self, change: impl FnOnce(&mut Account) -> R) -> Result<R, Stop> {
        let user = self.user.as_deref().unwrap_or_default();
        self.shared.store.change(user, change).ok_or_else(|| Stop::no("No such user"))
    }

    fn on_validity<R>(&self, validity: u32, look: impl FnOnce(&mut Mailbox) -> R) -> Option<R> {
        self.account(|account| account.by_validity(validity).map(look)).ok().flatten()
    }

    fn view(&mut self) -> Result<&mut View, Stop> {
        self.view.as_mut().ok_or_else(|| Stop::bad("No mailbox is selected"))
    }

    /// The view of a mailbox that is open for writing.
    fn writable(&mut self) -> Result<&mut View, Stop> {
        match self.view()? {
            view if view.read_only => Err(Stop::no("[READ-ONLY] The mailbox was opened by EXAMINE")),
            view => Ok(view),
        }
    }
}
