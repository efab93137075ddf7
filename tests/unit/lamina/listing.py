# SPDX-License-Identifier: MIT
"""What the commands that look say about a hypervisor made of tables (fake_host.c) and a real store.

The JSON of every listing is held to the schema that ships, and the schema to the listings.
"""

import json
import os
import pty
import re
import select
import subprocess

import bench
import schema

SCHEMA = "dom0-tools/lamina/lamina.schema.json"

NODES = {
    "/lamina/domain/1/name": "web",
    "/lamina/domain/1/state": "running",
    "/lamina/domain/1/device/disk/51712/target": "xvda",
    "/lamina/domain/1/device/disk/51712/source": "/srv/web.img",
    "/lamina/domain/1/device/disk/51712/served": "/dev/loop3",
    "/local/domain/0/backend/vbd/1/51712/state": "4",
    "/lamina/domain/1/device/interface/0/target": "vif1.0",
    "/lamina/domain/1/device/interface/0/source": "lamina0",
    "/lamina/domain/1/device/interface/0/mac": "00:16:3e:00:00:01",
    "/local/domain/0/backend/vif/1/0/state": "2",
    "/local/domain/1/data/odd": r"a\x1bb\n\xff",
    "/lamina/domain/3/name": "b\x1b[1m",
    "/lamina/domain/3/state": "building",
    "/lamina/domain/3/builder": "999999999 1",
}

UUID = r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"

