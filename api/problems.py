"""Expected failures as part of the schema."""

import strawberry
from strawberry.types.field import StrawberryField

from foundation.errors import DomainError


@strawberry.type(description="One faulty field of the input.")
class FieldProblem:
    path: str = strawberry.field(description="Where in the input, as the client named it: `workingDays`, `co.1`.")
    message: str = strawberry.field(description="What is wrong with it, in Chinese.")


@strawberry.type(description="An expected failure. Nothing was changed.")
class Problem:
    code: str = strawberry.field(description="Stable: `WRONG_STATE`, `NOT_FOUND`, `INVALID_INPUT` …")
    message: str = strawberry.field(description="A Chinese sentence for the person who tried.")
    fields: list[FieldProblem] = strawberry.field(description="What is wrong with the input, field by field.")


def problem_of(error: DomainError) -> Problem:
    return Problem(
        code=error.code,
        message=error.message,
        fields=[FieldProblem(path=fault.path, message=fault.message) for fault in error.fields],
    )


class Problems(strawberry.ExceptionHandler[DomainError, Problem]):
    """Answers a `DomainError` as a `Problem` wherever the field's union has one."""

    def handle(self, exception: DomainError, *, field: StrawberryField, info: strawberry.Info) -> Problem:
        info.context.codes.append(exception.code)
        return problem_of(exception)
