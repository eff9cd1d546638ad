//! Texts in many charsets, names in every form that mailers write, and the transfer encodings, each with what it means. It knows no message.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// A text: the charset's label, its bytes, and its meaning. The label is empty if none is declared.
pub(crate) struct Sample {
    pub(crate) label: &'static str,
    pub(crate) bytes: &'static [u8],
    pub(crate) text: &'static str,
}

/// A name: the parameters of Content-Type and of Content-Disposition that declare it, as they are written, and its meaning.
pub(crate) struct NameForm {
    pub(crate) what: &'static str,
    pub(crate) kind: &'static [u8],
    pub(crate) disposition: &'static [u8],
    pub(crate) means: Option<&'static str>,
}

const fn sample(label: &'static str, bytes: &'static [u8], text: &'static str) -> Sample {
    Sample { label, bytes, text }
}

pub(crate) const SAMPLES: &[Sample] = &[
    sample("", b"Plain", "Plain"),
    sample("", b"Gr\xc3\xbc\xc3\x9fe", "Grüße"),
    sample("us-ascii", b"Plain", "Plain"),
    sample("utf-8", b"Gr\xc3\xbc\xc3\x9fe \xe4\xbc\x9a\xe8\xad\xb0 \xf0\x9f\x90\x9b", "Grüße 会議 🐛"),
    sample("UTF8", b"caf\xc3\xa9", "café"),
    sample("ISO-8859-1", b"Gr\xfc\xdfe", "Grüße"),
    sample("iso-8859-2", b"\xb1 \xbf", "ą ż"),
    sample("iso-8859-8-i", b"\xf9\xec\xe5\xed", "שלום"),
    sample("iso-8859-15", b"10 \xa4", "10 €"),
    sample("windows-1251", b"\xcf\xf0\xe8\xe2\xe5\xf2", "Привет"),
    sample("windows-1252", b"10 \x80", "10 €"),
    sample("koi8-r", b"\xf0\xd2\xc9\xd7\xc5\xd4", "Привет"),
    sample("gb2312", b"\xb2\xe2\xca\xd4", "测试"),
    sample("GB18030", b"\xb2\xe2\xca\xd4\xd3\xca\xbc\xfe", "测试邮件"),
    sample("big5", b"\xb7|\xc4\xb3\xb3q\xaa\xbe", "會議通知"),
    sample("shift_jis", b"\x90\xbf\x8b\x81\x8f\x91", "請求書"),
    sample("EUC-JP", b"\xc0\xc1\xb5\xe1\xbd\xf1", "請求書"),
    sample("iso-2022-jp", b"\x1b$B2q5D\x1b(B", "会議"),
    sample("euc-kr", b"\xc8\xb8\xc0\xc7", "회의"),
    sample("utf-7", b"Gr+APwA3w-e", "Grüße"),
    sample("cp850", b"caf\x82", "café"),
    sample("macintosh", b"caf\x8e", "café"),
    sample("utf-16le", b"h\x00\xe9\x00", "hé"),
];

const fn form(
    what: &'static str,
    kind: &'static [u8],
    disposition: &'static [u8],
    means: Option<&'static str>,
) -> NameForm {
    NameForm { what, kind, disposition, means }
}

