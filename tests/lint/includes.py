# SPDX-License-Identifier: Apache-2.0
"""Who may include whom: the tree's layers, and one file for each library.

Documentation/devel/architecture.md explains the rows. Tests are free."""

import re

from tree import Finding, matches, uncommented

COMMON = ["common/", "common/appc/", "common/pod/"]
STAGE0 = ["stage0/", "stage0/config/", "stage0/store/", "stage0/fetch/", "stage0/pod/"]
STAGE0 += ["stage0/cmd/"]
# The other program knows nothing of gantry's own but what passes between the two.
IMPORT = COMMON + ["stage0/config/", "stage0/store/", "stage0/fetch/"]

# A folder, and the folders (or single headers) whose headers it may include. The folder of a
# path is the longest row that begins it: a row does not stand for the folders below it.
ROWS = {
    "common/": ["common/"],
    "common/appc/": ["common/", "common/appc/"],
    "common/pod/": COMMON,
    "stage2/": ["common/", "stage2/"],
    "stage1/": COMMON + ["stage1/"],
    "stage0/config/": COMMON + ["stage0/config/"],
    "stage0/store/": COMMON + ["stage0/config/", "stage0/store/"],
    "stage0/fetch/": COMMON
    + ["stage0/host.h", "stage0/config/", "stage0/store/", "stage0/fetch/"],
    "stage0/pod/": COMMON
    + ["stage0/host.h", "stage0/config/", "stage0/store/", "stage0/fetch/"]
    + ["stage0/pod/"],
    "stage0/cmd/": COMMON + STAGE0,
    "stage0/": COMMON + STAGE0,
    "stage0/import/net/": IMPORT + ["stage0/import/", "stage0/import/net/"],
    "stage0/import/trust/": IMPORT + ["stage0/import/", "stage0/import/trust/"],
    "stage0/import/image/": IMPORT + ["stage0/import/", "stage0/import/image/"],
    "stage0/import/": IMPORT
    + ["stage0/import/", "stage0/import/net/", "stage0/import/trust/"]
    + ["stage0/import/image/"],
}

# A library's headers, and the only files that may include them: each is a .c file, so no
# header of ours can name a type of theirs.
LIBRARIES = {
    r"jansson\.h": r"common/appc/schema\.c|common/musl/check\.c",
    r"archive(_entry)?\.h": r"stage0/import/image/aci\.c",
    r"openssl/.*": r"stage0/import/digest\.c",
    r"isa-l/.*": r"stage0/import/image/gzip_body_isal\.c",
    r"zlib\.h": r"stage0/import/image/gzip_body_zlib\.c",
    r"bzlib\.h": r"stage0/import/image/codec_bzip2\.c",
    r"lzma\.h": r"stage0/import/image/codec_xz\.c",
    r"zstd(_errors)?\.h": r"stage0/import/image/codec_zstd\.c",
    r"seccomp\.h": r"stage1/seccomp_\w+\.c",
    r"curl/.*": r"stage0/import/net/http\.c",
    r"libxml/.*": r"stage0/import/net/meta\.c",
    r"gpgme\.h": r"stage0/import/trust/gpg\.c",
    r"systemd/.*": r"stage0/pod/machine\.c",
}

# Headers that the build writes, and the one file each is written for.
WRITTEN = {"stage1_images.h": "stage0/pod/stage1_image.c"}

# What libc and the kernel bring.
LIBC = re.compile(
    r"(asm|linux|net|netinet|arpa|sys)/[\w/]+\.h|(aio|alloca|assert|byteswap|ctype|dirent"
    r"|elf|endian|err|errno|fcntl|fnmatch|getopt|glob|grp|inttypes|limits|link|locale|malloc"
    r"|math|mntent|poll|pthread|pty|pwd|sched|semaphore|setjmp|signal|spawn|stdalign|stdarg"
    r"|stdatomic|stdbool|stddef|stdint|stdio|stdlib|stdnoreturn|string|strings|syscall"
    r"|syslog|termios|threads|time|uchar|unistd|utmp|wchar|wctype)\.h"
)


def row_of(path):
    return max((row for row in ROWS if path.startswith(row)), key=len, default=None)


def folder_of(path):
    return path.rpartition("/")[0] + "/"


