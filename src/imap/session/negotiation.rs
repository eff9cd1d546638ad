//! What a session agrees on with its server after the login: ID, ENABLE and COMPRESS. ID and ENABLE are sent with the first
//! command, and their answers reach the state by themselves. It must not know the login.

use std::sync::Arc;

use super::Imap;
use crate::config::Config;
#[cfg(doc)]
use crate::error::Kind;
use crate::error::{Error, Result};
use crate::imap::call::{call, end_of, ignore_refusal};
use crate::imap::command::compress::Compress;
use crate::imap::command::enable::Enable;
use crate::imap::command::id::Id;
use crate::imap::command::{Command, EncodeOptions};
use crate::imap::engine::Request;
use crate::imap::types::{Capabilities, Items, MailboxName};

impl Imap {
    /// Begins with ID and ENABLE, which do not wait for their answers: it does not matter if the server refuses any, and commands that
    /// depend on an answer wait for it. NetEase's servers open no mailbox before they receive an ID. Then COMPRESS, whose answer must come
    /// before anything else is sent (RFC 4978 §3).
    pub(super) async fn introduce(&mut self, config: &Config) -> Result<()> {
        let capabilities = self.capabilities();
        let id = config.id.as_deref().filter(|_| capabilities.id()).map(|fields| Id { fields });
        let names = wanted(config, &capabilities);
        let enable = Some(Enable { names: &names }).filter(|enable| !enable.names.is_empty());
        // Neither depends on the options.
        let options = EncodeOptions::default();
        let plans = [id.map(|id| id.plan(options)), enable.map(|enable| enable.plan(options))];
        let plans = plans.into_iter().flatten().collect::<Result<_>>()?;
        self.link.tell(Request::Introduce(plans));
        self.asked = names;
        if config.compresses() && capabilities.compress_deflate() {
            ignore_refusal(call(&self.link, Compress, options, &self.limits).await)?;
        }
        Ok(())
    }

    /// Waits until ENABLE is answered. No round trip if that has happened.
    pub(in crate::imap) async fn settled(&self) -> Result<()> {
        if self.asked.is_empty() { Ok(()) } else { self.introduced().await }
    }

    /// Waits until ENABLE and ID are answered.
    pub(in crate::imap) async fn introduced(&self) -> Result<()> {
        match self.link.state().settled {
            true => Ok(()),
            false => end_of(self.link.submit(Request::Settled)).await.map(drop),
        }
    }

    /// How the texts of a command are written, once the session has agreed on that.
    pub(in crate::imap) async fn encode_options(&self) -> Result<EncodeOptions> {
        self.settled().await?;
        Ok(self.current_options())
    }

    /// The same for the name of a mailbox that is opened: a name that is always written alike does not wait.
    pub(in crate::imap) async fn options_to_open(&self, name: &MailboxName) -> Result<EncodeOptions> {
        let changes_names = self.asked.iter().any(|name| CHANGING_NAMES.contains(name));
        if changes_names && name.to_wire(false) != name.to_wire(true) {
            self.settled().await?;
        }
        Ok(self.current_options())
    }

    /// Whether QRESYNC is enabled, or was asked for and may be: then a SELECT that the server refuses shows that it is not.
    pub(in crate::imap) fn may_resync(&self) -> bool {
        let state = self.link.state();
        state.enabled.qresync() || !state.settled && self.asked.contains(&"QRESYNC")
    }

    fn current_options(&self) -> EncodeOptions {
        let state = self.link.state();
        EncodeOptions { utf8: state.utf8(), no_charset: state.enabled.utf8_accept() }
    }

    /// Servers answer BAD to an item that they do not announce, or not at all.
    pub(in crate::imap) fn check_items(&self, items: &Items) -> Result<()> {
        match items.missing(&self.capabilities(), self.link.state().rev2()) {
            Some(name) => Err(Error::unsupported(format!("the server does not support the FETCH item {name}"))),
            None => Ok(()),
        }
    }

    /// The server's capabilities, as it last reported them. Never touches the wire.
    pub fn capabilities(&self) -> Arc<Capabilities> {
        self.link.state().capabilities.clone().unwrap_or_default()
    }

    /// The server's answer to the [ID](crate::Config::id) of the login: names with values, such as `name` and `version`; empty if it gave
    /// none, and until its answer has come, which is at the latest when the first call is done. For people and bug reports. Never touches
    /// the wire.
    ///
    /// ```
    /// # #[cfg(feature = "testing")]
    /// # postroom::doctest::imap(async |imap| {
    /// imap.noop().await?;
    /// for (field, value) in imap.server().iter() {
    ///     println!("{field}: {value:?}");
    /// }
    /// # Ok(())
    /// # }).unwrap();
    /// ```
    pub fn server(&self) -> Arc<[(String, Option<String>)]> {
        self.link.state().server.clone()
    }

