"""The recipes of docs/clients.md that sign in by the API or verify tokens, in Python. Run by tests/clients/run."""

import json
import os
import subprocess
import tempfile
import unittest
from pathlib import Path

import boto3
import jwt
import pycognito

from .support import CLIENT, PASSWORD, POOL, Person, authenticator, tokens

os.environ["CLIENT_ID"] = CLIENT

from .recipes import boto3_passkeys, pycognito_user, pyjwt_verifier


class Tokens(unittest.TestCase):
    """Tokens that a verifier must tell apart."""

    @classmethod
    def setUpClass(cls):
        cls.person = Person()
        cls.tokens = tokens(cls.person)
        api = boto3.client("cognito-idp")
        flows = ["ALLOW_USER_PASSWORD_AUTH"]
        other = api.create_user_pool_client(UserPoolId=POOL, ClientName="other", ExplicitAuthFlows=flows)
        cls.of_another_client = tokens(cls.person, other["UserPoolClient"]["ClientId"])
        pool = api.create_user_pool(PoolName="other")["UserPool"]["Id"]
        other = api.create_user_pool_client(UserPoolId=pool, ClientName="other", ExplicitAuthFlows=flows)
        cls.of_another_pool = tokens(Person(pool), other["UserPoolClient"]["ClientId"])

    def tells_access_tokens(self, verify, refusal):
        self.assertEqual(verify(self.tokens["AccessToken"])["sub"], self.person.sub)
        head, _, signature = self.tokens["AccessToken"].split(".")
        forged = ".".join([head, self.of_another_client["AccessToken"].split(".")[1], signature])
        wrong = {
            "an ID token": self.tokens["IdToken"],
            "another client": self.of_another_client["AccessToken"],
            "another pool": self.of_another_pool["AccessToken"],
            "other claims": forged,
        }
        for name, token in wrong.items():
            with self.subTest(name), self.assertRaises(refusal):
                verify(token)


class Recipes(Tokens):
    def test_pyjwt(self):
        self.tells_access_tokens(pyjwt_verifier.verify_access_token, jwt.PyJWTError)
        self.assertEqual(pyjwt_verifier.verify_id_token(self.tokens["IdToken"])["email"], self.person.email)
        for token in self.tokens["AccessToken"], self.of_another_client["IdToken"], self.of_another_pool["IdToken"]:
            with self.assertRaises(jwt.PyJWTError):
                pyjwt_verifier.verify_id_token(token)

    def test_boto3(self):
        access = boto3_passkeys.sign_in(CLIENT, self.person.username, PASSWORD)
        api = boto3.client("cognito-idp")
        options = api.start_web_authn_registration(AccessToken=access)["CredentialCreationOptions"]
        with tempfile.TemporaryDirectory() as scratch:
            credential = authenticator("create", json.dumps(options), f"{scratch}/authenticator.json")
        api.complete_web_authn_registration(AccessToken=access, Credential=json.loads(credential))
        boto3_passkeys.delete_passkeys(access)
        self.assertEqual(api.list_web_authn_credentials(AccessToken=access)["Credentials"], [])

    def test_the_user_has_a_verified_address(self):
        recipe = Path(boto3_passkeys.__file__).with_name("user.sh")
        subprocess.run(["bash", "-eu", recipe], stdout=subprocess.DEVNULL, check=True)
        id_token = boto3.client("cognito-idp").initiate_auth(
            ClientId=CLIENT, AuthFlow="USER_PASSWORD_AUTH",
            AuthParameters={"USERNAME": "grace", "PASSWORD": PASSWORD},
        )["AuthenticationResult"]["IdToken"]
        claims = pyjwt_verifier.verify_id_token(id_token)
        self.assertEqual((claims["email"], claims["email_verified"]), ("grace@example.com", True))

    def test_pycognito(self):
        user = pycognito_user.sign_in(self.person.username, PASSWORD)
        # Its sign-in verifies both tokens; the verifier refuses those of another pool.
        self.assertEqual(user.access_claims["sub"], self.person.sub)
        user.access_token = self.of_another_pool["AccessToken"]
        self.assertRaises((pycognito.TokenVerificationException, IndexError), user.verify_tokens)


if __name__ == "__main__":
    unittest.main()
