/** Templates as people write them by hand and as older tools generate them. Each function gets the stage (see stacks.mjs). */

/** What Amplify Gen 1 generates for `amplify add auth` (aws-amplify/amplify-cli, packages/amplify-category-auth). */
function amplifyGen1() {
  const text = (Default) => ({ Type: "String", Default });
  const list = (Default) => ({ Type: "CommaDelimitedList", Default });
  const number = (Default) => ({ Type: "Number", Default });
  return {
    AWSTemplateFormatVersion: "2010-09-09",
    Parameters: {
      env: text("dev"),
      userPoolName: text("app_userpool"),
      usernameAttributes: list("email"),
      autoVerifiedAttributes: list("email"),
      mfaConfiguration: text("OPTIONAL"),
      mfaTypes: list("SMS Text Message, TOTP"),
      smsAuthenticationMessage: text("Your authentication code is {####}"),
      smsVerificationMessage: text("Your verification code is {####}"),
      emailVerificationSubject: text("Your verification code"),
      emailVerificationMessage: text("Your verification code is {####}"),
      passwordPolicyMinLength: number(8),
      passwordPolicyCharacters: list(""),
      requiredAttributes: list("email"),
      userpoolClientGenerateSecret: text("false"),
      userpoolClientRefreshTokenValidity: number(30),
      userpoolClientWriteAttributes: list("email"),
      userpoolClientReadAttributes: list("email"),
      usernameCaseSensitive: text("false"),
      useEnabledMfas: text("true"),
    },
    Conditions: { ShouldNotCreateEnvResources: { "Fn::Equals": [{ Ref: "env" }, "NONE"] } },
    Resources: {
      SNSRole: {
        Type: "AWS::IAM::Role",
        Properties: {
          RoleName: { "Fn::If": ["ShouldNotCreateEnvResources", "sns", { "Fn::Join": ["", ["sns", "-", { Ref: "env" }]] }] },
        },
      },
      UserPool: {
        Type: "AWS::Cognito::UserPool",
        UpdateReplacePolicy: "Retain",
        Properties: {
          UserPoolName: {
            "Fn::If": [
              "ShouldNotCreateEnvResources",
              { Ref: "userPoolName" },
              { "Fn::Join": ["", [{ Ref: "userPoolName" }, "-", { Ref: "env" }]] },
            ],
          },
          UsernameConfiguration: { CaseSensitive: false },
          Schema: [{ Name: "email", Required: true, Mutable: true }],
          AutoVerifiedAttributes: { Ref: "autoVerifiedAttributes" },
          EmailVerificationMessage: { Ref: "emailVerificationMessage" },
          EmailVerificationSubject: { Ref: "emailVerificationSubject" },
          Policies: {
            PasswordPolicy: {
              MinimumLength: { Ref: "passwordPolicyMinLength" },
              RequireLowercase: false,
              RequireNumbers: false,
              RequireSymbols: false,
              RequireUppercase: false,
            },
          },
          UsernameAttributes: { Ref: "usernameAttributes" },
          MfaConfiguration: { Ref: "mfaConfiguration" },
          EnabledMfas: ["SMS_MFA", "SOFTWARE_TOKEN_MFA"],
          SmsVerificationMessage: { Ref: "smsVerificationMessage" },
          SmsAuthenticationMessage: { Ref: "smsAuthenticationMessage" },
          SmsConfiguration: { SnsCallerArn: { "Fn::GetAtt": ["SNSRole", "Arn"] }, ExternalId: "app_role_external_id" },
        },
      },
      UserPoolClientWeb: {
        Type: "AWS::Cognito::UserPoolClient",
        DependsOn: "UserPool",
        Properties: {
          ClientName: "app_app_clientWeb",
          RefreshTokenValidity: { Ref: "userpoolClientRefreshTokenValidity" },
          TokenValidityUnits: { RefreshToken: "days" },
          UserPoolId: { Ref: "UserPool" },
        },
      },
      UserPoolClient: {
        Type: "AWS::Cognito::UserPoolClient",
        DependsOn: "UserPool",
        Properties: {
          ClientName: "app_app_client",
          GenerateSecret: { Ref: "userpoolClientGenerateSecret" },
          RefreshTokenValidity: { Ref: "userpoolClientRefreshTokenValidity" },
          TokenValidityUnits: { RefreshToken: "days" },
          UserPoolId: { Ref: "UserPool" },
        },
      },
      IdentityPool: {
        Type: "AWS::Cognito::IdentityPool",
        DependsOn: ["UserPoolClient", "UserPoolClientWeb"],
        Properties: {
          AllowUnauthenticatedIdentities: false,
          CognitoIdentityProviders: [
            {
              ClientId: { Ref: "UserPoolClient" },
              ProviderName: {
                "Fn::Sub": [
                  "cognito-idp.${region}.amazonaws.com/${client}",
                  { region: { Ref: "AWS::Region" }, client: { Ref: "UserPool" } },
                ],
              },
            },
          ],
        },
      },
    },
    Outputs: {
      UserPoolId: { Value: { Ref: "UserPool" } },
      UserPoolArn: { Value: { "Fn::GetAtt": ["UserPool", "Arn"] } },
      AppClientIDWeb: { Value: { Ref: "UserPoolClientWeb" } },
      AppClientID: { Value: { Ref: "UserPoolClient" } },
    },
  };
}