pub(crate) const NAME_FORMS: &[NameForm] = &[
    form("none", b"", b"", None),
    form("token", b"", b"; filename=report.pdf", Some("report.pdf")),
    form("quoted", b"", b"; filename=\"annual report.pdf\"", Some("annual report.pdf")),
    form("name only", b"; name=\"report.pdf\"", b"", Some("report.pdf")),
    form("both", b"; name=\"old.pdf\"", b"; filename=\"new.pdf\"", Some("new.pdf")),
    form("empty filename", b"; name=\"report.pdf\"", b"; filename=\"\"", Some("report.pdf")),
    form("upper-case parameter", b"", b"; FILENAME=\"report.pdf\"", Some("report.pdf")),
    form("blanks around", b"", b" ;  filename = \"report.pdf\" ", Some("report.pdf")),
    form("folded", b";\r\n\tname=\"report.pdf\"", b";\r\n filename=\"annual.pdf\"", Some("annual.pdf")),
    form("folded in quotes", b"", b"; filename=\"annual\r\n report.pdf\"", Some("annual report.pdf")),
    form("semicolon in quotes", b"", b"; filename=\"a;b.pdf\"; x=y", Some("a;b.pdf")),
    form("escaped quote", b"", b"; filename=\"a \\\"b\\\".pdf\"", Some("a \"b\".pdf")),
    form("escaped backslash", b"", b"; filename=\"C:\\\\a.pdf\"", Some("C:\\a.pdf")),
    form("word b", b"", b"; filename=\"=?utf-8?B?0YLQtdGB0YIuY3N2?=\"", Some("тест.csv")),
    form("word q", b"; name=\"=?iso-8859-1?Q?caf=E9.txt?=\"", b"", Some("café.txt")),
    form("word unquoted", b"", b"; filename==?utf-8?Q?caf=C3=A9.txt?=", Some("café.txt")),
    form("words folded", b"", b"; filename=\"=?utf-8?Q?caf=C3=A9?=\r\n =?utf-8?Q?_2.txt?=\"", Some("café 2.txt")),
    form("character in two words", b"", b"; filename=\"=?utf-8?Q?caf=C3?= =?utf-8?Q?=A9.txt?=\"", Some("café.txt")),
    form("word beside text", b"", b"; filename=\"=?utf-8?Q?Salg=C3=B8_12B?=.pdf\"", Some("Salgø 12B.pdf")),
    form("extended utf-8", b"", b"; filename*=utf-8''r%C3%A9sum%C3%A9.pdf", Some("résumé.pdf")),
    form("extended latin-1", b"", b"; filename*=iso-8859-1'fr'r%E9sum%E9.pdf", Some("résumé.pdf")),
    form("extended gb18030", b"", b"; filename*=gb18030''%B2%E2%CA%D4.txt", Some("测试.txt")),
    form("extended name", b"; name*=utf-8''r%C3%A9sum%C3%A9.pdf", b"", Some("résumé.pdf")),
    form(
        "extended and plain",
        b"",
        b"; filename=\"resume.pdf\"; filename*=utf-8''r%C3%A9sum%C3%A9.pdf",
        Some("résumé.pdf"),
    ),
    form("extended in quotes", b"", b"; filename*=\"utf-8''r%C3%A9sum%C3%A9.pdf\"", Some("résumé.pdf")),
    form("extended without charset", b"", b"; filename*=''r%C3%A9sum%C3%A9.pdf", Some("résumé.pdf")),
    form("extended with a word", b"", b"; filename*=\"=?utf-8?Q?caf=C3=A9.txt?=\"", Some("café.txt")),
    form("pieces", b"", b"; filename*0=\"annual \"; filename*1=\"report.pdf\"", Some("annual report.pdf")),
    form("pieces unquoted", b"; name*0=an;\r\n name*1=nual.pdf", b"", Some("annual.pdf")),
    form("pieces extended", b"", b"; filename*0*=utf-8''r%C3%A9s; filename*1*=um%C3%A9.pdf", Some("résumé.pdf")),
    form("pieces mixed", b"", b"; filename*0*=utf-8''r%C3%A9s;\r\n filename*1=\"um%.pdf\"", Some("résum%.pdf")),
    form("character in two pieces", b"", b"; filename*0*=utf-8''caf%C3; filename*1*=%A9.txt", Some("café.txt")),
    form("pieces out of order", b"", b"; filename*1=\"report.pdf\"; filename*0=\"annual \"", Some("annual report.pdf")),
    form(
        "pieces of a word",
        b"",
        b"; filename*0=\"=?utf-8?B?dGVzdHRl\"; filename*1=\"c3RlLnhsc3g=?=\"",
        Some("testteste.xlsx"),
    ),
    form("raw utf-8", b"", b"; filename=\"0 \xd0\xb4\xd0\xbd\xd0\xb5\xd0\xb9.xls\"", Some("0 дней.xls")),
    form("raw latin-1", b"", b"; filename=\"caf\xe9.txt\"", Some("café.txt")),
];

/// A transfer encoding as a part declares it, or the way in which it is written.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Encoding {
    None,
    SevenBit,
    EightBit,
    Binary,
    Base64,
    /// In upper case, and without line ends.
    Base64OnOneLine,
    QuotedPrintable,
}

impl Encoding {
    pub(crate) const ALL: [Self; 7] = [
        Self::None,
        Self::SevenBit,
        Self::EightBit,
        Self::Binary,
        Self::Base64,
        Self::Base64OnOneLine,
        Self::QuotedPrintable,
    ];

    pub(crate) fn label(self) -> Option<&'static str> {
        Some(match self {
            Self::None => return None,
            Self::SevenBit => "7bit",
            Self::EightBit => "8bit",
            Self::Binary => "binary",
            Self::Base64 => "base64",
            Self::Base64OnOneLine => "BASE64",
            Self::QuotedPrintable => "quoted-printable",
        })
    }

    pub(crate) fn is_identity(self) -> bool {
        matches!(self, Self::None | Self::SevenBit | Self::EightBit | Self::Binary)
    }

    pub(crate) fn encode(self, octets: &[u8]) -> Vec<u8> {
        match self {
            Self::None | Self::SevenBit | Self::EightBit | Self::Binary => octets.to_vec(),
            Self::Base64OnOneLine => STANDARD.encode(octets).into_bytes(),
            Self::Base64 => STANDARD.encode(octets).as_bytes().chunks(76).collect::<Vec<_>>().join(&b"\r\n"[..]),
            Self::QuotedPrintable => quoted_printable(octets),
        }
    }
}

/// Line ends stay; everything else that is not a printable character is encoded, and the last blank of a line.
fn quoted_printable(octets: &[u8]) -> Vec<u8> {
    let (mut out, mut column) = (Vec::new(), 0);
    let mut at = 0;
    while let Some(&octet) = octets.get(at) {
        if octets[at..].starts_with(b"\r\n") {
            out.extend_from_slice(b"\r\n");
            (at, column) = (at + 2, 0);
            continue;
        }
        let is_last = octets.get(at + 1).is_none_or(|&next| matches!(next, b'\r' | b'\n'));
        let is_plain = matches!(octet, b'!'..=b'<' | b'>'..=b'~') || octet == b' ' && !is_last;
        let piece = if is_plain { vec![octet] } else { format!("={octet:02X}").into_bytes() };
        if column + piece.len() > 75 {
            out.extend_from_slice(b"=\r\n");
            column = 0;
        }
        column += piece.len();
        out.extend_from_slice(&piece);
        at += 1;
    }
    out
}
