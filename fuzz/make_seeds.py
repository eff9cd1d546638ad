#!/usr/bin/env python3
"""fuzz/make_seeds.py DIRECTORY: makes the seeds of the fuzz targets, a folder for each, from tests/corpus and fuzz/seeds. Nothing of
the corpus is stored twice: the input of a target is cut from the servers' words. Folders of their own hold dense inputs: the same few
bytes repeated, which require the most memory for their size."""

import base64, hashlib, hmac, json, pathlib, re, shutil, sys, zlib

HERE = pathlib.Path(__file__).resolve().parent
CORPUS = HERE.parent / "tests/corpus"
MOST, LONGEST, DENSE = 200, 2000, 64000


def lines(name):
    with open(CORPUS / name, encoding="utf-8") as file:
        return [json.loads(line) for line in file]


LITERALS = [text.encode("latin-1") for text in lines("literals.jsonl")]


def unpack(packed):
    pieces = packed if isinstance(packed, list) else [packed]
    return b"".join(LITERALS[piece] if isinstance(piece, int) else piece.encode("latin-1") for piece in pieces)


IMAP = [unpack(unit["bytes"]) for unit in lines("imap.jsonl")]
POP3 = [unpack(unit["bytes"]) for unit in lines("pop3.jsonl")]
ENCODINGS = lines("encodings.jsonl")


def dialogs(name):
    return [[(who, unpack(said)) for who, said in dialog["steps"]] for dialog in lines(name)]


SAID = [b"".join(text for who, text in dialog if who == "S") for dialog in dialogs("imap_dialogs.jsonl")]


def frames(data):
    """The responses in these bytes, split as the framer would."""
    start = at = 0
    while (end := data.find(b"\n", at)) >= 0:
        at = end + 1
        announced = re.search(rb"\{(\d+)\+?\}\r?\n$", data[start:at])
        if announced and not re.match(rb"(\* (OK|NO|BAD|BYE|PREAUTH)|\+)", data[start:at]):
            at += int(announced[1])
        else:
            yield data[start:at]
            start = at


def values(name):
    """Every value in parentheses after that name."""
    for data in IMAP + SAID:
        for found in re.finditer(rb"[ (]%s (?=\()" % name, data):
            depth, at, quoted = 0, found.end(), False
            while at < len(data):
                byte = data[at : at + 1]
                literal = re.match(rb"\{(\d+)\+?\}\r\n", data[at : at + 20])
                if literal and not quoted:
                    at += literal.end() + int(literal[1]) - 1
                elif byte == b"\\" and quoted:
                    at += 1
                elif byte == b'"':
                    quoted = not quoted
                elif not quoted:
                    depth += (byte == b"(") - (byte == b")")
                at += 1
                if depth == 0:
                    yield data[found.end() : at]
                    break


def vectors(of, *keys):
    return [vector[key].encode("utf-8", "surrogatepass") for vector in ENCODINGS if vector["of"] == of for key in keys if isinstance(vector.get(key), str)]


def words(value):
    """The strings within a JSON value."""
    if isinstance(value, str):
        return [value]
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else []
    return [word for one in inner for word in words(one)]


def pieces(data):
    """Input for an engine: pieces of at most 255 bytes."""
    return b"".join(bytes([0, len(data[at : at + 255])]) + data[at : at + 255] for at in range(0, len(data), 255))


IMAP_ASKS = {
    "NOOP": 0, "CAPABILITY": 2, "LIST": 3, "LSUB": 3, "SELECT": 4, "EXAMINE": 4, "UID FETCH": 5, "FETCH": 5, "UID STORE": 7,
    "STORE": 7, "UID EXPUNGE": 8, "EXPUNGE": 8, "APPEND": 9, "IDLE": 10, "LOGIN": 11, "AUTHENTICATE": 12, "STARTTLS": 15,
    "UID COPY": 17, "UID MOVE": 17, "CLOSE": 18, "ENABLE": 19, "ID": 20, "UID SEARCH": 21, "SEARCH": 21, "STATUS": 22, "RENAME": 24,
    "LOGOUT": 25,
}  # fmt: skip
POP3_ASKS = {
    "NOOP": 0, "CAPA": 2, "STLS": 3, "USER": 4, "PASS": 5, "APOP": 5, "AUTH": 6, "LIST": 8, "UIDL": 8, "RETR": 9, "TOP": 9,
    "RSET": 12, "QUIT": 13,
}  # fmt: skip


