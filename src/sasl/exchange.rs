//! One authentication as base64 lines: the initial response after the mechanism's name, and the answer to each challenge. It must
//! not know how a protocol marks a challenge.

use std::borrow::Cow;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

use super::mechanism::Mechanism;
use crate::error::{Code, Error, Kind, Result};
use crate::login::Secret;

/// Some servers leave out the padding.
const TOLERANT: GeneralPurpose = GeneralPurpose::new(
    &base64::alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// What helps if a server refuses a login that is bound to the TLS connection, without saying why, as Cyrus and Dovecot do.
const UNBOUND: &str = "if they are correct, the server does not support this channel binding, or sees another TLS connection than this \
                       one; see `Login::without_channel_binding`";

/// What helps if a server offers a mechanism that it cannot serve.
const ONLY: &str = "choose another mechanism with `Login::only`";

/// One authentication, from the initial response to the server's verdict. Dropping it wipes what it holds.
///
/// Begin with [`initial`](Self::initial). Pass each challenge to [`answer`](Self::answer) and send the line that it returns, or the
/// line `*` if it returns none. Pass the server's verdict to [`outcome`](Self::outcome).
pub(crate) struct Exchange {
    name: Cow<'static, str>,
    mechanism: Box<dyn Mechanism>,
    stage: Stage,
    /// How many more challenges will be answered.
    left: usize,
    /// Whether the mechanism hides the secret. Then the crate must not fall back to one that shows it.
    hides: bool,
    /// Whether an initial response was sent with the command.
    begun: bool,
    /// Whether a challenge was answered.
    answered: bool,
    /// Why it was cancelled.
    failure: Option<Error>,
}

/// Why a login failed.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) error: Error,
    /// Whether the server refused the token, so that another one may be accepted.
    pub(crate) stale: bool,
    /// Whether another type of channel binding may be supported.
    pub(crate) other_binding: bool,
    /// Set if the server did not understand the command that opens the exchange.
    pub(crate) unheard: Option<Unheard>,
}

/// What the server did not understand.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Unheard {
    /// The command with an initial response. The server may understand it without.
    Initial,
    /// The command alone.
    Command,
}

enum Stage {
    Fresh,
    /// The initial response did not fit into the command. It answers the first, empty challenge.
    Held(Secret),
    Running,
}

impl Exchange {
    pub(super) fn new(name: impl Into<Cow<'static, str>>, mechanism: Box<dyn Mechanism>, challenges: usize) -> Self {
        let (name, hides, begun, answered) = (name.into(), false, false, false);
        Self { name, mechanism, stage: Stage::Fresh, left: challenges, hides, begun, answered, failure: None }
    }

    /// The mechanism keeps the secret hidden.
    pub(super) fn hiding(self, hides: bool) -> Self {
        Self { hides, ..self }
    }

    /// The mechanism's name, for the command.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// The initial response in base64, to be sent after the mechanism's name; `=` if it is empty (RFC 4959 §3). `None` if the mechanism
    /// waits for a challenge, or if the text is longer than `longest` bytes. `longest` is 0 if the server takes no initial response.
    pub(crate) fn initial(&mut self, longest: usize) -> Result<Option<Secret>> {
        let Some(response) = self.mechanism.start()? else {
            self.stage = Stage::Running;
            return Ok(None);
        };
        let line = if response.is_empty() { Secret::from("=") } else { encode(&response) };
        if line.expose().len() <= longest {
            self.stage = Stage::Running;
            self.begun = true;
            return Ok(Some(line));
        }
        self.stage = Stage::Held(response);
        Ok(None)
    }

    /// The base64 line that answers a challenge, without a line end. `challenge` is the base64 text after `+ `. `None` if the
    /// exchange must be cancelled.
    pub(crate) fn answer(&mut self, challenge: &[u8]) -> Option<Secret> {
        match self.respond(challenge) {
            Ok(line) => Some(line),
            Err(error) => {
                self.failure.get_or_insert(error);
                None
            }
        }
    }

