//! Reads ENVELOPE (RFC 9051 §7.5.2) onto the tape, including what real servers send instead. It must not know the message around it.

use crate::defect::Reason;
use crate::imap::codec::token::{Quotes, Read, Tokens};
use crate::imap::types::tape::{Span, envelope};

/// A field that could not be read.
#[derive(Clone, Copy, Debug)]
pub(super) struct FieldFault {
    /// An index into [`FIELDS`](envelope::FIELDS).
    pub(super) field: usize,
    pub(super) reason: Reason,
    /// The range of the bytes that could not be read.
    pub(super) start: usize,
    pub(super) end: usize,
}

/// The largest number of faults per message, so that faults take no more memory than the received bytes.
const MOST_FAULTS: usize = 64;

/// How to react to an envelope that does not follow the grammar.
trait AddressReading {
    /// Whether to try the usual form of strings first.
    const USUAL: bool;
    /// Whether any deviation is an error.
    const IS_STRICT: bool;

    /// Called before the field with this index.
    fn begin(&mut self, field: usize);
    /// Called if the field's value, which begins at `start`, cannot be read.
    fn lose(&mut self, tokens: &mut Tokens<'_>, start: usize, reason: Reason) -> Read<Span>;
    /// Called if an address has more than four strings.
    fn crowded(&mut self) -> Read<()>;
    /// Called if there are more values than fields.
    fn overlong(&mut self) -> Read<()>;
}

/// Fails at the first deviation.
struct Strict<const USUAL: bool>;

/// Goes on with the rest, and records faults.
#[derive(Default)]
struct Lenient {
    field: usize,
    faults: Vec<FieldFault>,
    is_overlong: bool,
}

impl<const USUAL: bool> AddressReading for Strict<USUAL> {
    const USUAL: bool = USUAL;
    const IS_STRICT: bool = true;

    #[inline(always)]
    fn begin(&mut self, _: usize) {}

    #[inline(always)]
    fn lose(&mut self, _: &mut Tokens<'_>, _: usize, reason: Reason) -> Read<Span> {
        Err(reason)
    }

    fn crowded(&mut self) -> Read<()> {
        Err(Reason::Syntax)
    }

    fn overlong(&mut self) -> Read<()> {
        Err(Reason::Syntax)
    }
}

impl AddressReading for Lenient {
    const USUAL: bool = false;
    const IS_STRICT: bool = false;

    fn begin(&mut self, field: usize) {
        self.field = field;
    }

    /// Skips the value. If its end is not known, the whole envelope is lost.
    fn lose(&mut self, tokens: &mut Tokens<'_>, start: usize, reason: Reason) -> Read<Span> {
        tokens.cursor.seek(start);
        tokens.skip_value().map_err(|_| reason)?;
        tokens.cursor.take_while(|byte| !matches!(byte, b' ' | b'(' | b')' | b'\r' | b'\n'));
        let (field, end) = (self.field, tokens.cursor.at());
        match self.faults.last_mut() {
            Some(last) if last.field == field => last.end = end,
            _ => self.faults.push(FieldFault { field, reason, start, end }),
        }
        Ok(Span::NIL)
    }

    fn crowded(&mut self) -> Read<()> {
        Ok(())
    }

