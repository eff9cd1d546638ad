//! Words that a module must not contain in its string and byte literals. `conn` serves every protocol, so it contains none of theirs.

use proc_macro2::{TokenStream, TokenTree};
use syn::visit::{self, Visit};
use syn::{Attribute, Item, Lit, Macro};

use super::paths::{attributes, is_for_tests};
use super::{files, is_within, module_of};

/// Words of IMAP, POP3 and SASL, compared as whole words in upper case.
const WORDS: &[&str] = &[
    "APOP",
    "APPEND",
    "AUTH",
    "AUTHENTICATE",
    "BAD",
    "BODY",
    "BYE",
    "CAPA",
    "CAPABILITY",
    "COMPRESS",
    "DELE",
    "DONE",
    "ENVELOPE",
    "ERR",
    "EXISTS",
    "EXPUNGE",
    "FETCH",
    "FLAGS",
    "IDLE",
    "IMAP",
    "IMAP4REV1",
    "IMAP4REV2",
    "INBOX",
    "LIST",
    "LITERAL",
    "LOGIN",
    "LOGOUT",
    "NO",
    "NOOP",
    "OK",
    "PASS",
    "POP",
    "POP3",
    "PREAUTH",
    "QUIT",
    "RETR",
    "RSET",
    "SASL",
    "SEARCH",
    "SELECT",
    "STARTTLS",
    "STAT",
    "STATUS",
    "STLS",
    "STORE",
    "TOP",
    "UID",
    "UIDL",
    "USER",
];
/// Marks of the protocols at the beginning of a literal.
const MARKS: &[&str] = &["+", "* ", "{", ".\r", ".\n"];

/// English sentences in errors may contain such a word in lower case: only upper case counts, and marks only in byte strings, since
/// format strings begin with braces.
fn is_protocol(text: &str, is_bytes: bool) -> bool {
    let is_word =
        |part: &str| WORDS.contains(&part) || (is_bytes && WORDS.contains(&part.to_ascii_uppercase().as_str()));
    text.split(|char: char| !char.is_ascii_alphanumeric()).any(is_word)
        || (is_bytes && MARKS.iter().any(|mark| text.starts_with(mark)))
        || ["+OK", "-ERR", "+ "].iter().any(|mark| text.starts_with(mark))
}

/// The literals of a text that are words of a protocol, without test code, comments and attributes.
fn protocol_words(text: &str) -> Vec<String> {
    let mut reader = Reader(Vec::new());
    reader.visit_file(&syn::parse_file(text).unwrap());
    reader.0
}

struct Reader(Vec<String>);

impl Reader {
    fn literal(&mut self, literal: &Lit) {
        let (text, is_bytes) = match literal {
            Lit::Str(text) => (text.value(), false),
            Lit::Char(char) => (char.value().to_string(), true),
            Lit::ByteStr(bytes) => (String::from_utf8_lossy(&bytes.value()).into_owned(), true),
            Lit::CStr(bytes) => (bytes.value().to_string_lossy().into_owned(), true),
            Lit::Byte(byte) => (char::from(byte.value()).to_string(), true),
            _ => return,
        };
        if is_protocol(&text, is_bytes) {
            self.0.push(text);
        }
    }

    fn tokens(&mut self, tokens: TokenStream) {
        for token in tokens {
            match token {
                TokenTree::Group(group) => self.tokens(group.stream()),
                TokenTree::Literal(literal) => self.literal(&Lit::new(literal)),
                _ => {}
            }
        }
    }
}

impl<'ast> Visit<'ast> for Reader {
    fn visit_item(&mut self, item: &'ast Item) {
        if !attributes(item).iter().any(is_for_tests) {
            visit::visit_item(self, item);
        }
    }

    fn visit_attribute(&mut self, _: &'ast Attribute) {}

    fn visit_lit(&mut self, literal: &'ast Lit) {
        self.literal(literal);
    }

    fn visit_macro(&mut self, call: &'ast Macro) {
        self.tokens(call.tokens.clone());
    }
}

#[test]
fn conn_contains_no_protocol_words() {
    let files: Vec<_> = files(false).into_iter().filter(|(file, _)| is_within(&module_of(file), "conn")).collect();
    assert!(files.len() > 10, "only {} files were read", files.len());
    for (file, text) in files {
        let found = protocol_words(&text);
        assert!(found.is_empty(), "{} contains words of a protocol: {found:?}", file.display());
    }
}

#[test]
fn planted_words_are_found() {
    let planted = [
        "fn f(line: &[u8]) -> bool { line.starts_with(b\"+OK\") }",
        "fn f(line: &[u8]) -> bool { line.starts_with(b\"+ \") }",
        "fn f(line: &[u8]) -> bool { line.first() == Some(&b'{') }",
        "fn f(line: &[u8]) -> bool { line == b\".\\r\\n\" }",
        "fn f() { g(\"* BYE\") }",
        "const C: &[u8] = b\"starttls\";",
        "fn f() { println!(\"sends {}\", \"A1 LOGIN x\") }",
        "fn f() { h(b\"UIDL 1\\r\\n\") }",
    ];
    for text in planted {
        assert_eq!(protocol_words(text).len(), 1, "{text}: {:?}", protocol_words(text));
    }
    let fine = "//! STARTTLS\n/// +OK\nfn f() { format!(\"{host} has no list\"); g(b'\\n') }\n#[cfg(test)]\nmod tests { fn f() { g(b\"+OK\") } }";
    assert_eq!(protocol_words(fine), Vec::<String>::new());
}
