"""Python's imaplib as a client of the embedded server: PLAIN_PORT TLS_PORT CA_FILE. Any failed assertion is the exit status."""

import imaplib
import ssl
import sys

plain_port, tls_port, ca_file = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
context = ssl.create_default_context(cafile=ca_file)


def ok(answer):
    assert answer[0] == "OK", answer
    return answer[1]


with imaplib.IMAP4("localhost", plain_port) as upgraded:
    assert "STARTTLS" in upgraded.capabilities
    ok(upgraded.starttls(context))
    assert "STARTTLS" not in upgraded.capabilities
    ok(upgraded.authenticate("PLAIN", lambda _: b"\0alice\0alicepw"))

imap = imaplib.IMAP4_SSL("localhost", tls_port, ssl_context=context)
try:
    imap.login("alice", "wrong")
    raise AssertionError("a wrong password was taken")
except imaplib.IMAP4.error:
    pass
ok(imap.login("alice", "alicepw"))

names = [line.decode() for line in ok(imap.list())]
assert any('"INBOX"' in name for name in names) and any("\\Sent" in name for name in names), names
ok(imap.create("Work/May"))
assert len(ok(imap.list("Work/", "*"))) == 1
ok(imap.rename("Work/May", "Work/June"))
assert b"MESSAGES 0" in ok(imap.status("Work/June", "(MESSAGES UIDNEXT)"))[0]
ok(imap.delete("Work/June"))
ok(imap.namespace())
ok(imap.subscribe("Archive"))
assert any(b"Archive" in line for line in ok(imap.lsub()))
ok(imap.unsubscribe("Archive"))
assert not any(line and b"Archive" in line for line in ok(imap.lsub()))
for name in ('"quo\\"te {5}"', '"&ZeVnLIqe-/(100)"'):
    ok(imap.create(name))
    assert b"MESSAGES 0" in ok(imap.status(name, "(MESSAGES)"))[0]
    ok(imap.delete(name))
assert imap.create("a&b")[0] == "NO" or imap.delete("a&b")[0] == "OK"

count = int(ok(imap.select("INBOX"))[0])
assert count == 30, count

# A message with a bare header, then everything FETCH can say of all.
whole = ok(imap.fetch("1:*", "(UID FLAGS INTERNALDATE RFC822.SIZE ENVELOPE BODYSTRUCTURE)"))
assert len([part for part in whole if part is not None]) >= count
for number in range(1, count + 1):
    size = int(imap.fetch(str(number), "(RFC822.SIZE)")[1][0].split()[-1].rstrip(b")"))
    body = ok(imap.fetch(str(number), "(BODY.PEEK[])"))[0][1]
    header = ok(imap.fetch(str(number), "(BODY.PEEK[HEADER])"))[0][1]
    text = ok(imap.fetch(str(number), "(BODY.PEEK[TEXT])"))[0][1]
    assert len(body) == size and header + text == body, number

message = b"From: me@example.org\r\nSubject: appended\r\n\r\n.\r\nbytes \xff\xfe\r\n"
ok(imap.append("INBOX", "(\\Flagged)", '"01-Feb-2024 10:00:00 +0100"', message))
ok(imap.noop())
assert imap.response("EXISTS")[1][-1] == b"31"
found = ok(imap.uid("SEARCH", "SUBJECT", "appended"))[0].split()
assert found == [b"31"], found
assert ok(imap.uid("FETCH", "31", "(BODY[])"))[0][1] == message
assert b"\\Seen" in ok(imap.fetch("31", "(FLAGS)"))[0]
assert b"01-Feb" in ok(imap.fetch("31", "(INTERNALDATE)"))[0] or b" 1-Feb" in ok(imap.fetch("31", "(INTERNALDATE)"))[0]

name, code = ok(imap.uid("COPY", "31", "Archive")), imap.response("COPYUID")[1][-1]
assert code.split()[1:] == [b"31", b"17"], code
ok(imap.copy("31", "Archive"))  # by message number
ok(imap.uid("MOVE", "30", "Archive"))
assert ok(imap.uid("SEARCH", "UID", "30"))[0] in (b"", None)
ok(imap.uid("STORE", "29", "+FLAGS.SILENT", "(\\Deleted $Label1)"))
ok(imap.uid("EXPUNGE", "1:28"))
assert ok(imap.uid("SEARCH", "KEYWORD", "$Label1"))[0] == b"29"
ok(imap.uid("STORE", "29", "-FLAGS", "(\\Deleted)"))

ok(imap.store("30", "+FLAGS", "(\\Deleted)"))
assert ok(imap.search(None, "DELETED"))[0] == b"30"
assert ok(imap.expunge())[-1] == b"30"
ok(imap.close())
ok(imap.unselect()) if imap.state == "SELECTED" else None
assert int(ok(imap.select("Archive", readonly=True))[0]) == 19
imap.logout()
print("imaplib: ok")
