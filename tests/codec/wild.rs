//! Bytes such as public bug reports show: what a program reads from an IMAP server's response, and from a message. Each row has the report
//! that it follows, or the project with such bugs. Wording, names and addresses are invented.

use postroom::imap::{Fetched, Response, codec};
use postroom::mail_parser::MimeHeaders;
use postroom::{Limits, Message, MessageId};

fn fetched(attributes: &[u8]) -> Fetched {
    let frame = [b"* 3 FETCH (UID 7 ", attributes, b" FLAGS (\\Seen))\r\n"].concat();
    let Response::Fetch(fetched) = codec::response(&frame.into(), &Limits::default()).unwrap() else { panic!() };
    assert_eq!(fetched.uid().map(u32::from), Some(7), "{}", attributes.escape_ascii());
    assert!(fetched.flags().unwrap().seen(), "{}", attributes.escape_ascii());
    fetched
}

/// The source, the subject as a server sends it, and its meaning.
const SUBJECTS: &[(&str, &[u8], &str)] = &[
    ("SpamScope/mail-parser#79", b"=?EUC-JP?B?wMG14b3x?=", "請求書"),
    ("Webklex/php-imap#410", b"=?ISO-2022-JP?B?GyRCMnE1RCROJCpDTiRpJDsbKEI=?=", "会議のお知らせ"),
    ("dinhvh/libetpan", b"=?big5?B?t3zEs7Nxqr4=?=", "會議通知"),
    ("nodemailer/mailparser#161", b"=?gb18030?B?suLK1NPKvP4=?=", "测试邮件"),
    ("jstedfast/MailKit#669", b"=?GBK?B?u7bTrQ==?=", "欢迎"),
    ("jstedfast/MimeKit", b"=?utf-8?Q?a=b=c?=", "a=b=c"),
    ("Webklex/laravel-imap", b"=?UTF-8?B?aGVsbG8?=", "hello"),
    ("foens/hpop#50", b"=?utf-8?Q?=D0=A3=D0=B2=D0?= =?utf-8?Q?=B9?=", "Увй"),
    ("kisli/vmime#317", b"F\xe5 en b\xe5d", "Få en båd"),
    ("jstedfast/MimeKit", b"=?cp1251?B?z/Do4uXy?=", "Привет"),
    ("jstedfast/MimeKit", b"=?utf-7?Q?Gr+APwA3w-e?=", "Grüße"),
    ("jstedfast/MimeKit", b"=?iso-8859-1?Q?=93hi=94?=", "“hi”"),
    ("jstedfast/MimeKit", b"=?x-unheard-of?Q?abc?=", "abc"),
    ("jstedfast/MimeKit", b"=?utf-8?B?w6k", "=?utf-8?B?w6k"),
];

#[test]
fn subjects_are_read() {
    for (report, raw, text) in SUBJECTS {
        let size = raw.len().to_string();
        let envelope: [&[u8]; 5] =
            [b"ENVELOPE (NIL {", size.as_bytes(), b"}\r\n", raw, b" NIL NIL NIL NIL NIL NIL NIL NIL)"];
        assert_eq!(fetched(&envelope.concat()).subject().as_deref(), Some(*text), "{report}");
    }
}

/// The source, the parameters of type and disposition, and the file's name.
const FILES: &[(&str, &[u8], &[u8], &str)] = &[
    (
        "Webklex/laravel-imap#394",
        b"(\"name\" \"____.pdf\")",
        b"(\"filename*\" \"utf-8''%E3%82%A6%E3%82%A3.pdf\")",
        "ウィ.pdf",
    ),
    (
        "jstedfast/MailKit#514",
        b"(\"name*0\" \"long na\" \"name*1\" \"me.pdf\")",
        b"(\"filename*0\" \"long na\" \"filename*1\" \"me.pdf\")",
        "long name.pdf",
    ),
    ("jstedfast/MailKit#514", b"(\"NAME*1\" \"me.pdf\" \"NAME*0\" \"long na\")", b"NIL", "long name.pdf"),
    ("roundcube/roundcubemail#6783", b"NIL", b"(\"FILENAME*\" \"UTF-8''%E2%82%AC%20rates.pdf\")", "€ rates.pdf"),
    ("sunholo-data/ailang#678", b"NIL", b"(\"filename\" \"=?iso-8859-1?Q?Salg=F8_12B?=.pdf\")", "Salgø 12B.pdf"),
    ("ikvk/imap_tools#220", b"(\"name\" \"r\xe9sum\xe9.doc\")", b"(\"filename\" \"r\xe9sum\xe9.doc\")", "résumé.doc"),
    ("jstedfast/MimeKit", b"NIL", b"(\"filename*\" \"=?UTF-8?B?0JzQtdC8by5kb2M=?=\")", "Мемo.doc"),
];

