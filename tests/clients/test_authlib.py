"""authlib, unmodified, as a relying party of a running Keystead. Run by tests/clients/run."""

import unittest
import uuid

import boto3
import requests
from authlib.common.security import generate_token
from authlib.integrations.base_client.errors import OAuthError
from authlib.integrations.requests_client import OAuth2Session
from authlib.jose import JsonWebToken
from authlib.oidc.core import CodeIDToken

from .support import POOL, SERVER, Browser, Person

ISSUER = f"{SERVER}/{POOL}"
CALLBACK = "http://localhost:3000/callback"


class Authlib(unittest.TestCase):
    def setUp(self):
        self.api = boto3.client("cognito-idp")
        self.person = Person()
        self.server = requests.get(f"{ISSUER}/.well-known/openid-configuration").json()

    def relying_party(self, method=None, **settings):
        """A session of a new app client of the user pool."""
        client = self.api.create_user_pool_client(**{
            "UserPoolId": POOL, "ClientName": "relying party", "GenerateSecret": method is not None,
            "AllowedOAuthFlowsUserPoolClient": True, "AllowedOAuthFlows": ["code"],
            "AllowedOAuthScopes": ["openid", "email"], "CallbackURLs": [CALLBACK],
            "SupportedIdentityProviders": ["COGNITO"],
        } | settings)["UserPoolClient"]
        session = OAuth2Session(
            client["ClientId"], client.get("ClientSecret"), redirect_uri=CALLBACK, code_challenge_method="S256",
            token_endpoint_auth_method=method, revocation_endpoint_auth_method=method,
            token_endpoint=self.server["token_endpoint"],
        )
        self.addCleanup(session.close)
        return session

    def tokens(self, session, **parameters):
        """The tokens of a sign-in with PKCE; the library checks the state."""
        verifier = generate_token(48)
        url, state = session.create_authorization_url(
            self.server["authorization_endpoint"], code_verifier=verifier, scope="openid email", **parameters,
        )
        back = Browser().sign_in(url, self.person.username)
        return session.fetch_token(authorization_response=back, state=state, code_verifier=verifier)

    def refused(self, call):
        with self.assertRaises(OAuthError) as caught:
            call()
        return caught.exception.error

    def claims(self, token, claims_cls=None, options=None, params=None):
        """The claims of a token that one of the user pool's keys signed."""
        keys = requests.get(self.server["jwks_uri"]).json()
        claims = JsonWebToken(["RS256"]).decode(token, keys, claims_cls, options, params)
        claims.validate()
        return claims

    def test_a_code_is_exchanged_for_an_id_token_that_verifies(self):
        session, nonce = self.relying_party(), generate_token()
        tokens = self.tokens(session, nonce=nonce)
        options = {
            "iss": {"essential": True, "value": ISSUER},
            "aud": {"essential": True, "value": session.client_id},
            "nonce": {"essential": True, "value": nonce},
            "at_hash": {"essential": True},
            "token_use": {"essential": True, "value": "id"},
        }
        # The library compares at_hash with the access token.
        params = {"nonce": nonce, "client_id": session.client_id, "access_token": tokens["access_token"]}
        claims = self.claims(tokens["id_token"], CodeIDToken, options, params)
        self.assertEqual((claims["sub"], claims["email"], claims["email_verified"]), (self.person.sub, self.person.email, True))

    def test_an_access_token_verifies(self):
        session = self.relying_party()
        claims = self.claims(self.tokens(session)["access_token"])
        self.assertEqual((claims["iss"], claims["client_id"], claims["sub"]), (ISSUER, session.client_id, self.person.sub))
        self.assertEqual((claims["token_use"], claims["scope"]), ("access", "openid email"))

    def test_access_and_id_tokens_are_signed_by_different_keys(self):
        tokens = self.tokens(self.relying_party())
        kids = {self.claims(tokens[name]).header["kid"] for name in ("access_token", "id_token")}
        self.assertEqual(len(kids), 2)

    def test_the_session_sends_its_access_token_to_user_info(self):
        session = self.relying_party()
        self.tokens(session)
        info = session.get(self.server["userinfo_endpoint"]).json()
        self.assertEqual(info, {
            "sub": self.person.sub, "email": self.person.email, "email_verified": "true",
            "username": self.person.username,
        })

    def test_a_wrong_verifier_is_refused(self):
        session, verifier = self.relying_party(), generate_token(48)
        endpoint = self.server["authorization_endpoint"]
        url, state = session.create_authorization_url(endpoint, code_verifier=verifier, scope="openid")
        back = Browser().sign_in(url, self.person.username)
        exchange = lambda: session.fetch_token(authorization_response=back, state=state, code_verifier=generate_token(48))
        self.assertEqual(self.refused(exchange), "invalid_grant")

    def test_a_refresh_token_gives_tokens_of_the_same_sign_in(self):
        session = self.relying_party()
        before = self.tokens(session)
        after = session.refresh_token(refresh_token=before["refresh_token"])
        self.assertNotEqual(after["access_token"], before["access_token"])
        old, new = self.claims(before["id_token"]), self.claims(after["id_token"])
        self.assertEqual((new["sub"], new["auth_time"]), (self.person.sub, old["auth_time"]))

    def test_a_confidential_client_proves_itself_either_way(self):
        for method in "client_secret_basic", "client_secret_post":
            with self.subTest(method):
                session = self.relying_party(method)
                tokens = self.tokens(session)
                refreshed = session.refresh_token(refresh_token=tokens["refresh_token"])
                self.assertEqual(self.claims(refreshed["id_token"])["aud"], session.client_id)

    def test_a_wrong_secret_is_refused_either_way(self):
        for method in "client_secret_basic", "client_secret_post":
            with self.subTest(method):
                session = self.relying_party(method)
                session.client_secret = "wrong"
                self.assertEqual(self.refused(lambda: self.tokens(session)), "invalid_client")

    def test_a_revoked_refresh_token_gives_nothing(self):
        for method in None, "client_secret_basic", "client_secret_post":
            with self.subTest(method):
                session = self.relying_party(method)
                token = self.tokens(session)["refresh_token"]
                answer = session.revoke_token(self.server["revocation_endpoint"], token, "refresh_token")
                self.assertEqual((answer.status_code, answer.text), (200, ""))
                self.assertEqual(self.refused(lambda: session.refresh_token(refresh_token=token)), "invalid_grant")

    def test_client_credentials_give_an_access_token_for_a_resource_server(self):
        server = f"https://{uuid.uuid4()}.example.com"
        scopes = [{"ScopeName": name, "ScopeDescription": name} for name in ("read", "write")]
        self.api.create_resource_server(UserPoolId=POOL, Identifier=server, Name="files", Scopes=scopes)
        self.addCleanup(self.api.delete_resource_server, UserPoolId=POOL, Identifier=server)
        allowed = [f"{server}/read", f"{server}/write"]
        session = self.relying_party(
            "client_secret_basic", AllowedOAuthFlows=["client_credentials"], AllowedOAuthScopes=allowed,
        )
        tokens = session.fetch_token(grant_type="client_credentials", scope=allowed[0])
        self.assertEqual(tokens.keys(), {"access_token", "expires_in", "token_type", "expires_at"})
        claims = self.claims(tokens["access_token"])
        self.assertEqual((claims["scope"], claims["token_use"]), (allowed[0], "access"))
        self.assertEqual((claims["client_id"], claims["sub"]), (session.client_id, session.client_id))


if __name__ == "__main__":
    unittest.main()
