//! Messages with encoded parts, and what is encoded in them.

/// Octets in which no encoding finds a pattern.
pub(crate) fn noise(length: usize) -> Vec<u8> {
    (0..length).map(|at| (at * 31 % 251) as u8).collect()
}

/// Base64 in lines of this length.
pub(crate) fn base64(octets: &[u8], line: usize) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let group = |three: &[u8]| {
        let bits = (0..3).fold(0_u32, |bits, at| bits << 8 | u32::from(three.get(at).copied().unwrap_or(0)));
        let digits = (0..4).map(|at| DIGITS[(bits >> (18 - 6 * at)) as usize % 64]);
        digits.take(three.len() + 1).chain(vec![b'='; 3 - three.len()]).collect::<Vec<u8>>()
    };
    let digits: Vec<u8> = octets.chunks(3).flat_map(group).collect();
    digits.chunks(line).map(|line| String::from_utf8_lossy(line).into_owned() + "\r\n").collect()
}

/// Quoted-printable in which every octet is an escape.
pub(crate) fn quoted(octets: &[u8]) -> String {
    let line = |octets: &[u8]| octets.iter().map(|octet| format!("={octet:02X}")).collect::<String>() + "=\r\n";
    octets.chunks(20).map(line).collect()
}

/// A text and an attachment.
pub(crate) fn attached(encoding: &str, body: &str) -> Vec<u8> {
    format!(
        "From: a@example.org\r\nSubject: x\r\nDate: Sun, 01 Mar 2026 08:00:00 -0500\r\nMIME-Version: 1.0\r\n\
         Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\nHello\r\n--b\r\n\
         Content-Type: application/octet-stream\r\nContent-Transfer-Encoding: {encoding}\r\n\
         Content-Disposition: attachment; filename*=utf-8''%C3%BC.bin\r\n\r\n{body}\r\n--b--\r\n"
    )
    .into_bytes()
}

/// Messages with a text in another charset or form, and the text.
pub(crate) fn charsets() -> Vec<(Vec<u8>, String)> {
    let message = |content: &str, body: &[u8]| {
        let head = format!("From: a@example.org\r\nSubject: x\r\nMIME-Version: 1.0\r\nContent-Type: {content}\r\n\r\n");
        [head.as_bytes(), body].concat()
    };
    let coded = |charset: &str, text: &[u8]| {
        message(
            &format!("text/plain; charset={charset}\r\nContent-Transfer-Encoding: base64"),
            base64(text, 76).as_bytes(),
        )
    };
    vec![
        (
            coded("koi8-r", b"\xf0\xcf\xc5\xda\xc4 \xcf\xd0\xc1\xda\xc4\xd9\xd7\xc1\xc5\xd4.\r\n"),
            "Поезд опаздывает.".to_owned(),
        ),
        (coded("iso-2022-jp", b"\x1b$B2q5D\x1b(B.\r\n"), "会議.".to_owned()),
        (coded("utf-8", "Grüße aus Köln.\r\n".as_bytes()), "Grüße aus Köln.".to_owned()),
        (
            message(
                "text/plain; charset=iso-8859-1\r\nContent-Transfer-Encoding: quoted-printable",
                b"caf=E9 cr=E8me\r\n",
            ),
            "café crème".to_owned(),
        ),
        (message("text/html; charset=utf-8", b"<p>plain</p>\r\n"), "plain".to_owned()),
    ]
}
