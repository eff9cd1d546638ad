//! ENVELOPE (RFC 9051 §7.5.2) onto the tape, with what real servers send in its place. It must not know the message around it.

use crate::defect::Reason;
use crate::imap::codec::token::{Quotes, Read, Tokens};
use crate::imap::types::tape::{Span, envelope};

/// What of an envelope could not be read, or only with allowances.
#[derive(Debug, Default)]
pub(super) struct Trouble {
    pub(super) faults: Vec<Fault>,
    /// There were more strings in an address than there should be.
    crowded: bool,
    /// There were more values than fields.
    overlong: bool,
}

/// A field that is lost.
#[derive(Clone, Copy, Debug)]
pub(super) struct Fault {
    /// Which of [`FIELDS`](envelope::FIELDS).
    pub(super) field: usize,
    pub(super) reason: Reason,
    /// Where what could not be read begins and ends.
    pub(super) start: usize,
    pub(super) end: usize,
}

/// Faults kept for one message, so that they cost no more than what was sent.
const MOST_FAULTS: usize = 64;

impl Trouble {
    /// Faults in one field are one.
    fn note(&mut self, fault: Fault) {
        match self.faults.last_mut() {
            Some(last) if last.field == fault.field => last.end = fault.end,
            _ => {
                self.faults.truncate(MOST_FAULTS - 1);
                self.faults.push(fault);
            }
        }
    }
}

/// Reads an envelope and writes its words; what it wrote before an error is the caller's to take back. A field that cannot be
/// read is NIL, and a fault.
#[inline]
pub(super) fn read(tokens: &mut Tokens<'_>, tape: &mut Vec<u32>, trouble: &mut Trouble) -> Read<()> {
    let (begun, base, faults) = (*tokens, tape.len(), trouble.faults.len());
    let read = once::<true>(tokens, tape, trouble);
    let is_clean = read.is_ok() && !trouble.crowded && !trouble.overlong && trouble.faults.len() == faults;
    if is_clean { Ok(()) } else { again(begun, tokens, tape, base, trouble, faults, read) }
}

/// Reads an envelope that makes no sense again, with other ends of strings: QQ has a lone backslash at the end of some
/// (`"example.com\"`), other servers leave quotes unescaped that a space follows. What makes sense then is taken. No reading looks
/// further than the first did.
#[cold]
#[allow(clippy::too_many_arguments, reason = "all that the first reading had and did")]
fn again(
    begun: Tokens<'_>,
    tokens: &mut Tokens<'_>,
    tape: &mut Vec<u32>,
    base: usize,
    trouble: &mut Trouble,
    faults: usize,
    read: Read<()>,
) -> Read<()> {
    let overlong = std::mem::take(&mut trouble.overlong);
    trouble.crowded = false;
    let end = if read.is_ok() { tokens.cursor.at() } else { usize::MAX };
    let is_lost = read.is_err() || overlong || trouble.faults.len() > faults;
    let first = tape.split_off(base);
    // Names that were torn are put together already.
    let readings: &[Quotes] = if is_lost { &[Quotes::Escaped, Quotes::BeforeValues] } else { &[Quotes::Escaped] };
    for &quotes in readings {
        let (mut second, mut other) = (begun.careful(quotes, end), Trouble::default());
        let read = once::<false>(&mut second, tape, &mut other);
        if read.is_ok() && !other.crowded && !other.overlong && other.faults.is_empty() {
            tokens.cursor.seek(second.cursor.at());
            trouble.faults.truncate(faults);
            return Ok(());
        }
        tape.truncate(base);
    }
    tape.extend_from_slice(&first);
    // With more values than fields, those behind the bad one would be taken for others.
    if overlong && trouble.faults.len() > faults {
        return Err(Reason::Syntax);
    }
    read
}

