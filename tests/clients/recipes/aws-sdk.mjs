import { CognitoIdentityProvider } from "@aws-sdk/client-cognito-identity-provider";

// On a server, the address, the region and the keys come from the environment. In a browser, pass `endpoint` and `region`.
const cognito = new CognitoIdentityProvider();

export async function signIn(ClientId, USERNAME, PASSWORD) {
  const AuthParameters = { USERNAME, PASSWORD };
  const answer = await cognito.initiateAuth({ ClientId, AuthFlow: "USER_PASSWORD_AUTH", AuthParameters });
  return answer.AuthenticationResult.AccessToken;
}

export async function deletePasskeys(AccessToken) {
  const { Credentials } = await cognito.listWebAuthnCredentials({ AccessToken });
  for (const { CredentialId } of Credentials) await cognito.deleteWebAuthnCredential({ AccessToken, CredentialId });
}
