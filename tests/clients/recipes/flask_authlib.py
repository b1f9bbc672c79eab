import os
from urllib.parse import urlencode

from authlib.integrations.flask_client import OAuth
from flask import Flask, redirect, session

APP_URL, ISSUER = os.environ["APP_URL"], os.environ["ISSUER"]

app = Flask(__name__)
app.secret_key = os.environ["SESSION_SECRET"]
oauth = OAuth(app)
keystead = oauth.register(
    "keystead",
    client_id=os.environ["CLIENT_ID"],
    client_secret=os.environ["CLIENT_SECRET"],
    server_metadata_url=f"{ISSUER}/.well-known/openid-configuration",
    client_kwargs={"scope": "openid email", "code_challenge_method": "S256"},
)


@app.get("/")
def home():
    return f"Signed in as {session['name']}" if "name" in session else "Signed out"


@app.get("/login")
def login():
    return keystead.authorize_redirect(f"{APP_URL}/callback")


@app.get("/callback")
def callback():
    tokens = keystead.authorize_access_token()
    claims = tokens["userinfo"]
    session["name"] = claims.get("email", claims["cognito:username"])
    session["id_token"] = tokens["id_token"]
    return redirect("/")


@app.get("/logout")
def logout():
    parameters = {"id_token_hint": session.pop("id_token"), "post_logout_redirect_uri": APP_URL}
    session.clear()
    return redirect(f"{keystead.load_server_metadata()['end_session_endpoint']}?{urlencode(parameters)}")
