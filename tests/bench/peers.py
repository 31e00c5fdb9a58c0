# SPDX-License-Identifier: Apache-2.0
"""The other tools that can start the same program from the same root, each set up so that it
does on this machine what it does best. One that cannot run here is named with the reason."""
import json
import os
import resource
import shutil
import subprocess

import image
import machine
from contest import Contender

SECCOMP_JSON = "/usr/share/containers/seccomp.json"
CAPABILITIES = """
    CAP_AUDIT_WRITE CAP_CHOWN CAP_DAC_OVERRIDE CAP_FSETID CAP_FOWNER CAP_KILL CAP_MKNOD
    CAP_NET_RAW CAP_NET_BIND_SERVICE CAP_SETUID CAP_SETGID CAP_SETPCAP CAP_SETFCAP
    CAP_SYS_CHROOT
""".split()


# Enough for one program.
LIMIT = 1024

LOCKED = ("nosuid", "noexec", "nodev")
NAMESPACES = ("pid", "network", "ipc", "uts", "mount", "cgroup")

# As stage1/mount_plan.c has them.
READ_ONLY = "proc/bus proc/fs proc/irq proc/sys proc/sysrq-trigger".split()
MASKED = """
    proc/acpi proc/asound proc/config.gz proc/kallsyms proc/kcore proc/keys proc/kmem
    proc/latency_stats proc/mem proc/sched_debug proc/scsi proc/timer_list
    sys/devices/virtual/powercap sys/firmware sys/fs sys/hypervisor sys/kernel/debug
    sys/module sys/power
""".split()


class Missing(Exception):
    """A peer that cannot be measured here, and why."""


