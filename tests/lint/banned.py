# SPDX-License-Identifier: Apache-2.0
"""Functions and words that have a better one, with the reason."""

from tree import Finding, code, matches

UNBOUNDED = "writes without knowing how much room there is: use common/buf.h or snprintf()"
SHELL = "goes through a shell: use common/process.h"
NSS = (
    "asks the host's name service, or in a pod loads what the image brings: users and groups"
    " are numbers, or read from a file by stage1/identity"
)
LOADS = "loads code by a name that an image could answer"
MEMORY = "can return NULL: use common/memory.h, which cannot"
STATE = "keeps state that a signal, a thread or a caller shares"
NUMBER = "reads no number as 0 and tells nothing of overflow: use strtoll() and look at errno"
RANDOM = "can be guessed: use getrandom()"
RACE = "names a file that another can make first: use common/path.h"
PRINTS = "only main() prints: return a struct error, or use common/log.h"

FUNCTIONS = {
    UNBOUNDED: "gets sprintf vsprintf strcpy stpcpy strcat strncpy strncat wcscpy",
    SHELL: "system popen wordexp",
    NSS: "getpwnam getpwuid getpwent getpwnam_r getpwuid_r getgrnam getgrgid getgrent"
    " getgrnam_r getgrgid_r getgrouplist initgroups getlogin cuserid gethostbyname",
    LOADS: "dlopen dlmopen iconv_open setlocale",
    MEMORY: "malloc calloc realloc reallocarray strdup strndup asprintf vasprintf alloca"
    " posix_memalign aligned_alloc",
    STATE: "strtok asctime ctime setjmp longjmp signal siginterrupt",
    NUMBER: "atoi atol atoll atof sscanf fscanf scanf",
    RANDOM: "rand srand random drand48",
    RACE: "mktemp tmpnam tempnam tmpfile",
    PRINTS: "perror err errx warn warnx",
}

# A file, the functions it may call, and why.
EXCEPTIONS = {
    "common/memory.c": (FUNCTIONS[MEMORY].split(), "it is what makes them safe"),
    "common/musl/fortify.c": (["strncpy"], "is the checked form of it for others"),
}

WORDS = {
    r"\bgoto\b": "use autofree and its like (common/attributes.h) instead of goto",
    r"^typedef (?![\w \*]+ \**\w+\()": "typedef is for function types only",
}

WHY = {name: why for why, names in FUNCTIONS.items() for name in names.split()}
CALL = r"(?<![\w.>])(%s)[ \t]*\(" % "|".join(WHY)


def check(tree):
    for path, text in tree.sources():
        text = code(text)
        allowed, _ = EXCEPTIONS.get(path, ([], ""))
        for line, match in matches(CALL, text):
            if match.group(1) not in allowed:
                what = "%s() %s" % (match.group(1), WHY[match.group(1)])
                yield Finding(path, line, what)
        for word, why in WORDS.items():
            for line, _ in matches(word, text):
                yield Finding(path, line, why)
    for path in EXCEPTIONS:
        if path not in tree.files and "common/path.c" in tree.files:
            yield Finding("tests/lint/banned.py", 1, "exception for %s, which is gone" % path)


SAMPLES = [
    ({"common/a.c": "sprintf(line, fmt);\nsnprintf(line, 1, fmt);\n"}, ["common/a.c:1"]),
    ({"stage0/a.c": "x = strcpy (to, from);\n"}, ["stage0/a.c:1"]),
    ({"stage0/a.c": "if (system(line))\n\tpopen(line);\n"}, ["stage0/a.c:1", "stage0/a.c:2"]),
    ({"stage1/a.c": "getpwnam(user);\ndlopen(name);\n"}, ["stage1/a.c:1", "stage1/a.c:2"]),
    ({"stage1/a.c": "p = malloc(1);\n", "common/memory.c": "p = malloc(1);\n"}, ["stage1/a.c:1"]),
    ({"common/a.c": "goto out;\n", "common/b.c": "/* goto */ to_goto();\n"}, ["common/a.c:1"]),
    ({"common/a.h": "typedef struct a a_t;\ntypedef int parse(char *);\n"}, ["common/a.h:1"]),
    ({"common/a.h": "typedef const char *check(const char *text);\n"}, []),
    ({"common/a.c": 'puts("system(x)"); /* system(x) */\n', "tests/a.c": "strcpy(a, b);\n"}, []),
]
