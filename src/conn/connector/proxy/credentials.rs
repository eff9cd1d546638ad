//! Who uses the proxy. It must not know how that is said.

use crate::login::Secret;

#[derive(Clone)]
pub(super) struct Credentials {
    pub(super) user: String,
    pub(super) password: Secret,
}
