//! The source of an OAuth access token: one token, or a provider of the caller's program, which is called again if the server
//! refuses the token. It must not know a mechanism.

use std::error::Error as StdError;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::SystemTime;

use super::secret::Secret;
use crate::error::{Error, Kind, Result};

/// The error of a [`TokenProvider`]: any error. It becomes the source of a [`Kind::Login`](crate::Kind::Login).
///
/// ```
/// use postroom::TokenError;
///
/// let error = TokenError::from("the user is signed out");
/// assert_eq!(error.to_string(), "the user is signed out");
/// ```
pub type TokenError = Box<dyn StdError + Send + Sync>;

/// The future of an access token.
///
/// ```
/// use postroom::{Secret, TokenFuture};
///
/// fn cached() -> TokenFuture<'static> {
///     Box::pin(async { Ok(Secret::from("the-cached-token")) })
/// }
/// # drop(cached());
/// ```
pub type TokenFuture<'a> = Pin<Box<dyn Future<Output = Result<Secret, TokenError>> + Send + 'a>>;

/// Provides access tokens for [`Login::oauth`](crate::Login::oauth), for example from a cache, with a refresh token or from a keyring.
///
/// It is called before a login, when the connection is already encrypted; the connection waits for the token. It is called with
/// `refused` set at most once for each login: the server has refused the previous token, so a cached one does not help. If it returns
/// the same token again, or an error, the login fails. Dropping the login drops the future.
///
/// A closure that takes this `bool` and returns a future is a provider:
///
/// ```
/// use postroom::{Login, Secret, TokenError};
///
/// let login = Login::oauth("me@example.org", |refused: bool| async move {
///     // From the cache, or from the authorization server if the cached token was refused.
///     let token = if refused { "a-new-token" } else { "the-cached-token" };
///     Ok::<_, TokenError>(Secret::from(token))
/// });
/// assert_eq!(login.user(), "me@example.org");
/// ```
pub trait TokenProvider: Send + Sync {
    /// A token that should be valid now. `refused` is set if the server refused the previous one.
    ///
    /// # Errors
    ///
    /// Any error, if there is no token: the login fails with [`Kind::Login`](crate::Kind::Login), and the error is its source.
    ///
    /// ```
    /// use postroom::{Secret, TokenFuture, TokenProvider};
    ///
    /// struct Fixed;
    ///
    /// impl TokenProvider for Fixed {
    ///     fn token(&self, refused: bool) -> TokenFuture<'_> {
    ///         Box::pin(async move { if refused { Err("it has expired".into()) } else { Ok(Secret::from("token")) } })
    ///     }
    /// }
    /// # drop(Fixed.token(false));
    /// ```
    fn token(&self, refused: bool) -> TokenFuture<'_>;

    /// When the token that [`token`](Self::token) returned last expires, if that is known. An [`Account`](crate::account::Account) uses
    /// one token for all its sessions until a minute before that; without it, each login asks for a token.
    fn expires_at(&self) -> Option<SystemTime> {
        None
    }
}

impl<F, T> TokenProvider for F
where
    F: Fn(bool) -> T + Send + Sync,
    T: Future<Output = Result<Secret, TokenError>> + Send + 'static,
{
    fn token(&self, refused: bool) -> TokenFuture<'_> {
        Box::pin(self(refused))
    }
}

/// One token, or a provider.
#[derive(Clone)]
pub(crate) enum Token {
    Fixed(Secret),
    Provided(Arc<dyn TokenProvider>),
}

impl Token {
    pub(crate) async fn first(&self) -> Result<Secret> {
        match self {
            Self::Fixed(token) => Ok(token.clone()),
            Self::Provided(provider) => ask(&**provider, false).await,
        }
    }

    /// A token that differs from the refused one; `None` if there is none.
    pub(crate) async fn other_than(&self, refused: &Secret) -> Result<Option<Secret>> {
        match self {
            Self::Fixed(_) => Ok(None),
            Self::Provided(provider) => {
                let token = ask(&**provider, true).await?;
                Ok((token.expose() != refused.expose()).then_some(token))
            }
        }
    }
}

async fn ask(provider: &dyn TokenProvider, refused: bool) -> Result<Secret> {
    let failed = |source| Error::new(Kind::Login, "the token provider returned no token").with_source(source);
    let token = provider.token(refused).await.map_err(failed)?;
    check(&token)?;
    Ok(token)
}

/// RFC 6750 §2.1: a bearer token is printable and has no spaces, so it cannot end its field.
pub(super) fn check(token: &Secret) -> Result<()> {
    match !token.is_empty() && token.expose().iter().all(u8::is_ascii_graphic) {
        true => Ok(()),
        false => Err(Error::input("an access token is printable ASCII without spaces, and not empty")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::task::{Context, Poll, Waker};

    /// Nothing here waits.
    fn now<T>(future: impl Future<Output = T>) -> T {
        match std::pin::pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(value) => value,
            Poll::Pending => panic!("it waits"),
        }
    }

    fn provided(provider: impl TokenProvider + 'static) -> Token {
        Token::Provided(Arc::new(provider))
    }

    #[test]
    fn a_token_that_was_given_is_not_asked_for() {
        let token = Token::Fixed(Secret::from("one"));
        let first = now(token.first()).unwrap();
        assert_eq!(first.expose(), b"one");
        assert!(now(token.other_than(&first)).unwrap().is_none());
    }

    #[test]
    fn a_provider_is_told_of_the_refusal_and_the_same_token_is_none() {
        let asked = Arc::new(AtomicUsize::new(0));
        let count = asked.clone();
        let changing = provided(move |refused: bool| {
            count.fetch_add(1, Ordering::Relaxed);
            async move { Ok(Secret::from(if refused { "new" } else { "old" })) }
        });
        let first = now(changing.first()).unwrap();
        assert_eq!(now(changing.other_than(&first)).unwrap().unwrap().expose(), b"new");
        assert_eq!(asked.load(Ordering::Relaxed), 2);
        let stubborn = provided(|_: bool| async { Ok(Secret::from("old")) });
        assert!(now(stubborn.other_than(&first)).unwrap().is_none());
    }

    #[test]
    fn what_is_no_token_is_refused_and_not_printed() {
        for bad in ["", "a b", "a\u{1}b", "a\r\nb", "tökén"] {
            let error = now(provided(move |_: bool| async move { Ok(Secret::from(bad)) }).first()).unwrap_err();
            assert_eq!(error.kind(), Kind::Input);
            assert!(bad.is_empty() || !format!("{error:?}").contains(bad));
        }
    }

    #[test]
    fn the_providers_error_is_the_source() {
        let broken = provided(|_: bool| async { Err(TokenError::from("no network")) });
        let error = now(broken.first()).unwrap_err();
        assert_eq!(error.kind(), Kind::Login);
        assert_eq!(StdError::source(&error).unwrap().to_string(), "no network");
    }
}