    fn overlong(&mut self) -> Read<()> {
        self.is_overlong = true;
        Ok(())
    }
}

/// Reads an envelope that follows the grammar, and writes its words. After an error, call [`read_odd`].
#[inline]
pub(super) fn read(tokens: &mut Tokens<'_>, tape: &mut Vec<u32>) -> Read<()> {
    once(tokens, tape, &mut Strict::<true>)
}

/// Reads an envelope that does not follow the grammar: first leniently, then again with other rules for the end of a string. QQ sends
/// strings with a single backslash at the end (`"example.com\"`); other servers do not escape quotes that a space follows. The first of
/// these readings without a deviation is used, otherwise the lenient one. No reading goes further than the lenient one did. A field that
/// cannot be read becomes NIL and a fault. After an error, the caller must remove the words that were written.
#[cold]
pub(super) fn read_odd(tokens: &mut Tokens<'_>, tape: &mut Vec<u32>, faults: &mut Vec<FieldFault>) -> Read<()> {
    let (begun, base) = (*tokens, tape.len());
    let mut lenient = Lenient::default();
    let read = once(tokens, tape, &mut lenient);
    let end = if read.is_ok() { tokens.cursor.at() } else { usize::MAX };
    let is_lost = read.is_err() || lenient.is_overlong || !lenient.faults.is_empty();
    // If nothing is lost, the lenient reading has already put together names that were split at quotes.
    let readings: &[Quotes] = if is_lost { &[Quotes::Escaped, Quotes::BeforeValues] } else { &[Quotes::Escaped] };
    let first = tape.split_off(base);
    for &quotes in readings {
        let mut careful = begun.careful(quotes, end);
        if once(&mut careful, tape, &mut Strict::<false>).is_ok() {
            tokens.cursor.seek(careful.cursor.at());
            return Ok(());
        }
        tape.truncate(base);
    }
    tape.extend_from_slice(&first);
    // With more values than fields, the values after the bad one would be assigned to the wrong fields.
    if lenient.is_overlong && !lenient.faults.is_empty() {
        return Err(Reason::Syntax);
    }
    faults.append(&mut lenient.faults);
    faults.truncate(MOST_FAULTS);
    read
}

#[inline]
fn once<R: AddressReading>(tokens: &mut Tokens<'_>, tape: &mut Vec<u32>, reading: &mut R) -> Read<()> {
    if !tokens.eat(b'(') {
        return Err(if tokens.nil() { Reason::Missing } else { Reason::Syntax });
    }
    // Domino wraps the envelope in another pair of parentheses.
    let wrapped = tokens.peek() == Some(b'(') && tokens.cursor.peek_second() != Some(b')') && tokens.eat(b'(');
    let base = tape.len();
    tape.extend_from_slice(&[0; envelope::HEAD]);
    let [[a, b], [c, d]] = [numbered(tokens, 0, reading)?.words(), numbered(tokens, 1, reading)?.words()];
    let mut ends = [0; 6];
    for (list, end) in ends.iter_mut().enumerate() {
        reading.begin(2 + list);
        addresses(tokens, tape, reading)?;
        *end = (tape.len() - base) as u32;
    }
    let [[e, f], [g, h]] = [numbered(tokens, 8, reading)?.words(), numbered(tokens, 9, reading)?.words()];
    let [i, j, k, l, m, n] = ends;
    if let Some(head) = tape.get_mut(base..base + envelope::HEAD) {
        head.copy_from_slice(&[a, b, c, d, e, f, g, h, i, j, k, l, m, n]);
    }
    end(tokens, reading)?;
    if wrapped { end(tokens, reading) } else { Ok(()) }
}

/// Reads the closing parenthesis, and skips any values before it.
#[inline]
fn end<R: AddressReading>(tokens: &mut Tokens<'_>, reading: &mut R) -> Read<()> {
    if tokens.closes() {
        return Ok(());
    }
    reading.overlong()?;
    close(tokens)
}

#[inline(always)]
fn numbered<R: AddressReading>(tokens: &mut Tokens<'_>, number: usize, reading: &mut R) -> Read<Span> {
    reading.begin(number);
    field(tokens, reading)
}

/// One string; NIL if the envelope ends early, as some old servers send it.
#[inline(always)]
fn field<R: AddressReading>(tokens: &mut Tokens<'_>, reading: &mut R) -> Read<Span> {
    match if R::USUAL { tokens.usual_string() } else { None } {
        Some(span) => Ok(span),
        None => odd_field(tokens, reading),
    }
}

#[inline(never)]
fn odd_field<R: AddressReading>(tokens: &mut Tokens<'_>, reading: &mut R) -> Read<Span> {
    tokens.skip_spaces();
    let start = tokens.cursor.at();
    match tokens.peek() {
        Some(b')') => Ok(Span::NIL),
        _ => string::<R>(tokens).or_else(|reason| reading.lose(tokens, start, reason)),
    }
}

#[inline(always)]
fn string<R: AddressReading>(tokens: &mut Tokens<'_>) -> Read<Span> {
    if R::USUAL { tokens.nstring() } else { tokens.careful_string() }
}

#[inline]
fn addresses<R: AddressReading>(tokens: &mut Tokens<'_>, tape: &mut Vec<u32>, reading: &mut R) -> Read<()> {
    tokens.skip_spaces();
    let start = tokens.cursor.at();
    match tokens.peek() {
        Some(b'(') => {
            tokens.eat(b'(');
        }
        Some(b')') => return Ok(()),
        _ if tokens.nil() => return Ok(()),
        _ => return reading.lose(tokens, start, Reason::Syntax).map(drop),
    }
    let mark = tape.len();
    while !tokens.closes() {
        if tokens.eat(b'(') {
            address(tokens, tape, reading)?;
        } else if !tokens.nil() {
            return if R::IS_STRICT {
                Err(Reason::Syntax)
            } else {
                odd_addresses(tokens, tape, (start, mark), reading)
            };
        }
    }
    Ok(())
}

/// One address without a list around it, or a list of something else.
#[cold]
fn odd_addresses<R: AddressReading>(
    tokens: &mut Tokens<'_>,
    tape: &mut Vec<u32>,
    (start, mark): (usize, usize),
    reading: &mut R,
) -> Read<()> {
    let is_first = tape.len() == mark;
    if is_first && matches!(tokens.peek(), Some(b'"' | b'{' | b'~')) {
        tokens.cursor.seek(start + 1);
        return address(tokens, tape, reading);
    }
    tape.truncate(mark);
    reading.lose(tokens, start, Reason::Syntax).map(drop)
}

#[inline]
fn address<R: AddressReading>(tokens: &mut Tokens<'_>, tape: &mut Vec<u32>, reading: &mut R) -> Read<()> {
    tokens.fits(tape)?;
    let start = tokens.cursor.at();
    let mut string = || field(tokens, reading);
    let mut spans = [string()?, string()?, string()?, string()?];
    if !tokens.closes() {
        reading.crowded()?;
        spans = long_address(tokens, start).unwrap_or(spans);
        close(tokens)?;
    }
    let [[a, b], [c, d], [e, f], [g, h]] = spans.map(Span::words);
    tape.extend_from_slice(&[a, b, c, d, e, f, g, h]);
    Ok(())
}

/// Reads an address with more than four strings again. A name is split into several strings if its literal was announced too short, or
/// if it contains unescaped quotes. The last three strings are right; everything before them is the name.
#[cold]
fn long_address(tokens: &mut Tokens<'_>, start: usize) -> Option<[Span; 4]> {
    let reached = tokens.cursor.at();
    tokens.cursor.seek(start);
    let (mut last, mut name) = ([(Span::NIL, start); 4], None);
    loop {
        tokens.skip_spaces();
        if matches!(tokens.peek(), None | Some(b')' | b'\r' | b'\n')) {
            break;
        }
        let Ok(span) = tokens.nstring() else {
            tokens.cursor.seek(reached);
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

/// Reads the closing parenthesis, and skips any values before it.
#[inline]
pub(super) fn close(tokens: &mut Tokens<'_>) -> Read<()> {
    while !tokens.closes() {
        tokens.skip_value()?;
    }
    Ok(())
}
