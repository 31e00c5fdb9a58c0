# SPDX-License-Identifier: Apache-2.0
"""The command line as a whole (rkt 1): words, options, exit codes, messages, help."""

import os
import shutil
import subprocess
import tempfile
import unittest

from harness import GANTRY, Host, needs_program, needs_root, read, write

OURS = 254  # the exit status of every failure of gantry's own

UNSERVED = ["api-service", "app list", "attach", "export", "metadata-service"]


class CommandLine(unittest.TestCase):
    def setUp(self):
        self.host = Host(self)

    def gantry(self, *words, program=GANTRY, **options):
        """Runs it with WORDS alone, none of the harness's options."""
        return subprocess.run([program, *words], capture_output=True, text=True,
                              **{**self.host.options(), **options})

    def assert_refused(self, result, text):
        """A failure inside of a command: one line that has TEXT."""
        self.assertEqual(result.returncode, OURS, result)
        self.assertIn(text, result.stderr)
        self.assertEqual(result.stderr.count("\n"), 1, result.stderr)
        self.assertEqual(result.stdout, "")

    def assert_usage(self, result, error):
        """A command line that cannot be understood: the error, and the help on stdout."""
        self.assertEqual(result.returncode, OURS, result)
        self.assertEqual(result.stderr, f"Error: {error}\n\n")
        self.assertTrue(result.stdout.startswith("NAME:\n"), result.stdout)


class Words(CommandLine):
    def test_no_word_is_missing_a_command(self):
        result = self.gantry()
        self.assertEqual(result.returncode, 2)
        self.assertEqual(result.stderr, "gantry: missing command\n")
        self.assertIn("COMMANDS:", result.stdout)

    def test_a_word_may_be_shortened(self):
        self.assertEqual(self.gantry("vers").stdout, self.gantry("version").stdout)
        self.assertEqual(self.gantry("im", "li", "--dir", self.host.data).returncode, 0)

    def test_an_unknown_word_is_told_with_what_was_perhaps_meant(self):
        result = self.gantry("versoin")
        self.assertEqual(result.returncode, OURS)
        self.assertEqual(result.stdout, "")
        self.assertEqual(result.stderr, 'Error: unknown command "versoin" for "gantry"\n\n'
                         "Did you mean this?\n\tversion\n\nRun 'gantry --help' for usage.\n")
        self.assertEqual(self.gantry("zzzzzzz").stderr, 'Error: unknown command "zzzzzzz" for '
                         "\"gantry\"\nRun 'gantry --help' for usage.\n")

    def test_a_beginning_of_several_commands_is_unknown(self):
        self.assertIn('unknown command "s"', self.gantry("s").stderr)

    def test_a_group_without_a_command_prints_its_help(self):
        for words in (["image"], ["image", "bogus"], ["image", "--help"], ["help", "image"]):
            with self.subTest(words):
                result = self.gantry(*words)
                self.assertEqual(result.returncode, 0)
                self.assertIn("\timage list\t", result.stdout)
                self.assertNotIn("\tversion\t", result.stdout)

    def test_what_is_not_served_yet_says_so_and_is_not_listed(self):
        listed = self.gantry("help").stdout
        for command in UNSERVED:
            with self.subTest(command):
                word = command.split()[-1 if command.startswith("image") else 0]
                result = self.gantry(*command.split())
                self.assert_refused(result, f"{word}: ")
                self.assertIn("not served yet", result.stderr)
                self.assertNotIn(f"\t{command}\t", listed)