#[test]
fn file_names_are_read() {
    for (report, params, disposition, name) in FILES {
        let structure: [&[u8]; 5] = [
            b"BODYSTRUCTURE (\"application\" \"x\" ",
            params,
            b" NIL NIL \"base64\" 690 NIL (\"attachment\" ",
            disposition,
            b") NIL NIL)",
        ];
        let fetched = fetched(&structure.concat());
        assert_eq!(fetched.body_structure().unwrap().filename().as_deref(), Some(*name), "{report}");
    }
}

#[test]
fn what_servers_get_wrong_costs_nothing_else() {
    // MailCore/mailcore2#1220: QQ.
    let pw = r#"(("y" NIL "pw" "sina.example\"))"#;
    let envelope = format!(r#"ENVELOPE ("d" "s" {pw} {pw} {pw} ((NIL NIL "n" "q.example")) NIL NIL NIL "<94@l>")"#);
    let fetched_one = fetched(envelope.as_bytes());
    let envelope = fetched_one.envelope().unwrap();
    assert_eq!(envelope.from().next().unwrap().host.unwrap(), r"sina.example\");
    assert_eq!(
        (envelope.to().next().unwrap().to_string().as_str(), envelope.message_id().unwrap().to_string().as_str()),
        ("n@q.example", "<94@l>")
    );
    // SwiftMail's parser tests.
    assert_eq!(fetched(b"BODY.PEEK[] {5}\r\nhello").body().as_deref(), Some(&b"hello"[..]));
    // thunderbird/thunderbird-android.
    let frame = "* 3 FETCH (UID 7 FLAGS (\\Seen \"a flag\" Junk/x [a] żółw $Forwarded))\r\n";
    let Response::Fetch(flagged) = codec::response(&frame.into(), &Limits::default()).unwrap() else { panic!() };
    assert_eq!(flagged.flags().unwrap().len(), 6);
    // jakartaee/mail-api.
    let Response::Id(id) =
        codec::response(&"* ID (\"name\" \"x\" \"version\" NIL \"os\")\r\n".into(), &Limits::default()).unwrap()
    else {
        panic!()
    };
    assert_eq!(id.len(), 3);
}

/// A message with these fields and this body.
fn message(rest: &[u8]) -> Message {
    let head: &[u8] = b"From: Ann <ann@a.example>\r\nMIME-Version: 1.0\r\nSubject: x\r\n";
    Message::new(MessageId::other("wild", "1"), [head, rest].concat())
}

/// The source, fields and text of a message, and the meaning of the text.
const TEXTS: &[(&str, &[u8], &str)] = &[
    ("nodemailer/mailparser#161", b"Content-Type: text/plain; charset=gb18030\r\n\r\n\xb2\xe2\xca\xd4\xd3\xca\xbc\xfe", "测试邮件"),
    ("nodemailer/mailparser#43", b"Content-Type: text/plain; charset=big5\r\n\r\n\xb7\x7c\xc4\xb3\xb3\x71\xaa\xbe", "會議通知"),
    ("nodemailer/mailparser#43", b"Content-Type: text/plain; charset=euc-kr\r\n\r\n\xc8\xb8\xc0\xc7", "회의"),
    ("nodemailer/mailparser#43", b"Content-Type: text/plain; charset=gbk\r\n\r\n\xbb\xb6\xd3\xad", "欢迎"),
    ("nodemailer/mailparser#43", b"Content-Type: text/plain; charset=shift_jis\r\n\r\n\x90\xbf\x8b\x81\x8f\x91", "請求書"),
    ("nodemailer/mailparser#43", b"Content-Type: text/plain; charset=cp850\r\n\r\n\x82", "é"),
    ("nodemailer/mailparser#43", b"Content-Type: text/plain; charset=x-unheard-of\r\n\r\nS\xf8ren", "Søren"),
    ("nodemailer/mailparser#370", b"\r\nS\xf8ren", "Søren"),
    ("postalsys/imapflow#67", b"Content-Type: multipart/alternative; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\nR3LDvMOfZSBhdXMgZGVt\r\nIFVyb", "Grüße aus dem Ur"),
];

#[test]
fn text_is_read() {
    for (report, bytes, text) in TEXTS {
        assert_eq!(message(bytes).parse().unwrap().body_text(0).as_deref(), Some(*text), "{report}");
    }
    // nodemailer/mailparser#370: the charset is in the HTML.
    let html = b"Content-Type: text/html\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n<meta content=3D\"text/html; charset=3Diso-8859-2\"><b>=B1</b>";
    let parsed = message(html);
    let parsed = parsed.parse().unwrap();
    assert!(parsed.body_html(0).unwrap().ends_with("<b>ą</b>"));
}

/// The source, the fields and the base64 of an attachment with what follows it, its name and its octets.
const ATTACHMENTS: &[(&str, &str, &str, &str, &str)] = &[
    (
        "jstedfast/MimeKit",
        "Content-Type: application/pdf; name=x.pdf",
        "aGVs\r\n bG8\r\n\r\n--b--\r\n",
        "x.pdf",
        "hello",
    ),
    (
        "nodemailer/mailparser#277",
        "Content-Type: application/pdf; name=x.pdf",
        "aGVs!bG8=\r\n--b--\r\n",
        "x.pdf",
        "hello",
    ),
    ("nodemailer/mailparser", "Content-Type: application/pdf; name=x.pdf", "aGVsbG8=\r\n", "x.pdf", "hello"),
    (
        "jstedfast/MimeKit#1095",
        "Content-Disposition: attachment;\r\n filename==?UTF-8?Q?Hello?=\r\n =?UTF-8?Q?World.txt?=\r\nContent-Type: x/y",
        "aGVsbG8=\r\n--b--\r\n",
        "HelloWorld.txt",
        "hello",
    ),
    (
        "jstedfast/gmime#123",
        "Content-Disposition: attachment;\r\n filename*0=\"=?UTF-8?B?dGVzdHRlc3\";\r\n filename*1=\"RlLnhsc3g=?=\"\r\nContent-Type: x/y",
        "aGVsbG8=\r\n--b--\r\n",
        "testteste.xlsx",
        "hello",
    ),
    (
        "Tencent's mailers",
        "Content-Disposition: attachment;\r\n filename*=gb18030''%B2%E2%CA%D4.txt\r\nContent-Type: x/y",
        "aGVsbG8=\r\n--b--\r\n",
        "测试.txt",
        "hello",
    ),
    (
        "jstedfast/MimeKit",
        "Content-Type: application/pdf; name=x.pdf",
        "aGVsbG8=aGVsbG8=\r\n--b--\r\n",
        "x.pdf",
        "hellohello",
    ),
];

#[test]
fn attachments_are_read() {
    for (report, fields, base64, name, octets) in ATTACHMENTS {
        let head =
            "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\nhi\r\n--b\r\n";
        let message =
            message(format!("{head}{fields}\r\nContent-Transfer-Encoding: base64\r\n\r\n{base64}").as_bytes());
        let parsed = message.parse().unwrap();
        let attachment = parsed.attachment(0).unwrap();
        assert_eq!((attachment.attachment_name(), attachment.contents()), (Some(*name), octets.as_bytes()), "{report}");
        assert_eq!(parsed.body_text(0).as_deref(), Some("hi"), "{report}");
    }
}

/// RFC 5322 §2.1: an empty line ends the header. Thunderbird skips one at the beginning; a server's ENVELOPE is empty there, and
/// the message must be the same in both protocols.
#[test]
fn a_message_that_begins_with_an_empty_line_has_no_header() {
    let message = Message::new(MessageId::other("wild", "1"), "\r\nSubject: s\r\n\r\nb\r\n");
    assert_eq!(message.parse().and_then(|parsed| parsed.subject().map(str::to_owned)), None);
}
