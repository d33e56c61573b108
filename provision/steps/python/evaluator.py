"""CooperBench's own evaluator, the installed version's, in containers that say whose they are and that end.

`helpers` are its functions; `Backend` makes its Docker sandboxes, which have a name, labels and a limit of memory here,
and end at a limit of time, where CooperBench's wait for ever for a runner that never ends.
"""

import importlib
import importlib.util
import inspect
import re
import sys
import threading
import types

# What is called of `cooperbench.eval.sandbox`, with the parameters that it has had since 0.0.2.
KNOWN = {
    "_load_patch": ["patch"],
    "_filter_test_files": ["patch_content"],
    "_write_patch": ["sb", "filename", "content"],
    "_setup_branches": ["sb"],
    "_merge_naive": ["sb", "base_sha"],
    "_run_tests": ["sb", "tests_patch", "feature_patch", "base_sha"],
}


class OtherVersion(Exception):
    """The installed version evaluates in a way that is not known here."""


class Broken(Exception):
    """The installed version does not load."""


def _without_packages():
    """Loads the evaluator without its packages' own imports, which are the agents', and take 12 s."""
    root = importlib.util.find_spec("cooperbench").submodule_search_locations[0]
    for name in ("cooperbench", "cooperbench.eval", "cooperbench.eval.backends", "cooperbench.runner"):
        package = types.ModuleType(name)
        package.__path__ = [root + name.removeprefix("cooperbench").replace(".", "/")]
        sys.modules[name] = package
    sys.modules["cooperbench.eval.backends"].get_backend = None  # for its runs, which nobody starts here
    return load()


def load():
    return (
        importlib.import_module("cooperbench.eval.sandbox"),
        importlib.import_module("cooperbench.eval.backends.docker"),
    )


def _installed():
    before = set(sys.modules)
    try:
        return _without_packages()
    except ImportError:
        for name in set(sys.modules) - before:
            if name.split(".")[0] == "cooperbench":
                del sys.modules[name]
        return load()


try:
    helpers, _docker_backend = _installed()
    for _name, _parameters in KNOWN.items():
        if list(inspect.signature(getattr(helpers, _name)).parameters) != _parameters:
            raise OtherVersion(f"its {_name} takes other parameters")
    DockerBackend, DockerExecResult = _docker_backend.DockerBackend, _docker_backend.DockerExecResult
except AttributeError as error:
    raise OtherVersion(str(error)) from error
except Exception as error:
    if isinstance(error, OtherVersion):
        raise
    raise Broken(f"{type(error).__name__}: {error}") from error


class ElsewhereError(Exception):
    """What is started in a container does not run in it."""


class Backend(DockerBackend):
    """Makes one sandbox, in a container of these options on top of CooperBench's."""

    def __init__(self, client, name, options):
        super().__init__()
        self._real, self._name, self._options = client, name, options
        self.container = None

    def _get_client(self):
        return types.SimpleNamespace(containers=types.SimpleNamespace(run=self._run))

    def _run(self, **options):
        self.container = self._real.containers.run(**options, **self._options, name=self._name)
        self._assert_inside()
        return self.container

    def _assert_inside(self):
        """An engine in a chroot starts what it is to start in a container in the machine around it."""
        self.container.reload()
        hostname = self.container.attrs["Config"]["Hostname"]
        question = ["bash", "-c", "read -r name </etc/hostname && echo host name: $name"]
        _, said = self.container.exec_run(question, stderr=False)
        # A shell that does not get so far, or prints more, is CooperBench's to judge.
        names = re.findall(r"^host name: (.*)$", said.decode(errors="replace"), re.MULTILINE)
        if names and names[-1].strip() != hostname:
            raise ElsewhereError

    def remove(self):
        """Removes the container, however far it has come."""
        docker = sys.modules["docker"]
        try:
            self._real.api.remove_container(self._name, force=True, v=True)
        except docker.errors.NotFound:
            pass
        except docker.errors.APIError as error:
            if error.status_code != 409:  # it is being removed
                raise


class Limited:
    """A sandbox of CooperBench whose commands end at a limit of time, as it says they do."""

    def __init__(self, sandbox, container, seconds):
        self._sandbox, self._container, self._seconds = sandbox, container, seconds
        self.timed_out = False

    def exec(self, *args):
        timer = threading.Timer(self._seconds, self._end)
        timer.daemon = True
        timer.start()
        try:
            result = self._sandbox.exec(*args)
        finally:
            timer.cancel()
        if not self.timed_out:
            return result
        said = result.stdout_read() + f"\nCommand timed out after {self._seconds} seconds"
        return DockerExecResult(-1, said.encode())

    def is_out_of_memory(self):
        """Whether anything in its container has been ended for want of memory so far."""
        self._container.reload()
        return self._container.attrs["State"].get("OOMKilled", False)

    def _end(self):
        self.timed_out = True
        try:
            self._container.kill()
        except sys.modules["docker"].errors.APIError:
            pass  # it has ended by itself
