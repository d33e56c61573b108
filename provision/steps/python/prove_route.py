"""Asks the agent's model once, and tells where the request went. Nothing leaves the machine.

Standard input: {"model", "path", "salt", "keyHash"}: the model to ask, the path that answers, and the key that a run is
to have, as the SHA-256 of salt and key. Standard output, last line: what was seen. Neither has the key, which is put out
of the way before anything is asked.
"""

import contextlib
import hashlib
import json
import os
import socketserver
import sys
import threading
from http.server import BaseHTTPRequestHandler

from agent_model import KEYS, CannotAsk, Settings, default_agent, make_model

THROW_AWAY = "throw-away-key-of-the-route-proof"
QUERY_SECONDS = 20


class Mock:
    """Answers on loopback as Cohere's chat does, at one path, for one key."""

    def __init__(self, path):
        mock = self
        self.arrived = []

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                try:
                    model = json.loads(body).get("model")
                except ValueError:
                    model = None
                has_key = self.headers.get("Authorization") == f"Bearer {THROW_AWAY}"
                status = 404 if self.path != path else 200 if has_key else 401
                mock.arrived.append({"hasKey": has_key, "model": model, "status": status})
                self._answer(status, answer if status == 200 else {"message": "refused by the proof"})

            def _answer(self, status, content):
                text = json.dumps(content).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(text)

            def log_message(self, *_args):
                pass

        # Not an HTTPServer, which looks its own address up.
        server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler)
        server.daemon_threads = True
        self.address = server.server_address
        threading.Thread(target=server.serve_forever, daemon=True).start()


answer = {
    "id": "proof",
    "finish_reason": "TOOL_CALL",
    "message": {
        "role": "assistant",
        "tool_plan": "I list the files.",
        "tool_calls": [
            {
                "id": "proof-0",
                "type": "function",
                "function": {"name": "bash", "arguments": '{"command": "ls"}'},
            }
        ],
    },
    "usage": {
        "billed_units": {"input_tokens": 1, "output_tokens": 1},
        "tokens": {"input_tokens": 1, "output_tokens": 1},
    },
}


def keep_inside(mock):
    """Refuses every connection and look-up of this process but those of the mock. Gives the list of what it refused."""
    refused = []
    lookups = ("socket.getaddrinfo", "socket.gethostbyname", "socket.gethostbyaddr")

    def refuse(host, port):
        place = f"{host}:{port}" if port else str(host)
        if place not in refused:
            refused.append(place)
        raise PermissionError("refused by the proof")

    def audit(event, args):
        if event in ("socket.connect", "socket.sendto", "socket.sendmsg"):
            address = args[1]
            # An address in the file system is one of this machine.
            if isinstance(address, tuple) and address[:2] != mock.address:
                refuse(*address[:2])
        elif event in lookups:
            host = args[0].decode() if isinstance(args[0], bytes) else args[0]
            port = args[1] if len(args) > 1 else None
            if host not in (None, mock.address[0]):
                refuse(host, port)

    sys.addaudithook(audit)
    return refused


def lead_to(mock, refused_by_mock):
    """Has httpx send every request to the mock. Gives the list of the URLs that were asked, with what arrived.

    `refused_by_mock` is called after an answer that is none: the package would try again, with pauses, for minutes.
    """
    import httpx

    asked = []
    send = httpx.HTTPTransport.handle_request
    direct = httpx.HTTPTransport(verify=False, trust_env=False)

    def record(url):
        # Neither a password nor a query, which may hold a key. As it is sent: with brackets and percent signs.
        path, mark, _query = url.raw_path.decode().partition("?")
        query = "?…" if mark else ""
        asked.append({"url": f"{url.scheme}://{url.netloc.decode()}{path}{query}"})

    def lead(_transport, request):
        record(request.url)
        host, port = mock.address
        request.url = request.url.copy_with(scheme="http", host=host, port=port)
        before = len(mock.arrived)
        response = send(direct, request)
        response.read()
        asked[-1].update(*mock.arrived[before : before + 1])
        if response.status_code != 200:
            refused_by_mock()
        return response

    async def refuse(_transport, request):
        record(request.url)
        raise httpx.ConnectError("refused by the proof")

    httpx.HTTPTransport.handle_request = lead
    httpx.AsyncHTTPTransport.handle_async_request = refuse
    return asked


def compare_key(salt, key_hash):
    """Whether the key of a run is the wanted one; then no variable has it any more."""
    variable = next((name for name in ("COHERE_API_KEY", "CO_API_KEY") if os.environ.get(name)), None)
    if variable is None:
        return {"state": "none"}
    key = os.environ[variable]
    same = hashlib.sha256((salt + key).encode()).hexdigest() == key_hash
    for name, value in list(os.environ.items()):
        if value == key or (name in KEYS and value.strip()):
            os.environ[name] = THROW_AWAY
    return {"state": "same" if same else "other", "variable": variable}


def prove(wanted, end):
    mock = Mock(wanted["path"])
    refused = keep_inside(mock)
    settings = Settings()
    settings.load()
    agent = default_agent()
    seen = {"agent": agent, "refused": refused}

    def end_now():
        end(seen)

    try:
        seen |= {"origins": settings.origins(), "urls": settings.urls(), "files": settings.files}
        seen["key"] = compare_key(wanted["salt"], wanted["keyHash"])
        os.environ["MSWEA_MODEL_RETRY_STOP_AFTER_ATTEMPT"] = "1"
        seen["asked"] = lead_to(mock, end_now)
        model = make_model(agent, wanted["model"])
        seen["modelClass"] = f"{type(model).__module__}.{type(model).__name__}"
        # Some versions try again ten times whatever they are told.
        late = threading.Timer(QUERY_SECONDS, end_now)
        late.daemon = True
        late.start()
        try:
            model.query([{"role": "user", "content": "ls"}])
        except Exception as error:
            seen["error"] = type(error).__name__
    except CannotAsk as error:
        seen["cannotAsk"] = str(error)
    end(seen)


def main():
    wanted = json.load(sys.stdin)
    output = sys.stdout

    def end(seen):
        print(json.dumps(seen), file=output, flush=True)
        os._exit(0)  # litellm's threads may still be busy

    # Standard output is the result's alone, whatever the package prints.
    with contextlib.redirect_stdout(sys.stderr):
        try:
            prove(wanted, end)
        except CannotAsk as error:
            end({"cannotAsk": str(error)})


main()