def imap_play(dialog):
    """A dialogue for the engine: its requests by number, and the server's responses with the engine's tags."""
    play, tags = b"", {}
    for who, said in dialog:
        if who == "C":
            command = re.match(rb"(\S+) ((?:UID )?\S+)", said)
            ask = IMAP_ASKS.get(command[2].decode("latin-1").upper()) if command else None
            if ask is None:
                play += bytes([4, 13])
            else:
                tags[command[1]] = b"A%d" % (len(tags) + 1)
                play += bytes([4, ask])
        else:
            own = re.sub(rb"(?m)^([A-Za-z0-9.]+)(?= (?:OK|NO|BAD))", lambda tag: tags.get(tag[1], tag[1]), said)
            play += pieces(own)
    return play


def pop3_play(dialog):
    play = b""
    for who, said in dialog:
        verb = said.split()[0].decode("latin-1").upper() if who == "C" and said.split() else ""
        play += bytes([4, POP3_ASKS.get(verb, 7)]) if who == "C" else pieces(said)
    return play


def scram(algorithm):
    """A server's messages for the user and password of the target, whose client uses the same nonce each time (RFC 5802 §3)."""
    nonce, salt = base64.b64encode(bytes(24)).decode() + "x", b"salt"
    first = f"r={nonce},s={base64.b64encode(salt).decode()},i=4096"
    key = hmac.digest(hashlib.pbkdf2_hmac(algorithm, b"pencil", salt, 4096), b"Server Key", algorithm)
    said = f"n=user,r={nonce[:-1]},{first},c=biws,r={nonce}"
    proof = base64.b64encode(hmac.digest(key, said.encode(), algorithm)).decode()
    return f"\1{first}\nv={proof}".encode()


