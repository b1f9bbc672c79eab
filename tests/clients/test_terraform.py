"""What Terraform's AWS provider does with a user pool's resources: create, read until it is as written, update, read, delete.

Each step sends all that the provider sends, and what is read must not differ from what was written: otherwise every plan would
show a change.
"""

import functools
import unittest
import uuid

import boto3

FUNCTION = "arn:aws:lambda:us-east-1:123456789012:function:f"
ROLE = "arn:aws:iam::123456789012:role/"


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


def standard(name, kind="String", **more):
    """A standard attribute as the provider expects to read it. It takes any other for one that was not configured."""
    attribute = {"Name": name, "AttributeDataType": kind, "DeveloperOnlyAttribute": False, "Mutable": True, "Required": False}
    if kind == "String":
        attribute["StringAttributeConstraints"] = {"MinLength": "0", "MaxLength": "2048"}
    return attribute | more


STANDARD = {one["Name"]: one for one in [
    *map(standard, (
        "address", "email", "family_name", "gender", "given_name", "locale", "middle_name", "name", "nickname", "phone_number",
        "picture", "preferred_username", "profile", "website", "zoneinfo",
    )),
    standard("birthdate", StringAttributeConstraints={"MinLength": "10", "MaxLength": "10"}),
    standard("email_verified", "Boolean"),
    standard("phone_number_verified", "Boolean"),
    standard("identities", StringAttributeConstraints={}),
    standard("sub", Mutable=False, Required=True, StringAttributeConstraints={"MinLength": "1", "MaxLength": "2048"}),
    standard("updated_at", "Number", NumberAttributeConstraints={"MinValue": "0"}),
]}

# What aws_cognito_user_pool sends by SetUserPoolMfaConfig.
MFA = ("MfaConfiguration", "SoftwareTokenMfaConfiguration", "EmailMfaConfiguration", "WebAuthnConfiguration")
ONLY_AT_CREATION = ("AliasAttributes", "UsernameAttributes", "UsernameConfiguration", "Schema")
# What the provider keeps from its state, so what it read, when the configuration leaves it out: the schema says that these are
# computed, or that a missing block is no change.
KEPT = (
    "AccountRecoverySetting", "AdminCreateUserConfig", "EmailConfiguration", "EmailVerificationMessage", "EmailVerificationSubject",
    "Policies", "SmsConfiguration", "SmsVerificationMessage", "UserPoolTier", "VerificationMessageTemplate",
)
# What must not be read if it was not configured: the plan would remove it.
NOT_COMPUTED = (
    "AliasAttributes", "AutoVerifiedAttributes", "DeviceConfiguration", "SmsAuthenticationMessage", "UserPoolAddOns",
    "UsernameAttributes", "UsernameConfiguration", "SoftwareTokenMfaConfiguration", "EmailMfaConfiguration",
    "WebAuthnConfiguration",
)


