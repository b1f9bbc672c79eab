import CognitoProvider from "next-auth/providers/cognito";

const { APP_URL, ISSUER, CLIENT_ID, CLIENT_SECRET } = process.env;

// Signing out of the application leaves the person signed in at Keystead; this address ends that sign-in, too.
const parameters = new URLSearchParams({ client_id: CLIENT_ID, logout_uri: APP_URL });
export const signOutUrl = `${new URL(ISSUER).origin}/logout?${parameters}`;

export const authOptions = {
  providers: [
    CognitoProvider({
      issuer: ISSUER,
      clientId: CLIENT_ID,
      clientSecret: CLIENT_SECRET,
      checks: ["pkce", "state", "nonce"],
      profile: (claims) => ({ id: claims.sub, name: claims["cognito:username"], email: claims.email }),
    }),
  ],
  callbacks: {
    redirect: ({ url, baseUrl }) => (url === signOutUrl ? url : new URL(new URL(url, baseUrl).pathname, baseUrl).href),
  },
};