#[inline]
fn once<const USUAL: bool>(tokens: &mut Tokens<'_>, tape: &mut Vec<u32>, trouble: &mut Trouble) -> Read<()> {
    if !tokens.eat(b'(') {
        return Err(if tokens.nil() { Reason::Missing } else { Reason::Syntax });
    }
    // Domino wraps the envelope in another pair of parentheses.
    let wrapped = tokens.peek() == Some(b'(') && tokens.cursor.peek_second() != Some(b')') && tokens.eat(b'(');
    let base = tape.len();
    tape.extend_from_slice(&[0; envelope::HEAD]);
    let [[a, b], [c, d]] = [field::<USUAL>(tokens, 0, trouble)?.words(), field::<USUAL>(tokens, 1, trouble)?.words()];
    let mut ends = [0; 6];
    for (list, end) in ends.iter_mut().enumerate() {
        addresses::<USUAL>(tokens, tape, 2 + list, trouble)?;
        *end = (tape.len() - base) as u32;
    }
    let [[e, f], [g, h]] = [field::<USUAL>(tokens, 8, trouble)?.words(), field::<USUAL>(tokens, 9, trouble)?.words()];
    let [i, j, k, l, m, n] = ends;
    if let Some(head) = tape.get_mut(base..base + envelope::HEAD) {
        head.copy_from_slice(&[a, b, c, d, e, f, g, h, i, j, k, l, m, n]);
    }
    end(tokens, trouble)?;
    if wrapped { end(tokens, trouble) } else { Ok(()) }
}

/// Reads the closing parenthesis, and notes what stands before it.
#[inline]
fn end(tokens: &mut Tokens<'_>, trouble: &mut Trouble) -> Read<()> {
    if tokens.closes() {
        return Ok(());
    }
    trouble.overlong = true;
    close(tokens)
}

/// One string; NIL where the envelope ends early, as old servers' do.
#[inline(always)]
fn field<const USUAL: bool>(tokens: &mut Tokens<'_>, field: usize, trouble: &mut Trouble) -> Read<Span> {
    match if USUAL { tokens.usual_string() } else { None } {
        Some(span) => Ok(span),
        None => odd_field(tokens, field, trouble),
    }
}

#[inline(never)]
fn odd_field(tokens: &mut Tokens<'_>, field: usize, trouble: &mut Trouble) -> Read<Span> {
    tokens.skip_spaces();
    let start = tokens.cursor.at();
    match tokens.peek() {
        Some(b')') => Ok(Span::NIL),
        _ => tokens.careful_string().or_else(|reason| lose(tokens, start, field, reason, trouble)),
    }
}

/// Skips the value that begins there. Where its end cannot be known, the envelope is lost.
#[cold]
fn lose(tokens: &mut Tokens<'_>, start: usize, field: usize, reason: Reason, trouble: &mut Trouble) -> Read<Span> {
    tokens.cursor.seek(start);
    tokens.skip_value().map_err(|_| reason)?;
    tokens.cursor.take_while(|byte| !matches!(byte, b' ' | b'(' | b')' | b'\r' | b'\n'));
    trouble.note(Fault { field, reason, start, end: tokens.cursor.at() });
    Ok(Span::NIL)
}

#[inline]
fn addresses<const USUAL: bool>(
    tokens: &mut Tokens<'_>,
    tape: &mut Vec<u32>,
    field: usize,
    trouble: &mut Trouble,
) -> Read<()> {
    tokens.skip_spaces();
    let start = tokens.cursor.at();
    match tokens.peek() {
        Some(b'(') => {
            tokens.eat(b'(');
        }
        Some(b')') => return Ok(()),
        _ if tokens.nil() => return Ok(()),
        _ => return lose(tokens, start, field, Reason::Syntax, trouble).map(drop),
    }
    let mark = tape.len();
    while !tokens.closes() {
        if tokens.eat(b'(') {
            address::<USUAL>(tokens, tape, field, trouble)?;
        } else if !tokens.nil() {
            return odd_addresses::<USUAL>(tokens, tape, (start, mark), field, trouble);
        }
    }
    Ok(())
}

/// One address without the list around it, or no list of addresses.
#[cold]
fn odd_addresses<const USUAL: bool>(
    tokens: &mut Tokens<'_>,
    tape: &mut Vec<u32>,
    (start, mark): (usize, usize),
    field: usize,
    trouble: &mut Trouble,
) -> Read<()> {
    let is_first = tape.len() == mark;
    if is_first && matches!(tokens.peek(), Some(b'"' | b'{' | b'~')) {
        tokens.cursor.seek(start + 1);
        return address::<USUAL>(tokens, tape, field, trouble);
    }
    tape.truncate(mark);
    lose(tokens, start, field, Reason::Syntax, trouble).map(drop)
}

#[inline]
fn address<const USUAL: bool>(
    tokens: &mut Tokens<'_>,
    tape: &mut Vec<u32>,
    list: usize,
    trouble: &mut Trouble,
) -> Read<()> {
    tokens.fits(tape)?;
    let start = tokens.cursor.at();
    let mut string = || field::<USUAL>(tokens, list, trouble);
    let mut spans = [string()?, string()?, string()?, string()?];
    if !tokens.closes() {
        trouble.crowded = true;
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
