//! Messages such as public bug reports show: the parts that a program sees of them, by either protocol. Each row has the report that it
//! follows, or the project with such bugs. Wording, names and addresses are invented.

use postroom::{Contents, Defect, MimePart, Reason};

use super::{compare, message};

/// The header of a message whose row begins within it.
const HEAD: &[u8] = b"From: Ann <ann@a.example>\r\nTo: bo@b.example\r\nMIME-Version: 1.0\r\nSubject: x\r\n";

/// The source, the message, and its parts: section, role, type, charset, size after decoding, name.
#[rustfmt::skip]
const WILD: &[(&str, &[u8], &[&str])] = &[
    (
        "nodemailer/mailparser#161: text in gb18030",
        b"Content-Type: text/plain; charset=\"gb18030\"\r\nContent-Transfer-Encoding: base64\r\n\r\nsuLK1NPKvP4=\r\n",
        &["1 Text text/plain gb18030 8"],
    ),
    (
        "nodemailer/mailparser#43 (kind): text in big5",
        b"Content-Type: text/plain; charset=\"big5\"\r\nContent-Transfer-Encoding: base64\r\n\r\nt3zEs7Nxqr4=\r\n",
        &["1 Text text/plain big5 8"],
    ),
    (
        "nodemailer/mailparser#43 (kind): text in euc-kr",
        b"Content-Type: text/plain; charset=\"euc-kr\"\r\nContent-Transfer-Encoding: base64\r\n\r\nyLjAxyC+yLO7\r\n",
        &["1 Text text/plain euc-kr 9"],
    ),
    (
        "nodemailer/mailparser#43 (kind): text in gbk",
        b"Content-Type: text/plain; charset=\"gbk\"\r\nContent-Transfer-Encoding: base64\r\n\r\nu7bTrcq508PTys/k\r\n",
        &["1 Text text/plain gbk 12"],
    ),
    (
        "nodemailer/mailparser#43 (kind): text in shift_jis",
        b"Content-Type: text/plain; charset=\"shift_jis\"\r\nContent-Transfer-Encoding: base64\r\n\r\nkL+LgY+RgsWCtw==\r\n",
        &["1 Text text/plain shift_jis 10"],
    ),
    (
        "tencent (kind): filename*=gb18030''",
        b"Content-Type: multipart/mixed; boundary=\"bb\"\r\n\r\n--bb\r\nContent-Type: text/plain\r\n\r\nhi\r\n--bb\r\nContent-Type: x/y\r\nContent-Disposition: attachment; filename*=gb18030''%B2%E2%CA%D4.txt\r\nContent-Transfer-Encoding: base64\r\n\r\naGVsbG8=\r\n--bb--\r\n",
        &["TEXT Group multipart/mixed", "1 Text text/plain 2", "2 Attachment x/y 5 \"测试.txt\""],
    ),
    (
        "MimeKit (kind): base64 with blanks, no padding, junk at the end",
        b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: application/pdf; name=x.pdf\r\nContent-Transfer-Encoding: base64\r\n\r\naGVs\r\n bG8\r\n\r\n--b--\r\n",
        &["TEXT Group multipart/mixed", "1 Attachment application/pdf 5 \"x.pdf\""],
    ),
    (
        "mailparser (kind): blank line in front of the header",
        b"\r\nFrom: a@b.example\r\nSubject: s\r\n\r\nb\r\n",
        &["1 Text text/plain 36"],
    ),
    (
        "mailparser (kind): closing boundary missing (cut message)",
        b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\nhi\r\n--b\r\nContent-Type: application/pdf; name=x.pdf\r\nContent-Transfer-Encoding: base64\r\n\r\naGVsbG8=\r\n",
        &["TEXT Group multipart/mixed", "1 Text text/plain 2", "2 Attachment application/pdf 5 \"x.pdf\""],
    ),
    (
        "nodemailer/mailparser#277: base64 with a foreign character in the midst",
        b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: application/pdf; name=x.pdf\r\nContent-Transfer-Encoding: base64\r\n\r\naGVs!bG8=\r\n--b--\r\n",
        &["TEXT Group multipart/mixed", "1 Attachment application/pdf 5 \"x.pdf\""],
    ),
    (
        "nodemailer/mailparser#370: no charset, Latin-1 bytes, HTML meta says iso-8859-1",
        b"Content-Type: text/html\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n<html><head><meta http-equiv=3D\"Content-Type\" content=3D\"text/html; charset=3Diso-8859-1\"></head><body>S=F8ren</body></html>\r\n",
        &["1 Html text/html ~126"],
    ),
    (
        "postalsys/imapflow#67; jstedfast/MailKit#1001: preview: a multipart cut off in the midst of its base64 text",
        b"Content-Type: multipart/alternative; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\nR3LDvMOfZSBhdXMgZGVtIFVybGF1YiwgYWxsZXMgaXN0IGd1dCBoaWVyIHVuZCBtb3JnZW4gbWVociBkYXZvbiA=\r\nbm9jaCBlaW",
        &["TEXT Group multipart/alternative", "1 Text text/plain utf-8 72"],
    ),
    (
        "jstedfast/MimeKit#1095: encoded word unquoted, folded",
        b"Content-Type: multipart/mixed; boundary=\"bb\"\r\n\r\n--bb\r\nContent-Type: text/plain\r\n\r\nhi\r\n--bb\r\nContent-Type: text/csv\r\nContent-Disposition: attachment; filename=\r\n =?UTF-8?B?SGVsbG9Xb3JsZC50eHQ=?=\r\nContent-Transfer-Encoding: base64\r\n\r\naGVsbG8=\r\n--bb--\r\n",
        &["TEXT Group multipart/mixed", "1 Text text/plain 2", "2 Attachment text/csv 5 \"HelloWorld.txt\""],
    ),
    (
        "jstedfast/gmime#123: encoded word split over continuations",
        b"Content-Type: multipart/mixed; boundary=\"bb\"\r\n\r\n--bb\r\nContent-Type: text/plain\r\n\r\nhi\r\n--bb\r\nContent-Type: x/y\r\nContent-Disposition: attachment;\r\n filename*0=\"=?UTF-8?B?dGVzdHRlc3\";\r\n filename*1=\"RlLnhsc3g=?=\"\r\nContent-Transfer-Encoding: base64\r\n\r\naGVsbG8=\r\n--bb--\r\n",
        &["TEXT Group multipart/mixed", "1 Text text/plain 2", "2 Attachment x/y 5 \"testteste.xlsx\""],
    ),
    (
        "FlowCrypt/flowcrypt-browser#3357: filename*0* then *1 plain",
        b"Content-Type: multipart/mixed; boundary=\"bb\"\r\n\r\n--bb\r\nContent-Type: text/plain\r\n\r\nhi\r\n--bb\r\nContent-Type: x/y\r\nContent-Disposition: attachment;\r\n filename*0*=utf-8''XX%20J%201%20p_c.pdf.pg;\r\n filename*1=p\r\nContent-Transfer-Encoding: base64\r\n\r\naGVsbG8=\r\n--bb--\r\n",
        &["TEXT Group multipart/mixed", "1 Text text/plain 2", "2 Attachment x/y 5 \"XX J 1 p_c.pdf.pgp\""],
    ),
    (
        "IndySockets/Indy#694: name*0=..; unquoted continuations",
        b"Content-Type: multipart/mixed; boundary=\"bb\"\r\n\r\n--bb\r\nContent-Type: text/plain\r\n\r\nhi\r\n--bb\r\nContent-Type: application/octet-stream; \r\n\tname*0=352609_v4.00-procNFe.x; \r\n\tname*1=ml\r\nContent-Disposition: attachment; \r\n\tfilename*0=352609_v4.00-procNFe.x; \r\n\tfilename*1=ml\r\nContent-Transfer-Encoding: base64\r\n\r\naGVsbG8=\r\n--bb--\r\n",
        &["TEXT Group multipart/mixed", "1 Text text/plain 2", "2 Attachment application/octet-stream 5 \"352609_v4.00-procNFe.xml\""],
    ),
    (
        "MimeKit (kind): quoted-printable with bare = and lower-case hex",
        b"Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\na=b =c3=a9 =3D =zz end=\r\n",
        &["1 Text text/plain utf-8 ~25"],
    ),
    (
        "Webklex/laravel-imap#394: two words folded by TAB",
        b"Content-Type: multipart/mixed; boundary=\"bb\"\r\n\r\n--bb\r\nContent-Type: text/plain\r\n\r\nhi\r\n--bb\r\nContent-Type: application/pdf; \r\n\tname=\"=?UTF-8?Q?Testovacie_ur=C4=8Den=C3=A1_dokol?=\r\n\t=?UTF-8?Q?a=2C_tretier=2Epdf?=\"\r\nContent-Disposition: attachment; \r\n\tfilename=\"=?UTF-8?Q?Testovacie_ur=C4=8Den=C3=A1_dokol?=\r\n\t=?UTF-8?Q?a=2C_tretier=2Epdf?=\"\r\nContent-Transfer-Encoding: base64\r\n\r\naGVsbG8=\r\n--bb--\r\n",
        &["TEXT Group multipart/mixed", "1 Text text/plain 2", "2 Attachment application/pdf 5 \"Testovacie určená dokola, tretier.pdf\""],
    ),
    (
        "apache/airflow#65875: encoded word in quotes",
        b"Content-Type: multipart/mixed; boundary=\"bb\"\r\n\r\n--bb\r\nContent-Type: text/plain\r\n\r\nhi\r\n--bb\r\nContent-Type: text/csv\r\nContent-Disposition: attachment; filename=\"=?UTF-8?B?0YLQtdGB0YIuY3N2?=\"\r\nContent-Transfer-Encoding: base64\r\n\r\naGVsbG8=\r\n--bb--\r\n",
        &["TEXT Group multipart/mixed", "1 Text text/plain 2", "2 Attachment text/csv 5 \"тест.csv\""],
    ),
    (
        "frappe/suite#599: unknown charset",
        b"Content-Type: text/plain; charset=\"unknown-8bit\"\r\nContent-Transfer-Encoding: 8bit\r\n\r\ncaf\xc3\xa9\r\n",
        &["1 Text text/plain unknown-8bit 7"],
    ),
    (
        "ikvk/imap_tools#220: raw UTF-8",
        b"Content-Type: multipart/mixed; boundary=\"bb\"\r\n\r\n--bb\r\nContent-Type: text/plain\r\n\r\nhi\r\n--bb\r\nContent-Type: application/vnd.ms-excel; name=\"0 \xd0\xb4\xd0\xbd\xd0\xb5\xd0\xb9.xls\"\r\nContent-Disposition: attachment; filename=\"0 \xd0\xb4\xd0\xbd\xd0\xb5\xd0\xb9.xls\"\r\nContent-Transfer-Encoding: base64\r\n\r\naGVsbG8=\r\n--bb--\r\n",
        &["TEXT Group multipart/mixed", "1 Text text/plain 2", "2 Attachment application/vnd.ms-excel 5 \"0 дней.xls\""],
    ),
    (
        "ikvk/imap_tools#4: message/rfc822 attachment",
        b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\nhi\r\n--b\r\nContent-Type: message/rfc822; name=\"in.eml\"\r\nContent-Disposition: attachment; filename=\"in.eml\"\r\n\r\nFrom: x@y.example\r\nSubject: inner\r\n\r\ninner body\r\n--b--\r\n",
        &["TEXT Group multipart/mixed", "1 Text text/plain 2", "2 Message message/rfc822 47 \"in.eml\"", "2.1 Text text/plain 10"],
    ),
    (
        "imap_tools (kind): header without end",
        b"From: a@b.example\r\nSubject: s\r\n",
        &["1 Text text/plain 0"],
    ),
    (
        "imap_tools (kind): HTML only",
        b"Content-Type: text/html\r\n\r\n<p>hi</p>\r\n",
        &["1 Html text/html 11"],
    ),
    (
        "jstedfast/MimeKit#957: filename* holding a quoted encoded word",
        b"Content-Type: multipart/mixed; boundary=\"bb\"\r\n\r\n--bb\r\nContent-Type: text/plain\r\n\r\nhi\r\n--bb\r\nContent-Type: application/msword;\r\n name=\"=?UTF-8?B?0JzQtdC00YPQvdCw0YAuZG9j?=\"\r\nContent-Disposition: attachment;\r\n filename*=\"=?UTF-8?B?0JzQtdC00YPQvdCw0YAuZG9j?=\";\r\n size=247296\r\nContent-Transfer-Encoding: base64\r\n\r\naGVsbG8=\r\n--bb--\r\n",
        &["TEXT Group multipart/mixed", "1 Text text/plain 2", "2 Attachment application/msword 5 \"Медунар.doc\""],
    ),
    (
        "mailparser (kind): Windows path with backslashes",
        b"Content-Type: multipart/mixed; boundary=\"bb\"\r\n\r\n--bb\r\nContent-Type: text/plain\r\n\r\nhi\r\n--bb\r\nContent-Type: application/pdf\r\nContent-Disposition: attachment; filename=\"C:\\\\temp\\\\a.pdf\"\r\nContent-Transfer-Encoding: base64\r\n\r\naGVsbG8=\r\n--bb--\r\n",
        &["TEXT Group multipart/mixed", "1 Text text/plain 2", "2 Attachment application/pdf 5 \"C:\\\\temp\\\\a.pdf\""],
    ),
    (
        "mailparser (kind): name in Content-Type only, no disposition",
        b"Content-Type: multipart/mixed; boundary=\"bb\"\r\n\r\n--bb\r\nContent-Type: text/plain\r\n\r\nhi\r\n--bb\r\nContent-Type: application/pdf; name=\"r.pdf\"\r\nContent-Transfer-Encoding: base64\r\n\r\naGVsbG8=\r\n--bb--\r\n",
        &["TEXT Group multipart/mixed", "1 Text text/plain 2", "2 Attachment application/pdf 5 \"r.pdf\""],
    ),
    (
        "mailparser (kind): semicolon within quotes",
        b"Content-Type: multipart/mixed; boundary=\"bb\"\r\n\r\n--bb\r\nContent-Type: text/plain\r\n\r\nhi\r\n--bb\r\nContent-Type: application/pdf\r\nContent-Disposition: attachment; filename=\"a;b.pdf\"\r\nContent-Transfer-Encoding: base64\r\n\r\naGVsbG8=\r\n--bb--\r\n",
        &["TEXT Group multipart/mixed", "1 Text text/plain 2", "2 Attachment application/pdf 5 \"a;b.pdf\""],
    ),
    (
        "mailparser (kind): charset says utf-8, body is Latin-1",
        b"Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\ncaf\xe9\r\n",
        &["1 Text text/plain utf-8 6"],
    ),
    (
        "mailparser (kind): bare LF",
        b"From: a@b.example\nSubject: s\n\nb\n",
        &["1 Text text/plain 2"],
    ),
    (
        "mailparser (kind): 'Subject : x'",
        b"From: a@b.example\r\nSubject : s\r\n\r\nb\r\n",
        &["1 Text text/plain 3"],
    ),
    (
        "mailparser (kind): boundary with blank at the end of the line",
        b"Content-Type: multipart/mixed; boundary=\"b\"\r\n\r\n--b  \r\nContent-Type: text/plain\r\n\r\nhi\r\n--b  \r\nContent-Type: application/pdf; name=x.pdf\r\n\r\nhello\r\n--b--\r\n",
        &["TEXT Group multipart/mixed", "1 Text text/plain 2", "2 Attachment application/pdf 5 \"x.pdf\""],
    ),
    (
        "mailparser (kind): Content-Transfer-Encoding: BASE64 (with blanks behind)",
        b"Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding:  BASE64  \r\n\r\naGVsbG8=\r\n",
        &["1 Text text/plain utf-8 5"],
    ),
    (
        "mailparser (kind): inner boundary begins with the outer one",
        b"Content-Type: multipart/mixed; boundary=ab\r\n\r\n--ab\r\nContent-Type: multipart/alternative; boundary=abc\r\n\r\n--abc\r\nContent-Type: text/plain\r\n\r\nhi\r\n--abc\r\nContent-Type: text/html\r\n\r\n<b>hi</b>\r\n--abc--\r\n--ab\r\nContent-Type: application/pdf; name=x.pdf\r\n\r\nhello\r\n--ab--\r\n",
        &["TEXT Group multipart/mixed", "1 Group multipart/alternative", "1.1 Text text/plain 2", "1.2 Html text/html 9", "2 Attachment application/pdf 5 \"x.pdf\""],
    ),
    (
        "mutt (kind): a From_ line of mbox in front",
        b"From ann@a.example Mon Mar  2 10:00:00 2020\r\nFrom: a@b.example\r\nSubject: s\r\n\r\nb\r\n",
        &["1 Text text/plain 3"],
    ),
    (
        "nodemailer/mailparser#277 (kind): two padded base64 runs in one part",
        b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: application/pdf; name=x.pdf\r\nContent-Transfer-Encoding: base64\r\n\r\naGVsbG8=\r\naGVsbG8=\r\n--b--\r\n",
        &["TEXT Group multipart/mixed", "1 Attachment application/pdf 10 \"x.pdf\""],
    ),
    (
        "nodemailer/mailparser#43 (kind): text in cp850",
        b"Content-Type: text/plain; charset=\"cp850\"\r\nContent-Transfer-Encoding: base64\r\n\r\ngg==\r\n",
        &["1 Text text/plain cp850 1"],
    ),
    (
        "nodemailer/mailparser#43 (kind): text in iso-8859-15",
        b"Content-Type: text/plain; charset=\"iso-8859-15\"\r\nContent-Transfer-Encoding: base64\r\n\r\nMTAgpA==\r\n",
        &["1 Text text/plain iso-8859-15 4"],
    ),
    (
        "nodemailer/mailparser#43 (kind): text in iso-8859-8-i",
        b"Content-Type: text/plain; charset=\"iso-8859-8-i\"\r\nContent-Transfer-Encoding: base64\r\n\r\n+ezl7Q==\r\n",
        &["1 Text text/plain iso-8859-8-i 4"],
    ),
    (
        "nodemailer/mailparser#43 (kind): text in macintosh",
        b"Content-Type: text/plain; charset=\"macintosh\"\r\nContent-Transfer-Encoding: base64\r\n\r\njg==\r\n",
        &["1 Text text/plain macintosh 1"],
    ),
    (
        "nodemailer/mailparser#43 (kind): text in utf-16le",
        b"Content-Type: text/plain; charset=\"utf-16le\"\r\nContent-Transfer-Encoding: base64\r\n\r\naADpAA==\r\n",
        &["1 Text text/plain utf-16le 4"],
    ),
    (
        "nodemailer/mailparser#43 (kind): text in windows-1251",
        b"Content-Type: text/plain; charset=\"windows-1251\"\r\nContent-Transfer-Encoding: base64\r\n\r\nz/Do4uXy\r\n",
        &["1 Text text/plain windows-1251 6"],
    ),
    (
        "nodemailer/mailparser#43 (kind): text in windows-1256",
        b"Content-Type: text/plain; charset=\"windows-1256\"\r\nContent-Transfer-Encoding: base64\r\n\r\n49HNyMc=\r\n",
        &["1 Text text/plain windows-1256 5"],
    ),
    (
        "stalwartlabs/stalwart#888: text in koi8-r",
        b"Content-Type: text/plain; charset=\"koi8-r\"\r\nContent-Transfer-Encoding: base64\r\n\r\n8NLJ18XU\r\n",
        &["1 Text text/plain koi8-r 6"],
    ),
    (
        "thunderbird/thunderbird-android#5093: a line without colon in the midst of the header",
        b"From: a@b.example\r\nthis is no header line\r\nSubject: s\r\nContent-Type: text/plain\r\n\r\nb\r\n",
        &["1 Text text/plain 3"],
    ),
];

