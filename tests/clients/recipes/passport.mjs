import express from "express";
import session from "express-session";
import * as client from "openid-client";
import { Strategy } from "openid-client/passport";
import passport from "passport";

const { APP_URL, ISSUER, CLIENT_ID, CLIENT_SECRET } = process.env;
// openid-client refuses http without this.
const execute = ISSUER.startsWith("http://localhost") ? [client.allowInsecureRequests] : [];
const config = await client.discovery(new URL(ISSUER), CLIENT_ID, CLIENT_SECRET, undefined, { execute });

const verify = (tokens, done) => {
  const claims = tokens.claims();
  done(null, { name: claims.email ?? claims["cognito:username"], idToken: tokens.id_token });
};
passport.use("keystead", new Strategy({ config, scope: "openid email", callbackURL: `${APP_URL}/callback` }, verify));
passport.serializeUser((user, done) => done(null, user));
passport.deserializeUser((user, done) => done(null, user));

const app = express();
app.use(session({ secret: process.env.SESSION_SECRET, resave: false, saveUninitialized: false }));
app.use(passport.session());
app.get("/", (request, response) => response.send(request.user ? `Signed in as ${request.user.name}` : "Signed out"));
app.get("/login", passport.authenticate("keystead"));
app.get("/callback", passport.authenticate("keystead", { successRedirect: "/", failureRedirect: "/" }));
app.get("/logout", (request, response) => {
  const parameters = { id_token_hint: request.user.idToken, post_logout_redirect_uri: APP_URL };
  request.logout(() => response.redirect(client.buildEndSessionUrl(config, parameters).href));
});
app.listen(new URL(APP_URL).port);
