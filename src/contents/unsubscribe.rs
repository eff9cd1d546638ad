//! How to leave a mailing list, as its messages say (RFC 2369 §3.2, RFC 8058). It must not know where the fields come from.

use crate::text::field;

/// How to leave the mailing list that sent a message.
///
/// The addresses are the sender's. Following one tells the sender that somebody reads the mail, so do it only if the user asks for it.
///
/// ```
/// use postroom::Contents;
///
/// let contents = Contents::parse(
///     "List-Unsubscribe: <mailto:leave@list.example>, <https://list.example/u/1>\r\n\
///      List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n\r\nHi\r\n",
/// );
/// let unsubscribe = contents.list_unsubscribe().expect("it is from a list");
/// assert_eq!(unsubscribe.mailto(), Some("mailto:leave@list.example"));
/// assert_eq!(unsubscribe.one_click(), Some("https://list.example/u/1"));
/// ```
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ListUnsubscribe {
    uris: Vec<String>,
    is_one_click: bool,
}

impl ListUnsubscribe {
    /// What these header fields say; `None` if they name no address.
    pub(super) fn read(header: &[u8]) -> Option<Self> {
        let uris = uris(field::value(header, "List-Unsubscribe")?);
        let post = field::value(header, "List-Unsubscribe-Post").unwrap_or_default();
        let is_one_click = post.trim_ascii().eq_ignore_ascii_case(b"List-Unsubscribe=One-Click");
        (!uris.is_empty()).then_some(Self { uris, is_one_click })
    }

    /// All addresses, with the preferred one first. They have any scheme.
    pub fn uris(&self) -> impl Iterator<Item = &str> {
        self.uris.iter().map(String::as_str)
    }

    /// The first `mailto:` address, to which a message is to be sent.
    pub fn mailto(&self) -> Option<&str> {
        self.with_scheme("mailto:")
    }

    /// The first web page on which a person can unsubscribe.
    pub fn web(&self) -> Option<&str> {
        self.with_scheme("https:").or_else(|| self.with_scheme("http:"))
    }

    /// The address to which a POST of `List-Unsubscribe=One-Click` unsubscribes without a further question (RFC 8058 §3.2). `None` if the
    /// sender does not offer it. A program must also check that a valid DKIM signature covers both fields (RFC 8058 §4); this crate does
    /// not.
    pub fn one_click(&self) -> Option<&str> {
        self.with_scheme("https:").filter(|_| self.is_one_click)
    }

    fn with_scheme(&self, scheme: &str) -> Option<&str> {
        let is_it = |uri: &&str| uri.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme));
        self.uris().find(is_it)
    }
}

/// What is between angle brackets, without white space; comments are outside (RFC 2369 §2).
fn uris(value: &[u8]) -> Vec<String> {
    let value = String::from_utf8_lossy(value);
    let inside = value.split('<').skip(1).filter_map(|rest| rest.split_once('>')).map(|(inside, _)| inside);
    let uris = inside.map(|uri| uri.chars().filter(|c| !c.is_whitespace() && !c.is_control()).collect::<String>());
    uris.filter(|uri| uri.contains(':')).collect()
}