def check_ours(path, name):
    if WRITTEN.get(name) == path:
        return None
    if "/" not in name or name.startswith("."):
        return "include headers by their path from the top"
    row = row_of(path)
    if row is None:
        return "no row of tests/lint/includes.py says what this folder may include"
    if name in ROWS[row] or folder_of(name) in ROWS[row]:
        return None
    return "%s may not use %s (architecture.md, who may include whom)" % (row, name)


def check_theirs(path, name):
    for header, user in LIBRARIES.items():
        if re.fullmatch(header, name):
            if re.fullmatch(user, path):
                return None
            plain = user.replace("\\", "").replace("w+", "*")
            return "<%s> is only for %s: one library, one file" % (name, plain)
    if LIBC.fullmatch(name):
        return None
    return "<%s> is not libc's, and no row of tests/lint/includes.py names it" % name


def check(tree):
    for path, text in tree.sources():
        pattern = r'^[ \t]*#[ \t]*include[ \t]*(?:"([^"\n]+)"|<([^>\n]+)>)'
        for line, match in matches(pattern, uncommented(text)):
            ours, theirs = match.groups()
            wrong = check_ours(path, ours) if ours else check_theirs(path, theirs)
            if wrong:
                yield Finding(path, line, wrong)


SAMPLES = [
    # Each good line is there to show that a rule does not see too much.
    ({"common/a.c": '#include "common/buf.h"\n#include "common/appc/name.h"\n'}, ["common/a.c:2"]),
    ({"common/appc/a.c": '#include "common/pod/pod.h"\n'}, ["common/appc/a.c:1"]),
    ({"common/a.h": '#include <string.h>\n#include "stage0/host.h"\n'}, ["common/a.h:2"]),
    ({"stage2/a.c": '#include "common/appc/name.h"\n'}, ["stage2/a.c:1"]),
    ({"stage1/a.c": '#include "common/pod/pod.h"\n#include "stage0/host.h"\n'}, ["stage1/a.c:2"]),
    ({"stage1/a.c": '#include "stage2/step.h"\n'}, ["stage1/a.c:1"]),
    ({"stage0/main.c": '#include "stage1/init.h"\n'}, ["stage0/main.c:1"]),
    ({"stage0/store/a.c": '#include "stage0/pod/pods.h"\n'}, ["stage0/store/a.c:1"]),
    ({"stage0/store/a.c": '#include "stage0/host.h"\n'}, ["stage0/store/a.c:1"]),
    ({"stage0/pod/a.c": '#include "stage0/host.h"\n#include "stage0/cmd/a.h"\n'}, ["stage0/pod/a.c:2"]),
    ({"stage0/cmd/a.c": '#include "stage0/command.h"\n#include "stage0/import/image/aci.h"\n'}, ["stage0/cmd/a.c:2"]),
    ({"stage0/import/net/a.c": '#include "stage0/import/image/aci.h"\n'}, ["stage0/import/net/a.c:1"]),
    ({"stage0/import/main.c": '#include "stage0/pod/pods.h"\n'}, ["stage0/import/main.c:1"]),
    ({"stage0/pod/stage1_image.c": '#include "stage1_images.h"\n', "stage0/main.c": '#include "stage1_images.h"\n'}, ["stage0/main.c:1"]),
    ({"common/a.c": '#include "buf.h"\n'}, ["common/a.c:1"]),
    ({"elsewhere/a.c": '#include "common/buf.h"\n'}, ["elsewhere/a.c:1"]),
    ({"common/appc/schema.c": "#include <jansson.h>\n", "common/appc/name.c": "\n# include <jansson.h>\n"}, ["common/appc/name.c:2"]),
    ({"common/appc/schema.h": "#include <jansson.h>\n"}, ["common/appc/schema.h:1"]),
    ({"stage0/import/image/aci.c": "#include <archive.h>\n", "stage0/main.c": "#include <archive.h>\n"}, ["stage0/main.c:1"]),
    ({"stage1/seccomp_plan.c": "#include <seccomp.h>\n", "stage1/run.c": "#include <seccomp.h>\n"}, ["stage1/run.c:1"]),
    ({"stage1/a.c": "#include <linux/seccomp.h>\n#include <glib.h>\n"}, ["stage1/a.c:2"]),
    ({"common/a.c": "/*\n#include <glib.h>\n*/\n", "tests/a.c": "#include <glib.h>\n"}, []),
]
