"""What python-dotenv, as the environment has it, reads of `.env` files. Changes nothing, and asks nobody.

Standard input: {"cases": [{"bytes", "wanted"}]}, files that may not be there yet, in base64, or {"run": {"searches", "own",
"wanted", "also", "names"}}, the files that a run loads. Standard output, last line: what was read. No value is in it: each is
compared with the wanted one here.
"""

import base64
import io
import json
import logging
import os
import re
import sys
from urllib.parse import urlsplit

from dotenv import load_dotenv
from dotenv.main import DotEnv
from dotenv.parser import parse_stream


def line_of(binding):
    """The line that a binding begins in, after the blank ones that were read with it."""
    text = binding.original.string
    return binding.original.line + text[: len(text) - len(text.lstrip())].count("\n")


def stream_of(content):
    """As python-dotenv opens a file."""
    return io.TextIOWrapper(io.BytesIO(content), encoding="utf-8")


def compare(content, wanted):
    """Names that are read otherwise than wanted, and the lines that no statement could be read of."""
    try:
        unread = [line_of(binding) for binding in parse_stream(stream_of(content)) if binding.error]
        values = DotEnv(None, stream=stream_of(content), encoding="utf-8", override=False).dict()
    except UnicodeDecodeError:
        return {"other": list(wanted), "unread": []}
    return {"other": [name for name in wanted if values.get(name) != wanted[name]], "unread": unread}


def lines_in(file):
    """The line that counts of each name, which is its last one."""
    with open(file, encoding="utf-8") as stream:
        return {binding.key: line_of(binding) for binding in parse_stream(stream) if binding.key}


def load(searches):
    """Loads the files as a run does. Gives where each variable comes from, and the file that a run ends at."""
    origins = {name: {"exported": True} for name in os.environ}
    for search in searches:
        if search["isOfLitellm"] and os.environ.get("LITELLM_MODE", "DEV") != "DEV":
            continue
        file = next(filter(os.path.isfile, search["files"]), None)
        if file is None:
            continue
        try:
            load_dotenv(file)
        except (ValueError, OSError) as error:
            return origins, {"file": file, "error": type(error).__name__}
        lines = lines_in(file)
        for name in os.environ:
            if name not in origins and name in lines:
                origins[name] = {"file": file, "line": lines[name]}
    return origins, None


def is_same(name, value, wanted):
    return value == wanted or (name.endswith("_API_BASE") and as_url(value) == as_url(wanted))


def as_url(text):
    """A URL as it is asked: its host in lower case, without a port that its scheme means."""
    try:
        url = urlsplit(text)
        port = None if url.port == {"http": 80, "https": 443}.get(url.scheme) else url.port
        return url.scheme, url.username, url.password, url.hostname, port, url.path or "/", "?" in text, url.query
    except ValueError:
        return text


def read_run(searches, own, wanted, also, names):
    own_file = None
    if os.path.isfile(own):
        with open(own, "rb") as file:
            own_file = compare(file.read(), wanted)
    origins, failed = load(searches)
    values = {**also, **wanted}
    variables = {
        name: {
            "origin": origins[name],
            "isSame": name in values and is_same(name, os.environ[name], values[name]),
            "isBlank": not os.environ[name].strip(),
        }
        for name in os.environ
        if name in origins and (name in wanted or re.search(names, name))
    }
    return {"own": own_file, "variables": variables, "failed": failed}


def main():
    asked = json.load(sys.stdin)
    logging.disable()  # it warns of lines, which are in the answer
    if "run" in asked:
        answer = read_run(**asked["run"])
    else:
        answer = [compare(base64.b64decode(case["bytes"]), case["wanted"]) for case in asked["cases"]]
    print(json.dumps(answer))


main()
