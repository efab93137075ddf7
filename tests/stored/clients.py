# SPDX-License-Identifier: MIT
"""Runs lamina-stored with the xenstore clients that Debian ships, and kills it in between.

Usage: clients.py DAEMON [--counts FILE]

The daemon serves a socket in a private directory; XENSTORED_PATH leads the clients there. Nothing
waits for a time to pass: the daemon says when it is ready, and clients end or say something.
"""

import argparse
import os
import random
import signal
import socket
import struct
import subprocess
import sys
import tempfile

BOUND = 20  # seconds that no client and no start may take
READ, WATCH, WRITE, ERROR, WATCH_EVENT = 2, 4, 11, 16, 15


class Daemon:
    def __init__(self, program, directory):
        self.program = program
        self.socket = os.path.join(directory, "socket")
        self.read_only = os.path.join(directory, "socket_ro")
        self.state = os.path.join(directory, "state")
        self.process = None

    def start(self):
        """Returns once it listens: its socket accepts a connection."""
        for path in (self.socket, self.read_only):
            if os.path.exists(path):
                os.unlink(path)
        watch = subprocess.Popen(
            [self.program, "-n", "-f", "-s", self.socket, "-r", self.read_only, "-d", self.state,
             "-p", self.state + ".pid"])
        self.process = watch
        while not self.listens():
            if watch.poll() is not None:
                raise AssertionError(f"the daemon ended with {watch.returncode}")
            os.sched_yield()

    def listens(self):
        try:
            self.connect(self.read_only).close()
        except OSError:
            return False
        return True

    def connect(self, path=None):
        connection = socket.socket(socket.AF_UNIX)
        connection.settimeout(BOUND)
        try:
            connection.connect(path or self.socket)
        except OSError:
            connection.close()
            raise
        return connection

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(BOUND)

    def restart(self):
        self.kill()
        self.start()

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(BOUND)

    def client(self, name, *args, code=0):
        """Runs xenstore-NAME; returns its output."""
        environment = dict(os.environ, XENSTORED_PATH=self.socket)
        result = subprocess.run([f"xenstore-{name}", *args], env=environment, capture_output=True,
                                text=True, timeout=BOUND, check=False)
        assert (result.returncode == 0) == (code == 0), (name, args, result)
        return result.stdout

    def watcher(self, *args):
        environment = dict(os.environ, XENSTORED_PATH=self.socket)
        return subprocess.Popen(["xenstore-watch", *args], env=environment, text=True,
                                stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)


def exchange(connection, kind, payload):
    connection.sendall(struct.pack("<4I", kind, 1, 0, len(payload)) + payload)
    return receive(connection)


def receive_all(connection, size):
    data = b""
    while len(data) < size:
        part = connection.recv(size - len(data))
        assert part, "the connection was closed"
        data += part
    return data


def receive(connection):
    kind, _, _, size = struct.unpack("<4I", receive_all(connection, 16))
    return kind, receive_all(connection, size)


def write_read(daemon):
    daemon.client("write", "/tool/a", "one", "/tool/b", "two words")
    assert daemon.client("read", "/tool/a", "/tool/b") == "one\ntwo words\n"
    assert daemon.client("read", "-p", "/tool/a") == "/tool/a: one\n"
    daemon.client("read", "/tool/none", code=1)
    daemon.client("write", "/tool//x", "bad", code=1)


def list_exists_remove(daemon):
    daemon.client("write", "/l/a/x", "1", "/l/b", "2")
    assert daemon.client("list", "/l") == "a\nb\n"
    assert daemon.client("list", "-p", "/l") == "/l/a\n/l/b\n"
    daemon.client("exists", "/l/a/x")
    daemon.client("exists", "/l/c", code=1)
    daemon.client("rm", "/l/a")
    daemon.client("exists", "/l/a/x", code=1)
    assert daemon.client("ls", "-f", "/l") == '/l/b = "2"\n'


def many_children(daemon):
    """More than one message can list: libxenstore asks for the parts."""
    names = [f"child-with-a-long-name-{i:04}" for i in range(600)]
    for start in range(0, 600, 100):
        pairs = [text for name in names[start:start + 100] for text in (f"/many/{name}", "v")]
        daemon.client("write", *pairs)
    assert daemon.client("list", "/many").split() == names
    daemon.client("rm", "/many")


def permissions(daemon):
    daemon.client("write", "/p/q/r", "v")
    daemon.client("chmod", "/p/q", "n3", "r4", "b5")
    assert daemon.client("ls", "-fp", "/p").split() == [
        "/p/q", "=", '""', "(n3,r4,b5)", "/p/q/r", "=", '"v"', "(n0)"]
    daemon.client("chmod", "-r", "/p/q", "r1")
    assert daemon.client("ls", "-fp", "/p").count("(r1)") == 2
    daemon.client("chmod", "-u", "/p/q/r", "w2")
    daemon.client("chmod", "/p/q", "z1", code=1)


