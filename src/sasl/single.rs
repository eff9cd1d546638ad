//! A mechanism of one message, which accepts no challenge after it. It must not know what the message means.

use super::mechanism::Mechanism;
use crate::error::{Error, Result};
use crate::login::Secret;

pub(super) struct Single {
    name: &'static str,
    message: Secret,
}

impl Single {
    pub(super) fn boxed(name: &'static str, message: Secret) -> Box<dyn Mechanism> {
        Box::new(Self { name, message })
    }
}

impl Mechanism for Single {
    fn start(&mut self) -> Result<Option<Secret>> {
        Ok(Some(std::mem::take(&mut self.message)))
    }

    fn step(&mut self, _: &[u8]) -> Result<Secret> {
        Err(Error::protocol(format!("the server sent a challenge after the end of {}", self.name)))
    }

    fn proof_sent(&self) -> bool {
        true
    }
}
