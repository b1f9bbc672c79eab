"""The recipes of docs/clients.md for which much must be installed. Run by tests/clients/run --all."""

import sys
import unittest
from urllib.parse import urlencode

import cognitojwt
from fastapi.testclient import TestClient

from .test_applications import CLIENTS, Application
from .test_recipes import Tokens

from .recipes import cognitojwt_verifier, fastapi_cognito_app


class LongForm(Application):
    def django(self, callback, recipe, prefix, urls):
        """Runs a new site of Django's own making, with the recipe at the end of its settings."""
        self.start(callback, "bash", "-euc", f"""
            export PREFIX={prefix} URLS={urls}
            {sys.executable} -m django startproject shop "$TMPDIR"
            cat {recipe} >>"$TMPDIR/shop/settings.py"
            cp {CLIENTS}/django_urls.py "$TMPDIR/shop/urls.py"
            cd "$TMPDIR"
            {sys.executable} manage.py migrate --verbosity 0
            exec {sys.executable} manage.py runserver --noreload "${{APP_URL##*:}}"
        """)

    def test_mozilla_django_oidc(self):
        self.django("/oidc/callback/", "mozilla_django_oidc_settings.py", "oidc/", "mozilla_django_oidc.urls")
        self.signs_in_and_out(("/oidc/authenticate/",), ("/", "/oidc/logout/"))

    def test_django_allauth(self):
        callback = "/accounts/oidc/keystead/login/callback/"
        self.django(callback, "django_allauth_settings.py", "accounts/", "allauth.urls")
        self.signs_in_and_out(("/accounts/oidc/keystead/login/", ""), ("/", "/accounts/logout/"))

    def test_mod_auth_openidc(self):
        self.start("/private/callback", "bash", "-euc", f"""
            export CLIENTS={CLIENTS} PORT=${{APP_URL##*:}} MODULES=/usr/lib/apache2/modules
            chmod 755 "$TMPDIR"
            cp "$CLIENTS/apache/index.shtml" "$TMPDIR"
            exec /usr/sbin/apache2 -X -f "$CLIENTS/apache/httpd.conf"
        """)
        self.signs_in_and_out(("/private",), (f"/private/callback?{urlencode({'logout': self.url})}",))
        self.signs_in_without_an_address(("/private",))

    def test_next_auth(self):
        self.start("/api/auth/callback/cognito", "bash", "-euc", """
            cd nextjs
            export NEXTAUTH_URL=$APP_URL NEXTAUTH_SECRET=$SESSION_SECRET
            exec node node_modules/next/dist/bin/next start --port "${APP_URL##*:}"
        """)
        login = ("/api/auth/signin", "/api/auth/signin/cognito")
        self.signs_in_and_out(login, ("/logout", "/api/auth/signout"))
        self.signs_in_without_an_address(login)


class Verifiers(Tokens):
    def test_cognitojwt(self):
        self.tells_access_tokens(cognitojwt_verifier.verify_access_token, cognitojwt.CognitoJWTException)

    def test_fastapi_cognito(self):
        application = TestClient(fastapi_cognito_app.app, raise_server_exceptions=False)

        def verify(token):
            answer = application.get("/", headers={"authorization": f"Bearer {token}"})
            answer.raise_for_status()
            return answer.json()

        self.tells_access_tokens(verify, Exception)


if __name__ == "__main__":
    unittest.main()
