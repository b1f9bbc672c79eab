# At the end of settings.py. In urls.py: path("accounts/", include("allauth.urls"))
import os
from urllib.parse import urlencode

APP_URL, ISSUER, CLIENT_ID = os.environ["APP_URL"], os.environ["ISSUER"], os.environ["CLIENT_ID"]

INSTALLED_APPS += ["allauth", "allauth.account", "allauth.socialaccount", "allauth.socialaccount.providers.openid_connect"]
MIDDLEWARE += ["allauth.account.middleware.AccountMiddleware"]
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
SOCIALACCOUNT_PROVIDERS = {
    "openid_connect": {
        "APPS": [
            {
                "provider_id": "keystead",
                "name": "Keystead",
                "client_id": CLIENT_ID,
                "secret": os.environ["CLIENT_SECRET"],
                "settings": {"server_url": ISSUER, "oauth_pkce_enabled": True},
            }
        ]
    }
}
LOGIN_REDIRECT_URL = "/"
# Ends the sign-in at Keystead after the one here.
sign_out = {"client_id": CLIENT_ID, "logout_uri": APP_URL}
ACCOUNT_LOGOUT_REDIRECT_URL = f"{ISSUER.rsplit('/', 1)[0]}/logout?{urlencode(sign_out)}"
