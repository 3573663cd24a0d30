"""Whether the server keeps what its own description of the API promises.

    python schema.py [seed]

First everything is asked as it should be, so that every answer with something in it is compared with its schema. Then
schemathesis makes requests from the description, and others that it forbids. Environment: SPOTTER_BIN, SPOTTER_DIST,
CARGO_TARGET_DIR, SPOTTER_EXAMPLES (requests per operation that chance makes).
"""

import contextlib
import json
import os
import pathlib
import secrets
import socket
import subprocess
import sys
import tempfile
import threading
import time

import requests
import schemathesis

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
TARGET = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", pathlib.Path.home() / ".cache/spotter/target"))
BINARY = os.environ.get("SPOTTER_BIN", TARGET / "debug/spotter")
DIST = os.environ.get("SPOTTER_DIST", ROOT / "dist")
EXAMPLES = os.environ.get("SPOTTER_EXAMPLES", "120")
NATIVE = "application/vnd.spotter.push+json"
PASSWORD = "correct horse battery"
# The rows whose bytes are frozen: their hashes are right without a hash function here.
ROWS = [json.loads(line) for line in (ROOT / "tests/fixtures/rows-v1.jsonl").read_text().splitlines()]
PERSON = ROWS[0]["scope"].removeprefix("u:")
# These end the very sign-in by which they are asked.
ENDING = {"erase", "sign_out", "revoke"}
CHECKS = [
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
    "negative_data_rejection",
    "missing_required_header",
    "unsupported_method",
    "allow_header_conformance",
    "ignored_auth",
]
# What a refusal may look like. No 5xx, and no 422: the rest is said in replication.md, under errors.
CONFIG = """
[checks.negative_data_rejection]
expected-statuses = ["400", "401", "403", "404", "405", "409", "410", "413", "415", "429"]
"""


def device(person=None):
    return {"device_id": secrets.token_hex(8), "name": "schema.py", "person": person}


def bearer(token):
    return {"Authorization": f"Bearer {token}"}


# ---------------------------------------------------------------------------------------------- inside schemathesis

# schemathesis loads this file a second time, as its hooks: then the address is in the environment.
if "SPOTTER_SCHEMA_URL" in os.environ:

    @schemathesis.auth(refresh_interval=None)
    class SignIn:
        """One sign-in for everything, but a new one for each request that would end it.

        The new ones are another account's: schemathesis tries what it has read in answers, the shared device's id too.
        """

        def get(self, case, context):
            url = os.environ["SPOTTER_SCHEMA_URL"]
            if context.operation.definition.raw.get("operationId") not in ENDING:
                return os.environ["SPOTTER_SCHEMA_TOKEN"]
            other = bearer(os.environ["SPOTTER_SCHEMA_OTHER"])
            code = requests.post(f"{url}/account/links", headers=other, timeout=10).json()["code"]
            joined = requests.post(f"{url}/account/join", json={"code": code, "device": device()}, timeout=10)
            return joined.json()["token"]

        def set(self, case, data, context):
            case.headers = {**(case.headers or {}), **bearer(data)}


# ---------------------------------------------------------------------------------------------- the server


class Server:
    """A server of its own, over a database that is gone afterwards."""

    def __init__(self, folder):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        self.url = f"http://localhost:{port}"
        self.database = f"{folder}/spotter.db"
        command = [BINARY, "serve", "--dist", DIST, "--database", self.database, "--port", str(port)]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.said = []
        # Read as it comes: a pipe that nobody empties would stop the server.
        threading.Thread(target=lambda: self.said.extend(self.process.stderr), daemon=True).start()
        if "Spotter is at" not in (line := self.process.stdout.readline()):
            self.process.kill()
            raise SystemExit(f"the server did not start: {line} {''.join(self.said)}")

    def code(self):
        """The code that whoever sees the server's terminal has."""
        return subprocess.run([BINARY, "invite", "--database", self.database], capture_output=True, text=True, check=True).stdout.strip()

    def stop(self):
        self.process.terminate()
        try:
            same(self.process.wait(20), 0, "the exit code of the server")
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise


# ---------------------------------------------------------------------------------------------- steps

failures = []
passed = 0