class UserPool(unittest.TestCase):
    """aws_cognito_user_pool: internal/service/cognitoidp/user_pool.go in hashicorp/terraform-provider-aws.

    Each test applies configurations to one pool, one after the other, and expects an empty plan after each.
    """

    def setUp(self):
        self.api = boto3.client("cognito-idp")
        self.id = None
        self.before = {}

    def tearDown(self):
        if self.id:
            self.api.delete_user_pool(UserPoolId=self.id)

    def read(self):
        pool = self.api.describe_user_pool(UserPoolId=self.id)["UserPool"]
        mfa = self.api.get_user_pool_mfa_config(UserPoolId=self.id)
        return pool | {name: mfa[name] for name in MFA if name in mfa}

    def set_mfa(self, config):
        mfa = {name: config[name] for name in MFA if name in config}
        mfa.setdefault("MfaConfiguration", "OFF")
        if "SmsConfiguration" in config and mfa["MfaConfiguration"] != "OFF":
            mfa["SmsMfaConfiguration"] = {"SmsConfiguration": config["SmsConfiguration"]}
            if "SmsAuthenticationMessage" in config:
                mfa["SmsMfaConfiguration"]["SmsAuthenticationMessage"] = config["SmsAuthenticationMessage"]
        self.api.set_user_pool_mfa_config(UserPoolId=self.id, **mfa)

    def create(self, config):
        members = {"DeletionProtection": "INACTIVE"} | {name: value for name, value in config.items() if name not in MFA}
        self.id = self.api.create_user_pool(PoolName=f"pool-{uuid.uuid4()}", **members)["UserPool"]["Id"]
        if config.get("MfaConfiguration", "OFF") != "OFF" or "WebAuthnConfiguration" in config:
            self.set_mfa(config)

    def update(self, config):
        changed = {name for name in {**config, **self.before} if config.get(name) != self.before.get(name)}
        read = self.read()
        config = {name: read[name] for name in KEPT if name in read} | config
        # The provider knows one member of this block only.
        config["AdminCreateUserConfig"].pop("UnusedAccountValidityDays", None)
        if changed & {*MFA, "SmsAuthenticationMessage", "SmsConfiguration"}:
            self.set_mfa(config)
        tags = "UserPoolTags"
        if changed - {*MFA, "Schema", tags}:
            members = {"DeletionProtection": "INACTIVE", "MfaConfiguration": "OFF"} | config
            if "UserAttributeUpdateSettings" in changed and "UserAttributeUpdateSettings" not in config:
                members["UserAttributeUpdateSettings"] = {"AttributesRequireVerificationBeforeUpdate": []}
            for name in (*ONLY_AT_CREATION, *MFA[1:], tags):
                members.pop(name, None)
            self.api.update_user_pool(UserPoolId=self.id, **members)
        if "Schema" in changed:
            added = [one for one in config["Schema"] if one not in self.before.get("Schema", [])]
            self.api.add_custom_attributes(UserPoolId=self.id, CustomAttributes=added)
        if tags in changed:
            old, new = self.before.get(tags, {}), config.get(tags, {})
            if gone := [key for key in old if key not in new]:
                self.api.untag_resource(ResourceArn=read["Arn"], TagKeys=gone)
            if new:
                self.api.tag_resource(ResourceArn=read["Arn"], Tags=new)

    def expect_no_plan(self, config):
        read = self.read()
        self.given({name: value for name, value in config.items() if name != "Schema"}, read)
        for name in NOT_COMPUTED:
            if name not in config:
                self.assertFalse(read.get(name), f"{name} was not configured")
        self.assertEqual(read["DeletionProtection"], config.get("DeletionProtection", "INACTIVE"))
        self.assertEqual(read["MfaConfiguration"], config.get("MfaConfiguration", "OFF"))
        self.assertEqual(read["UserPoolTags"], config.get("UserPoolTags", {}))
        if "LambdaConfig" not in config:
            self.assertEqual(read["LambdaConfig"], {})
        if "UserAttributeUpdateSettings" not in config:
            settings = read.get("UserAttributeUpdateSettings", {})
            self.assertEqual(settings.get("AttributesRequireVerificationBeforeUpdate", []), [])
        configured = {one["Name"]: one for one in config.get("Schema", [])}
        for attribute in read["SchemaAttributes"]:
            name = attribute["Name"].removeprefix("dev:").removeprefix("custom:")
            if name in configured:
                self.given({**configured[name], "Name": attribute["Name"]}, attribute)
            else:
                self.assertEqual(attribute, STANDARD[name])

    def given(self, config, read, path=""):
        for name, value in config.items():
            if isinstance(value, dict):
                self.assertIn(name, read, path)
                self.given(value, read[name], f"{path}.{name}")
            else:
                self.assertEqual(read.get(name), value, f"{path}.{name}")

    def applies(self, *configs):
        for config in configs:
            (self.update if self.id else self.create)(config)
            self.expect_no_plan(config)
            self.before = config

    def test_defaults(self):
        self.applies({})
        # What the provider's own tests read from the real service.
        read = self.read()
        self.given({
            "AccountRecoverySetting": {"RecoveryMechanisms": [
                {"Name": "verified_email", "Priority": 1}, {"Name": "verified_phone_number", "Priority": 2},
            ]},
            "AdminCreateUserConfig": {"AllowAdminCreateUserOnly": False},
            "EmailConfiguration": {"EmailSendingAccount": "COGNITO_DEFAULT"},
            "EstimatedNumberOfUsers": 0,
            "Policies": {
                "PasswordPolicy": {
                    "MinimumLength": 8, "RequireLowercase": True, "RequireUppercase": True, "RequireNumbers": True,
                    "RequireSymbols": True, "TemporaryPasswordValidityDays": 7,
                },
                "SignInPolicy": {"AllowedFirstAuthFactors": ["PASSWORD"]},
            },
            "UserPoolTier": "ESSENTIALS",
            "VerificationMessageTemplate": {"DefaultEmailOption": "CONFIRM_WITH_CODE"},
        }, read)
        self.assertNotIn("SmsConfiguration", read)

    def test_deletion_protection(self):
        self.applies({"DeletionProtection": "ACTIVE"}, {"DeletionProtection": "INACTIVE"})

    def test_account_recovery(self):
        recovery = lambda *names: {"AccountRecoverySetting": {
            "RecoveryMechanisms": [{"Name": name, "Priority": priority} for priority, name in enumerate(names, 1)]}}
        email, phone = "verified_email", "verified_phone_number"
        self.applies(recovery(email), recovery(email, phone), recovery(phone), {})

    def test_invitations(self):
        invitation = lambda word: {
            "EmailMessage": f"Your username is {{username}} and {word} password is {{####}}. ", "EmailSubject": f"{word} {{####}}",
            "SMSMessage": f"Your username is {{username}} and {word} password is {{####}}.",
        }
        self.applies(
            {"AdminCreateUserConfig": {"AllowAdminCreateUserOnly": True, "InviteMessageTemplate": invitation("temporary")}},
            {"AdminCreateUserConfig": {"AllowAdminCreateUserOnly": False, "InviteMessageTemplate": invitation("constant")}},
        )

    def test_advanced_security_mode(self):
        mode = lambda mode: {"UserPoolAddOns": {"AdvancedSecurityMode": mode}}
        self.applies(mode("OFF"), mode("AUDIT"), {})

    def test_enforced_security_mode(self):
        self.applies({"UserPoolAddOns": {"AdvancedSecurityMode": "ENFORCED"}}, {})

    def test_devices(self):
        devices = lambda challenge: {"DeviceConfiguration": {
            "ChallengeRequiredOnNewDevice": challenge, "DeviceOnlyRememberedOnUserPrompt": not challenge}}
        self.applies(devices(True), devices(False), {})

    def test_messages(self):
        messages = lambda word: {
            "EmailVerificationSubject": word, "EmailVerificationMessage": f"{word} {{####}}",
            "SmsVerificationMessage": f"{word} {{####}}",
        }
        self.applies(messages("one"), messages("two"))

    def test_verification_message_template(self):
        template = lambda option, word: {"VerificationMessageTemplate": {
            "DefaultEmailOption": option, "EmailMessageByLink": f"{word} {{##here##}}", "EmailSubjectByLink": word,
            "EmailMessage": f"{word} {{####}}", "EmailSubject": word, "SmsMessage": f"{word} {{####}}",
        }}
        self.applies(template("CONFIRM_WITH_LINK", "one"), template("CONFIRM_WITH_CODE", "two"))

    def test_sms_authentication_message(self):
        self.applies({"SmsAuthenticationMessage": "one {####}"}, {"SmsAuthenticationMessage": "two {####}"}, {})

    def test_password_and_sign_in_policies(self):
        password = {
            "MinimumLength": 7, "RequireLowercase": True, "RequireNumbers": False, "RequireSymbols": True,
            "RequireUppercase": False, "TemporaryPasswordValidityDays": 7, "PasswordHistorySize": 24,
        }
        changed = password | {
            "MinimumLength": 9, "RequireUppercase": True, "TemporaryPasswordValidityDays": 14, "PasswordHistorySize": 0}
        factors = {"AllowedFirstAuthFactors": ["PASSWORD", "EMAIL_OTP", "WEB_AUTHN"]}
        self.applies(
            {"Policies": {"PasswordPolicy": password}},
            {"Policies": {"PasswordPolicy": changed, "SignInPolicy": factors}},
            {"Policies": {"PasswordPolicy": changed, "SignInPolicy": {"AllowedFirstAuthFactors": ["PASSWORD"]}}},
            {},
        )

    SMS = {"SmsConfiguration": {"ExternalId": "test", "SnsCallerArn": f"{ROLE}sms", "SnsRegion": "us-east-1"}}
    TOKEN = {"SoftwareTokenMfaConfiguration": {"Enabled": True}}
    ON = {"MfaConfiguration": "ON"}

    def test_mfa_by_text_message(self):
        self.applies({**self.ON, **self.SMS}, {}, {**self.ON, **self.SMS})
        self.assertIn("SmsConfiguration", self.read())

    def test_mfa_by_text_message_and_authenticator_app(self):
        self.applies(
            {**self.ON, **self.SMS, "SoftwareTokenMfaConfiguration": {"Enabled": False}}, {**self.ON, **self.SMS, **self.TOKEN}, {},
        )

    def test_mfa_from_text_messages_to_authenticator_apps(self):
        self.applies({**self.ON, **self.SMS}, {**self.ON, **self.TOKEN})

    def test_mfa_by_authenticator_app(self):
        self.applies({**self.ON, **self.TOKEN}, {}, {**self.ON, **self.TOKEN}, {**self.ON, **self.SMS})

    def test_mfa_by_mail(self):
        sender = {"EmailConfiguration": {
            "EmailSendingAccount": "DEVELOPER", "From": "no-reply@example.com", "ReplyToEmailAddress": "help@example.com",
            "SourceArn": "arn:aws:ses:us-east-1:123456789012:identity/no-reply@example.com", "ConfigurationSet": "set",
        }}
        mail = lambda **members: {**sender, **self.ON, "EmailMfaConfiguration": members}
        self.applies(mail(), mail(Message="one {####}", Subject="one"), mail(Message="two {####}", Subject="two"))

    def test_text_messages_without_mfa(self):
        other = {"SmsConfiguration": self.SMS["SmsConfiguration"] | {"ExternalId": "test2", "SnsCallerArn": f"{ROLE}two"}}
        self.applies(self.SMS, {}, other)

    def test_passkeys(self):
        passkeys = lambda verification: {
            "Policies": {"SignInPolicy": {"AllowedFirstAuthFactors": ["PASSWORD", "WEB_AUTHN"]}},
            "WebAuthnConfiguration": {"RelyingPartyId": "app.example.com", "UserVerification": verification},
        }
        self.applies(passkeys("preferred"), passkeys("required"))

    def test_aliases(self):
        self.applies({"AliasAttributes": ["email", "preferred_username"], "AutoVerifiedAttributes": ["email"]})

    def test_username_attributes(self):
        self.applies({"UsernameAttributes": ["email", "phone_number"], "UsernameConfiguration": {"CaseSensitive": True}})

    def test_updates_of_attributes_to_verify(self):
        verified = {"AutoVerifiedAttributes": ["email"]}
        self.applies(
            {**verified, "UserAttributeUpdateSettings": {"AttributesRequireVerificationBeforeUpdate": ["email"]}}, verified, {},
        )

    def test_functions(self):
        names = (
            "CreateAuthChallenge", "CustomMessage", "DefineAuthChallenge", "PostAuthentication", "PostConfirmation",
            "PreAuthentication", "PreSignUp", "PreTokenGeneration", "UserMigration", "VerifyAuthChallengeResponse",
        )
        functions = lambda arn: {"LambdaConfig": dict.fromkeys(names, arn)}
        self.applies({}, functions(FUNCTION), functions(f"{FUNCTION}2"), {})

    def test_version_of_pre_token_generation(self):
        config = lambda arn: {"LambdaConfig": {"PreTokenGenerationConfig": {"LambdaArn": arn, "LambdaVersion": "V2_0"}}}
        self.applies(config(FUNCTION), config(f"{FUNCTION}2"), {})

    def test_senders(self):
        sender = {"LambdaArn": FUNCTION, "LambdaVersion": "V1_0"}
        key = {"KMSKeyID": "arn:aws:kms:us-east-1:123456789012:key/k"}
        config = lambda **senders: {"LambdaConfig": {**senders, **key}}
        self.applies(config(CustomEmailSender=sender), config(CustomEmailSender=sender, CustomSMSSender=sender), config())

    def test_schema(self):
        attribute = lambda name, kind, **more: {
            "Name": name, "AttributeDataType": kind, "DeveloperOnlyAttribute": False, "Mutable": False, "Required": False, **more}
        schema = [
            attribute("email", "String", Required=True, StringAttributeConstraints={"MinLength": "5", "MaxLength": "10"}),
            attribute("mybool", "Boolean", DeveloperOnlyAttribute=True),
            attribute("mynumber", "Number", NumberAttributeConstraints={"MinValue": "2"}),
            attribute("mynondevnumber", "Number", Mutable=True, NumberAttributeConstraints={"MinValue": "2", "MaxValue": "6"}),
            attribute("mystring", "String", Mutable=True, StringAttributeConstraints={"MinLength": "0", "MaxLength": "2048"}),
            attribute("plain", "String", Mutable=True),
        ]
        self.applies({"Schema": schema}, {"Schema": [*schema, attribute("added", "DateTime", Mutable=True)]})

    def test_tags(self):
        self.applies({"UserPoolTags": {"one": "1"}}, {"UserPoolTags": {"one": "2", "two": "1"}}, {"UserPoolTags": {"two": "1"}}, {})

    def test_tier(self):
        self.applies(*({"UserPoolTier": tier} for tier in ("LITE", "ESSENTIALS", "PLUS")), {})

    def test_a_change_of_one_member_keeps_the_others(self):
        config = {
            **self.ON, **self.SMS, **self.TOKEN, "AutoVerifiedAttributes": ["email", "phone_number"],
            "DeletionProtection": "INACTIVE",
            "DeviceConfiguration": {"ChallengeRequiredOnNewDevice": True, "DeviceOnlyRememberedOnUserPrompt": False},
            "LambdaConfig": {"PreSignUp": FUNCTION}, "SmsAuthenticationMessage": "{####}",
            "UserPoolAddOns": {"AdvancedSecurityMode": "AUDIT"},
            "UserAttributeUpdateSettings": {"AttributesRequireVerificationBeforeUpdate": ["email"]}, "UserPoolTags": {"team": "a"},
        }
        self.applies(
            config, {**config, "AutoVerifiedAttributes": ["email"]}, {**config, "MfaConfiguration": "OPTIONAL"},
            {**config, "UserPoolTags": {"team": "b"}},
        )


