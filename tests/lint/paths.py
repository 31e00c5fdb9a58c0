# SPDX-License-Identifier: Apache-2.0
"""Only common/path.c hands a path to the kernel.

There, every path is relative to a directory's descriptor and says where it may lead; a call
elsewhere could be led out of an image by a link, or be raced. A file with a reason to make
such a call itself stands in EXCEPTIONS, with the calls it may make."""

import re

from tree import Finding, code, matches, uncommented

CALLS = """
    access acct bind_mount chdir chmod chown chroot creat euidaccess eaccess
    execl execle execlp execv execve execveat execvp execvpe
    faccessat faccessat2 fchmodat fchmodat2 fchownat fopen freopen fstatat fsconfig ftw
    futimesat getxattr glob inotify_add_watch lchmod lchown lgetxattr link linkat listxattr
    llistxattr lremovexattr lsetxattr lstat lutimes mkdir mkdirat mkdtemp mkfifo mkfifoat
    mknod mknodat mkostemp mkstemp mount mount_setattr move_mount name_to_handle_at nftw
    open openat openat2 opendir open_tree pathconf pivot_root posix_spawn posix_spawnp
    quotactl readlink readlinkat realpath remove removexattr rename renameat renameat2 rmdir
    scandir setxattr stat statfs statvfs statx swapon symlink symlinkat truncate umount
    umount2 unlink unlinkat utime utimensat utimes
""".split()

# Calls with two paths.
TWO_PATHS = {"move_mount", "linkat", "pivot_root"}

# A file, the calls it may make, and why it cannot leave them to common/path.c.
EXCEPTIONS = {
    "common/path.c": (CALLS, "it is the file"),
    "stage0/pod/launch.c": (["execv"], "an entry point may be a script, which needs a path"),
    "stage0/pod/overlay.c": (["mount"], "overlayfs has its layers by path: names of our own"),
    "common/kernel.h": (["fsconfig"], "no option of the file systems made is a path"),
    "stage1/seccomp_default.c": (["open"], "runs while gantry is built"),
    "stage2/step.c": (["chdir", "execvp"], "the root is the app's by then, and so is the path"),
}

# As functions, and as system calls by number.
CALL = r"(?<![\w.>])(%s)[ \t]*\(|\bsyscall\(\s*(?:SYS_|__NR_)(%s)\b" % (("|".join(CALLS),) * 2)


def leads_nowhere(call, statement):
    """Whether each path is "", which leaves it to the descriptor, "." or "/"."""
    return len(re.findall(r'"[./]?"', statement)) >= (2 if call in TWO_PATHS else 1)


def check(tree):
    for path, text in tree.sources():
        allowed, _ = EXCEPTIONS.get(path, ([], ""))
        bare = uncommented(text)
        for line, match in matches(CALL, code(text)):
            call = match.group(1) or match.group(2)
            statement = bare[match.start() :].partition(";")[0]
            if call not in allowed and not leads_nowhere(call, statement):
                what = "%s() takes a path: add what is missing to common/path.c" % call
                yield Finding(path, line, what)
    for path in EXCEPTIONS:
        if path not in tree.files and "common/path.c" in tree.files:
            yield Finding("tests/lint/paths.py", 1, "exception for %s, which is gone" % path)


SAMPLES = [
    ({"common/a.c": "fd = open(path, O_RDONLY);\n"}, ["common/a.c:1"]),
    ({"stage0/a.c": "x();\nif (unlinkat (fd, p, 0))\n"}, ["stage0/a.c:2"]),
    ({"stage1/a.c": "syscall(SYS_openat2, fd);\nsyscall(__NR_mkdirat);\n"}, ["stage1/a.c:1", "stage1/a.c:2"]),
    ({"stage1/a.c": "static const int numbers[] = {SYS_openat2, SYS_mkdirat};\n"}, []),
    ({"stage1/a.c": "r = mount(NULL, path, NULL, 0, NULL);\n"}, ["stage1/a.c:1"]),
    ({"stage1/a.c": 'execveat(fd, "", argv, NULL, AT_EMPTY_PATH);\nlinkat(fd, "",\n to, p, 0);\nchdir("/");\n'}, ["stage1/a.c:2"]),
    # Descriptors, names of ours that end alike, members, comments and texts are no calls.
    ({"stage1/a.c": "fstat(fd, &st);\npath_open(fd, p);\nops->open(p);\nops.stat(p);\n"}, []),
    ({"stage1/a.c": '/* open(path) */\nputs("open(x)");\nstruct stat st;\n// stat(p)\n'}, []),
    ({"tests/unit/a.c": "open(path, O_RDONLY);\n"}, []),
]
