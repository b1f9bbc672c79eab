"""The snippets of docs/clients.md are the recipes that the tests run. Run by tests/clients/run."""

import json
import re
import shlex
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
RECIPES = ROOT / "tests/clients/recipes"


class Document(unittest.TestCase):
    def test_every_snippet_is_a_recipe(self):
        document = (ROOT / "docs/clients.md").read_text()
        snippets = re.findall(r"^`recipes/(\S+)`:?\n\n```\w*\n(.*?)^```$", document, re.MULTILINE | re.DOTALL)
        self.assertEqual(len(snippets), document.count("```") // 2, "a snippet has no recipe's name above it")
        for name, snippet in snippets:
            with self.subTest(name):
                self.assertEqual(snippet, (RECIPES / name).read_text())
        unknown = {file.name for file in RECIPES.iterdir() if file.is_file()} - {name for name, _ in snippets}
        self.assertEqual(unknown, set())

    def test_every_package_that_it_installs_is_one_that_the_tests_install(self):
        clients = ROOT / "tests/clients"
        manifests = [clients / "package.json", RECIPES / "nextjs/package.json", ROOT / "tests/browser/package.json"]
        tested = {
            "pip": {line.split("==")[0].lower() for file in clients.glob("requirements*.txt") for line in file.read_text().split()},
            "npm": {name for file in manifests for name in json.loads(file.read_text())["dependencies"]},
        }
        commands = re.findall(r"`(pip|npm) install ([^`]+)`", (ROOT / "docs/clients.md").read_text())
        self.assertTrue(commands)
        for manager, packages in commands:
            self.assertLessEqual(set(shlex.split(packages)), tested[manager])


if __name__ == "__main__":
    unittest.main()
