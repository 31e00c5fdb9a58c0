# SPDX-License-Identifier: Apache-2.0
"""Shell scripts are read by the shell they name without complaint."""

import re
import subprocess

from tree import Finding

SHEBANG = re.compile(r"#! ?(?:/usr)?/bin/(?:env )?((?:ba|da)?sh)\b")


def check(tree):
    for path, text in tree.texts("*"):
        shebang = SHEBANG.match(text)
        if not shebang:
            if path.endswith(".sh"):
                yield Finding(path, 1, "a script begins with #!/bin/sh")
            continue
        shell = shebang.group(1)
        result = subprocess.run([shell, "-n"], input=text, capture_output=True, text=True)
        if result.returncode != 0:
            line = re.search(r"(?:line )?(\d+): ", result.stderr)
            message = result.stderr.strip().split("\n")[0]
            what = "%s -n: %s" % (shell, message)
            yield Finding(path, int(line.group(1)) if line else 1, what)


SAMPLES = [
    ({"dist/a": "#!/bin/sh\nif true; then\n\techo a\nfi\n"}, []),
    ({"dist/a": "#!/bin/sh\necho a\nfi\n"}, ["dist/a:3"]),
    ({"dist/a": "#!/bin/bash\na=(1)\n", "dist/b": "#!/bin/sh\na=(1)\n"}, ["dist/b:2"]),
    ({"dist/a.sh": "echo a\n"}, ["dist/a.sh:1"]),
]
