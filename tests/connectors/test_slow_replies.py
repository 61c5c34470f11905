"""A reply that comes byte by byte ends when its time is over, in its head as in its body."""

import itertools
import socketserver
import threading
import time

import pytest

from connectors.shared.client.http_session import Wire, open_session
from model.errors import RetryLater

HEAD = b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n"


def server_of(first):
    class Drip(socketserver.BaseRequestHandler):
        def handle(self):
            self.request.recv(4096)
            try:
                self.request.sendall(first)
                for _ in itertools.repeat(None, 200):
                    self.request.sendall(b"a")
                    time.sleep(0.05)
            except OSError:
                return

    return socketserver.ThreadingTCPServer(("127.0.0.1", 0), Drip)


@pytest.mark.parametrize("first", [HEAD, b"HTTP/1.1 200 OK\r\nX: "])
def test_a_reply_that_drips_is_given_up(first):
    wire = Wire((5.0, 5.0), lambda _reply: None, longest=0.4)
    session = open_session(wire, ca_file=None, proxy=None)
    with server_of(first) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        with pytest.raises(RetryLater, match="took more than"):
            session.get(f"http://127.0.0.1:{server.server_address[1]}/")
        server.shutdown()
