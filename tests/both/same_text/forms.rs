//! Random text, and the ways in which mailers write it into fields. It must not know how any of them is read.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

/// Text, and its form in a field.
#[derive(Clone, Debug)]
pub(crate) struct Written {
    pub(crate) text: String,
    pub(crate) raw: Vec<u8>,
}

#[derive(Clone, Debug)]
pub(crate) struct Sample {
    pub(crate) subject: Written,
    pub(crate) name: Written,
    pub(crate) file: Written,
}

/// The same ones in every run.
pub(crate) fn samples(count: usize) -> Vec<Sample> {
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &[7; 32]);
    let mut runner = TestRunner::new_with_rng(Config::default(), rng);
    let parts = (words(), words(), file());
    let strategy = parts.prop_map(|(subject, name, file)| Sample { subject, name, file });
    (0..count).map(|_| strategy.new_tree(&mut runner).unwrap().current()).collect()
}

/// Charsets with letters that they have.
const CHARSETS: &[(&str, &str)] = &[
    ("utf-8", "[a-zé€дñ測試🐛]"),
    ("iso-8859-1", "[a-zéøñü]"),
    ("windows-1251", "[a-zпривет]"),
    ("gbk", "[a-z测试邮件]"),
    ("gb18030", "[a-z测试€é]"),
    ("big5", "[a-z會議通知]"),
    ("shift_jis", "[a-z請求書ア]"),
    ("euc-jp", "[a-z請求書ア]"),
    ("iso-2022-jp", "[a-z請求書ア]"),
    ("euc-kr", "[a-z회의안내]"),
];

/// Text with its charset and its bytes there.
fn text() -> impl Strategy<Value = (String, &'static str, Vec<u8>)> {
    prop::sample::select(CHARSETS).prop_flat_map(|(charset, letter)| {
        proptest::string::string_regex(&format!("{letter}{{1,12}}( {letter}{{1,6}}){{0,2}}")).unwrap().prop_map(
            move |text| {
                let encoding = encoding_rs::Encoding::for_label(charset.as_bytes()).unwrap();
                let bytes = encoding.encode(&text).0.into_owned();
                (text, charset, bytes)
            },
        )
    })
}

/// Cuts the bytes, perhaps within a character. Shifts of ISO-2022-JP start again with each word.
fn pieces(charset: &str, bytes: &[u8], length: usize) -> Vec<Vec<u8>> {
    if charset == "iso-2022-jp" { vec![bytes.to_vec()] } else { bytes.chunks(length).map(<[u8]>::to_vec).collect() }
}

/// An encoded word, in one of three encodings.
fn word(charset: &str, piece: &[u8], kind: u8) -> String {
    let quoted = || {
        let octet = |byte: &u8| match byte {
            b' ' => "_".to_owned(),
            b'a'..=b'z' => char::from(*byte).to_string(),
            _ => format!("={byte:02X}"),
        };
        piece.iter().map(octet).collect::<String>()
    };
    match kind {
        0 => format!("=?{charset}?Q?{}?=", quoted()),
        1 => format!("=?{charset}?B?{}?=", STANDARD.encode(piece)),
        _ => format!("=?{}?b?{}?=", charset.to_uppercase(), STANDARD_NO_PAD.encode(piece)),
    }
}

fn words() -> impl Strategy<Value = Written> {
    (text(), 3_usize..20, prop::collection::vec(0_u8..3, 40), any::<bool>(), any::<bool>()).prop_map(
        |((text, charset, bytes), length, kinds, is_folded, is_raw)| {
            // Bytes that could be UTF-8 would be read as UTF-8.
            let may_be_raw = charset == "utf-8" || charset == "iso-8859-1" && str::from_utf8(&bytes).is_err();
            if is_raw && may_be_raw {
                return Written { text, raw: bytes };
            }
            let words = pieces(charset, &bytes, length);
            let words: Vec<_> = words.iter().zip(kinds).map(|(piece, kind)| word(charset, piece, kind)).collect();
            Written { text, raw: words.join(if is_folded { "\r\n " } else { " " }).into_bytes() }
        },
    )
}

fn percents(piece: &[u8]) -> String {
    piece.iter().map(|byte| format!("%{byte:02x}")).collect()
}

fn file() -> impl Strategy<Value = Written> {
    prop_oneof![
        words().prop_map(|Written { text, raw }| {
            let raw = [b"filename=\"", &raw[..], b"\""].concat();
            Written { text, raw }
        }),
        text().prop_map(|(text, charset, bytes)| {
            let raw = format!("filename=\"x\"; FileName*={charset}'en'{}", percents(&bytes));
            Written { text, raw: raw.into_bytes() }
        }),
        (text(), 1_usize..9, any::<bool>()).prop_map(|((text, charset, bytes), length, backwards)| {
            let piece = |(number, piece): (usize, &[u8])| match number {
                0 => format!("filename*0*={charset}''{}", percents(piece)),
                _ if piece.is_ascii() && piece.iter().all(u8::is_ascii_alphanumeric) => {
                    format!("filename*{number}=\"{}\"", String::from_utf8_lossy(piece))
                }
                _ => format!("filename*{number}*={}", percents(piece)),
            };
            let mut pieces: Vec<_> = bytes.chunks(length).enumerate().map(piece).collect();
            if backwards {
                pieces.reverse();
            }
            Written { text, raw: pieces.join(";\r\n\t").into_bytes() }
        }),
        (words(), 4_usize..30).prop_map(|(Written { text, raw }, length)| {
            // A fold within a piece would be white space of the name.
            let raw: Vec<u8> = raw.into_iter().filter(|byte| !b"\r\n".contains(byte)).collect();
            let piece =
                |(number, piece): (usize, &[u8])| [format!("filename*{number}=\"").as_bytes(), piece, b"\""].concat();
            Written { text, raw: raw.chunks(length).enumerate().map(piece).collect::<Vec<_>>().join(&b"; "[..]) }
        }),
    ]
}
