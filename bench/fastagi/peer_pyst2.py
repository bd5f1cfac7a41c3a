"""pyst2's AGI class behind a threading server: its own fastagi module needs Python 2, its constructor the
main thread."""

import io
import signal
import socketserver
import sys

signal.signal = lambda *_: None

from asterisk import agi  # noqa: E402 - needs the line above


class Handler(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        received = io.TextIOWrapper(self.rfile, encoding="utf8")
        sent = io.TextIOWrapper(self.wfile, encoding="utf8", write_through=True)
        try:
            session = agi.AGI(received, sent, io.StringIO())
            for n in range(5):
                session.set_variable(f"V{n}", "x")
        except (OSError, ValueError):
            return


class Server(socketserver.ThreadingTCPServer):
    request_queue_size = 1024
    daemon_threads = True

    def handle_error(self, *_: object) -> None:
        pass


if __name__ == "__main__":
    with Server(("127.0.0.1", 0), Handler) as server:
        print(server.server_address[1], flush=True)
        sys.stdout.flush()
        server.serve_forever()
