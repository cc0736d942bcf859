"""Mutations of sessions: by code from a text message, by password, on a device nobody logs in on."""

from datetime import datetime
from typing import Annotated

import strawberry

from api.context import Info
from api.fields import resolved
from api.identity.people import Done, DoneResult, SignInResult, signed_in
from api.problems import Problem
from identity.staff_login import LONGEST_LOGIN

LONGEST_SECRET = 200
"""Of a code or password that is looked at; a longer one is wrong."""

RETRY_KEY = strawberry.field(default=None, description="幂等键: the same request sent again gets the same session.")


@strawberry.type(description="A code is on its way, whether the number is known here or not.")
class CodeSent:
    expires: datetime
    again_from: datetime = strawberry.field(description="When another can be asked for.")


CodeResult = Annotated[CodeSent | Problem, strawberry.union("CodeResult", description="A code was sent, or why not.")]


@strawberry.input
class LogInInput:
    mobile: str
    code: str
    idempotency_key: str | None = RETRY_KEY


@strawberry.input
class StaffLogInInput:
    login: str
    password: str


@strawberry.input
class RefreshSessionInput:
    refresh_token: str
    idempotency_key: str | None = RETRY_KEY


@strawberry.type
class SigningInMutations:
    @resolved("Send a login code 验证码 to a mobile; limited per mobile, device and address.")
    async def request_login_code(self, info: Info, mobile: str) -> CodeResult:
        context = info.context
        sent = await context.services.identity.residents.request_code(mobile, context.origin)
        return CodeSent(expires=sent.expires, again_from=sent.again_from)

    @resolved("A citizen signs in with a code; the account is made the first time.")
    async def log_in(self, info: Info, input: LogInInput) -> SignInResult:
        context = info.context
        grant = await context.services.identity.residents.log_in(
            input.mobile, input.code[:LONGEST_SECRET], context.origin, input.idempotency_key
        )
        return await signed_in(context, grant)

    @resolved("A session for a device on which nobody logs in 匿名: it owns what it sends and uploads.")
    async def start_device_session(self, info: Info) -> SignInResult:
        context = info.context
        return await signed_in(context, await context.services.identity.sessions.start_on_device(context.origin))

    @resolved("Staff sign in with login name and password.")
    async def staff_log_in(self, info: Info, input: StaffLogInInput) -> SignInResult:
        context = info.context
        grant = await context.services.identity.staff_login.log_in(
            input.login[: LONGEST_LOGIN + 1], input.password[:LONGEST_SECRET], context.origin
        )
        return await signed_in(context, grant)

    @resolved("New tokens for a refresh token, which is used up; used again, it ends the session.")
    async def refresh_session(self, info: Info, input: RefreshSessionInput) -> SignInResult:
        context = info.context
        sessions = context.services.identity.sessions
        return await signed_in(context, await sessions.refresh(input.refresh_token, input.idempotency_key))

    @resolved("End this session; its tokens are refused everywhere within seconds.")
    async def sign_out(self, info: Info) -> DoneResult:
        await info.context.services.identity.sessions.sign_out(info.context.actor)
        return Done()

    @resolved("End all of one's own sessions, this one too.")
    async def sign_out_everywhere(self, info: Info) -> DoneResult:
        await info.context.services.identity.sessions.sign_out_everywhere(info.context.actor)
        return Done()