@contextlib.contextmanager
def step(name):
    global passed
    began = time.monotonic()
    try:
        yield
    except Exception as err:  # whatever went wrong, the next step may still tell something
        failures.append(name)
        print(f"not ok - {name}\n  " + "\n  ".join(str(err).splitlines()[:24]), flush=True)
    else:
        passed += 1
        print(f"ok - {name} ({time.monotonic() - began:.1f} s)", flush=True)


def same(actual, expected, what):
    if actual != expected:
        raise AssertionError(f"{what}: expected {expected!r}, found {actual!r}")


class Asks:
    """Asks an operation by its address and compares the answer with the description."""

    def __init__(self, url):
        self.url = url
        self.schema = schemathesis.openapi.from_url(f"{url}/openapi.json")
        self.operations = {(operation.method.upper(), operation.path) for operation in map(lambda one: one.ok(), self.schema.get_all_operations())}
        self.asked = set()
        self.token = None

    def __call__(self, method, template, status=200, *, token=None, headers=None, path=None, **more):
        headers = {**bearer(token or self.token), **(headers or {})} if token or self.token else headers
        answer = requests.request(method, self.url + (path or template), headers=headers, timeout=20, **more)
        same(answer.status_code, status, f"{method} {path or template} said {answer.text[:200]}; its status")
        if status == 200:
            self.asked.add((method, template))
        self.schema[template][method].validate_response(answer)
        return answer


def good_answers(asks, first):
    """Every operation is answered with something, and the answer is what its schema says."""
    scope = f"u:{PERSON}"
    own = [row for row in ROWS if row["scope"] == scope]
    chain = f"{scope}/{own[0]['device_id']}/{own[0]['lane']}"
    shared = device(PERSON)

    with step("an account is made, and the answers about it are as described"):
        same(asks("GET", "/account/sign-up").json(), {"first": True}, "nobody is here")
        signed = asks("POST", "/account/sign-up", json={"name": "Mia", "password": PASSWORD, "invite": first, "device": shared}).json()
        asks.token = signed["token"]
        same(asks("GET", "/account").json()["persons"], [PERSON], "the account's persons")
        asks("GET", "/replicate/hello")

    with step("a push is answered with every kind of verdict, as described"):
        broken = {**own[1], "h": "0" * 64}
        for rows, expected in [
            (ROWS, {"accepted", "rejected"}),
            ([own[0], broken], {"duplicate", "rejected"}),
            ([{**own[0], "event_id": "no id"}], {"rejected"}),
        ]:
            push = {"device_id": shared["device_id"], "batch_id": "1", "rows": rows}
            answer = asks("POST", "/replicate/push", json=push, headers={"Accept": NATIVE})
            same(answer.headers["Content-Type"], NATIVE, "its type")
            same({verdict["status"] for verdict in answer.json()["results"]}, expected, "the verdicts")
        same(asks("POST", "/replicate/push", json=[{"newDocumentState": own[0]}]).json(), [], "rows in conflict")

    with step("pages, sums and snapshots with rows in them are as described"):
        same(len(asks("GET", "/replicate/pull", params={"batchSize": 1000}).json()["documents"]), len(own), "rows of a page")
        same(len(asks("GET", "/replicate/pull", params={"chain": chain}).json()["documents"]), len(own), "rows of a chain")
        same([one["n"] for one in asks("GET", "/replicate/digest").json()["chains"]], [len(own)], "rows of the chains")
        same([one["n"] for one in asks("GET", "/replicate/digest", params={"chain": chain}).json()["blocks"]], [len(own)], "rows of the blocks")
        segment = asks("GET", "/replicate/snapshot").json()["segments"][0]
        segment = {key: segment[key] for key in ("scope", "from", "to")}
        same(asks("GET", "/replicate/snapshot/segment", params=segment).content[-4:], b"PAR1", "the end of a segment")

    with step("more devices, more people: answered as described"):
        asks("POST", "/account/persons", json={"person": "0190a5a6-0000-7000-8000-000000000001"})
        code = asks("POST", "/account/links").json()["code"]
        joined = asks("POST", "/account/join", json={"code": code, "device": device()}).json()
        lost = device()
        asks("POST", "/account/sign-in", json={"name": "mia", "password": PASSWORD, "device": lost})
        asks("DELETE", "/account/devices/{device_id}", path=f"/account/devices/{lost['device_id']}")
        asks("POST", "/account/sign-out", token=joined["token"])
        code = asks("POST", "/admin/invites").json()["code"]
        ben = {"name": "Ben", "password": PASSWORD, "invite": code, "device": device()}
        asks("POST", "/account/sign-up", json=ben)
        code = asks("POST", "/admin/resets", json={"name": "ben"}).json()["code"]
        asks("POST", "/account/password-reset", json={"code": code, "password": PASSWORD})
        ben = asks("POST", "/account/sign-in", json={"name": "ben", "password": PASSWORD, "device": ben["device"]}).json()
        asks("POST", "/account/sign-out-others", token=ben["token"])
        asks("POST", "/account/password", token=ben["token"], json={"password": PASSWORD, "new_password": PASSWORD})
        asks("POST", "/admin/invites", 403, token=ben["token"])
        asks("DELETE", "/account", token=ben["token"], json={"password": PASSWORD})

    with step("each refusal is as described"):
        asks("GET", "/account", 401, token="0" * 64)
        asks("GET", "/replicate/pull", 400, params={"batchSize": 1001})
        asks("GET", "/replicate/pull", 403, params={"scope": "u:0190a5a6-0000-7000-8000-00000000000f"})
        asks("GET", "/replicate/pull", 409, params={"checkpoint": json.dumps({"epoch": "another", "seq": 1, "view": ""})})
        asks("POST", "/account/join", 410, json={"code": "0", "device": device()})
        asks("POST", "/replicate/push", 413, data=b"[" + b" " * (5 << 20) + b"]", headers={"Content-Type": "application/json"})
        asks("POST", "/replicate/push", 415, data=b"[]", headers={"Content-Type": "text/plain"})
        asks("POST", "/account/persons", 400, json={"person": "nobody"})
        asks("DELETE", "/account/devices/{device_id}", 404, path="/account/devices/0000000000000000")

    with step("every operation of the description was asked"):
        same(sorted(asks.operations - asks.asked), [], "operations that had no good answer")


