"""A way to one service of the local AWS that counts calls, answers in its place, or acts just before a call."""

import http.server
import threading
import urllib.error
import urllib.request

_opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class Passage:
    """Listens while it is a context; `url` is what AWS_ENDPOINT_URL_<SERVICE> takes."""

    def __init__(self, url):
        self._url = url
        self._before, self._instead = {}, {}
        self.calls = []

    def before(self, action, act):
        """Do this once, just before the next call of this action."""
        self._before[action] = act

    def refuse(self, action, code, message="no"):
        """Answer this action as AWS does when it refuses it."""
        self._instead[action] = (code, message)

    def __enter__(self):
        passage = self

        class Door(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                passage._pass(self)

            do_GET = do_POST

            def log_message(self, *_):
                """Nobody reads it."""

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Door)
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        return self

    def __exit__(self, *_):
        self._server.shutdown()
        self._server.server_close()

    def _pass(self, door):
        body = door.rfile.read(int(door.headers.get("Content-Length") or 0))
        # JSON services name the action in a header; Lambda's are paths.
        action = (door.headers.get("X-Amz-Target") or door.path.split("?")[0]).split(".")[-1]
        self.calls.append(action)
        if act := self._before.pop(action, None):
            act()
        if refusal := self._instead.get(action):
            code, message = refusal
            answer = f'{{"__type": "{code}", "message": "{message}"}}'.encode()
            status, headers = 403, {"Content-Type": "application/json", "x-amzn-ErrorType": code}
        else:
            status, headers, answer = self._forward(door, body)
        door.send_response(status)
        for name, value in headers.items():
            if name.lower() not in ("content-length", "transfer-encoding", "connection", "date", "server"):
                door.send_header(name, value)
        door.send_header("Content-Length", str(len(answer)))
        door.end_headers()
        door.wfile.write(answer)

    def _forward(self, door, body):
        headers = {name: value for name, value in door.headers.items() if name.lower() != "host"}
        request = urllib.request.Request(self._url + door.path, data=body or None, headers=headers,
                                         method=door.command)
        try:
            with _opener.open(request, timeout=30) as answer:
                return answer.status, dict(answer.headers), answer.read()
        except urllib.error.HTTPError as refused:
            return refused.code, dict(refused.headers), refused.read()
