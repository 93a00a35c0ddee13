"""Sign-on: the company's own, by OpenID Connect: who somebody is, as the sign-on says with its signature.

Authorization code with PKCE. What comes back must be for us, for this browser, for now, signed by the
sign-on's own keys, and name a verified address. Which person that is stands in people.toml.
"""

from __future__ import annotations

import secrets
import threading
import time
from dataclasses import dataclass
from typing import Any

import requests
from authlib.common.errors import AuthlibBaseError
from authlib.integrations.requests_client import OAuth2Session
from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from migration_platform.errors import ConfigurationError, GateClosedError
from migration_platform.settings import Settings

ALGORITHMS = ["RS256", "PS256", "ES256"]
"""Of signatures that count. One without a key is none."""

PATIENCE, LIFE, MOST = 10, 600, 1000
"""Seconds to wait for the sign-on; seconds within which one comes back; how many may be under way."""

CLOCKS = 60
"""Seconds by which its clock and ours may differ."""

AGAIN = "Nobody was signed in: begin again at the sign-in page."


@dataclass(frozen=True, slots=True)
class Begun:
    """Somebody who was sent to the sign-on, and where they go afterwards."""

    nonce: str
    verifier: str
    there: str
    until: float


class SignOn:
    """The sign-on that the settings name."""

    def __init__(self, settings: Settings) -> None:
        assert settings.oidc_secret_file is not None
        self.issuer = settings.oidc_issuer
        self.client = settings.oidc_client
        self.back = f"{settings.room_url}/sign-on/done"
        self._secret_file = settings.oidc_secret_file
        self._begun: dict[str, Begun] = {}
        self._lock = threading.Lock()

    def begin(self, there: str) -> tuple[str, str]:
        """Where to send the browser, and the state that it must hold until it comes back."""
        state = secrets.token_urlsafe(24)
        begun = Begun(
            secrets.token_urlsafe(24), secrets.token_urlsafe(48), there, time.monotonic() + LIFE
        )
        url, _ = self._session().create_authorization_url(
            self._read("authorization_endpoint"),
            state=state,
            nonce=begun.nonce,
            code_verifier=begun.verifier,
        )
        with self._lock:
            now = time.monotonic()
            self._begun = {s: b for s, b in self._begun.items() if b.until > now}
            while len(self._begun) >= MOST:
                del self._begun[next(iter(self._begun))]
            self._begun[state] = begun
        return str(url), state

    def end(self, state: str, held: str, code: str) -> tuple[str, str]:
        """The verified address of who came back, and where they go.

        Raises GateClosedError if it is not what was begun in that browser, or not proved.
        """
        with self._lock:
            begun = self._begun.pop(state, None) if state and state == held else None
        if begun is None or begun.until < time.monotonic() or not code:
            raise GateClosedError(f"This sign-on was not begun here, or too long ago. {AGAIN}")
        try:
            tokens = self._session().fetch_token(
                self._read("token_endpoint"),
                code=code,
                code_verifier=begun.verifier,
                timeout=PATIENCE,
            )
            claims = self._verify(str(tokens["id_token"]), begun.nonce)
        except (AuthlibBaseError, JoseError, KeyError, ValueError) as error:
            raise GateClosedError(
                f"What the sign-on said does not hold ({type(error).__name__}). {AGAIN}"
            ) from None
        except requests.RequestException as error:
            raise _away(self.issuer, error) from None
        if claims.get("email_verified") is not True or not isinstance(claims.get("email"), str):
            raise GateClosedError(f"The sign-on has not verified your e-mail address. {AGAIN}")
        return claims["email"], begun.there

    def _verify(self, token: str, nonce: str) -> CodeIDToken:
        """What an ID token says, if it is signed, for us, for now, and the answer to this nonce."""
        keys = KeySet.import_key_set(_fetch(self.issuer, self._read("jwks_uri")))
        decoded = jwt.decode(token, keys, algorithms=ALGORITHMS)
        claims = CodeIDToken(
            decoded.claims,
            decoded.header,
            {
                "iss": {"essential": True, "value": self.issuer},
                "aud": {"essential": True, "value": self.client},
                "exp": {"essential": True},
            },
            {"nonce": nonce, "client_id": self.client},
        )
        claims.validate(leeway=CLOCKS)
        return claims

    def _session(self) -> OAuth2Session:
        try:
            secret = self._secret_file.read_text(encoding="utf-8").strip()
        except OSError as error:
            raise ConfigurationError(
                f"MIGRATION_OIDC_SECRET_FILE: cannot be read ({error.strerror})."
            ) from None
        return OAuth2Session(
            self.client,
            secret,
            scope="openid email",
            redirect_uri=self.back,
            code_challenge_method="S256",
            token_endpoint_auth_method="client_secret_basic",
        )

    def _read(self, name: str) -> str:
        """A part of what the sign-on says about itself. It must name itself as we do."""
        found = _fetch(self.issuer, f"{self.issuer}/.well-known/openid-configuration")
        if str(found.get("issuer", "")).rstrip("/") != self.issuer or name not in found:
            raise ConfigurationError(
                f"MIGRATION_OIDC_ISSUER: what is found there is not {self.issuer}, or lacks {name}."
            )
        return str(found[name])


def _fetch(issuer: str, url: str) -> Any:
    try:
        answer = requests.get(url, timeout=PATIENCE)
        answer.raise_for_status()
        return answer.json()
    except (requests.RequestException, ValueError) as error:
        raise _away(issuer, error) from None


def _away(issuer: str, error: Exception) -> ConfigurationError:
    return ConfigurationError(
        f"the sign-on {issuer} does not answer as it should ({type(error).__name__}). Try again, or "
        "look at MIGRATION_OIDC_ISSUER."
    )
