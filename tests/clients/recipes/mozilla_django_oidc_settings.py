# At the end of settings.py. In urls.py: path("oidc/", include("mozilla_django_oidc.urls"))
import os
from urllib.parse import urlencode

import requests

APP_URL, ISSUER = os.environ["APP_URL"], os.environ["ISSUER"]
discovery = requests.get(f"{ISSUER}/.well-known/openid-configuration").json()

INSTALLED_APPS += ["mozilla_django_oidc"]
AUTHENTICATION_BACKENDS = ["mozilla_django_oidc.auth.OIDCAuthenticationBackend"]
OIDC_RP_CLIENT_ID = os.environ["CLIENT_ID"]
OIDC_RP_CLIENT_SECRET = os.environ["CLIENT_SECRET"]
OIDC_RP_SIGN_ALGO = "RS256"
OIDC_USE_PKCE = True
OIDC_OP_AUTHORIZATION_ENDPOINT = discovery["authorization_endpoint"]
OIDC_OP_TOKEN_ENDPOINT = discovery["token_endpoint"]
OIDC_OP_USER_ENDPOINT = discovery["userinfo_endpoint"]
OIDC_OP_JWKS_ENDPOINT = discovery["jwks_uri"]
OIDC_STORE_ID_TOKEN = True
OIDC_OP_LOGOUT_URL_METHOD = f"{__name__}.end_session_url"
LOGIN_REDIRECT_URL = LOGOUT_REDIRECT_URL = "/"


def end_session_url(request):
    parameters = {"id_token_hint": request.session["oidc_id_token"], "post_logout_redirect_uri": APP_URL}
    return f"{discovery['end_session_endpoint']}?{urlencode(parameters)}"
