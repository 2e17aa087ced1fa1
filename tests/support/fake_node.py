"""What stands in for a node behind a proxy: counts the requests that it gets, and answers by path.

/lost: closes the connection without a word; /503: 503; anything else: 200."""

import http.server
import threading


class FakeNode:
    """with FakeNode(port) as node: node.targets are the requests' targets, in their order."""

    def __init__(self, port):
        self.targets = targets = []

        class Exchange(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_):  # pylint: disable=arguments-differ
                """Nowhere."""

            def do_GET(self):
                targets.append(self.path)
                self.rfile.read(int(self.headers.get("Content-Length", 0)))
                self.close_connection = self.path == "/lost"
                if self.close_connection:
                    return
                self.send_response(503 if self.path == "/503" else 200)
                self.send_header("Content-Length", "5")
                self.end_headers()
                self.wfile.write(b"node\n")

            do_POST = do_GET

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", port), Exchange)
        self.server.daemon_threads = True
        self.thread = threading.Thread(target=self.server.serve_forever, daemon=True)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()
