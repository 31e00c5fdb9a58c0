# SPDX-License-Identifier: Apache-2.0
"""What the bench says: tables, budgets with met or missed, and the same as JSON."""

import os

from contest import Ratio

WIDTH = 34

# When others take more of the processors than that, what is measured proves nothing.
BUSY = 0.15


def _number(value):
    return "%.2f" % value if value < 100 else "%.0f" % value


def _time(seconds):
    return "%.2f" % (seconds * 1000)


def _row(name, *cells):
    return "  %-*s%s" % (WIDTH, name, "".join("%12s" % cell for cell in cells))


def _spread(ratio):
    return "%s-%s" % (_number(ratio.low), _number(ratio.high))


class Report:
    def __init__(self, **settings):
        uname = os.uname()
        self.data = {
            "version": 1,
            "settings": settings,
            "machine": {
                "kernel": uname.release,
                "architecture": uname.machine,
                "cpus": os.cpu_count(),
            },
            "tables": [],
            "unusable": [],
            "discarded": [],
            "others": [],
            "budgets": [],
        }
        self._lines = []
        self._section = None

    def _say(self, *lines):
        self._lines.extend(lines)

    def unusable(self, name, why):
        self.data["unusable"].append({"name": name, "reason": why})

    def discarded(self, title, discarded, kept):
        row = {"table": title, "rounds": discarded, "kept": kept}
        self.data["discarded"].append(row)

    def section(self, name):
        """The budgets that follow are measured in it."""
        self._section = name

    def others(self, share, undecided):
        """What others took of the processors during the section; UNDECIDED: too much anyway."""
        busy = undecided or share > BUSY
        row = {"section": self._section, "share": share, "busy": busy}
        self.data["others"].append(row)
        for budget in self.data["budgets"]:
            timed = budget["quartiles"] and budget["section"] == self._section
            if busy and timed:
                budget["verdict"] = "undecided"

    def starts(self, title, rounds, contenders):
        """A contest: medians, and each one's ratio to the reference."""
        self._say("", title, _row("", "ms", "cpu ms", "x", "quartiles", "cpu x"))
        rows = []
        for contender in contenders:
            name = contender.name
            wall, cpu = rounds.wall(name), rounds.cpu(name)
            ratio, cpu_ratio = rounds.ratio(name), rounds.ratio(name, field="cpu")
            cells = [_time(wall), _time(cpu), _number(ratio.medians), _spread(ratio)]
            cells.append(_number(cpu_ratio.medians))
            note = "  (%s)" % contender.note if contender.note else ""
            self._say(_row(name, *cells) + note)
            row = {"name": name, "note": contender.note, "wall": wall, "cpu": cpu}
            row.update(ratio=ratio._asdict(), cpu_ratio=cpu_ratio._asdict())
            rows.append(row)
        table = {"title": title, "reference": rounds.reference, "rows": rows}
        self.data["tables"].append(table)

    def pairs(self, title, names, pairs):
        """PAIRS of two, by how many there were at once."""
        self._say("", title, _row("", *["%s ms" % n for n in names], "x", "quartiles"))
        rows = []
        for count, (this, that, ratio) in pairs.items():
            cells = [_time(this), _time(that), _number(ratio.medians), _spread(ratio)]
            self._say(_row(str(count), *cells))
            row = {"count": count, names[0]: this, names[1]: that}
            row.update(ratio=ratio._asdict())
            rows.append(row)
        self.data["tables"].append({"title": title, "rows": rows})

    def memory(self, title, rows):
        """ROWS: name, number of pods, {program: [KiB written, KiB it alone maps]}."""
        self._say("", title, _row("", "pods", "KiB a pod", "mapped"))
        table = []
        for name, count, parts in rows:
            each = {p: written / count for p, (written, _) in sorted(parts.items())}
            total = sum(each.values())
            alone = sum(mapped for _, mapped in parts.values()) / count
            note = ", ".join("%s %.0f" % part for part in each.items())
            cells = [count, "%.0f" % total, "%.0f" % alone]
            self._say(_row(name, *cells) + "  (%s)" % note)
            row = {"name": name, "count": count, "kib": total, "mapped_alone": alone}
            row.update(programs=each)
            table.append(row)
        self.data["tables"].append({"title": title, "rows": table})

    def peaks(self, title, rows):
        """ROWS: name, KiB."""
        self._say("", title, _row("", "MiB"))
        for name, kib in rows:
            self._say(_row(name, "%.1f" % (kib / 1024)))
        table = [{"name": name, "kib": kib} for name, kib in rows]
        self.data["tables"].append({"title": title, "rows": table})

    def budget(self, key, what, value, limit, unit, note=""):
        """VALUE: a ratio, a number, or None where it was not measured and NOTE says why."""
        ratio = value if isinstance(value, Ratio) else None
        number = ratio.medians if ratio else value
        verdict = "not measured"
        if number is not None:
            verdict = "met" if number <= limit else "missed"
        row = {"key": key, "what": what, "limit": limit, "unit": unit, "value": number}
        row["quartiles"] = [ratio.low, ratio.high] if ratio else None
        row.update(verdict=verdict, note=note, section=self._section)
        self.data["budgets"].append(row)

    def _budget_line(self, row):
        quartiles = row["quartiles"]
        cells = [
            _number(row["limit"]),
            "-" if row["value"] is None else _number(row["value"]),
            _spread(Ratio(0, *quartiles)) if quartiles else "",
        ]
        note = "; " + row["note"] if row["note"] else ""
        return _row(row["what"], *cells) + "  %-14s%s%s" % (row["verdict"], row["unit"], note)

    def text(self):
        machine = self.data["machine"]
        head = (
            "%(cpus)d cpus, kernel %(kernel)s, %(architecture)s;"
            " x is the ratio of the medians to the first line's" % machine
        )
        lines = [head]
        if "image" in self.data["settings"]:
            lines.append("the image: " + self.data["settings"]["image"])
        lines += [*self._lines, "", "budgets", _row("", "limit", "measured", "quartiles")]
        lines += [self._budget_line(row) for row in self.data["budgets"]]
        lines.append("")
        for row in self.data["unusable"]:
            lines.append("not measured: %s: %s" % (row["name"], row["reason"]))
        for row in self.data["others"]:
            what = "%s: others took %.0f %% of the processors"
            if row["busy"]:
                what += ": undecided, measure again on a quiet machine"
            lines.append(what % (row["section"], 100 * row["share"]))
        for row in self.data["discarded"]:
            what = "%s: %d rounds, and %d more discarded as disturbed"
            lines.append(what % (row["table"], row["kept"], row["rounds"]))
        return "\n".join(lines)
