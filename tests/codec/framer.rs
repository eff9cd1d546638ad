//! A server's view of what a client sends: how many commands these bytes contain, by the rules for quotes, literals and
//! parentheses (RFC 9051 §2.2.1, §4.3). It must not know a command by name.

use postroom::imap::codec::encode::Segment;

/// The bytes as they are sent after a tag, with every literal announced in the form of LITERAL+.
pub(crate) fn wire(segments: &[Segment]) -> Vec<u8> {
    let mut wire = b"A1 ".to_vec();
    for segment in segments {
        match segment {
            Segment::Text(bytes) | Segment::Secret(bytes) => wire.extend_from_slice(bytes),
            Segment::Literal { bytes, .. } => {
                wire.extend_from_slice(format!("{{{}+}}\r\n", bytes.len()).as_bytes());
                wire.extend_from_slice(bytes);
            }
            other => panic!("{other:?}"),
        }
    }
    wire
}

/// Where the first command ends, or why it has no end.
pub(crate) fn end_of_command(wire: &[u8]) -> Result<usize, &'static str> {
    let (mut at, mut depth, mut quoted) = (0, 0_usize, false);
    while let Some(&byte) = wire.get(at) {
        at += 1;
        match (byte, quoted) {
            (b'\0', _) => return Err("NUL"),
            (b'\r' | b'\n', true) => return Err("a line end in quotes"),
            (b'"', _) => quoted = !quoted,
            (b'\\', true) => {
                if !matches!(wire.get(at), Some(b'"' | b'\\')) {
                    return Err("an escape of nothing");
                }
                at += 1;
            }
            (_, true) => {}
            (b'(', false) => depth += 1,
            (b')', false) => depth = depth.checked_sub(1).ok_or("a parenthesis closed twice")?,
            (b'{', false) => at = end_of_literal(wire, at)?,
            (b'\n', false) => return Err("a bare LF"),
            (b'\r', false) => {
                return match (wire.get(at), depth) {
                    (Some(b'\n'), 0) => Ok(at + 1),
                    (Some(b'\n'), _) => Err("an open parenthesis"),
                    _ => Err("a bare CR"),
                };
            }
            (byte, false) if !(b' '..0x7f).contains(&byte) => return Err("a byte that only strings hold"),
            _ => {}
        }
    }
    Err("no end")
}

fn end_of_literal(wire: &[u8], at: usize) -> Result<usize, &'static str> {
    let rest = &wire[at..];
    let digits = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let len: usize = std::str::from_utf8(&rest[..digits]).unwrap().parse().map_err(|_| "a literal without a length")?;
    let head = rest[digits..].strip_prefix(b"+}\r\n").ok_or("a brace that opens no literal")?;
    if len > head.len() { Err("a truncated literal") } else { Ok(wire.len() - head.len() + len) }
}

#[test]
fn the_framer_tells_two_commands_from_one() {
    let one = b"A1 X \"a\\\"b\" {3+}\r\n\r\n) (a)\r\n";
    assert_eq!(end_of_command(one), Ok(one.len()));
    assert_eq!(end_of_command(b"A1 X\r\nA2 Y\r\n"), Ok(6));
    for wrong in
        [&b"A1 X (\r\n"[..], b"A1 X \"\r\n", b"A1 {3}\r\n", b"A1 a\nb\r\n", b"A1 )\r\n", b"A1 {9+}\r\na", b"A1"]
    {
        assert!(end_of_command(wrong).is_err(), "{}", wrong.escape_ascii());
    }
}
