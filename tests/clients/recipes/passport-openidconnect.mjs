import express from "express";
import session from "express-session";
import passport from "passport";
import Strategy from "passport-openidconnect";

const { APP_URL, ISSUER, CLIENT_ID, CLIENT_SECRET } = process.env;
const discovery = await (await fetch(`${ISSUER}/.well-known/openid-configuration`)).json();

const settings = {
  issuer: discovery.issuer,
  authorizationURL: discovery.authorization_endpoint,
  tokenURL: discovery.token_endpoint,
  userInfoURL: discovery.userinfo_endpoint,
  clientID: CLIENT_ID,
  clientSecret: CLIENT_SECRET,
  callbackURL: `${APP_URL}/callback`,
  scope: "email",
};
passport.use(
  new Strategy(settings, (issuer, profile, context, idToken, done) => {
    // Its profile of somebody without an address has only the `sub`.
    done(null, { name: profile.emails?.[0].value ?? profile.id, idToken });
  }),
);
passport.serializeUser((user, done) => done(null, user));
passport.deserializeUser((user, done) => done(null, user));

const app = express();
app.use(session({ secret: process.env.SESSION_SECRET, resave: false, saveUninitialized: false }));
app.use(passport.session());
app.get("/", (request, response) => response.send(request.user ? `Signed in as ${request.user.name}` : "Signed out"));
app.get("/login", passport.authenticate("openidconnect"));
app.get("/callback", passport.authenticate("openidconnect", { successRedirect: "/", failureRedirect: "/" }));
app.get("/logout", (request, response) => {
  const parameters = { id_token_hint: request.user.idToken, post_logout_redirect_uri: APP_URL };
  request.logout(() => response.redirect(`${discovery.end_session_endpoint}?${new URLSearchParams(parameters)}`));
});
app.listen(new URL(APP_URL).port);
