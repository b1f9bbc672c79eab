"""boto3, unmodified, against a running Keystead. Run by tests/clients/run."""

import json
import os
import queue
import tempfile
import threading
import unittest
import urllib.request
import uuid
from http.server import BaseHTTPRequestHandler, HTTPServer

import boto3
import jwt
from botocore import UNSIGNED
from botocore.config import Config
from botocore.exceptions import ClientError
from joserfc import jwe
from joserfc.jwk import RSAKey

from .support import authenticator

PASSWORD = "Passw0rd!"
URL = os.environ["AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER"]
POOL, CLIENT = os.environ["POOL"], os.environ["CLIENT"]


class Boto3(unittest.TestCase):
    def setUp(self):
        self.api = boto3.client("cognito-idp")
        self.name = f"user-{uuid.uuid4()}"
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.state = os.path.join(scratch.name, "authenticator.json")
        self.api.admin_create_user(UserPoolId=POOL, Username=self.name, MessageAction="SUPPRESS")
        self.api.admin_set_user_password(UserPoolId=POOL, Username=self.name, Password=PASSWORD, Permanent=True)
        answer = self.api.initiate_auth(
            ClientId=CLIENT, AuthFlow="USER_PASSWORD_AUTH",
            AuthParameters={"USERNAME": self.name, "PASSWORD": PASSWORD},
        )
        self.tokens = answer["AuthenticationResult"]
        self.access = self.tokens["AccessToken"]

    def refused(self, call, *names):
        with self.assertRaises(ClientError) as caught:
            call()
        error = caught.exception.response["Error"]
        self.assertIn(error["Code"], names)
        return error["Message"]

    def register(self, state=None):
        options = self.api.start_web_authn_registration(AccessToken=self.access)["CredentialCreationOptions"]
        credential = json.loads(authenticator("create", json.dumps(options), state or self.state))
        self.api.complete_web_authn_registration(AccessToken=self.access, Credential=credential)
        return credential["id"]

    def challenge(self):
        return self.api.initiate_auth(
            ClientId=CLIENT, AuthFlow="USER_AUTH",
            AuthParameters={"USERNAME": self.name, "PREFERRED_CHALLENGE": "WEB_AUTHN"},
        )

    def answer(self, challenge):
        options = challenge["ChallengeParameters"]["CREDENTIAL_REQUEST_OPTIONS"]
        return self.api.respond_to_auth_challenge(
            ClientId=CLIENT, ChallengeName="WEB_AUTHN", Session=challenge["Session"],
            ChallengeResponses={"USERNAME": self.name, "CREDENTIAL": authenticator("get", options, self.state)},
        )

    def test_tokens_verify_with_an_independent_library(self):
        with urllib.request.urlopen(f"{URL}/{POOL}/.well-known/openid-configuration") as document:
            discovery = json.load(document)
        keys = jwt.PyJWKClient(discovery["jwks_uri"])
        for token, audience in [(self.access, None), (self.tokens["IdToken"], CLIENT)]:
            claims = jwt.decode(
                token, keys.get_signing_key_from_jwt(token).key, algorithms=["RS256"],
                audience=audience, issuer=discovery["issuer"], options={"verify_aud": audience is not None},
            )
            self.assertEqual(claims["sub"], self.api.get_user(AccessToken=self.access)["UserAttributes"][0]["Value"])

    def test_a_passkeys_whole_life(self):
        credential_id = self.register()
        listed = self.api.list_web_authn_credentials(AccessToken=self.access)["Credentials"]
        self.assertEqual([passkey["CredentialId"] for passkey in listed], [credential_id])
        pending = self.challenge()
        self.assertTrue(self.answer(self.challenge())["AuthenticationResult"]["RefreshToken"])
        deleted = self.api.delete_web_authn_credential(AccessToken=self.access, CredentialId=credential_id)
        self.assertEqual(list(deleted), ["ResponseMetadata"])
        delete = lambda: self.api.delete_web_authn_credential(AccessToken=self.access, CredentialId=credential_id)
        self.refused(delete, "ResourceNotFoundException")
        self.refused(lambda: self.answer(pending), "NotAuthorizedException")

    def test_a_sign_in_begun_after_the_deletion_is_refused(self):
        credential_id = self.register()
        kept = self.register(self.state + ".other")
        self.api.delete_web_authn_credential(AccessToken=self.access, CredentialId=credential_id)
        offered = json.loads(self.challenge()["ChallengeParameters"]["CREDENTIAL_REQUEST_OPTIONS"])
        self.assertEqual([passkey["id"] for passkey in offered["allowCredentials"]], [kept])

    def test_a_pool_made_through_the_api_takes_passkeys(self):
        policies = {"SignInPolicy": {"AllowedFirstAuthFactors": ["PASSWORD", "WEB_AUTHN"]}}
        pool = self.api.create_user_pool(PoolName="made", Policies=policies)["UserPool"]["Id"]
        configured = {"RelyingPartyId": "localhost", "UserVerification": "preferred"}
        self.api.set_user_pool_mfa_config(UserPoolId=pool, WebAuthnConfiguration=configured)
        client = self.api.create_user_pool_client(
            UserPoolId=pool, ClientName="app", ExplicitAuthFlows=["ALLOW_USER_AUTH", "ALLOW_USER_PASSWORD_AUTH"],
        )["UserPoolClient"]["ClientId"]
        self.api.admin_create_user(UserPoolId=pool, Username="grace", MessageAction="SUPPRESS")
        self.api.admin_set_user_password(UserPoolId=pool, Username="grace", Password=PASSWORD, Permanent=True)
        self.access = self.api.initiate_auth(
            ClientId=client, AuthFlow="USER_PASSWORD_AUTH",
            AuthParameters={"USERNAME": "grace", "PASSWORD": PASSWORD},
        )["AuthenticationResult"]["AccessToken"]
        self.assertTrue(self.register())
        self.api.delete_user_pool(UserPoolId=pool)

    def test_unsigned_and_wrongly_signed_calls_are_refused(self):
        unsigned = boto3.client("cognito-idp", config=Config(signature_version=UNSIGNED))
        stranger = boto3.client("cognito-idp", aws_access_key_id="AKIAWRONG", aws_secret_access_key="wrong")
        impostor = boto3.client(
            "cognito-idp", aws_access_key_id=os.environ["AWS_ACCESS_KEY_ID"], aws_secret_access_key="wrong",
        )
        self.refused(lambda: unsigned.list_user_pools(MaxResults=1), "MissingAuthenticationTokenException")
        self.refused(lambda: stranger.list_user_pools(MaxResults=1), "UnrecognizedClientException")
        self.refused(lambda: impostor.list_user_pools(MaxResults=1), "InvalidSignatureException")

    def test_a_global_sign_out_is_felt_at_once(self):
        self.api.global_sign_out(AccessToken=self.access)
        message = self.refused(lambda: self.api.get_user(AccessToken=self.access), "NotAuthorizedException")
        self.assertEqual(message, "Access Token has been revoked")

    def test_users_are_paginated(self):
        pages = self.api.get_paginator("list_users").paginate(UserPoolId=POOL, PaginationConfig={"PageSize": 1})
        names = [user["Username"] for page in pages for user in page["Users"]]
        self.assertIn(self.name, names)
        self.assertEqual(len(names), len(set(names)))

    def test_a_function_sends_a_code_that_joserfc_opens(self):
        events = queue.Queue()

        class Functions(BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["content-length"]))
                events.put(json.loads(body))
                self.send_response(204)
                self.end_headers()

            def log_message(self, *_):
                pass

        server = HTTPServer(("127.0.0.1", int(os.environ["FUNCTIONS_PORT"])), Functions)
        self.addCleanup(server.server_close)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        self.addCleanup(server.shutdown)
        sender = {"LambdaVersion": "V1_0", "LambdaArn": "arn:aws:lambda:us-east-1:123456789012:function:send"}
        key_id = "arn:aws:kms:us-east-1:123456789012:key/5f7f3b6e-6a0c-4b0e-9d0b-0f2b6a1f9a11"
        pool = self.api.create_user_pool(
            PoolName="senders", AutoVerifiedAttributes=["email"],
            LambdaConfig={"CustomEmailSender": sender, "KMSKeyID": key_id},
        )["UserPool"]["Id"]
        client = self.api.create_user_pool_client(UserPoolId=pool, ClientName="senders")["UserPoolClient"]["ClientId"]
        attributes = [{"Name": "email", "Value": "ada@example.com"}]
        self.api.sign_up(ClientId=client, Username="ada", Password=PASSWORD, UserAttributes=attributes)
        event = events.get(timeout=30)
        self.assertEqual(event["triggerSource"], "CustomEmailSender_SignUp")
        with open(os.environ["SENDER_KEY"], "rb") as file:
            key = RSAKey.import_key(file.read())
        opened = jwe.decrypt_compact(event["request"]["code"], key, algorithms=["RSA-OAEP-256", "A256GCM"])
        self.api.confirm_sign_up(ClientId=client, Username="ada", ConfirmationCode=opened.plaintext.decode())


if __name__ == "__main__":
    unittest.main()
