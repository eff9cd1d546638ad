//! One authentication as base64 lines: what follows the mechanism's name, and what answers each challenge. It does not know
//! how a protocol marks a challenge, nor how many are allowed; the engines do.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

use super::Mechanism;
use crate::error::{Error, Result};
use crate::login::Secret;

/// Padding is not always sent; nothing is lost by doing without.
const TOLERANT: GeneralPurpose = GeneralPurpose::new(
    &base64::alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// One authentication, from the initial response to the server's verdict. Dropping it wipes what it holds.
///
/// Begin with [`initial`](Self::initial); answer each challenge line by [`respond`](Self::respond), or with the line `*` where
/// that fails; ask [`finish`](Self::finish) when the server reports success.
pub(crate) struct Exchange {
    mechanism: Box<dyn Mechanism>,
    stage: Stage,
}

enum Stage {
    Fresh,
    /// The server could not take the initial response with the command: it answers the first, empty challenge.
    Held(Secret),
    Running,
}

impl Exchange {
    pub(super) fn new(mechanism: Box<dyn Mechanism>) -> Self {
        Self { mechanism, stage: Stage::Fresh }
    }

    /// The mechanism's name, for the command.
    pub(crate) fn name(&self) -> &'static str {
        self.mechanism.name()
    }

    /// What to put behind the mechanism's name, in base64 (`=` for an empty response), where the mechanism speaks first and
    /// the text has at most `longest` bytes; 0 where the server takes no initial response. `None`: the command goes alone.
    pub(crate) fn initial(&mut self, longest: usize) -> Result<Option<Secret>> {
        let Some(response) = self.mechanism.start()? else {
            self.stage = Stage::Running;
            return Ok(None);
        };
        let line = if response.is_empty() { Secret::from("=") } else { encode(&response) };
        if line.expose().len() <= longest {
            self.stage = Stage::Running;
            return Ok(Some(line));
        }
        self.stage = Stage::Held(response);
        Ok(None)
    }

    /// The base64 line that answers a challenge, given as the base64 text behind `+ `. Without its line end.
    ///
    /// # Errors
    ///
    /// `Kind::Protocol` for a challenge that cannot be read or does not belong here; the exchange is then to be cancelled.
    pub(crate) fn respond(&mut self, challenge: &[u8]) -> Result<Secret> {
        match std::mem::replace(&mut self.stage, Stage::Running) {
            // Servers put friendly text where the empty challenge is due; whatever it says, it asks for the initial response.
            Stage::Held(response) => Ok(encode(&response)),
            Stage::Fresh => Err(Error::protocol("a challenge came before the authentication began")),
            Stage::Running => {
                let challenge = TOLERANT
                    .decode(challenge.trim_ascii())
                    .map_err(|error| Error::protocol("the server's challenge is not base64").with_source(error))?;
                self.mechanism.step(&challenge).map(|response| encode(&response))
            }
        }
    }

    /// Whether the server's report of success may be believed.
    pub(crate) fn finish(&self) -> Result<()> {
        match self.stage {
            Stage::Running => self.mechanism.finish(),
            Stage::Fresh | Stage::Held(_) => Err(Error::protocol("the server reports a login before it was shown one")),
        }
    }
}

fn encode(response: &Secret) -> Secret {
    let mut text = vec![0; response.expose().len().div_ceil(3) * 4];
    // The text has exactly the size that base64 needs.
    let written = STANDARD.encode_slice(response.expose(), &mut text).unwrap_or_default();
    text.truncate(written);
    Secret::from(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Kind;

    /// Speaks first if it has something to say, then answers each challenge with itself.
    struct Echo(Option<&'static str>);

    impl Mechanism for Echo {
        fn name(&self) -> &'static str {
            "ECHO"
        }

        fn start(&mut self) -> Result<Option<Secret>> {
            Ok(self.0.map(Secret::from))
        }

        fn step(&mut self, challenge: &[u8]) -> Result<Secret> {
            Ok(Secret::from(challenge.to_vec()))
        }
    }

    fn exchange(first: Option<&'static str>) -> Exchange {
        Exchange::new(Box::new(Echo(first)))
    }

    fn text(line: &Secret) -> &str {
        std::str::from_utf8(line.expose()).unwrap()
    }

    #[test]
    fn the_initial_response_rides_with_the_command_where_it_fits() {
        assert_eq!(text(&exchange(Some("hello")).initial(8).unwrap().unwrap()), "aGVsbG8=");
        let mut held = exchange(Some("hello"));
        assert!(held.initial(7).unwrap().is_none());
        assert_eq!(text(&held.respond(b"").unwrap()), "aGVsbG8=");
        assert_eq!(text(&held.respond(b"d29ybGQ=").unwrap()), "d29ybGQ=");
    }

    #[test]
    fn an_empty_response_is_an_equals_sign_at_first_and_an_empty_line_later() {
        assert_eq!(text(&exchange(Some("")).initial(100).unwrap().unwrap()), "=");
        let mut held = exchange(Some(""));
        assert!(held.initial(0).unwrap().is_none());
        assert_eq!(text(&held.respond(b"").unwrap()), "");
    }

    #[test]
    fn friendly_text_instead_of_the_empty_challenge_is_tolerated() {
        let mut held = exchange(Some("hello"));
        held.initial(0).unwrap();
        assert_eq!(text(&held.respond(b"go ahead, please").unwrap()), "aGVsbG8=");
    }

    #[test]
    fn a_server_first_mechanism_sends_nothing_with_the_command() {
        let mut exchange = exchange(None);
        assert!(exchange.initial(100).unwrap().is_none());
        assert_eq!(text(&exchange.respond(b" d29ybGQ ").unwrap()), "d29ybGQ=");
        exchange.finish().unwrap();
    }

    #[test]
    fn a_challenge_that_is_not_base64_is_an_error_that_does_not_repeat_it() {
        let mut exchange = exchange(None);
        exchange.initial(0).unwrap();
        assert_eq!(exchange.respond(b"\xFF\xFE").unwrap_err().kind(), Kind::Protocol);
    }

    #[test]
    fn success_is_not_believed_before_the_proof_was_sent() {
        let mut held = exchange(Some("hello"));
        assert!(held.finish().is_err());
        held.initial(0).unwrap();
        assert!(held.finish().is_err());
        held.respond(b"").unwrap();
        held.finish().unwrap();
    }
}
