//! The members of configurations: what an update does with a member that its request leaves out, and which value a
//! member has if nobody gave one. CreateUserPool, UpdateUserPool and their like use these tables to make the new
//! configuration, and tests compare the tables with the service model and with the answers of a server
//! (`tests/it/members.rs`).
//!
//! A source begins with how sure it is, as in docs/cognito.md. *documented* and *observed* are followed by where to look
//! it up. "Through CloudFormation" means that somebody left a member out of a CloudFormation resource, whose handler
//! calls the operation.
//!
//! To add a member, add a line to the tables of the operations that have it. `tests/it/members.rs` then asks for a value
//! to test it with.

use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Map, Value};

use crate::error::{Error, Result};

/// What an update does with a member that its request leaves out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LeftOut {
    /// The member gets its default again.
    Reset,
    /// The member stays as it is.
    Kept,
    /// Each part of the structure stays as it is, unless the request has this part. A part without members counts as
    /// left out.
    PartsKept,
    /// The operation adds the member to the request by a rule of its own; otherwise, the member is reset.
    Own(&'static str),
    /// The update cannot leave the member out: it says what is updated, or the model requires it.
    Never,
    /// Only the operation that creates has this member, and it never changes.
    AtCreation,
    /// `wire::refuse_unsupported` refuses all values that mean something. The others are ignored.
    Refused,
}

/// A member of the input of an operation that creates or updates something.
#[derive(Clone, Copy, Debug)]
pub struct Member {
    pub name: &'static str,
    pub left_out: LeftOut,
    /// The source of `left_out`; empty if the service model says it.
    pub source: &'static str,
    default: &'static str,
    /// The source of the default; empty if the member always has a value of its own.
    pub default_source: &'static str,
}

impl Member {
    const fn new(name: &'static str, left_out: LeftOut, source: &'static str) -> Self {
        Self { name, left_out, source, default: "", default_source: "" }
    }

    /// Sets the value that the member has, and that is read back, if nobody gave one. It is JSON text.
    const fn or(self, default: &'static str, source: &'static str) -> Self {
        Self { default, default_source: source, ..self }
    }

    /// Says that the member is not read back if nobody gave one.
    const fn or_nothing(self, source: &'static str) -> Self {
        Self { default_source: source, ..self }
    }

    /// Returns the value that the member has if nobody gave one; `None` means that it is not read back.
    pub fn default(&self) -> Option<Value> {
        let given = !self.default.is_empty();
        given.then(|| serde_json::from_str(self.default).expect("a test parses every default"))
    }
}

const fn reset(name: &'static str, source: &'static str) -> Member {
    Member::new(name, LeftOut::Reset, source)
}

const fn kept(name: &'static str, source: &'static str) -> Member {
    Member::new(name, LeftOut::Kept, source)
}

const fn never(name: &'static str) -> Member {
    Member::new(name, LeftOut::Never, "")
}

const fn at_creation(name: &'static str) -> Member {
    Member::new(name, LeftOut::AtCreation, "")
}

const fn refused(name: &'static str) -> Member {
    Member::new(name, LeftOut::Refused, "")
}

/// The members that one kind of configuration has.
pub struct Table {
    /// The operation that creates; `None` if what it configures always exists.
    pub create: Option<&'static str>,
    /// The operation that updates.
    pub update: &'static str,
    pub members: &'static [Member],
}

/// All tables.
pub static TABLES: &[&Table] = &[&POOL, &MFA, &SESSIONS, &CLIENT, &GROUP, &RESOURCE_SERVER, &DOMAIN];

const ASSUMED: &str = "assumed";
const POOL_REFERENCE: &str = "documented: reference: UpdateUserPool";
const POOL_EXAMPLE: &str = "documented: aws-cli, awscli/examples/cognito-idp/create-user-pool.rst";
const MINIMAL_POOL: &str = "observed: go-to-k/cdk-real-drift pull requests 305, 1187, through CloudFormation";