def fuzz(asks, url, seed, folder):
    code = asks("POST", "/admin/invites").json()["code"]
    other = {"name": "Zoe", "password": PASSWORD, "invite": code, "device": device()}
    other = asks("POST", "/account/sign-up", json=other).json()["token"]
    config = pathlib.Path(folder) / "schemathesis.toml"
    config.write_text(CONFIG)
    command = [
        pathlib.Path(sys.executable).with_name("st"), "--config-file", config, "run", f"{url}/openapi.json",
        "--checks", ",".join(CHECKS), "--phases", "examples,coverage,fuzzing", "--max-examples", EXAMPLES, "--seed", seed,
        # Nothing is remembered from one run to the next: the seed alone decides.
        "--generation-database", "none",
        "--continue-on-failure", "--request-timeout", "20", "--warnings", "off", "--no-color",
    ]  # fmt: skip
    env = {
        **os.environ,
        "SCHEMATHESIS_HOOKS": pathlib.Path(__file__).stem,
        "SPOTTER_SCHEMA_URL": url,
        "SPOTTER_SCHEMA_TOKEN": asks.token,
        "SPOTTER_SCHEMA_OTHER": other,
        "PYTHONPATH": str(HERE),
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    run = subprocess.run(command, env=env, cwd=folder, capture_output=True, text=True, timeout=300)
    print("  " + "\n  ".join((run.stdout + run.stderr).splitlines()))
    same(run.returncode, 0, "schemathesis's exit code")


def main():
    seed = sys.argv[1] if len(sys.argv) > 1 else "7"
    began = time.monotonic()
    print(f"seed {seed}, {EXAMPLES} requests of chance per operation")
    with tempfile.TemporaryDirectory(prefix="spotter-schema-") as folder:
        server = Server(folder)
        try:
            asks = Asks(server.url)
            good_answers(asks, server.code())
            if not asks.token:
                raise SystemExit("nothing can follow without an account")
            with step("what schemathesis sends is answered as described"):
                fuzz(asks, server.url, seed, folder)
            with step("the server is still there, and the shared sign-in holds"):
                asks("GET", "/account")
        finally:
            server.stop()
        with step("the server complained about nothing"):
            same(server.said, [], "what it said")
    print(f"{time.monotonic() - began:.0f} s")
    if failures:
        print("failed:\n  " + "\n  ".join(failures))
    print(f"{passed} passed, {len(failures)} failed")
    sys.exit(1 if failures else 0)


if __name__ == "__main__":
    main()
