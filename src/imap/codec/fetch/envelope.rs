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
    let [name, route] = [field(tokens)?.words(), field(tokens)?.words()];
    let [mailbox, host] = [field(tokens)?.words(), field(tokens)?.words()];
    let [[a, b], [c, d], [e, f], [g, h]] = [name, route, mailbox, host];
    tape.extend_from_slice(&[a, b, c, d, e, f, g, h]);
    close(tokens)
}

/// Reads the closing parenthesis, and skips what stands before it.
#[inline]
pub(super) fn close(tokens: &mut Tokens<'_>) -> Read<()> {
    while !tokens.closes() {
        tokens.skip_value()?;
    }
    Ok(())
}