class Options(CommandLine):
    def test_they_stand_before_and_after_the_command(self):
        self.host.ok("image", "list")
        for words in (["--dir", self.host.data, "image", "list"],
                      ["image", "--dir", self.host.data, "list"],
                      ["image", "list", f"--dir={self.host.data}"],
                      ["image", "list", "--dir", self.host.data, "--no-legend=false"],
                      ["--no-legend=0", "image", "list", "--dir", self.host.data]):
            with self.subTest(words):
                result = self.gantry(*words)
                self.assertEqual((result.returncode, result.stderr), (0, ""))
                self.assertTrue(result.stdout.startswith("ID\tNAME\t"))

    def test_the_global_ones_are_known_everywhere(self):
        result = self.gantry("--system-config=a", "version", "--local-config=b",
                             "--user-config=c", "--debug", "--insecure-options=image,TLS")
        self.assertEqual(result.returncode, 0, result)

    def test_mistakes_are_told_in_the_words_of_rkt(self):
        for words, error in (
                (["version", "--x"], "unknown flag: --x"),
                (["--x=1", "version"], "unknown flag: --x"),
                (["--x"], "unknown flag: --x"),
                (["version", "-x"], "unknown shorthand flag: 'x' in -x"),
                (["version", "--dir"], "flag needs an argument: --dir"),
                (["version", "--dir="], 'invalid argument "" for --dir=: must not be empty'),
                (["version", "--debug=maybe"],
                 "invalid argument \"maybe\" for --debug=maybe: must be true or false"),
                (["version", "--insecure-options", "image,x"],
                 "invalid argument \"image,x\" for --insecure-options=image,x: unknown option 'x'"),
                (["version", "--insecure-options=tls,tls"],
                 "invalid argument \"tls,tls\" for --insecure-options=tls,tls: "
                 "option 'tls' is given twice"),
                (["version", "word"], "takes no arguments"),
                (["image", "list", "--order=up"],
                 "invalid argument \"up\" for --order=up: must be 'asc' or 'desc'")):
            with self.subTest(words):
                self.assert_usage(self.gantry(*words), error)

    def test_one_that_is_not_served_yet_says_so(self):
        for option in ("--cpuprofile=x", "--memprofile=x"):
            with self.subTest(option):
                self.assert_refused(self.gantry("version", option),
                                    f"version: {option.split('=')[0]}: ")

    def test_a_deprecated_one_works_and_says_what_to_write(self):
        result = self.host.run("fetch", "--store-only", self.host.aci())
        self.assertEqual(result.status, 0)
        self.assertEqual(result.err, "fetch: Flag --store-only has been deprecated, "
                         "use --pull-policy=never\n")

    def test_a_word_with_control_characters_does_not_reach_the_terminal(self):
        result = self.gantry("image", "rm", "a\x1b[2Jb", f"--dir={self.host.data}")
        self.assertEqual(result.returncode, OURS)
        self.assertNotIn("\x1b", result.stderr)


class Help(CommandLine):
    def commands(self):
        text = self.gantry("help").stdout.split("COMMANDS:\n")[1].split("\n\n")[0]
        return [line.split("\t")[1] for line in text.splitlines()]

    def test_the_list_of_commands_is_sorted(self):
        self.assertEqual(self.commands(), sorted(self.commands()))
        self.assertIn("image list", self.commands())

    def test_every_command_has_a_help_on_standard_output(self):
        for command in self.commands():
            with self.subTest(command):
                text = self.gantry("help", *command.split()).stdout
                self.assertTrue(text.startswith(f"NAME:\n\tgantry {command} - "), text)
                for words in ([*command.split(), "--help"], ["-h", *command.split()]):
                    result = self.gantry(*words)
                    self.assertEqual((result.returncode, result.stderr), (0, ""))
                    self.assertEqual(result.stdout, text)

    def test_help_of_what_is_no_command_fails(self):
        result = self.gantry("help", "bogus")
        self.assertEqual(result.returncode, OURS)
        self.assertIn('unknown command "bogus"', result.stderr)
        self.assert_refused(self.gantry("help", "attach"), "not served yet")

    def test_there_is_a_manual_page_for_each_command(self):
        self.host.ok("help", f"--man-directory={self.host.images}")
        pages = {"gantry.1"} | {f"gantry-{c.replace(' ', '-')}.1" for c in self.commands()}
        self.assertEqual(set(os.listdir(self.host.images)), pages)
        page = read(os.path.join(self.host.images, "gantry-image-list.1"))
        self.assertIn("\\-\\-no\\-legend", page)

    @needs_program("groff")
    def test_manual_pages_are_well_formed(self):
        self.host.ok("help", f"--man-directory={self.host.images}")
        for page in os.listdir(self.host.images):
            result = subprocess.run(["groff", "-ww", "-man", "-z", "-Tascii", page],
                                    cwd=self.host.images, capture_output=True, text=True)
            self.assertEqual((result.returncode, result.stderr), (0, ""))


