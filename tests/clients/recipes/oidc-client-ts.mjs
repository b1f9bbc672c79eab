import { UserManager } from "oidc-client-ts";

const users = new UserManager({
  authority: process.env.ISSUER,
  client_id: process.env.CLIENT_ID,
  redirect_uri: `${location.origin}/callback`,
  post_logout_redirect_uri: location.origin,
  scope: "openid email",
});

export const signIn = () => users.signinRedirect();
/** On the page of the redirect URI. */
export const signedIn = () => users.signinRedirectCallback();
export const currentUser = () => users.getUser();
/** Gets new tokens with the refresh token. */
export const renew = () => users.signinSilent();
/** Signs out of the application and of Keystead. */
export const signOut = () => users.signoutRedirect();
