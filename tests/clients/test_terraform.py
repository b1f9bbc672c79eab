"""What Terraform's AWS provider does with a user pool's resources: create, read until it is as written, update, read, delete.

Each step sends all that the provider sends, and what is read must not differ from what was written: otherwise every plan would
show a change.
"""

import unittest
import uuid

import boto3

FUNCTION = "arn:aws:lambda:us-east-1:123456789012:function:f"


class Terraform(unittest.TestCase):
    def setUp(self):
        self.api = boto3.client("cognito-idp")

    def same(self, written, read):
        """What was written is what is read; more may be read."""
        for name, value in written.items():
            if isinstance(value, dict):
                self.same(value, read.get(name, {}))
            else:
                self.assertEqual(read.get(name), value, name)

    def pool(self, **members):
        made = self.api.create_user_pool(PoolName=f"pool-{uuid.uuid4()}", **members)["UserPool"]
        self.addCleanup(self.delete_pool, made["Id"])
        return made["Id"]

    def delete_pool(self, pool):
        try:
            self.api.delete_user_pool(UserPoolId=pool)
        except self.api.exceptions.ResourceNotFoundException:
            pass

    def described(self, pool):
        return self.api.describe_user_pool(UserPoolId=pool)["UserPool"]

    def test_user_pool(self):
        written = {
            "Policies": {
                "PasswordPolicy": {
                    "MinimumLength": 12, "RequireUppercase": True, "RequireLowercase": True, "RequireNumbers": False,
                    "RequireSymbols": False, "TemporaryPasswordValidityDays": 3, "PasswordHistorySize": 4,
                },
                "SignInPolicy": {"AllowedFirstAuthFactors": ["PASSWORD", "WEB_AUTHN"]},
            },
            "DeletionProtection": "ACTIVE",
            "AutoVerifiedAttributes": ["email"],
            "AliasAttributes": ["email", "preferred_username"],
            "UsernameConfiguration": {"CaseSensitive": False},
            "VerificationMessageTemplate": {
                "DefaultEmailOption": "CONFIRM_WITH_LINK", "EmailMessageByLink": "Hello {##here##}",
                "EmailSubjectByLink": "Hello", "EmailMessage": "Code {####}", "EmailSubject": "Code", "SmsMessage": "{####}",
            },
            "UserAttributeUpdateSettings": {"AttributesRequireVerificationBeforeUpdate": ["email"]},
            "AdminCreateUserConfig": {
                "AllowAdminCreateUserOnly": True, "InviteMessageTemplate": {
                    "EmailMessage": "{username} {####}", "EmailSubject": "Welcome", "SMSMessage": "{username} {####}"},
            },
            "AccountRecoverySetting": {"RecoveryMechanisms": [{"Name": "verified_email", "Priority": 1}]},
            "DeviceConfiguration": {"ChallengeRequiredOnNewDevice": True, "DeviceOnlyRememberedOnUserPrompt": False},
            "LambdaConfig": {
                "PreSignUp": FUNCTION, "PreTokenGeneration": FUNCTION,
                "PreTokenGenerationConfig": {"LambdaArn": FUNCTION, "LambdaVersion": "V2_0"},
            },
            "UserPoolAddOns": {"AdvancedSecurityMode": "AUDIT"},
            "UserPoolTags": {"team": "a"},
            "UserPoolTier": "ESSENTIALS",
        }
        schema = [
            {"Name": "email", "AttributeDataType": "String", "Required": True, "Mutable": True,
             "StringAttributeConstraints": {"MinLength": "5", "MaxLength": "100"}},
            {"Name": "plan", "AttributeDataType": "Number", "Mutable": True,
             "NumberAttributeConstraints": {"MinValue": "1", "MaxValue": "9"}},
        ]
        pool = self.pool(Schema=schema, **written)
        read = self.described(pool)
        self.same(written, read)
        attributes = {one["Name"]: one for one in read["SchemaAttributes"]}
        self.same(schema[0], attributes["email"])
        self.assertEqual(attributes["custom:plan"]["NumberAttributeConstraints"], {"MinValue": "1", "MaxValue": "9"})
        mfa = self.api.set_user_pool_mfa_config(
            UserPoolId=pool, MfaConfiguration="OPTIONAL", SoftwareTokenMfaConfiguration={"Enabled": True},
            WebAuthnConfiguration={"RelyingPartyId": "example.com", "UserVerification": "required"},
        )
        configured = self.api.get_user_pool_mfa_config(UserPoolId=pool)
        self.same({k: v for k, v in mfa.items() if k != "ResponseMetadata"}, configured)
        # An update sends everything again, without what cannot change.
        update = {k: v for k, v in written.items() if k not in ("AliasAttributes", "UsernameConfiguration")}
        update["MfaConfiguration"] = "OPTIONAL"
        update["Policies"]["PasswordPolicy"]["MinimumLength"] = 14
        update["DeletionProtection"] = "INACTIVE"
        self.api.update_user_pool(UserPoolId=pool, **update)
        self.same(update, self.described(pool))
        self.assertEqual(self.api.get_user_pool_mfa_config(UserPoolId=pool)["MfaConfiguration"], "OPTIONAL")
        arn = self.described(pool)["Arn"]
        self.api.tag_resource(ResourceArn=arn, Tags={"stage": "test"})
        self.api.untag_resource(ResourceArn=arn, TagKeys=["team"])
        self.assertEqual(self.api.list_tags_for_resource(ResourceArn=arn)["Tags"], {"stage": "test"})
        self.api.delete_user_pool(UserPoolId=pool)
        with self.assertRaises(self.api.exceptions.ResourceNotFoundException):
            self.described(pool)

    def test_client_resource_server_and_domain(self):
        pool = self.pool()
        scopes = [{"ScopeName": "read", "ScopeDescription": "reads"}, {"ScopeName": "write", "ScopeDescription": "writes"}]
        server = {"UserPoolId": pool, "Identifier": "https://photos.example", "Name": "photos", "Scopes": scopes}
        self.same(server, self.api.create_resource_server(**server)["ResourceServer"])
        server["Name"] = "albums"
        self.api.update_resource_server(**server)
        named = {"UserPoolId": pool, "Identifier": server["Identifier"]}
        self.same(server, self.api.describe_resource_server(**named)["ResourceServer"])
        client = {
            "UserPoolId": pool, "ClientName": "web", "AccessTokenValidity": 30, "IdTokenValidity": 30,
            "RefreshTokenValidity": 12, "TokenValidityUnits": {"AccessToken": "minutes", "IdToken": "minutes", "RefreshToken": "hours"},
            "ReadAttributes": ["email", "name"], "WriteAttributes": ["name"],
            "ExplicitAuthFlows": ["ALLOW_USER_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"], "SupportedIdentityProviders": ["COGNITO"],
            "CallbackURLs": ["https://app.example/back", "https://app.example/other"], "LogoutURLs": ["https://app.example"],
            "DefaultRedirectURI": "https://app.example/back", "AllowedOAuthFlows": ["code"],
            "AllowedOAuthScopes": ["openid", "https://photos.example/read"], "AllowedOAuthFlowsUserPoolClient": True,
            "PreventUserExistenceErrors": "ENABLED", "EnableTokenRevocation": False,
            "EnablePropagateAdditionalUserContextData": False, "AuthSessionValidity": 5,
        }
        made = self.api.create_user_pool_client(GenerateSecret=True, **client)["UserPoolClient"]
        named = {"UserPoolId": pool, "ClientId": made["ClientId"]}
        self.same(client, self.api.describe_user_pool_client(**named)["UserPoolClient"])
        client["AuthSessionValidity"] = 7
        client["CallbackURLs"] = ["https://app.example/back"]
        self.api.update_user_pool_client(ClientId=made["ClientId"], **client)
        read = self.api.describe_user_pool_client(**named)["UserPoolClient"]
        self.same(client, read)
        self.assertEqual(read["ClientSecret"], made["ClientSecret"])
        domain = f"shop-{uuid.uuid4().hex[:8]}"
        self.api.create_user_pool_domain(UserPoolId=pool, Domain=domain, ManagedLoginVersion=2)
        described = self.api.describe_user_pool_domain(Domain=domain)["DomainDescription"]
        self.same({"UserPoolId": pool, "Domain": domain, "Status": "ACTIVE", "ManagedLoginVersion": 2}, described)
        self.api.delete_user_pool_domain(UserPoolId=pool, Domain=domain)
        self.assertEqual(self.api.describe_user_pool_domain(Domain=domain)["DomainDescription"], {})
        self.api.delete_user_pool_client(**named)
        self.api.delete_resource_server(UserPoolId=pool, Identifier=server["Identifier"])

    def test_users_and_groups(self):
        pool = self.pool(AutoVerifiedAttributes=["email"])
        user = {"UserPoolId": pool, "Username": "ada"}
        attributes = [{"Name": "email", "Value": "ada@example.com"}, {"Name": "email_verified", "Value": "true"}]
        self.api.admin_create_user(UserAttributes=attributes, MessageAction="SUPPRESS", TemporaryPassword="Temp0rary!", **user)
        read = self.api.admin_get_user(**user)
        self.assertEqual(read["UserStatus"], "FORCE_CHANGE_PASSWORD")
        for attribute in attributes:
            self.assertIn(attribute, read["UserAttributes"])
        self.api.admin_set_user_password(Password="Passw0rd!", Permanent=True, **user)
        self.api.admin_disable_user(**user)
        self.assertFalse(self.api.admin_get_user(**user)["Enabled"])
        self.api.admin_enable_user(**user)
        self.api.admin_delete_user_attributes(UserAttributeNames=["email"], **user)
        group = {"UserPoolId": pool, "GroupName": "staff", "Description": "who works here", "Precedence": 3,
                 "RoleArn": "arn:aws:iam::123456789012:role/staff"}
        self.same(group, self.api.create_group(**group)["Group"])
        group["Precedence"] = 5
        self.api.update_group(**group)
        named = {"UserPoolId": pool, "GroupName": "staff"}
        self.same(group, self.api.get_group(**named)["Group"])
        self.api.admin_add_user_to_group(GroupName="staff", **user)
        listed = self.api.get_paginator("admin_list_groups_for_user").paginate(**user).build_full_result()
        self.assertEqual([one["GroupName"] for one in listed["Groups"]], ["staff"])
        self.api.admin_remove_user_from_group(GroupName="staff", **user)
        self.api.delete_group(**named)
        with self.assertRaises(self.api.exceptions.ResourceNotFoundException):
            self.api.get_group(**named)
        self.api.admin_delete_user(**user)


if __name__ == "__main__":
    unittest.main()
