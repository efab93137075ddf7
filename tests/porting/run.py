# SPDX-License-Identifier: MIT
"""Does what docs/porting.md says: builds every step in an empty folder and boots it; and runs the
example kernel on both of its machines.

Usage: run.py [--counts FILE] [--list | --domains DIR] [STEP ...]

With --domains the steps for ordinary domains are only built: DIR/STEP/kernel.elf, and beside it
what it must say, a line of a shell's pattern each.

The guide's fenced blocks carry what they are:

    ```c file=1-hello/main.c       a file of a step
    ```make file=Makefile          a file of every step
    ```text output=1-hello         what its console must say, line by line; * stands for anything
    ```text output=8-disk domain   the same, as an ordinary domain: built here, and run by the
                                   system tests, which have a back end

A step is built against an installed libhypercall with the guide's own Makefile, nothing else.
"""

import argparse
import fnmatch
import json
import os
import re
import shutil
import socket
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.join(HERE, "../..")
sys.path[:0] = [os.path.join(HERE, "../system"), os.path.join(HERE, "../../scripts")]

import qemu  # noqa: E402
from guest import Failure, Guest  # noqa: E402

GUIDE = os.path.join(ROOT, "docs/porting.md")
FENCE = re.compile(r"^```(\w+) ((?:file|output)=\S+)( domain)?\n(.*?)^```$", re.M | re.S)
OPTIONS = "console=com1 com1=115200"
BOUND_S = 60


class Step:
    def __init__(self, name):
        self.name = name
        self.files = {}
        self.output = None
        self.needs_domain = False


def read_guide():
    """The steps by name, in order, and the files that all of them share."""
    with open(GUIDE, encoding="utf-8") as file:
        text = file.read()
    steps, shared = {}, {}
    for match in FENCE.finditer(text):
        kind, _, value = match[2].partition("=")
        name, _, path = value.partition("/")
        if kind == "file" and not path:
            shared[value] = match[4]
            continue
        step = steps.setdefault(name, Step(name))
        if kind == "file":
            step.files[path] = match[4]
        else:
            step.output = match[4].splitlines()
            step.needs_domain = bool(match[3])
    return steps, shared


def install(folder):
    """libhypercall as `make install` leaves it, below `folder`."""
    shutil.rmtree(folder, ignore_errors=True)
    make = os.environ.get("MAKE", "make").split()
    subprocess.run([*make, "--no-print-directory", "-s", "install-libhypercall",
                    f"DESTDIR={folder}", "PREFIX=/usr"], check=True, cwd=ROOT,
                   stdout=subprocess.DEVNULL, close_fds=False)  # make's own among them
    packages = f"{folder}/usr/lib/pkgconfig"
    for name in os.listdir(packages):
        path = os.path.join(packages, name)
        with open(path, encoding="ascii") as file:
            text = file.read().replace("prefix=/usr", f"prefix={folder}/usr")
        with open(path, "w", encoding="ascii") as file:
            file.write(text)
    return packages


def build(step, shared, folder, packages):
    shutil.rmtree(folder, ignore_errors=True)
    for name, text in {**shared, **step.files}.items():
        path = os.path.join(folder, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
    clean = {k: v for k, v in os.environ.items() if not k.startswith(("MAKE", "MFLAGS"))}
    done = subprocess.run(["make", "-s"], cwd=folder, capture_output=True, text=True,
                          env={**clean, "PKG_CONFIG_PATH": packages}, check=False)
    if done.returncode or done.stdout or done.stderr:
        return f"make said:\n{done.stdout}{done.stderr}"
    return None


def build_domains(steps, shared, base):
    """The kernels that the system tests run; the exit code."""
    packages = install(f"{base}/installed")
    for step in steps:
        folder = f"{base}/{step.name}"
        wrong = build(step, shared, folder, packages)
        if wrong:
            print(f"{step.name}: {wrong}")
            return 1
        with open(f"{folder}/expected", "w", encoding="utf-8") as file:
            file.writelines(f"{line}\n" for line in step.output)
    return 0


def boot(step, folder):
    """Starts the kernel as the first domain; what is wrong with what it said, or None."""
    log = os.path.join(folder, "console.log")
    command = qemu.machine(cpus=2, memory=256)
    command += qemu.multiboot(f"{qemu.BUILD}/lamina", OPTIONS, [(f"{folder}/kernel.elf", "")])
    guest = Guest(command, log)
    try:
        for line in step.output:
            guest.expect(fnmatch_pattern(line), BOUND_S)
    except Failure as failure:
        return str(failure)
    finally:
        guest.stop()
    return None


# The example kernel -----------------------------------------------------------------------------

SERVED = b"Served by a kernel"
EXAMPLE = ["the second one summed up to 500000500000", "program: hello from user mode",
           "program: the clock ticked five times", "program ended by fault 14, address *", "done"]


def free_ports(count):
    """Numbers of UDP ports of this machine that nobody has; held until all are chosen."""
    sockets = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(count)]
    for one in sockets:
        one.bind(("127.0.0.1", 0))
    numbers = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return numbers