fn whole(row: &[u8]) -> Vec<u8> {
    if row.starts_with(b"Content-") { [HEAD, row].concat() } else { row.to_vec() }
}

fn part(part: &MimePart) -> String {
    let size = part.size().map(|size| format!("{}{}", if size.is_exact() { "" } else { "~" }, size.octets()));
    let words = [
        Some(part.section().to_string()),
        Some(format!("{:?}", part.role())),
        Some(part.media_type().to_owned()),
        part.charset().map(str::to_owned),
        size,
        part.declared_name().map(|name| format!("{name:?}")),
    ];
    words.into_iter().flatten().collect::<Vec<_>>().join(" ")
}

#[tokio::test]
async fn messages_of_bug_reports_have_the_parts_that_their_author_means() {
    let messages: Vec<_> = WILD.iter().map(|(_, bytes, _)| whole(bytes)).collect();
    let what: Vec<_> = WILD.iter().map(|(source, ..)| (*source).to_owned()).collect();
    compare(&messages, &what).await;
    for ((source, _, expected), bytes) in WILD.iter().zip(&messages) {
        let parts: Vec<_> = message(bytes).contents().parts().map(part).collect();
        assert_eq!(parts, *expected, "{source}\n{}", String::from_utf8_lossy(bytes));
    }
}

/// Thousands of parts are read, but not any number.
#[test]
fn parts_without_end_are_cut_off() {
    let part = "--b\r\n\r\n";
    let bytes = format!("Content-Type: multipart/mixed; boundary=b\r\n\r\n{}", part.repeat(20_000));
    let contents = Contents::parse(bytes);
    assert_eq!(contents.parts().count(), 10_000);
    assert_eq!(contents.defects(), [Defect::Part { path: Vec::new(), reason: Reason::TooMany }]);
}
