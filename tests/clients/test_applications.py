"""Web applications that sign people in and out on Keystead's pages: recipes of docs/clients.md. Run by tests/clients/run."""

import os
import socket
import subprocess
import sys
import tempfile
import time
import unittest
from pathlib import Path

import requests

from .support import Browser, Person

CLIENTS = Path(__file__).resolve().parent


class Application(unittest.TestCase):
    """Starts applications and uses them as a person does, with a browser."""

    def start(self, callback, *command):
        """Runs an application with an app client of its own until the test ends. Returns once the application answers."""
        with socket.socket() as listener:
            listener.bind(("127.0.0.1", 0))
            self.url = f"http://localhost:{listener.getsockname()[1]}"
        self.person, self.browser = Person(), Browser(self.url)
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        environment = {
            "APP_URL": self.url, "CALLBACK": callback, "SESSION_SECRET": os.urandom(32).hex(), "TMPDIR": scratch.name,
        }
        # The recipe has positional parameters of its own, for it stands in a function.
        shell = 'make_client() { . ./app-client.sh; }; make_client; exec "$@"'
        process = subprocess.Popen(
            ["bash", "-euc", shell, "bash", *command], env=os.environ | environment, cwd=CLIENTS / "recipes",
        )
        self.addCleanup(process.wait)
        self.addCleanup(process.terminate)
        while process.poll() is None:
            try:
                return requests.get(self.url)
            except requests.ConnectionError:
                time.sleep(0.05)
        self.fail(f"{command} ended with {process.returncode}")

    def shows(self, text):
        self.browser.open(self.url)
        self.assertIn(text, self.browser.page.text)

    def follow(self, path, *forms):
        """Opens a page of the application, and sends these forms on the way."""
        self.browser.open(self.url + path)
        for form in forms:
            self.browser.submit(form)

    def signs_in_and_out(self, login=("/login",), logout=("/logout",)):
        self.shows("Signed out")
        self.follow(*login)
        self.browser.give(self.person.username)
        self.shows(f"Signed in as {self.person.email}")
        self.follow(*logout)
        self.assertEqual(self.browser.page.url.rstrip("/"), self.url)
        self.shows("Signed out")
        # Keystead asks anew who it is.
        self.follow(*login)
        self.assertIn("name", self.browser.forms)

    def signs_in_without_an_address(self, login=("/login",), shown="username"):
        person, self.browser = Person(has_address=False), Browser(self.url)
        self.follow(*login)
        self.browser.give(person.username)
        self.shows(f"Signed in as {getattr(person, shown)}")


class Applications(Application):
    def test_express_openid_connect(self):
        self.start("/callback", "node", "express-openid-connect.mjs")
        self.signs_in_and_out()
        self.signs_in_without_an_address()

    def test_passport_with_openid_client(self):
        self.start("/callback", "node", "passport.mjs")
        self.signs_in_and_out()
        self.signs_in_without_an_address()

    def test_passport_openidconnect(self):
        self.start("/callback", "node", "passport-openidconnect.mjs")
        self.signs_in_and_out()
        self.signs_in_without_an_address(shown="sub")

    def test_auth_js_in_express(self):
        self.start("/auth/callback/cognito", "node", "auth-express.mjs")
        login = ("/auth/signin", "/auth/signin/cognito")
        self.signs_in_and_out(login, ("/logout", "/auth/signout"))
        self.signs_in_without_an_address(login)

    def test_authlib_in_flask(self):
        run = f'{sys.executable} -m flask --app flask_authlib run --port "${{APP_URL##*:}}"'
        self.start("/callback", "bash", "-c", f"exec {run}")
        self.signs_in_and_out()
        self.signs_in_without_an_address()


if __name__ == "__main__":
    unittest.main()