    /// Sends ID with these fields, in addition to the one sent [at the login](Config::id), and returns the server's
    /// fields (RFC 2971). One round trip.
    ///
    /// ```
    /// # #[cfg(feature = "testing")]
    /// # postroom::doctest::imap(async |imap| {
    /// for (field, value) in imap.id(&[("name", "example")]).await? {
    ///     println!("{field}: {value:?}");
    /// }
    /// # Ok(())
    /// # }).unwrap();
    /// ```
    ///
    /// # Errors
    ///
    /// [`Kind::Input`] for more than 30 fields, a field name longer than 30 bytes, a value longer than 1024 bytes, or
    /// characters other than printable ASCII; [`Kind::Unsupported`], before anything is sent, if the server does not
    /// support ID; and the errors of [every command](Self#errors-of-every-command).
    pub async fn id(&self, fields: &[(&str, &str)]) -> Result<Vec<(String, Option<String>)>> {
        if !self.capabilities().id() {
            return Err(Error::unsupported("the server does not support ID"));
        }
        let owned = |&(field, value): &(&str, &str)| (field.to_owned(), value.to_owned());
        let fields: Vec<_> = fields.iter().map(owned).collect();
        self.call(Id { fields: &fields }).await
    }

    /// The extensions that are enabled. Those of the login are among them once the first call is done. Never touches the wire.
    pub fn enabled(&self) -> Arc<Capabilities> {
        self.link.state().enabled.clone()
    }

    /// Enables extensions that change what the server sends (RFC 5161). IMAP4rev2, CONDSTORE, QRESYNC and UTF8=ACCEPT are enabled at the
    /// login if the server offers them, and UIDONLY as [`Config::uid_only`] says. Returns all extensions that are enabled now: of those asked for, the ones that the server reports
    /// as enabled. If it answers only OK, as iCloud does, announced CONDSTORE and QRESYNC count as enabled, and nothing else. One round
    /// trip.
    ///
    /// ```
    /// # #[cfg(feature = "testing")]
    /// # postroom::doctest::imap(async |mut imap| {
    /// let enabled = imap.enable(&["CONDSTORE"]).await?;
    /// println!("{}", enabled.condstore());
    /// # Ok(())
    /// # }).unwrap();
    /// ```
    ///
    /// # Errors
    ///
    /// [`Kind::Unsupported`], before anything is sent, if the server does not support ENABLE; [`Kind::Input`] for an invalid extension name, and after
    /// a mailbox was selected; and the errors of [every command](Self#errors-of-every-command).
    pub async fn enable(&mut self, names: &[&str]) -> Result<Arc<Capabilities>> {
        if !self.capabilities().enable() {
            return Err(Error::unsupported("the server does not support ENABLE"));
        }
        if !names.is_empty() {
            self.call(Enable { names }).await?;
        }
        Ok(self.enabled())
    }
}

/// The extensions after which names and texts are written in UTF-8.
const CHANGING_NAMES: [&str; 2] = ["IMAP4rev2", "UTF8=ACCEPT"];

/// What is enabled at the login, before any SELECT, after which ENABLE is not allowed (RFC 5161 §3.1). QRESYNC is for sessions that never
/// resume, too: the server names expunged messages by UID (RFC 7162 §3.2.10), so that no search for the UIDs of message numbers is needed.
fn wanted(config: &Config, capabilities: &Capabilities) -> Vec<&'static str> {
    let revision = capabilities.imap4rev2() && capabilities.imap4rev1() && !config.imap4rev1_only;
    // A server with UTF8=ONLY has UTF8=ACCEPT too (RFC 6855 §6).
    let utf8 = capabilities.has("UTF8=ACCEPT") || capabilities.has("UTF8=ONLY");
    let uid_only = config.wants_uid_only().unwrap_or_else(|| capabilities.message_limit().is_some());
    let all = [
        ("IMAP4rev2", revision),
        ("CONDSTORE", capabilities.condstore()),
        ("QRESYNC", capabilities.qresync()),
        ("UTF8=ACCEPT", utf8),
        ("UIDONLY", capabilities.uidonly() && uid_only),
    ];
    all.into_iter().filter(|(_, has)| *has && capabilities.enable()).map(|(name, _)| name).collect()
}