def dense(head, piece, tail=b"\r\n", size=DENSE):
    return head + piece * ((size - len(head) - len(tail)) // len(piece)) + tail


def noise(count):
    """Bytes for values that are made of bytes, the same each time."""
    for number in range(count):
        blocks = b"".join(hashlib.sha256(b"%d.%d" % (number, at)).digest() for at in range(64))
        yield blocks[: 16 + number * 16]


FETCH = b"* 1 FETCH ("
STRUCTURES = [dense(b"(", part, b' "mixed")') for part in (b"(A)", b"()", b'("a" "b")', b"(A NIL(a b))", b'("a" "b" NIL NIL NIL "7bit" 1)')] + [
    dense(b"(a b(", b"a b ", b") NIL NIL a 1)"), dense(b"(a b NIL NIL NIL a 1 NIL (a(", b"a b ", b")))"),
    dense(b"(a b NIL NIL NIL a 1 NIL NIL (", b"a ", b"))"), b"(" * 300 + b")" * 300,
]  # fmt: skip
ENVELOPES = [dense(b"(NIL NIL (", address, b"))") for address in (b"()", b"(a)", b"(a b c d)", b"(NIL NIL NIL NIL)", b"NIL ", b"(a b c d e)")]
ATTRIBUTES = [
    b")", b"X ", b"X 1 ", b"UID 1 ", b"MODSEQ ", b"BODY[]NIL ", b"BODY[] \"\" ", b"X{0}\r\n", b"FLAGS () ", b"(X)", b'""', b"( ",
    b"BINARY.SIZE[]1 ", b"ENVELOPE () ", b"ENVELOPE (a) ", b"BODY (a) ", b"BODY (a ", b"PREVIEW a ",
]  # fmt: skip
RESPONSES = [dense(FETCH, attribute, b")\r\n") for attribute in ATTRIBUTES]
RESPONSES += [dense(FETCH + name + b" (", piece, b"))\r\n") for name, piece in [
    (b"FLAGS", b"a "), (b"X-GM-LABELS", b"a "), (b"X-GM-LABELS", b'""'), (b"ANNOTATION", b"a()"), (b"ANNOTATION", b"a "), (b"ANNOTATION", b"a(a b)"),
]]  # fmt: skip
RESPONSES += [FETCH + b"BODYSTRUCTURE " + one + b")\r\n" for one in STRUCTURES] + [FETCH + b"ENVELOPE " + one + b")\r\n" for one in ENVELOPES]
RESPONSES += [dense(head, piece, tail) for head, piece, tail in [
    (b"* FLAGS (", b"a ", b")\r\n"), (b"* LIST (", b"a ", b') "/" a\r\n'), (b"* CAPABILITY ", b"a ", b"\r\n"), (b"* OK [CAPABILITY ", b"a ", b"]\r\n"),
    (b"* LIST () NIL a (CHILDINFO (", b"a ", b"))\r\n"), (b"* LIST () NIL a (", b"a () ", b")\r\n"), (b"* LIST () NIL a (OLDNAME (", b"a", b"))\r\n"),
    (b"* SEARCH ", b"1 3 ", b"\r\n"), (b"* SEARCH ", b"9 1 ", b"\r\n"), (b"* ESEARCH ALL ", b"1,3,", b"5\r\n"), (b"* ESEARCH ALL ", b"9,1,", b"5\r\n"),
    (b"* ESEARCH ALL ", b"1,3,*:5,", b"5\r\n"), (b"* ESEARCH RELEVANCY (", b"1 ", b")\r\n"), (b"* ESEARCH ADDTO (", b"1 1 ", b")\r\n"),
    (b"* ESEARCH ", b"ADDTO (1 1)", b"\r\n"), (b"* ESEARCH ", b"X 1 ", b"\r\n"), (b"* ESEARCH PARTIAL (1:2 ", b"1,3,", b"5)\r\n"),
    (b"* SORT ", b"1 3 ", b"\r\n"), (b"* SORT ", b"9 1 ", b"\r\n"), (b"* THREAD ", b"(1)", b"\r\n"), (b"* THREAD ", b"1 ", b"\r\n"), (b"* THREAD (", b"1 ", b")\r\n"),
    (b"* THREAD ", b"((1)(2))", b"\r\n"), (b"* VANISHED ", b"1,3,", b"5\r\n"), (b"* VANISHED (EARLIER) ", b"9,1,", b"5\r\n"),
    (b"* NAMESPACE (", b'("" NIL)', b") NIL NIL\r\n"), (b"* NAMESPACE (", b"()", b") NIL NIL\r\n"), (b"* NAMESPACE (", b'(""a a b)', b") NIL NIL\r\n"),
    (b"* ID (", b"a a ", b")\r\n"), (b"* ID (", b'"" "" ', b")\r\n"), (b"* ID (", b"a NIL ", b")\r\n"), (b"* ACL a ", b"a a ", b"\r\n"), (b"* ACL a ", b'"" "" ', b"\r\n"),
    (b"* LISTRIGHTS a a a ", b"a ", b"\r\n"), (b"* LISTRIGHTS a a a ", b'"" ', b"\r\n"), (b"* QUOTA a (", b"a 1 1 ", b")\r\n"), (b"* QUOTAROOT a ", b"a ", b"\r\n"),
    (b"* QUOTAROOT a ", b'""', b"\r\n"), (b'* METADATA "" (', b"/ NIL ", b")\r\n"), (b'* METADATA "" (', b"a a ", b")\r\n"), (b'* METADATA "" ', b"a ", b"\r\n"),
    (b'* METADATA "" (', b'"""" ', b")\r\n"), (b"* LANGUAGE (", b"a ", b")\r\n"), (b"* COMPARATOR a (", b"a ", b")\r\n"), (b"* GENURLAUTH ", b"a ", b"\r\n"),
    (b"* URLFETCH ", b"a NIL ", b"\r\n"), (b"* URLFETCH ", b'a "" ', b"\r\n"), (b"* STATUS a (", b"X 1 ", b")\r\n"), (b"* STATUS a (", b"MESSAGES 1 ", b")\r\n"),
    (b"* OK [PERMANENTFLAGS (", b"a ", b")]\r\n"), (b"* NO [BADCHARSET (", b"a ", b")]\r\n"), (b"* NO [BADEVENT (", b"a ", b")]\r\n"), (b"* OK [MODIFIED ", b"1,3,", b"5]\r\n"),
    (b"* OK [COPYUID 1 ", b"1,3,", b"5 1]\r\n"), (b"* OK [APPENDUID 1 ", b"1,3,", b"5]\r\n"), (b"* OK [X ", b"\xff", b"]\r\n"), (b"* OK ", b"\xff", b"\r\n"),
    (b"* X ", b"a ", b"\r\n"), (b'* OK [BADCHARSET ("', b'\\"', b'")]\r\n'), (b"* LIST () NIL ", b"&", b"\r\n"), (b"* LIST () NIL ", b"\xff", b"\r\n"), (b"* LIST () NIL ", b"&AOQ-", b"\r\n"),
    (b"* FLAGS (", b"a\t", b")\r\n"), (b"* QUOTAROOT a ", b'""]a ', b"\r\n"), (b'* QUOTAROOT a ")" ', b"a ", b"\r\n"),
    (b"* GENURLAUTH " + b"x1 " * 3000, b"{0}\r\n", b"\r\n"), (b"* ACL a ", b'""]', b"\r\n"), (b'* METADATA "" (")" ', b"a ", b")\r\n"), (b"* SEARCH ", b"1(9(", b"\r\n"),
    (b"* QUOTAROOT a ", b"{0}\r\n", b"\r\n"), (b'* METADATA "" (', b"{0}\r\n", b")\r\n"), (b"* ACL a ", b"{0}\r\n", b"\r\n"),
    (b"* ID (", b"{0}\r\n", b")\r\n"), (b"* URLFETCH ", b"{0}\r\n", b"\r\n"), (b"* GENURLAUTH ", b"{0}\r\n", b"\r\n"), (b"* ACL a ", b"a\t", b"\r\n"),
    (b"* CAPABILITY A ", b"+ ", b"\r\n"), (b"* CAPABILITY ", b"LITERAL + ", b"\r\n"), (b"* JMAPACCESS ", b"\xff", b"\r\n"), (b"+ ", b"\xff", b"\r\n"), (b"* ESEARCH (TAG ", b"\xff", b")\r\n"),
]]  # fmt: skip
RESPONSES.append(b"* OK [COPYUID 1 " + b"1,3," * 8000 + b"5 " + b"2,4," * 8000 + b"6]\r\n")
PARTS = b"Content-Type: multipart/mixed; boundary=b\n\n"
MESSAGES = [dense(PARTS, piece, b"") for piece in (b"--b\n\n", b"--b\n", b"--b--\n", b"--b\nContent-Type:message/rfc822\n\n", b"--b\n" + PARTS)] + [
    dense(b"", b"Content-Type:message/rfc822\n\n", b""), dense(b"Content-Type: a/b", b";a=b", b"\n\n"), dense(b"Content-Type: a/b", b';name*1*="', b"\n\n"),
    dense(b"", b"a:b\n", b"\n"), dense(b"Content-Type: (", b"(", b"\n\n"), dense(b"List-Unsubscribe: ", b"<a:>", b"\n\n"), dense(b"Content-ID: ", b"<", b"\n\n"),
    b"".join(b"--b%d\nContent-Type: multipart/mixed; boundary=b%d\n\n" % (level, level + 1) for level in range(-1, 2000)),
]  # fmt: skip
CAPA = dense(b"", b"A\r\n", b"") + b".\r\n"


def deflated(data):
    """As a server flushes it (RFC 4978)."""
    layer = zlib.compressobj(9, zlib.DEFLATED, -15)
    return layer.compress(data) + layer.flush(zlib.Z_SYNC_FLUSH)


def mime_messages():
    """A part for each form of a name, each in another encoding and at another level."""
    names = [
        b'filename="a b.pdf"', b"filename*=utf-8''%C3%A9.pdf", b"filename*0*=utf-8''%C3; filename*1*=%A9.pdf", b'filename="=?utf-8?Q?=C3=A9?="',
        b"filename=..", b'filename="\xff"', b'filename="C:\\\\CON"', b'filename=""; name="a"', b'filename*1=b; filename*0="a',
    ]  # fmt: skip
    encodings = [b"7bit", b"BASE64", b"quoted-printable", b"x-uuencode"]
    kinds = [b"text/plain; charset=utf-8", b"text/html", b"image/png", b"application/pkcs7-mime", b"text/calendar; method=REQUEST"]
    for at, name in enumerate(3 * names):
        kind, encoding = kinds[at % len(kinds)], encodings[at % len(encodings)]
        part = b"Content-Type: %s\r\nContent-Transfer-Encoding: %s\r\nContent-Disposition: attachment; %s\r\n\r\naGVsbG8=\r\n" % (kind, encoding, name)
        for level in range(at % 4):
            subtype = [b"mixed", b"related", b"alternative", b"signed", b"encrypted", b"digest"][(at + level) % 6]
            part = b"Content-Type: multipart/%s; boundary=b%d\r\n\r\n--b%d\r\n%s\r\n--b%d--\r\n" % (subtype, level, level, part, level)
        yield part


def seeds():
    responses = [frame for data in IMAP + SAID for frame in frames(data)]
    structures, envelopes = [value for name in (b"BODYSTRUCTURE", b"BODY") for value in values(name)], list(values(b"ENVELOPE"))
    greetings = [frame[2:].rstrip(b"\r\n") for frame in responses if re.match(rb"\* (OK|NO|BAD|BYE|PREAUTH)", frame, re.I)]
    dates = [date.strip(b'"') for date in vectors("internaldate", "in")]
    fields = re.findall(rb'ENVELOPE \("([^"]+)"', b"".join(IMAP))
    names = re.findall(rb'\* L(?:IST|SUB) \([^)]*\) (?:NIL|"[^"]*") "?([^"\r\n]+)', b"".join(responses))
    sasl = [word for vector in ENCODINGS if vector["of"] == "sasl" for word in words(vector.get("values")) if len(word) > 3]
    challenges = [base64.b64encode(word.encode()) for word in sasl] + [b"\1" + word.encode() for word in sasl]
    replies = POP3 + [b"".join(text for who, text in dialog if who == "S") for dialog in dialogs("pop3_dialogs.jsonl")]
    status = [line for reply in replies for line in reply.split(b"\r\n") if line]
    messages = list(mime_messages()) + [text for text in LITERALS if re.search(rb"^Content-Type:", text, re.I | re.M)] + [
        reply.split(b"\r\n", 1)[-1] for reply in replies if re.search(rb"^Content-Type:", reply, re.I | re.M)
    ]  # fmt: skip
    unsubscribe = b"\0List-Unsubscribe: <mailto:a@b>\r\n"
    return {
        "contents_message": (messages, MESSAGES),
        "contents_structure": ([structure + unsubscribe * (number % 2) for number, structure in enumerate(structures)], STRUCTURES),
        "deflate_layer": ([bytes([7, 3 * number % 256]) + deflated(one) for number, one in enumerate(responses)], [b"\xff\xff" + deflated(bytes(1 << 20)), b"\0\0" + b"\0\0\0\xff\xff" * 13000]),
        "imap_response": (responses, RESPONSES),
        "imap_frames": ([bytes([7, 3 * number % 256]) + data for number, data in enumerate(IMAP + SAID)], [b"\0\0" + dense(b"", b"a\n", b""), b"\x07\x01" + dense(b"", b"{1}\n", b"")]),
        "imap_engine": ([imap_play(dialog) for dialog in dialogs("imap_dialogs.jsonl")], [pieces(b"* PREAUTH x\r\n") + bytes([4, 4]) + pieces(one) for one in RESPONSES]),
        "imap_structured": (list(noise(100)), []),
        "imap_bodystructure": (structures, STRUCTURES),
        "imap_envelope": (envelopes, ENVELOPES),
        "imap_greeting": (greetings, [dense(b"OK [CAPABILITY ", b"a ", b"] x")]),
        "imap_uid_set": (vectors("seqset", "in"), [dense(b"", b"1,3,", b"5"), dense(b"", b"9,1,", b"5"), dense(b"", b"*,", b"5")]),
        "imap_mutf7": (vectors("mutf7", "mutf7", "utf8") + names, [dense(b"", piece, b"") for piece in (b"&", b"&-", b"\xff", b"&AOQ-", b"\xc3\xa4")]),
        "imap_date": ([b"\n".join([one, dates[number - 1], fields[number % len(fields)]]) for number, one in enumerate(dates)] + dates + [b"\n\n" + field for field in fields], []),
        "pop3_engine": ([pop3_play(dialog) for dialog in dialogs("pop3_dialogs.jsonl")], [pieces(b"+OK x\r\n") + bytes([4, ask]) + pieces(b"+OK x\r\n" + CAPA) for ask in (2, 8, 9, 10)]),
        "pop3_replies": ([b"\x20" + reply for reply in replies] + [reply.split(b"\r\n", 1)[-1] for reply in replies], [CAPA, b"\x20" + dense(b"", b"..\r\n", b".\r\n"), dense(b"SASL ", b"a ")]),
        "pop3_multiline": ([bytes([number]) + reply.split(b"\r\n", 1)[-1] for number, reply in enumerate(replies)], [dense(b"\0", b".\r\n"), dense(b"\x09", b".")]),
        "pop3_structured": (list(noise(100)), []),
        "pop3_status": (status, [dense(b"+OK [", b"a/", b"] x"), dense(b"+OK ", b"<"), dense(b"1 ", b"\xff")]),
        "sasl_challenges": (challenges + [b"\n".join(challenges[at : at + 3]) for at in range(0, len(challenges), 3)], [dense(b"", b"AAAA\n", b""), base64.b64encode(dense(b"", b'a="",', b"", 50000)), base64.b64encode(dense(b"r=x,s=AAAA,i=1", b",a=1", b"", 50000))] + [scram(name) for name in ("sha1", "sha256", "sha512")]),
    }


def shape(seed):
    """The features that make two seeds alike: runs of letters and digits count as one."""
    return re.sub(rb"[a-z0-9]+", b"x", seed.lower())


def main():
    out, total = pathlib.Path(sys.argv[1]), 0
    for target, (cut, dense_inputs) in seeds().items():
        folder, heavy = out / "seeds" / target, out / "dense" / target
        folder.mkdir(parents=True, exist_ok=True)
        heavy.mkdir(parents=True, exist_ok=True)
        for at, data in enumerate(dense_inputs):
            (heavy / str(at)).write_bytes(data)
        kinds = {}
        fitting = sorted({seed for seed in cut if 0 < len(seed) <= LONGEST}, key=lambda seed: (len(seed), seed))
        for seed in fitting:
            kinds.setdefault(shape(seed), seed)
        different = list(kinds.values()) if len(kinds) >= MOST // 2 else fitting
        step = max(1, -(-len(different) // MOST))
        for seed in different[::step]:
            (folder / hashlib.sha1(seed).hexdigest()).write_bytes(seed)
        for file in (HERE / "seeds" / target).glob("*"):
            shutil.copy(file, folder)
        count = len(list(folder.iterdir()))
        total += count
        assert count >= 20, f"{target} has {count} seeds only"
    print(f"{total} seeds", file=sys.stderr)


main()
