//! Searches for texts that a server does not accept in UTF-8: in another charset that it names, and else by comparing messages here. It
//! must not know what the keys mean.

use super::Selected;
use super::search::is_charset;
use crate::error::{Error, Result};
use crate::imap::local::Matcher;
#[cfg(feature = "mail-parser")]
use crate::imap::local::WholeText;
#[cfg(feature = "mail-parser")]
use crate::imap::types::Fetched;
use crate::imap::types::{Query, SearchCharset, SearchResult, SearchReturn, Uids};
#[cfg(feature = "mail-parser")]
use crate::messages::Texts;

/// How many charsets are tried.
const MOST_CHARSETS: usize = 3;

impl Selected<'_> {
    /// The server has refused UTF-8.
    pub(super) async fn find_in_other_charset(
        self,
        query: &Query,
        asked: Option<SearchReturn>,
        refusal: Error,
    ) -> Result<SearchResult> {
        let whole = SearchReturn::ALL;
        let names = refusal.code().filter(|code| code.is("BADCHARSET")).map_or("", |code| code.data());
        // With UTF8=ACCEPT, no other charset may be named (RFC 6855 §3).
        let charsets = match self.session.encode_options().await?.no_charset {
            true => Vec::new(),
            false => SearchCharset::holding(query, names),
        };
        for charset in charsets.iter().take(MOST_CHARSETS) {
            match self.find_all(query, whole, asked.map(|_| whole), Some(charset)).await {
                Err(error) if is_charset(&error, query) => {}
                found => return found,
            }
        }
        self.find_here(query, asked, refusal).await
    }

    /// The server searches what is ASCII, and the rest is compared here.
    async fn find_here(self, query: &Query, asked: Option<SearchReturn>, refusal: Error) -> Result<SearchResult> {
        let (there, here) = query.divided();
        let matcher = Matcher::new(&here).map_err(|error| error.with_source(refusal.clone()))?;
        if matcher.wants_text() && !cfg!(feature = "mail-parser") {
            let error = Error::unsupported("texts are only searched here with the feature mail-parser");
            return Err(error.with_source(refusal));
        }
        let whole = SearchReturn::ALL;
        let found = self.find_all(&there, whole, asked.map(|_| whole), None).await?;
        let mut mail = self.fetch(found.all.unwrap_or_default(), matcher.items())?;
        let (mut all, mut unknown, mut octets) = (Uids::new(), Uids::new(), 0u64);
        while let Some(message) = mail.try_next().await? {
            match matcher.judge(&message, None) {
                Some(true) => all.extend(message.uid()),
                None if matcher.wants_text() => {
                    unknown.extend(message.uid());
                    octets = octets.saturating_add(message.size().unwrap_or(0));
                }
                _ => {}
            }
        }
        drop(mail);
        let most = query.client_octets().unwrap_or(0);
        if octets > most {
            return Err(over(octets, most));
        }
        #[cfg(feature = "mail-parser")]
        self.compare_texts(&matcher, unknown, most, &mut all).await?;
        Ok(SearchResult { all: Some(all), ..SearchResult::default() })
    }

    /// Adds those of these messages whose text matches.
    #[cfg(feature = "mail-parser")]
    async fn compare_texts(self, matcher: &Matcher<'_>, uids: Uids, most: u64, all: &mut Uids) -> Result<()> {
        let mut mail = self.fetch(uids, matcher.items().message().judged())?;
        let mut octets = 0u64;
        while let Some(message) = mail.try_next().await? {
            // The sizes that were declared may be wrong.
            octets = octets.saturating_add(message.body().map_or(0, |body| body.len() as u64));
            if octets > most {
                return Err(over(octets, most));
            }
            all.extend(message.uid().filter(|_| matches_whole(matcher, &message)));
        }
        Ok(())
    }
}

#[cfg(feature = "mail-parser")]
fn matches_whole(matcher: &Matcher<'_>, message: &Fetched) -> bool {
    message.body().is_some_and(|body| {
        let texts = Texts::of(&body);
        matcher.judge(message, Some(WholeText { header: &texts.header, body: &texts.body })) == Some(true)
    })
}

fn over(octets: u64, most: u64) -> Error {
    Error::limit(format!("{octets} octets have to be downloaded to compare the texts, and the search allows {most}"))
}