class OfUserPools(unittest.TestCase):
    """The other resources: the files beside user_pool.go."""

    def setUp(self):
        self.api = boto3.client("cognito-idp")
        self.pool = self.api.create_user_pool(PoolName=f"pool-{uuid.uuid4()}", AutoVerifiedAttributes=["email"])["UserPool"]["Id"]
        self.addCleanup(self.api.delete_user_pool, UserPoolId=self.pool)

    def client(self, **members):
        return self.api.create_user_pool_client(UserPoolId=self.pool, ClientName="web", **members)["UserPoolClient"]

    def described(self, client):
        named = {"UserPoolId": self.pool, "ClientId": client["ClientId"]}
        return without_dates(self.api.describe_user_pool_client(**named)["UserPoolClient"])

    def updated(self, client, **changes):
        """The provider sends its whole state, which is what it read, with the changes. Its state is then the answer."""
        state = self.described(client)
        state.pop("ClientSecret", None)
        answer = without_dates(self.api.update_user_pool_client(**{**state, **changes})["UserPoolClient"])
        self.assertEqual(answer, self.described(client))
        answer.pop("ClientSecret", None)
        return state, answer

    def test_client(self):
        # aws_cognito_user_pool_client: what CreateUserPoolClient answers is the state, so a later read must be the same.
        full = dict(
            GenerateSecret=True, ExplicitAuthFlows=["ADMIN_NO_SRP_AUTH", "CUSTOM_AUTH_FLOW_ONLY", "USER_PASSWORD_AUTH"],
            ReadAttributes=["email"], WriteAttributes=["email"], RefreshTokenValidity=300, AllowedOAuthFlows=["code", "implicit"],
            AllowedOAuthFlowsUserPoolClient=True,
            AllowedOAuthScopes=["phone", "email", "openid", "profile", "aws.cognito.signin.user.admin"],
            CallbackURLs=["https://www.example.com/redirect", "https://www.example.com/callback"],
            DefaultRedirectURI="https://www.example.com/redirect", LogoutURLs=["https://www.example.com/login"],
            PreventUserExistenceErrors="LEGACY", SupportedIdentityProviders=["COGNITO"],
        )
        changes = {"RefreshTokenValidity": 299, "ClientName": "other", "EnableTokenRevocation": False, "AuthSessionValidity": 7}
        for members in ({}, {"ExplicitAuthFlows": ["ADMIN_NO_SRP_AUTH"]}, full):
            with self.subTest(members=sorted(members)):
                made = self.client(**members)
                self.assertEqual(without_dates(made), self.described(made))
                for name, value in members.items():
                    if name != "GenerateSecret":
                        self.assertEqual(made[name], value, name)
                state, answer = self.updated(made)
                self.assertEqual(answer, state)
                for name, value in changes.items():
                    state, answer = self.updated(made, **{name: value})
                    self.assertEqual(answer, {**state, name: value})

    def test_the_defaults_of_a_client(self):
        # What the provider's own tests read from the real service.
        read = self.described(self.client())
        defaults = {
            "AllowedOAuthFlowsUserPoolClient": False, "AuthSessionValidity": 3, "EnablePropagateAdditionalUserContextData": False,
            "EnableTokenRevocation": True, "RefreshTokenValidity": 30,
        }
        self.assertEqual({name: read[name] for name in defaults}, defaults)
        for name in ("AccessTokenValidity", "IdTokenValidity", "PreventUserExistenceErrors", "CallbackURLs", "ReadAttributes",
                     "WriteAttributes", "SupportedIdentityProviders", "AnalyticsConfiguration", "DefaultRedirectURI"):
            self.assertFalse(read.get(name), name)

    def test_lifetimes_of_a_client(self):
        units = lambda unit: {"AccessToken": unit, "IdToken": unit, "RefreshToken": unit}
        made = self.client(TokenValidityUnits=units("days"), IdTokenValidity=1)
        for change in ({"TokenValidityUnits": units("hours")}, {"AccessTokenValidity": 5}, {"IdTokenValidity": 5}):
            state, answer = self.updated(made, **change)
            self.assertEqual(answer, {**state, **change})
        # If the block is removed, the provider sends the defaults, and takes them for no block.
        defaults = {"AccessToken": "hours", "IdToken": "hours", "RefreshToken": "days"}
        _, answer = self.updated(made, TokenValidityUnits=defaults)
        self.assertIn(answer["TokenValidityUnits"], ({}, defaults))

    def test_rotation_of_a_client(self):
        rotation = lambda seconds: {"RefreshTokenRotation": {"Feature": "ENABLED", "RetryGracePeriodSeconds": seconds}}
        made = self.client(ExplicitAuthFlows=["ALLOW_USER_SRP_AUTH"], **rotation(10))
        for change in (rotation(30), {"RefreshTokenRotation": {"Feature": "DISABLED"}}):
            _, answer = self.updated(made, **change)
            self.assertEqual(answer["RefreshTokenRotation"]["Feature"], change["RefreshTokenRotation"]["Feature"])

    def test_analytics_of_a_client(self):
        analytics = lambda shared: {"AnalyticsConfiguration": {
            "ApplicationId": "0123456789abcdef", "ExternalId": "x", "RoleArn": f"{ROLE}r", "UserDataShared": shared}}
        made = self.client(**analytics(False))
        state, answer = self.updated(made, **analytics(True))
        self.assertEqual(answer, {**state, **analytics(True)})

    def test_client_that_another_service_made(self):
        # aws_cognito_managed_user_pool_client finds the client by its name, and changes it. It never deletes it.
        made = self.api.create_user_pool_client(UserPoolId=self.pool, ClientName="AmazonOpenSearchService-x")["UserPoolClient"]
        self.client()
        pages = self.api.get_paginator("list_user_pool_clients").paginate(UserPoolId=self.pool).build_full_result()
        found = [one for one in pages["UserPoolClients"] if one["ClientName"].startswith("AmazonOpenSearchService-")]
        self.assertEqual([one["ClientId"] for one in found], [made["ClientId"]])
        change = {"CallbackURLs": ["https://search.example.com"], "AllowedOAuthFlows": ["code"], "AllowedOAuthScopes": ["openid"],
                  "AllowedOAuthFlowsUserPoolClient": True, "SupportedIdentityProviders": ["COGNITO"]}
        state, answer = self.updated(made, **change)
        self.assertEqual(answer, {**state, **change})

    def test_domain(self):
        # aws_cognito_user_pool_domain waits for the status, reads, changes the certificate, and waits until nothing is described.
        described = lambda: self.api.describe_user_pool_domain(Domain=domain)["DomainDescription"]
        certificate = lambda name: {"CustomDomainConfig": {
            "CertificateArn": f"arn:aws:acm:us-east-1:123456789012:certificate/{name}"}}
        for domain, members in ((f"tf-{uuid.uuid4().hex[:8]}", {}), (f"{uuid.uuid4().hex[:8]}.example.com", certificate("1"))):
            named = {"Domain": domain, "UserPoolId": self.pool}
            self.api.create_user_pool_domain(**named, **members)
            read = described()
            self.assertEqual({name: read.get(name) for name in (*named, *members)}, named | members)
            self.assertEqual((read["Status"], read["ManagedLoginVersion"]), ("ACTIVE", 1))
            for name in ("AWSAccountId", "Version", "CloudFrontDistribution"):
                self.assertIn(name, read)
            pool = self.api.describe_user_pool(UserPoolId=self.pool)["UserPool"]
            self.assertEqual(pool["CustomDomain" if members else "Domain"], domain)
            change = certificate("2") if members else {"ManagedLoginVersion": 2}
            self.api.update_user_pool_domain(**named, **change)
            self.assertEqual({name: described()[name] for name in change}, change)
            self.api.delete_user_pool_domain(**named)
            self.assertEqual(described(), {})

    def test_group(self):
        # aws_cognito_user_group sends only what changed.
        named = {"UserPoolId": self.pool, "GroupName": "staff/a/b"}
        group = {"Description": "one", "Precedence": 1, "RoleArn": f"{ROLE}one"}
        self.api.create_group(**named, **group)
        for change in ({"Description": "two"}, {"Precedence": 42}, {"Precedence": 0}, {"RoleArn": f"{ROLE}two"}, {}):
            group |= change
            self.api.update_group(**named, **change)
            read = self.api.get_group(**named)["Group"]
            self.assertEqual({name: read.get(name) for name in group}, group)

    def test_resource_server(self):
        named = {"UserPoolId": self.pool, "Identifier": "https://example.com"}
        scope = lambda name: {"ScopeName": name, "ScopeDescription": f"to {name}"}
        steps = (
            {"Name": "one", "Scopes": [scope("read"), scope("write")]}, {"Name": "two", "Scopes": [scope("read")]},
            {"Name": "two", "Scopes": []},
        )
        self.api.create_resource_server(**named, **steps[0])
        for step in steps:
            self.api.update_resource_server(**named, **step)
            read = self.api.describe_resource_server(**named)["ResourceServer"]
            self.assertEqual((read["Name"], read.get("Scopes", [])), (step["Name"], step["Scopes"]))

    def test_user(self):
        named = {"UserPoolId": self.pool, "Username": "ada"}
        as_list = lambda attributes: [{"Name": name, "Value": value} for name, value in attributes.items()]
        plan = {"Name": "plan", "AttributeDataType": "String", "Mutable": True}
        self.api.add_custom_attributes(UserPoolId=self.pool, CustomAttributes=[plan])
        attributes = {"email": "ada@example.com", "email_verified": "true", "custom:plan": "gold"}
        self.api.admin_create_user(
            **named, UserAttributes=as_list(attributes), MessageAction="SUPPRESS", TemporaryPassword="Temp0rary!",
            ForceAliasCreation=False, ClientMetadata={"a": "b"}, DesiredDeliveryMediums=["EMAIL"],
            ValidationData=as_list({"c": "d"}),
        )
        self.api.admin_disable_user(**named)
        read = self.read_user(named, attributes)
        self.assertEqual((read["Enabled"], read["UserStatus"]), (False, "FORCE_CHANGE_PASSWORD"))
        changed = {"email": "eve@example.com", "email_verified": "true"}
        # Only what changed is sent. As a new address is not verified, the next plan verifies it.
        for change in ({"email": "eve@example.com"}, {"email_verified": "true"}):
            self.api.admin_update_user_attributes(**named, UserAttributes=as_list(change), ClientMetadata={"a": "b"})
        self.api.admin_delete_user_attributes(**named, UserAttributeNames=["custom:plan"])
        self.api.admin_enable_user(**named)
        self.api.admin_set_user_password(**named, Password="Temp0rary!2", Permanent=False)
        self.api.admin_set_user_password(**named, Password="Passw0rd!", Permanent=True)
        read = self.read_user(named, changed)
        self.assertEqual((read["Enabled"], read["UserStatus"]), (True, "CONFIRMED"))
        # aws_cognito_user_in_group
        group = {**named, "GroupName": "staff"}
        self.api.create_group(UserPoolId=self.pool, GroupName="staff")
        self.api.admin_add_user_to_group(**group)
        groups = lambda: [one["GroupName"] for one in self.api.admin_list_groups_for_user(**named)["Groups"]]
        self.assertEqual(groups(), ["staff"])
        self.api.admin_remove_user_from_group(**group)
        self.assertEqual(groups(), [])
        self.api.admin_delete_user(**named)
        with self.assertRaises(self.api.exceptions.UserNotFoundException):
            self.api.admin_get_user(**named)

    def read_user(self, named, attributes):
        read = self.api.admin_get_user(**named)
        shown = {one["Name"]: one["Value"] for one in read["UserAttributes"]}
        self.assertEqual(shown, {**attributes, "sub": shown["sub"]})
        return read

    def test_data_sources(self):
        # data.aws_cognito_user_pools, _user_pool_clients, _user_pool_client and _user_groups
        client = self.client(GenerateSecret=True)
        self.api.create_group(UserPoolId=self.pool, GroupName="staff")
        pools = self.api.get_paginator("list_user_pools").paginate(MaxResults=60).build_full_result()["UserPools"]
        self.assertIn(self.pool, [one["Id"] for one in pools])
        clients = self.api.get_paginator("list_user_pool_clients").paginate(UserPoolId=self.pool).build_full_result()
        self.assertEqual([one["ClientId"] for one in clients["UserPoolClients"]], [client["ClientId"]])
        self.assertEqual(self.described(client)["ClientSecret"], client["ClientSecret"])
        groups = self.api.get_paginator("list_groups").paginate(UserPoolId=self.pool).build_full_result()["Groups"]
        self.assertEqual([one["GroupName"] for one in groups], ["staff"])

    def test_signing_certificate(self):
        self.assertTrue(self.api.get_signing_certificate(UserPoolId=self.pool)["Certificate"])

    def test_risk_configuration(self):
        # aws_cognito_risk_configuration is deleted by setting nothing.
        client = self.client()["ClientId"]
        parts = ("RiskExceptionConfiguration", "CompromisedCredentialsRiskConfiguration", "AccountTakeoverRiskConfiguration")
        steps = (
            {"RiskExceptionConfiguration": {"BlockedIPRangeList": ["10.10.10.10/32"]}},
            {"RiskExceptionConfiguration": {
                "BlockedIPRangeList": ["10.10.10.10/32", "10.10.10.11/32"], "SkippedIPRangeList": ["10.10.10.12/32"]}},
            {"CompromisedCredentialsRiskConfiguration": {"EventFilter": ["SIGN_IN"], "Actions": {"EventAction": "NO_ACTION"}}},
            {},
        )
        for named in ({"UserPoolId": self.pool}, {"UserPoolId": self.pool, "ClientId": client}):
            for step in steps:
                self.api.set_risk_configuration(**named, **step)
                read = self.api.describe_risk_configuration(**named)["RiskConfiguration"]
                self.assertEqual({name: read[name] for name in parts if read.get(name)}, step)
                self.assertEqual(read.get("ClientId"), named.get("ClientId"))

    def test_ui_customization(self):
        # aws_cognito_user_pool_ui_customization needs a domain. It is deleted by setting nothing; nothing is read then.
        client = self.client()["ClientId"]
        domain = {"UserPoolId": self.pool, "Domain": f"ui-{uuid.uuid4().hex[:8]}"}
        self.api.create_user_pool_domain(**domain)
        self.addCleanup(self.api.delete_user_pool_domain, **domain)
        for named in ({"UserPoolId": self.pool, "ClientId": client}, {"UserPoolId": self.pool, "ClientId": "ALL"}):
            for css in (".label-customizable {font-weight: 400;}", ".label-customizable {font-weight: 100;}"):
                self.api.set_ui_customization(**named, CSS=css)
                read = self.api.get_ui_customization(**named)["UICustomization"]
                self.assertEqual({name: read[name] for name in (*named, "CSS")}, {**named, "CSS": css})
                self.assertTrue(read["CSSVersion"] and read["CreationDate"] and read["LastModifiedDate"])
            self.api.set_ui_customization(**named)
            self.assertFalse(self.api.get_ui_customization(**named)["UICustomization"].get("CSS"))

    def test_log_delivery(self):
        # The state of aws_cognito_log_delivery_configuration is what Set answers. It is deleted by setting an empty list.
        configuration = lambda level, source, **to: {"EventSource": source, "LogLevel": level, **to}
        group = {"CloudWatchLogsConfiguration": {"LogGroupArn": "arn:aws:logs:us-east-1:123456789012:log-group:/aws/vendedlogs/x"}}
        bucket = {"S3Configuration": {"BucketArn": "arn:aws:s3:::bucket"}}
        stream = {"FirehoseConfiguration": {"StreamArn": "arn:aws:firehose:us-east-1:123456789012:deliverystream/s"}}
        for step in (
            [configuration("ERROR", "userNotification", **group)],
            [configuration("ERROR", "userNotification", **group), configuration("INFO", "userAuthEvents", **bucket)],
            [configuration("INFO", "userAuthEvents", **stream)],
            [],
        ):
            answer = self.api.set_log_delivery_configuration(UserPoolId=self.pool, LogConfigurations=step)
            read = self.api.get_log_delivery_configuration(UserPoolId=self.pool)
            self.assertEqual(answer["LogDeliveryConfiguration"], {"UserPoolId": self.pool, "LogConfigurations": step})
            self.assertEqual(read["LogDeliveryConfiguration"], answer["LogDeliveryConfiguration"])

    def test_managed_login_branding(self):
        # aws_cognito_managed_login_branding reads twice, and searches the client among all.
        client, other = self.client()["ClientId"], self.client()["ClientId"]
        settings = {"categories": {"global": {"colorSchemeMode": "LIGHT"}}, "components": {"form": {"borderRadius": 8.0}}}
        svg = b"<svg xmlns='http://www.w3.org/2000/svg'/>"
        asset = {"Category": "PAGE_BACKGROUND", "ColorMode": "DARK", "Extension": "SVG", "Bytes": svg}
        of_pool, kind = {"UserPoolId": self.pool}, "ManagedLoginBranding"
        made = self.api.create_managed_login_branding(**of_pool, ClientId=client, Settings=settings, Assets=[asset])[kind]
        named = {**of_pool, "ManagedLoginBrandingId": made["ManagedLoginBrandingId"]}
        describe = lambda merged: self.api.describe_managed_login_branding(**named, ReturnMergedResources=merged)[kind]
        self.assertEqual((describe(False)["Settings"], describe(False)["UseCognitoProvidedValues"]), (settings, False))
        self.assertEqual({name: describe(False)["Assets"][0][name] for name in asset}, asset)
        self.assertEqual(describe(True)["Settings"]["components"]["form"]["borderRadius"], 8.0)
        by_client = lambda client: self.api.describe_managed_login_branding_by_client(**of_pool, ClientId=client)[kind]
        self.assertEqual(by_client(client)["ManagedLoginBrandingId"], named["ManagedLoginBrandingId"])
        with self.assertRaises(self.api.exceptions.ResourceNotFoundException):
            by_client(other)
        self.api.update_managed_login_branding(**named, UseCognitoProvidedValues=True)
        self.assertTrue(describe(False)["UseCognitoProvidedValues"])
        self.api.delete_managed_login_branding(**named)
        with self.assertRaises(self.api.exceptions.ResourceNotFoundException):
            describe(False)


def without_dates(client):
    return {name: value for name, value in client.items() if name not in ("CreationDate", "LastModifiedDate")}


if __name__ == "__main__":
    unittest.main()