# Name, arguments, exit code, patterns of standard output and standard error, environment.
CASES = [
    ("list", ["list"], 0,
     r"Name +ID +Mem +VCPUs +State +Time\(s\)\n"
     r"Domain-0 +0 +512 +2 +r----- +12\.3\n"
     r"web +1 +128 +1 +-b---- +\d+\.\d\n"
     r"b\\x1b\[1m +3 +64 +1 +--p--- +0\.0\n"
     r"\(unknown\) +4 +32 +1 +---sc- +0\.0\n"
     r"\(unknown\) +7 +0 +0 +-----d +0\.0\n", ""),
    ("list of some", ["list", "3", "web"], 0, r"Name.*\nb.* 3 .*\nweb .*\n", ""),
    ("list by uuid", ["list", "3f1c0000-0000-0000-0000-000000000000"], 0, r"Name.*\nweb .*\n", ""),
    ("list long", ["list", "--long"], 0,
     rf"Name .*UUID\nDomain-0 .* - .* running .*\nweb .* 256 .* blocked .*{UUID}\n"
     r"b.* building .*\n.* crashed +crash .*\n.* dying .*\n", ""),
    ("names", ["list", "--names"], 0, r"Domain-0\nweb\nb\?\[1m\n(\(unknown\)\n){2}", ""),
    ("list of nobody", ["list", "nobody"], 1, "", "lamina list: there is no domain nobody: .*\n"),
    ("no store", ["list"], 0, r"(?s)Name.*\nDomain-0 .*\n\(unknown\) +1 .*",
     "lamina list: warning: lamina-stored does not answer.*see 'lamina check'\n",
     {"XENSTORED_PATH": "/nonexistent"}),
    ("no hypervisor", ["list"], 1, "", "lamina list: no hypervisor, .*see 'lamina check'\n",
     {"FAKE_HOST": "absent"}),
    ("not root", ["info"], 1, "", "lamina info: only root .*\n", {"FAKE_HOST": "refused"}),
    ("a domU", ["info"], 1, "", "lamina info: the hypervisor refused to tell about .*\n",
     {"FAKE_HOST": "guest"}),
    ("vcpu-list", ["vcpu-list", "web"], 0,
     r"Name +ID +VCPU +CPU +State +Time\(s\) +Hard +Soft\n"
     r"web +1 +0 +0 +-b- +\d+\.\d +all +all\nweb +1 +1 +--p +0.0 +1-2 +all\n", ""),
    ("info", ["info"], 0,
     r"(?s)host +: .*\nnr_cpus +: 4\n.*cpu_mhz +: 2400\.123\n.*virt_caps +: pv\n"
     r"total_memory +: 2048\nfree_memory +: 1000\nxen_version +: 4\.17-lamina\n"
     r".*xen_scheduler +: credit2\n.*xen_commandline +: x{1023}\n.*", ""),
    ("dominfo", ["dominfo", "web"], 0,
     rf"id +: 1\nname +: web\nuuid +: {UUID}\nstate +: blocked\nvcpus +: 1\nmax_vcpus +: 2\n"
     r"cpu_time +: \d+\.\d s\nmemory +: 128 MiB\nmax_memory +: 256 MiB\n", ""),
    ("domid", ["domid", "web"], 0, "1\n", ""),
    ("domname", ["domname", "3"], 0, r"b\?\[1m\n", ""),
    ("dumpxml of another's", ["dumpxml", "4"], 1, "", "lamina dumpxml: .+\n"),
    ("dmesg", ["dmesg"], 0, r"\(lamina\) first line\n\(d1\) \?\[31mred\nlast line without end\n",
     ""),
    ("debug-keys", ["debug-keys", "hq"], 0, "", "keys hq\n"),
    ("disk-list", ["disk-list", "web"], 0,
     r"Name .*\nweb +1 +xvda +/srv/web\.img +/dev/loop3 +rw +connected\n", ""),
    ("net-list", ["net-list"], 0,
     r"Name .*\nweb +1 +0 +00:16:3e:00:00:01 +lamina0 +vif1\.0 +waiting\n", ""),
    ("no disks", ["disk-list", "4"], 0, "", ""),
    ("store ls", ["store", "ls", "/lamina/domain/3"], 0,
     r'/lamina/domain/3 = ""\n  builder = "999999999 1"\n  name = "b\\x1b\[1m"\n'
     r'  state = "building"\n', ""),
    ("store ls full", ["store", "ls", "-f", "/lamina/domain/3/name"], 0,
     r'/lamina/domain/3/name = "b\\x1b\[1m"  \(n0\)\n', ""),
    ("store ls nothing", ["store", "ls", "/nothing"], 1, "",
     "lamina store: cannot list /nothing: No such file or directory\n"),
    ("store read", ["store", "read", "/local/domain/1/data/odd", "/lamina/domain/1/name"], 0,
     r"a\\x1bb\\n\\xff\nweb\n", ""),
    ("store bad escape", ["store", "write", "/a", r"\q"], 2, "",
     "lamina store: a backslash in a value .*\n"),
    ("store raw", ["store", "write", "--raw", "/raw", r"\q"], 0, "", ""),
    ("store raw again", ["store", "read", "/raw"], 0, r"\\\\q\n", ""),
    ("store rm", ["store", "rm", "/raw"], 0, "", ""),
    ("store rm did", ["store", "read", "/raw"], 1, "", "lamina store: cannot read /raw: .*\n"),
    ("top", ["top", "-b", "-n", "1", "-d", "0.1", "-s", "cpu"], 0,
     r"Name +ID +State +CPU\(s\) +CPU% .*\nweb +1 +-b---- +\d+ +\d+\.\d .*\n(.*\n){4}", ""),
    ("top twice", ["top", "-b", "-n", "2", "-d", "0.1"], 0, r"(Name .*\n(.*\n){5}){2}", ""),
    ("top without a terminal", ["top"], 1, "", "lamina top: .*try --batch\n"),
    ("check", ["check"], 1,
     r"(?s)What +State +Detail +Cure *\nhypervisor +ok +version 4\.17-lamina *\n.*"
     r"lamina-stored +ok .*\nmemory +ok +1000 MiB of 2048 .*"
     r"domains +missing +2 half built or half gone +lamina destroy 3\n", ""),
    ("check without store", ["check"], 1, r"(?s).*lamina-stored +missing +does not answer.*", "",
     {"XENSTORED_PATH": "/nonexistent"}),
    ("check without hypervisor", ["check"], 1, r"(?s).*hypervisor +missing .*reboot *\n.*", "",
     {"FAKE_HOST": "absent"}),
]

# Each form of the schema, the command that prints it, and its exit code.
DOCUMENTS = [
    ("domains", ["list", "--json"], 0),
    ("domain", ["dominfo", "--json", "web"], 0),
    ("vcpus", ["vcpu-list", "--json"], 0),
    ("usage", ["top", "--json", "-n", "1", "-d", "0.1"], 0),
    ("disks", ["disk-list", "--json"], 0),
    ("interfaces", ["net-list", "--json"], 0),
    ("machine", ["info", "--json"], 0),
    ("checks", ["check", "--json"], 1),
    ("nodes", ["store", "ls", "--json"], 0),
]


def expect_case(lamina, environment, arguments, code, out, err, more=None):
    result = bench.run(lamina, arguments, **{**environment, **(more or {})})
    return bench.complaint(result, code, out, err)


