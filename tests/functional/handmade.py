# SPDX-License-Identifier: Apache-2.0
"""
Pods made by hand: directories as gantry lays them out (common/pod/pod.h), in any state, with times
and contents of the test's choice. A pod is alive while the test holds its lock.

    pods = Pods(self.host)
    uuid = pods.make("run", started=1500000000, statuses={"web": 3})
    with pods.locked(uuid):
        ...
"""

import contextlib
import fcntl
import itertools
import json
import os

from harness import STAGE1_ENTRIES, STAGE1_PROBE, image_manifest, read, write

PLACES = ("prepare", "prepared", "run", "exited-garbage", "garbage")
IMAGE_ID = "sha512-05126eb372f5662244a12e97740be6db587b8e2fc15fd9203e53345f5c9664af"

# What the observed outputs of rkt were made with.
CREATED, STARTED = 1795195893440362745, 1795195895114375120


def app(name="web", image="example.com/web", version="1.0", **members):
    labels = [{"name": "version", "value": version}] if version else []
    return {"name": name, "image": {"name": image, "id": IMAGE_ID, "labels": labels}, **members}


def pod_manifest(apps):
    return json.dumps({"acVersion": "0.8.11", "acKind": "PodManifest", "apps": apps})


class Pods:
    def __init__(self, host):
        self.host = host
        self.counter = itertools.count(1)
        for place in PLACES:
            os.makedirs(os.path.join(host.data, "pods", place))

    def path(self, *names):
        return os.path.join(self.host.data, *names)

    def uuid(self):
        """A new one; they differ in their first eight digits."""
        return f"{next(self.counter):08x}-3438-42bc-ab37-3cf85f132e60"

    def make(self, place, uuid=None, apps=None, manifest=None, created=CREATED, started=None,
             pid=None, pid_file="pid", statuses=None, upper=False, networks=None, files=None):
        """Makes a pod; its UUID. Times are nanoseconds."""
        uuid = uuid or self.uuid()
        pod = self.path("pods", place, uuid)
        root = "upper/.stage1" if upper else "stage1/rootfs"
        os.makedirs(os.path.join(pod, root, "rkt/status"))
        content = {"pod": manifest or pod_manifest([app()] if apps is None else apps),
                   **{f"{root}/rkt/status/{name}": f"{code}\n"
                      for name, code in (statuses or {}).items()}}
        if started or pid:
            content[pid_file] = f"{pid or 85}\n"
        if networks is not None:
            content["net-info.json"] = json.dumps(networks)
        for name, text in {**content, **(files or {})}.items():
            os.makedirs(os.path.dirname(os.path.join(pod, name)), exist_ok=True)
            write(os.path.join(pod, name), text)
        os.utime(os.path.join(pod, "pod"), ns=(created, created))
        if started:
            os.utime(os.path.join(pod, pid_file), ns=(started, started))
        return uuid

    def find(self, uuid):
        return self.host.pods()[uuid]

    @contextlib.contextmanager
    def locked(self, *uuids, kind=fcntl.LOCK_EX):
        """Holds the locks of pods, or of the directories that a '/' tells apart from those."""
        with contextlib.ExitStack() as stack:
            for name in uuids:
                fd = os.open(self.path(name) if "/" in name else self.find(name), os.O_RDONLY)
                stack.callback(os.close, fd)
                fcntl.flock(fd, kind)
            yield

    def give_stage1(self, uuid, entries=STAGE1_ENTRIES, version=6, **settings):
        """Makes tests/stage1-probe the pod's stage1; the directory of its reports."""
        pod, reports = self.find(uuid), os.path.join(self.host.images, f"reports-{uuid}")
        programs = self.path("cas", "tree", f"tree-{uuid}", "rootfs", "probe-stage1")
        os.makedirs(programs)
        os.mkdir(reports)
        for name in STAGE1_ENTRIES:
            write(os.path.join(programs, name), read(STAGE1_PROBE, "rb"), 0o755)
        write(os.path.join(programs, "settings"),
              "".join(f"{k}={v}\n" for k, v in {"report": reports, **settings}.items()))
        annotations = {f"coreos.com/rkt/stage1/{name}": f"/probe-stage1/{name}" for name in entries}
        annotations["coreos.com/rkt/stage1/interface-version"] = str(version)
        os.makedirs(os.path.join(pod, "stage1"), exist_ok=True)
        write(os.path.join(pod, "stage1/manifest"),
              image_manifest(name="example.com/stage1", app=False, annotations=annotations))
        os.symlink(f"../../../../cas/tree/tree-{uuid}", os.path.join(pod, "stage1/tree"))
        return reports


def arguments(reports, entry):
    """What stage1's entry point was given after argv[0]; None if it was not called."""
    path = os.path.join(reports, entry + ".json")
    return json.loads(read(path))["argv"][1:] if os.path.exists(path) else None
