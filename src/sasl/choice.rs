//! The choice of a login method: the strongest that the server offers, the login can serve and the connection allows; and the one
//! second attempt, with a renewed token. It must know mechanisms only by their table.

use super::exchange::{Exchange, Failure, Unheard};
use super::known::{KNOWN, Known, Shows};
use super::mechanism::{Context, Mechanism};
use crate::error::{Error, Kind, Result};
use crate::login::{Login, Proof};

/// How to log in.
#[derive(Debug)]
pub(crate) enum Choice {
    /// By AUTHENTICATE or AUTH.
    Sasl(Chosen),
    /// By the protocol's own command, LOGIN or USER and PASS: see [`Login::command_password`].
    Command,
}

/// A mechanism that was chosen.
#[derive(Clone, Copy)]
pub(crate) struct Chosen(&'static Known);

/// What the connection allows and the server takes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Offer {
    /// Whether the connection is encrypted, or the caller wrote `dangerous`.
    pub(crate) may_show_secret: bool,
    /// Whether the server takes the protocol's own command: IMAP without LOGINDISABLED, POP3 with USER if it has CAPA.
    pub(crate) command_offered: bool,
}

/// The strongest method that the server offers and the connection allows. `offered` is called with names in upper case.
pub(crate) fn choose(login: &Login, offered: impl Fn(&str) -> bool, offer: Offer) -> Result<Choice> {
    login.check()?;
    let mut withheld = false;
    for known in KNOWN.iter().filter(|known| offered(known.name) && login.allows(known.name)) {
        if !(known.serves)(login) {
            continue;
        }
        if offer.may_show_secret || known.shows < Shows::Secret {
            return Ok(Choice::Sasl(Chosen(known)));
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

impl Choice {
    /// The next method to try if the server does not understand the command of this one: it must be offered, and show no more.
    pub(crate) fn next(&self, login: &Login, offered: impl Fn(&str) -> bool, offer: Offer) -> Option<Self> {
        let Self::Sasl(Chosen(unheard)) = self else { return None };
        let weaker = KNOWN.iter().skip_while(|known| known.name != unheard.name).skip(1);
        let mut fit = weaker.filter(|known| known.shows <= unheard.shows && login.allows(known.name));
        let next = fit.find(|known| offered(known.name) && (known.serves)(login));
        let command = unheard.shows == Shows::Secret && offer.command_offered && login.command_password().is_some();
        next.map(|known| Self::Sasl(Chosen(known))).or_else(|| command.then_some(Self::Command))
    }

    /// Exchange refuses PLAIN for users such as `DOMAIN\user` and `user/shared`, and accepts the command LOGIN for them, but not with
    /// literals. So a user or password without a quoted form stays with PLAIN. Both show the same to the server.
    pub(crate) fn preferring_command(self, login: &Login, offer: Offer) -> Self {
        let quoted = |text: &[u8]| text.iter().all(|byte| byte.is_ascii() && !byte.is_ascii_control());
        let password = login.command_password().filter(|_| offer.may_show_secret && offer.command_offered);
        let quotable = password.is_some_and(|password| quoted(password.expose()) && quoted(login.user().as_bytes()));
        match self {
            Self::Sasl(chosen) if quotable && chosen.0.name == "PLAIN" && login.user().contains(['\\', '/']) => {
                Self::Command
            }
            choice => choice,
        }
    }
}

impl Chosen {
    /// Whether it shows the password or token to an eavesdropper.
    pub(crate) fn shows_secret(self) -> bool {
        self.0.shows == Shows::Secret
    }

    /// Logs in with one exchange over the connection, and with a second one only if the server refused a token and its provider has
    /// another. The second argument of `run` is whether an initial response may be sent with the command. A command that the server
    /// does not understand with one is sent again without.
    pub(crate) async fn log_in<F>(
        self,
        login: &Login,
        mut context: Context<'_>,
        run: impl Fn(Exchange, bool) -> F,
    ) -> Result<(), Failure>
    where
        F: Future<Output = Result<(), Failure>>,
    {
        let Proof::Token(tokens) = login.proof() else { return self.prove(login, &context, &run).await };
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

    async fn prove<F>(
        self,
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

    fn begin(self, login: &Login, context: &Context<'_>) -> Result<Exchange> {
        let mechanism: Box<dyn Mechanism> = (self.0.make)(login, context)?;
        Ok(Exchange::new(self.0.name, mechanism, context.challenges).hiding(self.0.shows < Shows::Secret))
    }
}

impl std::fmt::Debug for Chosen {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.0.name)
    }
}

/// What the mechanisms' tests begin with.
#[cfg(test)]
pub(super) fn tests_context(token: Option<&str>) -> Context<'static> {
    Context {
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

    const OPEN: Offer = Offer { may_show_secret: true, command_offered: true };

    fn chosen(login: &Login, offered: &[&str], offer: Offer) -> Result<Option<&'static str>, Kind> {
        match choose(login, |name| offered.contains(&name), offer) {
            Ok(Choice::Sasl(chosen)) => Ok(Some(chosen.0.name)),
            Ok(Choice::Command) => Ok(None),
            Err(error) => Err(error.kind()),
        }
    }

    #[test]
    fn the_strongest_is_taken_and_the_protocols_own_command_last() {
        let login = Login::password("me", "secret");
        let mut offered = vec!["GSSAPI", "LOGIN", "PLAIN", "EXTERNAL", "CRAM-MD5", "SCRAM-SHA-1", "SCRAM-SHA-256"];
        for strongest in ["SCRAM-SHA-256", "SCRAM-SHA-1", "CRAM-MD5", "PLAIN", "LOGIN"] {
            assert_eq!(chosen(&login, &offered, OPEN), Ok(Some(strongest)));
            offered.retain(|name| *name != strongest);
        }
        assert_eq!(chosen(&login, &offered, OPEN), Ok(None));
        assert_eq!(chosen(&login, &offered, Offer { command_offered: false, ..OPEN }), Err(Kind::Unsupported));
    }

    #[test]
    fn after_one_that_is_not_understood_comes_the_next_that_shows_no_more() {
        let login = Login::password("me", "secret");
        let after = |name: &str, offered: &[&str], login: &Login, offer: Offer| {
            let known = KNOWN.iter().find(|known| known.name == name).unwrap();
            match Choice::Sasl(Chosen(known)).next(login, |name| offered.contains(&name), offer) {
                Some(Choice::Sasl(chosen)) => Some(chosen.0.name),
                Some(Choice::Command) => Some("command"),
                None => None,
            }
        };
        let all: Vec<&str> = KNOWN.iter().map(|known| known.name).collect();
        let no_command = Offer { command_offered: false, ..OPEN };
        assert_eq!(after("SCRAM-SHA-256", &all, &login, OPEN), Some("SCRAM-SHA-1"));
        assert_eq!(after("SCRAM-SHA-1", &all, &login, OPEN), None);
        assert_eq!(after("CRAM-MD5", &all, &login, OPEN), None);
        assert_eq!(after("PLAIN", &all, &login, OPEN), Some("LOGIN"));
        assert_eq!(after("PLAIN", &["PLAIN"], &login, OPEN), Some("command"));
        assert_eq!(after("PLAIN", &["PLAIN"], &login, no_command), None);
        assert_eq!(after("PLAIN", &all, &login.clone().only(["PLAIN"]), OPEN), None);
        let token = Login::oauth_token("me", "token");
        assert_eq!(after("OAUTHBEARER", &all, &token, OPEN), Some("XOAUTH2"));
        assert_eq!(after("XOAUTH2", &all, &token, OPEN), None);
        assert!(Choice::Command.next(&login, |_| true, OPEN).is_none());
    }

    #[test]
    fn nothing_that_shows_the_secret_is_chosen_in_clear() {
        let login = Login::password("me", "secret");
        let clear = Offer { may_show_secret: false, ..OPEN };
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
            assert_eq!(chosen(&login, &all, OPEN), Ok(Some(name)));
            let others: Vec<&str> = all.iter().copied().filter(|other| *other != name).collect();
            let rest = if name == "OAUTHBEARER" { Ok(Some("XOAUTH2")) } else { Err(Kind::Unsupported) };
            assert_eq!(chosen(&login, &others, OPEN), rest);
        }
    }

    #[test]
    fn who_acts_as_another_says_so_or_does_not_log_in() {
        let login = Login::password("master", "secret").authorize_as("me");
        assert_eq!(chosen(&login, &["CRAM-MD5", "LOGIN", "PLAIN"], OPEN), Ok(Some("PLAIN")));
        assert_eq!(chosen(&login, &["CRAM-MD5", "LOGIN"], OPEN), Err(Kind::Unsupported));
    }

    #[test]
    fn a_password_that_scram_cannot_prepare_goes_by_the_next_mechanism() {
        for password in [vec![0xFF], "\u{1F600}".into()] {
            let login = Login::password("me", password);
            assert_eq!(chosen(&login, &["SCRAM-SHA-256", "PLAIN"], OPEN), Ok(Some("PLAIN")));
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
            assert!(preferred(&login, &["PLAIN", "LOGIN"], OPEN), "{user}");
            assert!(!preferred(&login, &["PLAIN", "SCRAM-SHA-1"], OPEN), "{user}");
            assert!(!preferred(&login, &["PLAIN"], Offer { command_offered: false, ..OPEN }), "{user}");
            assert!(!preferred(&login.clone().only(["PLAIN"]), &["PLAIN"], OPEN), "{user}");
            assert!(!preferred(&login.authorize_as("you"), &["PLAIN"], OPEN), "{user}");
            assert!(!preferred(&Login::password(user, "sécret"), &["PLAIN"], OPEN), "{user}");
        }
        assert!(!preferred(&Login::password("me", "secret"), &["PLAIN"], OPEN));
    }

    #[test]
    fn a_restriction_is_obeyed() {
        let login = Login::password("me", "secret").only(["SCRAM-SHA-256"]);
        assert_eq!(chosen(&login, &["PLAIN"], OPEN), Err(Kind::Unsupported));
        assert_eq!(chosen(&Login::password("me", "secret").protocol_command_only(), &["PLAIN"], OPEN), Ok(None));
        let weak = Login::password("me", "secret").only(["LOGIN", "plain"]);
        assert_eq!(chosen(&weak, &["SCRAM-SHA-256", "LOGIN", "PLAIN"], OPEN), Ok(Some("PLAIN")));
    }

    #[test]
    fn the_list_names_each_mechanism_once_and_in_upper_case() {
        for (position, known) in KNOWN.iter().enumerate() {
            assert_eq!(known.name, known.name.to_ascii_uppercase());
            assert!(KNOWN.iter().skip(position + 1).all(|other| other.name != known.name));
        }
    }
}
