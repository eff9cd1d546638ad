//! Where an OAuth access token comes from: given once, or asked of the caller's program, and asked again when the server will
//! not have it. It knows no mechanism and no wire.

use std::error::Error as StdError;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use super::secret::Secret;
use crate::error::{Error, Kind, Result};

/// What a [`TokenProvider`] fails with: any error, which becomes the source of a [`Kind::Login`](crate::Kind::Login).
pub type TokenError = Box<dyn StdError + Send + Sync>;

/// The future of an access token.
pub type TokenFuture<'a> = Pin<Box<dyn Future<Output = Result<Secret, TokenError>> + Send + 'a>>;

/// Gives access tokens for [`Login::oauth`](crate::Login::oauth): from a cache, a refresh token, a keyring, whatever the program has.
///
/// Asked when a login is about to begin, over a connection that is already encrypted; the connection waits meanwhile. Asked
/// with `refused` set at most once for a login: the server has just refused the token that was given, so that a cached one is
/// no use. The same token once more, or an error, ends the login. Dropping the login drops the future.
///
/// A closure will do where it takes that `bool` and gives a future of its own:
///
/// ```
/// use postroom::{Login, Secret, TokenError};
///
/// let login = Login::oauth("me@example.org", |refused: bool| async move {
///     // Ask the cache, or where the token was refused the authorization server.
///     let token = if refused { "a-new-token" } else { "the-cached-token" };
///     Ok::<_, TokenError>(Secret::from(token))
/// });
/// assert_eq!(login.user(), "me@example.org");
/// ```
pub trait TokenProvider: Send + Sync {
    /// A token that should be valid now; `refused` says that the server refused the last one.
    fn token(&self, refused: bool) -> TokenFuture<'_>;
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

/// One token, or somebody who gives them.
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

    /// Another one than this, which was refused; `None` where there is none.
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
    let failed = |source| Error::new(Kind::Login, "the token provider gave no token").with_source(source);
    let token = provider.token(refused).await.map_err(failed)?;
    check(&token)?;
    Ok(token)
}

/// RFC 6750 §2.1: what a bearer token is made of is printable and has no spaces; so it cannot end its field.
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
