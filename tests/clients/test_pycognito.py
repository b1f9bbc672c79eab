"""pycognito's SRP, unmodified, and mail by a real SMTP server (aiosmtpd). Run by tests/clients/run."""

import os
import re
import time
import unittest
import uuid

import boto3
from pycognito.aws_srp import AWSSRP
from pycognito.exceptions import ForceChangePasswordException

PASSWORD = "Passw0rd!"


class Pycognito(unittest.TestCase):
    def setUp(self):
        self.api = boto3.client("cognito-idp")
        self.name = f"user-{uuid.uuid4()}"
        policies = {"SignInPolicy": {"AllowedFirstAuthFactors": ["PASSWORD"]}}
        pool = self.api.create_user_pool(PoolName="srp", Policies=policies, AutoVerifiedAttributes=["email"])
        self.pool = pool["UserPool"]["Id"]

    def client(self, **more):
        made = self.api.create_user_pool_client(
            UserPoolId=self.pool, ClientName="srp", ExplicitAuthFlows=["ALLOW_USER_SRP_AUTH"], **more
        )["UserPoolClient"]
        return made["ClientId"], made.get("ClientSecret")

    def srp(self, client, password=PASSWORD):
        client_id, secret = client
        return AWSSRP(
            username=self.name, password=password, pool_id=self.pool, client_id=client_id, client_secret=secret,
            client=self.api,
        )

    def test_signs_in_with_and_without_a_client_secret(self):
        clients = [self.client(), self.client(GenerateSecret=True)]
        self.api.admin_create_user(UserPoolId=self.pool, Username=self.name, MessageAction="SUPPRESS")
        self.api.admin_set_user_password(
            UserPoolId=self.pool, Username=self.name, Password=PASSWORD, Permanent=True
        )
        for client in clients:
            self.assertIn("AccessToken", self.srp(client).authenticate_user()["AuthenticationResult"])
            with self.assertRaises(self.api.exceptions.NotAuthorizedException):
                self.srp(client, "wrong-Passw0rd!").authenticate_user()

    def test_a_temporary_password_must_be_changed(self):
        client = self.client()
        self.api.admin_create_user(
            UserPoolId=self.pool, Username=self.name, TemporaryPassword=PASSWORD, MessageAction="SUPPRESS"
        )
        with self.assertRaises(ForceChangePasswordException):
            self.srp(client).authenticate_user()
        answer = self.srp(client).set_new_password_challenge("N3w-Passw0rd")
        self.assertIn("AccessToken", answer["AuthenticationResult"])

    def test_a_code_comes_by_mail(self):
        client_id, _ = self.client()
        email = f"{self.name}@example.com"
        self.api.sign_up(
            ClientId=client_id, Username=self.name, Password=PASSWORD,
            UserAttributes=[{"Name": "email", "Value": email}],
        )
        code = None
        for _ in range(200):
            with open(os.environ["MAILBOX"], encoding="utf-8") as mailbox:
                for mail in mailbox.read().split("---------- MESSAGE FOLLOWS ----------"):
                    if f"To: {email}" in mail:
                        code = re.search(r"code is (\d{6})", mail).group(1)
            if code:
                break
            time.sleep(0.05)
        self.api.confirm_sign_up(ClientId=client_id, Username=self.name, ConfirmationCode=code)
        self.assertIn("AccessToken", self.srp((client_id, None)).authenticate_user()["AuthenticationResult"])
