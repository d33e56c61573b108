"""The model of CooperBench's default agent, made as a run makes it. Starts no container and asks nobody.

The package loads its settings itself, and the agent's own code runs up to where it has its model. So whatever a version
of it does on the way (an Azure endpoint put in place of the model's, a variable that it heeds no more) is in the model.
"""

import importlib
import inspect
import os
import sys

# What decides where a call goes, with which key. Nothing here is a secret but the keys, which are never told.
KEYS = ("COHERE_API_KEY", "CO_API_KEY", "AZURE_OPENAI_API_KEY")
URLS = ("COHERE_API_BASE", "MSWEA_MODEL_API_BASE", "AZURE_OPENAI_ENDPOINT")
SWITCHES = ("PYTHON_DOTENV_DISABLED",)


class CannotAsk(Exception):
    """This version of the package has no agent that can be asked. Names what was looked for."""


class Settings:
    """The settings of a run, and where each comes from."""

    def __init__(self):
        self._exported = frozenset(os.environ)
        self._read = {}
        self.files = []

    def load(self):
        """Has the package load its settings, as its command line does when it starts."""
        os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"  # else litellm downloads its prices
        self._watch_dotenv()
        sys.path.pop(0)  # this program's folder, which a run does not have
        try:
            import cooperbench.cli  # noqa: F401
        except ImportError as error:
            raise CannotAsk(f"cooperbench.cli cannot be imported ({error})") from error

    def origins(self):
        """Where each variable comes from: exported, or file and line."""
        names = [name for name in (*KEYS, *URLS, *SWITCHES) if name in os.environ]
        return {name: self._origin(name) for name in names}

    def urls(self):
        """The values of those that are no secret."""
        return {name: os.environ[name] for name in (*URLS, *SWITCHES) if name in os.environ}

    def _origin(self, name):
        if name in self._exported:
            return {"exported": True}
        return self._read.get(name, {"exported": False})

    def _watch_dotenv(self):
        from dotenv.main import DotEnv
        from dotenv.parser import parse_stream

        load = DotEnv.set_as_environment_variables

        def watched(dotenv):
            before = dict(os.environ)
            done = load(dotenv)
            path = dotenv.dotenv_path
            if path and os.path.exists(path):
                file = os.path.abspath(path)
                self.files.append(file)
                with open(path, encoding="utf-8") as stream:
                    for binding in parse_stream(stream):
                        if binding.key and binding.key in os.environ and binding.key not in before:
                            # The value begins on the line after the blank ones that were read with it.
                            text = binding.original.string
                            blank = text[: len(text) - len(text.lstrip())].count("\n")
                            line = binding.original.line + blank
                            self._read[binding.key] = {"file": file, "line": line}
            return done

        DotEnv.set_as_environment_variables = watched


class _Made(BaseException):
    """Ends the agent where it has its model."""


class _NoContainer:
    """Stands for an agent's container, in which every command succeeds and says nothing."""

    def __init__(self, *_args, **_kwargs):
        pass

    def __getattr__(self, name):
        if name.startswith("_"):
            raise AttributeError(name)
        return lambda *_args, **_kwargs: {"output": "", "returncode": 0}


def default_agent():
    """The name of the agent that a run takes where none is named."""
    import cooperbench

    run = getattr(cooperbench, "run", None)
    agent = inspect.signature(run).parameters.get("agent") if callable(run) else None
    if agent is None or not isinstance(agent.default, str):
        raise CannotAsk("looked for the default of the parameter agent of cooperbench.run")
    return agent.default


def make_model(agent, model_name):
    """The model that this agent makes itself for a run with the model of this name."""
    try:
        from cooperbench.agents import get_runner

        runner = get_runner(agent)
    except Exception as error:
        raise CannotAsk(f"looked for its runner in cooperbench.agents ({_said(error)})") from error
    adapter = sys.modules[type(runner).__module__]
    model_class = getattr(adapter, "LitellmModel", None)
    if model_class is None:
        raise CannotAsk(f"looked for the class LitellmModel in {adapter.__name__}")
    made = []

    def make(*args, **kwargs):
        made.append(model_class(*args, **kwargs))
        raise _Made

    adapter.LitellmModel = make
    try:
        docker = importlib.import_module(f"{adapter.__name__.rpartition('.')[0]}.environments.docker")
        for module in (docker, adapter):
            if hasattr(module, "DockerEnvironment"):
                module.DockerEnvironment = _NoContainer
        runner.run(task="", image="", model_name=model_name, config={"backend": "docker"})
    except _Made:
        return made[0]
    except Exception as error:
        raise CannotAsk(f"looked for the model that {adapter.__name__} makes ({_said(error)})") from error
    raise CannotAsk(f"looked for the model that {adapter.__name__} makes; it made none")


def _said(error):
    return f"{type(error).__name__}: {error}"[:300]