def expect_document(lamina, environment, root, form, arguments, code):
    result = bench.run(lamina, arguments, **environment)
    if result.returncode != code:
        return f"exit code {result.returncode}, expected {code}: {result.stderr}"
    document = json.loads(result.stdout)
    faults = list(schema.faults(document, root["$defs"][form], form, root))
    faults += list(schema.faults(document, {"oneOf": root["oneOf"]}, form, root))
    if not document[form]:
        faults.append("no rows to look at")
    return "; ".join(faults) or None


def all_forms(root):
    missing = set(root["$defs"]) ^ {form for form, *_ in DOCUMENTS}
    missing |= set(root["$defs"]) ^ {one["$ref"].rsplit("/", 1)[1] for one in root["oneOf"]}
    return f"only one of schema and test knows {sorted(missing)}" if missing else None


def teeth(root):
    """The schema refuses what it must."""
    row = {"name": "x", "ok": True, "state": "ok", "detail": "", "cure": None}
    bad = [{}, {"checks": {}}, {"checks": [{**row, "ok": 1}]}, {"checks": [{**row, "more": 1}]},
           {"checks": [{**row, "state": "up"}]}, {"checks": [{"name": "x"}]}]
    good = {"checks": [row]}
    if list(schema.faults(good, root, "", root)):
        return "refuses a good document"
    passed = [document for document in bad if not list(schema.faults(document, root, "", root))]
    return f"takes {passed}" if passed else None


def read_until(master, pattern, text):
    while not re.search(pattern, text, re.S):
        if not select.select([master], [], [], 30)[0]:
            return None
        try:
            text += os.read(master, 65536).decode("utf-8", "replace")
        except OSError:
            return None
    return text


def live_top(lamina, environment):
    """On a terminal: the screen comes at once, keys act, 'q' leaves the terminal as it was."""
    master, slave = pty.openpty()
    process = subprocess.Popen([lamina, "top", "-d", "60"], stdin=slave, stdout=slave,
                               env={**os.environ, **environment})
    os.close(slave)
    try:
        for key, pattern in (("", r"by id\b.*Domain-0.*web"), ("s", r"by name\b"),
                             ("ss", r"by memory\b"), ("r", r"memory, reversed"),
                             ("-", r"every 30\.0 s"), ("h", r"q: quit"),
                             (" ", r"CPU%.*\b\d+\.\d +128 ")):
            os.write(master, key.encode())
            if not read_until(master, pattern, ""):
                return f"after {key!r}: no {pattern}"
        os.write(master, b"q")
        if not read_until(master, r"\x1b\[\?1049l", ""):
            return "does not give the screen back"
        return None if process.wait(30) == 0 else f"exit code {process.returncode}"
    finally:
        process.kill()
        process.wait()
        os.close(master)


def long_value(lamina, environment):
    """The longest value that the store takes, and the longest spelling of it, is shown whole."""
    value = r"\x01" * 2048
    bench.run(lamina, ["store", "write", "/long", value], **environment)
    result = bench.run(lamina, ["store", "ls", "--json", "/long"], **environment)
    found = json.loads(result.stdout)["nodes"][0]["value"]
    return None if found == value else f"{len(found)} of {len(value)} characters"


def watch(lamina, environment):
    """A watch tells of its path at once and of each change."""
    with subprocess.Popen([lamina, "store", "watch", "/watched"], stdout=subprocess.PIPE,
                          text=True, env={**os.environ, **environment}) as process:
        try:
            first = process.stdout.readline()
            bench.run(lamina, ["store", "write", "/watched/below", "x"], **environment)
            second = process.stdout.readline()
        finally:
            process.kill()
    good = (first, second) == ("/watched\n", "/watched/below\n")
    return None if good else f"events {first!r}, {second!r}"


def results(build):
    lamina = f"{build}/tests/unit/lamina/lamina"
    with open(SCHEMA, encoding="utf-8") as file:
        root = json.load(file)
    found = {"forms": all_forms(root), "teeth": teeth(root)}
    with bench.store(build) as socket:
        environment = {"XENSTORED_PATH": socket}
        for path, value in NODES.items():
            written = bench.run(lamina, ["store", "write", path, value], **environment)
            if written.returncode != 0:
                return {"store": written.stderr}
        found |= {name: expect_case(lamina, environment, *case) for name, *case in CASES}
        found |= {f"JSON of {form}": expect_document(lamina, environment, root, form, *document)
                  for form, *document in DOCUMENTS}
        found["long value"] = long_value(lamina, environment)
        found["live top"] = live_top(lamina, environment)
        found["watch"] = watch(lamina, environment)
    return found
