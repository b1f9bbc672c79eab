"""User pools whose tokens are signed with ES256 or EdDSA: who verifies them. Run by tests/clients/run."""

import json
import subprocess
import unittest

import boto3
import jwt
import requests
from authlib.jose import JsonWebToken
from authlib.jose.errors import JoseError
from joserfc import jwt as joserfc_jwt
from joserfc.jwk import KeySet

from .support import Person, SERVER, tokens


class TokenSigning(unittest.TestCase):
    def setUp(self):
        self.api = boto3.client("cognito-idp")
        self.pool = self.api.create_user_pool(PoolName="signing")["UserPool"]["Id"]
        made = self.api.create_user_pool_client(
            UserPoolId=self.pool, ClientName="app", ExplicitAuthFlows=["ALLOW_USER_PASSWORD_AUTH"],
        )
        self.client = made["UserPoolClient"]["ClientId"]
        self.person = Person(self.pool)
        self.issuer = f"{SERVER}/{self.pool}"
        self.key_set = f"{self.issuer}/.well-known/jwks.json"

    def choose(self, algorithm):
        signing = json.dumps({"Algorithm": algorithm, "DelaySeconds": 0})
        command = ["keystead", "passkeys", "token-signing", "--user-pool-id", self.pool, "--set", signing]
        return json.loads(subprocess.run(command, check=True, capture_output=True).stdout)["TokenSigning"]

    def goes_on(self, algorithm, verify, refusal):
        """Tokens from before and after the change verify, and forged ones do not."""
        before = tokens(self.person, self.client)
        verify(before["AccessToken"])
        self.assertEqual(self.choose(algorithm)["Algorithm"], algorithm)
        after = tokens(self.person, self.client)
        self.assertEqual(jwt.get_unverified_header(after["AccessToken"])["alg"], algorithm)
        for token in before["AccessToken"], after["AccessToken"], after["IdToken"]:
            self.assertEqual(verify(token)["sub"], self.person.sub)
        head, _, signature = after["AccessToken"].split(".")
        with self.assertRaises(refusal):
            verify(".".join([head, after["IdToken"].split(".")[1], signature]))

    def test_pyjwt(self):
        for algorithm in "ES256", "EdDSA":
            with self.subTest(algorithm):
                self.setUp()
                # It fetches the keys again at most every 30 seconds, unless it is told otherwise.
                keys = jwt.PyJWKClient(self.key_set, cooldown_duration=0)
                def verify(token):
                    key = keys.get_signing_key_from_jwt(token)
                    options = {"require": ["exp", "iss"], "verify_aud": False}
                    return jwt.decode(token, key, algorithms=["RS256", algorithm], issuer=self.issuer, options=options)
                self.goes_on(algorithm, verify, jwt.InvalidSignatureError)
                token = tokens(self.person, self.client)["AccessToken"]
                with self.assertRaises(jwt.InvalidAlgorithmError):
                    jwt.decode(token, keys.get_signing_key_from_jwt(token), algorithms=["RS256"])

    def test_authlib(self):
        for algorithm in "ES256", "EdDSA":
            with self.subTest(algorithm):
                self.setUp()
                def verify(token):
                    claims = JsonWebToken(["RS256", algorithm]).decode(token, requests.get(self.key_set).json())
                    claims.validate()
                    return claims
                self.goes_on(algorithm, verify, JoseError)

    def test_joserfc(self):
        for algorithm in "ES256", "EdDSA":
            with self.subTest(algorithm):
                self.setUp()
                def verify(token):
                    keys = KeySet.import_key_set(requests.get(self.key_set).json())
                    return joserfc_jwt.decode(token, keys, algorithms=["RS256", algorithm]).claims
                self.goes_on(algorithm, verify, Exception)

    def test_discovery_names_the_algorithms(self):
        read = lambda: requests.get(f"{self.issuer}/.well-known/openid-configuration").json()
        self.assertEqual(read()["id_token_signing_alg_values_supported"], ["RS256"])
        self.choose("ES256")
        self.assertEqual(read()["id_token_signing_alg_values_supported"], ["ES256", "RS256"])


if __name__ == "__main__":
    unittest.main()
