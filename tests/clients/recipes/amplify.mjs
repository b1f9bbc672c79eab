import { Amplify } from "aws-amplify";
import { signIn } from "aws-amplify/auth";

Amplify.configure({
  Auth: {
    Cognito: {
      userPoolId: process.env.POOL,
      userPoolClientId: process.env.CLIENT,
      userPoolEndpoint: process.env.AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER,
      passwordless: { webAuthn: { relyingPartyId: "localhost" }, emailOtpEnabled: true, preferredChallenge: "WEB_AUTHN" },
    },
  },
});

/** Uses the person's passkey. If there is none, `nextStep` names the factors that are available. */
export const signInWithPasskey = (username) => signIn({ username, options: { authFlowType: "USER_AUTH" } });
