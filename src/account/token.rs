//! [`Renewals`]: one renewal of an access token at a time for all sessions of an account; the others wait for its result. It must not know
//! how a token is renewed, nor sent.

use std::sync::{Arc, Mutex as StdMutex, PoisonError};
use std::time::{Duration, SystemTime};

use tokio::sync::Mutex;

use crate::login::{Login, Secret, TokenError, TokenFuture, TokenProvider};

/// How long before its end a token is renewed.
const EARLY: Duration = Duration::from_secs(60);

/// The token of an account, which its sessions share.
pub(super) struct Renewals {
    provider: Arc<dyn TokenProvider>,
    current: Mutex<Option<Current>>,
}

struct Current {
    token: Secret,
    expires: Option<SystemTime>,
    /// Counts the tokens.
    number: u64,
}

/// The provider of one login, which knows what that login got.
struct OneLogin {
    renewals: Arc<Renewals>,
    /// The number of the last token that this login got.
    last: StdMutex<Option<u64>>,
}

impl Renewals {
    /// The renewals of a login with a provider, and the login.
    pub(super) fn of(login: Login) -> (Option<Arc<Self>>, Login) {
        let renewals = login.token_provider().map(|provider| Arc::new(Self { provider, current: Mutex::new(None) }));
        (renewals, login)
    }

    /// The login for one session.
    pub(super) fn for_one_login(self: &Arc<Self>, login: &Login) -> Login {
        login.clone().with_token_provider(OneLogin { renewals: self.clone(), last: StdMutex::new(None) })
    }

    async fn token(&self, refused: Option<u64>, asked: bool) -> Result<(Secret, u64), TokenError> {
        let before = self.current.try_lock().is_err();
        let mut current = self.current.lock().await;
        if let Some(current) = current.as_ref().filter(|current| current.serves(refused, before)) {
            return Ok((current.token.clone(), current.number));
        }
        let number = current.as_ref().map_or(0, |current| current.number + 1);
        let token = self.provider.token(asked).await?;
        *current = Some(Current { token: token.clone(), expires: self.provider.expires_at(), number });
        Ok((token, number))
    }
}

impl Current {
    /// Whether it can be used by a login to which another token was refused. Without a known end, the provider is asked at each login,
    /// except if it was just asked for another one.
    fn serves(&self, refused: Option<u64>, is_fresh: bool) -> bool {
        let lasts = match self.expires {
            Some(expires) => expires > SystemTime::now() + EARLY,
            None => is_fresh,
        };
        match refused {
            Some(refused) => self.number > refused,
            None => lasts,
        }
    }
}

impl TokenProvider for OneLogin {
    fn token(&self, refused: bool) -> TokenFuture<'_> {
        Box::pin(async move {
            let last = *self.last.lock().unwrap_or_else(PoisonError::into_inner);
            let (token, number) = self.renewals.token(last.filter(|_| refused), refused).await?;
            *self.last.lock().unwrap_or_else(PoisonError::into_inner) = Some(number);
            Ok(token)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicUsize, Ordering};

    struct Slow {
        calls: AtomicUsize,
        expires: Option<SystemTime>,
    }

    impl TokenProvider for Slow {
        fn token(&self, _: bool) -> TokenFuture<'_> {
            Box::pin(async {
                let number = self.calls.fetch_add(1, Ordering::Relaxed);
                tokio::time::sleep(Duration::from_secs(1)).await;
                Ok(Secret::from(format!("token-{number}")))
            })
        }

        fn expires_at(&self) -> Option<SystemTime> {
            self.expires
        }
    }

    fn renewals(expires: Option<SystemTime>) -> (Arc<Slow>, Arc<Renewals>) {
        let slow = Arc::new(Slow { calls: AtomicUsize::new(0), expires });
        (slow.clone(), Arc::new(Renewals { provider: slow, current: Mutex::new(None) }))
    }

    fn login(renewals: &Arc<Renewals>) -> Arc<OneLogin> {
        Arc::new(OneLogin { renewals: renewals.clone(), last: StdMutex::new(None) })
    }

    #[tokio::test(start_paused = true)]
    async fn logins_at_once_share_one_renewal() {
        let (slow, renewals) = renewals(None);
        let logins: Vec<_> = (0..9).map(|_| login(&renewals)).collect();
        let ask = |refused| {
            let asking: Vec<_> =
                logins.iter().cloned().map(|login| tokio::spawn(async move { login.token(refused).await })).collect();
            async {
                for asked in asking {
                    asked.await.unwrap().unwrap();
                }
            }
        };
        ask(false).await;
        assert_eq!(slow.calls.load(Ordering::Relaxed), 1);
        ask(true).await;
        assert_eq!(slow.calls.load(Ordering::Relaxed), 2, "all were refused the same token");
    }

    #[tokio::test(start_paused = true)]
    async fn a_token_is_kept_until_shortly_before_its_end() {
        let (slow, renewals) = renewals(Some(SystemTime::now() + Duration::from_secs(3600)));
        for _ in 0..3 {
            login(&renewals).token(false).await.unwrap();
        }
        assert_eq!(slow.calls.load(Ordering::Relaxed), 1);
        let (slow, renewals) = self::renewals(Some(SystemTime::now() + Duration::from_secs(30)));
        for _ in 0..3 {
            login(&renewals).token(false).await.unwrap();
        }
        assert_eq!(slow.calls.load(Ordering::Relaxed), 3);
    }
}
