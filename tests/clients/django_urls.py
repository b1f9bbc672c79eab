"""The URLs of a Django site with one page, for the recipes of mozilla-django-oidc and django-allauth."""

import os

from django.http import HttpResponse
from django.middleware.csrf import get_token
from django.urls import include, path

PREFIX, URLS = os.environ["PREFIX"], os.environ["URLS"]


def home(request):
    if not request.user.is_authenticated:
        return HttpResponse("Signed out")
    token = f'<input name="csrfmiddlewaretoken" value="{get_token(request)}">'
    return HttpResponse(f'Signed in as {request.user.email}<form method="post" action="/{PREFIX}logout/">{token}</form>')


urlpatterns = [path("", home), path(PREFIX, include(URLS))]
