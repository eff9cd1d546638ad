//! How the program ends: the exit status of each kind of error, and the signals. The table is in `main.rs`. It must not know what
//! the program does.

use std::error::Error;
use std::process::ExitCode;

use postroom::Kind;

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Status(u8);

impl Status {
    pub(crate) const WELL: Self = Self(0);
    pub(crate) const SOME_FAILED: Self = Self(1);
    pub(crate) const USAGE: Self = Self(2);
    pub(crate) const LATER: Self = Self(75);
    const REFUSED: Self = Self(69);
    const STORAGE: Self = Self(74);
    const BROKEN: Self = Self(76);
    const LOGIN: Self = Self(77);
    const INTERRUPTED: Self = Self(130);
    #[cfg(unix)]
    const TERMINATED: Self = Self(143);

    /// The status of two runs: that of a message that failed counts most.
    pub(crate) fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::WELL, other) => other,
            (_, Self::SOME_FAILED) => other,
            _ => self,
        }
    }

    /// The status for an error. An error that is not the library's is about the command line.
    pub(crate) fn of(error: &(dyn Error + 'static)) -> Self {
        let Some(error) = error.downcast_ref::<postroom::Error>() else { return Self::USAGE };
        match error.kind() {
            _ if error.is_retryable() => Self::LATER,
            Kind::Input => Self::USAGE,
            Kind::Login => Self::LOGIN,
            Kind::Storage => Self::STORAGE,
            Kind::Tls | Kind::Protocol => Self::BROKEN,
            // Running again is always safe: the listing shows what took effect.
            Kind::Unknown => Self::LATER,
            _ => Self::REFUSED,
        }
    }
}

impl From<Status> for ExitCode {
    fn from(status: Status) -> Self {
        status.0.into()
    }
}

/// Prints when to try again, if the server reports it.
pub(crate) fn hint(error: &(dyn Error + 'static)) {
    if let Some(wait) = error.downcast_ref::<postroom::Error>().and_then(postroom::Error::retry_after) {
        eprintln!("collect: try again in {} s", wait.as_secs());
    }
}

/// Waits for a signal that asks the program to end.
pub(crate) async fn signal() -> std::io::Result<Status> {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        let mut terminate = signal(SignalKind::terminate())?;
        tokio::select! {
            interrupted = tokio::signal::ctrl_c() => interrupted.map(|()| Status::INTERRUPTED),
            _ = terminate.recv() => Ok(Status::TERMINATED),
        }
    }
    #[cfg(not(unix))]
    tokio::signal::ctrl_c().await.map(|()| Status::INTERRUPTED)
}
