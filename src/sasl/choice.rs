//! The choice of a login method: the strongest that the server offers, the login can serve and the connection allows; and the one
//! second attempt, with a renewed token. It must know mechanisms only by their table.

use std::sync::Arc;

use super::exchange::{Exchange, Failure, Unheard};
use super::known::{KNOWN, Known, Shows};
use super::mechanism::{BindingFlag, Context};
use super::own;
use crate::error::{Error, Kind, Result};
use crate::login::{Bindings, Login, Proof, SaslMechanism};

/// How to log in.
#[derive(Debug)]
pub(crate) enum Choice {
    /// By AUTHENTICATE or AUTH.
    Sasl(Chosen),
    /// By the protocol's own command, LOGIN or USER and PASS: see [`Login::command_password`].
    Command,
}

/// A mechanism that was chosen.
#[derive(Clone)]
pub(crate) enum Chosen {
    Known {
        known: &'static Known,
        /// Whether channel binding is allowed and possible, but was not offered.
        unoffered: bool,
    },
    Own(Arc<dyn SaslMechanism>),
}

/// What the connection allows and the server takes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Offer<'a> {
    /// Whether the connection is encrypted, or the caller wrote `dangerous`.
    pub(crate) may_show_secret: bool,
    /// Whether the connection is encrypted by this crate.
    pub(crate) encrypted: bool,
    /// Whether the server takes the protocol's own command: IMAP without LOGINDISABLED, POP3 with USER if it has CAPA.
    pub(crate) command_offered: bool,
    /// What a login can be bound to.
    pub(crate) bindings: &'a Bindings,
}

/// The strongest method that the server offers and the connection allows. `offered` is called with names in upper case.
pub(crate) fn choose(login: &Login, offered: impl Fn(&str) -> bool, offer: Offer<'_>) -> Result<Choice> {
    login.check()?;
    if let Proof::Own(own) = login.proof() {
        return choose_own(own, login, offered, offer);
    }
    let mut withheld = false;
    for known in KNOWN.iter().filter(|known| offered(known.name) && fits(known, login, offer)) {
        if offer.may_show_secret || known.shows < Shows::Secret {
            return Ok(Choice::Sasl(Chosen::known(known, login, &offered, offer)));
        }
        withheld = true;
    }
    if offer.command_offered && login.command_password().is_some() {
        if offer.may_show_secret {
            return Ok(Choice::Command);
        }
        withheld = true;
    }
    Err(match withheld {
        true => Error::input(
            "the connection is not encrypted, and every login method that the server offers would show the password or token",
        ),
        false => Error::new(Kind::Unsupported, "the server offers no login method that this login can use"),
    })
}

fn choose_own(
    own: &Arc<dyn SaslMechanism>,
    login: &Login,
    offered: impl Fn(&str) -> bool,
    offer: Offer<'_>,
) -> Result<Choice> {
    let name = own.name();
    match offered(name) && login.allows(name) {
        false => Err(Error::new(Kind::Unsupported, format!("the server does not offer {name}"))),
        true if offer.encrypted || own.shows_nothing() => Ok(Choice::Sasl(Chosen::Own(own.clone()))),
        true => Err(Error::input(format!("the connection is not encrypted, and {name} may show a secret"))),
    }
}

/// Whether this login can and may use the mechanism on this connection.
fn fits(known: &Known, login: &Login, offer: Offer<'_>) -> bool {
    login.allows(known.name) && (known.serves)(login) && !(known.binds && offer.bindings.is_empty())
}

impl Choice {
    /// The next method to try if the server does not understand the command of this one: it must be offered, and show no more.
    pub(crate) fn next(&self, login: &Login, offered: impl Fn(&str) -> bool, offer: Offer<'_>) -> Option<Self> {
        let Self::Sasl(Chosen::Known { known: unheard, .. }) = self else { return None };
        let weaker = KNOWN.iter().skip_while(|known| known.name != unheard.name).skip(1);
        // What binds the login must not be given up: whoever is in between could make a server seem not to understand it.
        let mut fit = weaker.filter(|known| known.shows <= unheard.shows && (known.binds || !unheard.binds));
        let next = fit.find(|known| offered(known.name) && fits(known, login, offer));
        let command = unheard.shows == Shows::Secret && offer.command_offered && login.command_password().is_some();
        let chosen = next.map(|known| Self::Sasl(Chosen::known(known, login, &offered, offer)));
        chosen.or_else(|| command.then_some(Self::Command))
    }

