//! ANONYMOUS (RFC 4505): no proof, and a word for the server's log.

use super::mechanism::{Mechanism, Setting};
use super::single::Single;
use crate::error::{Error, Result};
use crate::login::{Login, Proof};

pub(super) fn serves(login: &Login) -> bool {
    matches!(login.proof(), Proof::Anonymous(_)) && login.authorization().is_none()
}

pub(super) fn make(login: &Login, _: &Setting<'_>) -> Result<Box<dyn Mechanism>> {
    match login.proof() {
        Proof::Anonymous(trace) => Ok(Single::boxed("ANONYMOUS", trace.as_str().into())),
        _ => Err(Error::unsupported("ANONYMOUS is for who has no name")),
    }
}

#[cfg(test)]
mod tests {
    use super::super::choice::tests_setting as setting;
    use super::*;

    #[test]
    fn the_trace_is_all_that_is_said() {
        // RFC 4505 §4.
        let mut sirhc = make(&Login::anonymous("sirhc"), &setting(None)).unwrap();
        assert_eq!(sirhc.start().unwrap().unwrap().expose(), b"sirhc");
        assert!(sirhc.step(b"").is_err());
        let mut silent = make(&Login::anonymous(""), &setting(None)).unwrap();
        assert_eq!(silent.start().unwrap().unwrap().expose(), b"");
    }
}