    /// Whether it was cancelled. Then only the server's verdict is expected.
    pub(crate) fn is_cancelled(&self) -> bool {
        self.failure.is_some()
    }

    /// Whether the initial response, or the answer to the next challenge, may take long.
    pub(crate) fn is_slow(&self) -> bool {
        match self.stage {
            Stage::Fresh => self.mechanism.starts_slowly(),
            Stage::Held(_) => false,
            Stage::Running => self.mechanism.is_slow(),
        }
    }

    /// Whether a part of the client's proof is still to be sent. A success that the server reports now is a protocol error.
    pub(crate) fn proof_pending(&self) -> bool {
        !self.is_cancelled() && (!matches!(self.stage, Stage::Running) || !self.mechanism.proof_sent())
    }

    /// The result of the login. A success that the server reports counts only if the mechanism accepts it.
    pub(crate) fn outcome(self, verdict: Result<()>) -> Result<(), Failure> {
        if let Some(error) = self.failure {
            return Err(Failure { other_binding: self.mechanism.lacks_binding_type(), ..error.into() });
        }
        match (verdict, &self.stage) {
            (Ok(()), Stage::Running) => Ok(self.mechanism.finish()?),
            (Ok(()), _) => Err(Error::protocol("the server reports success before it received the credentials").into()),
            (Err(error), _) => Err(self.refused(error)),
        }
    }

    fn refused(&self, error: Error) -> Failure {
        if let Some(server_error) = self.mechanism.server_error() {
            let text = format!("the server does not accept the access token ({}): {}", self.name, server_error.text);
            return Failure { stale: server_error.stale, ..error.reclassify(Kind::Login, text).into() };
        }
        let proof = error.code().is_some_and(is_about_the_proof);
        if error.kind() == Kind::Bad && !self.answered && !proof {
            return self.unheard(error);
        }
        let judged = error.kind() == Kind::Rejected && !error.is_retryable();
        let stale = judged && (proof || error.code().is_none());
        let error = error.into_login_error(&self.name);
        if error.kind() == Kind::Login && self.name.ends_with("-PLUS") {
            return Failure { stale, ..error.with_hint(UNBOUND).into() };
        }
        if error.kind() == Kind::Login && self.hides && !proof {
            let hint = format!("if they are correct, the server cannot serve {}: {ONLY}", self.name);
            return Failure { stale, ..error.with_hint(&hint).into() };
        }
        Failure { stale, ..error.into() }
    }

    fn unheard(&self, error: Error) -> Failure {
        let unheard = Some(if self.begun { Unheard::Initial } else { Unheard::Command });
        let text = format!("the server offers {} and does not understand it; {ONLY}", self.name);
        Failure { unheard, ..error.reclassify(Kind::Bad, text).into() }
    }

    fn respond(&mut self, challenge: &[u8]) -> Result<Secret> {
        self.answered = true;
        self.left =
            self.left.checked_sub(1).ok_or_else(|| Error::limit("the server sends more challenges than the limit"))?;
        match std::mem::replace(&mut self.stage, Stage::Running) {
            // Some servers send text instead of the empty challenge. It requests the initial response all the same.
            Stage::Held(response) => Ok(encode(&response)),
            Stage::Fresh => Err(Error::protocol("the server sends a challenge before the authentication began")),
            Stage::Running => {
                let challenge = TOLERANT
                    .decode(challenge.trim_ascii())
                    .map_err(|error| Error::protocol("the server's challenge is not base64").with_source(error))?;
                self.mechanism.step(&challenge).map(|response| encode(&response))
            }
        }
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self { error, stale: false, other_binding: false, unheard: None }
    }
}

/// Whether the code is about the credentials, and not about the server or the account (RFC 5530 §3, RFC 3206 §4).
fn is_about_the_proof(code: &Code) -> bool {
    ["AUTHENTICATIONFAILED", "EXPIRED", "AUTH"].iter().any(|name| code.is(name))
}