    /// Exchange refuses PLAIN for users such as `DOMAIN\user` and `user/shared`, and accepts the command LOGIN for them, but not with
    /// literals. So a user or password without a quoted form stays with PLAIN. Both show the same to the server.
    pub(crate) fn preferring_command(self, login: &Login, offer: Offer<'_>) -> Self {
        let quoted = |text: &[u8]| text.iter().all(|byte| byte.is_ascii() && !byte.is_ascii_control());
        let password = login.command_password().filter(|_| offer.may_show_secret && offer.command_offered);
        let quotable = password.is_some_and(|password| quoted(password.expose()) && quoted(login.user().as_bytes()));
        match self {
            Self::Sasl(chosen) if quotable && chosen.name() == "PLAIN" && login.user().contains(['\\', '/']) => {
                Self::Command
            }
            choice => choice,
        }
    }
}

impl Chosen {
    /// RFC 5802 §6: a client that would use channel binding says so if the server does not seem to have it. A server that has it then
    /// knows that somebody has removed its offer.
    fn known(known: &'static Known, login: &Login, offered: impl Fn(&str) -> bool, offer: Offer<'_>) -> Self {
        let mut bound = KNOWN.iter().filter(|known| known.binds);
        let possible = bound.clone().any(|known| fits(known, login, offer));
        Self::Known { known, unoffered: possible && !bound.any(|known| offered(known.name)) }
    }

    fn name(&self) -> &str {
        match self {
            Self::Known { known, .. } => known.name,
            Self::Own(own) => own.name(),
        }
    }

    fn shows(&self) -> Shows {
        match self {
            Self::Known { known, .. } => known.shows,
            Self::Own(own) if own.shows_nothing() => Shows::Nothing,
            Self::Own(_) => Shows::Secret,
        }
    }

    /// Whether it shows the password or token to an eavesdropper.
    pub(crate) fn shows_secret(&self) -> bool {
        self.shows() == Shows::Secret
    }

    /// Logs in with one exchange over the connection, and with a second one only if the server refused a token and its provider has
    /// another, or if it does not support the type of channel binding and there is another. The second argument of `run` is whether an
    /// initial response may be sent with the command. A command that the server does not understand with one is sent again without.
    pub(crate) async fn log_in<F>(
        &self,
        login: &Login,
        mut context: Context<'_>,
        run: impl Fn(Exchange, bool) -> F,
    ) -> Result<(), Failure>
    where
        F: Future<Output = Result<(), Failure>>,
    {
        let Proof::Token(tokens) = login.proof() else { return self.bind(login, context, &run).await };
        let first = tokens.first().await?;
        context.token = Some(first.clone());
        let refused = match self.prove(login, &context, &run).await {
            Err(failure) if failure.stale => failure,
            other => return other,
        };
        context.token = tokens.other_than(&first).await?;
        match context.token {
            Some(_) => self.prove(login, &context, &run).await,
            None => Err(refused),
        }
    }

    async fn bind<F>(
        &self,
        login: &Login,
        mut context: Context<'_>,
        run: &impl Fn(Exchange, bool) -> F,
    ) -> Result<(), Failure>
    where
        F: Future<Output = Result<(), Failure>>,
    {
        let Self::Known { known: Known { binds: true, .. }, .. } = self else {
            let unoffered = matches!(self, Self::Known { unoffered: true, .. });
            context.flag = if unoffered { BindingFlag::NotOffered } else { BindingFlag::Unsupported };
            return self.prove(login, &context, run).await;
        };
        let bindings = context.bindings;
        let mut result = Err(Error::unsupported("the connection has no channel binding").into());
        for (name, data) in bindings.iter() {
            context.flag = BindingFlag::Bound(name, data.clone());
            result = self.prove(login, &context, run).await;
            if !matches!(&result, Err(Failure { other_binding: true, .. })) {
                break;
            }
        }
        result
    }

