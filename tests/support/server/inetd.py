"""inetd.py PORT ROOT PROGRAM: runs the program for each connection to that port of 127.0.0.1, its standard input and output being the
connection and its root directory ROOT. Ends, with what it started, by a TERM."""

import os
import signal
import socket
import sys

port, root, program = int(sys.argv[1]), sys.argv[2], sys.argv[3]
listener = socket.socket()
listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
listener.bind(("127.0.0.1", port))
listener.listen(128)
# Nobody waits for the children.
signal.signal(signal.SIGCHLD, signal.SIG_IGN)
children = set()


def end(*_):
    for child in children:
        try:
            os.kill(child, signal.SIGTERM)
        except ProcessLookupError:
            pass
    os._exit(0)


signal.signal(signal.SIGTERM, end)
while True:
    connection, _ = listener.accept()
    # They write a reply in several pieces, each of which would wait for the last to be acknowledged.
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    children = {child for child in children if os.path.exists(f"/proc/{child}")}
    child = os.fork()
    if child:
        children.add(child)
        connection.close()
        continue
    for number in (signal.SIGCHLD, signal.SIGTERM):
        signal.signal(number, signal.SIG_DFL)
    os.dup2(connection.fileno(), 0)
    os.dup2(connection.fileno(), 1)
    connection.close()
    listener.close()
    os.chroot(root)
    os.chdir("/")
    os.execv(program, [program])
