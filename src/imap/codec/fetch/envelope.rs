//! ENVELOPE (RFC 9051 §7.5.2) onto the tape, with what real servers send in its place. It must not know the message around it.

use crate::defect::Reason;
use crate::imap::codec::token::{Read, Tokens};
use crate::imap::types::tape::{Span, envelope};

/// Reads an envelope and writes its words; what it wrote before an error is the caller's to take back.
pub(super) fn read(tokens: &mut Tokens<'_>, tape: &mut Vec<u32>) -> Read<()> {
    if !tokens.eat(b'(') {
        return Err(if tokens.nil() { Reason::Missing } else { Reason::Syntax });
    }
    // Domino wraps the envelope in another pair of parentheses.
    let wrapped = tokens.peek() == Some(b'(') && tokens.cursor.peek_second() != Some(b')') && tokens.eat(b'(');
    let base = tape.len();
    tape.extend_from_slice(&[0; envelope::HEAD]);
    let [[a, b], [c, d]] = [field(tokens)?.words(), field(tokens)?.words()];
    let mut ends = [0; 6];
    for end in &mut ends {
        addresses(tokens, tape)?;
        *end = (tape.len() - base) as u32;
    }
    let [[e, f], [g, h]] = [field(tokens)?.words(), field(tokens)?.words()];
    let [i, j, k, l, m, n] = ends;
    if let Some(head) = tape.get_mut(base..base + envelope::HEAD) {
        head.copy_from_slice(&[a, b, c, d, e, f, g, h, i, j, k, l, m, n]);
    }
    close(tokens)?;
    if wrapped { close(tokens) } else { Ok(()) }
}

/// One string; NIL where the envelope ends early, as old servers' do.
#[inline(always)]
fn field(tokens: &mut Tokens<'_>) -> Read<Span> {
    match tokens.usual_string() {
        Some(span) => Ok(span),
        None => odd_field(tokens),
    }
}

#[inline(never)]
fn odd_field(tokens: &mut Tokens<'_>) -> Read<Span> {
    tokens.skip_spaces();
    match tokens.peek() {
        Some(b')') => Ok(Span::NIL),
        _ => tokens.nstring(),
    }
}

#[inline]
fn addresses(tokens: &mut Tokens<'_>, tape: &mut Vec<u32>) -> Read<()> {
    tokens.skip_spaces();
    match tokens.peek() {
        Some(b'(') => {
            tokens.eat(b'(');
        }
        Some(b')') => return Ok(()),
        _ if tokens.nil() => return Ok(()),
        _ => return Err(Reason::Syntax),
    }
    while !tokens.closes() {
        if tokens.eat(b'(') {
            address(tokens, tape)?;
        } else if !tokens.nil() {
            return Err(Reason::Syntax);
        }
    }
    Ok(())
}

#[inline]
fn address(tokens: &mut Tokens<'_>, tape: &mut Vec<u32>) -> Read<()> {
    tokens.fits(tape)?;
    let start = tokens.cursor.at();
    let mut spans = [field(tokens)?, field(tokens)?, field(tokens)?, field(tokens)?];
    if !tokens.closes() {
        spans = long_address(tokens, start).unwrap_or(spans);
        close(tokens)?;
    }
    let [[a, b], [c, d], [e, f], [g, h]] = spans.map(Span::words);
    tape.extend_from_slice(&[a, b, c, d, e, f, g, h]);
    Ok(())
}

/// Reads an address of more than four strings again: a name whose literal was announced too short, or that has unescaped
/// quotes in it, is torn into several. The last three are what they should be, all before them the name.
#[cold]
fn long_address(tokens: &mut Tokens<'_>, start: usize) -> Option<[Span; 4]> {
    let behind = tokens.cursor.at();
    tokens.cursor.seek(start);
    let (mut last, mut name) = ([(Span::NIL, start); 4], None);
    loop {
        tokens.skip_spaces();
        if matches!(tokens.peek(), None | Some(b')' | b'\r' | b'\n')) {
            break;
        }
        let Ok(span) = tokens.nstring() else {
            tokens.cursor.seek(behind);
            return None;
        };
        name.get_or_insert(span);
        last.rotate_left(1);
        last[3] = (span, tokens.cursor.at());
    }
    let name = name.filter(|name| !name.is_nil())?;
    let [(_, end), (route, _), (mailbox, _), (host, _)] = last;
    Some([Span::new(name.range().start, end.max(name.range().end)), route, mailbox, host])
}

/// Reads the closing parenthesis, and skips what stands before it.
#[inline]
pub(super) fn close(tokens: &mut Tokens<'_>) -> Read<()> {
    while !tokens.closes() {
        tokens.skip_value()?;
    }
    Ok(())
}
