"""Shared by the tests in Python: people, their authenticators, and what the sign-in pages need of a browser."""

import re
import html
import os
import subprocess
import uuid
from html.parser import HTMLParser
from urllib.parse import urljoin, urlsplit

import boto3
import requests

SERVER = os.environ["AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER"]
POOL, CLIENT = os.environ["POOL"], os.environ["CLIENT"]
PASSWORD = "Passw0rd!"


class Person:
    """A new user of a pool with a password and, unless `has_address` is false, a verified email address."""

    def __init__(self, pool=POOL, has_address=True):
        self.username = f"u-{uuid.uuid4()}"
        self.email = f"{self.username}@example.com"
        api = boto3.client("cognito-idp")
        attributes = [{"Name": "email", "Value": self.email}, {"Name": "email_verified", "Value": "true"}]
        made = api.admin_create_user(
            UserPoolId=pool, Username=self.username, UserAttributes=attributes if has_address else [],
            MessageAction="SUPPRESS",
        )
        self.sub = next(one["Value"] for one in made["User"]["Attributes"] if one["Name"] == "sub")
        api.admin_set_user_password(UserPoolId=pool, Username=self.username, Password=PASSWORD, Permanent=True)


def tokens(person, client=CLIENT):
    """What a sign-in by the API gives."""
    parameters = {"USERNAME": person.username, "PASSWORD": PASSWORD}
    api = boto3.client("cognito-idp")
    answer = api.initiate_auth(ClientId=client, AuthFlow="USER_PASSWORD_AUTH", AuthParameters=parameters)
    return answer["AuthenticationResult"]


def authenticator(ceremony, options, state):
    """The response of an authenticator in software to a ceremony's options."""
    answer = subprocess.run(
        ["keystead", "dev", "authenticator", ceremony, "--state", state],
        input=options, capture_output=True, text=True, check=True,
    )
    return answer.stdout


class Forms(HTMLParser):
    """The forms of a page, by their step or else by their path: where each goes, and what it holds."""

    def __init__(self, html):
        super().__init__()
        self.forms, self.form = {}, None
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        if tag == "form":
            self.form = (attrs.get("action", ""), {})
            self.forms[urlsplit(self.form[0]).path] = self.form
        elif tag == "input" and self.form and "name" in attrs:
            self.form[1][attrs["name"]] = attrs.get("value", "")
            if attrs["name"] == "step":
                self.forms[attrs["value"]] = self.form

    def handle_endtag(self, tag):
        if tag == "form":
            self.form = None


def goes_on_to(page):
    """Where a page goes on to by itself, as the last one of a sign-in does."""
    refresh = re.search(r'<meta http-equiv="refresh" content="0;url=([^"]*)">', page)
    return html.unescape(refresh[1]) if refresh else None


class Browser:
    """What the sign-in pages need of a browser. `application`: the origin of a relying party that it visits as well."""

    def __init__(self, application=SERVER):
        self.session = requests.Session()
        self.origins = (SERVER, application)

    def open(self, url, form=None):
        """Goes to an address and on from there: to a page, or to an address of other relying parties, which is not fetched."""
        answer = self.session.request("POST" if form else "GET", url, data=form, allow_redirects=False)
        while to := answer.headers.get("location") or goes_on_to(answer.text):
            url = urljoin(answer.url, to)
            if not url.startswith(self.origins):
                return url
            answer = self.session.get(url, allow_redirects=False)
        self.page = answer
        return answer.url

    @property
    def forms(self):
        return Forms(self.page.text).forms

    def submit(self, form, **fields):
        """Sends a form of the page: one of Keystead's by its step, another one by its path."""
        action, values = self.forms[form]
        return self.open(urljoin(self.page.url, action), values | fields)

    def give(self, username):
        """Fills in the sign-in pages."""
        self.submit("name", username=username)
        return self.submit("password", password=PASSWORD)

    def sign_in(self, url, username):
        self.open(url)
        return self.give(username)
