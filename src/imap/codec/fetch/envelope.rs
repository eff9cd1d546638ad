//! ENVELOPE (RFC 9051 §7.5.2) onto the tape, with what real servers send in its place. It must not know the message around it.

use crate::defect::Reason;
use crate::imap::codec::token::{Quotes, Read, Tokens};
use crate::imap::types::tape::{Span, envelope};

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

/// How to go on where something is not as it should be.
trait Reading {
    /// Whether strings are tried as almost all of them are written first.
    const USUAL: bool;
    /// Whether anything odd is an error.
    const IS_STRICT: bool;

    /// The field of that number comes next.
    fn begin(&mut self, field: usize);
    /// Its value, which begins there, cannot be read.
    fn lose(&mut self, tokens: &mut Tokens<'_>, start: usize, reason: Reason) -> Read<Span>;
    /// An address has more strings than it should.
    fn crowded(&mut self) -> Read<()>;
    /// There are more values than fields.
    fn overlong(&mut self) -> Read<()>;
}

/// Not at all.
struct Strict<const USUAL: bool>;

/// With what is left, taking note.
#[derive(Default)]
struct Lenient {
    field: usize,
    faults: Vec<Fault>,
    is_overlong: bool,
}

impl<const USUAL: bool> Reading for Strict<USUAL> {
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

impl Reading for Lenient {
    const USUAL: bool = false;
    const IS_STRICT: bool = false;

    fn begin(&mut self, field: usize) {
        self.field = field;
    }

    /// Skips the value. Where its end cannot be known, the envelope is lost.
    fn lose(&mut self, tokens: &mut Tokens<'_>, start: usize, reason: Reason) -> Read<Span> {
        tokens.cursor.seek(start);
        tokens.skip_value().map_err(|_| reason)?;
        tokens.cursor.take_while(|byte| !matches!(byte, b' ' | b'(' | b')' | b'\r' | b'\n'));
        let (field, end) = (self.field, tokens.cursor.at());
        match self.faults.last_mut() {
            Some(last) if last.field == field => last.end = end,
            _ => self.faults.push(Fault { field, reason, start, end }),
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

/// Reads an envelope as it should be and writes its words. After an error [`read_odd`] is to be asked.
#[inline]
pub(super) fn read(tokens: &mut Tokens<'_>, tape: &mut Vec<u32>) -> Read<()> {
    once(tokens, tape, &mut Strict::<true>)
}

/// Reads an envelope that is not as it should be: leniently, and then with other ends of strings. QQ has a lone backslash at the end
/// of some (`"example.com\"`), other servers leave quotes unescaped that a space follows. What makes sense then is taken. No reading
/// looks further than the lenient one did. A field that cannot be read is NIL, and a fault. What was written before an error is the
/// caller's to take back.
#[cold]
pub(super) fn read_odd(tokens: &mut Tokens<'_>, tape: &mut Vec<u32>, faults: &mut Vec<Fault>) -> Read<()> {
    let (begun, base) = (*tokens, tape.len());
    let mut lenient = Lenient::default();
    let read = once(tokens, tape, &mut lenient);
    let end = if read.is_ok() { tokens.cursor.at() } else { usize::MAX };
    let is_lost = read.is_err() || lenient.is_overlong || !lenient.faults.is_empty();
    // Names that were torn are put together already.
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
    // With more values than fields, those behind the bad one would be taken for others.
    if lenient.is_overlong && !lenient.faults.is_empty() {
        return Err(Reason::Syntax);
    }
    faults.append(&mut lenient.faults);
    faults.truncate(MOST_FAULTS);
    read
}

#[inline]
fn once<R: Reading>(tokens: &mut Tokens<'_>, tape: &mut Vec<u32>, reading: &mut R) -> Read<()> {
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

/// Reads the closing parenthesis, and skips what stands before it.
#[inline]
fn end<R: Reading>(tokens: &mut Tokens<'_>, reading: &mut R) -> Read<()> {
    if tokens.closes() {
        return Ok(());
    }
    reading.overlong()?;
    close(tokens)
}

#[inline(always)]
fn numbered<R: Reading>(tokens: &mut Tokens<'_>, number: usize, reading: &mut R) -> Read<Span> {
    reading.begin(number);
    field(tokens, reading)
}

/// One string; NIL where the envelope ends early, as old servers' do.
#[inline(always)]
fn field<R: Reading>(tokens: &mut Tokens<'_>, reading: &mut R) -> Read<Span> {
    match if R::USUAL { tokens.usual_string() } else { None } {
        Some(span) => Ok(span),
        None => odd_field(tokens, reading),
    }
}

#[inline(never)]
fn odd_field<R: Reading>(tokens: &mut Tokens<'_>, reading: &mut R) -> Read<Span> {
    tokens.skip_spaces();
    let start = tokens.cursor.at();
    match tokens.peek() {
        Some(b')') => Ok(Span::NIL),
        _ => string::<R>(tokens).or_else(|reason| reading.lose(tokens, start, reason)),
    }
}

#[inline(always)]
fn string<R: Reading>(tokens: &mut Tokens<'_>) -> Read<Span> {
    if R::USUAL { tokens.nstring() } else { tokens.careful_string() }
}

#[inline]
fn addresses<R: Reading>(tokens: &mut Tokens<'_>, tape: &mut Vec<u32>, reading: &mut R) -> Read<()> {
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

/// One address without the list around it, or no list of addresses.
#[cold]
fn odd_addresses<R: Reading>(
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
fn address<R: Reading>(tokens: &mut Tokens<'_>, tape: &mut Vec<u32>, reading: &mut R) -> Read<()> {
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