    async fn prove<F>(
        &self,
        login: &Login,
        context: &Context<'_>,
        run: &impl Fn(Exchange, bool) -> F,
    ) -> Result<(), Failure>
    where
        F: Future<Output = Result<(), Failure>>,
    {
        match run(self.begin(login, context)?, true).await {
            Err(failure) if failure.unheard == Some(Unheard::Initial) => run(self.begin(login, context)?, false).await,
            other => other,
        }
    }

    fn begin(&self, login: &Login, context: &Context<'_>) -> Result<Exchange> {
        let exchange = match self {
            Self::Known { known, .. } => Exchange::new(known.name, (known.make)(login, context)?, context.challenges),
            Self::Own(own) => {
                Exchange::new(own.name().to_owned(), own::make(&**own, login, context)?, context.challenges)
            }
        };
        Ok(exchange.hiding(self.shows() < Shows::Secret))
    }
}

impl std::fmt::Debug for Chosen {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

/// What the mechanisms' tests begin with.
#[cfg(test)]
pub(super) fn tests_context(token: Option<&str>) -> Context<'static> {
    static NONE: std::sync::LazyLock<Bindings> = std::sync::LazyLock::new(Bindings::default);
    Context {
        service: "imap",
        bindings: &NONE,
        flag: BindingFlag::Unsupported,
        host: "server.example.com",
        port: 143,
        challenges: 16,
        iterations: 10_000,
        token: token.map(crate::login::Secret::from),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Over a stream without channel bindings.
    fn open() -> Offer<'static> {
        Offer { may_show_secret: true, encrypted: true, command_offered: true, bindings: tests_context(None).bindings }
    }

    fn bound() -> Bindings {
        let mut bindings = Bindings::default();
        bindings.add("tls-exporter", "one".into());
        bindings.add("tls-server-end-point", "other".into());
        bindings
    }