export const cfn = {
  "amplify gen 1": amplifyGen1,

  // YAML that quotes its scalars, as many tutorials for the Serverless Framework and SAM do.
  "written by hand: numbers and booleans as text": (stage) => ({
    Resources: {
      CognitoUserPool: {
        Type: "AWS::Cognito::UserPool",
        Properties: {
          UserPoolName: { "Fn::Sub": "${AWS::StackName}-users" },
          UsernameAttributes: ["email", "phone_number"],
          AutoVerifiedAttributes: ["email"],
          Policies: {
            PasswordPolicy: {
              MinimumLength: "6",
              RequireLowercase: "False".toLowerCase(),
              RequireNumbers: "false",
              RequireSymbols: "false",
              RequireUppercase: "false",
              TemporaryPasswordValidityDays: "1",
            },
          },
          AdminCreateUserConfig: {
            AllowAdminCreateUserOnly: "false",
            InviteMessageTemplate: { EmailSubject: "Hi", EmailMessage: "{username}: {####}" },
          },
          Schema: [
            { Name: "email", AttributeDataType: "String", Mutable: "false", Required: "true" },
            {
              Name: "tenant",
              AttributeDataType: "String",
              Mutable: "true",
              StringAttributeConstraints: { MinLength: "1", MaxLength: 256 },
            },
            { Name: "score", AttributeDataType: "Number", NumberAttributeConstraints: { MinValue: -1, MaxValue: "100" } },
            { Name: "secret", AttributeDataType: "String", DeveloperOnlyAttribute: "true", Mutable: "true" },
          ],
        },
      },
      CognitoUserPoolClient: {
        Type: "AWS::Cognito::UserPoolClient",
        Properties: {
          ClientName: { "Fn::Sub": "${AWS::StackName}-client" },
          UserPoolId: { Ref: "CognitoUserPool" },
          ExplicitAuthFlows:
            stage === 0 ? ["ADMIN_NO_SRP_AUTH", "USER_PASSWORD_AUTH"] : ["ALLOW_USER_SRP_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"],
          GenerateSecret: "false",
          RefreshTokenValidity: "7",
          AccessTokenValidity: "60",
          TokenValidityUnits: { AccessToken: "minutes" },
        },
      },
    },
    Outputs: { Issuer: { Value: { "Fn::GetAtt": "CognitoUserPool.ProviderURL" } } },
  }),

  "written by hand: a machine's client": () => ({
    Parameters: { Stage: { Type: "String", Default: "prod", AllowedValues: ["dev", "prod"] } },
    Conditions: { IsProd: { "Fn::Equals": [{ Ref: "Stage" }, "prod"] } },
    Mappings: { Names: { prod: { pool: "production" }, dev: { pool: "development" } } },
    Resources: {
      Pool: {
        Type: "AWS::Cognito::UserPool",
        Properties: {
          UserPoolName: { "Fn::FindInMap": ["Names", { Ref: "Stage" }, "pool"] },
          AdminCreateUserConfig: { AllowAdminCreateUserOnly: true },
          AccountRecoverySetting: { RecoveryMechanisms: [{ Name: "admin_only", Priority: 1 }] },
          DeviceConfiguration: { "Fn::If": ["IsProd", { ChallengeRequiredOnNewDevice: true }, { Ref: "AWS::NoValue" }] },
          MfaConfiguration: "OFF",
        },
      },
      Api: {
        Type: "AWS::Cognito::UserPoolResourceServer",
        Properties: {
          UserPoolId: { Ref: "Pool" },
          Identifier: "api",
          Name: "The API",
          Scopes: [
            { ScopeName: "orders.read", ScopeDescription: "Read orders" },
            { ScopeName: "orders.write", ScopeDescription: "Write orders" },
          ],
        },
      },
      Machine: {
        Type: "AWS::Cognito::UserPoolClient",
        Properties: {
          UserPoolId: { Ref: "Pool" },
          GenerateSecret: true,
          AllowedOAuthFlows: ["client_credentials"],
          AllowedOAuthFlowsUserPoolClient: true,
          AllowedOAuthScopes: [{ "Fn::Join": ["/", [{ Ref: "Api" }, "orders.read"]] }, "api/orders.write"],
          AccessTokenValidity: 1,
          ExplicitAuthFlows: [],
          SupportedIdentityProviders: ["COGNITO"],
        },
      },
    },
  }),
};