pub static POOL: Table = Table {
    create: Some("CreateUserPool"),
    update: "UpdateUserPool",
    members: &[
        never("UserPoolId"),
        kept("PoolName", ASSUMED),
        at_creation("Schema").or_nothing("observed: go-to-k/cdk-real-drift issue 629: 21 standard attributes"),
        at_creation("AliasAttributes").or_nothing(POOL_EXAMPLE),
        at_creation("UsernameAttributes").or_nothing(POOL_EXAMPLE),
        at_creation("UsernameConfiguration").or_nothing(POOL_EXAMPLE),
        Member::new(
            "Policies",
            LeftOut::PartsKept,
            "observed: go-to-k/cdkd issue 1968, pull request 1982; go-to-k/cdk-real-drift issue 702",
        )
        // The types in `store::pools` have the defaults of the parts.
        .or("{}", "observed: go-to-k/cdk-real-drift pull request 710, issue 1701"),
        kept("DeletionProtection", "observed: go-to-k/cdk-real-drift issue 630, through CloudFormation")
            .or(r#""INACTIVE""#, MINIMAL_POOL),
        Member::new(
            "LambdaConfig",
            LeftOut::Own("reset, but kept if the operator's key is bound to one user pool"),
            "observed: serverless issues 7510, 9635; documented: guide: Updating user pool and app client configuration",
        )
        .or("{}", POOL_EXAMPLE),
        reset("AutoVerifiedAttributes", "observed: go-to-k/cdkd issue 1968, serverless issue 6499")
            .or_nothing(POOL_EXAMPLE),
        reset("SmsVerificationMessage", POOL_REFERENCE).or_nothing(POOL_EXAMPLE),
        reset("EmailVerificationMessage", POOL_REFERENCE).or_nothing(POOL_EXAMPLE),
        reset("EmailVerificationSubject", POOL_REFERENCE).or_nothing(POOL_EXAMPLE),
        reset("VerificationMessageTemplate", "observed: aws/serverless-application-model issue 1548")
            .or(r#"{"DefaultEmailOption": "CONFIRM_WITH_CODE"}"#, MINIMAL_POOL),
        reset("SmsAuthenticationMessage", POOL_REFERENCE).or_nothing(POOL_EXAMPLE),
        kept(
            "UserAttributeUpdateSettings",
            "observed: terraform-provider-aws, internal/service/cognitoidp/user_pool.go; ekristen/aws-nuke issue 477",
        )
        .or(r#"{"AttributesRequireVerificationBeforeUpdate": []}"#, "observed: aws-cli issue 7151"),
        kept("MfaConfiguration", "observed: go-to-k/cdkd issue 1968, pull request 1965").or(r#""OFF""#, POOL_EXAMPLE),
        reset("DeviceConfiguration", "observed: terraform-provider-aws issue 16799").or_nothing(POOL_EXAMPLE),
        reset("EmailConfiguration", "observed: aws/serverless-application-model issue 1548")
            .or(r#"{"EmailSendingAccount": "COGNITO_DEFAULT"}"#, MINIMAL_POOL),
        reset(
            "SmsConfiguration",
            "documented: guide: Updating user pool and app client configuration; reference: UpdateUserPool",
        )
        .or_nothing(POOL_EXAMPLE),
        // The reference and aws-cli issue 3302 say that tags are reset. But Terraform's provider leaves them out of
        // every update and plans nothing afterwards.
        kept("UserPoolTags", "observed: terraform-provider-aws, internal/service/cognitoidp/user_pool.go").or("{}", ASSUMED),
        reset("AdminCreateUserConfig", POOL_REFERENCE)
            .or(r#"{"AllowAdminCreateUserOnly": false, "UnusedAccountValidityDays": 7}"#, POOL_EXAMPLE),
        reset("UserPoolAddOns", POOL_REFERENCE).or_nothing(POOL_EXAMPLE),
        refused("DcrConfiguration").or_nothing(ASSUMED),
        reset("AccountRecoverySetting", POOL_REFERENCE).or(
            r#"{"RecoveryMechanisms": [{"Priority": 1, "Name": "verified_email"},
                {"Priority": 2, "Name": "verified_phone_number"}]}"#,
            MINIMAL_POOL,
        ),
        kept("UserPoolTier", "documented: reference: UpdateUserPool, quoted in go-to-k/cdkd issue 1968")
            .or(r#""ESSENTIALS""#, MINIMAL_POOL),
        refused("KeyConfiguration").or(r#"{"KeyType": "AWS_OWNED_KEY"}"#, MINIMAL_POOL),
        refused("IssuerConfiguration").or(r#"{"Type": "ORIGINAL"}"#, MINIMAL_POOL),
        reset("AcrConfiguration", POOL_REFERENCE).or(
            r#"{"Level1": {"AcrValue": "urn:cognito:loa:1"}, "Level2": {"AcrValue": "urn:cognito:loa:2"},
                "Level3": {"AcrValue": "urn:cognito:loa:3"}, "Level4": {"AcrValue": "urn:cognito:loa:4"}}"#,
            ASSUMED,
        ),
    ],
};

const MFA_MEASURED: &str = "observed: go-to-k/cdkd issue 1968, pull request 1982";

pub static MFA: Table = Table {
    create: None,
    update: "SetUserPoolMfaConfig",
    members: &[
        never("UserPoolId"),
        reset("MfaConfiguration", MFA_MEASURED).or(r#""OFF""#, POOL_EXAMPLE),
        reset("SoftwareTokenMfaConfiguration", MFA_MEASURED).or_nothing(ASSUMED),
        reset("SmsMfaConfiguration", ASSUMED).or_nothing(ASSUMED),
        reset("EmailMfaConfiguration", ASSUMED).or_nothing(ASSUMED),
        Member::new(
            "WebAuthnConfiguration",
            LeftOut::Own("FactorConfiguration is reset to SINGLE_FACTOR, the rest is kept"),
            "observed: measured by go-to-k/cdkd, 2026-09-23 (docs/cognito.md 3.1)",
        )
        .or_nothing(ASSUMED),
    ],
};

pub static SESSIONS: Table = Table {
    create: None,
    update: "SetUserPoolSessionConfiguration",
    members: &[never("UserPoolId"), never("UserSessionTracking"), never("TokenSession")],
};

const CLIENT_REFERENCE: &str = "documented: reference: UpdateUserPoolClient";
const CLIENT_EXAMPLE: &str = "documented: aws-cli, awscli/examples/cognito-idp/create-user-pool-client.rst";
const OAUTH_CLEARED: &str = "observed: jmaleonard/serverless-cognito-add-custom-attributes issue 11";
const MINIMAL_CLIENT: &str = "observed: go-to-k/cdk-real-drift issue 1689, through CloudFormation";
const TERRAFORM_CLIENT: &str =
    "observed: terraform-provider-aws, internal/service/cognitoidp/user_pool_client_data_source_test.go";

pub static CLIENT: Table = Table {
    create: Some("CreateUserPoolClient"),
    update: "UpdateUserPoolClient",
    members: &[
        never("UserPoolId"),
        never("ClientId"),
        kept("ClientName", ASSUMED),
        at_creation("GenerateSecret").or_nothing(CLIENT_EXAMPLE),
        at_creation("ClientSecret").or_nothing(CLIENT_EXAMPLE),
        kept("RefreshTokenValidity", "observed: go-to-k/cdk-real-drift issues 1613, 1689, through CloudFormation")
            .or("30", MINIMAL_CLIENT),
        // Like the lifetime of refresh tokens, because `TokenValidityUnits` has the units of all three.
        kept("AccessTokenValidity", ASSUMED).or_nothing(CLIENT_EXAMPLE),
        kept("IdTokenValidity", ASSUMED).or_nothing(CLIENT_EXAMPLE),
        kept(
            "TokenValidityUnits",
            "observed: aws-amplify/amplify-cli pull request 10706, through CloudFormation; \
             terraform-provider-aws, internal/service/cognitoidp/user_pool_client.go",
        )
        .or("{}", TERRAFORM_CLIENT),
        reset("ReadAttributes", "observed: rosberglinhares/CloudFormationCognitoCustomResources pull request 7")
            .or_nothing(CLIENT_EXAMPLE),
        reset("WriteAttributes", "observed: rosberglinhares/CloudFormationCognitoCustomResources pull request 7")
            .or_nothing(CLIENT_EXAMPLE),
        // By default, refreshing tokens, SRP and custom challenges are allowed (reference: CreateUserPoolClient).
        reset("ExplicitAuthFlows", "observed: boto3 issue 1607").or_nothing("observed: boto3 issue 1607"),
        reset("SupportedIdentityProviders", OAUTH_CLEARED).or_nothing(CLIENT_EXAMPLE),
        reset("CallbackURLs", OAUTH_CLEARED).or_nothing(CLIENT_EXAMPLE),
        reset("LogoutURLs", OAUTH_CLEARED).or_nothing(CLIENT_EXAMPLE),
        reset("DefaultRedirectURI", CLIENT_REFERENCE).or_nothing(CLIENT_EXAMPLE),
        reset("AllowedOAuthFlows", OAUTH_CLEARED).or_nothing(CLIENT_EXAMPLE),
        reset("AllowedOAuthScopes", OAUTH_CLEARED).or_nothing(CLIENT_EXAMPLE),
        reset("AllowedOAuthFlowsUserPoolClient", OAUTH_CLEARED).or("false", CLIENT_EXAMPLE),
        reset("AnalyticsConfiguration", CLIENT_REFERENCE).or_nothing(TERRAFORM_CLIENT),
        reset("PreventUserExistenceErrors", CLIENT_REFERENCE).or_nothing(CLIENT_EXAMPLE),
        kept("EnableTokenRevocation", MINIMAL_CLIENT).or("true", MINIMAL_CLIENT),
        refused("EnablePropagateAdditionalUserContextData")
            .or("false", "observed: go-to-k/cdk-real-drift, through CloudFormation"),
        kept("AuthSessionValidity", MINIMAL_CLIENT).or("3", MINIMAL_CLIENT),
        kept("RefreshTokenRotation", "observed: terraform-provider-aws issue 47196, pull request 47374")
            .or_nothing(TERRAFORM_CLIENT),
        refused("PublishSecretsInAWSSecretsManager").or_nothing(ASSUMED),
    ],
};

const GROUP_KEPT: &str =
    "observed: terraform-provider-aws, internal/service/cognitoidp/user_group.go; documented: reference: UpdateGroup";

pub static GROUP: Table = Table {
    create: Some("CreateGroup"),
    update: "UpdateGroup",
    members: &[
        never("UserPoolId"),
        never("GroupName"),
        kept("Description", GROUP_KEPT).or_nothing("documented: reference: CreateGroup"),
        kept("RoleArn", GROUP_KEPT).or_nothing("documented: reference: CreateGroup"),
        kept("Precedence", GROUP_KEPT).or_nothing("documented: reference: CreateGroup"),
    ],
};

pub static RESOURCE_SERVER: Table = Table {
    create: Some("CreateResourceServer"),
    update: "UpdateResourceServer",
    members: &[
        never("UserPoolId"),
        never("Identifier"),
        never("Name"),
        reset("Scopes", "documented: reference: UpdateResourceServer").or_nothing(ASSUMED),
    ],
};

pub static DOMAIN: Table = Table {
    create: Some("CreateUserPoolDomain"),
    update: "UpdateUserPoolDomain",
    members: &[
        never("UserPoolId"),
        never("Domain"),
        kept("ManagedLoginVersion", ASSUMED).or("1", ASSUMED),
        Member::new(
            "CustomDomainConfig",
            LeftOut::Own("a custom domain cannot become a prefix, so its update is refused"),
            "observed: terraform-provider-aws issue 43248",
        )
        // DescribeUserPoolDomain shows an empty structure.
        .or_nothing("documented: aws-cli, awscli/examples/cognito-idp/describe-user-pool-domain.rst"),
        refused("Routing").or_nothing(ASSUMED),
    ],
};

impl Table {
    /// Makes a new configuration from a request.
    pub fn created<T: DeserializeOwned>(&self, request: &impl Serialize) -> Result<T> {
        parsed(self.merged(Map::new(), &object(request)?))
    }

    /// Makes the configuration that follows the one before, from a request to update it.
    pub fn updated<T: DeserializeOwned>(&self, before: &impl Serialize, request: &impl Serialize) -> Result<T> {
        parsed(self.merged(object(before)?, &object(request)?))
    }

    /// Changes a configuration (empty if it is new) as a request says. Members that this table does not have stay.
    pub fn merged(&self, before: Map<String, Value>, request: &Map<String, Value>) -> Map<String, Value> {
        let mut out = before;
        for member in self.members {
            match (request.get(member.name), member.left_out) {
                (_, LeftOut::Refused) | (None, LeftOut::Reset | LeftOut::Own(_)) => {
                    out.remove(member.name);
                }
                (Some(Value::Object(parts)), LeftOut::PartsKept) => {
                    let given = |part: &Value| part.as_object().is_none_or(|part| !part.is_empty());
                    let parts =
                        parts.iter().filter(|(_, part)| given(part)).map(|(name, part)| (name.clone(), part.clone()));
                    match out.get_mut(member.name).and_then(Value::as_object_mut) {
                        Some(before) => before.extend(parts),
                        None => {
                            out.insert(member.name.to_owned(), Value::Object(parts.collect()));
                        }
                    }
                }
                (Some(given), _) => {
                    out.insert(member.name.to_owned(), given.clone());
                }
                (None, _) => {}
            }
        }
        self.add_defaults(&mut out);
        out
    }

    /// Adds the defaults of members that a configuration does not have. Configurations that an earlier release wrote may
    /// lack members that it did not know.
    pub fn add_defaults(&self, configuration: &mut Map<String, Value>) {
        for (member, default) in self.members.iter().filter_map(|member| Some((member, member.default()?))) {
            configuration.entry(member.name).or_insert(default);
        }
    }
}

/// Returns a structure of the API as a JSON object.
pub fn object(structure: &impl Serialize) -> Result<Map<String, Value>> {
    match serde_json::to_value(structure).map_err(Error::internal)? {
        Value::Object(members) => Ok(members),
        other => Err(Error::internal(format!("a structure is a JSON object, not {other}"))),
    }
}

/// Reads a structure of the API from a JSON object.
pub fn parsed<T: DeserializeOwned>(members: Map<String, Value>) -> Result<T> {
    serde_json::from_value(Value::Object(members)).map_err(|_| Error::Serialization(None))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use serde_json::json;

    use super::*;
    use crate::{operations::SUPPORTED, wire};

    /// Operations with the names of updates that no table describes, each with the reason.
    const OTHERS: &[(&str, &str)] = &[
        ("AdminSetUserMFAPreference", "each of its members is about one factor, and those left out stay"),
        ("AdminSetUserPassword", "it sets one password"),
        ("AdminSetUserSettings", "it replaces the one list of settings"),
        ("AdminUpdateDeviceStatus", "it sets one status"),
        ("AdminUpdateUserAttributes", "it changes the attributes that it lists"),
        ("SetLogDeliveryConfiguration", "it replaces the one list"),
        ("SetRiskConfiguration", "it replaces all parts, and those left out are gone"),
        ("SetUICustomization", "it replaces the whole customization"),
        ("SetUserMFAPreference", "each of its members is about one factor, and those left out stay"),
        ("SetUserPoolBranding", "Amazon Cognito has no such operation; it replaces all"),
        ("SetUserPoolPasskeyPolicy", "Amazon Cognito has no such operation; it replaces all"),
        ("SetUserPoolTokenSigning", "Amazon Cognito has no such operation; it demands an algorithm"),
        ("SetUserPoolClientSessionConfiguration", "the service model requires all of its members"),
        ("SetUserSettings", "it replaces the one list of settings"),
        ("UpdateDeviceStatus", "it sets one status"),
        ("UpdateManagedLoginBranding", "settings and assets that are left out stay"),
        ("UpdateTerms", "members that are left out stay"),
        ("UpdateUserAttributes", "it changes the attributes that it lists"),
        ("UpdateWebAuthnCredential", "Amazon Cognito has no such operation; it sets one name"),
    ];

    #[test]
    fn every_update_has_a_table_or_needs_none() {
        let updates =
            |name: &&&str| ["Update", "Set", "AdminUpdate", "AdminSet"].iter().any(|verb| name.starts_with(verb));
        let found: BTreeSet<_> = SUPPORTED.iter().filter(updates).copied().collect();
        let tables = TABLES.iter().map(|table| table.update);
        let described: BTreeSet<_> = tables.chain(OTHERS.iter().map(|(name, _)| *name)).collect();
        assert_eq!(found, described);
    }

    #[test]
    fn the_tables_have_exactly_the_members_of_the_service_model() {
        for table in TABLES {
            let inputs = |operation| wire::sample_input(operation).as_object().expect("an input").clone();
            let (created, updated) = (table.create.map(inputs).unwrap_or_default(), inputs(table.update));
            let model: BTreeSet<_> = created.keys().chain(updated.keys()).map(String::as_str).collect();
            let names: BTreeSet<_> = table.members.iter().map(|member| member.name).collect();
            assert_eq!(names, model, "{}", table.update);
            assert_eq!(names.len(), table.members.len(), "{}: a member is there twice", table.update);
            for member in table.members {
                let fixed = member.left_out == LeftOut::AtCreation;
                assert_eq!(!updated.contains_key(member.name), fixed, "{}.{}", table.update, member.name);
            }
        }
    }

    #[test]
    fn every_rule_and_every_default_has_a_source() {
        for (table, member) in TABLES.iter().flat_map(|table| table.members.iter().map(move |member| (table, member))) {
            let ruled = !matches!(member.left_out, LeftOut::Never | LeftOut::AtCreation | LeftOut::Refused);
            let sources = [(ruled, member.source), (ruled || member.default().is_some(), member.default_source)];
            // A name has no default.
            let sources = sources.into_iter().take(if member.name.ends_with("Name") { 1 } else { 2 });
            for (_, source) in sources.filter(|(needed, source)| *needed || !source.is_empty()) {
                let sure =
                    ["documented: ", "observed: "].iter().any(|how| source.starts_with(how)) || source == ASSUMED;
                assert!(sure, "{}.{}: {source:?}", table.update, member.name);
            }
        }
    }

    #[test]
    fn what_is_refused_is_refused_in_both_operations() {
        for table in TABLES {
            for member in table.members.iter().filter(|member| member.left_out == LeftOut::Refused) {
                for operation in table.create.into_iter().chain([table.update]) {
                    let sample = wire::sample_input(operation);
                    let alone = [(member.name.to_owned(), sample[member.name].clone())].into_iter().collect();
                    // The value that is read back may be sent again.
                    let read = member.default().map(|value| [(member.name.to_owned(), value)].into_iter().collect());
                    let same = read.as_ref() == Some(&alone);
                    assert_eq!(
                        wire::refuse_unsupported(operation, &alone).is_ok(),
                        same,
                        "{operation}.{}",
                        member.name
                    );
                    let read = read.map_or(Ok(()), |read| wire::refuse_unsupported(operation, &read));
                    assert!(read.is_ok(), "{operation}.{}", member.name);
                }
            }
        }
    }

    static SAMPLE: Table = Table {
        create: None,
        update: "",
        members: &[
            never("Id"),
            reset("Reset", ""),
            reset("Default", "").or("1", ""),
            kept("Kept", "").or("2", ""),
            Member::new("Parts", LeftOut::PartsKept, "").or("{}", ""),
            Member::new("Own", LeftOut::Own(""), ""),
            at_creation("Fixed"),
            refused("Refused").or("false", ""),
        ],
    };

    fn merged(before: Value, request: Value) -> Value {
        let map = |value: Value| value.as_object().expect("an object").clone();
        Value::Object(SAMPLE.merged(map(before), &map(request)))
    }

    #[test]
    fn a_new_configuration_has_what_is_given_and_the_defaults() {
        assert_eq!(merged(json!({}), json!({})), json!({"Default": 1, "Kept": 2, "Parts": {}, "Refused": false}));
        let request =
            json!({"Id": 0, "Reset": 3, "Kept": 4, "Fixed": 5, "Refused": 6, "Parts": {"A": {}, "B": {"x": 1}}});
        let expected = json!({"Id": 0, "Reset": 3, "Default": 1, "Kept": 4, "Fixed": 5, "Refused": false,
            "Parts": {"B": {"x": 1}}});
        assert_eq!(merged(json!({}), request), expected);
    }

    #[test]
    fn an_update_follows_the_rule_of_each_member() {
        let before = json!({"Id": 0, "Reset": 3, "Default": 7, "Kept": 4, "Fixed": 5, "Own": 8, "Refused": false, "Other": 9,
            "Parts": {"A": {"x": 1}, "B": {"x": 1}}});
        let expected = json!({"Id": 0, "Default": 1, "Kept": 4, "Fixed": 5, "Refused": false, "Other": 9,
            "Parts": {"A": {"x": 1}, "B": {"x": 1}}});
        assert_eq!(merged(before.clone(), json!({})), expected);
        let request = json!({"Reset": 1, "Own": 2, "Kept": 3, "Parts": {"A": {}, "B": {"y": 2}, "C": [1]}});
        let expected = json!({"Id": 0, "Reset": 1, "Default": 1, "Kept": 3, "Fixed": 5, "Own": 2, "Refused": false, "Other": 9,
            "Parts": {"A": {"x": 1}, "B": {"y": 2}, "C": [1]}});
        assert_eq!(merged(before, request), expected);
    }
}