fn encode(response: &Secret) -> Secret {
    let mut text = vec![0; response.expose().len().div_ceil(3) * 4];
    // `text` has exactly the size that base64 needs.
    let written = STANDARD.encode_slice(response.expose(), &mut text).unwrap_or_default();
    text.truncate(written);
    Secret::from(text)
}

#[cfg(test)]
mod tests {
    use super::super::mechanism::ServerError;
    use super::*;

    /// Speaks first if it has something to say, then answers each challenge with itself.
    #[derive(Default)]
    struct Echo {
        first: Option<&'static str>,
        server_error: Option<ServerError>,
    }

    impl Mechanism for Echo {
        fn start(&mut self) -> Result<Option<Secret>> {
            Ok(self.first.map(Secret::from))
        }

        fn step(&mut self, challenge: &[u8]) -> Result<Secret> {
            Ok(Secret::from(challenge.to_vec()))
        }

        fn proof_sent(&self) -> bool {
            true
        }

        fn server_error(&self) -> Option<&ServerError> {
            self.server_error.as_ref()
        }
    }

    fn exchange(first: Option<&'static str>) -> Exchange {
        Exchange::new("ECHO", Box::new(Echo { first, server_error: None }), 3)
    }

    fn text(line: &Secret) -> &str {
        std::str::from_utf8(line.expose()).unwrap()
    }

    fn refusal(code: Option<&str>) -> Error {
        Error::new(Kind::Rejected, "no").with_code(code.map(|name| Code::new(name, "")))
    }

    #[test]
    fn the_initial_response_rides_with_the_command_where_it_fits() {
        assert_eq!(text(&exchange(Some("hello")).initial(8).unwrap().unwrap()), "aGVsbG8=");
        let mut held = exchange(Some("hello"));
        assert!(held.initial(7).unwrap().is_none() && held.proof_pending());
        assert_eq!(text(&held.answer(b"").unwrap()), "aGVsbG8=");
        assert!(!held.proof_pending());
        assert_eq!(text(&held.answer(b"d29ybGQ=").unwrap()), "d29ybGQ=");
    }

    #[test]
    fn an_empty_response_is_an_equals_sign_at_first_and_an_empty_line_later() {
        assert_eq!(text(&exchange(Some("")).initial(100).unwrap().unwrap()), "=");
        let mut held = exchange(Some(""));
        assert!(held.initial(0).unwrap().is_none());
        assert_eq!(text(&held.answer(b"").unwrap()), "");
    }

    #[test]
    fn friendly_text_instead_of_the_empty_challenge_is_tolerated() {
        let mut held = exchange(Some("hello"));
        held.initial(0).unwrap();
        assert_eq!(text(&held.answer(b"go ahead, please").unwrap()), "aGVsbG8=");
    }

    #[test]
    fn a_server_first_mechanism_sends_nothing_with_the_command() {
        let mut exchange = exchange(None);
        assert!(exchange.initial(100).unwrap().is_none());
        assert_eq!(text(&exchange.answer(b" d29ybGQ ").unwrap()), "d29ybGQ=");
        exchange.outcome(Ok(())).unwrap();
    }

    #[test]
    fn a_challenge_that_is_not_base64_cancels_and_its_failure_outlasts_the_verdict() {
        for verdict in [Ok(()), Err(refusal(None)), Err(Error::closed("gone"))] {
            let mut exchange = exchange(None);
            exchange.initial(0).unwrap();
            assert!(exchange.answer(b"\xFF\xFE").is_none() && exchange.is_cancelled() && !exchange.proof_pending());
            let failure = exchange.outcome(verdict).unwrap_err();
            assert!(failure.error.kind() == Kind::Protocol && !failure.stale);
        }
    }

