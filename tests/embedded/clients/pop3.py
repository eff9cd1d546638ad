"""Python's poplib as a client of the embedded server: PLAIN_PORT TLS_PORT CA_FILE. Any failed assertion is the exit status."""

import poplib
import ssl
import sys

plain_port, tls_port, ca_file = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
context = ssl.create_default_context(cafile=ca_file)
poplib._MAXLINE = 1 << 16  # the sample mail has lines of 3 kB

upgraded = poplib.POP3("localhost", plain_port)
assert "STLS" in upgraded.capa()
upgraded.stls(context)
assert "STLS" not in upgraded.capa()
upgraded.user("alice")
upgraded.pass_("alicepw")
upgraded.quit()

pop = poplib.POP3_SSL("localhost", tls_port, context=context)
try:
    pop.user("alice")
    pop.pass_("wrong")
    raise AssertionError("a wrong password was taken")
except poplib.error_proto:
    pass
pop.user("alice")
pop.pass_("alicepw")
count, size = pop.stat()
sizes = [int(line.split()[1]) for line in pop.list()[1]]
names = [line.split()[1] for line in pop.uidl()[1]]
assert len(sizes) == len(names) == len(set(names)) == count and sum(sizes) == size
for number in range(1, count + 1):
    lines = pop.retr(number)[1]
    body = b"\r\n".join(lines) + b"\r\n"
    assert len(body) in (sizes[number - 1], sizes[number - 1] + 2), number
    top = pop.top(number, 1)[1]
    assert lines[: len(top)] == top and top[-2] == b"" or b"" in top, number
pop.dele(1)
pop.rset()
pop.dele(2)
pop.noop()
pop.quit()

pop = poplib.POP3_SSL("localhost", tls_port, context=context)
pop.user("alice")
pop.pass_("alicepw")
assert pop.stat()[0] == count - 1
assert [line.split()[1] for line in pop.uidl()[1]] == names[:1] + names[2:]
pop.quit()
print("poplib: ok")
