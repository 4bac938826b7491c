"""Invariant 14."""

from collections import Counter

from .check import Check


class Sessions(Check):
    number = 14
    name = "a session has one live refresh token"
    holds = "Each session that goes on has exactly one refresh token that was not exchanged; one that was ended says when and why."

    # Erasure has no store yet.

    def run(self):
        auth = self.evidence.auth
        known = Counter(token.session_id for token in auth.refresh_tokens)
        live = Counter(token.session_id for token in self.look("refresh tokens", auth.refresh_tokens) if token.used_us is None)
        for session in self.look("sessions", auth.sessions):
            ended = session.revoked_us is not None
            if ended != bool(session.revoked_why):
                self.found(f"ended: {session.revoked_us}, because: \"{session.revoked_why}\"", session=session.session_id)
            if live[session.session_id] > 1 or (not ended and known[session.session_id] and not live[session.session_id]):
                self.found(f"{live[session.session_id]} of its {known[session.session_id]} refresh tokens are live", session=session.session_id)