    #[test]
    fn challenges_without_end_are_cut_off() {
        let mut exchange = exchange(None);
        exchange.initial(0).unwrap();
        assert!((0..3).all(|_| exchange.answer(b"").is_some()));
        assert!(exchange.answer(b"").is_none() && exchange.answer(b"").is_none());
        assert_eq!(exchange.outcome(Ok(())).unwrap_err().error.kind(), Kind::Limit);
    }

    #[test]
    fn success_is_not_believed_before_the_proof_was_sent() {
        assert!(exchange(Some("hello")).outcome(Ok(())).is_err());
        let mut held = exchange(Some("hello"));
        held.initial(0).unwrap();
        assert_eq!(held.outcome(Ok(())).unwrap_err().error.kind(), Kind::Protocol);
        let mut held = exchange(Some("hello"));
        held.initial(0).unwrap();
        held.answer(b"").unwrap();
        held.outcome(Ok(())).unwrap();
    }

    #[test]
    fn a_refusal_is_stale_where_its_code_does_not_say_otherwise() {
        for (code, stale) in [(None, true), (Some("AUTHENTICATIONFAILED"), true), (Some("AUTH"), true)]
            .into_iter()
            .chain(["UNAVAILABLE", "IN-USE", "AUTHORIZATIONFAILED", "SYS/TEMP"].map(|code| (Some(code), false)))
        {
            let failure = exchange(None).outcome(Err(refusal(code))).unwrap_err();
            let about_login = stale || code == Some("AUTHORIZATIONFAILED");
            let kind = if about_login { Kind::Login } else { Kind::Rejected };
            assert_eq!((failure.stale, failure.error.kind()), (stale, kind), "{code:?}");
            assert_eq!(failure.error.code().map(Code::name), code);
        }
    }

    #[test]
    fn a_command_that_is_not_understood_is_told_from_a_refused_proof() {
        let bad = || Err(Error::new(Kind::Bad, "what?"));
        let mut begun = exchange(Some("hello"));
        begun.initial(100).unwrap();
        let mut held = exchange(Some("hello"));
        held.initial(0).unwrap();
        for (exchange, unheard) in [(begun, Unheard::Initial), (held, Unheard::Command)] {
            let failure = exchange.outcome(bad()).unwrap_err();
            assert_eq!((failure.unheard, failure.stale, failure.error.kind()), (Some(unheard), false, Kind::Bad));
            assert!(failure.error.to_string().contains("ECHO") && failure.error.to_string().contains("Login::only"));
        }
        let mut answered = exchange(None);
        answered.initial(0).unwrap();
        answered.answer(b"").unwrap();
        let failure = answered.outcome(bad()).unwrap_err();
        assert!(failure.unheard.is_none() && failure.error.kind() == Kind::Login);
        let coded = Error::new(Kind::Bad, "no").with_code(Some(Code::new("AUTHENTICATIONFAILED", "")));
        let failure = exchange(None).outcome(Err(coded)).unwrap_err();
        assert!(failure.unheard.is_none() && failure.error.kind() == Kind::Login);
    }

    #[test]
    fn who_hides_the_secret_is_told_that_the_mechanism_may_be_to_blame() {
        for (code, hint) in [(None, true), (Some("AUTHENTICATIONFAILED"), false)] {
            let failure = exchange(None).hiding(true).outcome(Err(refusal(code))).unwrap_err();
            assert_eq!(failure.error.to_string().contains("Login::only"), hint, "{code:?}");
            assert_eq!((failure.error.kind(), failure.stale), (Kind::Login, true));
        }
    }

    #[test]
    fn what_the_server_said_of_its_refusal_counts_however_it_then_refuses() {
        for verdict in [refusal(None), Error::closed("gone")] {
            let server_error = ServerError { text: "{\"status\":\"403\"}".to_owned(), stale: false };
            let echo = Echo { server_error: Some(server_error), first: None };
            let failure = Exchange::new("ECHO", Box::new(echo), 3).outcome(Err(verdict)).unwrap_err();
            assert!(!failure.stale && failure.error.kind() == Kind::Login);
            assert!(failure.error.to_string().contains("403"));
        }
    }
}