def find(program):
    path = shutil.which(program, path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")
    if not path:
        raise Missing("not installed")
    return path


def run_once(argv):
    """What it says on stdout; for preparations."""
    null = subprocess.DEVNULL
    done = subprocess.run(argv, capture_output=True, text=True, check=False, stdin=null)
    if done.returncode:
        lines = (done.stderr or done.stdout).strip().splitlines() or ["it said nothing"]
        raise Missing("'%s': %s" % (" ".join(argv), lines[0]))
    return done.stdout


def _is_for(row, architecture):
    """Whether a row of the filter holds without further capabilities."""
    conditions = {key: value for key, value in (row.get("includes") or {}).items() if value}
    architectures = conditions.pop("arches", [architecture])
    return not conditions and architecture in architectures


def _seccomp():
    """The default filter of podman, as the OCI runtime wants it; None if there is none."""
    try:
        with open(SECCOMP_JSON, encoding="utf-8") as file:
            lists = json.load(file)["syscalls"]
    except (OSError, ValueError, KeyError):
        return None
    architecture = image.ARCHITECTURE
    names = set()
    for row in lists:
        if row["action"] == "SCMP_ACT_ALLOW" and _is_for(row, architecture):
            names.update(row["names"])
    return {
        "defaultAction": "SCMP_ACT_ERRNO",
        "architectures": {"amd64": ["SCMP_ARCH_X86_64"]}.get(architecture, []),
        "syscalls": [{"names": sorted(names), "action": "SCMP_ACT_ALLOW"}],
    }


def _bundle(scratch, name, args):
    """An OCI bundle with the isolation of `gantry run --net=none`, but for the overlay."""

    def row(kind, target, *options):
        return {"destination": target, "type": kind, "source": kind, "options": list(options)}

    spec = {
        "ociVersion": "1.0.2",
        "process": {
            "user": {"uid": 0, "gid": 0},
            "args": args,
            "env": ["PATH=/bin"],
            "cwd": "/",
            "capabilities": {k: CAPABILITIES for k in ("bounding", "effective", "permitted")},
        },
        "root": {"path": scratch.sub("rootfs")},
        "hostname": "bench",
        "mounts": [
            row("proc", "/proc"),
            row("tmpfs", "/dev", "nosuid", "mode=755", "size=65536k"),
            row("devpts", "/dev/pts", "nosuid", "noexec", "newinstance", "ptmxmode=0666", "gid=5"),
            row("tmpfs", "/dev/shm", *LOCKED, "mode=1777"),
            row("sysfs", "/sys", *LOCKED, "ro"),
        ],
        "linux": {
            "namespaces": [{"type": name} for name in NAMESPACES],
            "maskedPaths": ["/" + path for path in MASKED],
            "readonlyPaths": ["/" + path for path in READ_ONLY],
        },
    }
    seccomp = _seccomp()
    if seccomp:
        spec["linux"]["seccomp"] = seccomp
    folder = scratch.make("bundle", name)
    with open(os.path.join(folder, "config.json"), "w", encoding="utf-8") as file:
        json.dump(spec, file)
    return folder


def _oci(program, prepare=None):
    def make(scratch, output):
        path = find(program)
        state = scratch.make("state", program)
        bundles = {
            "true": _bundle(scratch, "true", ["/bin/true"]),
            "idle": _bundle(scratch, "idle", image.IDLE),
        }

        def argv(what):
            base = [path, "--root", state, "run", "--bundle", bundles[what]]
            name = "%s-%s-%s-" % (scratch.tag, program, what)
            return lambda number: base + [name + str(number)]

        note = "no overlay" if _seccomp() else "no overlay, no filter"
        idle = None if prepare else argv("idle")
        return Contender(program, output, argv("true"), idle, prepare, note)

    return make


def _bubblewrap(scratch, output):
    base = [find("bwrap"), "--bind", scratch.sub("rootfs"), "/", "--proc", "/proc"]
    base += ["--dev", "/dev", "--unshare-all"]
    true, idle = base + ["/bin/true"], base + image.IDLE
    note = "no cgroup, overlay, filter"
    return Contender(
        "bubblewrap", output, lambda number: true, lambda number: idle, note=note
    )


def _nspawn(scratch, output):
    base = [find("systemd-nspawn"), "-q", "--register=no", "--keep-unit", "--as-pid2"]
    base += ["--private-network", "--link-journal=no", "--resolv-conf=off"]
    base += ["--timezone=off", "--console=pipe", "-D", scratch.sub("rootfs")]
    name = "--machine=" + scratch.tag.replace("_", "") + "-"

    def argv(number):
        return base + [name + str(number), "/bin/true"]

    # It minds a /run that is not a tmpfs.
    prepare = machine.empty_run
    return Contender("systemd-nspawn", output, argv, prepare=prepare, note="no overlay")


def _podman(scratch, output):
    base = [find("podman"), "--root", scratch.make("podman")]
    base += ["--runroot", scratch.make("podman-run"), "--cgroup-manager=cgroupfs"]
    base += ["--events-backend=file", "--runtime", find("runc")]
    archive = scratch.sub("rootfs.tar")
    run_once(["tar", "-C", scratch.sub("rootfs"), "-cf", archive, "."])
    run_once(base + ["import", "-q", archive, "bench:1"])
    # Its own defaults are more than a machine without CAP_SYS_RESOURCE can set.
    limits = [
        "--ulimit=" + _limit("nofile", resource.RLIMIT_NOFILE),
        "--ulimit=" + _limit("nproc", resource.RLIMIT_NPROC),
    ]
    run = base + ["run", "--rm", "--network=none", *limits, "bench:1", "/bin/true"]
    return Contender("podman", output, lambda number: run, note="with runc")


def _limit(name, number):
    hard = resource.getrlimit(number)[1]
    value = LIMIT if hard == resource.RLIM_INFINITY else min(hard, LIMIT)
    return "%s=%d:%d" % (name, value, value)


# In the order in which they are printed.
PEERS = {
    "bubblewrap": _bubblewrap,
    "crun": _oci("crun", machine.pure_cgroup2),
    "runc": _oci("runc"),
    "systemd-nspawn": _nspawn,
    "podman": _podman,
}
