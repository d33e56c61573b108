"""Has the agent's model make one small real call, with the settings of a run.

Standard input: {"model", "maxTokens", "timeoutSeconds"}. Standard output, last line: what came of it, without the key.
"""

import contextlib
import json
import os
import sys
import time

from agent_model import KEYS, CannotAsk, Settings, default_agent, make_model


def watch_answers():
    """Gives the list of the URLs that answer this process, redirects among them, with their HTTP statuses."""
    import httpx

    answers = []
    send = httpx.HTTPTransport.handle_request

    def watched(transport, request):
        response = send(transport, request)
        url = request.url
        # Neither a password nor a query, which may hold a key.
        path = url.raw_path.decode().partition("?")[0]
        place = f"{url.scheme}://{url.netloc.decode()}{path}"
        answers.append({"url": place, "status": response.status_code})
        return response

    httpx.HTTPTransport.handle_request = watched
    return answers


def watch_responses():
    """Gives the list of the responses of litellm: the model gives its own reading of them only."""
    import litellm

    responses = []
    complete = litellm.completion

    def watched(*args, **kwargs):
        responses.append(complete(*args, **kwargs))
        return responses[-1]

    litellm.completion = watched
    return responses


def is_empty(response):
    """Whether an answer says nothing, though no limit of tokens has cut it off."""
    choice = response.choices[0]
    says = (getattr(choice.message, name, None) for name in ("content", "tool_calls", "reasoning_content"))
    return choice.finish_reason != "length" and not any(says)


def cost_of(response, model_name):
    """What litellm takes the call to cost, in US dollars; None where it has no price."""
    import litellm

    try:
        cost = litellm.completion_cost(response, model=model_name)
    except Exception:
        return None
    return cost if cost > 0 else None


def without_keys(text):
    for name in KEYS:
        if os.environ.get(name):
            text = text.replace(os.environ[name], f"({name})")
    return " ".join(text.split())[:300]


def call(wanted):
    settings = Settings()
    settings.load()
    os.environ["MSWEA_MODEL_RETRY_STOP_AFTER_ATTEMPT"] = "1"
    answers = watch_answers()
    responses = watch_responses()
    model = make_model(default_agent(), wanted["model"])
    messages = [{"role": "user", "content": "Say ok."}]
    error = None
    started = time.monotonic()
    try:
        model.query(messages, max_tokens=wanted["maxTokens"], timeout=wanted["timeoutSeconds"])
    except Exception as raised:
        # An answer without a tool call is none to the agent; here it will do.
        error = None if responses else f"{type(raised).__name__}: {raised}"
    result = {"seconds": time.monotonic() - started, "answers": answers}
    if error is not None:
        return result | {"error": without_keys(error)}
    usage = getattr(responses[-1], "usage", None)
    return result | {
        "isEmpty": is_empty(responses[-1]),
        "inputTokens": getattr(usage, "prompt_tokens", None),
        "outputTokens": getattr(usage, "completion_tokens", None),
        "costDollars": cost_of(responses[-1], wanted["model"]),
    }


def main():
    wanted = json.load(sys.stdin)
    with contextlib.redirect_stdout(sys.stderr):
        try:
            result = call(wanted)
        except CannotAsk as error:
            result = {"cannotAsk": str(error)}
    print(json.dumps(result), flush=True)
    os._exit(0)  # litellm's threads may still be busy


main()