    fn known_name(chosen: &Chosen) -> &'static str {
        match chosen {
            Chosen::Known { known, .. } => known.name,
            Chosen::Own(_) => "own",
        }
    }

    fn chosen(login: &Login, offered: &[&str], offer: Offer<'_>) -> Result<Option<&'static str>, Kind> {
        match choose(login, |name| offered.contains(&name), offer) {
            Ok(Choice::Sasl(chosen)) => Ok(Some(known_name(&chosen))),
            Ok(Choice::Command) => Ok(None),
            Err(error) => Err(error.kind()),
        }
    }

    #[test]
    fn the_strongest_is_taken_and_the_protocols_own_command_last() {
        let login = Login::password("me", "secret");
        let mut offered = vec!["GSSAPI", "LOGIN", "PLAIN", "EXTERNAL", "CRAM-MD5", "SCRAM-SHA-1", "SCRAM-SHA-256"];
        for strongest in ["SCRAM-SHA-256", "SCRAM-SHA-1", "CRAM-MD5", "PLAIN", "LOGIN"] {
            assert_eq!(chosen(&login, &offered, open()), Ok(Some(strongest)));
            offered.retain(|name| *name != strongest);
        }
        assert_eq!(chosen(&login, &offered, open()), Ok(None));
        assert_eq!(chosen(&login, &offered, Offer { command_offered: false, ..open() }), Err(Kind::Unsupported));
    }

    #[test]
    fn after_one_that_is_not_understood_comes_the_next_that_shows_no_more() {
        let login = Login::password("me", "secret");
        let after = |name: &str, offered: &[&str], login: &Login, offer: Offer| {
            let known = KNOWN.iter().find(|known| known.name == name).unwrap();
            match Choice::Sasl(Chosen::Known { known, unoffered: false }).next(
                login,
                |name| offered.contains(&name),
                offer,
            ) {
                Some(Choice::Sasl(chosen)) => Some(known_name(&chosen)),
                Some(Choice::Command) => Some("command"),
                None => None,
            }
        };
        let all: Vec<&str> = KNOWN.iter().map(|known| known.name).collect();
        let bindings = bound();
        let tied = Offer { bindings: &bindings, ..open() };
        assert_eq!(after("SCRAM-SHA-512-PLUS", &all, &login, tied), Some("SCRAM-SHA-384-PLUS"));
        assert_eq!(after("SCRAM-SHA-1-PLUS", &all, &login, tied), None, "never without -PLUS after it");
        assert_eq!(after("SCRAM-SHA-512", &all, &login, tied), Some("SCRAM-SHA-384"));
        let no_command = Offer { command_offered: false, ..open() };
        assert_eq!(after("SCRAM-SHA-256", &all, &login, open()), Some("SCRAM-SHA-224"));
        assert_eq!(after("SCRAM-SHA-1", &all, &login, open()), None);
        assert_eq!(after("CRAM-MD5", &all, &login, open()), None);
        assert_eq!(after("PLAIN", &all, &login, open()), Some("LOGIN"));
        assert_eq!(after("PLAIN", &["PLAIN"], &login, open()), Some("command"));
        assert_eq!(after("PLAIN", &["PLAIN"], &login, no_command), None);
        assert_eq!(after("PLAIN", &all, &login.clone().only(["PLAIN"]), open()), None);
        let token = Login::oauth_token("me", "token");
        assert_eq!(after("OAUTHBEARER", &all, &token, open()), Some("XOAUTH2"));
        assert_eq!(after("XOAUTH2", &all, &token, open()), None);
        assert!(Choice::Command.next(&login, |_| true, open()).is_none());
    }

    #[test]
    fn channel_binding_comes_first_if_the_connection_has_one() {
        let login = Login::password("me", "secret");
        let mut offered: Vec<&str> =
            KNOWN.iter().map(|known| known.name).filter(|name| name.contains("SCRAM")).collect();
        let bindings = bound();
        let tied = Offer { bindings: &bindings, ..open() };
        assert_eq!(chosen(&login, &offered, open()), Ok(Some("SCRAM-SHA-512")));
        assert_eq!(chosen(&login, &["SCRAM-SHA-256-PLUS"], open()), Ok(None));
        for hash in ["512", "384", "256", "224", "1"] {
            assert_eq!(chosen(&login, &offered, tied).unwrap(), Some(&*format!("SCRAM-SHA-{hash}-PLUS")));
            offered.remove(0);
        }
        assert_eq!(chosen(&login, &["SCRAM-SHA-512", "SCRAM-SHA-1-PLUS"], tied), Ok(Some("SCRAM-SHA-1-PLUS")));
    }

    #[test]
    fn that_no_binding_was_offered_is_said_only_if_it_was_allowed_and_possible() {
        let (bindings, login) = (bound(), Login::password("me", "secret"));
        let tied = Offer { bindings: &bindings, ..open() };
        let says = |login: &Login, offered: &[&str], offer: Offer<'_>| {
            let choice = choose(login, |name| offered.contains(&name), offer).unwrap();
            matches!(choice, Choice::Sasl(Chosen::Known { unoffered: true, .. }))
        };
        assert!(says(&login, &["SCRAM-SHA-256"], tied));
        assert!(!says(&login, &["SCRAM-SHA-256"], open()));
        let only = |names: &[&str]| login.clone().only(names);
        assert!(!says(&only(&["SCRAM-SHA-256"]), &["SCRAM-SHA-256"], tied));
        assert!(says(&only(&["SCRAM-SHA-256", "SCRAM-SHA-256-PLUS"]), &["SCRAM-SHA-256"], tied));
        // The server does bind, with a hash that the caller excludes.
        let sha1 = &["SCRAM-SHA-256", "SCRAM-SHA-1-PLUS"];
        assert!(!says(&only(&["SCRAM-SHA-256", "SCRAM-SHA-256-PLUS"]), sha1, tied));
    }

    #[test]
    fn nothing_that_shows_the_secret_is_chosen_in_clear() {
        let login = Login::password("me", "secret");
        let clear = Offer { may_show_secret: false, ..open() };
        assert_eq!(chosen(&login, &["PLAIN", "LOGIN"], clear), Err(Kind::Input));
        assert_eq!(chosen(&login, &[], clear), Err(Kind::Input));
        assert_eq!(chosen(&login, &[], Offer { command_offered: false, ..clear }), Err(Kind::Unsupported));
        assert_eq!(chosen(&login, &["PLAIN", "CRAM-MD5"], clear), Ok(Some("CRAM-MD5")));
        let token = Login::oauth_token("me", "token");
        assert_eq!(chosen(&token, &["XOAUTH2", "OAUTHBEARER"], clear), Err(Kind::Input));
    }

    #[test]
    fn a_proof_is_served_by_its_own_mechanisms_only() {
        let all: Vec<&str> = KNOWN.iter().map(|known| known.name).collect();
        for (login, name) in [
            (Login::oauth_token("me", "token"), "OAUTHBEARER"),
            (Login::external("me"), "EXTERNAL"),
            (Login::anonymous("me@example.org"), "ANONYMOUS"),
        ] {
            assert_eq!(chosen(&login, &all, open()), Ok(Some(name)));
            let others: Vec<&str> = all.iter().copied().filter(|other| *other != name).collect();
            let rest = if name == "OAUTHBEARER" { Ok(Some("XOAUTH2")) } else { Err(Kind::Unsupported) };
            assert_eq!(chosen(&login, &others, open()), rest);
        }
    }

    #[test]
    fn who_acts_as_another_says_so_or_does_not_log_in() {
        let login = Login::password("master", "secret").authorize_as("me");
        assert_eq!(chosen(&login, &["CRAM-MD5", "LOGIN", "PLAIN"], open()), Ok(Some("PLAIN")));
        assert_eq!(chosen(&login, &["CRAM-MD5", "LOGIN"], open()), Err(Kind::Unsupported));
    }

    #[test]
    fn a_password_that_scram_cannot_prepare_goes_by_the_next_mechanism() {
        for password in [vec![0xFF], "\u{1F600}".into()] {
            let login = Login::password("me", password);
            assert_eq!(chosen(&login, &["SCRAM-SHA-256", "PLAIN"], open()), Ok(Some("PLAIN")));
        }
    }

    #[test]
    fn a_user_of_a_domain_goes_by_the_command_where_plain_would_be_taken_and_nothing_forbids() {
        let preferred = |login: &Login, offered: &[&str], offer: Offer| {
            let choice = choose(login, |name| offered.contains(&name), offer).unwrap();
            matches!(choice.preferring_command(login, offer), Choice::Command)
        };
        for user in ["DOMAIN\\me", "me/shared"] {
            let login = Login::password(user, "secret");
            assert!(preferred(&login, &["PLAIN", "LOGIN"], open()), "{user}");
            assert!(!preferred(&login, &["PLAIN", "SCRAM-SHA-1"], open()), "{user}");
            assert!(!preferred(&login, &["PLAIN"], Offer { command_offered: false, ..open() }), "{user}");
            assert!(!preferred(&login.clone().only(["PLAIN"]), &["PLAIN"], open()), "{user}");
            assert!(!preferred(&login.authorize_as("you"), &["PLAIN"], open()), "{user}");
            assert!(!preferred(&Login::password(user, "sécret"), &["PLAIN"], open()), "{user}");
        }
        assert!(!preferred(&Login::password("me", "secret"), &["PLAIN"], open()));
    }

    #[test]
    fn a_restriction_is_obeyed() {
        let login = Login::password("me", "secret").only(["SCRAM-SHA-256"]);
        assert_eq!(chosen(&login, &["PLAIN"], open()), Err(Kind::Unsupported));
        assert_eq!(chosen(&Login::password("me", "secret").protocol_command_only(), &["PLAIN"], open()), Ok(None));
        let weak = Login::password("me", "secret").only(["LOGIN", "plain"]);
        assert_eq!(chosen(&weak, &["SCRAM-SHA-256", "LOGIN", "PLAIN"], open()), Ok(Some("PLAIN")));
    }

    #[test]
    fn the_list_names_each_mechanism_once_and_in_upper_case() {
        for (position, known) in KNOWN.iter().enumerate() {
            assert_eq!(known.name, known.name.to_ascii_uppercase());
            assert!(KNOWN.iter().skip(position + 1).all(|other| other.name != known.name));
        }
    }
}
