import { ExpressAuth, getSession } from "@auth/express";
import Cognito from "@auth/express/providers/cognito";
import express from "express";

const { APP_URL, ISSUER, CLIENT_ID, CLIENT_SECRET } = process.env;

// Signing out of Auth.js leaves the person signed in at Keystead; this address ends that sign-in, too.
const signOutUrl = `${new URL(ISSUER).origin}/logout?${new URLSearchParams({ client_id: CLIENT_ID, logout_uri: APP_URL })}`;

const profile = (claims) => ({ id: claims.sub, name: claims["cognito:username"], email: claims.email });

const config = {
  providers: [Cognito({ issuer: ISSUER, clientId: CLIENT_ID, clientSecret: CLIENT_SECRET, profile })],
  secret: process.env.SESSION_SECRET,
  trustHost: true,
  callbacks: {
    redirect: ({ url, baseUrl }) => (url === signOutUrl ? url : new URL(new URL(url, baseUrl).pathname, baseUrl).href),
  },
};

const app = express();
// A pattern, because @auth/express reads a parameter without a name, which paths of Express 5 do not have.
app.use(/^\/auth\/(.*)/, ExpressAuth(config));
app.get("/", async (request, response) => {
  const session = await getSession(request, config);
  response.send(session ? `Signed in as ${session.user.email ?? session.user.name}` : "Signed out");
});
app.get("/logout", (request, response) => {
  response.redirect(`/auth/signout?${new URLSearchParams({ callbackUrl: signOutUrl })}`);
});
app.listen(new URL(APP_URL).port);