def watching(daemon):
    watcher = daemon.watcher("-n", "3", "/w")
    assert watcher.stdout.readline() == "/w\n"
    daemon.client("write", "/w/a", "1")
    daemon.client("write", "/elsewhere", "1")
    daemon.client("rm", "/w/a")
    assert watcher.communicate(timeout=BOUND)[0] == "/w/a\n/w/a\n"
    assert watcher.returncode == 0


def read_only(daemon):
    daemon.client("write", "/ro", "v")
    with daemon.connect(daemon.read_only) as connection:
        assert exchange(connection, READ, b"/ro\0") == (READ, b"v")
        assert exchange(connection, WRITE, b"/ro\0x") == (ERROR, b"EROFS\0")
    with daemon.connect(daemon.read_only) as connection:
        connection.sendall(struct.pack("<4I", READ, 0, 0, 4097))
        assert connection.recv(1) == b"", "a message that is too long ends the connection"


def second_daemon(daemon):
    result = subprocess.run([daemon.program, "-n", "-f", "-s", daemon.socket + "2", "-r",
                             daemon.read_only + "2", "-d", daemon.state, "-p",
                             daemon.state + ".pid2"], capture_output=True, text=True,
                            timeout=BOUND, check=False)
    assert result.returncode == 1 and "busy" in result.stderr, result
    daemon.client("exists", "/")


def killed_between(daemon):
    daemon.client("rm", "/k", code=0)
    for i in range(30):
        daemon.client("write", f"/k/{i}", f"value {i}")
        daemon.client("chmod", f"/k/{i}", f"r{i}")
        before = daemon.client("ls", "-fp")
        daemon.restart()
        assert daemon.client("ls", "-fp") == before
    daemon.client("rm", "/k")


def killed_while_watching(daemon):
    """The watcher's connection ends, so that it can know; a new one works at once."""
    watcher = daemon.watcher("/kw")
    assert watcher.stdout.readline() == "/kw\n"
    with daemon.connect() as connection:
        assert exchange(connection, WATCH, b"/kw\0t\0") == (WATCH, b"OK\0")
        assert receive(connection) == (WATCH_EVENT, b"/kw\0t\0")
        daemon.restart()
        assert connection.recv(1) == b""
    # libxenstore's own watcher waits on without its connection: end it.
    watcher.kill()
    watcher.communicate(timeout=BOUND)
    watching(daemon)


def killed_under_load(daemon):
    """What was answered is there, at whatever moment the kill comes."""
    dice = random.Random(1)
    answered = 0
    for turn in range(20):
        connection = daemon.connect()
        limit = answered + dice.randrange(1, 400)
        while True:
            try:
                payload = f"/load/{answered % 50}\0{answered}".encode()
                assert exchange(connection, WRITE, payload) == (WRITE, b"OK\0")
            except (OSError, AssertionError) as error:
                assert isinstance(error, OSError) or "closed" in str(error), error
                break
            answered += 1
            if answered == limit:
                # Leaves more to do: the daemon is in the middle of these when it dies.
                batch = struct.pack("<4I", READ, 0, 0, 6) + b"/load\0"
                connection.sendall(batch * 200)
                daemon.kill()
                break
        connection.close()
        daemon.start()
        with daemon.connect() as check:
            for i in range(max(0, answered - 50), answered):
                kind, value = exchange(check, READ, f"/load/{i % 50}\0".encode())
                assert (kind, int(value)) == (READ, i), (turn, i, value)


def state_stays_small(daemon):
    """The journal is written anew before it outgrows the state."""
    with daemon.connect() as connection:
        for i in range(3000):
            exchange(connection, WRITE, b"/big\0" + bytes([65 + i % 26]) * 2000)
    assert os.path.getsize(os.path.join(daemon.state, "state")) < 2 << 20
    daemon.restart()
    assert len(daemon.client("read", "/big")) == 2001


CASES = [write_read, list_exists_remove, many_children, permissions, watching, read_only,
         second_daemon, killed_between, killed_while_watching, killed_under_load,
         state_stays_small]


def run_case(case, program):
    with tempfile.TemporaryDirectory(prefix="stored-") as directory:
        daemon = Daemon(program, directory)
        try:
            daemon.start()
            case(daemon)
            assert daemon.stop() == 0
            assert not os.path.exists(daemon.socket)
        except (AssertionError, OSError, subprocess.TimeoutExpired) as error:
            print(f"stored: {case.__name__}: failure: {error!r}", flush=True)
            return False
        finally:
            if daemon.process and daemon.process.poll() is None:
                daemon.kill()
    print(f"stored: {case.__name__}: success", flush=True)
    return True


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("daemon")
    parser.add_argument("--counts", metavar="FILE")
    options = parser.parse_args()
    passed = sum(run_case(case, options.daemon) for case in CASES)
    failed = len(CASES) - passed
    if options.counts:
        os.makedirs(os.path.dirname(options.counts), exist_ok=True)
        with open(options.counts, "w", encoding="ascii") as file:
            file.write(f"{passed} {failed} 0\n")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
