#!/usr/bin/env python3
"""Put every API server through Schemathesis, each by its real binary, against a stack of this run's own.

    python3 openapi/schemathesis/run.py [--examples N] [--seed N] [SERVER ...]

The first run makes a virtual environment in the cache folder, with what requirements.txt pins. The servers are those
that `cargo test` has built; without names, all that the workspace has. Exit code 1 says that something was found.
"""

import argparse
import contextlib
import json
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
import venv

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
# Queues and keys that were made up stay behind, so the stack is neither the developer's nor the tests'. Its ports are
# between those of the tests and the ones that Linux gives to outgoing connections.
HOME = ROOT / ".devstack-schemathesis"
PORT_OFFSET = 5700
LIMIT = 60.0


def program():
    """Schemathesis in a virtual environment of its own, made anew when the requirements change."""
    cache = pathlib.Path(os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache")
    folder = cache / "devstack-rust" / "tools" / "schemathesis"
    wanted, made_from = HERE / "requirements.txt", folder / "requirements.txt"
    if not made_from.exists() or made_from.read_bytes() != wanted.read_bytes():
        venv.create(folder, clear=True, with_pip=True)
        pip = [folder / "bin" / "python", "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        subprocess.run([*pip, "--require-hashes", "--requirement", wanted], check=True)
        made_from.write_bytes(wanted.read_bytes())
    return folder / "bin" / "st"


def binaries():
    """The workspace's programs by name, as `cargo test` builds them."""
    # The whole workspace, so that nothing is built that the tests have not built.
    build = ["cargo", "test", "--workspace", "--no-run", "--locked", "--quiet", "--message-format", "json"]
    output = subprocess.run(build, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True).stdout
    messages = map(json.loads, output.splitlines())
    return {
        message["target"]["name"]: message["executable"]
        for message in messages
        if message["reason"] == "compiler-artifact"
        and message["executable"]
        and message["target"]["kind"] == ["bin"]
        and not message["profile"]["test"]
    }


@contextlib.contextmanager
def stack(devstack):
    """A stack of this run's own; gives a function for the variables of a server."""

    def run(*arguments, **options):
        command = [devstack, "--home", HOME, *arguments]
        return subprocess.run(command, cwd=ROOT, check=True, text=True, **options)

    try:
        run("up", "--port-offset", str(PORT_OFFSET))
        yield lambda name: json.loads(run("env", name, "--json", stdout=subprocess.PIPE).stdout)
    finally:
        run("reset", "--yes", stderr=subprocess.DEVNULL)


@contextlib.contextmanager
def server(binary, variables, log):
    """A server that has reached its backends; gives its address. It must end well."""
    settings = {
        "HTTP_ADDR": "127.0.0.1:0",
        "HTTPS_ADDR": "off",
        # Not off: with limits far away every answer still tells them, as the document says.
        "RATE_LIMIT": "1000000",
    }
    process = subprocess.Popen([binary], env={**variables, **settings}, stdout=log, stderr=log)
    try:
        yield until(lambda: ready(process, log), f"{binary} to be ready", log)
        process.send_signal(signal.SIGTERM)
        if process.wait(LIMIT) != 0:
            sys.exit(f"{binary} ended with {process.returncode}:\n{said(log)}")
    finally:
        process.kill()
        process.wait()


def ready(process, log):
    """The address of a server whose backends are all healthy, or nothing."""
    if process.poll() is not None:
        sys.exit(f"the server ended with {process.returncode}:\n{said(log)}")
    for line in said(log).splitlines():
        with contextlib.suppress(ValueError, OSError):
            entry = json.loads(line)
            if entry.get("message") == "serving":
                address = f"http://{entry['http']}"
                return urllib.request.urlopen(f"{address}/health/ready", timeout=LIMIT) and address
    return None


def said(log):
    return pathlib.Path(log.name).read_text(encoding="utf-8", errors="replace")


def until(ask, what, log):
    """The first answer of `ask`, which is asked for a minute at most."""
    deadline = time.monotonic() + LIMIT
    while time.monotonic() < deadline:
        if answer := ask():
            return answer
        time.sleep(0.05)
    sys.exit(f"waited {LIMIT:.0f} s for {what}:\n{said(log)}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("servers", nargs="*", metavar="SERVER")
    parser.add_argument("--examples", type=int, default=50, help="requests made up per operation and phase")
    parser.add_argument("--seed", type=int, help="another seed than the one of schemathesis.toml")
    arguments = parser.parse_args()
    schemathesis, programs = program(), binaries()
    there = sorted(name for name in programs if name.startswith("api-"))
    if unknown := set(arguments.servers) - set(there):
        parser.error(f"no server {', '.join(sorted(unknown))}; there are {', '.join(there)}")
    command = [schemathesis, "--config-file", HERE / "schemathesis.toml", "run", ROOT / "openapi" / "openapi.yaml"]
    command += ["--max-examples", str(arguments.examples), "--no-color"]
    if arguments.seed is not None:
        command += ["--seed", str(arguments.seed)]
    failed = []
    with stack(programs["devstack"]) as variables, tempfile.TemporaryDirectory() as scratch:
        # Nothing is written into the tree: no compiled hooks, no database of examples.
        quiet = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1", "HYPOTHESIS_STORAGE_DIRECTORY": scratch}
        for name in arguments.servers or there:
            print(f"-- {name}", flush=True)
            with tempfile.NamedTemporaryFile(prefix=f"{name}-", suffix=".log") as log:
                with server(programs[name], variables(name), log) as address:
                    if subprocess.run([*command, "--url", address], cwd=HERE, env=quiet).returncode != 0:
                        failed.append(name)
    if failed:
        sys.exit(f"Schemathesis found something on {', '.join(failed)}; its words are above")


if __name__ == "__main__":
    main()
