//! Messages that carry a token, by which each is known again, and whether it is whole. It must not know mailboxes.

/// A message with this token in its subject, its Message-ID and its body, and with this many octets of text more.
pub(crate) fn mail(token: &str, size: usize) -> Vec<u8> {
    let line = format!("{token} text of seventy octets or so, to make the message as long as it has to be\r\n");
    let mut text = String::new();
    while text.len() < size {
        text.push_str(&line);
    }
    format!(
        "From: Sender <sender@example.org>\r\nTo: me@example.org\r\nSubject: {token}\r\n\
         Date: Mon, 02 Mar 2026 10:00:00 +0100\r\nMessage-ID: <{token}@example.org>\r\n\r\ntoken={token}\r\n{text}end={token}\r\n"
    )
    .into_bytes()
}

/// The token of a message; `None` if it is none of these or not whole.
pub(crate) fn token_of(message: &[u8]) -> Option<String> {
    let text = std::str::from_utf8(message).ok()?;
    let (_, rest) = text.split_once("\r\n\r\ntoken=")?;
    let (token, _) = rest.split_once("\r\n")?;
    text.ends_with(&format!("\r\nend={token}\r\n")).then(|| token.to_owned())
}
