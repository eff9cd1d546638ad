//! ANONYMOUS (RFC 4505): no proof, only a text for the server's log. It must not know a protocol.

use super::mechanism::{Context, Mechanism};
use super::single::Single;
use crate::error::{Error, Result};
use crate::login::{Login, Proof};

pub(super) fn serves(login: &Login) -> bool {
    matches!(login.proof(), Proof::Anonymous(_)) && login.authorization().is_none()
}

pub(super) fn make(login: &Login, _: &Context<'_>) -> Result<Box<dyn Mechanism>> {
    match login.proof() {
        Proof::Anonymous(trace) => Ok(Single::boxed("ANONYMOUS", trace.as_str().into())),
        _ => Err(Error::unsupported("ANONYMOUS needs `Login::anonymous`")),
    }
}

#[cfg(test)]
mod tests {
    use super::super::choice::tests_context as context;
    use super::*;

    #[test]
    fn the_trace_is_all_that_is_said() {
        // RFC 4505 §4.
        let mut sirhc = make(&Login::anonymous("sirhc"), &context(None)).unwrap();
        assert_eq!(sirhc.start().unwrap().unwrap().expose(), b"sirhc");
        assert!(sirhc.step(b"").is_err());
        let mut silent = make(&Login::anonymous(""), &context(None)).unwrap();
        assert_eq!(silent.start().unwrap().unwrap().expose(), b"");
    }
}
