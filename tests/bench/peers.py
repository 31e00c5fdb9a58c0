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


class Missing(Exception):
    """A peer that cannot be measured here, and why."""


def find(program):
    path = shutil.which(program, path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")
    if not path:
        raise Missing("not installed")
    return path


def _check_run(argv):
    done = subprocess.run(argv, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)
    if done.returncode:
        lines = (done.stderr or done.stdout).strip().splitlines() or ["it said nothing"]
        raise Missing("'%s' failed: %s" % (" ".join(argv[:3]), lines[-1]))
    return done.stdout


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
        includes = {key: value for key, value in (row.get("includes") or {}).items() if value}
        here = not includes or includes == {"arches": includes.get("arches", [])} and architecture in includes["arches"]
        if row["action"] == "SCMP_ACT_ALLOW" and here:
            names.update(row["names"])
    return {
        "defaultAction": "SCMP_ACT_ERRNO",
        "architectures": {"amd64": ["SCMP_ARCH_X86_64"]}.get(architecture, []),
        "syscalls": [{"names": sorted(names), "action": "SCMP_ACT_ALLOW"}],
    }


def _bundle(scratch, name, args):
    """An OCI bundle with the isolation of `gantry run --net=none`, but for the overlay."""
    locked = ["nosuid", "noexec", "nodev"]

    def row(kind, target, options):
        return {"destination": target, "type": kind, "source": kind, "options": options}

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
            row("proc", "/proc", []),
            row("tmpfs", "/dev", ["nosuid", "strictatime", "mode=755", "size=65536k"]),
            row("devpts", "/dev/pts", ["nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620", "gid=5"]),
            row("tmpfs", "/dev/shm", locked + ["mode=1777"]),
            row("mqueue", "/dev/mqueue", locked),
            row("sysfs", "/sys", locked + ["ro"]),
        ],
        "linux": {
            "namespaces": [{"type": t} for t in ("pid", "network", "ipc", "uts", "mount", "cgroup")],
            "maskedPaths": ["/proc/kcore", "/proc/keys", "/proc/timer_list", "/proc/sched_debug", "/sys/firmware"],
            "readonlyPaths": ["/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"],
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
        bundles = {what: _bundle(scratch, what, args) for what, args in (("true", ["/bin/true"]), ("idle", image.IDLE))}

        def argv(what):
            return lambda number: [
                path, "--root", state, "run", "--bundle", bundles[what],
                "%s-%s-%s-%d" % (scratch.tag, program, what, number),
            ]

        note = "no overlay" if _seccomp() else "no overlay, no filter"
        idle = None if prepare else argv("idle")
        return Contender(program, output, argv("true"), idle, prepare, note)

    return make


def _bubblewrap(scratch, output):
    path = find("bwrap")
    base = [path, "--bind", scratch.sub("rootfs"), "/", "--proc", "/proc", "--dev", "/dev", "--unshare-all"]
    note = "no cgroup, overlay, filter"
    return Contender(
        "bubblewrap", output, lambda number: base + ["/bin/true"], lambda number: base + image.IDLE, note=note
    )


def _nspawn(scratch, output):
    path = find("systemd-nspawn")
    root = scratch.sub("rootfs")

    def argv(number):
        return [
            path, "-q", "--register=no", "--keep-unit", "--as-pid2", "--private-network",
            "--machine=%s-%d" % (scratch.tag.replace("_", ""), number), "-D", root,
            "--link-journal=no", "--resolv-conf=off", "--timezone=off", "--console=pipe", "/bin/true",
        ]

    return Contender("systemd-nspawn", output, argv, None, machine.empty_run, "no overlay")


def _podman(scratch, output):
    path = find("podman")
    runtime = find("runc")
    base = [path, "--root", scratch.make("podman"), "--runroot", scratch.make("podman-run"),
            "--cgroup-manager=cgroupfs", "--events-backend=file", "--runtime", runtime]
    archive = scratch.sub("rootfs.tar")
    _check_run(["tar", "-C", scratch.sub("rootfs"), "-cf", archive, "."])
    _check_run(base + ["import", "-q", archive, "bench:1"])
    # Its own defaults are more than a machine without CAP_SYS_RESOURCE can set.
    limits = []
    for name, number in (("nofile", resource.RLIMIT_NOFILE), ("nproc", resource.RLIMIT_NPROC)):
        hard = resource.getrlimit(number)[1]
        value = 30000 if hard == resource.RLIM_INFINITY else min(hard, 30000)
        limits += ["--ulimit", "%s=%d:%d" % (name, value, value)]
    run = base + ["run", "--rm", "--network=none"] + limits + ["bench:1"]
    return Contender("podman", output, lambda number: run + ["/bin/true"], note="with runc")


# In the order in which they are printed.
PEERS = {
    "bubblewrap": _bubblewrap,
    "crun": _oci("crun", machine.pure_cgroup2),
    "runc": _oci("runc"),
    "systemd-nspawn": _nspawn,
    "podman": _podman,
}
