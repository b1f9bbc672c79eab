import express from "express";
import { auth } from "express-openid-connect";

const { APP_URL, ISSUER, CLIENT_ID, CLIENT_SECRET } = process.env;
const app = express();

// It adds /login, /logout and /callback.
app.use(
  auth({
    issuerBaseURL: ISSUER,
    baseURL: APP_URL,
    clientID: CLIENT_ID,
    clientSecret: CLIENT_SECRET,
    secret: process.env.SESSION_SECRET,
    authRequired: false,
    idpLogout: true,
    authorizationParams: { response_type: "code", scope: "openid email" },
  }),
);
app.get("/", (request, response) => {
  const { user } = request.oidc;
  response.send(user ? `Signed in as ${user.email ?? user["cognito:username"]}` : "Signed out");
});
app.listen(new URL(APP_URL).port);
