//! SASL (RFC 4422) without a socket: the mechanisms, the choice among them, and the exchange in base64 lines that both
//! protocols share (RFC 9051 §6.2.2, RFC 5034). It knows neither's commands.

mod exchange;
mod plain;

pub(crate) use exchange::Exchange;

use crate::error::{Error, Kind, Result};
use crate::login::{Login, Secret};

/// One mechanism in the middle of one authentication.
pub(crate) trait Mechanism: Send {
    /// Its registered name.
    fn name(&self) -> &'static str;

    /// The initial response, where the client speaks first.
    fn start(&mut self) -> Result<Option<Secret>>;

    /// The response to a challenge.
    fn step(&mut self, challenge: &[u8]) -> Result<Secret>;

    /// Whether the server has proved what the mechanism asks of it; called when it reports success.
    fn finish(&self) -> Result<()> {
        Ok(())
    }
}

/// A mechanism this crate speaks.
struct Known {
    name: &'static str,
    /// Whether it shows the password or token to whoever listens.
    shows_secret: bool,
    /// `None` where the login has not what it needs.
    make: fn(&Login) -> Option<Box<dyn Mechanism>>,
}

/// The strongest first.
const KNOWN: &[Known] = &[Known { name: plain::NAME, shows_secret: true, make: plain::make }];

/// How to log in.
pub(crate) enum Choice {
    /// By AUTHENTICATE or AUTH.
    Sasl(Exchange),
    /// By the protocol's own command, LOGIN or USER/PASS: see [`Login::command_password`].
    Command,
}

/// What the connection allows.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Terms {
    /// Whether the connection is encrypted, or the caller wrote `dangerous`.
    pub(crate) may_show_secret: bool,
    /// Whether the server takes the protocol's own command: no LOGINDISABLED, USER where CAPA is spoken.
    pub(crate) command_offered: bool,
}

/// The strongest way to log in that the server offers and the connection allows. `offered` is asked with names in upper case.
pub(crate) fn choose(login: &Login, offered: impl Fn(&str) -> bool, terms: Terms) -> Result<Choice> {
    login.check()?;
    let mut withheld = false;
    for known in KNOWN.iter().filter(|known| offered(known.name) && login.allows(known.name)) {
        let Some(mechanism) = (known.make)(login) else {
            continue;
        };
        if terms.may_show_secret || !known.shows_secret {
            return Ok(Choice::Sasl(Exchange::new(mechanism)));
        }
        withheld = true;
    }
    if terms.command_offered && login.command_password().is_some() {
        if terms.may_show_secret {
            return Ok(Choice::Command);
        }
        withheld = true;
    }
    Err(match withheld {
        true => {
            Error::input("the connection is not encrypted, and every login the server offers would show the secret")
        }
        false => Error::new(Kind::Unsupported, "the server offers no way to log in that this login can use"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const OPEN: Terms = Terms { may_show_secret: true, command_offered: true };

    fn chosen(login: &Login, offered: &[&str], terms: Terms) -> Result<Option<&'static str>, Kind> {
        match choose(login, |name| offered.contains(&name), terms) {
            Ok(Choice::Sasl(exchange)) => Ok(Some(exchange.name())),
            Ok(Choice::Command) => Ok(None),
            Err(error) => Err(error.kind()),
        }
    }

    #[test]
    fn sasl_is_preferred_to_the_protocols_own_command() {
        let login = Login::password("me", "secret");
        assert_eq!(chosen(&login, &["GSSAPI", "PLAIN"], OPEN), Ok(Some("PLAIN")));
        assert_eq!(chosen(&login, &["GSSAPI"], OPEN), Ok(None));
        assert_eq!(chosen(&login, &["GSSAPI"], Terms { command_offered: false, ..OPEN }), Err(Kind::Unsupported));
    }

    #[test]
    fn nothing_that_shows_the_secret_is_chosen_in_clear() {
        let login = Login::password("me", "secret");
        let clear = Terms { may_show_secret: false, ..OPEN };
        assert_eq!(chosen(&login, &["PLAIN"], clear), Err(Kind::Input));
        assert_eq!(chosen(&login, &[], clear), Err(Kind::Input));
        assert_eq!(chosen(&login, &[], Terms { command_offered: false, ..clear }), Err(Kind::Unsupported));
    }

    #[test]
    fn a_restriction_is_obeyed() {
        let login = Login::password("me", "secret").only(["SCRAM-SHA-256"]);
        assert_eq!(chosen(&login, &["PLAIN"], OPEN), Err(Kind::Unsupported));
        assert_eq!(chosen(&Login::password("me", "secret").only([""; 0]), &["PLAIN"], OPEN), Ok(None));
    }

    #[test]
    fn the_list_names_each_mechanism_once_and_in_upper_case() {
        for (position, known) in KNOWN.iter().enumerate() {
            assert_eq!(known.name, known.name.to_ascii_uppercase());
            assert!(KNOWN.iter().skip(position + 1).all(|other| other.name != known.name));
        }
    }
}
