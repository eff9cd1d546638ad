//! Message IDs in the fields Message-ID, References and In-Reply-To, without their quotes (RFC 5256 §3, RFC 5322 §3.6.4). It must not
//! know what they are for.

/// The valid Message IDs in the value of a field, each without `<`, `>` and quotes.
pub(super) fn message_ids(value: &[u8]) -> impl Iterator<Item = Vec<u8>> + '_ {
    let mut rest = value;
    std::iter::from_fn(move || {
        loop {
            let start = memchr::memchr(b'<', rest)?;
            rest = rest.get(start + 1..)?;
            let mut id = IdReader { rest, id: Vec::new() };
            let found = id.read();
            // What was read contains no `<`, except within quotes, so nothing is looked at twice.
            let (after, text) = (id.rest, id.id);
            if found.is_some() {
                rest = after;
                return Some(text);
            }
            // An unfinished quoted string hides no later Message ID.
            rest = if rest.first() == Some(&b'"') { rest.get(1..)? } else { after };
        }
    })
}

struct IdReader<'a> {
    rest: &'a [u8],
    id: Vec<u8>,
}

impl IdReader<'_> {
    /// `id-left "@" id-right ">"`
    fn read(&mut self) -> Option<()> {
        let quoted = self.rest.first() == Some(&b'"');
        if quoted {
            self.quoted()?
        } else {
            self.word()?
        }
        self.byte(b'@')?;
        self.id.push(b'@');
        self.word()?;
        self.byte(b'>')
    }

    fn byte(&mut self, wanted: u8) -> Option<()> {
        let (_, rest) = self.rest.split_first().filter(|(first, _)| **first == wanted)?;
        self.rest = rest;
        Some(())
    }

    /// Anything that needs no quotes. Mailers put brackets and other signs into it.
    fn word(&mut self) -> Option<()> {
        let ends = |byte: &u8| byte.is_ascii_whitespace() || byte.is_ascii_control() || b"<>@\\\"".contains(byte);
        let end = self.rest.iter().position(ends).unwrap_or(self.rest.len());
        let (word, rest) = self.rest.split_at_checked(end).filter(|_| end > 0)?;
        self.id.extend_from_slice(word);
        self.rest = rest;
        Some(())
    }

    fn quoted(&mut self) -> Option<()> {
        let mut bytes = self.rest.iter().enumerate().skip(1);
        while let Some((at, &byte)) = bytes.next() {
            match byte {
                b'"' => {
                    self.rest = self.rest.get(at + 1..)?;
                    return Some(());
                }
                b'\\' => self.id.push(*bytes.next()?.1),
                b'\r' | b'\n' => {}
                byte => self.id.push(byte),
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn ids(value: &str) -> Vec<String> {
        message_ids(value.as_bytes()).map(|id| String::from_utf8_lossy(&id).into_owned()).collect()
    }

    #[test]
    fn quotes_make_no_difference_and_what_is_no_id_is_left_out() {
        assert_eq!(ids("<\"01KF8JCEOCBS0045PS\"@xxx.yyy.com>"), ids("<01KF8JCEOCBS0045PS@xxx.yyy.com>"));
        assert_eq!(ids("<a@b> <c@d>\r\n\t<e@f>"), ["a@b", "c@d", "e@f"]);
        assert_eq!(ids("<a@b><c@d>"), ["a@b", "c@d"]);
        assert_eq!(ids("Your message of 1 May <a@b> \"Anna\" <anna@x.org>"), ["a@b", "anna@x.org"]);
        assert_eq!(ids("<\"a \\\" b\"@c> x"), ["a \" b@c"]);
        assert_eq!(ids("<a@[127.0.0.1]>"), ["a@[127.0.0.1]"]);
        for none in ["", "a@b", "<a>", "<@b>", "<a@>", "<a b@c>", "<a@b", "<a@b@c>", "<\"a@b>", "<>", "<\"a\\"] {
            assert!(ids(none).is_empty(), "{none}");
        }
        assert_eq!(ids("<<a@b>"), ["a@b"]);
        assert_eq!(ids("<\"x <a@b>"), ["a@b"]);
        assert_eq!(ids("<x <a@b>"), ["a@b"]);
    }

    #[test]
    fn many_beginnings_cost_no_more_than_other_bytes() {
        assert!(ids(&"<".repeat(300_000)).is_empty());
        assert!(ids(&"<\"a".repeat(3000)).is_empty());
    }

    proptest! {
        #[test]
        fn an_id_is_found_again(value in prop::collection::vec(prop::sample::select(b"<>@\"\\ a.\r\n(".to_vec()), 0..40)) {
            for id in message_ids(&value) {
                prop_assert!(id.contains(&b'@'));
                if !id.iter().any(|byte| b"<>\"\\ \r\n".contains(byte)) && id.iter().filter(|&&byte| byte == b'@').count() == 1 {
                    let again: Vec<_> = message_ids(&[b"<", &id[..], b">"].concat()).collect();
                    prop_assert_eq!(again, [id]);
                }
            }
        }
    }
}