def fetch(port):
    """The page that the kernel serves; asks again until it answers, within the bound."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
        udp.settimeout(1)
        for _ in range(BOUND_S):
            udp.sendto(b"?", ("127.0.0.1", port))
            try:
                return udp.recv(2048)
            except TimeoutError:
                continue
    raise Failure("no answer from the kernel's network")


def example_on_metal(folder):
    """With disk and network of a virtual machine, the page fetched from outside."""
    image = os.path.join(folder, "disk.img")
    with open(image, "wb") as file:
        file.truncate(1 << 20)
    page, leave = free_ports(2)
    command = qemu.machine(cpus=2, memory=256)
    command += ["-kernel", f"{qemu.BUILD}/examples/kernel-metal.bin"]
    command += qemu.disk(image, "virtio-blk-pci")
    forwards = f"hostfwd=udp:127.0.0.1:{page}-10.9.0.9:80,hostfwd=udp:127.0.0.1:{leave}-10.9.0.9:9"
    command += ["-netdev", f"user,id=net0,net=10.9.0.0/24,dhcpstart=10.9.0.9,{forwards}",
                "-device", "virtio-net-pci,netdev=net0"]
    guest = Guest(command, os.path.join(folder, "console.log"))
    try:
        guest.expect("summed up to 500000500000", BOUND_S)
        guest.expect("disk: 2048 sectors, 0 words differ", BOUND_S)
        guest.expect("10.9.0.9 answers", BOUND_S)
        if SERVED not in fetch(page):
            raise Failure("another page came")
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
            udp.sendto(b".", ("127.0.0.1", leave))
        for line in EXAMPLE[1:]:
            guest.expect(fnmatch_pattern(line), BOUND_S)
    finally:
        guest.stop()


def example_on_lamina(folder):
    """As the first domain, which has no devices; with devices it is a case of the system tests."""
    command = qemu.machine(cpus=2, memory=256)
    command += qemu.multiboot(f"{qemu.BUILD}/lamina", OPTIONS,
                              [(f"{qemu.BUILD}/examples/kernel-lamina.elf", "")])
    guest = Guest(command, os.path.join(folder, "console.log"))
    try:
        for line in EXAMPLE:
            guest.expect(fnmatch_pattern(line), BOUND_S)
    finally:
        guest.stop()


def example_cost(folder):
    """The guide's table of lines is what cloc counts."""
    del folder
    with open(GUIDE, encoding="utf-8") as file:
        text = file.read()
    for part in ("common", "metal", "lamina"):
        path = os.path.join(ROOT, "libhypercall/examples/kernel", part)
        done = subprocess.run(["cloc", "--quiet", "--json", "--force-lang=Assembly,S", path],
                              capture_output=True, text=True, check=True)
        lines = json.loads(done.stdout)["SUM"]["code"]
        if f"| `{part}/` | {lines} |" not in text:
            raise Failure(f"docs/porting.md does not say that {part}/ has {lines} lines")


EXAMPLES = {"example-metal": example_on_metal, "example-lamina": example_on_lamina,
            "example-cost": example_cost}


def run_example(name, folder):
    """What went wrong, or None."""
    os.makedirs(folder, exist_ok=True)
    try:
        EXAMPLES[name](folder)
    except Failure as failure:
        return str(failure)
    return None


def fnmatch_pattern(line):
    """The guide's line as a regular expression."""
    return ".*".join(re.escape(part) for part in line.split("*"))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--counts")
    parser.add_argument("--list", action="store_true")
    parser.add_argument("--domains", metavar="DIR")
    parser.add_argument("steps", nargs="*", help="names, * matches")
    options = parser.parse_args()
    steps, shared = read_guide()

    def is_wanted(name):
        return not options.steps or any(fnmatch.fnmatch(name, word) for word in options.steps)

    chosen = [step for step in steps.values() if is_wanted(step.name)]
    examples = [name for name in EXAMPLES if is_wanted(name)]
    if options.list:
        print("\n".join([step.name for step in chosen] + examples))
        return 0
    if options.domains:
        domains = [step for step in chosen if step.needs_domain]
        return build_domains(domains, shared, os.path.abspath(options.domains))
    base = os.path.abspath(f"{qemu.BUILD}/tests/porting")
    packages = install(f"{base}/installed")
    failed = 0
    for step in chosen:
        folder = f"{base}/{step.name}"
        wrong = "no output is given" if step.output is None else None
        wrong = wrong or build(step, shared, folder, packages)
        if not wrong and not step.needs_domain:
            wrong = boot(step, folder)
        failed += bool(wrong)
        how = "built" if step.needs_domain else "built and run"
        print(f"{'FAILED ' if wrong else 'ok     '}{step.name}: {wrong or how}", flush=True)
    for name in examples:
        wrong = run_example(name, f"{base}/{name}")
        failed += bool(wrong)
        print(f"{'FAILED ' if wrong else 'ok     '}{name}: {wrong or 'run'}", flush=True)
    passed = len(chosen) + len(examples) - failed
    print(f"porting: {passed} passed, {failed} failed, 0 skipped")
    if options.counts:
        with open(options.counts, "w", encoding="ascii") as file:
            file.write(f"{passed} {failed} 0\n")
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main())