class Completion(CommandLine):
    def complete(self, *words):
        script = write(os.path.join(self.host.images, "complete"),
                       self.gantry("completion", "bash").stdout)
        line = " ".join(f"'{word}'" for word in words)
        return subprocess.run(
            ["bash", "-c", f"source {script}; COMP_WORDS=(gantry {line}); COMP_CWORD={len(words)}; "
             "_gantry; printf '%s\\n' \"${COMPREPLY[@]}\""],
            capture_output=True, text=True, check=True,
            **self.host.options(env={"PATH": f"{self.host.images}:{os.environ['PATH']}"}),
        ).stdout.split()

    def test_words_and_options_are_completed(self):
        self.assertEqual(self.complete("vers"), ["version"])
        self.assertEqual(self.complete("image", "cat"), ["cat-manifest"])
        self.assertEqual(self.complete("image", "list", "--no"), ["--no-legend"])
        self.assertEqual(self.complete("image", "list", "--insec"), ["--insecure-options"])
        self.assertEqual(self.complete("completion", ""), ["bash", "fish", "zsh"])
        self.assertIn("list", self.complete("help", ""))

    def test_images_are_completed(self):
        self.host.fetch(self.host.aci(name="example.com/completed"))
        write(os.path.join(self.host.images, "gantry"),
              f'#!/bin/sh\nexec {GANTRY} --dir={self.host.data} "$@"\n', 0o755)
        self.assertEqual(self.complete("image", "rm", "exam"), ["example.com/completed"])

    def test_a_shell_that_is_not_known_is_refused(self):
        self.assert_refused(self.gantry("completion", "csh"), "no completion for the shell 'csh'")


class Name(CommandLine):
    def test_called_as_rkt_it_has_the_name_and_the_directories_of_rkt(self):
        rkt = os.path.join(self.host.images, "rkt")
        os.symlink(GANTRY, rkt)
        text = self.gantry("help", program=rkt).stdout
        self.assertIn("--dir=/var/lib/rkt", text)
        self.assertIn("--local-config=/etc/rkt", text)
        self.assertTrue(text.startswith("NAME:\n\trkt - "))
        self.assertTrue(self.gantry("version", program=rkt).stdout.startswith("rkt Version: "))
        self.assertIn('for "rkt"', self.gantry("bogus", program=rkt).stderr)
        self.assertEqual(self.gantry(program=rkt).stderr, "rkt: missing command\n")

    def test_version_says_what_is_true(self):
        lines = self.gantry("version").stdout.splitlines()
        self.assertEqual([line.split(": ")[0] for line in lines],
                         ["gantry Version", "appc Version", "OS/Arch", "Features"])
        self.assertIn("appc Version: 0.8.11", lines)


class Surroundings(CommandLine):
    def test_output_that_cannot_be_written_is_a_failure(self):
        with open("/dev/full", "w") as full:
            for words in (["version"], ["help"], ["image", "list", f"--dir={self.host.data}"]):
                with self.subTest(words):
                    result = subprocess.run([GANTRY, *words], stdout=full, stderr=subprocess.PIPE,
                                            text=True, **self.host.options())
                    self.assertEqual(result.returncode, OURS)
                    self.assertIn("No space left on device", result.stderr)

    @needs_root
    def test_a_uuid_that_cannot_be_written_is_a_failure(self):
        with open("/dev/full", "w") as full:
            result = subprocess.run(self.host.argv("prepare", self.host.aci()), stdout=full,
                                    stderr=subprocess.PIPE, text=True, **self.host.options())
        self.assertEqual(result.returncode, OURS)
        self.assertEqual(result.stderr, "prepare: cannot write to standard output\n")

    def test_closed_standard_descriptors_are_not_mistaken_for_files(self):
        image = self.host.aci()
        argv = " ".join(self.host.argv("fetch", image))
        for closed in ("0<&-", "0<&- 1>&-", "0<&- 1>&- 2>&-"):
            with self.subTest(closed):
                subprocess.run(["sh", "-c", f"exec {argv} {closed}"], check=True, stdout=subprocess.DEVNULL,
                               **self.host.options())
        copy = os.path.join(self.host.images, "copy.aci")
        self.host.ok("image", "export", "example.com/probe", copy)
        self.assertEqual(read(copy, "rb"), read(image, "rb"))

    @needs_root
    def test_what_needs_root_says_so(self):
        # The test's directory is closed to others, and so may be the one of the build.
        place = tempfile.mkdtemp(prefix="gantry-test-")
        self.addCleanup(shutil.rmtree, place)
        os.chmod(place, 0o755)
        program = shutil.copy(GANTRY, place)
        for words in (["gc"], ["rm", "x"], ["enter", "x"]):
            with self.subTest(words):
                result = self.gantry(*words, program=program, user=65534, group=65534,
                                     extra_groups=[])
                self.assert_refused(result, f"{words[0]}: cannot run as unprivileged user")
        self.assertEqual(self.gantry("version", program=program, user=65534).returncode, 0)

    def test_a_data_directory_that_cannot_be_made_is_named(self):
        result = self.host.run("image", "list", "--dir=/proc/none/data")
        self.assertEqual(result.status, OURS)
        self.assertIn("list: data directory '/proc/none/data': ", result.err)


if __name__ == "__main__":
    unittest.main()
